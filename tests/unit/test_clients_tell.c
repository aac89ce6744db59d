// SPDX-License-Identifier: Apache-2.0
// What is told of clients, as samples and as rows for people.
#include "clients_run.h"

// Of a whole client; the numbers are all different.
#define NUMBERS                                                                                    \
	"\"subscriptions_cnt\":1,\"inflight_cnt\":2,\"mqueue_len\":3,\"recv_msg\":11,"             \
	"\"send_msg\":12,\"recv_msg.qos0\":13,\"recv_msg.qos1\":14,\"recv_msg.qos2\":15,"          \
	"\"send_msg.qos0\":16,\"send_msg.qos1\":17,\"send_msg.qos2\":18,"                          \
	"\"recv_msg.dropped\":19,\"send_msg.dropped\":20,"                                         \
	"\"recv_msg.dropped.await_pubrel_timeout\":21,\"send_msg.dropped.expired\":22,"            \
	"\"send_msg.dropped.queue_full\":23,\"send_msg.dropped.too_large\":24,\"recv_oct\":25,"    \
	"\"send_oct\":26,\"recv_pkt\":27,\"send_pkt\":28,\"keepalive\":60}"

// RUN_WALL_NS is 1,800,000,000 s.
#define WHOLE(id)                                                                                  \
	"{\"clientid\":\"" id "\",\"connected\":true,\"created_at\":1799999000250,"                \
	"\"connected_at\":1799999500500," NUMBERS

static struct run *see_whole(const char *words, const char *id, bool all_is_on)
{
	struct run *run = run_new_clients(words, "5.5.0");
	struct str body = arena_printf(&run->conf_arena, "{\"data\":[%s]}", id);

	if (all_is_on)
		memset(run->clients.enabled, true, sizeof(run->clients.enabled));
	run_ask(run);
	run_answer_bytes(run, PAGE("1"), 200, body);
	run_conclude(run);
	return run;
}

static void all_series_of_a_client(void **state)
{
	struct run *run = see_whole("regex:(a)=A_b class:none", WHOLE("a"), true);

	(void)state;
	struct str told = run_samples(run, run->set);
	static const char *const lines[] = {
		"connected} 1",
		"last_seen_timestamp_seconds} 1.8e+09",
		"session_age_seconds} 999.75",
		"created_at} 1.79999900025e+09",
		"connected_at} 1.7999995005e+09",
		"subscriptions} 1",
		"inflights} 2",
		"messages_processed_total,direction=\"rx\"} 11",
		"messages_processed_total,direction=\"tx\"} 12",
		"messages_processed_by_qos_total,direction=\"rx\",qos=\"0\"} 13",
		"messages_processed_by_qos_total,direction=\"rx\",qos=\"1\"} 14",
		"messages_processed_by_qos_total,direction=\"rx\",qos=\"2\"} 15",
		"messages_processed_by_qos_total,direction=\"tx\",qos=\"0\"} 16",
		"messages_processed_by_qos_total,direction=\"tx\",qos=\"1\"} 17",
		"messages_processed_by_qos_total,direction=\"tx\",qos=\"2\"} 18",
		"messages_dropped_total,direction=\"rx\"} 19",
		"messages_dropped_total,direction=\"tx\"} 20",
		"messages_dropped_by_reason_total,direction=\"rx\",reason=\"await_pubrel_timeout\"}"
		" "
		"21",
		"messages_dropped_by_reason_total,direction=\"tx\",reason=\"expired\"} 22",
		"messages_dropped_by_reason_total,direction=\"tx\",reason=\"queue_full\"} 23",
		"messages_dropped_by_reason_total,direction=\"tx\",reason=\"too_large\"} 24",
		"bytes_total,direction=\"rx\"} 25",
		"bytes_total,direction=\"tx\"} 26",
		"packets_total,direction=\"rx\"} 27",
		"packets_total,direction=\"tx\"} 28",
		"connects_total} 1",
		"flaps_total} 0",
	};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		size_t n = strcspn(lines[i], "},");
		struct str line = arena_printf(&run->arena,
			"emqx_client_monitor_%.*s{alias=\"A_b\",broker=\"broker\",client_id=\"a\"%"
			"s\n",
			(int)n, lines[i], lines[i] + n);
		if (!memmem(told.ptr, told.len, line.ptr, line.len))
			FAIL_ROW(line.ptr, "is not told; but:\n%.*s", STR_ARG(told));
	}
	size_t n_told = 0;
	for (struct str rest = told, line; rest.len;) {
		str_cut(rest, '\n', &line, &rest);
		n_told += memmem(line.ptr, line.len, "client_id=", 10) != NULL;
	}
	check_number("no others", "samples", n_told, ARRAY_LEN(lines));
	run_free(run);
}

static void all_series_of_a_class(void **state)
{
	struct run *run = see_whole("class:a*", WHOLE("a1") "," WHOLE("a2"), true);

	(void)state;
	check_str("a class", run_samples(run, run->set),
		STR("emqx_client_monitor_class_connected{broker=\"broker\",class=\"a*\"} 2\n"
		    "emqx_client_monitor_class_clients{broker=\"broker\",class=\"a*\"} 2\n"
		    "emqx_client_monitor_class_subscriptions{broker=\"broker\",class=\"a*\"} 2\n"
		    "emqx_client_monitor_class_inflights{broker=\"broker\",class=\"a*\"} 4\n"
		    "emqx_client_monitor_class_queue_largest{broker=\"broker\",class=\"a*\"} 3\n"
		    "emqx_client_monitor_class_messages_processed_total{broker=\"broker\",class="
		    "\"a*"
		    "\",direction=\"rx\"} 22\n"
		    "emqx_client_monitor_class_messages_processed_total{broker=\"broker\",class="
		    "\"a*"
		    "\",direction=\"tx\"} 24\n"
		    "emqx_client_monitor_class_messages_processed_by_qos_total{broker=\"broker\","
		    "class=\"a*\",direction=\"rx\",qos=\"0\"} 26\n"
		    "emqx_client_monitor_class_messages_processed_by_qos_total{broker=\"broker\","
		    "class=\"a*\",direction=\"rx\",qos=\"1\"} 28\n"
		    "emqx_client_monitor_class_messages_processed_by_qos_total{broker=\"broker\","
		    "class=\"a*\",direction=\"rx\",qos=\"2\"} 30\n"
		    "emqx_client_monitor_class_messages_processed_by_qos_total{broker=\"broker\","
		    "class=\"a*\",direction=\"tx\",qos=\"0\"} 32\n"
		    "emqx_client_monitor_class_messages_processed_by_qos_total{broker=\"broker\","
		    "class=\"a*\",direction=\"tx\",qos=\"1\"} 34\n"
		    "emqx_client_monitor_class_messages_processed_by_qos_total{broker=\"broker\","
		    "class=\"a*\",direction=\"tx\",qos=\"2\"} 36\n"
		    "emqx_client_monitor_class_messages_dropped_total{broker=\"broker\",class=\"a*"
		    "\","
		    "direction=\"rx\"} 38\n"
		    "emqx_client_monitor_class_messages_dropped_total{broker=\"broker\",class=\"a*"
		    "\","
		    "direction=\"tx\"} 40\n"
		    "emqx_client_monitor_class_messages_dropped_by_reason_total{broker=\"broker\","
		    "class=\"a*\",direction=\"rx\",reason=\"await_pubrel_timeout\"} 42\n"
		    "emqx_client_monitor_class_messages_dropped_by_reason_total{broker=\"broker\","
		    "class=\"a*\",direction=\"tx\",reason=\"expired\"} 44\n"
		    "emqx_client_monitor_class_messages_dropped_by_reason_total{broker=\"broker\","
		    "class=\"a*\",direction=\"tx\",reason=\"queue_full\"} 46\n"
		    "emqx_client_monitor_class_messages_dropped_by_reason_total{broker=\"broker\","
		    "class=\"a*\",direction=\"tx\",reason=\"too_large\"} 48\n"
		    "emqx_client_monitor_class_bytes_total{broker=\"broker\",class=\"a*\","
		    "direction="
		    "\"rx\"} 50\n"
		    "emqx_client_monitor_class_bytes_total{broker=\"broker\",class=\"a*\","
		    "direction="
		    "\"tx\"} 52\n"
		    "emqx_client_monitor_class_packets_total{broker=\"broker\",class=\"a*\","
		    "direction"
		    "=\"rx\"} 54\n"
		    "emqx_client_monitor_class_packets_total{broker=\"broker\",class=\"a*\","
		    "direction"
		    "=\"tx\"} 56\n"
		    "emqx_client_monitor_class_connects_total{broker=\"broker\",class=\"a*\"} 2\n"
		    "emqx_client_monitor_class_flaps_total{broker=\"broker\",class=\"a*\"} 0\n"
		    "emqx_client_monitor_clients_over_limit{broker=\"broker\"} 0\n"
		    "emqx_client_monitor_class_clients_over_limit{broker=\"broker\"} 0\n"));
	run_free(run);
}

// Names of families with a series of a client or class, sorted as they come; "a b".
static struct str families(struct run *run)
{
	struct str text = STR("");
	const size_t prefix = strlen("emqx_client_monitor_");

	for (const struct family *f = run->set->first; f; f = f->next)
		text = arena_printf(&run->arena, "%.*s%s%.*s", STR_ARG(text), text.len ? " " : "",
			(int)(f->name.len - prefix), f->name.ptr + prefix);
	return text;
}

static void switches_decide_what_is_told(void **state)
{
	static const struct {
		const char *name;
		int on; // -1: the defaults
		const char *families;
	} rows[] = {
		{ "the defaults", -1,
			"connected last_seen_timestamp_seconds session_age_seconds subscriptions "
			"inflights messages_processed_total bytes_total packets_total "
			"connects_total flaps_total clients_over_limit class_clients_over_limit" },
		{ "none", CLIENTS_ALWAYS,
			"connected last_seen_timestamp_seconds session_age_seconds connects_total "
			"flaps_total clients_over_limit class_clients_over_limit" },
		{ "dates", CLIENTS_DATES,
			"connected last_seen_timestamp_seconds session_age_seconds created_at "
			"connected_at connects_total flaps_total clients_over_limit "
			"class_clients_over_limit" },
		{ "inflight", CLIENTS_INFLIGHT,
			"connected last_seen_timestamp_seconds session_age_seconds inflights "
			"connects_total flaps_total clients_over_limit class_clients_over_limit" },
		{ "reasons", CLIENTS_REASON_SPLIT,
			"connected last_seen_timestamp_seconds session_age_seconds "
			"messages_dropped_by_reason_total connects_total flaps_total "
			"clients_over_limit class_clients_over_limit" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients("glob:*", "5.5.0");

		if (rows[i].on >= 0) {
			memset(run->clients.enabled, 0, sizeof(run->clients.enabled));
			run->clients.enabled[rows[i].on] = true;
		}
		run_ask(run);
		run_answer(run, PAGE("1"), 200, "[" WHOLE("a") "]");
		run_conclude(run);
		check_str(rows[i].name, families(run), str_of(rows[i].families));
		run_free(run);
	}
}

static void the_label_broker_may_be_set(void **state)
{
	struct run *run = run_new_clients("id:a class:s", "5.5.0");

	(void)state;
	run->clients.broker = STR("Plant \"1\"");
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, "", LAST));
	run_answer(run, CLIENTS "/a", 404, "{\"code\":\"CLIENTID_NOT_FOUND\"}");
	run_conclude(run);
	check_str("broker", run_told(run, "connected class_connected clients_over_limit"),
		STR("connected{alias=\"a\",broker=\"Plant \\\"1\\\"\",client_id=\"a\"} 0\n"
		    "class_connected{broker=\"Plant \\\"1\\\"\",class=\"s\"} 0\n"
		    "clients_over_limit{broker=\"Plant \\\"1\\\"\"} 0\n"));
	run_free(run);
}

// A client that is gone: where its last values are remembered, and where not.
static void of_a_client_that_is_gone_the_last_values_are_told(void **state)
{
	static const struct {
		const char *name;
		int64_t remember_ms;
		const char *told;
	} rows[] = {
		{ "remembered", 3600000,
			"connected{alias=\"n\",broker=\"broker\",client_id=\"n\"} 0\n"
			"connected{alias=\"g\",broker=\"broker\",client_id=\"g\"} 0\n"
			"last_seen_timestamp_seconds{alias=\"n\",broker=\"broker\",client_id=\"n\"}"
			" "
			"1.8e+09\n"
			"last_seen_timestamp_seconds{alias=\"g\",broker=\"broker\",client_id=\"g\"}"
			" "
			"1.8e+09\n"
			"messages_processed_total{alias=\"n\",broker=\"broker\",client_id=\"n\","
			"direction=\"rx\"} 5\n"
			"messages_processed_total{alias=\"g\",broker=\"broker\",client_id=\"g\","
			"direction=\"rx\"} 6\n"
			"connects_total{alias=\"n\",broker=\"broker\",client_id=\"n\"} 1\n"
			"connects_total{alias=\"g\",broker=\"broker\",client_id=\"g\"} 1\n" },
		{ "not remembered", 0,
			"connected{alias=\"n\",broker=\"broker\",client_id=\"n\"} 0\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients("id:n glob:g", "5.5.0");

		run->clients.remember_ms = rows[i].remember_ms;
		run_ask(run);
		run_answer(run, PAGE("1"), 200, run_page(run, "n@100=5 g@100=6", LAST));
		run_conclude(run);
		run_pass(run, 10);
		run_ask(run);
		run_answer(run, PAGE("1"), 200, run_page(run, "", LAST));
		for (int k = 0; k < 2; k++)
			run_answer(run, k ? CLIENTS "/g" : CLIENTS "/n", 404,
				"{\"code\":\"CLIENTID_NOT_FOUND\"}");
		run_conclude(run);
		check_str(rows[i].name,
			run_told(run,
				"connected last_seen_timestamp_seconds "
				"messages_processed_total connects_total session_age_seconds"),
			str_of(rows[i].told));
		run_free(run);
	}
}

static void a_session_is_never_younger_than_nothing(void **state)
{
	struct run *run = run_new_clients("glob:*", "5.5.0");

	(void)state;
	run_ask(run);
	run_answer(run, PAGE("1"), 200,
		"[{\"clientid\":\"a\",\"connected\":true,\"created_at\":9223372036854775807,"
		"\"connected_at\":9223372036854775807}]");
	run_conclude(run);
	check_str("in the future", run_told(run, "session_age_seconds"),
		STR("session_age_seconds{alias=\"a\",broker=\"broker\",client_id=\"a\"} 0\n"));
	run_free(run);
}

static void labels_that_are_too_long_for_a_line_are_warned_of(void **state)
{
	struct run *run = run_new_clients("glob:*", "5.5.0");
	struct buf body = buf_new(UNIT_LIMIT);

	(void)state;
	buf_add(&body, STR("[{\"clientid\":\"a\",\"recv_msg\":1},{\"recv_msg\":2,\"clientid\":\""));
	for (int i = 0; i < 1200000; i++)
		buf_add_byte(&body, 'x');
	buf_add(&body, STR("\"}]"));
	run_ask(run);
	run_answer_bytes(run, PAGE("1"), 200, buf_str(&body));
	run_conclude(run);
	check_str("the other", run_told(run, "connected messages_processed_total"),
		STR("connected{alias=\"a\",broker=\"broker\",client_id=\"a\"} 0\n"
		    "messages_processed_total{alias=\"a\",broker=\"broker\",client_id=\"a\","
		    "direction=\"rx\"} 1\n"));
	check_str("the long one", run_warnings(run),
		STR("1 some clients have ids or aliases that are too long for a line of metrics; "
		    "they are left out\n"));
	buf_free(&body);
	run_free(run);
}

static void odd_ids_are_labels(void **state)
{
	struct run *run = run_new_clients("glob:*", "5.5.0");

	(void)state;
	run_ask(run);
	run_answer(run, PAGE("1"), 200,
		"[{\"clientid\":\"a\\nb\\\"c\\\\d\",\"connected\":true},{\"clientid\":\" \"}]");
	run_conclude(run);
	check_str("odd", run_told(run, "connected"),
		STR("connected{alias=\"a\\nb\\\"c\\\\d\",broker=\"broker\",client_id="
		    "\"a\\nb\\\"c\\\\d\"} 1\n"
		    "connected{alias=\" \",broker=\"broker\",client_id=\" \"} 0\n"));
	run_free(run);
}

// For people

// A row for each client, its cells behind each other, those that are not known as "-".
static struct str table_text(struct run *run)
{
	struct str text = STR("");

	for (const struct table_row *row = run->table->first; row; row = row->next) {
		for (size_t i = 0; i < N_CLIENTS_COLUMNS; i++) {
			const struct table_cell *cell = &row->cells[i];
			struct str shown = !cell->is_known ? STR("-")
					   : clients_columns[i].kind == TABLE_TEXT
						   ? cell->text
						   : arena_printf(&run->conf_arena, "%lld",
							     (long long)cell->number);
			text = arena_printf(&run->conf_arena, "%.*s%s%.*s", STR_ARG(text),
				i ? "|" : "", STR_ARG(shown));
		}
		text = arena_printf(&run->conf_arena, "%.*s\n", STR_ARG(text));
	}
	return text;
}

static void people_see_who_is_connected(void **state)
{
	static const char off[] = "{\"clientid\":\"off\",\"connected\":false,\"connected_at\":5}";
	static const char bare[] = "{\"clientid\":\"bare\",\"connected\":true}";
	static const char other[] = "{\"clientid\":\"x\",\"connected\":true,\"keepalive\":0}";
	static const struct {
		const char *name;
		bool all;
		const char *rows;
	} rows[] = {
		{ "those that are watched", false,
			"Alpha|1799999500500|11|12|19|20|2|1|60|1799999000250|a\n"
			"bare|-|-|-|-|-|-|-|-|-|bare\n" },
		{ "all", true,
			"Alpha|1799999500500|11|12|19|20|2|1|60|1799999000250|a\n"
			"off|-|-|-|-|-|-|-|-|-|off\n"
			"bare|-|-|-|-|-|-|-|-|-|bare\n"
			"x|-|-|-|-|-|-|-|0|-|x\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients("id:a=Alpha class:bare glob:off", "5.5.0");
		struct table table = { .arena = &run->conf_arena,
			.columns = clients_columns,
			.n_columns = N_CLIENTS_COLUMNS };

		run->table = &table;
		run->table_of_all = rows[i].all;
		run_ask(run);
		run_answer_bytes(run, PAGE("1"), 200,
			arena_printf(&run->arena, "[%s,%s,%s,%s]", WHOLE("a"), off, bare, other));
		run_conclude(run);
		check_str(rows[i].name, table_text(run), str_of(rows[i].rows));
		run_free(run);
	}
}

static void a_client_has_one_row_however_often_it_was_told(void **state)
{
	struct run *run = run_new_clients("glob:*", "5.5.0");
	struct table table = { .arena = &run->conf_arena,
		.columns = clients_columns,
		.n_columns = N_CLIENTS_COLUMNS };

	(void)state;
	run->table = &table;
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, "a@1=5 b@2=1 c@9=1", MORE));
	run_answer(run, PAGE("2"), 200, run_page(run, "b@7=3 c@3=1! a@1=6 d@1=1!", LAST));
	run_conclude(run);
	check_str("the newest connection", table_text(run),
		STR("a|1000|5|-|-|-|-|-|-|1000|a\n"
		    "b|7000|3|-|-|-|-|-|-|7000|b\n"
		    "c|9000|1|-|-|-|-|-|-|9000|c\n"));
	run_free(run);
}

static void thousands_of_rows_are_shown(void **state)
{
	struct run *run = run_new_clients("glob:*", "5.5.0");
	struct table table = { .arena = &run->conf_arena,
		.columns = clients_columns,
		.n_columns = N_CLIENTS_COLUMNS };
	struct buf words = buf_new(UNIT_LIMIT);

	(void)state;
	for (int i = 0; i < 3000; i++)
		buf_addf(&words, "%sc%d@1=1", i ? " " : "", i % 2000);
	buf_add_byte(&words, '\0');
	run->table = &table;
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, words.ptr, LAST));
	run_conclude(run);
	check_number("many", "rows", table.n_rows, 2000);
	buf_free(&words);
	run_free(run);
}

static void nobody_is_shown_where_nobody_is(void **state)
{
	struct run *run = run_new_clients("id:a", "5.5.0");
	struct table table = { .arena = &run->conf_arena,
		.columns = clients_columns,
		.n_columns = N_CLIENTS_COLUMNS };

	(void)state;
	run->table = &table;
	run_ask(run);
	run_answer(run, CLIENTS "/a", 404, "{\"code\":\"CLIENTID_NOT_FOUND\"}");
	run_conclude(run);
	check_number("none", "rows", table.n_rows, 0);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_series_of_a_client),
		cmocka_unit_test(all_series_of_a_class),
		cmocka_unit_test(switches_decide_what_is_told),
		cmocka_unit_test(the_label_broker_may_be_set),
		cmocka_unit_test(of_a_client_that_is_gone_the_last_values_are_told),
		cmocka_unit_test(a_session_is_never_younger_than_nothing),
		cmocka_unit_test(labels_that_are_too_long_for_a_line_are_warned_of),
		cmocka_unit_test(odd_ids_are_labels),
		cmocka_unit_test(people_see_who_is_connected),
		cmocka_unit_test(a_client_has_one_row_however_often_it_was_told),
		cmocka_unit_test(thousands_of_rows_are_shown),
		cmocka_unit_test(nobody_is_shown_where_nobody_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
