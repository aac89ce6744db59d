// SPDX-License-Identifier: Apache-2.0
#include "source/json_rows.h"
#include "unit.h"

// Rows of a page, a line each, are added to *found.
static struct json_rows find_all(struct str page, struct buf *found, struct err *err)
{
	struct json_rows rows = json_rows_start(page);

	while (json_rows_next(&rows, err)) {
		buf_add(found, rows.row);
		buf_add_byte(found, '\n');
	}
	assert_int_equal(rows.row.len, 0);
	return rows;
}

// In memory that ends where the page ends.
static struct str exact_copy(struct str text)
{
	char *copy = malloc(text.len ? text.len : 1);

	assert_non_null(copy);
	if (text.len)
		memcpy(copy, text.ptr, text.len);
	return (struct str){ copy, text.len };
}

static void check_good(const char *row, struct str page, struct str wanted, struct str meta)
{
	struct buf found = buf_new(UNIT_LIMIT);
	struct str copy = exact_copy(page);
	struct err err = { 0 };
	struct json_rows rows = find_all(copy, &found, &err);

	if (err.kind)
		FAIL_ROW(row, "is bad: %s", err.text);
	check_str(row, buf_str(&found), wanted);
	check_str(row, rows.meta, meta);
	CHECK_ROW(row, !json_rows_next(&rows, &err) && err.kind == ERR_NONE);
	buf_free(&found);
	free((char *)copy.ptr);
}

static void finds_the_rows_and_the_meta(void **state)
{
	static const struct {
		struct str page, rows, meta;
	} rows[] = {
		{ STR_INIT("{\"data\":[{\"a\":1},{\"b\":2}],\"meta\":{\"count\":2}}"),
			STR_INIT("{\"a\":1}\n{\"b\":2}\n"), STR_INIT("{\"count\":2}") },
		{ STR_INIT("{\"data\":[]}"), STR_INIT(""), STR_INIT("") },
		{ STR_INIT("{\"data\":[{}]}"), STR_INIT("{}\n"), STR_INIT("") },
		{ STR_INIT("[{},{}]"), STR_INIT("{}\n{}\n"), STR_INIT("") },
		{ STR_INIT("[]"), STR_INIT(""), STR_INIT("") },
		// white space
		{ STR_INIT(" \t\r\n{ \n\"data\" : [ {} , {\"a\" : 1} ] , \"meta\" : 1 } \n"),
			STR_INIT("{}\n{\"a\" : 1}\n"), STR_INIT("1") },
		{ STR_INIT("{\"data\":[ ]}"), STR_INIT(""), STR_INIT("") },
		{ STR_INIT(" [ 1 , 2 ] "), STR_INIT("1\n2\n"), STR_INIT("") },
		// other members
		{ STR_INIT("{\"meta\":{},\"code\":0,\"data\":[1],\"x\":[{\"data\":[2]}]}"),
			STR_INIT("1\n"), STR_INIT("{}") },
		{ STR_INIT("{\"x\":{\"y\":\"}]\"},\"z\":null,\"\":\"\",\"data\":[1]}"),
			STR_INIT("1\n"), STR_INIT("") },
		{ STR_INIT("{\"meta\":1,\"data\":[],\"meta\":2}"), STR_INIT(""), STR_INIT("2") },
		{ STR_INIT("{\"d\\u0061ta\":[1],\"data\":[2],\"d\\u0061ta\":3}"), STR_INIT("2\n"),
			STR_INIT("") },
		{ STR_INIT("{\"Data\":1,\"data\":[],\"data \":2,\"dat\":3}"), STR_INIT(""),
			STR_INIT("") },
		// brackets and commas in strings
		{ STR_INIT("[{\"a\":\"}],[{\"},{}]"), STR_INIT("{\"a\":\"}],[{\"}\n{}\n"),
			STR_INIT("") },
		{ STR_INIT("[\"a,b\",\"]\"]"), STR_INIT("\"a,b\"\n\"]\"\n"), STR_INIT("") },
		{ STR_INIT("[{\"a\\\"}\":1}]"), STR_INIT("{\"a\\\"}\":1}\n"), STR_INIT("") },
		{ STR_INIT("[\"\\\\\",\"\\\\\\\"\",\"\\\\\\\\\",1]"),
			STR_INIT("\"\\\\\"\n\"\\\\\\\"\"\n\"\\\\\\\\\"\n1\n"), STR_INIT("") },
		{ STR_INIT("{\"a\\\"\":1,\"data\":[1]}"), STR_INIT("1\n"), STR_INIT("") },
		// rows of all kinds, and within them what they like
		{ STR_INIT("[null,true,-1.5e3,\"\",[[1,2],{}],{\"a\":{\"b\":[]}}]"),
			STR_INIT("null\ntrue\n-1.5e3\n\"\"\n[[1,2],{}]\n{\"a\":{\"b\":[]}}\n"),
			STR_INIT("") },
		{ STR_INIT("[\"a\xff\xc3\",{\"\x01\n\0\":1}]"),
			STR_INIT("\"a\xff\xc3\"\n{\"\x01\n\0\":1}\n"), STR_INIT("") },
		// rows that are no JSON cost only themselves
		{ STR_INIT("[{\"a\" 1},{1 2,,},[:],NaN,'a',{}]"),
			STR_INIT("{\"a\" 1}\n{1 2,,}\n[:]\nNaN\n'a'\n{}\n"), STR_INIT("") },
		{ STR_INIT("[{\"a\":[1}},[{]},x\0,1]"), STR_INIT("{\"a\":[1}}\n[{]}\nx\0\n1\n"),
			STR_INIT("") },
		{ STR_INIT("[{\"a\":1],{}]"), STR_INIT("{\"a\":1]\n{}\n"), STR_INIT("") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_good(rows[i].page.ptr, rows[i].page, rows[i].rows, rows[i].meta);
}

static void check_bad(
	const char *row, struct str page, struct str wanted, size_t position, const char *why)
{
	struct buf found = buf_new(UNIT_LIMIT);
	struct str copy = exact_copy(page);
	struct err err = { 0 }, again = { 0 };
	struct json_rows rows = find_all(copy, &found, &err);

	check_number(row, "kind", err.kind, ERR_BAD_BODY);
	check_number(row, "position", err.position, position);
	if (!strstr(err.text, why))
		FAIL_ROW(row, "says: %s", err.text);
	check_str(row, buf_str(&found), wanted);
	CHECK_ROW(row, !json_rows_next(&rows, &again));
	check_str(row, str_of(again.text), str_of(err.text));
	buf_free(&found);
	free((char *)copy.ptr);
}

static void a_bad_page_has_a_position_and_the_rows_before(void **state)
{
	static const struct {
		struct str page, rows;
		size_t position;
		const char *why; // a part of the text
	} rows[] = {
		// no page
		{ STR_INIT(""), STR_INIT(""), 0,
			"no page of a list: it ends too early, after 0 bytes" },
		{ STR_INIT(" \n"), STR_INIT(""), 2, "it ends too early" },
		{ STR_INIT("null"), STR_INIT(""), 0, "neither an object nor a list" },
		{ STR_INIT(" \"data\":[]"), STR_INIT(""), 1, "neither an object nor a list" },
		{ STR_INIT("\xef\xbb\xbf[]"), STR_INIT(""), 0, "neither an object nor a list" },
		{ STR_INIT("]"), STR_INIT(""), 0, "neither an object nor a list" },
		{ STR_INIT("<html>"), STR_INIT(""), 0, "neither an object nor a list" },
		// no list, or two
		{ STR_INIT("{}"), STR_INIT(""), 1, "there is no \"data\"" },
		{ STR_INIT("{\"x\":[],\"meta\":{\"data\":[]}}"), STR_INIT(""), 26,
			"there is no \"data\"" },
		{ STR_INIT("{\"d\\u0061ta\":[]}"), STR_INIT(""), 15, "there is no \"data\"" },
		{ STR_INIT("{\"data\":{}}"), STR_INIT(""), 8, "\"data\" is no list" },
		{ STR_INIT("{\"data\": null}"), STR_INIT(""), 9, "\"data\" is no list" },
		{ STR_INIT("{\"data\":\"[]\"}"), STR_INIT(""), 8, "\"data\" is no list" },
		{ STR_INIT("{\"data\":[1],\"data\":[2]}"), STR_INIT("1\n"), 19,
			"a second \"data\"" },
		{ STR_INIT("{\"data\":[],\"data\":1}"), STR_INIT(""), 18, "a second \"data\"" },
		// commas between rows
		{ STR_INIT("[1 2]"), STR_INIT("1\n"), 3, "a comma is missing" },
		{ STR_INIT("[{}{}]"), STR_INIT("{}\n"), 3, "a comma is missing" },
		{ STR_INIT("[\"a\"\"b\"]"), STR_INIT("\"a\"\n"), 4, "a comma is missing" },
		{ STR_INIT("[1:2]"), STR_INIT("1\n"), 2, "a comma is missing" },
		{ STR_INIT("[1,,2]"), STR_INIT("1\n"), 3, "a value is missing" },
		{ STR_INIT("[,1]"), STR_INIT(""), 1, "a value is missing" },
		{ STR_INIT("[1, ]"), STR_INIT("1\n"), 4, "a value is missing" },
		{ STR_INIT("[{}}]"), STR_INIT("{}\n"), 3, "a comma is missing" },
		{ STR_INIT("[}]"), STR_INIT(""), 1, "a value is missing" },
		{ STR_INIT("[1}"), STR_INIT("1\n"), 2, "a comma is missing" },
		{ STR_INIT("[:]"), STR_INIT(""), 1, "a value is missing" },
		// members
		{ STR_INIT("{\"data\":[1]\"meta\":1}"), STR_INIT("1\n"), 11, "a comma is missing" },
		{ STR_INIT("{\"data\":[1],}"), STR_INIT("1\n"), 12, "a name is missing" },
		{ STR_INIT("{,\"data\":[1]}"), STR_INIT(""), 1, "a name is missing" },
		{ STR_INIT("{data:[1]}"), STR_INIT(""), 1, "a name is missing" },
		{ STR_INIT("{[1]}"), STR_INIT(""), 1, "a name is missing" },
		{ STR_INIT("{\"data\"[1]}"), STR_INIT(""), 7, "a colon is missing" },
		{ STR_INIT("{\"data\"}"), STR_INIT(""), 7, "a colon is missing" },
		{ STR_INIT("{\"x\":,\"data\":[1]}"), STR_INIT(""), 5, "a value is missing" },
		{ STR_INIT("{\"x\":}"), STR_INIT(""), 5, "a value is missing" },
		{ STR_INIT("{\"x\"::1}"), STR_INIT(""), 5, "a value is missing" },
		{ STR_INIT("{\"x\":1]"), STR_INIT(""), 6, "a comma is missing" },
		{ STR_INIT("{\"data\":[1}}"), STR_INIT("1\n"), 10, "a comma is missing" },
		// something behind it
		{ STR_INIT("[1]]"), STR_INIT("1\n"), 3, "something follows its end" },
		{ STR_INIT("[1] [2]"), STR_INIT("1\n"), 4, "something follows its end" },
		{ STR_INIT("{\"data\":[]}}"), STR_INIT(""), 11, "something follows its end" },
		{ STR_INIT("{\"data\":[]},"), STR_INIT(""), 11, "something follows its end" },
		{ STR_INIT("[]\0"), STR_INIT(""), 2, "something follows its end" },
		// a row that takes others along
		{ STR_INIT("[1,{\"a\":[1},2]"), STR_INIT("1\n{\"a\":[1},2]\n"), 14,
			"it ends too early" },
		{ STR_INIT("[1,{\"a},2]"), STR_INIT("1\n"), 10, "it ends too early" },
		{ STR_INIT("{\"data\":[{\"a\":[1},{\"b\":2}],\"meta\":{}}"),
			STR_INIT("{\"a\":[1},{\"b\":2}]\n\"meta\"\n"), 33, "a comma is missing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_bad(rows[i].page.ptr, rows[i].page, rows[i].rows, rows[i].position,
			rows[i].why);
}

// Only whole rows come out of the first bytes of a page.
static void check_cut_off(struct str page, size_t len, struct str whole)
{
	struct str copy = exact_copy((struct str){ page.ptr, len });
	struct buf found = buf_new(UNIT_LIMIT);
	struct err err = { 0 };

	find_all(copy, &found, &err);
	check_number(page.ptr, "kind", err.kind, ERR_BAD_BODY);
	check_number(page.ptr, "position", err.position, len);
	if (!strstr(err.text, "it ends too early"))
		FAIL_ROW(page.ptr, "cut off after %zu bytes: %s", len, err.text);
	if (!str_starts_with(whole, buf_str(&found)))
		FAIL_ROW(page.ptr, "cut off after %zu bytes: other rows", len);
	buf_free(&found);
	free((char *)copy.ptr);
}

static void a_page_that_is_cut_off_anywhere_ends_too_early(void **state)
{
	static const struct str pages[] = {
		STR_INIT(" { \"code\" : 0 , \"x\\\"\":[{\"data\":[1]}],\"data\" : [ "
			 "{\"a\":\"b]\\\\\"} ,-12,[[]],\"\\\"\",true ] ,"
			 "\"meta\":{\"count\":5} , \"y\":1 }"),
		STR_INIT("[{\"a\":{}},12,\"x\"]"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		struct buf whole = buf_new(UNIT_LIMIT);
		struct err err = { 0 };

		find_all(pages[i], &whole, &err);
		assert_int_equal(err.kind, ERR_NONE);
		for (size_t len = 0; len < pages[i].len; len++)
			check_cut_off(pages[i], len, buf_str(&whole));
		buf_free(&whole);
	}
}

static struct str nested(size_t depth)
{
	struct buf page = buf_new(UNIT_LIMIT);

	buf_add(&page, STR("{\"data\":["));
	for (size_t i = 0; i < depth; i++)
		buf_add(&page, STR("{\"\":["));
	for (size_t i = 0; i < depth; i++)
		buf_add(&page, STR("]}"));
	buf_add(&page, STR("]}"));
	assert_false(page.failed);
	return buf_str(&page);
}

static void a_row_may_be_as_deep_as_it_likes(void **state)
{
	struct str page = nested(1000000);
	struct buf found = buf_new(UNIT_LIMIT);
	struct err err = { 0 };

	(void)state;
	find_all(page, &found, &err);
	assert_int_equal(err.kind, ERR_NONE);
	assert_int_equal(found.len, page.len - strlen("{\"data\":[]}") + 1);
	buf_free(&found);
	find_all((struct str){ page.ptr, page.len - 3 }, &found, &err);
	assert_int_equal(err.kind, ERR_BAD_BODY);
	assert_int_equal(found.len, 0);
	buf_free(&found);
	free((char *)page.ptr);
}

static void a_string_may_be_all_escapes(void **state)
{
	struct buf page = buf_new(UNIT_LIMIT), found = buf_new(UNIT_LIMIT);
	struct err err = { 0 };

	(void)state;
	buf_add(&page, STR("[\""));
	for (size_t i = 0; i < 500000; i++)
		buf_add(&page, i % 2 ? STR("\\\\") : STR("\\\""));
	buf_add(&page, STR("\",1]"));
	find_all(buf_str(&page), &found, &err);
	assert_int_equal(err.kind, ERR_NONE);
	assert_true(str_ends_with(buf_str(&found), STR("\"\n1\n")));
	assert_int_equal(found.len, 1000002 + 1 + 2);
	buf_free(&page);
	buf_free(&found);
}

// Pages by dice against json_read

static unsigned roll(unsigned *dice, unsigned sides)
{
	*dice = *dice * 1103515245 + 12345;
	return (*dice >> 16) % sides;
}

static void add_space(struct buf *out, unsigned *dice)
{
	static const char spaces[] = " \t\r\n";

	while (roll(dice, 4) == 0)
		buf_add_byte(out, spaces[roll(dice, 4)]);
}

static void add_string(struct buf *out, unsigned *dice)
{
	static const struct str pieces[] = { STR_INIT("a"), STR_INIT("\\\""), STR_INIT("\\\\"),
		STR_INIT("["), STR_INIT("}"), STR_INIT("{"), STR_INIT("]"), STR_INIT(","),
		STR_INIT(":"), STR_INIT("\\u00e4"), STR_INIT("\xc3\xa4"), STR_INIT("\\n") };

	buf_add_byte(out, '"');
	for (unsigned n = roll(dice, 6); n; n--)
		buf_add(out, pieces[roll(dice, ARRAY_LEN(pieces))]);
	buf_add_byte(out, '"');
}

static void add_value(struct buf *out, unsigned *dice, unsigned depth);

// With names a0, a1, ...
static void add_container(struct buf *out, unsigned *dice, unsigned depth, bool is_object)
{
	unsigned n = roll(dice, 4);

	buf_add_byte(out, is_object ? '{' : '[');
	for (unsigned i = 0; i < n; i++) {
		buf_add(out, i ? STR(",") : STR(""));
		add_space(out, dice);
		if (is_object)
			buf_addf(out, "\"a%u\":", i);
		add_value(out, dice, depth + 1);
	}
	add_space(out, dice);
	buf_add_byte(out, is_object ? '}' : ']');
}

static void add_value(struct buf *out, unsigned *dice, unsigned depth)
{
	static const struct str plain[] = { STR_INIT("null"), STR_INIT("true"), STR_INIT("false"),
		STR_INIT("0"), STR_INIT("-12.5e3"), STR_INIT("9007199254740993") };
	unsigned kind = roll(dice, depth < 5 ? 4 : 2);

	add_space(out, dice);
	switch (kind) {
	case 0: buf_add(out, plain[roll(dice, ARRAY_LEN(plain))]); break;
	case 1: add_string(out, dice); break;
	default: add_container(out, dice, depth, kind == 3); break;
	}
	add_space(out, dice);
}

static void add_member(struct buf *out, unsigned *dice, const char *name)
{
	add_space(out, dice);
	buf_addf(out, "\"%s\"", name);
	add_space(out, dice);
	buf_add_byte(out, ':');
	add_value(out, dice, 2);
}

static void add_page(struct buf *out, unsigned *dice)
{
	add_space(out, dice);
	buf_add_byte(out, '{');
	add_member(out, dice, "before");
	buf_add(out, STR(",\"data\":"));
	add_container(out, dice, 0, false);
	buf_add_byte(out, ',');
	add_member(out, dice, "meta");
	buf_add_byte(out, ',');
	add_member(out, dice, "behind");
	buf_add_byte(out, '}');
	add_space(out, dice);
	assert_false(out->failed);
}

static void check_same(const char *row, struct json a, struct json b)
{
	struct json_number number_a, number_b;
	struct json_walk walk_a = json_walk(a), walk_b = json_walk(b);

	check_number(row, "kind", json_kind(a), json_kind(b));
	check_str(row, json_text(a), json_text(b));
	json_number(a, &number_a);
	json_number(b, &number_b);
	check_number(row, "integer", (uint64_t)number_a.integer, (uint64_t)number_b.integer);
	CHECK_ROW(row, number_a.real == number_b.real && json_is_true(a) == json_is_true(b));
	check_number(row, "size", json_size(a), json_size(b));
	while (json_next(&walk_a) && json_next(&walk_b)) {
		check_str(row, walk_a.name, walk_b.name);
		check_same(row, walk_a.value, walk_b.value);
	}
}

static void check_part(const char *row, struct str part, struct json wanted)
{
	struct err err = { 0 };
	struct json_doc *doc = json_read(part, &err);

	if (!doc)
		FAIL_ROW(row, "a part: %s", err.text);
	check_same(row, json_root(doc), wanted);
	json_free(doc);
}

static size_t check_page(struct str page)
{
	const char *row = unit_printable(page);
	struct err err = { 0 };
	struct json_doc *doc = json_read(page, &err);
	struct json_rows rows = json_rows_start(page);
	size_t n = 0;

	if (!doc)
		FAIL_ROW(row, "made wrongly: %s", err.text);
	struct json_walk walk = json_walk(json_get(json_root(doc), "data"));
	for (; json_rows_next(&rows, &err); n++) {
		CHECK_ROW(row, json_next(&walk));
		check_part(row, rows.row, walk.value);
	}
	if (err.kind)
		FAIL_ROW(row, "is bad: %s", err.text);
	check_number(row, "rows", n, json_size(json_get(json_root(doc), "data")));
	check_part(row, rows.meta, json_get(json_root(doc), "meta"));
	json_free(doc);
	return n;
}

static void rows_are_the_elements_that_a_tree_has(void **state)
{
	unsigned dice = 1;
	size_t n_rows = 0;

	(void)state;
	for (size_t i = 0; i < 2000; i++) {
		struct buf page = buf_new(UNIT_LIMIT);

		add_page(&page, &dice);
		n_rows += check_page(buf_str(&page));
		buf_free(&page);
	}
	assert_true(n_rows > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_rows_and_the_meta),
		cmocka_unit_test(a_bad_page_has_a_position_and_the_rows_before),
		cmocka_unit_test(a_page_that_is_cut_off_anywhere_ends_too_early),
		cmocka_unit_test(a_row_may_be_as_deep_as_it_likes),
		cmocka_unit_test(a_string_may_be_all_escapes),
		cmocka_unit_test(rows_are_the_elements_that_a_tree_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
