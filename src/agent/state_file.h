// SPDX-License-Identifier: Apache-2.0
// What sources remember, kept in a file from one run of the agent to the next: when it is read and written, and
// what the log says of that. How it looks is for agent/state_text, how it is replaced for agent/state_store.
#pragma once

#include "agent/tally.h"

struct state_file;

// Gives the sources what the file of this configuration holds, and keeps it locked. A file that is damaged or of
// a newer version is set aside; one that cannot be read, or that another agent has, is never written. NULL: no
// source has something to save. The caller owns it; borrows the tally.
struct state_file *state_file_open(struct tally *tally);
// Gives the sources what the file holds, and changes nothing on the disk.
void state_file_read(struct tally *tally);
// Writes what the sources remember, unless that is what was written last. A failure is told once, and is no
// reason to stop. Takes NULL.
void state_file_save(struct state_file *file);
// Takes NULL.
void state_file_free(struct state_file *file);
