// SPDX-License-Identifier: Apache-2.0
// Growing bytes with a limit and a sticky failure: add as much as you like, ask once at the end.
#pragma once

#include "base/str.h"

#include <stdarg.h>
#include <stdint.h>

// Sizes for limits.
#define KIB(n) ((size_t)(n)*1024)
#define MIB(n) ((size_t)(n)*1024 * 1024)

struct buf {
	char *ptr; // owned
	size_t len;
	size_t capacity;
	size_t limit; // bytes; an addition that would pass it is left out whole and sets failed
	bool failed;
};

// An empty buf that may hold at most limit bytes. Allocates nothing yet.
static inline struct buf buf_new(size_t limit)
{
	return (struct buf){ .limit = limit };
}

// What is in it so far; borrows until the next addition.
static inline struct str buf_str(const struct buf *b)
{
	return (struct str){ b->ptr, b->len };
}

// Room for `more` bytes beyond those it has, so that the next additions need no growing.
void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, struct str text);
void buf_add_byte(struct buf *b, char c);
void buf_add_uint(struct buf *b, uint64_t value);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
// Text for a person or a log: control bytes and what is not UTF-8 become \xNN, other code points that steer
// (str_is_steering) \uNNNN.
void buf_add_printable(struct buf *b, struct str text);
// Text as a string of JSON, between quotes, which logfmt readers take too. Always valid UTF-8: what is none
// becomes U+FFFD. What steers is escaped, and so is harmless on a terminal.
void buf_add_json(struct buf *b, struct str text);
// Frees the memory; the buf is empty and usable again.
void buf_free(struct buf *b);
