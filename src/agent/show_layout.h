// SPDX-License-Identifier: Apache-2.0
// A table for people: columns side by side under their titles, fitted to a terminal.
#pragma once

#include "agent/display.h"
#include "base/table.h"

// What it is shown on.
struct show_view {
	const struct display *display; // borrowed
	size_t width; // columns of the terminal; 0: it is none, so nothing is cut or left out
	bool is_bold; // titles are, by an escape sequence
};

// Adds a line of titles and one per row. On a terminal no line is longer than that: columns of text shrink, to
// 12 columns at the least, and if that is not enough, the last columns of the table are left out. Returns how
// many are shown.
size_t show_layout_add(struct buf *out, const struct table *table, const struct show_view *view);
