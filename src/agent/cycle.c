// SPDX-License-Identifier: Apache-2.0
#include "agent/cycle.h"

#include "agent/collect.h"
#include "agent/group.h"
#include "agent/report.h"
#include "agent/state_file.h"
#include "agent/tally.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

// A cycle that handled more than this gives its memory back at the end.
enum { LARGE_CYCLE = 512 * 1024 };

static void start_pushing(struct cycle *cycle);

// 1. Collecting

void cycle_start(struct cycle *cycle)
{
	collect_start(cycle);
}

// 2. All answered: groups and their bodies

void cycle_collected(struct cycle *cycle)
{
	struct tally *tally = cycle->env->tally;

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
	// First on the disk, then to the gateway: or what was pushed could be forgotten by kill -9, and counters
	// would go back. What is not pushed now has time until then, or until the agent ends.
	if (cycle->groups)
		state_file_save(cycle->env->state_file);
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
	outage_wait(&tally->groups[cycle->runs[push->leader].index], tally_wait_of(answer));
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
	push->err = push->group->err;
	if (push->err.kind != ERR_NONE)
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

// A login that is held back has been refused before.
static bool was_refused(const struct scrape *scrape)
{
	return is_refusal(scrape->status) ||
	       (scrape->ask->is_question && scrape->ask->err.kind != ERR_NONE);
}

bool cycle_was_refused(const struct cycle *cycle)
{
	for (size_t i = 0; i < cycle->n_runs; i++)
		for (const struct scrape *s = cycle->runs[i].scrapes; s; s = s->next)
			if (was_refused(s))
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
		run->last = run->unstarted = &run->scrapes;
	}
	return cycle;
}

void cycle_free(struct cycle *cycle)
{
	size_t handled = 0;

	if (!cycle)
		return;
	for (size_t i = 0; i < cycle->n_runs; i++) {
		for (struct scrape *s = cycle->runs[i].scrapes; s; s = s->next) {
			handled += s->n_bytes;
			buf_free(&s->body);
		}
	}
	for (struct group *group = cycle->groups; group; group = group->next)
		buf_free(&group->body);
	arena_free(&cycle->arena);
	free(cycle);
	if (handled > LARGE_CYCLE)
		mem_give_back();
}
