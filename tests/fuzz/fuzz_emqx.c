// SPDX-License-Identifier: Apache-2.0
// Cycles of a source `emqx` with a broker that answers anything: all endpoints, text and JSON, tokens, pages,
// what is remembered from cycle to cycle. Every endpoint gets an outcome, every cycle comes to its end, and
// what is left is a body that every reader takes.
//
// Input: a line of words, then answers, as source_run.h says.
//
//	json unaggregated key rules     settings and endpoints
//
// Words: text json; aggregated unaggregated; key login; known (the node's name is set), strict (no unknown
// keys), global (only_global), ns, cluster (its name is wanted); v4 (taken for EMQX 4); crowd (other sources
// log in with the same account, and get no answer); and endpoints.
#include "base/clock.h"
#include "source_run.h"

enum { MOST_CYCLES = 8, MOST_COMPARED = 64, MOST_NODES = 1024, N_OTHERS = 4 };

struct world {
	struct source_run run;
	struct str endpoints[N_EMQX_ENDPOINTS];
	struct emqx_conf own;
	struct emqx_state state;
	struct emqx_state others[N_OTHERS]; // of sources with the same settings
	bool is_crowded;
	size_t n_cycles;
};

// 1. Settings

static void take_word(struct world *world, struct str word)
{
	struct emqx_conf *own = &world->own;
	struct str_list *list = &own->endpoints;

	if (str_eq(word, STR("text")))
		own->collect = EMQX_COLLECT_TEXT;
	else if (str_eq(word, STR("json")))
		own->collect = EMQX_COLLECT_JSON;
	else if (str_eq(word, STR("aggregated")))
		own->mode = EMQX_AGGREGATED;
	else if (str_eq(word, STR("unaggregated")))
		own->mode = EMQX_UNAGGREGATED;
	else if (str_eq(word, STR("key")))
		world->run.conf.http.basic_auth.given = !own->login.given;
	else if (str_eq(word, STR("login")))
		own->login.given = !world->run.conf.http.basic_auth.given;
	else if (str_eq(word, STR("known")))
		own->node = STR("emqx@10.0.0.1");
	else if (str_eq(word, STR("strict")))
		own->unknown_keys = false;
	else if (str_eq(word, STR("global")))
		own->only_global = true;
	else if (str_eq(word, STR("ns")))
		own->ns = STR("n s");
	else if (str_eq(word, STR("cluster")))
		world->run.wants_cluster = true;
	else if (str_eq(word, STR("v4")))
		world->state.api = EMQX_API_V4;
	else if (str_eq(word, STR("crowd")))
		world->is_crowded = true;
	else if (list->n < N_EMQX_ENDPOINTS)
		list->items[list->n++] = word;
}

// False: these settings would never get past the check.
static bool make_world(struct world *world, struct str words)
{
	world->run.state = &world->state;
	world->run.conf = (struct source_conf){
		.name = STR("fuzz"), .type = &source_emqx, .own = &world->own
	};
	world->own.collect = EMQX_COLLECT_AUTO;
	world->own.unknown_keys = true;
	world->own.login.username = STR("user \"\\\xc3\xa4");
	world->own.login.password.value = world->own.login.password.text = STR("pass\tword");
	world->own.endpoints = (struct str_list){ world->endpoints, 0, true };
	while (words.len) {
		struct str word = fuzz_take(&words, " ");
		if (word.len)
			take_word(world, word);
	}
	return source_run_check(&world->run);
}

// 2. What is left

static bool has_outcome(const struct world *world, struct str endpoint)
{
	for (const struct part *part = world->run.parts; part; part = part->next)
		if (str_eq(part->ask->endpoint, endpoint) &&
			(part->verdict == SOURCE_DELIVERED || part->verdict == SOURCE_FAILED))
			return true;
	return false;
}

static void check_endpoints(const struct world *world)
{
	const struct str_list *list = &world->own.endpoints;

	for (size_t i = 0; i < list->n && !emqx_wants_all(&world->own); i++)
		FUZZ_CHECK(has_outcome(world, list->items[i]), "nobody knows what became of %.*s",
			STR_ARG(list->items[i]));
	if (emqx_wants_all(&world->own))
		for (const struct part *part = world->run.parts; part; part = part->next)
			FUZZ_CHECK(has_outcome(world, part->ask->endpoint) ||
					   str_eq(part->ask->endpoint, STR("/login")),
				"nobody knows what became of %.*s", STR_ARG(part->ask->endpoint));
}

// Of a part of the clients.
static bool is_of_namespaces(const struct part *part)
{
	return str_eq(part->ask->endpoint, STR("namespaced_stats"));
}

// No quantity is told by two kinds of answers; pages of text are merged elsewhere.
static void check_kinds(const struct part *a, const struct part *b)
{
	if ((!a->ask->part && !b->ask->part) || is_of_namespaces(a) || is_of_namespaces(b) ||
		(a->ask->part == b->ask->part && str_eq(a->ask->endpoint, b->ask->endpoint)))
		return;
	for (const struct family *family = a->take.set->first; family; family = family->next) {
		const struct family *twin = metric_find(b->take.set, family->name);
		FUZZ_CHECK(!family->first || !twin || !twin->first, "told twice: %.*s",
			STR_ARG(family->name));
	}
}

static void check_repetitions(const struct world *world)
{
	if (world->run.n_parts > MOST_COMPARED)
		return;
	for (const struct part *a = world->run.parts; a; a = a->next)
		for (const struct part *b = a->next; b; b = b->next)
			if (a->verdict == SOURCE_DELIVERED && b->verdict == SOURCE_DELIVERED)
				check_kinds(a, b);
}

static void conclude(struct world *world)
{
	struct metric_set *own_set = source_run_conclude(&world->run);

	check_endpoints(world);
	check_repetitions(world);
	source_run_check_body(&world->run, own_set);
	FUZZ_CHECK(world->state.nodes.n <= MOST_NODES, "too many nodes");
}

// 3. A cycle

// The first requests of other sources: logins, if they log in.
static void ask_others(struct world *world, const struct source_ask **asks)
{
	for (int i = 0; i < N_OTHERS && world->is_crowded && world->own.login.given; i++) {
		source_run_ask(&world->run, &world->others[i]);
		asks[i] = world->run.turn.asks;
	}
}

static void fail_others(struct world *world, const struct source_ask *const *asks)
{
	for (int i = 0; i < N_OTHERS; i++) {
		struct source_take take = { .set = metric_set_new(&world->run.arena) };
		struct http_answer answer = { .status = 0 };
		struct err err = { 0 };

		if (!asks[i] || asks[i]->err.kind != ERR_NONE)
			continue;
		err_set(&answer.err, ERR_CANCELLED, 0, "cancelled");
		world->run.turn.state = &world->others[i];
		source_emqx.take(&world->run.turn, asks[i], &answer, &take, &err);
	}
}

// Returns after how many seconds the next one begins.
static unsigned run_cycle(struct world *world)
{
	const struct source_ask *others[N_OTHERS] = { NULL };
	struct source_run *run = &world->run;
	struct str line = { 0 }, body;
	bool ends;

	ask_others(world, others);
	source_run_begin(run);
	do {
		ends = !source_run_next(run, &line, &body) ||
		       str_eq(fuzz_take(&line, " "), STR("cycle"));
	} while (!ends);
	conclude(world);
	fail_others(world, others);
	for (size_t i = 0; i < ARRAY_LEN(run->places); i++)
		FUZZ_CHECK(run->places[i].n_pending == 0, "a login is under way for ever");
	source_run_end(run);
	return source_run_number(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world = { .run = { .rest = { (const char *)data, size }, .size = size } };
	struct source_run *run = &world.run;
	struct str words = fuzz_take(&run->rest, "\n");

	fuzz_take(&run->rest, "%%\n");
	if (make_world(&world, words)) {
		do {
			run->now_ns += (int64_t)run_cycle(&world) * NS_PER_S;
		} while (run->rest.len && ++world.n_cycles < MOST_CYCLES);
		source_emqx.free_state(&world.state);
		for (int i = 0; i < N_OTHERS; i++)
			source_emqx.free_state(&world.others[i]);
	}
	return 0;
}
