// SPDX-License-Identifier: Apache-2.0
// A small file that is replaced as a whole, by rename, and by one process only. Not for what stands in it.
//
// The lock is on the file itself (flock), so there is no second file that could be left behind. Since a
// rename brings another file, the new one is locked before it takes its name, and whoever has opened a file looks
// whether the name still means that one.
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct state_store {
	struct str directory, name; // borrowed; both end in NUL
	int fd;			    // the file, locked if it is to be written; -1: none. Owned
};

enum store_outcome {
	STORE_DONE,
	STORE_MISSING,
	STORE_BUSY,   // another process has it
	STORE_FAILED, // err says why, and what to do where that is known
};

static inline struct state_store state_store_new(struct str directory, struct str name)
{
	return (struct state_store){ directory, name, -1 };
}

// Gives up the file and its lock.
void state_store_close(struct state_store *store);

// Opens the file that is there; to_write: and locks it.
enum store_outcome state_store_open(struct state_store *store, bool to_write, struct err *err);
// Adds the bytes of the open file; whether they are within the limit says bytes->failed. False: err says why.
bool state_store_read(const struct state_store *store, struct buf *bytes, struct err *err);
// Puts these bytes into the place of the file, for good: after STORE_DONE they survive a failure of power.
// Otherwise the file is what it was. Makes the directory, one level, if it is missing.
enum store_outcome state_store_replace(
	struct state_store *store, struct str bytes, struct err *err);
// Gives up the open file, under another name with this suffix; a file that has that name goes. False: err says
// why.
bool state_store_set_aside(struct state_store *store, const char *suffix, struct err *err);
