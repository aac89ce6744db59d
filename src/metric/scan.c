// SPDX-License-Identifier: Apache-2.0
#include "metric/scan.h"

#include "base/number.h"
#include "metric/scan_part.h"

#include <string.h>

// Names

enum {
	P = VALUE_PLAIN,
	B = VALUE_PLAIN | BLANK,
	D = VALUE_PLAIN | NAME | LABEL,	     // 0-9
	C = VALUE_PLAIN | NAME | NAME_START, // the colon
	L = D | NAME_START | LABEL_START,    // letters and _
};

// clang-format off
const unsigned char scan_classes[256] = {
	P, P, P, P, P, P, P, P, P, B, P, P, P, P, P, P,
	P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
	B, P, 0, P, P, P, P, P, P, P, P, P, P, P, P, P, // !"#$%&'()*+,-./
	D, D, D, D, D, D, D, D, D, D, C, P, P, P, P, P, // 0123456789:;<=>?
	P, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, // @ABCDEFGHIJKLMNO
	L, L, L, L, L, L, L, L, L, L, L, P, 0, P, P, L, // PQRSTUVWXYZ[\ ]^_
	P, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, // `abcdefghijklmno
	L, L, L, L, L, L, L, L, L, L, L, P, P, P, P, P, // pqrstuvwxyz{|}~
};
// clang-format on

static inline const char *skip_name(const char *p, const char *end)
{
	if (p < end && is(*p, NAME_START))
		while (p < end && is(*p, NAME))
			p++;
	return p;
}

static enum scan_kind bad(struct scan_line *line, struct str why)
{
	line->text = why;
	return line->kind = SCAN_BAD;
}

// Samples

// What may stand behind a value: a timestamp (milliseconds, or OpenMetrics' seconds), an exemplar.
static bool scan_rest(const char *p, const char *end, struct scan_line *line)
{
	const char *token = p = skip_blanks(p, end);
	struct str ignored;

	while (p < end && !is(*p, BLANK))
		p++;
	if (token < end && *token != '#') {
		if (number_judge(str_between(token, p), &ignored) == NUMBER_BAD)
			return false;
		need(line, REPAIR_TIMESTAMP);
		token = skip_blanks(p, end);
	}
	if (token < end) {
		if (*token != '#')
			return false;
		token = skip_blanks(token + 1, end);
		if (token == end || *token != '{')
			return false;
		need(line, REPAIR_EXEMPLAR);
	} else if (!(line->repairs & 1u << REPAIR_TIMESTAMP)) {
		need(line, REPAIR_BLANKS);
	}
	return true;
}

// The name of a sample is nearly always that of the line before: comparing is faster than looking at
// every byte.
static inline const char *skip_metric_name(const char *p, const char *end, struct str last)
{
	if ((size_t)(end - p) > last.len && last.len && memcmp(p, last.ptr, last.len) == 0 &&
		!is(p[last.len], NAME))
		return p + last.len;
	return skip_name(p, end);
}

// A name and labels; the name may be among the labels. Returns what stands behind them, or NULL: line->text
// says why.
static inline const char *scan_series(
	struct scan *scan, const char *p, const char *end, struct scan_line *line)
{
	const char *start = p;

	p = skip_metric_name(p, end, scan->name);
	if (p > start)
		scan->name = line->name = str_between(start, p);
	p = skip_blanks(p, end);
	if (p < end && *p == '{')
		p = scan_labels(p + 1, end, line);
	if (line->name.len == 0)
		return fail(line, STR("it starts with no legal name"));
	return p ? skip_blanks(p, end) : NULL;
}

static inline enum scan_kind scan_number(const char *p, const char *end, struct scan_line *line)
{
	const char *value = p;

	while (p < end && !is(*p, BLANK))
		p++;
	enum number_verdict verdict = number_judge(str_between(value, p), &line->text);
	if (verdict == NUMBER_BAD)
		return bad(line, STR("the value is no number"));
	if (verdict == NUMBER_REPAIRED)
		need(line, REPAIR_NUMBER);
	if (p < end && !scan_rest(p, end, line))
		return bad(line, STR("something stands behind the value"));
	return line->kind = SCAN_SAMPLE;
}

static enum scan_kind scan_sample(
	struct scan *scan, const char *p, const char *end, struct scan_line *line)
{
	p = scan_series(scan, p, end, line);
	return p ? scan_number(p, end, line) : (line->kind = SCAN_BAD);
}

// Comments

static struct str take_word(const char **p, const char *end)
{
	const char *start = *p = skip_blanks(*p, end);

	while (*p < end && !is(**p, BLANK))
		(*p)++;
	return str_between(start, *p);
}

// The name in HELP or TYPE. False: it is not legal.
static bool take_name(const char **p, const char *end, struct scan_line *line)
{
	if (**p == '"') {
		const char *behind = scan_quoted_name(*p, end, line);
		if (!behind || (behind < end && !is(*behind, BLANK)))
			return false;
		line->name = str_between(*p + 1, behind - 1);
		*p = behind;
		return true;
	}
	line->name = take_word(p, end);
	return skip_name(line->name.ptr, *p) == *p;
}

// A comment without meaning stays SCAN_COMMENT; so does HELP or TYPE with nothing behind.
static void scan_comment(const char *p, const char *end, struct scan_line *line)
{
	struct str keyword = take_word(&p, end);
	bool help = str_eq(keyword, STR("HELP"));

	p = skip_blanks(p, end);
	if (p == end || (!help && !str_eq(keyword, STR("TYPE"))))
		return;
	if (!take_name(&p, end, line)) {
		bad(line, STR("HELP or TYPE without a legal name"));
		return;
	}

	const char *text = skip_blanks(p, end);
	if (help) {
		line->text = str_between(text, end);
		line->kind = SCAN_HELP;
		return;
	}
	line->text = str_trim(str_between(text, end));
	if (text - p != 1 || text + line->text.len != end)
		need(line, REPAIR_METADATA);
	line->kind = SCAN_TYPE;
}

// Lines

struct scan scan_new(struct str page)
{
	if (page.len == 0)
		page = STR(""); // a NULL has no end
	return (struct scan){ .start = page.ptr, .at = page.ptr, .end = page.ptr + page.len };
}

// Takes the next line off the page, without its end.
static inline struct str take_line(struct scan *scan, struct scan_line *line)
{
	const char *start = scan->at;
	const char *feed = memchr(start, '\n', (size_t)(scan->end - start));
	const char *end = feed ? feed : scan->end;

	scan->at = feed ? feed + 1 : scan->end;
	scan->line_number++;
	if (end > start && end[-1] == '\r')
		need(line, REPAIR_LINE_END);
	while (end > start && end[-1] == '\r')
		end--;
	if (!feed)
		need(line, REPAIR_LINE_END);
	if (start == scan->start && end - start >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0) {
		start += 3;
		need(line, REPAIR_BYTE_ORDER_MARK);
	}
	return str_between(start, end);
}

// A label's value, or a quoted name, may have raw line feeds (textparse). That is tried where a quote is
// open at the line's end; if no sample comes of it, only that line is bad. An exemplar proves OpenMetrics,
// which has no raw line feeds. So a sample that is good by itself is never the end of another: behind an
// open quote its own quotes open and close the wrong way round. For the same reason no try gets beyond the
// next line with an open quote, and all of them together go over the page once.
//
// m{a="first
// ^ p
// second"} 1
static void scan_across_lines(struct scan *scan, const char *p, struct scan_line *line)
{
	struct scan ahead = *scan;
	struct scan_line whole = { .number = line->number };

	whole.repairs = line->repairs & ~(1u << REPAIR_LINE_END);
	need(&whole, REPAIR_RAW_LINE_FEED);
	ahead.at = scan_series(&ahead, p, scan->end, &whole);
	if (!ahead.at) {
		line->too_many_labels = whole.too_many_labels;
		return;
	}
	whole.odd_labels = true;
	for (const char *at = p; (at = memchr(at, '\n', (size_t)(ahead.at - at))); at++)
		ahead.line_number++;
	ahead.line_number--; // take_line counts the last one
	p = ahead.at;
	struct str rest = take_line(&ahead, &whole);
	if (scan_number(p, rest.ptr + rest.len, &whole) != SCAN_SAMPLE ||
		whole.repairs & 1u << REPAIR_EXEMPLAR)
		return;
	*scan = ahead;
	*line = whole;
}

enum scan_kind scan_next(struct scan *scan, struct scan_line *line)
{
	while (scan->at < scan->end) {
		*line = (struct scan_line){ 0 };
		struct str text = take_line(scan, line);
		const char *end = text.ptr + text.len;
		const char *p = skip_blanks(text.ptr, end);

		line->number = scan->line_number;
		line->kind = SCAN_COMMENT;
		if (p < end && *p == '#') {
			scan_comment(p + 1, end, line);
		} else if (p < end) {
			if (p > text.ptr)
				need(line, REPAIR_BLANKS);
			scan_sample(scan, p, end, line);
			if (line->open_quote)
				scan_across_lines(scan, p, line);
			return line->kind;
		}
		if (line->kind != SCAN_COMMENT || line->repairs)
			return line->kind;
	}
	return line->kind = SCAN_END;
}
