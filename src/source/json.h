// SPDX-License-Identifier: Apache-2.0
// JSON (RFC 8259) as values to look into; the only place that knows jansson. A missing member, null and
// a value of another kind than asked for are all "nothing there", so that who reads a broker's answer
// needs no checks in between. Nothing here writes JSON.
//
// A tree takes 6 times the memory of a page of clients, and 80 times that of the worst text,
// `{},{},...`: the limit of the answer's body is the limit for this too.
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum { JSON_LARGEST = 4 * 1024 * 1024 };

// A text that was read; owns all values in it.
struct json_doc;

// A value, or none; borrows from its document until json_free.
struct json {
	const void *node; // NULL: none
};

enum json_kind {
	JSON_NONE, // missing, or null
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

// By value, not by spelling: 12, 12.0 and 1.2e1 are the same number.
struct json_number {
	bool is_integer; // whole, and known exactly: within int64_t, or below 2^53 if spelled as a real
	int64_t integer; // 0 where it is none
	double real;	 // set in both cases
};

// Reads a whole text. NULL: err has ERR_TOO_LARGE, or ERR_BAD_BODY, how many bytes had been read when the
// fault was seen, and what is wrong; never a part of the text, which may hold a secret. Beyond the grammar
// these are faults: invalid UTF-8, \u0000 and lone surrogates in a string, more than 2048 levels, and a number
// beyond a double. Of members with the same name the last one wins, at the first one's place. An integer
// beyond int64_t is kept as a double, and then all integers of that text from 2^53 on are.
// The caller owns what it gives.
struct json_doc *json_read(struct str text, struct err *err);
// Takes NULL.
void json_free(struct json_doc *doc);

// The outermost value.
struct json json_root(const struct json_doc *doc);
enum json_kind json_kind(struct json value);
// The member of that name, which is taken literally, dots included. None for a missing one, and of what
// is no object.
struct json json_get(struct json object, const char *name);

// A string's text: valid UTF-8 without NUL. Empty for all else.
struct str json_text(struct json value);
// Whether it is `true` itself: not 1, nor a string.
bool json_is_true(struct json value);
// False: it is no number, and *number is zeroed. A string of digits is none.
bool json_number(struct json value, struct json_number *number);
// Elements of an array, members of an object; 0 for all else.
size_t json_size(struct json value);

// Visits the elements of an array or the members of an object in the order of the text; of anything else
// there are none:
//
//	struct json_walk walk = json_walk(container);
//	while (json_next(&walk))
//		... walk.name, walk.value ...
struct json_walk {
	struct str name;   // of a member; empty in an array. Borrows as values do
	struct json value; // none for null
	struct json container;
	size_t n_visited;
	void *member; // where the walk is in an object
};

struct json_walk json_walk(struct json container);
// False: there are no more; name and value are empty.
bool json_next(struct json_walk *walk);
