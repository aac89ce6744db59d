// SPDX-License-Identifier: Apache-2.0
// Whatever a pattern is, it is compiled or has a fault with a position, and a text takes a bounded time. A glob
// means what a matcher of its own says, and what a template makes of groups are parts of the text.
//
// Input, three lines, of which the last one may go on:
//
//	glob plc-[0-9]*      or: regex plc-([0-9]+)
//	line $1              a template
//	plc-12               the text
#include "fuzz.h"

#include "base/buf.h"
#include "base/pattern.h"
#include "strict_line.h"

#include <string.h>

static bool is_utf8(struct str text)
{
	return strict_is_utf8((struct strict_text){ text.ptr, text.len });
}

// A matcher of globs of its own: by characters, and a star takes one more whenever the rest fails.

// Takes a character of UTF-8 off the front.
static unsigned take_character(struct str *text)
{
	unsigned first = (unsigned char)text->ptr[0], character = first;
	size_t n = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	for (size_t i = 1; i < n; i++)
		character = character << 8 | (unsigned char)text->ptr[i];
	text->ptr += n;
	text->len -= n;
	return character;
}

static unsigned take_literal(struct str *glob)
{
	if (glob->ptr[0] == '\\')
		take_character(glob);
	return take_character(glob);
}

static bool take_set(struct str *glob, unsigned character)
{
	bool is_negative = glob->ptr[0] == '!' || glob->ptr[0] == '^', is_in = false;

	if (is_negative)
		take_character(glob);
	do {
		unsigned first = take_literal(glob), last = first;

		if (glob->ptr[0] == '-' && glob->ptr[1] != ']') {
			take_character(glob);
			last = take_literal(glob);
		}
		is_in = is_in || (first <= character && character <= last);
	} while (glob->ptr[0] != ']');
	take_character(glob);
	return is_in != is_negative;
}

static bool take_one(struct str *glob, unsigned character)
{
	switch (glob->ptr[0]) {
	case '?': take_character(glob); return true;
	case '[': take_character(glob); return take_set(glob, character);
	default: return take_literal(glob) == character;
	}
}

static bool matches(struct str glob, struct str text)
{
	struct str star = { 0 }, tried = { 0 };

	while (text.len || (glob.len && glob.ptr[0] == '*')) {
		if (glob.len && glob.ptr[0] == '*') {
			take_character(&glob);
			star = glob;
			tried = text;
			continue;
		}
		if (glob.len) {
			struct str rest = text;

			if (take_one(&glob, take_character(&rest))) {
				text = rest;
				continue;
			}
		}
		if (!star.ptr || !tried.len)
			return false;
		take_character(&tried);
		text = tried;
		glob = star;
	}
	return glob.len == 0;
}

// Properties

static void check_verdict(
	bool is_glob, struct str pattern, struct str text, enum pattern_verdict verdict)
{
	if (!is_utf8(text)) {
		FUZZ_CHECK(
			verdict == PATTERN_GAVE_UP, "somebody knows of a text that is not UTF-8");
		return;
	}
	if (!is_glob)
		return;
	FUZZ_CHECK(verdict != PATTERN_GAVE_UP, "a glob gave up");
	FUZZ_CHECK((verdict == PATTERN_MATCHES) == matches(pattern, text), "another meaning: %.*s",
		STR_ARG(pattern));
}

static bool contains(struct str text, struct str part)
{
	return part.len == 0 || memmem(text.ptr, text.len, part.ptr, part.len);
}

static struct str expand(
	const struct pattern *pattern, struct str template, struct str text, struct buf *out)
{
	buf_free(out);
	pattern_expand(pattern, template, text, out);
	return buf_str(out);
}

static void check_groups(const struct pattern *pattern, struct str text, bool has_matched)
{
	static const struct str references[] = { STR_INIT("$0"), STR_INIT("$1"), STR_INIT("${2}"),
		STR_INIT("${a}") };
	struct buf out = buf_new(MIB(64));

	for (size_t i = 0; i < ARRAY_LEN(references); i++) {
		struct err err = { 0 };

		if (!pattern_check_template(pattern, references[i], &err)) {
			FUZZ_CHECK(i > 0, "there is no whole match");
			fuzz_check_err(&err);
			continue;
		}
		struct str group = expand(pattern, references[i], text, &out);
		FUZZ_CHECK(contains(text, group), "a group that is no part of the text");
		FUZZ_CHECK(has_matched || group.len == 0, "a group of no match");
	}
	buf_free(&out);
}

static void check_template(const struct pattern *pattern, struct str template, struct str text)
{
	struct buf out = buf_new(MIB(64));
	struct err err = { 0 };

	if (pattern_check_template(pattern, template, &err)) {
		FUZZ_CHECK(err.kind == ERR_NONE, "a template with an error: %s", err.text);
		struct str expanded = expand(pattern, template, text, &out);
		FUZZ_CHECK(memchr(template.ptr, '$', template.len) || str_eq(expanded, template),
			"another text: %.*s", STR_ARG(expanded));
		FUZZ_CHECK(!is_utf8(text) || !is_utf8(template) || is_utf8(expanded), "not UTF-8");
	} else {
		fuzz_check_err(&err);
		FUZZ_CHECK(err.kind == ERR_INVALID && err.position < template.len &&
				   template.ptr[err.position] == '$',
			"an error at byte %zu of %zu", err.position, template.len);
	}
	buf_free(&out);
}

static void check(bool is_glob, struct str text, struct str template, struct str name)
{
	struct err err = { 0 };
	struct pattern *pattern = is_glob ? pattern_glob(text, &err) : pattern_regex(text, &err);

	if (!pattern) {
		fuzz_check_err(&err);
		FUZZ_CHECK(err.kind == ERR_INVALID && err.position <= text.len,
			"an error at byte %zu of %zu", err.position, text.len);
		return;
	}
	FUZZ_CHECK(err.kind == ERR_NONE, "a pattern with an error: %s", err.text);
	FUZZ_CHECK(is_utf8(text), "a pattern that is not UTF-8");
	enum pattern_verdict verdict = pattern_match(pattern, name);
	check_verdict(is_glob, text, name, verdict);
	check_groups(pattern, name, verdict == PATTERN_MATCHES);
	check_template(pattern, template, name);
	pattern_free(pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy((struct str){ (const char *)data, size });
	struct str rest = { copy, size };
	struct str line = fuzz_take(&rest, "\n"), template = fuzz_take(&rest, "\n");
	struct str kind = fuzz_take(&line, " ");

	check(str_eq(kind, STR("glob")), line, template, rest);
	free(copy);
	return 0;
}
