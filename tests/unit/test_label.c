// SPDX-License-Identifier: Apache-2.0
#include "metric/label.h"
#include "unit.h"

static void names_are_those_of_the_text_format(void **state)
{
	static const struct {
		const char *name;
		bool legal;
	} rows[] = {
		{ "a", true },
		{ "_", true },
		{ "__name__", true },
		{ "A9_z", true },
		{ "", false },
		{ "9a", false },
		{ "a:b", false },
		{ "a-b", false },
		{ "a.b", false },
		{ "a b", false },
		{ "\xc3\xa4", false },
		{ "a\x80", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_number(
			rows[i].name, "legal", label_is_name(str_of(rows[i].name)), rows[i].legal);
}

static void walks_past_escapes(void **state)
{
	static const struct label wanted[] = {
		{ STR_INIT("a"), STR_INIT("1") },
		{ STR_INIT("b"), STR_INIT("") },
		{ STR_INIT("c"), STR_INIT("x\\\",d=\\\"") },
		{ STR_INIT("e"), STR_INIT("\\\\") },
		{ STR_INIT("f"), STR_INIT("{},=") },
	};
	struct str rest = STR("a=\"1\",b=\"\",c=\"x\\\",d=\\\"\",e=\"\\\\\",f=\"{},=\"");
	struct label label;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		assert_true(label_next(&rest, &label));
		check_str("name", label.name, wanted[i].name);
		check_str("value", label.value, wanted[i].value);
	}
	assert_false(label_next(&rest, &label));
	rest = STR("");
	assert_false(label_next(&rest, &label));
}

static void finds_values_by_whole_names(void **state)
{
	static const struct {
		const char *name, *value; // NULL: there is none
	} rows[] = {
		{ "le", "1" },
		{ "l", NULL },
		{ "lee", NULL },
		{ "empty", "" },
		{ "x", "le=\\\"2\\\"" },
		{ "le2", "3" },
	};
	struct str labels = STR("x=\"le=\\\"2\\\"\",le2=\"3\",le=\"1\",empty=\"\"");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str value;
		bool found = label_find(labels, str_of(rows[i].name), &value);

		check_number(rows[i].name, "found", found, rows[i].value != NULL);
		if (found)
			check_str(rows[i].name, value, str_of(rows[i].value));
	}
}

static void identity_is_the_set_of_labels_with_values(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "", "", true },
		{ "a=\"1\"", "a=\"1\"", true },
		{ "a=\"1\",b=\"2\"", "b=\"2\",a=\"1\"", true },
		{ "a=\"1\",b=\"2\",c=\"3\"", "c=\"3\",a=\"1\",b=\"2\"", true },
		{ "a=\"\"", "", true },
		{ "a=\"1\",b=\"\"", "a=\"1\"", true },
		{ "a=\"\",b=\"\"", "c=\"\"", true },
		{ "a=\"1\"", "a=\"2\"", false },
		{ "a=\"1\"", "b=\"1\"", false },
		{ "a=\"1\"", "", false },
		{ "a=\"1\",b=\"2\"", "a=\"1\"", false },
		{ "a=\"1\",b=\"2\"", "a=\"2\",b=\"1\"", false },
		{ "a=\"1\",b=\"1\"", "a=\"1\",c=\"1\"", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str a = str_of(rows[i].a), b = str_of(rows[i].b);
		uint64_t a_print, b_print, a_names, b_names;

		label_identify(a, &a_print, &a_names);
		label_identify(b, &b_print, &b_names);
		check_number(rows[i].a, "fingerprint", a_print == b_print, rows[i].same);
	}
}

static void name_bits_cover_every_name(void **state)
{
	struct str labels = STR("a=\"1\",node=\"x\",empty=\"\"");
	uint64_t fingerprint, names;

	(void)state;
	label_identify(labels, &fingerprint, &names);
	assert_true(names & label_name_bit(STR("a")));
	assert_true(names & label_name_bit(STR("node")));
	assert_true(names & label_name_bit(STR("empty")));
}

static void a_list_grows_and_gives_its_text_back(void **state)
{
	struct arena arena = { 0 };
	struct label_list list = { .arena = &arena };
	struct buf text = buf_new(UNIT_LIMIT);

	(void)state;
	check_str("empty list", label_list_text(&list), STR(""));
	for (int i = 0; i < 100; i++)
		buf_addf(&text, "%sl%d=\"v%d\\n\"", i ? "," : "", i, i);
	label_list_read(&list, buf_str(&text));
	assert_int_equal(list.n, 100);
	assert_int_equal(label_list_find(&list, STR("l0")), 0);
	assert_int_equal(label_list_find(&list, STR("l99")), 99);
	assert_int_equal(label_list_find(&list, STR("l100")), list.n);
	check_str("hundred labels", label_list_text(&list), buf_str(&text));
	label_list_read(&list, STR("a=\"\""));
	check_str("reused", label_list_text(&list), STR("a=\"\""));
	buf_free(&text);
	arena_free(&arena);
}

static bool is_taken(const void *arg, struct str name)
{
	return str_eq(name, str_of(arg));
}

static void exported_names_are_free(void **state)
{
	static const struct {
		const char *labels, *name;
		const char *taken; // by others; NULL: there is nobody to ask
		const char *wanted;
	} rows[] = {
		{ "", "a", NULL, "exported_a" },
		{ "a=\"1\"", "a", NULL, "exported_a" },
		{ "a=\"1\",exported_a=\"2\"", "a", NULL, "exported_exported_a" },
		{ "exported_a=\"\"", "a", NULL, "exported_exported_a" },
		{ "a=\"1\"", "a", "exported_a", "exported_exported_a" },
		{ "a=\"1\"", "a", "exported_b", "exported_a" },
		{ "exported_a=\"1\"", "a", "exported_exported_a", "exported_exported_exported_a" },
	};
	struct arena arena = { 0 };
	struct label_list list = { .arena = &arena };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		label_list_read(&list, str_of(rows[i].labels));
		check_str(rows[i].labels,
			label_list_export(&list, str_of(rows[i].name),
				rows[i].taken ? is_taken : NULL, rows[i].taken),
			str_of(rows[i].wanted));
	}
	arena_free(&arena);
}

static void added_labels_give_way_unless_they_are_forced(void **state)
{
	static const struct {
		const char *labels, *added;
		size_t n_forced;
		const char *wanted;
		size_t n_exported;
	} rows[] = {
		{ "", "", 0, "", 0 },
		{ "", "a=\"1\",b=\"2\"", 0, "a=\"1\",b=\"2\"", 0 },
		{ "", "a=\"1\",b=\"2\"", 2, "a=\"1\",b=\"2\"", 0 },
		{ "c=\"3\"", "a=\"1\"", 0, "c=\"3\",a=\"1\"", 0 },
		{ "a=\"own\"", "a=\"1\",b=\"2\"", 0, "a=\"own\",b=\"2\"", 0 },
		{ "a=\"\"", "a=\"1\"", 0, "a=\"\"", 0 },
		{ "a=\"own\"", "a=\"1\"", 1, "exported_a=\"own\",a=\"1\"", 1 },
		{ "a=\"1\"", "a=\"1\"", 1, "exported_a=\"1\",a=\"1\"", 1 },
		{ "b=\"own\",a=\"own\"", "a=\"1\",b=\"2\"", 1,
			"b=\"own\",exported_a=\"own\",a=\"1\"", 1 },
		{ "b=\"own\",a=\"own\"", "a=\"1\",b=\"2\"", 2,
			"exported_b=\"own\",exported_a=\"own\",a=\"1\",b=\"2\"", 2 },
		{ "a=\"own\",exported_a=\"x\"", "a=\"1\"", 1,
			"exported_exported_a=\"own\",exported_a=\"x\",a=\"1\"", 1 },
		{ "a=\"x\\\",b=\\\"\"", "a=\"1\"", 1, "exported_a=\"x\\\",b=\\\"\",a=\"1\"", 1 },
	};
	struct arena arena = { 0 };
	struct label_list list = { .arena = &arena };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct label_extra extra = { str_of(rows[i].added), rows[i].n_forced };

		label_list_read(&list, str_of(rows[i].labels));
		check_number(rows[i].labels, "exported", label_list_extend(&list, &extra),
			rows[i].n_exported);
		check_str(rows[i].labels, label_list_text(&list), str_of(rows[i].wanted));
	}
	arena_free(&arena);
}

enum {
	ESCAPE = 1u << REPAIR_ESCAPE,
	UTF8 = 1u << REPAIR_INVALID_UTF8,
	TWICE = 1u << REPAIR_DUPLICATE_LABEL,
	RESERVED = 1u << REPAIR_RESERVED_LABEL,
};

static void escaped_names_have_one_underscore_per_character(void **state)
{
	static const struct {
		const char *text, *metric, *label;
	} rows[] = {
		{ "a_b9", "a_b9", "a_b9" },
		{ "a.b", "a_b", "a_b" },
		{ "a:b", "a:b", "a_b" },
		{ ":a", ":a", "_a" },
		{ "9a", "_a", "_a" },
		{ "99", "_9", "_9" },
		{ ".9", "_9", "_9" },
		{ "a b-c/d", "a_b_c_d", "a_b_c_d" },
		{ "gr\xc3\xbc\xc3\x9f", "gr__", "gr__" },
		{ "\xe2\x82\xac", "_", "_" },
		{ "\xf0\x9f\x98\x80x", "_x", "_x" },
		{ "\xff\xfe", "__", "__" },
		{ "a\xc3", "a_", "a_" },
		{ "a\\\"b", "a_b", "a_b" },
		{ "a\\\\b", "a_b", "a_b" },
		{ "a\\nb", "a_b", "a_b" },
		{ "a\\tb", "a_tb", "a_tb" },
		{ "a\nb", "a_b", "a_b" },
		{ ".", "_", "_" },
		{ "{}", "__", "__" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str text = str_of(rows[i].text);

		check_str(rows[i].text, label_escape_name(&arena, text, true),
			str_of(rows[i].metric));
		check_str(rows[i].text, label_escape_name(&arena, text, false),
			str_of(rows[i].label));
	}
	check_str("a NUL", label_escape_name(&arena, STR("a\\\0b"), false), STR("a__b"));
	arena_free(&arena);
}

static void odd_labels_become_canonical(void **state)
{
	static const struct {
		const char *odd, *canonical;
		uint32_t repairs;
	} rows[] = {
		{ "a=\"1\",", "a=\"1\"", 0 },
		{ " a = \"1\" , b\t=\t\"2\" ", "a=\"1\",b=\"2\"", 0 },
		{ "a=\"x\\ty\"", "a=\"x\\\\ty\"", ESCAPE },
		{ "a=\"\\\\t\"", "a=\"\\\\t\"", 0 },
		{ "a=\"\\\",\"", "a=\"\\\",\"", 0 },
		{ "a=\"\\d\\\"\\n\"", "a=\"\\\\d\\\"\\n\"", ESCAPE },
		{ "a=\"\xff\"", "a=\"\xef\xbf\xbd\"", UTF8 },
		{ "a=\"\xe2\x82\"", "a=\"\xef\xbf\xbd\xef\xbf\xbd\"", UTF8 },
		{ "a=\"\\\xff\"", "a=\"\\\\\xef\xbf\xbd\"", ESCAPE | UTF8 },
		{ "a=\"\\\xc3\xa4\"", "a=\"\\\\\xc3\xa4\"", ESCAPE },
		{ "a=\"1\",a=\"2\"", "a=\"1\"", TWICE },
		{ "a=\"1\",b=\"2\",a=\"1\",b=\"3\"", "a=\"1\",b=\"2\"", TWICE },
		{ "__name__=\"m\",a=\"1\"", "a=\"1\"", RESERVED },
		{ "__x=\"\xff\"", "", RESERVED },
		{ "__x=\"1\",__x=\"2\"", "", RESERVED },
		{ "_a=\"1\"", "_a=\"1\"", 0 },
		{ "a=\"1\" b=\"2\"", "a=\"1\",b=\"2\"", 0 },
		{ "a=\"1\"b=\"2\"", "a=\"1\",b=\"2\"", 0 },
		{ "a=\"x\ny\"", "a=\"x\\ny\"", 0 },
		{ "a=\"x\\\ny\"", "a=\"x\\\\\\ny\"", ESCAPE },
		{ "\"m\"", "", 0 },
		{ "\"m\" , ", "", 0 },
		{ "\"m=\\\"\",a=\"1\"", "a=\"1\"", 0 },
		{ "a=\"1\"\"m\"", "a=\"1\"", 0 },
		{ "\"l.x\"=\"v\"", "l_x=\"v\"", 0 },
		{ "\"l=\\\"\" = \"v\",b=\"2\"", "l__=\"v\",b=\"2\"", 0 },
		{ "\"l.x\"=\"1\",l_x=\"2\"", "l_x=\"1\"", TWICE },
		{ "l_x=\"1\",\"l.x\"=\"2\",\"l:x\"=\"3\"", "l_x=\"1\"", TWICE },
		{ "\"__x\"=\"1\",\"..y\"=\"2\"", "", RESERVED },
	};
	struct arena arena = { 0 };
	struct label_list list = { .arena = &arena };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t repairs = 0;

		label_list_repair(&list, str_of(rows[i].odd), &repairs);
		check_str(rows[i].odd, label_list_text(&list), str_of(rows[i].canonical));
		check_number(rows[i].odd, "repairs", repairs, rows[i].repairs);
	}
	arena_free(&arena);
}

static void escapes_are_kept_or_doubled(void **state)
{
	static const struct {
		const char *text;
		bool quotes;
		const char *wanted;
		uint32_t repairs;
	} rows[] = {
		{ "", true, "", 0 },
		{ "plain", true, "plain", 0 },
		{ "a\\\\b\\nc", true, "a\\\\b\\nc", 0 },
		{ "a\\\\b\\nc", false, "a\\\\b\\nc", 0 },
		{ "\\\"", true, "\\\"", 0 },
		{ "\\\"", false, "\"", ESCAPE },
		{ "a \"b\"", false, "a \"b\"", 0 },
		{ "\\t", true, "\\\\t", ESCAPE },
		{ "\\t", false, "\\\\t", ESCAPE },
		{ "end\\", false, "end\\\\", ESCAPE },
		{ "\\\\\\", false, "\\\\\\\\", ESCAPE },
		{ "\xc0\x80", false, "\xef\xbf\xbd\xef\xbf\xbd", UTF8 },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t repairs = 0;
		struct str got = label_repair_escapes(
			&arena, str_of(rows[i].text), rows[i].quotes, &repairs);

		check_str(rows[i].text, got, str_of(rows[i].wanted));
		check_number(rows[i].text, "repairs", repairs, rows[i].repairs);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_text_format),
		cmocka_unit_test(walks_past_escapes),
		cmocka_unit_test(finds_values_by_whole_names),
		cmocka_unit_test(identity_is_the_set_of_labels_with_values),
		cmocka_unit_test(name_bits_cover_every_name),
		cmocka_unit_test(a_list_grows_and_gives_its_text_back),
		cmocka_unit_test(escaped_names_have_one_underscore_per_character),
		cmocka_unit_test(exported_names_are_free),
		cmocka_unit_test(added_labels_give_way_unless_they_are_forced),
		cmocka_unit_test(odd_labels_become_canonical),
		cmocka_unit_test(escapes_are_kept_or_doubled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
