// SPDX-License-Identifier: Apache-2.0
// JSON about nodes and the cluster as families: which values, with which labels, in which mode.
#include "base/number.h"
#include "emqx_reading_row.h"

#define TWO_NODES(member_a, member_b)                                                              \
	"[{\"node\":\"a@h\"," member_a "},{" member_b ",\"node\":\"b@h\"}]"

static void statistics_by_mode(void **state)
{
	static const char two[] = TWO_NODES("\"connections.count\":3,\"connections.max\":5,"
					    "\"subscriptions.shared.count\":7",
		"\"connections.count\":30,\"connections.max\":50,"
		"\"subscriptions.shared.count\":7");
	static const struct reading_row rows[] = {
		{ .name = "a node",
			.endpoint = "stats",
			.path = "/nodes/a%40h/stats",
			.body = "{\"connections.count\":3,\"connections.max\":5,"
				"\"topics.count\":7}",
			.samples = "emqx_connections_count 3\n"
				   "emqx_connections_max 5\n"
				   "emqx_topics_count 7\n" },
		{ .name = "one of an array of nodes",
			.endpoint = "stats",
			.path = "/nodes/a%40h/stats",
			.body = two,
			.samples = "emqx_connections_count 3\n"
				   "emqx_connections_max 5\n"
				   "emqx_subscriptions_shared_count 7\n" },
		{ .name = "summed",
			.mode = EMQX_AGGREGATED,
			.endpoint = "stats",
			.path = "/stats",
			.body = two,
			.samples = "emqx_connections_count 33\n"
				   "emqx_connections_max 55\n"
				   "emqx_subscriptions_shared_count 7\n" },
		{ .name = "a row for each node",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "stats",
			.path = "/stats",
			.body = two,
			.samples = "emqx_connections_count{node=\"a@h\"} 3\n"
				   "emqx_connections_count{node=\"b@h\"} 30\n"
				   "emqx_connections_max{node=\"a@h\"} 5\n"
				   "emqx_connections_max{node=\"b@h\"} 50\n"
				   "emqx_subscriptions_shared_count 7\n" },
		{ .name = "one sum of the broker's",
			.mode = EMQX_AGGREGATED,
			.endpoint = "stats",
			.path = "/stats",
			.body = "{\"connections.count\":33,\"retained.count\":2}",
			.samples = "emqx_connections_count 33\n"
				   "emqx_retained_count 2\n" },
		{ .name = "a key that one node has",
			.mode = EMQX_AGGREGATED,
			.endpoint = "stats",
			.path = "/stats",
			.body = TWO_NODES(
				"\"sessions.count\":1", "\"sessions.count\":2,\"delayed.count\":4"),
			.samples = "emqx_sessions_count 3\n"
				   "emqx_delayed_count 4\n" },
		{ .name = "keys in another order",
			.mode = EMQX_AGGREGATED,
			.endpoint = "stats",
			.path = "/stats",
			.body = TWO_NODES("\"sessions.count\":1,\"delayed.count\":10,"
					  "\"channels.count\":100",
				"\"channels.count\":200,\"sessions.count\":2,"
				"\"delayed.count\":20"),
			.samples = "emqx_sessions_count 3\n"
				   "emqx_delayed_count 30\n"
				   "emqx_channels_count 300\n" },
	};

	(void)state;
	CHECK_READINGS(rows);
}

// What every node knows of the whole cluster is the same number: it has no node, and two of them are not
// two times as much.
static void values_of_the_cluster_are_neither_summed_nor_labelled(void **state)
{
	static const char *const keys[] = { "cluster_sessions", "retained", "topics", "routes",
		"subscriptions.shared", "rules", "resources", "actions" };
	static const char *const families[] = { "cluster_sessions", "retained", "topics", "routes",
		"subscriptions_shared", "rules", "resources", "actions" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys) * N_EMQX_MODES; i++) {
		size_t k = i / N_EMQX_MODES;
		struct arena arena = { 0 };
		struct reading_row row = { .name = keys[k],
			.mode = (enum emqx_mode)(i % N_EMQX_MODES),
			.endpoint = "stats" };

		row.path = row.mode == EMQX_NODE ? "/nodes/a%40h/stats" : "/stats";
		row.body = arena_printf(&arena,
			"[{\"node\":\"a@h\",\"%s.count\":11,\"%s.max\":12},"
			"{\"node\":\"b@h\",\"%s.count\":11,\"%s.max\":13}]",
			keys[k], keys[k], keys[k], keys[k])
				   .ptr;
		row.samples = arena_printf(
			&arena, "emqx_%s_count 11\nemqx_%s_max 12\n", families[k], families[k])
				      .ptr;
		check_reading(&row);
		arena_free(&arena);
	}
}

static void counters_by_mode(void **state)
{
	static const char two[] = TWO_NODES("\"bytes.received\":1,\"packets.connect.received\":2,"
					    "\"messages.dropped.await_pubrel_timeout\":3",
		"\"bytes.received\":10,\"packets.connect.received\":20,"
		"\"messages.dropped.await_pubrel_timeout\":30");
	static const struct reading_row rows[] = {
		{ .name = "a node",
			.endpoint = "metrics",
			.path = "/nodes/a%40h/metrics",
			.body = "{\"bytes.received\":1,\"client.auth.anonymous\":2}",
			.samples = "emqx_bytes_received 1\n"
				   "emqx_client_auth_anonymous 2\n" },
		{ .name = "summed",
			.mode = EMQX_AGGREGATED,
			.endpoint = "metrics",
			.path = "/metrics",
			.body = two,
			.samples = "emqx_bytes_received 11\n"
				   "emqx_packets_connect 22\n"
				   "emqx_messages_dropped_expired 33\n" },
		{ .name = "a row for each node",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "metrics",
			.path = "/metrics",
			.body = two,
			.samples = "emqx_bytes_received{node=\"a@h\"} 1\n"
				   "emqx_bytes_received{node=\"b@h\"} 10\n"
				   "emqx_packets_connect{node=\"a@h\"} 2\n"
				   "emqx_packets_connect{node=\"b@h\"} 20\n"
				   "emqx_messages_dropped_expired{node=\"a@h\"} 3\n"
				   "emqx_messages_dropped_expired{node=\"b@h\"} 30\n" },
	};

	(void)state;
	CHECK_READINGS(rows);
}

// 2^53 + 1 is the first integer that no double is; a sum beyond int64_t goes on as a double.
static void sums_are_exact_as_long_as_integers_are(void **state)
{
	static const struct {
		const char *name, *a, *b, *sum;
	} values[] = {
		{ "beyond 2^53", "9007199254740993", "2", "9007199254740995" },
		{ "up to the largest", "9223372036854775806", "1", "9223372036854775807" },
		{ "beyond the largest", "9223372036854775807", "1", "9.223372036854775807e+18" },
		{ "negative", "-5", "3", "-2" },
		{ "beyond the smallest", "-9223372036854775808", "-1",
			"-9.223372036854775808e+18" },
		{ "a fraction", "0.5", "3", "3.5" },
		{ "a whole real", "2.0", "3", "5" },
		{ "an exponent", "1e3", "3", "1003" },
		{ "too large for an integer", "18446744073709551616", "0",
			"1.8446744073709552e+19" },
		{ "infinity", "\"infinity\"", "3", "+Inf" },
		{ "text", "\"4\"", "3", "7" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct arena arena = { 0 };
		struct reading_row row = { .name = values[i].name,
			.mode = EMQX_AGGREGATED,
			.endpoint = "metrics",
			.path = "/metrics" };
		double sum = strtod(values[i].sum, NULL);
		bool is_real = strchr(values[i].sum, 'e') != NULL;

		row.body = arena_printf(&arena,
			"[{\"node\":\"a@h\",\"bytes.sent\":%s},{\"node\":\"b@h\",\"bytes.sent\":%s}"
			"]",
			values[i].a, values[i].b)
				   .ptr;
		struct buf spelled = buf_new(UNIT_LIMIT);
		number_write(&spelled, sum);
		buf_add_byte(&spelled, '\0');
		row.samples = arena_printf(
			&arena, "emqx_bytes_sent %s\n", is_real ? spelled.ptr : values[i].sum)
				      .ptr;
		check_reading(&row);
		buf_free(&spelled);
		arena_free(&arena);
	}
}

static void values_are_read_as_emqx_writes_them(void **state)
{
	static const struct {
		const char *value, *sample; // NULL: there is none
	} values[] = {
		{ "0", "0" },
		{ "-1", "-1" },
		{ "9223372036854775807", "9223372036854775807" },
		{ "1.5", "1.5" },
		{ "1e21", "1e+21" },
		{ "\"0.42\"", "0.42" },
		{ "\"12\"", "12" },
		{ "\"infinity\"", "+Inf" },
		{ "\"1.13G\"", "1213328261" },
		{ "\"512.00M\"", "536870912" },
		{ "\"1K\"", "1024" },
		{ "\"2.5T\"", "2748779069440" },
		{ "\"1P\"", "1125899906842624" },
		{ "\"-1K\"", "-1024" },
		{ "\"1E\"", NULL },
		{ "\"1k\"", NULL },
		{ "\"G\"", NULL },
		{ "\"\"", NULL },
		{ "\"1 G\"", NULL },
		{ "\"0x10\"", NULL },
		{ "\"unknown\"", NULL },
		{ "null", NULL },
		{ "{}", NULL },
		{ "[1]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct arena arena = { 0 };
		struct reading_row row = { .name = values[i].value,
			.endpoint = "metrics",
			.path = "/nodes/a%40h/metrics" };

		row.body = arena_printf(&arena, "{\"bytes.sent\":%s}", values[i].value).ptr;
		row.samples =
			values[i].sample
				? arena_printf(&arena, "emqx_bytes_sent %s\n", values[i].sample).ptr
				: "";
		check_reading(&row);
		arena_free(&arena);
	}
}

#define NODE_A                                                                                     \
	"{\"connections\":10,\"edition\":\"Opensource\",\"live_connections\":9,\"load1\":0.42,"    \
	"\"load15\":0.39,\"load5\":0.4,\"log_path\":\"/var/log/emqx\",\"max_fds\":1048576,"        \
	"\"memory_total\":\"15.64G\",\"memory_used\":\"2.10G\",\"node\":\"a@h\","                  \
	"\"node_status\":\"running\",\"otp_release\":\"26.2.5/14.2.5\","                           \
	"\"process_available\":2097152,\"process_used\":537,\"role\":\"core\","                    \
	"\"sys_path\":\"/opt/emqx\",\"uptime\":86400123,\"version\":\"5.8.9\"}"
#define NODE_B	"{\"node\":\"b@h\",\"node_status\":\"running\",\"load1\":\"1.5\",\"uptime\":5}"
#define STOPPED "{\"node\":\"c@h\",\"node_status\":\"stopped\",\"role\":\"core\"}"

static void nodes_by_mode(void **state)
{
	static const struct reading_row rows[] = {
		{ .name = "a node",
			.endpoint = "nodes",
			.path = "/nodes/a%40h",
			.body = NODE_A,
			.samples = "emqx_node_info{node=\"a@h\",version=\"5.8.9\","
				   "edition=\"Opensource\",role=\"core\","
				   "otp_release=\"26.2.5/14.2.5\"} 1\n"
				   "emqx_vm_uptime_ms 86400123\n"
				   "emqx_vm_max_fds 1048576\n"
				   "emqx_node_load1 0.42\n"
				   "emqx_node_load5 0.4\n"
				   "emqx_node_load15 0.39\n"
				   "emqx_vm_total_memory 16793322127\n"
				   "emqx_vm_used_memory 2254857830\n"
				   "emqx_node_processes_used 537\n"
				   "emqx_node_processes_limit 2097152\n" },
		{ .name = "a cluster, with a stopped node of three keys",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "nodes",
			.path = "/nodes",
			.body = "[" NODE_B "," STOPPED ",{\"node\":\"a@h\","
				"\"node_status\":\"running\"}]",
			.samples = "emqx_node_info{node=\"b@h\"} 1\n"
				   "emqx_node_info{node=\"a@h\"} 1\n"
				   "emqx_vm_uptime_ms{node=\"b@h\"} 5\n"
				   "emqx_node_load1{node=\"b@h\"} 1.5\n"
				   "emqx_cluster_nodes_running{node=\"a@h\"} 2\n"
				   "emqx_cluster_nodes_stopped{node=\"a@h\"} 1\n" },
		{ .name = "nobody knows whose view it is",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "nodes",
			.path = "/nodes",
			.body = "[" STOPPED "]",
			.samples = "" },
		{ .name = "a sum makes no sense",
			.mode = EMQX_AGGREGATED,
			.endpoint = "nodes",
			.path = "/nodes",
			.body = "[" NODE_B ",{\"node\":\"a@h\",\"node_status\":\"running\","
				"\"uptime\":7}]",
			.samples = "emqx_node_info{node=\"b@h\"} 1\n"
				   "emqx_node_info{node=\"a@h\"} 1\n"
				   "emqx_vm_uptime_ms{node=\"b@h\"} 5\n"
				   "emqx_vm_uptime_ms{node=\"a@h\"} 7\n"
				   "emqx_node_load1{node=\"b@h\"} 1.5\n"
				   "emqx_cluster_nodes_running{node=\"a@h\"} 2\n"
				   "emqx_cluster_nodes_stopped{node=\"a@h\"} 0\n" },
	};

	(void)state;
	CHECK_READINGS(rows);
}

static void current_values_are_of_the_cluster_or_the_node(void **state)
{
	static const char body[] =
		"{\"connections\":11,\"received_msg_rate\":1,\"sent_msg_rate\":2,"
		"\"dropped_msg_rate\":3,\"retained_msg_count\":4,\"shared_subscriptions\":5,"
		"\"subscriptions_durable\":6,\"disconnected_durable_sessions\":7,"
		"\"license_quota\":8,\"cluster_sessions\":9,\"rules_matched_rate\":10,"
		"\"persisted_rate\":12,\"sessions_hist_hwmark\":{\"peak_value\":1}}";
	static const char samples[] = "emqx_connections_count 11\n"
				      "emqx_messages_received_rate 1\n"
				      "emqx_messages_sent_rate 2\n"
				      "emqx_messages_dropped_rate 3\n"
				      "emqx_retained_count 4\n"
				      "emqx_subscriptions_shared_count 5\n"
				      "emqx_durable_subscriptions_count 6\n"
				      "emqx_disconnected_durable_sessions_count 7\n"
				      "emqx_license_max_sessions 8\n"
				      "emqx_cluster_sessions_count 9\n"
				      "emqx_rules_matched_rate 10\n"
				      "emqx_messages_persisted_rate 12\n";
	static const struct reading_row rows[] = {
		{ .name = "summed by the broker",
			.mode = EMQX_AGGREGATED,
			.endpoint = "monitor_current",
			.path = "/monitor_current",
			.body = body,
			.samples = samples },
		// A sum without a node would stand beside the nodes' own.
		{ .name = "there is no row for each node",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "monitor_current",
			.path = "/monitor_current",
			.body = "{\"connections\":11,\"received_msg_rate\":1,\"topics\":2,"
				"\"subscriptions_durable\":6,\"cluster_sessions\":9}",
			.samples = "emqx_messages_received_rate 1\n"
				   "emqx_topics_count 2\n"
				   "emqx_cluster_sessions_count 9\n" },
		{ .name = "a node",
			.endpoint = "monitor_current",
			.path = "/monitor_current/nodes/a%40h",
			.body = "{\"node_uptime\":77,\"topics\":1}",
			.samples = "emqx_vm_uptime_ms 77\n"
				   "emqx_topics_count 1\n" },
	};

	(void)state;
	CHECK_READINGS(rows);
}

static void the_license_has_a_size_and_an_end(void **state)
{
	static const struct {
		const char *name, *members, *samples;
	} values[] = {
		{ "both", "\"max_sessions\":1000,\"expiry_at\":\"2027-01-31\",\"expiry\":false",
			"emqx_license_max_sessions 1000\nemqx_license_expiry_at 1801353600\n" },
		{ "the first day", "\"expiry_at\":\"1970-01-01\"", "emqx_license_expiry_at 0\n" },
		{ "a leap day", "\"expiry_at\":\"2028-02-29\"",
			"emqx_license_expiry_at 1835395200\n" },
		{ "behind it", "\"expiry_at\":\"2028-03-01\"",
			"emqx_license_expiry_at 1835481600\n" },
		{ "a century that leaps", "\"expiry_at\":\"2000-03-01\"",
			"emqx_license_expiry_at 951868800\n" },
		{ "a century that does not", "\"expiry_at\":\"2100-03-01\"",
			"emqx_license_expiry_at 4107542400\n" },
		{ "the last", "\"expiry_at\":\"9999-12-31\"",
			"emqx_license_expiry_at 253402214400\n" },
		{ "without end", "\"max_sessions\":\"infinity\"",
			"emqx_license_max_sessions +Inf\n" },
		{ "no date", "\"expiry_at\":\"infinity\"", "" },
		{ "another date", "\"expiry_at\":\"31/01/2027\"", "" },
		{ "two parts", "\"expiry_at\":\"2027-01\"", "" },
		{ "four parts", "\"expiry_at\":\"2027-01-31-1\"", "" },
		{ "a month 13", "\"expiry_at\":\"2027-13-01\"", "" },
		{ "a day 0", "\"expiry_at\":\"2027-01-00\"", "" },
		{ "blank", "\"expiry_at\":\"\"", "" },
		{ "a number", "\"expiry_at\":20270131", "" },
		{ "huge", "\"expiry_at\":\"99999999999999999999-1-1\"", "" },
		{ "nothing", "\"customer\":\"x\"", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct arena arena = { 0 };
		struct reading_row row = { .name = values[i].name,
			.endpoint = "license",
			.path = "/license",
			.mode = (enum emqx_mode)(i % N_EMQX_MODES),
			.samples = values[i].samples };

		row.body = arena_printf(&arena, "{%s}", values[i].members).ptr;
		check_reading(&row);
		arena_free(&arena);
	}
}

static void unknown_keys_are_named_by_rule_or_left_out(void **state)
{
	static const char two[] =
		TWO_NODES("\"new.thing\":1,\"bytes.sent\":1", "\"new.thing\":2,\"bytes.sent\":2");
	static const struct reading_row rows[] = {
		{ .name = "summed",
			.mode = EMQX_AGGREGATED,
			.endpoint = "metrics",
			.path = "/metrics",
			.body = two,
			.samples = "emqx_new_thing 3\nemqx_bytes_sent 3\n" },
		{ .name = "for each node",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "metrics",
			.path = "/metrics",
			.body = two,
			.samples = "emqx_new_thing{node=\"a@h\"} 1\n"
				   "emqx_new_thing{node=\"b@h\"} 2\n"
				   "emqx_bytes_sent{node=\"a@h\"} 1\n"
				   "emqx_bytes_sent{node=\"b@h\"} 2\n" },
		{ .name = "left out",
			.mode = EMQX_AGGREGATED,
			.leaves_unknown = true,
			.endpoint = "metrics",
			.path = "/metrics",
			.body = two,
			.samples = "emqx_bytes_sent 3\n" },
		{ .name = "any byte",
			.endpoint = "metrics",
			.path = "/nodes/a%40h/metrics",
			.body = "{\"\xc3\xa4 \\\"{}\\n\":1,\"\":2,\"9\":3}",
			.samples = "emqx________ 1\nemqx_9 3\n" },
		{ .name = "no value",
			.endpoint = "metrics",
			.path = "/nodes/a%40h/metrics",
			.body = "{\"new.a\":\"word\",\"new.b\":true,\"new.c\":null,\"new.d\":{},"
				"\"new.e\":\"17\"}",
			.samples = "emqx_new_e 17\n" },
		// packets.connect.received is the key of this family.
		{ .name = "the name of another key's family",
			.endpoint = "metrics",
			.path = "/nodes/a%40h/metrics",
			.body = "{\"packets.connect\":1,\"packets.connect.received\":2}",
			.samples = "emqx_packets_connect 2\n" },
		{ .name = "of current values",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "monitor_current",
			.path = "/monitor_current",
			.body = "{\"new_rate\":1}",
			.samples = "emqx_new_rate 1\n" },
		{ .name = "of current values, left out",
			.mode = EMQX_UNAGGREGATED,
			.leaves_unknown = true,
			.endpoint = "monitor_current",
			.path = "/monitor_current",
			.body = "{\"new_rate\":1}",
			.samples = "" },
	};

	(void)state;
	CHECK_READINGS(rows);
}

// EMQX has no such keys; a series that comes twice would be a fault of ours.
static void of_unknown_keys_with_one_name_the_first_counts(void **state)
{
	static const char two[] =
		TWO_NODES("\"a.b\":1,\"a_b\":10", "\"a_b\":20,\"a.b\":2,\"a-b\":200");
	static const struct reading_row rows[] = {
		{ .name = "of a node",
			.endpoint = "metrics",
			.path = "/nodes/a%40h/metrics",
			.body = two,
			.samples = "emqx_a_b 1\n" },
		{ .name = "summed",
			.mode = EMQX_AGGREGATED,
			.endpoint = "metrics",
			.path = "/metrics",
			.body = two,
			.samples = "emqx_a_b 3\n" },
		{ .name = "for each node",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "metrics",
			.path = "/metrics",
			.body = two,
			.samples = "emqx_a_b{node=\"a@h\"} 1\nemqx_a_b{node=\"b@h\"} 2\n" },
	};

	(void)state;
	CHECK_READINGS(rows);
}

static void of_a_key_that_comes_twice_the_last_value_counts(void **state)
{
	static const struct reading_row rows[] = {
		{ .name = "known",
			.endpoint = "metrics",
			.path = "/nodes/a%40h/metrics",
			.body = "{\"bytes.sent\":1,\"bytes.received\":2,\"bytes.sent\":3}",
			.samples = "emqx_bytes_sent 3\nemqx_bytes_received 2\n" },
		{ .name = "unknown",
			.endpoint = "metrics",
			.path = "/nodes/a%40h/metrics",
			.body = "{\"new\":1,\"new\":3}",
			.samples = "emqx_new 3\n" },
	};

	(void)state;
	CHECK_READINGS(rows);
}

// EMQX 4 has an object around all answers, and the values of a node in another.
static void answers_of_emqx_4(void **state)
{
	static const struct reading_row rows[] = {
		{ .name = "statistics",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "stats",
			.path = "/stats",
			.body = "{\"code\":0,\"data\":[{\"node\":\"a@h\",\"stats\":"
				"{\"connections.count\":3,\"routes.count\":1}}]}",
			.samples = "emqx_connections_count{node=\"a@h\"} 3\n"
				   "emqx_routes_count 1\n" },
		{ .name = "statistics of a node",
			.endpoint = "stats",
			.path = "/nodes/a%40h/stats",
			.body = "{\"code\":0,\"data\":{\"connections.count\":3}}",
			.samples = "emqx_connections_count 3\n" },
		{ .name = "counters",
			.mode = EMQX_AGGREGATED,
			.endpoint = "metrics",
			.path = "/metrics",
			.body = "{\"data\":[{\"node\":\"a@h\",\"metrics\":"
				"{\"session.takeovered\":1,\"messages.dropped.expired\":4}},"
				"{\"metrics\":{\"session.takeovered\":2},\"node\":\"b@h\"}],"
				"\"code\":0}",
			.samples = "emqx_session_takeovered 3\n"
				   "emqx_messages_dropped_expired 4\n" },
		{ .name = "nodes",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "nodes",
			.path = "/nodes",
			.body = "{\"code\":0,\"data\":[{\"node\":\"a@h\","
				"\"node_status\":\"Running\",\"version\":\"4.4.19\","
				"\"uptime\":\"1 days, 2 hours\",\"load1\":\"0.42\","
				"\"memory_total\":\"1.00G\"}]}",
			.samples = "emqx_node_info{node=\"a@h\",version=\"4.4.19\"} 1\n"
				   "emqx_node_load1{node=\"a@h\"} 0.42\n"
				   "emqx_vm_total_memory{node=\"a@h\"} 1073741824\n"
				   "emqx_cluster_nodes_running{node=\"a@h\"} 1\n"
				   "emqx_cluster_nodes_stopped{node=\"a@h\"} 0\n" },
		{ .name = "a counter of that name is no envelope",
			.endpoint = "metrics",
			.path = "/nodes/a%40h/metrics",
			.body = "{\"code\":0,\"data\":1}",
			.samples = "emqx_code 0\nemqx_data 1\n" },
	};

	(void)state;
	CHECK_READINGS(rows);
}

static void the_node_of_an_answer_may_be_missing(void **state)
{
	static const struct reading_row rows[] = {
		{ .name = "without a node",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "metrics",
			.path = "/metrics",
			.body = "[{\"bytes.sent\":1}]",
			.samples = "emqx_bytes_sent 1\n" },
		{ .name = "an odd name",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "metrics",
			.path = "/metrics",
			.body = "[{\"node\":\"a\\\"b\\\\c\\n\xc3\xa4\",\"bytes.sent\":1}]",
			.samples = "emqx_bytes_sent{node=\"a\\\"b\\\\c\\n\xc3\xa4\"} 1\n" },
		{ .name = "not a name",
			.mode = EMQX_UNAGGREGATED,
			.endpoint = "metrics",
			.path = "/metrics",
			.body = "[{\"node\":[\"a@h\"],\"bytes.sent\":1}]",
			.samples = "emqx_bytes_sent 1\n" },
	};

	(void)state;
	CHECK_READINGS(rows);
}

static void families_have_type_and_help(void **state)
{
	struct run *run = run_new(EMQX_NODE, "metrics monitor_current");
	const struct str added = STR("");
	struct buf text = buf_new(UNIT_LIMIT);

	(void)state;
	run_set_key(run);
	run->own.node = STR("a@h");
	run->state.met = true;
	run_ask(run);
	struct run_part *metrics = run_answer(
		run, "/api/v5/nodes/a%40h/metrics", 200, "{\"bytes.sent\":1,\"new.thing\":2}");
	struct run_part *monitor = run_answer(
		run, "/api/v5/monitor_current/nodes/a%40h", 200, "{\"topics\":1,\"new_rate\":2}");
	write_set(&text, metrics->take.set, &added);
	write_set(&text, monitor->take.set, &added);
	check_str("text", buf_str(&text),
		STR("# HELP emqx_bytes_sent Bytes sent to clients.\n"
		    "# TYPE emqx_bytes_sent counter\n"
		    "emqx_bytes_sent 1\n"
		    "# TYPE emqx_new_thing counter\n"
		    "emqx_new_thing 2\n"
		    "# HELP emqx_topics_count Topic filters with subscribers in the cluster, once "
		    "for each node of theirs.\n"
		    "# TYPE emqx_topics_count gauge\n"
		    "emqx_topics_count 1\n"
		    "# TYPE emqx_new_rate gauge\n"
		    "emqx_new_rate 2\n"));
	buf_free(&text);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statistics_by_mode),
		cmocka_unit_test(values_of_the_cluster_are_neither_summed_nor_labelled),
		cmocka_unit_test(counters_by_mode),
		cmocka_unit_test(sums_are_exact_as_long_as_integers_are),
		cmocka_unit_test(values_are_read_as_emqx_writes_them),
		cmocka_unit_test(nodes_by_mode),
		cmocka_unit_test(current_values_are_of_the_cluster_or_the_node),
		cmocka_unit_test(the_license_has_a_size_and_an_end),
		cmocka_unit_test(unknown_keys_are_named_by_rule_or_left_out),
		cmocka_unit_test(of_unknown_keys_with_one_name_the_first_counts),
		cmocka_unit_test(of_a_key_that_comes_twice_the_last_value_counts),
		cmocka_unit_test(answers_of_emqx_4),
		cmocka_unit_test(the_node_of_an_answer_may_be_missing),
		cmocka_unit_test(families_have_type_and_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
