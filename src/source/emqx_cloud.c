// SPDX-License-Identifier: Apache-2.0
// EMQX Cloud (EMQX Platform): the pages of a deployment, Dedicated or Premium, at the platform's API.
#include "source/emqx_map.h"
#include "source/source.h"

#include <stddef.h>

enum names { NAMES_CLOUD, NAMES_SELF_HOSTED };

static const struct str name_words[] = {
	[NAMES_CLOUD] = STR_INIT("cloud"),
	[NAMES_SELF_HOSTED] = STR_INIT("self_hosted"),
};

struct cloud_conf {
	struct str_list endpoints;
	int names; // enum names
	bool correct_types;
	int64_t min_interval_ms;
};

static const struct setting rows[] = {
	{ .name = "endpoints",
		.type = SETTING_STRINGS,
		.offset = offsetof(struct cloud_conf, endpoints),
		.initial = "deployment_metrics, data_integration",
		.help = "pages to gather" },
	{ .name = "names",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct cloud_conf, names),
		.words = name_words,
		.n_words = ARRAY_LEN(name_words),
		.initial = "cloud",
		.help = "self_hosted renames deployment_emqx_metrics_x to emqx_x" },
	{ .name = "correct_types",
		.type = SETTING_BOOL,
		.offset = offsetof(struct cloud_conf, correct_types),
		.initial = "false",
		.help = "type as counters what counts up but is sent as gauge" },
	{ .name = "min_interval",
		.type = SETTING_DURATION,
		.offset = offsetof(struct cloud_conf, min_interval_ms),
		.initial = "2m",
		.minimum = 1000,
		.maximum = 3600000,
		.help = "the platform is asked at most this often; between, its last pages are "
			"pushed again" },
};

// The platform takes 60 requests an hour.
enum { REQUESTS_PER_HOUR = 60, MS_PER_HOUR = 3600 * 1000 };

struct page {
	struct str name;
	const char *path; // below the API's base
};

static const struct page pages[] = {
	{ STR_INIT("deployment_metrics"), "/deployment_metrics?type=prometheus" },
	{ STR_INIT("data_integration"), "/deployment_metrics/data_integration?type=prometheus" },
};

static const struct page *find_page(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		if (str_eq(pages[i].name, name))
			return &pages[i];
	return NULL;
}

static void check_endpoints(const struct cloud_conf *own, const struct setting_faults *faults)
{
	const struct str_list *list = &own->endpoints;

	if (list->n == 0)
		setting_fault(faults, "endpoints", "is empty; name at least one, or remove it");
	for (size_t i = 0; i < list->n; i++) {
		if (!find_page(list->items[i]))
			setting_fault(faults, "endpoints",
				"\"%.*s\" is not one of deployment_metrics, data_integration",
				STR_ARG(list->items[i]));
		for (size_t k = 0; k < i; k++)
			if (str_eq(list->items[i], list->items[k]))
				setting_fault(faults, "endpoints", "\"%.*s\" is given twice",
					STR_ARG(list->items[i]));
	}
}

// 127.0.0.1 and its like; a name may start so too.
static bool is_loopback_address(struct str host)
{
	for (size_t i = 0; i < host.len; i++)
		if (host.ptr[i] != '.' && (host.ptr[i] < '0' || host.ptr[i] > '9'))
			return false;
	return str_starts_with(host, STR("127."));
}

// The secret must not travel in the clear; on this machine it does not travel.
static bool is_safe(struct str url)
{
	struct str scheme, rest, authority, host, port;

	str_cut(url, ':', &scheme, &rest);
	if (!str_eq_nocase(scheme, STR("http")) || !str_starts_with(rest, STR("//")))
		return true; // https, or no URL at all, which is told elsewhere
	str_cut((struct str){ rest.ptr + 2, rest.len - 2 }, '/', &authority, &rest);
	str_cut(authority, ':', &host, &port);
	return str_starts_with(authority, STR("[::1]")) || str_eq_nocase(host, STR("localhost")) ||
	       is_loopback_address(host);
}

static void check(const struct source_conf *conf, const struct setting_faults *faults)
{
	const struct cloud_conf *own = conf->own;
	int64_t least_ms = (int64_t)own->endpoints.n * MS_PER_HOUR / REQUESTS_PER_HOUR;

	check_endpoints(own, faults);
	if (!is_safe(conf->http.url))
		setting_fault(
			faults, "url", "must start with https://, since the app secret goes there");
	if (!http_has_credentials(&conf->http))
		setting_fault(faults, "basic_auth",
			"is missing; its username is the app id, its password the app secret");
	if (own->min_interval_ms < least_ms)
		setting_fault(faults, "min_interval",
			"asks %zu pages more than %d times an hour in all, which is what the "
			"platform takes; raise it to %llds at least",
			own->endpoints.n, REQUESTS_PER_HOUR, (long long)least_ms / 1000);
}

static void ask(struct source_turn *turn)
{
	const struct cloud_conf *own = turn->conf->own;

	for (size_t i = 0; i < own->endpoints.n; i++) {
		const struct page *page = find_page(own->endpoints.items[i]);
		struct source_ask *asked = source_add_ask(turn, page->name);

		asked->by_default = !own->endpoints.given;
		asked->pause_ms = own->min_interval_ms;
		asked->request.url = source_url(turn->arena, turn->conf->http.url, page->path);
		asked->request.accept = STR("text/plain");
	}
}

// Its overview has names of its own, which would meet those of the statistics: they stay.
static const struct str long_prefix = STR_INIT("deployment_emqx_metrics_");

// What the family is called by a broker of one's own; empty: it has no counterpart there.
static struct str self_hosted_name(struct arena *arena, struct str name)
{
	if (!str_starts_with(name, long_prefix))
		return STR("");
	return arena_printf(
		arena, "emqx_%.*s", (int)(name.len - long_prefix.len), name.ptr + long_prefix.len);
}

static bool counts_up(struct str cloud_name, struct str self_hosted)
{
	const struct emqx_statistic *stat = self_hosted.len ? emqx_map_family(self_hosted) : NULL;

	return str_eq(cloud_name, STR("deployment_emqx_rule_matched_count")) ||
	       str_eq(cloud_name, STR("deployment_emqx_rule_action_execution_count")) ||
	       (stat && stat->type == METRIC_COUNTER);
}

// A set of the same families under the names, and with the types, that are wanted.
static struct metric_set *rename_families(
	const struct cloud_conf *own, const struct metric_set *set)
{
	struct metric_set *renamed = metric_set_new(set->arena);

	for (struct family *family = set->first; family; family = family->next) {
		struct str self_hosted = self_hosted_name(set->arena, family->name);
		bool takes_name = own->names == NAMES_SELF_HOSTED && self_hosted.len;
		struct family *twin =
			metric_family(renamed, takes_name ? self_hosted : family->name);

		twin->help = family->help;
		twin->type = family->type;
		twin->typed = family->typed;
		if (own->correct_types && family->type == METRIC_GAUGE &&
			counts_up(family->name, self_hosted))
			twin->type = METRIC_COUNTER;
		metric_move_samples(twin, family);
	}
	renamed->n_samples = set->n_samples;
	return renamed;
}

static enum source_verdict take(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct source_take *taken, struct err *err)
{
	const struct cloud_conf *own = turn->conf->own;

	(void)asked;
	if (!source_take_page(answer, NULL, taken, err))
		return SOURCE_FAILED;
	if (own->names == NAMES_SELF_HOSTED || own->correct_types)
		taken->set = rename_families(own, taken->set);
	return SOURCE_DELIVERED;
}

const struct source_type source_emqx_cloud = {
	.name = STR_INIT("emqx_cloud"),
	.settings = SETTING_TABLE(rows),
	.conf_size = sizeof(struct cloud_conf),
	.job_name = STR_INIT("${source}/instance/${hostname}"),
	.check = check,
	.ask = ask,
	.take = take,
};
