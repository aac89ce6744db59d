// SPDX-License-Identifier: Apache-2.0
#include "agent/show_cell.h"

#include <inttypes.h>
#include <time.h>

enum { MS_PER_S = 1000 };

// The parts of a time. False: its year has not four digits, and so no spelling in RFC 3339 section 5.6.
static bool split_time(int64_t time_ms, struct tm *(*split)(const time_t *, struct tm *),
	struct tm *parts, int *ms)
{
	time_t seconds = (time_t)(time_ms / MS_PER_S);

	*ms = (int)(time_ms % MS_PER_S);
	if (*ms < 0) {
		*ms += MS_PER_S;
		seconds--;
	}
	return split(&seconds, parts) && parts->tm_year >= -1900 && parts->tm_year <= 9999 - 1900;
}

static void add_clock(struct buf *out, const struct tm *parts, char between)
{
	buf_addf(out, "%04d-%02d-%02d%c%02d:%02d:%02d", parts->tm_year + 1900, parts->tm_mon + 1,
		parts->tm_mday, between, parts->tm_hour, parts->tm_min, parts->tm_sec);
}

static void add_local_time(struct buf *out, int64_t time_ms)
{
	struct tm parts;
	int ms;

	tzset(); // localtime_r need not
	if (split_time(time_ms, localtime_r, &parts, &ms))
		add_clock(out, &parts, ' ');
	else
		buf_add_byte(out, '-');
}

// All parts that are not 0, so that it is exact.
static void add_length(struct buf *out, int64_t seconds)
{
	static const struct {
		uint64_t seconds;
		char letter;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	uint64_t rest = seconds < 0 ? 0 - (uint64_t)seconds : (uint64_t)seconds;
	const char *between = seconds < 0 ? "-" : "";

	if (rest == 0)
		buf_add(out, STR("0s"));
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (rest < units[i].seconds)
			continue;
		buf_addf(out, "%s%" PRIu64 "%c", between, rest / units[i].seconds, units[i].letter);
		rest %= units[i].seconds;
		between = " ";
	}
}

void show_cell_add_text(struct buf *out, enum table_kind kind, const struct table_cell *cell)
{
	if (!cell->is_known) {
		buf_add_byte(out, '-');
		return;
	}
	switch (kind) {
	case TABLE_TEXT: buf_add_printable(out, cell->text); break;
	case TABLE_COUNT: buf_addf(out, "%" PRId64, cell->number); break;
	case TABLE_TIME: add_local_time(out, cell->number); break;
	case TABLE_SECONDS: add_length(out, cell->number); break;
	}
}

static void add_json_time(struct buf *out, int64_t time_ms)
{
	struct tm parts;
	int ms;

	if (!split_time(time_ms, gmtime_r, &parts, &ms)) {
		buf_add(out, STR("null"));
		return;
	}
	buf_add_byte(out, '"');
	add_clock(out, &parts, 'T');
	buf_addf(out, ".%03dZ\"", ms);
}

void show_cell_add_json(struct buf *out, enum table_kind kind, const struct table_cell *cell)
{
	if (!cell->is_known) {
		buf_add(out, STR("null"));
		return;
	}
	switch (kind) {
	case TABLE_TEXT: buf_add_json(out, cell->text); break;
	case TABLE_TIME: add_json_time(out, cell->number); break;
	case TABLE_COUNT:
	case TABLE_SECONDS: buf_addf(out, "%" PRId64, cell->number); break;
	}
}
