// SPDX-License-Identifier: Apache-2.0
// How many columns of a terminal a text takes. Text here is UTF-8 and printable (buf_add_printable); a
// terminal's own idea of emoji made of several code points may differ.
#pragma once

#include "base/buf.h"

#include <locale.h>

// Where the widths of characters come from.
struct display {
	locale_t locale; // owned; (locale_t)0: every code point takes one column
};

// By the C library's locale of this name, "C.UTF-8"; one that is not there leaves the widths at one. The
// process's own locale stays as it is.
struct display display_open(const char *locale_name);
void display_close(struct display *display);

// 0 for combining marks, 2 for wide characters, else 1, each added up.
size_t display_columns(const struct display *display, struct str text);
// Adds the text if it takes at most n_columns; else its front, so that with the ellipsis at the cut it takes no
// more.
void display_add_cut(
	const struct display *display, struct buf *out, struct str text, size_t n_columns);
