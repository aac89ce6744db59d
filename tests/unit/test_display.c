// SPDX-License-Identifier: Apache-2.0
#include "agent/display.h"
#include "unit.h"

#include <locale.h>

static void characters_take_the_columns_of_a_terminal(void **state)
{
	static const struct {
		const char *text;
		size_t columns, without_locale;
	} rows[] = {
		{ "", 0, 0 }, { "plain", 5, 5 }, { "caf\xc3\xa9", 4, 4 },
		{ "cafe\xcc\x81", 4, 5 },			      // combining acute
		{ "\xe6\xb8\xa9\xe5\xba\xa6", 4, 2 },		      // CJK
		{ "\xf0\x9f\x94\xa5", 2, 1 },			      // emoji
		{ "\xef\xbd\xb1", 1, 1 },			      // half-width
		{ "\xe2\x80\x8b", 0, 1 },			      // zero width space
		{ "\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7", 5, 5 }, // Arabic
		{ "\xf3\xb0\x80\x80", 1, 1 },			      // private use
		{ "\xf0\xb4\x80\x80", 1, 1 },			      // not assigned
		{ "\xff\xc3", 2, 2 },				      // no UTF-8
	};
	struct display display = display_open("C.UTF-8"), none = display_open("no such locale");

	(void)state;
	assert_true(display.locale != (locale_t)0);
	assert_true(none.locale == (locale_t)0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str text = str_of(rows[i].text);

		check_number(
			rows[i].text, "columns", display_columns(&display, text), rows[i].columns);
		check_number(rows[i].text, "without a locale", display_columns(&none, text),
			rows[i].without_locale);
	}
	display_close(&display);
	display_close(&none);
}

static void a_cut_text_ends_in_an_ellipsis_and_keeps_to_its_columns(void **state)
{
	static const struct {
		const char *text;
		size_t n_columns;
		const char *shown;
	} rows[] = {
		{ "", 0, "" },
		{ "a", 0, "" },
		{ "a", 1, "a" },
		{ "ab", 1, "\xe2\x80\xa6" },
		{ "abcdef", 6, "abcdef" },
		{ "abcdef", 5, "abcd\xe2\x80\xa6" },
		// Half of a wide character does not fit.
		{ "\xe6\xb8\xa9\xe5\xba\xa6", 4, "\xe6\xb8\xa9\xe5\xba\xa6" },
		{ "\xe6\xb8\xa9\xe5\xba\xa6", 3, "\xe6\xb8\xa9\xe2\x80\xa6" },
		{ "\xe6\xb8\xa9\xe5\xba\xa6", 2, "\xe2\x80\xa6" },
		// A mark stays with its letter.
		{ "ae\xcc\x81xy", 3, "ae\xcc\x81\xe2\x80\xa6" },
		{ "xye\xcc\x81", 3, "xye\xcc\x81" },
	};
	struct display display = display_open("C.UTF-8");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = buf_new(UNIT_LIMIT);

		display_add_cut(&display, &out, str_of(rows[i].text), rows[i].n_columns);
		check_str(rows[i].text, buf_str(&out), str_of(rows[i].shown));
		CHECK_ROW(rows[i].text,
			display_columns(&display, buf_str(&out)) <= rows[i].n_columns);
		buf_free(&out);
	}
	display_close(&display);
}

static void the_process_keeps_its_locale(void **state)
{
	struct display display = display_open("C.UTF-8");

	(void)state;
	display_columns(&display, STR("\xe6\xb8\xa9"));
	assert_true(uselocale((locale_t)0) == LC_GLOBAL_LOCALE);
	assert_string_equal(setlocale(LC_ALL, NULL), "C");
	display_close(&display);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_take_the_columns_of_a_terminal),
		cmocka_unit_test(a_cut_text_ends_in_an_ellipsis_and_keeps_to_its_columns),
		cmocka_unit_test(the_process_keeps_its_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
