// SPDX-License-Identifier: Apache-2.0
// Integers as a file spells them. libconfig 1.5 reads one without an L as atoi does, so that 4294967297
// would be 1, and nobody would notice.
#include "agent/settings.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
	       c == '-' || c == '*';
}

static void skip(struct str *text, size_t n)
{
	n = n < text->len ? n : text->len;
	text->ptr += n;
	text->len -= n;
}

// Takes off what starts here and holds no integer: a text, a comment, a name, or one byte.
static void skip_other(struct str *text)
{
	size_t n = 1;

	if (text->ptr[0] == '"') {
		while (n < text->len && text->ptr[n] != '"')
			n += text->ptr[n] == '\\' ? 2 : 1;
		n++;
	} else if (text->ptr[0] == '#' || str_starts_with(*text, STR("//"))) {
		while (n < text->len && text->ptr[n] != '\n')
			n++;
	} else if (str_starts_with(*text, STR("/*"))) {
		const char *end = memmem(text->ptr + 2, text->len - 2, "*/", 2);
		n = end ? (size_t)(end + 2 - text->ptr) : text->len;
	} else if (is_of_name(text->ptr[0]) && text->ptr[0] != '-') {
		while (n < text->len && is_of_name(text->ptr[n]))
			n++;
	}
	skip(text, n);
}

// Takes a number off. False: it is an integer that does not fit where libconfig puts it.
static bool take_number(struct str *text)
{
	bool is_hex = str_starts_with(*text, STR("0x")) || str_starts_with(*text, STR("0X"));
	uint64_t base = is_hex ? 16 : 10, value = 0;
	bool fits = true;
	char next = '\0';
	int digit;

	skip(text, is_hex ? 2 : 0);
	for (; text->len && (digit = hex_digit(text->ptr[0])) >= 0 && digit < (int)base;
		skip(text, 1)) {
		fits = fits && value <= (INT64_MAX - (uint64_t)digit) / base;
		value = fits ? value * base + (uint64_t)digit : value;
	}
	if (text->len)
		next = text->ptr[0];
	bool is_real = next == '.' || next == 'e' || next == 'E';
	bool is_long = next == 'L';
	return is_real || (fits && (is_long || value <= INT32_MAX));
}

bool settings_find_too_large(struct str file, struct str *number, size_t *line)
{
	struct str rest = file;

	while (rest.len) {
		struct str from = rest;
		bool fits = true;

		if (is_digit(rest.ptr[0]))
			fits = take_number(&rest);
		else
			skip_other(&rest);
		if (fits)
			continue;
		*number = str_between(from.ptr, rest.ptr);
		*line = 1;
		for (const char *p = file.ptr; p < from.ptr; p++)
			*line += *p == '\n';
		return true;
	}
	return false;
}
