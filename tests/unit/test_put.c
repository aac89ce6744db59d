// SPDX-License-Identifier: Apache-2.0
#include "metric/check.h"
#include "metric/put.h"
#include "metric/read.h"
#include "metric/write.h"
#include "unit.h"

#include <float.h>
#include <math.h>

enum { MOST_LABELS = 3 };

static void labels_are_canonical(void **state)
{
	static const struct {
		const char *name;
		struct pair labels[MOST_LABELS];
		size_t n_labels;
		const char *text;
	} rows[] = {
		{ "none", { { { NULL, 0 }, { NULL, 0 } } }, 0, "" },
		{ "one", { { STR_INIT("a"), STR_INIT("1") } }, 1, "a=\"1\"" },
		{ "in their order",
			{ { STR_INIT("b"), STR_INIT("1") }, { STR_INIT("a"), STR_INIT("2") } }, 2,
			"b=\"1\",a=\"2\"" },
		{ "empty ones are left out",
			{ { STR_INIT("a"), STR_INIT("") }, { STR_INIT("b"), STR_INIT("2") },
				{ STR_INIT("c"), { NULL, 0 } } },
			3, "b=\"2\"" },
		{ "all are empty", { { STR_INIT("a"), STR_INIT("") } }, 1, "" },
		{ "escapes", { { STR_INIT("a"), STR_INIT("\"\\\n\t\xc3\xa4{}=,") } }, 1,
			"a=\"\\\"\\\\\\n\t\xc3\xa4{}=,\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct family *family = put_family(set, STR("m"), METRIC_GAUGE, STR("help"));
		struct sample *sample =
			put_sample(set, family, rows[i].labels, rows[i].n_labels, STR("1"));
		uint64_t fingerprint, names;

		check_str(rows[i].name, sample->labels, str_of(rows[i].text));
		label_identify(str_of(rows[i].text), &fingerprint, &names);
		CHECK_ROW(rows[i].name, sample->fingerprint == fingerprint);
		CHECK_ROW(rows[i].name, sample->label_names == names);
		check_str(rows[i].name, sample->value, STR("1"));
		check_number(rows[i].name, "samples", set->n_samples, 1);
		check_number(rows[i].name, "family's samples", family->n_samples, 1);
		CHECK_ROW(rows[i].name, !sample->complete && sample->suffix == SUFFIX_NONE);
		arena_free(&arena);
	}
}

// The labels do not borrow from what they were made of.
static void labels_outlive_their_texts(void **state)
{
	struct arena arena = { 0 };
	struct metric_set *set = metric_set_new(&arena);
	char text[] = "raw";
	struct pair label = { STR("a"), { text, 3 } };
	struct sample *sample = put_sample(
		set, put_family(set, STR("m"), METRIC_GAUGE, STR("")), &label, 1, STR("1"));

	(void)state;
	memset(text, 'x', 3);
	check_str("labels", sample->labels, STR("a=\"raw\""));
	arena_free(&arena);
}

static void a_family_is_made_once(void **state)
{
	struct arena arena = { 0 };
	struct metric_set *set = metric_set_new(&arena);
	struct family *family = put_family(set, STR("m"), METRIC_COUNTER, STR(""));

	(void)state;
	assert_true(family->typed);
	assert_int_equal(family->type, METRIC_COUNTER);
	assert_ptr_equal(put_family(set, STR("m"), METRIC_GAUGE, STR("help")), family);
	assert_int_equal(family->type, METRIC_GAUGE);
	check_str("help", family->help, STR("help"));
	put_family(set, STR("m"), METRIC_GAUGE, STR("other"));
	check_str("the first help stays", family->help, STR("help"));
	assert_int_equal(set->n_families, 1);
	arena_free(&arena);
}

// A family of a page that was read goes on as the one that is known.
static void a_family_that_was_read_is_taken_over(void **state)
{
	struct arena arena = { 0 };
	struct metric_set *set = metric_set_new(&arena);
	struct read_report report = { 0 };
	struct buf text = buf_new(UNIT_LIMIT);
	struct str added = STR("");
	struct err err = { 0 };

	(void)state;
	assert_true(read_page(set, STR("# HELP m theirs\nm{a=\"1\"} 1\n"), NULL, &report, &err));
	put_sample(set, put_family(set, STR("m"), METRIC_COUNTER, STR("ours")),
		&(struct pair){ STR("a"), STR("2") }, 1, STR("2"));
	write_set(&text, set, &added);
	check_str("text", buf_str(&text),
		STR("# HELP m theirs\n# TYPE m counter\nm{a=\"1\"} 1\nm{a=\"2\"} 2\n"));
	buf_free(&text);
	arena_free(&arena);
}

static void integers_are_spelled_exactly(void **state)
{
	static const struct {
		int64_t value;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ -1, "-1" },
		{ INT64_C(9007199254740993), "9007199254740993" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_str(rows[i].text, put_integer(&arena, rows[i].value), str_of(rows[i].text));
	arena_free(&arena);
}

static void reals_are_spelled_as_a_gateway_spells_them(void **state)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ -0.0, "0" },
		{ 1, "1" },
		{ 0.1, "0.1" },
		{ 66.66, "66.66" },
		{ 1e21, "1e+21" },
		{ 1e-5, "1e-05" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ DBL_TRUE_MIN, "5e-324" },
		{ INFINITY, "+Inf" },
		{ -INFINITY, "-Inf" },
		{ NAN, "NaN" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_str(rows[i].text, put_real(&arena, rows[i].value), str_of(rows[i].text));
	arena_free(&arena);
}

// Labels that pass the length of a line are no sample: cut, they would be another one, or no text.
static void a_sample_has_its_labels_or_is_none(void **state)
{
	static const size_t sizes[] = { WRITE_LONGEST_LINE - 8192, WRITE_LONGEST_LINE - 20,
		WRITE_LONGEST_LINE - 5, WRITE_LONGEST_LINE - 4, WRITE_LONGEST_LINE - 3,
		WRITE_LONGEST_LINE, MIB(1), MIB(3) };
	static const char *const fillings[] = { "x", "\"", "\xc3\xa4" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes) * ARRAY_LEN(fillings); i++) {
		struct arena arena = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct buf value = buf_new(UNIT_LIMIT), text = buf_new(UNIT_LIMIT);
		struct str key = STR("job"), added = STR("");
		struct check_source source = { .name = STR("s") };
		struct check check = check_new(&arena, &key, 1, &source);

		while (value.len < sizes[i % ARRAY_LEN(sizes)])
			buf_add(&value, str_of(fillings[i / ARRAY_LEN(sizes)]));
		struct pair labels[] = { { STR("a"), buf_str(&value) }, { STR("b"), STR("1") } };
		struct sample *sample =
			put_sample(set, put_family(set, STR("m"), METRIC_GAUGE, STR("")), labels,
				ARRAY_LEN(labels), STR("1"));
		assert_int_equal(set->n_samples, sample != NULL);
		assert_true(!sample || str_ends_with(sample->labels, STR("\",b=\"1\"")));
		check_add(&check, set, 0);
		check_finish(&check);
		write_set(&text, check.set, &added);
		assert_true(text.len < WRITE_LONGEST_LINE);
		assert_true(str_is_utf8(buf_str(&text)));
		buf_free(&value);
		buf_free(&text);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_canonical),
		cmocka_unit_test(labels_outlive_their_texts),
		cmocka_unit_test(a_family_is_made_once),
		cmocka_unit_test(a_family_that_was_read_is_taken_over),
		cmocka_unit_test(integers_are_spelled_exactly),
		cmocka_unit_test(reals_are_spelled_as_a_gateway_spells_them),
		cmocka_unit_test(a_sample_has_its_labels_or_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
