// SPDX-License-Identifier: Apache-2.0
// Any page in the text format: an exporter, an application.
#include "source/source.h"

#include <stddef.h>

// Together they make a URL.
enum { LONGEST_PARAMS = 64 * 1024 };

// What becomes of quoted names: {"a.b"}.
enum scheme { SCHEME_UNDERSCORES, SCHEME_REFUSE };

static const struct str scheme_words[] = {
	[SCHEME_UNDERSCORES] = STR_INIT("underscores"),
	[SCHEME_REFUSE] = STR_INIT("refuse"),
};

struct prometheus_conf {
	struct pair_list params;
	int scheme; // enum scheme
};

static const struct setting rows[] = {
	{ .name = "params",
		.type = SETTING_PAIRS,
		.offset = offsetof(struct prometheus_conf, params),
		.env = true,
		.secret = true,
		.help = "parameters to add to the query of url" },
	{ .name = "metric_name_escaping_scheme",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct prometheus_conf, scheme),
		.words = scheme_words,
		.n_words = ARRAY_LEN(scheme_words),
		.initial = "underscores",
		.help = "what becomes of quoted names: every odd character _, or the line is bad" },
};

static void check(const struct source_conf *conf, const struct setting_faults *faults)
{
	const struct prometheus_conf *own = conf->own;
	size_t length = 0;

	for (size_t i = 0; i < own->params.n; i++) {
		if (own->params.items[i].name.len == 0)
			setting_fault(faults, "params", "has a parameter without a name");
		length += own->params.items[i].name.len + own->params.items[i].value.len;
	}
	if (length > LONGEST_PARAMS)
		setting_fault(
			faults, "params", "are longer than %d bytes together", LONGEST_PARAMS);
}

static struct str page_url(const struct source_turn *turn)
{
	const struct prometheus_conf *own = turn->conf->own;
	struct buf url = buf_new(MIB(1));

	buf_add(&url, turn->conf->http.url);
	for (size_t i = 0; i < own->params.n; i++)
		http_add_parameter(&url, own->params.items[i].name, own->params.items[i].value);
	struct str copy = arena_copy(turn->arena, buf_str(&url));
	buf_free(&url);
	return copy;
}

static void ask(struct source_turn *turn)
{
	struct source_ask *page = source_add_ask(turn, STR("metrics"));

	page->request.url = page_url(turn);
	// In text 0.0.4 targets answer plain names that every gateway takes.
	page->request.accept = STR("text/plain;version=0.0.4, "
				   "application/openmetrics-text;version=1.0.0;q=0.5, */*;q=0.1");
}

static enum source_verdict take(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct source_take *taken, struct err *err)
{
	const struct prometheus_conf *own = turn->conf->own;
	struct read_options options = {
		.refuses_quoted_names = own->scheme == SCHEME_REFUSE,
		.may_be_empty = answer->status == 200, // not 204 and the like, as Prometheus
	};

	(void)asked;
	return source_take_page(answer, &options, taken, err) ? SOURCE_DELIVERED : SOURCE_FAILED;
}

const struct source_type source_prometheus = {
	.name = STR_INIT("prometheus"),
	.settings = SETTING_TABLE(rows),
	.conf_size = sizeof(struct prometheus_conf),
	.job_name = STR_INIT("${source}/instance/${hostname}"),
	.default_path = STR_INIT("/metrics"),
	.reads_any_page = true,
	.check = check,
	.ask = ask,
	.take = take,
};
