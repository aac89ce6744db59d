// SPDX-License-Identifier: Apache-2.0
// What the source `emqx` does after the last answer: of a quantity that is told several times one stays.
#include "emqx_run.h"

// All samples that are left, in the order of asking, then those of conclude.
static struct str all_samples(struct run *run)
{
	struct str text = STR("");

	for (size_t i = 0; i < run->n_parts; i++)
		if (run->parts[i].verdict == SOURCE_DELIVERED)
			text = arena_printf(&run->arena, "%.*s%.*s", STR_ARG(text),
				STR_ARG(run_samples(run, run->parts[i].take.set)));
	return arena_printf(
		&run->arena, "%.*s%.*s", STR_ARG(text), STR_ARG(run_samples(run, run->set)));
}

static struct run *begin(const char *endpoints)
{
	struct run *run = run_new(EMQX_NODE, endpoints);

	run_set_key(run);
	run->own.node = STR("a@h");
	run->state.met = true;
	run_ask(run);
	return run;
}

static void what_text_tells_is_taken_from_text(void **state)
{
	struct run *run = begin("metrics stats");

	(void)state;
	run_answer(run, "/api/v5/nodes/a%40h/metrics", 200,
		"{\"bytes.sent\":1,\"messages.persisted\":2}");
	run_answer(run, "/api/v5/prometheus/stats", 200,
		"# TYPE emqx_bytes_sent counter\nemqx_bytes_sent 10\n"
		"# TYPE emqx_messages_persisted counter\n");
	run_conclude(run);
	// A family without samples tells nothing.
	check_str("both", all_samples(run), STR("emqx_messages_persisted 2\nemqx_bytes_sent 10\n"));
	check_number("both", "samples", run->parts[0].take.set->n_samples, 1);
	check_number("both", "samples", run->parts[1].take.set->n_samples, 1);
	run_free(run);
}

static void what_a_failed_page_would_tell_is_taken_from_json(void **state)
{
	struct run *run = begin("metrics stats");

	(void)state;
	run_answer(run, "/api/v5/nodes/a%40h/metrics", 200, "{\"bytes.sent\":1}");
	run_answer(run, "/api/v5/prometheus/stats", 200, "emqx_bytes_sent 10\nemqx_bytes_sen");
	run_conclude(run);
	check_number("cut off", "verdict", run->parts[1].verdict, SOURCE_FELL_BACK);
	check_str("cut off", all_samples(run), STR("emqx_bytes_sent 1\n"));
	run_free(run);
}

static void the_first_of_several_json_answers_counts(void **state)
{
	struct run *run = begin("monitor_current nodes");

	(void)state;
	run_answer(run, "/api/v5/nodes/a%40h", 200,
		"{\"node\":\"a@h\",\"node_status\":\"running\",\"uptime\":5,\"max_fds\":7}");
	run_answer(run, "/api/v5/monitor_current/nodes/a%40h", 200,
		"{\"node_uptime\":6,\"connections\":1}");
	run_conclude(run);
	// By the order of asking, not of answering.
	check_str("both", all_samples(run),
		STR("emqx_vm_uptime_ms 6\n"
		    "emqx_connections_count 1\n"
		    "emqx_node_info{node=\"a@h\"} 1\n"
		    "emqx_vm_max_fds 7\n"
		    "emqx_node_running{node=\"a@h\"} 1\n"));
	run_free(run);
}

// Otherwise a family would change its source with each failure of the page.
static void what_stands_in_for_a_page_goes_before_other_json(void **state)
{
	struct run *run = begin("monitor_current stats");

	(void)state;
	run_answer(run, "/api/v5/monitor_current/nodes/a%40h", 200,
		"{\"connections\":1,\"received_msg_rate\":2}");
	run_answer(run, "/api/v5/prometheus/stats", 500, "");
	run_answer(run, "/api/v5/nodes/a%40h/stats", 200, "{\"connections.count\":10}");
	run_conclude(run);
	check_str("stats", all_samples(run),
		STR("emqx_messages_received_rate 2\nemqx_connections_count 10\n"));
	run_free(run);
}

// Its families are those of stats, of a part of the clients.
static void namespaces_take_nothing_from_the_whole(void **state)
{
	struct run *run = begin("metrics namespaced_stats");

	(void)state;
	run_answer(run, "/api/v5/nodes/a%40h/metrics", 200, "{\"bytes.sent\":10}");
	run_answer(run, "/api/v5/prometheus/namespaced_stats", 200,
		"emqx_bytes_sent{namespace=\"n\"} 1\n");
	run_conclude(run);
	check_str("both", all_samples(run),
		STR("emqx_bytes_sent 10\nemqx_bytes_sent{namespace=\"n\"} 1\n"));
	run_free(run);
}

static void answers_of_one_kind_may_share_families(void **state)
{
	struct run *run = begin("rules");

	(void)state;
	run_answer(run, "/api/v5/rules?page=1&" RUN_LIMIT, 200,
		"{\"data\":[{\"id\":\"x\",\"enable\":true},{\"id\":\"y\",\"enable\":true}],"
		"\"meta\":{\"count\":2}}");
	run_answer(run, "/api/v5/rules/x/metrics", 200, "{\"metrics\":{\"matched\":1}}");
	run_answer(run, "/api/v5/rules/y/metrics", 200, "{\"metrics\":{\"matched\":2}}");
	run_conclude(run);
	check_str("rules", all_samples(run),
		STR("emqx_rules_count 2\n"
		    "emqx_actions_count 0\n"
		    "emqx_rule_matched{id=\"x\"} 1\n"
		    "emqx_rule_enable{id=\"x\"} 1\n"
		    "emqx_rule_matched{id=\"y\"} 2\n"
		    "emqx_rule_enable{id=\"y\"} 1\n"));
	run_free(run);
}

static void one_kind_asked_for_two_endpoints_is_told_once(void **state)
{
	struct run *run = begin("auth banned");

	(void)state;
	run_answer(run, "/api/v5/prometheus/auth", 500, "");
	run_answer(run, "/api/v5/banned?page=1&limit=1", 200, "{\"meta\":{\"count\":1}}");
	run_answer(run, "/api/v5/banned?page=1&limit=1", 200, "{\"meta\":{\"count\":1}}");
	run_conclude(run);
	check_str("bans", all_samples(run), STR("emqx_banned_count 1\n"));
	run_free(run);
}

static void pages_of_text_are_not_weighed_against_each_other(void **state)
{
	struct run *run = begin("stats topic_metrics");

	(void)state;
	run_answer(run, "/api/v5/prometheus/stats", 200, "emqx_x 1\n");
	run_answer(run, "/api/v5/prometheus/topic_metrics", 200, "emqx_x{namespace=\"n\"} 2\n");
	run_conclude(run);
	check_str("pages", all_samples(run), STR("emqx_x 1\nemqx_x{namespace=\"n\"} 2\n"));
	run_free(run);
}

static void answers_that_failed_tell_nothing(void **state)
{
	struct run *run = begin("monitor_current nodes");

	(void)state;
	run_answer(run, "/api/v5/monitor_current/nodes/a%40h", 500, "");
	run_answer(run, "/api/v5/nodes/a%40h", 200,
		"{\"node\":\"a@h\",\"node_status\":\"running\",\"uptime\":5}");
	run_conclude(run);
	check_str("nodes", all_samples(run),
		STR("emqx_node_info{node=\"a@h\"} 1\n"
		    "emqx_vm_uptime_ms 5\n"
		    "emqx_node_running{node=\"a@h\"} 1\n"));
	run_free(run);
}

// Only "all" wants to know the release, and only where nobody else tells it.
static void the_release_is_a_metric_of_all(void **state)
{
	static const char info[] = "emqx_node_info{node=\"a@h\",version=\"5.8.9\"} 1\n";
	static const struct {
		const char *name, *endpoints, *version, *node, *page, *samples;
	} rows[] = {
		{ "all", "all", "5.8.9", "a@h", "m 1\n", info },
		{ "by name", "stats", "5.8.9", "a@h", "m 1\n", "" },
		{ "an unknown release", "all", "", "a@h", "m 1\n", "" },
		{ "an unknown node", "all", "5.8.9", "", "m 1\n", "" },
		{ "told by the broker", "all", "5.8.9", "a@h", "emqx_node_info 1\n", "" },
		{ "nothing was delivered", "all", "5.8.9", "a@h", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new(EMQX_NODE, rows[i].endpoints);

		run_set_collect(run, "text");
		run->own.node = str_of(rows[i].node);
		emqx_set_version(&run->state, str_of(rows[i].version));
		run->state.met = true;
		run_ask(run);
		run_answer(run, "/api/v5/prometheus/stats", 200, rows[i].page);
		run_conclude(run);
		check_str(rows[i].name, run_samples(run, run->set), str_of(rows[i].samples));
		run_free(run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_text_tells_is_taken_from_text),
		cmocka_unit_test(what_a_failed_page_would_tell_is_taken_from_json),
		cmocka_unit_test(the_first_of_several_json_answers_counts),
		cmocka_unit_test(what_stands_in_for_a_page_goes_before_other_json),
		cmocka_unit_test(namespaces_take_nothing_from_the_whole),
		cmocka_unit_test(answers_of_one_kind_may_share_families),
		cmocka_unit_test(one_kind_asked_for_two_endpoints_is_told_once),
		cmocka_unit_test(pages_of_text_are_not_weighed_against_each_other),
		cmocka_unit_test(answers_that_failed_tell_nothing),
		cmocka_unit_test(the_release_is_a_metric_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
