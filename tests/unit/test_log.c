// SPDX-License-Identifier: Apache-2.0
// Standard error is a file while a line is written, and read back.
#include "base/log.h"
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

enum { LONGEST = 65536 };

struct capture {
	FILE *file;
	int old;
};

static struct capture capture_start(void)
{
	struct capture capture = { .file = tmpfile(), .old = dup(STDERR_FILENO) };

	assert_non_null(capture.file);
	assert_true(capture.old >= 0);
	assert_true(dup2(fileno(capture.file), STDERR_FILENO) >= 0);
	return capture;
}

// What was written since; in a place that the next capture uses again.
static struct str capture_end(struct capture capture)
{
	static char text[LONGEST];

	dup2(capture.old, STDERR_FILENO);
	close(capture.old);
	rewind(capture.file);
	size_t n = fread(text, 1, sizeof(text), capture.file);
	fclose(capture.file);
	return (struct str){ text, n };
}

// A line without its time, which is checked for its form: digits stand for 9.
static struct str without_time(const char *row, struct str line, const char *front)
{
	static const char form[] = "9999-99-99T99:99:99.999Z";
	struct str head = str_of(front);

	CHECK_ROW(row, str_starts_with(line, head));
	line = (struct str){ line.ptr + head.len, line.len - head.len };
	CHECK_ROW(row, line.len > strlen(form));
	for (size_t i = 0; form[i]; i++) {
		char c = line.ptr[i];
		CHECK_ROW(row, form[i] == '9' ? c >= '0' && c <= '9' : c == form[i]);
	}
	return (struct str){ line.ptr + strlen(form), line.len - strlen(form) };
}

static void fields_are_quoted_where_they_must(void **state)
{
	static const struct {
		const char *name;
		struct log_field field;
		const char *logfmt, *json;
	} rows[] = {
		{ "a word", { "k", STR_INIT("word"), 0 }, "k=word", "\"k\":\"word\"" },
		{ "a URL", { "k", STR_INIT("http://h:1/a?b"), 0 }, "k=http://h:1/a?b",
			"\"k\":\"http://h:1/a?b\"" },
		{ "a number", { "k", { NULL, 0 }, -5 }, "k=-5", "\"k\":-5" },
		{ "the largest number", { "k", { NULL, 0 }, INT64_MAX }, "k=9223372036854775807",
			"\"k\":9223372036854775807" },
		{ "nothing", { "k", STR_INIT(""), 0 }, "k=\"\"", "\"k\":\"\"" },
		{ "blanks", { "k", STR_INIT("a b"), 0 }, "k=\"a b\"", "\"k\":\"a b\"" },
		{ "an equals sign", { "k", STR_INIT("a=b"), 0 }, "k=\"a=b\"", "\"k\":\"a=b\"" },
		{ "quotes and backslashes", { "k", STR_INIT("a\"b\\"), 0 }, "k=\"a\\\"b\\\\\"",
			"\"k\":\"a\\\"b\\\\\"" },
		{ "a forged line", { "k", STR_INIT("a\nts=1 level=error"), 0 },
			"k=\"a\\u000ats=1 level=error\"", "\"k\":\"a\\u000ats=1 level=error\"" },
		{ "control bytes", { "k", STR_INIT("\x1b[31m\x7f\0"), 0 },
			"k=\"\\u001b[31m\\u007f\\u0000\"", "\"k\":\"\\u001b[31m\\u007f\\u0000\"" },
		{ "UTF-8", { "k", STR_INIT("gr\xc3\xbc\xc3\x9f"), 0 }, "k=\"gr\xc3\xbc\xc3\x9f\"",
			"\"k\":\"gr\xc3\xbc\xc3\x9f\"" },
		{ "no UTF-8", { "k", STR_INIT("a\xff"), 0 }, "k=\"a\\ufffd\"",
			"\"k\":\"a\\ufffd\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf wanted = buf_new(UNIT_LIMIT);

		log_configure(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
		struct capture capture = capture_start();
		log_line(LOG_LEVEL_WARN, "some words", &rows[i].field, 1);
		struct str line = capture_end(capture);
		buf_addf(&wanted, " level=warn msg=\"some words\" %s\n", rows[i].logfmt);
		check_str(rows[i].name, without_time(rows[i].name, line, "ts="), buf_str(&wanted));
		wanted.len = 0;

		log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
		capture = capture_start();
		log_line(LOG_LEVEL_WARN, "some words", &rows[i].field, 1);
		line = capture_end(capture);
		buf_addf(&wanted, "\",\"level\":\"warn\",\"msg\":\"some words\",%s}\n",
			rows[i].json);
		check_str(rows[i].name, without_time(rows[i].name, line, "{\"ts\":\""),
			buf_str(&wanted));
		buf_free(&wanted);
	}
}

static void levels_above_the_chosen_one_are_silent(void **state)
{
	(void)state;
	for (int chosen = 0; chosen < N_LOG_LEVELS; chosen++) {
		struct buf wanted = buf_new(UNIT_LIMIT), got = buf_new(UNIT_LIMIT);
		struct str line, rest;

		log_configure((enum log_level)chosen, LOG_FORMAT_LOGFMT);
		struct capture capture = capture_start();
		log_error("m", log_number("n", 0));
		log_warn("m", log_number("n", 1));
		log_info("m", log_number("n", 2));
		log_debug("m", log_number("n", 3));
		rest = capture_end(capture);
		for (int level = 0; level <= chosen; level++)
			buf_addf(&wanted, " level=%s msg=m n=%d\n", log_level_names[level].ptr,
				level);
		while (str_cut(rest, '\n', &line, &rest))
			buf_addf(&got, "%.*s\n", STR_ARG(without_time("levels", line, "ts=")));
		check_str(log_level_names[chosen].ptr, buf_str(&got), buf_str(&wanted));
		buf_free(&wanted);
		buf_free(&got);
	}
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
}

static void long_texts_are_cut_and_the_line_stays_whole(void **state)
{
	struct buf text = buf_new(UNIT_LIMIT);

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_add_byte(&text, 'x');
	for (int format = 0; format < N_LOG_FORMATS; format++) {
		log_configure(LOG_LEVEL_INFO, (enum log_format)format);
		struct capture capture = capture_start();
		log_info("m", log_text("k", buf_str(&text)), log_number("n", 7));
		struct str line = capture_end(capture);
		assert_true(line.len < LONGEST);
		assert_true(str_ends_with(
			line, format == LOG_FORMAT_JSON ? STR("\"n\":7}\n") : STR(" n=7\n")));
	}
	buf_free(&text);
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
}

static void levels_and_formats_have_words(void **state)
{
	static const char *const levels[] = { "error", "warn", "info", "debug" };
	static const char *const formats[] = { "logfmt", "json" };

	(void)state;
	assert_int_equal(ARRAY_LEN(levels), N_LOG_LEVELS);
	assert_int_equal(ARRAY_LEN(formats), N_LOG_FORMATS);
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		check_str(levels[i], log_level_names[i], str_of(levels[i]));
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		check_str(formats[i], log_format_names[i], str_of(formats[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_quoted_where_they_must),
		cmocka_unit_test(levels_above_the_chosen_one_are_silent),
		cmocka_unit_test(long_texts_are_cut_and_the_line_stays_whole),
		cmocka_unit_test(levels_and_formats_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
