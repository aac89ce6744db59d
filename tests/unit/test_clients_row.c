// SPDX-License-Identifier: Apache-2.0
// One client as EMQX tells it: its times, and what of its object is taken.
#include "source/clients.h"
#include "source/json.h"
#include "unit.h"

// 2026-01-02T03:04:05Z
static const int64_t SOME_MS = INT64_C(1767323045000);

struct time_row {
	const char *text;
	int64_t ms;
};

static void check_times(const struct time_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_number(rows[i].text, "ms", (uint64_t)clients_row_time(str_of(rows[i].text)),
			(uint64_t)rows[i].ms);
}

static void times_are_read_as_rfc_3339_has_them(void **state)
{
	static const struct time_row rows[] = {
		{ "2026-01-02T03:04:05.678+00:00", SOME_MS + 678 },
		{ "2026-01-02T03:04:05+00:00", SOME_MS },
		{ "2026-01-02T03:04:05Z", SOME_MS },
		{ "2026-01-02t03:04:05z", SOME_MS },
		{ "2026-01-02 03:04:05Z", SOME_MS },
		{ "2026-01-02T03:04:05-00:00", SOME_MS },
		{ "2026-01-02T05:04:05+02:00", SOME_MS },
		{ "2026-01-02T08:49:05+05:45", SOME_MS },
		{ "2026-01-01T21:34:05.5-05:30", SOME_MS + 500 },
		{ "2026-01-02T03:04:05.6Z", SOME_MS + 600 },
		{ "2026-01-02T03:04:05.06Z", SOME_MS + 60 },
		{ "2026-01-02T03:04:05.006Z", SOME_MS + 6 },
		{ "2026-01-02T03:04:05.678999Z", SOME_MS + 678 },
		{ "2026-01-02T03:04:05.000999999999999999999999999999Z", SOME_MS },
		{ "2024-02-29T12:00:00Z", INT64_C(1709208000000) },
		{ "1970-01-01T00:00:01Z", 1000 },
		{ "1969-12-31T23:00:01-01:00", 1000 },
		{ "9999-12-31T23:59:59Z", INT64_C(253402300799000) },
		// A leap second is the second behind it.
		{ "2016-12-31T23:59:60Z", INT64_C(1483228800000) },
		{ "2016-12-31T23:59:60.25Z", INT64_C(1483228800250) },
	};

	(void)state;
	check_times(rows, ARRAY_LEN(rows));
}

static void what_is_no_time_is_none(void **state)
{
	static const char *const texts[] = {
		"",
		"2026",
		"2026-01-02",
		"2026-01-02T03:04:05",
		"2026-01-02T03:04Z",
		"2026-01-02T03:04:05.678",
		"2026-01-02T03:04:05+0000",
		"2026-01-02T03:04:05+00",
		"2026-01-02T03:04:05+00:0",
		"2026-01-02T03:04:05 +00:00",
		"2026-01-02T03:04:05,678Z",
		"2026-01-02T03:04:05.678+00:00 ",
		"2026-01-02T03:04:05ZZ",
		" 2026-01-02T03:04:05Z",
		"2026/01/02T03:04:05Z",
		"2026-01-02_03:04:05Z",
		"26-01-02T03:04:05Z",
		"02026-01-02T03:04:05Z",
		"-026-01-02T03:04:05Z",
		"2026-+1-02T03:04:05Z",
		"2026-1-2T3:4:5Z",
		"2026-01-02T03.04.05Z",
		"infinity",
		"undefined",
		"1767323045000",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		check_number(texts[i], "ms", (uint64_t)clients_row_time(str_of(texts[i])), 0);
}

// RFC 3339 section 5.7 and the grammar of 5.6
static void a_time_that_no_calendar_or_clock_has_is_none(void **state)
{
	static const char *const texts[] = {
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-01-00T00:00:00Z",
		"2026-01-32T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"2026-01-02T24:00:00Z",
		"2026-01-02T03:60:00Z",
		"2026-01-02T03:04:61Z",
		"2026-01-02T03:04:05+24:00",
		"2026-01-02T03:04:05+00:60",
		"2026-01-02T03:04:05.Z",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		check_number(texts[i], "ms", (uint64_t)clients_row_time(str_of(texts[i])), 0);
}

static void a_time_before_1970_is_none(void **state)
{
	static const struct time_row rows[] = {
		{ "1969-12-31T23:59:59Z", 0 },
		{ "1969-12-31T23:59:59.999Z", 0 },
		{ "1970-01-01T00:00:00+00:01", 0 },
		{ "0000-01-01T00:00:00Z", 0 },
		{ "0001-01-01T00:00:00Z", 0 },
	};

	(void)state;
	check_times(rows, ARRAY_LEN(rows));
}

// Rows. The document is freed by the caller, after the row was used.
static struct json_doc *read_row(const char *text, struct clients_row *row)
{
	struct err err = { 0 };
	struct json_doc *doc = json_read(str_of(text), &err);

	if (!doc)
		FAIL_ROW(text, "%s", err.text);
	if (!clients_row_read(json_root(doc), row))
		FAIL_ROW(text, "%s", "it is no client");
	return doc;
}

static unsigned counter_of(const char *key)
{
	for (unsigned i = 0; i < N_CLIENTS_COUNTERS; i++)
		if (strcmp(clients_counters[i].key, key) == 0)
			return i;
	fail_msg("there is no counter %s", key);
	return 0;
}

static void a_whole_client_is_read(void **state)
{
	struct clients_row row;
	struct json_doc *doc = read_row(
		"{\"clientid\":\"a \\u00e4/\\\"\",\"node\":\"emqx@h\",\"connected\":true,"
		"\"created_at\":\"2026-01-02T03:04:05.001+00:00\","
		"\"connected_at\":\"2026-01-02T03:04:06+00:00\","
		"\"disconnected_at\":\"2026-01-02T03:04:07+00:00\",\"keepalive\":60,"
		"\"subscriptions_cnt\":1,\"inflight_cnt\":2,\"mqueue_len\":3,"
		"\"recv_msg\":11,\"send_msg\":12,\"recv_msg.qos0\":13,\"recv_msg.qos1\":14,"
		"\"recv_msg.qos2\":15,\"send_msg.qos0\":16,\"send_msg.qos1\":17,"
		"\"send_msg.qos2\":18,\"recv_msg.dropped\":19,\"send_msg.dropped\":20,"
		"\"recv_msg.dropped.await_pubrel_timeout\":21,\"send_msg.dropped.expired\":22,"
		"\"send_msg.dropped.queue_full\":23,\"send_msg.dropped.too_large\":24,"
		"\"recv_oct\":25,\"send_oct\":26,\"recv_pkt\":27,\"send_pkt\":28,"
		"\"subscriptions_max\":\"infinity\",\"client_attrs\":{\"a\":[1,2]}}",
		&row);

	(void)state;
	check_str("id", row.id, STR("a \xc3\xa4/\""));
	assert_true(row.is_connected);
	assert_true(row.created_ms == SOME_MS + 1);
	assert_true(row.connected_ms == SOME_MS + 1000);
	assert_true(row.disconnected_ms == SOME_MS + 2000);
	assert_true(row.keepalive_s == 60);
	check_number("all", "told", row.told, (1u << N_CLIENTS_COUNTERS) - 1);
	check_number("all", "told gauges", row.told_gauges, (1u << N_CLIENTS_GAUGES) - 1);
	for (unsigned i = 0; i < N_CLIENTS_COUNTERS; i++)
		check_number(clients_counters[i].key, "counter", row.counters[i], 11 + i);
	for (unsigned i = 0; i < N_CLIENTS_GAUGES; i++)
		check_number("gauges", "gauge", (uint64_t)row.gauges[i], 1 + i);
	json_free(doc);
}

static void what_is_not_told_is_not_made_up(void **state)
{
	static const char *const texts[] = {
		"{\"clientid\":\"a\"}",
		"{\"clientid\":\"a\",\"connected\":null,\"connected_at\":null,\"created_at\":null,"
		"\"disconnected_at\":null,\"keepalive\":null,\"recv_msg\":null,\"recv_oct\":null,"
		"\"mqueue_len\":null,\"node\":null}",
		"{\"clientid\":\"a\",\"connected\":\"true\",\"connected_at\":\"undefined\","
		"\"created_at\":\"\",\"disconnected_at\":true,\"keepalive\":\"60\","
		"\"recv_msg\":\"12\",\"recv_oct\":true,\"mqueue_len\":\"infinity\",\"node\":5}",
		"{\"clientid\":\"a\",\"connected\":1,\"connected_at\":-1,\"created_at\":0,"
		"\"disconnected_at\":1.5,\"keepalive\":-1,\"recv_msg\":-1,\"recv_oct\":0.5,"
		"\"mqueue_len\":-1,\"node\":{}}",
		"{\"clientid\":\"a\",\"connected\":[true],\"connected_at\":[1],\"created_at\":{},"
		"\"disconnected_at\":[],\"keepalive\":[60],\"recv_msg\":[12],"
		"\"recv_oct\":{\"recv_oct\":1},\"mqueue_len\":{},\"node\":[\"a@h\"]}",
		// What is dotted is a name, no path.
		"{\"clientid\":\"a\",\"recv_msg\":{\"qos0\":1,\"dropped\":2}}",
		// Beyond int64_t
		"{\"clientid\":\"a\",\"recv_msg\":9223372036854775808,\"recv_oct\":1e300,"
		"\"mqueue_len\":1e300,\"connected_at\":1e300,\"keepalive\":1e30}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct clients_row row;
		struct json_doc *doc = read_row(texts[i], &row);

		CHECK_ROW(texts[i], !row.is_connected);
		CHECK_ROW(texts[i], !row.created_ms && !row.connected_ms && !row.disconnected_ms);
		CHECK_ROW(texts[i], row.keepalive_s < 0);
		check_number(texts[i], "told", row.told, 0);
		check_number(texts[i], "told gauges", row.told_gauges, 0);
		json_free(doc);
	}
}

static void numbers_are_taken_by_value(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} rows[] = {
		{ "{\"clientid\":\"a\",\"recv_oct\":0}", 0 },
		{ "{\"clientid\":\"a\",\"recv_oct\":12.0}", 12 },
		{ "{\"clientid\":\"a\",\"recv_oct\":1.2e1}", 12 },
		{ "{\"clientid\":\"a\",\"recv_oct\":4294967296}", UINT64_C(1) << 32 },
		{ "{\"clientid\":\"a\",\"recv_oct\":9007199254740993}",
			UINT64_C(9007199254740993) },
		{ "{\"clientid\":\"a\",\"recv_oct\":9223372036854775807}", INT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct clients_row row;
		struct json_doc *doc = read_row(rows[i].text, &row);

		check_number(rows[i].text, "told", row.told, 1u << counter_of("recv_oct"));
		check_number(rows[i].text, "counter", row.counters[counter_of("recv_oct")],
			rows[i].value);
		json_free(doc);
	}
}

// So that the sum over a class cannot pass int64_t.
static void a_gauge_that_nobody_can_have_is_not_told(void **state)
{
	static const struct {
		const char *text;
		bool is_told;
	} rows[] = {
		{ "{\"clientid\":\"a\",\"inflight_cnt\":68719476735}", true },
		{ "{\"clientid\":\"a\",\"inflight_cnt\":68719476736}", false },
		{ "{\"clientid\":\"a\",\"inflight_cnt\":9223372036854775807}", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct clients_row row;
		struct json_doc *doc = read_row(rows[i].text, &row);

		check_number(rows[i].text, "told", row.told_gauges,
			rows[i].is_told ? 1u << CLIENTS_IN_FLIGHT : 0);
		json_free(doc);
	}
}

static void times_may_come_as_milliseconds(void **state)
{
	struct clients_row row;
	struct json_doc *doc = read_row("{\"clientid\":\"a\",\"created_at\":1767323045000,"
					"\"connected_at\":1767323045001.0,\"disconnected_at\":1}",
		&row);

	(void)state;
	assert_true(row.created_ms == SOME_MS);
	assert_true(row.connected_ms == SOME_MS + 1);
	assert_true(row.disconnected_ms == 1);
	json_free(doc);
}

static void what_has_no_id_is_no_client(void **state)
{
	static const char *const texts[] = { "{}", "[]", "null", "\"a\"", "5", "true",
		"{\"clientid\":\"\"}", "{\"clientid\":5}", "{\"clientid\":null}",
		"{\"clientid\":{\"clientid\":\"a\"}}", "[{\"clientid\":\"a\"}]",
		"{\"ClientID\":\"a\"}", "{\"username\":\"a\",\"connected\":true}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct clients_row row;
		struct err err = { 0 };
		struct json_doc *doc = json_read(str_of(texts[i]), &err);

		CHECK_ROW(texts[i], doc && !clients_row_read(json_root(doc), &row));
		json_free(doc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read_as_rfc_3339_has_them),
		cmocka_unit_test(what_is_no_time_is_none),
		cmocka_unit_test(a_time_that_no_calendar_or_clock_has_is_none),
		cmocka_unit_test(a_time_before_1970_is_none),
		cmocka_unit_test(a_whole_client_is_read),
		cmocka_unit_test(what_is_not_told_is_not_made_up),
		cmocka_unit_test(numbers_are_taken_by_value),
		cmocka_unit_test(a_gauge_that_nobody_can_have_is_not_told),
		cmocka_unit_test(times_may_come_as_milliseconds),
		cmocka_unit_test(what_has_no_id_is_no_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
