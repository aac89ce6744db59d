// SPDX-License-Identifier: Apache-2.0
#include "source/emqx_map.h"
#include "unit.h"

enum { LONGEST_HELP = 100, LONGEST_FAMILY = 64 };

static bool is_lower_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", name.ptr[i]))
			return false;
	return str_starts_with(name, STR("emqx_"));
}

static bool has_byte(struct str text, char byte)
{
	return memchr(text.ptr, byte, text.len) != NULL;
}

static bool in_order(struct str a, struct str b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	return order < 0 || (order == 0 && a.len < b.len);
}

static void families_stand_in_strict_byte_order(void **state)
{
	size_t n;
	const struct emqx_statistic *rows = emqx_map_all(&n);

	(void)state;
	assert_true(n > 250);
	for (size_t i = 1; i < n; i++)
		CHECK_ROW(unit_printable(rows[i].family),
			in_order(rows[i - 1].family, rows[i].family));
}

static void every_row_is_fit_to_be_written(void **state)
{
	size_t n;
	const struct emqx_statistic *rows = emqx_map_all(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const char *name = unit_printable(rows[i].family);
		struct str help = rows[i].help;

		CHECK_ROW(name, is_lower_name(rows[i].family));
		// Those beyond are not found by the rule, only slower.
		CHECK_ROW(name, rows[i].family.len <= LONGEST_FAMILY);
		CHECK_ROW(name, rows[i].type > METRIC_UNTYPED && rows[i].type < N_METRIC_TYPES);
		CHECK_ROW(name, rows[i].page < N_EMQX_PAGES);
		CHECK_ROW(name, rows[i].page != EMQX_TEXT || rows[i].key.len == 0);
		CHECK_ROW(name, help.len > 0 && help.len <= LONGEST_HELP);
		CHECK_ROW(name, str_ends_with(help, STR(".")));
		CHECK_ROW(name, str_eq(str_trim(help), help));
		CHECK_ROW(name, !has_byte(help, '\n') && !has_byte(help, '\r'));
		CHECK_ROW(name, !has_byte(help, '\\') && !has_byte(help, '\0'));
		CHECK_ROW(name, str_is_utf8(help));
		// Monotonic counts and gauges are not mixed up.
		CHECK_ROW(name, rows[i].page != EMQX_STATS || rows[i].type == METRIC_GAUGE);
		CHECK_ROW(name, rows[i].page != EMQX_METRICS || rows[i].type == METRIC_COUNTER);
	}
}

static void every_row_is_found_by_family_and_by_key(void **state)
{
	size_t n;
	const struct emqx_statistic *rows = emqx_map_all(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const char *name = unit_printable(rows[i].family);

		CHECK_ROW(name, emqx_map_family(rows[i].family) == &rows[i]);
		if (rows[i].key.len)
			CHECK_ROW(name, emqx_map_key(rows[i].page, rows[i].key) == &rows[i]);
	}
}

static void no_key_of_a_page_stands_twice(void **state)
{
	size_t n, n_second;
	const struct emqx_statistic *rows = emqx_map_all(&n);
	const struct emqx_second_key *second = emqx_map_second_keys(&n_second);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			CHECK_ROW(unit_printable(rows[i].family),
				rows[i].key.len == 0 || rows[i].page != rows[j].page ||
					!str_eq(rows[i].key, rows[j].key));
	for (size_t i = 0; i < n_second; i++) {
		for (size_t j = 0; j < n; j++)
			CHECK_ROW(unit_printable(second[i].key),
				second[i].page != rows[j].page ||
					!str_eq(second[i].key, rows[j].key));
		for (size_t j = i + 1; j < n_second; j++)
			CHECK_ROW(unit_printable(second[i].key),
				second[i].page != second[j].page ||
					!str_eq(second[i].key, second[j].key));
	}
}

static void second_keys_mean_known_families(void **state)
{
	size_t n;
	const struct emqx_second_key *second = emqx_map_second_keys(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct emqx_statistic *row = emqx_map_family(second[i].family);

		CHECK_ROW(unit_printable(second[i].key), row != NULL);
		CHECK_ROW(unit_printable(second[i].key),
			emqx_map_key(second[i].page, second[i].key) == row);
	}
}

static void keys_mean_families(void **state)
{
	static const struct {
		enum emqx_page page;
		const char *key, *family; // NULL: unknown
		enum metric_type type;
		enum emqx_rule rule;
	} rows[] = {
		{ EMQX_STATS, "connections.count", "emqx_connections_count", METRIC_GAUGE,
			EMQX_SPLIT },
		{ EMQX_STATS, "connections.max", "emqx_connections_max", METRIC_GAUGE, EMQX_SPLIT },
		{ EMQX_STATS, "durable_subscriptions.count", "emqx_durable_subscriptions_count",
			METRIC_GAUGE, EMQX_SPLIT },
		// The same on all nodes: a sum would count them once for each.
		{ EMQX_STATS, "cluster_sessions.count", "emqx_cluster_sessions_count", METRIC_GAUGE,
			EMQX_ONCE },
		{ EMQX_STATS, "cluster_sessions.max", "emqx_cluster_sessions_max", METRIC_GAUGE,
			EMQX_ONCE },
		{ EMQX_STATS, "topics.count", "emqx_topics_count", METRIC_GAUGE, EMQX_ONCE },
		{ EMQX_STATS, "topics.max", "emqx_topics_max", METRIC_GAUGE, EMQX_ONCE },
		{ EMQX_STATS, "routes.count", "emqx_routes_count", METRIC_GAUGE, EMQX_ONCE },
		{ EMQX_STATS, "routes.max", "emqx_routes_max", METRIC_GAUGE, EMQX_ONCE },
		{ EMQX_STATS, "retained.count", "emqx_retained_count", METRIC_GAUGE, EMQX_ONCE },
		{ EMQX_STATS, "retained.max", "emqx_retained_max", METRIC_GAUGE, EMQX_ONCE },
		{ EMQX_STATS, "subscriptions.shared.count", "emqx_subscriptions_shared_count",
			METRIC_GAUGE, EMQX_ONCE },
		{ EMQX_STATS, "subscriptions.shared.max", "emqx_subscriptions_shared_max",
			METRIC_GAUGE, EMQX_ONCE },

		{ EMQX_METRICS, "bytes.received", "emqx_bytes_received", METRIC_COUNTER,
			EMQX_SPLIT },
		{ EMQX_METRICS, "packets.publish.auth_error", "emqx_packets_publish_auth_error",
			METRIC_COUNTER, EMQX_SPLIT },
		{ EMQX_METRICS, "packets.connect.received", "emqx_packets_connect", METRIC_COUNTER,
			EMQX_SPLIT },
		{ EMQX_METRICS, "messages.dropped.await_pubrel_timeout",
			"emqx_messages_dropped_expired", METRIC_COUNTER, EMQX_SPLIT },
		{ EMQX_METRICS, "messages.dropped.expired", "emqx_messages_dropped_expired",
			METRIC_COUNTER, EMQX_SPLIT },
		{ EMQX_METRICS, "authorization.matched.allow", "emqx_authorization_matched_allow",
			METRIC_COUNTER, EMQX_SPLIT },
		{ EMQX_METRICS, "overload_protection.delay.ok", "emqx_overload_protection_delay_ok",
			METRIC_COUNTER, EMQX_SPLIT },
		{ EMQX_METRICS, "messages.validation_failed", "emqx_messages_validation_failed",
			METRIC_COUNTER, EMQX_SPLIT },
		{ EMQX_METRICS, "delivery.dropped.filter", "emqx_delivery_dropped_filter",
			METRIC_COUNTER, EMQX_SPLIT },
		{ EMQX_METRICS, "session.takeovered", "emqx_session_takeovered", METRIC_COUNTER,
			EMQX_SPLIT },

		{ EMQX_NODES, "node_status", "emqx_node_running", METRIC_GAUGE, EMQX_PER_NODE },
		{ EMQX_NODES, "uptime", "emqx_vm_uptime_ms", METRIC_GAUGE, EMQX_PER_NODE },
		{ EMQX_NODES, "max_fds", "emqx_vm_max_fds", METRIC_GAUGE, EMQX_PER_NODE },
		{ EMQX_NODES, "memory_total", "emqx_vm_total_memory", METRIC_GAUGE, EMQX_PER_NODE },
		{ EMQX_NODES, "memory_used", "emqx_vm_used_memory", METRIC_GAUGE, EMQX_PER_NODE },
		{ EMQX_NODES, "load1", "emqx_node_load1", METRIC_GAUGE, EMQX_PER_NODE },
		{ EMQX_NODES, "load15", "emqx_node_load15", METRIC_GAUGE, EMQX_PER_NODE },
		{ EMQX_NODES, "process_used", "emqx_node_processes_used", METRIC_GAUGE,
			EMQX_PER_NODE },
		{ EMQX_NODES, "process_available", "emqx_node_processes_limit", METRIC_GAUGE,
			EMQX_PER_NODE },

		{ EMQX_MONITOR, "received_msg_rate", "emqx_messages_received_rate", METRIC_GAUGE,
			EMQX_ONCE },
		{ EMQX_MONITOR, "persisted_rate", "emqx_messages_persisted_rate", METRIC_GAUGE,
			EMQX_ONCE },
		{ EMQX_MONITOR, "validation_succeeded_rate",
			"emqx_messages_validation_succeeded_rate", METRIC_GAUGE, EMQX_ONCE },
		{ EMQX_MONITOR, "rules_matched_rate", "emqx_rules_matched_rate", METRIC_GAUGE,
			EMQX_ONCE },
		{ EMQX_MONITOR, "connections", "emqx_connections_count", METRIC_GAUGE, EMQX_SPLIT },
		{ EMQX_MONITOR, "live_connections", "emqx_live_connections_count", METRIC_GAUGE,
			EMQX_SPLIT },
		{ EMQX_MONITOR, "topics", "emqx_topics_count", METRIC_GAUGE, EMQX_ONCE },
		{ EMQX_MONITOR, "subscriptions", "emqx_subscriptions_count", METRIC_GAUGE,
			EMQX_SPLIT },
		{ EMQX_MONITOR, "subscriptions_durable", "emqx_durable_subscriptions_count",
			METRIC_GAUGE, EMQX_SPLIT },
		{ EMQX_MONITOR, "subscriptions_ram", "emqx_subscriptions_ram_count", METRIC_GAUGE,
			EMQX_ONCE },
		{ EMQX_MONITOR, "disconnected_durable_sessions",
			"emqx_disconnected_durable_sessions_count", METRIC_GAUGE, EMQX_ONCE },
		{ EMQX_MONITOR, "retained_msg_count", "emqx_retained_count", METRIC_GAUGE,
			EMQX_ONCE },
		{ EMQX_MONITOR, "shared_subscriptions", "emqx_subscriptions_shared_count",
			METRIC_GAUGE, EMQX_ONCE },
		{ EMQX_MONITOR, "cluster_sessions", "emqx_cluster_sessions_count", METRIC_GAUGE,
			EMQX_ONCE },
		{ EMQX_MONITOR, "license_quota", "emqx_license_max_sessions", METRIC_GAUGE,
			EMQX_ONCE },
		{ EMQX_MONITOR, "node_uptime", "emqx_vm_uptime_ms", METRIC_GAUGE, EMQX_PER_NODE },

		{ EMQX_LISTENERS, "running", "emqx_listener_running", METRIC_GAUGE, EMQX_PER_NODE },
		{ EMQX_LISTENERS, "max_connections", "emqx_listener_max_connections", METRIC_GAUGE,
			EMQX_PER_NODE },
		{ EMQX_LISTENERS, "enable", "emqx_listener_enable", METRIC_GAUGE, EMQX_ONCE },
		{ EMQX_LICENSE, "expiry_at", "emqx_license_expiry_at", METRIC_GAUGE, EMQX_ONCE },
		{ EMQX_LICENSE, "max_sessions", "emqx_license_max_sessions", METRIC_GAUGE,
			EMQX_ONCE },

		// One word on several pages.
		{ EMQX_RULES, "enable", "emqx_rule_enable", METRIC_GAUGE, EMQX_SPLIT },
		{ EMQX_ACTIONS, "enable", "emqx_action_enable", METRIC_GAUGE, EMQX_SPLIT },
		{ EMQX_CONNECTORS, "enable", "emqx_connector_enable", METRIC_GAUGE, EMQX_SPLIT },
		{ EMQX_AUTHN, "enable", "emqx_authn_enable", METRIC_GAUGE, EMQX_SPLIT },
		{ EMQX_AUTHZ, "enable", "emqx_authz_enable", METRIC_GAUGE, EMQX_SPLIT },
		{ EMQX_RULES, "matched", "emqx_rule_matched", METRIC_COUNTER, EMQX_SPLIT },
		{ EMQX_ACTIONS, "matched", "emqx_action_matched", METRIC_COUNTER, EMQX_SPLIT },
		{ EMQX_RULES, "matched.rate.last5m", "emqx_rule_matched_rate_last5m", METRIC_GAUGE,
			EMQX_SPLIT },
		{ EMQX_RULES, "actions.failed.out_of_service",
			"emqx_rule_actions_failed_out_of_service", METRIC_COUNTER, EMQX_SPLIT },
		{ EMQX_ACTIONS, "dropped.resource_not_found",
			"emqx_action_dropped_resource_not_found", METRIC_COUNTER, EMQX_SPLIT },
		{ EMQX_ACTIONS, "inflight", "emqx_action_inflight", METRIC_GAUGE, EMQX_SPLIT },
		{ EMQX_ACTIONS, "rate_last5m", "emqx_action_rate_last5m", METRIC_GAUGE,
			EMQX_SPLIT },
		{ EMQX_AUTHN, "failed", "emqx_authn_failed", METRIC_COUNTER, EMQX_SPLIT },
		{ EMQX_AUTHZ, "ignore", "emqx_authz_ignore", METRIC_COUNTER, EMQX_SPLIT },

		{ .page = EMQX_STATS, .key = "node" },
		{ .page = EMQX_STATS, .key = "" },
		{ .page = EMQX_ALARMS, .key = "" },
		{ .page = EMQX_BANNED, .key = "count" },
		{ .page = EMQX_STATS, .key = "bytes.received" },
		{ .page = EMQX_METRICS, .key = "connections.count" },
		// What would give a family's name, but is not how EMQX spells it.
		{ .page = EMQX_METRICS, .key = "packets.connect" },
		{ .page = EMQX_METRICS, .key = "bytes_received" },
		{ .page = EMQX_METRICS, .key = "bytes/received" },
		{ .page = EMQX_METRICS, .key = "messages.received.rate" },
		{ .page = EMQX_METRICS, .key = "Bytes.received" },
		{ .page = EMQX_TEXT, .key = "vm.run.queue" },
		{ .page = EMQX_NODES, .key = "connections" },
		{ .page = EMQX_NODES, .key = "running" },
		{ .page = EMQX_METRICS,
			.key = "a.key.that.is.longer.than.any.name.of.a.family.could.ever.be."
			       "made" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct emqx_statistic *row = emqx_map_key(rows[i].page, str_of(rows[i].key));

		CHECK_ROW(rows[i].key, !row == !rows[i].family);
		if (!row)
			continue;
		check_str(rows[i].key, row->family, str_of(rows[i].family));
		check_number(rows[i].key, "type", row->type, rows[i].type);
		check_number(rows[i].key, "rule", row->rule, rows[i].rule);
	}
}

static void families_of_the_text_pages_are_known(void **state)
{
	// Families by type and by where they bear `node`; a prefix and names.
	static const struct {
		const char *prefix, *names;
		enum metric_type type;
		enum emqx_rule rule;
	} rows[] = {
		{ "emqx_",
			"connections_count live_connections_max sessions_count channels_max "
			"suboptions_count subscribers_max subscriptions_count delayed_max",
			METRIC_GAUGE, EMQX_SPLIT },
		{ "emqx_vm_",
			"cpu_use cpu_idle run_queue process_messages_in_queues total_memory "
			"used_memory mnesia_tm_mailbox_size broker_pool_max_mailbox_size uptime_ms "
			"max_fds",
			METRIC_GAUGE, EMQX_PER_NODE },
		{ "emqx_cluster_", "nodes_running nodes_stopped", METRIC_GAUGE, EMQX_PER_NODE },
		{ "emqx_", "conf_sync_txid", METRIC_GAUGE, EMQX_PER_NODE },
		{ "emqx_mria_",
			"last_intercepted_trans weight replicants server_mql lag bootstrap_time "
			"bootstrap_num_keys message_queue_len replayq_len",
			METRIC_GAUGE, EMQX_PER_NODE },
		{ "emqx_",
			"cert_expiry_at license_expiry_at license_max_sessions license_issued_at "
			"authn_users_count authz_rules_count authn_builtin_record_count "
			"authz_builtin_record_count banned_count rules_count actions_count "
			"connectors_count schema_registrys_count",
			METRIC_GAUGE, EMQX_ONCE },
		{ "emqx_",
			"packets_publish_dropped packets_publish_quota_exceeded messages_retained "
			"messages_dropped_quota_exceeded messages_dropped_receive_maximum "
			"client_disconnected_reason overload_protection_new_conn "
			"authentication_success_anonymous client_check_acl",
			METRIC_COUNTER, EMQX_SPLIT },
		{ "emqx_authn_", "enable status", METRIC_GAUGE, EMQX_SPLIT },
		{ "emqx_authn_", "nomatch total success failed", METRIC_COUNTER, EMQX_SPLIT },
		{ "emqx_authz_", "nomatch total allow deny", METRIC_COUNTER, EMQX_SPLIT },
		{ "emqx_", "authn_latency authz_latency", METRIC_HISTOGRAM, EMQX_SPLIT },
		{ "emqx_action_", "enable status inflight queuing", METRIC_GAUGE, EMQX_SPLIT },
		{ "emqx_action_", "received retried_success retried_failed dropped_other",
			METRIC_COUNTER, EMQX_SPLIT },
		{ "emqx_", "schema_validation_enable message_transformation_enable", METRIC_GAUGE,
			EMQX_SPLIT },
		{ "emqx_", "schema_validation_matched message_transformation_failed",
			METRIC_COUNTER, EMQX_SPLIT },
		{ "emqx_topic_metric_",
			"messages_in_count messages_out_count messages_dropped_count bytes_in "
			"bytes_out",
			METRIC_COUNTER, EMQX_SPLIT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str names = str_of(rows[i].names), name;

		while (names.len) {
			struct arena arena = { 0 };
			struct str family;
			const struct emqx_statistic *row;

			str_cut(names, ' ', &name, &names);
			family = arena_printf(&arena, "%s%.*s", rows[i].prefix, STR_ARG(name));
			row = emqx_map_family(family);
			CHECK_ROW(family.ptr, row != NULL);
			check_number(family.ptr, "type", row->type, rows[i].type);
			check_number(family.ptr, "rule", row->rule, rows[i].rule);
			arena_free(&arena);
		}
	}
}

static void other_families_are_not_known(void **state)
{
	static const char *const names[] = { "", "a", "emqx_", "emqx", "emqx_action",
		"emqx_actions_coun", "emqx_actions_counts", "emqx_vm_used_memory_", "zzz",
		"erlang_vm_threads" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		CHECK_ROW(names[i], emqx_map_family(str_of(names[i])) == NULL);
}

static void unknown_keys_get_a_name_by_rule(void **state)
{
	static const struct {
		enum emqx_page page;
		struct str key;
		const char *family;
		enum metric_type type;
	} rows[] = {
		{ EMQX_STATS, STR_INIT("new.things.count"), "emqx_new_things_count", METRIC_GAUGE },
		{ EMQX_METRICS, STR_INIT("client.ping"), "emqx_client_ping", METRIC_COUNTER },
		{ EMQX_METRICS, STR_INIT("A-b/C.1"), "emqx_A_b_C_1", METRIC_COUNTER },
		{ EMQX_METRICS, STR_INIT("\xc3\xa9\0{\"\n"), "emqx_______", METRIC_COUNTER },
		{ EMQX_METRICS, STR_INIT(""), "emqx_", METRIC_COUNTER },
		{ EMQX_NODES, STR_INIT("x"), "emqx_node_x", METRIC_GAUGE },
		{ EMQX_MONITOR, STR_INIT("x_rate"), "emqx_x_rate", METRIC_GAUGE },
		{ EMQX_LISTENERS, STR_INIT("x"), "emqx_listener_x", METRIC_GAUGE },
		{ EMQX_LICENSE, STR_INIT("x"), "emqx_license_x", METRIC_GAUGE },
		{ EMQX_RULES, STR_INIT("x.y"), "emqx_rule_x_y", METRIC_GAUGE },
		{ EMQX_ACTIONS, STR_INIT("x"), "emqx_action_x", METRIC_GAUGE },
		{ EMQX_CONNECTORS, STR_INIT("x"), "emqx_connector_x", METRIC_GAUGE },
		{ EMQX_AUTHN, STR_INIT("x"), "emqx_authn_x", METRIC_GAUGE },
		{ EMQX_AUTHZ, STR_INIT("x"), "emqx_authz_x", METRIC_GAUGE },
		{ EMQX_STATS,
			STR_INIT("a.key.that.is.longer.than.any.name.of.a.family.could.ever.be"),
			"emqx_a_key_that_is_longer_than_any_name_of_a_family_could_ever_be",
			METRIC_GAUGE },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_str(rows[i].family, emqx_map_unknown(&arena, rows[i].page, rows[i].key),
			str_of(rows[i].family));
		check_number(
			rows[i].family, "type", emqx_map_unknown_type(rows[i].page), rows[i].type);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_stand_in_strict_byte_order),
		cmocka_unit_test(every_row_is_fit_to_be_written),
		cmocka_unit_test(every_row_is_found_by_family_and_by_key),
		cmocka_unit_test(no_key_of_a_page_stands_twice),
		cmocka_unit_test(second_keys_mean_known_families),
		cmocka_unit_test(keys_mean_families),
		cmocka_unit_test(families_of_the_text_pages_are_known),
		cmocka_unit_test(other_families_are_not_known),
		cmocka_unit_test(unknown_keys_get_a_name_by_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
