// SPDX-License-Identifier: Apache-2.0
// What the source `emqx` asks for, by its settings and by what it knows.
#include "emqx_run.h"

// Settings and knowledge before a cycle, and all that it asks at its start.
struct asking {
	const char *name, *endpoints;
	enum emqx_mode mode;
	const char *collect; // NULL: auto
	bool has_key, only_global, wants_node, wants_cluster, met;
	const char *ns, *node, *version; // NULL: not given, not known
	enum emqx_api api;
	const char *asks;
};

#define STATUS	     "/status /status?format=json question optional anonymous\n"
#define STATUS_NODE  "/status /status?format=json question anonymous\n"
#define AGGREGATED   "?mode=all_nodes_aggregated"
#define UNAGGREGATED "?mode=all_nodes_unaggregated"

static void check_asking(const struct asking *row)
{
	struct run *run = run_new(row->mode, row->endpoints);

	if (row->collect)
		run_set_collect(run, row->collect);
	run->own.only_global = row->only_global;
	run->own.ns = str_of(row->ns);
	run->own.node = str_of(row->node);
	run->wants_node = row->wants_node;
	run->wants_cluster = row->wants_cluster;
	run->state.met = row->met;
	run->state.api = row->api;
	if (row->has_key)
		run_set_key(run);
	if (row->version)
		emqx_set_version(&run->state, str_of(row->version));
	run_ask(run);
	check_str(row->name, run_asks(run), str_of(row->asks));
	run_free(run);
}

static void check_all_asking(const struct asking *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_asking(&rows[i]);
}

static void text_is_asked_by_mode(void **state)
{
	static const struct asking rows[] = {
		{ .name = "the default, of a node",
			.endpoints = "",
			.version = "5.8.9",
			.asks = "stats /api/v5/prometheus/stats default\n"
				"auth /api/v5/prometheus/auth default\n"
				"data_integration /api/v5/prometheus/data_integration "
				"default\n" STATUS },
		{ .name = "named endpoints, in their order",
			.endpoints = "topic_metrics auth",
			.asks = "topic_metrics /api/v5/prometheus/topic_metrics\n"
				"auth /api/v5/prometheus/auth\n" STATUS },
		{ .name = "aggregated",
			.endpoints = "stats schema_validation",
			.mode = EMQX_AGGREGATED,
			.asks = "stats /api/v5/prometheus/stats" AGGREGATED "\n"
				"schema_validation /api/v5/prometheus/schema_validation" AGGREGATED
				"\n" STATUS },
		{ .name = "unaggregated",
			.endpoints = "stats message_transformation",
			.mode = EMQX_UNAGGREGATED,
			.asks = "stats /api/v5/prometheus/stats" UNAGGREGATED "\n"
				"message_transformation "
				"/api/v5/prometheus/message_transformation" UNAGGREGATED
				"\n" STATUS },
		{ .name = "nothing is left to hear from a broker that is known",
			.endpoints = "stats",
			.met = true,
			.asks = "stats /api/v5/prometheus/stats\n" },
		{ .name = "the node's name is missing",
			.endpoints = "stats",
			.met = true,
			.wants_node = true,
			.asks = "stats /api/v5/prometheus/stats\n" STATUS_NODE },
		{ .name = "the node's name is configured",
			.endpoints = "stats",
			.wants_node = true,
			.node = "emqx@h",
			.asks = "stats /api/v5/prometheus/stats\n" STATUS },
		{ .name = "the cluster's name is missing",
			.endpoints = "stats",
			.met = true,
			.wants_cluster = true,
			.asks = "stats /api/v5/prometheus/stats\n" STATUS },
	};

	(void)state;
	check_all_asking(rows, ARRAY_LEN(rows));
}

// A page gets two thirds of the time that there is where JSON could stand in, but in the cluster modes never
// less than EMQX itself waits for a node that hangs.
static void time_is_left_for_a_fallback(void **state)
{
	static const struct {
		const char *name;
		enum emqx_mode mode;
		const char *collect;
		bool has_key;
		const char *endpoint;
		int64_t collect_ms, timeout_ms;
	} rows[] = {
		{ "a node", EMQX_NODE, "auto", true, "stats", 7500, 5000 },
		{ "a node, little time", EMQX_NODE, "auto", true, "auth", 300, 200 },
		{ "no credentials", EMQX_NODE, "auto", false, "stats", 7500, 0 },
		{ "text only", EMQX_NODE, "text", true, "stats", 7500, 0 },
		{ "no JSON tells it", EMQX_NODE, "auto", true, "topic_metrics", 7500, 0 },
		{ "a cluster", EMQX_AGGREGATED, "auto", true, "stats", 30000, 20000 },
		{ "a cluster, little time", EMQX_UNAGGREGATED, "auto", true, "stats", 7500, 6000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(rows[i].mode, rows[i].endpoint);

		run_set_collect(run, rows[i].collect);
		run->collect_ms = rows[i].collect_ms;
		run->conf.http.basic_auth.given = rows[i].has_key;
		run_ask(run);
		check_number(rows[i].name, "timeout",
			(uint64_t)run->parts[0].ask->request.timeout_ms,
			(uint64_t)rows[i].timeout_ms);
		run_free(run);
	}
}

// Whatever the broker does with a question, the pages are still to come.
static void questions_leave_two_thirds_of_the_time(void **state)
{
	struct run *run = run_new(EMQX_NODE, "stats");

	(void)state;
	run_ask(run);
	assert_int_equal(run_find(run, "/status?format=json")->ask->request.timeout_ms, 2500);
	run_free(run);
}

static void requests_are_whole(void **state)
{
	struct run *run = run_new(EMQX_NODE, "stats nodes");

	(void)state;
	run->own.node = STR("emqx@h");
	run->conf.http.url = STR("https://h:1/emqx//");
	run_set_key(run);
	run_ask(run);
	assert_int_equal(run->n_parts, 3);
	const struct http_request *text = &run->parts[0].ask->request;
	const struct http_request *json = &run->parts[1].ask->request;
	const struct http_request *status = &run->parts[2].ask->request;
	check_str("text", text->url, STR("https://h:1/emqx/api/v5/prometheus/stats"));
	check_str("JSON", json->url, STR("https://h:1/emqx/api/v5/nodes/emqx%40h"));
	check_str("status", status->url, STR("https://h:1/emqx/status?format=json"));
	// EMQX 6.3 refuses a text page to who wants JSON.
	check_str("text", text->accept, STR("text/plain"));
	check_str("JSON", json->accept, STR("application/json"));
	check_str("status", status->accept, STR("application/json"));
	for (size_t i = 0; i < run->n_parts; i++) {
		const struct http_request *request = &run->parts[i].ask->request;

		check_str("any", request->method, STR("GET"));
		assert_ptr_equal(request->conf, &run->conf.http);
		assert_int_equal(request->body.len, 0);
		assert_int_equal(request->bearer.len, 0);
		assert_int_equal(request->anonymous, i == 2);
	}
	run_free(run);
}

static void json_is_asked_by_mode(void **state)
{
	static const struct asking rows[] = {
		{ .name = "a node",
			.endpoints = "stats auth data_integration",
			.collect = "json",
			.has_key = true,
			.met = true,
			.node = "emqx@h",
			.asks = "stats /api/v5/nodes/emqx%40h/stats\n"
				"stats /api/v5/nodes/emqx%40h/metrics default\n"
				"stats /api/v5/nodes/emqx%40h default\n"
				"auth /api/v5/authentication\n"
				"auth /api/v5/authorization/sources default\n"
				"auth /api/v5/banned?page=1&limit=1 default\n"
				"data_integration /api/v5/rules?page=1&" RUN_LIMIT "\n"
				"data_integration /api/v5/actions default\n"
				"data_integration /api/v5/connectors default\n" },
		{ .name = "a cluster",
			.endpoints = "stats metrics nodes monitor_current listeners alarms license "
				     "rules banned",
			.mode = EMQX_AGGREGATED,
			.collect = "json",
			.has_key = true,
			.met = true,
			.asks = "stats /api/v5/stats\n"
				"stats /api/v5/metrics default\n"
				"stats /api/v5/nodes default\n"
				"metrics /api/v5/metrics\n"
				"nodes /api/v5/nodes\n"
				"monitor_current /api/v5/monitor_current\n"
				"listeners /api/v5/listeners\n"
				"alarms /api/v5/alarms?activated=true&page=1&" RUN_LIMIT "\n"
				"license /api/v5/license\n"
				"rules /api/v5/rules?page=1&" RUN_LIMIT "\n"
				"banned /api/v5/banned?page=1&limit=1\n" },
		{ .name = "JSON beside text, of a node",
			.endpoints = "stats metrics monitor_current",
			.has_key = true,
			.met = true,
			.node = "emqx@h",
			.asks = "stats /api/v5/prometheus/stats timeout=5000\n"
				"metrics /api/v5/nodes/emqx%40h/metrics\n"
				"monitor_current /api/v5/monitor_current/nodes/emqx%40h\n" },
	};

	(void)state;
	check_all_asking(rows, ARRAY_LEN(rows));
}

static void all_is_what_the_way_of_collecting_can_get(void **state)
{
	static const struct asking rows[] = {
		{ .name = "without credentials",
			.endpoints = "all",
			.met = true,
			.version = "5.8.9",
			.asks = "stats /api/v5/prometheus/stats default\n"
				"auth /api/v5/prometheus/auth default\n"
				"data_integration /api/v5/prometheus/data_integration default\n"
				"schema_validation /api/v5/prometheus/schema_validation default\n"
				"message_transformation "
				"/api/v5/prometheus/message_transformation default\n"
				"namespaced_stats /api/v5/prometheus/namespaced_stats default "
				"pause=5000 shared\n"
				"topic_metrics /api/v5/prometheus/topic_metrics default\n"
				"metrics http_4xx unavailable: needs credentials; set basic_auth "
				"to an API key, or login default\n"
				"nodes http_4xx unavailable: needs credentials; set basic_auth "
				"to an API key, or login default\n"
				"monitor_current http_4xx unavailable: needs credentials; set "
				"basic_auth to an API key, or login default\n"
				"listeners http_4xx unavailable: needs credentials; set basic_auth "
				"to an API key, or login default\n"
				"alarms http_4xx unavailable: needs credentials; set basic_auth "
				"to an API key, or login default\n"
				"license http_4xx unavailable: needs credentials; set basic_auth "
				"to an API key, or login default\n" },
		{ .name = "text",
			.endpoints = "all",
			.mode = EMQX_AGGREGATED,
			.collect = "text",
			.has_key = true,
			.met = true,
			.version = "5.8.9",
			.asks = "stats /api/v5/prometheus/stats" AGGREGATED " default\n"
				"auth /api/v5/prometheus/auth" AGGREGATED " default\n"
				"data_integration /api/v5/prometheus/data_integration" AGGREGATED
				" default\n"
				"schema_validation /api/v5/prometheus/schema_validation" AGGREGATED
				" default\n"
				"message_transformation "
				"/api/v5/prometheus/message_transformation" AGGREGATED " default\n"
				"namespaced_stats /api/v5/prometheus/namespaced_stats" AGGREGATED
				" default pause=5000 shared\n"
				"topic_metrics /api/v5/prometheus/topic_metrics" AGGREGATED
				" default\n" },
		{ .name = "JSON",
			.endpoints = "all",
			.collect = "json",
			.has_key = true,
			.met = true,
			.node = "n@h",
			.asks = "stats /api/v5/nodes/n%40h/stats default\n"
				"stats /api/v5/nodes/n%40h/metrics default\n"
				"stats /api/v5/nodes/n%40h default\n"
				"auth /api/v5/authentication default\n"
				"auth /api/v5/authorization/sources default\n"
				"auth /api/v5/banned?page=1&limit=1 default\n"
				"data_integration /api/v5/rules?page=1&" RUN_LIMIT " default\n"
				"data_integration /api/v5/actions default\n"
				"data_integration /api/v5/connectors default\n"
				"monitor_current /api/v5/monitor_current/nodes/n%40h default\n"
				"listeners /api/v5/listeners default\n"
				"alarms /api/v5/alarms?activated=true&page=1&" RUN_LIMIT
				" default\n"
				"license /api/v5/license default\n" },
	};

	(void)state;
	check_all_asking(rows, ARRAY_LEN(rows));
}

// Whoever names an endpoint that needs credentials has been told by the check; here it is a failure.
static void a_named_endpoint_without_credentials_fails(void **state)
{
	static const struct asking rows[] = {
		{ .name = "no key",
			.endpoints = "alarms",
			.met = true,
			.asks = "alarms http_4xx: needs credentials; set basic_auth to an API key, "
				"or login\n" },
	};

	(void)state;
	check_all_asking(rows, ARRAY_LEN(rows));
}

// EMQX lets one request for all namespaces through in 5 s: namespaced_stats always, data_integration from
// 6.3 on.
static void namespaces_wait_for_the_limiter(void **state)
{
	static const struct asking rows[] = {
		{ .name = "one namespace is not limited",
			.endpoints = "namespaced_stats data_integration stats",
			.met = true,
			.version = "6.3.0",
			.ns = "a b/c",
			.asks = "namespaced_stats "
				"/api/v5/prometheus/namespaced_stats?ns=a%20b%2Fc\n"
				"data_integration "
				"/api/v5/prometheus/data_integration?ns=a%20b%2Fc\n"
				"stats /api/v5/prometheus/stats\n" },
		{ .name = "one namespace of a cluster",
			.endpoints = "namespaced_stats",
			.mode = EMQX_UNAGGREGATED,
			.met = true,
			.ns = "ns1",
			.asks = "namespaced_stats /api/v5/prometheus/namespaced_stats" UNAGGREGATED
				"&ns=ns1\n" },
		{ .name = "6.3 limits both",
			.endpoints = "namespaced_stats data_integration",
			.met = true,
			.version = "6.3.0-beta.2",
			.asks = "namespaced_stats /api/v5/prometheus/namespaced_stats pause=5000 "
				"shared\n"
				"data_integration /api/v5/prometheus/data_integration pause=5000 "
				"shared\n" },
		{ .name = "6.2 limits one",
			.endpoints = "namespaced_stats data_integration",
			.met = true,
			.version = "6.2.10",
			.asks = "namespaced_stats /api/v5/prometheus/namespaced_stats pause=5000 "
				"shared\n"
				"data_integration /api/v5/prometheus/data_integration\n" },
		{ .name = "10.0 is later than 6.3",
			.endpoints = "data_integration",
			.met = true,
			.version = "10.0.0",
			.asks = "data_integration /api/v5/prometheus/data_integration pause=5000 "
				"shared\n" },
		{ .name = "global rows only",
			.endpoints = "data_integration namespaced_stats",
			.met = true,
			.version = "6.3.0",
			.only_global = true,
			.asks = "data_integration "
				"/api/v5/prometheus/data_integration?only_global=true\n"
				"namespaced_stats /api/v5/prometheus/namespaced_stats pause=5000 "
				"shared\n" },
		{ .name = "global rows of a cluster",
			.endpoints = "data_integration",
			.mode = EMQX_AGGREGATED,
			.met = true,
			.only_global = true,
			.asks = "data_integration "
				"/api/v5/prometheus/data_integration" AGGREGATED
				"&only_global=true\n" },
		{ .name = "without the release, data_integration waits for it",
			.endpoints = "data_integration namespaced_stats",
			.asks = STATUS "namespaced_stats /api/v5/prometheus/namespaced_stats "
				       "pause=5000 shared\n" },
		{ .name = "but not where it would make no difference",
			.endpoints = "data_integration",
			.ns = "n",
			.asks = "data_integration "
				"/api/v5/prometheus/data_integration?ns=n\n" STATUS },
		{ .name = "nor for a broker that does not tell it",
			.endpoints = "data_integration",
			.met = true,
			.asks = "data_integration /api/v5/prometheus/data_integration\n" },
	};

	(void)state;
	check_all_asking(rows, ARRAY_LEN(rows));
}

static void what_waited_for_the_release_is_asked_with_it(void **state)
{
	static const struct {
		const char *name;
		int status;
		const char *body; // of /status
		bool has_key;
		const char *asks;
	} rows[] = {
		{ "told by /status", 200, "{\"rel_vsn\":\"v5.8.9\",\"node_name\":\"n@h\"}", false,
			"data_integration /api/v5/prometheus/data_integration default\n" },
		{ "nobody tells it", 200, "{\"cluster\":\"c\",\"node_name\":\"n@h\"}", false,
			"data_integration /api/v5/prometheus/data_integration default\n" },
		{ "limited", 200, "{\"rel_vsn\":\"v6.3.0\",\"node_name\":\"n@h\"}", false,
			"data_integration /api/v5/prometheus/data_integration default pause=5000 "
			"shared\n" },
		{ "no answer", 503, "", false,
			"data_integration /api/v5/prometheus/data_integration default\n" },
		{ "JSON has to be asked", 200, "{\"cluster\":\"c\",\"node_name\":\"n@h\"}", true,
			"/nodes /api/v5/nodes/n%40h question optional\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(EMQX_NODE, "namespaced_stats data_integration");

		run->own.endpoints.given = false;
		run->conf.http.basic_auth.given = rows[i].has_key;
		run_ask(run);
		run_answer(run, "/api/v5/prometheus/namespaced_stats", 404, "");
		run_answer(run, "/status?format=json", rows[i].status, rows[i].body);
		check_str(rows[i].name, run_asks(run), str_of(rows[i].asks));
		run_free(run);
	}
}

static void the_release_by_json_settles_it_too(void **state)
{
	static const struct {
		const char *name;
		int status;
		const char *body, *asks;
	} rows[] = {
		{ "6.2", 200,
			"{\"node\":\"n@h\",\"node_status\":\"running\",\"version\":\"6.2.2\"}",
			"data_integration /api/v5/prometheus/data_integration timeout=5000\n" },
		{ "6.3", 200,
			"{\"node\":\"n@h\",\"node_status\":\"running\",\"version\":\"6.3.0\"}",
			"data_integration /api/v5/prometheus/data_integration timeout=5000 "
			"pause=5000 shared\n" },
		{ "refused", 403, "",
			"data_integration /api/v5/prometheus/data_integration timeout=5000\n" },
		{ "no JSON", 200, "{",
			"data_integration /api/v5/prometheus/data_integration timeout=5000\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(EMQX_NODE, "namespaced_stats data_integration");

		run_set_key(run);
		run_ask(run);
		run_answer(run, "/api/v5/prometheus/namespaced_stats", 404, "");
		run_answer(run, "/status?format=json", 200,
			"{\"cluster\":\"c\",\"node_name\":\"n@h\"}");
		run_answer(run, "/api/v5/nodes/n%40h", rows[i].status, rows[i].body);
		check_str(rows[i].name, run_asks(run), str_of(rows[i].asks));
		run_free(run);
	}
}

static void a_limiter_that_refused_is_remembered_until_the_next_release(void **state)
{
	struct run *run = run_new(EMQX_NODE, "data_integration");
	const char *path = "/api/v5/prometheus/data_integration";

	(void)state;
	emqx_set_version(&run->state, STR("6.2.9"));
	run->state.met = true;
	run_ask(run);
	check_str("first", run_asks(run),
		STR("data_integration /api/v5/prometheus/data_integration\n"));
	struct run_part *part = run_answer(run, path, 429, "Too many requests\n");
	check_number("429", "verdict", part->verdict, SOURCE_FAILED);
	run_conclude(run);
	run->state.met = true;
	run_ask(run);
	check_str("then", run_asks(run),
		STR("data_integration /api/v5/prometheus/data_integration pause=5000 shared\n"));
	emqx_set_version(&run->state, STR("6.2.10"));
	run_ask(run);
	check_str("another release", run_asks(run),
		STR("data_integration /api/v5/prometheus/data_integration\n"));
	run_free(run);
}

// A path of JSON in mode node has the node's name in it: any name is one segment.
static void node_names_are_one_segment_of_a_path(void **state)
{
	static const struct {
		const char *node, *path;
	} rows[] = {
		{ "emqx@127.0.0.1", "/api/v5/nodes/emqx%40127.0.0.1/metrics" },
		{ "emqx", "/api/v5/nodes/emqx/metrics" },
		{ "a b", "/api/v5/nodes/a%20b/metrics" },
		{ "a/../b", "/api/v5/nodes/a%2F..%2Fb/metrics" },
		{ "a?b#c&d=e", "/api/v5/nodes/a%3Fb%23c%26d%3De/metrics" },
		{ "a%2Fb", "/api/v5/nodes/a%252Fb/metrics" },
		{ "a+b", "/api/v5/nodes/a%2Bb/metrics" },
		{ "gr\xc3\xbc\xc3\x9f@h", "/api/v5/nodes/gr%C3%BC%C3%9F%40h/metrics" },
		{ "%s%n@h", "/api/v5/nodes/%25s%25n%40h/metrics" },
		{ "\"\\\x7f", "/api/v5/nodes/%22%5C%7F/metrics" },
		{ "a_b-c.d~e@h", "/api/v5/nodes/a_b-c.d~e%40h/metrics" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(EMQX_NODE, "metrics");

		run_set_key(run);
		run->own.node = str_of(rows[i].node);
		run_ask(run);
		check_str(rows[i].node, run_path(run, run->parts[0].ask), str_of(rows[i].path));
		run_free(run);
	}
}

static void json_of_a_node_waits_for_its_name(void **state)
{
	struct run *run = run_new(EMQX_NODE, "nodes stats alarms monitor_current");

	(void)state;
	run_set_key(run);
	run_set_collect(run, "json");
	run_ask(run);
	check_str("first", run_asks(run), STR("/status /status?format=json question anonymous\n"));
	run_answer(
		run, "/status?format=json", 200, "{\"rel_vsn\":\"v5.8.9\",\"node_name\":\"n@h\"}");
	check_str("then", run_asks(run),
		STR("stats /api/v5/nodes/n%40h/stats\n"
		    "stats /api/v5/nodes/n%40h/metrics default\n"
		    "stats /api/v5/nodes/n%40h default\n"
		    "nodes /api/v5/nodes/n%40h\n"
		    "monitor_current /api/v5/monitor_current/nodes/n%40h\n"
		    "alarms /api/v5/alarms?activated=true&page=1&" RUN_LIMIT "\n"));
	run_free(run);
}

static void json_of_a_node_that_is_not_told_fails(void **state)
{
	static const struct {
		const char *name;
		int status;
		const char *body;
	} rows[] = {
		{ "down", 503, "" },
		{ "another page", 200, "<html>" },
		{ "JSON without it", 200, "{\"rel_vsn\":\"v5.8.9\"}" },
		{ "not a name", 200, "{\"node_name\":[\"n@h\"]}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(EMQX_NODE, "stats metrics");

		run_set_key(run);
		run_set_collect(run, "json");
		run_ask(run);
		run_answer(run, "/status?format=json", rows[i].status, rows[i].body);
		check_str(rows[i].name, run_asks(run),
			STR("stats node_unknown: not asked: the broker does not tell its node "
			    "name; set node\n"
			    "metrics node_unknown: not asked: the broker does not tell its node "
			    "name; set node\n"));
		run_free(run);
	}
}

// A name that nobody takes is as good as none: no endpoint may be lost over it.
static void a_node_name_of_absurd_length_is_none(void **state)
{
	struct run *run = run_new(EMQX_NODE, "stats");
	struct buf body = buf_new(UNIT_LIMIT);

	(void)state;
	run_set_key(run);
	run_set_collect(run, "json");
	buf_add(&body, STR("{\"node_name\":\""));
	for (int i = 0; i < 1025; i++)
		buf_add_byte(&body, 'x');
	buf_add(&body, STR("\"}"));
	run_ask(run);
	run_answer_bytes(run, "/status?format=json", 200, buf_str(&body));
	check_str("stats", run_asks(run),
		STR("stats node_unknown: not asked: the broker does not tell its node name; set "
		    "node\n"));
	buf_free(&body);
	run_free(run);
}

// EMQX 4 has one page of text, and three of the JSON answers.
static void emqx_4_is_asked_for_what_it_has(void **state)
{
	static const struct asking rows[] = {
		{ .name = "its page",
			.endpoints = "stats",
			.met = true,
			.api = EMQX_API_V4,
			.asks = "stats /api/v4/emqx_prometheus?type=prometheus\n" },
		{ .name = "its page knows no mode",
			.endpoints = "stats",
			.mode = EMQX_AGGREGATED,
			.met = true,
			.api = EMQX_API_V4,
			.asks = "stats /api/v4/emqx_prometheus?type=prometheus\n" },
		{ .name = "JSON",
			.endpoints = "stats metrics nodes",
			.mode = EMQX_AGGREGATED,
			.collect = "json",
			.has_key = true,
			.met = true,
			.api = EMQX_API_V4,
			.asks = "stats /api/v4/stats\n"
				"stats /api/v4/metrics default\n"
				"stats /api/v4/nodes default\n"
				"metrics /api/v4/metrics\n"
				"nodes /api/v4/nodes\n" },
		{ .name = "the default, without credentials",
			.endpoints = "",
			.met = true,
			.api = EMQX_API_V4,
			.asks = "stats /api/v4/emqx_prometheus?type=prometheus default\n"
				"auth http_4xx unavailable: EMQX 4 does not have it default\n"
				"data_integration http_4xx unavailable: EMQX 4 does not have it "
				"default\n" },
		{ .name = "the default, with credentials",
			.endpoints = "",
			.has_key = true,
			.met = true,
			.node = "n@h",
			.api = EMQX_API_V4,
			.asks = "stats /api/v4/emqx_prometheus?type=prometheus default "
				"timeout=5000\n"
				"auth http_4xx unavailable: EMQX 4 does not have it default\n"
				"data_integration http_4xx unavailable: EMQX 4 does not have it "
				"default\n" },
		{ .name = "named, it fails",
			.endpoints = "auth topic_metrics",
			.has_key = true,
			.met = true,
			.node = "n@h",
			.api = EMQX_API_V4,
			.asks = "auth http_4xx: EMQX 4 does not have it\n"
				"topic_metrics http_4xx: EMQX 4 does not have it\n" },
		{ .name = "JSON that it does not have",
			.endpoints = "alarms",
			.has_key = true,
			.met = true,
			.api = EMQX_API_V4,
			.asks = "alarms http_4xx: this release does not have it\n" },
	};

	(void)state;
	check_all_asking(rows, ARRAY_LEN(rows));
}

// What answered 404 is not asked again for an hour; whoever names it is not spared.
static void a_404_is_remembered_for_an_hour(void **state)
{
	struct run *run = run_new(EMQX_NODE, "all");

	(void)state;
	emqx_set_version(&run->state, STR("5.8.9"));
	run->state.missing_until_ns[ENDPOINT_TOPIC_METRICS] = run->now_ns + 1;
	run_set_collect(run, "text");
	run->state.met = true;
	run_ask(run);
	assert_null(run_find(run, "/api/v5/prometheus/topic_metrics"));
	assert_non_null(strstr(run_asks(run).ptr,
		"topic_metrics http_4xx unavailable: HTTP 404, and not asked again for an hour "
		"default\n"));
	run->now_ns++;
	run_ask(run);
	assert_non_null(run_find(run, "/api/v5/prometheus/topic_metrics"));
	run->now_ns--;
	emqx_set_version(&run->state, STR("5.8.10"));
	run_ask(run);
	assert_non_null(run_find(run, "/api/v5/prometheus/topic_metrics"));
	run->state.missing_until_ns[ENDPOINT_TOPIC_METRICS] = run->now_ns + 1;
	run_set_endpoints(run, "topic_metrics");
	run_ask(run);
	assert_non_null(run_find(run, "/api/v5/prometheus/topic_metrics"));
	run_free(run);
}

static void a_page_known_to_be_missing_is_asked_as_json(void **state)
{
	struct run *run = run_new(EMQX_NODE, "");

	(void)state;
	run_set_key(run);
	run->own.node = STR("n@h");
	run->state.met = true;
	run->state.missing_until_ns[ENDPOINT_AUTH] = run->now_ns + 1;
	run_ask(run);
	check_str("auth", run_asks(run),
		STR("stats /api/v5/prometheus/stats default timeout=5000\n"
		    "auth /api/v5/authentication default\n"
		    "auth /api/v5/authorization/sources default\n"
		    "auth /api/v5/banned?page=1&limit=1 default\n"
		    "data_integration /api/v5/prometheus/data_integration default "
		    "timeout=5000\n"));
	run_free(run);
}

static void json_known_to_be_missing_is_not_asked(void **state)
{
	struct run *run = run_new(EMQX_NODE, "all");

	(void)state;
	run_set_key(run);
	run->own.node = STR("n@h");
	run->state.met = true;
	emqx_set_version(&run->state, STR("5.8.9"));
	run->state.missing_until_ns[ENDPOINT_LICENSE] = run->now_ns + 1;
	run_ask(run);
	assert_null(run_find(run, "/api/v5/license"));
	assert_non_null(run_find(run, "/api/v5/listeners"));
	assert_non_null(strstr(run_asks(run).ptr, "license http_4xx unavailable: "));
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_asked_by_mode),
		cmocka_unit_test(time_is_left_for_a_fallback),
		cmocka_unit_test(questions_leave_two_thirds_of_the_time),
		cmocka_unit_test(requests_are_whole),
		cmocka_unit_test(json_is_asked_by_mode),
		cmocka_unit_test(all_is_what_the_way_of_collecting_can_get),
		cmocka_unit_test(a_named_endpoint_without_credentials_fails),
		cmocka_unit_test(namespaces_wait_for_the_limiter),
		cmocka_unit_test(what_waited_for_the_release_is_asked_with_it),
		cmocka_unit_test(the_release_by_json_settles_it_too),
		cmocka_unit_test(a_limiter_that_refused_is_remembered_until_the_next_release),
		cmocka_unit_test(node_names_are_one_segment_of_a_path),
		cmocka_unit_test(json_of_a_node_waits_for_its_name),
		cmocka_unit_test(json_of_a_node_that_is_not_told_fails),
		cmocka_unit_test(a_node_name_of_absurd_length_is_none),
		cmocka_unit_test(emqx_4_is_asked_for_what_it_has),
		cmocka_unit_test(a_404_is_remembered_for_an_hour),
		cmocka_unit_test(a_page_known_to_be_missing_is_asked_as_json),
		cmocka_unit_test(json_known_to_be_missing_is_not_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
