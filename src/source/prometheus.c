// SPDX-License-Identifier: Apache-2.0
// Any page in the text format: an exporter, an application.
#include "source/source.h"

static void ask(struct source_turn *turn)
{
	struct source_ask *page = source_add_ask(turn, STR("metrics"));

	page->request.url = turn->conf->http.url;
	// Targets then answer plain names that every gateway takes.
	page->request.accept = STR("text/plain;version=0.0.4;q=1, */*;q=0.1");
}

static enum source_verdict take(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct source_take *taken, struct err *err)
{
	(void)turn, (void)asked;
	return source_take_page(answer, taken, err) ? SOURCE_DELIVERED : SOURCE_FAILED;
}

const struct source_type source_prometheus = {
	.name = STR_INIT("prometheus"),
	.job_name = STR_INIT("${source}/instance/${hostname}"),
	.default_path = STR_INIT("/metrics"),
	.ask = ask,
	.take = take,
};
