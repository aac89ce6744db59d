// SPDX-License-Identifier: Apache-2.0
// Which nodes a cluster has: as statistics show them, as /nodes lists them, and when they are gone.
#include "emqx_run.h"
#include "metric/put.h"
#include "metric/read.h"

#define MINUTE_NS (INT64_C(60) * NS_PER_S)

// 1. The module by itself

static struct metric_set *read_set(struct arena *arena, const char *page)
{
	struct metric_set *set = metric_set_new(arena);
	struct read_report report = { 0 };
	struct err err = { 0 };

	if (!read_page(set, str_of(page), NULL, &report, &err))
		fail_msg("%s", err.text);
	return set;
}

// What is added at a cycle's end, without HELP and TYPE.
static struct str running(struct arena *arena, struct emqx_nodes *nodes, int64_t now_ns)
{
	struct metric_set *set = metric_set_new(arena);
	struct str added = STR(""), line, rest, lines = STR("");
	struct buf text = buf_new(UNIT_LIMIT);

	emqx_nodes_conclude(nodes, set, now_ns);
	write_set(&text, set, &added);
	for (rest = buf_str(&text); rest.len;) {
		str_cut(rest, '\n', &line, &rest);
		if (!str_starts_with(line, STR("# ")))
			lines = arena_printf(arena, "%.*s%.*s\n", STR_ARG(lines), STR_ARG(line));
	}
	buf_free(&text);
	return lines;
}

static void nodes_are_seen_by_their_label(void **state)
{
	static const struct {
		const char *name, *page, *running;
		size_t n;
	} rows[] = {
		{ "none", "m 1\n", "", 0 },
		{ "one", "m{node=\"a@h\"} 1\n", "emqx_node_running{node=\"a@h\"} 1\n", 1 },
		{ "several families, in another order",
			"m{node=\"a@h\"} 1\nm{node=\"b@h\"} 1\nn{node=\"b@h\"} 1\n"
			"n{x=\"y\",node=\"a@h\"} 1\n",
			"emqx_node_running{node=\"a@h\"} 1\nemqx_node_running{node=\"b@h\"} 1\n",
			2 },
		{ "other labels", "m{nodes=\"a@h\",the_node=\"b@h\",ndoe=\"c@h\"} 1\n", "", 0 },
		{ "an empty one", "m{node=\"\"} 1\n", "", 0 },
		{ "an odd one", "m{node=\"a\\\"b\\\\c\\nd\xc3\xa4\"} 1\n",
			"emqx_node_running{node=\"a\\\"b\\\\c\\nd\xc3\xa4\"} 1\n", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct emqx_nodes nodes = { 0 };
		struct metric_set *set = read_set(&arena, rows[i].page);

		emqx_nodes_begin(&nodes);
		check_number(rows[i].name, "nodes", emqx_nodes_see(&nodes, set, 1), rows[i].n);
		check_number(rows[i].name, "again", emqx_nodes_see(&nodes, set, 1), rows[i].n);
		check_str(rows[i].name, running(&arena, &nodes, 1), str_of(rows[i].running));
		emqx_nodes_free(&nodes);
		arena_free(&arena);
	}
}

// Raw as JSON tells it, and escaped as a page has it, a name is the same.
static void a_listed_node_is_the_one_that_was_seen(void **state)
{
	static const char *const names[] = { "a@h", "a\"b", "a\\b", "a\nb", "\\\"\n",
		"\xc3\xa4@h" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct arena arena = { 0 };
		struct emqx_nodes nodes = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct pair label = { STR("node"), str_of(names[i]) };

		put_sample(
			set, put_family(set, STR("m"), METRIC_GAUGE, STR("")), &label, 1, STR("1"));
		emqx_nodes_begin(&nodes);
		emqx_nodes_see(&nodes, set, 1);
		emqx_nodes_list(&nodes, str_of(names[i]), true, 1);
		check_number(names[i], "nodes", nodes.n, 1);
		emqx_nodes_free(&nodes);
		arena_free(&arena);
	}
}

// What /nodes says counts; a node that it leaves out, or that nobody asked it about, runs if it has told
// statistics in this cycle.
static void the_list_says_whether_a_node_runs(void **state)
{
	static const struct {
		const char *name;
		bool is_seen, is_listed, runs, shown;
	} rows[] = {
		{ "seen only", true, false, false, true },
		{ "listed as running", false, true, true, true },
		{ "listed as stopped", false, true, false, false },
		{ "seen, and listed as stopped", true, true, false, false },
		{ "neither", false, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct emqx_nodes nodes = { 0 };
		struct metric_set *set = read_set(&arena, "m{node=\"a@h\"} 1\n");

		emqx_nodes_begin(&nodes);
		emqx_nodes_see(&nodes, set, 1);
		emqx_nodes_begin(&nodes);
		emqx_nodes_see(&nodes, read_set(&arena, "m{node=\"b@h\"} 1\n"), 2);
		if (rows[i].is_seen)
			emqx_nodes_see(&nodes, set, 2);
		if (rows[i].is_listed)
			emqx_nodes_list(&nodes, STR("a@h"), rows[i].runs, 2);
		check_str(rows[i].name, running(&arena, &nodes, 2),
			rows[i].shown ? STR("emqx_node_running{node=\"a@h\"} 1\n"
					    "emqx_node_running{node=\"b@h\"} 1\n")
				      : STR("emqx_node_running{node=\"a@h\"} 0\n"
					    "emqx_node_running{node=\"b@h\"} 1\n"));
		// Where nobody was told of, nobody knows.
		emqx_nodes_begin(&nodes);
		check_str(rows[i].name, running(&arena, &nodes, 3), STR(""));
		emqx_nodes_free(&nodes);
		arena_free(&arena);
	}
}

static void who_has_left_is_forgotten_after_ten_minutes(void **state)
{
	struct arena arena = { 0 };
	struct emqx_nodes nodes = { 0 };
	const char *both = "emqx_node_running{node=\"a@h\"} 1\nemqx_node_running{node=\"b@h\"} 0\n";

	(void)state;
	emqx_nodes_begin(&nodes);
	emqx_nodes_list(&nodes, STR("a@h"), true, 0);
	emqx_nodes_list(&nodes, STR("b@h"), true, 0);
	running(&arena, &nodes, 0);
	for (int64_t minute = 1; minute <= 10; minute++) {
		emqx_nodes_begin(&nodes);
		emqx_nodes_list(&nodes, STR("a@h"), true, minute * MINUTE_NS);
		check_str("within", running(&arena, &nodes, minute * MINUTE_NS), str_of(both));
	}
	// Without a list nobody can know.
	emqx_nodes_begin(&nodes);
	emqx_nodes_see(&nodes, read_set(&arena, "m{node=\"a@h\"} 1\n"), 11 * MINUTE_NS);
	check_str("no list", running(&arena, &nodes, 11 * MINUTE_NS), str_of(both));
	emqx_nodes_begin(&nodes);
	emqx_nodes_list(&nodes, STR("a@h"), true, 11 * MINUTE_NS);
	check_str("after", running(&arena, &nodes, 11 * MINUTE_NS),
		STR("emqx_node_running{node=\"a@h\"} 1\n"));
	// It may come back.
	emqx_nodes_begin(&nodes);
	emqx_nodes_list(&nodes, STR("b@h"), true, 12 * MINUTE_NS);
	check_str("back", running(&arena, &nodes, 12 * MINUTE_NS),
		STR("emqx_node_running{node=\"a@h\"} 0\nemqx_node_running{node=\"b@h\"} 1\n"));
	emqx_nodes_free(&nodes);
	arena_free(&arena);
}

static void a_stopped_node_that_is_listed_is_not_forgotten(void **state)
{
	struct arena arena = { 0 };
	struct emqx_nodes nodes = { 0 };

	(void)state;
	for (int64_t minute = 0; minute <= 30; minute += 5) {
		emqx_nodes_begin(&nodes);
		emqx_nodes_list(&nodes, STR("a@h"), false, minute * MINUTE_NS);
		check_str("stopped", running(&arena, &nodes, minute * MINUTE_NS),
			STR("emqx_node_running{node=\"a@h\"} 0\n"));
	}
	emqx_nodes_free(&nodes);
	arena_free(&arena);
}

static void missing_nodes_are_named(void **state)
{
	static const struct {
		const char *name, *page, *missing;
	} rows[] = {
		{ "nobody", "m{node=\"a\\\"b\"} 1\nm{node=\"b@h\"} 1\nm{node=\"c@h\"} 1\n", "" },
		{ "one", "m{node=\"a\\\"b\"} 1\nm{node=\"c@h\"} 1\n", "b@h" },
		{ "two", "m{node=\"b@h\"} 1\n", "a\\\"b, c@h" },
		// A page that tells of no node at all does not miss any.
		{ "all", "m 1\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct emqx_nodes nodes = { 0 };

		// The order of names, not that in which they were seen.
		emqx_nodes_list(&nodes, STR("c@h"), false, 1);
		emqx_nodes_list(&nodes, STR("b@h"), true, 1);
		emqx_nodes_list(&nodes, STR("a\"b"), true, 1);
		check_str(rows[i].name,
			emqx_nodes_missing(&nodes, read_set(&arena, rows[i].page), &arena),
			str_of(rows[i].missing));
		emqx_nodes_free(&nodes);
		arena_free(&arena);
	}
}

static void invented_nodes_do_not_fill_the_memory(void **state)
{
	struct arena arena = { 0 };
	struct emqx_nodes nodes = { 0 };
	struct metric_set *set = metric_set_new(&arena);
	struct family *family = put_family(set, STR("m"), METRIC_GAUGE, STR(""));

	(void)state;
	for (int i = 0; i < 1500; i++) {
		struct pair label = { STR("node"), arena_printf(&arena, "n%d@h", i) };
		put_sample(set, family, &label, 1, STR("1"));
	}
	emqx_nodes_begin(&nodes);
	assert_int_equal(emqx_nodes_see(&nodes, set, 1), 1024);
	for (int i = 0; i < 1500; i++)
		emqx_nodes_list(&nodes, arena_printf(&arena, "m%d@h", i), true, 1);
	assert_int_equal(nodes.n, 1024);
	// They make room as others do.
	emqx_nodes_begin(&nodes);
	emqx_nodes_list(&nodes, STR("n7@h"), true, 20 * MINUTE_NS);
	check_str("left", running(&arena, &nodes, 20 * MINUTE_NS),
		STR("emqx_node_running{node=\"n7@h\"} 1\n"));
	emqx_nodes_free(&nodes);
	arena_free(&arena);
}

// 2. In a cycle

#define STATS "emqx_connections_count{node=\"a@h\"} 1\nemqx_connections_count{node=\"b@h\"} 2\n"
#define AUTH  "emqx_authn_total{node=\"a@h\",id=\"x\"} 1\n"

static struct run_part *answer_all(struct run *run, const char *stats, const char *auth)
{
	run_ask(run);
	run_answer(run, "/api/v5/prometheus/stats?mode=all_nodes_unaggregated", 200, stats);
	struct run_part *part =
		run_answer(run, "/api/v5/prometheus/auth?mode=all_nodes_unaggregated", 200, auth);
	run_conclude(run);
	return part;
}

static void a_page_of_a_cluster_says_who_is_missing(void **state)
{
	struct run *run = run_new(EMQX_UNAGGREGATED, "stats auth");

	(void)state;
	struct run_part *auth = answer_all(run, STATS, AUTH);
	assert_int_equal(run->parts[0].take.n_nodes, 2);
	check_str("stats", run->parts[0].take.missing, STR(""));
	assert_int_equal(auth->take.n_nodes, 1);
	check_str("auth", auth->take.missing, STR("b@h"));
	check_str("nodes", run_samples(run, run->set),
		STR("emqx_node_running{node=\"a@h\"} 1\nemqx_node_running{node=\"b@h\"} 1\n"));
	run_free(run);
}

static void a_node_that_vanishes_is_shown_as_down(void **state)
{
	struct run *run = run_new(EMQX_UNAGGREGATED, "stats auth");

	(void)state;
	answer_all(run, STATS, AUTH);
	answer_all(run, "emqx_connections_count{node=\"a@h\"} 1\n", AUTH);
	check_str("stats", run->parts[0].take.missing, STR("b@h"));
	check_str("nodes", run_samples(run, run->set),
		STR("emqx_node_running{node=\"a@h\"} 1\nemqx_node_running{node=\"b@h\"} 0\n"));
	// A cycle without any answer says nothing about nodes.
	run_ask(run);
	run_conclude(run);
	check_str("no answer", run_samples(run, run->set), STR(""));
	answer_all(run, STATS, AUTH);
	check_str("back", run_samples(run, run->set),
		STR("emqx_node_running{node=\"a@h\"} 1\nemqx_node_running{node=\"b@h\"} 1\n"));
	run_free(run);
}

// There the node is the source itself, whose state another metric tells.
static void mode_node_shows_no_nodes_unless_asked(void **state)
{
	struct run *run = run_new(EMQX_NODE, "stats");

	(void)state;
	run_ask(run);
	run_answer(run, "/api/v5/prometheus/stats", 200, STATS);
	run_conclude(run);
	assert_int_equal(run->parts[0].take.n_nodes, 0);
	check_str("stats", run_samples(run, run->set), STR(""));
	run_set_endpoints(run, "nodes");
	run_set_key(run);
	run->own.node = STR("a@h");
	run_ask(run);
	run_answer(
		run, "/api/v5/nodes/a%40h", 200, "{\"node\":\"a@h\",\"node_status\":\"running\"}");
	run_conclude(run);
	check_str("nodes", run_samples(run, run->set), STR("emqx_node_running{node=\"a@h\"} 1\n"));
	run_free(run);
}

static void stopped_nodes_of_the_list_are_missing_elsewhere(void **state)
{
	struct run *run = run_new(EMQX_AGGREGATED, "nodes listeners");

	(void)state;
	run_set_key(run);
	run_ask(run);
	struct run_part *listeners = run_answer(run, "/api/v5/listeners", 200,
		"[{\"id\":\"x\",\"node_status\":[{\"node\":\"a@h\",\"status\":{\"running\":true}}]"
		"}]");
	struct run_part *nodes = run_answer(run, "/api/v5/nodes", 200,
		"[{\"node\":\"a@h\",\"node_status\":\"running\",\"uptime\":1},"
		"{\"node\":\"b@h\",\"node_status\":\"stopped\"}]");
	run_conclude(run);
	check_str("listeners", listeners->take.missing, STR("b@h"));
	// The list itself tells of it.
	check_str("nodes", nodes->take.missing, STR(""));
	check_str("running", run_samples(run, run->set),
		STR("emqx_node_running{node=\"a@h\"} 1\nemqx_node_running{node=\"b@h\"} 0\n"));
	run_free(run);
}

// While a peer hangs, /nodes leaves it out.
static void the_list_misses_whom_it_leaves_out(void **state)
{
	struct run *run = run_new(EMQX_AGGREGATED, "nodes");

	(void)state;
	run_set_key(run);
	run->state.met = true;
	run_ask(run);
	struct run_part *part = run_answer(run, "/api/v5/nodes", 200,
		"[{\"node\":\"a@h\",\"node_status\":\"running\"},"
		"{\"node\":\"b@h\",\"node_status\":\"running\"}]");
	run_conclude(run);
	assert_int_equal(part->take.n_nodes, 2);
	check_str("both", part->take.missing, STR(""));
	run_ask(run);
	part = run_answer(
		run, "/api/v5/nodes", 200, "[{\"node\":\"a@h\",\"node_status\":\"running\"}]");
	run_conclude(run);
	assert_int_equal(part->take.n_nodes, 1);
	check_str("one", part->take.missing, STR("b@h"));
	check_str("running", run_samples(run, run->set),
		STR("emqx_node_running{node=\"a@h\"} 1\nemqx_node_running{node=\"b@h\"} 0\n"));
	run_free(run);
}

// The release is asked of one node, which says nothing about the others.
static void one_nodes_word_is_no_list(void **state)
{
	struct run *run = run_new(EMQX_UNAGGREGATED, "stats");
	const char *path = "/api/v5/prometheus/stats?mode=all_nodes_unaggregated";

	(void)state;
	run_set_key(run);
	run->state.met = true;
	run_ask(run);
	run_answer(run, path, 200, STATS);
	run_conclude(run);
	run->now_ns += 11 * MINUTE_NS;
	run->state.met = false;
	run_ask(run);
	run_answer(run, path, 200, "emqx_connections_count{node=\"a@h\"} 1\n");
	run_answer(run, "/status?format=json", 200, "{\"node_name\":\"a@h\"}");
	run_answer(run, "/api/v5/nodes/a%40h", 200,
		"{\"node\":\"a@h\",\"node_status\":\"running\",\"version\":\"5.9.0\"}");
	run_conclude(run);
	check_str("running", run_samples(run, run->set),
		STR("emqx_node_running{node=\"a@h\"} 1\nemqx_node_running{node=\"b@h\"} 0\n"));
	run_free(run);
}

static void absurdly_long_names_are_no_nodes(void **state)
{
	static const size_t sizes[] = { 1024, 1025, 70000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct arena arena = { 0 };
		struct emqx_nodes nodes = { 0 };
		struct buf name = buf_new(UNIT_LIMIT);

		while (name.len < sizes[i])
			buf_add_byte(&name, 'x');
		emqx_nodes_list(&nodes, buf_str(&name), true, 1);
		assert_int_equal(nodes.n, sizes[i] <= 1024 ? 1 : 0);
		struct metric_set *set = metric_set_new(&arena);
		struct pair label = { STR("node"), buf_str(&name) };
		put_sample(
			set, put_family(set, STR("m"), METRIC_GAUGE, STR("")), &label, 1, STR("1"));
		for (int round = 0; round < 2; round++)
			emqx_nodes_see(&nodes, set, 1);
		assert_true(nodes.n <= 1);
		buf_free(&name);
		emqx_nodes_free(&nodes);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_are_seen_by_their_label),
		cmocka_unit_test(a_listed_node_is_the_one_that_was_seen),
		cmocka_unit_test(the_list_says_whether_a_node_runs),
		cmocka_unit_test(who_has_left_is_forgotten_after_ten_minutes),
		cmocka_unit_test(a_stopped_node_that_is_listed_is_not_forgotten),
		cmocka_unit_test(missing_nodes_are_named),
		cmocka_unit_test(invented_nodes_do_not_fill_the_memory),
		cmocka_unit_test(a_page_of_a_cluster_says_who_is_missing),
		cmocka_unit_test(a_node_that_vanishes_is_shown_as_down),
		cmocka_unit_test(mode_node_shows_no_nodes_unless_asked),
		cmocka_unit_test(stopped_nodes_of_the_list_are_missing_elsewhere),
		cmocka_unit_test(the_list_misses_whom_it_leaves_out),
		cmocka_unit_test(one_nodes_word_is_no_list),
		cmocka_unit_test(absurdly_long_names_are_no_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
