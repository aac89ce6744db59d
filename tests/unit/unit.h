// SPDX-License-Identifier: Apache-2.0
// What the unit tests share: cmocka with what it wants included before, and comparisons that name the
// row of a table. A row's name is what the message shows, most often the input itself.
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { UNIT_LIMIT = 64 * 1024 * 1024 };

// Ends the test with the row's name and a printf text.
#define FAIL_ROW(row, format, ...)                                                                 \
	fail_msg("row \"%s\": " format, unit_printable(str_of(row)), __VA_ARGS__)

#define CHECK_ROW(row, condition)                                                                  \
	do {                                                                                       \
		if (!(condition))                                                                  \
			FAIL_ROW(row, "not true: %s", #condition);                                 \
	} while (0)

// Text that can be shown; one of a few places that are used in turn.
static inline const char *unit_printable(struct str text)
{
	static char places[4][4096];
	static size_t turn;
	char *place = places[turn++ % ARRAY_LEN(places)];
	struct buf out = buf_new(UNIT_LIMIT);

	buf_add_printable(&out, text);
	size_t n = out.len < sizeof(places[0]) ? out.len : sizeof(places[0]) - 1;
	if (n)
		memcpy(place, out.ptr, n);
	place[n] = '\0';
	buf_free(&out);
	return place;
}

static inline void check_str(const char *row, struct str got, struct str wanted)
{
	if (!str_eq(got, wanted))
		FAIL_ROW(row, "got \"%s\", wanted \"%s\"", unit_printable(got),
			unit_printable(wanted));
}

static inline void check_number(const char *row, const char *what, uint64_t got, uint64_t wanted)
{
	if (got != wanted)
		FAIL_ROW(row, "%s: got %llu, wanted %llu", what, (unsigned long long)got,
			(unsigned long long)wanted);
}
