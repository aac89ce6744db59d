// SPDX-License-Identifier: Apache-2.0
#include "metric/write.h"
#include "unit.h"

static void escapes_what_the_format_escapes(void **state)
{
	static const struct {
		const char *raw;
		bool quotes;
		const char *escaped;
	} rows[] = {
		{ "", true, "" },
		{ "plain", true, "plain" },
		{ "a\\b\"c\nd", true, "a\\\\b\\\"c\\nd" },
		{ "a\\b\"c\nd", false, "a\\\\b\"c\\nd" },
		{ "tab\tcr\rgr\xc3\xbc\xc3\x9f", true, "tab\tcr\rgr\xc3\xbc\xc3\x9f" },
		{ "\\n", true, "\\\\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = buf_new(UNIT_LIMIT);

		write_escaped(&out, str_of(rows[i].raw), rows[i].quotes);
		check_str(rows[i].raw, buf_str(&out), str_of(rows[i].escaped));
		buf_free(&out);
	}
}

static void labels_are_joined_by_commas(void **state)
{
	struct buf out = buf_new(UNIT_LIMIT);

	(void)state;
	write_label(&out, STR("a"), STR("1"));
	write_label(&out, STR("b"), STR(""));
	write_label(&out, STR("c"), STR("say \"x\"\n"));
	check_str("labels", buf_str(&out), STR("a=\"1\",b=\"\",c=\"say \\\"x\\\"\\n\""));
	buf_free(&out);
}

static struct sample *add(struct metric_set *set, struct family *family, struct str labels,
	struct str value, enum sample_suffix suffix)
{
	struct sample *sample = metric_add_sample(set, family);

	sample->labels = labels;
	sample->value = value;
	sample->suffix = (uint8_t)suffix;
	return sample;
}

static void writes_help_type_and_samples(void **state)
{
	const struct str added[] = { STR_INIT(""), STR_INIT("site=\"x\"") };
	struct arena arena = { 0 };
	struct metric_set *set = metric_set_new(&arena);
	struct buf out = buf_new(UNIT_LIMIT);
	struct family *family;

	(void)state;
	family = metric_add_family(set, STR("m"));
	add(set, family, STR(""), STR("1"), SUFFIX_NONE);
	add(set, family, STR("a=\"1\""), STR("NaN"), SUFFIX_NONE);
	add(set, family, STR(""), STR("2"), SUFFIX_NONE)->source = 1;
	add(set, family, STR("a=\"2\""), STR("3"), SUFFIX_NONE)->source = 1;
	struct sample *complete = add(set, family, STR("site=\"own\""), STR("4"), SUFFIX_NONE);
	complete->source = 1;
	complete->complete = true;
	metric_add_family(set, STR("empty"))->help = STR("not shown");
	family = metric_add_family(set, STR("h"));
	family->help = STR("a \\n b");
	family->type = METRIC_HISTOGRAM;
	add(set, family, STR("le=\"+Inf\""), STR("1"), SUFFIX_BUCKET);
	add(set, family, STR(""), STR("1"), SUFFIX_SUM);
	add(set, family, STR(""), STR("1"), SUFFIX_COUNT);
	write_set(&out, set, added);
	check_str("set", buf_str(&out),
		STR("# TYPE m untyped\nm 1\nm{a=\"1\"} NaN\nm{site=\"x\"} 2\n"
		    "m{a=\"2\",site=\"x\"} 3\nm{site=\"own\"} 4\n"
		    "# HELP h a \\n b\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\n"
		    "h_sum 1\nh_count 1\n"));
	buf_free(&out);
	arena_free(&arena);
}

static void every_type_has_its_word(void **state)
{
	static const char *const words[N_METRIC_TYPES] = {
		[METRIC_UNTYPED] = "untyped",
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram",
		[METRIC_SUMMARY] = "summary",
	};

	(void)state;
	for (int type = 0; type < N_METRIC_TYPES; type++)
		check_str(words[type], metric_type_names[type], str_of(words[type]));
}

static void an_empty_set_is_an_empty_body(void **state)
{
	struct arena arena = { 0 };
	struct buf out = buf_new(UNIT_LIMIT);

	(void)state;
	write_set(&out, metric_set_new(&arena), NULL);
	assert_int_equal(out.len, 0);
	assert_false(out.failed);
	buf_free(&out);
	arena_free(&arena);
}

static void a_body_beyond_its_limit_says_so(void **state)
{
	struct arena arena = { 0 };
	struct metric_set *set = metric_set_new(&arena);
	struct family *family = metric_add_family(set, STR("m"));
	const struct str none = STR_INIT("");

	(void)state;
	for (int i = 0; i < 1000; i++)
		add(set, family, STR("a=\"1\""), STR("1"), SUFFIX_NONE);
	for (size_t limit = 0; limit < 200; limit++) {
		struct buf out = buf_new(limit);

		write_set(&out, set, &none);
		assert_true(out.failed);
		assert_true(out.len <= limit);
		buf_free(&out);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_the_format_escapes),
		cmocka_unit_test(labels_are_joined_by_commas),
		cmocka_unit_test(writes_help_type_and_samples),
		cmocka_unit_test(every_type_has_its_word),
		cmocka_unit_test(an_empty_set_is_an_empty_body),
		cmocka_unit_test(a_body_beyond_its_limit_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
