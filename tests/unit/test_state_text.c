// SPDX-License-Identifier: Apache-2.0
#include "agent/state_text.h"
#include "state_fake.h"
#include "unit.h"

#include <unistd.h>

#define HEAD	"{\"brokerpush_state\":1,\"saved_at_ns\":5}\n"
#define SOURCE2 "{\"source\":\"a\",\"type\":\"fake\",\"lines\":2}\n"

static void the_format_is_this(void **state)
{
	struct fake_config fake = { 0 };
	struct buf text = buf_new(UNIT_LIMIT);
	struct str first, rest;

	(void)state;
	fake_add(&fake, STR("a"), &fake_type);
	fake_add(&fake, STR("nothing"), &forgetful_type);
	fake_add(&fake, STR("b"), &other_type);
	struct tally *tally = tally_new(&fake.config);
	fake_remember(tally, 0, STR("{\"x\":1}\n{\"source\":\"b\",\"lines\":1}\n"));
	state_text_write(&text, tally, 1795257119000000000);
	assert_true(str_cut(buf_str(&text), '\n', &first, &rest));
	assert_true(str_starts_with(first, STR("{\"brokerpush_state\":1,\"version\":\"")));
	assert_true(str_ends_with(first, STR("\",\"saved_at_ns\":1795257119000000000}")));
	check_str("all but the first line", rest,
		STR("{\"source\":\"a\",\"type\":\"fake\",\"lines\":         2}\n"
		    "{\"x\":1}\n{\"source\":\"b\",\"lines\":1}\n"
		    "{\"source\":\"b\",\"type\":\"other\",\"lines\":         0}\n"
		    "{\"end\":5}\n"));
	tally_free(tally);
	buf_free(&text);
}

static void the_fingerprint_is_of_what_is_remembered_and_not_of_the_time(void **state)
{
	struct fake_config fake = { 0 };
	struct buf texts[3] = { buf_new(UNIT_LIMIT), buf_new(UNIT_LIMIT), buf_new(UNIT_LIMIT) };

	(void)state;
	fake_add(&fake, STR("a"), &fake_type);
	struct tally *tally = tally_new(&fake.config);
	uint64_t first = state_text_write(&texts[0], tally, 1);
	assert_true(first == state_text_write(&texts[1], tally, 2000000000));
	fake_remember(tally, 0, STR("{}\n"));
	assert_true(first != state_text_write(&texts[2], tally, 1));
	tally_free(tally);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		buf_free(&texts[i]);
}

static void what_does_not_fit_is_told(void **state)
{
	struct fake_config fake = { 0 };
	struct buf whole = buf_new(UNIT_LIMIT);

	(void)state;
	fake_add(&fake, STR("a"), &fake_type);
	struct tally *tally = tally_new(&fake.config);
	fake_remember(tally, 0, STR("{\"x\":1}\n"));
	state_text_write(&whole, tally, 1);
	for (size_t limit = 0; limit < whole.len; limit++) {
		struct buf text = buf_new(limit);

		state_text_write(&text, tally, 1);
		assert_true(text.failed);
		buf_free(&text);
	}
	tally_free(tally);
	buf_free(&whole);
}

static void a_text_that_is_not_whole_is_damaged_at_its_line(void **state)
{
	static const struct {
		const char *name, *text;
		size_t line;
		const char *error;
	} rows[] = {
		{ "nothing", "", 0, "it ends after line 0" },
		{ "no line", "{\"brokerpush_state\":1,\"saved_at_ns\":5}", 0,
			"it ends after line 0" },
		{ "no JSON", "hello\n", 1, "line 1: no JSON: " },
		{ "other JSON", "{}\n", 1, "line 1 is not that of a state file" },
		{ "an array", "[1]\n", 1, "line 1 is not that of a state file" },
		{ "version 0", "{\"brokerpush_state\":0,\"saved_at_ns\":5}\n{\"end\":1}\n", 1,
			"line 1 is not that of a state file" },
		{ "version -1", "{\"brokerpush_state\":-1,\"saved_at_ns\":5}\n{\"end\":1}\n", 1,
			"line 1 is not that of a state file" },
		{ "version 1.5", "{\"brokerpush_state\":1.5,\"saved_at_ns\":5}\n{\"end\":1}\n", 1,
			"line 1 is not that of a state file" },
		{ "no time", "{\"brokerpush_state\":1}\n{\"end\":1}\n", 1,
			"line 1 does not say when" },
		{ "no end", HEAD, 1, "it ends after line 1" },
		{ "another end", HEAD "{\"end\":2}\n", 2, "line 2 counts other lines" },
		{ "more behind the end", HEAD "{\"end\":1}\n\n", 2,
			"line 2 should be the last one" },
		{ "two ends", HEAD "{\"end\":1}\n{\"end\":2}\n", 2,
			"line 2 should be the last one" },
		{ "neither", HEAD "{\"x\":1}\n{\"end\":2}\n", 2, "line 2 is neither" },
		{ "no name", HEAD "{\"source\":\"\",\"lines\":0}\n{\"end\":2}\n", 2,
			"line 2 is neither" },
		{ "no count", HEAD "{\"source\":\"a\"}\n{\"end\":2}\n", 2, "line 2 is neither" },
		{ "count below 0", HEAD "{\"source\":\"a\",\"lines\":-1}\n{\"end\":2}\n", 2,
			"line 2 is neither" },
		{ "a line of a type is missing", HEAD SOURCE2 "{}\n", 3,
			"it ends after line 3, where" },
		{ "the end is taken for a line", HEAD SOURCE2 "{}\n{\"end\":3}\n", 4,
			"it ends after line 4" },
		{ "more lines than any file has",
			HEAD "{\"source\":\"a\",\"lines\":9223372036854775807}\n{}\n", 3,
			"it ends after line 3, where" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct state_head head;
		struct err err = { 0 };

		CHECK_ROW(rows[i].name,
			state_text_check(str_of(rows[i].text), &head, &err) == STATE_DAMAGED);
		CHECK_ROW(rows[i].name, err.kind == ERR_BAD_BODY);
		check_number(rows[i].name, "line", err.position, rows[i].line);
		if (!str_starts_with(str_of(err.text), str_of(rows[i].error)))
			FAIL_ROW(rows[i].name, "says \"%s\"", err.text);
	}
}

static void a_later_format_is_told_by_the_first_line_alone(void **state)
{
	struct state_head head;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		state_text_check(STR("{\"brokerpush_state\":7,\"new\":[]}\n\xff..."), &head, &err),
		STATE_NEWER);
	assert_int_equal(head.format, 7);
	assert_int_equal(err.kind, ERR_NONE);
}

static void lines_go_to_the_source_of_that_name_and_type(void **state)
{
	// The second line looks like a head; the third source has another type, the fourth is gone.
	struct str text = STR(HEAD SOURCE2 "{\"x\":1}\n{\"source\":\"b\",\"lines\":1}\n"
					   "{\"source\":\"b\",\"type\":\"other\",\"lines\":3}\n"
					   "{\"y\":1}\n{\"refuse\":1}\nnot JSON, and none of ours\n"
					   "{\"source\":\"c\",\"type\":\"other\",\"lines\":1}\n{}\n"
					   "{\"source\":\"d\",\"type\":\"fake\",\"lines\":1}\n{}\n"
					   "{\"end\":12}\n");
	struct fake_config fake = { 0 };
	struct source_past past = { 5, 6, 7 };
	struct state_head head;
	struct err err = { 0 };

	(void)state;
	fake_add(&fake, STR("a"), &fake_type);
	fake_add(&fake, STR("b"), &other_type);
	fake_add(&fake, STR("c"), &fake_type);
	struct tally *tally = tally_new(&fake.config);
	assert_int_equal(state_text_check(text, &head, &err), STATE_GOOD);
	assert_int_equal(head.saved_ns, 5);
	state_text_load(text, tally, &past);
	check_str("a", buf_str(&fake_of(tally, 0)->lines),
		STR("{\"x\":1}\n{\"source\":\"b\",\"lines\":1}\n"));
	check_str("b", buf_str(&fake_of(tally, 1)->lines),
		STR("{\"y\":1}\nnot JSON, and none of ours\n"));
	check_str("c", buf_str(&fake_of(tally, 2)->lines), STR(""));
	assert_memory_equal(&fake_of(tally, 0)->past, &past, sizeof(past));
	tally_free(tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_format_is_this),
		cmocka_unit_test(the_fingerprint_is_of_what_is_remembered_and_not_of_the_time),
		cmocka_unit_test(what_does_not_fit_is_told),
		cmocka_unit_test(a_text_that_is_not_whole_is_damaged_at_its_line),
		cmocka_unit_test(a_later_format_is_told_by_the_first_line_alone),
		cmocka_unit_test(lines_go_to_the_source_of_that_name_and_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
