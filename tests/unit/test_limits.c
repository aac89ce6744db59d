// SPDX-License-Identifier: Apache-2.0
// What is over a limit, and what is said about it. The text "ok" stands for no fault.
#include "transform/limits.h"
#include "transform_run.h"

struct row {
	const char *name;
	struct limits_conf limits;
	const char *page, *added;
	size_t n_forced;
	const char *fault;
};

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct transform_input input = {
			.page = rows[i].page, .added = rows[i].added, .n_forced = rows[i].n_forced
		};
		struct transform_result result;
		size_t n_samples = 0;

		transform_begin(&result);
		struct metric_set *set = transform_page(&result, &input, 0);
		bool good = limits_check(
			&rows[i].limits, set, &result.sources[0].added, &n_samples, &result.err);
		transform_compare(
			rows[i].name, str_of(good ? "ok" : result.err.text), rows[i].fault);
		check_number(
			rows[i].name, "kind", result.err.kind, good ? ERR_NONE : ERR_TOO_LARGE);
		transform_release(&result);
	}
}

static void samples_are_counted(void **state)
{
	static const char many[] =
		"sample_limit: there are more than 3 samples; raise it, or leave some out by rules";
	static const struct row rows[] = {
		{ .name = "none", .page = "m 1\nm{a='1'} 1\n", .fault = "ok" },
		{ .name = "as many as the limit",
			.limits = { .samples = 3 },
			.page = "m 1\nm{a='1'} 1\nn 1\n",
			.fault = "ok" },
		{ .name = "one more",
			.limits = { .samples = 3 },
			.page = "m 1\nm{a='1'} 1\nn 1\nn{a='1'} 2\n",
			.fault = many },
		{ .name = "each part of a histogram is one",
			.limits = { .samples = 3 },
			.page = "# TYPE h histogram\nh_bucket{le='1'} 1\nh_bucket{le='+Inf'} 1\n"
				"h_sum 1\nh_count 1\n",
			.fault = many },
		{ .name = "families without samples are none",
			.limits = { .samples = 1 },
			.page = "# TYPE a gauge\n# TYPE b gauge\nb 1\n",
			.fault = "ok" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void samples_count_over_all_sets_of_a_source(void **state)
{
	static const struct limits_conf limits = { .samples = 3 };
	struct transform_input input = { .page = "m 1\nm{a='1'} 1\n" };
	struct transform_result result;
	size_t n_samples = 0;

	(void)state;
	transform_begin(&result);
	assert_true(limits_check(&limits, transform_page(&result, &input, 0),
		&result.sources[0].added, &n_samples, &result.err));
	assert_int_equal(n_samples, 2);
	assert_false(limits_check(&limits, transform_page(&result, &input, 1),
		&result.sources[1].added, &n_samples, &result.err));
	assert_int_equal(result.err.kind, ERR_TOO_LARGE);
	transform_release(&result);
}

static void labels_are_counted_with_the_name(void **state)
{
	static const char three[] =
		"label_limit: m has 3 labels, its name included; the limit is 2";
	static const struct row rows[] = {
		{ .name = "as many as the limit",
			.limits = { .labels = 3 },
			.page = "m{a='1',b='2'} 1\n",
			.fault = "ok" },
		{ .name = "one more",
			.limits = { .labels = 2 },
			.page = "m{a='1'} 1\nm{a='1',b='2'} 1\n",
			.fault = three },
		{ .name = "the name alone",
			.limits = { .labels = 1 },
			.page = "m 1\n",
			.fault = "ok" },
		{ .name = "an empty label is none",
			.limits = { .labels = 2 },
			.page = "m{a='1',b='',c=''} 1\n",
			.fault = "ok" },
		{ .name = "those of the source count",
			.limits = { .labels = 2 },
			.page = "m{a='1'} 1\n",
			.added = "site='z'",
			.fault = three },
		{ .name = "not those that the sample has itself",
			.limits = { .labels = 2 },
			.page = "m{site='own'} 1\n",
			.added = "site='z'",
			.fault = "ok" },
		{ .name = "forced ones stand beside the sample's, which is renamed",
			.limits = { .labels = 2 },
			.page = "m{site='own'} 1\n",
			.added = "site='z'",
			.n_forced = 1,
			.fault = three },
		{ .name = "a bound is a label",
			.limits = { .labels = 1 },
			.page = "# TYPE m histogram\nm_sum 1\nm_count 1\nm_bucket{le='+Inf'} 1\n",
			.fault = "label_limit: m has 2 labels, its name included; the limit is 1" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

#define A_HUNDRED                                                                                  \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaa"
#define A_FIFTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void values_are_measured_without_escapes(void **state)
{
	static const struct row rows[] = {
		{ .name = "as long as the limit",
			.limits = { .value_length = 4 },
			.page = "m{a='1234'} 1\n",
			.fault = "ok" },
		{ .name = "one byte more",
			.limits = { .value_length = 4 },
			.page = "m{a='1234'} 1\nm{b='12345'} 1\n",
			.fault = "label_value_length_limit: label b of m has 5 bytes, the limit is "
				 "4" },
		{ .name = "an escape is one byte",
			.limits = { .value_length = 4 },
			.page = "m{a='\\n\\\\\\'x'} 1\n",
			.fault = "ok" },
		{ .name = "characters count by their bytes",
			.limits = { .value_length = 4 },
			.page = "m{a='\xc3\xa4\xc3\xa4x'} 1\n",
			.fault = "label_value_length_limit: label a of m has 5 bytes, the limit is "
				 "4" },
		{ .name = "a name is a value too",
			.limits = { .value_length = 4 },
			.page = "m2345 1\n",
			.fault = "label_value_length_limit: the name of m2345 has 5 bytes, "
				 "the limit is 4" },
		{ .name = "those of the source",
			.limits = { .value_length = 4 },
			.page = "m 1\n",
			.added = "site='12345'",
			.fault = "label_value_length_limit: label site of m has 5 bytes, the "
				 "limit is 4" },
		{ .name = "not where the sample has its own",
			.limits = { .value_length = 4 },
			.page = "m{site='x'} 1\n",
			.added = "site='12345'",
			.fault = "ok" },
		{ .name = "long names are shown in part",
			.limits = { .value_length = 4 },
			.page = A_HUNDRED " 1\n",
			.fault = "label_value_length_limit: the name of " A_FIFTY
				 " has 100 bytes, the limit is 4" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void the_suffix_belongs_to_the_name(void **state)
{
	static const struct row rows[] = {
		{ .name = "a histogram's",
			.limits = { .value_length = 8 },
			.page = "# TYPE m2 histogram\nm2_bucket{le='+Inf'} 1\nm2_count 1\n",
			.fault = "label_value_length_limit: the name of m2_bucket has 9 bytes, "
				 "the limit is 8" },
		{ .name = "as long as the limit",
			.limits = { .value_length = 9 },
			.page = "# TYPE m2 histogram\nm2_bucket{le='+Inf'} 1\nm2_count 1\n",
			.fault = "ok" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void limits_have_their_bounds(void **state)
{
	static const struct {
		const char *text, *faults;
	} rows[] = {
		{ "", "" },
		{ "sample_limit = 0; label_limit = 0; label_value_length_limit = 0;", "" },
		{ "label_limit = 256;", "" },
		{ "label_limit = 257;", "1: label_limit: must be a whole number from 0 to 256\n" },
		{ "sample_limit = -1;",
			"1: sample_limit: must be a whole number from 0 to 2147483647\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct limits_conf conf;
		struct settings_part part = { &limits_settings, NULL };
		struct settings_run run;

		part.object = &conf;
		run_settings(&run, part, rows[i].text, NULL, NULL);
		check_str(rows[i].text, buf_str(&run.faults), str_of(rows[i].faults));
		run_free(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_counted),
		cmocka_unit_test(samples_count_over_all_sets_of_a_source),
		cmocka_unit_test(labels_are_counted_with_the_name),
		cmocka_unit_test(values_are_measured_without_escapes),
		cmocka_unit_test(the_suffix_belongs_to_the_name),
		cmocka_unit_test(limits_have_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
