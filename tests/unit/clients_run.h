// SPDX-License-Identifier: Apache-2.0
// A source `emqx_clients` and a broker whose clients are written as words: "a@100=5!", as clients_looks.h has them.
#pragma once

#include "clients_looks.h"
#include "emqx_run.h"

#define CLIENTS "/api/v5/clients"
// A page of a release that does not know fields=, 5.5
#define PAGE(number) CLIENTS "?page=" number "&limit=10000"

// With an API key. NULL: the broker's release is not known, and is asked for.
static inline struct run *run_new_clients(const char *monitored, const char *version)
{
	struct run *run = run_new_of(&source_emqx_clients);

	clients_set_defaults(&run->clients);
	clients_set_monitored(&run->clients, &run->conf_arena, str_of(monitored));
	run_set_key(run);
	if (version)
		emqx_set_version(&run->state, str_of(version));
	run->state.met = version != NULL;
	return run;
}

// Begins a cycle. Of a list of ids the release is asked for each time, and told.
static inline void run_ask_list(struct run *run)
{
	const struct str version = buf_str(&run->state.version);

	run_ask(run);
	struct str body = arena_printf(
		&run->arena, "{\"rel_vsn\":\"v%.*s\",\"node_name\":\"a@h\"}", STR_ARG(version));
	run_answer_bytes(run, "/status?format=json", 200, body);
}

static inline void run_pass(struct run *run, int64_t seconds)
{
	run->now_ns += seconds * NS_PER_S;
	run->wall_ns += seconds * NS_PER_S;
}

static inline void run_add_row(struct buf *out, struct str word)
{
	struct clients_row row = looks_row(word);

	buf_add(out, STR("{\"clientid\":"));
	buf_add_json(out, row.id);
	buf_addf(out, ",\"connected\":%s", row.is_connected ? "true" : "false");
	if (row.connected_ms)
		buf_addf(out, ",\"connected_at\":%lld,\"created_at\":%lld",
			(long long)row.connected_ms, (long long)row.created_ms);
	for (unsigned i = 0; i < N_CLIENTS_COUNTERS; i++)
		if (row.told & 1u << i)
			buf_addf(out, ",\"%s\":%llu", clients_counters[i].key,
				(unsigned long long)row.counters[i]);
	buf_add_byte(out, '}');
}

// The object of one client. Lives in the arena of the cycle, as the others do.
static inline const char *run_client(struct run *run, const char *word)
{
	struct buf out = buf_new(UNIT_LIMIT);

	run_add_row(&out, str_of(word));
	struct str copy = arena_copy(&run->arena, buf_str(&out));
	buf_free(&out);
	return copy.ptr;
}

// A page of clients; meta as it is written, NULL: none.
static inline const char *run_page(struct run *run, const char *words, const char *meta)
{
	struct buf out = buf_new(UNIT_LIMIT);
	const char *comma = "";

	buf_add(&out, STR("{\"data\":["));
	for (struct str rest = str_of(words), word; rest.len;) {
		str_cut(rest, ' ', &word, &rest);
		buf_add(&out, str_of(comma));
		run_add_row(&out, word);
		comma = ",";
	}
	buf_add_byte(&out, ']');
	if (meta)
		buf_addf(&out, ",\"meta\":%s", meta);
	buf_add_byte(&out, '}');
	struct str copy = arena_copy(&run->arena, buf_str(&out));
	buf_free(&out);
	return copy.ptr;
}

#define MORE "{\"hasnext\":true}"
#define LAST "{\"hasnext\":false}"

// What is known now, as looks_known has it.
static inline struct str run_known(struct run *run)
{
	struct looks looks = { .book = run->clients_state.book };
	struct str known = looks_known(&looks);
	struct str copy = arena_copy(&run->arena, known);

	arena_free(&looks.arena);
	return copy;
}

static inline bool run_is_among(const char *words, struct str word)
{
	for (struct str rest = str_of(words), one; rest.len;) {
		str_cut(rest, ' ', &one, &rest);
		if (str_eq(one, word))
			return true;
	}
	return false;
}

// The samples of some families without the prefix, a line for each.
static inline struct str run_told(struct run *run, const char *families)
{
	const struct str prefix = STR("emqx_client_monitor_");
	struct str text = STR(""), name, line;

	for (struct str rest = run_samples(run, run->set); rest.len;) {
		str_cut(rest, '\n', &line, &rest);
		assert_true(str_starts_with(line, prefix));
		line = (struct str){ line.ptr + prefix.len, line.len - prefix.len };
		str_cut(line, '{', &name, &(struct str){ 0 });
		if (run_is_among(families, name))
			text = arena_printf(
				&run->arena, "%.*s%.*s\n", STR_ARG(text), STR_ARG(line));
	}
	return text;
}

// "3 more clients match than ...", a line for each; empty: the source warns of nothing.
static inline struct str run_warnings(struct run *run)
{
	struct str text = STR("");

	for (const struct source_warning *w = run->turn.warnings; w; w = w->next)
		text = arena_printf(&run->arena, "%.*s%llu %s\n", STR_ARG(text),
			(unsigned long long)w->n, w->text);
	return text;
}
