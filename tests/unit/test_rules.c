// SPDX-License-Identifier: Apache-2.0
// Rules about whole families, in which order all kinds come, and what people are told of them.
#include "transform_run.h"

struct row {
	const char *rules, *page;
	const char *body;
	const char *told;    // repairs and families left out; NULL: nothing
	const char *touched; // "name=count" for each rule in use
};

static void tell_touched(struct buf *out, const struct rules_run *run, struct arena *arena)
{
	for (size_t i = 0; i < rules_count(run->rules); i++) {
		struct str name = rules_name(run->rules, i, arena);

		if (name.len)
			buf_addf(out, "%s%.*s=%llu", out->len ? ", " : "", STR_ARG(name),
				(unsigned long long)run->touched[i]);
	}
}

static void check_row(const struct row *row, struct rules *rules, bool explains)
{
	struct transform_input input = { .page = row->page, .explains = explains };
	struct buf touched = buf_new(UNIT_LIMIT);
	struct transform_result result;

	transform_run(&result, rules, &input);
	transform_compare(row->rules, buf_str(&result.body), row->body);
	transform_compare(row->rules, buf_str(&result.told), row->told);
	CHECK_ROW(row->rules, (result.run->touched != NULL) == explains);
	if (explains) {
		tell_touched(&touched, result.run, &result.arena);
		transform_compare(row->rules, buf_str(&touched), row->touched);
	}
	buf_free(&touched);
	transform_release(&result);
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct transform_rules *made = transform_read(rows[i].rules, rows[i].rules);

		check_str(rows[i].rules, buf_str(&made->faults), STR(""));
		check_row(&rows[i], made->rules, false);
		check_row(&rows[i], made->rules, true);
		transform_free(made);
	}
}

static void globs_choose_families(void **state)
{
	static const struct row rows[] = {
		{ "include = ['a*'];", "a 1\nab{x='1'} 1\nab{x='2'} 2\nba 1\nc 1\n",
			"# TYPE a untyped\na 1\n# TYPE ab untyped\nab{x='1'} 1\nab{x='2'} 2\n",
			NULL, "include=2" },
		{ "include = ['a', 'c?'];", "a 1\nab 1\nc 1\ncd 1\n",
			"# TYPE a untyped\na 1\n# TYPE cd untyped\ncd 1\n", NULL, "include=2" },
		{ "include = [];", "a 1\n", "", NULL, "include=1" },
		{ "exclude = ['a*', '[c-d]'];", "a 1\nab 1\nb 1\nc 1\nd 1\ncd 1\n",
			"# TYPE b untyped\nb 1\n# TYPE cd untyped\ncd 1\n", NULL, "exclude=4" },
		{ "exclude = [];", "a 1\n", "# TYPE a untyped\na 1\n", NULL, "" },
		{ "include = ['a*']; exclude = ['ab'];", "a 1\nab 1\nb 1\n",
			"# TYPE a untyped\na 1\n", NULL, "include=1, exclude=1" },
		{ "exclude = ['A'];", "a 1\nA 1\n", "# TYPE a untyped\na 1\n", NULL, "exclude=1" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void globs_are_about_families_not_samples(void **state)
{
	static const struct row rows[] = {
		{ "exclude = ['*_count', '*_bucket'];",
			"# TYPE h histogram\nh_bucket{le='+Inf'} 1\nh_sum 1\nh_count 1\n"
			"free_count 1\n",
			"# TYPE h histogram\nh_bucket{le='+Inf'} 1\nh_sum 1\nh_count 1\n", NULL,
			"exclude=1" },
		{ "include = ['h'];",
			"# TYPE h histogram\nh_bucket{le='+Inf'} 1\nh_sum 1\nh_count 1\nx 1\n",
			"# TYPE h histogram\nh_bucket{le='+Inf'} 1\nh_sum 1\nh_count 1\n", NULL,
			"include=1" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void families_get_other_names(void **state)
{
	static const struct row rows[] = {
		{ "rename = { a = 'b'; };", "# HELP a x\n# TYPE a gauge\na 1\nc 1\n",
			"# HELP b x\n# TYPE b gauge\nb 1\n# TYPE c untyped\nc 1\n", NULL,
			"rename=1" },
		{ "rename = ( { name = 'a:x'; value = 'b'; } );", "a:x 1\n",
			"# TYPE b untyped\nb 1\n", NULL, "rename=1" },
		{ "rename = { a = 'b'; b = 'a'; };", "# TYPE a gauge\na 1\n# TYPE b counter\nb 2\n",
			"# TYPE b gauge\nb 1\n# TYPE a counter\na 2\n", NULL, "rename=2" },
		{ "rename = { h = 'g'; };",
			"# TYPE h histogram\nh_bucket{le='+Inf'} 1\nh_sum 1\nh_count 1\n",
			"# TYPE g histogram\ng_bucket{le='+Inf'} 1\ng_sum 1\ng_count 1\n", NULL,
			"rename=3" },
		{ "rename = { h_count = 'g'; };",
			"# TYPE h histogram\nh_bucket{le='+Inf'} 1\nh_sum 1\nh_count 1\n",
			"# TYPE h histogram\nh_bucket{le='+Inf'} 1\nh_sum 1\nh_count 1\n", NULL,
			"rename=0" },
		{ "prefix = 'p_';", "# HELP a x\na 1\n# TYPE s summary\ns_sum 1\ns_count 1\n",
			"# HELP p_a x\n# TYPE p_a untyped\np_a 1\n# TYPE p_s summary\np_s_sum 1\n"
			"p_s_count 1\n",
			NULL, "prefix=3" },
		{ "prefix = 'p:';", "a{x='1'} 1\na{x='2'} 2\n",
			"# TYPE p:a untyped\np:a{x='1'} 1\np:a{x='2'} 2\n", NULL, "prefix=2" },
		{ "rename = { a = 'b'; };", "a{x='1'} 1\nb{x='2'} 2\n",
			"# TYPE b untyped\nb{x='1'} 1\nb{x='2'} 2\n", NULL, "rename=1" },
		{ "rename = { a = 'b'; };", "a{x='1'} 1\nb{x='1'} 2\nok 1\n",
			"# TYPE ok untyped\nok 1\n",
			"b: rules make two of its series equal, such as b{x='1'}; let them keep a "
			"label that tells them apart\n",
			"rename=1" },
		{ "rename = { a = 'b'; };", "a{x='1'} 1\na{x='1'} 2\n",
			"# TYPE b untyped\nb{x='1'} 1\n", "duplicate_series=1\n", "rename=2" },
		{ "rename = { a = 'b'; };", "# TYPE a gauge\na 1\n# TYPE b counter\nb{x='1'} 2\n",
			"# TYPE b gauge\nb 1\n",
			"b: it is typed counter here, but another one of this name "
			"and source is a gauge\n",
			"rename=1" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void kinds_come_in_a_fixed_order(void **state)
{
	static const struct row rows[] = {
		{ "prefix = 'p_'; rename = { a = 'b'; }; exclude = ['b', 'p_*']; include = ['a', "
		  "'b'];",
			"a 1\nb 2\nc 3\n", "# TYPE p_b untyped\np_b 1\n", NULL,
			"include=1, exclude=1, rename=1, prefix=1" },
		{ "metric_relabel_configs = ( { source_labels = ['__name__']; target_label = "
		  "'saw'; } ); prefix = 'p_'; rename = { a = 'b'; };",
			"a 1\n", "# TYPE p_b untyped\np_b{saw='p_b'} 1\n", NULL,
			"rename=1, prefix=1, metric_relabel_configs[0] replace=1" },
		{ "exclude = ['b']; metric_relabel_configs = ( { source_labels = ['__name__']; "
		  "regex = 'a'; target_label = '__name__'; replacement = 'b'; } );",
			"a 1\nb 2\n", "# TYPE b untyped\nb 1\n", NULL,
			"exclude=1, metric_relabel_configs[0] replace=1" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void series_are_counted_where_a_rule_changes_or_drops_them(void **state)
{
	static const struct row rows[] = {
		{ "metric_relabel_configs = ( "
		  "{ source_labels = ['a']; regex = '1'; action = 'drop'; }, "
		  "{ source_labels = ['a']; target_label = 'b'; }, "
		  "{ source_labels = ['a']; target_label = 'b'; }, "
		  "{ regex = 'a'; action = 'labeldrop'; }, "
		  "{ source_labels = ['b']; regex = '[23]'; action = 'keep'; }, "
		  "{ regex = 'b'; replacement = '__name__'; action = 'labelmap'; } );",
			"m{a='1'} 1\nm{a='2'} 2\nm{a='3'} 3\nm{a='4'} 4\nm{b='2',c='1'} 5\n", "",
			"rule=2\n",
			"metric_relabel_configs[0] drop=1, metric_relabel_configs[1] replace=4, "
			"metric_relabel_configs[2] replace=0, metric_relabel_configs[3] "
			"labeldrop=3, metric_relabel_configs[4] keep=2, metric_relabel_configs[5] "
			"labelmap=2" },
		{ "metric_relabel_configs = ( "
		  "{ source_labels = ['a']; target_label = 'h'; action = 'hashmod'; modulus = 2; "
		  "}, "
		  "{ source_labels = ['a']; target_label = 'a'; action = 'lowercase'; }, "
		  "{ source_labels = ['a']; target_label = 'b'; action = 'dropequal'; } );",
			"m{a='X',b='x'} 1\nm{a='y'} 2\n", "# TYPE m untyped\nm{a='y',h='1'} 2\n",
			NULL,
			"metric_relabel_configs[0] hashmod=2, metric_relabel_configs[1] "
			"lowercase=1, metric_relabel_configs[2] dropequal=1" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void one_run_counts_all_its_sets(void **state)
{
	struct transform_rules *made = transform_read("sets", "exclude = ['a'];");
	struct transform_input first = { .page = "a 1\nb 1\n", .explains = true },
			       second = { .page = "a{x='1'} 1\na 2\n", .explains = true };
	struct transform_result result;

	(void)state;
	transform_begin(&result);
	assert_true(transform_add(&result, made->rules, &first, 0));
	assert_true(transform_add(&result, made->rules, &second, 1));
	assert_int_equal(result.run->n_series, 4);
	assert_int_equal(result.run->n_left, 1);
	assert_int_equal(result.run->touched[1], 3);
	transform_release(&result);
	transform_free(made);
}

static void without_rules_everything_stays(void **state)
{
	static const char *const rows[] = { "", "exclude = [];", "prefix = '';",
		"metric_relabel_configs = ( );" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct transform_rules *made = transform_read(rows[i], rows[i]);
		struct transform_input input = { .page = "m{a='1'} 1\n", .added = "b='2'" };
		struct transform_result result;

		CHECK_ROW(rows[i], made->rules == NULL);
		transform_run(&result, made->rules, &input);
		transform_compare(
			rows[i], buf_str(&result.body), "# TYPE m untyped\nm{a='1',b='2'} 1\n");
		check_number(rows[i], "rules", rules_count(made->rules), 0);
		transform_release(&result);
		transform_free(made);
	}
}

#define NO_NAME " is no name of a metric (letters, digits, _ and :, no digit in front)\n"

static void faults_are_told_with_their_setting(void **state)
{
	static const struct {
		const char *rules, *faults;
	} rows[] = {
		{ "include = ['a', '[b'];",
			"include: '[b': no glob: a [ without its ], after 0 bytes\n" },
		{ "exclude = ['a\\\\'];",
			"exclude: 'a\\': no glob: a \\ with nothing behind it, after 1 bytes\n" },
		{ "rename = { a = 'b-c'; };", "rename: 'b-c'" NO_NAME },
		{ "rename = ( { name = '9'; value = ''; } );",
			"rename: '9'" NO_NAME "rename: ''" NO_NAME },
		{ "rename = ( { name = 'a'; value = 'b'; }, { name = 'a'; value = 'c'; } );",
			"rename: a is given twice\n" },
		{ "rename = { a = 'brokerpush_up'; }; prefix = 'pushgateway_';",
			"rename: 'brokerpush_up': names that start with brokerpush_ belong to the "
			"agent\n"
			"prefix: 'pushgateway_': names that start with pushgateway_ belong to the "
			"gateway\n" },
		{ "prefix = '9_';", "prefix: '9_'" NO_NAME },
		{ "prefix = 'a b';", "prefix: 'a b'" NO_NAME },
		{ "prefix = '-'; metric_relabel_configs = ( { } );",
			"prefix: '-'" NO_NAME "metric_relabel_configs[0].target_label: is missing; "
			"the action replace needs it\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct transform_rules *made = transform_read(rows[i].rules, rows[i].rules);

		transform_compare(rows[i].rules, buf_str(&made->faults), rows[i].faults);
		transform_free(made);
	}
}

static void configurations_are_equal_if_they_do_the_same(void **state)
{
	static const char *const rows[] = {
		"",
		"include = ['a'];",
		"include = ['a', 'b'];",
		"include = [];",
		"exclude = ['a'];",
		"rename = { a = 'b'; };",
		"rename = { a = 'c'; };",
		"rename = { b = 'b'; };",
		"rename = { a = 'b'; b = 'c'; };",
		"prefix = 'a';",
		"metric_relabel_configs = ( { action = 'keep'; } );",
		"metric_relabel_configs = ( { action = 'drop'; } );",
		"metric_relabel_configs = ( { action = 'drop'; }, { action = 'drop'; } );",
		"metric_relabel_configs = ( { action = 'drop'; source_labels = ['a']; } );",
		"metric_relabel_configs = ( { action = 'drop'; source_labels = ['a', 'b']; } );",
		"metric_relabel_configs = ( { action = 'drop'; regex = 'x'; } );",
		"metric_relabel_configs = ( { action = 'drop'; separator = 'x'; } );",
		"metric_relabel_configs = ( { target_label = 'a'; } );",
		"metric_relabel_configs = ( { target_label = 'b'; } );",
		"metric_relabel_configs = ( { target_label = 'b'; replacement = 'x'; } );",
		"metric_relabel_configs = ( { target_label = 'b'; action = 'hashmod'; modulus = 2; "
		"} );",
		"metric_relabel_configs = ( { target_label = 'b'; action = 'hashmod'; modulus = 3; "
		"} );",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
			struct transform_rules *a = transform_read(rows[i], rows[i]);
			struct transform_rules *b = transform_read(rows[k], rows[k]);

			check_number(rows[i], rows[k], rules_equal(&a->conf, &b->conf), i == k);
			transform_free(a);
			transform_free(b);
		}
}

static void what_is_not_written_is_equal_to_its_default(void **state)
{
	static const char *const rows[][2] = {
		{ "", "prefix = '';" },
		{ "rename = { a = 'b'; };", "rename = ( { name = 'a'; value = 'b'; } );" },
		{ "metric_relabel_configs = ( { target_label = 'a'; } );",
			"metric_relabel_configs = ( { target_label = 'a'; separator = ';'; regex = "
			"'(.*)'; replacement = '$1'; action = 'replace'; "
			"} );" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct transform_rules *a = transform_read(rows[i][0], rows[i][0]);
		struct transform_rules *b = transform_read(rows[i][1], rows[i][1]);

		check_number(rows[i][1], "equal", rules_equal(&a->conf, &b->conf), true);
		transform_free(a);
		transform_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs_choose_families),
		cmocka_unit_test(globs_are_about_families_not_samples),
		cmocka_unit_test(families_get_other_names),
		cmocka_unit_test(kinds_come_in_a_fixed_order),
		cmocka_unit_test(series_are_counted_where_a_rule_changes_or_drops_them),
		cmocka_unit_test(one_run_counts_all_its_sets),
		cmocka_unit_test(without_rules_everything_stays),
		cmocka_unit_test(faults_are_told_with_their_setting),
		cmocka_unit_test(configurations_are_equal_if_they_do_the_same),
		cmocka_unit_test(what_is_not_written_is_equal_to_its_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
