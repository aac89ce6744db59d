// SPDX-License-Identifier: Apache-2.0
// What the two files of the scanner share, scan.c and scan_labels.c; nobody else's.
#pragma once

#include "metric/repair.h"
#include "metric/scan.h"

// Classes of bytes (text format 0.0.4)

enum {
	NAME_START = 1,	  // [a-zA-Z_:]
	NAME = 2,	  // and digits
	LABEL_START = 4,  // [a-zA-Z_]
	LABEL = 8,	  // and digits
	VALUE_PLAIN = 16, // of a label's value: ASCII but the quote and the backslash
	BLANK = 32,
};

extern const unsigned char scan_classes[256];

static inline bool is(char c, unsigned char class)
{
	return scan_classes[(unsigned char)c] & class;
}

static inline const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && is(*p, BLANK))
		p++;
	return p;
}

static inline void need(struct scan_line *line, enum repair rule)
{
	line->repairs |= 1u << rule;
}

// For `return fail(line, why)`.
static inline const char *fail(struct scan_line *line, struct str why)
{
	line->text = why;
	return NULL;
}

// A quoted name, from its opening quote to behind its closing one. NULL: line->text says why.
const char *scan_quoted_name(const char *p, const char *end, struct scan_line *line);
// Labels, and perhaps the metric's name, from behind the opening brace to behind the closing one. NULL:
// line->text says why. end may lie lines behind, for raw line feeds between quotes.
const char *scan_labels(const char *p, const char *end, struct scan_line *line);
