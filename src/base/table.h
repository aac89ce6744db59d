// SPDX-License-Identifier: Apache-2.0
// Rows for people: what a source can show of itself beside its metrics. Only the content; how it looks on
// a terminal or as JSON is for agent/show.
#pragma once

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

enum table_kind {
	TABLE_TEXT,    // valid UTF-8; for people it is made printable when it is shown
	TABLE_COUNT,   // a whole number
	TABLE_TIME,    // ms since 1970-01-01 UTC
	TABLE_SECONDS, // a length of time
};

struct table_column {
	struct str name;  // as a member of JSON: "client_id"
	struct str title; // for people: "client"; empty: only for programs. Such columns stand last
	enum table_kind kind;
};

// The value of one column in one row.
struct table_cell {
	bool is_known; // otherwise it is shown as -, and as null in JSON
	struct str text;
	int64_t number;
};

struct table_row {
	struct table_row *next;
	const struct table_cell *cells; // one per column
};

// Starts zeroed but for the arena and the columns. Everything lives in the arena.
struct table {
	struct arena *arena;
	const struct table_column *columns;
	size_t n_columns;
	struct table_row *first, *last;
	size_t n_rows;
};

// Adds a row with copies of the cells (one per column) and of their texts.
void table_add_row(struct table *table, const struct table_cell *cells);
// How many columns are for people.
size_t table_n_titled(const struct table *table);
// Puts the rows in order: by the first column, texts by their bytes, unknown ones last; rows that are equal
// there stay in the order of arrival.
void table_sort(struct table *table);
