// SPDX-License-Identifier: Apache-2.0
#include "base/pattern.h"
#include "unit.h"

static const char *const verdicts[] = {
	[PATTERN_OTHER] = "other",
	[PATTERN_MATCHES] = "matches",
	[PATTERN_GAVE_UP] = "gave up",
};

typedef struct pattern *compile_fn(struct str text, struct err *err);

// In memory that ends where the text ends.
static struct str exact_copy(struct str text)
{
	char *copy = malloc(text.len ? text.len : 1);

	assert_non_null(copy);
	if (text.len)
		memcpy(copy, text.ptr, text.len);
	return (struct str){ copy, text.len };
}

static struct pattern *compile(compile_fn *how, struct str text)
{
	struct str copy = exact_copy(text);
	struct err err = { 0 };
	struct pattern *pattern = how(copy, &err);

	if (!pattern)
		fail_msg("\"%s\": %s", unit_printable(text), err.text);
	assert_int_equal(err.kind, ERR_NONE);
	free((char *)copy.ptr);
	return pattern;
}

static void check_verdict(
	compile_fn *how, struct str text, struct str name, enum pattern_verdict wanted)
{
	struct pattern *pattern = compile(how, text);
	struct str copy = exact_copy(name);
	enum pattern_verdict got = pattern_match(pattern, copy);

	if (got != wanted)
		fail_msg("\"%s\" and \"%s\": %s", unit_printable(text), unit_printable(name),
			verdicts[got]);
	free((char *)copy.ptr);
	pattern_free(pattern);
}

static void check_fault(compile_fn *how, struct str text, size_t position, const char *why)
{
	const char *row = unit_printable(text);
	struct str copy = exact_copy(text);
	struct err err = { 0 };

	CHECK_ROW(row, !how(copy, &err));
	check_number(row, "kind", err.kind, ERR_INVALID);
	check_number(row, "position", err.position, position);
	if (!strstr(err.text, why))
		FAIL_ROW(row, "says: %s", err.text);
	free((char *)copy.ptr);
}

// Globs

static void a_glob_is_about_the_whole_text(void **state)
{
	static const struct {
		struct str glob, text;
		enum pattern_verdict verdict;
	} rows[] = {
		{ STR_INIT(""), STR_INIT(""), PATTERN_MATCHES },
		{ STR_INIT(""), STR_INIT("a"), PATTERN_OTHER },
		{ STR_INIT("plc-1"), STR_INIT("plc-1"), PATTERN_MATCHES },
		{ STR_INIT("plc-1"), STR_INIT("plc-12"), PATTERN_OTHER },
		{ STR_INIT("plc-1"), STR_INIT("my plc-1"), PATTERN_OTHER },
		{ STR_INIT("plc"), STR_INIT("PLC"), PATTERN_OTHER },
		// any text
		{ STR_INIT("*"), STR_INIT(""), PATTERN_MATCHES },
		{ STR_INIT("*"), STR_INIT("a/b\n.c\xc3\xa4"), PATTERN_MATCHES },
		{ STR_INIT("***"), STR_INIT("a"), PATTERN_MATCHES },
		{ STR_INIT("sensor-*"), STR_INIT("sensor-"), PATTERN_MATCHES },
		{ STR_INIT("sensor-*"), STR_INIT("sensor-1/2"), PATTERN_MATCHES },
		{ STR_INIT("sensor-*"), STR_INIT("sensor"), PATTERN_OTHER },
		{ STR_INIT("sensor-*"), STR_INIT("a sensor-1"), PATTERN_OTHER },
		{ STR_INIT("*-x"), STR_INIT("-x"), PATTERN_MATCHES },
		{ STR_INIT("*-x"), STR_INIT("a-x-x"), PATTERN_MATCHES },
		{ STR_INIT("*-x"), STR_INIT("a-x-"), PATTERN_OTHER },
		{ STR_INIT("a*b*c"), STR_INIT("abc"), PATTERN_MATCHES },
		{ STR_INIT("a*b*c"), STR_INIT("abbcc"), PATTERN_MATCHES },
		{ STR_INIT("a*b*c"), STR_INIT("acb"), PATTERN_OTHER },
		{ STR_INIT("a*ab*b"), STR_INIT("aab"), PATTERN_OTHER },
		{ STR_INIT("a*ab*b"), STR_INIT("aaabab"), PATTERN_MATCHES },
		{ STR_INIT("ab*ba"), STR_INIT("aba"), PATTERN_OTHER },
		{ STR_INIT("*ab*"), STR_INIT("aab"), PATTERN_MATCHES },
		{ STR_INIT("*aab?"), STR_INIT("aaaabc"), PATTERN_MATCHES },
		// a dot in front, a slash, a line end: characters as any other
		{ STR_INIT("*x"), STR_INIT(".x"), PATTERN_MATCHES },
		{ STR_INIT("?x"), STR_INIT(".x"), PATTERN_MATCHES },
		{ STR_INIT("a?b"), STR_INIT("a/b"), PATTERN_MATCHES },
		{ STR_INIT("a?b"), STR_INIT("a\nb"), PATTERN_MATCHES },
		{ STR_INIT("a"), STR_INIT("a\n"), PATTERN_OTHER },
		{ STR_INIT("a?"), STR_INIT("a\r\n"), PATTERN_OTHER },
		// one character, whatever its bytes
		{ STR_INIT("?"), STR_INIT(""), PATTERN_OTHER },
		{ STR_INIT("?"), STR_INIT("\xc3\xa4"), PATTERN_MATCHES },
		{ STR_INIT("?"), STR_INIT("\xf0\x9f\x98\x80"), PATTERN_MATCHES },
		{ STR_INIT("??"), STR_INIT("\xc3\xa4"), PATTERN_OTHER },
		{ STR_INIT("\xc3\xa4*"), STR_INIT("\xc3\xa4x"), PATTERN_MATCHES },
		{ STR_INIT("a?c"), STR_INIT("a\0c"), PATTERN_MATCHES },
		{ STR_INIT("a\0c"), STR_INIT("a\0c"), PATTERN_MATCHES },
		{ STR_INIT("a\0c"), STR_INIT("a\0d"), PATTERN_OTHER },
		// sets
		{ STR_INIT("[abc]"), STR_INIT("b"), PATTERN_MATCHES },
		{ STR_INIT("[abc]"), STR_INIT("d"), PATTERN_OTHER },
		{ STR_INIT("[abc]"), STR_INIT("ab"), PATTERN_OTHER },
		{ STR_INIT("[a-z]"), STR_INIT("s"), PATTERN_MATCHES },
		{ STR_INIT("[a-z]"), STR_INIT("-"), PATTERN_OTHER },
		{ STR_INIT("[a-a]"), STR_INIT("a"), PATTERN_MATCHES },
		{ STR_INIT("[!a-c]"), STR_INIT("b"), PATTERN_OTHER },
		{ STR_INIT("[!a-c]"), STR_INIT("s"), PATTERN_MATCHES },
		{ STR_INIT("[!a-c]"), STR_INIT("/"), PATTERN_MATCHES },
		{ STR_INIT("[!a-c]"), STR_INIT("\n"), PATTERN_MATCHES },
		{ STR_INIT("[!a-c]"), STR_INIT(""), PATTERN_OTHER },
		{ STR_INIT("*[!a]"), STR_INIT("xs"), PATTERN_MATCHES },
		{ STR_INIT("[^a-c]"), STR_INIT("b"), PATTERN_OTHER },
		{ STR_INIT("[^a-c]"), STR_INIT("^"), PATTERN_MATCHES },
		{ STR_INIT("[a!]"), STR_INIT("!"), PATTERN_MATCHES },
		{ STR_INIT("[a^]"), STR_INIT("^"), PATTERN_MATCHES },
		{ STR_INIT("[\xc3\xa4-\xc3\xbc]"), STR_INIT("\xc3\xb6"), PATTERN_MATCHES },
		{ STR_INIT("[\xc3\xa4-\xc3\xbc]"), STR_INIT("o"), PATTERN_OTHER },
		{ STR_INIT("[!a]"), STR_INIT("\xc3\xa4"), PATTERN_MATCHES },
		{ STR_INIT("[a-]"), STR_INIT("-"), PATTERN_MATCHES },
		{ STR_INIT("[-a]"), STR_INIT("-"), PATTERN_MATCHES },
		{ STR_INIT("[a-c-e]"), STR_INIT("-"), PATTERN_MATCHES },
		{ STR_INIT("[a-c-e]"), STR_INIT("d"), PATTERN_OTHER },
		{ STR_INIT("[]a]"), STR_INIT("]"), PATTERN_MATCHES },
		{ STR_INIT("[!]a]"), STR_INIT("]"), PATTERN_OTHER },
		{ STR_INIT("[!]a]"), STR_INIT("b"), PATTERN_MATCHES },
		{ STR_INIT("[[]"), STR_INIT("["), PATTERN_MATCHES },
		{ STR_INIT("[*?.]"), STR_INIT("?"), PATTERN_MATCHES },
		{ STR_INIT("[*?.]"), STR_INIT("x"), PATTERN_OTHER },
		{ STR_INIT("[a&&b]"), STR_INIT("&"), PATTERN_MATCHES },
		// a backslash
		{ STR_INIT("\\*"), STR_INIT("*"), PATTERN_MATCHES },
		{ STR_INIT("\\*"), STR_INIT("a"), PATTERN_OTHER },
		{ STR_INIT("\\?\\[\\\\"), STR_INIT("?[\\"), PATTERN_MATCHES },
		{ STR_INIT("\\d\\Q"), STR_INIT("dQ"), PATTERN_MATCHES },
		{ STR_INIT("\\\xc3\xa4"), STR_INIT("\xc3\xa4"), PATTERN_MATCHES },
		{ STR_INIT("[a\\-z]"), STR_INIT("-"), PATTERN_MATCHES },
		{ STR_INIT("[a\\-z]"), STR_INIT("b"), PATTERN_OTHER },
		{ STR_INIT("[\\]x]"), STR_INIT("]"), PATTERN_MATCHES },
		{ STR_INIT("[\\!a]"), STR_INIT("!"), PATTERN_MATCHES },
		{ STR_INIT("[\\d]"), STR_INIT("1"), PATTERN_OTHER },
		{ STR_INIT("[\\[:x]"), STR_INIT(":"), PATTERN_MATCHES },
		// nothing else means something
		{ STR_INIT("(a|b)+.{1,2}^$#\"' ~"), STR_INIT("(a|b)+.{1,2}^$#\"' ~"),
			PATTERN_MATCHES },
		{ STR_INIT("{a,b}"), STR_INIT("a"), PATTERN_OTHER },
		{ STR_INIT("a.c"), STR_INIT("abc"), PATTERN_OTHER },
		{ STR_INIT("(*ACCEPT)"), STR_INIT("ACCEPT)"), PATTERN_OTHER },
		{ STR_INIT("(?i)a"), STR_INIT("A"), PATTERN_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_verdict(pattern_glob, rows[i].glob, rows[i].text, rows[i].verdict);
}

static void a_globs_fault_has_a_position(void **state)
{
	static const struct {
		struct str glob;
		size_t position;
		const char *why; // a part of the text
	} rows[] = {
		{ STR_INIT("a["), 1, "no glob: a [ without its ], after 1 bytes" },
		{ STR_INIT("ab[a-z"), 2, "a [ without its ]" },
		{ STR_INIT("[]"), 0, "a [ without its ]" },
		{ STR_INIT("[!]"), 0, "a [ without its ]" },
		{ STR_INIT("[!"), 0, "a [ without its ]" },
		{ STR_INIT("[a\\]"), 0, "a [ without its ]" },
		{ STR_INIT("a\\"), 1, "a \\ with nothing behind it" },
		{ STR_INIT("*\\\\\\"), 3, "a \\ with nothing behind it" },
		{ STR_INIT("[a\\"), 2, "a \\ with nothing behind it" },
		{ STR_INIT("[az-a]"), 2, "a range that ends before its start" },
		{ STR_INIT("[\xc3\xa4-a]"), 1, "a range that ends before its start" },
		{ STR_INIT("[a-\\"), 3, "a \\ with nothing behind it" },
		{ STR_INIT("[a-"), 0, "a [ without its ]" },
		{ STR_INIT("[x[:alpha:]]"), 2, "classes such as [:alpha:] are not known" },
		{ STR_INIT("[[.a.]]"), 1, "classes" },
		{ STR_INIT("[[=a=]]"), 1, "classes" },
		{ STR_INIT("ab\xff"), 2, "invalid UTF-8" },
		{ STR_INIT("\\\xc3"), 1, "invalid UTF-8" },
		{ STR_INIT("[a-\xc3]"), 3, "invalid UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_fault(pattern_glob, rows[i].glob, rows[i].position, rows[i].why);
}

// Regular expressions

static void an_expression_is_about_the_whole_text(void **state)
{
	static const struct {
		struct str regex, text;
		enum pattern_verdict verdict;
	} rows[] = {
		{ STR_INIT(""), STR_INIT(""), PATTERN_MATCHES },
		{ STR_INIT(""), STR_INIT("a"), PATTERN_OTHER },
		{ STR_INIT("b"), STR_INIT("abc"), PATTERN_OTHER },
		{ STR_INIT("^plc-([0-9]+)-(.*)$"), STR_INIT("plc-12-hall"), PATTERN_MATCHES },
		{ STR_INIT("a|ab"), STR_INIT("ab"), PATTERN_MATCHES },
		{ STR_INIT("a|b"), STR_INIT("ab"), PATTERN_OTHER },
		{ STR_INIT("a*?"), STR_INIT("aaa"), PATTERN_MATCHES },
		{ STR_INIT("(?i)plc"), STR_INIT("PLC"), PATTERN_MATCHES },
		// line ends
		{ STR_INIT(".*"), STR_INIT("a\nb\r\n"), PATTERN_MATCHES },
		{ STR_INIT("a$"), STR_INIT("a\n"), PATTERN_OTHER },
		{ STR_INIT("(?m)a$"), STR_INIT("a\nb"), PATTERN_OTHER },
		{ STR_INIT("(?m)^b"), STR_INIT("a\nb"), PATTERN_OTHER },
		{ STR_INIT("[^a]"), STR_INIT("\n"), PATTERN_MATCHES },
		// characters
		{ STR_INIT("."), STR_INIT("\xc3\xa4"), PATTERN_MATCHES },
		{ STR_INIT("(?i)\xc3\x84"), STR_INIT("\xc3\xa4"), PATTERN_MATCHES },
		{ STR_INIT("\\d"), STR_INIT("\xd9\xa1"), PATTERN_OTHER },
		{ STR_INIT("\\p{L}+"), STR_INIT("a\xc3\xa4"), PATTERN_MATCHES },
		{ STR_INIT("a\\x00c"), STR_INIT("a\0c"), PATTERN_MATCHES },
		{ STR_INIT("a.c"), STR_INIT("a\0c"), PATTERN_MATCHES },
		{ STR_INIT("a"), STR_INIT("a\0"), PATTERN_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_verdict(pattern_regex, rows[i].regex, rows[i].text, rows[i].verdict);
}

static void an_expressions_fault_has_a_position(void **state)
{
	static const struct {
		struct str regex;
		size_t position;
		const char *why; // a part of the text
	} rows[] = {
		{ STR_INIT("a(b"), 3,
			"no regular expression: missing closing parenthesis, after 3 bytes" },
		{ STR_INIT("ab)"), 2, "unmatched closing parenthesis" },
		{ STR_INIT("ab[c"), 4, "missing terminating ]" },
		{ STR_INIT("*a"), 0, "quantifier does not follow a repeatable item" },
		{ STR_INIT("a\\"), 2, "\\ at end of pattern" },
		{ STR_INIT("a\xff"), 1, "UTF-8 error" },
		{ STR_INIT("a\\C"), 3, "\\C" },
		{ STR_INIT("(*LIMIT_MATCH=12"), 16, "not recognized" },
		{ STR_INIT("(*NO_UTF_CHECK)a"), 14, "not recognized" },
		{ STR_INIT("((a{1,999}){1,999}){1,999}"), 26, "too large" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_fault(pattern_regex, rows[i].regex, rows[i].position, rows[i].why);
}

// Size and cost

static struct str repeat(const char *piece, size_t n, const char *last)
{
	struct buf out = buf_new(UNIT_LIMIT);

	for (size_t i = 0; i < n; i++)
		buf_add(&out, str_of(piece));
	buf_add(&out, str_of(last));
	assert_false(out.failed);
	return buf_str(&out);
}

static void a_pattern_has_at_most_64_kib(void **state)
{
	struct str most = repeat("?", 65536, ""), more = repeat("?", 65537, "");
	struct str least = repeat("(?#)", 16384, "");

	(void)state;
	check_fault(pattern_glob, most, 0, "no glob: regular expression is too large");
	check_fault(pattern_glob, more, 65536, "a pattern of 65537 bytes, more than 65536");
	check_fault(pattern_regex, more, 65536, "a pattern of 65537 bytes, more than 65536");
	check_verdict(pattern_regex, least, STR(""), PATTERN_MATCHES);
	free((char *)most.ptr);
	free((char *)more.ptr);
	free((char *)least.ptr);
}

// Each name takes the room of the longest.
static void a_pattern_that_compiles_to_too_much_is_refused(void **state)
{
	struct buf regex = buf_new(UNIT_LIMIT);

	(void)state;
	for (size_t i = 0; i < 4000; i++)
		buf_addf(&regex, "(?<a%zu>)", i);
	buf_add(&regex, STR("(?<a2345678901234567890123456789012>)"));
	assert_true(regex.len < 65536);
	check_fault(pattern_regex, buf_str(&regex), 0, "the pattern is too large");
	buf_free(&regex);
}

static void a_text_takes_a_bounded_time(void **state)
{
	static const struct {
		const char *regex, *piece;
		size_t n;
		const char *last;
		enum pattern_verdict verdict;
	} rows[] = {
		{ "(a+)+!", "a", 65534, "!z", PATTERN_GAVE_UP },
		{ "(a+)+!", "a", 40, "!z", PATTERN_GAVE_UP },
		{ "(a|b|ab)*!", "ab", 20, "!z", PATTERN_GAVE_UP },
		{ "(?:a?){40}a{40}!", "a", 40, "!z", PATTERN_GAVE_UP },
		{ ".*[0-9]+!", "1", 65534, "!z", PATTERN_GAVE_UP },
		{ ".*?a*+!", "a", 65534, "!z", PATTERN_GAVE_UP },
		// no text can lift the limit
		{ "(*LIMIT_MATCH=4000000000)(a+)+!", "a", 40, "!z", PATTERN_GAVE_UP },
		{ "(*LIMIT_DEPTH=4000000000)(*LIMIT_HEAP=4000000000)(a+)+!", "a", 40, "!z",
			PATTERN_GAVE_UP },
		{ "(*NO_START_OPT)(*NO_AUTO_POSSESS)(a+)+!", "a", 40, "!z", PATTERN_GAVE_UP },
		{ "(*LIMIT_MATCH=1)a+!", "a", 40, "!", PATTERN_GAVE_UP },
		// places to come back to take memory, and groups make them large
		{ "(a()()()()()()()()()()()()()()()()()()()()())*!", "a", 3000, "!z",
			PATTERN_GAVE_UP },
		{ "(?:(a)|b(?1))*x", "b", 20000, "", PATTERN_OTHER },
		{ "(a(?1)?)*!", "a", 60, "!z", PATTERN_GAVE_UP },
		{ "(?R)?a!", "a", 5, "!", PATTERN_GAVE_UP },
		// what is known at once stays known
		{ ".*", "a", 65536, "", PATTERN_MATCHES },
		{ "sensor-.*", "a", 65536, "", PATTERN_OTHER },
		{ "(a+)+", "a", 65536, "", PATTERN_MATCHES },
		{ ".*-[0-9]+", "a", 2000, "", PATTERN_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str text = repeat(rows[i].piece, rows[i].n, rows[i].last);

		check_verdict(pattern_regex, str_of(rows[i].regex), text, rows[i].verdict);
		free((char *)text.ptr);
	}
}

// As many steps as places, or a few times that.
static void good_expressions_do_not_give_up_on_long_texts(void **state)
{
	static const char *const regexes[] = { ".*error.*", ".*(error|fail).*", "(?i).*ERROR.*",
		".*e.*r.*o.*", ".*[0-9]", "(.*);(.*)", "[^;]*;.*" };
	static const size_t lengths[] = { 100, 2000, 3000, 4000, 6000, 8000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(regexes); i++) {
		for (size_t k = 0; k < ARRAY_LEN(lengths); k++) {
			struct buf text = buf_new(UNIT_LIMIT);

			for (size_t n = 0; n < lengths[k]; n++)
				buf_add_byte(&text, 'x');
			check_verdict(
				pattern_regex, str_of(regexes[i]), buf_str(&text), PATTERN_OTHER);
			buf_free(&text);
		}
	}
}

static void a_glob_does_not_give_up_on_64_kib(void **state)
{
	static const struct {
		const char *glob, *last;
		enum pattern_verdict verdict;
	} rows[] = {
		{ "*a*a*a*a*a*a*a*a*a*a*b", "", PATTERN_OTHER },
		{ "*a*a*a*a*a*a*a*a*a*a*b", "b", PATTERN_MATCHES },
		{ "*aaaaaaaaaaaaaaaab*ab", "b", PATTERN_OTHER },
		{ "*[a-z]?[!b]*b*", "", PATTERN_OTHER },
		{ "*[a-z]?[!b]*b*", "b", PATTERN_MATCHES },
		{ "*?b", "", PATTERN_OTHER },
		{ "?*b", "b", PATTERN_MATCHES },
	};
	struct str many = repeat("a*", 6000, "");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str text = repeat("a", 65535, rows[i].last);

		check_verdict(pattern_glob, str_of(rows[i].glob), text, rows[i].verdict);
		free((char *)text.ptr);
	}
	struct str text = repeat("a", 5999, "b");
	check_verdict(pattern_glob, many, text, PATTERN_OTHER);
	free((char *)text.ptr);
	free((char *)many.ptr);
}

static void nobody_knows_of_a_text_that_is_not_utf8(void **state)
{
	static const struct str texts[] = { STR_INIT("a\xff"), STR_INIT("\xc3"),
		STR_INIT("\xc0\x80"), STR_INIT("\xed\xa0\x80"), STR_INIT("\xf4\x90\x80\x80") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		check_verdict(pattern_regex, STR(".*"), texts[i], PATTERN_GAVE_UP);
		check_verdict(pattern_glob, STR("*"), texts[i], PATTERN_GAVE_UP);
		check_verdict(pattern_glob, STR("b"), texts[i], PATTERN_GAVE_UP);
	}
}

// Templates

static void check_expansion(
	const char *regex, struct str text, struct str template, struct str wanted)
{
	struct pattern *pattern = compile(pattern_regex, str_of(regex));
	struct buf out = buf_new(UNIT_LIMIT);
	struct err err = { 0 };

	if (!pattern_check_template(pattern, template, &err))
		fail_msg("\"%s\": %s", unit_printable(template), err.text);
	assert_int_equal(pattern_match(pattern, text), PATTERN_MATCHES);
	buf_add(&out, STR("<"));
	pattern_expand(pattern, template, text, &out);
	buf_add(&out, STR(">"));
	check_str(unit_printable(template), buf_str(&out), wanted);
	buf_free(&out);
	pattern_free(pattern);
}

static void a_template_takes_what_groups_matched(void **state)
{
	static const struct {
		const char *regex;
		struct str text, template, wanted;
	} rows[] = {
		{ "a", STR_INIT("a"), STR_INIT(""), STR_INIT("<>") },
		{ "a", STR_INIT("a"), STR_INIT("x y"), STR_INIT("<x y>") },
		{ "plc-([0-9]+)-(.*)", STR_INIT("plc-12-hall"), STR_INIT("$1"), STR_INIT("<12>") },
		{ "plc-([0-9]+)-(.*)", STR_INIT("plc-12-hall"), STR_INIT("${2}/$1"),
			STR_INIT("<hall/12>") },
		{ "plc-([0-9]+)-(.*)", STR_INIT("plc-12-hall"), STR_INIT("$0"),
			STR_INIT("<plc-12-hall>") },
		{ "plc-(?<line>[0-9]+)", STR_INIT("plc-12"), STR_INIT("line $line, $1"),
			STR_INIT("<line 12, 12>") },
		{ "(?<\xc3\xa4>.)", STR_INIT("x"), STR_INIT("${\xc3\xa4}"), STR_INIT("<x>") },
		// where a number ends
		{ "(.)(.)", STR_INIT("xy"), STR_INIT("$1-x${2}_"), STR_INIT("<x-xy_>") },
		{ "(.)(.)", STR_INIT("xy"), STR_INIT("${1}0"), STR_INIT("<x0>") },
		{ "(.)(.)", STR_INIT("xy"), STR_INIT("$01${02}"), STR_INIT("<xy>") },
		{ "(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)", STR_INIT("abcdefghij"), STR_INIT("$10$1"),
			STR_INIT("<ja>") },
		// dollars
		{ "(.)", STR_INIT("x"), STR_INIT("$$"), STR_INIT("<$>") },
		{ "(.)", STR_INIT("x"), STR_INIT("$$1$$$1"), STR_INIT("<$1$x>") },
		{ "(.*)", STR_INIT("$1"), STR_INIT("$1}{"), STR_INIT("<$1}{>") },
		// groups that took no part, or matched nothing
		{ "(a)|(b)|(c)", STR_INIT("b"), STR_INIT("[$1][$2][$3]"), STR_INIT("<[][b][]>") },
		{ "(x*)y", STR_INIT("y"), STR_INIT("[$1]"), STR_INIT("<[]>") },
		{ "(x*)", STR_INIT(""), STR_INIT("[$0$1]"), STR_INIT("<[]>") },
		{ "(?|a(?<n>.)|b(?<n>.))", STR_INIT("b2"), STR_INIT("${n}"), STR_INIT("<2>") },
		{ "ab\\Kc", STR_INIT("abc"), STR_INIT("$0"), STR_INIT("<c>") },
		// bytes
		{ "(.)(.*)", STR_INIT("\xc3\xa4\xe2\x82\xac"), STR_INIT("$2$1"),
			STR_INIT("<\xe2\x82\xac\xc3\xa4>") },
		{ "(.*)", STR_INIT("a\0b"), STR_INIT("$1"), STR_INIT("<a\0b>") },
		{ "(.*)", STR_INIT("a"), STR_INIT("\0$1"), STR_INIT("<\0a>") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_expansion(rows[i].regex, rows[i].text, rows[i].template, rows[i].wanted);
}

static void a_templates_fault_is_at_its_dollar(void **state)
{
	static const struct {
		const char *regex;
		struct str template;
		size_t position;
		const char *why; // a part of the text
	} rows[] = {
		{ "(.)", STR_INIT("a$"), 1, "the $ at the end is no reference; write $1," },
		{ "(.)", STR_INIT("$-x"), 0, "the $ in front of \"-x\" is no reference; write" },
		{ "(.)", STR_INIT("$1x"), 0, "there is no group \"1x\": " },
		{ "(.)", STR_INIT("$12_$1"), 0, "write ${12}_" },
		{ "(?<a>.)", STR_INIT("$ab"), 0, "no single group \"ab\"; a group is a part" },
		{ "(.)", STR_INIT("$$$"), 2, "the $ at the end is no reference" },
		{ "(.)", STR_INIT("$ 1 $1"), 0, "in front of \" 1 \" is no reference" },
		{ "(.)", STR_INIT("$-1"), 0, "no reference" },
		{ "(.)", STR_INIT("${1"), 0, "no reference" },
		{ "(.)", STR_INIT("$1${}"), 2, "no reference" },
		{ "(.)", STR_INIT("$1 $2"), 3, "there is no single group \"2\"" },
		{ "(.)", STR_INIT("$10"), 0, "no single group \"10\"" },
		{ "(.)", STR_INIT("$4294967297"), 0, "no single group" },
		{ "(.)", STR_INIT("$18446744073709551617"), 0, "no single group" },
		{ "(.)", STR_INIT("${$}"), 0, "no single group \"$\"" },
		{ "(.)", STR_INIT("${1x}"), 0, "no group \"1x\"" },
		{ "(.)", STR_INIT("${ 1}"), 0, "no single group" },
		{ "(?<a>.)", STR_INIT("${b}"), 0, "no single group \"b\"" },
		{ "(?<a>.)", STR_INIT("${A}"), 0, "no single group \"A\"" },
		{ "(?<a>.)", STR_INIT("${a\0}"), 0, "no single group" },
		{ "(?J)(?<a>.)|(?<a>..)", STR_INIT("${a}"), 0, "no single group \"a\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pattern *pattern = compile(pattern_regex, str_of(rows[i].regex));
		const char *row = unit_printable(rows[i].template);
		struct err err = { 0 };

		CHECK_ROW(row, !pattern_check_template(pattern, rows[i].template, &err));
		check_number(row, "kind", err.kind, ERR_INVALID);
		check_number(row, "position", err.position, rows[i].position);
		if (!strstr(err.text, rows[i].why))
			FAIL_ROW(row, "says: %s", err.text);
		pattern_free(pattern);
	}
}

static void a_name_of_any_length_is_looked_for(void **state)
{
	struct pattern *pattern = compile(pattern_regex, STR("(?<a>.)"));
	struct str template = repeat("a", 1000, "}");
	struct buf out = buf_new(UNIT_LIMIT);
	struct err err = { 0 };

	(void)state;
	buf_add(&out, STR("${"));
	buf_add(&out, template);
	assert_false(pattern_check_template(pattern, buf_str(&out), &err));
	assert_int_equal(err.position, 0);
	buf_free(&out);
	free((char *)template.ptr);
	pattern_free(pattern);
}

static void a_glob_has_only_the_whole_match(void **state)
{
	struct pattern *pattern = compile(pattern_glob, STR("*-[12]-*x"));
	struct buf out = buf_new(UNIT_LIMIT);
	struct err err = { 0 };

	(void)state;
	assert_true(pattern_check_template(pattern, STR("$0"), &err));
	assert_false(pattern_check_template(pattern, STR("$1"), &err));
	assert_int_equal(pattern_match(pattern, STR("a-1-bx")), PATTERN_MATCHES);
	pattern_expand(pattern, STR("$0"), STR("a-1-bx"), &out);
	check_str("$0", buf_str(&out), STR("a-1-bx"));
	buf_free(&out);
	pattern_free(pattern);
}

// Each match in turn of one pattern, and what $1 is then.
static void groups_are_those_of_the_last_match(void **state)
{
	static const struct {
		struct str text;
		enum pattern_verdict verdict;
		struct str group;
	} rows[] = {
		{ STR_INIT("xab"), PATTERN_MATCHES, STR_INIT("ab") },
		{ STR_INIT("yab"), PATTERN_OTHER, STR_INIT("") },
		{ STR_INIT("xc"), PATTERN_MATCHES, STR_INIT("c") },
		{ STR_INIT("xc\xff"), PATTERN_GAVE_UP, STR_INIT("") },
		{ STR_INIT("z"), PATTERN_MATCHES, STR_INIT("") },
	};
	struct pattern *pattern = compile(pattern_regex, STR("x(.+)|z"));
	struct buf out = buf_new(UNIT_LIMIT);

	(void)state;
	pattern_expand(pattern, STR("$1"), STR("xab"), &out);
	assert_int_equal(out.len, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(pattern_match(pattern, rows[i].text), rows[i].verdict);
		pattern_expand(pattern, STR("$1"), rows[i].text, &out);
		check_str(rows[i].text.ptr, buf_str(&out), rows[i].group);
		buf_free(&out);
	}
	pattern_free(pattern);
	pattern_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_glob_is_about_the_whole_text),
		cmocka_unit_test(a_globs_fault_has_a_position),
		cmocka_unit_test(an_expression_is_about_the_whole_text),
		cmocka_unit_test(an_expressions_fault_has_a_position),
		cmocka_unit_test(a_pattern_has_at_most_64_kib),
		cmocka_unit_test(a_pattern_that_compiles_to_too_much_is_refused),
		cmocka_unit_test(a_text_takes_a_bounded_time),
		cmocka_unit_test(good_expressions_do_not_give_up_on_long_texts),
		cmocka_unit_test(a_glob_does_not_give_up_on_64_kib),
		cmocka_unit_test(nobody_knows_of_a_text_that_is_not_utf8),
		cmocka_unit_test(a_template_takes_what_groups_matched),
		cmocka_unit_test(a_templates_fault_is_at_its_dollar),
		cmocka_unit_test(a_name_of_any_length_is_looked_for),
		cmocka_unit_test(a_glob_has_only_the_whole_match),
		cmocka_unit_test(groups_are_those_of_the_last_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
