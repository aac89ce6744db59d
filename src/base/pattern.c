// SPDX-License-Identifier: Apache-2.0
#include "base/pattern.h"

#include "base/glob.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
	PATTERN_LARGEST = 64 * 1024,
	COMPILED_LARGEST = 128 * 1024,
	// What one text may cost. PCRE2 counts steps; but one step may look at all of the text, as in .*?a*+b, and
	// copies the groups, so the larger these, the fewer steps. With 10.42 that is 3 ms for a short text; ten
	// times as much for steps that look for properties of Unicode, as \X does.
	WORK = 1 << 24,
	// Good patterns too try each place of a text, a few times, as .*(error|fail).* does. So many steps a longer
	// text has for each of its bytes, as long as that is not more than MOST_WORK, some 0.2 s, which it is from
	// 6 KiB on; the dearer ones of these patterns give up past 8 KiB.
	STEPS_FOR_A_BYTE = 8,
	MOST_WORK = 1 << 28,
	// A glob needs at most two steps for a character, and none of them looks far.
	GLOB_STEPS = 1 << 20,
	// For the places to come back to, two for each star of a glob; PCRE2 keeps that memory for the next text.
	HEAP_KIB = 2048,
};

// Dot takes line ends, as in Prometheus since 3.0. What a pattern says about limits at its front,
// (*LIMIT_MATCH=...), can only make them smaller.
static const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL |
				PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;

// There is no machine code made of it: to match 100,000 names would take 3 ms in place of 5 to 7, beside
// a second for reading their JSON; and the limits would mean something else wherever memory may not be
// executable.
struct pattern {
	pcre2_code *code;	      // owned
	pcre2_match_data *match;      // owned
	pcre2_match_context *context; // owned
	bool is_glob;
	uint32_t n_groups; // without the whole match
	size_t frame_size; // bytes that a step copies at most
	size_t n_matched; // groups that the last match may have filled, with the whole match; 0: no match
};

// 1. Compiling

// Takes the code over.
static struct pattern *pattern_new(pcre2_code *code, bool is_glob)
{
	struct pattern *pattern = mem_alloc(sizeof(*pattern));

	pattern->code = code;
	pattern->match = mem_must(pcre2_match_data_create_from_pattern(code, NULL));
	pattern->context = mem_must(pcre2_match_context_create(NULL));
	pattern->is_glob = is_glob;
	pcre2_set_heap_limit(pattern->context, HEAP_KIB);
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &pattern->n_groups);
	pcre2_pattern_info(code, PCRE2_INFO_FRAMESIZE, &pattern->frame_size);
	return pattern;
}

static bool check_length(struct str text, struct err *err)
{
	if (text.len <= PATTERN_LARGEST)
		return true;
	err_set(err, ERR_INVALID, PATTERN_LARGEST, "a pattern of %zu bytes, more than %d", text.len,
		(int)PATTERN_LARGEST);
	return false;
}

static bool check_compiled(const pcre2_code *code, struct err *err)
{
	size_t size;

	pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
	if (size <= COMPILED_LARGEST)
		return true;
	err_set(err, ERR_INVALID, 0, "the pattern is too large: compiled, it has %zu bytes", size);
	return false;
}

static void set_err(struct err *err, bool is_glob, int fault, size_t at)
{
	char why[256];

	pcre2_get_error_message(fault, (PCRE2_UCHAR *)why, sizeof(why));
	// All that can be wrong with a glob here is its size.
	if (is_glob)
		err_set(err, ERR_INVALID, 0, "no glob: %s", why);
	else
		err_set(err, ERR_INVALID, at, "no regular expression: %s, after %zu bytes", why,
			at);
}

// NULL: err says why.
static pcre2_code *compile(struct str regex, bool is_glob, struct err *err)
{
	// 10.42 reads the byte behind "(*LIMIT_MATCH=1", and says that the fault is there.
	char *text = mem_alloc(regex.len + 1);
	int fault;
	size_t at;

	if (regex.len)
		memcpy(text, regex.ptr, regex.len);
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, regex.len, options, &fault, &at, NULL);
	free(text);
	if (!code)
		set_err(err, is_glob, fault, at < regex.len ? at : regex.len);
	return code;
}

static struct pattern *make(struct str regex, bool is_glob, struct err *err)
{
	pcre2_code *code = compile(regex, is_glob, err);

	if (code && check_compiled(code, err))
		return pattern_new(code, is_glob);
	pcre2_code_free(code);
	return NULL;
}

struct pattern *pattern_regex(struct str regex, struct err *err)
{
	return check_length(regex, err) ? make(regex, false, err) : NULL;
}

struct pattern *pattern_glob(struct str glob, struct err *err)
{
	struct buf regex = buf_new(GLOB_GROWTH * ((size_t)PATTERN_LARGEST + 1));
	struct pattern *pattern = NULL;

	if (check_length(glob, err) && glob_to_regex(glob, &regex, err))
		pattern = make(buf_str(&regex), true, err);
	buf_free(&regex);
	return pattern;
}

void pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	pcre2_match_context_free(pattern->context);
	pcre2_match_data_free(pattern->match);
	pcre2_code_free(pattern->code);
	free(pattern);
}

// 2. Matching

static uint32_t steps_for(const struct pattern *pattern, struct str text)
{
	size_t size = pattern->frame_size + text.len, most = MOST_WORK / size;
	size_t steps = text.len * STEPS_FOR_A_BYTE;

	if (pattern->is_glob)
		return GLOB_STEPS;
	steps = steps < most ? steps : most;
	return (uint32_t)(steps > WORK / size ? steps : WORK / size);
}

enum pattern_verdict pattern_match(struct pattern *pattern, struct str text)
{
	int n;

	pcre2_set_match_limit(pattern->context, steps_for(pattern, text));
	n = pcre2_match(pattern->code, (PCRE2_SPTR)(text.len ? text.ptr : ""), text.len, 0, 0,
		pattern->match, pattern->context);
	pattern->n_matched = n > 0 ? (size_t)n : 0;
	if (n == PCRE2_ERROR_NOMATCH)
		return PATTERN_OTHER;
	return n > 0 ? PATTERN_MATCHES : PATTERN_GAVE_UP;
}

// 3. Templates

// What a $ stands before.
struct reference {
	bool is_dollar;
	struct str group; // its number or its name; empty: it is no reference
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct str take_front(struct str *rest, size_t n)
{
	struct str front = { rest->ptr, n };

	rest->ptr += n;
	rest->len -= n;
	return front;
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Takes it off the front of what follows the $. As in Go's regexp.Expand a name without braces is the longest word.
static struct reference take_reference(struct str *rest)
{
	struct reference reference = { 0 };
	size_t n = 0;

	if (str_starts_with(*rest, STR("$"))) {
		take_front(rest, 1);
		reference.is_dollar = true;
	} else if (str_starts_with(*rest, STR("{"))) {
		take_front(rest, 1);
		if (!str_cut(*rest, '}', &reference.group, rest))
			reference.group.len = 0;
	} else {
		while (n < rest->len && is_word(rest->ptr[n]))
			n++;
		reference.group = take_front(rest, n);
	}
	return reference;
}

// -1: the pattern has no group of that name, or several.
static int named_group(const struct pattern *pattern, struct str name)
{
	char text[256];
	int group;

	if (name.len >= sizeof(text) || memchr(name.ptr, '\0', name.len))
		return -1;
	memcpy(text, name.ptr, name.len);
	text[name.len] = '\0';
	group = pcre2_substring_number_from_name(pattern->code, (PCRE2_SPTR)text);
	return group < 0 ? -1 : group;
}

// -1: there is no such group. Names never start with a digit.
static int find_group(const struct pattern *pattern, struct str group)
{
	uint32_t number = 0;

	if (!is_digit(group.ptr[0]))
		return named_group(pattern, group);
	for (size_t i = 0; i < group.len; i++) {
		if (!is_digit(group.ptr[i]))
			return -1;
		number = number * 10 + (uint32_t)(group.ptr[i] - '0');
		if (number > pattern->n_groups)
			return -1;
	}
	return (int)number;
}

static void refuse_dollar(struct str behind, size_t position, struct err *err)
{
	struct str plain, rest;

	str_cut(behind, '$', &plain, &rest);
	err_set(err, ERR_INVALID, position,
		"the $ %s%.*s%s is no reference; write $1, ${name}, or $$ for itself",
		plain.len ? "in front of \"" : "at the end", STR_ARG(plain), plain.len ? "\"" : "");
}

// $1x is no group 1 with an x behind.
static void refuse_group(struct str group, size_t position, struct err *err)
{
	size_t n = 0;

	while (n < group.len && is_digit(group.ptr[n]))
		n++;
	if (n && n < group.len)
		err_set(err, ERR_INVALID, position,
			"there is no group \"%.*s\": a reference goes as far as letters, digits "
			"and _ do; write ${%.*s}%.*s",
			STR_ARG(group), (int)n, group.ptr, (int)(group.len - n), group.ptr + n);
	else
		err_set(err, ERR_INVALID, position,
			"there is no single group \"%.*s\"; a group is a part of the regex in "
			"parentheses",
			STR_ARG(group));
}

static bool check_reference(
	const struct pattern *pattern, struct str behind, size_t position, struct err *err)
{
	struct str rest = behind;
	struct reference reference = take_reference(&rest);

	if (reference.is_dollar)
		return true;
	if (reference.group.len && find_group(pattern, reference.group) >= 0)
		return true;
	if (reference.group.len)
		refuse_group(reference.group, position, err);
	else
		refuse_dollar(behind, position, err);
	return false;
}

bool pattern_check_template(
	const struct pattern *pattern, struct str template_text, struct err *err)
{
	struct str rest = template_text, plain;

	while (str_cut(rest, '$', &plain, &rest)) {
		size_t position = template_text.len - rest.len - 1;

		if (!check_reference(pattern, rest, position, err))
			return false;
		take_reference(&rest);
	}
	return true;
}

static struct str text_of_group(const struct pattern *pattern, int group, struct str text)
{
	const size_t *bounds = pcre2_get_ovector_pointer(pattern->match);

	if (group < 0 || (size_t)group >= pattern->n_matched)
		return (struct str){ 0 };
	bounds += (size_t)group * 2;
	// A group that took no part has bounds beyond any text; \K can make a start that is behind the end.
	if (bounds[0] >= bounds[1] || bounds[1] > text.len)
		return (struct str){ 0 };
	return str_between(text.ptr + bounds[0], text.ptr + bounds[1]);
}

void pattern_expand(
	const struct pattern *pattern, struct str template_text, struct str text, struct buf *out)
{
	struct str rest = template_text, plain;

	while (str_cut(rest, '$', &plain, &rest)) {
		struct reference reference = take_reference(&rest);

		buf_add(out, plain);
		if (reference.is_dollar)
			buf_add_byte(out, '$');
		else if (reference.group.len)
			buf_add(out,
				text_of_group(pattern, find_group(pattern, reference.group), text));
	}
	buf_add(out, plain);
}
