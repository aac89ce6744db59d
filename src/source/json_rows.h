// SPDX-License-Identifier: Apache-2.0
// A long list in JSON, row by row, so that there is never a tree of all of it: the page of a list as EMQX
// sends it,
//
//	{"data":[{...},{...}],"meta":{"count":2,"hasnext":false}}
//
// Only brackets and strings are looked at here, to find where a row ends; the rows themselves are for
// json_read. So one row that is no JSON costs only itself, as long as its strings end and it has as
// many brackets that close as brackets that open: whether they are of a kind is for json_read too.
#pragma once

#include "source/json.h"

enum json_rows_place {
	JSON_ROWS_FRONT,   // nothing was read yet
	JSON_ROWS_MEMBERS, // within the object
	JSON_ROWS_LIST,	   // within "data"
	JSON_ROWS_BEHIND,  // the object or the list was closed
	JSON_ROWS_END,
};

// A page that is being read. To look at from outside there are row and meta.
struct json_rows {
	struct str text; // borrowed
	size_t at;	 // where reading goes on, or what is wrong is
	struct str row;	 // the one that json_rows_next found, without space around it; borrows
	struct str
		meta; // the text of the member "meta", of the last one of several; empty: not seen yet
	const char *fault; // what is wrong; NULL: nothing so far
	enum json_rows_place place;
	bool is_bare;	  // a list without an object around it
	bool had_data;	  // the list was seen
	bool wants_comma; // before the next member or row
};

// Starts on a whole answer. A list without an object around it, [{...},...], is taken too.
struct json_rows json_rows_start(struct str text);
// Finds the next row. False: there is none; err is ERR_NONE at the good end of a page that had a list,
// else ERR_BAD_BODY says what is wrong with the page and after how many bytes: it ends too early, has no
// list or two, or something stands where it must not. Names are compared as they are spelled: "d\u0061ta"
// is another one.
bool json_rows_next(struct json_rows *rows, struct err *err);
