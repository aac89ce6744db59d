// SPDX-License-Identifier: Apache-2.0
// Borrowed text: a pointer and a length, passed by value. A str never owns its bytes and need not
// end in NUL; who owns them, and for how long, is said where the str is handed over.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *ptr;
	size_t len;
};

// A literal as a str: STR("x") as an expression, STR_INIT("x") in a static table.
#define STR(literal) ((struct str)STR_INIT(literal))
#define STR_INIT(literal)                                                                          \
	{                                                                                          \
		"" literal, sizeof(literal) - 1                                                    \
	}

// The two arguments that "%.*s" wants.
#define STR_ARG(s) (int)(s).len, (s).ptr

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

// Borrows text, which ends in NUL; NULL gives the empty str.
struct str str_of(const char *text);

// The bytes from `from` up to, not including, `to`, of the same text.
static inline struct str str_between(const char *from, const char *to)
{
	return (struct str){ from, (size_t)(to - from) };
}

bool str_eq(struct str a, struct str b);
// ASCII letters compare without case, as header names do (RFC 9110 section 5.1).
bool str_eq_nocase(struct str a, struct str b);
bool str_starts_with(struct str text, struct str prefix);
bool str_ends_with(struct str text, struct str suffix);

// Less than, equal to or greater than 0 as a stands before, at or behind b in byte order.
int str_order(struct str a, struct str b);

// Splits at the first sep: the parts lie before and after it. False: there is no sep, *before is
// the whole text and *after is empty.
bool str_cut(struct str text, char sep, struct str *before, struct str *after);

// Without the blanks, tabs and line ends at both ends.
struct str str_trim(struct str text);

// Valid UTF-8 as RFC 3629 section 4 has it: no surrogates, no overlong forms, nothing above U+10FFFF.
bool str_is_utf8(struct str text);
// How many bytes the well-formed UTF-8 sequence at the front of a non-empty text has; 0 if it is none.
size_t str_utf8_front(struct str text);
// The code point of one well-formed UTF-8 sequence.
uint32_t str_utf8_code(struct str sequence);
// Whether a code point steers a terminal or the order of what is shown, instead of being shown itself: control
// characters, C1 among them, marks and overrides of direction, ends of lines and paragraphs.
bool str_is_steering(uint32_t code);
