// SPDX-License-Identifier: Apache-2.0
#include "metric/label.h"
#include "metric/repair.h"
#include "metric/scan.h"
#include "unit.h"

enum {
	LINE_END = 1u << REPAIR_LINE_END,
	MARK = 1u << REPAIR_BYTE_ORDER_MARK,
	BLANKS = 1u << REPAIR_BLANKS,
	METADATA = 1u << REPAIR_METADATA,
	STAMP = 1u << REPAIR_TIMESTAMP,
	EXEMPLAR = 1u << REPAIR_EXEMPLAR,
	NUMBER = 1u << REPAIR_NUMBER,
	NAMES = 1u << REPAIR_UTF8_NAME,
	COMMA = 1u << REPAIR_MISSING_COMMA,
	FEED = 1u << REPAIR_RAW_LINE_FEED,
};

// The first line of each text that is not passed over.
static void lines_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		enum scan_kind kind;
		const char *name, *labels, *rest; // rest: the value, help or type, or why it is bad
		bool odd;
		uint32_t repairs;
	} rows[] = {
		// samples
		{ "m 1\n", SCAN_SAMPLE, "m", "", "1", false, 0 },
		{ "m\t1\n", SCAN_SAMPLE, "m", "", "1", false, 0 },
		{ "m  \t 1\n", SCAN_SAMPLE, "m", "", "1", false, 0 },
		{ ":a_B9: 1\n", SCAN_SAMPLE, ":a_B9:", "", "1", false, 0 },
		{ "m{} 1\n", SCAN_SAMPLE, "m", "", "1", false, 0 },
		{ "m{ } 1\n", SCAN_SAMPLE, "m", "", "1", true, 0 },
		{ "m{a=\"1\"} 1\n", SCAN_SAMPLE, "m", "a=\"1\"", "1", false, 0 },
		{ "m{a=\"1\"}1\n", SCAN_SAMPLE, "m", "a=\"1\"", "1", false, 0 },
		{ "m {a=\"1\"} 1\n", SCAN_SAMPLE, "m", "a=\"1\"", "1", false, 0 },
		{ "m{a=\"1\",b=\"\"} 1\n", SCAN_SAMPLE, "m", "a=\"1\",b=\"\"", "1", false, 0 },
		{ "m{a=\"}{,=#\"} 1\n", SCAN_SAMPLE, "m", "a=\"}{,=#\"", "1", false, 0 },
		{ "m{a=\"\\\\\\\"\\n\"} 1\n", SCAN_SAMPLE, "m", "a=\"\\\\\\\"\\n\"", "1", false,
			0 },
		{ "m{a=\"\t\r\x01\"} 1\n", SCAN_SAMPLE, "m", "a=\"\t\r\x01\"", "1", false, 0 },
		{ "m{a=\"gr\xc3\xbc\xc3\x9f\"} 1\n", SCAN_SAMPLE, "m", "a=\"gr\xc3\xbc\xc3\x9f\"",
			"1", false, 0 },
		// odd labels
		{ "m{a=\"1\",} 1\n", SCAN_SAMPLE, "m", "a=\"1\",", "1", true, 0 },
		{ "m{a =\"1\"} 1\n", SCAN_SAMPLE, "m", "a =\"1\"", "1", true, 0 },
		{ "m{a=\"\\t\"} 1\n", SCAN_SAMPLE, "m", "a=\"\\t\"", "1", true, 0 },
		{ "m{a=\"\xff\"} 1\n", SCAN_SAMPLE, "m", "a=\"\xff\"", "1", true, 0 },
		{ "m{a=\"\\\xff\"} 1\n", SCAN_SAMPLE, "m", "a=\"\\\xff\"", "1", true, 0 },
		{ "m{a=\"1\",a=\"2\"} 1\n", SCAN_SAMPLE, "m", "a=\"1\",a=\"2\"", "1", true, 0 },
		{ "m{__x=\"1\"} 1\n", SCAN_SAMPLE, "m", "__x=\"1\"", "1", true, 0 },
		// quoted names
		{ "{\"a.b\"} 1\n", SCAN_SAMPLE, "a.b", "\"a.b\"", "1", true, NAMES },
		{ "{\"a.b\",} 1\n", SCAN_SAMPLE, "a.b", "\"a.b\",", "1", true, NAMES },
		{ "{ \"a.b\" , c=\"1\" }1\n", SCAN_SAMPLE, "a.b", "\"a.b\" , c=\"1\" ", "1", true,
			NAMES },
		{ "{c=\"1\",\"a.b\"} 1\n", SCAN_SAMPLE, "a.b", "c=\"1\",\"a.b\"", "1", true,
			NAMES },
		{ "{\"a\\\"b}\",\"l.x\"=\"}\"} 1\n", SCAN_SAMPLE, "a\\\"b}",
			"\"a\\\"b}\",\"l.x\"=\"}\"", "1", true, NAMES },
		{ "m{\"l.x\"=\"v\"} 1\n", SCAN_SAMPLE, "m", "\"l.x\"=\"v\"", "1", true, NAMES },
		{ "m{a=\"1\",\"l x\" = \"v\"} 1\n", SCAN_SAMPLE, "m", "a=\"1\",\"l x\" = \"v\"",
			"1", true, NAMES },
		{ "{\"\xff\"} 1\n", SCAN_SAMPLE, "\xff", "\"\xff\"", "1", true, NAMES },
		{ "# TYPE \"a.b\" gauge\n", SCAN_TYPE, "a.b", "", "gauge", false, NAMES },
		{ "# TYPE \"a b\"  gauge\n", SCAN_TYPE, "a b", "", "gauge", false,
			NAMES | METADATA },
		{ "# HELP \"a.b\" text\n", SCAN_HELP, "a.b", "", "text", false, NAMES },
		{ "# HELP\t\"a\\\"b\"\n", SCAN_HELP, "a\\\"b", "", "", false, NAMES },
		// no comma
		{ "m{a=\"1\" b=\"2\"} 1\n", SCAN_SAMPLE, "m", "a=\"1\" b=\"2\"", "1", true, COMMA },
		{ "m{a=\"1\"b=\"2\"} 1\n", SCAN_SAMPLE, "m", "a=\"1\"b=\"2\"", "1", true, COMMA },
		{ "m{a=\"1\"\"b\"=\"2\"} 1\n", SCAN_SAMPLE, "m", "a=\"1\"\"b\"=\"2\"", "1", true,
			COMMA | NAMES },
		{ "{a=\"1\" \"m\"} 1\n", SCAN_SAMPLE, "m", "a=\"1\" \"m\"", "1", true,
			COMMA | NAMES },
		// raw line feeds
		{ "m{a=\"x\ny\"} 1\n", SCAN_SAMPLE, "m", "a=\"x\ny\"", "1", true, FEED },
		{ "m{a=\"\n\n# HELP\n\",b=\"\r\n\"} 1", SCAN_SAMPLE, "m",
			"a=\"\n\n# HELP\n\",b=\"\r\n\"", "1", true, FEED | LINE_END },
		{ " m{a=\"x\r\ny\"} -nan 5\r\n", SCAN_SAMPLE, "m", "a=\"x\r\ny\"", "NaN", true,
			FEED | BLANKS | NUMBER | STAMP | LINE_END },
		{ "m{a=\"\\\n\"} 1\n", SCAN_SAMPLE, "m", "a=\"\\\n\"", "1", true, FEED },
		{ "{\"a\nb\"} 1\n", SCAN_SAMPLE, "a\nb", "\"a\nb\"", "1", true, FEED | NAMES },
		// values
		{ "m +1\n", SCAN_SAMPLE, "m", "", "1", false, 0 },
		{ "m inf\n", SCAN_SAMPLE, "m", "", "+Inf", false, 0 },
		{ "m -nan\n", SCAN_SAMPLE, "m", "", "NaN", false, NUMBER },
		// what stands behind the value
		{ "m 1 \n", SCAN_SAMPLE, "m", "", "1", false, BLANKS },
		{ "m 1 1700000000000\n", SCAN_SAMPLE, "m", "", "1", false, STAMP },
		{ "m 1 -5 \n", SCAN_SAMPLE, "m", "", "1", false, STAMP },
		{ "m 1 1700000000.123\n", SCAN_SAMPLE, "m", "", "1", false, STAMP },
		{ "m 1 # {a=\"b\"} 1 2\n", SCAN_SAMPLE, "m", "", "1", false, EXEMPLAR },
		{ "m 1 5 # {} 1\n", SCAN_SAMPLE, "m", "", "1", false, STAMP | EXEMPLAR },
		{ "m 1 # {a=\"}\\\"# {\",b=\",\"} -2.5e3 1700000000.123\n", SCAN_SAMPLE, "m", "",
			"1", false, EXEMPLAR },
		{ "m{a=\"}\"} 1 1.7e9 # {\"b.c\"=\"}\"} NaN 5 \n", SCAN_SAMPLE, "m", "a=\"}\"", "1",
			false, STAMP | EXEMPLAR },
		// the line itself
		{ " m 1\n", SCAN_SAMPLE, "m", "", "1", false, BLANKS },
		{ "m 1", SCAN_SAMPLE, "m", "", "1", false, LINE_END },
		{ "m 1\r\n", SCAN_SAMPLE, "m", "", "1", false, LINE_END },
		{ "\xef\xbb\xbfm 1\n", SCAN_SAMPLE, "m", "", "1", false, MARK },
		{ "\xef\xbb\xbf# TYPE m gauge\n", SCAN_TYPE, "m", "", "gauge", false, MARK },
		// HELP and TYPE
		{ "# HELP m some  text \n", SCAN_HELP, "m", "", "some  text ", false, 0 },
		{ "# HELP m\n", SCAN_HELP, "m", "", "", false, 0 },
		{ "# HELP m \n", SCAN_HELP, "m", "", "", false, 0 },
		{ "#HELP\tm\ttext\n", SCAN_HELP, "m", "", "text", false, 0 },
		{ "# TYPE m gauge\n", SCAN_TYPE, "m", "", "gauge", false, 0 },
		{ "#TYPE m gauge\n", SCAN_TYPE, "m", "", "gauge", false, 0 },
		{ "# TYPE m  gauge\n", SCAN_TYPE, "m", "", "gauge", false, METADATA },
		{ "# TYPE m gauge \n", SCAN_TYPE, "m", "", "gauge", false, METADATA },
		{ "# TYPE m gauge\r\n", SCAN_TYPE, "m", "", "gauge", false, LINE_END },
		{ "# TYPE m two words\n", SCAN_TYPE, "m", "", "two words", false, 0 },
		// passed over
		{ "", SCAN_END, "", "", "", false, 0 },
		{ "\n \t\n", SCAN_END, "", "", "", false, 0 },
		{ "\n \t\n\r\n", SCAN_COMMENT, "", "", "", false, LINE_END },
		{ "# comment", SCAN_COMMENT, "", "", "", false, LINE_END },
		{ "# a comment\n", SCAN_END, "", "", "", false, 0 },
		{ "#\n", SCAN_END, "", "", "", false, 0 },
		{ "# EOF\n# UNIT m seconds\n# type m gauge\n# help m\n", SCAN_END, "", "", "",
			false, 0 },
		{ "# not \xff utf-8\n", SCAN_END, "", "", "", false, 0 },
		{ "# HELP\n# TYPE\n#HELP \t\n# TYPE \n", SCAN_END, "", "", "", false, 0 },
		{ "# TYPE\r\n", SCAN_COMMENT, "", "", "", false, LINE_END },
		// bad
		{ "1m 1\n", SCAN_BAD, "", "", "it starts with no legal name", false, 0 },
		{ "{} 1\n", SCAN_BAD, "", "", "it starts with no legal name", false, 0 },
		{ "{\"\"} 1\n", SCAN_BAD, "", "", "it starts with no legal name", false, 0 },
		{ "{a=\"1\"} 1\n", SCAN_BAD, "", "", "it starts with no legal name", false, 0 },
		{ "{\"a.b\"\n", SCAN_BAD, "", "", "it starts with no legal name", false, 0 },
		{ "{\"a.b\" c=\"1\"} 1\n", SCAN_BAD, "", "", "it starts with no legal name", false,
			0 },
		{ "\"a.b\" 1\n", SCAN_BAD, "", "", "it starts with no legal name", false, 0 },
		{ "{\"a.b\",\"c.d\"} 1\n", SCAN_BAD, "", "", "there are two names", false, 0 },
		{ "m{\"a.b\"} 1\n", SCAN_BAD, "", "", "there are two names", false, 0 },
		{ "{\"a.b\"}\n", SCAN_BAD, "", "", "the value is no number", false, 0 },
		{ "{\"up\":1}\n", SCAN_BAD, "", "", "it starts with no legal name", false, 0 },
		{ "<html>\n", SCAN_BAD, "", "", "it starts with no legal name", false, 0 },
		{ "m\n", SCAN_BAD, "m", "", "the value is no number", false, 0 },
		{ "m{a=\"1\"}\n", SCAN_BAD, "m", "a=\"1\"", "the value is no number", false, 0 },
		{ "m.b 1\n", SCAN_BAD, "m", "", "the value is no number", false, 0 },
		{ "m-b 1\n", SCAN_BAD, "m", "", "the value is no number", false, 0 },
		{ "m one\n", SCAN_BAD, "m", "", "the value is no number", false, 0 },
		{ "m 0x10\n", SCAN_BAD, "m", "", "the value is no number", false, 0 },
		{ "m 1e400\n", SCAN_BAD, "m", "", "the value is no number", false, 0 },
		{ "m \"1\"\n", SCAN_BAD, "m", "", "the value is no number", false, 0 },
		{ "m 1,5\n", SCAN_BAD, "m", "", "the value is no number", false, 0 },
		{ "m 1 2 3\n", SCAN_BAD, "m", "", "something stands behind the value", false, 0 },
		{ "m 1 soon\n", SCAN_BAD, "m", "", "something stands behind the value", false, 0 },
		{ "m 1 # why\n", SCAN_BAD, "m", "", "something stands behind the value", false, 0 },
		{ "m{,} 1\n", SCAN_BAD, "m", "", "a label's name is missing or not legal", false,
			0 },
		{ "m{a=\"1\",,b=\"2\"} 1\n", SCAN_BAD, "m", "",
			"a label's name is missing or not legal", false, 0 },
		{ "m{1a=\"1\"} 1\n", SCAN_BAD, "m", "", "a label's name is missing or not legal",
			false, 0 },
		{ "m{\"\"=\"1\"} 1\n", SCAN_BAD, "m", "", "a quoted name is empty", false, 0 },
		{ "m{\"a\n", SCAN_BAD, "m", "", "a quoted name has no closing quote", false, 0 },
		{ "m{\n", SCAN_BAD, "m", "", "a label's name is missing or not legal", false, 0 },
		{ "m{a:b=\"1\"} 1\n", SCAN_BAD, "m", "", "there is no = behind a label's name",
			false, 0 },
		{ "m{a} 1\n", SCAN_BAD, "m", "", "there is no = behind a label's name", false, 0 },
		{ "m{a='1'} 1\n", SCAN_BAD, "m", "", "a label's value has no quote in front", false,
			0 },
		{ "m{a=1} 1\n", SCAN_BAD, "m", "", "a label's value has no quote in front", false,
			0 },
		{ "m{a=\"1} 1\n", SCAN_BAD, "m", "", "a label's value has no closing quote", false,
			0 },
		{ "m{a=\"1\\\n", SCAN_BAD, "m", "", "a label's value has no closing quote", false,
			0 },
		{ "m{a=\"1\" 2} 1\n", SCAN_BAD, "m", "",
			"there is neither , nor } behind a label's value", false, 0 },
		{ "m{a=\"1\"\nb=\"2\"} 1\n", SCAN_BAD, "m", "",
			"there is neither , nor } behind a label's value", false, 0 },
		{ "m{a=\"1\" b} 1\n", SCAN_BAD, "m", "", "there is no = behind a label's name",
			false, 0 },
		{ "m{a=\"1\"\n", SCAN_BAD, "m", "",
			"there is neither , nor } behind a label's value", false, 0 },
		{ "# TYPE m.b gauge\n", SCAN_BAD, "m.b", "", "HELP or TYPE without a legal name",
			false, 0 },
		{ "# HELP 1m text\n", SCAN_BAD, "1m", "", "HELP or TYPE without a legal name",
			false, 0 },
		{ "# TYPE \"\" gauge\n", SCAN_BAD, "", "", "HELP or TYPE without a legal name",
			false, 0 },
		{ "# TYPE \"a.b gauge\n", SCAN_BAD, "", "", "HELP or TYPE without a legal name",
			false, 0 },
		{ "# TYPE \"a\"b gauge\n", SCAN_BAD, "", "", "HELP or TYPE without a legal name",
			false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scan scan = scan_new(str_of(rows[i].text));
		struct scan_line line;

		check_number(rows[i].text, "kind", scan_next(&scan, &line), rows[i].kind);
		check_number(rows[i].text, "kind in the line", line.kind, rows[i].kind);
		if (rows[i].kind == SCAN_END)
			continue;
		check_str(rows[i].text, line.text, str_of(rows[i].rest));
		if (rows[i].kind == SCAN_BAD)
			continue;
		check_str(rows[i].text, line.name, str_of(rows[i].name));
		check_str(rows[i].text, line.labels, str_of(rows[i].labels));
		check_number(rows[i].text, "odd", line.odd_labels, rows[i].odd);
		check_number(rows[i].text, "repairs", line.repairs, rows[i].repairs);
		check_number(rows[i].text, "next", scan_next(&scan, &line), SCAN_END);
	}
}

static void texts_point_into_the_page(void **state)
{
	struct str page = STR("# HELP m text\n# TYPE m gauge\nm{a=\"1\"} 12 5\n");
	static const size_t names[] = { 7, 21, 29 }, texts[] = { 9, 23, 38 };
	struct scan scan = scan_new(page);
	struct scan_line line;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		scan_next(&scan, &line);
		assert_int_equal(line.name.ptr - page.ptr, names[i]);
		assert_int_equal(line.text.ptr - page.ptr, texts[i]);
	}
	assert_int_equal(line.labels.ptr - page.ptr, 31);
}

static void line_numbers_count_every_line(void **state)
{
	static const struct {
		enum scan_kind kind;
		size_t number;
	} wanted[] = {
		{ SCAN_HELP, 3 },
		{ SCAN_SAMPLE, 4 },
		{ SCAN_COMMENT, 5 },
		{ SCAN_BAD, 7 },
		{ SCAN_SAMPLE, 8 },
		{ SCAN_END, 8 },
	};
	struct scan scan = scan_new(STR("\n# comment\n# HELP m t\nm 1\n\r\n  \n!\nm{a=\"1\"} 2"));
	struct scan_line line;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		assert_int_equal(scan_next(&scan, &line), wanted[i].kind);
		if (wanted[i].kind != SCAN_END)
			assert_int_equal(line.number, wanted[i].number);
	}
}

// An open quote costs its own line; what follows is read as if it were not there, whatever quotes it has.
static void an_open_quote_swallows_no_good_line(void **state)
{
	static const char *const good[] = {
		"n 1",
		"n{b=\"y\"} 1",
		"n{b=\",\",c=\"} 1\"} 2",
		"n{b=\",c=\"} 1",
		"n{b=\"} 1 # {\",c=\"}\"} 2",
		"n{b=\"} 1 # {\"} 2",
		"n 1 # {b=\"} 2 \",c=\"\"} 3",
		"n{b=\"\\\"} 1 \"} 2",
		"n{b=\"} 1\" c=\"} 1\"} 2",
		"{\"n\",\"b\"=\"c\"} 1",
		"n{b=\"x\ny\"} 1",
	};
	static const char *const open[] = { "m{a=\"x", "m{a=\"x\\", "m{a=\"1\",\"b.c", "m{a=\"x\r",
		"m{a=\"1\",b=\"", "{\"m" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good) * ARRAY_LEN(open); i++) {
		const char *line_of = good[i % ARRAY_LEN(good)];
		struct buf page = buf_new(UNIT_LIMIT);
		struct scan_line line;

		buf_addf(&page, "%s\n%s\nlast 3\n", open[i / ARRAY_LEN(good)], line_of);
		struct scan scan = scan_new(buf_str(&page));
		check_number(line_of, "first", scan_next(&scan, &line), SCAN_BAD);
		check_number(line_of, "second", scan_next(&scan, &line), SCAN_SAMPLE);
		check_str(line_of, line.name, STR("n"));
		check_number(line_of, "number", line.number, 2);
		check_number(line_of, "third", scan_next(&scan, &line), SCAN_SAMPLE);
		check_str(line_of, line.name, STR("last"));
		check_number(line_of, "end", scan_next(&scan, &line), SCAN_END);
		buf_free(&page);
	}
}

static void lines_are_counted_on_behind_raw_line_feeds(void **state)
{
	struct scan scan = scan_new(STR("m{a=\"\n\n\"} 1\nn 2\n!\no{a=\"\n\"} 3"));
	static const size_t numbers[] = { 1, 4, 5, 6 };
	struct scan_line line;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		check_number("kind", "kind", scan_next(&scan, &line),
			numbers[i] == 5 ? SCAN_BAD : SCAN_SAMPLE);
		assert_int_equal(line.number, numbers[i]);
	}
	assert_int_equal(scan_next(&scan, &line), SCAN_END);
	assert_int_equal(scan.line_number, 7);
}

static void the_name_of_the_line_before_is_no_prefix(void **state)
{
	static const char *const names[] = { "m", "mm", "m", "m:", "m1", "m", "n", "m" };
	struct scan scan = scan_new(STR("m 1\nmm 1\nm{} 1\nm: 1\nm1 1\nm\t1\nn 1\nm 1\n"));
	struct scan_line line;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(scan_next(&scan, &line), SCAN_SAMPLE);
		check_str(names[i], line.name, str_of(names[i]));
	}
}

static void nul_bytes_are_bytes(void **state)
{
	struct scan scan = scan_new(STR("m{a=\"\0\"} 1\n# HELP m a\0b\nm\0 1\nm 1\0\n\0\n"));
	struct scan_line line;

	(void)state;
	assert_int_equal(scan_next(&scan, &line), SCAN_SAMPLE);
	check_str("labels", line.labels, STR("a=\"\0\""));
	assert_int_equal(scan_next(&scan, &line), SCAN_HELP);
	check_str("help", line.text, STR("a\0b"));
	assert_int_equal(scan_next(&scan, &line), SCAN_BAD);
	assert_int_equal(scan_next(&scan, &line), SCAN_BAD);
	assert_int_equal(scan_next(&scan, &line), SCAN_BAD);
	assert_int_equal(scan_next(&scan, &line), SCAN_END);
}

static void fingerprints_do_not_depend_on_the_order(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "m{a=\"1\",b=\"2\",c=\"3\"} 1\n", "m{c=\"3\",a=\"1\",b=\"2\"} 2\n", true },
		{ "m{a=\"1\",b=\"\"} 1\n", "m{a=\"1\"} 1\n", true },
		{ "m{} 1\n", "m 1\n", true },
		{ "m{a=\"1\"} 1\n", "m{a=\"2\"} 1\n", false },
		{ "m{a=\"1\",b=\"2\"} 1\n", "m{a=\"2\",b=\"1\"} 1\n", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scan_line a, b;
		struct scan scan = scan_new(str_of(rows[i].a));
		uint64_t fingerprint, names;

		scan_next(&scan, &a);
		scan = scan_new(str_of(rows[i].b));
		scan_next(&scan, &b);
		check_number(rows[i].a, "same", a.fingerprint == b.fingerprint, rows[i].same);
		label_identify(a.labels, &fingerprint, &names);
		CHECK_ROW(rows[i].a, a.fingerprint == fingerprint);
		CHECK_ROW(rows[i].a, (a.label_names & names) == names);
	}
}

// Each length moves the value's end through the words that are read at once.
static void values_of_any_length_end_at_their_quote(void **state)
{
	static const char *const ends[] = { "", "\\\"", "\\\\", "\xc3\xa4", "\x01" };

	(void)state;
	for (size_t e = 0; e < ARRAY_LEN(ends); e++) {
		for (int n = 0; n < 40; n++) {
			struct buf page = buf_new(UNIT_LIMIT);
			struct scan_line line;

			buf_addf(&page, "m{a=\"%.*s%s\",b=\"!#[]}\"} 7\n", n,
				"abcdefghijklmnopqrstuvwxyz0123456789!#[]", ends[e]);
			struct scan scan = scan_new(buf_str(&page));
			check_number(ends[e], "kind", scan_next(&scan, &line), SCAN_SAMPLE);
			check_str(ends[e], line.text, STR("7"));
			CHECK_ROW(ends[e], !line.odd_labels);
			CHECK_ROW(ends[e], str_ends_with(line.labels, STR(",b=\"!#[]}\"")));
			buf_free(&page);
		}
	}
}

static void at_most_256_labels(void **state)
{
	(void)state;
	for (int n = SCAN_MOST_LABELS; n <= SCAN_MOST_LABELS + 1; n++) {
		struct buf page = buf_new(UNIT_LIMIT);
		struct scan_line line;

		buf_add(&page, STR("m{"));
		for (int i = 0; i < n; i++)
			buf_addf(&page, "%sl%d=\"\"", i ? "," : "", i);
		buf_add(&page, STR("} 1\n"));
		struct scan scan = scan_new(buf_str(&page));
		assert_int_equal(
			scan_next(&scan, &line), n == SCAN_MOST_LABELS ? SCAN_SAMPLE : SCAN_BAD);
		if (line.kind == SCAN_BAD)
			check_str("257", line.text, STR("there are more than 256 labels"));
		buf_free(&page);
	}
}

// Every beginning of a line, at the end of its own memory, so that a sanitizer sees a byte too much.
static void a_page_may_end_anywhere(void **state)
{
	struct str page =
		STR("\xef\xbb\xbf# HELP m t\\n\r\n# TYPE m gauge \n"
		    " m { a = \"1\\\"\xc3\xa4\" , b=\"2\", } -nan 1.5 # {x=\"y\"} 1\n"
		    "# TYPE \"a.b\" gauge\n{\"a.b\\\\\" , \"c\" = \"\"d=\"x\\\n\xc3\xa4\"} 1 2\n");

	(void)state;
	for (size_t len = 0; len <= page.len; len++) {
		char *exact = malloc(len ? len : 1);
		struct scan_line line;
		size_t n = 0;

		assert_non_null(exact);
		memcpy(exact, page.ptr, len);
		struct scan scan = scan_new((struct str){ exact, len });
		while (scan_next(&scan, &line) != SCAN_END)
			n++;
		assert_true(n <= 6);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_told_apart),
		cmocka_unit_test(texts_point_into_the_page),
		cmocka_unit_test(line_numbers_count_every_line),
		cmocka_unit_test(an_open_quote_swallows_no_good_line),
		cmocka_unit_test(lines_are_counted_on_behind_raw_line_feeds),
		cmocka_unit_test(the_name_of_the_line_before_is_no_prefix),
		cmocka_unit_test(nul_bytes_are_bytes),
		cmocka_unit_test(fingerprints_do_not_depend_on_the_order),
		cmocka_unit_test(values_of_any_length_end_at_their_quote),
		cmocka_unit_test(at_most_256_labels),
		cmocka_unit_test(a_page_may_end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
