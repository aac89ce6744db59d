// SPDX-License-Identifier: Apache-2.0
// What peers answer and what the configuration says about HTTP, as far as it is pure: judging answers,
// taking pages out of them, hiding what a URL may have of secrets, checking URLs and headers. Answers in JSON,
// and what follows from answers, are fuzz_emqx's.
//
// Input, five lines and the body:
//
//	200                  status; 0: no answer came
//	text/plain           Content-Type
//	http://other/        Location
//	http://broker:18083  a URL of the configuration, and what a redirect is followed from
//	X-Name: value        a header of the configuration; before its colon also user name and scheme
//	the answer's body
#include "fuzz.h"

#include "net/http.h"
#include "net/url.h"
#include "sink/sink.h"
#include "source/source.h"
#include "strict_line.h"

#include <string.h>
#include <strings.h>

// Answers

static struct http_answer make_answer(struct str *rest)
{
	struct http_answer answer = { 0 };
	struct str status = fuzz_take(rest, "\n");

	for (size_t i = 0; i < status.len && i < 4; i++)
		if (status.ptr[i] >= '0' && status.ptr[i] <= '9')
			answer.status = answer.status * 10 + (status.ptr[i] - '0');
	if (answer.status == 0)
		err_set(&answer.err, ERR_UNREACHABLE, 0, "no answer");
	answer.content_type = fuzz_take(rest, "\n");
	answer.location = fuzz_take(rest, "\n");
	return answer;
}

static bool is_success(const struct http_answer *answer)
{
	return answer->status >= 200 && answer->status < 300;
}

static void check_judge(const struct http_answer *answer)
{
	struct err err = { 0 };
	bool good = http_judge(answer, &err);

	FUZZ_CHECK(good == is_success(answer), "status %d is judged wrongly", answer->status);
	FUZZ_CHECK(good == (err.kind == ERR_NONE), "a judgement without an error, or with one");
	if (!good)
		fuzz_check_err(&err);
	if (good || answer->status < 300)
		return;
	FUZZ_CHECK(err.kind == (answer->status < 400	      ? ERR_HTTP_3XX
				       : answer->status < 500 ? ERR_HTTP_4XX
							      : ERR_HTTP_5XX),
		"status %d has reason %d", answer->status, (int)err.kind);
}

static void check_sink(const struct http_answer *answer, bool packed)
{
	struct sink_conf conf = { .type = &sink_pushgateway };
	struct http_request request = { .content_encoding = packed ? STR("gzip") : STR("") };
	struct err err = { 0 };
	enum sink_verdict verdict = conf.type->judge(&conf, &request, answer, &err);

	FUZZ_CHECK(verdict != SINK_RESEND_PLAIN || (packed && answer->status == 400),
		"a plain push is sent again");
	FUZZ_CHECK((verdict == SINK_ACCEPTED) == (answer->status == 200 || answer->status == 202),
		"status %d: verdict %d", answer->status, (int)verdict);
	FUZZ_CHECK((verdict == SINK_REFUSED) == (err.kind != ERR_NONE), "an error, or none");
	if (verdict == SINK_REFUSED)
		fuzz_check_err(&err);
}

// The private settings of a type, as far as it cannot do without.
static void *place_of(const struct source_conf *conf, const char *name)
{
	const struct setting_table *table = &conf->type->settings;

	for (size_t i = 0; i < table->n; i++)
		if (strcmp(table->rows[i].name, name) == 0)
			return (char *)conf->own + table->rows[i].offset;
	FUZZ_CHECK(false, "there is no setting %s", name);
	return NULL;
}

static void check_take(
	struct source_turn *turn, const struct source_ask *ask, const struct http_answer *answer)
{
	struct source_take take = { .set = metric_set_new(turn->arena) };
	struct err err = { 0 };
	enum source_verdict verdict = turn->conf->type->take(turn, ask, answer, &take, &err);
	struct str node, cluster;

	FUZZ_CHECK(verdict == SOURCE_DELIVERED || verdict == SOURCE_FAILED ||
			   (verdict == SOURCE_ASKED_AGAIN && turn->asks),
		"verdict %d", (int)verdict);
	if (verdict == SOURCE_FAILED)
		fuzz_check_err(&err);
	if (verdict != SOURCE_DELIVERED)
		return;
	FUZZ_CHECK(err.kind == ERR_NONE, "an answer with an error: %s", err.text);
	FUZZ_CHECK(is_success(answer), "an answer of status %d is taken", answer->status);
	if (!ask->is_question) {
		bool may_be_empty = turn->conf->type->reads_any_page && answer->status == 200;

		FUZZ_CHECK(!http_is_foreign(answer), "no page is taken");
		FUZZ_CHECK(take.set->n_samples || may_be_empty, "no samples");
		return;
	}
	turn->conf->type->identify(turn->conf, turn->state, &node, &cluster);
	FUZZ_CHECK(node.len && strict_is_utf8((struct strict_text){ node.ptr, node.len }),
		"no name of a node");
}

// Each request that a source begins with gets this answer.
static void check_source(
	const struct source_type *type, const struct http_answer *answer, const char *page)
{
	struct arena arena = { 0 };
	struct source_conf conf = { .type = type };
	struct source_turn turn = { .conf = &conf, .arena = &arena, .wants_node = true };
	struct str endpoint = str_of(page);
	const struct source_ask *asks;

	conf.http.url = STR("http://broker");
	conf.own = arena_alloc(&arena, type->conf_size + 1);
	turn.state = arena_alloc(&arena, type->state_size + 1);
	if (page)
		*(struct str_list *)place_of(&conf, "endpoints") =
			(struct str_list){ &endpoint, 1, true };
	type->ask(&turn);
	asks = turn.asks;
	for (const struct source_ask *ask = asks; ask; ask = ask->next) {
		turn.asks = NULL; // taken over
		check_take(&turn, ask, answer);
	}
	if (type->free_state)
		type->free_state(turn.state);
	arena_free(&arena);
}

// URLs

static bool has_any(struct str text, const char *bytes)
{
	for (size_t i = 0; i < text.len; i++)
		if (!text.ptr[i] || strchr(bytes, text.ptr[i]))
			return true;
	return false;
}

static struct str authority_of(struct str url)
{
	fuzz_take(&url, "://");
	for (size_t i = 0; i < url.len; i++)
		if (strchr("/?#", url.ptr[i]))
			url.len = i;
	return url;
}

static bool has_byte(struct str text, char byte)
{
	return text.len && memchr(text.ptr, byte, text.len);
}

static void check_public_url(struct str url)
{
	struct str front, back, authority;

	http_public_url(url, &front, &back);
	FUZZ_CHECK(!has_byte(front, '?') && !has_byte(back, '?') && !has_byte(front, '#') &&
			   !has_byte(back, '#'),
		"a query or a fragment is shown");
	if (!str_starts_with(url, STR("http://")) && !str_starts_with(url, STR("https://")))
		return;
	authority = fuzz_take(&back, "/");
	FUZZ_CHECK(!has_byte(front, '@') && !has_byte(authority, '@'), "user-info is shown: %.*s",
		STR_ARG(authority));
}

static void check_default_path(struct str url, bool with_query)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	struct str whole = http_default_path(&arena, url, STR("/metrics"));

	FUZZ_CHECK(http_check_url(whole, with_query, &err), "%s makes %s: %s", url.ptr, whole.ptr,
		err.text);
	FUZZ_CHECK(url_same_origin(url.ptr, whole.ptr), "%s makes %s", url.ptr, whole.ptr);
	FUZZ_CHECK(str_eq(http_default_path(&arena, whole, STR("/other")), whole),
		"%s has no path yet", whole.ptr);
	arena_free(&arena);
}

static void check_configured_url(const char *text, bool with_query)
{
	struct str url = str_of(text);
	struct err err = { 0 };
	bool good = http_check_url(url, with_query, &err);

	FUZZ_CHECK(good == (err.kind == ERR_NONE), "a URL without an error, or with one");
	if (!good) {
		fuzz_check_err(&err);
		return;
	}
	FUZZ_CHECK(strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0,
		"neither http:// nor https://: %s", text);
	FUZZ_CHECK(!has_any(url, with_query ? "#\r\n\t " : "?#\r\n\t "),
		"a URL that is not to be used as it is: %s", text);
	FUZZ_CHECK(!has_byte(authority_of(url), '@'), "a URL with user-info: %s", text);
	FUZZ_CHECK(url_same_origin(text, text), "a URL has another origin than itself: %s", text);
	check_default_path(url, with_query);
}

// A redirect never leads away from an origin that is said to be the same.
static void check_redirect(const char *url, const char *location)
{
	struct buf target = buf_new(MIB(1)), host = buf_new(MIB(1)), other = buf_new(MIB(1));

	if (url_resolve(url, location, &target) && url_same_origin(url, target.ptr)) {
		FUZZ_CHECK(url_host(url, &host) && url_host(target.ptr, &other), "no host");
		FUZZ_CHECK(str_eq_nocase(buf_str(&host), buf_str(&other)), "another host: %s to %s",
			url, target.ptr);
		FUZZ_CHECK(url_authority(target.ptr, &other), "no authority");
	}
	buf_free(&target);
	buf_free(&host);
	buf_free(&other);
}

// Headers

static void count_fault(void *context, const char *name, const char *text)
{
	FUZZ_CHECK(name && *text, "a fault says nothing");
	++*(size_t *)context;
}

static void check_header(struct str name, struct str value)
{
	struct pair header = { name, value };
	struct http_conf conf = { .headers = { &header, 1 } };
	size_t n_faults = 0;
	struct setting_faults faults = { count_fault, &n_faults };

	http_conf_check(&conf, &faults);
	if (n_faults)
		return;
	FUZZ_CHECK(name.len && !has_any(name, " \t\r\n:,;()<>@[]{}\"/\\?=\x7f"),
		"a header's name that breaks a request: %.*s", STR_ARG(name));
	FUZZ_CHECK(!has_any(value, "\r\n\x7f"), "a header's value that breaks a request");
	FUZZ_CHECK(!str_eq_nocase(name, STR("Host")) && !str_eq_nocase(name, STR("Content-Length")),
		"a header that the agent writes itself");
}

static void check_credentials(struct str user, struct str secret)
{
	struct http_conf conf = { .basic_auth.given = true },
			 other = { .authorization.given = true };
	size_t n_faults = 0, n_other_faults = 0;

	conf.basic_auth.username = other.authorization.type = user;
	conf.basic_auth.password.value = other.authorization.credentials.value = secret;
	http_conf_check(&conf, &(struct setting_faults){ count_fault, &n_faults });
	FUZZ_CHECK(n_faults || (!has_any(user, ":\r\n") && !has_any(secret, "\r\n")),
		"a user name or a password that breaks a header");
	http_conf_check(&other, &(struct setting_faults){ count_fault, &n_other_faults });
	FUZZ_CHECK(n_other_faults || (!has_any(user, " :\r\n") && !has_any(secret, "\r\n")),
		"a scheme or a token that breaks a header");
}

// Texts that end in NUL, as configuration and libcurl have them.

static char *c_text(struct str text)
{
	size_t len = text.len ? strnlen(text.ptr, text.len) : 0;
	char *copy = calloc(1, len + 1);

	FUZZ_CHECK(copy, "no memory");
	if (len)
		memcpy(copy, text.ptr, len);
	return copy;
}

static void check_urls(struct str url, struct str location)
{
	char *url_text = c_text(url), *location_text = c_text(location);

	check_public_url(url);
	check_public_url(location);
	check_configured_url(url_text, false);
	check_configured_url(url_text, true);
	check_redirect(url_text, location_text);
	free(url_text);
	free(location_text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct http_answer answer = make_answer(&rest);
	struct str url = fuzz_take(&rest, "\n"), value = fuzz_take(&rest, "\n");
	struct str name = fuzz_take(&value, ":");

	if (str_starts_with(value, STR(" ")))
		fuzz_take(&value, " ");
	// An empty body has no memory, as libcurl leaves it.
	answer.body = (struct buf){ rest.len ? fuzz_copy(rest) : NULL, rest.len, rest.len, MIB(1),
		false };
	check_judge(&answer);
	check_sink(&answer, false);
	check_sink(&answer, true);
	check_source(&source_emqx, &answer, "stats");
	check_source(&source_emqx_cloud, &answer, "data_integration");
	check_source(&source_prometheus, &answer, NULL);
	check_urls(url, answer.location);
	check_header(name, value);
	check_credentials(name, value);
	buf_free(&answer.body);
	return 0;
}
