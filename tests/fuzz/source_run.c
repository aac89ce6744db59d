// SPDX-License-Identifier: Apache-2.0
#include "source_run.h"

#include "base/clock.h"
#include "metric/check.h"
#include "metric/write.h"
#include "strict.h"
#include "strict_line.h"

static const char *const key_names[] = { "job", "instance", NULL };
static const struct str keys[] = { STR_INIT("job"), STR_INIT("instance") };

// 1. Settings

static void count_fault(void *context, const char *name, const char *text)
{
	FUZZ_CHECK(name && *text, "a fault says nothing");
	++*(size_t *)context;
}

bool source_run_check(struct source_run *run)
{
	size_t n_faults = 0;

	run->conf.http.url = STR(SOURCE_RUN_BASE "/");
	run->accounts = (struct source_accounts){ run->places, ARRAY_LEN(run->places) };
	run->now_ns = INT64_C(5000) * NS_PER_S;
	run->conf.type->check(&run->conf, &(struct setting_faults){ count_fault, &n_faults });
	return n_faults == 0;
}

// 2. What is asked

static void check_ask(const struct source_run *run, const struct source_ask *ask)
{
	const struct emqx_conf *own = run->conf.own;
	const struct http_request *request = &ask->request;
	bool is_login = str_eq(request->url, STR(SOURCE_RUN_BASE "/api/v5/login"));

	FUZZ_CHECK(ask->endpoint.len && fuzz_is_printable(ask->endpoint), "no endpoint");
	if (ask->err.kind != ERR_NONE) {
		fuzz_check_err(&ask->err);
		return;
	}
	FUZZ_CHECK(request->conf == &run->conf.http, "no settings");
	FUZZ_CHECK(str_starts_with(request->url, STR(SOURCE_RUN_BASE "/")), "a URL elsewhere: %.*s",
		STR_ARG(request->url));
	for (size_t i = 0; i < request->url.len; i++)
		FUZZ_CHECK(request->url.ptr[i] > ' ' && request->url.ptr[i] < 0x7f &&
				   request->url.ptr[i] != '#',
			"a URL that is none: %.*s", STR_ARG(request->url));
	FUZZ_CHECK(str_eq(request->method, is_login ? STR("POST") : STR("GET")), "a method");
	FUZZ_CHECK((request->body.len > 0) == is_login, "a body, or none");
	FUZZ_CHECK(!is_login || own->login.given, "a login that nobody wants");
	for (size_t i = 0; i < request->bearer.len; i++)
		FUZZ_CHECK((unsigned char)request->bearer.ptr[i] > ' ' &&
				   request->bearer.ptr[i] != 0x7f,
			"a token that breaks a header");
}

static void take_over(struct source_run *run)
{
	for (const struct source_ask *ask = run->turn.asks; ask; ask = ask->next) {
		struct part *part = arena_new(&run->arena, struct part);

		check_ask(run, ask);
		part->ask = ask;
		part->take.set = metric_set_new(&run->arena);
		part->err = ask->err;
		part->verdict = SOURCE_FAILED;
		part->is_settled = ask->err.kind != ERR_NONE;
		*run->last = part;
		run->last = &part->next;
		run->n_parts++;
	}
	run->turn.asks = NULL;
	// An object of a list takes some bytes, a page more than one object.
	FUZZ_CHECK(run->n_parts <= 200 + run->size, "a cycle without end");
}

void source_run_ask(struct source_run *run, struct emqx_state *state)
{
	run->turn = (struct source_turn){ .conf = &run->conf,
		.state = state,
		.accounts = &run->accounts,
		.arena = &run->arena,
		.now_ns = run->now_ns,
		.wall_ns = run->now_ns,
		.collect_ms = 7500,
		.wants_node = true,
		.wants_cluster = run->wants_cluster,
		.is_pushed = !run->is_quiet,
		.table = run->table,
		.table_of_all = run->table_of_all };
	run->conf.type->ask(&run->turn);
}

void source_run_begin(struct source_run *run)
{
	run->parts = NULL;
	run->last = &run->parts;
	run->n_parts = 0;
	source_run_ask(run, run->state);
	take_over(run);
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

// That the broker does not know a client is an answer.
static bool is_client_gone(const struct part *part, int status)
{
	return status == 404 && str_eq(part->ask->endpoint, STR("clients"));
}

static void check_outcome(const struct source_run *run, const struct part *part, int status)
{
	bool has_err = part->err.kind != ERR_NONE;

	switch (part->verdict) {
	case SOURCE_DELIVERED:
		FUZZ_CHECK(!has_err, "delivered, with an error: %s", part->err.text);
		FUZZ_CHECK((status >= 200 && status < 300) || is_client_gone(part, status),
			"status %d is taken", status);
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
		FUZZ_CHECK(run->turn.asks || run->state->turn.deferred || run->state->turn.refused,
			"nothing was asked in place of %.*s", STR_ARG(part->ask->request.url));
}

static void settle(struct source_run *run, struct part *part, int status, struct str body)
{
	struct http_answer answer = { .status = status };

	if (status == 0)
		err_set(&answer.err, ERR_TIMED_OUT, 0, "no answer");
	// An empty body has no memory, as libcurl leaves it.
	part->body = body.len ? fuzz_copy(body) : NULL;
	answer.body = (struct buf){ part->body, body.len, body.len, MIB(1), false };
	answer.on_new_connection = status % 2;
	part->is_settled = true;
	run->now_ns += 100 * NS_PER_MS;
	run->turn.now_ns = run->turn.wall_ns = run->now_ns;
	part->verdict =
		run->conf.type->take(&run->turn, part->ask, &answer, &part->take, &part->err);
	check_outcome(run, part, status);
	take_over(run);
}

// The open request of this index, or the first one. NULL: there is none.
static struct part *find_open(const struct source_run *run, unsigned index)
{
	struct part *first = NULL;

	for (struct part *part = run->parts; part; part = part->next) {
		if (part->is_settled)
			continue;
		first = first ? first : part;
		if (index-- == 0)
			return part;
	}
	return first;
}

unsigned source_run_number(struct str *line)
{
	struct str word = fuzz_take(line, " ");
	unsigned number = 0;

	for (size_t i = 0; i < word.len && i < 4; i++)
		if (word.ptr[i] >= '0' && word.ptr[i] <= '9')
			number = number * 10 + (unsigned)(word.ptr[i] - '0');
	return number;
}

bool source_run_next(struct source_run *run, struct str *line, struct str *body)
{
	while (run->rest.len) {
		*body = fuzz_take(&run->rest, "\n%%\n");
		*line = fuzz_take(body, "\n");
		if (line->len && (line->ptr[0] < '0' || line->ptr[0] > '9'))
			return true;
		int status = (int)source_run_number(line);
		struct part *part = find_open(run, source_run_number(line));
		if (part)
			settle(run, part, status, *body);
	}
	*line = *body = STR("");
	return false;
}

// 4. What is left

// As the agent makes a body of it.
void source_run_check_body(struct source_run *run, struct metric_set *own_set)
{
	struct check_source source = { .name = STR("fuzz"), .added.text = STR("zone=\"z\"") };
	struct check check = check_new(&run->arena, keys, ARRAY_LEN(keys), &source);
	struct buf body = buf_new(MIB(64));
	struct strict_fault fault;

	for (struct part *part = run->parts; part; part = part->next)
		if (part->verdict == SOURCE_DELIVERED)
			check_add(&check, part->take.set, 0);
	check_add(&check, own_set, 0);
	check_finish(&check);
	write_set(&body, check.set, &source.added.text);
	if (!strict_check(body.ptr, body.len, key_names, &fault)) {
		fwrite(body.ptr, 1, body.len, stderr);
		FUZZ_CHECK(false, "line %zu is not for everybody: %s: %s", fault.line, fault.text,
			fault.subject);
	}
	buf_free(&body);
}

struct metric_set *source_run_conclude(struct source_run *run)
{
	struct metric_set *own_set = metric_set_new(&run->arena);
	struct source_part *parts;
	size_t n = 0;

	for (struct part *part; (part = find_open(run, 0));)
		settle(run, part, 0, STR(""));
	parts = arena_array(&run->arena, struct source_part, run->n_parts + 1);
	for (struct part *part = run->parts; part; part = part->next)
		parts[n++] = (struct source_part){ part->ask, &part->take,
			part->verdict == SOURCE_DELIVERED };
	run->conf.type->conclude(&run->turn, parts, n, own_set);
	check_set(own_set);
	for (const struct part *part = run->parts; part; part = part->next)
		check_set(part->take.set);
	return own_set;
}

void source_run_end(struct source_run *run)
{
	for (struct part *part = run->parts; part; part = part->next)
		free(part->body);
	arena_free(&run->arena);
}
