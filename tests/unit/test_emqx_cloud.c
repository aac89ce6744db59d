// SPDX-License-Identifier: Apache-2.0
#include "metric/write.h"
#include "settings_fill.h"
#include "source/source.h"
#include "unit.h"

enum { MOST_ENDPOINTS = 3 };

// Settings of the type; larger than it needs.
struct own {
	void *space[64];
};

static struct str both_pages[] = { STR_INIT("deployment_metrics"), STR_INIT("data_integration") };

static struct source_conf source(struct own *own, const char *url)
{
	const struct setting_table *table = &source_emqx_cloud.settings;
	struct source_conf conf = { .name = STR("cloud"), .type = &source_emqx_cloud, .own = own };

	assert_true(source_emqx_cloud.conf_size <= sizeof(*own));
	conf.http.url = str_of(url);
	conf.http.basic_auth.given = true;
	fill_choice(table, own, "names", STR("cloud"));
	*(struct str_list *)fill_place(table, own, "endpoints") =
		(struct str_list){ both_pages, ARRAY_LEN(both_pages), false };
	*(int64_t *)fill_place(table, own, "min_interval") = 120000;
	return conf;
}

static void pages_are_asked_at_most_so_often(void **state)
{
	struct arena arena = { 0 };
	struct own own = { 0 };
	struct source_conf conf = source(&own, "https://h:8443/api/v5/");
	struct source_turn turn = { .conf = &conf, .arena = &arena };

	(void)state;
	source_emqx_cloud.ask(&turn);
	const struct source_ask *first = turn.asks, *second = first->next;
	assert_null(second->next);
	check_str("first", first->endpoint, STR("deployment_metrics"));
	check_str("first", first->request.url,
		STR("https://h:8443/api/v5/deployment_metrics?type=prometheus"));
	check_str("second", second->endpoint, STR("data_integration"));
	check_str("second", second->request.url,
		STR("https://h:8443/api/v5/deployment_metrics/data_integration?type=prometheus"));
	for (const struct source_ask *ask = first; ask; ask = ask->next) {
		check_str("accept", ask->request.accept, STR("text/plain"));
		check_str("method", ask->request.method, STR("GET"));
		assert_true(ask->request.conf == &conf.http && !ask->request.anonymous);
		assert_int_equal(ask->pause_ms, 120000);
		assert_false(ask->pause_is_shared);
		assert_true(ask->by_default);
		assert_false(ask->is_question);
	}
	arena_free(&arena);
}

static void a_page_that_is_named_must_be_there(void **state)
{
	struct arena arena = { 0 };
	struct own own = { 0 };
	struct source_conf conf = source(&own, "https://h");
	struct source_turn turn = { .conf = &conf, .arena = &arena };

	(void)state;
	*(struct str_list *)fill_place(&source_emqx_cloud.settings, &own, "endpoints") =
		(struct str_list){ both_pages + 1, 1, true };
	source_emqx_cloud.ask(&turn);
	assert_null(turn.asks->next);
	assert_false(turn.asks->by_default);
	check_str("endpoint", turn.asks->endpoint, STR("data_integration"));
	arena_free(&arena);
}

static void settings_are_checked(void **state)
{
	static const char no_https[] =
		"url: must start with https://, since the app secret goes there\n";
	static const char two_too_often[] =
		"min_interval: asks 2 pages more than 60 times an hour in all, which is what the "
		"platform takes; raise it to 120s at least\n";
	static const struct {
		const char *name, *url;
		struct str endpoints[MOST_ENDPOINTS];
		size_t n_endpoints;
		int64_t min_interval_ms;
		bool has_no_key;
		const char *faults;
	} rows[] = {
		{ .name = "good", .url = "https://h", .faults = "" },
		{ .name = "good in capitals", .url = "HTTPS://h", .faults = "" },
		{ .name = "this machine", .url = "http://127.0.0.1:8443", .faults = "" },
		{ .name = "all of it", .url = "http://127.9.9.9", .faults = "" },
		{ .name = "its name", .url = "http://localhost:1/", .faults = "" },
		{ .name = "its name with a path", .url = "http://LOCALHOST/x", .faults = "" },
		{ .name = "its name alone", .url = "http://localhost", .faults = "" },
		{ .name = "version 6", .url = "http://[::1]:1", .faults = "" },
		{ .name = "in the clear", .url = "http://h", .faults = no_https },
		{ .name = "a name like this machine's",
			.url = "http://localhost.example",
			.faults = no_https },
		{ .name = "an address that is a name",
			.url = "http://127.evil.example",
			.faults = no_https },
		{ .name = "an address in a name",
			.url = "http://127.0.0.1.evil.example",
			.faults = no_https },
		{ .name = "no credentials",
			.url = "https://h",
			.has_no_key = true,
			.faults = "basic_auth: is missing; its username is the app id, its "
				  "password the app secret\n" },
		{ .name = "an unknown page",
			.url = "https://h",
			.endpoints = { STR_INIT("stats") },
			.n_endpoints = 1,
			.faults = "endpoints: \"stats\" is not one of deployment_metrics, "
				  "data_integration\n" },
		{ .name = "a page twice",
			.url = "https://h",
			.endpoints = { STR_INIT("data_integration"), STR_INIT("data_integration") },
			.n_endpoints = 2,
			.faults = "endpoints: \"data_integration\" is given twice\n" },
		{ .name = "two pages, too often",
			.url = "https://h",
			.min_interval_ms = 60000,
			.faults = two_too_often },
		{ .name = "two pages, a little too often",
			.url = "https://h",
			.min_interval_ms = 119999,
			.faults = two_too_often },
		{ .name = "one page may come more often",
			.url = "https://h",
			.endpoints = { STR_INIT("data_integration") },
			.n_endpoints = 1,
			.min_interval_ms = 60000,
			.faults = "" },
		{ .name = "but not that often",
			.url = "https://h",
			.endpoints = { STR_INIT("data_integration") },
			.n_endpoints = 1,
			.min_interval_ms = 59999,
			.faults = "min_interval: asks 1 pages more than 60 times an hour in all, "
				  "which is what the platform takes; raise it to 60s at least\n" },
	};
	const struct setting_table *table = &source_emqx_cloud.settings;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct own own = { 0 };
		struct source_conf conf = source(&own, rows[i].url);
		struct str endpoints[MOST_ENDPOINTS];
		struct buf faults = buf_new(UNIT_LIMIT);

		memcpy(endpoints, rows[i].endpoints, sizeof(endpoints));
		if (rows[i].n_endpoints)
			*(struct str_list *)fill_place(table, &own, "endpoints") =
				(struct str_list){ endpoints, rows[i].n_endpoints, true };
		if (rows[i].min_interval_ms)
			*(int64_t *)fill_place(table, &own, "min_interval") =
				rows[i].min_interval_ms;
		conf.http.basic_auth.given = !rows[i].has_no_key;
		source_emqx_cloud.check(&conf, &(struct setting_faults){ fill_note, &faults });
		check_str(rows[i].name, buf_str(&faults), str_of(rows[i].faults));
		buf_free(&faults);
	}
}

static void no_page_is_a_fault(void **state)
{
	struct own own = { 0 };
	struct source_conf conf = source(&own, "https://h");
	struct buf faults = buf_new(UNIT_LIMIT);

	(void)state;
	((struct str_list *)fill_place(&source_emqx_cloud.settings, &own, "endpoints"))->n = 0;
	source_emqx_cloud.check(&conf, &(struct setting_faults){ fill_note, &faults });
	check_str("none", buf_str(&faults),
		STR("endpoints: is empty; name at least one, or remove it\n"));
	buf_free(&faults);
}

static void names_and_types_may_be_those_of_a_broker_of_ones_own(void **state)
{
	static const char page[] =
		"# HELP deployment_emqx_connections_count theirs\n"
		"# TYPE deployment_emqx_connections_count gauge\n"
		"deployment_emqx_connections_count{platform=\"p\"} 1\n"
		"# TYPE deployment_emqx_metrics_bytes_sent gauge\n"
		"deployment_emqx_metrics_bytes_sent{platform=\"p\"} 2\n"
		"# TYPE deployment_emqx_metrics_connections_count gauge\n"
		"deployment_emqx_metrics_connections_count 3\n"
		"# TYPE deployment_emqx_metrics_new gauge\n"
		"deployment_emqx_metrics_new 4\n"
		"# TYPE deployment_emqx_rule_matched_count gauge\n"
		"deployment_emqx_rule_matched_count{match_status=\"matched\"} 5\n"
		"# TYPE deployment_emqx_rule_matched_rate gauge\n"
		"deployment_emqx_rule_matched_rate 6\n"
		"# TYPE deployment_emqx_rule_action_execution_count gauge\n"
		"deployment_emqx_rule_action_execution_count 7\n"
		"# TYPE deployment_emqx_metrics_client_connect untyped\n"
		"deployment_emqx_metrics_client_connect 8\n"
		"# TYPE other gauge\n"
		"other 9\n";
#define COMMON_FRONT                                                                               \
	"# HELP deployment_emqx_connections_count theirs\n"                                        \
	"# TYPE deployment_emqx_connections_count gauge\n"                                         \
	"deployment_emqx_connections_count{platform=\"p\"} 1\n"
#define RULES(type)                                                                                \
	"# TYPE deployment_emqx_rule_matched_count " type "\n"                                     \
	"deployment_emqx_rule_matched_count{match_status=\"matched\"} 5\n"                         \
	"# TYPE deployment_emqx_rule_matched_rate gauge\n"                                         \
	"deployment_emqx_rule_matched_rate 6\n"                                                    \
	"# TYPE deployment_emqx_rule_action_execution_count " type "\n"                            \
	"deployment_emqx_rule_action_execution_count 7\n"
#define METRICS(front, type)                                                                       \
	"# TYPE " front "bytes_sent " type "\n" front "bytes_sent{platform=\"p\"} 2\n"             \
	"# TYPE " front "connections_count gauge\n" front "connections_count 3\n"                  \
	"# TYPE " front "new gauge\n" front "new 4\n"
#define COMMON_BACK(front)                                                                         \
	"# TYPE " front "client_connect untyped\n" front "client_connect 8\n"                      \
	"# TYPE other gauge\nother 9\n"
#define CLOUD "deployment_emqx_metrics_"
	static const struct {
		const char *name, *names;
		bool correct_types;
		const char *text;
	} rows[] = {
		{ "as it is", "cloud", false, page },
		{ "types", "cloud", true,
			COMMON_FRONT METRICS(CLOUD, "counter") RULES("counter")
				COMMON_BACK(CLOUD) },
		{ "names", "self_hosted", false,
			COMMON_FRONT METRICS("emqx_", "gauge") RULES("gauge")
				COMMON_BACK("emqx_") },
		{ "both", "self_hosted", true,
			COMMON_FRONT METRICS("emqx_", "counter") RULES("counter")
				COMMON_BACK("emqx_") },
	};
#undef CLOUD
#undef COMMON_BACK
#undef METRICS
#undef RULES
#undef COMMON_FRONT

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct own own = { 0 };
		struct source_conf conf = source(&own, "https://h");
		struct source_turn turn = { .conf = &conf, .arena = &arena };
		struct source_take take = { .set = metric_set_new(&arena) };
		struct http_answer answer = { .status = 200, .body = buf_new(UNIT_LIMIT) };
		struct buf text = buf_new(UNIT_LIMIT);
		struct str added = STR("");
		struct err err = { 0 };

		fill_choice(&source_emqx_cloud.settings, &own, "names", str_of(rows[i].names));
		*(bool *)fill_place(&source_emqx_cloud.settings, &own, "correct_types") =
			rows[i].correct_types;
		source_emqx_cloud.ask(&turn);
		buf_add(&answer.body, str_of(page));
		check_number(rows[i].name, "verdict",
			source_emqx_cloud.take(&turn, turn.asks, &answer, &take, &err),
			SOURCE_DELIVERED);
		write_set(&text, take.set, &added);
		check_str(rows[i].name, buf_str(&text), str_of(rows[i].text));
		check_number(rows[i].name, "samples", take.set->n_samples, 9);
		buf_free(&answer.body);
		buf_free(&text);
		arena_free(&arena);
	}
}

static void answers_that_are_no_page_are_refused(void **state)
{
	static const struct {
		const char *name;
		int status;
		const char *body;
		enum err_kind kind;
	} rows[] = {
		{ "no page", 200, "{}", ERR_BAD_BODY },
		{ "nothing", 200, "", ERR_BAD_BODY },
		{ "wrong credentials", 401, "", ERR_HTTP_4XX },
		{ "too often", 429, "", ERR_HTTP_4XX },
		{ "down", 503, "", ERR_HTTP_5XX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct own own = { 0 };
		struct source_conf conf = source(&own, "https://h");
		struct source_turn turn = { .conf = &conf, .arena = &arena };
		struct source_take take = { .set = metric_set_new(&arena) };
		struct http_answer answer = { .status = rows[i].status,
			.body = buf_new(UNIT_LIMIT) };
		struct err err = { 0 };

		fill_choice(&source_emqx_cloud.settings, &own, "names", STR("self_hosted"));
		source_emqx_cloud.ask(&turn);
		turn.asks = NULL;
		buf_add(&answer.body, str_of(rows[i].body));
		check_number(rows[i].name, "verdict",
			source_emqx_cloud.take(&turn, NULL, &answer, &take, &err), SOURCE_FAILED);
		check_number(rows[i].name, "kind", err.kind, rows[i].kind);
		assert_null(turn.asks);
		buf_free(&answer.body);
		arena_free(&arena);
	}
}

// Of what their page has under both names one family is made, with all samples.
static void names_that_meet_are_one_family(void **state)
{
	struct arena arena = { 0 };
	struct own own = { 0 };
	struct source_conf conf = source(&own, "https://h");
	struct source_turn turn = { .conf = &conf, .arena = &arena };
	struct source_take take = { .set = metric_set_new(&arena) };
	struct http_answer answer = { .status = 200, .body = buf_new(UNIT_LIMIT) };
	struct buf text = buf_new(UNIT_LIMIT);
	struct str added = STR("");
	struct err err = { 0 };

	(void)state;
	fill_choice(&source_emqx_cloud.settings, &own, "names", STR("self_hosted"));
	buf_add(&answer.body, STR("# TYPE emqx_x gauge\nemqx_x{a=\"1\"} 1\n"
				  "# TYPE deployment_emqx_metrics_x gauge\n"
				  "deployment_emqx_metrics_x{a=\"2\"} 2\n"));
	assert_int_equal(
		source_emqx_cloud.take(&turn, NULL, &answer, &take, &err), SOURCE_DELIVERED);
	write_set(&text, take.set, &added);
	check_str("merged", buf_str(&text),
		STR("# TYPE emqx_x gauge\nemqx_x{a=\"1\"} 1\nemqx_x{a=\"2\"} 2\n"));
	buf_free(&answer.body);
	buf_free(&text);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_asked_at_most_so_often),
		cmocka_unit_test(a_page_that_is_named_must_be_there),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(no_page_is_a_fault),
		cmocka_unit_test(names_and_types_may_be_those_of_a_broker_of_ones_own),
		cmocka_unit_test(answers_that_are_no_page_are_refused),
		cmocka_unit_test(names_that_meet_are_one_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
