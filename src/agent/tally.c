// SPDX-License-Identifier: Apache-2.0
#include "agent/tally.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

struct str tally_node(const struct tally *tally, size_t source)
{
	return buf_str(&tally->sources[source].node);
}

// Waiting

// Who asks for more than this is not taken by his word.
enum { LONGEST_WAIT_S = 300 };

void outage_wait(struct outage *outage, int64_t seconds)
{
	if (seconds > LONGEST_WAIT_S)
		seconds = LONGEST_WAIT_S;
	outage->not_before_ns = seconds > 0 ? clock_monotonic_ns() + seconds * NS_PER_S : 0;
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

struct outage *tally_endpoint(struct tally *tally, size_t source, size_t index)
{
	struct source_tally *owner = &tally->sources[source];

	if (index >= owner->n_endpoints) {
		owner->endpoints =
			mem_resize(owner->endpoints, (index + 1) * sizeof(struct outage));
		while (owner->n_endpoints <= index)
			owner->endpoints[owner->n_endpoints++] = (struct outage){ 0 };
	}
	return &owner->endpoints[index];
}

// Counting

static void add_scrape(struct source_tally *source, const struct scrape *scrape)
{
	if (scrape->take.node.len) {
		source->node.len = 0;
		buf_add(&source->node, scrape->take.node);
	}
	if (scrape->ask->endpoint.len == 0)
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
		for (size_t k = 0; k < run->n_scrapes; k++)
			add_scrape(&tally->sources[run->index], &run->scrapes[k]);
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
	for (size_t i = 0; i < config->n_sources; i++)
		tally->sources[i].node = buf_new(MIB(1));
	tally->n_sinks = config->n_sinks;
	tally->sinks = mem_alloc(config->n_sinks * sizeof(*tally->sinks));
	for (size_t i = 0; i < config->n_sinks; i++) {
		tally->sinks[i].groups = mem_alloc(config->n_sources * sizeof(struct outage));
		tally->sinks[i].last_seconds = -1;
	}
	return tally;
}

void tally_free(struct tally *tally)
{
	if (!tally)
		return;
	for (size_t i = 0; i < tally->n_sources; i++) {
		buf_free(&tally->sources[i].node);
		free(tally->sources[i].endpoints);
	}
	for (size_t i = 0; i < tally->n_sinks; i++)
		free(tally->sinks[i].groups);
	free(tally->sources);
	free(tally->sinks);
	free(tally);
}
