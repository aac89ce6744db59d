// SPDX-License-Identifier: Apache-2.0
#include "agent/cycle.h"

#include "agent/group.h"
#include "agent/report.h"
#include "agent/tally.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

// A cycle that handled more than this gives its memory back at the end.
enum { LARGE_CYCLE = 512 * 1024 };

static void end_collecting(struct cycle *cycle);
static void start_pushing(struct cycle *cycle);

// 1. Collecting: every source asks, all at once

static bool wants_node(const struct cycle *cycle, const struct source_run *run)
{
	const struct cycle_env *env = cycle->env;
	unsigned used = 0;

	for (size_t i = 0; i < env->config->n_sinks; i++)
		if (env->selection.sinks[i])
			used |= template_variables(config_template(env->config, i, run->index));
	if (!(used & TEMPLATE_OF_NODE) || config_values(env->config, run->index).node.len)
		return false;
	// Once known, the name is asked again only after a failed cycle: the broker may be another one.
	const struct source_tally *tally = &env->tally->sources[run->index];
	return tally->node.len == 0 || tally->outage.kind != ERR_NONE;
}

// Only with these does Retry-After mean what it says: EMQX sends it with a healthy /status too.
static int64_t wait_of(const struct http_answer *answer)
{
	return answer->status == 429 || answer->status == 503 ? answer->retry_after_s : 0;
}

static void on_scrape_answer(void *arg, struct http_answer *answer)
{
	struct scrape *scrape = arg;
	struct cycle *cycle = scrape->cycle;
	const struct source_conf *conf = scrape->run->conf;

	scrape->body = answer->body;
	scrape->seconds = answer->seconds;
	scrape->status = answer->status;
	outage_wait(tally_endpoint(cycle->env->tally, scrape->run->index,
			    (size_t)(scrape - scrape->run->scrapes)),
		wait_of(answer));
	scrape->n_bytes = answer->body.len;
	if (!conf->type->take(conf, scrape->ask, answer, &scrape->take, &scrape->err))
		scrape->unavailable = scrape->ask->by_default && answer->status == 404;
	if (--cycle->n_pending == 0)
		end_collecting(cycle);
}

static void ask_source(struct cycle *cycle, struct source_run *run, int64_t deadline_ns)
{
	struct tally *tally = cycle->env->tally;
	struct source_ask *asks;

	run->n_scrapes =
		run->conf->type->ask(run->conf, wants_node(cycle, run), &cycle->arena, &asks);
	run->scrapes = arena_array(&cycle->arena, struct scrape, run->n_scrapes);
	for (size_t i = 0; i < run->n_scrapes; i++) {
		struct scrape *scrape = &run->scrapes[i];

		scrape->cycle = cycle;
		scrape->run = run;
		scrape->ask = &asks[i];
		scrape->take.set = metric_set_new(&cycle->arena);
		if (outage_is_waiting(tally_endpoint(tally, run->index, i), &scrape->err))
			continue;
		cycle->n_pending++;
		http_start(
			cycle->env->http, &asks[i].request, deadline_ns, on_scrape_answer, scrape);
	}
}

void cycle_start(struct cycle *cycle)
{
	int64_t collect_ms = config_collect_ms(cycle->env->config);
	int64_t deadline_ns = clock_monotonic_ns() + collect_ms * NS_PER_MS;

	for (size_t i = 0; i < cycle->n_runs; i++)
		ask_source(cycle, &cycle->runs[i], deadline_ns);
	if (cycle->n_pending == 0)
		end_collecting(cycle);
}

// 2. All answered: outcomes of the sources

static void sum_up(struct source_run *run)
{
	for (size_t i = 0; i < run->n_scrapes; i++) {
		struct scrape *scrape = &run->scrapes[i];
		if (scrape->ask->endpoint.len == 0)
			continue;
		if (scrape->seconds > run->seconds)
			run->seconds = scrape->seconds;
		repair_add(&run->repairs, &scrape->take.report.repairs);
		if (scrape->err.kind != ERR_NONE)
			continue;
		run->up = true;
		run->n_bytes += scrape->n_bytes;
		run->n_samples += scrape->take.set->n_samples;
	}
}

static void end_collecting(struct cycle *cycle)
{
	struct tally *tally = cycle->env->tally;

	for (size_t i = 0; i < cycle->n_runs; i++)
		sum_up(&cycle->runs[i]);
	if (cycle->stopped) {
		cycle->on_done(cycle->arg, cycle);
		return;
	}
	tally_add_scrapes(tally, cycle);
	group_plan(cycle);
	group_check_all(cycle);
	tally_add_repairs(tally, cycle);
	report_scrapes(cycle);
	for (struct group *group = cycle->groups; group; group = group->next)
		group_write(cycle, group);
	start_pushing(cycle);
}

// 3. Pushing: every group to every sink, all at once

static void end_pushing(struct cycle *cycle)
{
	tally_add_pushes(cycle->env->tally, cycle);
	report_pushes(cycle);
	cycle->on_done(cycle->arg, cycle);
}

static void start_push(struct push *push);

static void on_push_answer(void *arg, struct http_answer *answer)
{
	struct push *push = arg;
	struct cycle *cycle = push->cycle;
	const struct sink_conf *sink = cycle->env->config->sinks[push->sink];
	struct sink_tally *tally = &cycle->env->tally->sinks[push->sink];
	struct sink_state *state = &tally->state;
	enum sink_verdict verdict = sink->type->judge(sink, &push->request, answer, &push->err);

	push->seconds += answer->seconds;
	push->status = answer->status;
	push->accepted = verdict == SINK_ACCEPTED;
	outage_wait(&tally->groups[cycle->runs[push->leader].index], wait_of(answer));
	if (answer->status)
		state->is_remote = !answer->peer_is_local;
	buf_free(&answer->body);
	cycle->n_pending--;
	if (verdict == SINK_RESEND_PLAIN) {
		if (!state->wants_plain)
			log_warn("the sink does not understand gzip; it gets plain bodies from now "
				 "on",
				log_text("sink", sink->name), log_text("url", push->request.url));
		state->wants_plain = true;
		start_push(push);
	}
	if (cycle->n_pending == 0)
		end_pushing(cycle);
}

static void start_push(struct push *push)
{
	struct cycle *cycle = push->cycle;
	const struct cycle_env *env = cycle->env;
	const struct sink_conf *sink = env->config->sinks[push->sink];
	const struct buf *body = &push->group->body;
	struct sink_tally *tally = &env->tally->sinks[push->sink];

	if (outage_is_waiting(&tally->groups[cycle->runs[push->leader].index], &push->err))
		return;
	if (body->failed) {
		err_set(&push->err, ERR_TOO_LARGE, 0, "the body is larger than %zu bytes",
			body->limit);
		return;
	}
	push->request = sink->type->encode(
		sink, &tally->state, push->group->key, buf_str(body), &cycle->arena);
	cycle->n_pending++;
	http_start(env->http, &push->request, cycle->push_deadline_ns, on_push_answer, push);
}

static void start_pushing(struct cycle *cycle)
{
	int64_t push_ms = config_push_ms(cycle->env->config);

	if (!cycle->env->push) {
		cycle->on_done(cycle->arg, cycle);
		return;
	}
	cycle->pushing = true;
	cycle->push_deadline_ns = clock_monotonic_ns() + push_ms * NS_PER_MS;
	for (struct push *push = cycle->pushes; push; push = push->next)
		if (push->group)
			start_push(push);
	if (cycle->n_pending == 0)
		end_pushing(cycle);
}

// 4. The end

void cycle_stop(struct cycle *cycle)
{
	cycle->stopped = true;
	if (!cycle->pushing)
		http_cancel_all(cycle->env->http);
}

static bool is_refusal(int status)
{
	return status == 401 || status == 403;
}

bool cycle_was_refused(const struct cycle *cycle)
{
	for (size_t i = 0; i < cycle->n_runs; i++)
		for (size_t k = 0; k < cycle->runs[i].n_scrapes; k++)
			if (is_refusal(cycle->runs[i].scrapes[k].status))
				return true;
	for (const struct push *push = cycle->pushes; push; push = push->next)
		if (is_refusal(push->status))
			return true;
	return false;
}

struct cycle *cycle_new(
	const struct cycle_env *env, void (*on_done)(void *arg, struct cycle *cycle), void *arg)
{
	struct cycle *cycle = mem_alloc(sizeof(*cycle));
	const struct config *config = env->config;

	cycle->env = env;
	cycle->on_done = on_done;
	cycle->arg = arg;
	cycle->runs = arena_array(&cycle->arena, struct source_run, config->n_sources);
	for (size_t i = 0; i < config->n_sources; i++) {
		if (!env->selection.sources[i])
			continue;
		struct source_run *run = &cycle->runs[cycle->n_runs++];
		run->index = i;
		run->conf = config->sources[i];
	}
	return cycle;
}

void cycle_free(struct cycle *cycle)
{
	size_t handled = 0;

	if (!cycle)
		return;
	for (size_t i = 0; i < cycle->n_runs; i++) {
		for (size_t k = 0; k < cycle->runs[i].n_scrapes; k++) {
			handled += cycle->runs[i].scrapes[k].n_bytes;
			buf_free(&cycle->runs[i].scrapes[k].body);
		}
	}
	for (struct group *group = cycle->groups; group; group = group->next)
		buf_free(&group->body);
	arena_free(&cycle->arena);
	free(cycle);
	if (handled > LARGE_CYCLE)
		mem_give_back();
}
