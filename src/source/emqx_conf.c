// SPDX-License-Identifier: Apache-2.0
// The table of what the source `emqx` can gather, and checks of its settings.
#include "source/emqx.h"

const struct emqx_endpoint emqx_endpoints[N_EMQX_ENDPOINTS] = {
	[ENDPOINT_STATS] = { .name = STR_INIT("stats"),
		.has_text = true,
		.tells_all_nodes = true,
		.is_in_all = true,
		.parts = { &emqx_part_stats, &emqx_part_metrics, &emqx_part_nodes } },
	[ENDPOINT_AUTH] = { .name = STR_INIT("auth"),
		.has_text = true,
		.tells_all_nodes = true,
		.is_in_all = true,
		.parts = { &emqx_part_authn, &emqx_part_authz, &emqx_part_banned } },
	[ENDPOINT_DATA_INTEGRATION] = { .name = STR_INIT("data_integration"),
		.has_text = true,
		.has_namespaces = true,
		.tells_all_nodes = true,
		.is_in_all = true,
		.parts = { &emqx_part_rules, &emqx_part_actions, &emqx_part_connectors } },
	[ENDPOINT_SCHEMA_VALIDATION] = { .name = STR_INIT("schema_validation"),
		.has_text = true,
		.tells_all_nodes = true,
		.is_in_all = true },
	[ENDPOINT_MESSAGE_TRANSFORMATION] = { .name = STR_INIT("message_transformation"),
		.has_text = true,
		.tells_all_nodes = true,
		.is_in_all = true },
	[ENDPOINT_NAMESPACED_STATS] = { .name = STR_INIT("namespaced_stats"),
		.has_text = true,
		.has_namespaces = true,
		.is_in_all = true },
	[ENDPOINT_TOPIC_METRICS] = { .name = STR_INIT("topic_metrics"),
		.has_text = true,
		.tells_all_nodes = true,
		.is_in_all = true },
	[ENDPOINT_METRICS] = { .name = STR_INIT("metrics"),
		.is_in_all = true,
		.parts = { &emqx_part_metrics } },
	[ENDPOINT_NODES] = { .name = STR_INIT("nodes"),
		.is_in_all = true,
		.parts = { &emqx_part_nodes } },
	[ENDPOINT_MONITOR] = { .name = STR_INIT("monitor_current"),
		.is_in_all = true,
		.parts = { &emqx_part_monitor } },
	[ENDPOINT_LISTENERS] = { .name = STR_INIT("listeners"),
		.is_in_all = true,
		.parts = { &emqx_part_listeners } },
	[ENDPOINT_ALARMS] = { .name = STR_INIT("alarms"),
		.is_in_all = true,
		.parts = { &emqx_part_alarms } },
	[ENDPOINT_LICENSE] = { .name = STR_INIT("license"),
		.is_in_all = true,
		.parts = { &emqx_part_license } },
	// A request for each rule, and `auth` has the number of bans: only by name.
	[ENDPOINT_RULES] = { .name = STR_INIT("rules"), .parts = { &emqx_part_rules } },
	[ENDPOINT_BANNED] = { .name = STR_INIT("banned"), .parts = { &emqx_part_banned } },
};

bool emqx_wants_all(const struct emqx_conf *own)
{
	return own->endpoints.n == 1 && str_eq(own->endpoints.items[0], STR("all"));
}

bool emqx_is_by_default(const struct emqx_conf *own)
{
	return !own->endpoints.given || emqx_wants_all(own);
}

// JSON knows no namespaces.
bool emqx_json_may_stand_in(const struct emqx_conf *own, size_t e)
{
	return emqx_endpoints[e].parts[0] &&
	       !(emqx_endpoints[e].has_namespaces && (own->ns.len || own->only_global));
}

bool emqx_has_credentials(const struct source_conf *conf)
{
	const struct emqx_conf *own = conf->own;

	return own->login.given || http_has_credentials(&conf->http);
}

const struct emqx_endpoint *emqx_find_endpoint(struct str name)
{
	for (size_t i = 0; i < N_EMQX_ENDPOINTS; i++)
		if (str_eq(emqx_endpoints[i].name, name))
			return &emqx_endpoints[i];
	return NULL;
}

static struct str endpoint_names(struct arena *arena)
{
	struct str names = STR("all");

	for (size_t i = 0; i < N_EMQX_ENDPOINTS; i++)
		names = arena_printf(
			arena, "%.*s, %.*s", STR_ARG(names), STR_ARG(emqx_endpoints[i].name));
	return names;
}

static void check_way(const struct source_conf *conf, const struct emqx_endpoint *endpoint,
	const struct setting_faults *faults)
{
	const struct emqx_conf *own = conf->own;

	if (own->collect == EMQX_COLLECT_TEXT && !endpoint->has_text)
		setting_fault(faults, "endpoints",
			"\"%.*s\" has no text, but collect is \"text\"; remove one of them",
			STR_ARG(endpoint->name));
	else if (own->collect == EMQX_COLLECT_JSON && !endpoint->parts[0])
		setting_fault(faults, "endpoints",
			"\"%.*s\" has no JSON, but collect is \"json\"; remove one of them",
			STR_ARG(endpoint->name));
	else if (!endpoint->has_text && !emqx_has_credentials(conf))
		setting_fault(faults, "endpoints",
			"\"%.*s\" needs credentials; set basic_auth to an API key, or login",
			STR_ARG(endpoint->name));
}

static void check_endpoint(
	const struct source_conf *conf, size_t i, const struct setting_faults *faults)
{
	const struct emqx_conf *own = conf->own;
	struct str name = own->endpoints.items[i];
	const struct emqx_endpoint *endpoint = emqx_find_endpoint(name);
	struct arena arena = { 0 };

	for (size_t k = 0; k < i; k++) {
		if (str_eq(name, own->endpoints.items[k])) {
			setting_fault(
				faults, "endpoints", "\"%.*s\" is given twice", STR_ARG(name));
			return;
		}
	}
	if (endpoint)
		check_way(conf, endpoint, faults);
	else if (str_eq(name, STR("all")))
		setting_fault(faults, "endpoints", "\"all\" stands alone; remove it or the others");
	else
		setting_fault(faults, "endpoints", "\"%.*s\" is not one of %s", STR_ARG(name),
			endpoint_names(&arena).ptr);
	arena_free(&arena);
}

static void check_login(const struct source_conf *conf, const struct setting_faults *faults)
{
	const struct emqx_conf *own = conf->own;

	if (!own->login.given)
		return;
	if (own->login.username.len == 0 || !str_is_utf8(own->login.username))
		setting_fault(faults, "login.username", "is missing, empty or not UTF-8");
	http_check_secret(&own->login.password, "login.password", faults);
	if (http_has_credentials(&conf->http))
		setting_fault(faults, "login",
			"use one of login, basic_auth, authorization and a header Authorization");
}

static void check_name(
	struct str name, const char *setting, const char *like, const struct setting_faults *faults)
{
	if (name.ptr && name.len == 0)
		setting_fault(faults, setting, "is empty; give a name%s, or remove it", like);
	if (!str_is_utf8(name))
		setting_fault(faults, setting, "is not UTF-8");
}

void emqx_check_broker(const struct source_conf *conf, const struct setting_faults *faults)
{
	const struct emqx_conf *own = conf->own;

	check_name(own->node, "node", " such as emqx@127.0.0.1", faults);
	check_login(conf, faults);
}

void emqx_check(const struct source_conf *conf, const struct setting_faults *faults)
{
	const struct emqx_conf *own = conf->own;

	if (own->endpoints.n == 0)
		setting_fault(faults, "endpoints", "is empty; name at least one, or remove it");
	for (size_t i = 0; i < own->endpoints.n && !emqx_wants_all(own); i++)
		check_endpoint(conf, i, faults);
	if (own->collect == EMQX_COLLECT_JSON && !emqx_has_credentials(conf))
		setting_fault(faults, "collect",
			"\"json\" needs credentials; set basic_auth to an API key, or login");
	if (own->collect == EMQX_COLLECT_JSON && (own->ns.len || own->only_global))
		setting_fault(faults, "collect",
			"\"json\" knows no namespaces; remove ns and only_global, or this");
	check_name(own->ns, "ns", "", faults);
	if (own->ns.len && own->only_global)
		setting_fault(faults, "only_global", "does not go with ns; remove one of them");
	emqx_check_broker(conf, faults);
}
