// SPDX-License-Identifier: Apache-2.0
// What --show writes: the tables of the sources that were asked, for people or for programs.
#pragma once

#include "agent/cycle.h"
#include "agent/show_layout.h"

// The tables as text, each under its source's name where there are several. The notes say what is not there:
// nothing to show, columns that were left out.
void show_add_text(struct buf *out, struct buf *notes, const struct cycle *cycle,
	const struct show_view *view);
// The tables as one array of JSON, one object per line, with the member "source" before those of the columns.
void show_add_json(struct buf *out, const struct cycle *cycle);

// How wide the terminal is: as it says (0: it does not), as the variable COLUMNS says (NULL: it is not set),
// or 80.
size_t show_width(unsigned terminal, const char *columns);
// What standard output is. The display is borrowed by the view.
struct show_view show_view_of_stdout(const struct display *display);
