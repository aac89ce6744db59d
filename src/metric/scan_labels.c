// SPDX-License-Identifier: Apache-2.0
// Between the braces of a sample. Most of a page's bytes go through here.
#include "metric/label.h"
#include "metric/scan_part.h"

#include <string.h>

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

// What is quoted, from behind its opening quote to its closing one. NULL: it goes on at the end.
static inline const char *skip_quoted(const char *p, const char *end, struct scan_line *line)
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

const char *scan_quoted_name(const char *p, const char *end, struct scan_line *line)
{
	if (p == end || *p != '"')
		return fail(line, STR("a label's name is missing or not legal"));
	const char *quote = skip_quoted(p + 1, end, line);
	if (!quote) {
		line->open_quote = true;
		return fail(line, STR("a quoted name has no closing quote"));
	}
	if (quote == p + 1)
		return fail(line, STR("a quoted name is empty"));
	need(line, REPAIR_UTF8_NAME);
	return quote + 1;
}

// No = stands behind a name in braces: then it is the metric's, if it is quoted. It need not be the first
// there (textparse).
//
// {"emqx.topics.count" ,node="emqx@10.0.0.1"} 12
//  ^ start             ^ p and returned
static const char *take_metric_name(
	const char *start, const char *p, const char *end, struct scan_line *line)
{
	const char *quote = p - 1;

	if (*start != '"' || p == end || (*p != ',' && *p != '}'))
		return fail(line, STR("there is no = behind a label's name"));
	if (line->name.len)
		return fail(line, STR("there are two names"));
	while (*quote != '"')
		quote--;
	line->name = str_between(start + 1, quote);
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

// One label, or the metric's name. On failure returns NULL and line->text says why.
//
// node="emqx@10.0.0.1",
// ^ p                 ^ returned
static inline const char *scan_label(const char *p, const char *end, struct scan_line *line)
{
	const char *start = p;

	if (p < end && is(*p, LABEL_START)) {
		while (p < end && is(*p, LABEL))
			p++;
		struct str name = str_between(start, p);
		uint64_t bit = label_name_bit(name);
		line->odd_labels |=
			(line->label_names & bit) != 0 || str_starts_with(name, STR("__"));
		line->label_names |= bit;
	} else {
		p = scan_quoted_name(p, end, line);
		if (!p)
			return NULL;
		line->odd_labels = true;
	}

	p = skip_odd_blanks(p, end, line);
	if (p == end || *p != '=')
		return take_metric_name(start, p, end, line);
	p = skip_odd_blanks(p + 1, end, line);
	if (p == end || *p != '"')
		return fail(line, STR("a label's value has no quote in front"));
	const char *value = p + 1;
	p = skip_quoted(value, end, line);
	if (!p) {
		line->open_quote = true;
		return fail(line, STR("a label's value has no closing quote"));
	}
	if (p > value)
		line->fingerprint += label_fingerprint(str_between(start, p + 1));
	return skip_odd_blanks(p + 1, end, line);
}

// Whether a label may begin here without a comma in front, as textparse has it.
static bool is_label_front(const char *p, const char *end)
{
	return p < end && (*p == '"' || is(*p, LABEL_START));
}

const char *scan_labels(const char *p, const char *end, struct scan_line *line)
{
	const char *start = p = skip_odd_blanks(p, end, line);

	for (size_t n_labels = 0; p == end || *p != '}';) {
		p = scan_label(p, end, line);
		if (!p)
			return NULL;
		if (++n_labels > SCAN_MOST_LABELS) {
			line->too_many_labels = true;
			return fail(line, STR("there are more than 256 labels"));
		}
		if (p < end && *p == '}')
			break;
		if (p < end && *p == ',') {
			p = skip_odd_blanks(p + 1, end, line);
			line->odd_labels |= p < end && *p == '}';
		} else if (is_label_front(p, end)) {
			need(line, REPAIR_MISSING_COMMA);
			line->odd_labels = true;
		} else {
			return fail(line, STR("there is neither , nor } behind a label's value"));
		}
	}
	line->labels = str_between(start, p);
	return p + 1;
}
