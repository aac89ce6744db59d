// SPDX-License-Identifier: Apache-2.0
// Settings as tables: a row says a setting's name, type, default, limits and where its value goes. The
// rows stand beside the code that uses the values; agent/settings reads a configuration by them.
#pragma once

#include "base/str.h"

#include <stdint.h>

enum setting_type {
	SETTING_STRING,	  // struct str
	SETTING_DURATION, // int64_t, milliseconds; written "15s", "1m30s", "500ms"
	SETTING_SIZE,	  // size_t, bytes; written "16MiB", "64KiB", "512B"
	SETTING_COUNT,	  // size_t; a whole number
	SETTING_BOOL,	  // bool
	SETTING_CHOICE,	  // int, index into words; in any case
	SETTING_STRINGS,  // struct str_list
	SETTING_PAIRS,	  // struct pair_list
	SETTING_GROUP,	// the rows of a group; offset: of a bool that says it is there, 0 for none
	SETTING_GROUPS, // struct group_list: a list of groups that all have the same rows
	SETTING_LIST,	// of groups that choose their rows by `type`; read by agent/config
	SETTING_LATER,	// known, but not in this version: an error that says so
};

struct str_list {
	struct str *items;
	size_t n;
	bool given; // the configuration has it; otherwise items are the default
};

struct pair {
	struct str name, value;
};

struct pair_list {
	struct pair *items;
	size_t n;
};

// Whether they have the same in the same order.
bool str_list_equal(const struct str_list *a, const struct str_list *b);
bool pair_list_equal(const struct pair_list *a, const struct pair_list *b);

// Groups of a list; each item is an object that the rows of the list fill.
struct group_list {
	void *items; // NULL: the configuration has no such list
	size_t n;
};

// A secret: itself, or a file that holds it.
struct secret {
	struct str value, file; // as given; NULL: not
	struct str text;	// in force: the value, or what the file held when it was read last
	bool is_faulty;		// the file could not be read again, and that was told
};

struct setting;

struct setting_table {
	const struct setting *rows;
	size_t n;
};

#define SETTING_TABLE(rows)                                                                        \
	{                                                                                          \
		(rows), ARRAY_LEN(rows)                                                            \
	}

struct setting {
	const char *name;
	enum setting_type type;
	size_t offset;	     // of the value in its object
	const char *initial; // default as it would be written; NULL: none, the value stays zeroed
	int64_t minimum, maximum; // of durations, sizes and counts; maximum 0: none
	const struct str *words;  // of choices
	size_t n_words;
	struct setting_table
		rows; // of groups; their offsets count from the same object, of a list's from the item
	size_t item_size; // of a list of groups: bytes of one item
	bool required;
	bool secret;	  // never shown, never taken from the command line
	bool is_url;	  // shown without its query, which may hold a secret
	bool env;	  // ${env:NAME} is expanded
	const char *help; // one phrase
};

// Where checks of a type's own settings report to; each fault is shown with file, line and path.
struct setting_faults {
	void (*say)(void *context, const char *name, const char *text);
	void *context;
};

// Reports a fault of the setting `name` (dotted where it is in a group, "list[1].name" where it is in an
// item); the text says what is wrong and what to do.
void setting_fault(const struct setting_faults *faults, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
// The same for a setting of an item of the list `list`; with an empty name for the item itself.
void setting_fault_item(const struct setting_faults *faults, const char *list, size_t index,
	const char *name, const char *format, ...) __attribute__((format(printf, 5, 6)));
