// SPDX-License-Identifier: Apache-2.0
#include "settings_fill.h"
#include "source/source.h"
#include "unit.h"

// Settings of the type; larger than it needs.
struct own {
	void *space[64];
};

static struct source_conf source(struct own *own, const char *url, struct pair_list params)
{
	struct source_conf conf = { .type = &source_prometheus, .own = own };

	assert_true(source_prometheus.conf_size <= sizeof(*own));
	conf.http.url = str_of(url);
	*(struct pair_list *)fill_place(&source_prometheus.settings, own, "params") = params;
	return conf;
}

static void one_page_is_asked_for_and_read(void **state)
{
	struct arena arena = { 0 };
	struct own own = { 0 };
	struct source_conf conf =
		source(&own, "http://h:9100/metrics?collect=cpu", (struct pair_list){ 0 });
	struct source_turn turn = { .conf = &conf, .arena = &arena };
	struct source_take take = { .set = metric_set_new(&arena) };
	struct http_answer answer = { .status = 200, .body = buf_new(UNIT_LIMIT) };
	struct err err = { 0 };

	(void)state;
	source_prometheus.ask(&turn);
	assert_non_null(turn.asks);
	assert_null(turn.asks->next);
	check_str("url", turn.asks->request.url, STR("http://h:9100/metrics?collect=cpu"));
	check_str("accept", turn.asks->request.accept,
		STR("text/plain;version=0.0.4, "
		    "application/openmetrics-text;version=1.0.0;q=0.5, */*;q=0.1"));
	check_str("endpoint", turn.asks->endpoint, STR("metrics"));
	check_str("method", turn.asks->request.method, STR("GET"));
	assert_ptr_equal(turn.asks->request.conf, &conf.http);
	buf_add(&answer.body, STR("m 1"));
	assert_int_equal(
		source_prometheus.take(&turn, turn.asks, &answer, &take, &err), SOURCE_DELIVERED);
	assert_int_equal(take.set->n_samples, 1);
	answer.status = 500;
	assert_int_equal(
		source_prometheus.take(&turn, turn.asks, &answer, &take, &err), SOURCE_FAILED);
	check_str("error", str_of(err.text), STR("HTTP 500: m 1"));
	buf_free(&answer.body);
	arena_free(&arena);
}

static void params_are_added_to_the_query_in_their_order(void **state)
{
	struct pair params[] = { { STR("match[]"), STR("up") },
		{ STR("match[]"), STR("{a=\"1\"}") }, { STR("token"), STR("a&b c") } };
	static const struct {
		const char *url, *asked;
	} rows[] = {
		{ "http://h/federate",
			"http://h/federate?match%5B%5D=up&match%5B%5D=%7Ba%3D%221%22%7D&"
			"token=a%26b%20c" },
		{ "http://h/federate?x=y",
			"http://h/federate?x=y&match%5B%5D=up&match%5B%5D=%7Ba%3D%221%22%7D&"
			"token=a%26b%20c" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct own own = { 0 };
		struct source_conf conf =
			source(&own, rows[i].url, (struct pair_list){ params, ARRAY_LEN(params) });
		struct source_turn turn = { .conf = &conf, .arena = &arena };

		source_prometheus.ask(&turn);
		check_str(rows[i].url, turn.asks->request.url, str_of(rows[i].asked));
		arena_free(&arena);
	}
}

// One of 64 KiB is taken, in which every byte becomes three.
static void params_have_names_and_64_kib_together(void **state)
{
	enum { MOST = 64 * 1024 };
	static char text[MOST + 1];
	static const struct {
		const char *name;
		struct pair params[2];
		const char *faults;
	} rows[] = {
		{ "one", { { STR_INIT("a"), STR_INIT("") } }, "" },
		{ "two of a name",
			{ { STR_INIT("a"), STR_INIT("1") }, { STR_INIT("a"), STR_INIT("1") } },
			"" },
		{ "no name", { { STR_INIT(""), STR_INIT("1") } },
			"params: has a parameter without a name\n" },
		{ "longest", { { STR_INIT("a"), { text, MOST - 1 } } }, "" },
		{ "too long",
			{ { STR_INIT("a"), { text, MOST / 2 } },
				{ STR_INIT("b"), { text, MOST / 2 } } },
			"params: are longer than 65536 bytes together\n" },
	};

	(void)state;
	memset(text, '&', sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct own own = { 0 };
		struct pair params[2];
		struct pair_list list = { params, rows[i].params[1].name.ptr ? 2 : 1 };
		struct source_conf conf = source(&own, "http://h/m", list);
		struct source_turn turn = { .conf = &conf, .arena = &arena };
		struct buf faults = buf_new(UNIT_LIMIT);

		memcpy(params, rows[i].params, sizeof(params));
		source_prometheus.check(&conf, &(struct setting_faults){ fill_note, &faults });
		check_str(rows[i].name, buf_str(&faults), str_of(rows[i].faults));
		source_prometheus.ask(&turn);
		if (params[0].value.len == MOST - 1)
			assert_int_equal(turn.asks->request.url.len,
				strlen("http://h/m?a=") + 3 * (MOST - 1));
		buf_free(&faults);
		arena_free(&arena);
	}
}

static void quoted_names_are_escaped_or_refused(void **state)
{
	static const struct {
		struct str scheme;
		const char *families; // of the page, in their order
		size_t n_bad_lines;
	} rows[] = {
		{ STR_INIT("underscores"), "m a_b ", 0 },
		{ STR_INIT("refuse"), "m ", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct own own = { 0 };
		struct source_conf conf = source(&own, "http://h/m", (struct pair_list){ 0 });
		struct source_turn turn = { .conf = &conf, .arena = &arena };
		struct source_take take = { .set = metric_set_new(&arena) };
		struct http_answer answer = { .status = 200, .body = buf_new(UNIT_LIMIT) };
		struct buf families = buf_new(UNIT_LIMIT);
		struct err err = { 0 };

		fill_choice(&source_prometheus.settings, &own, "metric_name_escaping_scheme",
			rows[i].scheme);
		buf_add(&answer.body, STR("m 1\n{\"a.b\"} 2\n"));
		assert_int_equal(source_prometheus.take(&turn, NULL, &answer, &take, &err),
			SOURCE_DELIVERED);
		for (const struct family *family = take.set->first; family; family = family->next)
			buf_addf(&families, "%.*s ", STR_ARG(family->name));
		check_str(rows[i].scheme.ptr, buf_str(&families), str_of(rows[i].families));
		assert_int_equal(take.report.n_bad_lines, rows[i].n_bad_lines);
		buf_free(&families);
		buf_free(&answer.body);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_page_is_asked_for_and_read),
		cmocka_unit_test(params_are_added_to_the_query_in_their_order),
		cmocka_unit_test(params_have_names_and_64_kib_together),
		cmocka_unit_test(quoted_names_are_escaped_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
