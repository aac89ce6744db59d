// SPDX-License-Identifier: Apache-2.0
#include "settings_fill.h"
#include "source/source.h"
#include "unit.h"

enum { MOST_PAGES = 4 };

// Settings of the type; larger than it needs.
struct own {
	void *space[64];
};

static struct source_conf source(struct own *own, const char *url, const char *mode,
	struct str *endpoints, size_t n_endpoints, bool given)
{
	const struct setting_table *table = &source_emqx.settings;
	struct source_conf conf = { .name = STR("broker"), .type = &source_emqx, .own = own };

	assert_true(source_emqx.conf_size <= sizeof(*own));
	conf.http.url = str_of(url);
	fill_choice(table, own, "mode", str_of(mode));
	*(struct str_list *)fill_place(table, own, "endpoints") =
		(struct str_list){ endpoints, n_endpoints, given };
	return conf;
}

static struct str all_pages[] = { STR_INIT("stats"), STR_INIT("auth"),
	STR_INIT("data_integration") };

static void asks_for_each_page_in_its_mode(void **state)
{
	static const struct {
		const char *name, *base, *mode;
		size_t n_endpoints;
		bool want_node;
		const char *urls[MOST_PAGES];
	} rows[] = {
		{ "all pages of a node", "http://h:18083", "node", 3, false,
			{ "http://h:18083/api/v5/prometheus/stats",
				"http://h:18083/api/v5/prometheus/auth",
				"http://h:18083/api/v5/prometheus/data_integration" } },
		{ "with the node's name", "http://h:18083/", "node", 1, true,
			{ "http://h:18083/api/v5/prometheus/stats", "http://h:18083/status" } },
		{ "aggregated", "https://h", "all_nodes_aggregated", 2, false,
			{ "https://h/api/v5/prometheus/stats?mode=all_nodes_aggregated",
				"https://h/api/v5/prometheus/auth?mode=all_nodes_aggregated" } },
		{ "unaggregated, behind a prefix", "https://h/emqx/", "all_nodes_unaggregated", 1,
			true,
			{ "https://h/emqx/api/v5/prometheus/stats?mode=all_nodes_unaggregated",
				"https://h/emqx/status" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct own own = { 0 };
		struct source_conf conf = source(
			&own, rows[i].base, rows[i].mode, all_pages, rows[i].n_endpoints, true);
		struct source_ask *asks;
		size_t n = source_emqx.ask(&conf, rows[i].want_node, &arena, &asks);
		size_t n_wanted = 0;

		while (n_wanted < MOST_PAGES && rows[i].urls[n_wanted])
			n_wanted++;
		check_number(rows[i].name, "requests", n, n_wanted);
		for (size_t k = 0; k < n; k++) {
			bool is_page = k < rows[i].n_endpoints;

			check_str(rows[i].name, asks[k].request.url, str_of(rows[i].urls[k]));
			check_str(rows[i].name, asks[k].request.method, STR("GET"));
			check_str(rows[i].name, asks[k].request.accept, STR("text/plain"));
			check_str(rows[i].name, asks[k].endpoint, is_page ? all_pages[k] : STR(""));
			check_number(
				rows[i].name, "anonymous", asks[k].request.anonymous, !is_page);
			CHECK_ROW(rows[i].name, asks[k].request.conf == &conf.http);
			CHECK_ROW(rows[i].name, asks[k].request.body.len == 0);
			CHECK_ROW(rows[i].name, !asks[k].by_default);
		}
		arena_free(&arena);
	}
}

static void pages_that_nobody_named_are_there_by_default(void **state)
{
	struct arena arena = { 0 };
	struct own own = { 0 };
	struct source_conf conf = source(&own, "http://h", "node", all_pages, 3, false);
	struct source_ask *asks;

	(void)state;
	assert_int_equal(source_emqx.ask(&conf, true, &arena, &asks), 4);
	for (size_t i = 0; i < 3; i++)
		assert_true(asks[i].by_default);
	assert_false(asks[3].by_default);
	arena_free(&arena);
}

static void the_status_page_tells_the_nodes_name(void **state)
{
	static const struct {
		const char *name;
		int status;
		const char *body, *node; // node NULL: refused
		enum err_kind kind;
		const char *text;
	} rows[] = {
		{ "as EMQX writes it", 200, "Node emqx@127.0.0.1 is started\nemqx is running",
			"emqx@127.0.0.1", ERR_NONE, "" },
		{ "one line", 200, "Node a.b-c@host.example is starting", "a.b-c@host.example",
			ERR_NONE, "" },
		{ "CR LF", 200, "Node emqx@h is started\r\nemqx is running\r\n", "emqx@h", ERR_NONE,
			"" },
		{ "without a host", 200, "Node emqx is started\n", "emqx", ERR_NONE, "" },
		{ "empty", 200, "", NULL, ERR_BAD_BODY, "/status does not tell the node's name" },
		{ "another word", 200, "node emqx@h is started\n", NULL, ERR_BAD_BODY,
			"/status does not tell the node's name" },
		{ "no name", 200, "Node  is started\n", NULL, ERR_BAD_BODY,
			"/status does not tell the node's name" },
		{ "nothing behind the name", 200, "Node emqx@h", NULL, ERR_BAD_BODY,
			"/status does not tell the node's name" },
		{ "not UTF-8", 200, "Node emqx@\xff is started\n", NULL, ERR_BAD_BODY,
			"/status does not tell the node's name" },
		{ "JSON", 200, "{\"node_name\":\"emqx@h\"}", NULL, ERR_BAD_BODY,
			"/status does not tell the node's name" },
		{ "503", 503, "Node emqx@h is stopped\n", NULL, ERR_HTTP_5XX,
			"HTTP 503: Node emqx@h is stopped" },
		{ "404", 404, "", NULL, ERR_HTTP_4XX, "HTTP 404" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct own own = { 0 };
		struct source_conf conf = source(&own, "http://h", "node", all_pages, 3, true);
		struct source_ask ask = { .endpoint = STR("") };
		struct source_take take = { .set = metric_set_new(&arena) };
		struct http_answer answer = { .status = rows[i].status,
			.body = buf_new(UNIT_LIMIT) };
		struct err err = { 0 };

		buf_add(&answer.body, str_of(rows[i].body));
		bool good = source_emqx.take(&conf, &ask, &answer, &take, &err);
		buf_free(&answer.body);
		check_number(rows[i].name, "good", good, rows[i].node != NULL);
		check_number(rows[i].name, "kind", err.kind, rows[i].kind);
		check_str(rows[i].name, take.node, str_of(rows[i].node));
		check_str(rows[i].name, str_of(err.text), str_of(rows[i].text));
		arena_free(&arena);
	}
}

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
			"HTTP 401: {\"code\":\"UNAUTHORIZED\"}" },
		{ "404", 404, "", "", ERR_HTTP_4XX, 0, "HTTP 404" },
		{ "500", 500, "", "crash\nstack\n", ERR_HTTP_5XX, 0, "HTTP 500: crash" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct own own = { 0 };
		struct source_conf conf = source(&own, "http://h", "node", all_pages, 3, true);
		struct source_ask ask = { .endpoint = STR("stats") };
		struct source_take take = { .set = metric_set_new(&arena) };
		struct http_answer answer = { .status = rows[i].status,
			.content_type = str_of(rows[i].type),
			.body = buf_new(UNIT_LIMIT) };
		struct err err = { 0 };

		buf_add(&answer.body, str_of(rows[i].body));
		bool good = source_emqx.take(&conf, &ask, &answer, &take, &err);
		check_number(rows[i].name, "good", good, rows[i].kind == ERR_NONE);
		check_number(rows[i].name, "kind", err.kind, rows[i].kind);
		check_number(rows[i].name, "position", err.position, rows[i].position);
		check_str(rows[i].name, str_of(err.text), str_of(rows[i].text));
		check_number(rows[i].name, "samples", take.set->n_samples, good ? 1 : 0);
		buf_free(&answer.body);
		arena_free(&arena);
	}
}

static void settings_are_checked(void **state)
{
	static const struct {
		const char *name;
		struct str endpoints[MOST_PAGES];
		struct str node;
		const char *faults;
	} rows[] = {
		{ "good", { STR_INIT("stats"), STR_INIT("auth") }, STR_INIT("emqx@h"), "" },
		{ "no node", { STR_INIT("stats") }, { NULL, 0 }, "" },
		{ "no endpoint", { STR_INIT("") }, { NULL, 0 },
			"endpoints: is empty; name at least one, or remove it\n" },
		{ "an endpoint twice", { STR_INIT("stats"), STR_INIT("stats") }, { NULL, 0 },
			"endpoints: \"stats\" is given twice\n" },
		{ "an unknown endpoint", { STR_INIT("stat") }, { NULL, 0 },
			"endpoints: \"stat\" is not one of stats, auth, data_integration\n" },
		{ "an empty node", { STR_INIT("stats") }, STR_INIT(""),
			"node: is empty; give a name such as emqx@127.0.0.1\n" },
		{ "a node that is not UTF-8", { STR_INIT("stats") }, STR_INIT("\xff"),
			"node: is not UTF-8\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct own own = { 0 };
		struct str endpoints[MOST_PAGES];
		struct buf faults = buf_new(UNIT_LIMIT);
		size_t n = 0;

		memcpy(endpoints, rows[i].endpoints, sizeof(endpoints));
		while (endpoints[n].len)
			n++;
		struct source_conf conf = source(&own, "http://h", "node", endpoints, n, true);
		fill_str(&source_emqx.settings, &own, "node", rows[i].node);
		source_emqx.check(&conf, &(struct setting_faults){ fill_note, &faults });
		check_str(rows[i].name, buf_str(&faults), str_of(rows[i].faults));
		buf_free(&faults);
	}
}

static void cluster_modes_need_six_seconds(void **state)
{
	static const struct {
		const char *mode;
		int64_t ms;
	} rows[] = {
		{ "node", 0 },
		{ "all_nodes_aggregated", 6000 },
		{ "all_nodes_unaggregated", 6000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct own own = { 0 };
		struct source_conf conf =
			source(&own, "http://h", rows[i].mode, all_pages, 3, true);

		check_number(rows[i].mode, "ms", (uint64_t)source_emqx.needs_ms(&conf),
			(uint64_t)rows[i].ms);
	}
}

static void the_setting_tells_node_and_cluster(void **state)
{
	struct own own = { 0 };
	struct source_conf conf = source(&own, "http://h", "node", all_pages, 3, true);
	struct str node, cluster_name;

	(void)state;
	source_emqx.identify(&conf, &node, &cluster_name);
	assert_int_equal(node.len, 0);
	assert_int_equal(cluster_name.len, 0);
	fill_str(&source_emqx.settings, &own, "node", STR("emqx@h"));
	fill_str(&source_emqx.settings, &own, "cluster_name", STR("c"));
	source_emqx.identify(&conf, &node, &cluster_name);
	check_str("node", node, STR("emqx@h"));
	check_str("cluster", cluster_name, STR("c"));
}

static void a_prometheus_source_asks_its_own_url(void **state)
{
	struct arena arena = { 0 };
	struct source_conf conf = { .type = &source_prometheus };
	struct source_ask *asks;

	(void)state;
	conf.http.url = STR("http://h:9100/metrics?collect=cpu");
	assert_int_equal(source_prometheus.ask(&conf, false, &arena, &asks), 1);
	check_str("url", asks[0].request.url, STR("http://h:9100/metrics?collect=cpu"));
	check_str("accept", asks[0].request.accept, STR("text/plain;version=0.0.4;q=1, */*;q=0.1"));
	check_str("endpoint", asks[0].endpoint, STR("metrics"));
	assert_int_equal(source_prometheus.ask(&conf, true, &arena, &asks), 1);
	arena_free(&arena);
}

static void types_are_found_by_their_names(void **state)
{
	(void)state;
	assert_ptr_equal(source_find_type(STR("emqx")), &source_emqx);
	assert_ptr_equal(source_find_type(STR("prometheus")), &source_prometheus);
	assert_null(source_find_type(STR("EMQX")));
	assert_null(source_find_type(STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_for_each_page_in_its_mode),
		cmocka_unit_test(pages_that_nobody_named_are_there_by_default),
		cmocka_unit_test(the_status_page_tells_the_nodes_name),
		cmocka_unit_test(pages_are_read_or_refused),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(cluster_modes_need_six_seconds),
		cmocka_unit_test(the_setting_tells_node_and_cluster),
		cmocka_unit_test(a_prometheus_source_asks_its_own_url),
		cmocka_unit_test(types_are_found_by_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
