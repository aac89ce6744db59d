// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

#include <string.h>
#include <strings.h>

struct str str_of(const char *text)
{
	return (struct str){ text, text ? strlen(text) : 0 };
}

bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_eq_nocase(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_starts_with(struct str text, struct str prefix)
{
	return text.len >= prefix.len && str_eq((struct str){ text.ptr, prefix.len }, prefix);
}

bool str_ends_with(struct str text, struct str suffix)
{
	if (text.len < suffix.len)
		return false;
	return str_eq((struct str){ text.ptr + text.len - suffix.len, suffix.len }, suffix);
}

int str_order(struct str a, struct str b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.ptr, b.ptr, common) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_cut(struct str text, char sep, struct str *before, struct str *after)
{
	const char *at = text.len ? memchr(text.ptr, sep, text.len) : NULL;
	const char *end = text.ptr ? text.ptr + text.len : NULL;

	*before = at ? str_between(text.ptr, at) : text;
	*after = at ? str_between(at + 1, end) : (struct str){ end, 0 };
	return at != NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str str_trim(struct str text)
{
	while (text.len && is_space(text.ptr[0])) {
		text.ptr++;
		text.len--;
	}
	while (text.len && is_space(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

// UTF-8

// The range that the second byte must be in, by the first; the table of RFC 3629 section 4.
struct lead {
	unsigned char first, last;
	unsigned char length;
	unsigned char second_min, second_max;
};

static const struct lead leads[] = {
	{ 0xc2, 0xdf, 2, 0x80, 0xbf },
	{ 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf },
	{ 0xed, 0xed, 3, 0x80, 0x9f },
	{ 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf },
	{ 0xf1, 0xf3, 4, 0x80, 0xbf },
	{ 0xf4, 0xf4, 4, 0x80, 0x8f },
};

size_t str_utf8_front(struct str text)
{
	const unsigned char *p = (const unsigned char *)text.ptr;

	if (p[0] < 0x80)
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(leads); i++) {
		const struct lead *lead = &leads[i];

		if (p[0] < lead->first || p[0] > lead->last)
			continue;
		if (text.len < lead->length || p[1] < lead->second_min || p[1] > lead->second_max)
			return 0;
		for (size_t k = 2; k < lead->length; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return lead->length;
	}
	return 0;
}

uint32_t str_utf8_code(struct str sequence)
{
	static const unsigned char front_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t code = (unsigned char)sequence.ptr[0] & front_bits[sequence.len];

	for (size_t i = 1; i < sequence.len; i++)
		code = code << 6 | ((unsigned char)sequence.ptr[i] & 0x3f);
	return code;
}

// The marks are those of Unicode's Bidi_Control; see also UAX #9 section 2.
bool str_is_steering(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || code == 0x200e ||
	       code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

bool str_is_utf8(struct str text)
{
	while (text.len) {
		uint64_t word;

		if (text.len >= sizeof(word)) {
			memcpy(&word, text.ptr, sizeof(word));
			if ((word & UINT64_C(0x8080808080808080)) == 0) {
				text.ptr += sizeof(word);
				text.len -= sizeof(word);
				continue;
			}
		}
		size_t n = str_utf8_front(text);
		if (n == 0)
			return false;
		text.ptr += n;
		text.len -= n;
	}
	return true;
}
