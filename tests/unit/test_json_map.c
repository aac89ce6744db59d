// SPDX-License-Identifier: Apache-2.0
#include "metric/write.h"
#include "settings_fill.h"
#include "source/json_map.h"
#include "unit.h"

enum { MOST_LABELS = 3 };

static const struct pair no_label;

static struct json_metric metric(
	const char *family, const char *path, struct pair *labels, enum metric_type type)
{
	struct json_metric made = { .family = str_of(family),
		.path = str_of(path),
		.type = type,
		.labels = { labels, 0 } };

	while (made.labels.n < MOST_LABELS && labels[made.labels.n].name.ptr)
		made.labels.n++;
	return made;
}

static struct json_doc *read_good(struct str text)
{
	struct err err = { 0 };
	struct json_doc *doc = json_read(text, &err);

	if (!doc)
		FAIL_ROW("answer", "%s", err.text);
	return doc;
}

static void rows_become_samples(void **state)
{
	static const char answer[] =
		"{\"cluster\":\"p\\\"1\",\"n\":3,\"none\":null,\"up\":true,\"s\":\" "
		"1\",\"t\":\"1.50\","
		"\"inf\":\"+Inf\",\"max\":9223372036854775807,\"more\":1.5e300,\"name\":\"x\\ny\","
		"\"q\":[{\"name\":\"a\",\"m\":1,\"on\":true,\"z\":7},{\"name\":\"b\",\"m\":null},"
		"{\"m\":-0.5,\"name\":null},{\"name\":\"a\",\"m\":{}},{\"name\":\"a\",\"m\":2,"
		"\"z\":7}]}";
	static const struct {
		const char *path;
		struct pair labels[MOST_LABELS];
		const char *samples; // without the family's name, a line each
		uint64_t n_odd, n_same;
	} rows[] = {
		{ "n", { { { 0 }, { 0 } } }, " 3\n", 0, 0 },
		{ "max", { { { 0 }, { 0 } } }, " 9223372036854775807\n", 0, 0 },
		{ "more", { { { 0 }, { 0 } } }, " 1.5e+300\n", 0, 0 },
		{ "up", { { { 0 }, { 0 } } }, " 1\n", 0, 0 },
		{ "t", { { { 0 }, { 0 } } }, " 1.50\n", 0, 0 },
		{ "inf", { { { 0 }, { 0 } } }, " +Inf\n", 0, 0 },
		{ "none", { { { 0 }, { 0 } } }, "", 0, 0 },
		{ "s", { { { 0 }, { 0 } } }, "", 1, 0 },
		{ "name", { { { 0 }, { 0 } } }, "", 1, 0 },
		{ "q", { { { 0 }, { 0 } } }, "", 1, 0 },
		{ "n", { { STR_INIT("c"), STR_INIT("$.cluster") } }, "{c=\"p\\\"1\"} 3\n", 0, 0 },
		{ "n", { { STR_INIT("c"), STR_INIT("name") } }, "{c=\"x\\ny\"} 3\n", 0, 0 },
		{ "q[*].m", { { STR_INIT("name"), STR_INIT("name") } },
			"{name=\"a\"} 1\n -0.5\n{name=\"a\"} 2\n", 1, 1 },
		{ "q[*].m",
			{ { STR_INIT("i"), STR_INIT("@key") }, { STR_INIT("k"), STR_INIT("='v'") },
				{ STR_INIT("c"), STR_INIT("^.up") } },
			"{i=\"0\",k=\"v\",c=\"true\"} 1\n{i=\"2\",k=\"v\",c=\"true\"} -0.5\n"
			"{i=\"4\",k=\"v\",c=\"true\"} 2\n",
			1, 0 },
		{ "q[*].m", { { { 0 }, { 0 } } }, " 1\n -0.5\n 2\n", 1, 2 },
		{ "q[*].on", { { STR_INIT("z"), STR_INIT("z") } }, "{z=\"7\"} 1\n", 0, 0 },
	};
	struct json_doc *doc = read_good(str_of(answer));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct pair labels[MOST_LABELS];
		memcpy(labels, rows[i].labels, sizeof(labels));
		struct json_metric made = metric("f", rows[i].path, labels, METRIC_GAUGE);
		struct json_rule rule = json_map_rule(&arena, &made);
		struct repairs repairs = { 0 };
		struct json_mapped mapped = { metric_set_new(&arena), &repairs, MIB(1), false };
		struct buf text = buf_new(UNIT_LIMIT), wanted = buf_new(UNIT_LIMIT);
		struct str added = STR(""), line, rest = str_of(rows[i].samples);

		json_map_apply(&rule, json_root(doc), &mapped);
		write_set(&text, mapped.set, &added);
		if (rest.len)
			buf_add(&wanted, STR("# TYPE f gauge\n"));
		while (rest.len) {
			str_cut(rest, '\n', &line, &rest);
			buf_addf(&wanted, "f%.*s\n", STR_ARG(line));
		}
		check_str(rows[i].path, buf_str(&text), buf_str(&wanted));
		check_number(rows[i].path, "odd", rule.n_odd, rows[i].n_odd);
		check_number(rows[i].path, "same", rule.n_same, rows[i].n_same);
		buf_free(&text);
		buf_free(&wanted);
		arena_free(&arena);
	}
	json_free(doc);
}

static void a_family_keeps_type_and_help(void **state)
{
	struct arena arena = { 0 };
	struct pair labels[] = { no_label };
	struct json_metric made = metric("f_total", "n", labels, METRIC_COUNTER);
	struct repairs repairs = { 0 };
	struct json_mapped mapped = { metric_set_new(&arena), &repairs, MIB(1), false };
	struct json_doc *doc = read_good(STR("{\"n\":1}"));
	struct buf text = buf_new(UNIT_LIMIT);
	struct str added = STR("");

	(void)state;
	made.labels.n = 0;
	made.help = STR("a \\ and\na \"line\"");
	struct json_rule rule = json_map_rule(&arena, &made);
	json_map_apply(&rule, json_root(doc), &mapped);
	json_free(doc);
	write_set(&text, mapped.set, &added);
	check_str("help", buf_str(&text),
		STR("# HELP f_total a \\\\ and\\na \"line\"\n# TYPE f_total counter\nf_total 1\n"));
	buf_free(&text);
	arena_free(&arena);
}

// Each sample would have a copy of the text at the root.
static void samples_have_a_limit_in_bytes(void **state)
{
	enum { N = 20000, LENGTH = 10000 };
	struct arena arena = { 0 };
	struct pair labels[] = { { STR("l"), STR("$.l") }, { STR("i"), STR("@key") } };
	struct json_metric made = {
		.family = STR("f"), .path = STR("v[*]"), .labels = { labels, 2 }
	};
	struct json_rule rule = json_map_rule(&arena, &made);
	struct repairs repairs = { 0 };
	struct json_mapped mapped = { metric_set_new(&arena), &repairs, MIB(1), false };
	struct buf answer = buf_new(UNIT_LIMIT);

	(void)state;
	buf_add(&answer, STR("{\"l\":\""));
	for (int i = 0; i < LENGTH; i++)
		buf_add_byte(&answer, 'x');
	buf_add(&answer, STR("\",\"v\":[1"));
	for (int i = 1; i < N; i++)
		buf_add(&answer, STR(",1"));
	buf_add(&answer, STR("]}"));
	struct json_doc *doc = read_good(buf_str(&answer));
	json_map_apply(&rule, json_root(doc), &mapped);
	assert_true(mapped.is_full);
	assert_in_range(mapped.set->n_samples, 80, MIB(1) / LENGTH);
	json_free(doc);
	buf_free(&answer);
	arena_free(&arena);
}

static void labels_too_long_for_a_line_cost_their_sample_only(void **state)
{
	struct arena arena = { 0 };
	struct pair labels[] = { { STR("l"), STR("l") } };
	struct json_metric made = {
		.family = STR("f"), .path = STR("v[*].v"), .labels = { labels, 1 }
	};
	struct json_rule rule = json_map_rule(&arena, &made);
	struct repairs repairs = { 0 };
	struct json_mapped mapped = { metric_set_new(&arena), &repairs, MIB(16), false };
	struct buf answer = buf_new(UNIT_LIMIT);

	(void)state;
	buf_add(&answer, STR("{\"v\":[{\"v\":1},{\"v\":2,\"l\":\""));
	for (size_t i = 0; i < MIB(1); i++)
		buf_add_byte(&answer, 'x');
	buf_add(&answer, STR("\"},{\"v\":3,\"l\":\"y\"}]}"));
	struct json_doc *doc = read_good(buf_str(&answer));
	json_map_apply(&rule, json_root(doc), &mapped);
	assert_int_equal(mapped.set->n_samples, 2);
	assert_int_equal(repairs.count[REPAIR_TOO_LONG], 1);
	assert_false(mapped.is_full);
	json_free(doc);
	buf_free(&answer);
	arena_free(&arena);
}

static void metrics_are_checked(void **state)
{
	static const struct {
		const char *name, *family, *path;
		struct pair labels[MOST_LABELS];
		const char *faults;
	} rows[] = {
		{ "good", "a:b_1", "a", { { STR_INIT("x"), STR_INIT("y") } }, "" },
		{ "digit", "1a", "a", { { { 0 }, { 0 } } },
			"metrics[4].family: \"1a\" is no name of a metric (letters, digits, _ and "
			":, no digit in front)\n" },
		{ "dash", "a-b", "a", { { { 0 }, { 0 } } },
			"metrics[4].family: \"a-b\" is no name of a metric (letters, digits, _ and "
			":, no digit in front)\n" },
		{ "empty", "", "a", { { { 0 }, { 0 } } },
			"metrics[4].family: \"\" is no name of a metric (letters, digits, _ and :, "
			"no digit in front)\n" },
		{ "own", "brokerpush_x", "a", { { { 0 }, { 0 } } },
			"metrics[4].family: \"brokerpush_x\": names that start with brokerpush_ "
			"belong to the agent\n" },
		{ "path", "a", "b.", { { { 0 }, { 0 } } },
			"metrics[4].path: after 2 bytes: a key is missing; one of other characters "
			"is written ['a b']\n" },
		{ "reserved", "a", "b", { { STR_INIT("__x"), STR_INIT("y") } },
			"metrics[4].labels: \"__x\" is no label name (letters, digits and _, no "
			"digit and no __ in front)\n" },
		{ "le", "a", "b",
			{ { STR_INIT("le"), STR_INIT("y") },
				{ STR_INIT("quantile"), STR_INIT("y") } },
			"metrics[4].labels: le belongs to histograms and summaries; choose another "
			"name\n"
			"metrics[4].labels: quantile belongs to histograms and summaries; choose "
			"another name\n" },
		{ "twice", "a", "b",
			{ { STR_INIT("x"), STR_INIT("y") }, { STR_INIT("x"), STR_INIT("z") } },
			"metrics[4].labels: x is given twice\n" },
		{ "label path", "a", "b[*].c",
			{ { STR_INIT("x"), STR_INIT("^.y") }, { STR_INIT("z"), STR_INIT("^^.y") } },
			"metrics[4].labels.z: after 2 bytes: this is further out than [*] and "
			"filters of the metric's path go\n" },
		// Then nobody knows how far out is too far.
		{ "both paths", "a", "b[*]c", { { STR_INIT("x"), STR_INIT("^^.y") } },
			"metrics[4].path: after 4 bytes: a dot or a bracket is missing; a key of "
			"other characters than letters, digits, _ and - is written ['a b']\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pair labels[MOST_LABELS];
		memcpy(labels, rows[i].labels, sizeof(labels));
		struct json_metric made = metric(rows[i].family, rows[i].path, labels, 0);
		struct buf faults = buf_new(UNIT_LIMIT);

		json_map_check(&made, 4, &(struct setting_faults){ fill_note, &faults });
		check_str(rows[i].name, buf_str(&faults), str_of(rows[i].faults));
		buf_free(&faults);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_become_samples),
		cmocka_unit_test(a_family_keeps_type_and_help),
		cmocka_unit_test(samples_have_a_limit_in_bytes),
		cmocka_unit_test(labels_too_long_for_a_line_cost_their_sample_only),
		cmocka_unit_test(metrics_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
