// SPDX-License-Identifier: Apache-2.0
// A text is read and all of it looked into. What is found is written as JSON, and reading that gives the
// same again. As a page of a list, its rows are the elements of the list.
//
// Input: the text
#include "fuzz.h"

#include "base/buf.h"
#include "source/json_rows.h"
#include "strict_line.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_DEPTH = 2048 };

static void write_value(struct buf *out, struct json value, unsigned depth);

static void write_text(struct buf *out, struct str text)
{
	FUZZ_CHECK(strict_is_utf8((struct strict_text){ text.ptr, text.len }), "not UTF-8");
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.ptr[i];

		FUZZ_CHECK(byte, "a NUL");
		if (byte < ' ' || byte == '"' || byte == '\\')
			buf_addf(out, "\\u%04x", (unsigned)byte);
		else
			buf_add_byte(out, (char)byte);
	}
	buf_add_byte(out, '"');
}

static void write_number(struct buf *out, struct json value)
{
	struct json_number number;

	FUZZ_CHECK(json_number(value, &number), "a number is none");
	FUZZ_CHECK(number.real - number.real == 0, "not a finite number");
	if (!number.is_integer) {
		FUZZ_CHECK(number.integer == 0, "an integer that is none");
		buf_addf(out, "%.17g", number.real);
		return;
	}
	FUZZ_CHECK((double)number.integer == number.real, "two values");
	buf_addf(out, "%" PRId64, number.integer);
}

static void write_container(struct buf *out, struct json container, bool is_object, unsigned depth)
{
	struct json_walk walk = json_walk(container);
	size_t n = 0;

	FUZZ_CHECK(depth < MAX_DEPTH, "too deep");
	buf_add_byte(out, is_object ? '{' : '[');
	for (; json_next(&walk); n++) {
		if (n)
			buf_add_byte(out, ',');
		if (is_object) {
			FUZZ_CHECK(json_get(container, walk.name.ptr).node == walk.value.node,
				"a member is not found by its name");
			write_text(out, walk.name);
			buf_add_byte(out, ':');
		} else {
			FUZZ_CHECK(walk.name.len == 0, "an element has a name");
		}
		write_value(out, walk.value, depth + 1);
	}
	FUZZ_CHECK(n == json_size(container), "another size");
	buf_add_byte(out, is_object ? '}' : ']');
}

// What a value of this kind has nothing of
static void check_nothing_else(struct json value, enum json_kind kind)
{
	struct json_number number;

	FUZZ_CHECK((kind == JSON_NUMBER) == json_number(value, &number), "a number, or none");
	FUZZ_CHECK(kind == JSON_STRING || json_text(value).len == 0, "a text");
	FUZZ_CHECK(kind == JSON_BOOL || !json_is_true(value), "true");
	FUZZ_CHECK(kind == JSON_OBJECT || !json_get(value, "a").node, "a member");
	FUZZ_CHECK(kind >= JSON_ARRAY || json_size(value) == 0, "a size");
	FUZZ_CHECK((kind == JSON_NONE) == !value.node, "a kind of nothing");
}

static void write_value(struct buf *out, struct json value, unsigned depth)
{
	enum json_kind kind = json_kind(value);

	check_nothing_else(value, kind);
	switch (kind) {
	case JSON_NONE: buf_add(out, STR("null")); break;
	case JSON_BOOL: buf_add(out, json_is_true(value) ? STR("true") : STR("false")); break;
	case JSON_NUMBER: write_number(out, value); break;
	case JSON_STRING: write_text(out, json_text(value)); break;
	case JSON_ARRAY: write_container(out, value, false, depth); break;
	case JSON_OBJECT: write_container(out, value, true, depth); break;
	}
}

// False: it could not be read.
static bool rewrite(struct str text, struct buf *out)
{
	struct err err = { 0 };
	struct json_doc *doc = json_read(text, &err);

	if (!doc) {
		fuzz_check_err(&err);
		FUZZ_CHECK(err.kind == ERR_BAD_BODY && err.position <= text.len,
			"an error at byte %zu of %zu", err.position, text.len);
		return false;
	}
	FUZZ_CHECK(err.kind == ERR_NONE, "a text with an error: %s", err.text);
	FUZZ_CHECK(strict_is_utf8((struct strict_text){ text.ptr, text.len }), "not UTF-8");
	write_value(out, json_root(doc), 0);
	json_free(doc);
	return true;
}

// Pages of a list

// By value: an integer is exact or not by what else stands in its text.
static void check_same(struct json a, struct json b)
{
	struct json_number number_a, number_b;
	struct json_walk walk_a = json_walk(a), walk_b = json_walk(b);

	FUZZ_CHECK(json_kind(a) == json_kind(b), "another kind");
	json_number(a, &number_a);
	json_number(b, &number_b);
	FUZZ_CHECK(number_a.real == number_b.real, "another number");
	FUZZ_CHECK(str_eq(json_text(a), json_text(b)), "another text");
	FUZZ_CHECK(json_is_true(a) == json_is_true(b), "another truth");
	FUZZ_CHECK(json_size(a) == json_size(b), "another size");
	while (json_next(&walk_a) && json_next(&walk_b)) {
		FUZZ_CHECK(str_eq(walk_a.name, walk_b.name), "another name");
		check_same(walk_a.value, walk_b.value);
	}
}

static void check_part(struct str part, struct json wanted)
{
	struct err err = { 0 };
	struct json_doc *doc = json_read(part, &err);

	FUZZ_CHECK(doc, "a part that is none: %s", err.text);
	check_same(json_root(doc), wanted);
	json_free(doc);
}

static void check_page_err(const struct err *err, struct str text)
{
	fuzz_check_err(err);
	FUZZ_CHECK(err->kind == ERR_BAD_BODY && err->position <= text.len,
		"an error at byte %zu of %zu", err->position, text.len);
}

// Of any text: rows stand one after the other, and what comes last comes again. False: it is no page.
static bool find_rows(struct str text)
{
	struct json_rows rows = json_rows_start(text);
	const char *behind = text.ptr, *end = text.ptr + text.len;
	struct err err = { 0 }, again = { 0 };

	while (json_rows_next(&rows, &err)) {
		FUZZ_CHECK(err.kind == ERR_NONE, "a row with an error");
		FUZZ_CHECK(rows.row.len && behind <= rows.row.ptr &&
				   rows.row.len <= (size_t)(end - rows.row.ptr),
			"a row that is not where it must be");
		behind = rows.row.ptr + rows.row.len;
	}
	FUZZ_CHECK(!json_rows_next(&rows, &again) && again.kind == err.kind &&
			   again.position == err.position,
		"another end");
	if (err.kind)
		check_page_err(&err, text);
	return err.kind == ERR_NONE;
}

static void check_rows(struct str text, struct json list, struct json meta)
{
	struct json_rows rows = json_rows_start(text);
	struct json_walk walk = json_walk(list);
	struct err err = { 0 };

	while (json_rows_next(&rows, &err)) {
		FUZZ_CHECK(json_next(&walk), "a row too many");
		check_part(rows.row, walk.value);
	}
	FUZZ_CHECK(!json_next(&walk), "a row too few");
	if (rows.meta.len)
		check_part(rows.meta, meta);
	else
		FUZZ_CHECK(!meta.node, "meta is lost");
}

static size_t count(struct str text, const char *part)
{
	size_t n = 0;

	while (text.len) {
		fuzz_take(&text, part);
		n += text.len > 0;
	}
	return n;
}

// Names that are spelled otherwise are others to a page, and a page may have only one "data".
static void check_page(struct str text)
{
	bool is_page = find_rows(text);
	struct err err = { 0 };
	struct json_doc *doc = count(text, "\\u") == 0 && count(text, "\"data\"") <= 1
				       ? json_read(text, &err)
				       : NULL;

	if (!doc)
		return;
	struct json root = json_root(doc), list = root;
	if (json_kind(root) == JSON_OBJECT)
		list = json_get(root, "data");
	FUZZ_CHECK(is_page == (json_kind(list) == JSON_ARRAY), "a page, or none");
	if (is_page)
		check_rows(text, list, json_get(root, "meta"));
	json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy((struct str){ (const char *)data, size });
	struct buf once = buf_new(MIB(64)), twice = buf_new(MIB(64));

	check_page((struct str){ copy, size });
	if (rewrite((struct str){ copy, size }, &once)) {
		FUZZ_CHECK(rewrite(buf_str(&once), &twice), "what was read cannot be: %.*s",
			STR_ARG(buf_str(&once)));
		FUZZ_CHECK(str_eq(buf_str(&once), buf_str(&twice)), "other values: %.*s, %.*s",
			STR_ARG(buf_str(&once)), STR_ARG(buf_str(&twice)));
	}
	buf_free(&once);
	buf_free(&twice);
	free(copy);
	return 0;
}
