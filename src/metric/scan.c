// SPDX-License-Identifier: Apache-2.0
#include "metric/scan.h"

#include "base/number.h"
#include "metric/label.h"
#include "metric/repair.h"

#include <string.h>

// Classes of bytes (text format 0.0.4)

enum {
	NAME_START = 1,	  // [a-zA-Z_:]
	NAME = 2,	  // and digits
	LABEL_START = 4,  // [a-zA-Z_]
	LABEL = 8,	  // and digits
	VALUE_PLAIN = 16, // of a label's value: ASCII but the quote and the backslash
	BLANK = 32,
};

enum {
	P = VALUE_PLAIN,
	B = VALUE_PLAIN | BLANK,
	D = VALUE_PLAIN | NAME | LABEL,	     // 0-9
	C = VALUE_PLAIN | NAME | NAME_START, // the colon
	L = D | NAME_START | LABEL_START,    // letters and _
};

// clang-format off
static const unsigned char classes[256] = {
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

static inline bool is(char c, unsigned char class)
{
	return classes[(unsigned char)c] & class;
}

static inline const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && is(*p, BLANK))
		p++;
	return p;
}

static inline const char *skip_name(const char *p, const char *end)
{
	if (p < end && is(*p, NAME_START))
		while (p < end && is(*p, NAME))
			p++;
	return p;
}

static inline void need(struct scan_line *line, enum repair rule)
{
	line->repairs |= 1u << rule;
}

static enum scan_kind bad(struct scan_line *line, struct str why)
{
	line->text = why;
	return line->kind = SCAN_BAD;
}

// Labels

// The bytes of a word that are zero, as a set highest bit each; above the first of them others may be
// set too (Warren, Hacker's Delight, section 6-1).
static inline uint64_t zero_bytes(uint64_t word)
{
	return (word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080);
}

// To the first quote, backslash or byte beyond ASCII. Values are half of a page: eight bytes at a time
// make the scanner faster by a tenth.
static inline const char *skip_plain(const char *p, const char *end)
{
	const uint64_t quotes = UINT64_C(0x2222222222222222);
	const uint64_t backslashes = UINT64_C(0x5c5c5c5c5c5c5c5c);

	while (end - p >= 8) {
		uint64_t word;

		memcpy(&word, p, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		word = __builtin_bswap64(word);
#endif
		uint64_t stops = zero_bytes(word ^ quotes) | zero_bytes(word ^ backslashes) |
				 (word & UINT64_C(0x8080808080808080));
		if (stops)
			return p + __builtin_ctzll(stops) / 8;
		p += 8;
	}
	while (p < end && is(*p, VALUE_PLAIN))
		p++;
	return p;
}

// The value of a label, from behind its opening quote to its closing one. NULL: there is none.
static inline const char *scan_value(const char *p, const char *end, struct scan_line *line)
{
	const char *start = p;
	bool high = false;

	for (;;) {
		p = skip_plain(p, end);
		if (p == end)
			return NULL;
		if (*p == '"')
			break;
		if (*p == '\\') {
			if (++p == end)
				return NULL;
			if (*p != '\\' && *p != '"' && *p != 'n')
				line->odd_labels = true;
			if (*p & 0x80)
				continue;
		} else {
			high = true;
		}
		p++;
	}
	if (high && !str_is_utf8(str_between(start, p)))
		line->odd_labels = true;
	return p;
}

// Blanks inside the braces are allowed, but are not canonical.
static inline const char *skip_odd_blanks(const char *p, const char *end, struct scan_line *line)
{
	if (p < end && is(*p, BLANK)) {
		line->odd_labels = true;
		p = skip_blanks(p, end);
	}
	return p;
}

// One label. On failure returns NULL and line->text says why.
//
// node="emqx@10.0.0.1",
// ^ p                 ^ returned
static inline const char *scan_label(const char *p, const char *end, struct scan_line *line)
{
	const char *start = p;

	if (p == end || !is(*p, LABEL_START)) {
		line->text = STR("a label's name is missing or not legal");
		return NULL;
	}
	while (p < end && is(*p, LABEL))
		p++;
	struct str name = str_between(start, p);
	uint64_t bit = label_name_bit(name);
	line->odd_labels |= (line->label_names & bit) != 0 || str_starts_with(name, STR("__"));
	line->label_names |= bit;

	p = skip_odd_blanks(p, end, line);
	if (p == end || *p != '=') {
		line->text = STR("there is no = behind a label's name");
		return NULL;
	}
	p = skip_odd_blanks(p + 1, end, line);
	if (p == end || *p != '"') {
		line->text = STR("a label's value has no quote in front");
		return NULL;
	}
	const char *value = p + 1;
	p = scan_value(value, end, line);
	if (!p) {
		line->text = STR("a label's value has no closing quote");
		return NULL;
	}
	if (p > value)
		line->fingerprint += label_fingerprint(str_between(start, p + 1));
	return skip_odd_blanks(p + 1, end, line);
}

// From behind the opening brace to behind the closing one; NULL as scan_label.
static const char *scan_labels(const char *p, const char *end, struct scan_line *line)
{
	const char *start = p = skip_odd_blanks(p, end, line);

	for (size_t n_labels = 0; p == end || *p != '}';) {
		p = scan_label(p, end, line);
		if (!p)
			return NULL;
		if (++n_labels > SCAN_MOST_LABELS) {
			line->text = STR("there are more than 256 labels");
			return NULL;
		}
		if (p < end && *p == '}')
			break;
		if (p == end || *p != ',') {
			line->text = STR("there is neither , nor } behind a label's value");
			return NULL;
		}
		p = skip_odd_blanks(p + 1, end, line);
		line->odd_labels |= p < end && *p == '}';
	}
	line->labels = str_between(start, p);
	return p + 1;
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

static enum scan_kind scan_sample(
	struct scan *scan, const char *p, const char *end, struct scan_line *line)
{
	const char *value;

	line->name.ptr = p;
	p = skip_metric_name(p, end, scan->name);
	line->name.len = (size_t)(p - line->name.ptr);
	if (line->name.len == 0)
		return bad(line, STR("it starts with no legal name"));
	scan->name = line->name;
	p = skip_blanks(p, end);
	if (p < end && *p == '{') {
		p = scan_labels(p + 1, end, line);
		if (!p)
			return line->kind = SCAN_BAD;
		p = skip_blanks(p, end);
	}
	for (value = p; p < end && !is(*p, BLANK);)
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

// Comments

static struct str take_word(const char **p, const char *end)
{
	const char *start = *p = skip_blanks(*p, end);

	while (*p < end && !is(**p, BLANK))
		(*p)++;
	return str_between(start, *p);
}

// A comment without meaning stays SCAN_COMMENT.
static void scan_comment(const char *p, const char *end, struct scan_line *line)
{
	struct str keyword = take_word(&p, end);
	bool help = str_eq(keyword, STR("HELP"));

	if (!help && !str_eq(keyword, STR("TYPE")))
		return;
	line->name = take_word(&p, end);
	const char *name_end = skip_name(line->name.ptr, line->name.ptr + line->name.len);
	if (line->name.len == 0 || name_end != line->name.ptr + line->name.len) {
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
static struct str take_line(struct scan *scan, struct scan_line *line)
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
			return scan_sample(scan, p, end, line);
		}
		if (line->kind != SCAN_COMMENT || line->repairs)
			return line->kind;
	}
	return line->kind = SCAN_END;
}
