// SPDX-License-Identifier: Apache-2.0
// Any page in the text format: an exporter, an application.
#include "source/source.h"

static size_t ask(const struct source_conf *conf, bool want_node, struct arena *arena,
	struct source_ask **asks)
{
	(void)want_node;
	*asks = arena_new(arena, struct source_ask);
	(*asks)->endpoint = STR("metrics");
	(*asks)->request = (struct http_request){
		.conf = &conf->http,
		.method = STR("GET"),
		.url = conf->http.url,
		// Targets then answer plain names that every gateway takes.
		.accept = STR("text/plain;version=0.0.4;q=1, */*;q=0.1"),
	};
	return 1;
}

static bool take(const struct source_conf *conf, const struct source_ask *asked,
	const struct http_answer *answer, struct source_take *taken, struct err *err)
{
	(void)conf, (void)asked;
	return source_take_page(answer, taken, err);
}

const struct source_type source_prometheus = {
	.name = STR_INIT("prometheus"),
	.job_name = STR_INIT("${source}/instance/${hostname}"),
	.default_path = STR_INIT("/metrics"),
	.ask = ask,
	.take = take,
};
