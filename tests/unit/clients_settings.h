// SPDX-License-Identifier: Apache-2.0
// Settings of a source `emqx_clients` without a file: the defaults of its table, and monitored_clients as words.
#pragma once

#include "base/mem.h"
#include "source/clients.h"

#include <stdlib.h>
#include <string.h>

// "7d", the only length of time among the defaults
static inline int64_t clients_initial_ms(const char *text)
{
	char *unit;
	long long n = strtoll(text, &unit, 10);

	return strcmp(unit, "d") == 0 ? n * INT64_C(86400000) : 0;
}

static inline void clients_set_defaults(struct clients_conf *own)
{
	const struct setting_table *table = &source_emqx_clients.settings;

	*own = (struct clients_conf){ 0 };
	for (size_t i = 0; i < table->n; i++) {
		const struct setting *row = &table->rows[i];
		char *place = (char *)own + row->offset;

		if (row->type == SETTING_BOOL)
			*(bool *)place = strcmp(row->initial, "true") == 0;
		else if (row->type == SETTING_COUNT)
			*(size_t *)place = strtoull(row->initial, NULL, 10);
		else if (row->type == SETTING_DURATION)
			*(int64_t *)place = clients_initial_ms(row->initial);
	}
}

// Words such as "id:a=Alias glob:b-* regex:c-(.*)=c_$1 class:s-*"; an unknown kind gives an element of none. They
// borrow from the text and live in the arena.
static inline void clients_set_monitored(
	struct clients_conf *own, struct arena *arena, struct str words)
{
	struct clients_watched *rows =
		arena_array(arena, struct clients_watched, words.len / 2 + 1);
	struct str word, kind, pattern;

	own->monitored = (struct group_list){ rows, 0 };
	while (words.len) {
		str_cut(words, ' ', &word, &words);
		if (word.len == 0)
			continue;
		struct clients_watched *row = &rows[own->monitored.n++];
		str_cut(word, ':', &kind, &pattern);
		if (pattern.len && memchr(pattern.ptr, '=', pattern.len))
			str_cut(pattern, '=', &pattern, &row->alias);
		if (str_eq(kind, STR("id")))
			row->client_id = pattern;
		else if (str_eq(kind, STR("glob")))
			row->glob = pattern;
		else if (str_eq(kind, STR("regex")))
			row->regex = pattern;
		else if (str_eq(kind, STR("class")))
			row->class_glob = pattern;
	}
}
