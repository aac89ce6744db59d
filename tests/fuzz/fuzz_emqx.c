// SPDX-License-Identifier: Apache-2.0
// Cycles of a source `emqx` with a broker that answers anything: all endpoints, text and JSON, tokens, pages,
// what is remembered from cycle to cycle. Every endpoint gets an outcome, every cycle comes to its end, and
// what is left is a body that every reader takes.
//
// Input: a line of words, then the answers, each behind a line %%:
//
//	json unaggregated key rules     settings and endpoints
//	%%
//	200 0                           status (0: no answer), and which of the open requests gets it
//	{"data":[{"id":"r1"}]}          the answer's body
//	%%
//	cycle 60                        the next cycle begins, so many seconds later
//
// Words: text json; aggregated unaggregated; key login; known (the node's name is set), strict (no unknown
// keys), global (only_global), ns, cluster (its name is wanted); v4 (taken for EMQX 4); crowd (other sources
// log in with the same account, and get no answer); and endpoints.
#include "fuzz.h"

#include "base/clock.h"
#include "metric/check.h"
#include "metric/write.h"
#include "source/emqx.h"
#include "strict.h"
#include "strict_line.h"

#include <string.h>

enum { MOST_CYCLES = 8, MOST_COMPARED = 64, MOST_NODES = 1024, N_OTHERS = 4 };

#define BASE "http://broker:18083"

static const char *const key_names[] = { "job", "instance", NULL };
static const struct str keys[] = { STR_INIT("job"), STR_INIT("instance") };

// One ask, and what became of it.
struct part {
	struct part *next;
	const struct source_ask *ask;
	struct source_take take;
	enum source_verdict verdict;
	struct err err;
	char *body; // owned; the set may borrow from it
	bool is_settled;
};

struct world {
	struct str rest; // of the input
	size_t size;	 // of the input
	struct arena arena;
	struct str endpoints[N_EMQX_ENDPOINTS];
	struct emqx_conf own;
	struct source_conf conf;
	struct emqx_state state;
	struct source_account places[2];
	struct source_accounts accounts;
	struct source_turn turn;
	struct emqx_state others[N_OTHERS]; // of sources with the same settings
	bool wants_cluster, is_crowded;
	int64_t now_ns;
	struct part *parts, **last;
	size_t n_parts, n_cycles;
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
		world->conf.http.basic_auth.given = !own->login.given;
	else if (str_eq(word, STR("login")))
		own->login.given = !world->conf.http.basic_auth.given;
	else if (str_eq(word, STR("known")))
		own->node = STR("emqx@10.0.0.1");
	else if (str_eq(word, STR("strict")))
		own->unknown_keys = false;
	else if (str_eq(word, STR("global")))
		own->only_global = true;
	else if (str_eq(word, STR("ns")))
		own->ns = STR("n s");
	else if (str_eq(word, STR("cluster")))
		world->wants_cluster = true;
	else if (str_eq(word, STR("v4")))
		world->state.api = EMQX_API_V4;
	else if (str_eq(word, STR("crowd")))
		world->is_crowded = true;
	else if (list->n < N_EMQX_ENDPOINTS)
		list->items[list->n++] = word;
}

static void count_fault(void *context, const char *name, const char *text)
{
	FUZZ_CHECK(name && *text, "a fault says nothing");
	++*(size_t *)context;
}

// False: these settings would never get past the check.
static bool make_world(struct world *world, struct str words)
{
	size_t n_faults = 0;

	world->conf = (struct source_conf){
		.name = STR("fuzz"), .type = &source_emqx, .own = &world->own
	};
	world->conf.http.url = STR(BASE "/");
	world->own.collect = EMQX_COLLECT_AUTO;
	world->own.unknown_keys = true;
	world->own.login.username = STR("user \"\\\xc3\xa4");
	world->own.login.password.value = world->own.login.password.text = STR("pass\tword");
	world->own.endpoints = (struct str_list){ world->endpoints, 0, true };
	world->accounts = (struct source_accounts){ world->places, ARRAY_LEN(world->places) };
	world->now_ns = INT64_C(5000) * NS_PER_S;
	while (words.len) {
		struct str word = fuzz_take(&words, " ");
		if (word.len)
			take_word(world, word);
	}
	source_emqx.check(&world->conf, &(struct setting_faults){ count_fault, &n_faults });
	return n_faults == 0;
}

// 2. What is asked

static void check_ask(const struct world *world, const struct source_ask *ask)
{
	const struct http_request *request = &ask->request;
	bool is_login = str_eq(request->url, STR(BASE "/api/v5/login"));

	FUZZ_CHECK(ask->endpoint.len && fuzz_is_printable(ask->endpoint), "no endpoint");
	if (ask->err.kind != ERR_NONE) {
		fuzz_check_err(&ask->err);
		return;
	}
	FUZZ_CHECK(request->conf == &world->conf.http, "no settings");
	FUZZ_CHECK(str_starts_with(request->url, STR(BASE "/")), "a URL elsewhere: %.*s",
		STR_ARG(request->url));
	for (size_t i = 0; i < request->url.len; i++)
		FUZZ_CHECK(request->url.ptr[i] > ' ' && request->url.ptr[i] < 0x7f &&
				   request->url.ptr[i] != '#',
			"a URL that is none: %.*s", STR_ARG(request->url));
	FUZZ_CHECK(str_eq(request->method, is_login ? STR("POST") : STR("GET")), "a method");
	FUZZ_CHECK((request->body.len > 0) == is_login, "a body, or none");
	FUZZ_CHECK(!is_login || world->own.login.given, "a login that nobody wants");
	for (size_t i = 0; i < request->bearer.len; i++)
		FUZZ_CHECK((unsigned char)request->bearer.ptr[i] > ' ' &&
				   request->bearer.ptr[i] != 0x7f,
			"a token that breaks a header");
}

static void take_over(struct world *world)
{
	for (const struct source_ask *ask = world->turn.asks; ask; ask = ask->next) {
		struct part *part = arena_new(&world->arena, struct part);

		check_ask(world, ask);
		part->ask = ask;
		part->take.set = metric_set_new(&world->arena);
		part->err = ask->err;
		part->verdict = SOURCE_FAILED;
		part->is_settled = ask->err.kind != ERR_NONE;
		*world->last = part;
		world->last = &part->next;
		world->n_parts++;
	}
	world->turn.asks = NULL;
	// An object of a list takes some bytes, a page more than one object.
	FUZZ_CHECK(world->n_parts <= 200 + world->size, "a cycle without end");
}

// 3. What is answered

static void check_labels(const struct sample *sample)
{
	uint64_t fingerprint, names;

	label_identify(sample->labels, &fingerprint, &names);
	FUZZ_CHECK(sample->fingerprint == fingerprint && sample->label_names == names,
		"labels are identified wrongly: %.*s", STR_ARG(sample->labels));
}

static void check_lines(struct str text)
{
	static struct strict_line line;

	while (text.len) {
		struct str taken = fuzz_take(&text, "\n");
		const char *fault =
			strict_read_line((struct strict_text){ taken.ptr, taken.len }, &line);
		FUZZ_CHECK(!fault, "a line is not for everybody: %s: %.*s", fault, STR_ARG(taken));
	}
}

static void check_set(const struct metric_set *set)
{
	struct buf text = buf_new(MIB(64));
	struct str added = STR("");
	size_t n_samples = 0;

	for (const struct family *family = set->first; family; family = family->next) {
		size_t n = 0;

		for (const struct sample *s = family->first; s; s = s->next, n++)
			check_labels(s);
		FUZZ_CHECK(n == family->n_samples, "a family's samples are miscounted");
		n_samples += n;
	}
	FUZZ_CHECK(n_samples == set->n_samples, "samples are miscounted");
	write_set(&text, set, &added);
	FUZZ_CHECK(!text.failed, "a set larger than any can be");
	check_lines(buf_str(&text));
	buf_free(&text);
}

static void check_outcome(const struct world *world, const struct part *part, int status)
{
	bool has_err = part->err.kind != ERR_NONE;

	switch (part->verdict) {
	case SOURCE_DELIVERED:
		FUZZ_CHECK(!has_err, "delivered, with an error: %s", part->err.text);
		FUZZ_CHECK(status >= 200 && status < 300, "status %d is taken", status);
		check_set(part->take.set);
		break;
	case SOURCE_FAILED:
	case SOURCE_FELL_BACK:
		FUZZ_CHECK(has_err, "failed, without an error");
		fuzz_check_err(&part->err);
		break;
	case SOURCE_ASKED_AGAIN: break;
	default: FUZZ_CHECK(false, "verdict %d", (int)part->verdict);
	}
	if (part->verdict == SOURCE_FELL_BACK || part->verdict == SOURCE_ASKED_AGAIN)
		FUZZ_CHECK(
			world->turn.asks || world->state.turn.deferred || world->state.turn.refused,
			"nothing was asked in place of %.*s", STR_ARG(part->ask->request.url));
}

static void settle(struct world *world, struct part *part, int status, struct str body)
{
	struct http_answer answer = { .status = status };

	if (status == 0)
		err_set(&answer.err, ERR_TIMED_OUT, 0, "no answer");
	// An empty body has no memory, as libcurl leaves it.
	part->body = body.len ? fuzz_copy(body) : NULL;
	answer.body = (struct buf){ part->body, body.len, body.len, MIB(1), false };
	answer.on_new_connection = status % 2;
	part->is_settled = true;
	world->now_ns += 100 * NS_PER_MS;
	world->turn.now_ns = world->turn.wall_ns = world->now_ns;
	part->verdict = source_emqx.take(&world->turn, part->ask, &answer, &part->take, &part->err);
	check_outcome(world, part, status);
	take_over(world);
}

// The open request of this index, or the first one. NULL: there is none.
static struct part *find_open(const struct world *world, unsigned index)
{
	struct part *first = NULL;

	for (struct part *part = world->parts; part; part = part->next) {
		if (part->is_settled)
			continue;
		first = first ? first : part;
		if (index-- == 0)
			return part;
	}
	return first;
}

static unsigned take_number(struct str *line)
{
	struct str word = fuzz_take(line, " ");
	unsigned number = 0;

	for (size_t i = 0; i < word.len && i < 4; i++)
		if (word.ptr[i] >= '0' && word.ptr[i] <= '9')
			number = number * 10 + (unsigned)(word.ptr[i] - '0');
	return number;
}

// Gives answers until there are no more, or a cycle ends. Returns after how many seconds the next one begins.
static unsigned answer_all(struct world *world)
{
	while (world->rest.len) {
		struct str body = fuzz_take(&world->rest, "\n%%\n"), line = fuzz_take(&body, "\n");
		struct str seconds = line;

		if (str_eq(fuzz_take(&seconds, " "), STR("cycle")))
			return take_number(&seconds);
		int status = (int)take_number(&line);
		struct part *part = find_open(world, take_number(&line));
		if (part)
			settle(world, part, status, body);
	}
	return 0;
}

// 4. What is left

static bool has_outcome(const struct world *world, struct str endpoint)
{
	for (const struct part *part = world->parts; part; part = part->next)
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
		for (const struct part *part = world->parts; part; part = part->next)
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
	if (world->n_parts > MOST_COMPARED)
		return;
	for (const struct part *a = world->parts; a; a = a->next)
		for (const struct part *b = a->next; b; b = b->next)
			if (a->verdict == SOURCE_DELIVERED && b->verdict == SOURCE_DELIVERED)
				check_kinds(a, b);
}

// As the agent makes a body of it.
static void check_body(struct world *world, struct metric_set *own_set)
{
	struct check_source source = { .name = STR("fuzz"), .added = STR("zone=\"z\"") };
	struct check check = check_new(&world->arena, keys, ARRAY_LEN(keys), &source);
	struct buf body = buf_new(MIB(64));
	struct strict_fault fault;

	for (struct part *part = world->parts; part; part = part->next)
		if (part->verdict == SOURCE_DELIVERED)
			check_add(&check, part->take.set, 0);
	check_add(&check, own_set, 0);
	check_finish(&check);
	write_set(&body, check.set, &source.added);
	if (!strict_check(body.ptr, body.len, key_names, &fault)) {
		fwrite(body.ptr, 1, body.len, stderr);
		FUZZ_CHECK(false, "line %zu is not for everybody: %s: %s", fault.line, fault.text,
			fault.subject);
	}
	buf_free(&body);
}

static void conclude(struct world *world)
{
	struct metric_set *own_set = metric_set_new(&world->arena);
	struct source_part *parts;
	size_t n = 0;

	for (struct part *part; (part = find_open(world, 0));)
		settle(world, part, 0, STR(""));
	parts = arena_array(&world->arena, struct source_part, world->n_parts + 1);
	for (struct part *part = world->parts; part; part = part->next)
		parts[n++] = (struct source_part){ part->ask, &part->take,
			part->verdict == SOURCE_DELIVERED };
	source_emqx.conclude(&world->turn, parts, n, own_set);
	check_endpoints(world);
	check_set(own_set);
	for (const struct part *part = world->parts; part; part = part->next)
		check_set(part->take.set);
	check_repetitions(world);
	check_body(world, own_set);
	FUZZ_CHECK(world->state.nodes.n <= MOST_NODES, "too many nodes");
}

static void begin_turn(struct world *world, struct emqx_state *state)
{
	world->turn = (struct source_turn){ .conf = &world->conf,
		.state = state,
		.accounts = &world->accounts,
		.arena = &world->arena,
		.now_ns = world->now_ns,
		.wall_ns = world->now_ns,
		.collect_ms = 7500,
		.wants_node = true,
		.wants_cluster = world->wants_cluster };
	source_emqx.ask(&world->turn);
}

// The first requests of other sources: logins, if they log in.
static void ask_others(struct world *world, const struct source_ask **asks)
{
	for (int i = 0; i < N_OTHERS && world->is_crowded && world->own.login.given; i++) {
		begin_turn(world, &world->others[i]);
		asks[i] = world->turn.asks;
	}
}

static void fail_others(struct world *world, const struct source_ask *const *asks)
{
	for (int i = 0; i < N_OTHERS; i++) {
		struct source_take take = { .set = metric_set_new(&world->arena) };
		struct http_answer answer = { .status = 0 };
		struct err err = { 0 };

		if (!asks[i] || asks[i]->err.kind != ERR_NONE)
			continue;
		err_set(&answer.err, ERR_CANCELLED, 0, "cancelled");
		world->turn.state = &world->others[i];
		source_emqx.take(&world->turn, asks[i], &answer, &take, &err);
	}
}

static unsigned run_cycle(struct world *world)
{
	const struct source_ask *others[N_OTHERS] = { NULL };
	unsigned seconds;

	world->parts = NULL;
	world->last = &world->parts;
	world->n_parts = 0;
	ask_others(world, others);
	begin_turn(world, &world->state);
	take_over(world);
	seconds = answer_all(world);
	conclude(world);
	fail_others(world, others);
	for (size_t i = 0; i < ARRAY_LEN(world->places); i++)
		FUZZ_CHECK(world->places[i].n_pending == 0, "a login is under way for ever");
	for (struct part *part = world->parts; part; part = part->next)
		free(part->body);
	arena_free(&world->arena);
	return seconds;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world = { .rest = { (const char *)data, size }, .size = size };
	struct str words = fuzz_take(&world.rest, "\n");

	fuzz_take(&world.rest, "%%\n");
	if (make_world(&world, words)) {
		do {
			world.now_ns += (int64_t)run_cycle(&world) * NS_PER_S;
		} while (world.rest.len && ++world.n_cycles < MOST_CYCLES);
		source_emqx.free_state(&world.state);
		for (int i = 0; i < N_OTHERS; i++)
			source_emqx.free_state(&world.others[i]);
	}
	return 0;
}
