// SPDX-License-Identifier: Apache-2.0
// Values for the private settings of a source's or sink's type, by its own table.
#pragma once

#include "base/setting.h"
#include "unit.h"

static inline void *fill_place(const struct setting_table *table, void *own, const char *name)
{
	for (size_t i = 0; i < table->n; i++)
		if (strcmp(table->rows[i].name, name) == 0)
			return (char *)own + table->rows[i].offset;
	fail_msg("there is no setting %s", name);
	return NULL;
}

static inline void fill_str(
	const struct setting_table *table, void *own, const char *name, struct str value)
{
	*(struct str *)fill_place(table, own, name) = value;
}

// The index of a word among those of a choice.
static inline void fill_choice(
	const struct setting_table *table, void *own, const char *name, struct str word)
{
	for (size_t i = 0; i < table->n; i++)
		for (size_t k = 0; k < table->rows[i].n_words; k++)
			if (strcmp(table->rows[i].name, name) == 0 &&
				str_eq(table->rows[i].words[k], word)) {
				*(int *)fill_place(table, own, name) = (int)k;
				return;
			}
	fail_msg("%s has no word %.*s", name, STR_ARG(word));
}

// Faults, as "name: text" lines.
static inline void fill_note(void *context, const char *name, const char *text)
{
	buf_addf(context, "%s: %s\n", name, text);
}
