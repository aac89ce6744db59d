// SPDX-License-Identifier: Apache-2.0
// EMQX's JSON answers about nodes and the cluster: statistics, counters, nodes, current values, license.
#include "source/emqx_reading.h"

// 1. Answers about nodes: statistics, counters, the nodes themselves

// EMQX 4 has {"code":0,"data":[...]} around all answers.
static struct json unwrap(struct json root)
{
	struct json data = json_get(root, "data");
	enum json_kind kind = json_kind(data);

	return json_kind(json_get(root, "code")) == JSON_NUMBER &&
			       (kind == JSON_ARRAY || kind == JSON_OBJECT)
		       ? data
		       : root;
}

// Calls with each object that an answer has, an array of them or a single one. False: it has none.
static bool for_each_node(struct reading *r, struct json answer,
	void (*tell_node)(struct reading *r, struct json object, struct str node))
{
	struct json_walk walk = json_walk(answer);
	size_t n = 0;

	if (json_kind(answer) == JSON_OBJECT) {
		tell_node(r, answer, json_text(json_get(answer, "node")));
		return true;
	}
	while (json_kind(answer) == JSON_ARRAY && json_next(&walk)) {
		struct str node = json_text(json_get(walk.value, "node"));

		n += json_kind(walk.value) == JSON_OBJECT;
		if (json_kind(walk.value) == JSON_OBJECT && reading_wants(r, node))
			tell_node(r, walk.value, node);
	}
	return n > 0;
}

static void tell_stats(struct reading *r, struct json object, struct str node)
{
	struct json inner = json_get(object, "stats"); // EMQX 4

	reading_tell_members(r, EMQX_STATS, json_kind(inner) == JSON_OBJECT ? inner : object, node);
}

static void tell_metrics(struct reading *r, struct json object, struct str node)
{
	struct json inner = json_get(object, "metrics"); // EMQX 4

	reading_tell_members(
		r, EMQX_METRICS, json_kind(inner) == JSON_OBJECT ? inner : object, node);
}

static void tell_info(struct reading *r, struct json object, struct str node)
{
	static const char *const keys[] = { "version", "edition", "role", "otp_release" };
	const struct emqx_statistic *stat = emqx_map_family(STR("emqx_node_info"));
	struct pair labels[1 + ARRAY_LEN(keys)] = { { STR("node"), node } };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		labels[1 + i] =
			(struct pair){ str_of(keys[i]), json_text(json_get(object, keys[i])) };
	put_sample(r->set, reading_family(r, stat), labels, ARRAY_LEN(labels), STR("1"));
}

// A node that is stopped has three keys: its name, its status, its role.
static void tell_node(struct reading *r, struct json object, struct str node)
{
	static const char *const keys[] = { "uptime", "max_fds", "load1", "load5", "load15",
		"memory_total", "memory_used", "process_used", "process_available" };
	struct str status = json_text(json_get(object, "node_status"));
	struct str version = json_text(json_get(object, "version"));
	bool is_running = str_eq_nocase(status, STR("running"));

	if (node.len == 0)
		return;
	if (r->ask->part != &emqx_question_version) // that is about one node, whatever the mode
		emqx_nodes_list(&r->state->nodes, node, is_running, r->turn->now_ns);
	if (!is_running)
		return;
	if (version.len && (r->node.len == 0 || str_eq(node, r->node)))
		emqx_set_version(r->state, version);
	tell_info(r, object, node);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		reading_tell_key(r, EMQX_NODES, object, keys[i], node);
}

// What emqx_cluster_nodes_running and _stopped say, as the answering node sees it.
static void count_nodes(struct reading *r, struct json answer)
{
	struct str viewer = r->state->node.len ? buf_str(&r->state->node) : r->node;
	struct json_walk walk = json_walk(answer);
	int64_t n_running = 0, n_stopped = 0;
	bool is_there = false;

	while (json_next(&walk)) {
		struct str status = json_text(json_get(walk.value, "node_status"));
		bool is_running = str_eq_nocase(status, STR("running"));

		n_running += is_running;
		n_stopped += !is_running && status.len;
		is_there |= str_eq(json_text(json_get(walk.value, "node")), viewer);
	}
	if (!is_there && r->own->mode != EMQX_NODE)
		return; // whose view it is must be known
	reading_tell(r, emqx_map_family(STR("emqx_cluster_nodes_running")), viewer,
		reading_whole(n_running));
	reading_tell(r, emqx_map_family(STR("emqx_cluster_nodes_stopped")), viewer,
		reading_whole(n_stopped));
}

static bool take_stats(struct reading *r, struct json root, struct err *err)
{
	return for_each_node(r, unwrap(root), tell_stats) ||
	       reading_refuse(err, "the statistics of a node");
}

static bool take_metrics(struct reading *r, struct json root, struct err *err)
{
	return for_each_node(r, unwrap(root), tell_metrics) ||
	       reading_refuse(err, "the counters of a node");
}

static bool take_nodes(struct reading *r, struct json root, struct err *err)
{
	struct json answer = unwrap(root);

	if (!for_each_node(r, answer, tell_node))
		return reading_refuse(err, "a list of nodes");
	if (json_kind(answer) == JSON_ARRAY)
		count_nodes(r, answer);
	return true;
}

// 2. Answers about the cluster

static bool take_monitor(struct reading *r, struct json root, struct err *err)
{
	if (json_kind(root) != JSON_OBJECT)
		return reading_refuse(err, "an object of current values");
	// In the cluster modes these are the cluster's own sums already, which are no rows by node.
	struct json_walk walk = json_walk(root);
	struct emqx_statistic unknown;
	const struct emqx_statistic *stat;
	struct json_number number;

	while (json_next(&walk))
		if (json_number(walk.value, &number) &&
			reading_meaning(r, EMQX_MONITOR, walk.name, &unknown, &stat) &&
			(r->own->mode != EMQX_UNAGGREGATED || stat->rule == EMQX_ONCE))
			reading_put(r, stat, (struct pair){ 0 }, STR(""), number);
	return true;
}

// 1970-01-01 is day 0; years from March make the leap day the last one.
static int64_t day_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

// 2027-01-31
static bool read_date(struct str text, int64_t *seconds)
{
	int64_t parts[3] = { 0 };
	size_t part = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '-' && part < 2)
			part++;
		else if (text.ptr[i] >= '0' && text.ptr[i] <= '9' && parts[part] < 10000)
			parts[part] = parts[part] * 10 + (text.ptr[i] - '0');
		else
			return false;
	}
	if (part < 2 || parts[0] < 1970 || parts[0] > 9999 || parts[1] < 1 || parts[1] > 12 ||
		parts[2] < 1 || parts[2] > 31)
		return false;
	*seconds = day_of(parts[0], parts[1], parts[2]) * 86400;
	return true;
}

static bool take_license(struct reading *r, struct json root, struct err *err)
{
	int64_t expiry_at;

	if (json_kind(root) != JSON_OBJECT)
		return reading_refuse(err, "an object about the license");
	reading_tell_key(r, EMQX_LICENSE, root, "max_sessions", STR(""));
	if (read_date(json_text(json_get(root, "expiry_at")), &expiry_at))
		reading_tell(r, emqx_map_key(EMQX_LICENSE, STR("expiry_at")), STR(""),
			reading_whole(expiry_at));
	return true;
}

// 3. How they are asked for

const struct emqx_part emqx_part_stats = {
	.path = "/stats",
	.node_path = "/nodes/%s/stats",
	.scope = "monitoring",
	.node_scope = "cluster_operations",
	.is_in_v4 = true,
	.tells_all_nodes = true,
	.take = take_stats,
};
const struct emqx_part emqx_part_metrics = {
	.path = "/metrics",
	.node_path = "/nodes/%s/metrics",
	.scope = "monitoring",
	.node_scope = "cluster_operations",
	.is_in_v4 = true,
	.tells_all_nodes = true,
	.take = take_metrics,
};
const struct emqx_part emqx_part_nodes = {
	.path = "/nodes",
	.node_path = "/nodes/%s",
	.scope = "cluster_operations",
	.is_in_v4 = true,
	.tells_all_nodes = true,
	.take = take_nodes,
};
const struct emqx_part emqx_part_monitor = {
	.path = "/monitor_current",
	.node_path = "/monitor_current/nodes/%s",
	.scope = "monitoring",
	.take = take_monitor,
};
const struct emqx_part emqx_part_license = {
	.path = "/license",
	.scope = "license",
	.take = take_license,
};
const struct emqx_part emqx_question_version = {
	.path = "/nodes",
	.node_path = "/nodes/%s",
	.scope = "cluster_operations",
	.is_in_v4 = true,
	.take = take_nodes,
};
