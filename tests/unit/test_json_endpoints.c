// SPDX-License-Identifier: Apache-2.0
#include "metric/write.h"
#include "settings_fill.h"
#include "settings_run.h"
#include "source/json_conf.h"
#include "unit.h"

// A source by a text of its own settings, and the asks and answers of one cycle.
struct run {
	struct settings_run settings;
	struct json_conf own;
	struct source_conf conf;
	void *state;
	struct arena arena;
	struct source_turn turn;
	struct source_take take; // of the last answer
	struct err err;
};

static void begin(struct run *run, const char *settings)
{
	static const struct setting_table table = SETTING_TABLE(json_conf_rows);
	struct settings_part part = { &table, &run->own };

	*run = (struct run){ .conf = { .name = STR("j"), .type = &source_json } };
	run_settings(&run->settings, part, settings, NULL, NULL);
	check_str(settings, buf_str(&run->settings.faults), STR(""));
	run->conf.own = &run->own;
	run->conf.http.url = STR("http://h:1/base/");
	run->state = calloc(1, source_json.state_size);
	run->turn = (struct source_turn){
		.conf = &run->conf, .arena = &run->arena, .state = run->state
	};
}

static void end(struct run *run)
{
	free(run->state);
	run_free(&run->settings);
	arena_free(&run->arena);
}

static const struct source_ask *take_ask(struct run *run)
{
	const struct source_ask *ask = run->turn.asks;

	assert_non_null(ask);
	run->turn.asks = ask->next;
	return ask;
}

static enum source_verdict answer(
	struct run *run, const struct source_ask *ask, int status, struct str body)
{
	struct http_answer given = { .status = status, .body = buf_new(UNIT_LIMIT) };

	buf_add(&given.body, body);
	run->take = (struct source_take){ .set = metric_set_new(&run->arena) };
	run->err = (struct err){ 0 };
	enum source_verdict verdict =
		source_json.take(&run->turn, ask, &given, &run->take, &run->err);
	buf_free(&given.body);
	return verdict;
}

static void check_set(const char *row, const struct metric_set *set, const char *wanted)
{
	struct buf text = buf_new(UNIT_LIMIT);
	struct str added = STR("");

	write_set(&text, set, &added);
	check_str(row, buf_str(&text), str_of(wanted));
	buf_free(&text);
}

#define ONE_ENDPOINT "endpoints = ( { name = \"a\"; path = \"/a\"; } );\n"

static void settings_with_pairs_in_items_come_back_as_they_were(void **state)
{
	static const char shown[] = "endpoints = (\n"
				    "  {\n"
				    "    name = \"a\";\n"
				    "    path = \"/a\";\n"
				    "    next_page = \"/a/${next}\";\n"
				    "    more = \"next\";\n"
				    "  }\n"
				    ");\n"
				    "metrics = (\n"
				    "  {\n"
				    "    family = \"f\";\n"
				    "    type = \"counter\";\n"
				    "    help = \"h\";\n"
				    "    path = \"r[*].x\";\n"
				    "    labels = ( { name = \"b\"; value = \"c\"; }, { name = "
				    "\"d\"; value = \"['e']\"; } );\n"
				    "  },\n"
				    "  {\n"
				    "    family = \"g\";\n"
				    "    type = \"untyped\";\n"
				    "    path = \"y\";\n"
				    "  }\n"
				    ");\n";
	struct run run, again;

	(void)state;
	begin(&run, "endpoints = ( { name = \"a\"; path = \"/a\"; next_page = \"/a/${next}\"; "
		    "more = \"next\"; } );\n"
		    "metrics = ( { family = \"f\"; type = \"counter\"; help = \"h\"; path = "
		    "\"r[*].x\"; labels = { b = \"c\"; d = \"['e']\"; }; }, { family = \"g\"; "
		    "path = \"y\"; } );\n");
	check_str("once", buf_str(&run.settings.shown), str_of(shown));
	begin(&again, shown);
	check_str("twice", buf_str(&again.settings.shown), str_of(shown));
	end(&run);
	end(&again);
}

static void settings_are_checked(void **state)
{
	static const struct {
		const char *settings, *faults;
	} rows[] = {
		{ ONE_ENDPOINT "metrics = ( { family = \"f\"; path = \"x\"; } );", "" },
		{ "endpoints = ( ); metrics = ( );",
			"endpoints: is empty; name what to ask for, as in ( { name = \"overview\"; "
			"path = \"/api/overview\"; } )\n"
			"metrics: is empty; name what to take, as in ( { family = \"x_messages\"; "
			"path = \"totals.messages\"; } )\n" },
		{ "endpoints = ( { name = \"a b\"; path = \"a\"; }, { name = \"b\"; path = "
		  "\"//h/x\"; "
		  "}, { name = \"b\"; path = \"/x#y\"; } );\n"
		  "metrics = ( { endpoint = \"a b\"; family = \"f\"; path = \"x\"; }, { endpoint = "
		  "\"b\"; family = \"f\"; path = \"x\"; } );",
			"endpoints[0].name: must consist of letters, digits, _, - and .\n"
			"endpoints[0].path: must start with one /; it is added to url, which has "
			"scheme and host\n"
			"endpoints[1].path: must start with one /; it is added to url, which has "
			"scheme and host\n"
			"endpoints[2].name: \"b\" is the name of another endpoint already\n"
			"endpoints[2].path: has a byte that no URL has; blanks and the like are "
			"written %XX\n"
			"endpoints[2]: no element of metrics is about this endpoint; add one, or "
			"remove it\n" },
		{ "endpoints = ( { name = \"a\"; path = \"/a\"; more = \"x\"; } );\n"
		  "metrics = ( { family = \"f\"; path = \"x\"; } );",
			"endpoints[0].more: says when there is a next page; next_page must say "
			"where that is\n" },
		{ "endpoints = ( { name = \"a\"; path = \"/a\"; next_page = \"/a?x=${y\"; more = "
		  "\"x >\"; } );\n"
		  "metrics = ( { family = \"f\"; path = \"x\"; } );",
			"endpoints[0].next_page: after 8 bytes: a } is missing, as in ${page + "
			"1}\n"
			"endpoints[0].more: after 2 bytes: it must be a path, or a path < a path "
			"or a number\n" },
		{ "endpoints = ( { name = \"a\"; path = \"/a\"; next_page = "
		  "\"http://h:1/a?x=${y}\"; "
		  "} );\n"
		  "metrics = ( { family = \"f\"; path = \"x\"; } );",
			"" },
		{ "endpoints = ( { name = \"a\"; path = \"/a\"; next_page = "
		  "\"http://h:2/a?x=${y}\"; "
		  "} );\n"
		  "metrics = ( { family = \"f\"; path = \"x\"; } );",
			"endpoints[0].next_page: must have the scheme, host and port of url; a "
			"path alone will do\n" },
		{ "endpoints = ( { name = \"a\"; path = \"/a\"; }, { name = \"b\"; path = \"/b\"; "
		  "} "
		  ");\n"
		  "metrics = ( { family = \"f\"; path = \"x\"; }, { endpoint = \"c\"; family = "
		  "\"g\"; path = \"x\"; }, { endpoint = \"b\"; family = \"h\"; path = \"x[\"; } );",
			"metrics[0].endpoint: is missing; whose answers is it found in: one of a, "
			"b\n"
			"metrics[1].endpoint: \"c\" is not one of a, b\n"
			"metrics[2].path: after 2 bytes: a * is missing, a key in quotes, or a "
			"filter\n" },
		{ "endpoints = ( { name = \"a\"; path = \"/a\"; }, { name = \"b\"; path = \"/b\"; "
		  "} "
		  ");\n"
		  "metrics = ( { endpoint = \"a\"; family = \"f\"; type = \"gauge\"; path = \"x\"; "
		  "}, { endpoint = \"b\"; family = \"f\"; type = \"counter\"; path = \"x\"; } );",
			"metrics[1].type: is not that of metrics[0], which has the same family; a "
			"family has one type\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run run;
		struct buf faults = buf_new(UNIT_LIMIT);

		begin(&run, rows[i].settings);
		source_json.check(&run.conf, &(struct setting_faults){ fill_note, &faults });
		check_str(rows[i].settings, buf_str(&faults), str_of(rows[i].faults));
		buf_free(&faults);
		end(&run);
	}
}

static void each_endpoint_is_asked_for(void **state)
{
	struct run run;

	(void)state;
	begin(&run, "endpoints = ( { name = \"a\"; path = \"/a?x=y\"; }, { name = \"b\"; path = "
		    "\"/\"; } );\n"
		    "metrics = ( { endpoint = \"a\"; family = \"f\"; path = \"x\"; }, { endpoint = "
		    "\"b\"; family = \"g\"; path = \"x\"; } );");
	source_json.ask(&run.turn);
	const struct source_ask *a = take_ask(&run), *b = take_ask(&run);
	assert_null(run.turn.asks);
	check_str("a", a->endpoint, STR("a"));
	check_str("a", a->request.url, STR("http://h:1/base/a?x=y"));
	check_str("b", b->endpoint, STR("b"));
	check_str("b", b->request.url, STR("http://h:1/base/"));
	check_str("accept", a->request.accept, STR("application/json"));
	assert_true(a->request.conf == &run.conf.http && !a->request.anonymous);
	assert_false(a->is_question || a->by_default || a->pause_ms);

	// Each answer gives what is about its endpoint only.
	assert_int_equal(answer(&run, b, 200, STR("{\"x\":2}")), SOURCE_DELIVERED);
	assert_true(run.take.is_copied);
	check_set("b", run.take.set, "# TYPE g untyped\ng 2\n");
	assert_int_equal(answer(&run, a, 200, STR("{\"x\":1}")), SOURCE_DELIVERED);
	check_set("a", run.take.set, "# TYPE f untyped\nf 1\n");
	end(&run);
}

#define PAGED(next, more)                                                                          \
	"endpoints = ( { name = \"a\"; path = \"/q?page=1\"; next_page = \"" next "\";" more       \
	" } );\nmetrics = ( { family = \"f\"; path = \"v[*]\"; labels = { i = \"^.page\"; k = "    \
	"\"@key\"; }; } );"

static void pages_are_delivered_together_with_the_last_one(void **state)
{
	struct run run;
	const struct source_ask *ask;

	(void)state;
	begin(&run, PAGED("/q?page=${page + 1}", "more = \"page < 3\";"));
	source_json.ask(&run.turn);
	ask = take_ask(&run);
	assert_int_equal(
		answer(&run, ask, 200, STR("{\"page\":1,\"v\":[5,6]}")), SOURCE_ASKED_AGAIN);
	check_set("first", run.take.set, "");
	ask = take_ask(&run);
	check_str("second", ask->request.url, STR("http://h:1/base/q?page=2"));
	check_str("second", ask->endpoint, STR("a"));
	assert_int_equal(answer(&run, ask, 200, STR("{\"page\":2,\"v\":[7]}")), SOURCE_ASKED_AGAIN);
	ask = take_ask(&run);
	check_str("third", ask->request.url, STR("http://h:1/base/q?page=3"));
	assert_int_equal(answer(&run, ask, 200, STR("{\"page\":3,\"v\":[]}")), SOURCE_DELIVERED);
	assert_null(run.turn.asks);
	check_set("all", run.take.set,
		"# TYPE f untyped\nf{i=\"1\",k=\"0\"} 5\nf{i=\"1\",k=\"1\"} 6\n"
		"f{i=\"2\",k=\"0\"} 7\n");
	assert_int_equal(run.take.n_bytes_before,
		strlen("{\"page\":1,\"v\":[5,6]}") + strlen("{\"page\":2,\"v\":[7]}"));
	end(&run);
}

static void a_page_that_fails_fails_its_list(void **state)
{
	static const struct {
		const char *name;
		int status;
		struct str body;
		enum err_kind kind;
		const char *text;
	} rows[] = {
		{ "status", 500, STR_INIT("oh"), ERR_HTTP_5XX, "page 2: HTTP 500: oh" },
		{ "no JSON", 200, STR_INIT("{"), ERR_BAD_BODY, "page 2: no JSON: " },
		{ "HTML", 200, STR_INIT(" <!doctype html>"), ERR_BAD_BODY,
			"it looks like HTML or XML: check url and path" },
		{ "no number of pages", 200, STR_INIT("{\"v\":[1]}"), ERR_BAD_BODY,
			"page 2: the answer has no number left of the < of more" },
		{ "the same page", 200, STR_INIT("{\"page\":1}"), ERR_BAD_BODY,
			"page 2: next_page leads to a page that was asked already" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run run;

		begin(&run, PAGED("/q?page=${page + 1}", "more = \"page < 3\";"));
		source_json.ask(&run.turn);
		answer(&run, take_ask(&run), 200, STR("{\"page\":1,\"v\":[5]}"));
		const struct source_ask *second = take_ask(&run);
		check_number(rows[i].name, "verdict",
			answer(&run, second, rows[i].status, rows[i].body), SOURCE_FAILED);
		check_number(rows[i].name, "kind", run.err.kind, rows[i].kind);
		if (!strstr(run.err.text, rows[i].text))
			FAIL_ROW(rows[i].name, "no \"%s\" in \"%s\"", rows[i].text, run.err.text);
		check_set(rows[i].name, run.take.set, "");
		assert_null(run.turn.asks);
		end(&run);
	}
}

static void a_next_page_stays_where_credentials_may_go(void **state)
{
	static const struct {
		const char *next; // as the answer has it
		const char *url;  // NULL: it is refused
	} rows[] = {
		{ "/q?page=2", "http://h:1/q?page=2" },
		{ "http://h:1/x?y=z", "http://h:1/x?y=z" },
		{ "http://H:1/x", "http://H:1/x" },
		{ "http://h:2/x", NULL },
		{ "http://h/x", NULL },
		{ "https://h:1/x", NULL },
		{ "http://h.evil.example:1/x", NULL },
		{ "http://evil.example/http://h:1/", NULL },
		{ "http://h:1@evil.example/x", NULL },
		{ "http://user:word@h:1/x", NULL },
		{ "http://user@h:1/x", NULL },
		{ "http://h:1\\\\@evil.example/x", NULL },
		{ "//evil.example/x", NULL },
		{ "///evil.example/x", NULL },
		{ "/\\\\evil.example/x", NULL },
		{ "file:///etc/passwd", NULL },
		{ "ftp://h:1/x", NULL },
		{ "?page=2", NULL },
		{ "q", NULL },
		{ "/a b", NULL },
		{ "/a#b", NULL },
		{ "/\\u00e4", NULL },
		{ "/a\\u000ab", NULL },
		{ "http://", NULL },
		{ "http://h:99999/", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct run run;

		begin(&run, PAGED("${next}", ""));
		source_json.ask(&run.turn);
		struct str body =
			arena_printf(&run.arena, "{\"next\":\"%s\",\"v\":[1]}", rows[i].next);
		check_number(rows[i].next, "verdict", answer(&run, take_ask(&run), 200, body),
			rows[i].url ? SOURCE_ASKED_AGAIN : SOURCE_FAILED);
		if (rows[i].url) {
			check_str(rows[i].next, take_ask(&run)->request.url, str_of(rows[i].url));
		} else {
			check_number(rows[i].next, "kind", run.err.kind, ERR_BAD_BODY);
			CHECK_ROW(rows[i].next, strstr(run.err.text, "next_page"));
			CHECK_ROW(rows[i].next, !strstr(run.err.text, "evil"));
			assert_null(run.turn.asks);
		}
		end(&run);
	}
}

static void a_list_has_at_most_a_thousand_pages(void **state)
{
	struct run run;
	enum source_verdict verdict = SOURCE_ASKED_AGAIN;
	unsigned n = 0;

	(void)state;
	begin(&run, PAGED("/q?page=${page + 1}", ""));
	source_json.ask(&run.turn);
	for (; verdict == SOURCE_ASKED_AGAIN && n < 2000; n++) {
		struct str body = arena_printf(&run.arena, "{\"page\":%u,\"v\":[]}", n + 1);
		verdict = answer(&run, take_ask(&run), 200, body);
	}
	assert_int_equal(n, 1000);
	assert_int_equal(verdict, SOURCE_FAILED);
	assert_int_equal(run.err.kind, ERR_TOO_LARGE);
	assert_non_null(strstr(run.err.text, "more than 1000 pages"));
	end(&run);
}

static void failures_say_what_to_do(void **state)
{
	struct run run;
	struct buf large = buf_new(UNIT_LIMIT);

	(void)state;
	begin(&run, ONE_ENDPOINT "metrics = ( { family = \"f\"; path = \"x\"; } );");
	source_json.ask(&run.turn);
	const struct source_ask *ask = take_ask(&run);
	for (int i = 0; i <= JSON_LARGEST; i++)
		buf_add_byte(&large, ' ');
	assert_int_equal(answer(&run, ask, 200, buf_str(&large)), SOURCE_FAILED);
	assert_int_equal(run.err.kind, ERR_TOO_LARGE);
	check_str("large", str_of(run.err.text),
		STR("JSON of 4194305 bytes, more than 4194304; ask for it in pages, by path and "
		    "next_page, or for fewer columns"));
	answer(&run, ask, 401, STR("{\"error\":\"not_authorised\"}"));
	check_str("401", str_of(run.err.text),
		STR("HTTP 401: {\"error\":\"not_authorised\"}; set basic_auth or authorization"));
	run.conf.http.basic_auth.given = true;
	answer(&run, ask, 401, STR("no"));
	check_str("401", str_of(run.err.text), STR("HTTP 401: no"));
	answer(&run, ask, 404, STR("no"));
	check_number("404", "kind", run.err.kind, ERR_HTTP_4XX);
	buf_free(&large);
	end(&run);
}

static void what_a_source_may_push_is_limited(void **state)
{
	struct run run;

	(void)state;
	begin(&run, ONE_ENDPOINT "metrics = ( { family = \"f\"; path = \"v[*]\"; } );");
	source_json.ask(&run.turn);
	assert_int_equal(((struct json_state *)run.state)->look->n_left, MIB(256));
	((struct json_state *)run.state)->look->n_left = 1000;
	assert_int_equal(answer(&run, take_ask(&run), 200, STR("{\"v\":[1,2,3,4,5,6,7,8,9]}")),
		SOURCE_FAILED);
	assert_int_equal(run.err.kind, ERR_TOO_LARGE);
	assert_non_null(strstr(run.err.text, "more than 256 MiB"));
	check_set("none", run.take.set, "");
	end(&run);
}

// "count example", a line each, in the order of warning.
static void check_warnings(
	struct run *run, const struct source_part *parts, size_t n_parts, const char *wanted)
{
	struct buf text = buf_new(UNIT_LIMIT);
	struct metric_set *own = metric_set_new(&run->arena);

	source_json.conclude(&run->turn, parts, n_parts, own);
	assert_null(own->first);
	for (const struct source_warning *w = run->turn.warnings; w; w = w->next)
		buf_addf(&text, "%.14s: %llu %.*s\n", w->text, (unsigned long long)w->n,
			STR_ARG(w->example));
	check_str(wanted, buf_str(&text), str_of(wanted));
	buf_free(&text);
}

static void what_a_mapping_misses_is_warned_of(void **state)
{
	struct run run;

	(void)state;
	begin(&run,
		"endpoints = ( { name = \"a\"; path = \"/a\"; }, { name = \"b\"; path = \"/b\"; } "
		");\n"
		"metrics = ( { endpoint = \"a\"; family = \"good\"; path = \"v[*].x\"; labels = { "
		"i = \"@key\"; }; }, { endpoint = \"a\"; family = \"none\"; path = \"w.x\"; }, { "
		"endpoint = \"a\"; family = \"none2\"; path = \"w.y\"; }, { endpoint = \"a\"; "
		"family = \"odd\"; path = \"v\"; }, { endpoint = \"a\"; family = \"same\"; path = "
		"\"v[*].x\"; }, { endpoint = \"b\"; family = \"lost\"; path = \"x\"; } );");
	source_json.ask(&run.turn);
	const struct source_ask *a = take_ask(&run), *b = take_ask(&run);
	assert_int_equal(answer(&run, a, 200, STR("{\"v\":[{\"x\":1},{\"x\":2},{\"x\":3},{}]}")),
		SOURCE_DELIVERED);
	// What was not answered lacks nothing.
	assert_int_equal(answer(&run, b, 500, STR("{}")), SOURCE_FAILED);
	struct source_part parts[] = { { a, NULL, true }, { b, NULL, false } };
	check_warnings(&run, parts, ARRAY_LEN(parts),
		"values of one : 2 same at v[*].x\npaths of metri: 1 odd at v\n"
		"paths of metri: 2 none at w.x\n");
	end(&run);
}

static void a_path_may_find_its_values_on_any_page(void **state)
{
	struct run run;

	(void)state;
	begin(&run, PAGED("/q?page=${page + 1}", "more = \"page < 2\";"));
	source_json.ask(&run.turn);
	const struct source_ask *first = take_ask(&run);
	answer(&run, first, 200, STR("{\"page\":1}"));
	const struct source_ask *second = take_ask(&run);
	answer(&run, second, 200, STR("{\"page\":2,\"v\":[1]}"));
	struct source_part parts[] = { { first, NULL, false }, { second, NULL, true } };
	check_warnings(&run, parts, ARRAY_LEN(parts), "");
	end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_with_pairs_in_items_come_back_as_they_were),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(each_endpoint_is_asked_for),
		cmocka_unit_test(pages_are_delivered_together_with_the_last_one),
		cmocka_unit_test(a_page_that_fails_fails_its_list),
		cmocka_unit_test(a_next_page_stays_where_credentials_may_go),
		cmocka_unit_test(a_list_has_at_most_a_thousand_pages),
		cmocka_unit_test(failures_say_what_to_do),
		cmocka_unit_test(what_a_source_may_push_is_limited),
		cmocka_unit_test(what_a_mapping_misses_is_warned_of),
		cmocka_unit_test(a_path_may_find_its_values_on_any_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
