// SPDX-License-Identifier: Apache-2.0
// Relabelling rules on whole pages: families that get other names, and samples that go. Each row goes both ways, with
// and without counts for each rule.
#include "base/clock.h"
#include "transform_run.h"

struct row {
	const char *name;
	const char *rules; // elements of metric_relabel_configs
	const char *page;
	const char *added; // labels of the source; NULL: none
	size_t n_forced;
	bool complete;
	const char *body;
	const char *told; // repairs and families left out; NULL: nothing
};

static struct transform_rules *read_relabel(const char *name, const char *elements)
{
	struct buf text = buf_new(UNIT_LIMIT);

	buf_addf(&text, "metric_relabel_configs = ( %s );%c", elements, '\0');
	struct transform_rules *made = transform_read(name, text.ptr);
	check_str(name, buf_str(&made->faults), STR(""));
	buf_free(&text);
	return made;
}

static void check_way(const struct row *row, struct rules *rules, bool explains)
{
	struct transform_input input = { .page = row->page,
		.added = row->added,
		.n_forced = row->n_forced,
		.complete = row->complete,
		.explains = explains };
	struct transform_result result;

	transform_run(&result, rules, &input);
	transform_compare(row->name, buf_str(&result.body), row->body);
	transform_compare(row->name, buf_str(&result.told), row->told);
	transform_release(&result);
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct transform_rules *made = read_relabel(rows[i].name, rows[i].rules);

		check_way(&rows[i], made->rules, false);
		check_way(&rows[i], made->rules, true);
		transform_free(made);
	}
}

#define HISTOGRAM(name)                                                                            \
	"# HELP " name " time\n# TYPE " name " histogram\n" name "_bucket{le='1'} 1\n" name        \
	"_bucket{le='+Inf'} 2\n" name "_sum 3\n" name "_count 2\n"

#define SUMMARY(name)                                                                              \
	"# HELP " name " time\n# TYPE " name " summary\n" name "{quantile='0.5'} 1\n" name         \
	"_sum 3\n" name "_count 2\n"

static void a_new_name_keeps_type_and_help(void **state)
{
	static const struct row rows[] = {
		{ .name = "a gauge",
			.rules = "{ source_labels = ['__name__']; regex = 'old'; target_label = "
				 "'__name__'; replacement = 'new'; }",
			.page = "# HELP old what\n# TYPE old gauge\nold 1\nold{a='1'} 2\n",
			.body = "# HELP new what\n# TYPE new gauge\nnew 1\nnew{a='1'} 2\n" },
		{ .name = "a histogram with all its parts",
			.rules = "{ source_labels = ['__name__']; regex = 'old(.*)'; target_label "
				 "= '__name__'; replacement = 'new${1}'; }",
			.page = HISTOGRAM("old"),
			.body = HISTOGRAM("new") },
		{ .name = "a summary with all its parts",
			.rules = "{ source_labels = ['__name__']; regex = 'old(.*)'; target_label "
				 "= '__name__'; replacement = 'new${1}'; }",
			.page = SUMMARY("old"),
			.body = SUMMARY("new") },
		{ .name = "some of a family's series",
			.rules = "{ source_labels = ['__name__', 'a']; regex = '(.*);1'; "
				 "target_label = '__name__'; replacement = '${1}_one'; }",
			.page = "# TYPE m counter\nm{a='1'} 1\nm{a='2'} 2\n",
			.body = "# TYPE m counter\nm{a='2'} 2\n# TYPE m_one counter\nm_one{a='1'} "
				"1\n" },
		{ .name = "names from the values of a label",
			.rules = "{ source_labels = ['__name__', 'a']; separator = '_'; "
				 "target_label = '__name__'; }",
			.page = "# TYPE m counter\nm{a='x'} 1\nm{a='y'} 2\nm{a='x',b='1'} 3\n"
				"m{a='z'} 4\n",
			.body = "# TYPE m_x counter\nm_x{a='x'} 1\nm_x{a='x',b='1'} 3\n"
				"# TYPE m_y counter\nm_y{a='y'} 2\n"
				"# TYPE m_z counter\nm_z{a='z'} 4\n" },
		{ .name = "names by labelmap",
			.rules = "{ regex = 'a'; replacement = '__name__'; action = 'labelmap'; }, "
				 "{ source_labels = ['__name__']; regex = 'm'; action = 'drop'; }",
			.page = "m{a='x'} 1\nm{a='y'} 2\nm{b='1'} 3\n",
			.body = "# TYPE x untyped\nx{a='x'} 1\n# TYPE y untyped\ny{a='y'} 2\n" },
		{ .name = "names by labelmap, of a label that ends so",
			.rules = "{ regex = 'to(.*)'; action = 'labelmap'; }, "
				 "{ source_labels = ['__name__']; regex = 'm'; action = 'drop'; }",
			.page = "m{to__name__='x'} 1\nm{a='1'} 2\n",
			.body = "# TYPE x untyped\nx{to__name__='x'} 1\n" },
		{ .name = "labelmap of the name tells families with the same labels apart",
			.rules = "{ regex = '__name__'; replacement = 'was'; action = 'labelmap'; "
				 "}",
			.page = "m1{a='1'} 1\nm2{a='1'} 2\n",
			.body = "# TYPE m1 untyped\nm1{a='1',was='m1'} 1\n"
				"# TYPE m2 untyped\nm2{a='1',was='m2'} 2\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void parts_of_histograms_and_summaries_may_go_alone(void **state)
{
	static const struct row rows[] = {
		{ .name = "buckets go: the last one is made again",
			.rules = "{ source_labels = ['__name__']; regex = '.*_bucket'; action = "
				 "'drop'; }",
			.page = HISTOGRAM("h"),
			.body = "# HELP h time\n# TYPE h histogram\nh_sum 3\nh_count 2\n"
				"h_bucket{le='+Inf'} 2\n",
			.told = "histogram=1\n" },
		{ .name = "one bucket goes",
			.rules = "{ source_labels = ['le']; regex = '1'; action = 'drop'; }",
			.page = HISTOGRAM("h"),
			.body = "# HELP h time\n# TYPE h histogram\nh_bucket{le='+Inf'} 2\nh_sum "
				"3\nh_count 2\n" },
		{ .name = "quantiles go",
			.rules = "{ source_labels = ['__name__']; regex = 's'; action = 'drop'; }",
			.page = SUMMARY("s"),
			.body = "# HELP s time\n# TYPE s summary\ns_sum 3\ns_count 2\n" },
		{ .name = "all of a histogram goes, and with it its type",
			.rules = "{ source_labels = ['__name__']; regex = 'h_.*'; action = 'drop'; "
				 "}, "
				 "{ source_labels = ['__name__']; regex = 'm'; target_label = "
				 "'__name__'; replacement = 'h'; }",
			.page = HISTOGRAM("h") "# TYPE m gauge\nm 1\n",
			.body = "# TYPE h gauge\nh 1\n" },
		{ .name = "a part with a name of its own is no histogram's",
			.rules = "{ source_labels = ['__name__']; regex = 's_count'; target_label "
				 "= '__name__'; replacement = 's_calls'; }",
			.page = SUMMARY("s"),
			.body = "# HELP s time\n# TYPE s summary\ns{quantile='0.5'} 1\ns_sum 3\n"
				"# HELP s_calls time\n# TYPE s_calls untyped\ns_calls 2\n" },
		{ .name = "a part that keeps its suffix stays one",
			.rules = "{ source_labels = ['__name__']; regex = 's_count'; target_label "
				 "= '__name__'; replacement = 't_count'; }",
			.page = SUMMARY("s"),
			.body = "# HELP s time\n# TYPE s summary\ns{quantile='0.5'} 1\ns_sum 3\n"
				"# HELP t time\n# TYPE t summary\nt_count 2\n" },
		{ .name = "nothing but a suffix is a name",
			.rules = "{ source_labels = ['__name__']; regex = 's_count'; target_label "
				 "= '__name__'; replacement = '_count'; }",
			.page = SUMMARY("s"),
			.body = "# HELP s time\n# TYPE s summary\ns{quantile='0.5'} 1\ns_sum 3\n"
				"# HELP _count time\n# TYPE _count untyped\n_count 2\n" },
		{ .name = "a gauge gets a name beside a summary",
			.rules = "{ source_labels = ['__name__']; regex = 'm'; target_label = "
				 "'__name__'; replacement = 's_sum'; }",
			.page = SUMMARY("s") "# TYPE m gauge\nm 1\n",
			.body = SUMMARY("s"),
			.told = "s_sum: a summary s with samples of this name stands beside it\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

#define RENAME(from, to)                                                                           \
	"{ source_labels = ['__name__']; regex = '" from "'; target_label = '__name__'; "          \
	"replacement = '" to "'; }"

static void families_meet_under_one_name(void **state)
{
	static const struct row rows[] = {
		{ .name = "of one type they are one",
			.rules = RENAME("a|b", "c"),
			.page = "# TYPE a gauge\na{x='1'} 1\n# TYPE b gauge\nb{x='2'} 2\n",
			.body = "# TYPE c gauge\nc{x='1'} 1\nc{x='2'} 2\n" },
		{ .name = "of two types the first stays",
			.rules = RENAME("a|b", "c"),
			.page = "# TYPE a gauge\na{x='1'} 1\n# TYPE b counter\nb{x='2'} 2\nm 1\n",
			.body = "# TYPE m untyped\nm 1\n# TYPE c gauge\nc{x='1'} 1\n",
			.told = "c: it is typed counter here, but another one of this name "
				"and source is a gauge\n" },
		{ .name = "one that is there already stands before",
			.rules = RENAME("a", "b"),
			.page = "# TYPE a counter\na{x='1'} 1\n# TYPE b gauge\nb{x='2'} 2\n",
			.body = "# TYPE b gauge\nb{x='2'} 2\n",
			.told = "b: it is typed counter here, but another one of this name "
				"and source is a gauge\n" },
		{ .name = "one that has lost its samples binds nobody",
			.rules = "{ source_labels = ['__name__']; regex = 'b'; action = 'drop'; "
				 "}, " RENAME("a", "b"),
			.page = "# TYPE a counter\na{x='1'} 1\n# TYPE b gauge\nb{x='2'} 2\n",
			.body = "# TYPE b counter\nb{x='1'} 1\n" },
		{ .name = "two change their names",
			.rules = RENAME("a", "tmp") ", " RENAME("b", "a") ", " RENAME("tmp", "b"),
			.page = "# HELP a of a\n# TYPE a counter\na 1\n# HELP b of b\n# TYPE b "
				"gauge\n"
				"b 2\n",
			.body = "# HELP b of a\n# TYPE b counter\nb 1\n# HELP a of b\n# TYPE a "
				"gauge\n"
				"a 2\n" },
		{ .name = "two series under one name and with the same labels",
			.rules = RENAME("a", "b"),
			.page = "a{x='1'} 1\nb{x='1'} 2\nm 1\n",
			.body = "# TYPE m untyped\nm 1\n",
			.told = "b: rules make two of its series equal, such as b{x='1'}; let them "
				"keep a label that tells them apart\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void series_made_equal_take_their_family_out(void **state)
{
	static const struct row rows[] = {
		{ .name = "by a label that goes",
			.rules = "{ regex = 'x'; action = 'labeldrop'; }",
			.page = "m{x='1'} 1\nm{x='2'} 2\nn{x='1',y='1'} 1\nn{x='1',y='2'} 2\n",
			.body = "# TYPE n untyped\nn{y='1'} 1\nn{y='2'} 2\n",
			.told = "m: rules make two of its series equal, such as m{}; let them keep "
				"a label that tells them apart\n" },
		{ .name = "to one that stays as it was",
			.rules = "{ source_labels = ['x']; regex = '1'; target_label = 'x'; "
				 "replacement = '2'; }",
			.page = "m{x='1'} 1\nm{x='2'} 2\nok 1\n",
			.body = "# TYPE ok untyped\nok 1\n",
			.told = "m: rules make two of its series equal, such as m{x='2'}; let them "
				"keep a label that tells them apart\n" },
		{ .name = "a histogram's",
			.rules = "{ regex = 'x'; action = 'labeldrop'; }",
			.page = "# TYPE h histogram\nh_bucket{x='1',le='+Inf'} 1\n"
				"h_bucket{x='2',le='+Inf'} 1\nok 1\n",
			.body = "# TYPE ok untyped\nok 1\n",
			.told = "h: rules make two of its series equal, such as "
				"h_bucket{le='+Inf'}; let them keep a label that tells them "
				"apart\n" },
		{ .name = "a histogram's, by its bounds alone",
			.rules = "{ regex = 'le'; action = 'labeldrop'; }",
			.page = "# TYPE h histogram\nh_bucket{le='1'} 1\nh_bucket{le='+Inf'} 1\n"
				"h_count 1\nok 1\n",
			.body = "# TYPE ok untyped\nok 1\n",
			.told = "h: rules make two of its series equal, such as h_bucket{}; let "
				"them keep a label that tells them apart\n" },
		{ .name = "parts of one summary",
			.rules = RENAME("s_(sum|count)", "x"),
			.page = "# TYPE s summary\ns{quantile='0.5'} 1\ns_sum 3\ns_count 2\n",
			.body = "# TYPE s summary\ns{quantile='0.5'} 1\n",
			.told = "x: rules make two of its series equal, such as x{}; let them keep "
				"a label that tells them apart\n" },
		{ .name = "one that came twice before is only a duplicate",
			.rules = "{ target_label = 'y'; replacement = '1'; }",
			.page = "m{x='1'} 1\nm{x='1'} 2\n",
			.body = "# TYPE m untyped\nm{x='1',y='1'} 1\n",
			.told = "duplicate_series=1\n" },
		{ .name = "and one that came twice under another name",
			.rules = RENAME("m", "n"),
			.page = "m{x='1',y='2'} 1\nm{y='2',x='1'} 2\n",
			.body = "# TYPE n untyped\nn{x='1',y='2'} 1\n",
			.told = "duplicate_series=1\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void a_sample_without_a_legal_name_is_left_out(void **state)
{
	static const struct row rows[] = {
		{ .name = "no name",
			.rules = "{ source_labels = ['a']; regex = '1'; target_label = '__name__'; "
				 "replacement = ''; }",
			.page = "m{a='1'} 1\nm{a='2'} 2\n",
			.body = "# TYPE m untyped\nm{a='2'} 2\n",
			.told = "rule=1\n" },
		{ .name = "the name dropped as a label",
			.rules = "{ regex = '__name__'; action = 'labeldrop'; }",
			.page = "m{a='1'} 1\nm{a='2'} 2\n",
			.body = "",
			.told = "rule=2\n" },
		{ .name = "labels kept, without the name",
			.rules = "{ regex = 'a'; action = 'labelkeep'; }",
			.page = "m{a='1'} 1\n",
			.body = "",
			.told = "rule=1\n" },
		{ .name = "a digit in front",
			.rules = RENAME("m", "9m"),
			.page = "m 1\nok 1\n",
			.body = "# TYPE ok untyped\nok 1\n",
			.told = "rule=1\n" },
		{ .name = "odd characters",
			.rules = RENAME("m", "a-b"),
			.page = "m 1\nok 1\n",
			.body = "# TYPE ok untyped\nok 1\n",
			.told = "rule=1\n" },
		{ .name = "a colon is legal",
			.rules = RENAME("m", "a:b"),
			.page = "m 1\n",
			.body = "# TYPE a:b untyped\na:b 1\n" },
		{ .name = "a name on the way only",
			.rules = RENAME("m", "9m") ", " RENAME("9m", "m"),
			.page = "m 1\n",
			.body = "# TYPE m untyped\nm 1\n" },
		{ .name = "one that is dropped does not count",
			.rules = RENAME("m", "9m") ", { source_labels = ['__name__']; regex = "
						   "'9m'; action = 'drop'; }",
			.page = "m 1\nok 1\n",
			.body = "# TYPE ok untyped\nok 1\n" },
		{ .name = "a name that is another's",
			.rules = RENAME("m", "push_time_seconds"),
			.page = "m 1\nok 1\n",
			.body = "# TYPE ok untyped\nok 1\n",
			.told = "push_time_seconds: the Pushgateway writes this family itself\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void rules_see_the_labels_of_the_source(void **state)
{
	static const struct row rows[] = {
		{ .name = "as the sample's own",
			.rules = "{ source_labels = ['site']; target_label = 'where'; }",
			.page = "m{a='1'} 1\n",
			.added = "site='z'",
			.body = "# TYPE m untyped\nm{a='1',site='z',where='z'} 1\n" },
		{ .name = "and may take them away",
			.rules = "{ regex = 'site'; action = 'labeldrop'; }",
			.page = "m{a='1'} 1\n",
			.added = "site='z',team='t'",
			.body = "# TYPE m untyped\nm{a='1',team='t'} 1\n" },
		{ .name = "a sample that is not changed has them too",
			.rules = "{ source_labels = ['a']; regex = '2'; target_label = 'b'; "
				 "replacement = 'x'; }",
			.page = "m{a='1'} 1\nm{a='2'} 2\n",
			.added = "site='z'",
			.body = "# TYPE m untyped\nm{a='1',site='z'} 1\n"
				"m{a='2',site='z',b='x'} 2\n" },
		{ .name = "the sample's own stands before",
			.rules = "{ source_labels = ['site']; target_label = 'where'; }",
			.page = "m{site='own'} 1\n",
			.added = "site='z'",
			.body = "# TYPE m untyped\nm{site='own',where='own'} 1\n" },
		{ .name = "unless the source's is forced",
			.rules = "{ source_labels = ['site']; target_label = 'where'; }",
			.page = "m{site='own'} 1\nm{a='1'} 2\n",
			.added = "site='z',team='t'",
			.n_forced = 1,
			.body = "# TYPE m untyped\n"
				"m{exported_site='own',site='z',team='t',where='z'} 1\n"
				"m{a='1',site='z',team='t',where='z'} 2\n",
			.told = "exported_label=1\n" },
		{ .name = "forced where no rule looks",
			.rules = RENAME("x", "y"),
			.page = "m{site='own'} 1\nx{site='own'} 2\n",
			.added = "site='z',team='t'",
			.n_forced = 1,
			.body = "# TYPE m untyped\nm{exported_site='own',site='z',team='t'} 1\n"
				"# TYPE y untyped\ny{exported_site='own',site='z',team='t'} 2\n",
			.told = "exported_label=2\n" },
		{ .name = "a sample with an empty one has no label there",
			.rules = "{ source_labels = ['site']; target_label = 'where'; replacement "
				 "= '<$1>'; }",
			.page = "m{a='1',site=''} 1\nn{a='1'} 2\n",
			.added = "site='z'",
			.body = "# TYPE m untyped\nm{a='1',where='<>'} 1\n"
				"# TYPE n untyped\nn{a='1',site='z',where='<z>'} 2\n" },
		{ .name = "not those of samples that are complete",
			.rules = "{ target_label = 'b'; replacement = 'x'; }",
			.page = "m{a='1'} 1\n",
			.added = "site='z'",
			.complete = true,
			.body = "# TYPE m untyped\nm{a='1',b='x'} 1\n" },
		{ .name = "two underscores are gone in the end",
			.rules = "{ target_label = '__a'; replacement = '1'; }, "
				 "{ source_labels = ['__a', 'site']; target_label = 'c'; }",
			.page = "m 1\n",
			.added = "site='z'",
			.body = "# TYPE m untyped\nm{site='z',c='1;z'} 1\n" },
		{ .name = "a grouping label that rules make is exported",
			.rules = "{ target_label = 'job'; replacement = 'x'; }",
			.page = "m 1\n",
			.body = "# TYPE m untyped\nm{exported_job='x'} 1\n",
			.told = "exported_label=1\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void complete_samples_are_told_from_others(void **state)
{
	struct transform_rules *made = read_relabel("complete",
		"{ source_labels = ['site']; target_label = 'b'; replacement = "
		"'<$1>'; }");
	struct transform_input input = { .page = "m 1\nn 2\n", .added = "site='z'" };

	(void)state;
	for (int explains = 0; explains < 2; explains++) {
		struct transform_result result;

		transform_begin(&result);
		struct metric_set *set = transform_page(&result, &input, 0);
		set->first->first->complete = true;
		struct rules_run *run = rules_run_new(made->rules, &result.arena, false, explains);
		assert_true(rules_apply(run, set, &result.sources[0].added,
			&result.sources[0].repairs, &result.err));
		check_add(&result.check, set, 0);
		transform_end(&result);
		transform_compare("complete", buf_str(&result.body),
			"# TYPE m untyped\nm{b='<>'} 1\n"
			"# TYPE n untyped\nn{site='z',b='<z>'} 2\n");
		transform_release(&result);
	}
	transform_free(made);
}

static void a_text_that_takes_too_long_leaves_its_sample_out(void **state)
{
	static const struct row rows[] = {
		{ .name = "a value",
			.rules = "{ source_labels = ['a']; regex = '(x+x+)+y'; action = 'drop'; }",
			.page = "m{a='xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxyz'} 1\n"
				"m{a='xxy'} 2\nm{a='z'} 3\n",
			.body = "# TYPE m untyped\nm{a='z'} 3\n",
			.told = "rule=1\n" },
		{ .name = "a name",
			.rules = "{ source_labels = ['__name__']; regex = '(x+x+)+y'; target_label "
				 "= 'b'; replacement = '1'; }",
			.page = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxyz 1\n"
				"xxy 2\nok 3\n",
			.body = "# TYPE xxy untyped\nxxy{b='1'} 2\n# TYPE ok untyped\nok 3\n",
			.told = "rule=1\n" },
		{ .name = "a label's name",
			.rules = "{ regex = '(x+x+)+y'; action = 'labeldrop'; }",
			.page = "m{xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxyz='1'} 1\n"
				"m{xxy='2'} 2\n",
			.body = "# TYPE m untyped\nm 2\n",
			.told = "rule=1\n" },
		// The name goes, but that is no reason to keep what nobody could decide.
		{ .name = "a label's name, of a rule that takes the metric's",
			.rules = "{ regex = '(x+x+)+y'; action = 'labelkeep'; }, "
				 "{ target_label = '__name__'; replacement = 'n'; }",
			.page = "m{xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxyz='1'} 1\n"
				"m{xxy='2',z='3'} 2\n",
			.body = "# TYPE n untyped\nn{xxy='2'} 2\n",
			.told = "rule=1\n" },
		{ .name = "a label's name to be mapped",
			.rules = "{ regex = '(x+x+)+y'; replacement = 'z'; action = 'labelmap'; }",
			.page = "m{xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxyz='1'} 1\n"
				"m{xxy='2'} 2\n",
			.body = "# TYPE m untyped\nm{xxy='2',z='2'} 2\n",
			.told = "rule=1\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void the_first_sample_left_out_is_told(void **state)
{
	static const struct {
		const char *rules, *page, *left_out;
	} rows[] = {
		{ "{ source_labels = ['a']; regex = '1'; action = 'drop'; }", "m{a='1'} 1\n", "" },
		{ RENAME("m|n", "9"), "ok 1\nm 1\nn 1\n",
			"metric_relabel_configs: no legal name is left, m" },
		{ "{ target_label = 'b'; replacement = '1'; }, { source_labels = ['a']; regex = "
		  "'(x+x+)+y'; action = 'drop'; }",
			"ok 1\nm{a='xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxyz'} 1\n",
			"metric_relabel_configs[1] gave up on a text, m" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int explains = 0; explains < 2; explains++) {
			struct transform_rules *made = read_relabel(rows[i].rules, rows[i].rules);
			struct transform_input input = { .page = rows[i].page,
				.explains = explains };
			struct transform_result result;

			transform_run(&result, made->rules, &input);
			check_str(rows[i].rules, result.run->left_out, str_of(rows[i].left_out));
			transform_release(&result);
			transform_free(made);
		}
}

// The time is put in, not spent.
static void check_too_long(const char *rules)
{
	struct transform_rules *made = read_relabel(rules, rules);
	struct transform_input input = { .page = "m 1\n" };
	struct transform_result result;
	const int64_t hour_ns = INT64_C(3600) * NS_PER_S;

	transform_begin(&result);
	result.run = rules_run_new(made->rules, &result.arena, false, false);
	result.run->spent_ns = hour_ns;
	assert_false(transform_add(&result, made->rules, &input, 0));
	assert_true(result.run->spent_ns > hour_ns);
	assert_int_equal(result.err.kind, ERR_TIMED_OUT);
	assert_non_null(strstr(result.err.text, "metric_relabel_configs"));
	transform_release(&result);
	transform_free(made);
}

static void rules_that_take_too_long_as_a_whole_fail(void **state)
{
	(void)state;
	check_too_long("{ source_labels = ['a']; regex = 'x'; action = 'drop'; }");
	check_too_long("{ source_labels = ['__name__']; regex = 'x'; action = 'drop'; }");
}

// Two sources of one group through the rules of a sink, or through rules of their own.
static void series_of_two_sources_made_equal(void **state)
{
	static const struct {
		const char *name, *rules;
		struct transform_input first, second;
		const char *body, *told;
	} rows[] = {
		{ .name = "by a sink's rules the family goes",
			.rules = "{ regex = 'x'; action = 'labeldrop'; }",
			.first = { .page = "m{x='1'} 1\nn 1\n", .of_sink = true },
			.second = { .page = "m{x='2'} 2\n", .of_sink = true },
			.body = "# TYPE n untyped\nn 1\n",
			.told = "2:m: rules make two of its series equal, such as m{}; let them "
				"keep a label that tells them apart\n" },
		{ .name = "by their sources' labels, which a sink's rules take away",
			.rules = "{ regex = 'site'; action = 'labeldrop'; }",
			.first = { .page = "m 1\nn 1\n", .added = "site='a'", .of_sink = true },
			.second = { .page = "m 2\n", .added = "site='b'", .of_sink = true },
			.body = "# TYPE n untyped\nn 1\n",
			.told = "2:m: rules make two of its series equal, such as m{}; let them "
				"keep a label that tells them apart\n" },
		{ .name = "by names that a sink's rules give, after rules of their sources",
			.rules = "{ source_labels = ['__name__']; regex = 'm_.'; target_label = "
				 "'__name__'; replacement = 'm'; }",
			.first = { .page = "m_a 1\nn 1\n", .of_sink = true, .before_source = 6 },
			.second = { .page = "m_b 2\n", .of_sink = true, .before_source = 10 },
			.body = "# TYPE n untyped\nn 1\n",
			.told = "2:m: rules make two of its series equal, such as m{}; let them "
				"keep a label that tells them apart\n" },
		{ .name = "equal before a sink's rules they are duplicates",
			.rules = "{ target_label = 'y'; replacement = '1'; }",
			.first = { .page = "m{x='1'} 1\n", .of_sink = true },
			.second = { .page = "m{x='1'} 2\n", .of_sink = true },
			.body = "# TYPE m untyped\nm{x='1',y='1'} 1\n",
			.told = "2:duplicate_series=1\n" },
		{ .name = "equal before a sink's rules, one of them by its source's rules",
			.rules = "{ target_label = 'y'; replacement = '1'; }",
			.first = { .page = "m{x='1'} 1\n", .of_sink = true, .before_source = 6 },
			.second = { .page = "m{x='1'} 2\n", .of_sink = true },
			.body = "# TYPE m untyped\nm{x='1',y='1'} 1\n",
			.told = "2:duplicate_series=1\n" },
		{ .name = "equal, and untouched beside one whose name alone is changed",
			.rules = "{ source_labels = ['__name__']; regex = 'z'; target_label = "
				 "'__name__'; replacement = 'zz'; }, { regex = 'tmp_.*'; action = "
				 "'labeldrop'; }",
			.first = { .page = "z 5\nm 1\n", .of_sink = true },
			.second = { .page = "m 2\n", .of_sink = true },
			.body = "# TYPE m untyped\nm 1\n# TYPE zz untyped\nzz 5\n",
			.told = "2:duplicate_series=1\n" },
		{ .name = "by rules of their sources they are duplicates",
			.rules = "{ regex = 'x'; action = 'labeldrop'; }",
			.first = { .page = "m{x='1'} 1\n" },
			.second = { .page = "m{x='2'} 2\n" },
			.body = "# TYPE m untyped\nm 1\n",
			.told = "2:duplicate_series=1\n" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		size_t row = i / 2;
		struct transform_rules *made = read_relabel(rows[row].name, rows[row].rules);
		struct transform_input first = rows[row].first, second = rows[row].second;
		struct transform_result result;

		first.explains = second.explains = i % 2;
		transform_begin(&result);
		assert_true(transform_add(&result, made->rules, &first, 0));
		assert_true(transform_add(&result, made->rules, &second, 1));
		transform_end(&result);
		transform_compare(rows[row].name, buf_str(&result.body), rows[row].body);
		transform_compare(rows[row].name, buf_str(&result.told), rows[row].told);
		transform_release(&result);
		transform_free(made);
	}
}

static void the_same_labels_may_come_to_another_end(void **state)
{
	static const struct row rows[] = {
		{ .name = "by the same constant of another rule",
			.rules = "{ source_labels = ['__name__']; regex = 'a'; target_label = 'k'; "
				 "replacement = 'v'; }, { source_labels = ['k']; regex = 'v'; "
				 "target_label = 'seen'; replacement = 'yes'; }, { source_labels = "
				 "['__name__']; regex = 'b'; target_label = 'k'; replacement = "
				 "'v'; }",
			.page = "a{x='1'} 1\nb{x='1'} 2\n",
			.body = "# TYPE a untyped\na{x='1',k='v',seen='yes'} 1\n"
				"# TYPE b untyped\nb{x='1',k='v'} 2\n" },
		{ .name = "by a label that becomes the name of one and is that of another",
			.rules = "{ regex = 'x(.*)'; replacement = '$1'; action = 'labelmap'; }",
			.page = "a{x__name__='a'} 1\nb{x__name__='a'} 2\n",
			.body = "",
			.told = "a: rules make two of its series equal, such as "
				"a{x__name__='a'}; let them keep a label that tells them apart\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static char *make_large_page(unsigned n)
{
	struct buf page = buf_new(UNIT_LIMIT);

	for (unsigned family = 0; family < 2; family++)
		for (unsigned i = 0; i < n; i++)
			buf_addf(&page, "m%u{i='%u'} %u\n", family, i, i % 7);
	buf_add_byte(&page, '\0');
	return page.ptr;
}

// More label sets than are remembered at a time (MOST_PLACES in relabel_memory.c).
static void what_was_forgotten_is_worked_out_again(void **state)
{
	const unsigned n = 80000;
	struct transform_rules *made = read_relabel("many",
		"{ source_labels = ['i']; regex = '(.*)([0-4])'; target_label = 'i'; replacement = "
		"'${1}-${2}'; }, { source_labels = ['i']; regex = '.*9'; action = 'drop'; }");
	char *page = make_large_page(n);
	struct transform_input input = { .page = page };
	struct buf wanted = buf_new(UNIT_LIMIT);
	struct transform_result result;

	(void)state;
	for (unsigned family = 0; family < 2; family++) {
		buf_addf(&wanted, "# TYPE m%u untyped\n", family);
		for (unsigned i = 0; i < n; i++) {
			if (i % 10 == 9)
				continue;
			buf_addf(&wanted, "m%u{i=\"", family);
			if (i >= 10)
				buf_addf(&wanted, "%u", i / 10);
			buf_addf(&wanted, "%s%u\"} %u\n", i % 10 < 5 ? "-" : "", i % 10, i % 7);
		}
	}
	transform_run(&result, made->rules, &input);
	assert_true(str_eq(buf_str(&result.body), buf_str(&wanted)));
	check_str("many", buf_str(&result.told), STR(""));
	transform_release(&result);
	transform_free(made);
	buf_free(&wanted);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_name_keeps_type_and_help),
		cmocka_unit_test(parts_of_histograms_and_summaries_may_go_alone),
		cmocka_unit_test(families_meet_under_one_name),
		cmocka_unit_test(series_made_equal_take_their_family_out),
		cmocka_unit_test(series_of_two_sources_made_equal),
		cmocka_unit_test(a_sample_without_a_legal_name_is_left_out),
		cmocka_unit_test(rules_see_the_labels_of_the_source),
		cmocka_unit_test(complete_samples_are_told_from_others),
		cmocka_unit_test(a_text_that_takes_too_long_leaves_its_sample_out),
		cmocka_unit_test(the_first_sample_left_out_is_told),
		cmocka_unit_test(rules_that_take_too_long_as_a_whole_fail),
		cmocka_unit_test(the_same_labels_may_come_to_another_end),
		cmocka_unit_test(what_was_forgotten_is_worked_out_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
