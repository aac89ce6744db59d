// SPDX-License-Identifier: Apache-2.0
// The strict checker itself: what it takes, and that it refuses each kind of fault for its own reason.
#include "strict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bad_body {
	const char *body;
	size_t line;
	const char *why; // a part of the fault's text
};

static const char *const key_names[] = { "job", "instance", NULL };

#define GAUGE	  "# TYPE g gauge\n"
#define HISTOGRAM "# TYPE h histogram\n"
#define SUMMARY	  "# TYPE s summary\n"
#define PARTS	  "h_bucket{le=\"+Inf\"} 3\nh_sum 1.5\nh_count 3\n"

static const char *const good_bodies[] = {
	"",
	GAUGE "g 1\n",
	"# HELP g what\\n\\\\ it \"is\"\n" GAUGE "g{a=\"\"} 1\n",
	GAUGE "g{a=\"x\"} -1.5e-3\ng{a=\"y\",b=\"\\\\\\\"\\n\"} NaN\ng{b=\"\xc3\xa9\"} -Inf\n",
	"# TYPE g:x untyped\n# HELP g:x late but before\ng:x .5\n",
	HISTOGRAM "h_bucket{le=\"0.1\"} 1\nh_bucket{le=\"1e+06\"} 2\n" PARTS,
	HISTOGRAM "h_count{a=\"1\"} 0\nh_sum{a=\"1\"} NaN\nh_bucket{le=\"+Inf\",a=\"1\"} 0\n",
	SUMMARY "s{quantile=\"0.5\"} NaN\ns_sum 1\ns_count 2\n# TYPE s_bucket gauge\ns_bucket 1\n",
	"# TYPE go_goroutines gauge\ngo_goroutines 7\n",
	"# TYPE g_count gauge\ng_count 1\n" GAUGE "g{le=\"x\"} 1\n",
};

static const struct bad_body bad_bodies[] = {
	// Lines
	{ GAUGE "g 1", 2, "no line feed" },
	{ GAUGE "g 1\r\n", 2, "CR LF" },
	{ "# HELP g x\r\n" GAUGE "g 1\n", 1, "CR LF" },
	{ "\xef\xbb\xbf" GAUGE "g 1\n", 1, "name" },
	{ GAUGE "\ng 1\n", 2, "name" },
	{ "# a comment\n" GAUGE "g 1\n", 1, "name" },
	{ GAUGE " g 1\n", 2, "name" },
	{ GAUGE "g  1\n", 2, "no plain number" },
	{ GAUGE "g\t1\n", 2, "one blank" },
	{ GAUGE "g 1 \n", 2, "no plain number" },
	{ GAUGE "g 1 1700000000000\n", 2, "no plain number" },
	{ GAUGE "g 1 # {a=\"b\"} 1\n", 2, "no plain number" },
	{ GAUGE "g\n", 2, "one blank" },
	// Names
	{ "# TYPE 1g gauge\n", 1, "name" },
	{ GAUGE "g-x 1\n", 2, "one blank" },
	{ GAUGE "{\"g\"} 1\n", 2, "name" },
	{ GAUGE "{} 1\n", 2, "name" },
	{ GAUGE "g{a:b=\"\"} 1\n", 2, "no =" },
	{ GAUGE "g{1=\"\"} 1\n", 2, "name" },
	{ GAUGE "g{\"a\"=\"\"} 1\n", 2, "name" },
	{ GAUGE "g{__x=\"\"} 1\n", 2, "__" },
	{ GAUGE "g{__name__=\"g\"} 1\n", 2, "__" },
	// Labels
	{ GAUGE "g{} 1\n", 2, "name" },
	{ GAUGE "g{a=\"\",} 1\n", 2, "name" },
	{ GAUGE "g{,a=\"\"} 1\n", 2, "name" },
	{ GAUGE "g{a=\"\", b=\"\"} 1\n", 2, "name" },
	{ GAUGE "g{a=\"\" b=\"\"} 1\n", 2, "neither" },
	{ GAUGE "g{a=\"\"} 1 }\n", 2, "no plain number" },
	{ GAUGE "g{a='x'} 1\n", 2, "opening quote" },
	{ GAUGE "g{a=\"x} 1\n", 2, "closing quote" },
	{ GAUGE "g{a=\"x\ny\"} 1\n", 2, "closing quote" },
	{ GAUGE "g{a=\"\"} 1\ng{a=\"\",a=\"\"} 1\n", 3, "occurs twice" },
	{ GAUGE "g{a=\"\",b=\"x\"}1\n", 2, "one blank" },
	{ GAUGE "g{job=\"x\"} 1\n", 2, "grouping label" },
	{ GAUGE "g{a=\"\",instance=\"\"} 1\n", 2, "grouping label" },
	// Escapes and UTF-8
	{ GAUGE "g{a=\"\\t\"} 1\n", 2, "escape" },
	{ GAUGE "g{a=\"\\\"} 1\n", 2, "closing quote" },
	{ "# HELP g \\\"\n" GAUGE "g 1\n", 1, "escape" },
	{ "# HELP g x\\\n" GAUGE "g 1\n", 1, "escape" },
	{ GAUGE "g{a=\"\xff\"} 1\n", 2, "UTF-8" },
	{ GAUGE "g{a=\"\xc3\"} 1\n", 2, "UTF-8" },
	{ GAUGE "g{a=\"\xc0\x80\"} 1\n", 2, "UTF-8" },
	{ GAUGE "g{a=\"\xed\xa0\x80\"} 1\n", 2, "UTF-8" },
	{ GAUGE "g{a=\"\xf4\x90\x80\x80\"} 1\n", 2, "UTF-8" },
	{ "# HELP g \x80\n" GAUGE "g 1\n", 1, "UTF-8" },
	// Numbers
	{ GAUGE "g +1\n", 2, "no plain number" },
	{ GAUGE "g -nan\n", 2, "no plain number" },
	{ GAUGE "g nan\n", 2, "no plain number" },
	{ GAUGE "g +NaN\n", 2, "no plain number" },
	{ GAUGE "g Inf\n", 2, "no plain number" },
	{ GAUGE "g 0x1\n", 2, "no plain number" },
	{ GAUGE "g 1_000\n", 2, "no plain number" },
	{ GAUGE "g 1,5\n", 2, "no plain number" },
	{ GAUGE "g 1e400\n", 2, "no plain number" },
	{ GAUGE "g 1e\n", 2, "no plain number" },
	{ GAUGE "g .\n", 2, "no plain number" },
	{ GAUGE "g \n", 2, "no plain number" },
	// Metadata
	{ "g 1\n", 1, "none of the family" },
	{ "# HELP g x\ng 1\n", 2, "no TYPE" },
	{ GAUGE "g 1\nx 1\n", 3, "none of the family" },
	{ GAUGE GAUGE "g 1\n", 2, "twice" },
	{ "# HELP g x\n# HELP g y\n" GAUGE "g 1\n", 2, "twice" },
	{ GAUGE "g 1\n# HELP g x\n", 3, "behind a sample" },
	{ GAUGE "g 1\n# TYPE g gauge\ng{a=\"b\"} 1\n", 3, "behind a sample" },
	{ GAUGE "g 1\n# TYPE x gauge\nx 1\n# TYPE g gauge\ng{a=\"b\"} 1\n", 5, "one place" },
	{ "# TYPE g Gauge\ng 1\n", 1, "five" },
	{ "# TYPE g unknown\ng 1\n", 1, "five" },
	{ "# TYPE g gaugehistogram\n", 1, "five" },
	{ "# TYPE g gauge \ng 1\n", 1, "five" },
	{ "# TYPE g  gauge\ng 1\n", 1, "five" },
	{ "# TYPE g\ng 1\n", 1, "one blank" },
	{ "#TYPE g gauge\ng 1\n", 1, "name" },
	{ "# HELP g \n" GAUGE "g 1\n", 1, "empty" },
	{ "# HELP g\n" GAUGE "g 1\n", 1, "one blank" },
	{ "# HELP g  x\n" GAUGE "g 1\n", 1, "starts with a blank" },
	// Series
	{ GAUGE "g 1\ng 2\n", 3, "twice" },
	{ GAUGE "g{a=\"x\",b=\"y\"} 1\ng{b=\"y\",a=\"x\"} 1\n", 3, "twice" },
	{ GAUGE "g{a=\"\"} 1\ng 1\n", 0, "twice" },
	{ SUMMARY "s_sum 1\ns_sum 2\n", 3, "twice" },
	// Histograms and summaries
	{ HISTOGRAM "h 1\n" PARTS, 2, "none of the family" },
	{ HISTOGRAM "h_bucket{le=\"1\"} 3\nh_sum 1\nh_count 3\n", 0, "no bucket +Inf" },
	{ HISTOGRAM "h_bucket{le=\"+Inf\"} 3\nh_sum 1\n", 0, "lacks" },
	{ HISTOGRAM "h_bucket{le=\"+Inf\"} 3\nh_count 1\n", 0, "lacks" },
	{ HISTOGRAM "h_sum 3\nh_count 1\n", 0, "lacks" },
	{ HISTOGRAM PARTS "h_bucket{le=\"+Inf\",a=\"x\"} 3\n", 0, "lacks" },
	{ HISTOGRAM "h_bucket{le=\"x\"} 3\n" PARTS, 2, "no number" },
	{ HISTOGRAM "h_bucket{le=\"NaN\"} 3\n" PARTS, 2, "no number" },
	{ HISTOGRAM "h_bucket 3\n" PARTS, 2, "missing" },
	{ HISTOGRAM "h_bucket{le=\"1.0\"} 3\n" PARTS, 2, "otherwise" },
	{ HISTOGRAM "h_bucket{le=\"1000000\"} 3\n" PARTS, 2, "otherwise" },
	{ HISTOGRAM "h_bucket{le=\"1e-4\"} 3\n" PARTS, 2, "otherwise" },
	{ HISTOGRAM "h_bucket{le=\"1\"} 3\nh_bucket{le=\"1\"} 3\n" PARTS, 3, "twice" },
	{ HISTOGRAM "h_bucket{le=\"1\"} -1\n" PARTS, 2, "no count" },
	{ HISTOGRAM "h_bucket{le=\"1\"} NaN\n" PARTS, 2, "no count" },
	{ HISTOGRAM "h_bucket{le=\"1\"} +Inf\n" PARTS, 2, "no count" },
	{ HISTOGRAM "h_sum{le=\"1\"} 1\n" PARTS, 2, "at a sum" },
	{ HISTOGRAM PARTS "# TYPE h_count gauge\nh_count 1\n", 5, "collides" },
	{ "# TYPE h_bucket gauge\nh_bucket 1\n" HISTOGRAM, 1, "collides" },
	{ SUMMARY "s 1\n", 2, "missing" },
	{ SUMMARY "s{quantile=\"\"} 1\n", 2, "no number" },
	{ SUMMARY "s{quantile=\"0.50\"} 1\n", 2, "otherwise" },
	{ SUMMARY "s_count -1\n", 2, "no count" },
	{ SUMMARY "s_count{quantile=\"1\"} 1\n", 2, "at a sum" },
	{ SUMMARY "s_bucket{le=\"1\"} 1\n", 2, "none of the family" },
	{ SUMMARY "s_count 1\n# TYPE s_sum untyped\n", 3, "collides" },
	// A gateway's own families
	{ "# TYPE go_goroutines untyped\ngo_goroutines 1\n", 1, "another type" },
	{ "# TYPE push_time_seconds gauge\npush_time_seconds 1\n", 1, "another type" },
	{ "# TYPE go_gc_duration_seconds_count gauge\n", 1, "collides" },
};

static bool check(const char *body, struct strict_fault *fault)
{
	return strict_check(body, strlen(body), key_names, fault);
}

static void takes_good_bodies(void **state)
{
	struct strict_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(good_bodies) / sizeof(*good_bodies); i++)
		if (!check(good_bodies[i], &fault))
			fail_msg("%s\nrefused: line %zu: %s: %s", good_bodies[i], fault.line,
				fault.text, fault.subject);
}

static void refuses_each_fault_for_its_reason(void **state)
{
	struct strict_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(bad_bodies) / sizeof(*bad_bodies); i++) {
		const struct bad_body *bad = &bad_bodies[i];

		if (check(bad->body, &fault))
			fail_msg("%s\nis taken, but: %s", bad->body, bad->why);
		if (!strstr(fault.text, bad->why) || (bad->line && fault.line != bad->line))
			fail_msg("%s\nis refused for line %zu: %s, not for line %zu: %s", bad->body,
				fault.line, fault.text, bad->line, bad->why);
	}
}

static void takes_a_nul_in_a_value_and_tells_series_by_what_follows(void **state)
{
	static const char two[] = GAUGE "g{a=\"\0x\"} 1\ng{a=\"\0y\"} 1\n";
	static const char same[] = GAUGE "g{a=\"\0x\"} 1\ng{a=\"\0x\"} 1\n";
	struct strict_fault fault;

	(void)state;
	assert_true(strict_check(two, sizeof(two) - 1, key_names, &fault));
	assert_false(strict_check(same, sizeof(same) - 1, key_names, &fault));
	assert_string_equal(fault.text, "the series comes twice");
}

// A body whose sample's line has this length.
static char *body_with_line(size_t length, size_t *len)
{
	char *body;
	FILE *out = open_memstream(&body, len);

	assert_non_null(out);
	fputs(GAUGE "g{a=\"", out);
	for (size_t i = strlen("g{a=\"\"} 1"); i < length; i++)
		fputc('x', out);
	fputs("\"} 1\n", out);
	fclose(out);
	return body;
}

static void refuses_a_line_of_1_mib(void **state)
{
	struct strict_fault fault;
	size_t len;
	char *body = body_with_line(1 << 20, &len);

	(void)state;
	assert_false(strict_check(body, len, key_names, &fault));
	assert_string_equal(fault.text, "the line has 1 MiB or more");
	free(body);
	body = body_with_line((1 << 20) - 1, &len);
	assert_true(strict_check(body, len, key_names, &fault));
	free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_good_bodies),
		cmocka_unit_test(refuses_each_fault_for_its_reason),
		cmocka_unit_test(takes_a_nul_in_a_value_and_tells_series_by_what_follows),
		cmocka_unit_test(refuses_a_line_of_1_mib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
