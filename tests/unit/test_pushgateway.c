// SPDX-License-Identifier: Apache-2.0
#include "settings_fill.h"
#include "sink/sink.h"
#include "unit.h"

enum { MOST_LABELS = 4 };

// Nothing is known of the gateway yet.
static const struct sink_state unknown = { 0 };

static struct sink_conf sink(void *own, const char *url, const char *method)
{
	struct sink_conf conf = { .name = STR("gateway"), .type = &sink_pushgateway, .own = own };

	conf.http.url = str_of(url);
	fill_choice(&sink_pushgateway.settings, own, "method", str_of(method));
	fill_choice(&sink_pushgateway.settings, own, "compression", STR("auto"));
	return conf;
}

// Values that a Pushgateway takes plainly are written plainly; all others as base64, so that no byte can
// become a part of the path's structure, be cleaned away, or be taken for an empty value.
static void urls_by_the_gateways_rules(void **state)
{
	static const struct {
		struct key_label labels[MOST_LABELS];
		const char *path;
	} rows[] = {
		{ { { STR_INIT("job"), STR_INIT("emqx") },
			  { STR_INIT("instance"), STR_INIT("emqx~127.0.0.1") } },
			"/job/emqx/instance/emqx~127.0.0.1" },
		{ { { STR_INIT("job"), STR_INIT("AZaz09_~.-") } }, "/job/AZaz09_~.-" },
		{ { { STR_INIT("job"), STR_INIT("j") }, { STR_INIT("b"), STR_INIT("2") },
			  { STR_INIT("a"), STR_INIT("1") } },
			"/job/j/b/2/a/1" },
		// slash
		{ { { STR_INIT("job"), STR_INIT("a/b") } }, "/job@base64/YS9i" },
		{ { { STR_INIT("job"), STR_INIT("/") } }, "/job@base64/Lw" },
		{ { { STR_INIT("job"), STR_INIT("j") }, { STR_INIT("x"), STR_INIT("/var/tmp") } },
			"/job/j/x@base64/L3Zhci90bXA" },
		// dot segments
		{ { { STR_INIT("job"), STR_INIT(".") } }, "/job@base64/Lg" },
		{ { { STR_INIT("job"), STR_INIT("..") } }, "/job@base64/Li4" },
		{ { { STR_INIT("job"), STR_INIT("j") }, { STR_INIT("x"), STR_INIT("..") } },
			"/job/j/x@base64/Li4" },
		{ { { STR_INIT("job"), STR_INIT("...") } }, "/job/..." },
		{ { { STR_INIT("job"), STR_INIT("a.") } }, "/job/a." },
		// space, plus, percent, question mark, hash
		{ { { STR_INIT("job"), STR_INIT("a b") } }, "/job@base64/YSBi" },
		{ { { STR_INIT("job"), STR_INIT("a+b") } }, "/job@base64/YSti" },
		{ { { STR_INIT("job"), STR_INIT("a%2Fb") } }, "/job@base64/YSUyRmI" },
		{ { { STR_INIT("job"), STR_INIT("?") } }, "/job@base64/Pw" },
		{ { { STR_INIT("job"), STR_INIT("#") } }, "/job@base64/Iw" },
		{ { { STR_INIT("job"), STR_INIT("emqx@host") } }, "/job@base64/ZW1xeEBob3N0" },
		// other bytes, and the URL-safe alphabet
		{ { { STR_INIT("job"), STR_INIT("\0") } }, "/job@base64/AA" },
		{ { { STR_INIT("job"), STR_INIT("a\nb") } }, "/job@base64/YQpi" },
		{ { { STR_INIT("job"), STR_INIT("gr\xc3\xbc\xc3\x9f") } }, "/job@base64/Z3LDvMOf" },
		{ { { STR_INIT("job"), STR_INIT("\xc3\xbf\xc3\xbe") } }, "/job@base64/w7_Dvg" },
		{ { { STR_INIT("job"), STR_INIT("~~>") } }, "/job@base64/fn4-" },
		{ { { STR_INIT("job"), STR_INIT("ab?~") } }, "/job@base64/YWI_fg" },
	};
	struct arena arena = { 0 };
	struct { // larger than any type's settings
		void *space[64];
	} own = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sink_conf conf = sink(&own, "http://h:9091", "put");
		struct str wanted = arena_printf(&arena, "http://h:9091/metrics%s", rows[i].path);
		size_t n = 0;

		while (n < MOST_LABELS && rows[i].labels[n].name.len)
			n++;
		struct http_request request = sink_pushgateway.encode(
			&conf, &unknown, (struct key){ rows[i].labels, n }, STR("m 1\n"), &arena);
		check_str(rows[i].path, request.url, wanted);
	}
	arena_free(&arena);
}

static void a_path_prefix_stays_in_front(void **state)
{
	static const struct {
		const char *base, *url;
	} rows[] = {
		{ "http://h:9091", "http://h:9091/metrics/job/j" },
		{ "http://h:9091/", "http://h:9091/metrics/job/j" },
		{ "https://h/push", "https://h/push/metrics/job/j" },
		{ "https://h/push//", "https://h/push/metrics/job/j" },
	};
	static const struct key_label label = { STR_INIT("job"), STR_INIT("j") };
	struct arena arena = { 0 };
	struct {
		void *space[64];
	} own = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sink_conf conf = sink(&own, rows[i].base, "put");
		struct http_request request = sink_pushgateway.encode(
			&conf, &unknown, (struct key){ &label, 1 }, STR(""), &arena);

		check_str(rows[i].base, request.url, str_of(rows[i].url));
	}
	arena_free(&arena);
}

static void the_request_is_whole(void **state)
{
	static const struct {
		const char *setting, *method;
	} rows[] = { { "put", "PUT" }, { "post", "POST" } };
	static const struct key_label label = { STR_INIT("job"), STR_INIT("j") };
	struct arena arena = { 0 };
	struct {
		void *space[64];
	} own = { 0 };

	(void)state;
	assert_true(sink_pushgateway.conf_size <= sizeof(own));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sink_conf conf = sink(&own, "http://h", rows[i].setting);
		struct str body = STR("m 1\n");
		struct http_request request = sink_pushgateway.encode(
			&conf, &unknown, (struct key){ &label, 1 }, body, &arena);

		check_str(rows[i].setting, request.method, str_of(rows[i].method));
		check_str(rows[i].setting, request.content_type,
			STR("text/plain; version=0.0.4; charset=utf-8"));
		check_str(rows[i].setting, request.body, body);
		check_str(rows[i].setting, request.content_encoding, STR(""));
		CHECK_ROW(rows[i].setting, request.conf == &conf.http);
		CHECK_ROW(rows[i].setting, !request.anonymous);
	}
	arena_free(&arena);
}

static void answers_are_judged(void **state)
{
	static const struct {
		const char *name;
		struct http_answer answer;
		const char *body;
		enum err_kind kind; // ERR_NONE: taken
		const char *text;
	} rows[] = {
		{ "200", { .status = 200 }, "", ERR_NONE, "" },
		{ "202", { .status = 202 }, "", ERR_NONE, "" },
		{ "204", { .status = 204 }, "", ERR_REJECTED,
			"HTTP 204 where a Pushgateway answers 200 or 202; check the URL" },
		{ "201", { .status = 201 }, "", ERR_REJECTED,
			"HTTP 201 where a Pushgateway answers 200 or 202; check the URL" },
		{ "301", { .status = 301, .location = STR_INIT("/metrics/job/a/b") }, "<a href>",
			ERR_HTTP_3XX, "HTTP 301 to /metrics/job/a/b" },
		{ "307", { .status = 307, .location = STR_INIT("/metrics/") }, "", ERR_HTTP_3XX,
			"HTTP 307 to /metrics/" },
		{ "400", { .status = 400 },
			"text format parsing error in line 3: second TYPE line\nmore\n",
			ERR_REJECTED,
			"HTTP 400: text format parsing error in line 3: second TYPE line" },
		{ "401", { .status = 401 }, "Unauthorized\n", ERR_HTTP_4XX,
			"HTTP 401: Unauthorized" },
		{ "404", { .status = 404 }, "404 page not found\n", ERR_HTTP_4XX,
			"HTTP 404: 404 page not found" },
		{ "500", { .status = 500 }, "", ERR_HTTP_5XX, "HTTP 500" },
		{ "503", { .status = 503, .content_type = STR_INIT("text/html; charset=utf-8") },
			"<html>", ERR_HTTP_5XX, "HTTP 503: (an HTML page)" },
		{ "no answer", { .err = { .kind = ERR_TIMED_OUT, .text = "no answer in 3 s" } }, "",
			ERR_TIMED_OUT, "no answer in 3 s" },
	};
	struct {
		void *space[64];
	} own = { 0 };
	struct sink_conf conf = sink(&own, "http://h", "put");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_answer answer = rows[i].answer;
		struct err err = { 0 };

		answer.body = buf_new(UNIT_LIMIT);
		buf_add(&answer.body, str_of(rows[i].body));
		enum sink_verdict verdict =
			sink_pushgateway.judge(&conf, &(struct http_request){ 0 }, &answer, &err);
		check_number(rows[i].name, "verdict", verdict,
			rows[i].kind == ERR_NONE ? SINK_ACCEPTED : SINK_REFUSED);
		check_number(rows[i].name, "kind", err.kind, rows[i].kind);
		check_str(rows[i].name, str_of(err.text), str_of(rows[i].text));
		buf_free(&answer.body);
	}
}

// Only large bodies are worth it, and only over a network.
static void bodies_are_packed_where_it_pays(void **state)
{
	enum { SMALL = 100, LARGE = 64 * 1024 };
	static const struct {
		const char *name, *compression;
		struct sink_state known;
		size_t size;
		bool packed;
	} rows[] = {
		{ "auto, gateway unknown", "auto", { 0 }, LARGE, false },
		{ "auto, gateway far away", "auto", { .is_remote = true }, LARGE, true },
		{ "auto, just too small", "auto", { .is_remote = true }, LARGE - 1, false },
		{ "auto, understands no gzip", "auto", { .is_remote = true, .wants_plain = true },
			LARGE, false },
		{ "gzip", "gzip", { 0 }, SMALL, true },
		{ "gzip, an empty body", "gzip", { 0 }, 0, false },
		{ "gzip, understands none", "gzip", { .wants_plain = true }, LARGE, false },
		{ "none", "none", { .is_remote = true }, LARGE, false },
	};
	static const struct key_label label = { STR_INIT("job"), STR_INIT("j") };
	static char text[LARGE];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct {
			void *space[64];
		} own = { 0 };
		struct sink_conf conf = sink(&own, "http://h", "put");
		struct str body = { text, rows[i].size };

		fill_choice(&sink_pushgateway.settings, &own, "compression",
			str_of(rows[i].compression));
		struct http_request request = sink_pushgateway.encode(
			&conf, &rows[i].known, (struct key){ &label, 1 }, body, &arena);
		check_str(rows[i].name, request.content_encoding,
			rows[i].packed ? STR("gzip") : STR(""));
		if (rows[i].packed)
			CHECK_ROW(rows[i].name,
				request.body.len < body.len &&
					str_starts_with(request.body, STR("\x1f\x8b")));
		else
			check_str(rows[i].name, request.body, body);
		arena_free(&arena);
	}
}

static void a_gateway_that_misreads_a_packed_body_gets_it_plain(void **state)
{
	static const struct {
		const char *name, *encoding;
		int status;
		const char *body;
		enum sink_verdict verdict;
	} rows[] = {
		{ "misread", "gzip", 400,
			"text format parsing error in line 1: invalid metric name\n",
			SINK_RESEND_PLAIN },
		{ "the same of a plain body", "", 400,
			"text format parsing error in line 1: invalid metric name\n",
			SINK_REFUSED },
		{ "another line", "gzip", 400,
			"text format parsing error in line 2: invalid metric name\n",
			SINK_REFUSED },
		{ "another answer", "gzip", 500,
			"text format parsing error in line 1: invalid metric name\n",
			SINK_REFUSED },
		{ "an empty answer", "gzip", 400, "", SINK_REFUSED },
		{ "taken", "gzip", 200, "", SINK_ACCEPTED },
	};
	struct {
		void *space[64];
	} own = { 0 };
	struct sink_conf conf = sink(&own, "http://h", "put");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_request request = { .content_encoding = str_of(rows[i].encoding) };
		struct http_answer answer = { .status = rows[i].status,
			.body = buf_new(UNIT_LIMIT) };
		struct err err = { 0 };

		buf_add(&answer.body, str_of(rows[i].body));
		check_number(rows[i].name, "verdict",
			sink_pushgateway.judge(&conf, &request, &answer, &err), rows[i].verdict);
		check_number(rows[i].name, "error", err.kind != ERR_NONE,
			rows[i].verdict == SINK_REFUSED);
		buf_free(&answer.body);
	}
}

static void the_type_is_found_by_its_name(void **state)
{
	(void)state;
	assert_ptr_equal(sink_find_type(STR("pushgateway")), &sink_pushgateway);
	assert_null(sink_find_type(STR("Pushgateway")));
	assert_null(sink_find_type(STR("")));
	assert_non_null(strstr(sink_type_names(), "pushgateway"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_by_the_gateways_rules),
		cmocka_unit_test(a_path_prefix_stays_in_front),
		cmocka_unit_test(the_request_is_whole),
		cmocka_unit_test(answers_are_judged),
		cmocka_unit_test(bodies_are_packed_where_it_pays),
		cmocka_unit_test(a_gateway_that_misreads_a_packed_body_gets_it_plain),
		cmocka_unit_test(the_type_is_found_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
