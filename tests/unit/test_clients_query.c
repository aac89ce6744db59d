// SPDX-License-Identifier: Apache-2.0
// What the source `emqx_clients` asks for, by its settings, the broker's release, and how many clients it is about.
#include "clients_run.h"

#define STATUS "/status /status?format=json question optional anonymous\n"
#define FIELDS                                                                                     \
	"&fields=clientid,connected,connected_at,disconnected_at,created_at,mqueue_len,"           \
	"subscriptions_cnt,inflight_cnt,recv_msg,send_msg,recv_oct,send_oct,recv_pkt,send_pkt"

static void clients_are_asked_for_by_settings_and_release(void **state)
{
	static const struct {
		const char *name, *words, *version;
		bool met, is_since_5_9, shows_all;
		const char *asks;
	} rows[] = {
		{ "one", "id:a", "5.8.9", true, .asks = "clients " CLIENTS "/a\n" },
		{ "one, of a release that is not known", "id:a", NULL, false,
			.asks = STATUS "clients " CLIENTS "/a\n" },
		{ "an odd one", "id:a/b#\"\xc3\xa4?%&+", "5.8.9", true,
			.asks = "clients " CLIENTS "/a%2Fb%23%22%C3%A4%3F%25%26%2B\n" },
		{ "a few, one after the other", "id:a id:b id:c", "5.8.9", true,
			.asks = "clients " CLIENTS "/a\n" },
		{ "a pattern, 5.0", "glob:*", "5.0.26", true,
			.asks = "clients " CLIENTS "?page=1&limit=1000\n" },
		{ "a pattern, 5.4", "id:a glob:*", "5.4.1", true,
			.asks = "clients " CLIENTS "?page=1&limit=1000\n" },
		{ "a pattern, 5.5", "regex:.*", "5.5.0", true,
			.asks = "clients " CLIENTS "?page=1&limit=10000\n" },
		{ "a pattern, 5.6", "class:s-*", "5.6.0", true,
			.asks = "clients " CLIENTS "?page=1&limit=10000" FIELDS "\n" },
		{ "a pattern, 6.0", "class:s-*", "6.0.0", true,
			.asks = "clients " CLIENTS "?page=1&limit=10000" FIELDS "\n" },
		{ "a pattern, of a release that is not known", "glob:*", NULL, false,
			.asks = STATUS },
		{ "a pattern, and the release could not be heard", "glob:*", NULL, true,
			.asks = "clients " CLIENTS "?page=1&limit=1000\n" },
		{ "a pattern, and the release is only known to be 5.9 or later", "glob:*", NULL,
			true, true, .asks = "clients " CLIENTS "?page=1&limit=10000" FIELDS "\n" },
		{ "people want to see all", "id:a", "5.5.0", true, .shows_all = true,
			.asks = "clients " CLIENTS "?page=1&limit=10000\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients(rows[i].words, rows[i].version);

		run->state.met = rows[i].met;
		run->state.is_since_5_9 = rows[i].is_since_5_9;
		run->table_of_all = rows[i].shows_all;
		run_ask(run);
		check_str(rows[i].name, run_asks(run), str_of(rows[i].asks));
		run_free(run);
	}
}

static void what_needs_the_release_waits_for_it(void **state)
{
	static const struct {
		const char *name;
		int status; // of /status
		const char *body;
		int version_status; // of /nodes; 0: not asked
		const char *version_body, *asks;
	} rows[] = {
		{ "/status tells it", 200, "{\"rel_vsn\":\"v5.8.9\",\"node_name\":\"a@h\"}", 0,
			NULL, "clients " CLIENTS "?page=1&limit=10000" FIELDS "\n" },
		{ "the node tells it", 200, "{\"node_name\":\"a@h\"}", 200,
			"{\"node\":\"a@h\",\"version\":\"5.4.1\",\"node_status\":\"running\"}",
			"clients " CLIENTS "?page=1&limit=1000\n" },
		{ "only /status of 5.9 answers", 200, "{\"cluster\":\"c\",\"node_name\":\"a@h\"}",
			403, "{}", "clients " CLIENTS "?page=1&limit=10000" FIELDS "\n" },
		{ "nobody tells it", 404, "{}", 0, NULL,
			"clients " CLIENTS "?page=1&limit=1000\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients("glob:*", NULL);

		run_ask(run);
		run_answer(run, "/status?format=json", rows[i].status, rows[i].body);
		if (rows[i].version_status)
			run_answer(run, "/api/v5/nodes/a%40h", rows[i].version_status,
				rows[i].version_body);
		check_str(rows[i].name, run_asks(run), str_of(rows[i].asks));
		run_free(run);
	}
}

static void without_credentials_nothing_is_asked(void **state)
{
	struct run *run = run_new_clients("id:a", "5.8.9");

	(void)state;
	run->conf.http.basic_auth.given = false;
	run_ask(run);
	check_str("none", run_asks(run),
		STR("clients http_4xx: needs credentials; set basic_auth to an API key, or "
		    "login\n"));
	run_conclude(run);
	check_str("none", run_told(run, "connected"), STR(""));
	run_free(run);
}

// 1. Fields

static void only_fields_that_are_wanted_are_asked_for(void **state)
{
	static const struct {
		const char *name;
		enum clients_switch on;
		bool is_shown;
		const char *fields; // behind those that are always asked for
	} rows[] = {
		{ "none", CLIENTS_ALWAYS, false, "" },
		{ "subscriptions", CLIENTS_SUBSCRIPTIONS, false, ",subscriptions_cnt" },
		{ "inflight", CLIENTS_INFLIGHT, false, ",inflight_cnt" },
		{ "dates, which are always asked for", CLIENTS_DATES, false, "" },
		{ "processed", CLIENTS_PROCESSED, false, ",recv_msg,send_msg" },
		{ "by QoS", CLIENTS_QOS_SPLIT, false,
			",recv_msg.qos0,recv_msg.qos1,recv_msg.qos2,send_msg.qos0,send_msg.qos1,"
			"send_msg.qos2" },
		{ "dropped", CLIENTS_DROPPED, false, ",recv_msg.dropped,send_msg.dropped" },
		{ "by reason", CLIENTS_REASON_SPLIT, false,
			",recv_msg.dropped.await_pubrel_timeout,send_msg.dropped.expired,"
			"send_msg.dropped.queue_full,send_msg.dropped.too_large" },
		{ "bytes", CLIENTS_BYTES, false, ",recv_oct,send_oct" },
		{ "packets", CLIENTS_PACKETS, false, ",recv_pkt,send_pkt" },
		{ "for people", CLIENTS_PACKETS, true,
			",subscriptions_cnt,inflight_cnt,keepalive,recv_msg,send_msg,"
			"recv_msg.dropped,send_msg.dropped,recv_pkt,send_pkt" },
	};
	struct arena arena = { 0 };
	struct table table = {
		.arena = &arena, .columns = clients_columns, .n_columns = N_CLIENTS_COLUMNS
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients("glob:*", "5.6.0");

		memset(run->clients.enabled, 0, sizeof(run->clients.enabled));
		run->clients.enabled[rows[i].on] = true;
		run->table = rows[i].is_shown ? &table : NULL;
		run_ask(run);
		check_str(rows[i].name, run_asks(run),
			arena_printf(&run->arena,
				"clients " CLIENTS
				"?page=1&limit=10000&fields=clientid,connected,connected_at,"
				"disconnected_at,created_at,mqueue_len%s\n",
				rows[i].fields));
		run_free(run);
	}
	arena_free(&arena);
}

// 2. Many clients

// n ids, each of so many bytes.
static struct str many_ids(struct arena *arena, int n, int length)
{
	struct buf words = buf_new(UNIT_LIMIT);

	for (int i = 0; i < n; i++)
		buf_addf(&words, "id:%0*d ", length, i);
	struct str copy = arena_copy(arena, buf_str(&words));
	buf_free(&words);
	return copy;
}

static void the_way_depends_on_how_many_clients_there_are(void **state)
{
	static const struct {
		const char *name, *version;
		int n;
		size_t n_asks;
		const char *front; // of each of them
	} rows[] = {
		{ "40", "5.8.9", 40, 1, CLIENTS "/" },
		{ "41, by lists", "5.8.9", 41, 1, CLIENTS "?page=1&limit=1000&fields=" },
		{ "41, 5.5 has no lists", "5.5.1", 41, 2, CLIENTS "/" },
		{ "400, 5.5", "5.5.1", 400, 10, CLIENTS "/" },
		{ "401, 5.5", "5.5.1", 401, 1, CLIENTS "?page=1&limit=10000" },
		{ "401, 5.4", "5.4.0", 401, 1, CLIENTS "?page=1&limit=1000" },
		{ "400, by lists", "5.6.0", 400, 4, CLIENTS "?page=1&limit=1000&fields=" },
		{ "401, by lists", "5.6.0", 401, 5, CLIENTS "?page=1&limit=1000&fields=" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients("", rows[i].version);

		clients_set_monitored(
			&run->clients, &run->conf_arena, many_ids(&run->conf_arena, rows[i].n, 8));
		bool is_sure = rows[i].n <= CLIENTS_FEW;
		if (is_sure)
			run_ask(run);
		else
			run_ask_list(run);
		// The first is the question for the release.
		check_number(rows[i].name, "asks", run->n_parts - !is_sure, rows[i].n_asks);
		for (size_t k = !is_sure; k < run->n_parts; k++)
			CHECK_ROW(rows[i].name, str_starts_with(run_path(run, run->parts[k].ask),
							str_of(rows[i].front)));
		run_free(run);
	}
}

static size_t count_ids(struct str path)
{
	const struct str mark = STR("&clientid=");
	size_t n = 0;

	for (size_t i = 0; i + mark.len <= path.len; i++)
		n += memcmp(path.ptr + i, mark.ptr, mark.len) == 0;
	return n;
}

// EMQX takes 8,000 bytes of a request's line, and goes through all its clients for each of the ids.
static void lists_have_a_hundred_ids_and_8000_bytes_at_most(void **state)
{
	static const struct {
		int n, length;
		size_t n_asks;
	} rows[] = { { 41, 8, 1 }, { 100, 8, 1 }, { 250, 8, 3 }, { 100, 100, 2 }, { 60, 1000, 9 },
		{ 41, 7000, 41 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients("", "5.8.9");
		size_t n_ids = 0;

		clients_set_monitored(&run->clients, &run->conf_arena,
			many_ids(&run->conf_arena, rows[i].n, rows[i].length));
		run_ask_list(run);
		for (size_t k = 1; k < run->n_parts; k++) {
			const struct source_ask *ask = run->parts[k].ask;
			struct str path = run_path(run, ask);
			size_t n = count_ids(path);

			assert_true(n > 0 && n <= 100);
			assert_true(strlen("GET  HTTP/1.1\r\n") + ask->request.url.len <= 8000);
			n_ids += n;
		}
		check_number("ids", "in all", n_ids, (uint64_t)rows[i].n);
		check_number("asks", "in all", run->n_parts - 1, rows[i].n_asks);
		run_free(run);
	}
}

static void lists_have_their_ids_encoded(void **state)
{
	struct run *run = run_new_clients("", "5.8.9");
	struct buf words = buf_new(UNIT_LIMIT);

	(void)state;
	memset(run->clients.enabled, 0, sizeof(run->clients.enabled));
	buf_add(&words, STR("id:a&clientid=b id:\xc3\xa4/#% "));
	buf_add(&words, many_ids(&run->conf_arena, 40, 1));
	clients_set_monitored(&run->clients, &run->conf_arena, buf_str(&words));
	run_ask_list(run);
	assert_true(str_starts_with(run_path(run, run->parts[1].ask),
		STR(CLIENTS "?page=1&limit=1000&fields=clientid,connected,connected_at,"
			    "disconnected_at,created_at,mqueue_len&clientid=a%26clientid")));
	struct str path = run_path(run, run->parts[1].ask);
	assert_non_null(memmem(path.ptr, path.len, "&clientid=%C3%A4%2F%23%25&clientid=0&", 36));
	run_free(run);
	buf_free(&words);
}

// An id of 64 kB fits into no URL: such a client is found on the pages, or not at all.
static void an_id_that_fits_into_no_url_is_looked_for_on_pages(void **state)
{
	static const struct {
		int length;
		bool is_by_pages;
	} rows[] = { { 100, false }, { 7000, false }, { 7900, true }, { 65535, true } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients("", "5.5.0");

		clients_set_monitored(&run->clients, &run->conf_arena,
			many_ids(&run->conf_arena, 2, rows[i].length));
		run_ask(run);
		assert_true(str_eq(run_path(run, run->parts[0].ask), STR(PAGE("1"))) ==
			    rows[i].is_by_pages);
		run_free(run);
	}
}

// 3. Tokens

static void a_dashboard_user_logs_in_first(void **state)
{
	struct run *run = run_new_clients("id:a id:b", "5.8.9");

	(void)state;
	run->conf.http.basic_auth.given = false;
	run_set_login(run, "u", "p");
	run_ask(run);
	check_str("login", run_asks(run), STR("/login /api/v5/login question\n"));
	run_answer(run, "/api/v5/login", 200, "{\"token\":\"t1\"}");
	check_str("a token", run_asks(run), STR("clients " CLIENTS "/a bearer=t1\n"));
	run_answer(run, CLIENTS "/a", 200, run_client(run, "a@1=1"));
	check_str("the next one", run_asks(run), STR("clients " CLIENTS "/b bearer=t1\n"));
	run_answer(run, CLIENTS "/b", 200, run_client(run, "b@1=1"));
	run_conclude(run);
	// It has ended: the same is asked for with a new one, and the others follow.
	run_pass(run, 10);
	run_ask(run);
	run_answer(run, CLIENTS "/a", 200, run_client(run, "a@1=2"));
	struct run_part *part = run_answer(run, CLIENTS "/b", 401, "{}");
	check_number("it has ended", "verdict", part->verdict, SOURCE_ASKED_AGAIN);
	run_answer(run, "/api/v5/login", 200, "{\"token\":\"t2\"}");
	check_str("a new token", run_asks(run), STR("clients " CLIENTS "/b bearer=t2\n"));
	run_answer(run, CLIENTS "/b", 200, run_client(run, "b@1=2"));
	run_conclude(run);
	check_str("both", run_known(run), STR("a on 2 c1 f0; b on 2 c1 f0"));
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_are_asked_for_by_settings_and_release),
		cmocka_unit_test(what_needs_the_release_waits_for_it),
		cmocka_unit_test(without_credentials_nothing_is_asked),
		cmocka_unit_test(only_fields_that_are_wanted_are_asked_for),
		cmocka_unit_test(the_way_depends_on_how_many_clients_there_are),
		cmocka_unit_test(lists_have_a_hundred_ids_and_8000_bytes_at_most),
		cmocka_unit_test(lists_have_their_ids_encoded),
		cmocka_unit_test(an_id_that_fits_into_no_url_is_looked_for_on_pages),
		cmocka_unit_test(a_dashboard_user_logs_in_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
