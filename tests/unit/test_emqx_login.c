// SPDX-License-Identifier: Apache-2.0
// A token for a dashboard user: how it is had, how long it lasts, and that nobody's account gets locked.
#include "emqx_run.h"
#include "source/json.h"

#define LOGIN	 "/api/v5/login"
#define STATS	 "/api/v5/prometheus/stats"
#define MINUTE_S INT64_C(60)

// A source that logs in; met, so that it asks nothing but its endpoint and the token.
static struct run *begin(const char *endpoints, const char *user, const char *password)
{
	struct run *run = run_new(EMQX_NODE, endpoints);

	run_set_login(run, user, password);
	run->own.node = STR("a@h");
	run->state.met = true;
	return run;
}

static struct run_part *give_token(struct run *run, const char *token)
{
	struct str body = arena_printf(&run->arena, "{\"token\":\"%s\"}", token);

	return run_answer_bytes(run, LOGIN, 200, body);
}

static struct run_part *refuse(struct run *run, const char *code)
{
	struct str body = arena_printf(&run->arena, "{\"code\":\"%s\",\"message\":\"m\"}", code);

	return run_answer_bytes(run, LOGIN, 401, body);
}

static void pass(struct run *run, int64_t seconds)
{
	run->now_ns += seconds * NS_PER_S;
	run->wall_ns += seconds * NS_PER_S;
}

// A cycle whose login is refused, if there is one.
static bool is_refused_again(struct run *run, const char *code)
{
	run->state.met = true;
	run_ask(run);
	bool asked = run_find(run, LOGIN);
	if (asked)
		refuse(run, code);
	run_conclude(run);
	return asked;
}

// 1. Asking

static void all_else_follows_the_login(void **state)
{
	struct run *run = begin("stats metrics", "u", "p");

	(void)state;
	run->state.met = false;
	run_ask(run);
	assert_int_equal(run->n_parts, 1);
	const struct source_ask *ask = run->parts[0].ask;
	check_str("url", ask->request.url, STR("http://h" LOGIN));
	check_str("method", ask->request.method, STR("POST"));
	check_str("type", ask->request.content_type, STR("application/json"));
	check_str("accept", ask->request.accept, STR("application/json"));
	check_str("body", ask->request.body, STR("{\"username\":\"u\",\"password\":\"p\"}"));
	check_str("bearer", ask->request.bearer, STR(""));
	check_str("endpoint", ask->endpoint, STR("/login"));
	// What it leaves of the time is for the pages.
	assert_int_equal(ask->request.timeout_ms, 2500);
	assert_true(ask->is_question && !ask->is_optional);
	struct run_part *part = give_token(run, "t1");
	check_number("login", "verdict", part->verdict, SOURCE_DELIVERED);
	check_str("then", run_asks(run),
		STR("stats /api/v5/prometheus/stats timeout=5000 bearer=t1\n"
		    "metrics /api/v5/nodes/a%40h/metrics bearer=t1\n"
		    "/status /status?format=json question optional anonymous\n"));
	run_free(run);
}

static void names_and_passwords_are_told_as_they_are(void **state)
{
	static const char *const texts[] = { "plain", "a\"b\\c", "\\", "\"", "gr\xc3\xbc\xc3\x9f",
		"{}[]:,'", " blanks ", "a\tb", "\\u0041", "\xf0\x9f\x90\x88" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts) * 2; i++) {
		const char *text = texts[i / 2];
		struct run *run = begin("stats", i % 2 ? "u" : text, i % 2 ? text : "p");
		struct err err = { 0 };

		run_ask(run);
		struct json_doc *doc = json_read(run->parts[0].ask->request.body, &err);
		if (!doc)
			FAIL_ROW(text, "no JSON: %s", err.text);
		check_str(text, json_text(json_get(json_root(doc), "username")),
			str_of(i % 2 ? "u" : text));
		check_str(text, json_text(json_get(json_root(doc), "password")),
			str_of(i % 2 ? text : "p"));
		json_free(doc);
		run_free(run);
	}
}

// 2. A token's life

static void add_base64(struct buf *out, struct str text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned n_bits = 0;

	for (size_t i = 0; i < text.len; i++) {
		bits = bits << 8 | (unsigned char)text.ptr[i];
		for (n_bits += 8; n_bits >= 6; n_bits -= 6)
			buf_add_byte(out, digits[bits >> (n_bits - 6) & 63]);
	}
	if (n_bits)
		buf_add_byte(out, digits[bits << (6 - n_bits) & 63]);
}

// After how many seconds a token that was given now is renewed.
static int64_t renewed_after_s(struct run *run, struct str payload)
{
	struct buf token = buf_new(UNIT_LIMIT);

	buf_add(&token, STR("eyJhbGciOiJIUzI1NiJ9."));
	add_base64(&token, payload);
	buf_add(&token, STR(".c2ln"));
	buf_add_byte(&token, '\0');
	run_ask(run);
	give_token(run, token.ptr);
	buf_free(&token);
	return (run->state.login.renew_ns - run->now_ns) / NS_PER_S;
}

// The wall clock says 1800000000.
static void a_token_is_renewed_when_three_quarters_are_over(void **state)
{
	static const struct {
		const char *payload;
		int64_t after_s;
	} rows[] = {
		{ "{\"exp\":1800003600000,\"iss\":\"EMQX\"}", 2700 }, // as EMQX has it
		{ "{\"exp\":1800003600}", 2700 },		      // as the RFC has it
		{ "{\"iss\":\"EMQX\",\"exp\":1800000400}", 300 },
		{ "{\"exp\":1.8000072e12}", 5400 },
		{ "{\"exp\":1800000004}", 3 },
		{ "{\"exp\":1802591000}", 1943250 },
		{ "{\"exp\":1802600000}", 2700 }, // in more than 30 days: not believed
		{ "{\"exp\":1799999999}", 2700 }, // over: the clocks differ
		{ "{\"exp\":0}", 2700 },
		{ "{\"exp\":-5}", 2700 },
		{ "{\"exp\":1e300}", 2700 },
		{ "{\"exp\":\"1800003600\"}", 2700 },
		{ "{\"exp\":null}", 2700 },
		{ "{\"exp\":[]}", 2700 },
		{ "{\"iss\":\"EMQX\"}", 2700 },
		{ "[1800003600]", 2700 },
		{ "no JSON", 2700 },
		{ "", 2700 },
		{ "{\"\xff\xfe\":1,\"exp\":1800000400}", 2700 },
		{ "{\"~~~~\":1,\"?>>\":2,\"exp\":1800000400}", 300 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = begin("stats", "u", "p");

		check_number(rows[i].payload, "seconds",
			(uint64_t)renewed_after_s(run, str_of(rows[i].payload)),
			(uint64_t)rows[i].after_s);
		run_free(run);
	}
}

static void tokens_need_not_be_jwts(void **state)
{
	static const char *const tokens[] = { "t", "a.b", ".", "..", "...", "a.!.c", "a.e30",
		"a.eyJleHAiOjE4.b", "\xc3\xa4.\xc3\xa4.\xc3\xa4" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		struct run *run = begin("stats", "u", "p");

		run_ask(run);
		give_token(run, tokens[i]);
		check_str(tokens[i], run->parts[1].ask->request.bearer, str_of(tokens[i]));
		CHECK_ROW(tokens[i],
			run->state.login.renew_ns == run->now_ns + INT64_C(2700) * NS_PER_S);
		run_free(run);
	}
}

static void a_token_serves_until_it_is_renewed(void **state)
{
	struct run *run = begin("stats", "u", "p");

	(void)state;
	run_ask(run);
	give_token(run, "t1");
	for (int cycle = 0; cycle < 2; cycle++) {
		run_conclude(run);
		run->state.met = true;
		pass(run, cycle == 0 ? 60 : 2639); // in sum one second less
		run_ask(run);
		check_str("t1", run_asks(run),
			STR("stats /api/v5/prometheus/stats timeout=5000 bearer=t1\n"));
	}
	run_conclude(run);
	run->state.met = true;
	pass(run, 1);
	run_ask(run);
	assert_int_equal(run->n_parts, 1);
	give_token(run, "t2");
	check_str("t2", run_asks(run),
		STR("stats /api/v5/prometheus/stats timeout=5000 bearer=t2\n"));
	run_free(run);
}

static void a_renewal_that_fails_leaves_the_old_token_in_force(void **state)
{
	static const int statuses[] = { 401, 503, 200 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		struct run *run = begin("stats", "u", "p");

		run_ask(run);
		give_token(run, "t1");
		run_conclude(run);
		run->state.met = true;
		pass(run, 2700);
		run_ask(run);
		struct run_part *part = run_answer(run, LOGIN, statuses[i], "");
		assert_int_equal(part->verdict, SOURCE_FAILED);
		check_str("t1", run_asks(run),
			STR("stats /api/v5/prometheus/stats timeout=5000 bearer=t1\n"));
		// When that is over too, there has been a try already.
		part = run_answer(run, STATS, 401, "");
		assert_int_equal(part->verdict, SOURCE_FAILED);
		assert_null(run_find(run, LOGIN));
		run_free(run);
	}
}

static void an_answer_without_a_token_is_refused(void **state)
{
	static const char no_token[] = "the answer to the login has no token";
	static const struct {
		const char *name, *body, *text;
	} rows[] = {
		{ "nothing", "", "it ends too early" },
		{ "no JSON", "<html>SECRET", "no JSON" },
		{ "half of it", "{\"token\":\"SECRET", "it ends too early" },
		{ "no member", "{\"tokens\":\"SECRET\"}", no_token },
		{ "empty", "{\"token\":\"\"}", no_token },
		{ "null", "{\"token\":null}", no_token },
		{ "a number", "{\"token\":1}", no_token },
		{ "an object", "{\"token\":{\"SECRET\":1}}", no_token },
		{ "a list", "[\"SECRET\"]", no_token },
		{ "a text", "\"SECRET\"", no_token },
		{ "a line break", "{\"token\":\"SECRET\\r\\nX-A: b\"}", no_token },
		{ "a blank", "{\"token\":\"SECRET x\"}", no_token },
		{ "a control byte", "{\"token\":\"SECRET\x7f\"}", no_token },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = begin("metrics", "u", "p");

		run_ask(run);
		struct run_part *part = run_answer(run, LOGIN, 200, rows[i].body);
		check_number(rows[i].name, "verdict", part->verdict, SOURCE_FAILED);
		check_number(rows[i].name, "kind", part->err.kind, ERR_BAD_BODY);
		CHECK_ROW(rows[i].name, strstr(part->err.text, rows[i].text));
		CHECK_ROW(rows[i].name, !strstr(part->err.text, "SECRET"));
		check_number(rows[i].name, "refused", run->places[0].n_refused, 0);
		check_number(rows[i].name, "pending", run->places[0].n_pending, 0);
		run_free(run);
	}
}

static void a_token_of_absurd_length_is_none(void **state)
{
	struct run *run = begin("stats", "u", "p");
	struct buf token = buf_new(UNIT_LIMIT);

	(void)state;
	while (token.len < KIB(64) + 1)
		buf_add_byte(&token, 'x');
	buf_add_byte(&token, '\0');
	run_ask(run);
	struct run_part *part = give_token(run, token.ptr);
	check_str("text", str_of(part->err.text), STR("the answer to the login has no token"));
	buf_free(&token);
	run_free(run);
}

// 3. Refusals

static void without_a_token_the_open_pages_are_asked(void **state)
{
	struct run *run = begin("stats metrics", "u", "p");

	(void)state;
	run_ask(run);
	struct run_part *part = refuse(run, "BAD_USERNAME_OR_PWD");
	check_number("login", "verdict", part->verdict, SOURCE_FAILED);
	check_number("login", "kind", part->err.kind, ERR_HTTP_4XX);
	check_str("login", str_of(part->err.text),
		STR("login as u was refused: HTTP 401: BAD_USERNAME_OR_PWD; check login.username "
		    "and login.password"));
	check_str("then", run_asks(run),
		STR("stats /api/v5/prometheus/stats\n"
		    "metrics http_4xx: login as u was refused: HTTP 401: BAD_USERNAME_OR_PWD; "
		    "check login.username and login.password\n"));
	// Those that are not open say why there is no token.
	part = run_answer(run, STATS, 401, "");
	check_number("stats", "verdict", part->verdict, SOURCE_FAILED);
	assert_non_null(strstr(part->err.text, "there is no token: login as u was refused"));
	assert_null(run_find(run, LOGIN));
	run_free(run);
}

// What a broker, or whoever answers in its place, says about a login may have the password in it.
static void of_a_refusal_only_the_code_is_told(void **state)
{
	static const struct {
		int status;
		const char *body, *text;
	} rows[] = {
		{ 401, "{\"code\":\"LOGIN_LOCKED\",\"message\":\"SECRET\"}",
			"login as u was refused: HTTP 401: LOGIN_LOCKED; check login.username and "
			"login.password" },
		{ 400, "{\"code\":\"BAD_REQUEST\",\"message\":\"SECRET\"}",
			"login as u was refused: HTTP 400: BAD_REQUEST; check login.username and "
			"login.password" },
		{ 401, "{\"code\":\"SECRET 1\"}",
			"login as u was refused: HTTP 401; check login.username and "
			"login.password" },
		{ 401, "{\"code\":1,\"SECRET\":1}",
			"login as u was refused: HTTP 401; check login.username and "
			"login.password" },
		{ 401, "SECRET\n",
			"login as u was refused: HTTP 401; check login.username and "
			"login.password" },
		{ 500, "SECRET\n", "login as u was refused: HTTP 500" },
		{ 404, "", "login as u was refused: HTTP 404" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = begin("stats", "u", "p");

		run_ask(run);
		struct run_part *part = run_answer(run, LOGIN, rows[i].status, rows[i].body);
		check_str(rows[i].body, str_of(part->err.text), str_of(rows[i].text));
		run_free(run);
	}
}

static void two_refusals_are_enough_for_ten_minutes(void **state)
{
	struct run *run = begin("stats", "u", "p");

	(void)state;
	assert_true(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	pass(run, 10);
	assert_true(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	run_ask(run);
	assert_null(run_find(run, LOGIN));
	assert_non_null(strstr(run_asks(run).ptr,
		"/login skipped: not asked: logins as u were refused, and more of them would "
		"lock the account; check login.username and login.password, the next try is in "));
	assert_non_null(run_find(run, STATS));
	pass(run, 10 * MINUTE_S - 1);
	assert_false(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	pass(run, 1);
	assert_true(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	assert_true(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	assert_false(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	run_free(run);
}

static void a_locked_account_is_left_alone_at_once(void **state)
{
	struct run *run = begin("stats", "u", "p");

	(void)state;
	assert_true(is_refused_again(run, "LOGIN_LOCKED"));
	assert_false(is_refused_again(run, "LOGIN_LOCKED"));
	pass(run, 10 * MINUTE_S);
	assert_true(is_refused_again(run, "LOGIN_LOCKED"));
	run_free(run);
}

static void a_changed_password_is_tried_at_once(void **state)
{
	struct run *run = begin("stats", "u", "p");

	(void)state;
	assert_true(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	assert_true(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	assert_false(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	run_set_login(run, "u", "q");
	assert_true(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	// The account has one more, for a password that nobody has tried.
	assert_false(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	run_set_login(run, "u", "r");
	assert_true(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	run_set_login(run, "u", "s");
	assert_false(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	pass(run, 10 * MINUTE_S);
	assert_true(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	run_free(run);
}

static void only_refusals_count(void **state)
{
	static const struct {
		const char *name;
		int status; // 0: no answer
		enum err_kind kind;
		const char *body;
	} rows[] = {
		{ "no answer", 0, ERR_TIMED_OUT, "" },
		{ "out of reach", 0, ERR_UNREACHABLE, "" },
		{ "cancelled", 0, ERR_CANCELLED, "" },
		{ "down", 503, ERR_NONE, "" },
		{ "a crash", 500, ERR_NONE, "" },
		{ "no such path", 404, ERR_NONE, "" },
		{ "too often", 429, ERR_NONE, "" },
		{ "no token", 200, ERR_NONE, "{}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run *run = begin("stats", "u", "p");

		for (int cycle = 0; cycle < 8; cycle++) {
			run_ask(run);
			struct run_part *part =
				rows[i].status
					? run_answer(run, LOGIN, rows[i].status, rows[i].body)
					: run_fail(run, LOGIN, rows[i].kind);
			check_number(rows[i].name, "verdict", part->verdict, SOURCE_FAILED);
			CHECK_ROW(rows[i].name, part->err.kind != ERR_NONE);
			CHECK_ROW(rows[i].name, run_find(run, STATS));
			run_conclude(run);
			run->state.met = true;
		}
		check_number(rows[i].name, "refused", run->places[0].n_refused, 0);
		check_number(rows[i].name, "pending", run->places[0].n_pending, 0);
		run_free(run);
	}
}

static void a_bad_request_is_a_refusal_too(void **state)
{
	struct run *run = begin("stats", "u", "p");

	(void)state;
	run_ask(run);
	run_answer(run, LOGIN, 400, "{\"code\":\"BAD_REQUEST\"}");
	assert_int_equal(run->places[0].n_refused, 1);
	run_free(run);
}

static void a_success_ends_a_sources_run_of_refusals(void **state)
{
	struct run *run = begin("stats", "u", "p");

	(void)state;
	assert_true(is_refused_again(run, "BAD_USERNAME_OR_PWD"));
	run_ask(run);
	give_token(run, "t");
	assert_int_equal(run->state.login.n_refused, 0);
	run_free(run);
}

// 4. Accounts that several sources share

static void refusals_count_over_all_sources_of_an_account(void **state)
{
	struct run *first = begin("stats", "u", "p"), *second = begin("stats", "u", "p");
	struct run *third = begin("stats", "u", "p"), *other = begin("stats", "v", "p");

	(void)state;
	second->accounts = third->accounts = other->accounts = first->accounts;
	assert_true(is_refused_again(first, "BAD_USERNAME_OR_PWD"));
	assert_true(is_refused_again(second, "BAD_USERNAME_OR_PWD"));
	assert_true(is_refused_again(first, "BAD_USERNAME_OR_PWD"));
	// Who was refused already leaves the last try to others: theirs may be another broker.
	assert_false(is_refused_again(second, "BAD_USERNAME_OR_PWD"));
	assert_true(is_refused_again(third, "BAD_USERNAME_OR_PWD"));
	assert_false(is_refused_again(third, "BAD_USERNAME_OR_PWD"));
	assert_false(is_refused_again(first, "BAD_USERNAME_OR_PWD"));
	assert_true(is_refused_again(other, "BAD_USERNAME_OR_PWD"));
	pass(third, 10 * MINUTE_S);
	assert_true(is_refused_again(third, "BAD_USERNAME_OR_PWD"));
	run_free(third);
	run_free(other);
	run_free(second);
	run_free(first);
}

enum { N_RUNS = 6, MOST_AT_ONCE = 4 };

static void begin_many(struct run **runs)
{
	for (int i = 0; i < N_RUNS; i++) {
		runs[i] = begin("stats", "u", "p");
		runs[i]->accounts = runs[0]->accounts;
		run_ask(runs[i]);
	}
}

static void free_many(struct run **runs)
{
	for (int i = N_RUNS; i-- > 0;)
		run_free(runs[i]);
}

// Were all of them refused, the account would be locked.
static void four_logins_are_under_way_at_most(void **state)
{
	struct run *runs[N_RUNS];

	(void)state;
	begin_many(runs);
	for (int i = 0; i < N_RUNS; i++) {
		assert_int_equal(runs[i]->n_parts, 1);
		assert_int_equal(run_find(runs[i], LOGIN) != NULL, i < MOST_AT_ONCE);
	}
	for (int i = MOST_AT_ONCE; i < N_RUNS; i++) {
		const struct source_ask *wait = runs[i]->parts[0].ask;

		check_str("url", wait->request.url, STR("http://h/status"));
		assert_true(wait->is_question && wait->request.anonymous);
		assert_true(wait->request.not_before_ns == runs[i]->now_ns + 200 * NS_PER_MS);
	}
	// The fifth waits as long as no other has its answer.
	runs[4]->now_ns += 200 * NS_PER_MS;
	struct run_part *part = run_answer(runs[4], "/status", 200, "");
	check_number("wait", "verdict", part->verdict, SOURCE_ASKED_AGAIN);
	assert_null(run_find(runs[4], LOGIN));
	give_token(runs[0], "t");
	runs[4]->now_ns += 200 * NS_PER_MS;
	run_answer(runs[4], "/status", 200, "");
	assert_non_null(run_find(runs[4], LOGIN));
	// The sixth is held back by refusals, as those under way are.
	refuse(runs[1], "BAD_USERNAME_OR_PWD");
	runs[5]->now_ns += 200 * NS_PER_MS;
	run_answer(runs[5], "/status", 200, "");
	assert_null(run_find(runs[5], LOGIN));
	give_token(runs[2], "t");
	run_answer(runs[5], "/status", 200, "");
	assert_non_null(run_find(runs[5], LOGIN));
	give_token(runs[5], "t5");
	check_str("stats", run_asks(runs[5]),
		STR("stats /api/v5/prometheus/stats timeout=5000 bearer=t5\n"));
	free_many(runs);
}

static void waiting_for_others_ends_in_time_for_the_pages(void **state)
{
	struct run *runs[N_RUNS];
	struct run *run;

	(void)state;
	begin_many(runs);
	run = runs[4];
	for (int i = 0; i < 20 && run_find(run, "/status"); i++) {
		run->now_ns += 200 * NS_PER_MS;
		run_answer(run, "/status", 200, "");
	}
	assert_true(run->now_ns - RUN_NOW_NS <= INT64_C(2900) * NS_PER_MS);
	check_str("then", run_asks(run),
		STR("/login skipped: not asked: other sources log in as u, and have no answer "
		    "yet question\n"
		    "stats /api/v5/prometheus/stats\n"));
	free_many(runs);
}

static void waiting_ends_with_the_others_refusals(void **state)
{
	struct run *runs[N_RUNS];

	(void)state;
	begin_many(runs);
	for (int i = 0; i < MOST_AT_ONCE; i++)
		refuse(runs[i], "BAD_USERNAME_OR_PWD");
	run_answer(runs[4], "/status", 200, "");
	assert_null(run_find(runs[4], LOGIN));
	assert_null(run_find(runs[4], "/status"));
	assert_non_null(run_find(runs[4], STATS));
	free_many(runs);
}

// The agent answers at once where a request may not go out, as at its end: asking to wait again would go on
// for ever.
static void a_wait_that_did_not_happen_is_not_repeated(void **state)
{
	static const enum err_kind kinds[] = { ERR_CANCELLED, ERR_SKIPPED };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct run *runs[N_RUNS];

		begin_many(runs);
		run_fail(runs[4], "/status", kinds[i]);
		assert_null(run_find(runs[4], "/status"));
		assert_non_null(run_find(runs[4], STATS));
		free_many(runs);
	}
}

static void accounts_that_nobody_uses_give_way(void **state)
{
	struct source_account places[2] = { { .id = 0 } };
	struct source_accounts accounts = { places, 2 };

	(void)state;
	struct source_account *first = source_account(&accounts, 7);
	first->n_refused = 1;
	assert_ptr_equal(source_account(&accounts, 7), first);
	struct source_account *second = source_account(&accounts, 8);
	assert_ptr_not_equal(first, second);
	second->n_refused = 2;
	assert_ptr_equal(source_account(&accounts, 8), second);
	assert_int_equal(second->n_refused, 2);
	assert_int_equal(source_account(&accounts, 9)->n_refused, 0);
	assert_int_equal(source_account(&accounts, 7)->n_refused, 1);
}

// 5. A token that is refused in mid-cycle

// A cycle that begins with a token.
static struct run *begin_with_token(const char *endpoints)
{
	struct run *run = begin(endpoints, "u", "p");

	run_ask(run);
	give_token(run, "t1");
	run_conclude(run);
	run->state.met = true;
	run_ask(run);
	return run;
}

static void a_token_that_is_refused_is_renewed_once(void **state)
{
	struct run *run = begin_with_token("stats auth metrics");

	(void)state;
	check_str("with t1", run_asks(run),
		STR("stats /api/v5/prometheus/stats timeout=5000 bearer=t1\n"
		    "auth /api/v5/prometheus/auth timeout=5000 bearer=t1\n"
		    "metrics /api/v5/nodes/a%40h/metrics bearer=t1\n"));
	struct run_part *stats = run_answer(run, STATS, 401, "{\"code\":\"TOKEN_TIME_OUT\"}");
	check_number("stats", "verdict", stats->verdict, SOURCE_ASKED_AGAIN);
	struct run_part *metrics = run_answer(run, "/api/v5/nodes/a%40h/metrics", 401, "");
	check_number("metrics", "verdict", metrics->verdict, SOURCE_ASKED_AGAIN);
	assert_non_null(run_find(run, LOGIN));
	give_token(run, "t2");
	// This one has been under way for longer.
	struct run_part *auth = run_answer(run, "/api/v5/prometheus/auth", 401, "");
	check_number("auth", "verdict", auth->verdict, SOURCE_ASKED_AGAIN);
	assert_null(run_find(run, LOGIN));
	check_str("with t2", run_asks(run),
		STR("metrics /api/v5/nodes/a%40h/metrics bearer=t2\n"
		    "stats /api/v5/prometheus/stats timeout=5000 bearer=t2\n"
		    "auth /api/v5/prometheus/auth timeout=5000 bearer=t2\n"));
	stats = run_answer(run, STATS, 200, "m 1\n");
	check_number("stats", "verdict", stats->verdict, SOURCE_DELIVERED);
	// A second refusal is final, or it would go on for ever.
	auth = run_answer(run, "/api/v5/prometheus/auth", 401, "");
	check_number("auth", "verdict", auth->verdict, SOURCE_FAILED);
	metrics = run_answer(run, "/api/v5/nodes/a%40h/metrics", 401, "");
	check_number("metrics", "verdict", metrics->verdict, SOURCE_FAILED);
	check_str("end", run_asks(run), STR(""));
	run_free(run);
}

static void a_new_token_that_is_refused_is_not_renewed_again(void **state)
{
	struct run *run = begin("stats", "u", "p");

	(void)state;
	run_ask(run);
	give_token(run, "t1");
	struct run_part *part = run_answer(run, STATS, 401, "");
	check_number("stats", "verdict", part->verdict, SOURCE_FAILED);
	check_str("end", run_asks(run), STR(""));
	run_free(run);
}

static void without_a_new_token_what_was_refused_fails(void **state)
{
	struct run *run = begin_with_token("stats metrics");

	(void)state;
	run_answer(run, STATS, 401, "");
	run_answer(run, LOGIN, 503, "");
	check_str("stats", run_asks(run),
		STR("metrics /api/v5/nodes/a%40h/metrics bearer=t1\n"
		    "stats http_5xx: login as u was refused: HTTP 503\n"));
	struct run_part *part = run_answer(run, "/api/v5/nodes/a%40h/metrics", 401, "");
	check_number("metrics", "verdict", part->verdict, SOURCE_FAILED);
	assert_null(run_find(run, LOGIN));
	run_free(run);
}

static void an_account_at_risk_renews_no_token(void **state)
{
	struct run *run = begin_with_token("stats");

	(void)state;
	run->places[0].n_refused = 4;
	run->places[0].refused_ns = run->now_ns;
	struct run_part *part = run_answer(run, STATS, 401, "");
	check_number("stats", "verdict", part->verdict, SOURCE_FAILED);
	assert_null(run_find(run, LOGIN));
	assert_non_null(strstr(run_asks(run).ptr, "/login skipped: "));
	run_free(run);
}

// Between a refused token and the next one nothing is asked without any.
static void a_fallback_meanwhile_waits_for_the_new_token(void **state)
{
	struct run *run = begin_with_token("stats auth");

	(void)state;
	run_answer(run, STATS, 401, "");
	struct run_part *part = run_answer(run, "/api/v5/prometheus/auth", 500, "");
	check_number("auth", "verdict", part->verdict, SOURCE_FELL_BACK);
	for (size_t i = 0; i < run->n_parts; i++)
		if (!run->parts[i].is_settled && !run_find(run, LOGIN))
			assert_int_not_equal(run->parts[i].ask->request.bearer.len, 0);
	// If it went out all the same, its refusal is no loss.
	for (const char *path = "/api/v5/authentication"; run_find(run, path);) {
		part = run_answer(run, path, 401, "");
		check_number("authn", "verdict", part->verdict, SOURCE_ASKED_AGAIN);
	}
	give_token(run, "t2");
	part = run_find(run, "/api/v5/authentication");
	assert_non_null(part);
	check_str("authn", part->ask->request.bearer, STR("t2"));
	run_free(run);
}

static void questions_are_asked_again_with_a_new_token(void **state)
{
	struct run *run = begin_with_token("stats");

	(void)state;
	run_conclude(run);
	run->wants_cluster = true;
	run_ask(run);
	run_answer(run, "/status?format=json", 200, "{\"node_name\":\"a@h\"}");
	struct run_part *part = run_answer(run, "/api/v5/cluster", 401, "");
	check_number("cluster", "verdict", part->verdict, SOURCE_ASKED_AGAIN);
	part = run_answer(run, "/api/v5/nodes/a%40h", 401, "");
	check_number("version", "verdict", part->verdict, SOURCE_ASKED_AGAIN);
	give_token(run, "t2");
	part = run_answer(run, "/api/v5/cluster", 200, "{\"name\":\"c\"}");
	check_number("cluster", "verdict", part->verdict, SOURCE_DELIVERED);
	check_str("cluster", emqx_cluster_of(&run->own, &run->state), STR("c"));
	assert_true(run_find(run, "/api/v5/nodes/a%40h")->ask->is_question);
	run_free(run);
}

// Whatever a broker answers, a cycle comes to its end.
static void refusals_without_end_come_to_one(void **state)
{
	static const int logins[] = { 200, 401, 500 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(logins); i++) {
		struct run *run = begin_with_token("all");

		for (size_t k = 0; k < run->n_parts; k++) {
			struct http_answer answer = { .status = 401 };

			assert_true(k < 200);
			if (run->parts[k].is_settled)
				continue;
			bool is_login = str_eq(run_path(run, run->parts[k].ask), STR(LOGIN));
			if (is_login)
				answer.status = logins[i];
			run_settle(run, &run->parts[k], &answer,
				is_login ? STR("{\"token\":\"t2\"}") : STR(""));
		}
		run_conclude(run);
		run_free(run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_else_follows_the_login),
		cmocka_unit_test(names_and_passwords_are_told_as_they_are),
		cmocka_unit_test(a_token_is_renewed_when_three_quarters_are_over),
		cmocka_unit_test(tokens_need_not_be_jwts),
		cmocka_unit_test(a_token_serves_until_it_is_renewed),
		cmocka_unit_test(a_renewal_that_fails_leaves_the_old_token_in_force),
		cmocka_unit_test(an_answer_without_a_token_is_refused),
		cmocka_unit_test(a_token_of_absurd_length_is_none),
		cmocka_unit_test(without_a_token_the_open_pages_are_asked),
		cmocka_unit_test(of_a_refusal_only_the_code_is_told),
		cmocka_unit_test(two_refusals_are_enough_for_ten_minutes),
		cmocka_unit_test(a_locked_account_is_left_alone_at_once),
		cmocka_unit_test(a_changed_password_is_tried_at_once),
		cmocka_unit_test(only_refusals_count),
		cmocka_unit_test(a_bad_request_is_a_refusal_too),
		cmocka_unit_test(a_success_ends_a_sources_run_of_refusals),
		cmocka_unit_test(refusals_count_over_all_sources_of_an_account),
		cmocka_unit_test(four_logins_are_under_way_at_most),
		cmocka_unit_test(waiting_for_others_ends_in_time_for_the_pages),
		cmocka_unit_test(waiting_ends_with_the_others_refusals),
		cmocka_unit_test(a_wait_that_did_not_happen_is_not_repeated),
		cmocka_unit_test(accounts_that_nobody_uses_give_way),
		cmocka_unit_test(a_token_that_is_refused_is_renewed_once),
		cmocka_unit_test(a_new_token_that_is_refused_is_not_renewed_again),
		cmocka_unit_test(without_a_new_token_what_was_refused_fails),
		cmocka_unit_test(an_account_at_risk_renews_no_token),
		cmocka_unit_test(a_fallback_meanwhile_waits_for_the_new_token),
		cmocka_unit_test(questions_are_asked_again_with_a_new_token),
		cmocka_unit_test(refusals_without_end_come_to_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
