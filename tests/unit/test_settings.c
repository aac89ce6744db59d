// SPDX-License-Identifier: Apache-2.0
#include "settings_run.h"

// Counts

struct counted {
	size_t n, free;
};

static const struct setting count_rows[] = {
	{ .name = "n",
		.type = SETTING_COUNT,
		.offset = offsetof(struct counted, n),
		.initial = "7",
		.minimum = 1,
		.maximum = INT64_C(5000000000) },
	{ .name = "free", .type = SETTING_COUNT, .offset = offsetof(struct counted, free) },
};
static const struct setting_table count_table = SETTING_TABLE(count_rows);

static const char n_wrong[] = "n: must be a whole number from 1 to 5000000000\n";

static void a_count_is_a_whole_number_within_its_limits(void **state)
{
	static const struct {
		const char *text, *override;
		size_t n;
		const char *faults; // NULL: none
	} rows[] = {
		{ "", NULL, 7, NULL },
		{ "n = 1;", NULL, 1, NULL },
		{ "n = 1000;", NULL, 1000, NULL },
		{ "n = 12L;", NULL, 12, NULL },
		{ "n = 0x10;", NULL, 16, NULL },
		{ "n = 2147483647;", NULL, 2147483647, NULL },
		{ "n = 4294967297L;", NULL, 4294967297, NULL },
		{ "n = 5000000000L;", NULL, 5000000000, NULL },
		{ "n = 5;", "n=12", 12, NULL },
		{ "", "n=1000000000", 1000000000, NULL },
		{ "n = 0;", NULL, 7, "1: " },
		{ "\nn = -1;", NULL, 7, "2: " },
		{ "n = 5000000001L;", NULL, 7, "1: " },
		{ "n = 1.0;", NULL, 7, "1: " },
		{ "n = true;", NULL, 7, "1: " },
		{ "n = \"5\";", NULL, 7, "1: " },
		{ "n = { };", NULL, 7, "1: " },
		{ "n = [ 5 ];", NULL, 7, "1: " },
		{ "n = 5;", "n=", 7, "--set: " },
		{ "", "n=0", 7, "--set: " },
		{ "", "n=5x", 7, "--set: " },
		{ "", "n= 5", 7, "--set: " },
		{ "", "n=-5", 7, "--set: " },
		{ "", "n=+5", 7, "--set: " },
		{ "", "n=0x5", 7, "--set: " },
		{ "", "n=99999999999999999999", 7, "--set: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *overrides[] = { rows[i].override, NULL };
		const char *name = rows[i].override ? rows[i].override : rows[i].text;
		struct counted counted = { 0 };
		struct buf wanted = buf_new(1024);
		struct settings_run run;

		run_settings(&run, (struct settings_part){ &count_table, &counted }, rows[i].text,
			overrides, NULL);
		if (rows[i].faults)
			buf_addf(&wanted, "%s%s", rows[i].faults, n_wrong);
		check_str(name, buf_str(&run.faults), buf_str(&wanted));
		check_number(name, "n", counted.n, rows[i].n);
		buf_free(&wanted);
		run_free(&run);
	}
}

static void a_count_without_a_maximum_says_only_its_minimum(void **state)
{
	struct counted counted = { 0 };
	struct settings_run run;

	(void)state;
	run_settings(
		&run, (struct settings_part){ &count_table, &counted }, "free = -1;", NULL, NULL);
	check_str("free", buf_str(&run.faults),
		STR("1: free: must be a whole number of at least 0\n"));
	run_free(&run);
}

// libconfig 1.5 takes 4294967297 for 1, and 8589934597 for 5.
static void an_integer_that_libconfig_would_wrap_is_refused(void **state)
{
	static const struct {
		const char *text, *faults;
	} rows[] = {
		{ "n =\n  4294967297;", "2: the number 4294967297 is too large\n" },
		{ "n = 0x100000001;", "1: the number 0x100000001 is too large\n" },
		{ "# one\nn = 1; free = 8589934597;", "2: the number 8589934597 is too large\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct counted counted = { 0 };
		struct settings_run run;

		run_settings(&run, (struct settings_part){ &count_table, &counted }, rows[i].text,
			NULL, NULL);
		check_str(rows[i].text, buf_str(&run.faults), str_of(rows[i].faults));
		run_free(&run);
	}
}

static void only_integers_outside_of_texts_and_comments_are_too_large(void **state)
{
	static const struct {
		const char *text, *number; // NULL: none
		size_t line;
	} rows[] = {
		{ "", NULL, 0 },
		{ "a = 2147483647;", NULL, 0 },
		{ "a = 2147483648;", "2147483648", 1 },
		{ "a = -2147483648;", "2147483648", 1 },
		{ "a = 2147483648L;", NULL, 0 },
		{ "a = 0x7fffffff;", NULL, 0 },
		{ "a = 0xFFFFFFFF;", "0xFFFFFFFF", 1 },
		{ "a = 0X7FFFFFFFFFFFFFFFL;", NULL, 0 },
		{ "a = 0x8000000000000000L;", "0x8000000000000000", 1 },
		{ "a = 9223372036854775807L;", NULL, 0 },
		{ "a = 9223372036854775808L;", "9223372036854775808", 1 },
		{ "a = 99999999999999999999999;", "99999999999999999999999", 1 },
		{ "a = 0000000000000000000001;", NULL, 0 },
		{ "a = 99999999999.5; b = 99999999999e3;", NULL, 0 },
		{ "a = \"99999999999\";", NULL, 0 },
		{ "a = \"\\\"99999999999\";", NULL, 0 },
		{ "a = \"\\\\\"; b = 99999999999;", "99999999999", 1 },
		{ "# 99999999999\n// 99999999999\n/* \" 99999999999 */ a = 5;", NULL, 0 },
		{ "# \"\n// \"\n/* \"\n\" */ a = 99999999999;", "99999999999", 4 },
		{ "a99999999999 = 1; *99999999999 = 2; a-99999999999 = 3;", NULL, 0 },
		{ "a = (\n1,\n99999999999);", "99999999999", 3 },
		{ "\"99999999999", NULL, 0 },
		{ "\"\\", NULL, 0 },
		{ "/* 99999999999", NULL, 0 },
		{ "/*/ 99999999999", NULL, 0 },
		{ "# 99999999999", NULL, 0 },
		{ "99999999999", "99999999999", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str number = STR("");
		size_t line = 0;
		bool found = settings_find_too_large(str_of(rows[i].text), &number, &line);

		CHECK_ROW(rows[i].text, found == (rows[i].number != NULL));
		check_str(rows[i].text, number, str_of(rows[i].number));
		check_number(rows[i].text, "line", line, rows[i].line);
	}
}

static void a_count_is_shown_as_it_can_be_read(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "", "n = 7;\nfree = 0;\n" },
		{ "n = 0x10; free = 3L;", "n = 16;\nfree = 3;\n" },
		{ "n = 2147483647;", "n = 2147483647;\nfree = 0;\n" },
		{ "n = 4294967297L;", "n = 4294967297L;\nfree = 0;\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct counted counted = { 0 };
		struct settings_run run;

		run_settings(&run, (struct settings_part){ &count_table, &counted }, rows[i].text,
			NULL, NULL);
		check_str(rows[i].text, buf_str(&run.faults), STR(""));
		check_str(rows[i].text, buf_str(&run.shown), str_of(rows[i].shown));
		run_free(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_is_a_whole_number_within_its_limits),
		cmocka_unit_test(a_count_without_a_maximum_says_only_its_minimum),
		cmocka_unit_test(an_integer_that_libconfig_would_wrap_is_refused),
		cmocka_unit_test(only_integers_outside_of_texts_and_comments_are_too_large),
		cmocka_unit_test(a_count_is_shown_as_it_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
