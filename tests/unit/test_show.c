// SPDX-License-Identifier: Apache-2.0
// Local time is UTC+1 here. The texts for people are written as UTF-8, so that one sees them as they are.
#include "agent/show.h"
#include "agent/show_cell.h"
#include "unit.h"

#define CAFE  "café-温度传感器-二"
#define ETAGE "e\xcc\x81tage-2"
#define FIRE  "🔥 boiler"

static const struct table_column columns[] = {
	{ STR_INIT("client_id"), STR_INIT("client"), TABLE_TEXT },
	{ STR_INIT("created_at"), STR_INIT("created"), TABLE_TIME },
	{ STR_INIT("keepalive"), STR_INIT("keep-alive"), TABLE_SECONDS },
	{ STR_INIT("user"), STR_INIT("user"), TABLE_TEXT },
	{ STR_INIT("rx"), STR_INIT("RX"), TABLE_COUNT },
};

struct example {
	const char *client;
	int64_t created_ms, keepalive;
	const char *user; // NULL: unknown
	int64_t rx;	  // negative: unknown
};

static const struct example examples[] = {
	{ "\x1b[31mred\xe2\x80\xaetxt", INT64_C(1767319445123), 60, "plant", 0 },
	{ CAFE, INT64_C(1767319446000), 90, "plant", 12 },
	{ ETAGE, INT64_C(1767319447000), 0, NULL, 123456789 },
	{ "plc-line-4-north-hall-17", INT64_C(1767319448000), 3600, "maintenance-crew", -1 },
	{ FIRE, INT64_C(1767319449999), 65535, "", 4 },
};

static struct table *new_table(struct arena *arena, size_t n_rows)
{
	struct table *table = arena_new(arena, struct table);

	*table = (struct table){
		.arena = arena, .columns = columns, .n_columns = ARRAY_LEN(columns)
	};
	for (size_t i = 0; i < n_rows; i++) {
		const struct example *e = &examples[i];
		struct table_cell cells[] = {
			{ true, str_of(e->client), 0 },
			{ true, { NULL, 0 }, e->created_ms },
			{ true, { NULL, 0 }, e->keepalive },
			{ e->user != NULL, str_of(e->user), 0 },
			{ e->rx >= 0, { NULL, 0 }, e->rx },
		};
		table_add_row(table, cells);
	}
	return table;
}

// Values

static void values_are_spelled_for_people_and_for_programs(void **state)
{
	static const struct {
		const char *name;
		enum table_kind kind;
		struct table_cell cell;
		const char *text, *json;
	} rows[] = {
		{ "unknown text", TABLE_TEXT, { false, STR_INIT("x"), 0 }, "-", "null" },
		{ "unknown count", TABLE_COUNT, { false, { NULL, 0 }, 1 }, "-", "null" },
		{ "unknown time", TABLE_TIME, { false, { NULL, 0 }, 1 }, "-", "null" },
		{ "unknown length", TABLE_SECONDS, { false, { NULL, 0 }, 1 }, "-", "null" },
		{ "empty", TABLE_TEXT, { true, STR_INIT(""), 0 }, "", "\"\"" },
		{ "quotes", TABLE_TEXT, { true, STR_INIT("a\"b\\"), 0 }, "a\"b\\",
			"\"a\\\"b\\\\\"" },
		{ "escape", TABLE_TEXT, { true, STR_INIT("\x1b]0;x\x07"), 0 }, "\\x1b]0;x\\x07",
			"\"\\u001b]0;x\\u0007\"" },
		{ "C1", TABLE_TEXT,
			{ true,
				STR_INIT("\xc2\x9b"
					 "2J"),
				0 },
			"\\u009b2J", "\"\\u009b2J\"" },
		{ "override", TABLE_TEXT, { true, STR_INIT("\xe2\x80\xae\xe2\x81\xa9"), 0 },
			"\\u202e\\u2069", "\"\\u202e\\u2069\"" },
		{ "no UTF-8", TABLE_TEXT, { true, STR_INIT("\xff"), 0 }, "\\xff", "\"\\ufffd\"" },
		{ "zero", TABLE_COUNT, { true, { NULL, 0 }, 0 }, "0", "0" },
		{ "largest", TABLE_COUNT, { true, { NULL, 0 }, INT64_MAX }, "9223372036854775807",
			"9223372036854775807" },
		{ "smallest", TABLE_COUNT, { true, { NULL, 0 }, INT64_MIN }, "-9223372036854775808",
			"-9223372036854775808" },
		{ "epoch", TABLE_TIME, { true, { NULL, 0 }, 0 }, "1970-01-01 01:00:00",
			"\"1970-01-01T00:00:00.000Z\"" },
		{ "before the epoch", TABLE_TIME, { true, { NULL, 0 }, -1 }, "1970-01-01 00:59:59",
			"\"1969-12-31T23:59:59.999Z\"" },
		{ "milliseconds", TABLE_TIME, { true, { NULL, 0 }, INT64_C(1767319445123) },
			"2026-01-02 03:04:05", "\"2026-01-02T02:04:05.123Z\"" },
		{ "last year", TABLE_TIME, { true, { NULL, 0 }, INT64_C(253402297199000) },
			"9999-12-31 23:59:59", "\"9999-12-31T22:59:59.000Z\"" },
		{ "beyond", TABLE_TIME, { true, { NULL, 0 }, INT64_C(253402300800000) }, "-",
			"null" },
		{ "far beyond", TABLE_TIME, { true, { NULL, 0 }, INT64_MAX }, "-", "null" },
		{ "far before", TABLE_TIME, { true, { NULL, 0 }, INT64_MIN }, "-", "null" },
		{ "no length", TABLE_SECONDS, { true, { NULL, 0 }, 0 }, "0s", "0" },
		{ "seconds", TABLE_SECONDS, { true, { NULL, 0 }, 59 }, "59s", "59" },
		{ "a minute", TABLE_SECONDS, { true, { NULL, 0 }, 60 }, "1m", "60" },
		{ "both", TABLE_SECONDS, { true, { NULL, 0 }, 90 }, "1m 30s", "90" },
		{ "all", TABLE_SECONDS, { true, { NULL, 0 }, 90061 }, "1d 1h 1m 1s", "90061" },
		{ "gaps", TABLE_SECONDS, { true, { NULL, 0 }, 86460 }, "1d 1m", "86460" },
		{ "negative", TABLE_SECONDS, { true, { NULL, 0 }, -61 }, "-1m 1s", "-61" },
		{ "shortest", TABLE_SECONDS, { true, { NULL, 0 }, INT64_MIN },
			"-106751991167300d 15h 30m 8s", "-9223372036854775808" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = buf_new(UNIT_LIMIT);

		show_cell_add_text(&out, rows[i].kind, &rows[i].cell);
		check_str(rows[i].name, buf_str(&out), str_of(rows[i].text));
		out.len = 0;
		show_cell_add_json(&out, rows[i].kind, &rows[i].cell);
		check_str(rows[i].name, buf_str(&out), str_of(rows[i].json));
		buf_free(&out);
	}
}

// Layout

struct layout_row {
	const char *name;
	size_t width; // 0: no terminal
	bool is_bold;
	size_t n_shown;
	const char *text;
};

static void check_layout(const struct layout_row *row, const struct table *table)
{
	struct display display = display_open("C.UTF-8");
	struct show_view view = { &display, row->width, row->is_bold };
	struct buf out = buf_new(UNIT_LIMIT);
	struct str rest, line;

	check_number(row->name, "columns", show_layout_add(&out, table, &view), row->n_shown);
	check_str(row->name, buf_str(&out), str_of(row->text));
	rest = buf_str(&out);
	while (row->width && !row->is_bold && str_cut(rest, '\n', &line, &rest))
		CHECK_ROW(row->name, display_columns(&display, line) <= row->width);
	buf_free(&out);
	display_close(&display);
}

static void a_table_is_fitted_to_the_terminal(void **state)
{
	// clang-format off
	static const struct layout_row rows[] = {
		{ "no terminal", 0, false, 5,
		  "client                    created               keep-alive  user                     RX\n"
		  "\\x1b[31mred\\u202etxt      2026-01-02 03:04:05           1m  plant                     0\n"
		  "café-温度传感器-二        2026-01-02 03:04:06       1m 30s  plant                    12\n"
		  "étage-2                   2026-01-02 03:04:07           0s  -                 123456789\n"
		  "plc-line-4-north-hall-17  2026-01-02 03:04:08           1h  maintenance-crew          -\n"
		  "🔥 boiler                 2026-01-02 03:04:09  18h 12m 15s                            4\n" },
		{ "just wide enough", 87, false, 5,
		  "client                    created               keep-alive  user                     RX\n"
		  "\\x1b[31mred\\u202etxt      2026-01-02 03:04:05           1m  plant                     0\n"
		  "café-温度传感器-二        2026-01-02 03:04:06       1m 30s  plant                    12\n"
		  "étage-2                   2026-01-02 03:04:07           0s  -                 123456789\n"
		  "plc-line-4-north-hall-17  2026-01-02 03:04:08           1h  maintenance-crew          -\n"
		  "🔥 boiler                 2026-01-02 03:04:09  18h 12m 15s                            4\n" },
		{ "one column too few", 86, false, 5,
		  "client                   created               keep-alive  user                     RX\n"
		  "\\x1b[31mred\\u202etxt     2026-01-02 03:04:05           1m  plant                     0\n"
		  "café-温度传感器-二       2026-01-02 03:04:06       1m 30s  plant                    12\n"
		  "étage-2                  2026-01-02 03:04:07           0s  -                 123456789\n"
		  "plc-line-4-north-hall-…  2026-01-02 03:04:08           1h  maintenance-crew          -\n"
		  "🔥 boiler                2026-01-02 03:04:09  18h 12m 15s                            4\n" },
		{ "bold titles", 200, true, 5,
		  "\x1b[1mclient                    created               keep-alive  user                     RX\x1b[0m\n"
		  "\\x1b[31mred\\u202etxt      2026-01-02 03:04:05           1m  plant                     0\n"
		  "café-温度传感器-二        2026-01-02 03:04:06       1m 30s  plant                    12\n"
		  "étage-2                   2026-01-02 03:04:07           0s  -                 123456789\n"
		  "plc-line-4-north-hall-17  2026-01-02 03:04:08           1h  maintenance-crew          -\n"
		  "🔥 boiler                 2026-01-02 03:04:09  18h 12m 15s                            4\n" },
		{ "texts are at their least", 71, false, 5,
		  "client        created               keep-alive  user                 RX\n"
		  "\\x1b[31mred…  2026-01-02 03:04:05           1m  plant                 0\n"
		  "café-温度传…  2026-01-02 03:04:06       1m 30s  plant                12\n"
		  "étage-2       2026-01-02 03:04:07           0s  -             123456789\n"
		  "plc-line-4-…  2026-01-02 03:04:08           1h  maintenance…          -\n"
		  "🔥 boiler     2026-01-02 03:04:09  18h 12m 15s                        4\n" },
		{ "the last one is left out", 70, false, 4,
		  "client              created               keep-alive  user\n"
		  "\\x1b[31mred\\u202e…  2026-01-02 03:04:05           1m  plant\n"
		  "café-温度传感器-二  2026-01-02 03:04:06       1m 30s  plant\n"
		  "étage-2             2026-01-02 03:04:07           0s  -\n"
		  "plc-line-4-north-…  2026-01-02 03:04:08           1h  maintenance-crew\n"
		  "🔥 boiler           2026-01-02 03:04:09  18h 12m 15s  \n" },
		{ "two are left out", 50, false, 3,
		  "client            created               keep-alive\n"
		  "\\x1b[31mred\\u20…  2026-01-02 03:04:05           1m\n"
		  "café-温度传感器…  2026-01-02 03:04:06       1m 30s\n"
		  "étage-2           2026-01-02 03:04:07           0s\n"
		  "plc-line-4-nort…  2026-01-02 03:04:08           1h\n"
		  "🔥 boiler         2026-01-02 03:04:09  18h 12m 15s\n" },
		{ "one is left, and cut", 13, false, 1,
		  "client\n"
		  "\\x1b[31mred\\…\n"
		  "café-温度传…\n"
		  "étage-2\n"
		  "plc-line-4-n…\n"
		  "🔥 boiler\n" },
		{ "narrower than an id may get", 5, false, 1,
		  "clie…\n"
		  "\\x1b…\n"
		  "café…\n"
		  "étag…\n"
		  "plc-…\n"
		  "🔥 b…\n" },
		{ "a single column", 1, false, 1,
		  "…\n"
		  "…\n"
		  "…\n"
		  "…\n"
		  "…\n"
		  "…\n" },
	};
	// clang-format on
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_layout(&rows[i], new_table(&arena, ARRAY_LEN(examples)));
	arena_free(&arena);
}

// A client with an id of 64 KiB must not make every row as long.
static void one_long_text_does_not_pad_the_other_rows(void **state)
{
	struct arena arena = { 0 };
	struct table *table = new_table(&arena, 1);
	struct table_cell cells[ARRAY_LEN(columns)] = { { 0 } };
	struct display display = display_open("C.UTF-8");
	struct show_view view = { .display = &display };
	struct buf id = buf_new(UNIT_LIMIT), out = buf_new(UNIT_LIMIT);
	struct str title, first, second, rest;

	(void)state;
	for (int i = 0; i < 65535; i++)
		buf_add_byte(&id, 'x');
	cells[0] = (struct table_cell){ true, buf_str(&id), 0 };
	table_add_row(table, cells);
	show_layout_add(&out, table, &view);
	str_cut(buf_str(&out), '\n', &title, &rest);
	str_cut(rest, '\n', &first, &rest);
	str_cut(rest, '\n', &second, &rest);
	assert_true(title.len < 200 && first.len < 200);
	assert_true(str_starts_with(second, buf_str(&id)));
	assert_true(str_ends_with(second, STR("-")));
	buf_free(&id);
	buf_free(&out);
	display_close(&display);
	arena_free(&arena);
}

// A whole run

struct example_cycle {
	struct arena arena;
	struct source_conf confs[3];
	struct source_run runs[3];
	struct cycle cycle;
};

// One source, or three of which the second has no rows and the third is down.
static struct example_cycle *new_cycle(size_t n_runs, size_t n_rows)
{
	static const struct str names[] = { STR_INIT("one"), STR_INIT("two"), STR_INIT("three") };
	struct example_cycle *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	for (size_t i = 0; i < n_runs; i++) {
		c->confs[i].name = names[i];
		c->runs[i].conf = &c->confs[i];
		c->runs[i].turn.table = new_table(&c->arena, i == 0 ? n_rows : 0);
		c->runs[i].up = i < 2;
	}
	c->cycle.runs = c->runs;
	c->cycle.n_runs = n_runs;
	return c;
}

static void free_cycle(struct example_cycle *c)
{
	arena_free(&c->arena);
	free(c);
}

static void notes_say_what_is_not_there(void **state)
{
	static const struct {
		const char *name;
		size_t n_runs, n_rows, width;
		bool of_all;
		const char *front, *notes;
	} rows[] = {
		{ "one source", 1, 5, 0, false, "client  ", "" },
		{ "no rows", 1, 0, 0, false, "",
			"brokerpush: source one: nothing to show; --all shows also what is not "
			"watched, "
			"and who is away\n" },
		{ "no rows at all", 1, 0, 0, true, "",
			"brokerpush: source one: nothing to show\n" },
		{ "three sources", 3, 5, 0, true, "source one\nclient  ",
			"brokerpush: source two: nothing to show\n" },
		{ "no room", 1, 5, 50, false, "client  ",
			"brokerpush: source one: for want of room left out: user, RX; a wider "
			"terminal or --output json shows all\n" },
		{ "a long name", 3, 5, 8, true, "source …\nclient\n",
			"brokerpush: source one: for want of room left out: created, keep-alive, "
			"user, RX; a wider terminal or --output json shows all\n"
			"brokerpush: source two: nothing to show\n" },
	};
	struct display display = display_open("C.UTF-8");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct example_cycle *c = new_cycle(rows[i].n_runs, rows[i].n_rows);
		struct show_view view = { &display, rows[i].width, false };
		struct buf out = buf_new(UNIT_LIMIT), notes = buf_new(UNIT_LIMIT);

		for (size_t k = 0; k < rows[i].n_runs; k++)
			c->runs[k].turn.table_of_all = rows[i].of_all;
		show_add_text(&out, &notes, &c->cycle, &view);
		check_str(rows[i].name, buf_str(&notes), str_of(rows[i].notes));
		CHECK_ROW(rows[i].name, str_starts_with(buf_str(&out), str_of(rows[i].front)));
		CHECK_ROW(rows[i].name, rows[i].n_rows > 0 || out.len == 0);
		buf_free(&out);
		buf_free(&notes);
		free_cycle(c);
	}
	display_close(&display);
}

static void tables_of_several_sources_stand_apart_under_their_names(void **state)
{
	struct example_cycle *c = new_cycle(2, 1);
	struct display display = display_open("C.UTF-8");
	struct show_view view = { &display, 20, false };
	struct buf out = buf_new(UNIT_LIMIT), notes = buf_new(UNIT_LIMIT);

	(void)state;
	c->runs[1].turn.table = new_table(&c->arena, 2);
	show_add_text(&out, &notes, &c->cycle, &view);
	check_str("two", buf_str(&out),
		STR("source one\nclient\n\\x1b[31mred\\u202etxt\n\n"
		    "source two\nclient\n\\x1b[31mred\\u202etxt\n" CAFE "\n"));
	buf_free(&out);
	buf_free(&notes);
	display_close(&display);
	free_cycle(c);
}

static void programs_get_one_array_with_an_object_per_line(void **state)
{
	static const struct {
		const char *name;
		size_t n_rows;
		const char *json;
	} rows[] = {
		{ "none", 0, "[]\n" },
		{ "three", 3,
			"[\n{\"source\":\"one\",\"client_id\":\"\\u001b[31mred\\u202etxt\","
			"\"created_at\":\"2026-01-02T02:04:05.123Z\",\"keepalive\":60,"
			"\"user\":\"plant\",\"rx\":0},\n"
			"{\"source\":\"one\",\"client_id\":\"" CAFE "\","
			"\"created_at\":\"2026-01-02T02:04:06.000Z\",\"keepalive\":90,"
			"\"user\":\"plant\",\"rx\":12},\n"
			"{\"source\":\"one\",\"client_id\":\"" ETAGE "\","
			"\"created_at\":\"2026-01-02T02:04:07.000Z\",\"keepalive\":0,"
			"\"user\":null,\"rx\":123456789}\n]\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct example_cycle *c = new_cycle(3, rows[i].n_rows);
		struct buf out = buf_new(UNIT_LIMIT);

		show_add_json(&out, &c->cycle);
		check_str(rows[i].name, buf_str(&out), str_of(rows[i].json));
		buf_free(&out);
		free_cycle(c);
	}
}

static void rows_of_several_sources_are_in_one_array(void **state)
{
	struct example_cycle *c = new_cycle(2, 1);
	struct buf out = buf_new(UNIT_LIMIT);

	(void)state;
	c->runs[1].turn.table = new_table(&c->arena, 1);
	show_add_json(&out, &c->cycle);
	assert_true(str_starts_with(buf_str(&out), STR("[\n{\"source\":\"one\",")));
	assert_non_null(strstr(buf_str(&out).ptr, "},\n{\"source\":\"two\","));
	buf_free(&out);
	free_cycle(c);
}

// The terminal

static void the_width_is_the_terminal_s_or_that_of_COLUMNS_or_80(void **state)
{
	static const struct {
		unsigned terminal;
		const char *columns;
		size_t width;
	} rows[] = {
		{ 120, "100", 120 },
		{ 1, NULL, 1 },
		{ 65535, NULL, 65535 },
		{ 0, NULL, 80 },
		{ 0, "100", 100 },
		{ 0, "1", 1 },
		{ 0, "10000", 10000 },
		{ 0, "10001", 80 },
		{ 0, "99999999999999999999999999", 80 },
		{ 0, "", 80 },
		{ 0, "0", 80 },
		{ 0, "-5", 80 },
		{ 0, " 100", 80 },
		{ 0, "100x", 80 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_number(rows[i].columns ? rows[i].columns : "not set", "width",
			show_width(rows[i].terminal, rows[i].columns), rows[i].width);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_spelled_for_people_and_for_programs),
		cmocka_unit_test(a_table_is_fitted_to_the_terminal),
		cmocka_unit_test(one_long_text_does_not_pad_the_other_rows),
		cmocka_unit_test(notes_say_what_is_not_there),
		cmocka_unit_test(tables_of_several_sources_stand_apart_under_their_names),
		cmocka_unit_test(programs_get_one_array_with_an_object_per_line),
		cmocka_unit_test(rows_of_several_sources_are_in_one_array),
		cmocka_unit_test(the_width_is_the_terminal_s_or_that_of_COLUMNS_or_80),
	};

	setenv("TZ", "XYZ-1", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
