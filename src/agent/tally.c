// SPDX-License-Identifier: Apache-2.0
#include "agent/tally.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

// Waiting

// Who asks for more than this is not taken by his word.
enum { LONGEST_WAIT_S = 300 };

void outage_wait(struct outage *outage, int64_t seconds)
{
	if (seconds > LONGEST_WAIT_S)
		seconds = LONGEST_WAIT_S;
	if (seconds > 0)
		outage->not_before_ns = clock_monotonic_ns() + seconds * NS_PER_S;
}

bool outage_is_waiting(const struct outage *outage, struct err *err)
{
	int64_t left_ns = outage->not_before_ns - clock_monotonic_ns();

	if (!outage->not_before_ns || left_ns <= 0)
		return false;
	err_set(err, ERR_SKIPPED, 0,
		"not asked: the peer wants to be left alone for another %lld s",
		(long long)left_ns / NS_PER_S + 1);
	return true;
}

int64_t tally_wait_of(const struct http_answer *answer)
{
	return answer->status == 429 || answer->status == 503 ? answer->retry_after_s : 0;
}

// Finding

static struct buf own_copy(struct str text)
{
	struct buf copy = buf_new(text.len);

	buf_add(&copy, text);
	return copy;
}

struct endpoint_tally *tally_endpoint(struct tally *tally, size_t source, struct str name)
{
	struct endpoint_tally **link = &tally->sources[source].endpoints;

	while (*link && !str_eq(buf_str(&(*link)->name), name))
		link = &(*link)->next;
	if (!*link) {
		*link = mem_alloc(sizeof(**link));
		(*link)->name = own_copy(name);
	}
	return *link;
}

struct limiter *tally_limiter(struct tally *tally, struct str url)
{
	struct limiter **link = &tally->limiters;

	while (str_ends_with(url, STR("/")))
		url.len--;
	while (*link && !str_eq(buf_str(&(*link)->url), url))
		link = &(*link)->next;
	if (!*link) {
		*link = mem_alloc(sizeof(**link));
		(*link)->url = own_copy(url);
	}
	return *link;
}

// Counting

static void add_scrape(struct source_tally *source, const struct scrape *scrape)
{
	if (scrape->ask->is_question || scrape->unavailable || scrape->age_s > 0 ||
		scrape->verdict == SOURCE_ASKED_AGAIN)
		return;
	source->n_scrapes++;
	if (scrape->err.kind != ERR_NONE)
		source->n_failures[scrape->err.kind]++;
	else
		source->last_success_ns = clock_wall_ns();
}

void tally_add_scrapes(struct tally *tally, const struct cycle *cycle)
{
	for (size_t i = 0; i < cycle->n_runs; i++) {
		const struct source_run *run = &cycle->runs[i];
		for (const struct scrape *scrape = run->scrapes; scrape; scrape = scrape->next)
			add_scrape(&tally->sources[run->index], scrape);
	}
}

void tally_add_repairs(struct tally *tally, const struct cycle *cycle)
{
	for (size_t i = 0; i < cycle->n_runs; i++)
		repair_add(&tally->sources[cycle->runs[i].index].repairs, &cycle->runs[i].repairs);
}

void tally_add_pushes(struct tally *tally, const struct cycle *cycle)
{
	for (size_t i = 0; i < tally->n_sinks; i++)
		if (cycle->env->selection.sinks[i])
			tally->sinks[i].last_seconds = -1;
	for (const struct push *push = cycle->pushes; push; push = push->next) {
		struct sink_tally *sink = &tally->sinks[push->sink];

		sink->n_pushes++;
		sink->n_bytes += push->request.body.len;
		if (push->request.body.len && push->seconds > sink->last_seconds)
			sink->last_seconds = push->seconds;
		if (push->accepted)
			sink->last_success_ns = clock_wall_ns();
		else
			sink->n_failures[push->err.kind]++;
	}
}

struct tally *tally_new(const struct config *config)
{
	struct tally *tally = mem_alloc(sizeof(*tally));

	tally->n_sources = config->n_sources;
	tally->sources = mem_alloc(config->n_sources * sizeof(*tally->sources));
	tally->config = config;
	for (size_t i = 0; i < config->n_sources; i++)
		tally->sources[i].state = mem_alloc(config->sources[i]->type->state_size);
	tally->accounts.n = config->n_sources;
	tally->accounts.items = mem_alloc(tally->accounts.n * sizeof(*tally->accounts.items));
	tally->n_sinks = config->n_sinks;
	tally->sinks = mem_alloc(config->n_sinks * sizeof(*tally->sinks));
	for (size_t i = 0; i < config->n_sinks; i++) {
		tally->sinks[i].groups = mem_alloc(config->n_sources * sizeof(struct outage));
		tally->sinks[i].last_seconds = -1;
	}
	return tally;
}

static void free_source(const struct source_type *type, struct source_tally *source)
{
	for (struct endpoint_tally *endpoint; (endpoint = source->endpoints);) {
		source->endpoints = endpoint->next;
		buf_free(&endpoint->name);
		buf_free(&endpoint->kept);
		buf_free(&endpoint->kept_type);
		free(endpoint);
	}
	if (type->free_state)
		type->free_state(source->state);
	free(source->state);
}

void tally_free(struct tally *tally)
{
	if (!tally)
		return;
	for (size_t i = 0; i < tally->n_sources; i++)
		free_source(tally->config->sources[i]->type, &tally->sources[i]);
	for (struct limiter *limiter; (limiter = tally->limiters);) {
		tally->limiters = limiter->next;
		buf_free(&limiter->url);
		free(limiter);
	}
	for (size_t i = 0; i < tally->n_sinks; i++)
		free(tally->sinks[i].groups);
	free(tally->accounts.items);
	free(tally->sources);
	free(tally->sinks);
	free(tally);
}
