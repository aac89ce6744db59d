// SPDX-License-Identifier: Apache-2.0
#include "base/letters.h"
#include "unit.h"

#include <locale.h>

struct row {
	const char *text, *lower, *upper;
};

static void check_case(const char *text, bool upper, const char *wanted)
{
	struct buf out = buf_new(UNIT_LIMIT);

	letters_add_case(&out, str_of(text), upper);
	check_str(text, buf_str(&out), str_of(wanted));
	buf_free(&out);
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check_case(rows[i].text, false, rows[i].lower);
		check_case(rows[i].text, true, rows[i].upper);
	}
}

static const struct row ascii[] = {
	{ "", "", "" },
	{ "bAr123Foo", "bar123foo", "BAR123FOO" },
	{ "@[`{~ \n\t", "@[`{~ \n\t", "@[`{~ \n\t" },
	{ "azAZ", "azaz", "AZAZ" },
};

// As Go's unicode.ToLower and unicode.ToUpper have them.
static const struct row unicode[] = {
	{ "\xc3\x84\xc3\xb6", "\xc3\xa4\xc3\xb6", "\xc3\x84\xc3\x96" }, // Ae oe
	{ "\xc3\x9f", "\xc3\x9f", "\xc3\x9f" },				// sharp s stays one letter
	{ "\xc3\xbf", "\xc3\xbf", "\xc5\xb8" },				// y with dots
	{ "\xce\xa3\xcf\x82\xcf\x83", "\xcf\x83\xcf\x82\xcf\x83", "\xce\xa3\xce\xa3\xce\xa3" },
	{ "\xd0\x96\xd0\xb6", "\xd0\xb6\xd0\xb6", "\xd0\x96\xd0\x96" }, // Cyrillic
	{ "\xc8\xba", "\xe2\xb1\xa5", "\xc8\xba" },			// two bytes and three
	{ "\xe2\x84\xaa", "k", "\xe2\x84\xaa" },			// Kelvin
	{ "\xc7\x85", "\xc7\x86", "\xc7\x84" },				// title case
	{ "\xf0\x90\x90\x80", "\xf0\x90\x90\xa8", "\xf0\x90\x90\x80" }, // four bytes
	{ "\xe6\x96\x87\xf0\x9f\x98\x80", "\xe6\x96\x87\xf0\x9f\x98\x80",
		"\xe6\x96\x87\xf0\x9f\x98\x80" }, // without case
	{ "\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf",
		"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf",
		"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf" }, // bounds of UTF-8
};

static void ascii_letters_change(void **state)
{
	(void)state;
	check_rows(ascii, ARRAY_LEN(ascii));
}

static void other_letters_change_one_for_one(void **state)
{
	locale_t has_unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	(void)state;
	if (!has_unicode) {
		print_message("there is no locale C.UTF-8\n");
		skip();
	}
	freelocale(has_unicode);
	check_rows(unicode, ARRAY_LEN(unicode));
}

// In Turkish an i would become one with a dot.
static void the_process_locale_does_not_matter(void **state)
{
	static const char *const names[] = { "C", "POSIX", "C.UTF-8", "tr_TR.UTF-8" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!setlocale(LC_ALL, names[i]))
			continue;
		check_case("i\xc3\xa4I", true, "I\xc3\x84I");
		check_case("i\xc3\x84I", false, "i\xc3\xa4i");
	}
	setlocale(LC_ALL, "C");
}

static void text_is_appended(void **state)
{
	struct buf out = buf_new(UNIT_LIMIT);

	(void)state;
	buf_add(&out, STR("x"));
	letters_add_case(&out, STR("a"), true);
	letters_add_case(&out, STR("B"), false);
	check_str("both", buf_str(&out), STR("xAb"));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ascii_letters_change),
		cmocka_unit_test(other_letters_change_one_for_one),
		cmocka_unit_test(the_process_locale_does_not_matter),
		cmocka_unit_test(text_is_appended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
