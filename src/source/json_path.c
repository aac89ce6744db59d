// SPDX-License-Identifier: Apache-2.0
#include "source/json_path.h"

#include "base/number.h"

#include <string.h>

// 1. Bytes

bool json_path_fault(const struct json_path_scan *scan, const char *what)
{
	err_set(scan->err, ERR_INVALID, scan->at, "after %zu bytes: %s", scan->at, what);
	return false;
}

bool json_path_scan_start(struct json_path_scan *scan)
{
	if (str_is_utf8(scan->text) &&
		!(scan->text.len && memchr(scan->text.ptr, '\0', scan->text.len)))
		return true;
	return json_path_fault(scan, "no text in UTF-8");
}

static char peek(const struct json_path_scan *scan)
{
	return (char)(scan->at < scan->text.len ? scan->text.ptr[scan->at] : '\0');
}

char json_path_peek(struct json_path_scan *scan)
{
	while (peek(scan) == ' ' || peek(scan) == '\t')
		scan->at++;
	return peek(scan);
}

static bool accept(struct json_path_scan *scan, char byte)
{
	if (peek(scan) != byte)
		return false;
	scan->at++;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
	       c == '-';
}

static struct str take_plain(struct json_path_scan *scan)
{
	const char *start = scan->text.ptr + scan->at;

	while (is_plain(peek(scan)))
		scan->at++;
	return str_between(start, scan->text.ptr + scan->at);
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

// There are no escapes: what has one kind of quote is put between the other.
static bool take_quoted(struct json_path_scan *scan, struct str *text)
{
	const char *start = scan->text.ptr + scan->at + 1, *end = scan->text.ptr + scan->text.len;
	const char *quote = memchr(start, peek(scan), (size_t)(end - start));

	if (!quote)
		return json_path_fault(scan, "a quote without the one that closes it");
	*text = str_between(start, quote);
	scan->at += text->len + 2;
	return true;
}

// 2. Values to compare with

// False: it is none, or beyond int64_t.
static bool read_integer(struct str text, int64_t *integer)
{
	bool is_negative = text.len && text.ptr[0] == '-';

	*integer = 0;
	for (size_t i = is_negative; i < text.len; i++) {
		int digit = text.ptr[i] - '0';

		if (!is_digit(text.ptr[i]) || __builtin_mul_overflow(*integer, 10, integer) ||
			__builtin_add_overflow(*integer, is_negative ? -digit : digit, integer))
			return false;
	}
	return text.len > is_negative;
}

bool json_path_scan_number(struct json_path_scan *scan, struct json_number *number)
{
	const char *start = scan->text.ptr + scan->at;
	size_t n = 0;
	struct str spelling;

	while (scan->at + n < scan->text.len &&
		(is_plain(start[n]) || start[n] == '.' || start[n] == '+'))
		n++;
	struct str text = { start, n };
	*number = (struct json_number){ 0 };
	if (n == 0 || (!is_digit(text.ptr[0]) && text.ptr[0] != '-') ||
		!is_digit(text.ptr[n - 1]) || number_judge(text, &spelling) == NUMBER_BAD)
		return json_path_fault(scan, "no number");
	number->is_integer = read_integer(text, &number->integer);
	number->real = number_value(spelling);
	if (!number->is_integer)
		number->integer = 0;
	scan->at += n;
	return true;
}

static bool starts(const struct json_path_scan *scan, struct str word)
{
	struct str rest = { scan->text.ptr + scan->at, scan->text.len - scan->at };

	return str_starts_with(rest, word);
}

static bool take_wanted(struct json_path_scan *scan, struct json_step *step)
{
	char c = json_path_peek(scan);

	step->kind = JSON_STEP_WHERE;
	if (is_quote(c)) {
		step->wanted = JSON_STRING;
		return take_quoted(scan, &step->text);
	}
	if (starts(scan, STR("true")) || starts(scan, STR("false"))) {
		step->wanted = JSON_BOOL;
		step->truth = c == 't';
		scan->at += step->truth ? 4 : 5;
		return true;
	}
	step->wanted = JSON_NUMBER;
	if (is_digit(c) || c == '-')
		return json_path_scan_number(scan, &step->number);
	return json_path_fault(scan, "a filter wants a text in quotes, a number, true or false");
}

// 3. Steps

// Steps as they are parsed; there are no more than dots and brackets, and one.
struct parsed {
	struct json_step *steps;
	size_t n, n_levels;
};

static struct parsed new_steps(const struct json_path_scan *scan)
{
	size_t n = 1;

	for (size_t i = scan->at; i < scan->text.len && n < JSON_PATH_MOST_STEPS; i++)
		n += scan->text.ptr[i] == '.' || scan->text.ptr[i] == '[';
	return (struct parsed){ .steps = arena_array(scan->arena, struct json_step, n) };
}

static struct json_step *add_step(struct json_path_scan *scan, struct parsed *parsed)
{
	if (parsed->n < JSON_PATH_MOST_STEPS)
		return &parsed->steps[parsed->n++];
	json_path_fault(scan, "a path has at most 32 steps");
	return NULL;
}

static bool take_key(struct json_path_scan *scan, struct parsed *parsed)
{
	if (!is_plain(peek(scan)))
		return json_path_fault(
			scan, "a key is missing; one of other characters is written ['a b']");
	struct json_step *step = add_step(scan, parsed);
	if (step)
		step->key = arena_copy(scan->arena, take_plain(scan)).ptr;
	return step != NULL;
}

// ['key'], ['key'=1] or [key=1]
//  ^
static bool take_named(struct json_path_scan *scan, struct json_step *step)
{
	bool is_quoted = is_quote(peek(scan));
	struct str key;

	if (!is_quoted && !is_plain(peek(scan)))
		return json_path_fault(scan, "a * is missing, a key in quotes, or a filter");
	if (!is_quoted)
		key = take_plain(scan);
	else if (!take_quoted(scan, &key))
		return false;
	step->key = arena_copy(scan->arena, key).ptr;
	if (json_path_peek(scan) == '=') {
		scan->at++;
		return take_wanted(scan, step);
	}
	return is_quoted ||
	       json_path_fault(scan, "a = and a value are missing, as in [name='x']; a key in "
				     "brackets is in quotes, and there are no indices");
}

static bool take_bracket(struct json_path_scan *scan, struct parsed *parsed)
{
	struct json_step *step = add_step(scan, parsed);

	if (!step)
		return false;
	scan->at++;
	json_path_peek(scan);
	if (accept(scan, '*'))
		step->kind = JSON_STEP_ALL;
	else if (!take_named(scan, step))
		return false;
	parsed->n_levels += step->kind != JSON_STEP_KEY;
	json_path_peek(scan);
	return accept(scan, ']') || json_path_fault(scan, "a ] is missing");
}

// As many as there are. is_first: the first one may be a key without a dot.
static bool take_steps(struct json_path_scan *scan, bool is_first, struct json_path *path)
{
	struct parsed parsed = new_steps(scan);
	bool good = true, goes_on = true;

	for (; good && goes_on; is_first = false) {
		if (peek(scan) == '[')
			good = take_bracket(scan, &parsed);
		else if (is_first || accept(scan, '.'))
			good = take_key(scan, &parsed);
		else
			goes_on = false;
	}
	path->steps = parsed.steps;
	path->n_steps = parsed.n;
	path->n_levels = parsed.n_levels;
	return good;
}

static bool take_end(const struct json_path_scan *scan)
{
	return scan->at == scan->text.len ||
	       json_path_fault(scan,
		       "a dot or a bracket is missing; a key of other characters than letters, "
		       "digits, _ and - is written ['a b']");
}

// 4. Paths

static bool take_from_root(struct json_path_scan *scan, struct json_path *path)
{
	bool is_named = accept(scan, '$');

	*path = (struct json_path){ .from = JSON_PATH_ROOT };
	return take_steps(scan, !is_named, path);
}

bool json_path_parse(struct arena *arena, struct str text, struct json_path *path, struct err *err)
{
	struct json_path_scan scan = { arena, text, 0, err };

	return json_path_scan_start(&scan) && take_from_root(&scan, path) && take_end(&scan);
}

static bool check_one(const struct json_path_scan *scan, const struct json_path *path)
{
	return path->n_levels == 0 ||
	       json_path_fault(
		       scan, "one value is wanted here, so there can be no [*] and no filter");
}

bool json_path_scan_value(struct json_path_scan *scan, struct json_path *path)
{
	return take_from_root(scan, path) && check_one(scan, path);
}

static bool take_constant(struct json_path_scan *scan, struct json_path *path)
{
	path->from = JSON_PATH_TEXT;
	if (!is_quote(json_path_peek(scan)))
		return json_path_fault(scan, "a text in quotes is missing");
	return take_quoted(scan, &path->text) &&
	       (path->text.len || json_path_fault(scan, "the text is empty"));
}

static bool take_from_row(struct json_path_scan *scan, size_t n_levels, struct json_path *path)
{
	while (accept(scan, '^'))
		path->n_out++;
	if (path->n_out > n_levels)
		return json_path_fault(
			scan, "this is further out than [*] and filters of the metric's path go");
	if (starts(scan, STR("@key"))) {
		path->from = JSON_PATH_NAME;
		scan->at += 4;
		return path->n_out < n_levels ||
		       json_path_fault(scan, "no [*] and no filter of the metric's path has a key "
					     "here");
	}
	return take_steps(scan, path->n_out == 0, path);
}

bool json_path_parse_label(struct arena *arena, struct str text, size_t n_levels,
	struct json_path *path, struct err *err)
{
	struct json_path_scan scan = { arena, text, 0, err };
	bool good;

	*path = (struct json_path){ .from = JSON_PATH_ROW };
	if (!json_path_scan_start(&scan))
		return false;
	if (accept(&scan, '='))
		good = take_constant(&scan, path);
	else if (peek(&scan) == '$')
		good = take_from_root(&scan, path);
	else
		good = take_from_row(&scan, n_levels, path);
	return good && check_one(&scan, path) && take_end(&scan);
}
