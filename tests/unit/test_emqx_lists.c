// SPDX-License-Identifier: Apache-2.0
// JSON that is lists as families: alarms, bans, listeners, and objects with counters of their own.
#include "emqx_reading_row.h"

// A list whose rows are asked for one by one: the list, and the answer about one row.
struct detail_row {
	const char *name;
	enum emqx_mode mode;
	const char *endpoint;	 // the only one that is asked for
	const char *path, *body; // of the list
	const char *list;	 // samples
	const char *detail_path, *detail_body, *detail;
};

static struct run *begin(enum emqx_mode mode, const char *endpoint)
{
	struct run *run = run_new(mode, endpoint);

	run_set_collect(run, "json");
	run_set_key(run);
	run->own.node = STR("a@h");
	run->state.met = true;
	run_ask(run);
	return run;
}

static void check_delivered(
	const char *name, struct run *run, const struct run_part *part, const char *samples)
{
	check_str(name, str_of(part->err.text), STR(""));
	check_number(name, "verdict", part->verdict, SOURCE_DELIVERED);
	check_str(name, run_samples(run, part->take.set), str_of(samples));
}

static void check_detail(const struct detail_row *row)
{
	struct run *run = begin(row->mode, row->endpoint);
	struct run_part *part = run_answer(run, row->path, 200, row->body);

	check_delivered(row->name, run, part, row->list);
	part = run_answer(run, row->detail_path, 200, row->detail_body);
	check_delivered(row->name, run, part, row->detail);
	// It may be gone by now, which is no failure.
	CHECK_ROW(row->name, part->ask->by_default);
	check_str(row->name, part->ask->endpoint, str_of(row->endpoint));
	run_free(run);
}

#define CHECK_DETAILS(rows)                                                                        \
	do {                                                                                       \
		for (size_t i = 0; i < ARRAY_LEN(rows); i++)                                       \
			check_detail(&(rows)[i]);                                                  \
	} while (0)

// 1. Alarms and bans

static void alarms_are_counted_by_node(void **state)
{
	static const char body[] = "{\"data\":[{\"node\":\"a@h\",\"name\":\"x\"},"
				   "{\"node\":\"b@h\",\"name\":\"x\"},"
				   "{\"node\":\"a@h\",\"name\":\"y\"}],"
				   "\"meta\":{\"count\":3,\"hasnext\":false,\"page\":1}}";
	static const char none[] = "{\"data\":[],\"meta\":{\"count\":0,\"hasnext\":false}}";
	static const char path[] = "/alarms?activated=true&page=1&" RUN_LIMIT;
	static const struct reading_row rows[] = {
		{ .name = "of this node",
			.endpoint = "alarms",
			.path = path,
			.body = body,
			.samples = "emqx_alarms_active 2\n" },
		{ .name = "summed",
			.mode = EMQX_AGGREGATED,
			.endpoint = "alarms",
			.path = path,
			.body = body,
			.samples = "emqx_alarms_active 3\n" },
		{ .name = "for each node",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "alarms",
			.path = path,
			.body = body,
			.samples = "emqx_alarms_active{node=\"a@h\"} 2\n"
				   "emqx_alarms_active{node=\"b@h\"} 1\n" },
		{ .name = "of another node only",
			.endpoint = "alarms",
			.path = path,
			.body = "{\"data\":[{\"node\":\"b@h\"}]}",
			.samples = "emqx_alarms_active 0\n" },
		{ .name = "none on this node",
			.endpoint = "alarms",
			.path = path,
			.body = none,
			.samples = "emqx_alarms_active 0\n" },
		{ .name = "none",
			.mode = EMQX_AGGREGATED,
			.endpoint = "alarms",
			.path = path,
			.body = none,
			.samples = "emqx_alarms_active 0\n" },
	};

	(void)state;
	CHECK_READINGS(rows);
}

static void pages_of_alarms_are_one_count(void **state)
{
	struct run *run = begin(EMQX_UNAGGREGATED, "alarms");
	const char *first = "/api/v5/alarms?activated=true&page=1&" RUN_LIMIT;
	const char *second = "/api/v5/alarms?activated=true&page=2&" RUN_LIMIT;

	(void)state;
	struct run_part *part = run_answer(run, first, 200,
		"{\"data\":[{\"node\":\"a@h\"},{\"node\":\"b@h\"}],\"meta\":{\"hasnext\":true}}");
	check_delivered("first", run, part, "");
	check_str("then", run_asks(run),
		STR("alarms /api/v5/alarms?activated=true&page=2&" RUN_LIMIT " default\n"));
	part = run_answer(
		run, second, 200, "{\"data\":[{\"node\":\"b@h\"}],\"meta\":{\"hasnext\":false}}");
	check_delivered("second", run, part,
		"emqx_alarms_active{node=\"a@h\"} 1\nemqx_alarms_active{node=\"b@h\"} 2\n");
	check_str("end", run_asks(run), STR(""));
	// The count starts anew with each cycle.
	run_conclude(run);
	run->state.met = true;
	run_ask(run);
	part = run_answer(run, first, 200, "{\"data\":[{\"node\":\"a@h\"}]}");
	check_delivered("next cycle", run, part, "emqx_alarms_active{node=\"a@h\"} 1\n");
	run_free(run);
}

// EMQX says so before an empty page, where the last page was exactly full.
static void an_empty_page_is_the_last(void **state)
{
	struct run *run = begin(EMQX_AGGREGATED, "alarms");

	(void)state;
	run_answer(run, "/api/v5/alarms?activated=true&page=1&" RUN_LIMIT, 200,
		"{\"data\":[{\"node\":\"a@h\"}],\"meta\":{\"hasnext\":true}}");
	struct run_part *part = run_answer(run, "/api/v5/alarms?activated=true&page=2&" RUN_LIMIT,
		200, "{\"data\":[],\"meta\":{\"hasnext\":true}}");
	check_delivered("empty", run, part, "emqx_alarms_active 1\n");
	check_str("end", run_asks(run), STR(""));
	run_free(run);
}

static void lists_without_end_come_to_one(void **state)
{
	static const struct {
		const char *endpoint, *path;
	} rows[] = {
		{ "alarms", "/api/v5/alarms?activated=true&page=" },
		{ "rules", "/api/v5/rules?page=" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = begin(EMQX_AGGREGATED, rows[i].endpoint);
		struct run_part *part = NULL;

		for (unsigned page = 1; page <= 100; page++) {
			struct str path =
				arena_printf(&run->arena, "%s%u&" RUN_LIMIT, rows[i].path, page);

			CHECK_ROW(rows[i].endpoint, !part || part->verdict == SOURCE_DELIVERED);
			part = run_answer(run, path.ptr, 200,
				"{\"data\":[{\"node\":\"a@h\",\"actions\":[\"x\"]}],"
				"\"meta\":{\"hasnext\":true,\"count\":7}}");
		}
		check_number(rows[i].endpoint, "verdict", part->verdict, SOURCE_FAILED);
		check_number(rows[i].endpoint, "kind", part->err.kind, ERR_TOO_LARGE);
		check_str(rows[i].endpoint, str_of(part->err.text),
			STR("the answer has more pages than a broker can have"));
		check_str(rows[i].endpoint, run_asks(run), STR(""));
		run_free(run);
	}
}

static void bans_are_counted_by_the_broker(void **state)
{
	static const struct reading_row rows[] = {
		{ .name = "of a node",
			.endpoint = "banned",
			.path = "/banned?page=1&limit=1",
			.body = "{\"data\":[{\"who\":\"x\"}],\"meta\":{\"count\":12,\"limit\":1}}",
			.samples = "emqx_banned_count 12\n" },
		{ .name = "of a cluster",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "banned",
			.path = "/banned?page=1&limit=1",
			.body = "{\"meta\":{\"count\":0}}",
			.samples = "emqx_banned_count 0\n" },
	};

	(void)state;
	CHECK_READINGS(rows);
}

// 2. Listeners

#define LISTENER(status, nodes)                                                                    \
	"{\"id\":\"tcp:default\",\"enable\":true,\"status\":" status ",\"node_status\":" nodes "}"

static void listeners_by_mode(void **state)
{
	static const char two[] = "[" LISTENER(
		"{\"running\":\"inconsistent\",\"max_connections\":\"infinity\","
		"\"current_connections\":11}",
		"[{\"node\":\"b@h\",\"status\":{\"running\":false,\"max_connections\":10,"
		"\"current_connections\":4}},{\"node\":\"a@h\",\"status\":{\"running\":true,"
		"\"max_connections\":\"infinity\",\"current_connections\":7}}]") "]";
	static const char split[] =
		"emqx_listener_enable{listener=\"tcp:default\"} 1\n"
		"emqx_listener_running{node=\"b@h\",listener=\"tcp:default\"} 0\n"
		"emqx_listener_running{node=\"a@h\",listener=\"tcp:default\"} 1\n"
		"emqx_listener_current_connections{node=\"b@h\",listener=\"tcp:default\"} 4\n"
		"emqx_listener_current_connections{node=\"a@h\",listener=\"tcp:default\"} 7\n"
		"emqx_listener_max_connections{node=\"b@h\",listener=\"tcp:default\"} 10\n"
		"emqx_listener_max_connections{node=\"a@h\",listener=\"tcp:default\"} +Inf\n";
	static const struct reading_row rows[] = {
		{ .name = "of this node",
			.endpoint = "listeners",
			.path = "/listeners",
			.body = two,
			.samples = "emqx_listener_enable{listener=\"tcp:default\"} 1\n"
				   "emqx_listener_running{listener=\"tcp:default\"} 1\n"
				   "emqx_listener_current_connections{listener=\"tcp:default\"} 7\n"
				   "emqx_listener_max_connections{listener=\"tcp:default\"} "
				   "+Inf\n" },
		{ .name = "each node by itself",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "listeners",
			.path = "/listeners",
			.body = two,
			.samples = split },
		{ .name = "a sum makes no sense",
			.mode = EMQX_AGGREGATED,
			.endpoint = "listeners",
			.path = "/listeners",
			.body = two,
			.samples = split },
		{ .name = "nodes that say nothing",
			.mode = EMQX_AGGREGATED,
			.endpoint = "listeners",
			.path = "/listeners",
			.body = "[" LISTENER("{\"running\":\"inconsistent\","
					     "\"current_connections\":3}",
				"[]") "]",
			.samples = "emqx_listener_enable{listener=\"tcp:default\"} 1\n"
				   "emqx_listener_current_connections{listener=\"tcp:default\"} "
				   "3\n" },
		{ .name = "disabled, and one without a name",
			.mode = EMQX_AGGREGATED,
			.endpoint = "listeners",
			.path = "/listeners",
			.body = "[{\"id\":\"ssl:a\\\"b\",\"enable\":false},{\"enable\":true}]",
			.samples = "emqx_listener_enable{listener=\"ssl:a\\\"b\"} 0\n" },
		{ .name = "none",
			.endpoint = "listeners",
			.path = "/listeners",
			.body = "[]",
			.samples = "" },
	};

	(void)state;
	CHECK_READINGS(rows);
}

// 3. Rules

#define RULES                                                                                      \
	"{\"data\":[{\"id\":\"r 1\",\"enable\":true,\"actions\":[\"mqtt:a\",{\"function\":"        \
	"\"console\"}]}],\"meta\":{\"count\":1,\"hasnext\":false}}"
#define RULE_METRICS                                                                               \
	"{\"id\":\"r 1\",\"metrics\":{\"matched\":30,\"matched.rate\":1.5,\"new.key\":3},"         \
	"\"node_metrics\":[{\"node\":\"a@h\",\"metrics\":{\"matched\":10,\"matched.rate\":0.5,"    \
	"\"new.key\":1}},{\"node\":\"b@h\",\"metrics\":{\"matched\":20,\"matched.rate\":1.0,"      \
	"\"new.key\":2}}]}"

static void rules_by_mode(void **state)
{
	static const char list[] = "emqx_rules_count 1\nemqx_actions_count 2\n";
	static const char path[] = "/api/v5/rules?page=1&" RUN_LIMIT;
	static const char detail_path[] = "/api/v5/rules/r%201/metrics";
	static const struct detail_row rows[] = {
		{ .name = "of this node",
			.endpoint = "rules",
			.path = path,
			.body = RULES,
			.list = list,
			.detail_path = detail_path,
			.detail_body = RULE_METRICS,
			.detail = "emqx_rule_matched{id=\"r 1\"} 10\n"
				  "emqx_rule_matched_rate{id=\"r 1\"} 0.5\n"
				  "emqx_rule_new_key{id=\"r 1\"} 1\n"
				  "emqx_rule_enable{id=\"r 1\"} 1\n" },
		{ .name = "summed by the broker",
			.mode = EMQX_AGGREGATED,
			.endpoint = "rules",
			.path = path,
			.body = RULES,
			.list = list,
			.detail_path = detail_path,
			.detail_body = RULE_METRICS,
			.detail = "emqx_rule_matched{id=\"r 1\"} 30\n"
				  "emqx_rule_matched_rate{id=\"r 1\"} 1.5\n"
				  "emqx_rule_new_key{id=\"r 1\"} 3\n"
				  "emqx_rule_enable{id=\"r 1\"} 1\n" },
		{ .name = "for each node",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "rules",
			.path = path,
			.body = RULES,
			.list = list,
			.detail_path = detail_path,
			.detail_body = RULE_METRICS,
			.detail = "emqx_rule_matched{node=\"a@h\",id=\"r 1\"} 10\n"
				  "emqx_rule_matched{node=\"b@h\",id=\"r 1\"} 20\n"
				  "emqx_rule_matched_rate{node=\"a@h\",id=\"r 1\"} 0.5\n"
				  "emqx_rule_matched_rate{node=\"b@h\",id=\"r 1\"} 1\n"
				  "emqx_rule_new_key{node=\"a@h\",id=\"r 1\"} 1\n"
				  "emqx_rule_new_key{node=\"b@h\",id=\"r 1\"} 2\n"
				  "emqx_rule_enable{node=\"a@h\",id=\"r 1\"} 1\n"
				  "emqx_rule_enable{node=\"b@h\",id=\"r 1\"} 1\n" },
		{ .name = "disabled, and without a list of nodes",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "rules",
			.path = path,
			.body = "{\"data\":[{\"id\":\"r\xc3\xbc/..\",\"enable\":false}],"
				"\"meta\":{\"count\":1}}",
			.list = "emqx_rules_count 1\nemqx_actions_count 0\n",
			.detail_path = "/api/v5/rules/r%C3%BC%2F../metrics",
			.detail_body = "{\"metrics\":{\"matched\":1}}",
			.detail = "emqx_rule_matched{id=\"r\xc3\xbc/..\"} 1\n"
				  "emqx_rule_enable{id=\"r\xc3\xbc/..\"} 0\n" },
	};

	(void)state;
	CHECK_DETAILS(rows);
}

static void rules_are_counted_over_all_pages(void **state)
{
	struct run *run = begin(EMQX_NODE, "rules");

	(void)state;
	struct run_part *part = run_answer(run, "/api/v5/rules?page=1&" RUN_LIMIT, 200,
		"{\"data\":[{\"id\":\"a\",\"actions\":[1,2]},{\"id\":\"b\",\"actions\":[3]}],"
		"\"meta\":{\"count\":3,\"hasnext\":true}}");
	check_delivered("first", run, part, "");
	check_str("asks", run_asks(run),
		STR("rules /api/v5/rules/a/metrics default\n"
		    "rules /api/v5/rules/b/metrics default\n"
		    "rules /api/v5/rules?page=2&" RUN_LIMIT " default\n"));
	part = run_answer(run, "/api/v5/rules?page=2&" RUN_LIMIT, 200,
		"{\"data\":[{\"id\":\"c\",\"actions\":[4]}],"
		"\"meta\":{\"count\":3,\"hasnext\":false}}");
	check_delivered("second", run, part, "emqx_rules_count 3\nemqx_actions_count 4\n");
	run_free(run);
}

static void rules_without_a_count_are_counted(void **state)
{
	static const char *const metas[] = { "", ",\"meta\":{}", ",\"meta\":{\"count\":null}",
		",\"meta\":{\"count\":\"many\"}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(metas); i++) {
		struct run *run = begin(EMQX_NODE, "rules");
		struct str body = arena_printf(
			&run->arena, "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}]%s}", metas[i]);
		struct run_part *part =
			run_answer_bytes(run, "/api/v5/rules?page=1&" RUN_LIMIT, 200, body);

		check_delivered(metas[i], run, part, "emqx_rules_count 2\nemqx_actions_count 0\n");
		run_free(run);
	}
}

// 4. Actions and connectors

#define STATES                                                                                     \
	"\"node_status\":[{\"node\":\"a@h\",\"status\":\"connected\"},"                            \
	"{\"node\":\"b@h\",\"status\":\"disconnected\"}]"
#define ACTIONS                                                                                    \
	"[{\"type\":\"http\",\"name\":\"x\",\"enable\":true,\"status\":\"inconsistent\"," STATES   \
	"}]"
#define ACTION_METRICS                                                                             \
	"{\"metrics\":{\"success\":3,\"dropped.queue_full\":4},\"node_metrics\":["                 \
	"{\"node\":\"a@h\",\"metrics\":{\"success\":1,\"dropped.queue_full\":2}},"                 \
	"{\"node\":\"b@h\",\"metrics\":{\"success\":2,\"dropped.queue_full\":2}}]}"

static void actions_by_mode(void **state)
{
	static const char path[] = "/api/v5/actions";
	static const char detail_path[] = "/api/v5/actions/http%3Ax/metrics";
	struct run *run;
	static const struct {
		const char *name;
		enum emqx_mode mode;
		const char *list, *detail;
	} rows[] = {
		{ "of this node", EMQX_NODE,
			"emqx_action_enable{id=\"http:x\"} 1\n"
			"emqx_action_status{id=\"http:x\"} 1\n",
			"emqx_action_success{id=\"http:x\"} 1\n"
			"emqx_action_dropped_queue_full{id=\"http:x\"} 2\n" },
		// EMQX adds up what it joins by AND elsewhere.
		{ "joined", EMQX_AGGREGATED,
			"emqx_action_enable{id=\"http:x\"} 2\n"
			"emqx_action_status{id=\"http:x\"} 1\n",
			"emqx_action_success{id=\"http:x\"} 3\n"
			"emqx_action_dropped_queue_full{id=\"http:x\"} 4\n" },
		{ "for each node", EMQX_UNAGGREGATED,
			"emqx_action_enable{node=\"a@h\",id=\"http:x\"} 1\n"
			"emqx_action_enable{node=\"b@h\",id=\"http:x\"} 1\n"
			"emqx_action_status{node=\"a@h\",id=\"http:x\"} 1\n"
			"emqx_action_status{node=\"b@h\",id=\"http:x\"} 0\n",
			"emqx_action_success{node=\"a@h\",id=\"http:x\"} 1\n"
			"emqx_action_success{node=\"b@h\",id=\"http:x\"} 2\n"
			"emqx_action_dropped_queue_full{node=\"a@h\",id=\"http:x\"} 2\n"
			"emqx_action_dropped_queue_full{node=\"b@h\",id=\"http:x\"} 2\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		run = begin(rows[i].mode, "data_integration");
		struct run_part *part = run_answer(run, path, 200, ACTIONS);
		check_delivered(rows[i].name, run, part, rows[i].list);
		part = run_answer(run, detail_path, 200, ACTION_METRICS);
		check_delivered(rows[i].name, run, part, rows[i].detail);
		run_free(run);
	}
}

static void connectors_have_states_and_no_counters(void **state)
{
	static const struct reading_row rows[] = {
		{ .name = "of this node",
			.endpoint = "data_integration",
			.path = "/connectors",
			.body = ACTIONS,
			.samples = "emqx_connector_enable{id=\"http:x\"} 1\n"
				   "emqx_connector_status{id=\"http:x\"} 1\n"
				   "emqx_connectors_count 1\n" },
		{ .name = "joined by AND",
			.mode = EMQX_AGGREGATED,
			.endpoint = "data_integration",
			.path = "/connectors",
			.body = ACTIONS,
			.samples = "emqx_connector_enable{id=\"http:x\"} 1\n"
				   "emqx_connector_status{id=\"http:x\"} 0\n"
				   "emqx_connectors_count 1\n" },
		{ .name = "for each node",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "data_integration",
			.path = "/connectors",
			.body = ACTIONS,
			.samples = "emqx_connector_enable{node=\"a@h\",id=\"http:x\"} 1\n"
				   "emqx_connector_enable{node=\"b@h\",id=\"http:x\"} 1\n"
				   "emqx_connector_status{node=\"a@h\",id=\"http:x\"} 1\n"
				   "emqx_connector_status{node=\"b@h\",id=\"http:x\"} 0\n"
				   "emqx_connectors_count 1\n" },
		{ .name = "all connected",
			.mode = EMQX_AGGREGATED,
			.endpoint = "data_integration",
			.path = "/connectors",
			.body = "[{\"type\":\"t\",\"name\":\"n\",\"node_status\":["
				"{\"status\":\"connected\"},{\"status\":\"connected\"}]}]",
			.samples = "emqx_connector_enable{id=\"t:n\"} 1\n"
				   "emqx_connector_status{id=\"t:n\"} 1\n"
				   "emqx_connectors_count 1\n" },
		{ .name = "without a list of nodes",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "data_integration",
			.path = "/connectors",
			.body = "[{\"type\":\"t\",\"name\":\"n\",\"enable\":false,"
				"\"status\":\"connecting\"},"
				"{\"type\":\"t\",\"name\":\"m\",\"node_status\":[]}]",
			.samples = "emqx_connector_enable{id=\"t:n\"} 0\n"
				   "emqx_connector_enable{id=\"t:m\"} 1\n"
				   "emqx_connector_status{id=\"t:n\"} 0\n"
				   "emqx_connectors_count 2\n" },
		{ .name = "without a type, without a name",
			.endpoint = "data_integration",
			.path = "/connectors",
			.body = "[{\"name\":\"n\",\"status\":\"connected\"},{\"type\":\"t\"}]",
			.samples = "emqx_connectors_count 2\n" },
		{ .name = "none",
			.endpoint = "data_integration",
			.path = "/connectors",
			.body = "[]",
			.samples = "emqx_connectors_count 0\n" },
	};

	(void)state;
	CHECK_READINGS(rows);
}

// 5. Authentication and authorization

#define AUTHN_STATUS                                                                               \
	"{\"status\":\"connected\"," STATES ",\"metrics\":{\"total\":3,\"rate\":0.5},"             \
	"\"node_metrics\":[{\"node\":\"a@h\",\"metrics\":{\"total\":1,\"rate\":0.25}},"            \
	"{\"node\":\"b@h\",\"metrics\":{\"total\":2,\"rate\":0.25}}],\"node_error\":[],"           \
	"\"resource_metrics\":{\"matched\":9}}"

static void authenticators_by_mode(void **state)
{
	static const char list[] =
		"[{\"id\":\"password_based:built_in_database\",\"enable\":true}]";
	static const char path[] = "/api/v5/authentication";
	static const char detail_path[] =
		"/api/v5/authentication/password_based%3Abuilt_in_database/status";
#define ID "id=\"password_based:built_in_database\"} "
	static const struct {
		const char *name;
		enum emqx_mode mode;
		const char *detail;
	} rows[] = {
		{ "of this node", EMQX_NODE,
			"emqx_authn_enable{" ID "1\nemqx_authn_status{" ID "1\nemqx_authn_total{" ID
			"1\nemqx_authn_rate{" ID "0.25\n" },
		{ "joined by AND", EMQX_AGGREGATED,
			"emqx_authn_enable{" ID "1\nemqx_authn_status{" ID "0\nemqx_authn_total{" ID
			"3\nemqx_authn_rate{" ID "0.5\n" },
		{ "for each node", EMQX_UNAGGREGATED,
			"emqx_authn_enable{node=\"a@h\"," ID "1\nemqx_authn_enable{node=\"b@h\"," ID
			"1\nemqx_authn_status{node=\"a@h\"," ID
			"1\nemqx_authn_status{node=\"b@h\"," ID
			"0\nemqx_authn_total{node=\"a@h\"," ID
			"1\nemqx_authn_total{node=\"b@h\"," ID "2\nemqx_authn_rate{node=\"a@h\"," ID
			"0.25\nemqx_authn_rate{node=\"b@h\"," ID "0.25\n" },
	};
#undef ID

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = begin(rows[i].mode, "auth");
		struct run_part *part = run_answer(run, path, 200, list);

		check_delivered(rows[i].name, run, part, "");
		part = run_answer(run, detail_path, 200, AUTHN_STATUS);
		check_delivered(rows[i].name, run, part, rows[i].detail);
		run_free(run);
	}
}

static void authorization_sources_are_told_by_type(void **state)
{
	struct run *run = begin(EMQX_AGGREGATED, "auth");

	(void)state;
	struct run_part *part = run_answer(run, "/api/v5/authorization/sources", 200,
		"{\"sources\":[{\"type\":\"file\",\"enable\":true},{\"type\":\"http\","
		"\"enable\":false},{\"enable\":true}]}");
	check_delivered("list", run, part, "");
	part = run_answer(run, "/api/v5/authorization/sources/file/status", 200,
		"{\"status\":\"connected\",\"metrics\":{\"total\":5,\"allow\":3,\"deny\":2}}");
	check_delivered("file", run, part,
		"emqx_authz_enable{type=\"file\"} 1\n"
		"emqx_authz_status{type=\"file\"} 1\n"
		"emqx_authz_total{type=\"file\"} 5\n"
		"emqx_authz_allow{type=\"file\"} 3\n"
		"emqx_authz_deny{type=\"file\"} 2\n");
	part = run_answer(run, "/api/v5/authorization/sources/http/status", 200, "{}");
	check_delivered("http", run, part, "emqx_authz_enable{type=\"http\"} 0\n");
	run_free(run);
}

static void a_detail_that_is_gone_is_no_failure_of_its_list(void **state)
{
	struct run *run = begin(EMQX_NODE, "rules");

	(void)state;
	run_answer(run, "/api/v5/rules?page=1&" RUN_LIMIT, 200,
		"{\"data\":[{\"id\":\"a\"}],\"meta\":{\"count\":1}}");
	struct run_part *part = run_answer(run, "/api/v5/rules/a/metrics", 404,
		"{\"code\":\"NOT_FOUND\",\"message\":\"Rule Id Not Found\"}");
	check_number("gone", "verdict", part->verdict, SOURCE_FAILED);
	assert_true(part->ask->by_default);
	assert_int_equal(run->state.turn.missing, 0);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alarms_are_counted_by_node),
		cmocka_unit_test(pages_of_alarms_are_one_count),
		cmocka_unit_test(an_empty_page_is_the_last),
		cmocka_unit_test(lists_without_end_come_to_one),
		cmocka_unit_test(bans_are_counted_by_the_broker),
		cmocka_unit_test(listeners_by_mode),
		cmocka_unit_test(rules_by_mode),
		cmocka_unit_test(rules_are_counted_over_all_pages),
		cmocka_unit_test(rules_without_a_count_are_counted),
		cmocka_unit_test(actions_by_mode),
		cmocka_unit_test(connectors_have_states_and_no_counters),
		cmocka_unit_test(authenticators_by_mode),
		cmocka_unit_test(authorization_sources_are_told_by_type),
		cmocka_unit_test(a_detail_that_is_gone_is_no_failure_of_its_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
