// SPDX-License-Identifier: Apache-2.0
// A long list in JSON, row by row, so that there is never a tree of all of it: the page of a list as EMQX
// sends it,
//
//	{"data":[{...},{...}],"meta":{"count":2,"hasnext":false}}
//
// Only brackets and strings are looked at here, to find where a row ends; the rows themselves are for
// json_read. So one row that is no JSON costs only itself.
#pragma once

#include "source/json.h"

struct json_rows {
	struct str text; // borrowed
	size_t at;	 // where reading goes on
	struct str row;	 // the one that json_rows_next found; borrows
	struct str meta; // the text of the member "meta"; empty: not seen yet
	bool in_list;	 // within "data"
	bool is_bad;	 // err of json_rows_next says why
	bool had_data;
};

// Starts on a whole answer. A list without an object around it, [{...},...], is taken too.
struct json_rows json_rows_start(struct str text);
// Finds the next row. False: there is none; err is ERR_NONE at the good end of a page that had a list, else
// ERR_BAD_BODY says what is wrong with the page and at which byte: it ends too early, has no list, or something
// stands where it must not.
bool json_rows_next(struct json_rows *rows, struct err *err);
