// SPDX-License-Identifier: Apache-2.0
// Texts of settings: durations, sizes, counts, variables of the environment, names.
#include "agent/settings.h"

#include <stdlib.h>

struct unit {
	struct str name;
	int64_t factor;
};

// Largest first: a text names them in this order, each once.
static const struct unit durations[] = {
	{ STR_INIT("d"), 86400000 },
	{ STR_INIT("h"), 3600000 },
	{ STR_INIT("m"), 60000 },
	{ STR_INIT("s"), 1000 },
	{ STR_INIT("ms"), 1 },
};

static const struct unit sizes[] = {
	{ STR_INIT("GiB"), 1 << 30 },
	{ STR_INIT("MiB"), 1 << 20 },
	{ STR_INIT("KiB"), 1 << 10 },
	{ STR_INIT("B"), 1 },
};

// Far beyond any sensible setting, and a product with any factor stays below 2^63.
static const int64_t LARGEST_COUNT = 1000000000;

static bool take_digits(struct str *text, int64_t *count)
{
	size_t i = 0;

	for (*count = 0; i < text->len && text->ptr[i] >= '0' && text->ptr[i] <= '9'; i++) {
		*count = *count * 10 + (text->ptr[i] - '0');
		if (*count > LARGEST_COUNT)
			return false;
	}
	text->ptr += i;
	text->len -= i;
	return i > 0;
}

static size_t count_letters(struct str text)
{
	size_t n = 0;

	while (n < text.len && (text.ptr[n] < '0' || text.ptr[n] > '9'))
		n++;
	return n;
}

// 1m30s: counts with units, units falling. A plain 0 needs none.
static bool parse_units(struct str text, const struct unit *units, size_t n_units, int64_t *value)
{
	size_t next = 0;
	int64_t count;

	*value = 0;
	if (str_eq(text, STR("0")))
		return true;
	if (text.len == 0)
		return false;
	while (text.len) {
		if (!take_digits(&text, &count))
			return false;
		struct str name = { text.ptr, count_letters(text) };
		while (next < n_units && !str_eq(units[next].name, name))
			next++;
		if (next == n_units)
			return false;
		*value += count * units[next++].factor;
		text.ptr += name.len;
		text.len -= name.len;
	}
	return true;
}

bool settings_parse_duration(struct str text, int64_t *ms)
{
	return parse_units(text, durations, ARRAY_LEN(durations), ms);
}

bool settings_parse_size(struct str text, int64_t *bytes)
{
	return parse_units(text, sizes, ARRAY_LEN(sizes), bytes);
}

bool settings_parse_count(struct str text, int64_t *count)
{
	return take_digits(&text, count) && text.len == 0;
}

static void write_units(
	struct buf *out, int64_t value, const struct unit *units, size_t n_units, const char *zero)
{
	if (value == 0)
		buf_add(out, str_of(zero));
	for (size_t i = 0; i < n_units && value; i++) {
		if (value < units[i].factor)
			continue;
		buf_add_uint(out, (uint64_t)(value / units[i].factor));
		buf_add(out, units[i].name);
		value %= units[i].factor;
	}
}

void settings_write_duration(struct buf *out, int64_t ms)
{
	write_units(out, ms, durations, ARRAY_LEN(durations), "0s");
}

void settings_write_size(struct buf *out, int64_t bytes)
{
	write_units(out, bytes, sizes, ARRAY_LEN(sizes), "0B");
}

// Variables of the environment

bool settings_expand_env(
	struct arena *arena, struct str text, struct str *expanded, struct str *why)
{
	struct buf out = buf_new(MIB(1));
	struct str name, rest;

	why->len = 0;
	while (text.len && !why->len) {
		if (str_starts_with(text, STR("$$"))) {
			buf_add_byte(&out, '$');
			text = (struct str){ text.ptr + 2, text.len - 2 };
		} else if (!str_starts_with(text, STR("${"))) {
			buf_add_byte(&out, text.ptr[0]);
			text = (struct str){ text.ptr + 1, text.len - 1 };
		} else if (!str_starts_with(text, STR("${env:")) ||
			   !str_cut(text, '}', &name, &rest)) {
			*why = STR("only ${env:NAME} is expanded here; write $$ for a plain $");
		} else {
			struct str copy =
				arena_copy(arena, (struct str){ name.ptr + 6, name.len - 6 });
			const char *value = getenv(copy.ptr);

			if (value && *value)
				buf_add(&out, str_of(value));
			else
				*why = arena_printf(arena, "the environment variable %s is %s",
					copy.ptr, value ? "empty" : "not set");
			text = rest;
		}
	}
	*expanded = arena_copy(arena, buf_str(&out));
	buf_free(&out);
	return why->len == 0;
}

// Names

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t settings_distance(struct str a, struct str b)
{
	size_t row[64];

	if (a.len >= ARRAY_LEN(row) || b.len >= ARRAY_LEN(row))
		return a.len + b.len;
	for (size_t k = 0; k <= b.len; k++)
		row[k] = k;
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t k = 1; k <= b.len; k++) {
			size_t changed = diagonal + (a.ptr[i - 1] != b.ptr[k - 1]);
			diagonal = row[k];
			row[k] = least(changed, least(row[k], row[k - 1]) + 1);
		}
	}
	return row[b.len];
}
