// SPDX-License-Identifier: Apache-2.0
#include "metric/read.h"
#include "metric/write.h"
#include "unit.h"

// The families of a set with all their samples, one word each, for comparing:
//   family:type[suffix{labels}=value ...]
static struct str describe(struct arena *arena, const struct metric_set *set)
{
	struct buf out = buf_new(UNIT_LIMIT);

	for (const struct family *f = set->first; f; f = f->next) {
		buf_addf(&out, "%s%.*s:%s[", out.len ? " " : "", STR_ARG(f->name),
			f->typed ? metric_type_names[f->type].ptr : "-");
		for (const struct sample *s = f->first; s; s = s->next)
			buf_addf(&out, "%s%s%s%.*s%s=%.*s", s == f->first ? "" : " ",
				sample_suffix_texts[s->suffix].ptr, s->labels.len ? "{" : "",
				STR_ARG(s->labels), s->labels.len ? "}" : "", STR_ARG(s->value));
		buf_add(&out, STR("]"));
	}
	struct str text = arena_copy(arena, buf_str(&out));
	buf_free(&out);
	return text;
}

// "rule=count" of all that are not zero.
static struct str describe_repairs(struct arena *arena, const struct repairs *repairs)
{
	struct buf out = buf_new(UNIT_LIMIT);

	for (int rule = 0; rule < N_REPAIRS; rule++)
		if (repairs->count[rule])
			buf_addf(&out, "%s%s=%llu", out.len ? " " : "",
				repair_name((enum repair)rule).ptr,
				(unsigned long long)repairs->count[rule]);
	struct str text = arena_copy(arena, buf_str(&out));
	buf_free(&out);
	return text;
}

static void pages_become_families(void **state)
{
	static const struct {
		const char *page, *set, *repairs;
	} rows[] = {
		// types
		{ "m 1\n", "m:-[=1]", "" },
		{ "# TYPE m counter\nm 1\n", "m:counter[=1]", "" },
		{ "# TYPE m gauge\nm 1\n", "m:gauge[=1]", "" },
		{ "# TYPE m untyped\nm 1\n", "m:untyped[=1]", "" },
		{ "# TYPE m Counter\nm 1\n", "m:counter[=1]", "metadata=1" },
		{ "# TYPE m  GAUGE\nm 1\n", "m:gauge[=1]", "metadata=1" },
		{ "# TYPE m gauge\n# TYPE m gauge\nm 1\n", "m:gauge[=1]", "metadata=1" },
		{ "# TYPE m gauge\n# TYPE m counter\nm 1\n", "m:gauge[=1]", "metadata=1" },
		{ "m 1\n# TYPE m gauge\nm{a=\"1\"} 2\n", "m:gauge[=1 {a=\"1\"}=2]", "metadata=1" },
		{ "# TYPE m unknown\nm 1\n", "m:untyped[=1]", "unknown_type=1" },
		{ "# TYPE m info\nm 1\n", "m:gauge[=1]", "unknown_type=1" },
		{ "# TYPE m stateset\nm 1\n", "m:gauge[=1]", "unknown_type=1" },
		{ "# TYPE m nonsense\nm 1\n", "m:untyped[=1]", "unknown_type=1" },
		{ "# TYPE m gauge x\nm 1\n", "m:untyped[=1]", "unknown_type=1" },
		// families
		{ "a 1\nb 2\na{x=\"1\"} 3\n", "a:-[=1 {x=\"1\"}=3] b:-[=2]", "" },
		{ "# TYPE b gauge\na 1\nb 2\n", "b:gauge[=2] a:-[=1]", "" },
		{ "# TYPE empty gauge\na 1\n", "empty:gauge[] a:-[=1]", "" },
		// suffixes
		{ "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 2\nh_count 3\n",
			"h:histogram[_bucket{le=\"1\"}=1 _sum=2 _count=3]", "" },
		{ "# TYPE s summary\ns{quantile=\"1\"} 1\ns_sum 2\ns_count 3\ns_bucket 4\n",
			"s:summary[{quantile=\"1\"}=1 _sum=2 _count=3] s_bucket:-[=4]", "" },
		{ "# TYPE g gauge\ng_sum 1\ng_count 2\ng_bucket 3\n",
			"g:gauge[] g_sum:-[=1] g_count:-[=2] g_bucket:-[=3]", "" },
		{ "# TYPE h_count gauge\n# TYPE h histogram\nh_count 1\nh_sum 2\n",
			"h_count:gauge[=1] h:histogram[_sum=2]", "" },
		{ "h_count 1\n# TYPE h histogram\nh_count{a=\"1\"} 2\n",
			"h_count:-[=1 {a=\"1\"}=2] h:histogram[]", "" },
		{ "# TYPE h histogram\nh_count 1\n# HELP h_count x\nh_count{a=\"1\"} 2\nh_sum 3\n",
			"h:histogram[_count=1 _count{a=\"1\"}=2 _sum=3] h_count:-[]", "" },
		{ "# TYPE h histogram\nh_count 1\n# TYPE h_count gauge\nh_count{a=\"1\"} 2\n",
			"h:histogram[_count=1] h_count:gauge[{a=\"1\"}=2]", "" },
		{ "_bucket 1\n_sum 2\n", "_bucket:-[=1] _sum:-[=2]", "" },
		// lines
		{ "m 1", "m:-[=1]", "line_end=1" },
		{ "m 1\r\nn 2\r\n", "m:-[=1] n:-[=2]", "line_end=2" },
		{ "\xef\xbb\xbfm 1\n", "m:-[=1]", "byte_order_mark=1" },
		{ "m 1\n\xef\xbb\xbfn 1\n", "m:-[=1]", "bad_line=1" },
		{ " m 1\nn 2 \n", "m:-[=1] n:-[=2]", "blanks=2" },
		{ "m 1 5\nn 2 5.5\n", "m:-[=1] n:-[=2]", "timestamp=2" },
		{ "m 1 # {a=\"b\"} 1\n", "m:-[=1]", "exemplar=1" },
		{ "m -nan\n", "m:-[=NaN]", "number=1" },
		{ "m +1\n", "m:-[=1]", "" },
		// labels
		{ "m{a=\"1\",} 1\n", "m:-[{a=\"1\"}=1]", "" },
		{ "m{ } 1\n", "m:-[=1]", "" },
		{ "m{a=\"\\t\"} 1\n", "m:-[{a=\"\\\\t\"}=1]", "escape=1" },
		{ "m{a=\"\xff\"} 1\n", "m:-[{a=\"\xef\xbf\xbd\"}=1]", "invalid_utf8=1" },
		{ "m{a=\"1\",a=\"2\"} 1\n", "m:-[{a=\"1\"}=1]", "duplicate_label=1" },
		{ "m{__name__=\"x\"} 1\n", "m:-[=1]", "reserved_label=1" },
		{ "m{__x=\"1\",a=\"1\",a=\"\xff\"} 1 5\n", "m:-[{a=\"1\"}=1]",
			"timestamp=1 invalid_utf8=1 duplicate_label=1 reserved_label=1" },
		{ "m{a=\"x\ny\"} 1\nn 2\n", "m:-[{a=\"x\\ny\"}=1] n:-[=2]", "raw_line_feed=1" },
		{ "m{a=\"1\" b=\"2\"} 1\n", "m:-[{a=\"1\",b=\"2\"}=1]", "missing_comma=1" },
		// quoted names
		{ "{\"a.b\",\"l.x\"=\"v\"} 1\n", "a_b:-[{l_x=\"v\"}=1]", "utf8_name=1" },
		{ "{\"a.b\"} 1\na_b{x=\"\"} 2\n{\"a-b\"} 3\n", "a_b:-[=1 {x=\"\"}=2 =3]",
			"utf8_name=2" },
		{ "# HELP \"a.b\" t\n# TYPE \"a.b\" gauge\n{\"a.b\"} 1\n", "a_b:gauge[=1]",
			"utf8_name=3" },
		{ "# TYPE \"a.b\" gauge\na_b{\"l.x\"=\"v\"} 1\n", "a_b:gauge[{l_x=\"v\"}=1]",
			"utf8_name=2" },
		{ "# TYPE \"h.x\" histogram\n{\"h.x_bucket\",le=\"1\"} 1\n{\"h.x_count\"} 1\n",
			"h_x:histogram[_bucket{le=\"1\"}=1 _count=1]", "utf8_name=3" },
		{ "{\"plain\"} 1\n", "plain:-[=1]", "utf8_name=1" },
		{ "{\"a:b\",\"c:d\"=\"1\"} 1\n", "a:b:-[{c_d=\"1\"}=1]", "utf8_name=1" },
		{ "m{\"l.x\"=\"1\",l_x=\"2\"} 1\n", "m:-[{l_x=\"1\"}=1]",
			"utf8_name=1 duplicate_label=1" },
		{ "{\"a.b\"} 1\n{\"a.b\",\"l.x\"=\"v\n", "a_b:-[=1]", "bad_line=1 utf8_name=1" },
		// OpenMetrics
		{ "# TYPE x counter\nx_total 1\n", "x:-[] x_total:counter[=1]", "openmetrics=1" },
		{ "x_total 1\n# TYPE x counter\n", "x_total:counter[=1] x:-[]", "openmetrics=1" },
		{ "# TYPE x counter\nx_created 5\nx_total 1\n",
			"x:-[] x_created:gauge[=5] x_total:counter[=1]", "openmetrics=2" },
		{ "# TYPE x counter\nx_created 5\n", "x:counter[] x_created:gauge[=5]",
			"openmetrics=1" },
		{ "# TYPE x counter\nx 2\nx_total 1\n", "x:counter[=2] x_total:-[=1]", "" },
		{ "# TYPE x gauge\nx_total 1\nx_created 2\n",
			"x:gauge[] x_total:-[=1] x_created:-[=2]", "" },
		{ "# TYPE x counter\n# TYPE x_total gauge\nx_total 1\n",
			"x:counter[] x_total:gauge[=1]", "" },
		{ "# TYPE x counter\n# TYPE x_total untyped\nx_total 1\n",
			"x:counter[] x_total:untyped[=1]", "" },
		{ "# TYPE x_total counter\nx_total 1\nx_created 2\n",
			"x_total:counter[=1] x_created:-[=2]", "" },
		{ "# TYPE s summary\ns_count 1\ns_created 2\n",
			"s:summary[_count=1] s_created:gauge[=2]", "openmetrics=1" },
		{ "# TYPE h histogram\nh_count 1\nh_created 2\n# TYPE g gauge\ng_created 3\n",
			"h:histogram[_count=1] h_created:gauge[=2] g:gauge[] g_created:-[=3]",
			"openmetrics=1" },
		{ "# TYPE b info\nb_info{v=\"1\"} 1\n", "b:-[] b_info:gauge[{v=\"1\"}=1]",
			"unknown_type=1 openmetrics=1" },
		{ "# TYPE b info\nb 1\nb_info 1\n", "b:gauge[=1] b_info:-[=1]", "unknown_type=1" },
		{ "# TYPE b gauge\n# TYPE b info\nb_info 1\n", "b:gauge[] b_info:-[=1]",
			"metadata=1 unknown_type=1" },
		{ "# TYPE b gauge\nb_info 1\n", "b:gauge[] b_info:-[=1]", "" },
		{ "# TYPE q gaugehistogram\nq_bucket{le=\"1\"} 1\nq_gcount 2\nq_gsum 3\n",
			"q:histogram[_bucket{le=\"1\"}=1] q_gcount:gauge[=2] q_gsum:gauge[=3]",
			"unknown_type=1 openmetrics=2" },
		{ "# TYPE q histogram\nq_gcount 2\n", "q:histogram[] q_gcount:-[=2]", "" },
		{ "# TYPE \"x.y\" counter\n{\"x.y_total\"} 1\n", "x_y:-[] x_y_total:counter[=1]",
			"openmetrics=1 utf8_name=2" },
		{ "_total 1\n_created 2\n", "_total:-[=1] _created:-[=2]", "" },
		// HELP and TYPE that say nothing
		{ "# HELP\n# TYPE\nm 1\n# TYPE \n", "m:-[=1]", "" },
		{ "# TYPE m\n# TYPE m gauge\nm 1\n", "m:gauge[=1]", "metadata=1" },
		// bad lines beside good ones
		{ "m 1\n!\n", "m:-[=1]", "bad_line=1" },
		{ "m 1\nn.n 2\n# TYPE n.n gauge\no 3\n", "m:-[=1] o:-[=3]", "bad_line=2" },
		{ "m{a=\"x\nm 1\nn 2\n", "m:-[=1] n:-[=2]", "bad_line=1" },
		{ "m{a=\"x\nm{a=\"y\nm{a=\"z\"} 1\nn 2\n", "m:-[{a=\"z\"}=1] n:-[=2]",
			"bad_line=2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct read_report report = { 0 };
		struct err err = { 0 };

		if (!read_page(set, str_of(rows[i].page), NULL, &report, &err))
			FAIL_ROW(rows[i].page, "%s", err.text);
		check_str(rows[i].page, describe(&arena, set), str_of(rows[i].set));
		check_str(rows[i].page, describe_repairs(&arena, &report.repairs),
			str_of(rows[i].repairs));
		arena_free(&arena);
	}
}

static void quoted_names_are_refused_where_options_say_so(void **state)
{
	static const struct {
		const char *page, *set, *repairs;
	} rows[] = {
		{ "{\"a.b\"} 1\nm 1\n", "m:-[=1]", "bad_line=1" },
		{ "a_b{\"l.x\"=\"1\"} 1\nm 1\n", "m:-[=1]", "bad_line=1" },
		{ "# HELP \"a.b\" text\nm 1\n", "m:-[=1]", "bad_line=1" },
		{ "# TYPE \"m\" gauge\nm 1\n", "m:-[=1]", "bad_line=1" },
		{ "m{a=\"\\\"\"} 1\n", "m:-[{a=\"\\\"\"}=1]", "" },
	};
	const struct read_options options = { .refuses_quoted_names = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct read_report report = { 0 };
		struct err err = { 0 };

		CHECK_ROW(rows[i].page,
			read_page(set, str_of(rows[i].page), &options, &report, &err));
		check_str(rows[i].page, describe(&arena, set), str_of(rows[i].set));
		check_str(rows[i].page, describe_repairs(&arena, &report.repairs),
			str_of(rows[i].repairs));
		if (report.n_bad_lines)
			check_str(rows[i].page, str_of(report.first_fault),
				STR("a name is quoted, which metric_name_escaping_scheme = refuse "
				    "refuses"));
		arena_free(&arena);
	}
}

// Type and help of OpenMetrics' x go to x_total or x_info, unless these have some.
static void help_goes_with_the_type(void **state)
{
	static const struct {
		const char *page, *x, *suffixed;
	} rows[] = {
		{ "# HELP x a\n# TYPE x counter\nx_total 1\n", "", "a" },
		{ "# TYPE x counter\nx_total 1\n# HELP x a\n", "", "a" },
		{ "# HELP x a\n# HELP x_total b\n# TYPE x counter\nx_total 1\n", "", "b" },
		{ "# HELP x a\n# TYPE x counter\n# TYPE x_total gauge\nx_total 1\n", "a", "" },
		{ "# HELP x a\n# TYPE x gauge\nx_total 1\n", "a", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct read_report report = { 0 };
		struct err err = { 0 };

		CHECK_ROW(rows[i].page, read_page(set, str_of(rows[i].page), NULL, &report, &err));
		check_str(rows[i].page, metric_find(set, STR("x"))->help, str_of(rows[i].x));
		check_str(rows[i].page, metric_find(set, STR("x_total"))->help,
			str_of(rows[i].suffixed));
		arena_free(&arena);
	}
}

// What parsers do not agree about, in the middle of a hundred good families: these arrive whole.
static void one_odd_line_costs_no_other(void **state)
{
	static const struct {
		const char *line;
		size_t n_samples;
	} rows[] = {
		{ "\xef\xbb\xbfm 1", 0 },
		{ "m 1\r", 1 },
		{ "m 1 ", 1 },
		{ " m 1", 1 },
		{ "# TYPE m Counter\nm 1", 1 },
		{ "# TYPE m\nm 1", 1 },
		{ "# TYPE m bogus\nm 1", 1 },
		{ "# TYPE m gaugehistogram\nm_gcount 1", 1 },
		{ "# HELP m \\\"\\t\xff\nm 1", 1 },
		{ "m{a=\"\\t\"} 1", 1 },
		{ "m{a=\"x\ny\"} 1", 1 },
		{ "m{a=\"x", 0 },
		{ "m{a=\"x\\", 0 },
		{ "{\"m", 0 },
		{ "# TYPE \"m gauge", 0 },
		{ "m{a=\"1\" b=\"2\"} 1", 1 },
		{ "m{,a=\"1\"} 1", 0 },
		{ "m{a=\"1\",,b=\"2\"} 1", 0 },
		{ "m{a='1'} 1", 0 },
		{ "m{a=1} 1", 0 },
		{ "m{a=\"1\",a=\"2\"} 1", 1 },
		{ "m{__name__=\"n\"} 1", 1 },
		{ "m.b 1", 0 },
		{ "m-b 1", 0 },
		{ "1m 1", 0 },
		{ "m{a:b=\"1\"} 1", 0 },
		{ "{\"m.b\"} 1", 1 },
		{ "m{\"a.b\"=\"1\"} 1", 1 },
		{ "m{a=\"\xff\"} 1", 1 },
		{ "# \xff", 0 },
		{ "m 1 1700000000000", 1 },
		{ "m 1 1700000000.5", 1 },
		{ "m 1 # {a=\"}\\\"\"} 1 2", 1 },
		{ "m 1 # {a=\"}", 1 },
		{ "m +1", 1 },
		{ "m -nan", 1 },
		{ "m 1e400", 0 },
		{ "m 0x1", 0 },
		{ "m 1_000", 0 },
		{ "m 1,5", 0 },
		{ "m 1d", 0 },
		{ "m \"1\"", 0 },
		{ "m", 0 },
		{ "{} 1", 0 },
		{ "{\"a\":\"b\"}", 0 },
		{ "<html>", 0 },
		{ "# EOF", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct buf page = buf_new(UNIT_LIMIT);
		struct read_report report = { 0 };
		struct err err = { 0 };

		for (int k = 0; k < 100; k++)
			buf_addf(&page,
				"%s%s# HELP good_%d say \"}\"\n# TYPE good_%d "
				"gauge\ngood_%d{b=\",\"} 1\n",
				k == 50 ? rows[i].line : "", k == 50 ? "\n" : "", k, k, k);
		CHECK_ROW(rows[i].line, read_page(set, buf_str(&page), NULL, &report, &err));
		check_number(rows[i].line, "samples", set->n_samples, 100 + rows[i].n_samples);
		for (int k = 0; k < 100; k++) {
			struct str name = arena_printf(&arena, "good_%d", k);
			const struct family *good = metric_find(set, name);

			CHECK_ROW(rows[i].line, good && good->type == METRIC_GAUGE);
			check_number(rows[i].line, "samples of a family", good->n_samples, 1);
			check_str(rows[i].line, good->help, STR("say \"}\""));
		}
		buf_free(&page);
		arena_free(&arena);
	}
}

// Each open quote tries what follows, but none of them all of it.
static void many_open_quotes_cost_little(void **state)
{
	static const char *const lines[] = { "m{a=\"\n", "m{a=\",b=\",c=\"\n", "m{\"\n",
		"{\"a\",b=\"\n" };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(lines); k++) {
		struct arena arena = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct buf page = buf_new(MIB(4));
		struct read_report report = { 0 };
		struct err err = { 0 };
		size_t n = 0;

		for (; page.len < MIB(2); n++)
			buf_add(&page, str_of(lines[k]));
		CHECK_ROW(lines[k], !read_page(set, buf_str(&page), NULL, &report, &err));
		check_number(lines[k], "bad lines", report.n_bad_lines, n);
		buf_free(&page);
		arena_free(&arena);
	}
}

static void help_is_kept_as_it_will_be_written(void **state)
{
	static const struct {
		const char *page, *help, *repairs;
	} rows[] = {
		{ "# HELP m text\nm 1\n", "text", "" },
		{ "m 1\n# HELP m late\n", "late", "" },
		{ "# HELP m \nm 1\n", "", "" },
		{ "# HELP m\nm 1\n", "", "" },
		{ "# HELP m \n# HELP m text\nm 1\n", "text", "" },
		{ "# HELP m a\n# HELP m b\nm 1\n", "a", "metadata=1" },
		{ "# HELP m a \\\\ b \\n c\nm 1\n", "a \\\\ b \\n c", "" },
		{ "# HELP m say \"x\"\nm 1\n", "say \"x\"", "" },
		{ "# HELP m say \\\"x\\\"\nm 1\n", "say \"x\"", "escape=1" },
		{ "# HELP m a \\t b\nm 1\n", "a \\\\t b", "escape=1" },
		{ "# HELP m \xff\nm 1\n", "\xef\xbf\xbd", "invalid_utf8=1" },
		{ "# HELP m text\r\nm 1\n", "text", "line_end=1" },
		{ "# HELP m   text\tmore \nm 1\n", "text\tmore ", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct read_report report = { 0 };
		struct err err = { 0 };

		CHECK_ROW(rows[i].page, read_page(set, str_of(rows[i].page), NULL, &report, &err));
		check_str(rows[i].page, metric_find(set, STR("m"))->help, str_of(rows[i].help));
		check_str(rows[i].page, describe_repairs(&arena, &report.repairs),
			str_of(rows[i].repairs));
		arena_free(&arena);
	}
}

// What a Pushgateway refuses for its line ends or its byte order mark counts, wherever in the page.
static void oddities_of_lines_without_meaning_count_too(void **state)
{
	static const struct {
		const char *page, *repairs;
	} rows[] = {
		{ "m 1\n# EOF", "line_end=1" },
		{ "\r\nm 1\n", "line_end=1" },
		{ "\xef\xbb\xbf\nm 1\n", "byte_order_mark=1" },
		{ "\xef\xbb\xbf# a comment\nm 1\n", "byte_order_mark=1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct read_report report = { 0 };
		struct err err = { 0 };

		CHECK_ROW(rows[i].page, read_page(set, str_of(rows[i].page), NULL, &report, &err));
		check_str(rows[i].page, describe_repairs(&arena, &report.repairs),
			str_of(rows[i].repairs));
		arena_free(&arena);
	}
}

static void pages_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *page;
		size_t position;
		const char *text;
	} rows[] = {
		{ "", 0, "the page has no samples (0 bytes)" },
		{ "\n\n", 0, "the page has no samples (2 bytes)" },
		{ "# only a comment\n", 0, "the page has no samples (17 bytes)" },
		{ "# HELP m t\n# TYPE m gauge\n", 0, "the page has no samples (26 bytes)" },
		{ "<!DOCTYPE html>\n<html>\n", 1,
			"not metrics: line 1: it starts with no legal name (2 bad lines, 0 "
			"samples)" },
		{ "{\"code\":\"NOT_FOUND\"}", 1,
			"not metrics: line 1: it starts with no legal name (1 bad lines, 0 "
			"samples)" },
		{ "Internal Server Error\n", 1,
			"not metrics: line 1: the value is no number (1 bad lines, 0 samples)" },
		{ "\n# c\nm 1\n!\n?\n", 4,
			"not metrics: line 4: it starts with no legal name (2 bad lines, 1 "
			"samples)" },
		{ "m 1\nn{a} 1\no 0x1\n", 2,
			"not metrics: line 2: there is no = behind a label's name (2 bad lines, 1 "
			"samples)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct read_report report = { 0 };
		struct err err = { 0 };

		CHECK_ROW(rows[i].page, !read_page(set, str_of(rows[i].page), NULL, &report, &err));
		check_number(rows[i].page, "kind", err.kind, ERR_BAD_BODY);
		check_number(rows[i].page, "position", err.position, rows[i].position);
		check_str(rows[i].page, str_of(err.text), str_of(rows[i].text));
		arena_free(&arena);
	}
}

static void a_page_may_be_empty_where_that_is_said(void **state)
{
	static const struct {
		const char *page;
		bool is_good;
	} rows[] = {
		{ "", true },
		{ "# only a comment\n", true },
		{ "# HELP m t\n# TYPE m gauge\n", true },
		{ "# EOF\n", true },
		{ "m 1\n", true },
		{ "<!DOCTYPE html>\n", false },
		{ "# TYPE m gauge\n!\n", false },
	};
	const struct read_options options = { .may_be_empty = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct read_report report = { 0 };
		struct err err = { 0 };

		CHECK_ROW(rows[i].page, read_page(set, str_of(rows[i].page), &options, &report,
						&err) == rows[i].is_good);
		check_number(
			rows[i].page, "kind", err.kind, rows[i].is_good ? ERR_NONE : ERR_BAD_BODY);
		arena_free(&arena);
	}
}

static void as_many_bad_lines_as_samples_are_borne(void **state)
{
	struct arena arena = { 0 };
	struct metric_set *set = metric_set_new(&arena);
	struct read_report report = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_true(read_page(set, STR("!\nm 1\n?\nn 1\n"), NULL, &report, &err));
	assert_int_equal(report.n_bad_lines, 2);
	assert_int_equal(report.first_bad_line, 1);
	assert_string_equal(report.first_fault, "it starts with no legal name");
	arena_free(&arena);
}

// The line is bad; a limit of labels must know of it all the same.
static void too_many_labels_are_told(void **state)
{
	(void)state;
	for (int n = 256; n <= 257; n++) {
		struct arena arena = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct buf page = buf_new(UNIT_LIMIT);
		struct read_report report = { 0 };
		struct err err = { 0 };

		buf_add(&page, STR("!\nm 1\nn 2\nwide{"));
		for (int i = 0; i < n; i++)
			buf_addf(&page, "l%d=\"\",", i);
		buf_add(&page, STR("} 1\n?\n"));
		assert_int_equal(read_page(set, buf_str(&page), NULL, &report, &err), n <= 256);
		assert_int_equal(report.has_too_many_labels, n > 256);
		buf_free(&page);
		arena_free(&arena);
	}
}

static void many_families_are_found_again(void **state)
{
	struct arena arena = { 0 };
	struct metric_set *set = metric_set_new(&arena);
	struct buf page = buf_new(UNIT_LIMIT);
	struct read_report report = { 0 };
	struct err err = { 0 };
	size_t n = 0;

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 1000; i++)
			buf_addf(&page, "m%d{round=\"%d\"} 1\n", i, round);
	assert_true(read_page(set, buf_str(&page), NULL, &report, &err));
	assert_int_equal(set->n_families, 1000);
	for (const struct family *family = set->first; family; family = family->next, n++) {
		assert_int_equal(family->n_samples, 2);
		assert_ptr_equal(metric_find(set, family->name), family);
	}
	assert_int_equal(n, 1000);
	assert_null(metric_find(set, STR("m1000")));
	buf_free(&page);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_become_families),
		cmocka_unit_test(quoted_names_are_refused_where_options_say_so),
		cmocka_unit_test(help_goes_with_the_type),
		cmocka_unit_test(one_odd_line_costs_no_other),
		cmocka_unit_test(many_open_quotes_cost_little),
		cmocka_unit_test(help_is_kept_as_it_will_be_written),
		cmocka_unit_test(oddities_of_lines_without_meaning_count_too),
		cmocka_unit_test(pages_that_are_none_are_refused),
		cmocka_unit_test(a_page_may_be_empty_where_that_is_said),
		cmocka_unit_test(as_many_bad_lines_as_samples_are_borne),
		cmocka_unit_test(too_many_labels_are_told),
		cmocka_unit_test(many_families_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
