// SPDX-License-Identifier: Apache-2.0
// EMQX's JSON answers about objects with states and counters of their own.
#include "source/emqx_reading.h"

// So many objects, each with a request of its own, are more than a broker can be asked about in a cycle.
enum { MOST_DETAILS = READING_MOST_PAGES * READING_PAGE_SIZE };

// 1. Objects with states and counters of their own: rules, actions, connectors, authenticators

static void ask_detail(struct reading *r, struct str object, bool is_enabled)
{
	if (r->state->turn.n_details++ < MOST_DETAILS)
		emqx_ask_detail(r->turn, r->ask, object, is_enabled);
	else
		r->too_many = "objects";
}

// A value of one object, such as emqx_rule_matched{id="r1"}. What the broker has added up over nodes
// comes without a node.
static void tell_object(struct reading *r, const struct emqx_statistic *stat, struct pair object,
	struct str node, struct json_number number)
{
	reading_put(r, stat, object, r->own->mode == EMQX_UNAGGREGATED ? node : STR(""), number);
}

static void tell_counters(struct reading *r, enum emqx_page page, struct json counters,
	struct pair object, struct str node)
{
	struct json_walk walk = json_walk(counters);
	struct emqx_statistic unknown;
	const struct emqx_statistic *stat;
	struct json_number number;

	while (json_next(&walk))
		if (json_number(walk.value, &number) &&
			reading_meaning(r, page, walk.name, &unknown, &stat))
			tell_object(r, stat, object, node, number);
}

// {"metrics":{...},"node_metrics":[{"node":"a@h","metrics":{...}}]}
static void tell_metrics_of(
	struct reading *r, enum emqx_page page, struct json answer, struct pair object)
{
	struct json_walk walk;

	if (r->own->mode == EMQX_AGGREGATED || !reading_walk_nodes(answer, "node_metrics", &walk)) {
		tell_counters(r, page, json_get(answer, "metrics"), object, STR(""));
		return;
	}
	while (json_next(&walk)) {
		struct str node = json_text(json_get(walk.value, "node"));
		if (reading_wants(r, node))
			tell_counters(r, page, json_get(walk.value, "metrics"), object, node);
	}
}

static bool is_connected(struct json status)
{
	return str_eq(json_text(status), STR("connected"));
}

// How EMQX joins what its nodes say about an object: by AND, but it adds the actions' up.
static int64_t join(enum emqx_page page, int64_t joined, bool value, size_t n_before)
{
	if (page == EMQX_ACTIONS)
		return joined + value;
	return n_before == 0 ? value : joined && value;
}

// {"enable":true,"status":"connected","node_status":[{"node":"a@h","status":"connected"}]}
static void tell_states(struct reading *r, enum emqx_page page, struct json answer,
	struct pair object, bool is_enabled)
{
	const struct emqx_statistic *enable = emqx_map_key(page, STR("enable"));
	const struct emqx_statistic *status = emqx_map_key(page, STR("status"));
	int64_t all_enabled = 0, all_connected = 0;
	struct json_walk walk;
	size_t n = 0;

	if (!reading_walk_nodes(answer, "node_status", &walk)) {
		tell_object(r, enable, object, STR(""), reading_whole(is_enabled));
		if (json_kind(json_get(answer, "status")) == JSON_STRING)
			tell_object(r, status, object, STR(""),
				reading_whole(is_connected(json_get(answer, "status"))));
		return;
	}
	for (; json_next(&walk); n++) {
		struct str node = json_text(json_get(walk.value, "node"));
		bool connected = is_connected(json_get(walk.value, "status"));

		all_enabled = join(page, all_enabled, is_enabled, n);
		all_connected = join(page, all_connected, connected, n);
		if (r->own->mode == EMQX_AGGREGATED || !reading_wants(r, node))
			continue;
		tell_object(r, enable, object, node, reading_whole(is_enabled));
		tell_object(r, status, object, node, reading_whole(connected));
	}
	if (r->own->mode == EMQX_AGGREGATED) {
		tell_object(r, enable, object, STR(""), reading_whole(all_enabled));
		tell_object(r, status, object, STR(""), reading_whole(all_connected));
	}
}

// Whether the object of a detail is enabled, as its list said.
static bool is_object_enabled(const struct reading *r)
{
	return r->ask->marks & EMQX_ENABLED;
}

// Rules

static void tell_rule(struct reading *r, struct json answer)
{
	const struct emqx_statistic *enable = emqx_map_key(EMQX_RULES, STR("enable"));
	struct pair object = { STR("id"), r->ask->object };
	struct json_walk walk;

	tell_metrics_of(r, EMQX_RULES, answer, object);
	if (r->own->mode != EMQX_UNAGGREGATED ||
		!reading_walk_nodes(answer, "node_metrics", &walk)) {
		tell_object(r, enable, object, STR(""), reading_whole(is_object_enabled(r)));
		return;
	}
	while (json_next(&walk))
		tell_object(r, enable, object, json_text(json_get(walk.value, "node")),
			reading_whole(is_object_enabled(r)));
}

// In the pages of a list so far.
struct rule_counts {
	int64_t n_rules, n_actions;
};

static void put_rule_counts(struct reading *r, struct json root, const struct rule_counts *counts)
{
	struct json_number n_rules;

	if (!json_number(json_get(json_get(root, "meta"), "count"), &n_rules))
		n_rules = reading_whole(counts->n_rules);
	reading_tell(r, emqx_map_family(STR("emqx_rules_count")), STR(""), n_rules);
	// EMQX counts the entries of all rules, whatever they are.
	reading_tell(r, emqx_map_family(STR("emqx_actions_count")), STR(""),
		reading_whole(counts->n_actions));
}

static void take_rule_row(struct reading *r, struct json row, struct rule_counts *counts)
{
	struct str id = json_text(json_get(row, "id"));

	counts->n_rules += json_kind(row) == JSON_OBJECT;
	counts->n_actions += (int64_t)json_size(json_get(row, "actions"));
	if (id.len)
		ask_detail(r, id, json_is_true(json_get(row, "enable")));
}

static bool take_rules(struct reading *r, struct json root, struct err *err)
{
	struct rule_counts *counts = r->ask->carried;
	struct json rows;

	if (r->ask->object.len) {
		tell_rule(r, root);
		return true;
	}
	if (!reading_rows(root, &rows, err))
		return false;
	if (!counts)
		counts = arena_new(r->turn->arena, struct rule_counts);
	struct json_walk walk = json_walk(rows);
	while (json_next(&walk))
		take_rule_row(r, walk.value, counts);
	if (!reading_next_page(r, root, rows, counts))
		put_rule_counts(r, root, counts);
	return true;
}

// Actions and connectors have a type and a name, and together they are their id.

static struct str id_of(struct reading *r, struct json row)
{
	struct str type = json_text(json_get(row, "type")), name = json_text(json_get(row, "name"));

	return type.len && name.len
		       ? arena_printf(r->turn->arena, "%.*s:%.*s", STR_ARG(type), STR_ARG(name))
		       : STR("");
}

// Tells the states of each row, and asks for its counters if there are any.
static bool take_resources(struct reading *r, enum emqx_page page, struct json root,
	bool has_counters, struct err *err)
{
	struct json_walk walk = json_walk(root);

	if (json_kind(root) != JSON_ARRAY)
		return reading_refuse(err, "a list");
	while (json_next(&walk)) {
		struct str id = id_of(r, walk.value);
		struct json enable = json_get(walk.value, "enable");
		// Older releases leave the word out where it is true.
		bool is_enabled = json_kind(enable) == JSON_NONE || json_is_true(enable);

		if (id.len == 0)
			continue;
		tell_states(r, page, walk.value, (struct pair){ STR("id"), id }, is_enabled);
		if (has_counters)
			ask_detail(r, id, is_enabled);
	}
	return true;
}

static bool take_actions(struct reading *r, struct json root, struct err *err)
{
	if (r->ask->object.len == 0)
		return take_resources(r, EMQX_ACTIONS, root, true, err);
	tell_metrics_of(r, EMQX_ACTIONS, root, (struct pair){ STR("id"), r->ask->object });
	return true;
}

static bool take_connectors(struct reading *r, struct json root, struct err *err)
{
	if (!take_resources(r, EMQX_CONNECTORS, root, false, err))
		return false;
	reading_tell(r, emqx_map_family(STR("emqx_connectors_count")), STR(""),
		reading_whole((int64_t)json_size(root)));
	return true;
}

// Authenticators and authorizers: a list of them, and each one's state and counters.

static void ask_each(struct reading *r, struct json list, const char *key)
{
	struct json_walk walk = json_walk(list);

	while (json_next(&walk)) {
		struct str id = json_text(json_get(walk.value, key));
		if (id.len)
			ask_detail(r, id, json_is_true(json_get(walk.value, "enable")));
	}
}

static void tell_authenticator(
	struct reading *r, enum emqx_page page, struct json root, const char *label)
{
	struct pair object = { str_of(label), r->ask->object };

	tell_states(r, page, root, object, is_object_enabled(r));
	tell_metrics_of(r, page, root, object);
}

static bool take_authn(struct reading *r, struct json root, struct err *err)
{
	if (r->ask->object.len)
		tell_authenticator(r, EMQX_AUTHN, root, "id");
	else if (json_kind(root) == JSON_ARRAY)
		ask_each(r, root, "id");
	else
		return reading_refuse(err, "a list of authenticators");
	return true;
}

static bool take_authz(struct reading *r, struct json root, struct err *err)
{
	if (r->ask->object.len)
		tell_authenticator(r, EMQX_AUTHZ, root, "type");
	else if (json_kind(json_get(root, "sources")) == JSON_ARRAY)
		ask_each(r, json_get(root, "sources"), "type");
	else
		return reading_refuse(err, "a list of authorization sources");
	return true;
}

// 2. How they are asked for

const struct emqx_part emqx_part_rules = {
	.path = "/rules",
	.detail_path = "/rules/%s/metrics",
	.page_size = READING_PAGE_SIZE,
	.scope = "data_integration",
	.take = take_rules,
};
const struct emqx_part emqx_part_actions = {
	.path = "/actions",
	.detail_path = "/actions/%s/metrics",
	.scope = "data_integration",
	.take = take_actions,
};
const struct emqx_part emqx_part_connectors = {
	.path = "/connectors",
	.scope = "data_integration",
	.take = take_connectors,
};
const struct emqx_part emqx_part_authn = {
	.path = "/authentication",
	.detail_path = "/authentication/%s/status",
	.scope = "access_control",
	.take = take_authn,
};
const struct emqx_part emqx_part_authz = {
	.path = "/authorization/sources",
	.detail_path = "/authorization/sources/%s/status",
	.scope = "access_control",
	.take = take_authz,
};
