// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"
#include "unit.h"

static void sets_kind_position_and_text(void **state)
{
	struct err err = { 0 };

	(void)state;
	err_set(&err, ERR_BAD_BODY, 17, "line %d: %s", 3, "no");
	assert_int_equal(err.kind, ERR_BAD_BODY);
	assert_int_equal(err.position, 17);
	assert_string_equal(err.text, "line 3: no");
}

static void a_set_error_stays(void **state)
{
	struct err err = { 0 };

	(void)state;
	err_set(&err, ERR_TLS, 1, "first");
	err_set(&err, ERR_TIMED_OUT, 2, "second");
	assert_int_equal(err.kind, ERR_TLS);
	assert_int_equal(err.position, 1);
	assert_string_equal(err.text, "first");
}

static void texts_are_printable(void **state)
{
	struct err err = { 0 };

	(void)state;
	err_set(&err, ERR_REJECTED, 0, "a\nb\x1b[0m\x7f\xff %s", "gr\xc3\xbc\xc3\x9f");
	assert_string_equal(err.text, "a\\x0ab\\x1b[0m\\x7f\\xff gr\xc3\xbc\xc3\x9f");
}

// n bytes of a filler, then the tail.
static void texts_are_cut_to_fit_and_stay_utf8(void **state)
{
	static const struct {
		const char *name;
		size_t n;
		const char *tail;
		size_t len;
	} rows[] = {
		{ "fits", ERR_TEXT_SIZE - 2, "x", ERR_TEXT_SIZE - 1 },
		{ "one too many", ERR_TEXT_SIZE - 1, "x", ERR_TEXT_SIZE - 1 },
		{ "far too many", 3 * ERR_TEXT_SIZE, "x", ERR_TEXT_SIZE - 1 },
		{ "a character across the cut", ERR_TEXT_SIZE - 2, "\xc3\xa4", ERR_TEXT_SIZE - 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		char filler[4 * ERR_TEXT_SIZE] = "";

		memset(filler, 'a', rows[i].n);
		err_set(&err, ERR_REJECTED, 0, "%s%s", filler, rows[i].tail);
		check_number(rows[i].name, "length", strlen(err.text), rows[i].len);
		CHECK_ROW(rows[i].name, str_is_utf8(str_of(err.text)));
	}
}

static void reasons_are_the_closed_list(void **state)
{
	static const char *const words[N_ERR_KINDS] = {
		[ERR_NONE] = "none",
		[ERR_TIMED_OUT] = "timed_out",
		[ERR_UNREACHABLE] = "unreachable",
		[ERR_TLS] = "tls",
		[ERR_HTTP_3XX] = "http_3xx",
		[ERR_HTTP_4XX] = "http_4xx",
		[ERR_HTTP_5XX] = "http_5xx",
		[ERR_REJECTED] = "rejected",
		[ERR_TOO_LARGE] = "too_large",
		[ERR_BAD_BODY] = "bad_body",
		[ERR_CANCELLED] = "cancelled",
		[ERR_SKIPPED] = "skipped",
		[ERR_NODE_UNKNOWN] = "node_unknown",
		[ERR_EMPTY_KEY_VALUE] = "empty_key_value",
		[ERR_INVALID] = "invalid",
	};

	(void)state;
	for (int kind = 0; kind < N_ERR_KINDS; kind++)
		check_str(words[kind], err_reason((enum err_kind)kind), str_of(words[kind]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_kind_position_and_text),
		cmocka_unit_test(a_set_error_stays),
		cmocka_unit_test(texts_are_printable),
		cmocka_unit_test(texts_are_cut_to_fit_and_stay_utf8),
		cmocka_unit_test(reasons_are_the_closed_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
