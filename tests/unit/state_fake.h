// SPDX-License-Identifier: Apache-2.0
// Sources that remember lines and nothing else, in a configuration made by hand; for what saves and loads.
#pragma once

#include "agent/tally.h"
#include "base/buf.h"

#include <string.h>

enum { FAKE_LIMIT = 64 * 1024 * 1024 };

struct fake_state {
	struct buf lines; // each with its end
	struct source_past past;
};

static inline void fake_save(const struct source_conf *conf, const void *state, struct buf *lines)
{
	const struct fake_state *fake = (const struct fake_state *)state;

	(void)conf;
	buf_add(lines, buf_str(&fake->lines));
}

static inline bool fake_load(const struct source_conf *conf, void *state, struct str line,
	const struct source_past *past, struct err *err)
{
	struct fake_state *fake = (struct fake_state *)state;

	(void)conf;
	if (str_starts_with(line, STR("{\"refuse"))) {
		err_set(err, ERR_BAD_BODY, 0, "refused %.*s", STR_ARG(line));
		return false;
	}
	fake->lines.limit = FAKE_LIMIT;
	fake->past = *past;
	buf_add(&fake->lines, line);
	buf_add_byte(&fake->lines, '\n');
	return true;
}

static inline void fake_free(void *state)
{
	buf_free(&((struct fake_state *)state)->lines);
}

static inline void fake_ask(struct source_turn *turn)
{
	(void)turn;
}

static const struct source_type fake_type = {
	.name = STR_INIT("fake"),
	.state_size = sizeof(struct fake_state),
	.ask = fake_ask,
	.save = fake_save,
	.load = fake_load,
	.free_state = fake_free,
};

// The same under another name, and one that remembers nothing.
static const struct source_type other_type = {
	.name = STR_INIT("other"),
	.state_size = sizeof(struct fake_state),
	.ask = fake_ask,
	.save = fake_save,
	.load = fake_load,
	.free_state = fake_free,
};
static const struct source_type forgetful_type = {
	.name = STR_INIT("forgetful"),
	.state_size = 1,
	.ask = fake_ask,
};

enum { FAKE_MOST = 4 };

// Sources by their order; must not move once config is in use.
struct fake_config {
	struct config config;
	struct source_conf confs[FAKE_MOST], *sources[FAKE_MOST];
};

static inline void fake_add(
	struct fake_config *fake, struct str name, const struct source_type *type)
{
	size_t i = fake->config.n_sources++;

	fake->confs[i] =
		(struct source_conf){ .name = name, .type_name = type->name, .type = type };
	fake->sources[i] = &fake->confs[i];
	fake->config.sources = fake->sources;
	fake->config.interval_ms = 1000;
}

static inline struct fake_state *fake_of(const struct tally *tally, size_t i)
{
	return (struct fake_state *)tally->sources[i].state;
}

// Lines, each with its end, in place of what the source remembers.
static inline void fake_remember(struct tally *tally, size_t i, struct str lines)
{
	struct buf *own = &fake_of(tally, i)->lines;

	own->limit = FAKE_LIMIT;
	own->len = 0;
	buf_add(own, lines);
}
