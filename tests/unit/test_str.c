// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

static void of_null_is_empty(void **state)
{
	(void)state;
	assert_int_equal(str_of(NULL).len, 0);
	assert_int_equal(str_of("").len, 0);
	assert_int_equal(str_of("abc").len, 3);
}

static void compares(void **state)
{
	static const struct {
		const char *a, *b;
		bool eq, nocase, starts, ends;
	} rows[] = {
		{ "", "", true, true, true, true },
		{ "a", "", false, false, true, true },
		{ "", "a", false, false, false, false },
		{ "abc", "abc", true, true, true, true },
		{ "abc", "ABC", false, true, false, false },
		{ "abc", "ab", false, false, true, false },
		{ "abc", "bc", false, false, false, true },
		{ "abc", "abcd", false, false, false, false },
		{ "Content-Type", "content-type", false, true, false, false },
		{ "k\xc3\xa4", "K\xc3\x84", false, false, false, false },
		{ "[", "{", false, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str a = str_of(rows[i].a), b = str_of(rows[i].b);

		check_number(rows[i].a, "eq", str_eq(a, b), rows[i].eq);
		check_number(rows[i].a, "nocase", str_eq_nocase(a, b), rows[i].nocase);
		check_number(rows[i].a, "starts", str_starts_with(a, b), rows[i].starts);
		check_number(rows[i].a, "ends", str_ends_with(a, b), rows[i].ends);
	}
}

static void a_nul_is_a_byte_like_others(void **state)
{
	(void)state;
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));
	assert_true(str_eq(STR("a\0b"), STR("a\0b")));
}

static void cuts_at_the_first_separator(void **state)
{
	static const struct {
		const char *text, *before, *after;
		bool found;
	} rows[] = {
		{ "", "", "", false },
		{ "abc", "abc", "", false },
		{ "a/b", "a", "b", true },
		{ "a/b/c", "a", "b/c", true },
		{ "/b", "", "b", true },
		{ "a/", "a", "", true },
		{ "/", "", "", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str before, after;
		bool found = str_cut(str_of(rows[i].text), '/', &before, &after);

		check_number(rows[i].text, "found", found, rows[i].found);
		check_str(rows[i].text, before, str_of(rows[i].before));
		check_str(rows[i].text, after, str_of(rows[i].after));
	}
}

static void trims_blanks_and_line_ends(void **state)
{
	static const struct {
		const char *text, *trimmed;
	} rows[] = {
		{ "", "" },
		{ " \t\r\n", "" },
		{ "a", "a" },
		{ "  a b\t", "a b" },
		{ "\r\na\n", "a" },
		{ "\va", "\va" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_str(rows[i].text, str_trim(str_of(rows[i].text)), str_of(rows[i].trimmed));
}

// front: bytes of the first sequence. RFC 3629 section 4, with the edges of each of its ranges.
static void utf8_is_as_the_rfc_has_it(void **state)
{
	static const struct {
		const char *text;
		size_t front;
		bool valid;
	} rows[] = {
		{ "a", 1, true },
		{ "\x7f", 1, true },
		{ "\x80", 0, false },
		{ "\xbf", 0, false },
		{ "\xc0\x80", 0, false },
		{ "\xc1\xbf", 0, false },
		{ "\xc2\x80", 2, true },
		{ "\xdf\xbf", 2, true },
		{ "\xc2", 0, false },
		{ "\xc2\x7f", 0, false },
		{ "\xc2\xc0", 0, false },
		{ "\xe0\x9f\xbf", 0, false },
		{ "\xe0\xa0\x80", 3, true },
		{ "\xed\x9f\xbf", 3, true },
		{ "\xed\xa0\x80", 0, false },
		{ "\xed\xbf\xbf", 0, false },
		{ "\xee\x80\x80", 3, true },
		{ "\xef\xbf\xbf", 3, true },
		{ "\xef\xbf", 0, false },
		{ "\xef\xbf\x20", 0, false },
		{ "\xf0\x8f\xbf\xbf", 0, false },
		{ "\xf0\x90\x80\x80", 4, true },
		{ "\xf4\x8f\xbf\xbf", 4, true },
		{ "\xf4\x90\x80\x80", 0, false },
		{ "\xf5\x80\x80\x80", 0, false },
		{ "\xf8\x88\x80\x80\x80", 0, false },
		{ "\xfe", 0, false },
		{ "\xff", 0, false },
		{ "abcdefgh\xff", 1, false },
		{ "abcdefg\xc3\xa4\xc3\xa4", 1, true },
		{ "abcdefg\xc3", 1, false },
		{ "12345678abcdefg\xe2\x82\xac", 1, true },
		{ "12345678abcdefg\xe2\x82", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str text = str_of(rows[i].text);

		check_number(rows[i].text, "front", str_utf8_front(text), rows[i].front);
		check_number(rows[i].text, "valid", str_is_utf8(text), rows[i].valid);
	}
	assert_true(str_is_utf8(STR("")));
	assert_true(str_is_utf8(STR("a\0b")));
}

// The text stands at the end of its memory, so that a sanitizer sees a byte read too much.
static void utf8_never_reads_beyond_the_end(void **state)
{
	static const char sample[] = "\xf0\x90\x80\x80";

	(void)state;
	for (size_t len = 1; len < 4; len++) {
		char *exact = malloc(len);

		assert_non_null(exact);
		memcpy(exact, sample, len);
		assert_int_equal(str_utf8_front((struct str){ exact, len }), 0);
		assert_false(str_is_utf8((struct str){ exact, len }));
		free(exact);
	}
}

static void order_is_that_of_bytes(void **state)
{
	static const char *const sorted[] = { "", "A", "a", "a10", "a9", "ab", "b", "\xc3\xa4" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
		for (size_t k = 0; k < ARRAY_LEN(sorted); k++) {
			int order = str_order(str_of(sorted[i]), str_of(sorted[k]));

			CHECK_ROW(sorted[i], (order < 0) == (i < k) && (order > 0) == (i > k));
		}
	}
	assert_int_equal(str_order((struct str){ NULL, 0 }, STR("")), 0);
}

// The first and last code point of each length, and what is beside those that steer.
static void code_points_are_read_and_judged(void **state)
{
	static const struct {
		const char *text;
		uint32_t code;
		bool is_steering;
	} rows[] = {
		{ "\x01", 0x01, true },
		{ "\x1f", 0x1f, true },
		{ " ", 0x20, false },
		{ "~", 0x7e, false },
		{ "\x7f", 0x7f, true },
		{ "\xc2\x80", 0x80, true },
		{ "\xc2\x9f", 0x9f, true },
		{ "\xc2\xa0", 0xa0, false },
		{ "\xd8\x9c", 0x061c, true },
		{ "\xdf\xbf", 0x7ff, false },
		{ "\xe0\xa0\x80", 0x800, false },
		{ "\xe2\x80\x8d", 0x200d, false },
		{ "\xe2\x80\x8e", 0x200e, true },
		{ "\xe2\x80\x8f", 0x200f, true },
		{ "\xe2\x80\xa7", 0x2027, false },
		{ "\xe2\x80\xa8", 0x2028, true },
		{ "\xe2\x80\xae", 0x202e, true },
		{ "\xe2\x80\xaf", 0x202f, false },
		{ "\xe2\x81\xa5", 0x2065, false },
		{ "\xe2\x81\xa6", 0x2066, true },
		{ "\xe2\x81\xa9", 0x2069, true },
		{ "\xe2\x81\xaa", 0x206a, false },
		{ "\xef\xbf\xbf", 0xffff, false },
		{ "\xf0\x90\x80\x80", 0x10000, false },
		{ "\xf4\x8f\xbf\xbf", 0x10ffff, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_number(
			rows[i].text, "code", str_utf8_code(str_of(rows[i].text)), rows[i].code);
		check_number(rows[i].text, "steering", str_is_steering(rows[i].code),
			rows[i].is_steering);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_null_is_empty),
		cmocka_unit_test(compares),
		cmocka_unit_test(a_nul_is_a_byte_like_others),
		cmocka_unit_test(cuts_at_the_first_separator),
		cmocka_unit_test(trims_blanks_and_line_ends),
		cmocka_unit_test(utf8_is_as_the_rfc_has_it),
		cmocka_unit_test(utf8_never_reads_beyond_the_end),
		cmocka_unit_test(order_is_that_of_bytes),
		cmocka_unit_test(code_points_are_read_and_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
