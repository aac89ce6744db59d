// SPDX-License-Identifier: Apache-2.0
// Tables of JSON answers and the samples that they give.
#pragma once

#include "emqx_run.h"

// In mode node the broker is a@h.
struct reading_row {
	const char *name;
	enum emqx_mode mode;
	const char *endpoint; // the only one that is asked for
	const char *path;     // of the request that is answered, below /api/v5
	const char *body;
	const char *samples; // a line for each
	bool leaves_unknown; // unknown_keys = false
};

static inline void check_reading(const struct reading_row *row)
{
	struct run *run = run_new(row->mode, row->endpoint);
	struct str path;

	run_set_collect(run, "json");
	run_set_key(run);
	run->own.node = STR("a@h");
	run->own.unknown_keys = !row->leaves_unknown;
	run->state.met = true;
	run_ask(run);
	path = arena_printf(&run->arena, "/api/v5%s", row->path);
	struct run_part *part = run_answer(run, path.ptr, 200, row->body);
	check_str(row->name, str_of(part->err.text), STR(""));
	check_number(row->name, "verdict", part->verdict, SOURCE_DELIVERED);
	check_str(row->name, run_samples(run, part->take.set), str_of(row->samples));
	run_free(run);
}

#define CHECK_READINGS(rows)                                                                       \
	do {                                                                                       \
		for (size_t i = 0; i < ARRAY_LEN(rows); i++)                                       \
			check_reading(&(rows)[i]);                                                 \
	} while (0)
