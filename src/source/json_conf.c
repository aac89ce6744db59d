// SPDX-License-Identifier: Apache-2.0
#include "source/json_conf.h"

#include <stddef.h>

// 1. The tables

static const struct setting endpoint_rows[] = {
	{ .name = "name",
		.type = SETTING_STRING,
		.offset = offsetof(struct json_endpoint, name),
		.required = true,
		.help = "the endpoint's name in metrics and logs" },
	{ .name = "path",
		.type = SETTING_STRING,
		.offset = offsetof(struct json_endpoint, path),
		.required = true,
		.is_url = true,
		.help = "what is added to url: a path, perhaps with a query" },
	{ .name = "next_page",
		.type = SETTING_STRING,
		.offset = offsetof(struct json_endpoint, next_page),
		.is_url = true,
		.help = "the same for the next page, with ${...} for values of the answer" },
	{ .name = "more",
		.type = SETTING_STRING,
		.offset = offsetof(struct json_endpoint, more),
		.help = "whether there is a next page; default: if each ${...} has a value" },
};

// Of a source's mapping; histograms and summaries cannot be told by single values.
enum { N_MAPPED_TYPES = METRIC_GAUGE + 1 };

static const struct setting metric_rows[] = {
	{ .name = "endpoint",
		.type = SETTING_STRING,
		.offset = offsetof(struct json_metric, endpoint),
		.help = "whose answers it is found in; default: the only endpoint" },
	{ .name = "family",
		.type = SETTING_STRING,
		.offset = offsetof(struct json_metric, family),
		.required = true,
		.help = "the metric's name" },
	{ .name = "type",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct json_metric, type),
		.words = metric_type_names,
		.n_words = N_MAPPED_TYPES,
		.initial = "untyped",
		.help = "its type" },
	{ .name = "help",
		.type = SETTING_STRING,
		.offset = offsetof(struct json_metric, help),
		.help = "its help text" },
	{ .name = "path",
		.type = SETTING_STRING,
		.offset = offsetof(struct json_metric, path),
		.required = true,
		.help = "where its values are in the answer" },
	{ .name = "labels",
		.type = SETTING_PAIRS,
		.offset = offsetof(struct json_metric, labels),
		.help = "its labels, each with the path of its value" },
};

const struct setting json_conf_rows[N_JSON_CONF_ROWS] = {
	{ .name = "endpoints",
		.type = SETTING_GROUPS,
		.offset = offsetof(struct json_conf, endpoints),
		.rows = SETTING_TABLE(endpoint_rows),
		.item_size = sizeof(struct json_endpoint),
		.required = true,
		.help = "what to ask for" },
	{ .name = "metrics",
		.type = SETTING_GROUPS,
		.offset = offsetof(struct json_conf, metrics),
		.rows = SETTING_TABLE(metric_rows),
		.item_size = sizeof(struct json_metric),
		.required = true,
		.help = "what is taken from the answers" },
};

const struct json_endpoint *json_conf_endpoint(const struct json_conf *own, size_t i)
{
	return (const struct json_endpoint *)own->endpoints.items + i;
}

const struct json_metric *json_conf_metric(const struct json_conf *own, size_t i)
{
	return (const struct json_metric *)own->metrics.items + i;
}

static size_t find_endpoint(const struct json_conf *own, struct str name)
{
	size_t i = 0;

	while (i < own->endpoints.n && !str_eq(json_conf_endpoint(own, i)->name, name))
		i++;
	return i;
}

size_t json_conf_endpoint_of(const struct json_conf *own, const struct json_metric *metric)
{
	if (metric->endpoint.ptr)
		return find_endpoint(own, metric->endpoint);
	return own->endpoints.n == 1 ? 0 : own->endpoints.n;
}

// 2. Endpoints

static const char endpoints[] = "endpoints", metrics[] = "metrics";

// As those of sources: they are seen in the same places.
static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!http_is_unreserved(name.ptr[i]) || name.ptr[i] == '~')
			return false;
	return name.len > 0;
}

static void check_name(const struct json_conf *own, size_t i, const struct setting_faults *faults)
{
	struct str name = json_conf_endpoint(own, i)->name;

	if (name.ptr && !is_name(name))
		setting_fault_item(faults, endpoints, i, "name",
			"must consist of letters, digits, _, - and .");
	else if (name.ptr && find_endpoint(own, name) < i)
		setting_fault_item(faults, endpoints, i, "name",
			"\"%.*s\" is the name of another endpoint already", STR_ARG(name));
}

static void check_path(struct str path, size_t i, const struct setting_faults *faults)
{
	if (!path.ptr)
		return;
	if (!json_page_is_path(path))
		setting_fault_item(faults, endpoints, i, "path",
			"must start with one /; it is added to url, which has scheme and host");
	else if (!json_page_is_url(path))
		setting_fault_item(faults, endpoints, i, "path",
			"has a byte that no URL has; blanks and the like are written %%XX");
}

// A URL that stands there as a text must not lead away either.
static void check_origin(const struct source_conf *conf, const struct json_page *page, size_t i,
	const struct setting_faults *faults)
{
	struct arena arena = { 0 };
	struct str front = arena_copy(&arena, page->pieces[0].literal);

	if (conf->http.url.ptr && json_page_has_scheme(front) &&
		!http_is_same_origin(conf->http.url, front))
		setting_fault_item(faults, endpoints, i, "next_page",
			"must have the scheme, host and port of url; a path alone will do");
	arena_free(&arena);
}

static void check_pages(
	const struct source_conf *conf, size_t i, const struct setting_faults *faults)
{
	const struct json_endpoint *endpoint = json_conf_endpoint(conf->own, i);
	struct arena arena = { 0 };
	struct json_page page = { 0 };
	struct err err = { 0 }, more_err = { 0 };

	if (endpoint->next_page.ptr && !json_page_parse(&arena, endpoint->next_page, &page, &err))
		setting_fault_item(faults, endpoints, i, "next_page", "%s", err.text);
	else if (endpoint->next_page.ptr)
		check_origin(conf, &page, i, faults);
	if (endpoint->more.ptr && !endpoint->next_page.ptr)
		setting_fault_item(faults, endpoints, i, "more",
			"says when there is a next page; next_page must say where that is");
	else if (endpoint->more.ptr &&
		 !json_page_parse_more(&arena, endpoint->more, &page, &more_err))
		setting_fault_item(faults, endpoints, i, "more", "%s", more_err.text);
	arena_free(&arena);
}

// Whether it is asked for nothing. Metrics whose endpoint nobody knows may be about this one.
static void check_use(const struct json_conf *own, size_t i, const struct setting_faults *faults)
{
	for (size_t k = 0; k < own->metrics.n; k++) {
		size_t endpoint = json_conf_endpoint_of(own, json_conf_metric(own, k));

		if (endpoint == i || endpoint == own->endpoints.n)
			return;
	}
	setting_fault_item(faults, endpoints, i, "",
		"no element of metrics is about this endpoint; add one, or remove it");
}

// 3. Metrics

static struct str list_names(const struct json_conf *own, struct arena *arena)
{
	struct str names = STR("");

	for (size_t i = 0; i < own->endpoints.n; i++)
		names = arena_printf(arena, "%.*s%s%.*s", STR_ARG(names), i ? ", " : "",
			STR_ARG(json_conf_endpoint(own, i)->name));
	return names;
}

static void check_endpoint(
	const struct json_conf *own, size_t i, const struct setting_faults *faults)
{
	const struct json_metric *metric = json_conf_metric(own, i);
	struct arena arena = { 0 };
	struct str names = list_names(own, &arena);

	if (!metric->endpoint.ptr && own->endpoints.n > 1)
		setting_fault_item(faults, metrics, i, "endpoint",
			"is missing; whose answers is it found in: one of %.*s", STR_ARG(names));
	else if (metric->endpoint.ptr && json_conf_endpoint_of(own, metric) == own->endpoints.n)
		setting_fault_item(faults, metrics, i, "endpoint", "\"%.*s\" is not one of %.*s",
			STR_ARG(metric->endpoint), STR_ARG(names));
	arena_free(&arena);
}

static void check_type(const struct json_conf *own, size_t i, const struct setting_faults *faults)
{
	const struct json_metric *metric = json_conf_metric(own, i);

	for (size_t k = 0; k < i; k++) {
		const struct json_metric *other = json_conf_metric(own, k);

		if (!metric->family.len || !str_eq(metric->family, other->family) ||
			metric->type == other->type)
			continue;
		setting_fault_item(faults, metrics, i, "type",
			"is not that of metrics[%zu], which has the same family; a family has one "
			"type",
			k);
		return;
	}
}

void json_conf_check(const struct source_conf *conf, const struct setting_faults *faults)
{
	const struct json_conf *own = conf->own;

	if (own->endpoints.items && own->endpoints.n == 0)
		setting_fault(faults, endpoints,
			"is empty; name what to ask for, as in ( { name = \"overview\"; path = "
			"\"/api/overview\"; } )");
	if (own->metrics.items && own->metrics.n == 0)
		setting_fault(faults, metrics,
			"is empty; name what to take, as in ( { family = \"x_messages\"; path = "
			"\"totals.messages\"; } )");
	for (size_t i = 0; i < own->endpoints.n; i++) {
		check_name(own, i, faults);
		check_path(json_conf_endpoint(own, i)->path, i, faults);
		check_pages(conf, i, faults);
		if (own->metrics.n)
			check_use(own, i, faults);
	}
	for (size_t i = 0; i < own->metrics.n; i++) {
		json_map_check(json_conf_metric(own, i), i, faults);
		if (own->endpoints.n)
			check_endpoint(own, i, faults);
		check_type(own, i, faults);
	}
}
