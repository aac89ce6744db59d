// SPDX-License-Identifier: Apache-2.0
// Typed tables to and from a configuration file in libconfig's syntax; the only place that knows
// libconfig. Which tables there are, and what settings mean together, is for agent/config.
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/setting.h"

#include <stdio.h>

// A file that was read. Faults are collected, not returned, so that all are shown at once.
struct settings;
// A group in it, or one element of a list; belongs to the settings.
struct settings_group;

// Rows and the object that they fill.
struct settings_part {
	const struct setting_table *table;
	void *object;
};

// Reads a file. Never NULL: a file that cannot be read, or has a syntax error, is a fault. What is read
// out of it lives in the arena.
struct settings *settings_open(const char *path, struct arena *arena);
// Frees it; what was read stays. Takes NULL.
void settings_close(struct settings *settings);

size_t settings_n_faults(const struct settings *settings);
// "file:line: path: message" a line, in the order of detection.
void settings_print_faults(const struct settings *settings, FILE *out);

// Lays "path=value" over the file. Missing groups are created, list elements are not.
void settings_override(struct settings *settings, const char *assignment);

struct settings_group *settings_root(struct settings *settings);
// The groups in the list `name`; a missing list is empty. Returns how many.
size_t settings_list(struct settings *settings, struct settings_group *group, const char *name,
	struct settings_group ***elements);
// A text in a group, before its tables are known; empty: none.
struct str settings_peek(struct settings *settings, struct settings_group *group, const char *name);

// Fills the objects by their tables: defaults, then what the group has. Unknown names, wrong types and
// values beyond their limits are faults.
void settings_read(struct settings *settings, struct settings_group *group,
	const struct settings_part *parts, size_t n_parts);

// Reports a fault of a setting ("group.name", "list[1].name"), or with an empty name of the group itself.
void settings_fault(struct settings *settings, struct settings_group *group, const char *name,
	const char *text);

// Writes what the objects hold in the file's syntax, secrets hidden. In settings_print.c.
void settings_print(struct buf *out, const struct settings_part *parts, size_t n_parts, int depth);

// Texts, in settings_value.c

// False: the text is no duration, size or count.
bool settings_parse_duration(struct str text, int64_t *ms);
bool settings_parse_size(struct str text, int64_t *bytes);
bool settings_parse_count(struct str text, int64_t *count);
void settings_write_duration(struct buf *out, int64_t ms);
void settings_write_size(struct buf *out, int64_t bytes);

// Expands ${env:NAME} and $$ in a text. False: *why says what is wrong; both live in the arena.
bool settings_expand_env(
	struct arena *arena, struct str text, struct str *expanded, struct str *why);

// Levenshtein's distance between two names; those of settings are short.
size_t settings_distance(struct str a, struct str b);

// The first integer of a file in libconfig's syntax that libconfig may silently take for another one:
// beyond 31 bits without an L behind it, or beyond 63. False: there is none. In settings_spelling.c.
bool settings_find_too_large(struct str file, struct str *number, size_t *line);
