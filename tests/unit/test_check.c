// SPDX-License-Identifier: Apache-2.0
// Rows give the pages of one or two sources and the body that a gateway gets.
#include "metric/check.h"
#include "metric/read.h"
#include "metric/write.h"
#include "unit.h"

enum { MOST_SOURCES = 2, MOST_KEYS = 3 };

struct row {
	const char *name;
	const char *pages[MOST_SOURCES]; // of sources "first" and "second"
	const char *added[MOST_SOURCES]; // their labels; NULL: none
	size_t n_forced;		 // of each source's labels
	const char *keys[MOST_KEYS];
	const char *body;
	const char *repairs; // of all sources: "rule=count", for the second source with 2: in front
	const char *quarantine; // "family: why" likewise, one per line; NULL: none
};

struct result {
	struct arena arena;
	struct check_source sources[MOST_SOURCES];
	struct check check;
	struct buf body, repairs, quarantine;
};

static void add_page(struct result *result, const char *name, const char *page, uint16_t source)
{
	struct metric_set *set = metric_set_new(&result->arena);
	struct read_report report = { 0 };
	struct err err = { 0 };

	if (!read_page(set, str_of(page), NULL, &report, &err))
		FAIL_ROW(name, "page %d: %s", source, err.text);
	repair_add(&result->sources[source].repairs, &report.repairs);
	check_add(&result->check, set, source);
}

static void describe(struct result *result)
{
	for (size_t i = 0; i < MOST_SOURCES; i++) {
		const struct check_source *source = &result->sources[i];

		for (int rule = 0; rule < N_REPAIRS; rule++)
			if (source->repairs.count[rule])
				buf_addf(&result->repairs, "%s%s%s=%llu",
					result->repairs.len ? " " : "", i ? "2:" : "",
					repair_name((enum repair)rule).ptr,
					(unsigned long long)source->repairs.count[rule]);
		for (const struct quarantine *q = source->quarantined; q; q = q->next)
			buf_addf(&result->quarantine, "%s%.*s: %.*s\n", i ? "2:" : "",
				STR_ARG(q->family), STR_ARG(q->why));
	}
}

static struct result *run(const struct row *row)
{
	struct result *result = calloc(1, sizeof(*result));
	struct str keys[MOST_KEYS];
	size_t n_keys = 0;

	assert_non_null(result);
	result->body = result->repairs = result->quarantine = buf_new(UNIT_LIMIT);
	while (n_keys < MOST_KEYS && row->keys[n_keys]) {
		keys[n_keys] = str_of(row->keys[n_keys]);
		n_keys++;
	}
	result->sources[0].name = STR("first");
	result->sources[1].name = STR("second");
	result->check = check_new(&result->arena, keys, n_keys, result->sources);
	for (uint16_t i = 0; i < MOST_SOURCES; i++) {
		result->sources[i].added.text = str_of(row->added[i]);
		result->sources[i].added.n_forced = row->added[i] ? row->n_forced : 0;
		if (row->pages[i])
			add_page(result, row->name, row->pages[i], i);
	}
	check_finish(&result->check);
	write_set(&result->body, result->check.set,
		(struct str[]){ result->sources[0].added.text, result->sources[1].added.text });
	describe(result);
	return result;
}

static void release(struct result *result)
{
	buf_free(&result->body);
	buf_free(&result->repairs);
	buf_free(&result->quarantine);
	arena_free(&result->arena);
	free(result);
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct result *result = run(&rows[i]);

		check_str(rows[i].name, buf_str(&result->body), str_of(rows[i].body));
		check_str(rows[i].name, buf_str(&result->repairs), str_of(rows[i].repairs));
		check_str(rows[i].name, buf_str(&result->quarantine), str_of(rows[i].quarantine));
		release(result);
	}
}

static void sets_merge_by_family(void **state)
{
	static const struct row rows[] = {
		{ .name = "two sources, one family",
			.pages = { "# TYPE m gauge\nm{a=\"1\"} 1\n",
				"# TYPE m gauge\nm{a=\"2\"} 2\n" },
			.body = "# TYPE m gauge\nm{a=\"1\"} 1\nm{a=\"2\"} 2\n",
			.repairs = "" },
		{ .name = "families stand in one block, in the order of arrival",
			.pages = { "a 1\nb 1\na{x=\"1\"} 2\n", "c 1\na{x=\"2\"} 3\n" },
			.body = "# TYPE a untyped\na 1\na{x=\"1\"} 2\na{x=\"2\"} 3\n"
				"# TYPE b untyped\nb 1\n# TYPE c untyped\nc 1\n",
			.repairs = "" },
		{ .name = "the first help stays",
			.pages = { "# HELP m one\nm{a=\"1\"} 1\n", "# HELP m two\nm{a=\"2\"} 2\n" },
			.body = "# HELP m one\n# TYPE m untyped\nm{a=\"1\"} 1\nm{a=\"2\"} 2\n",
			.repairs = "" },
		{ .name = "the second's help where the first has none",
			.pages = { "m{a=\"1\"} 1\n", "# HELP m two\nm{a=\"2\"} 2\n" },
			.body = "# HELP m two\n# TYPE m untyped\nm{a=\"1\"} 1\nm{a=\"2\"} 2\n",
			.repairs = "" },
		{ .name = "families without samples are left out",
			.pages = { "# HELP e x\n# TYPE e gauge\nm 1\n" },
			.body = "# TYPE m untyped\nm 1\n",
			.repairs = "" },
		{ .name = "a type without samples binds nobody",
			.pages = { "# TYPE m gauge\no 1\n", "# TYPE m counter\nm 1\n" },
			.body = "# TYPE m counter\nm 1\n# TYPE o untyped\no 1\n",
			.repairs = "" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void types_that_differ(void **state)
{
	static const struct row rows[] = {
		{ .name = "the first source keeps the family",
			.pages = { "# TYPE m gauge\nm{a=\"1\"} 1\n",
				"# TYPE m counter\nm{a=\"2\"} 2\nn 1\n" },
			.body = "# TYPE m gauge\nm{a=\"1\"} 1\n# TYPE n untyped\nn 1\n",
			.repairs = "",
			.quarantine =
				"2:m: it is typed counter here, but source first stands before "
				"and has it as gauge\n" },
		{ .name = "untyped by a TYPE line is a type",
			.pages = { "# TYPE m gauge\nm{a=\"1\"} 1\n",
				"# TYPE m untyped\nm{a=\"2\"} 2\n" },
			.body = "# TYPE m gauge\nm{a=\"1\"} 1\n",
			.repairs = "",
			.quarantine =
				"2:m: it is typed untyped here, but source first stands before "
				"and has it as gauge\n" },
		{ .name = "no TYPE line is no claim",
			.pages = { "# TYPE m gauge\nm{a=\"1\"} 1\n", "m{a=\"2\"} 2\n" },
			.body = "# TYPE m gauge\nm{a=\"1\"} 1\nm{a=\"2\"} 2\n",
			.repairs = "2:metadata=1" },
		{ .name = "no TYPE line in the first is no claim",
			.pages = { "m{a=\"1\"} 1\n", "# TYPE m gauge\nm{a=\"2\"} 2\n" },
			.body = "# TYPE m gauge\nm{a=\"1\"} 1\nm{a=\"2\"} 2\n",
			.repairs = "2:metadata=1" },
		{ .name = "a gateway's own family gets the gateway's type",
			.pages = { "go_goroutines 1\n# TYPE process_cpu_seconds_total gauge\n"
				   "process_cpu_seconds_total 2\n" },
			.body = "# TYPE go_goroutines gauge\ngo_goroutines 1\n"
				"# TYPE process_cpu_seconds_total counter\n"
				"process_cpu_seconds_total 2\n",
			.repairs = "gateway_type=2" },
		{ .name = "a gateway's own summary",
			.pages = { "# TYPE go_gc_duration_seconds summary\n"
				   "go_gc_duration_seconds{quantile=\"0\"} 1\n"
				   "go_gc_duration_seconds_sum 1\ngo_gc_duration_seconds_count "
				   "1\n" },
			.body = "# TYPE go_gc_duration_seconds summary\n"
				"go_gc_duration_seconds{quantile=\"0\"} 1\n"
				"go_gc_duration_seconds_sum 1\ngo_gc_duration_seconds_count 1\n",
			.repairs = "" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

// Each of these bodies was refused by a real Pushgateway 1.5.1 as it came in.
static void nothing_clashes_with_a_gateways_own_families(void **state)
{
	static const char *const pages[] = {
		"ok 1\ngo_gc_duration_seconds_sum 1\n",
		"ok 1\n# TYPE go_gc_duration_seconds_count gauge\ngo_gc_duration_seconds_count 1\n",
		"ok 1\npushgateway_http_push_duration_seconds_count 1\n",
		"ok 1\n# TYPE go_goroutines histogram\ngo_goroutines_bucket{le=\"+Inf\"} 1\n",
		"ok 1\n# TYPE process_start_time_seconds histogram\n"
		"process_start_time_seconds_bucket{le=\"+Inf\"} 1\n",
		"ok 1\n# TYPE go_memstats_frees_total summary\ngo_memstats_frees_total_count 1\n",
		"ok 1\ngo_gc_duration_seconds{quantile=\"0\"} 1\n",
		"ok 1\npush_time_seconds 1\n# TYPE push_failure_time_seconds gauge\n"
		"push_failure_time_seconds 1\n",
		// a gateway that has served a push compares the HELP of these too
		"ok 1\n# TYPE pushgateway_http_requests_total counter\n"
		"pushgateway_http_requests_total 1\n",
		"ok 1\n# HELP pushgateway_http_push_size_bytes other\n"
		"# TYPE pushgateway_http_push_size_bytes summary\n"
		"pushgateway_http_push_size_bytes_count 1\n",
		"ok 1\n# TYPE pushgateway_http_push_duration_seconds summary\n"
		"pushgateway_http_push_duration_seconds_count 1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		struct row row = { .name = pages[i], .pages = { pages[i] } };
		struct result *result = run(&row);

		check_str(pages[i], buf_str(&result->body), STR("# TYPE ok untyped\nok 1\n"));
		CHECK_ROW(pages[i], result->sources[0].n_quarantined > 0);
		release(result);
	}
}

static void labels_with_a_grouping_labels_name_are_exported(void **state)
{
	static const struct row rows[] = {
		{ .name = "renamed, also where the values are equal",
			.pages = { "m{job=\"x\",a=\"1\"} 1\n" },
			.keys = { "job" },
			.body = "# TYPE m untyped\nm{exported_job=\"x\",a=\"1\"} 1\n",
			.repairs = "exported_label=1" },
		{ .name = "every key label",
			.pages = { "m{job=\"x\",instance=\"y\"} 1\nm{a=\"1\"} 2\n" },
			.keys = { "job", "instance" },
			.body = "# TYPE m untyped\nm{exported_job=\"x\",exported_instance=\"y\"} "
				"1\n"
				"m{a=\"1\"} 2\n",
			.repairs = "exported_label=2" },
		{ .name = "repeated until free of the sample's own labels",
			.pages = { "m{job=\"x\",exported_job=\"y\"} 1\n" },
			.keys = { "job" },
			.body = "# TYPE m untyped\n"
				"m{exported_exported_job=\"x\",exported_job=\"y\"} 1\n",
			.repairs = "exported_label=1" },
		{ .name = "repeated until free of the other key labels",
			.pages = { "m{job=\"x\"} 1\n" },
			.keys = { "job", "exported_job" },
			.body = "# TYPE m untyped\nm{exported_exported_job=\"x\"} 1\n",
			.repairs = "exported_label=1" },
		{ .name = "two that would get one name",
			.pages = { "m{job=\"x\",exported_job=\"y\"} 1\n" },
			.keys = { "job", "exported_job" },
			.body = "# TYPE m untyped\nm{exported_exported_job=\"x\","
				"exported_exported_exported_job=\"y\"} 1\n",
			.repairs = "exported_label=2" },
		{ .name = "a label whose name only begins so stays",
			.pages = { "m{job_name=\"x\"} 1\n" },
			.keys = { "job" },
			.body = "# TYPE m untyped\nm{job_name=\"x\"} 1\n",
			.repairs = "" },
		{ .name = "series that differ only there stay apart",
			.pages = { "m{job=\"x\"} 1\nm{job=\"y\"} 2\nm 3\n" },
			.keys = { "job" },
			.body = "# TYPE m untyped\nm{exported_job=\"x\"} 1\n"
				"m{exported_job=\"y\"} 2\nm 3\n",
			.repairs = "exported_label=2" },
		{ .name = "series that become one",
			.pages = { "m{job=\"x\"} 1\nm{exported_job=\"x\"} 2\n" },
			.keys = { "job" },
			.body = "# TYPE m untyped\nm{exported_job=\"x\"} 1\n",
			.repairs = "exported_label=1 duplicate_series=1" },
		{ .name = "free of the added labels too",
			.pages = { "m{job=\"x\"} 1\n" },
			.added = { "exported_job=\"added\"" },
			.keys = { "job" },
			.body = "# TYPE m untyped\n"
				"m{exported_exported_job=\"x\",exported_job=\"added\"} 1\n",
			.repairs = "exported_label=1" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void labels_are_added_to_each_source(void **state)
{
	static const struct row rows[] = {
		{ .name = "behind the sample's own, for each source its own",
			.pages = { "m 1\nm{a=\"1\"} 2\n", "m 3\n" },
			.added = { "site=\"x\",team=\"t\"", "site=\"y\"" },
			.body = "# TYPE m untyped\nm{site=\"x\",team=\"t\"} 1\n"
				"m{a=\"1\",site=\"x\",team=\"t\"} 2\nm{site=\"y\"} 3\n",
			.repairs = "" },
		{ .name = "the sample's own label wins",
			.pages = { "m{site=\"own\"} 1\nm 2\n" },
			.added = { "site=\"x\",team=\"t\"" },
			.body = "# TYPE m untyped\nm{site=\"own\",team=\"t\"} 1\n"
				"m{site=\"x\",team=\"t\"} 2\n",
			.repairs = "" },
		{ .name = "duplicates by what was added",
			.pages = { "m{site=\"x\"} 1\nm 2\n" },
			.added = { "site=\"x\"" },
			.body = "# TYPE m untyped\nm{site=\"x\"} 1\n",
			.repairs = "duplicate_series=1" },
		{ .name = "a source with a label meets one that sends it",
			.pages = { "m 1\n", "m{site=\"x\"} 2\nm 3\n" },
			.added = { "site=\"x\"" },
			.body = "# TYPE m untyped\nm{site=\"x\"} 1\nm 3\n",
			.repairs = "2:duplicate_series=1" },
		{ .name = "histograms are completed with them",
			.pages = { "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_count 2\n" },
			.added = { "site=\"x\"" },
			.body = "# TYPE h histogram\nh_bucket{le=\"1\",site=\"x\"} 1\n"
				"h_count{site=\"x\"} 2\nh_bucket{le=\"+Inf\",site=\"x\"} 2\n"
				"h_sum{site=\"x\"} NaN\n",
			.repairs = "histogram=2" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void forced_labels_stand_in_place_of_the_samples(void **state)
{
	static const struct row rows[] = {
		{ .name = "the sample's is renamed",
			.pages = { "m{site=\"own\"} 1\nm 2\n" },
			.added = { "site=\"x\",team=\"t\"" },
			.n_forced = 1,
			.body = "# TYPE m untyped\nm{exported_site=\"own\",site=\"x\",team=\"t\"} "
				"1\n"
				"m{site=\"x\",team=\"t\"} 2\n",
			.repairs = "exported_label=1" },
		{ .name = "only those at the front are forced",
			.pages = { "m{site=\"own\",team=\"own\"} 1\n" },
			.added = { "site=\"x\",team=\"t\"" },
			.n_forced = 1,
			.body = "# TYPE m untyped\n"
				"m{exported_site=\"own\",team=\"own\",site=\"x\"} 1\n",
			.repairs = "exported_label=1" },
		{ .name = "series that differ only there stay apart",
			.pages = { "m{site=\"a\"} 1\nm{site=\"b\"} 2\n" },
			.added = { "site=\"x\"" },
			.n_forced = 1,
			.body = "# TYPE m untyped\nm{exported_site=\"a\",site=\"x\"} 1\n"
				"m{exported_site=\"b\",site=\"x\"} 2\n",
			.repairs = "exported_label=2" },
		{ .name = "beside grouping labels",
			.pages = { "m{site=\"own\",job=\"own\"} 1\n" },
			.added = { "site=\"x\"" },
			.n_forced = 1,
			.keys = { "job", "exported_site" },
			.body = "# TYPE m untyped\nm{exported_exported_site=\"own\","
				"exported_job=\"own\",site=\"x\"} 1\n",
			.repairs = "exported_label=3" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

struct changed {
	uint16_t source, before_source, before_sink;
};

static void add_changed_sample(struct result *result, const struct changed *changed)
{
	struct metric_set *set = metric_set_new(&result->arena);
	struct read_report report = { 0 };
	struct err err = { 0 };

	assert_true(read_page(set, STR("m{a=\"1\"} 1\nn 1\n"), NULL, &report, &err));
	set->first->first->before_source = changed->before_source;
	set->first->first->before_sink = changed->before_sink;
	check_add(&result->check, set, changed->source);
}

// n comes twice too, and no rules have touched it.
static void series_made_equal_take_their_family_out(void **state)
{
	static const char why[] = "rules make two of its series equal, such as m{a=\"1\"}; let "
				  "them keep a label that tells them apart\n";
	static const struct {
		const char *name;
		struct changed first, second;
		bool goes;
	} rows[] = {
		{ "of one source, untouched", { 0, 0, 0 }, { 0, 0, 0 }, false },
		{ "of one source, and equal before", { 0, 2, 0 }, { 0, 2, 0 }, false },
		{ "of one source, and not equal before", { 0, 2, 0 }, { 0, 4, 0 }, true },
		{ "of one source, one of them untouched", { 0, 0, 0 }, { 0, 4, 0 }, true },
		{ "of one source, the other untouched", { 0, 4, 0 }, { 0, 0, 0 }, true },
		{ "of one source by a sink's rules", { 0, 0, 2 }, { 0, 0, 4 }, true },
		{ "of one source by its own rules, seen by a sink's", { 0, 2, 6 }, { 0, 4, 6 },
			true },
		{ "of two sources, untouched", { 0, 0, 0 }, { 1, 0, 0 }, false },
		{ "of two sources, each by its own rules", { 0, 2, 0 }, { 1, 4, 0 }, false },
		{ "of two sources, one by its own rules", { 0, 0, 0 }, { 1, 4, 0 }, false },
		{ "of two sources by a sink's rules", { 0, 0, 2 }, { 1, 0, 4 }, true },
		{ "of two sources, the first by a sink's rules", { 0, 0, 2 }, { 1, 0, 0 }, true },
		{ "of two sources, the second by a sink's rules", { 0, 0, 0 }, { 1, 0, 4 }, true },
		{ "of two sources, equal before a sink's rules", { 0, 0, 2 }, { 1, 0, 2 }, false },
		{ "of two sources, equal before a sink's rules by their own", { 0, 4, 2 },
			{ 1, 0, 2 }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct row empty = { .name = rows[i].name };
		struct result *result = run(&empty);
		struct buf wanted = buf_new(UNIT_LIMIT);

		add_changed_sample(result, &rows[i].first);
		add_changed_sample(result, &rows[i].second);
		check_finish(&result->check);
		describe(result);
		if (rows[i].goes)
			buf_addf(&wanted, "%sm: %s", rows[i].second.source ? "2:" : "", why);
		check_str(rows[i].name, buf_str(&result->quarantine), buf_str(&wanted));
		check_number(rows[i].name, "m", result->check.set->first->n_samples,
			rows[i].goes ? 0 : 1);
		check_number(rows[i].name, "n", result->check.set->last->n_samples, 1);
		buf_free(&wanted);
		release(result);
	}
}

static void each_series_goes_out_once(void **state)
{
	static const struct row rows[] = {
		{ .name = "the first stays",
			.pages = { "m 1\nm 2\nm{a=\"1\"} 3\n" },
			.body = "# TYPE m untyped\nm 1\nm{a=\"1\"} 3\n",
			.repairs = "duplicate_series=1" },
		{ .name = "in any order of the labels",
			.pages = { "m{a=\"1\",b=\"2\"} 1\nm{b=\"2\",a=\"1\"} 2\n" },
			.body = "# TYPE m untyped\nm{a=\"1\",b=\"2\"} 1\n",
			.repairs = "duplicate_series=1" },
		{ .name = "an empty label is none",
			.pages = { "m{a=\"\"} 1\nm 2\nm{b=\"\",a=\"\"} 3\n" },
			.body = "# TYPE m untyped\nm{a=\"\"} 1\n",
			.repairs = "duplicate_series=2" },
		{ .name = "interleaved",
			.pages = { "m 1\nn 1\nm 2\nn 2\n" },
			.body = "# TYPE m untyped\nm 1\n# TYPE n untyped\nn 1\n",
			.repairs = "duplicate_series=2" },
		{ .name = "of two sources the first stays",
			.pages = { "m 1\nm{a=\"1\"} 1\n", "m{a=\"1\"} 2\nm{a=\"2\"} 2\n" },
			.body = "# TYPE m untyped\nm 1\nm{a=\"1\"} 1\nm{a=\"2\"} 2\n",
			.repairs = "2:duplicate_series=1" },
		{ .name = "after repairs of the labels",
			.pages = { "m{__x=\"1\"} 1\nm{__x=\"2\"} 2\n" },
			.body = "# TYPE m untyped\nm 1\n",
			.repairs = "reserved_label=2 duplicate_series=1" },
		{ .name = "suffixes of one histogram are different series",
			.pages = { "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\n"
				   "h_count 1\nh_sum 2\n" },
			.body = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
			.repairs = "duplicate_series=1" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void the_first_duplicate_is_named_with_its_sources(void **state)
{
	static const struct row row = { .name = "duplicates",
		.pages = { "m{a=\"1\"} 1\n", "m{a=\"1\"} 2\nm{a=\"1\"} 3\n" } };
	struct result *result = run(&row);

	(void)state;
	check_str("first", result->sources[0].duplicate, STR(""));
	check_str("second", result->sources[1].duplicate,
		STR("m{a=\"1\"} from source first; tell the sources apart by labels or job_name"));
	release(result);
}

static void many_duplicates_are_found_in_one_pass(void **state)
{
	struct buf page = buf_new(UNIT_LIMIT), wanted = buf_new(UNIT_LIMIT);

	(void)state;
	buf_add(&wanted, STR("# TYPE m untyped\n"));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3000; i++) {
			buf_addf(&page,
				round ? "m{b=\"%d\",a=\"x\"} 1\n" : "m{a=\"x\",b=\"%d\"} 1\n", i);
			if (round == 0)
				buf_addf(&wanted, "m{a=\"x\",b=\"%d\"} 1\n", i);
		}
	}
	buf_add_byte(&page, '\0');
	struct row row = { .name = "many", .pages = { page.ptr } };
	struct result *result = run(&row);
	check_str("many", buf_str(&result->repairs), STR("duplicate_series=3000"));
	assert_true(str_eq(buf_str(&result->body), buf_str(&wanted)));
	release(result);
	buf_free(&page);
	buf_free(&wanted);
}

static void histograms_are_whole(void **state)
{
	static const struct row rows[] = {
		{ .name = "whole ones stay as they are",
			.pages = { "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n"
				   "h_bucket{le=\"+Inf\"} 2\nh_sum 2.5\nh_count 2\n" },
			.body = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n"
				"h_bucket{le=\"+Inf\"} 2\nh_sum 2.5\nh_count 2\n",
			.repairs = "" },
		{ .name = "the last bucket from the count",
			.pages = { "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 2\nh_count "
				   "3\n" },
			.body = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 2\nh_count 3\n"
				"h_bucket{le=\"+Inf\"} 3\n",
			.repairs = "histogram=1" },
		{ .name = "the count from the last bucket, an unknown sum is NaN",
			.pages = { "# TYPE h histogram\nh_bucket{a=\"x\",le=\"+Inf\"} 3\n" },
			.body = "# TYPE h histogram\nh_bucket{a=\"x\",le=\"+Inf\"} 3\n"
				"h_count{a=\"x\"} 3\nh_sum{a=\"x\"} NaN\n",
			.repairs = "histogram=2" },
		{ .name = "a series without any count goes, the others stay",
			.pages = { "# TYPE h histogram\nh_bucket{a=\"x\",le=\"1\"} 1\n"
				   "h_sum{a=\"x\"} 1\nh_bucket{a=\"y\",le=\"+Inf\"} 1\n"
				   "h_sum{a=\"y\"} 1\nh_count{a=\"y\"} 1\n" },
			.body = "# TYPE h histogram\nh_bucket{a=\"y\",le=\"+Inf\"} 1\n"
				"h_sum{a=\"y\"} 1\nh_count{a=\"y\"} 1\n",
			.repairs = "histogram=2" },
		{ .name = "series by their labels in any order",
			.pages = { "# TYPE h histogram\nh_bucket{a=\"x\",le=\"+Inf\",b=\"y\"} 1\n"
				   "h_sum{b=\"y\",a=\"x\"} 1\nh_count{a=\"x\",b=\"y\"} 1\n" },
			.body = "# TYPE h histogram\nh_bucket{a=\"x\",le=\"+Inf\",b=\"y\"} 1\n"
				"h_sum{b=\"y\",a=\"x\"} 1\nh_count{a=\"x\",b=\"y\"} 1\n",
			.repairs = "" },
		{ .name = "a negative bucket takes its series along",
			.pages = { "# TYPE h histogram\nh_bucket{a=\"x\",le=\"1\"} -1\n"
				   "h_bucket{a=\"x\",le=\"+Inf\"} 2\nh_sum{a=\"x\"} 2\n"
				   "h_count{a=\"x\"} 2\nh_bucket{a=\"y\",le=\"+Inf\"} 1\n"
				   "h_sum{a=\"y\"} -1\nh_count{a=\"y\"} 1\n" },
			.body = "# TYPE h histogram\nh_bucket{a=\"y\",le=\"+Inf\"} 1\n"
				"h_sum{a=\"y\"} -1\nh_count{a=\"y\"} 1\n",
			.repairs = "histogram=4" },
		{ .name = "NaN and infinity are no counts",
			.pages = { "# TYPE h histogram\nh_bucket{a=\"x\",le=\"+Inf\"} NaN\n"
				   "h_bucket{a=\"y\",le=\"+Inf\"} +Inf\nok 1\n" },
			.body = "# TYPE ok untyped\nok 1\n",
			.repairs = "histogram=2" },
		{ .name = "two texts of one bound",
			.pages = { "# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\n"
				   "h_bucket{le=\"1\"} 1\nh_bucket{le=\"1000000\"} 2\n"
				   "h_bucket{le=\"inf\"} 2\nh_bucket{le=\"+Inf\"} 2\n"
				   "h_sum 2\nh_count 2\n" },
			.body = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n"
				"h_bucket{le=\"1e+06\"} 2\nh_bucket{le=\"+Inf\"} 2\n"
				"h_sum 2\nh_count 2\n",
			.repairs = "duplicate_series=2" },
		{ .name = "bounds that are no numbers",
			.pages = { "# TYPE h histogram\nh_bucket{le=\"x\"} 1\nh_bucket 1\n"
				   "h_bucket{le=\"\"} 1\nh_bucket{le=\"NaN\"} 1\n"
				   "h_bucket{le=\"0x1\"} 1\n"
				   "h_bucket{le=\"+Inf\"} 2\nh_sum 2\nh_count 2\n" },
			.body = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 2\nh_count 2\n",
			.repairs = "histogram=5" },
		{ .name = "samples that no histogram has",
			.pages = { "# TYPE h histogram\nh 1\nh_sum{le=\"1\"} 1\n"
				   "h_count{le=\"1\"} 1\n"
				   "h_bucket{le=\"+Inf\"} 2\nh_sum 2\nh_count 2\n" },
			.body = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 2\nh_count 2\n",
			.repairs = "histogram=3" },
		{ .name = "parts of one series by two sources",
			.pages = { "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\n",
				"# TYPE h histogram\nh_sum 2\nh_count 2\n" },
			.body = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 2\nh_count 2\n",
			.repairs = "" },
		{ .name = "a histogram's le in another type is a label like others",
			.pages = { "# TYPE m gauge\nm{le=\"1.0\"} 1\nm{le=\"x\"} 2\n" },
			.body = "# TYPE m gauge\nm{le=\"1.0\"} 1\nm{le=\"x\"} 2\n",
			.repairs = "" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

// A gateway takes {a=""} and {} for two series and makes up what each of them lacks; to Prometheus all of
// it is one series, twice.
static void an_empty_label_does_not_split_a_histogram(void **state)
{
	static const struct row rows[] = {
		{ .name = "histogram",
			.pages = { "# TYPE h histogram\nh_bucket{a=\"\",le=\"+Inf\"} 2\n"
				   "h_sum 3\nh_count{a=\"\"} 2\n" },
			.body = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\n"
				"h_count 2\n",
			.repairs = "" },
		{ .name = "summary",
			.pages = { "# TYPE s summary\ns{quantile=\"0.5\"} 2\n"
				   "s_sum{a=\"\"} 3\ns_count 2\n" },
			.body = "# TYPE s summary\ns{quantile=\"0.5\"} 2\ns_sum 3\ns_count 2\n",
			.repairs = "" },
		// refused: "was collected before with the same name and label values"
		{ .name = "of instance, which a gateway adds empty",
			.pages = { "# TYPE s summary\ns{quantile=\"0.5\",instance=\"\"} 1\n"
				   "s{quantile=\"0.9\"} 2\n" },
			.keys = { "job" },
			.body = "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns{quantile=\"0.9\"} 2\n",
			.repairs = "" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

// Go's spelling of a bound, as a Pushgateway serves it.
static void bounds_are_spelled_as_a_gateway_does(void **state)
{
	static const struct {
		const char *bound, *spelling;
	} rows[] = {
		{ "0", "0" },
		{ "-0", "0" },
		{ "0.0", "0" },
		{ "00", "0" },
		{ "1", "1" },
		{ "1.0", "1" },
		{ "1.", "1" },
		{ "+1", "1" },
		{ "01", "1" },
		{ "10", "10" },
		{ "1e1", "10" },
		{ "0.5", "0.5" },
		{ ".5", "0.5" },
		{ "0.50", "0.5" },
		{ "5e-1", "0.5" },
		{ "-2.5", "-2.5" },
		{ "0.0001", "0.0001" },
		{ "0.00001", "1e-05" },
		{ "100.25", "100.25" },
		{ "100.5", "100.5" },
		{ "999999", "999999" },
		{ "1000000", "1e+06" },
		{ "1e6", "1e+06" },
		{ "123456789", "1.23456789e+08" },
		{ "0.1000", "0.1" },
		{ "+Inf", "+Inf" },
		{ "Inf", "+Inf" },
		{ "inf", "+Inf" },
		{ "+inf", "+Inf" },
		{ "infinity", "+Inf" },
		{ "-inf", "-Inf" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf page = buf_new(UNIT_LIMIT), wanted = buf_new(UNIT_LIMIT);

		buf_addf(&page,
			"# TYPE h histogram\nh_sum 2\nh_count 2\nh_bucket{le=\"%s\"} 2\n%s"
			"# TYPE s summary\ns{quantile=\"%s\"} 1\ns_sum 2\ns_count 2\n%c",
			rows[i].bound,
			strcmp(rows[i].spelling, "+Inf") == 0 ? "" : "h_bucket{le=\"+Inf\"} 2\n",
			rows[i].bound, '\0');
		buf_addf(&wanted,
			"# TYPE h histogram\nh_sum 2\nh_count 2\nh_bucket{le=\"%s\"} 2\n%s"
			"# TYPE s summary\ns{quantile=\"%s\"} 1\ns_sum 2\ns_count 2\n",
			rows[i].spelling,
			strcmp(rows[i].spelling, "+Inf") == 0 ? "" : "h_bucket{le=\"+Inf\"} 2\n",
			rows[i].spelling);
		struct row row = { .name = rows[i].bound, .pages = { page.ptr } };
		struct result *result = run(&row);
		check_str(rows[i].bound, buf_str(&result->body), buf_str(&wanted));
		check_str(rows[i].bound, buf_str(&result->repairs), STR(""));
		release(result);
		buf_free(&page);
		buf_free(&wanted);
	}
}

static void summaries_have_the_samples_of_summaries(void **state)
{
	static const struct row rows[] = {
		{ .name = "whole ones stay as they are",
			.pages = { "# TYPE s summary\ns{quantile=\"0.5\"} 1\n"
				   "s{quantile=\"0.99\"} NaN\ns_sum 2\ns_count 3\n" },
			.body = "# TYPE s summary\ns{quantile=\"0.5\"} 1\n"
				"s{quantile=\"0.99\"} NaN\ns_sum 2\ns_count 3\n",
			.repairs = "" },
		{ .name = "without quantiles",
			.pages = { "# TYPE s summary\ns_sum 2\ns_count 3\n" },
			.body = "# TYPE s summary\ns_sum 2\ns_count 3\n",
			.repairs = "" },
		{ .name = "samples that no summary has",
			.pages = { "# TYPE s summary\ns 1\ns{quantile=\"x\"} 1\n"
				   "s_sum{quantile=\"1\"} 1\ns_sum 2\ns_count 3\n" },
			.body = "# TYPE s summary\ns_sum 2\ns_count 3\n",
			.repairs = "histogram=3" },
		{ .name = "two texts of one quantile",
			.pages = { "# TYPE s summary\ns{quantile=\"0.50\"} 1\n"
				   "s{quantile=\"0.5\"} 2\ns_sum 2\ns_count 3\n" },
			.body = "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count 3\n",
			.repairs = "duplicate_series=1" },
		{ .name = "a negative count takes its series along",
			.pages = { "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\n"
				   "s_count -3\nok 1\n" },
			.body = "# TYPE ok untyped\nok 1\n",
			.repairs = "histogram=3" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void no_family_bears_a_histograms_suffixed_name(void **state)
{
	static const struct row rows[] = {
		{ .name = "x_count with a type beside histogram x",
			.pages = { "# TYPE x_count gauge\nx_count 5\n# TYPE x histogram\n"
				   "x_bucket{le=\"+Inf\"} 1\nx_sum 1\n" },
			.body = "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\n"
				"x_count 1\n",
			.repairs = "histogram=1",
			.quarantine = "x_count: a histogram x with samples of this name stands "
				      "beside it\n" },
		{ .name = "x_sum with a type beside summary x",
			.pages = { "# TYPE x_sum gauge\nx_sum 5\n# TYPE x summary\nx_count 1\n" },
			.body = "# TYPE x summary\nx_count 1\n",
			.repairs = "",
			.quarantine = "x_sum: a summary x with samples of this name stands beside "
				      "it\n" },
		{ .name = "samples that came before their TYPE line are the histogram's",
			.pages = { "x_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n"
				   "# TYPE x histogram\n" },
			.body = "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n",
			.repairs = "metadata=3" },
		{ .name = "a histogram x_count beside histogram x",
			.pages = { "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count "
				   "1\n"
				   "# TYPE x_count histogram\nx_count_bucket{le=\"+Inf\"} 1\n"
				   "x_count_sum 1\nx_count_count 1\n" },
			.body = "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n",
			.repairs = "",
			.quarantine = "x_count: a histogram x with samples of this name stands "
				      "beside it\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

// A TYPE line of x_count behind its samples must not bring the family in beside histogram x.
static void late_types_do_not_bring_a_clash_back(void **state)
{
	static const char *const pages[] = {
		"# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n"
		"x_count_bucket{le=\"+Inf\"} 1\nx_count_count 1\n# TYPE x_count histogram\n",
		"x_count_bucket{le=\"+Inf\"} 1\nx_count_count 1\n# TYPE x histogram\n"
		"x_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n# TYPE x_count histogram\n"
		"x_count_sum 3\n",
		"x_count_sum 1\nx_count_count 1\n# TYPE x histogram\n"
		"x_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n# TYPE x_count summary\n"
		"x_count{quantile=\"1\"} 3\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		struct row row = { .name = pages[i], .pages = { pages[i] } };
		struct result *result = run(&row);

		check_str(pages[i], buf_str(&result->body),
			STR("# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n"));
		release(result);
	}
}

// A Pushgateway takes x_bucket beside a summary x, so nothing good is left out (seen on 1.5.1).
static void a_bucket_beside_a_summary_stays(void **state)
{
	static const struct row rows[] = {
		{ .name = "x_bucket beside summary x",
			.pages = { "# TYPE x summary\nx_sum 1\nx_count 1\n# TYPE x_bucket gauge\n"
				   "x_bucket 3\n" },
			.body = "# TYPE x summary\nx_sum 1\nx_count 1\n# TYPE x_bucket gauge\n"
				"x_bucket 3\n",
			.repairs = "" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void of_two_sources_the_first_keeps_a_suffixed_name(void **state)
{
	static const struct row rows[] = {
		{ .name = "histogram first",
			.pages = { "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count "
				   "1\n",
				"# TYPE x_count gauge\nx_count 5\n" },
			.body = "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n",
			.repairs = "",
			.quarantine = "2:x_count: a histogram x with samples of this name stands "
				      "beside it\n" },
	};
	static const struct row gauge_first = { .name = "gauge first",
		.pages = { "# TYPE x_count gauge\nx_count 5\n",
			"# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n" } };

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
	struct result *result = run(&gauge_first);
	check_str("gauge first", buf_str(&result->body), STR("# TYPE x_count gauge\nx_count 5\n"));
	assert_int_equal(result->sources[1].n_quarantined, 1);
	release(result);
}

static void some_names_are_reserved(void **state)
{
	static const struct row rows[] = {
		{ .name = "the agent's own",
			.pages = { "brokerpush_build_info 1\nbrokerpushed 2\n" },
			.body = "# TYPE brokerpushed untyped\nbrokerpushed 2\n",
			.repairs = "",
			.quarantine = "brokerpush_build_info: names that start with brokerpush_ "
				      "belong to the agent\n" },
		{ .name = "the gateway's own",
			.pages = { "push_time_seconds 1\npush_failure_time_seconds 2\n"
				   "push_time_seconds_x 3\n" },
			.body = "# TYPE push_time_seconds_x untyped\npush_time_seconds_x 3\n",
			.repairs = "",
			.quarantine = "push_time_seconds: the Pushgateway writes this family "
				      "itself\npush_failure_time_seconds: the Pushgateway writes "
				      "this family itself\n" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void the_agents_own_metrics_come_last_and_may_have_their_names(void **state)
{
	static const struct row row = { .name = "own", .pages = { "m 1\n" } };
	struct result *result = run(&row);

	(void)state;
	add_page(result, "own", "# TYPE brokerpush_source_up gauge\nbrokerpush_source_up 1\n", 0);
	result->body.len = 0;
	write_set(&result->body, result->check.set,
		(struct str[]){ result->sources[0].added.text, result->sources[1].added.text });
	check_str("own", buf_str(&result->body),
		STR("# TYPE m untyped\nm 1\n# TYPE brokerpush_source_up gauge\n"
		    "brokerpush_source_up 1\n"));
	assert_int_equal(result->sources[0].n_quarantined, 0);
	release(result);
}

// VictoriaMetrics refuses a whole body for one line of 1 MiB.
static void lines_near_a_mebibyte_are_left_out(void **state)
{
	static const struct {
		const char *name;
		const char *front, *back; // of a line with the filler between
		size_t n;
		const char *repairs; // "": it stays
		size_t n_quarantined;
	} rows[] = {
		{ "a long label", "m{a=\"", "\"} 1\n", 1000000, "", 0 },
		{ "too long a label", "m{a=\"", "\"} 1\n", 1048576, "too_long=1", 0 },
		{ "a long help", "m 1\n# HELP m ", "\n", 1000000, "", 0 },
		{ "too long a help", "m 1\n# HELP m ", "\n", 1048576, "too_long=1", 0 },
		{ "a long name", "", " 1\n", 4096, "", 0 },
		{ "too long a name", "", " 1\n", 4097, "", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf page = buf_new(UNIT_LIMIT);

		buf_add(&page, STR("ok 1\n"));
		buf_add(&page, str_of(rows[i].front));
		for (size_t k = 0; k < rows[i].n; k++)
			buf_add_byte(&page, 'x');
		buf_add(&page, str_of(rows[i].back));
		buf_add_byte(&page, '\0');
		struct row row = { .name = rows[i].name, .pages = { page.ptr } };
		struct result *result = run(&row);
		check_str(rows[i].name, buf_str(&result->repairs), str_of(rows[i].repairs));
		check_number(rows[i].name, "quarantined", result->sources[0].n_quarantined,
			rows[i].n_quarantined);
		CHECK_ROW(rows[i].name,
			str_starts_with(buf_str(&result->body), STR("# TYPE ok untyped\nok 1\n")));
		struct str line, rest = buf_str(&result->body);
		size_t longest = 0;
		while (str_cut(rest, '\n', &line, &rest))
			longest = line.len > longest ? line.len : longest;
		CHECK_ROW(rows[i].name, longest < WRITE_LONGEST_LINE);
		bool stays = rows[i].repairs[0] == '\0' && rows[i].n_quarantined == 0;
		CHECK_ROW(rows[i].name, (longest >= rows[i].n) == stays);
		release(result);
		buf_free(&page);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_merge_by_family),
		cmocka_unit_test(types_that_differ),
		cmocka_unit_test(nothing_clashes_with_a_gateways_own_families),
		cmocka_unit_test(labels_with_a_grouping_labels_name_are_exported),
		cmocka_unit_test(labels_are_added_to_each_source),
		cmocka_unit_test(forced_labels_stand_in_place_of_the_samples),
		cmocka_unit_test(series_made_equal_take_their_family_out),
		cmocka_unit_test(each_series_goes_out_once),
		cmocka_unit_test(the_first_duplicate_is_named_with_its_sources),
		cmocka_unit_test(many_duplicates_are_found_in_one_pass),
		cmocka_unit_test(histograms_are_whole),
		cmocka_unit_test(an_empty_label_does_not_split_a_histogram),
		cmocka_unit_test(bounds_are_spelled_as_a_gateway_does),
		cmocka_unit_test(summaries_have_the_samples_of_summaries),
		cmocka_unit_test(no_family_bears_a_histograms_suffixed_name),
		cmocka_unit_test(late_types_do_not_bring_a_clash_back),
		cmocka_unit_test(a_bucket_beside_a_summary_stays),
		cmocka_unit_test(of_two_sources_the_first_keeps_a_suffixed_name),
		cmocka_unit_test(some_names_are_reserved),
		cmocka_unit_test(the_agents_own_metrics_come_last_and_may_have_their_names),
		cmocka_unit_test(lines_near_a_mebibyte_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
