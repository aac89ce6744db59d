// SPDX-License-Identifier: Apache-2.0
// A source that speaks to an EMQX, `emqx` or `emqx_clients`, and a broker that answers as a test says: cycles of
// asking, answering and summing up, as agent/collect has them.
#pragma once

#include "base/clock.h"
#include "metric/write.h"
#include "settings_fill.h"
#include "source/clients.h"
#include "unit.h"

enum { RUN_MOST_PARTS = 32 * 1024, RUN_MOST_ACCOUNTS = 4 };

// When the first cycle begins.
#define RUN_NOW_NS  (INT64_C(5000) * NS_PER_S)
#define RUN_WALL_NS (INT64_C(1800000000) * NS_PER_S)

// How many rows of a list are asked for at once.
#define RUN_LIMIT "limit=200"

// One ask, and what became of it.
struct run_part {
	const struct source_ask *ask;
	struct http_answer answer;
	struct source_take take;
	enum source_verdict verdict; // SOURCE_FAILED for an ask that came with an err
	struct err err;
	bool is_settled;
};

struct run {
	struct arena arena;	 // of the cycle
	struct arena conf_arena; // of all cycles
	union {
		struct emqx_conf own;
		struct clients_conf clients; // begins as own does
	};
	struct source_conf conf;
	union {
		struct emqx_state state;
		struct clients_state clients_state; // begins as state does
	};
	struct source_account places[RUN_MOST_ACCOUNTS];
	struct source_accounts accounts; // of its own, unless a test joins two runs
	struct source_turn turn;
	bool wants_node, wants_cluster;
	bool is_quiet;	     // nothing of the cycle is pushed
	struct table *table; // NULL: nobody wants to see one
	bool table_of_all;
	int64_t now_ns, wall_ns, collect_ms;
	struct run_part parts[RUN_MOST_PARTS];
	size_t n_parts;
	struct metric_set *set; // what conclude added
};

// The endpoints as words; empty: the default.
static inline void run_set_endpoints(struct run *run, const char *words)
{
	struct str rest = str_of(*words ? words : "stats auth data_integration"), word;
	struct str_list *list = &run->own.endpoints;

	*list = (struct str_list){ arena_array(&run->conf_arena, struct str, rest.len), 0,
		*words != '\0' };
	while (rest.len) {
		str_cut(rest, ' ', &word, &rest);
		list->items[list->n++] = word;
	}
}

// A source of this type with zeroed settings. The caller frees it.
static inline struct run *run_new_of(const struct source_type *type)
{
	struct run *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	run->conf = (struct source_conf){ .name = STR("broker"), .type = type, .own = &run->own };
	run->conf.http.url = STR("http://h");
	run->accounts = (struct source_accounts){ run->places, RUN_MOST_ACCOUNTS };
	run->now_ns = RUN_NOW_NS;
	run->wall_ns = RUN_WALL_NS;
	run->collect_ms = 7500;
	return run;
}

// A source `emqx` with the settings' defaults but for these.
static inline struct run *run_new(enum emqx_mode mode, const char *endpoints)
{
	struct run *run = run_new_of(&source_emqx);

	run->own.mode = mode;
	run->own.collect = EMQX_COLLECT_AUTO;
	run->own.unknown_keys = true;
	run_set_endpoints(run, endpoints);
	return run;
}

static inline void run_set_collect(struct run *run, const char *word)
{
	fill_choice(&source_emqx.settings, &run->own, "collect", str_of(word));
}

static inline void run_set_key(struct run *run)
{
	run->conf.http.basic_auth.given = true;
}

static inline void run_set_login(struct run *run, const char *user, const char *password)
{
	run->own.login.given = true;
	run->own.login.username = str_of(user);
	run->own.login.password.value = run->own.login.password.text = str_of(password);
}

static inline void run_end_cycle(struct run *run)
{
	for (size_t i = 0; i < run->n_parts; i++)
		buf_free(&run->parts[i].answer.body);
	memset(run->parts, 0, run->n_parts * sizeof(run->parts[0]));
	run->n_parts = 0;
	run->set = NULL;
	arena_free(&run->arena);
}

static inline void run_free(struct run *run)
{
	run_end_cycle(run);
	run->conf.type->free_state(&run->state);
	arena_free(&run->conf_arena);
	free(run);
}

// Takes over what was asked.
static inline void run_collect(struct run *run)
{
	for (const struct source_ask *ask = run->turn.asks; ask; ask = ask->next) {
		struct run_part *part = &run->parts[run->n_parts++];

		assert_true(run->n_parts <= RUN_MOST_PARTS);
		*part = (struct run_part){ .ask = ask, .take.set = metric_set_new(&run->arena) };
		if (ask->err.kind == ERR_NONE)
			continue;
		part->err = ask->err;
		part->verdict = SOURCE_FAILED;
		part->is_settled = true;
	}
	run->turn.asks = NULL;
}

// Begins a cycle.
static inline void run_ask(struct run *run)
{
	run_end_cycle(run);
	run->turn = (struct source_turn){ .conf = &run->conf,
		.state = &run->state,
		.accounts = &run->accounts,
		.arena = &run->arena,
		.now_ns = run->now_ns,
		.wall_ns = run->wall_ns,
		.collect_ms = run->collect_ms,
		.wants_node = run->wants_node,
		.wants_cluster = run->wants_cluster,
		.is_pushed = !run->is_quiet,
		.table = run->table,
		.table_of_all = run->table_of_all };
	run->conf.type->ask(&run->turn);
	run_collect(run);
}

static inline struct str run_path(const struct run *run, const struct source_ask *ask)
{
	struct str base = run->conf.http.url, url = ask->request.url;

	return str_starts_with(url, base) ? str_between(url.ptr + base.len, url.ptr + url.len)
					  : url;
}

// The first unanswered request for a path.
static inline struct run_part *run_find(struct run *run, const char *path)
{
	for (size_t i = 0; i < run->n_parts; i++)
		if (!run->parts[i].is_settled &&
			str_eq(run_path(run, run->parts[i].ask), str_of(path)))
			return &run->parts[i];
	return NULL;
}

// Gives a request its answer, and takes over what follows from it.
static inline void run_settle(
	struct run *run, struct run_part *part, const struct http_answer *answer, struct str body)
{
	part->answer = *answer;
	part->answer.body = buf_new(UNIT_LIMIT);
	buf_add(&part->answer.body, body);
	part->is_settled = true;
	run->turn.now_ns = run->now_ns;
	run->turn.wall_ns = run->wall_ns;
	part->verdict =
		run->conf.type->take(&run->turn, part->ask, &part->answer, &part->take, &part->err);
	run_collect(run);
}

static inline struct run_part *run_answer_bytes(
	struct run *run, const char *path, int status, struct str body)
{
	struct run_part *part = run_find(run, path);

	if (!part)
		fail_msg("nobody asks for %s", path);
	run_settle(run, part, &(struct http_answer){ .status = status }, body);
	return part;
}

static inline struct run_part *run_answer(
	struct run *run, const char *path, int status, const char *body)
{
	return run_answer_bytes(run, path, status, str_of(body));
}

// No answer came.
static inline struct run_part *run_fail(struct run *run, const char *path, enum err_kind kind)
{
	struct run_part *part = run_find(run, path);
	struct http_answer answer = { 0 };

	if (!part)
		fail_msg("nobody asks for %s", path);
	err_set(&answer.err, kind, 0, "no answer");
	run_settle(run, part, &answer, STR(""));
	return part;
}

// Fails what is unanswered and sums up.
static inline void run_conclude(struct run *run)
{
	struct http_answer answer = { 0 };
	struct source_part *parts;

	err_set(&answer.err, ERR_TIMED_OUT, 0, "no answer");
	for (size_t i = 0; i < run->n_parts; i++)
		if (!run->parts[i].is_settled)
			run_settle(run, &run->parts[i], &answer, STR(""));
	parts = arena_array(&run->arena, struct source_part, run->n_parts + 1);
	for (size_t i = 0; i < run->n_parts; i++)
		parts[i] = (struct source_part){ run->parts[i].ask, &run->parts[i].take,
			run->parts[i].verdict == SOURCE_DELIVERED };
	run->set = metric_set_new(&run->arena);
	run->conf.type->conclude(&run->turn, parts, run->n_parts, run->set);
}

// Texts to compare with; they live in the cycle's arena.

// "endpoint path words", a line for each request that is not answered yet, and for each ask that came with
// an err: question, optional, default, anonymous, timeout= but for questions, pause=, shared, bearer=.
static inline struct str run_asks(struct run *run)
{
	struct buf out = buf_new(UNIT_LIMIT);

	for (size_t i = 0; i < run->n_parts; i++) {
		const struct run_part *part = &run->parts[i];
		const struct source_ask *ask = part->ask;

		if (part->is_settled && ask->err.kind == ERR_NONE)
			continue;
		buf_addf(&out, "%.*s", STR_ARG(ask->endpoint));
		if (ask->err.kind != ERR_NONE)
			buf_addf(&out, " %.*s%s: %s", STR_ARG(err_reason(ask->err.kind)),
				ask->unavailable ? " unavailable" : "", ask->err.text);
		else
			buf_addf(&out, " %.*s", STR_ARG(run_path(run, ask)));
		buf_addf(&out, "%s%s%s%s", ask->is_question ? " question" : "",
			ask->is_optional ? " optional" : "", ask->by_default ? " default" : "",
			ask->request.anonymous ? " anonymous" : "");
		if (ask->request.timeout_ms && !ask->is_question && ask->err.kind == ERR_NONE)
			buf_addf(&out, " timeout=%lld", (long long)ask->request.timeout_ms);
		if (ask->pause_ms)
			buf_addf(&out, " pause=%lld%s", (long long)ask->pause_ms,
				ask->pause_is_shared ? " shared" : "");
		if (ask->request.bearer.len && ask->err.kind == ERR_NONE)
			buf_addf(&out, " bearer=%.*s", STR_ARG(ask->request.bearer));
		buf_add_byte(&out, '\n');
	}
	struct str copy = arena_copy(&run->arena, buf_str(&out));
	buf_free(&out);
	return copy;
}

// The samples of a set, a line for each, without HELP and TYPE.
static inline struct str run_samples(struct run *run, const struct metric_set *set)
{
	const struct str added = STR("");
	struct buf out = buf_new(UNIT_LIMIT), lines = buf_new(UNIT_LIMIT);
	struct str rest, line;

	write_set(&out, set, &added);
	for (rest = buf_str(&out); rest.len;) {
		str_cut(rest, '\n', &line, &rest);
		if (!str_starts_with(line, STR("# ")))
			buf_addf(&lines, "%.*s\n", STR_ARG(line));
	}
	struct str copy = arena_copy(&run->arena, buf_str(&lines));
	buf_free(&out);
	buf_free(&lines);
	return copy;
}
