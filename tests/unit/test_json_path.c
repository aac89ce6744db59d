// SPDX-License-Identifier: Apache-2.0
#include "source/json_page.h"
#include "unit.h"

// "row key value; " of each value, in order.
struct found {
	struct arena *arena;
	struct json root;
	const struct json_path *label; // NULL: none
	struct buf text;
};

static void on_value(void *arg, const struct json_row *row, struct json value)
{
	struct found *found = arg;
	struct str spelled = json_path_spell(value, found->arena);

	if (found->label)
		buf_addf(&found->text, "%.*s=",
			STR_ARG(json_path_label(found->label, found->root, row, found->arena)));
	buf_addf(&found->text, "%.*s ", STR_ARG(spelled));
}

static struct json_doc *read_good(const char *row, const char *text)
{
	struct err err = { 0 };
	struct json_doc *doc = json_read(str_of(text), &err);

	if (!doc)
		FAIL_ROW(row, "%s", err.text);
	return doc;
}

static void values_are_found(void **state)
{
	static const char answer[] =
		"{\"a\":{\"b.c\":{\"d\":1}},\"n\":null,\"t\":true,\"text\":\"x\",\"empty\":[],"
		"\"big\":9007199254740993,\"real\":0.25,\"ten\":10.0,\"-1\":5,"
		"\"rows\":[{\"id\":7,\"v\":1,\"on\":true,\"s\":\"run\"},{\"id\":7.0,\"v\":2,\"on\":"
		"false,"
		"\"s\":\"stop\"},{\"id\":\"7\",\"v\":3},4,null,{\"v\":null}],"
		"\"by\":{\"x\":{\"k\":\"p\",\"v\":5},\"y\":{\"k\":\"q\",\"v\":6},\"z\":7},"
		"\"deep\":[{\"r\":[1,2]},{\"r\":[]},{\"r\":[3]}]}";
	static const struct {
		const char *path, *values;
		bool found;
	} rows[] = {
		{ "a['b.c'].d", "1 ", true },
		{ "$.a[\"b.c\"].d", "1 ", true },
		{ "a[ 'b.c' ]['d']", "1 ", true },
		{ "['a']['b.c']['d']", "1 ", true },
		{ "a.b.c.d", "", false },
		{ "n", "", false },
		{ "missing", "", false },
		{ "t.x", "", false },
		{ "t", "true ", true },
		{ "text", "x ", true },
		{ "big", "9007199254740993 ", true },
		{ "real", "0.25 ", true },
		{ "ten", "10 ", true },
		{ "-1", "5 ", true },
		{ "empty[*]", "", true },
		{ "empty[*].x.y", "", true },
		{ "empty[x=1]", "", true },
		{ "missing[*]", "", false },
		{ "text[*]", "", false },
		{ "n[*]", "", false },
		{ "rows[*].v", "1 2 3 ", true },
		{ "rows[*].w", "", false },
		{ "rows[id=7].v", "1 2 ", true },
		{ "rows[id=7.0].v", "1 2 ", true },
		{ "rows[id=70e-1].v", "1 2 ", true },
		{ "rows[ id = 7 ].v", "1 2 ", true },
		{ "rows['id'='7'].v", "3 ", true },
		{ "rows[on=true].v", "1 ", true },
		{ "rows[on=false].v", "2 ", true },
		{ "rows[s='run'].v", "1 ", true },
		{ "rows[s=\"run\"].w", "", false },
		// No row is so now, but there are such rows.
		{ "rows[s='lost'].v", "", true },
		{ "rows[s=1].v", "", true },
		{ "rows[state='run'].v", "", false },
		{ "rows.v", "", false },
		{ "by[*].v", "5 6 ", true },
		{ "by[k='q'].v", "6 ", true },
		{ "by[k='q'][*]", "q 6 ", true },
		{ "deep[*].r[*]", "1 2 3 ", true },
		{ "deep[*].r[*].x", "", false }, // though one of the lists is empty
		{ "deep[*].r[x=1].y", "", false },
		{ "$", " ", true },
	};
	struct json_doc *doc = read_good("answer", answer);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct json_path path;
		struct err err = { 0 };
		struct found found = { &arena, json_root(doc), NULL, buf_new(UNIT_LIMIT) };

		if (!json_path_parse(&arena, str_of(rows[i].path), &path, &err))
			FAIL_ROW(rows[i].path, "%s", err.text);
		bool is_found = json_path_walk(&path, json_root(doc), on_value, &found);
		check_str(rows[i].path, buf_str(&found.text), str_of(rows[i].values));
		check_number(rows[i].path, "found", is_found, rows[i].found);
		buf_free(&found.text);
		arena_free(&arena);
	}
	json_free(doc);
}

static void labels_come_from_rows_and_from_further_out(void **state)
{
	static const char answer[] =
		"{\"c\":\"plant\",\"name\":\"root\",\"nodes\":{\"n1\":{\"name\":\"a\",\"up\":true,"
		"\"q\":[{\"name\":\"q1\",\"m\":1,\"x\":{\"y\":12}},{\"m\":2,\"name\":0.5}]},"
		"\"\":{\"q\":[{\"m\":3,\"name\":[]}]}}}";
	static const struct {
		const char *path, *label, *values;
	} rows[] = {
		{ "nodes[*].q[*].m", "name", "q1=1 0.5=2 =3 " },
		{ "nodes[*].q[*].m", "x.y", "12=1 =2 =3 " },
		{ "nodes[*].q[*].m", "['x']['y']", "12=1 =2 =3 " },
		{ "nodes[*].q[*].m", "$.c", "plant=1 plant=2 plant=3 " },
		{ "nodes[*].q[*].m", "$['c']", "plant=1 plant=2 plant=3 " },
		{ "nodes[*].q[*].m", "^.name", "a=1 a=2 =3 " },
		{ "nodes[*].q[*].m", "^['up']", "true=1 true=2 =3 " },
		{ "nodes[*].q[*].m", "^^.name", "root=1 root=2 root=3 " },
		{ "nodes[*].q[*].m", "@key", "0=1 1=2 0=3 " },
		// An object may have a member without a name.
		{ "nodes[*].q[*].m", "^@key", "n1=1 n1=2 =3 " },
		{ "nodes[*].q[*].m", "='t\"x'", "t\"x=1 t\"x=2 t\"x=3 " },
		{ "nodes[*].q[*].m", "= \"it's\"", "it's=1 it's=2 it's=3 " },
		{ "nodes[*].q[name='q1'].m", "@key", "0=1 " },
		{ "nodes[*].q[m=2].m", "@key", "1=2 " },
		{ "nodes[name='a'].up", "@key", "n1=true " },
		{ "c", "name", "root=plant " },
		{ "c", "$", "=plant " },
	};
	struct json_doc *doc = read_good("answer", answer);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct json_path path, label;
		struct err err = { 0 };
		struct found found = { &arena, json_root(doc), &label, buf_new(UNIT_LIMIT) };

		if (!json_path_parse(&arena, str_of(rows[i].path), &path, &err) ||
			!json_path_parse_label(
				&arena, str_of(rows[i].label), path.n_levels, &label, &err))
			FAIL_ROW(rows[i].label, "%s", err.text);
		json_path_walk(&path, json_root(doc), on_value, &found);
		check_str(rows[i].label, buf_str(&found.text), str_of(rows[i].values));
		buf_free(&found.text);
		arena_free(&arena);
	}
	json_free(doc);
}

// The byte where a text is wrong, and a part of what is said.
struct fault_row {
	const char *text;
	size_t position;
	const char *words;
};

static void check_fault(const struct fault_row *row, bool good, const struct err *err)
{
	if (good)
		FAIL_ROW(row->text, "%s", "is taken");
	check_number(row->text, "kind", err->kind, ERR_INVALID);
	check_number(row->text, "position", err->position, row->position);
	if (!strstr(err->text, row->words))
		FAIL_ROW(row->text, "no \"%s\" in \"%s\"", row->words, err->text);
}

static void faults_of_paths_have_their_position(void **state)
{
	static const struct fault_row rows[] = {
		{ "", 0, "a key is missing" },
		{ ".", 0, "a key is missing" },
		{ "a.", 2, "a key is missing" },
		{ "a..b", 2, "a key is missing" },
		{ "a.[*]", 2, "a key is missing" },
		{ "a[*]b", 4, "a dot or a bracket is missing" },
		{ "a b", 1, "['a b']" },
		{ "a.b ", 3, "a dot or a bracket" },
		{ "a@b", 1, "['a b']" },
		{ "$a", 1, "a dot or a bracket" },
		{ "^.a", 0, "a key is missing" },
		{ "@key", 0, "a key is missing" },
		{ "='1'", 0, "a key is missing" },
		{ "a[0].b", 3, "no indices" },
		{ "a[b].c", 3, "a = and a value are missing, as in [name='x']" },
		{ "a[]", 2, "a * is missing" },
		{ "a[", 2, "a * is missing" },
		{ "a[*", 3, "a ] is missing" },
		{ "a[**]", 3, "a ] is missing" },
		{ "a['b", 2, "a quote without" },
		{ "a['b\"]", 2, "a quote without" },
		{ "a['b'", 5, "a ] is missing" },
		{ "a[b.c='d']", 3, "a = and a value" },
		{ "a[b=]", 4, "a filter wants" },
		{ "a[b=c]", 4, "a filter wants" },
		{ "a[b=null]", 4, "a filter wants" },
		{ "a[b=-]", 4, "no number" },
		{ "a[b=1.]", 4, "no number" },
		{ "a[b=1e999]", 4, "no number" },
		{ "a[b=0x1]", 4, "no number" },
		{ "a[b=-inf]", 4, "no number" },
		{ "a[b=1 2]", 6, "a ] is missing" },
		{ "a[b='c'", 7, "a ] is missing" },
		{ "a[b==1]", 4, "a filter wants" },
		{ "a.\xff", 0, "UTF-8" },
		{ "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26.27.28.29."
		  "30.31.32.33",
			87, "at most 32 steps" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct json_path path;
		struct err err = { 0 };
		bool good = json_path_parse(&arena, str_of(rows[i].text), &path, &err);

		check_fault(&rows[i], good, &err);
		arena_free(&arena);
	}
}

static void faults_of_labels_have_their_position(void **state)
{
	// Beside a path with two levels
	static const struct fault_row rows[] = {
		{ "", 0, "a key is missing" },
		{ "a[*]", 4, "one value" },
		{ "a[b=1].c", 8, "one value" },
		{ "$.a[*].b", 8, "one value" },
		{ "^^^.a", 3, "further out" },
		{ "^^@key", 6, "has a key here" },
		{ "^a", 1, "a dot or a bracket" },
		{ "@key.a", 4, "a dot or a bracket" },
		{ "@", 0, "a key is missing" },
		{ "=", 1, "a text in quotes" },
		{ "=a", 1, "a text in quotes" },
		{ "=''", 3, "empty" },
		{ "='a' ", 4, "a dot or a bracket" },
	};
	static const char *const good[] = { "^^.a", "^@key", "^^", "$", "$.a.b", "a" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct json_path path;
		struct err err = { 0 };
		bool is_good = json_path_parse_label(&arena, str_of(rows[i].text), 2, &path, &err);

		check_fault(&rows[i], is_good, &err);
		arena_free(&arena);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct arena arena = { 0 };
		struct json_path path;
		struct err err = { 0 };

		CHECK_ROW(good[i], json_path_parse_label(&arena, str_of(good[i]), 2, &path, &err));
		arena_free(&arena);
	}
}

static void a_label_has_no_key_where_no_row_is(void **state)
{
	struct arena arena = { 0 };
	struct json_path path;
	struct err err = { 0 };

	(void)state;
	assert_false(json_path_parse_label(&arena, STR("@key"), 0, &path, &err));
	assert_int_equal(err.position, 4);
	err = (struct err){ 0 };
	assert_false(json_path_parse_label(&arena, STR("^.a"), 0, &path, &err));
	assert_int_equal(err.position, 1);
	arena_free(&arena);
}

// Pages

static void the_next_page_is_found(void **state)
{
	static const struct {
		const char *next, *more, *answer;
		enum json_page_verdict verdict;
		const char *url; // or a part of the fault
	} rows[] = {
		{ "/q?page=${page + 1}", "page < pages", "{\"page\":1,\"pages\":3}", JSON_PAGE_NEXT,
			"/q?page=2" },
		{ "/q?page=${page+1}", " page<pages ", "{\"page\":3,\"pages\":3}", JSON_PAGE_LAST,
			"" },
		{ "/q?page=${ page + 10 }&x=y", "page < 2.5", "{\"page\":2}", JSON_PAGE_NEXT,
			"/q?page=12&x=y" },
		{ "/q?page=${page + 1}", "page < 2", "{\"page\":2.0}", JSON_PAGE_LAST, "" },
		{ "/q?page=${page + 1}", "page < -2", "{\"page\":-2}", JSON_PAGE_LAST, "" },
		{ "/q?page=${page + 1}", "p < q",
			"{\"p\":9223372036854775806,"
			"\"q\":9223372036854775807,\"page\":1}",
			JSON_PAGE_NEXT, "/q?page=2" },
		{ "/q?page=${page + 1}", "page < pages", "{\"page\":1}", JSON_PAGE_FAILED,
			"no number right of the < of more" },
		{ "/q?page=${page + 1}", "page < pages", "[]", JSON_PAGE_FAILED,
			"no number left of the < of more" },
		{ "/q?page=${page + 1}", "page < pages", "{\"page\":\"1\",\"pages\":2}",
			JSON_PAGE_FAILED, "no number left" },
		{ "/q?page=${page + 1}", "more", "{\"page\":0,\"more\":true}", JSON_PAGE_NEXT,
			"/q?page=1" },
		{ "/q?page=${page + 1}", "more", "{\"page\":0,\"more\":false}", JSON_PAGE_LAST,
			"" },
		{ "/q?page=${page + 1}", "more", "{\"page\":0}", JSON_PAGE_LAST, "" },
		{ "/q?page=${page + 1}", "more", "{\"page\":0,\"more\":0}", JSON_PAGE_LAST, "" },
		{ "/q?page=${page + 1}", "more", "{\"page\":0,\"more\":2}", JSON_PAGE_NEXT,
			"/q?page=1" },
		{ "/q?page=${page + 1}", "more", "{\"page\":0,\"more\":\"\"}", JSON_PAGE_LAST, "" },
		{ "/q?page=${page + 1}", "more", "{\"page\":0,\"more\":\"n\"}", JSON_PAGE_NEXT,
			"/q?page=1" },
		{ "/q?page=${page + 1}", "more", "{\"more\":true}", JSON_PAGE_FAILED,
			"the answer lacks a value of next_page" },
		{ "/q?page=${page + 1}", NULL, "{\"page\":\"1\"}", JSON_PAGE_FAILED,
			"no whole number" },
		{ "/q?page=${page + 1}", NULL, "{\"page\":1.5}", JSON_PAGE_FAILED,
			"no whole number" },
		{ "/q?page=${page + 1}", NULL, "{\"page\":9223372036854775807}", JSON_PAGE_FAILED,
			"no whole number" },
		{ "/q?page=${page + 1}", NULL, "{\"page\":[1]}", JSON_PAGE_FAILED, "a list" },
		{ "/q?c=${cursor}", NULL, "{\"cursor\":\"a/b&c=d e\\u00e4\"}", JSON_PAGE_NEXT,
			"/q?c=a%2Fb%26c%3Dd%20e%C3%A4" },
		{ "/q/${cursor}/x", NULL, "{\"cursor\":\"..\"}", JSON_PAGE_NEXT, "/q/%2E%2E/x" },
		{ "/q?c=${cursor}", NULL, "{\"cursor\":0}", JSON_PAGE_NEXT, "/q?c=0" },
		{ "/q?c=${cursor}", NULL, "{\"cursor\":null}", JSON_PAGE_LAST, "" },
		{ "/q?c=${cursor}", NULL, "{\"cursor\":false}", JSON_PAGE_LAST, "" },
		{ "/q?c=${cursor}", NULL, "{\"cursor\":\"\"}", JSON_PAGE_LAST, "" },
		{ "/q?c=${cursor}", NULL, "[]", JSON_PAGE_LAST, "" },
		{ "/q?c=${a}&d=${['b}']}", NULL, "{\"a\":1,\"b}\":2}", JSON_PAGE_NEXT,
			"/q?c=1&d=2" },
		{ "/q?c=${a}&d=${b}", NULL, "{\"a\":1}", JSON_PAGE_LAST, "" },
		{ "/q$?c=${a}$", NULL, "{\"a\":1}", JSON_PAGE_NEXT, "/q$?c=1$" },
		{ "${links.next}", NULL, "{\"links\":{\"next\":\"http://h/a?b=c d\"}}",
			JSON_PAGE_NEXT, "http://h/a?b=c d" },
		{ "${links.next}", NULL, "{\"links\":{\"next\":null}}", JSON_PAGE_LAST, "" },
		{ "${links.next}", NULL, "{\"links\":{}}", JSON_PAGE_LAST, "" },
		{ "https://h/a?b=${c}", NULL, "{\"c\":1}", JSON_PAGE_NEXT, "https://h/a?b=1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *name = rows[i].answer;
		struct arena arena = { 0 };
		struct json_page page = { 0 };
		struct err err = { 0 };
		struct json_doc *doc = read_good(name, rows[i].answer);
		struct str next;

		if (!json_page_parse(&arena, str_of(rows[i].next), &page, &err) ||
			(rows[i].more &&
				!json_page_parse_more(&arena, str_of(rows[i].more), &page, &err)))
			FAIL_ROW(name, "%s", err.text);
		check_number(name, "verdict",
			json_page_next(&page, json_root(doc), &arena, &next, &err),
			rows[i].verdict);
		if (rows[i].verdict == JSON_PAGE_FAILED) {
			check_number(name, "kind", err.kind, ERR_BAD_BODY);
			if (!strstr(err.text, rows[i].url))
				FAIL_ROW(name, "no \"%s\" in \"%s\"", rows[i].url, err.text);
		} else {
			check_number(name, "kind", err.kind, ERR_NONE);
			check_str(name, next, str_of(rows[i].url));
		}
		json_free(doc);
		arena_free(&arena);
	}
}

static void faults_of_templates_have_their_position(void **state)
{
	static const struct fault_row rows[] = {
		{ "", 0, "no ${...}" },
		{ "/q?page=2", 9, "no ${...}" },
		{ "q?page=${page + 1}", 0, "must start with /" },
		{ "//h/q?page=${page + 1}", 0, "must start with /" },
		{ "${page + 1}", 0, "must start with /" },
		{ "${a}${b}", 0, "must start with /" },
		{ "ftp://h/${a}", 0, "must start with /" },
		{ "/q ${a}", 0, "a byte that no URL has" },
		{ "/q${a}#b", 6, "a byte that no URL has" },
		{ "/q${a}\\b", 6, "a byte that no URL has" },
		{ "/q?${", 5, "a key is missing" },
		{ "/q?${}", 5, "a key is missing" },
		{ "/q?${a", 6, "a } is missing" },
		{ "/q?${a b}", 7, "a } is missing" },
		{ "/q?${a - 1}", 7, "a } is missing" },
		{ "/q?${a + }", 9, "no number" },
		{ "/q?${a + 1.5}", 12, "a whole number" },
		{ "/q?${a + 99999999999999999999}", 29, "a whole number" },
		{ "/q?${a[*]}", 9, "one value" },
		{ "/q?${env:X}", 8, "a } is missing" },
	};
	static const struct fault_row mores[] = {
		{ "", 0, "a key is missing" },
		{ "page <", 6, "a key is missing" },
		{ "page < < 2", 7, "a key is missing" },
		{ "page > 2", 5, "a path < a path or a number" },
		{ "page < 2 3", 9, "a path < a path or a number" },
		{ "page <= 2", 6, "a key is missing" },
		{ "3 <", 3, "a key is missing" },
		{ "rows[*].x", 9, "one value" },
		{ "page < rows[*].x", 16, "one value" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows) + ARRAY_LEN(mores); i++) {
		bool is_more = i >= ARRAY_LEN(rows);
		const struct fault_row *row = is_more ? &mores[i - ARRAY_LEN(rows)] : &rows[i];
		struct arena arena = { 0 };
		struct json_page page = { 0 };
		struct err err = { 0 };
		bool good = is_more ? json_page_parse_more(&arena, str_of(row->text), &page, &err)
				    : json_page_parse(&arena, str_of(row->text), &page, &err);

		check_fault(row, good, &err);
		arena_free(&arena);
	}
}

static void a_url_has_a_limit(void **state)
{
	struct arena arena = { 0 };
	struct json_page page = { 0 };
	struct err err = { 0 };
	struct buf answer = buf_new(UNIT_LIMIT);
	struct str next;

	(void)state;
	buf_add(&answer, STR("{\"c\":\""));
	for (int i = 0; i < 20000; i++)
		buf_add_byte(&answer, 'x');
	buf_add(&answer, STR("\"}"));
	struct json_doc *doc = json_read(buf_str(&answer), &err);
	assert_true(json_page_parse(&arena, STR("/q?c=${c}"), &page, &err));
	assert_int_equal(
		json_page_next(&page, json_root(doc), &arena, &next, &err), JSON_PAGE_FAILED);
	assert_int_equal(err.kind, ERR_TOO_LARGE);
	json_free(doc);
	buf_free(&answer);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found),
		cmocka_unit_test(labels_come_from_rows_and_from_further_out),
		cmocka_unit_test(faults_of_paths_have_their_position),
		cmocka_unit_test(faults_of_labels_have_their_position),
		cmocka_unit_test(a_label_has_no_key_where_no_row_is),
		cmocka_unit_test(the_next_page_is_found),
		cmocka_unit_test(faults_of_templates_have_their_position),
		cmocka_unit_test(a_url_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
