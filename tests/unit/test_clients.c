// SPDX-License-Identifier: Apache-2.0
// Whole cycles of the source `emqx_clients`: what answers mean, what they lead to, and what is told then.
#include "clients_run.h"
#include "settings_fill.h"

#include <stdio.h>

#define NOT_FOUND "{\"code\":\"CLIENTID_NOT_FOUND\",\"message\":\"Client ID not found\"}"

// A cycle with one page of clients, and none that has to be asked for by itself.
static void see(struct run *run, const char *words)
{
	run_pass(run, 10);
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, words, LAST));
	check_str(words, run_asks(run), STR(""));
	run_conclude(run);
}

static void check_failed(const char *row, const struct run_part *part, enum err_kind kind)
{
	check_number(row, "verdict", part->verdict, SOURCE_FAILED);
	check_number(row, "reason", part->err.kind, kind);
}

// 1. One by one

static void clients_are_asked_for_in_turn(void **state)
{
	struct run *run = run_new_clients("id:a=Alpha id:b id:c", "5.8.9");

	(void)state;
	run_ask(run);
	run_answer(run, CLIENTS "/a", 200, run_client(run, "a@100=5"));
	check_str("then b", run_asks(run), STR("clients " CLIENTS "/b\n"));
	struct run_part *part = run_answer(run, CLIENTS "/b", 404, NOT_FOUND);
	check_number("b is not there", "verdict", part->verdict, SOURCE_DELIVERED);
	check_str("then c", run_asks(run), STR("clients " CLIENTS "/c\n"));
	run_answer(run, CLIENTS "/c", 200, run_client(run, "c@100=7!"));
	check_str("then nobody", run_asks(run), STR(""));
	run_conclude(run);
	check_str("all", run_known(run), STR("a on 5 c1 f0; b gone - c0 f0; c off 7 c0 f0"));
	check_str("all", run_told(run, "connected"),
		STR("connected{alias=\"Alpha\",broker=\"broker\",client_id=\"a\"} 1\n"
		    "connected{alias=\"b\",broker=\"broker\",client_id=\"b\"} 0\n"
		    "connected{alias=\"c\",broker=\"broker\",client_id=\"c\"} 0\n"));
	check_str("all", run_warnings(run), STR(""));
	run_free(run);
}

// A 404 says that the client is not there only with a code that says so.
static void a_client_is_not_told_from_a_path_by_its_404(void **state)
{
	static const struct {
		const char *body;
		bool is_client;
	} rows[] = {
		{ NOT_FOUND, true },
		{ "{\"code\":\"RESOURCE_NOT_FOUND\",\"reason\":\"Client not found\"}", true },
		{ "{\"code\":\"NOT_FOUND\",\"message\":\"Request Path Not Found\"}", false },
		{ "{\"code\":\"API_NOT_EXIST\"}", false },
		{ "{\"code\":\"CLIENTID_NOT_FOUND", false },
		{ "{\"message\":\"CLIENTID_NOT_FOUND\"}", false },
		{ "CLIENTID_NOT_FOUND", false },
		{ "<html>404</html>", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients("id:a", "5.8.9");

		run_ask(run);
		run_answer(run, CLIENTS "/a", 200, run_client(run, "a@1=5"));
		run_conclude(run);
		run_ask(run);
		struct run_part *part = run_answer(run, CLIENTS "/a", 404, rows[i].body);
		check_number(rows[i].body, "verdict", part->verdict,
			rows[i].is_client ? SOURCE_DELIVERED : SOURCE_FAILED);
		if (!rows[i].is_client) {
			check_number(rows[i].body, "reason", part->err.kind, ERR_HTTP_4XX);
			check_str(rows[i].body, str_of(part->err.text),
				STR("HTTP 404: there is no /api/v5/clients; url must be the base "
				    "of "
				    "the API of an EMQX from release 5.0 on"));
		}
		run_conclude(run);
		check_str(rows[i].body, run_known(run),
			rows[i].is_client ? STR("a gone 5 c1 f0") : STR("a on 5 c1 f0"));
		// Nothing is said of a client that could not be asked for.
		check_str(rows[i].body, run_told(run, "connected"),
			rows[i].is_client ? STR("connected{alias=\"a\",broker=\"broker\",client_id="
						"\"a\"} 0\n")
					  : STR(""));
		run_free(run);
	}
}

static void an_answer_that_is_not_about_the_client_is_refused(void **state)
{
	static const char *const bodies[] = { "", "null", "[]", "{}", "{\"clientid\":\"b\"}", "x",
		"{\"clientid\":\"a\"", "[{\"clientid\":\"a\"}]",
		"{\"data\":[{\"clientid\":\"a\"}]}", "{\"clientid\":\"A\"}", "{\"clientid\":\"\"}",
		"{\"clientid\":\"a\\u0000\"}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct run *run = run_new_clients("id:a", "5.8.9");

		run_ask(run);
		check_failed(
			bodies[i], run_answer(run, CLIENTS "/a", 200, bodies[i]), ERR_BAD_BODY);
		run_conclude(run);
		check_str(bodies[i], run_known(run), STR("a unseen - c0 f0"));
		run_free(run);
	}
}

// Where one was not answered at all the next would not be either; but one answer may be wrong by itself.
static void who_comes_next_is_asked_for_if_there_is_hope(void **state)
{
	static const struct {
		int status; // 0: no answer
		enum err_kind kind;
		bool goes_on;
	} rows[] = {
		{ 0, ERR_TIMED_OUT, false },
		{ 0, ERR_UNREACHABLE, false },
		{ 401, ERR_HTTP_4XX, false },
		{ 403, ERR_HTTP_4XX, false },
		{ 429, ERR_HTTP_4XX, false },
		{ 404, ERR_HTTP_4XX, true },
		{ 500, ERR_HTTP_5XX, true },
		{ 503, ERR_HTTP_5XX, true },
		{ 200, ERR_BAD_BODY, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients("id:a id:b", "5.8.9");

		run_ask(run);
		check_failed(err_reason(rows[i].kind).ptr,
			rows[i].status ? run_answer(run, CLIENTS "/a", rows[i].status, "{}")
				       : run_fail(run, CLIENTS "/a", rows[i].kind),
			rows[i].kind);
		check_str(err_reason(rows[i].kind).ptr, run_asks(run),
			rows[i].goes_on ? STR("clients " CLIENTS "/b\n") : STR(""));
		run_free(run);
	}
}

static void a_refusal_says_what_the_key_lacks(void **state)
{
	struct run *run = run_new_clients("id:a", "5.8.9");

	(void)state;
	run_ask(run);
	struct run_part *part = run_answer(run, CLIENTS "/a", 403, "{}");
	assert_non_null(strstr(part->err.text, "the scope connections"));
	run_free(run);
}

// The broker's clock may go back an hour, and its clients connect again.
static void a_client_whose_connection_looks_older_is_there(void **state)
{
	struct run *run = run_new_clients("id:a", "5.8.9");

	(void)state;
	run_ask(run);
	run_answer(run, CLIENTS "/a", 200, run_client(run, "a@4000=5"));
	run_conclude(run);
	run_ask(run);
	struct run_part *part = run_answer(run, CLIENTS "/a", 200, run_client(run, "a@400=2"));
	check_str("an hour back", str_of(part->err.text), STR(""));
	check_number("an hour back", "verdict", part->verdict, SOURCE_DELIVERED);
	run_conclude(run);
	check_str("an hour back", run_known(run), STR("a on 7 c2 f1"));
	run_free(run);
}

// 2. Lists of ids

static struct str many_words(struct run *run)
{
	struct buf words = buf_new(UNIT_LIMIT);

	for (int i = 0; i < 41; i++)
		buf_addf(&words, "id:c%d ", i);
	struct str copy = arena_copy(&run->conf_arena, buf_str(&words));
	buf_free(&words);
	return copy;
}

static struct run *new_many(void)
{
	struct run *run = run_new_clients("", "5.8.9");

	clients_set_monitored(&run->clients, &run->conf_arena, many_words(run));
	return run;
}

static struct run_part *answer_first(struct run *run, int status, const char *body)
{
	size_t i = 0;

	while (i < run->n_parts && run->parts[i].is_settled)
		i++;
	assert_true(i < run->n_parts);
	run_settle(run, &run->parts[i], &(struct http_answer){ .status = status }, str_of(body));
	return &run->parts[i];
}

static const struct clients_account *account(const struct run *run, size_t i)
{
	return run->clients_state.book.accounts[i];
}

static void who_is_not_in_a_list_is_not_there(void **state)
{
	struct run *run = new_many();

	(void)state;
	run_ask_list(run);
	answer_first(run, 200, run_page(run, "c1@1=5 c3@1=6 x@1=1", LAST));
	run_conclude(run);
	for (size_t i = 0; i < 41; i++) {
		assert_true(account(run, i)->is_missing == (i != 1 && i != 3));
		assert_true(account(run, i)->checked == run->clients_state.book.stamp);
	}
	check_number("not watched", "accounts", run->clients_state.book.n_accounts, 41);
	// In a list without an answer nobody is gone.
	run_ask_list(run);
	answer_first(run, 500, "{}");
	run_conclude(run);
	check_str("500", run_told(run, "connected"), STR(""));
	assert_false(account(run, 1)->is_missing);
	run_ask_list(run);
	check_failed("no list", answer_first(run, 200, "{\"data\":[{\"clientid\":\"c1\"}"),
		ERR_BAD_BODY);
	run_free(run);
}

static void a_client_in_a_list_whose_connection_looks_older_is_there(void **state)
{
	struct run *run = new_many();

	(void)state;
	run_ask_list(run);
	answer_first(run, 200, run_page(run, "c1@4000=5", LAST));
	run_conclude(run);
	run_ask_list(run);
	answer_first(run, 200, run_page(run, "c1@400=2", LAST));
	run_conclude(run);
	check_number("c1", "total", account(run, 1)->counters[LOOKS_MESSAGES], 7);
	check_number("c1", "connects", account(run, 1)->n_connects, 2);
	check_number("c1", "flaps", account(run, 1)->n_flaps, 1);
	assert_true(account(run, 1)->is_connected && !account(run, 1)->is_missing);
	run_free(run);
}

static bool asks_for_fields(struct run *run)
{
	struct str asks = run_asks(run);

	return memmem(asks.ptr, asks.len, "&fields=", 8);
}

// A release may lack one of the fields: EMQX refuses the request then.
static void fields_that_a_release_does_not_know_are_not_asked_for_again(void **state)
{
	static const char *const names[] = { "lists", "pages" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct run *run = i ? run_new_clients("glob:*", "5.8.9") : new_many();
		void (*begin)(struct run * run) = i ? run_ask : run_ask_list;

		begin(run);
		CHECK_ROW(names[i], asks_for_fields(run));
		struct run_part *part = answer_first(run, 400, "{\"code\":\"BAD_REQUEST\"}");
		check_number(names[i], "verdict", part->verdict, SOURCE_ASKED_AGAIN);
		CHECK_ROW(names[i], !asks_for_fields(run));
		if (i)
			check_str(names[i], run_asks(run), STR("clients " PAGE("1") "\n"));
		else
			assert_true(str_starts_with(run_asks(run),
				STR("clients " CLIENTS "?page=1&limit=1000&clientid=c0&")));
		// Without them it is refused too: it was not about these.
		check_failed(names[i], answer_first(run, 400, "{}"), ERR_HTTP_4XX);
		run_conclude(run);
		run->state.met = true;
		begin(run);
		CHECK_ROW(names[i], asks_for_fields(run));
		answer_first(run, 400, "{\"code\":\"BAD_REQUEST\"}");
		part = answer_first(run, 200, run_page(run, "c0@1=1", LAST));
		check_number(names[i], "verdict", part->verdict, SOURCE_DELIVERED);
		run_conclude(run);
		begin(run);
		CHECK_ROW(names[i], !asks_for_fields(run));
		run_conclude(run);
		// Another release may know them.
		emqx_set_version(&run->state, STR("5.9.0"));
		run->state.met = true;
		begin(run);
		CHECK_ROW(names[i], asks_for_fields(run));
		run_free(run);
	}
}

// Before 5.6 EMQX heeds only the last id of a list, without a word.
static void lists_are_not_asked_for_before_the_release_is_known(void **state)
{
	struct run *run = new_many();

	(void)state;
	run_ask(run);
	check_str("first", run_asks(run),
		STR("/status /status?format=json question optional anonymous\n"));
	run_answer(
		run, "/status?format=json", 200, "{\"rel_vsn\":\"v5.5.1\",\"node_name\":\"a@h\"}");
	check_str("one by one, in two chains", run_asks(run),
		STR("clients " CLIENTS "/c0\nclients " CLIENTS "/c40\n"));
	run_free(run);
}

// 3. Pages

static void pages_follow_each_other_until_there_are_no_more(void **state)
{
	static const struct {
		const char *name, *words, *meta;
		bool goes_on;
	} rows[] = {
		{ "more", "a@1=1 b@1=1", MORE, true },
		{ "the last", "a@1=1 b@1=1", LAST, false },
		// It is true before an empty page where the last one is exactly full.
		{ "an empty one", "", MORE, false },
		{ "count says nothing", "a@1=1", "{\"count\":1,\"hasnext\":true}", true },
		{ "count says nothing, either way", "a@1=1", "{\"count\":1000,\"hasnext\":false}",
			false },
		// Before 5.0.15 there is no hasnext: a page that is not full is the last one.
		{ "no hasnext", "a@1=1 b@1=1", "{\"count\":2}", false },
		{ "no meta", "a@1=1 b@1=1", NULL, false },
		{ "hasnext is no boolean", "a@1=1", "{\"hasnext\":1}", false },
		{ "meta is no object", "a@1=1", "\"hasnext\"", false },
		{ "meta is no JSON", "a@1=1", "{hasnext}", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients("glob:*", "5.5.0");

		run_ask(run);
		struct run_part *part =
			run_answer(run, PAGE("1"), 200, run_page(run, rows[i].words, rows[i].meta));
		check_str(rows[i].name, str_of(part->err.text), STR(""));
		check_str(rows[i].name, run_asks(run),
			rows[i].goes_on ? STR("clients " PAGE("2") "\n") : STR(""));
		assert_true(run->clients_state.look.is_complete == !rows[i].goes_on);
		run_free(run);
	}
}

static void a_full_page_without_hasnext_is_followed(void **state)
{
	struct run *run = run_new_clients("class:*", "5.0.3");
	struct buf words = buf_new(UNIT_LIMIT);

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_addf(&words, "%sc%d@1=1", i ? " " : "", i);
	buf_add_byte(&words, '\0');
	run_ask(run);
	run_answer(run, CLIENTS "?page=1&limit=1000", 200,
		run_page(run, words.ptr, "{\"count\":1000}"));
	check_str("full", run_asks(run), STR("clients " CLIENTS "?page=2&limit=1000\n"));
	run_answer(run, CLIENTS "?page=2&limit=1000", 200, run_page(run, "", "{\"count\":1000}"));
	check_str("empty", run_asks(run), STR(""));
	run_conclude(run);
	check_str("all", run_known(run), STR("* 1000/1000 1000 c1000 f0"));
	buf_free(&words);
	run_free(run);
}

static void a_list_without_end_ends(void **state)
{
	struct run *run = run_new_clients("glob:*", "5.5.0");

	(void)state;
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, "a@1=1 b@1=1", MORE));
	// A shifted page has some of the same clients.
	run_answer(run, PAGE("2"), 200, run_page(run, "b@1=1 c@1=1", MORE));
	struct run_part *part = run_answer(run, PAGE("3"), 200, run_page(run, "c@1=2 b@1=2", MORE));
	check_failed("again", part, ERR_BAD_BODY);
	assert_non_null(strstr(part->err.text, "does not end"));
	check_str("again", run_asks(run), STR(""));
	run_conclude(run);
	// What was told of single clients is good; of a class it would not be all.
	check_str("again", run_known(run), STR("a on 1 c1 f0; b on 2 c1 f0; c on 2 c1 f0"));
	run_free(run);
}

static void pages_that_come_again_in_turn_end(void **state)
{
	static const char *const words[] = { "a@1=1", "b@1=1", "c@1=1" };
	struct run *run = run_new_clients("glob:*", "5.5.0");
	unsigned n = 0;

	(void)state;
	run_ask(run);
	while (!run->parts[run->n_parts - 1].is_settled && n < 100) {
		struct run_part *part = &run->parts[run->n_parts - 1];
		run_settle(run, part, &(struct http_answer){ .status = 200 },
			str_of(run_page(run, words[n++ % 3], MORE)));
	}
	check_failed("in turn", &run->parts[run->n_parts - 1], ERR_BAD_BODY);
	assert_true(n < 12);
	run_free(run);
}

// "ab" are two pages, one with the client a, one with b.
static void pages_that_come_again_are_found_however_many_they_are(void **state)
{
	static const struct {
		const char *pages;
		bool is_found; // on the last one
	} rows[] = {
		{ "aa", true },
		{ "abb", true },
		{ "abac", false },
		{ "abab", true },
		{ "abcdbcd", true },
		{ "abcdefghijklmnopqrst", false },
		{ "abcdefghefgh", true },
		{ "abcdefghijkdefgh", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients("class:*", "5.5.0");
		size_t n = strlen(rows[i].pages);
		struct run_part *part = NULL;
		char word[] = "?@1=1";

		run_ask(run);
		for (size_t k = 0; k < n; k++) {
			word[0] = rows[i].pages[k];
			part = answer_first(run, 200, run_page(run, word, MORE));
			if (k + 1 < n)
				check_number(
					rows[i].pages, "verdict", part->verdict, SOURCE_DELIVERED);
		}
		check_number(rows[i].pages, "verdict of the last", part->verdict,
			rows[i].is_found ? SOURCE_FAILED : SOURCE_DELIVERED);
		if (rows[i].is_found)
			assert_non_null(strstr(part->err.text, "an earlier page again"));
		run_free(run);
	}
}

static void a_last_page_that_is_the_one_before_is_no_failure(void **state)
{
	struct run *run = run_new_clients("glob:*", "5.5.0");

	(void)state;
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, "a@1=1", MORE));
	struct run_part *part = run_answer(run, PAGE("2"), 200, run_page(run, "a@1=1", LAST));
	check_number("the last", "verdict", part->verdict, SOURCE_DELIVERED);
	assert_true(run->clients_state.look.is_complete);
	run_free(run);
}

// Ten thousand pages are 10 or 100 million clients.
static void pages_that_change_without_end_end_too(void **state)
{
	struct run *run = run_new_clients("id:a class:s", "5.5.0");
	char path[64], word[32];
	unsigned number = 0;

	(void)state;
	run_ask(run);
	do {
		snprintf(path, sizeof(path), CLIENTS "?page=%u&limit=10000", ++number);
		snprintf(word, sizeof(word), "c%u@1=1", number);
		// The settled parts are skipped, so that this is not quadratic.
		struct run_part *part = &run->parts[run->n_parts - 1];
		check_str("path", run_path(run, part->ask), str_of(path));
		run_settle(run, part, &(struct http_answer){ .status = 200 },
			str_of(run_page(run, word, MORE)));
	} while (!run->parts[run->n_parts - 1].is_settled);
	check_number("pages", "number", number, 10000);
	check_failed("the last", &run->parts[run->n_parts - 1], ERR_BAD_BODY);
	run_free(run);
}

static void a_page_that_fails_leaves_a_part(void **state)
{
	struct run *run = run_new_clients("id:a class:s* glob:*", "5.5.0");

	(void)state;
	see(run, "a@1=1 b@1=1 s1@1=1");
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, "b@1=2 s2@1=5", MORE));
	check_failed("page 2", run_answer(run, PAGE("2"), 503, "{}"), ERR_HTTP_5XX);
	check_str("nobody is looked for", run_asks(run), STR(""));
	run_conclude(run);
	check_str("b alone", run_told(run, "connected class_connected clients_over_limit"),
		STR("connected{alias=\"b\",broker=\"broker\",client_id=\"b\"} 1\n"));
	check_str("nobody is gone", run_known(run),
		STR("a on 1 c1 f0; s* 1/1 6 c2 f0; b on 2 c1 f0"));
	see(run, "a@1=3 b@1=3 s1@1=2 s2@1=6");
	check_str("all again", run_known(run), STR("a on 3 c1 f0; s* 2/2 8 c2 f0; b on 3 c1 f0"));
	run_free(run);
}

static void a_page_that_is_too_large_comes_in_tenths(void **state)
{
	struct run *run = run_new_clients("class:*", "5.5.0");

	(void)state;
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, "a@1=1", MORE));
	run_answer(run, PAGE("2"), 200, run_page(run, "b@1=1", MORE));
	struct run_part *part = run_fail(run, PAGE("3"), ERR_TOO_LARGE);
	check_number("the third", "verdict", part->verdict, SOURCE_ASKED_AGAIN);
	check_str("a tenth", run_asks(run), STR("clients " CLIENTS "?page=21&limit=1000\n"));
	run_fail(run, CLIENTS "?page=21&limit=1000", ERR_TOO_LARGE);
	check_str(
		"a tenth of that", run_asks(run), STR("clients " CLIENTS "?page=201&limit=100\n"));
	run_fail(run, CLIENTS "?page=201&limit=100", ERR_TOO_LARGE);
	check_str("a last time", run_asks(run), STR("clients " CLIENTS "?page=2001&limit=10\n"));
	check_failed("10 rows", run_fail(run, CLIENTS "?page=2001&limit=10", ERR_TOO_LARGE),
		ERR_TOO_LARGE);
	check_str("no more", run_asks(run), STR(""));
	run_conclude(run);
	run_ask(run);
	check_str("it is remembered", run_asks(run), STR("clients " CLIENTS "?page=1&limit=10\n"));
	run_answer(run, CLIENTS "?page=1&limit=10", 200, run_page(run, "a@1=1", LAST));
	run_conclude(run);
	check_str("it goes on", run_known(run), STR("* 1/1 2 c2 f0"));
	// Perhaps it is another broker, with other clients.
	run->state.met = false;
	run_ask(run);
	run_answer(
		run, "/status?format=json", 200, "{\"rel_vsn\":\"v5.5.0\",\"node_name\":\"a@h\"}");
	check_str("it is forgotten", run_asks(run), STR("clients " PAGE("1") "\n"));
	run_free(run);
}

static void rows_that_are_no_clients_are_left_out_and_warned_of(void **state)
{
	struct run *run = run_new_clients("glob:*", "5.5.0");

	(void)state;
	run_ask(run);
	struct run_part *part = run_answer(run, PAGE("1"), 200,
		"{\"data\":[{\"clientid\":\"a\",\"connected\":true},{},null,5,{\"clientid\":5},"
		"{\"clientid\":\"\"},{\"clientid\" \"b\"},{\"clientid\":\"c\xff\"},"
		"{\"clientid\":\"d\",\"connected\":true}]}");
	check_number("rows", "verdict", part->verdict, SOURCE_DELIVERED);
	run_conclude(run);
	check_str("the good ones", run_known(run), STR("a on - c1 f0; d on - c1 f0"));
	check_str("the others", run_warnings(run),
		STR("7 the broker tells of clients what is no client object; these are left "
		    "out\n"));
	see(run, "a@1=1 d@1=1");
	check_str("none", run_warnings(run), STR(""));
	run_free(run);
}

static void what_is_no_page_is_refused(void **state)
{
	static const char *const bodies[] = { "", "null", "{}", "{\"data\":{}}", "x", "{\"data\":[",
		"{\"data\":[{}]", "{\"data\":[]}x", "<html></html>" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct run *run = run_new_clients("glob:* id:z", "5.5.0");

		run_ask(run);
		check_failed(bodies[i], run_answer(run, PAGE("1"), 200, bodies[i]), ERR_BAD_BODY);
		check_str(bodies[i], run_asks(run), STR(""));
		assert_false(run->clients_state.look.is_complete);
		run_conclude(run);
		check_str(bodies[i], run_told(run, "connected"), STR(""));
		run_free(run);
	}
}

// 4. Who is on no page

static void a_client_that_pages_have_missed_is_asked_for(void **state)
{
	struct run *run = run_new_clients("id:n class:s* glob:*", "5.5.0");

	(void)state;
	see(run, "n@1=1 s1@1=1 a@1=1 b@1=1 c@1=1");
	run_pass(run, 10);
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, "b@1=2", LAST));
	// Members of a class are not asked for.
	check_str("the first", run_asks(run), STR("clients " CLIENTS "/n\n"));
	run_answer(run, CLIENTS "/n", 200, run_client(run, "n@1=2"));
	run_answer(run, CLIENTS "/a", 404, NOT_FOUND);
	run_answer(run, CLIENTS "/c", 500, "{}");
	run_conclude(run);
	check_str("what is known", run_known(run),
		STR("n on 2 c1 f0; s* 0/0 1 c1 f0; a gone 1 c1 f0; b on 2 c1 f0; c on 1 c1 f0"));
	// c may be there or not.
	check_str("what is told", run_told(run, "connected"),
		STR("connected{alias=\"n\",broker=\"broker\",client_id=\"n\"} 1\n"
		    "connected{alias=\"a\",broker=\"broker\",client_id=\"a\"} 0\n"
		    "connected{alias=\"b\",broker=\"broker\",client_id=\"b\"} 1\n"));
	// Who is known to be gone is not asked for again, but c is.
	run_pass(run, 10);
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, "n@1=3 b@1=3", LAST));
	check_str("c again", run_asks(run), STR("clients " CLIENTS "/c\n"));
	run_answer(run, CLIENTS "/c", 404, NOT_FOUND);
	run_conclude(run);
	check_str("c is gone", run_known(run),
		STR("n on 3 c1 f0; s* 0/0 1 c1 f0; a gone 1 c1 f0; b on 3 c1 f0; c gone 1 c1 f0"));
	run_free(run);
}

static void who_is_known_to_be_gone_is_not_asked_for_again(void **state)
{
	struct run *run = run_new_clients("id:n glob:*", "5.5.0");

	(void)state;
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, "a@1=1", LAST));
	check_str("nobody knows of n", run_asks(run), STR("clients " CLIENTS "/n\n"));
	run_answer(run, CLIENTS "/n", 404, NOT_FOUND);
	run_conclude(run);
	see(run, "a@1=1");
	check_str("n", run_told(run, "connected"),
		STR("connected{alias=\"n\",broker=\"broker\",client_id=\"n\"} 0\n"
		    "connected{alias=\"a\",broker=\"broker\",client_id=\"a\"} 1\n"));
	run_free(run);
}

static void missed_clients_are_asked_for_by_lists_where_there_are_lists(void **state)
{
	struct run *run = run_new_clients("glob:*", "5.8.9");

	(void)state;
	memset(run->clients.enabled, 0, sizeof(run->clients.enabled));
	run_ask(run);
	answer_first(run, 200, run_page(run, "a@1=1 b@1=1 c@1=1", LAST));
	run_conclude(run);
	run_ask(run);
	answer_first(run, 200, run_page(run, "b@1=1", LAST));
	check_str("a list", run_asks(run),
		STR("clients " CLIENTS "?page=1&limit=1000&fields=clientid,connected,connected_at,"
		    "disconnected_at,created_at,mqueue_len&clientid=a&clientid=c\n"));
	answer_first(run, 200, run_page(run, "c@1=1", LAST));
	run_conclude(run);
	check_str("a is gone", run_known(run), STR("a gone - c1 f0; b on - c1 f0; c on - c1 f0"));
	run_free(run);
}

// It would take more requests than pages.
static void of_too_many_missed_clients_only_some_are_asked_for(void **state)
{
	static const struct {
		const char *version;
		size_t n_checked; // of 1,100
	} rows[] = { { "5.5.0", 40 }, { "5.8.9", 1000 } };
	struct buf words = buf_new(UNIT_LIMIT);

	(void)state;
	for (int i = 0; i < 1100; i++)
		buf_addf(&words, "%sc%d@1=1", i ? " " : "", i);
	buf_add_byte(&words, '\0');
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients("glob:*", rows[i].version);
		size_t n_missing = 0;

		run_ask(run);
		answer_first(run, 200, run_page(run, words.ptr, LAST));
		run_conclude(run);
		run_ask(run);
		answer_first(run, 200, run_page(run, "x@1=1", LAST));
		// None of these is answered.
		run_conclude(run);
		for (size_t a = 0; a < 1100; a++)
			n_missing += account(run, a)->is_missing;
		check_number(rows[i].version, "missing", n_missing, 1100 - rows[i].n_checked);
		run_free(run);
	}
	buf_free(&words);
}

// A look that could not tell is none between two others.
static void a_look_that_could_not_tell_does_not_hide_a_flap(void **state)
{
	struct run *run = run_new_clients("glob:*", "5.5.0");

	(void)state;
	see(run, "a@1=1 b@1=1");
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, "b@1=2", LAST));
	run_fail(run, CLIENTS "/a", ERR_TIMED_OUT);
	run_conclude(run);
	see(run, "a@2=1 b@1=2");
	check_str("a", run_known(run), STR("a on 2 c2 f1; b on 2 c1 f0"));
	run_free(run);
}

static void missed_clients_whose_connection_looks_older_are_there(void **state)
{
	struct run *run = run_new_clients("glob:*", "5.5.0");

	(void)state;
	see(run, "a@4000=1 b@4000=1");
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, "a@400=2 b@400=2", LAST));
	check_str("they are on the page", run_asks(run), STR(""));
	run_conclude(run);
	check_str("they are on the page", run_known(run), STR("a on 3 c2 f1; b on 3 c2 f1"));
	run_free(run);
}

// 5. What is told, and what is warned of

static void clients_beyond_limits_are_told_and_warned_of(void **state)
{
	struct run *run = run_new_clients("class:s* glob:*", "5.5.0");

	(void)state;
	run->clients.max_clients = 1;
	run->clients.max_class_clients = 2;
	see(run, "a@1=1 b@1=1 c@1=1 s1@1=1 s2@1=1 s3@1=1");
	check_str("too many", run_told(run, "clients_over_limit class_clients_over_limit"),
		STR("clients_over_limit{broker=\"broker\"} 2\n"
		    "class_clients_over_limit{broker=\"broker\"} 1\n"));
	check_str("too many", run_warnings(run),
		STR("1 more clients are in classes than max_class_clients allows; the counters of "
		    "the others are not added; raise it\n"
		    "2 more clients match than max_clients allows; the others are not watched; "
		    "raise it, or use a class\n"));
	see(run, "a@1=1 s1@1=1 s2@1=1");
	check_str("not too many", run_told(run, "clients_over_limit class_clients_over_limit"),
		STR("clients_over_limit{broker=\"broker\"} 0\n"
		    "class_clients_over_limit{broker=\"broker\"} 0\n"));
	check_str("not too many", run_warnings(run), STR(""));
	run_free(run);
}

static void a_pattern_that_gives_up_is_warned_of(void **state)
{
	struct run *run = run_new_clients("regex:(a|b|ab)*\\$ glob:*", "5.5.0");
	const char *page =
		"{\"data\":[{\"clientid\":\"abababababababababababababababababababab$z\"},"
		"{\"clientid\":\"a\"}]}";

	(void)state;
	run_ask(run);
	run_answer(run, PAGE("1"), 200, page);
	run_conclude(run);
	check_str("too slow", run_known(run), STR("a off - c0 f0"));
	check_str("too slow", run_warnings(run),
		STR("1 a pattern takes too long for some client ids; they are not watched; make it "
		    "simpler\n"));
	run_free(run);
}

// What happened between two pushes is in the next.
static void a_cycle_without_a_push_only_learns(void **state)
{
	struct run *run = run_new_clients("id:a glob:*", "5.5.0");

	(void)state;
	run->clients.remember_ms = 0;
	run->is_quiet = true;
	see(run, "a@1=1 b@1=5");
	check_str("quiet", run_told(run, "connected connects_total"), STR(""));
	see(run, "a@2=1 b@1=6");
	run_ask(run);
	run_answer(run, PAGE("1"), 200, run_page(run, "", LAST));
	run_answer(run, CLIENTS "/a", 404, NOT_FOUND);
	run_answer(run, CLIENTS "/b", 404, NOT_FOUND);
	run_conclude(run);
	check_str("quiet", run_told(run, "connected connects_total"), STR(""));
	run->is_quiet = false;
	see(run, "");
	check_str("told once",
		run_told(run, "connected connects_total flaps_total messages_processed_total"),
		STR("connected{alias=\"a\",broker=\"broker\",client_id=\"a\"} 0\n"
		    "connected{alias=\"b\",broker=\"broker\",client_id=\"b\"} 0\n"
		    "messages_processed_total{alias=\"a\",broker=\"broker\",client_id=\"a\","
		    "direction=\"rx\"} 2\n"
		    "messages_processed_total{alias=\"b\",broker=\"broker\",client_id=\"b\","
		    "direction=\"rx\"} 6\n"
		    "connects_total{alias=\"a\",broker=\"broker\",client_id=\"a\"} 2\n"
		    "connects_total{alias=\"b\",broker=\"broker\",client_id=\"b\"} 1\n"
		    "flaps_total{alias=\"a\",broker=\"broker\",client_id=\"a\"} 1\n"
		    "flaps_total{alias=\"b\",broker=\"broker\",client_id=\"b\"} 0\n"));
	see(run, "");
	check_str("and not again", run_told(run, "connected connects_total"),
		STR("connected{alias=\"a\",broker=\"broker\",client_id=\"a\"} 0\n"));
	run_free(run);
}

static void all_that_is_known_goes_on_over_a_restart(void **state)
{
	struct run *run = run_new_clients("id:a glob:*", "5.5.0");
	struct run *next = run_new_clients("id:a glob:*", "5.5.0");
	struct buf lines = buf_new(UNIT_LIMIT);
	struct source_past past = { RUN_WALL_NS, RUN_WALL_NS, RUN_NOW_NS };

	(void)state;
	see(run, "a@100=5 b@100=6");
	source_emqx_clients.save(&run->conf, &run->state, &lines);
	for (struct str rest = buf_str(&lines), line; rest.len;) {
		struct err err = { 0 };

		str_cut(rest, '\n', &line, &rest);
		assert_true(source_emqx_clients.load(&next->conf, &next->state, line, &past, &err));
	}
	// Who was known before is looked for before it is said to be gone.
	run_pass(next, 10);
	run_ask(next);
	run_answer(next, PAGE("1"), 200, run_page(next, "a@100=7", LAST));
	run_answer(next, CLIENTS "/b", 200, run_client(next, "b@200=1"));
	run_conclude(next);
	check_str("after", run_known(next), STR("a on 7 c1 f0; b on 7 c2 f1"));
	buf_free(&lines);
	run_free(run);
	run_free(next);
}

// 6. Settings

static void settings_are_checked(void **state)
{
	static const struct {
		const char *name, *broker, *words;
		bool has_key;
		const char *faults;
	} rows[] = {
		{ "good", "", "id:a", true, "" },
		{ "a broker", "Plant \xc3\xa4", "id:a", true, "" },
		{ "no credentials", "", "id:a", false,
			"basic_auth: is missing: EMQX tells of clients only with credentials; set "
			"basic_auth to an API key with the scope connections, or login\n" },
		{ "no UTF-8", "\xff", "id:a", true, "broker: is not UTF-8\n" },
		{ "no clients", "", "glob:", true, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = run_new_clients(rows[i].words, NULL);
		struct buf said = buf_new(UNIT_LIMIT);

		run->clients.broker = str_of(rows[i].broker);
		run->conf.http.basic_auth.given = rows[i].has_key;
		source_emqx_clients.check(&run->conf, &(struct setting_faults){ fill_note, &said });
		if (rows[i].faults)
			check_str(rows[i].name, buf_str(&said), str_of(rows[i].faults));
		buf_free(&said);
		run_free(run);
	}
}

static void a_source_that_never_asked_is_freed(void **state)
{
	run_free(run_new_clients("id:a", NULL));
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_are_asked_for_in_turn),
		cmocka_unit_test(a_client_is_not_told_from_a_path_by_its_404),
		cmocka_unit_test(an_answer_that_is_not_about_the_client_is_refused),
		cmocka_unit_test(who_comes_next_is_asked_for_if_there_is_hope),
		cmocka_unit_test(a_refusal_says_what_the_key_lacks),
		cmocka_unit_test(a_client_whose_connection_looks_older_is_there),
		cmocka_unit_test(who_is_not_in_a_list_is_not_there),
		cmocka_unit_test(a_client_in_a_list_whose_connection_looks_older_is_there),
		cmocka_unit_test(fields_that_a_release_does_not_know_are_not_asked_for_again),
		cmocka_unit_test(lists_are_not_asked_for_before_the_release_is_known),
		cmocka_unit_test(pages_follow_each_other_until_there_are_no_more),
		cmocka_unit_test(a_full_page_without_hasnext_is_followed),
		cmocka_unit_test(a_list_without_end_ends),
		cmocka_unit_test(pages_that_come_again_in_turn_end),
		cmocka_unit_test(pages_that_come_again_are_found_however_many_they_are),
		cmocka_unit_test(a_last_page_that_is_the_one_before_is_no_failure),
		cmocka_unit_test(pages_that_change_without_end_end_too),
		cmocka_unit_test(a_page_that_fails_leaves_a_part),
		cmocka_unit_test(a_page_that_is_too_large_comes_in_tenths),
		cmocka_unit_test(rows_that_are_no_clients_are_left_out_and_warned_of),
		cmocka_unit_test(what_is_no_page_is_refused),
		cmocka_unit_test(a_client_that_pages_have_missed_is_asked_for),
		cmocka_unit_test(who_is_known_to_be_gone_is_not_asked_for_again),
		cmocka_unit_test(missed_clients_are_asked_for_by_lists_where_there_are_lists),
		cmocka_unit_test(of_too_many_missed_clients_only_some_are_asked_for),
		cmocka_unit_test(a_look_that_could_not_tell_does_not_hide_a_flap),
		cmocka_unit_test(missed_clients_whose_connection_looks_older_are_there),
		cmocka_unit_test(clients_beyond_limits_are_told_and_warned_of),
		cmocka_unit_test(a_pattern_that_gives_up_is_warned_of),
		cmocka_unit_test(a_cycle_without_a_push_only_learns),
		cmocka_unit_test(all_that_is_known_goes_on_over_a_restart),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(a_source_that_never_asked_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
