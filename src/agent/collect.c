// SPDX-License-Identifier: Apache-2.0
#include "agent/collect.h"

#include "agent/outcome.h"
#include "agent/shape.h"
#include "agent/tally.h"
#include "base/clock.h"

// 1. Sources ask

static void set_time(struct source_run *run)
{
	run->turn.now_ns = clock_monotonic_ns();
	run->turn.wall_ns = clock_wall_ns();
}

// Which variables of templates the source's keys need.
static unsigned variables_of(const struct cycle *cycle, const struct source_run *run)
{
	const struct cycle_env *env = cycle->env;
	unsigned used = 0;

	for (size_t i = 0; i < env->config->n_sinks; i++)
		if (env->selection.sinks[i])
			used |= template_variables(config_template(env->config, i, run->index));
	return used;
}

// What the source may fill for people; NULL: they are not asked for, or it has none.
static struct table *new_table(struct cycle *cycle, const struct source_type *type)
{
	if (!cycle->env->shows || !type->columns)
		return NULL;
	struct table *table = arena_new(&cycle->arena, struct table);
	*table = (struct table){
		.arena = &cycle->arena, .columns = type->columns, .n_columns = type->n_columns
	};
	return table;
}

static void begin_turn(struct cycle *cycle, struct source_run *run)
{
	unsigned used = variables_of(cycle, run);

	run->turn = (struct source_turn){
		.conf = run->conf,
		.state = cycle->env->tally->sources[run->index].state,
		.accounts = &cycle->env->tally->accounts,
		.arena = &cycle->arena,
		.collect_ms = config_collect_ms(cycle->env->config),
		.wants_node = used & TEMPLATE_OF_NODE,
		.wants_cluster = used & 1u << TEMPLATE_CLUSTER_NAME,
		.is_pushed = !cycle->env->shows &&
			     selection_has_sink(cycle->env->config, &cycle->env->selection),
		.table = new_table(cycle, run->conf->type),
		.table_of_all = cycle->env->shows_all,
	};
	set_time(run);
	run->conf->type->ask(&run->turn);
}

// 2. Requests go out

static void settle(struct scrape *scrape, const struct http_answer *answer);
static void on_scrape_answer(void *arg, struct http_answer *answer);

static struct endpoint_tally *tally_of(const struct scrape *scrape)
{
	return tally_endpoint(scrape->cycle->env->tally, scrape->run->index, scrape->ask->endpoint);
}

// When a request arrived is known by its answer; a limiter's clock may be a little slower than ours.
static const int64_t SLACK_NS = 100 * (int64_t)NS_PER_MS;
// What a request that had to wait needs for its answer.
static const int64_t ANSWER_NS = 800 * (int64_t)NS_PER_MS;
// A cycle may come a little early for the peer's turn.
static const int64_t EARLY_NS = (int64_t)NS_PER_S;

static struct limiter *limiter_of(const struct scrape *scrape)
{
	return tally_limiter(scrape->cycle->env->tally, scrape->run->conf->http.url);
}

static bool is_limited(const struct scrape *scrape)
{
	return scrape->ask->pause_ms > 0 && scrape->ask->pause_is_shared;
}

// When the peer will let this request through; monotonic.
static int64_t free_at(const struct scrape *scrape)
{
	return is_limited(scrape) ? limiter_of(scrape)->free_ns : tally_of(scrape)->free_ns;
}

// Who stands in line with others is worth waiting for, until it is too late for an answer; who comes only now
// and then is not.
static int64_t latest_start(const struct scrape *scrape, int64_t now_ns)
{
	int64_t latest_ns = scrape->cycle->collect_deadline_ns - ANSWER_NS;

	return is_limited(scrape) || now_ns + EARLY_NS > latest_ns ? latest_ns : now_ns + EARLY_NS;
}

// Who is turned away for his credentials has not used up the limit of those who are let in, and who did not get
// there has used up nothing.
static void note_answered(const struct scrape *scrape, const struct http_answer *answer)
{
	bool never_came = answer->err.kind == ERR_UNREACHABLE || answer->err.kind == ERR_TLS;
	int64_t now_ns = clock_monotonic_ns();
	int64_t free_ns = now_ns + scrape->ask->pause_ms * NS_PER_MS + SLACK_NS;

	tally_of(scrape)->asked_ns = now_ns;
	tally_of(scrape)->free_ns = never_came ? 0 : free_ns;
	if (!is_limited(scrape))
		return;
	limiter_of(scrape)->is_busy = false;
	limiter_of(scrape)->free_ns = never_came || answer->status == 401 ? 0 : free_ns;
}

// In place of a request that the peer would refuse: its last answer.
static void take_again(struct scrape *scrape)
{
	struct endpoint_tally *endpoint = tally_of(scrape);
	struct http_answer answer = {
		.status = 200, .content_type = buf_str(&endpoint->kept_type), .body = endpoint->kept
	};

	if (endpoint->kept.len)
		scrape->age_s = (double)(clock_monotonic_ns() - endpoint->kept_ns) / NS_PER_S;
	else
		err_set(&answer.err, ERR_SKIPPED, 0,
			"not asked: the peer lets this be asked once in %lld s, and that was used",
			(long long)(scrape->ask->pause_ms + 999) / 1000);
	settle(scrape, &answer);
}

static void start_request(struct scrape *scrape)
{
	struct cycle *cycle = scrape->cycle;
	struct http_request request = scrape->ask->request;
	int64_t now_ns = clock_monotonic_ns();

	if (scrape->ask->pause_ms) {
		int64_t free_ns = free_at(scrape), start_ns = free_ns > now_ns ? free_ns : now_ns;

		if (start_ns > now_ns && start_ns > latest_start(scrape, now_ns)) {
			take_again(scrape);
			return;
		}
		request.not_before_ns = start_ns;
		if (is_limited(scrape))
			limiter_of(scrape)->is_busy = true;
	}
	cycle->n_pending++;
	http_start(
		cycle->env->http, &request, cycle->collect_deadline_ns, on_scrape_answer, scrape);
}

static void start_scrape(struct scrape *scrape)
{
	struct http_answer none = { 0 };

	if (scrape->ask->err.kind != ERR_NONE) {
		scrape->err = scrape->ask->err;
		scrape->verdict = SOURCE_FAILED;
		return;
	}
	if (scrape->cycle->stopped)
		err_set(&none.err, ERR_CANCELLED, 0, "cancelled");
	if (none.err.kind != ERR_NONE || outage_is_waiting(&tally_of(scrape)->outage, &none.err))
		settle(scrape, &none);
	else
		start_request(scrape);
}

// Takes the asks of a turn over as scrapes.
static void take_over(struct cycle *cycle, struct source_run *run)
{
	for (struct source_ask *ask = run->turn.asks; ask; ask = ask->next) {
		struct scrape *scrape = arena_new(&cycle->arena, struct scrape);

		scrape->cycle = cycle;
		scrape->run = run;
		scrape->ask = ask;
		scrape->unavailable = ask->unavailable;
		scrape->take.set = metric_set_new(&cycle->arena);
		*run->last = scrape;
		run->last = &scrape->next;
	}
	run->turn.asks = NULL;
}

// The next to be started: of those with a pause, which come last, the one that waited longest. Who shares a
// limit with a request that is under way has to wait for its answer.
static struct scrape *next_unstarted(struct cycle *cycle)
{
	struct scrape *best = NULL;

	for (size_t i = 0; i < cycle->n_runs; i++) {
		struct source_run *run = &cycle->runs[i];

		while (*run->unstarted && (*run->unstarted)->started)
			run->unstarted = &(*run->unstarted)->next;
		for (struct scrape *s = *run->unstarted; s; s = s->next) {
			if (s->started || (is_limited(s) && limiter_of(s)->is_busy))
				continue;
			if (!s->ask->pause_ms)
				return s;
			if (!best || tally_of(s)->asked_ns < tally_of(best)->asked_ns)
				best = s;
		}
	}
	return best;
}

// One that has its outcome at once may add others: they are started by the same loop, not inside it.
static void start_all(struct cycle *cycle)
{
	struct scrape *scrape;

	if (cycle->starting)
		return;
	cycle->starting = true;
	while ((scrape = next_unstarted(cycle))) {
		scrape->started = true;
		start_scrape(scrape);
	}
	cycle->starting = false;
}

static void end_collecting(struct cycle *cycle);

void collect_start(struct cycle *cycle)
{
	cycle->start_ns = clock_monotonic_ns();
	cycle->collect_deadline_ns =
		cycle->start_ns + config_collect_ms(cycle->env->config) * NS_PER_MS;
	for (size_t i = 0; i < cycle->n_runs; i++) {
		begin_turn(cycle, &cycle->runs[i]);
		take_over(cycle, &cycle->runs[i]);
	}
	start_all(cycle);
	if (cycle->n_pending == 0)
		end_collecting(cycle);
}

// 3. Answers come in

static void settle(struct scrape *scrape, const struct http_answer *answer)
{
	struct source_run *run = scrape->run;

	set_time(run);
	scrape->verdict =
		run->conf->type->take(&run->turn, scrape->ask, answer, &scrape->take, &scrape->err);
	scrape->unavailable = scrape->verdict == SOURCE_FAILED && scrape->ask->by_default &&
			      answer->status == 404 && !scrape->take.is_failure;
	scrape->status = answer->status;
	scrape->n_bytes = answer->body.len;
	scrape->seconds = (double)(run->turn.now_ns - scrape->cycle->start_ns) / NS_PER_S;
	take_over(scrape->cycle, run);
	start_all(scrape->cycle);
}

// For the cycles in which the peer must not be asked.
static void keep(const struct scrape *scrape, const struct http_answer *answer)
{
	struct endpoint_tally *endpoint = tally_of(scrape);

	if (scrape->verdict == SOURCE_ASKED_AGAIN)
		return;
	buf_free(&endpoint->kept);
	buf_free(&endpoint->kept_type);
	if (scrape->verdict != SOURCE_DELIVERED)
		return;
	endpoint->kept = buf_new(answer->body.len);
	buf_add(&endpoint->kept, buf_str(&answer->body));
	endpoint->kept_type = buf_new(KIB(64));
	buf_add(&endpoint->kept_type, answer->content_type);
	endpoint->kept_ns = clock_monotonic_ns();
}

static void on_scrape_answer(void *arg, struct http_answer *answer)
{
	struct scrape *scrape = arg;
	struct cycle *cycle = scrape->cycle;

	scrape->body = answer->body;
	if (scrape->ask->pause_ms)
		note_answered(scrape, answer);
	outage_wait(&tally_of(scrape)->outage, tally_wait_of(answer));
	settle(scrape, answer);
	if (scrape->ask->pause_ms)
		keep(scrape, answer);
	if (scrape->take.is_copied)
		buf_free(&scrape->body);
	if (--cycle->n_pending == 0)
		end_collecting(cycle);
}

// 4. All answered: outcomes of the sources

static void conclude(struct cycle *cycle, struct source_run *run)
{
	size_t n = 0;

	if (!run->conf->type->conclude)
		return;
	for (const struct scrape *s = run->scrapes; s; s = s->next)
		n++;
	struct source_part *parts = arena_array(&cycle->arena, struct source_part, n + 1);
	n = 0;
	for (struct scrape *s = run->scrapes; s; s = s->next)
		parts[n++] =
			(struct source_part){ s->ask, &s->take, s->verdict == SOURCE_DELIVERED };
	set_time(run);
	run->own = metric_set_new(&cycle->arena);
	run->conf->type->conclude(&run->turn, parts, n, run->own);
}

static void end_collecting(struct cycle *cycle)
{
	for (size_t i = 0; i < cycle->n_runs; i++) {
		conclude(cycle, &cycle->runs[i]);
		shape_source(cycle, &cycle->runs[i]);
		outcome_sum_up(cycle, &cycle->runs[i]);
		if (cycle->runs[i].turn.table)
			table_sort(cycle->runs[i].turn.table);
	}
	cycle_collected(cycle);
}
