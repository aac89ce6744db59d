// SPDX-License-Identifier: Apache-2.0
#include "strict_line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// VictoriaMetrics refuses a whole body for one line of 1 MiB (seen on 1.145).
enum { LONGEST_LINE = 1 << 20 };

// Where reading stands in a line.
struct cursor {
	const char *at, *end;
};

// Texts

bool strict_same(struct strict_text a, struct strict_text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool strict_is(struct strict_text text, const char *word)
{
	return strict_same(text, (struct strict_text){ word, strlen(word) });
}

// The code point at the front, decoded and then judged (RFC 3629 section 3). 0: it is malformed.
static size_t utf8_length(const unsigned char *p, size_t n)
{
	static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	unsigned long point;

	if (length <= 1)
		return length;
	if (p[0] >= 0xf8 || length > n)
		return 0;
	point = p[0] & (0xffu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
		point = point << 6 | (p[i] & 0x3f);
	}
	bool surrogate = point >= 0xd800 && point <= 0xdfff;
	return point < least[length] || point > 0x10ffff || surrogate ? 0 : length;
}

bool strict_is_utf8(struct strict_text text)
{
	const unsigned char *p = (const unsigned char *)text.ptr;

	for (size_t i = 0, length; i < text.len; i += length) {
		length = utf8_length(p + i, text.len - i);
		if (length == 0)
			return false;
	}
	return true;
}

// Numbers

static size_t skip_digits(struct cursor *c)
{
	size_t n = 0;

	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
		n++;
	return n;
}

static bool skip_one_of(struct cursor *c, const char *set)
{
	if (c->at == c->end || *c->at == '\0' || !strchr(set, *c->at))
		return false;
	c->at++;
	return true;
}

static bool is_decimal(struct strict_text text)
{
	struct cursor c = { text.ptr, text.ptr + text.len };
	size_t n_digits;

	skip_one_of(&c, "-");
	n_digits = skip_digits(&c);
	if (skip_one_of(&c, "."))
		n_digits += skip_digits(&c);
	if (n_digits == 0)
		return false;
	if (skip_one_of(&c, "eE")) {
		skip_one_of(&c, "+-");
		if (skip_digits(&c) == 0)
			return false;
	}
	return c.at == c.end;
}

bool strict_number(struct strict_text text, double *number)
{
	char *copy;

	*number = strict_is(text, "+Inf")   ? (double)INFINITY
		  : strict_is(text, "-Inf") ? -(double)INFINITY
					    : (double)NAN;
	if (strict_is(text, "NaN") || isinf(*number))
		return true;
	if (!is_decimal(text))
		return false;
	copy = strndup(text.ptr, text.len);
	if (!copy)
		abort();
	*number = strtod(copy, NULL);
	free(copy);
	return isfinite(*number);
}

bool strict_is_gateway_spelling(struct strict_text text, double number)
{
	char spelling[64];
	int precision = 0, exponent;

	if (isnan(number))
		return strict_is(text, "NaN");
	if (isinf(number))
		return strict_is(text, number > 0 ? "+Inf" : "-Inf");
	if (number == 0)
		return strict_is(text, "0");
	do
		snprintf(spelling, sizeof(spelling), "%.*e", precision, number);
	while (strtod(spelling, NULL) != number && ++precision < 17);
	exponent = (int)strtol(strchr(spelling, 'e') + 1, NULL, 10);
	if (exponent >= -4 && exponent < 6)
		snprintf(spelling, sizeof(spelling), "%.*f",
			precision > exponent ? precision - exponent : 0, number);
	return strict_is(text, spelling);
}

// Parts of a line. Each takes what it reads off the front; NULL, or what is wrong.

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *take_name(struct cursor *c, bool colons, struct strict_text *name)
{
	const char *start = c->at;

	while (c->at < c->end && (is_letter(*c->at) || (colons && *c->at == ':') ||
					 (c->at > start && is_digit(*c->at))))
		c->at++;
	*name = (struct strict_text){ start, (size_t)(c->at - start) };
	return name->len ? NULL : "a name is missing or not legal";
}

static const char *take_byte(struct cursor *c, char wanted, const char *fault)
{
	if (c->at == c->end || *c->at != wanted)
		return fault;
	c->at++;
	return NULL;
}

// Escaped text up to the quote, or to the end of the line where there are no quotes.
static const char *take_escaped(struct cursor *c, bool quotes, struct strict_text *text)
{
	const char *start = c->at, *known = quotes ? "\\n\"" : "\\n";

	for (; c->at < c->end && !(quotes && *c->at == '"'); c->at++)
		if (*c->at == '\\' && (++c->at == c->end || !*c->at || !strchr(known, *c->at)))
			return "an escape is unknown";
	*text = (struct strict_text){ start, (size_t)(c->at - start) };
	return strict_is_utf8(*text) ? NULL : "a text is not UTF-8";
}

// name="value"
static const char *take_label(struct cursor *c, struct strict_line *line)
{
	struct strict_label label;
	const char *fault = take_name(c, false, &label.name);

	fault = fault ? fault : take_byte(c, '=', "there is no = behind a label's name");
	fault = fault ? fault : take_byte(c, '"', "a label's value has no opening quote");
	fault = fault ? fault : take_escaped(c, true, &label.value);
	fault = fault ? fault : take_byte(c, '"', "a label's value has no closing quote");
	if (fault)
		return fault;
	if (label.name.len >= 2 && memcmp(label.name.ptr, "__", 2) == 0)
		return "a label's name starts with __";
	for (size_t i = 0; i < line->n_labels; i++)
		if (strict_same(line->labels[i].name, label.name))
			return "a label's name occurs twice";
	if (line->n_labels == STRICT_MOST_LABELS)
		return "there are too many labels";
	line->labels[line->n_labels++] = label;
	return NULL;
}

// From behind the opening brace.
static const char *take_labels(struct cursor *c, struct strict_line *line)
{
	do {
		const char *fault = take_label(c, line);
		if (fault)
			return fault;
	} while (!take_byte(c, ',', ""));
	return take_byte(c, '}', "there is neither , nor } behind a label");
}

static const char *read_sample(struct cursor *c, struct strict_line *line)
{
	const char *fault = take_name(c, true, &line->name);

	if (!fault && !take_byte(c, '{', ""))
		fault = take_labels(c, line);
	fault = fault ? fault : take_byte(c, ' ', "there is not one blank before the value");
	if (fault)
		return fault;
	line->text = (struct strict_text){ c->at, (size_t)(c->end - c->at) };
	return strict_number(line->text, &line->number) ? NULL : "the value is no plain number";
}

static const char *read_help(struct cursor *c, struct strict_line *line)
{
	const char *fault = take_name(c, true, &line->name);

	fault = fault ? fault : take_byte(c, ' ', "there is not one blank before the help");
	fault = fault ? fault : take_escaped(c, false, &line->text);
	if (fault)
		return fault;
	if (line->text.len == 0)
		return "a help is empty";
	return *line->text.ptr == ' ' || *line->text.ptr == '\t' ? "a help starts with a blank"
								 : NULL;
}

static const char *read_type(struct cursor *c, struct strict_line *line)
{
	static const char *const words[] = { "counter", "gauge", "histogram", "summary",
		"untyped" };
	const char *fault = take_name(c, true, &line->name);

	fault = fault ? fault : take_byte(c, ' ', "there is not one blank before the type");
	if (fault)
		return fault;
	line->text = (struct strict_text){ c->at, (size_t)(c->end - c->at) };
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strict_is(line->text, words[i]))
			return NULL;
	return "a type is none of the five";
}

static bool take_word(struct cursor *c, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0)
		return false;
	c->at += n;
	return true;
}

const char *strict_read_line(struct strict_text text, struct strict_line *line)
{
	struct cursor c = { text.ptr, text.ptr + text.len };

	line->n_labels = 0;
	if (text.len >= LONGEST_LINE)
		return "the line has 1 MiB or more";
	if (text.len && text.ptr[text.len - 1] == '\r')
		return "the line ends in CR LF";
	if (take_word(&c, "# HELP ")) {
		line->kind = STRICT_HELP;
		return read_help(&c, line);
	}
	if (take_word(&c, "# TYPE ")) {
		line->kind = STRICT_TYPE;
		return read_type(&c, line);
	}
	line->kind = STRICT_SAMPLE;
	return read_sample(&c, line);
}
