// SPDX-License-Identifier: Apache-2.0
// What pages of text mean, and what follows where they are missing, refused, broken or of one node only.
#include "emqx_run.h"

#define PATH	   "/api/v5/prometheus/stats"
#define AGGREGATED "/api/v5/prometheus/stats?mode=all_nodes_aggregated"

static void pages_are_read_or_refused(void **state)
{
	static const struct {
		const char *name;
		int status;
		const char *type, *body;
		enum err_kind kind; // ERR_NONE: taken
		size_t position;
		const char *text;
	} rows[] = {
		{ "text", 200, "text/plain", "# TYPE m gauge\nm 1\n", ERR_NONE, 0, "" },
		{ "no type", 200, "", "m 1\n", ERR_NONE, 0, "" },
		{ "as EMQX ends it", 200, "text/plain", "m 1\n\n", ERR_NONE, 0, "" },
		{ "cut off", 200, "text/plain", "m 1\nn 2", ERR_BAD_BODY, 0,
			"the page is cut off within its last line, after 7 bytes" },
		{ "an empty page", 200, "text/plain", "", ERR_BAD_BODY, 0,
			"the page has no samples (0 bytes)" },
		{ "HTML", 200, "text/html", "m 1\n", ERR_BAD_BODY, 0,
			"the answer is text/html, not metrics; check the URL" },
		{ "JSON", 200, "application/json; charset=utf-8", "{}", ERR_BAD_BODY, 0,
			"the answer is application/json; charset=utf-8, not metrics; check the "
			"URL" },
		{ "HTML that says it is text", 200, "text/plain", "\n<html>\n", ERR_BAD_BODY, 2,
			"not metrics: line 2: it starts with no legal name (1 bad lines, 0 "
			"samples)" },
		{ "401", 401, "application/json", "{\"code\":\"UNAUTHORIZED\"}", ERR_HTTP_4XX, 0,
			"HTTP 401: {\"code\":\"UNAUTHORIZED\"}; set basic_auth to an API key, or "
			"login to a dashboard user" },
		{ "403", 403, "", "", ERR_HTTP_4XX, 0,
			"HTTP 403; the key or user needs the role viewer, and the scope "
			"monitoring" },
		{ "404", 404, "", "", ERR_HTTP_4XX, 0, "HTTP 404" },
		{ "500", 500, "", "crash\nstack\n", ERR_HTTP_5XX, 0, "HTTP 500: crash" },
		{ "302", 302, "", "", ERR_HTTP_3XX, 0, "HTTP 302" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(EMQX_NODE, "auth");
		struct http_answer answer = { .status = rows[i].status,
			.content_type = str_of(rows[i].type) };

		run_ask(run);
		struct run_part *part = &run->parts[0];
		run_settle(run, part, &answer, str_of(rows[i].body));
		check_number(rows[i].name, "verdict", part->verdict,
			rows[i].kind == ERR_NONE ? SOURCE_DELIVERED : SOURCE_FAILED);
		check_number(rows[i].name, "kind", part->err.kind, rows[i].kind);
		check_number(rows[i].name, "position", part->err.position, rows[i].position);
		check_str(rows[i].name, str_of(part->err.text), str_of(rows[i].text));
		run_free(run);
	}
}

static void refused_credentials_are_explained(void **state)
{
	static const struct {
		const char *name;
		bool has_key, has_header;
		int status;
		const char *text;
	} rows[] = {
		{ "a wrong key", true, false, 401,
			"HTTP 401; check the API key; a dashboard user needs login" },
		{ "a header of one's own", false, true, 401,
			"HTTP 401; check the API key; a dashboard user needs login" },
		{ "a key of the wrong kind", true, false, 403,
			"HTTP 403; the key or user needs the role viewer, and the scope "
			"access_control" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(EMQX_NODE, "banned");
		struct pair header = { STR("authorization"), STR("x") };

		run->own.node = STR("a@h");
		run->conf.http.basic_auth.given = rows[i].has_key;
		if (rows[i].has_header)
			run->conf.http.headers = (struct pair_list){ &header, 1 };
		run_ask(run);
		struct run_part *part =
			run_answer(run, "/api/v5/banned?page=1&limit=1", rows[i].status, "");
		check_str(rows[i].name, str_of(part->err.text), str_of(rows[i].text));
		run_free(run);
	}
}

// EMQX's own HELP is empty.
static void known_families_get_their_help(void **state)
{
	struct run *run = run_new(EMQX_NODE, "stats");
	struct buf text = buf_new(UNIT_LIMIT);
	const struct str added = STR("");

	(void)state;
	run_ask(run);
	struct run_part *part = run_answer(run, PATH, 200,
		"# TYPE emqx_bytes_sent counter\n# HELP emqx_bytes_sent \nemqx_bytes_sent 1\n"
		"# HELP emqx_delayed_count their own\nemqx_delayed_count 2\n"
		"# HELP emqx_new_thing \nemqx_new_thing 3\n");
	write_set(&text, part->take.set, &added);
	check_str("page", buf_str(&text),
		STR("# HELP emqx_bytes_sent Bytes sent to clients.\n"
		    "# TYPE emqx_bytes_sent counter\nemqx_bytes_sent 1\n"
		    "# HELP emqx_delayed_count their own\n# TYPE emqx_delayed_count untyped\n"
		    "emqx_delayed_count 2\n"
		    "# TYPE emqx_new_thing untyped\nemqx_new_thing 3\n"));
	buf_free(&text);
	run_free(run);
}

// Releases before 5.5 answer for one node, with status 200.
static void a_broker_that_ignores_the_mode_is_found_out(void **state)
{
	static const char text[] =
		"the broker ignores mode=all_nodes_aggregated, as releases before 5.5 do: this is "
		"one node's page, not the cluster's; set mode to \"node\", or credentials for JSON";
	struct run *run = run_new(EMQX_AGGREGATED, "stats auth");

	(void)state;
	run_ask(run);
	struct run_part *part = run_answer(run, AGGREGATED, 200, "emqx_connections_count 1\n");
	check_number("stats", "verdict", part->verdict, SOURCE_FAILED);
	check_number("stats", "kind", part->err.kind, ERR_BAD_BODY);
	check_str("stats", str_of(part->err.text), str_of(text));
	// Other pages may have no node in them.
	part = run_answer(run, "/api/v5/prometheus/auth?mode=all_nodes_aggregated", 200,
		"emqx_banned_count 1\n");
	check_number("auth", "verdict", part->verdict, SOURCE_DELIVERED);
	run_set_key(run);
	run_ask(run);
	part = run_answer(run, AGGREGATED, 200, "emqx_connections_count 1\n");
	check_number("with a key", "verdict", part->verdict, SOURCE_FELL_BACK);
	assert_non_null(run_find(run, "/api/v5/stats"));
	run_free(run);
}

static void json_stands_in_where_that_makes_sense(void **state)
{
	static const struct {
		const char *name;
		int status; // 0: no answer
		enum err_kind kind;
		const char *body;
		enum source_verdict verdict;
	} rows[] = {
		{ "a crashing collector", 500, ERR_NONE, "", SOURCE_FELL_BACK },
		{ "no permission", 403, ERR_NONE, "", SOURCE_FELL_BACK },
		{ "a bad request", 400, ERR_NONE, "", SOURCE_FELL_BACK },
		{ "no page", 200, ERR_NONE, "x", SOURCE_FELL_BACK },
		{ "a page cut off", 200, ERR_NONE, "m 1\nn 1", SOURCE_FELL_BACK },
		{ "time is over", 0, ERR_TIMED_OUT, "", SOURCE_FELL_BACK },
		{ "wrong credentials are wrong for JSON too", 401, ERR_NONE, "", SOURCE_FAILED },
		{ "the limiter wants less, not more", 429, ERR_NONE, "", SOURCE_FAILED },
		{ "moved", 301, ERR_NONE, "", SOURCE_FAILED },
		{ "out of reach", 0, ERR_UNREACHABLE, "", SOURCE_FAILED },
		{ "no TLS", 0, ERR_TLS, "", SOURCE_FAILED },
		{ "cancelled", 0, ERR_CANCELLED, "", SOURCE_FAILED },
		{ "left alone", 0, ERR_SKIPPED, "", SOURCE_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(EMQX_NODE, "stats");
		struct run_part *part;

		run_set_key(run);
		run->own.node = STR("a@h");
		run->state.met = true;
		run_ask(run);
		part = rows[i].status ? run_answer(run, PATH, rows[i].status, rows[i].body)
				      : run_fail(run, PATH, rows[i].kind);
		check_number(rows[i].name, "verdict", part->verdict, rows[i].verdict);
		CHECK_ROW(rows[i].name, part->err.kind != ERR_NONE && part->err.text[0]);
		check_str(rows[i].name, run_asks(run),
			rows[i].verdict == SOURCE_FELL_BACK
				? STR("stats /api/v5/nodes/a%40h/stats\n"
				      "stats /api/v5/nodes/a%40h/metrics default\n"
				      "stats /api/v5/nodes/a%40h default\n")
				: STR(""));
		run_free(run);
	}
}

static void json_stands_in_only_where_it_may(void **state)
{
	static const struct {
		const char *name, *endpoint, *collect;
		bool has_key;
	} rows[] = {
		{ "no credentials", "stats", "auto", false },
		{ "text only", "stats", "text", true },
		{ "no JSON tells it", "schema_validation", "auto", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(EMQX_NODE, rows[i].endpoint);

		run_set_collect(run, rows[i].collect);
		run->conf.http.basic_auth.given = rows[i].has_key;
		run->own.node = STR("a@h");
		run->state.met = true;
		run_ask(run);
		run_settle(run, &run->parts[0], &(struct http_answer){ .status = 500 }, STR(""));
		check_number(rows[i].name, "verdict", run->parts[0].verdict, SOURCE_FAILED);
		check_str(rows[i].name, run_asks(run), STR(""));
		run_free(run);
	}
}

static void a_fallback_waits_for_the_nodes_name(void **state)
{
	struct run *run = run_new(EMQX_NODE, "auth");

	(void)state;
	run_set_key(run);
	run->state.met = true;
	run_ask(run);
	struct run_part *part = run_answer(run, "/api/v5/prometheus/auth", 500, "");
	check_number("auth", "verdict", part->verdict, SOURCE_FELL_BACK);
	check_str("first", run_asks(run), STR("/status /status?format=json question anonymous\n"));
	run_answer(
		run, "/status?format=json", 200, "{\"rel_vsn\":\"v5.8.9\",\"node_name\":\"a@h\"}");
	check_str("then", run_asks(run),
		STR("auth /api/v5/authentication\n"
		    "auth /api/v5/authorization/sources default\n"
		    "auth /api/v5/banned?page=1&limit=1 default\n"));
	run_free(run);
}

// A 404 is no failure of what JSON tells as well; whether it is there is remembered for by-default only.
static void a_missing_page_is_asked_as_json(void **state)
{
	struct run *run = run_new(EMQX_NODE, "auth");

	(void)state;
	run_set_key(run);
	run->own.node = STR("a@h");
	run->state.met = true;
	run_ask(run);
	struct run_part *part = run_answer(run, "/api/v5/prometheus/auth", 404, "");
	check_number("auth", "verdict", part->verdict, SOURCE_ASKED_AGAIN);
	check_str("then", run_asks(run),
		STR("auth /api/v5/authentication\n"
		    "auth /api/v5/authorization/sources default\n"
		    "auth /api/v5/banned?page=1&limit=1 default\n"));
	run_free(run);
}

static void a_404_counts_where_anything_was_there(void **state)
{
	struct run *run = run_new(EMQX_NODE, "auth topic_metrics");

	(void)state;
	run_ask(run);
	run_answer(run, "/api/v5/prometheus/auth", 200, "m 1\n");
	run_answer(run, "/api/v5/prometheus/topic_metrics", 404, "");
	run_conclude(run);
	assert_true(run->state.missing_until_ns[ENDPOINT_TOPIC_METRICS] ==
		    run->now_ns + INT64_C(3600) * NS_PER_S);
	assert_true(run->state.missing_until_ns[ENDPOINT_AUTH] == 0);
	run_free(run);
	// A broker that has nothing at all is rather a proxy that is set up wrongly.
	run = run_new(EMQX_NODE, "auth topic_metrics");
	run_ask(run);
	run_answer(run, "/api/v5/prometheus/auth", 404, "");
	run_answer(run, "/api/v5/prometheus/topic_metrics", 404, "");
	run_answer(run, "/status?format=json", 200, "Node a@h is started\n");
	run_conclude(run);
	assert_true(run->state.missing_until_ns[ENDPOINT_TOPIC_METRICS] == 0);
	run_free(run);
}

static void a_404_of_json_is_remembered_too(void **state)
{
	struct run *run = run_new(EMQX_NODE, "license alarms");

	(void)state;
	run_set_key(run);
	run->own.node = STR("a@h");
	run->state.met = true;
	run_ask(run);
	struct run_part *part = run_answer(run, "/api/v5/license", 404, "");
	check_number("license", "verdict", part->verdict, SOURCE_FAILED);
	check_str("license", str_of(part->err.text), STR("HTTP 404"));
	run_answer(run, "/api/v5/alarms?activated=true&page=1&" RUN_LIMIT, 200, "{\"data\":[]}");
	run_conclude(run);
	assert_true(run->state.missing_until_ns[ENDPOINT_LICENSE] ==
		    run->now_ns + INT64_C(3600) * NS_PER_S);
	assert_true(run->state.missing_until_ns[ENDPOINT_ALARMS] == 0);
	run_free(run);
}

// EMQX 4 has one page, at another path; who was taken for one is asked for the other as soon as it lacks it.
static void the_page_of_emqx_4_is_found(void **state)
{
	static const char v4[] = "/api/v4/emqx_prometheus?type=prometheus";
	struct run *run = run_new(EMQX_NODE, "stats");

	(void)state;
	run->state.met = true;
	run_ask(run);
	struct run_part *part = run_answer(run, PATH, 404, "");
	check_number("5", "verdict", part->verdict, SOURCE_ASKED_AGAIN);
	part = run_answer(run, v4, 200, "m 1\n");
	check_number("4", "verdict", part->verdict, SOURCE_DELIVERED);
	check_str("4", part->ask->endpoint, STR("stats"));
	run_conclude(run);
	assert_int_equal(run->state.api, EMQX_API_V4);
	// It is remembered; and forgotten when the broker is upgraded.
	run_ask(run);
	assert_null(run_find(run, PATH));
	part = run_answer(run, v4, 404, "");
	check_number("upgraded", "verdict", part->verdict, SOURCE_ASKED_AGAIN);
	part = run_answer(run, PATH, 200, "m 1\n");
	check_number("upgraded", "verdict", part->verdict, SOURCE_DELIVERED);
	run_conclude(run);
	assert_int_equal(run->state.api, EMQX_API_V5);
	run_free(run);
}

// What one kind of broker lacked says nothing about the other.
static void what_was_missing_before_an_upgrade_is_forgotten(void **state)
{
	struct run *run = run_new(EMQX_NODE, "");

	(void)state;
	run->state.met = true;
	run_ask(run);
	run_answer(run, "/api/v5/prometheus/auth", 404, "");
	run_answer(run, PATH, 404, "");
	run_answer(run, "/api/v4/emqx_prometheus?type=prometheus", 200, "m 1\n");
	run_conclude(run);
	assert_true(run->state.missing_until_ns[ENDPOINT_AUTH] == 0);
	run_ask(run);
	check_str("4", run_asks(run),
		STR("stats /api/v4/emqx_prometheus?type=prometheus default\n"
		    "auth http_4xx unavailable: EMQX 4 does not have it default\n"
		    "data_integration http_4xx unavailable: EMQX 4 does not have it default\n"));
	run_answer(run, "/api/v4/emqx_prometheus?type=prometheus", 404, "");
	run_answer(run, PATH, 200, "m 1\n");
	run_conclude(run);
	run_ask(run);
	assert_non_null(run_find(run, "/api/v5/prometheus/auth"));
	run_free(run);
}

static void json_of_emqx_4_is_found(void **state)
{
	struct run *run = run_new(EMQX_AGGREGATED, "metrics alarms");

	(void)state;
	run_set_key(run);
	run->state.met = true;
	run_ask(run);
	struct run_part *part = run_answer(run, "/api/v5/metrics", 404, "");
	check_number("5", "verdict", part->verdict, SOURCE_ASKED_AGAIN);
	part = run_answer(run, "/api/v4/metrics", 200,
		"{\"code\":0,\"data\":[{\"node\":\"a@h\",\"metrics\":{\"bytes.sent\":1}}]}");
	check_str("4", run_samples(run, part->take.set), STR("emqx_bytes_sent 1\n"));
	// What EMQX 4 has not is not looked for there.
	part = run_answer(run, "/api/v5/alarms?activated=true&page=1&" RUN_LIMIT, 404, "");
	check_number("alarms", "verdict", part->verdict, SOURCE_FAILED);
	check_str("end", run_asks(run), STR(""));
	run_conclude(run);
	assert_int_equal(run->state.api, EMQX_API_V4);
	run_free(run);
}

static void json_that_neither_has_is_missing(void **state)
{
	struct run *run = run_new(EMQX_AGGREGATED, "metrics");

	(void)state;
	run_set_key(run);
	run->state.met = true;
	run_ask(run);
	run_answer(run, "/api/v5/metrics", 404, "");
	struct run_part *part = run_answer(run, "/api/v4/metrics", 404, "");
	check_number("neither", "verdict", part->verdict, SOURCE_FAILED);
	check_str("end", run_asks(run), STR(""));
	run_free(run);
}

static void a_node_that_the_broker_does_not_know_is_a_wrong_setting(void **state)
{
	struct run *run = run_new(EMQX_NODE, "metrics");

	(void)state;
	run_set_key(run);
	run->own.node = STR("b@h");
	run->state.met = true;
	run_ask(run);
	struct run_part *part = run_answer(run, "/api/v5/nodes/b%40h/metrics", 404,
		"{\"code\":\"NOT_FOUND\",\"message\":\"Node not found: b@h\"}");
	check_number("metrics", "verdict", part->verdict, SOURCE_FAILED);
	assert_true(part->take.is_failure);
	assert_non_null(strstr(part->err.text, "; check the setting node"));
	check_str("end", run_asks(run), STR(""));
	assert_int_equal(run->state.turn.missing, 0);
	run_free(run);
}

static void a_broker_with_neither_page_is_not_asked_for_ever(void **state)
{
	struct run *run = run_new(EMQX_NODE, "stats");

	(void)state;
	run->state.met = true;
	run_ask(run);
	run_answer(run, PATH, 404, "");
	struct run_part *part = run_answer(run, "/api/v4/emqx_prometheus?type=prometheus", 404, "");
	check_number("stats", "verdict", part->verdict, SOURCE_FAILED);
	check_number("stats", "kind", part->err.kind, ERR_HTTP_4XX);
	check_str("end", run_asks(run), STR(""));
	run_conclude(run);
	run->state.met = true;
	run_ask(run);
	assert_non_null(run_find(run, PATH));
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_read_or_refused),
		cmocka_unit_test(refused_credentials_are_explained),
		cmocka_unit_test(known_families_get_their_help),
		cmocka_unit_test(a_broker_that_ignores_the_mode_is_found_out),
		cmocka_unit_test(json_stands_in_where_that_makes_sense),
		cmocka_unit_test(json_stands_in_only_where_it_may),
		cmocka_unit_test(a_fallback_waits_for_the_nodes_name),
		cmocka_unit_test(a_missing_page_is_asked_as_json),
		cmocka_unit_test(a_404_counts_where_anything_was_there),
		cmocka_unit_test(a_404_of_json_is_remembered_too),
		cmocka_unit_test(the_page_of_emqx_4_is_found),
		cmocka_unit_test(what_was_missing_before_an_upgrade_is_forgotten),
		cmocka_unit_test(json_of_emqx_4_is_found),
		cmocka_unit_test(json_that_neither_has_is_missing),
		cmocka_unit_test(a_node_that_the_broker_does_not_know_is_a_wrong_setting),
		cmocka_unit_test(a_broker_with_neither_page_is_not_asked_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
