// SPDX-License-Identifier: Apache-2.0
// Settings of the source `emqx`, who the broker is, and the other types of sources.
#include "emqx_run.h"

static void settings_are_checked(void **state)
{
	static const struct {
		const char *name, *endpoints, *collect;
		bool has_key, has_login, only_global;
		struct str node, ns, user, password, password_file;
		const char *faults;
	} rows[] = {
		{ .name = "good",
			.endpoints = "stats auth",
			.node = STR_INIT("emqx@h"),
			.faults = "" },
		{ .name = "all", .endpoints = "all", .faults = "" },
		{ .name = "no endpoint",
			.endpoints = " ",
			.faults = "endpoints: is empty; name at least one, or remove it\n" },
		{ .name = "an endpoint twice",
			.endpoints = "stats stats",
			.faults = "endpoints: \"stats\" is given twice\n" },
		{ .name = "an unknown endpoint",
			.endpoints = "stat",
			.faults = "endpoints: \"stat\" is not one of all, stats, auth, "
				  "data_integration, schema_validation, message_transformation, "
				  "namespaced_stats, topic_metrics, metrics, nodes, "
				  "monitor_current, listeners, alarms, license, rules, banned\n" },
		{ .name = "all and more",
			.endpoints = "all stats",
			.faults = "endpoints: \"all\" stands alone; remove it or the others\n" },
		{ .name = "JSON without credentials",
			.endpoints = "stats alarms",
			.faults = "endpoints: \"alarms\" needs credentials; set basic_auth to an "
				  "API key, or login\n" },
		{ .name = "JSON with a key",
			.endpoints = "alarms license",
			.has_key = true,
			.faults = "" },
		{ .name = "no text",
			.endpoints = "stats rules",
			.collect = "text",
			.has_key = true,
			.faults = "endpoints: \"rules\" has no text, but collect is \"text\"; "
				  "remove one of them\n" },
		{ .name = "no JSON",
			.endpoints = "topic_metrics",
			.collect = "json",
			.has_key = true,
			.faults = "endpoints: \"topic_metrics\" has no JSON, but collect is "
				  "\"json\"; remove one of them\n" },
		{ .name = "nothing but JSON without credentials",
			.endpoints = "stats",
			.collect = "json",
			.faults = "collect: \"json\" needs credentials; set basic_auth to an API "
				  "key, or login\n" },
		{ .name = "an empty node",
			.endpoints = "stats",
			.node = STR_INIT(""),
			.faults = "node: is empty; give a name such as emqx@127.0.0.1, or remove "
				  "it\n" },
		{ .name = "a node that is not UTF-8",
			.endpoints = "stats",
			.node = STR_INIT("\xff"),
			.faults = "node: is not UTF-8\n" },
		{ .name = "an empty namespace",
			.endpoints = "stats",
			.ns = STR_INIT(""),
			.faults = "ns: is empty; give a name, or remove it\n" },
		{ .name = "a namespace and none",
			.endpoints = "stats",
			.ns = STR_INIT("n"),
			.only_global = true,
			.faults = "only_global: does not go with ns; remove one of them\n" },
		{ .name = "a login",
			.endpoints = "alarms",
			.has_login = true,
			.user = STR_INIT("u"),
			.password = STR_INIT("p"),
			.faults = "" },
		{ .name = "a login by file",
			.endpoints = "stats",
			.has_login = true,
			.user = STR_INIT("u"),
			.password_file = STR_INIT("f"),
			.faults = "" },
		{ .name = "a login of nobody",
			.endpoints = "stats",
			.has_login = true,
			.user = STR_INIT(""),
			.password = STR_INIT("p"),
			.faults = "login.username: is missing, empty or not UTF-8\n" },
		{ .name = "a login without a password",
			.endpoints = "stats",
			.has_login = true,
			.user = STR_INIT("u"),
			.faults = "login.password: is missing; give it or password_file\n" },
		{ .name = "a login beside a key",
			.endpoints = "stats",
			.has_key = true,
			.has_login = true,
			.user = STR_INIT("u"),
			.password = STR_INIT("p"),
			.faults = "login: use one of login, basic_auth, authorization and a header "
				  "Authorization\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(EMQX_NODE, rows[i].endpoints);
		struct buf faults = buf_new(UNIT_LIMIT);

		if (rows[i].endpoints[0] == ' ')
			run->own.endpoints.n = 0;
		if (rows[i].collect)
			run_set_collect(run, rows[i].collect);
		run->own.node = rows[i].node;
		run->own.ns = rows[i].ns;
		run->own.only_global = rows[i].only_global;
		run->own.login.given = rows[i].has_login;
		run->own.login.username = rows[i].user;
		run->own.login.password.value = rows[i].password;
		run->own.login.password.file = rows[i].password_file;
		run->conf.http.basic_auth.given = rows[i].has_key;
		source_emqx.check(&run->conf, &(struct setting_faults){ fill_note, &faults });
		check_str(rows[i].name, buf_str(&faults), str_of(rows[i].faults));
		buf_free(&faults);
		run_free(run);
	}
}

static void cluster_modes_need_six_seconds(void **state)
{
	static const int64_t wanted[] = {
		[EMQX_NODE] = 0, [EMQX_AGGREGATED] = 6000, [EMQX_UNAGGREGATED] = 6000
	};

	(void)state;
	for (int mode = 0; mode < N_EMQX_MODES; mode++) {
		struct run *run = run_new((enum emqx_mode)mode, "stats");

		assert_int_equal(source_emqx.needs_ms(&run->conf), wanted[mode]);
		run_free(run);
	}
}

static void check_identity(const char *row, const struct run *run, const void *known,
	const char *node, const char *cluster)
{
	struct str told_node, told_cluster;

	source_emqx.identify(&run->conf, known, &told_node, &told_cluster);
	check_str(row, told_node, str_of(node));
	check_str(row, told_cluster, str_of(cluster));
}

static void settings_go_before_what_the_broker_tells(void **state)
{
	struct run *run = run_new(EMQX_NODE, "stats");

	(void)state;
	check_identity("before the first cycle", run, NULL, "", "");
	check_identity("nothing is told", run, &run->state, "", "");
	emqx_remember(&run->state.node, STR("told@h"));
	emqx_remember(&run->state.cluster_name, STR("told"));
	check_identity("told", run, &run->state, "told@h", "told");
	run->own.node = STR("set@h");
	run->own.cluster_name = STR("set");
	check_identity("set", run, &run->state, "set@h", "set");
	check_identity("set", run, NULL, "set@h", "set");
	run_free(run);
}

static void the_secret_of_the_login_is_the_password(void **state)
{
	struct run *run = run_new(EMQX_NODE, "stats");

	(void)state;
	assert_ptr_equal(source_emqx.login_secret(&run->conf), &run->own.login.password);
	run_free(run);
}

static void the_status_tells_the_node(void **state)
{
	static const struct {
		const char *name;
		int status;
		const char *body;
		const char *node; // NULL: refused
		const char *cluster, *version;
		enum err_kind kind;
		const char *text;
	} rows[] = {
		{ "5.0 to 5.8", 200,
			"{\"rel_vsn\":\"v5.8.9\",\"node_name\":\"emqx@127.0.0.1\","
			"\"broker_status\":\"started\",\"app_status\":\"running\"}",
			"emqx@127.0.0.1", "", "5.8.9", ERR_NONE, "" },
		{ "5.9 and later", 200, "{\"cluster\":\"emqxcl\",\"node_name\":\"emqx@h\"}",
			"emqx@h", "emqxcl", "", ERR_NONE, "" },
		{ "a release without v", 200, "{\"rel_vsn\":\"5.8.9\",\"node_name\":\"emqx@h\"}",
			"emqx@h", "", "", ERR_NONE, "" },
		{ "words", 200, "Node emqx@127.0.0.1 is started\nemqx is running", "emqx@127.0.0.1",
			"", "", ERR_NONE, "" },
		{ "one line", 200, "Node a.b-c@host.example is starting", "a.b-c@host.example", "",
			"", ERR_NONE, "" },
		{ "CR LF", 200, "Node emqx@h is started\r\nemqx is running\r\n", "emqx@h", "", "",
			ERR_NONE, "" },
		{ "a name with blanks", 200, "Node a is b@h is started\n", "a is b@h", "", "",
			ERR_NONE, "" },
		{ "without a host", 200, "Node emqx is started\n", "emqx", "", "", ERR_NONE, "" },
		{ "empty", 200, "", NULL, "", "", ERR_BAD_BODY,
			"/status does not tell the node's name" },
		{ "one word", 200, "Node ", NULL, "", "", ERR_BAD_BODY,
			"/status does not tell the node's name" },
		{ "half a word", 200, "Nod", NULL, "", "", ERR_BAD_BODY,
			"/status does not tell the node's name" },
		{ "another word", 200, "node emqx@h is started\n", NULL, "", "", ERR_BAD_BODY,
			"/status does not tell the node's name" },
		{ "no name", 200, "Node  is started\n", NULL, "", "", ERR_BAD_BODY,
			"/status does not tell the node's name" },
		{ "nothing behind the name", 200, "Node emqx@h", NULL, "", "", ERR_BAD_BODY,
			"/status does not tell the node's name" },
		{ "not UTF-8", 200, "Node emqx@\xff is started\n", NULL, "", "", ERR_BAD_BODY,
			"/status does not tell the node's name" },
		{ "JSON without a name", 200, "{\"rel_vsn\":\"v5.8.9\"}", NULL, "", "5.8.9",
			ERR_BAD_BODY, "/status does not tell the node's name" },
		{ "no JSON", 200, "{\"node_name\":\"emqx@h\"", NULL, "", "", ERR_BAD_BODY,
			"/status does not tell the node's name" },
		{ "names of another kind", 200, "{\"node_name\":1,\"cluster\":[],\"rel_vsn\":{}}",
			NULL, "", "", ERR_BAD_BODY, "/status does not tell the node's name" },
		{ "503", 503, "Node emqx@h is stopped\n", NULL, "", "", ERR_HTTP_5XX,
			"HTTP 503: Node emqx@h is stopped" },
		{ "404", 404, "", NULL, "", "", ERR_HTTP_4XX, "HTTP 404" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(EMQX_NODE, "stats");

		run->wants_node = true;
		run_ask(run);
		struct run_part *part =
			run_answer(run, "/status?format=json", rows[i].status, rows[i].body);
		check_number(rows[i].name, "verdict", part->verdict,
			rows[i].node ? SOURCE_DELIVERED : SOURCE_FAILED);
		check_number(rows[i].name, "kind", part->err.kind, rows[i].kind);
		check_str(rows[i].name, str_of(part->err.text), str_of(rows[i].text));
		check_identity(rows[i].name, run, &run->state, rows[i].node ? rows[i].node : "",
			rows[i].cluster);
		check_str(rows[i].name, buf_str(&run->state.version), str_of(rows[i].version));
		check_number(rows[i].name, "met", run->state.met, rows[i].node != NULL);
		run_free(run);
	}
}

static void a_name_that_was_told_outlives_silence(void **state)
{
	struct run *run = run_new(EMQX_NODE, "stats");

	(void)state;
	run->wants_node = true;
	run_ask(run);
	run_answer(
		run, "/status?format=json", 200, "{\"rel_vsn\":\"v5.8.9\",\"node_name\":\"a@h\"}");
	run_conclude(run);
	// Nothing came but that: it is asked again, but a failure is nobody's loss.
	run_ask(run);
	check_str("again", run_asks(run),
		STR("stats /api/v5/prometheus/stats\n"
		    "/status /status?format=json question optional anonymous\n"));
	run_conclude(run);
	check_identity("silence", run, &run->state, "a@h", "");
	check_str("silence", buf_str(&run->state.version), STR("5.8.9"));
	run_free(run);
}

// Who the broker is may change with the connections to it, as behind a balancer or after an upgrade.
static void the_status_is_asked_again_after_a_new_connection(void **state)
{
	struct run *run = run_new(EMQX_NODE, "stats");
	struct http_answer page = { .status = 200 };

	(void)state;
	run_ask(run);
	run_answer(
		run, "/status?format=json", 200, "{\"rel_vsn\":\"v5.8.9\",\"node_name\":\"a@h\"}");
	page.on_new_connection = true; // as in the first cycle
	run_settle(run, run_find(run, "/api/v5/prometheus/stats"), &page, STR("m 1\n"));
	run_conclude(run);
	for (int cycle = 0; cycle < 3; cycle++) {
		run_ask(run);
		check_str("known", run_asks(run), STR("stats /api/v5/prometheus/stats\n"));
		page.on_new_connection = cycle == 2;
		run_settle(run, &run->parts[0], &page, STR("m 1\n"));
		run_conclude(run);
	}
	run_ask(run);
	assert_non_null(run_find(run, "/status?format=json"));
	run_free(run);
}

// Up to 5.8 /status does not tell the cluster's name, and later not the release.
static void json_tells_what_the_status_does_not(void **state)
{
	static const struct {
		const char *name;
		enum emqx_mode mode;
		bool has_key, wants_cluster, is_set;
		const char *body, *asks;
	} rows[] = {
		{ "all is told", EMQX_NODE, true, true, false,
			"{\"rel_vsn\":\"v5.8.9\",\"cluster\":\"c\",\"node_name\":\"a@h\"}", "" },
		{ "no cluster", EMQX_NODE, true, true, false,
			"{\"rel_vsn\":\"v5.8.9\",\"node_name\":\"a@h\"}",
			"/cluster /api/v5/cluster question\n" },
		{ "a cluster that is set", EMQX_NODE, true, true, true,
			"{\"rel_vsn\":\"v5.8.9\",\"node_name\":\"a@h\"}", "" },
		{ "a cluster that nobody wants", EMQX_NODE, true, false, false,
			"{\"rel_vsn\":\"v5.8.9\",\"node_name\":\"a@h\"}", "" },
		{ "no release", EMQX_NODE, true, false, false,
			"{\"cluster\":\"c\",\"node_name\":\"a@h\"}",
			"/nodes /api/v5/nodes/a%40h question optional\n" },
		{ "no release, of a cluster", EMQX_AGGREGATED, true, false, false,
			"{\"cluster\":\"c\",\"node_name\":\"a@h\"}",
			"/nodes /api/v5/nodes/a%40h question optional\n" },
		{ "words", EMQX_NODE, true, true, false, "Node a@h is started\n",
			"/nodes /api/v5/nodes/a%40h question optional\n"
			"/cluster /api/v5/cluster question\n" },
		{ "no credentials", EMQX_NODE, false, false, false, "Node a@h is started\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(rows[i].mode, "topic_metrics");

		run->conf.http.basic_auth.given = rows[i].has_key;
		run->wants_cluster = rows[i].wants_cluster;
		run->own.cluster_name = rows[i].is_set ? STR("set") : STR("");
		run_ask(run);
		run_settle(
			run, &run->parts[0], &(struct http_answer){ .status = 200 }, STR("m 1\n"));
		run_answer(run, "/status?format=json", 200, rows[i].body);
		check_str(rows[i].name, run_asks(run), str_of(rows[i].asks));
		run_free(run);
	}
}

static void the_cluster_tells_its_name(void **state)
{
	static const struct {
		const char *name;
		int status;
		const char *body, *cluster;
		enum source_verdict verdict;
	} rows[] = {
		{ "told", 200, "{\"name\":\"emqxcl\",\"nodes\":[],\"self\":\"a@h\"}", "emqxcl",
			SOURCE_DELIVERED },
		{ "refused", 403, "", "", SOURCE_FAILED },
		{ "no JSON", 200, "x", "", SOURCE_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(EMQX_NODE, "stats");

		run_set_key(run);
		run->wants_cluster = true;
		run_ask(run);
		run_answer(run, "/status?format=json", 200,
			"{\"rel_vsn\":\"v5.8.9\",\"node_name\":\"a@h\"}");
		struct run_part *part =
			run_answer(run, "/api/v5/cluster", rows[i].status, rows[i].body);
		check_number(rows[i].name, "verdict", part->verdict, rows[i].verdict);
		check_number(rows[i].name, "err", part->err.kind != ERR_NONE,
			rows[i].verdict == SOURCE_FAILED);
		check_identity(rows[i].name, run, &run->state, "a@h", rows[i].cluster);
		run_free(run);
	}
}

static void releases_compare_as_numbers(void **state)
{
	static const struct {
		const char *version;
		unsigned major, minor;
		bool is_since;
	} rows[] = {
		{ "", 0, 0, true },
		{ "", 5, 0, false },
		{ "5.8.9", 5, 8, true },
		{ "5.8.9", 5, 9, false },
		{ "5.10.4", 5, 9, true },
		{ "6.0.0", 5, 10, true },
		{ "4.4.19", 5, 0, false },
		{ "6.3.0-beta.2", 6, 3, true },
		{ "6", 6, 0, true },
		{ "6", 6, 1, false },
		{ "10.0.0", 6, 3, true },
		{ "x.y", 1, 0, false },
		{ "99999999999999999999.1", 6, 3, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct emqx_state known = { 0 };

		emqx_set_version(&known, str_of(rows[i].version));
		check_number(rows[i].version, "since",
			emqx_is_since(&known, rows[i].major, rows[i].minor), rows[i].is_since);
		source_emqx.free_state(&known);
	}
}

// 2. All types

static void types_are_found_by_their_names(void **state)
{
	(void)state;
	assert_ptr_equal(source_find_type(STR("emqx")), &source_emqx);
	assert_ptr_equal(source_find_type(STR("emqx_cloud")), &source_emqx_cloud);
	assert_ptr_equal(source_find_type(STR("prometheus")), &source_prometheus);
	assert_null(source_find_type(STR("EMQX")));
	assert_null(source_find_type(STR("")));
	assert_string_equal(
		source_type_names(), "emqx, emqx_clients, emqx_cloud, json, prometheus");
}

static void asks_stand_in_their_order(void **state)
{
	struct arena arena = { 0 };
	struct source_conf conf = { .type = &source_prometheus };
	struct source_turn turn = { .conf = &conf, .arena = &arena };

	(void)state;
	for (int round = 0; round < 2; round++) {
		struct source_ask *first = source_add_ask(&turn, STR("a"));
		struct source_ask *second = source_add_ask(&turn, STR("b"));

		assert_ptr_equal(turn.asks, first);
		assert_ptr_equal(first->next, second);
		assert_null(second->next);
		turn.asks = NULL; // the agent has taken them over
	}
	arena_free(&arena);
}

static void a_base_and_a_path_have_one_slash_between_them(void **state)
{
	static const char *const bases[] = { "http://h", "http://h/", "http://h///" };
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bases); i++)
		check_str(bases[i], source_url(&arena, str_of(bases[i]), "/x?y"),
			STR("http://h/x?y"));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(cluster_modes_need_six_seconds),
		cmocka_unit_test(settings_go_before_what_the_broker_tells),
		cmocka_unit_test(the_secret_of_the_login_is_the_password),
		cmocka_unit_test(the_status_tells_the_node),
		cmocka_unit_test(a_name_that_was_told_outlives_silence),
		cmocka_unit_test(the_status_is_asked_again_after_a_new_connection),
		cmocka_unit_test(json_tells_what_the_status_does_not),
		cmocka_unit_test(the_cluster_tells_its_name),
		cmocka_unit_test(releases_compare_as_numbers),
		cmocka_unit_test(types_are_found_by_their_names),
		cmocka_unit_test(asks_stand_in_their_order),
		cmocka_unit_test(a_base_and_a_path_have_one_slash_between_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
