// SPDX-License-Identifier: Apache-2.0
// Paths into JSON, as the settings of the source `json` have them:
//
//	queue_totals.messages           keys: letters, digits, _ and -
//	['queue.totals']["a b"]         keys of any characters, in quotes of either kind
//	items[*].messages               of each element of an array, or each member of an object
//	items[state='running'].memory   of those whose member equals: a text, a number, true or false
//	$.items[*].messages             $ is the root of the answer, where paths begin anyhow
//
// Each element or member that [*] or a filter finds is a row, and lies within the row before it, at last
// in the root. The path of a label begins at a row, and names one value:
//
//	name            of the row that the last [*] or filter of the metric's path has found
//	$.cluster       of the root
//	^.name ^^.name  of the row one level further out, or two
//	@key ^@key      a row's own name in its object, or its index in its array
//	='text'         the text itself
#pragma once

#include "base/arena.h"
#include "source/json.h"

enum json_path_from {
	JSON_PATH_ROW,
	JSON_PATH_ROOT,
	JSON_PATH_NAME, // @key
	JSON_PATH_TEXT, // ='text'
};

enum json_step_kind { JSON_STEP_KEY, JSON_STEP_ALL, JSON_STEP_WHERE };

struct json_step {
	enum json_step_kind kind;
	const char *key;       // of a member; ends in NUL
	enum json_kind wanted; // JSON_STEP_WHERE: what the member must be, and which
	struct str text;
	struct json_number number;
	bool truth;
};

// Lives in the arena it was parsed into, and borrows its text.
struct json_path {
	enum json_path_from from;
	unsigned n_out; // levels, from the innermost row
	struct str text;
	const struct json_step *steps;
	size_t n_steps;
	size_t n_levels; // how many of them find rows
};

enum { JSON_PATH_MOST_STEPS = 32 };

// The path of a metric, which may find many values. False: err (ERR_INVALID) says what is wrong, and after
// how many bytes, which is the position.
bool json_path_parse(struct arena *arena, struct str text, struct json_path *path, struct err *err);
// The path of a label beside a metric's path with so many levels of rows.
bool json_path_parse_label(struct arena *arena, struct str text, size_t n_levels,
	struct json_path *path, struct err *err);

// An element or member that a step of a path has found.
struct json_row {
	struct json value;
	struct str name;
	bool is_member; // of an object, with this name; else an element of an array, with this index
	size_t index;
	const struct json_row *outer; // NULL: the root
};

// In json_path_walk.c

// Visits each value that the path of a metric finds in an answer; those that are missing or null are none. row
// is the innermost one, NULL: the root; both are gone after the call. Takes a time that grows with the size of
// the answer, whatever the path is. False: nothing was found though something should have been: some
// member is not there. An empty list, or a filter for what no row is now, is no such thing.
bool json_path_walk(const struct json_path *path, struct json root,
	void (*on_value)(void *arg, const struct json_row *row, struct json value), void *arg);

// The one value at a path without rows; none for @key and ='text'.
struct json json_path_find(
	const struct json_path *path, struct json root, const struct json_row *row);
// What a path without rows gives as a label: numbers, true and false are spelled out. Empty: nothing. Borrows
// from the answer or the path, or lives in the arena.
struct str json_path_label(const struct json_path *path, struct json root,
	const struct json_row *row, struct arena *arena);
// Texts, and numbers and truths spelled out; empty for all else. As above.
struct str json_path_spell(struct json value, struct arena *arena);

// Back in json_path.c, for texts in which paths stand beside other things: a text that is being parsed.
struct json_path_scan {
	struct arena *arena;
	struct str text;
	size_t at;
	struct err *err;
};

// Ready to be parsed. False: it is not UTF-8, or has a NUL.
bool json_path_scan_start(struct json_path_scan *scan);
// Says what is wrong at this byte. Always false.
bool json_path_fault(const struct json_path_scan *scan, const char *what);
// The byte that comes next, without blanks before it; NUL: the end.
char json_path_peek(struct json_path_scan *scan);
// Takes the path of one value, from the root.
bool json_path_scan_value(struct json_path_scan *scan, struct json_path *path);
// Takes a number: an integer in its digits, else what number_judge takes, but no infinity and no NaN.
bool json_path_scan_number(struct json_path_scan *scan, struct json_number *number);
