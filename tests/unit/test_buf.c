// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

static void a_new_buf_owns_nothing(void **state)
{
	struct buf b = buf_new(10);

	(void)state;
	assert_null(b.ptr);
	assert_int_equal(b.len, 0);
	assert_false(b.failed);
	buf_free(&b);
}

static void additions_stand_one_after_the_other(void **state)
{
	struct buf b = buf_new(UNIT_LIMIT);

	(void)state;
	buf_add(&b, STR("a"));
	buf_add(&b, (struct str){ NULL, 0 });
	buf_add_byte(&b, 'b');
	buf_add_uint(&b, 0);
	buf_add_uint(&b, UINT64_MAX);
	buf_addf(&b, "<%d|%s>", -7, "x");
	buf_addf(&b, "%s", "");
	check_str("all", buf_str(&b), STR("ab018446744073709551615<-7|x>"));
	assert_false(b.failed);
	buf_free(&b);
	assert_null(b.ptr);
	assert_int_equal(b.limit, UNIT_LIMIT);
}

static void grows_without_losing_anything(void **state)
{
	struct buf b = buf_new(UNIT_LIMIT);

	(void)state;
	for (size_t i = 0; i < 100000; i++)
		buf_add_byte(&b, (char)(i % 251));
	assert_int_equal(b.len, 100000);
	for (size_t i = 0; i < b.len; i++)
		if (b.ptr[i] != (char)(i % 251))
			fail_msg("byte %zu is wrong", i);
	buf_free(&b);
}

// first is added to an empty buf with the limit, then second.
static void the_limit_is_exact_and_failure_sticks(void **state)
{
	static const struct {
		const char *name;
		size_t limit;
		const char *first, *second, *kept;
		bool failed;
	} rows[] = {
		{ "nothing into nothing", 0, "", "", "", false },
		{ "one byte into nothing", 0, "a", "", "", true },
		{ "up to the limit", 3, "abc", "", "abc", false },
		{ "up to the limit in two", 3, "ab", "c", "abc", false },
		{ "one beyond", 3, "abcd", "", "", true },
		{ "left out whole", 3, "ab", "cd", "ab", true },
		{ "nothing after a failure", 3, "abcd", "a", "", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = buf_new(rows[i].limit);

		buf_add(&b, str_of(rows[i].first));
		buf_add(&b, str_of(rows[i].second));
		check_number(rows[i].name, "failed", b.failed, rows[i].failed);
		check_str(rows[i].name, buf_str(&b), str_of(rows[i].kept));
		buf_free(&b);
		CHECK_ROW(rows[i].name, !b.failed && b.limit == rows[i].limit);
	}
}

static void formatted_text_keeps_to_the_limit_too(void **state)
{
	struct buf b = buf_new(3);

	(void)state;
	buf_addf(&b, "%s", "abc");
	assert_false(b.failed);
	check_str("just fits", buf_str(&b), STR("abc"));
	buf_addf(&b, "%s", "d");
	assert_true(b.failed);
	check_str("beyond", buf_str(&b), STR("abc"));
	buf_free(&b);
}

static void reserving_beyond_the_limit_fails(void **state)
{
	struct buf b = buf_new(100);

	(void)state;
	buf_reserve(&b, 100);
	assert_false(b.failed);
	buf_add_byte(&b, 'a');
	buf_reserve(&b, 100);
	assert_true(b.failed);
	buf_free(&b);
	buf_reserve(&b, SIZE_MAX);
	assert_true(b.failed);
	buf_free(&b);
}

static void text_for_people_has_no_control_bytes(void **state)
{
	static const struct {
		const char *raw, *printable;
	} rows[] = {
		{ "", "" },
		{ "plain text", "plain text" },
		{ "a\nb\r\tc", "a\\x0ab\\x0d\\x09c" },
		{ "\x1b[31m", "\\x1b[31m" },
		{ "\x7f", "\\x7f" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "a\xff\xc3", "a\\xff\\xc3" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xc2\x9b"
		  "2J",
			"\\u009b2J" },
		{ "a\xe2\x80\xae"
		  "b",
			"a\\u202eb" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = buf_new(UNIT_LIMIT);

		buf_add_printable(&b, str_of(rows[i].raw));
		if (!str_eq(buf_str(&b), str_of(rows[i].printable)))
			fail_msg("row %zu: got %.*s", i, STR_ARG(buf_str(&b)));
		buf_free(&b);
	}
}

static void a_string_of_JSON_is_valid_whatever_it_holds(void **state)
{
	static const struct {
		const char *raw, *quoted;
	} rows[] = {
		{ "", "\"\"" },
		{ "a b", "\"a b\"" },
		{ "a\"b\\c/d", "\"a\\\"b\\\\c/d\"" },
		{ "a\nb\x1b\x7f", "\"a\\u000ab\\u001b\\u007f\"" },
		{ "gr\xc3\xbc\xc3\x9f \xf0\x9f\x94\xa5",
			"\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x94\xa5\"" },
		{ "\xc2\x9b\xe2\x80\xa8\xe2\x81\xa6", "\"\\u009b\\u2028\\u2066\"" },
		{ "a\xff\xed\xa0\x80", "\"a\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = buf_new(UNIT_LIMIT);

		buf_add_json(&b, str_of(rows[i].raw));
		check_str(rows[i].raw, buf_str(&b), str_of(rows[i].quoted));
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_buf_owns_nothing),
		cmocka_unit_test(additions_stand_one_after_the_other),
		cmocka_unit_test(grows_without_losing_anything),
		cmocka_unit_test(the_limit_is_exact_and_failure_sticks),
		cmocka_unit_test(formatted_text_keeps_to_the_limit_too),
		cmocka_unit_test(reserving_beyond_the_limit_fails),
		cmocka_unit_test(text_for_people_has_no_control_bytes),
		cmocka_unit_test(a_string_of_JSON_is_valid_whatever_it_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
