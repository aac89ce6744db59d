// SPDX-License-Identifier: Apache-2.0
// JSON that is not what was asked for: refused with words, never with a part of the answer, or read as far
// as it makes sense. What a broker sends can be anything.
#include "emqx_run.h"
#include "metric/check.h"

// Each kind of answer, and how it is asked for in mode node, where the broker is a@h.
static const struct kind {
	const char *name, *endpoint, *path;
	const char *cluster_path; // NULL: the same
	const char *list;	  // NULL, or the answer to path that makes it ask for detail_path
	const char *detail_path;
} kinds[] = {
	{ .name = "stats",
		.endpoint = "stats",
		.path = "/api/v5/nodes/a%40h/stats",
		.cluster_path = "/api/v5/stats" },
	{ .name = "metrics",
		.endpoint = "metrics",
		.path = "/api/v5/nodes/a%40h/metrics",
		.cluster_path = "/api/v5/metrics" },
	{ .name = "nodes",
		.endpoint = "nodes",
		.path = "/api/v5/nodes/a%40h",
		.cluster_path = "/api/v5/nodes" },
	{ .name = "monitor",
		.endpoint = "monitor_current",
		.path = "/api/v5/monitor_current/nodes/a%40h",
		.cluster_path = "/api/v5/monitor_current" },
	{ .name = "listeners", .endpoint = "listeners", .path = "/api/v5/listeners" },
	{ .name = "alarms",
		.endpoint = "alarms",
		.path = "/api/v5/alarms?activated=true&page=1&" RUN_LIMIT },
	{ .name = "license", .endpoint = "license", .path = "/api/v5/license" },
	{ .name = "banned", .endpoint = "banned", .path = "/api/v5/banned?page=1&limit=1" },
	{ .name = "rules", .endpoint = "rules", .path = "/api/v5/rules?page=1&" RUN_LIMIT },
	{ .name = "actions", .endpoint = "data_integration", .path = "/api/v5/actions" },
	{ .name = "connectors", .endpoint = "data_integration", .path = "/api/v5/connectors" },
	{ .name = "authn", .endpoint = "auth", .path = "/api/v5/authentication" },
	{ .name = "authz", .endpoint = "auth", .path = "/api/v5/authorization/sources" },
	{ .name = "a rule",
		.endpoint = "rules",
		.path = "/api/v5/rules?page=1&" RUN_LIMIT,
		.list = "{\"data\":[{\"id\":\"x\"}]}",
		.detail_path = "/api/v5/rules/x/metrics" },
	{ .name = "an action",
		.endpoint = "data_integration",
		.path = "/api/v5/actions",
		.list = "[{\"type\":\"x\",\"name\":\"y\"}]",
		.detail_path = "/api/v5/actions/x%3Ay/metrics" },
	{ .name = "an authenticator",
		.endpoint = "auth",
		.path = "/api/v5/authentication",
		.list = "[{\"id\":\"x\"}]",
		.detail_path = "/api/v5/authentication/x/status" },
	{ .name = "an authorization source",
		.endpoint = "auth",
		.path = "/api/v5/authorization/sources",
		.list = "{\"sources\":[{\"type\":\"x\"}]}",
		.detail_path = "/api/v5/authorization/sources/x/status" },
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	fail_msg("there is no kind %s", name);
	return NULL;
}

// A cycle up to the answer of this kind, which is given a body.
static struct run_part *answer(
	struct run **run, const struct kind *kind, enum emqx_mode mode, struct str body)
{
	const char *path = kind->path;

	if (kind->cluster_path && mode != EMQX_NODE)
		path = kind->cluster_path;
	*run = run_new(mode, kind->endpoint);
	run_set_collect(*run, "json");
	run_set_key(*run);
	(*run)->own.node = STR("a@h");
	(*run)->state.met = true;
	run_ask(*run);
	if (kind->list)
		run_answer(*run, path, 200, kind->list);
	return run_answer_bytes(*run, kind->detail_path ? kind->detail_path : path, 200, body);
}

static void check_refused(const struct kind *kind, const char *name, struct str body,
	enum err_kind reason, const char *text)
{
	struct run *run;
	struct run_part *part = answer(&run, kind, EMQX_NODE, body);
	struct str row = arena_printf(&run->arena, "%s: %s", kind->name, name);

	check_number(row.ptr, "verdict", part->verdict, SOURCE_FAILED);
	check_number(row.ptr, "kind", part->err.kind, reason);
	if (!strstr(part->err.text, text))
		FAIL_ROW(row.ptr, "\"%s\" is not in \"%s\"", text, part->err.text);
	CHECK_ROW(row.ptr, !strstr(part->err.text, "SECRET"));
	check_str(row.ptr, run_samples(run, part->take.set), STR(""));
	run_conclude(run);
	run_free(run);
}

static void text_that_is_no_json_is_refused(void **state)
{
	static const struct {
		const char *body, *text;
	} rows[] = {
		{ "", "it ends too early" },
		{ " \n", "it ends too early" },
		{ "{", "it ends too early" },
		{ "[", "it ends too early" },
		{ "[{\"SECRET\":1},", "it ends too early" },
		{ "{\"SECRET\":1", "it ends too early" },
		{ "{\"SECRET\":\"SECRET", "it ends too early" },
		{ "<html>SECRET</html>", "no JSON" },
		{ "SECRET", "no JSON" },
		{ "{'a':SECRET}", "no JSON" },
		{ "[1,]", "no JSON" },
		{ "{} {\"SECRET\":1}", "something follows its value" },
		{ "{\"SECRET\xff\":1}", "invalid UTF-8" },
		{ "[\"SECRET\xc3\"]", "invalid UTF-8" },
		{ "[\"SECRET\xed\xa0\x80\"]", "invalid UTF-8" },
		{ "{\"SECRET\":\"\\u0000\"}", "a NUL" },
		{ "{\"SECRET\\u0000\":1}", "a NUL" },
		{ "[\"SECRET\\ud800\"]", "no JSON" },
		{ "{\"SECRET\":1e999}", "a number beyond a double" },
		{ "{\"SECRET\":NaN}", "no JSON" },
		{ "{\"SECRET\":01}", "no JSON" },
		{ "\xef\xbb\xbf{}", "no JSON" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(kinds); i++) {
		const char *body = rows[i / ARRAY_LEN(kinds)].body;

		check_refused(&kinds[i % ARRAY_LEN(kinds)], body, str_of(body), ERR_BAD_BODY,
			rows[i / ARRAY_LEN(kinds)].text);
	}
}

static void a_nul_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		check_refused(&kinds[i], "NUL", STR("[\0]"), ERR_BAD_BODY, "no JSON");
}

static void absurd_depth_is_refused(void **state)
{
	static const char *const opened[] = { "[", "{\"data\":", "[{\"node\":" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(opened) * ARRAY_LEN(kinds); i++) {
		struct buf body = buf_new(UNIT_LIMIT);

		for (int k = 0; k < 10000; k++)
			buf_add(&body, str_of(opened[i / ARRAY_LEN(kinds)]));
		check_refused(&kinds[i % ARRAY_LEN(kinds)], "deep", buf_str(&body), ERR_BAD_BODY,
			"nested too deeply");
		buf_free(&body);
	}
}

static void json_of_another_shape_is_refused(void **state)
{
	static const char *const scalars[] = { "null", "true", "5", "\"SECRET\"", "1.5" };
	static const struct {
		const char *kind, *body;
	} rows[] = {
		{ "stats", "[]" },
		{ "stats", "[null]" },
		{ "stats", "[1,[],\"SECRET\"]" },
		{ "metrics", "[]" },
		{ "metrics", "[[{}]]" },
		{ "nodes", "[]" },
		{ "nodes", "[null,1]" },
		{ "stats", "{\"code\":0,\"data\":[]}" },
		{ "monitor", "[]" },
		{ "monitor", "[{}]" },
		{ "listeners", "{}" },
		{ "listeners", "{\"data\":[]}" },
		{ "alarms", "[]" },
		{ "alarms", "{}" },
		{ "alarms", "{\"data\":{}}" },
		{ "alarms", "{\"data\":null}" },
		{ "license", "[]" },
		{ "banned", "[]" },
		{ "banned", "{}" },
		{ "banned", "{\"meta\":[]}" },
		{ "banned", "{\"meta\":{\"count\":\"1\"}}" },
		{ "banned", "{\"meta\":{\"count\":null}}" },
		{ "rules", "[]" },
		{ "rules", "{\"data\":1}" },
		{ "actions", "{}" },
		{ "connectors", "{\"data\":[]}" },
		{ "authn", "{}" },
		{ "authz", "{}" },
		{ "authz", "[]" },
		{ "authz", "{\"sources\":{}}" },
		{ "a rule", "[]" },
		{ "an action", "[]" },
		{ "an authenticator", "[]" },
		{ "an authorization source", "[]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scalars) * ARRAY_LEN(kinds); i++)
		check_refused(&kinds[i % ARRAY_LEN(kinds)], scalars[i / ARRAY_LEN(kinds)],
			str_of(scalars[i / ARRAY_LEN(kinds)]), ERR_BAD_BODY,
			"the answer is JSON, but not ");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_refused(find_kind(rows[i].kind), rows[i].body, str_of(rows[i].body),
			ERR_BAD_BODY, "the answer is JSON, but not ");
}

static void large_answers_are_refused_unread(void **state)
{
	struct buf body = buf_new(UNIT_LIMIT);

	(void)state;
	buf_reserve(&body, MIB(4) + 1);
	memset(body.ptr, ' ', MIB(4) + 1);
	body.len = MIB(4) + 1;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		check_refused(&kinds[i], "4 MiB and a byte", buf_str(&body), ERR_TOO_LARGE,
			"JSON of 4194305 bytes, more than 4194304");
	body.len--;
	check_refused(&kinds[0], "4 MiB", buf_str(&body), ERR_BAD_BODY, "it ends too early");
	buf_free(&body);
}

// Members that are missing, null or of another kind leave a gap, in all modes.
static void gaps_are_left_out(void **state)
{
	static const struct {
		const char *kind, *body;
	} rows[] = {
		{ "stats", "{}" },
		{ "stats", "{\"connections.count\":null,\"topics.count\":[],\"x\":{}}" },
		{ "stats", "[null,{\"node\":null},{\"node\":[]},{\"stats\":null}]" },
		{ "metrics", "{\"bytes.sent\":\"none\",\"metrics\":[]}" },
		{ "metrics", "{\"metrics\":{\"bytes.sent\":null}}" },
		{ "nodes", "{}" },
		{ "nodes", "{\"node\":null,\"node_status\":null}" },
		{ "nodes", "{\"node\":\"\",\"node_status\":\"running\"}" },
		{ "nodes", "{\"node\":{},\"node_status\":{},\"uptime\":{}}" },
		{ "monitor", "{}" },
		{ "monitor", "{\"connections\":null,\"topics\":\"5\",\"x\":[]}" },
		{ "listeners", "[null,1,[],{},{\"id\":null},{\"id\":[]},{\"id\":\"\"}]" },
		{ "license", "{\"max_sessions\":null,\"expiry_at\":null}" },
		{ "license", "{\"max_sessions\":{},\"expiry_at\":[]}" },
		{ "actions", "[null,1,\"x\",[],{},{\"type\":null,\"name\":[]}]" },
		{ "authn", "[null,1,\"x\",[],{},{\"id\":null},{\"id\":\"\"}]" },
		{ "authz", "{\"sources\":[null,1,\"x\",[],{},{\"type\":null}]}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *body = rows[i].body;
		struct run *run;
		struct run_part *part =
			answer(&run, find_kind(rows[i].kind), EMQX_NODE, str_of(body));

		check_number(body, "verdict", part->verdict, SOURCE_DELIVERED);
		check_str(body, run_samples(run, part->take.set), STR(""));
		run_conclude(run);
		run_free(run);
	}
}

static void gaps_in_lists_of_nodes_are_left_out(void **state)
{
	static const struct {
		const char *kind, *body, *samples;
	} rows[] = {
		{ "listeners",
			"[{\"id\":\"x\",\"enable\":null,\"status\":null,\"node_status\":null}]",
			"emqx_listener_enable{listener=\"x\"} 0\n" },
		{ "listeners",
			"[{\"id\":\"x\",\"node_status\":[null,1,{},{\"node\":null,"
			"\"status\":[]},{\"node\":\"a@h\",\"status\":{\"running\":1}}]}]",
			"emqx_listener_enable{listener=\"x\"} 0\n"
			"emqx_listener_running{listener=\"x\"} 1\n" },
		{ "rules", "{\"data\":[null,1,[],{\"id\":null},{\"id\":\"\"}],\"meta\":null}",
			"emqx_rules_count 2\nemqx_actions_count 0\n" },
		{ "rules",
			"{\"data\":[{\"actions\":null},{\"actions\":{}}],\"meta\":{\"count\":2}}",
			"emqx_rules_count 2\nemqx_actions_count 0\n" },
		{ "alarms",
			"{\"data\":[{\"node\":\"a@h\"},{\"node\":\"b@h\"}],"
			"\"meta\":{\"hasnext\":\"true\"}}",
			"emqx_alarms_active 1\n" },
		{ "alarms", "{\"data\":[{\"node\":\"a@h\"}],\"meta\":[]}",
			"emqx_alarms_active 1\n" },
		{ "connectors", "[{\"type\":\"t\",\"name\":\"n\",\"enable\":null,\"status\":null}]",
			"emqx_connector_enable{id=\"t:n\"} 1\nemqx_connectors_count 1\n" },
		{ "a rule", "{\"metrics\":null,\"node_metrics\":null}",
			"emqx_rule_enable{id=\"x\"} 0\n" },
		{ "a rule", "{\"metrics\":[1],\"node_metrics\":{}}",
			"emqx_rule_enable{id=\"x\"} 0\n" },
		{ "a rule", "{\"metrics\":{\"matched\":\"1\",\"passed\":null,\"failed\":true}}",
			"emqx_rule_enable{id=\"x\"} 0\n" },
		{ "an action", "{\"metrics\":null,\"node_metrics\":null}", "" },
		{ "an authenticator", "{\"status\":null,\"node_status\":{}}",
			"emqx_authn_enable{id=\"x\"} 0\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *body = rows[i].body;
		struct run *run;
		struct run_part *part =
			answer(&run, find_kind(rows[i].kind), EMQX_NODE, str_of(body));

		check_str(body, str_of(part->err.text), STR(""));
		check_number(body, "verdict", part->verdict, SOURCE_DELIVERED);
		check_str(body, run_samples(run, part->take.set), str_of(rows[i].samples));
		run_free(run);
	}
}

// Where an alarm should stand is something else: that is no alarm.
static void only_objects_are_alarms(void **state)
{
	struct run *run;
	struct run_part *part = answer(&run, find_kind("alarms"), EMQX_AGGREGATED,
		STR("{\"data\":[null,1,\"x\",[],{\"node\":1}]}"));

	(void)state;
	check_str("alarms", run_samples(run, part->take.set), STR("emqx_alarms_active 1\n"));
	run_free(run);
}

// A text as long as an answer can be, as a label's value, in a path and as a family's name.
static void absurdly_long_names_do_no_harm(void **state)
{
	static const struct {
		const char *name, *kind, *front, *back;
	} rows[] = {
		{ "a rule's id", "rules", "{\"data\":[{\"id\":\"", "\"}]}" },
		{ "an action's name", "actions", "[{\"type\":\"t\",\"name\":\"", "\"}]" },
		{ "a connector's name", "connectors", "[{\"type\":\"t\",\"name\":\"",
			"\",\"status\":\"connected\"}]" },
		{ "a listener's id", "listeners", "[{\"id\":\"",
			"\",\"enable\":true,\"status\":{\"running\":true}}]" },
		{ "an unknown key", "metrics", "{\"", "\":1}" },
		{ "a node's name", "nodes", "[{\"node\":\"",
			"\",\"node_status\":\"running\",\"uptime\":1},{\"node\":\"a@h\","
			"\"node_status\":\"running\"}]" },
		{ "a node's release", "nodes",
			"[{\"node\":\"a@h\",\"node_status\":\"running\",\"version\":\"", "\"}]" },
		{ "a node of alarms", "alarms", "{\"data\":[{\"node\":\"", "\"}]}" },
		{ "an authenticator's id", "authn", "[{\"id\":\"", "\"}]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *name = rows[i].name;
		struct buf body = buf_new(UNIT_LIMIT), out = buf_new(UNIT_LIMIT);
		struct str key = STR("job"), added = STR(""), line, rest;
		struct check_source source = { .name = STR("broker") };
		struct run *run;

		buf_add(&body, str_of(rows[i].front));
		while (body.len < MIB(3))
			buf_add(&body, STR("\xc3\xa4\\\\\\\"\xc3\xa4x"));
		buf_add(&body, str_of(rows[i].back));
		struct run_part *part =
			answer(&run, find_kind(rows[i].kind), EMQX_UNAGGREGATED, buf_str(&body));
		check_number(name, "verdict", part->verdict, SOURCE_DELIVERED);
		for (size_t k = 0; k < run->n_parts; k++)
			CHECK_ROW(name, run->parts[k].ask->request.url.len < MIB(16));
		run_conclude(run);
		struct check check = check_new(&run->arena, &key, 1, &source);
		check_add(&check, part->take.set, 0);
		check_add(&check, run->set, 0);
		check_finish(&check);
		write_set(&out, check.set, &added);
		CHECK_ROW(name, str_is_utf8(buf_str(&out)));
		for (rest = buf_str(&out); rest.len;) {
			str_cut(rest, '\n', &line, &rest);
			CHECK_ROW(name, line.len < WRITE_LONGEST_LINE);
		}
		buf_free(&body);
		buf_free(&out);
		run_free(run);
	}
}

// More than any broker has is a fault, or an attack on the memory here or behind.
static void absurd_numbers_of_things_are_refused(void **state)
{
	static const struct {
		const char *kind, *front, *row, *back, *text;
		int n_good;
	} rows[] = {
		{ "metrics", "{\"bytes.sent\":1", ",\"k#\":1", "}", "unknown statistics", 10000 },
		{ "rules", "{\"data\":[{\"id\":\"x\"}", ",{\"id\":\"r#\"}", "]}", "objects", 1999 },
		{ "authn", "[{\"id\":\"x\"}", ",{\"id\":\"r#\"}", "]", "objects", 1999 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
		int n = rows[i / 2].n_good + (i % 2 ? 30000 : 0);
		struct buf body = buf_new(UNIT_LIMIT);
		struct run *run;

		buf_add(&body, str_of(rows[i / 2].front));
		for (int k = 0; k < n; k++) {
			struct str row = str_of(rows[i / 2].row), before, after;

			str_cut(row, '#', &before, &after);
			buf_add(&body, before);
			buf_add_uint(&body, (uint64_t)k);
			buf_add(&body, after);
		}
		buf_add(&body, str_of(rows[i / 2].back));
		struct run_part *part =
			answer(&run, find_kind(rows[i / 2].kind), EMQX_NODE, buf_str(&body));
		check_number(rows[i / 2].text, "verdict", part->verdict,
			i % 2 ? SOURCE_FAILED : SOURCE_DELIVERED);
		if (i % 2) {
			check_number(rows[i / 2].text, "kind", part->err.kind, ERR_TOO_LARGE);
			CHECK_ROW(rows[i / 2].text, strstr(part->err.text, rows[i / 2].text));
		}
		buf_free(&body);
		run_free(run);
	}
}

static void alarms_of_invented_nodes_do_not_fill_the_memory(void **state)
{
	struct buf body = buf_new(UNIT_LIMIT);
	struct run *run;

	(void)state;
	buf_add(&body, STR("{\"data\":[null"));
	for (int i = 0; i < 3000; i++)
		buf_addf(&body, ",{\"node\":\"n%d\"}", i % 1500);
	buf_add(&body, STR("]}"));
	struct run_part *part =
		answer(&run, find_kind("alarms"), EMQX_UNAGGREGATED, buf_str(&body));
	check_number("alarms", "nodes", part->take.set->n_samples, 1024);
	check_str("alarms", part->take.set->first->last->value, STR("2"));
	buf_free(&body);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_that_is_no_json_is_refused),
		cmocka_unit_test(a_nul_is_refused),
		cmocka_unit_test(absurd_depth_is_refused),
		cmocka_unit_test(json_of_another_shape_is_refused),
		cmocka_unit_test(large_answers_are_refused_unread),
		cmocka_unit_test(gaps_are_left_out),
		cmocka_unit_test(gaps_in_lists_of_nodes_are_left_out),
		cmocka_unit_test(only_objects_are_alarms),
		cmocka_unit_test(absurdly_long_names_do_no_harm),
		cmocka_unit_test(absurd_numbers_of_things_are_refused),
		cmocka_unit_test(alarms_of_invented_nodes_do_not_fill_the_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
