// SPDX-License-Identifier: Apache-2.0
#include "agent/outcome.h"

static struct endpoint *endpoint_of(struct cycle *cycle, const struct scrape *scrape)
{
	struct endpoint **link = &scrape->run->endpoints;

	while (*link && !str_eq((*link)->name, scrape->ask->endpoint))
		link = &(*link)->next;
	if (!*link) {
		*link = arena_new(&cycle->arena, struct endpoint);
		(*link)->name = scrape->ask->endpoint;
		(*link)->is_question = scrape->ask->is_question;
		(*link)->is_optional = scrape->ask->is_optional;
		(*link)->by_default = scrape->ask->by_default;
		(*link)->url = scrape->ask->request.url;
	}
	return *link;
}

static void note_failure(struct endpoint *endpoint, const struct scrape *scrape)
{
	if (endpoint->err.kind != ERR_NONE && (!endpoint->unavailable || scrape->unavailable))
		return;
	endpoint->err = scrape->err;
	// Asked or remembered, what is not there is the same.
	endpoint->status = scrape->unavailable ? 0 : scrape->status;
	endpoint->url = scrape->ask->request.url;
	endpoint->unavailable = scrape->unavailable;
}

static void note_delivery(struct endpoint *endpoint, const struct scrape *scrape)
{
	endpoint->delivered = true;
	endpoint->n_nodes =
		scrape->take.n_nodes > endpoint->n_nodes ? scrape->take.n_nodes : endpoint->n_nodes;
	if (endpoint->missing.len == 0)
		endpoint->missing = scrape->take.missing;
	if (scrape->age_s > endpoint->age_s)
		endpoint->age_s = scrape->age_s;
}

static void note_outcome(struct endpoint *endpoint, const struct scrape *scrape)
{
	endpoint->has_pause |= scrape->ask->pause_ms > 0;
	switch (scrape->verdict) {
	case SOURCE_ASKED_AGAIN: break;
	case SOURCE_DELIVERED: note_delivery(endpoint, scrape); break;
	case SOURCE_FAILED: note_failure(endpoint, scrape); break;
	case SOURCE_FELL_BACK:
		endpoint->fell_back = true;
		endpoint->text_err = scrape->err;
		endpoint->text_status = scrape->status;
		endpoint->text_url = scrape->ask->request.url;
		break;
	}
}

// What was missing in one part of an endpoint is no matter where another part delivered; and where
// nothing stood in for a page, that page's own failure says more.
static void settle_endpoint(struct endpoint *endpoint)
{
	if (endpoint->delivered && endpoint->unavailable) {
		endpoint->err = (struct err){ 0 };
		endpoint->unavailable = false;
	}
	if (endpoint->fell_back && !endpoint->delivered) {
		endpoint->err = endpoint->text_err;
		endpoint->status = endpoint->text_status;
		endpoint->url = endpoint->text_url;
		endpoint->unavailable = endpoint->fell_back = false;
	}
}

bool outcome_is_up(const struct endpoint *endpoint)
{
	return endpoint->delivered && endpoint->err.kind == ERR_NONE;
}

void outcome_sum_up(struct cycle *cycle, struct source_run *run)
{
	for (const struct scrape *scrape = run->scrapes; scrape; scrape = scrape->next) {
		struct endpoint *endpoint = endpoint_of(cycle, scrape);

		note_outcome(endpoint, scrape);
		if (scrape->age_s == 0) // they were counted when the answer was new
			repair_add(&run->repairs, &scrape->take.report.repairs);
		if (scrape->ask->is_question)
			continue;
		if (scrape->seconds > run->seconds)
			run->seconds = scrape->seconds;
		if (scrape->verdict != SOURCE_DELIVERED)
			continue;
		run->up = true;
		run->n_bytes += scrape->n_bytes + scrape->take.n_bytes_before;
		run->n_samples += scrape->take.set->n_samples;
	}
	run->n_samples += run->own ? run->own->n_samples : 0;
	for (struct endpoint *endpoint = run->endpoints; endpoint; endpoint = endpoint->next)
		settle_endpoint(endpoint);
}
