// SPDX-License-Identifier: Apache-2.0
// How one page of a list leads to the next, as the settings of the source `json` say it. A template of the next
// page's URL has values of the answer in it:
//
//	/api/queues?page=${page + 1}    a path and query; each value is percent-encoded
//	${links.next}                   the answer has the URL itself
//
// And beside it may stand whether there is a next page at all:
//
//	page < page_count               or a number behind the <
//	has_more                        true, a number other than 0, a text that is not empty
#pragma once

#include "source/json_path.h"

// A text, or a value in its place.
struct json_page_piece {
	struct str literal;
	bool is_value;
	struct json_path path;
	bool is_sum; // the value is an integer, and this is added
	int64_t addend;
};

struct json_page_more {
	bool is_given;
	struct json_path left;
	bool compares;
	bool has_number; // right of the <, in place of a path
	struct json_number number;
	struct json_path right;
};

// Lives in the arena it was parsed into, and borrows its texts.
struct json_page {
	const struct json_page_piece *pieces;
	size_t n_pieces; // 0: there are no further pages
	bool is_link;	 // one value and nothing else
	struct json_page_more more;
};

// False: err (ERR_INVALID) says what is wrong, and after how many bytes, which is the position.
bool json_page_parse(struct arena *arena, struct str text, struct json_page *page, struct err *err);
bool json_page_parse_more(
	struct arena *arena, struct str text, struct json_page *page, struct err *err);

// What a template of a next page is to begin with, or to give: a path from the root of a host, or a URL.
bool json_page_is_path(struct str text);
bool json_page_has_scheme(struct str text);

// Whether a text may stand in a URL, in front of a fragment: no blank, no backslash, nothing but ASCII.
bool json_page_is_url(struct str text);

enum json_page_verdict {
	JSON_PAGE_LAST,
	JSON_PAGE_NEXT,	  // there is another one
	JSON_PAGE_FAILED, // err says why that cannot be known, or asked for
};

// What an answer says of the next page. JSON_PAGE_NEXT: *next is what the template gives, in the arena.
enum json_page_verdict json_page_next(const struct json_page *page, struct json root,
	struct arena *arena, struct str *next, struct err *err);
