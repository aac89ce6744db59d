// SPDX-License-Identifier: Apache-2.0
#include "source/json.h"
#include "unit.h"

#include <stdio.h>

// What is no JSON

static void check_bad(const char *row, struct str text, size_t position, const char *why)
{
	struct err err = { 0 };
	char *exact = malloc(text.len ? text.len : 1); // without a NUL behind it

	assert_non_null(exact);
	memcpy(exact, text.ptr, text.len);
	CHECK_ROW(row, !json_read((struct str){ exact, text.len }, &err));
	check_number(row, "kind", err.kind, ERR_BAD_BODY);
	check_number(row, "position", err.position, position);
	if (!strstr(err.text, why))
		FAIL_ROW(row, "says: %s", err.text);
	free(exact);
}

static void faults_have_a_kind_a_position_and_a_text(void **state)
{
	static const struct {
		struct str text;
		size_t position;
		const char *why; // a part of the text
	} rows[] = {
		// cut off
		{ STR_INIT(""), 0, "no JSON: it ends too early, after 0 bytes" },
		{ STR_INIT(" \n"), 2, "it ends too early" },
		{ STR_INIT("[1,2"), 4, "it ends too early" },
		{ STR_INIT("{\"a\":[1,2]"), 10, "it ends too early" },
		{ STR_INIT("{\"a\""), 4, "it ends too early" },
		{ STR_INIT("{\"a\":"), 5, "it ends too early" },
		{ STR_INIT("\"abc"), 4, "it ends too early" },
		{ STR_INIT("\"abc\\"), 5, "invalid escape" },
		{ STR_INIT("tru"), 3, "invalid token" },
		// something behind it
		{ STR_INIT("1 x"), 3, "no JSON: something follows its value, after 3 bytes" },
		{ STR_INIT("{} {}"), 4, "something follows" },
		{ STR_INIT("[]]"), 3, "something follows" },
		{ STR_INIT("{}\0"), 3, "something follows" },
		// bytes that are no UTF-8
		{ STR_INIT("[\"abc\xff\"]"), 5, "no JSON: invalid UTF-8, after 5 bytes" },
		{ STR_INIT("\xff"), 0, "invalid UTF-8" },
		{ STR_INIT("[1\xff]"), 2, "invalid UTF-8" },
		{ STR_INIT("[]\xff"), 2, "invalid UTF-8" },
		{ STR_INIT("[\"\xc3\xa4\xc3x\"]"), 4, "invalid UTF-8" },
		{ STR_INIT("[\"ab\xe2\x82"), 4, "invalid UTF-8" },
		{ STR_INIT("\"\xed\xa0\x80\""), 1, "invalid UTF-8" },
		{ STR_INIT("\"\xc0\x80\""), 1, "invalid UTF-8" },
		{ STR_INIT("{\"\xf5\":1}"), 2, "invalid UTF-8" },
		// NUL and other control characters
		{ STR_INIT("\"a\\u0000b\""), 10, "a NUL (\\u0000) in a string" },
		{ STR_INIT("{\"a\\u0000b\":1}"), 11, "a NUL (\\u0000) in a name" },
		{ STR_INIT("\"a\0b\""), 2, "control character 0x0" },
		{ STR_INIT("[\"a\x01\"]"), 3, "control character 0x1" },
		{ STR_INIT("[\"a\tb\"]"), 3, "control character 0x9" },
		{ STR_INIT("[\"a\nb\"]"), 3, "unexpected newline" },
		// escapes
		{ STR_INIT("[\"\\x41\"]"), 4, "invalid escape" },
		{ STR_INIT("[\"\\u12g4\"]"), 7, "invalid escape" },
		{ STR_INIT("[\"\\ud800\"]"), 9, "invalid Unicode" },
		{ STR_INIT("[\"\\udc00\"]"), 9, "invalid Unicode" },
		{ STR_INIT("[\"\\ud800\\u0041\"]"), 15, "invalid Unicode" },
		// numbers
		{ STR_INIT("NaN"), 3, "invalid token" },
		{ STR_INIT("[nan]"), 4, "invalid token" },
		{ STR_INIT("[Infinity]"), 9, "invalid token" },
		{ STR_INIT("[-Infinity]"), 2, "invalid token" },
		{ STR_INIT("1e400"), 5, "a number beyond a double" },
		{ STR_INIT("[-1e400]"), 7, "a number beyond a double" },
		{ STR_INIT("01"), 1, "invalid token" },
		{ STR_INIT("+1"), 1, "invalid token" },
		{ STR_INIT("-"), 1, "invalid token" },
		{ STR_INIT(".5"), 1, "invalid token" },
		{ STR_INIT("1."), 2, "invalid token" },
		{ STR_INIT("1e"), 2, "invalid token" },
		{ STR_INIT("[0x10]"), 3, "']' expected" },
		{ STR_INIT("[1 2]"), 4, "']' expected" },
		// the fault behind a large integer is found too
		{ STR_INIT("[99999999999999999999,}"), 23, "unexpected token" },
		// grammar
		{ STR_INIT("[1,]"), 4, "no JSON: unexpected token, after 4 bytes" },
		{ STR_INIT("[,1]"), 2, "unexpected token" },
		{ STR_INIT("{\"a\":1,}"), 8, "string or '}' expected" },
		{ STR_INIT("{a:1}"), 2, "string or '}' expected" },
		{ STR_INIT("{1:1}"), 2, "string or '}' expected" },
		{ STR_INIT("{\"a\" 1}"), 6, "':' expected" },
		{ STR_INIT("{\"a\":1 \"b\":2}"), 10, "'}' expected" },
		{ STR_INIT("}"), 1, "unexpected token" },
		{ STR_INIT("'a'"), 1, "invalid token" },
		{ STR_INIT("[TRUE]"), 5, "invalid token" },
		{ STR_INIT("/* c */1"), 1, "invalid token" },
		{ STR_INIT("[\f1]"), 2, "invalid token" },
		{ STR_INIT("\xef\xbb\xbf{}"), 3, "invalid token" },
		{ STR_INIT("<html>"), 1, "invalid token" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_bad(rows[i].text.ptr, rows[i].text, rows[i].position, rows[i].why);
}

static void an_error_quotes_nothing(void **state)
{
	static const char *const rows[] = { "[hunter2]", "[\"hunter2", "{\"hunter2\" 1}",
		"[1 \"hunter2\"]", "[1] \"hunter2\"", "[\"hunter2\xff\"]", "[\"hunter2\\u0000\"]",
		"[\"hunter2\\ud800\"]", "[ near \"hunter2\"]", "[1 \" near hunter2\"]" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };

		CHECK_ROW(rows[i], !json_read(str_of(rows[i]), &err));
		CHECK_ROW(rows[i], err.text[0] && !strstr(err.text, "hunter2"));
	}
}

// n times what opens and, unless it is empty, n times what closes
static struct buf nested(size_t n, struct str open, struct str close)
{
	struct buf text = buf_new(UNIT_LIMIT);

	for (size_t i = 0; i < n; i++)
		buf_add(&text, open);
	for (size_t i = 0; i < n; i++)
		buf_add(&text, close);
	return text;
}

static void nesting_has_a_limit(void **state)
{
	static const struct {
		size_t n;
		struct str open, close;
		size_t position; // 0: it can be read
	} rows[] = {
		{ 2048, STR_INIT("["), STR_INIT("]"), 0 },
		{ 2049, STR_INIT("["), STR_INIT("]"), 2049 },
		{ 10000, STR_INIT("["), STR_INIT("]"), 2049 },
		{ 10000, STR_INIT("["), STR_INIT(""), 2049 },
		{ 10000, STR_INIT("{\"a\":"), STR_INIT("}"), 2048 * 5 + 1 },
		{ 500000, STR_INIT("[{\"\":"), STR_INIT("}]"), 1024 * 5 + 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text = nested(rows[i].n, rows[i].open, rows[i].close);
		struct err err = { 0 };
		struct json_doc *doc = json_read(buf_str(&text), &err);

		check_number(rows[i].open.ptr, "read", doc != NULL, rows[i].position == 0);
		check_number(rows[i].open.ptr, "position", err.position, rows[i].position);
		CHECK_ROW(rows[i].open.ptr, doc || strstr(err.text, "nested too deeply"));
		json_free(doc);
		buf_free(&text);
	}
}

static void free_takes_null(void **state)
{
	(void)state;
	json_free(NULL);
}

static void an_error_of_before_stays(void **state)
{
	struct err err = { 0 };

	(void)state;
	err_set(&err, ERR_TIMED_OUT, 7, "before");
	assert_null(json_read(STR("["), &err));
	assert_int_equal(err.kind, ERR_TIMED_OUT);
	assert_string_equal(err.text, "before");
}

// What is

static struct json_doc *read_good(const char *text)
{
	struct err err = { 0 };
	struct json_doc *doc = json_read(str_of(text), &err);

	if (!doc)
		FAIL_ROW(text, "cannot be read: %s", err.text);
	check_number(text, "no error", err.kind, ERR_NONE);
	return doc;
}

static void every_kind_answers_to_every_question(void **state)
{
	static const struct {
		const char *text;
		enum json_kind kind;
		struct str string;
		size_t size;
		bool is_true;
	} rows[] = {
		{ "null", JSON_NONE, STR_INIT(""), 0, false },
		{ "true", JSON_BOOL, STR_INIT(""), 0, true },
		{ "false", JSON_BOOL, STR_INIT(""), 0, false },
		{ "1", JSON_NUMBER, STR_INIT(""), 0, false },
		{ "1.5", JSON_NUMBER, STR_INIT(""), 0, false },
		{ " \"true\" ", JSON_STRING, STR_INIT("true"), 0, false },
		{ "\"\"", JSON_STRING, STR_INIT(""), 0, false },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", JSON_STRING, STR_INIT("\"\\/\b\f\n\r\t"), 0,
			false },
		{ "\"\\u00e4\xc3\xa4\\ud83d\\ude00\"", JSON_STRING,
			STR_INIT("\xc3\xa4\xc3\xa4\xf0\x9f\x98\x80"), 0, false },
		{ "\"\\u0001\xef\xbf\xbf\"", JSON_STRING, STR_INIT("\x01\xef\xbf\xbf"), 0, false },
		{ "[]", JSON_ARRAY, STR_INIT(""), 0, false },
		{ "[true,null,[]]", JSON_ARRAY, STR_INIT(""), 3, false },
		{ "{}", JSON_OBJECT, STR_INIT(""), 0, false },
		{ "\r\n\t{ \"a\" : true , \"b\" : null } ", JSON_OBJECT, STR_INIT(""), 2, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json_doc *doc = read_good(rows[i].text);
		struct json root = json_root(doc);
		struct json_number number = { true, 7, 7 };
		bool is_number = json_number(root, &number);

		check_number(rows[i].text, "kind", json_kind(root), rows[i].kind);
		check_str(rows[i].text, json_text(root), rows[i].string);
		check_number(rows[i].text, "size", json_size(root), rows[i].size);
		check_number(rows[i].text, "true", json_is_true(root), rows[i].is_true);
		check_number(rows[i].text, "number", is_number, rows[i].kind == JSON_NUMBER);
		CHECK_ROW(rows[i].text, is_number || (!number.is_integer && !number.integer));
		CHECK_ROW(rows[i].text, json_kind(json_get(root, "other")) == JSON_NONE);
		json_free(doc);
	}
}

static void numbers_are_exact_or_doubles(void **state)
{
	static const struct {
		const char *text;
		bool is_integer;
		int64_t integer;
		double real;
	} rows[] = {
		{ "0", true, 0, 0 },
		{ "-0", true, 0, 0 },
		{ "-17", true, -17, -17 },
		{ "9007199254740993", true, INT64_C(9007199254740993), 9007199254740992.0 },
		{ "9223372036854775807", true, INT64_MAX, 0x1p63 },
		{ "-9223372036854775808", true, INT64_MIN, -0x1p63 },
		{ "9223372036854775808", false, 0, 0x1p63 },
		{ "-9223372036854775809", false, 0, -0x1p63 },
		{ "18446744073709551615", false, 0, 0x1p64 },
		{ "123456789012345678901234567890", false, 0, 123456789012345678901234567890.0 },
		{ "0.5", false, 0, 0.5 },
		{ "-2.5e-1", false, 0, -0.25 },
		{ "1e-400", true, 0, 0 },
		{ "1.7976931348623157e308", false, 0, 1.7976931348623157e308 },
		// what is whole is an integer, however it is spelled
		{ "12.0", true, 12, 12 },
		{ "-1.2E+1", true, -12, -12 },
		{ "9007199254740991.0", true, INT64_C(9007199254740991), 9007199254740991.0 },
		{ "9007199254740992.0", false, 0, 9007199254740992.0 },
		{ "-9007199254740992.0", false, 0, -9007199254740992.0 },
		{ "1e300", false, 0, 1e300 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json_doc *doc = read_good(rows[i].text);
		struct json_number number;

		CHECK_ROW(rows[i].text, json_number(json_root(doc), &number));
		check_number(rows[i].text, "whole", number.is_integer, rows[i].is_integer);
		check_number(rows[i].text, "integer", (uint64_t)number.integer,
			(uint64_t)rows[i].integer);
		CHECK_ROW(rows[i].text, number.real == rows[i].real);
		json_free(doc);
	}
}

static void beside_a_large_integer_others_stay_integers(void **state)
{
	struct json_doc *doc = read_good("[18446744073709551616, 9007199254740991, -3, 0.5]");
	static const struct json_number wanted[] = { { false, 0, 0x1p64 },
		{ true, INT64_C(9007199254740991), 9007199254740991.0 }, { true, -3, -3 },
		{ false, 0, 0.5 } };
	struct json_walk walk = json_walk(json_root(doc));
	size_t n = 0;

	(void)state;
	for (; json_next(&walk); n++) {
		struct json_number number;

		assert_true(n < ARRAY_LEN(wanted));
		assert_true(json_number(walk.value, &number));
		assert_int_equal(number.is_integer, wanted[n].is_integer);
		assert_int_equal(number.integer, wanted[n].integer);
		assert_true(number.real == wanted[n].real);
	}
	assert_int_equal(n, ARRAY_LEN(wanted));
	json_free(doc);
}

static void members_are_found_by_their_literal_name(void **state)
{
	struct json_doc *doc = read_good("{\"a\":{\"b\":1},\"a.b\":\"dotted\",\"\":\"empty\","
					 "\"none\":null,\"\xc3\xa4\":\"umlaut\","
					 "\"tw\\u006f\":\"escaped\"}");
	struct json root = json_root(doc);

	(void)state;
	check_str("a.b", json_text(json_get(root, "a.b")), STR("dotted"));
	check_str("empty", json_text(json_get(root, "")), STR("empty"));
	check_str("umlaut", json_text(json_get(root, "\xc3\xa4")), STR("umlaut"));
	check_str("two", json_text(json_get(root, "two")), STR("escaped"));
	assert_int_equal(json_kind(json_get(json_get(root, "a"), "b")), JSON_NUMBER);
	assert_int_equal(json_kind(json_get(root, "A")), JSON_NONE);
	assert_int_equal(json_kind(json_get(root, "none")), JSON_NONE);
	assert_null(json_get(root, "none").node);
	// nothing in nothing is nothing
	assert_int_equal(json_kind(json_get(json_get(json_get(root, "x"), "y"), "z")), JSON_NONE);
	json_free(doc);
}

static void none_is_a_value_too(void **state)
{
	struct json none = { NULL };
	struct json_walk walk = json_walk(none);
	struct json_number number;

	(void)state;
	assert_int_equal(json_kind(none), JSON_NONE);
	assert_null(json_get(none, "a").node);
	assert_int_equal(json_text(none).len, 0);
	assert_int_equal(json_size(none), 0);
	assert_false(json_is_true(none));
	assert_false(json_number(none, &number));
	assert_false(json_next(&walk));
}

// What a walk has seen: name=kind, and a blank after each
static void check_walk(const char *text, const char *wanted)
{
	struct json_doc *doc = read_good(text);
	struct json_walk walk = json_walk(json_root(doc));
	struct buf seen = buf_new(UNIT_LIMIT);
	size_t n = 0;

	for (; json_next(&walk); n++)
		buf_addf(&seen, "%.*s=%d ", STR_ARG(walk.name), (int)json_kind(walk.value));
	check_str(text, buf_str(&seen), str_of(wanted));
	check_number(text, "size", n, json_size(json_root(doc)));
	// and it stays at its end
	CHECK_ROW(text, !json_next(&walk) && !walk.name.len && !walk.value.node);
	buf_free(&seen);
	json_free(doc);
}

static void a_walk_goes_by_the_order_of_the_text(void **state)
{
	static const struct {
		const char *text, *seen;
	} rows[] = {
		{ "[]", "" },
		{ "{}", "" },
		{ "1", "" },
		{ "\"abc\"", "" },
		{ "null", "" },
		{ "[1]", "=2 " },
		{ "[null,null]", "=0 =0 " },
		{ "[{},[],\"\",1,true,null]", "=5 =4 =3 =2 =1 =0 " },
		{ "{\"z\":1,\"y\":null,\"x\":\"\",\"\":[],\"w\":{},\"v\":false}",
			"z=2 y=0 x=3 =4 w=5 v=1 " },
		{ "{\"b\":[1,2],\"a\":{\"c\":3}}", "b=4 a=5 " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_walk(rows[i].text, rows[i].seen);
}

static void of_members_with_one_name_the_last_wins(void **state)
{
	struct json_doc *doc = read_good("{\"a\":1,\"b\":2,\"a\":\"last\"}");

	(void)state;
	check_str("a", json_text(json_get(json_root(doc), "a")), STR("last"));
	assert_int_equal(json_size(json_root(doc)), 2);
	json_free(doc);
	check_walk("{\"a\":1,\"b\":2,\"a\":\"last\"}", "a=3 b=2 ");
	check_walk("{\"a\":1,\"b\":2,\"\\u0061\":null}", "a=0 b=2 ");
}

static void many_members_keep_their_order(void **state)
{
	enum { N_MEMBERS = 10000 };
	struct buf text = buf_new(UNIT_LIMIT);
	char name[16];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < N_MEMBERS; i++)
		buf_addf(&text, "%s\"k%d\":%d", i ? "," : "{", N_MEMBERS - i, i);
	buf_add_byte(&text, '}');
	buf_add_byte(&text, '\0');
	struct json_doc *doc = read_good(text.ptr);
	struct json_walk walk = json_walk(json_root(doc));
	for (struct json_number number; json_next(&walk); n++) {
		snprintf(name, sizeof(name), "k%zu", N_MEMBERS - n);
		check_str(name, walk.name, str_of(name));
		assert_true(json_number(walk.value, &number) && number.integer == (int64_t)n);
		assert_ptr_equal(json_get(json_root(doc), name).node, walk.value.node);
	}
	assert_int_equal(n, N_MEMBERS);
	json_free(doc);
	buf_free(&text);
}

// As EMQX 5.8 sends it (emqx.md, sections 8.3 and 8.5)
static void a_broker_s_answer_needs_no_checks(void **state)
{
	struct json_doc *doc = read_good("{\"data\":[{\"clientid\":\"a\",\"connected\":true,\"recv_"
					 "msg\":5,\"username\":null,"
					 "\"subscriptions_max\":\"infinity\",\"send_msg.dropped\":"
					 "1},\"odd\",{\"clientid\":17}],"
					 "\"meta\":{\"page\":1,\"hasnext\":false}}");
	struct json_walk walk = json_walk(json_get(json_root(doc), "data"));
	struct json_number number;

	(void)state;
	assert_true(json_next(&walk));
	check_str("clientid", json_text(json_get(walk.value, "clientid")), STR("a"));
	assert_true(json_is_true(json_get(walk.value, "connected")));
	assert_true(json_number(json_get(walk.value, "send_msg.dropped"), &number));
	assert_int_equal(number.integer, 1);
	assert_false(json_number(json_get(walk.value, "subscriptions_max"), &number));
	assert_int_equal(json_text(json_get(walk.value, "username")).len, 0);
	assert_true(json_next(&walk));
	assert_int_equal(json_text(json_get(walk.value, "clientid")).len, 0);
	assert_true(json_next(&walk));
	assert_int_equal(json_text(json_get(walk.value, "clientid")).len, 0);
	assert_false(json_next(&walk));
	assert_false(json_is_true(json_get(json_get(json_root(doc), "meta"), "hasnext")));
	json_free(doc);
}

// A tree takes up to 80 times the memory of its text.
static void texts_over_4_mib_are_refused_unread(void **state)
{
	struct buf text = buf_new(UNIT_LIMIT);
	struct err err = { 0 };

	(void)state;
	buf_reserve(&text, JSON_LARGEST + 1);
	memset(text.ptr, ' ', JSON_LARGEST + 1);
	text.ptr[0] = '5';
	text.len = JSON_LARGEST;
	struct json_doc *doc = json_read(buf_str(&text), &err);
	assert_non_null(doc);
	json_free(doc);
	text.len++;
	assert_null(json_read(buf_str(&text), &err));
	assert_int_equal(err.kind, ERR_TOO_LARGE);
	assert_int_equal(err.position, JSON_LARGEST);
	check_str("text", str_of(err.text), STR("JSON of 4194305 bytes, more than 4194304"));
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_have_a_kind_a_position_and_a_text),
		cmocka_unit_test(an_error_quotes_nothing),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(free_takes_null),
		cmocka_unit_test(an_error_of_before_stays),
		cmocka_unit_test(every_kind_answers_to_every_question),
		cmocka_unit_test(numbers_are_exact_or_doubles),
		cmocka_unit_test(beside_a_large_integer_others_stay_integers),
		cmocka_unit_test(members_are_found_by_their_literal_name),
		cmocka_unit_test(none_is_a_value_too),
		cmocka_unit_test(a_walk_goes_by_the_order_of_the_text),
		cmocka_unit_test(of_members_with_one_name_the_last_wins),
		cmocka_unit_test(many_members_keep_their_order),
		cmocka_unit_test(a_broker_s_answer_needs_no_checks),
		cmocka_unit_test(texts_over_4_mib_are_refused_unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
