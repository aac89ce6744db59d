// SPDX-License-Identifier: Apache-2.0
#include "net/http.h"

#include "base/clock.h"
#include "base/mem.h"
#include "version.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct http {
	CURLM *multi;		    // owned
	struct event *timer;	    // owned; curl's one timer
	struct event_base *base;    // borrowed
	struct transfer *transfers; // owned, those in flight
};

struct transfer {
	struct transfer *next, **link; // in http->transfers
	struct http *http;
	CURL *easy;		    // owned
	struct curl_slist *headers; // owned
	struct buf body;
	int64_t timeout_ms;
	void (*on_answer)(void *arg, struct http_answer *answer);
	void *arg;
	char error[CURL_ERROR_SIZE];
};

// 1. A request becomes a transfer

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	curl_off_t length;

	if (t->body.len == 0 &&
		curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length) ==
			CURLE_OK &&
		length > 0 && (size_t)length <= t->body.limit)
		buf_reserve(&t->body, (size_t)length);
	buf_add(&t->body, (struct str){ bytes, size * n });
	return t->body.failed ? 0 : size * n; // anything but all ends the transfer
}

static void add_header(struct transfer *t, struct str name, struct str value)
{
	struct buf line = buf_new(1024 * 1024);

	buf_add(&line, name);
	// libcurl takes "Name:" as "leave it out" and "Name;" as "send it empty".
	buf_addf(&line, value.len ? ": %.*s" : ";", STR_ARG(value));
	buf_add_byte(&line, '\0');
	t->headers = curl_slist_append(t->headers, line.ptr);
	buf_free(&line);
}

static void add_credentials(struct transfer *t, const struct http_conf *conf)
{
	if (conf->basic_auth.secret.len) {
		curl_easy_setopt(t->easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(t->easy, CURLOPT_USERNAME, conf->basic_auth.username.ptr);
		curl_easy_setopt(t->easy, CURLOPT_PASSWORD, conf->basic_auth.secret.ptr);
	}
	if (conf->authorization.secret.len) {
		struct buf value = buf_new(1024 * 1024);

		buf_addf(&value, "%.*s %.*s", STR_ARG(conf->authorization.type),
			STR_ARG(conf->authorization.secret));
		add_header(t, STR("Authorization"), buf_str(&value));
		buf_free(&value);
	}
}

static void set_headers(struct transfer *t, const struct http_request *request)
{
	const struct http_conf *conf = request->conf;

	if (request->accept.len)
		add_header(t, STR("Accept"), request->accept);
	if (request->content_type.len)
		add_header(t, STR("Content-Type"), request->content_type);
	// Without this libcurl asks before a body of 1 MiB and waits up to a second.
	t->headers = curl_slist_append(t->headers, "Expect:");
	if (!request->anonymous) {
		for (size_t i = 0; i < conf->headers.n; i++)
			add_header(t, conf->headers.items[i].name, conf->headers.items[i].value);
		add_credentials(t, conf);
	}
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static void set_protocol(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); // else dot segments of a key vanish
	curl_easy_setopt(easy, CURLOPT_PROXY, "");	// not the environment's
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "brokerpush/" BROKERPUSH_VERSION);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	// Else a time-out during a name look-up waits for the resolver's thread, and the loop with it.
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
}

static int64_t timeout_of(const struct http_request *request, int64_t deadline_ns)
{
	int64_t left_ms = (deadline_ns - clock_monotonic_ns()) / NS_PER_MS;
	int64_t own_ms = request->conf->timeout_ms;

	if (own_ms > 0 && own_ms < left_ms)
		return own_ms;
	return left_ms > 1 ? left_ms : 1; // 0 would mean none to libcurl
}

static void set_request(struct transfer *t, const struct http_request *request)
{
	CURL *easy = t->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->body.limit);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)t->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_URL, request->url.ptr);
	if (!str_eq(request->method, STR("GET"))) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.ptr);
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method.ptr);
	}
	set_protocol(easy);
	set_headers(t, request);
}

static void *must(void *object)
{
	if (!object) {
		fputs("brokerpush: out of memory (in libcurl or libevent)\n", stderr);
		exit(1);
	}
	return object;
}

void http_start(struct http *http, const struct http_request *request, int64_t deadline_ns,
	void (*on_answer)(void *arg, struct http_answer *answer), void *arg)
{
	struct transfer *t = mem_alloc(sizeof(*t));

	t->http = http;
	t->on_answer = on_answer;
	t->arg = arg;
	t->body = buf_new(request->conf->body_size_limit);
	t->timeout_ms = timeout_of(request, deadline_ns);
	t->easy = must(curl_easy_init());
	set_request(t, request);

	t->next = http->transfers;
	t->link = &http->transfers;
	if (t->next)
		t->next->link = &t->next;
	http->transfers = t;
	must(curl_multi_add_handle(http->multi, t->easy) == CURLM_OK ? t : NULL);
}

// 2. libcurl's wishes and libevent's news pass each other

static void finish_done(struct http *http);

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct http *http = arg;
	int running;

	(void)fd, (void)what;
	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	finish_done(http);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct http *http = arg;
	int running, events = 0;

	if (what & EV_READ)
		events |= CURL_CSELECT_IN;
	if (what & EV_WRITE)
		events |= CURL_CSELECT_OUT;
	curl_multi_socket_action(http->multi, fd, events, &running);
	finish_done(http);
}

// libcurl wants its timer: -1 none, 0 at once. It must not be called from in here.
static int on_timer_wish(CURLM *multi, long timeout_ms, void *arg)
{
	struct http *http = arg;
	struct timeval wait = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };

	(void)multi;
	if (timeout_ms < 0)
		event_del(http->timer);
	else
		event_add(http->timer, &wait);
	return 0;
}

// libcurl wants a socket watched; the watch is kept with the socket inside libcurl.
static int on_socket_wish(CURL *easy, curl_socket_t fd, int what, void *arg, void *old)
{
	struct http *http = arg;
	struct event *watch = old;
	short events = EV_PERSIST;

	(void)easy;
	if (watch)
		event_free(watch);
	watch = NULL;
	if (what != CURL_POLL_REMOVE) {
		events |= what & CURL_POLL_IN ? EV_READ : 0;
		events |= what & CURL_POLL_OUT ? EV_WRITE : 0;
		watch = must(event_new(http->base, fd, events, on_socket, http));
		event_add(watch, NULL);
	}
	curl_multi_assign(http->multi, fd, watch);
	return 0;
}

// 3. A transfer ends

static enum err_kind kind_of_code(CURLcode code, bool answered)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT: return ERR_TIMED_OUT;
	case CURLE_WRITE_ERROR:
	case CURLE_FILESIZE_EXCEEDED: return ERR_TOO_LARGE;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_USE_SSL_FAILED: return ERR_TLS;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_PARTIAL_FILE: return ERR_BAD_BODY;
	default: return answered ? ERR_BAD_BODY : ERR_UNREACHABLE;
	}
}

static void explain(struct transfer *t, CURLcode code, struct http_answer *answer)
{
	enum err_kind kind = kind_of_code(code, answer->status != 0);
	long n_sent = 0;
	const char *text = t->error[0] ? t->error : curl_easy_strerror(code);

	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &n_sent);
	if (kind == ERR_TIMED_OUT && answer->status == 0)
		err_set(&answer->err, kind, 0, "%s within %lld ms",
			n_sent ? "the request was sent, but no answer came" : "no connection",
			(long long)t->timeout_ms);
	else if (kind == ERR_TIMED_OUT)
		err_set(&answer->err, kind, 0, "the answer was not complete within %lld ms",
			(long long)t->timeout_ms);
	else if (kind == ERR_TOO_LARGE)
		err_set(&answer->err, kind, 0, "the answer is larger than %zu bytes",
			t->body.limit);
	else if (kind == ERR_BAD_BODY)
		err_set(&answer->err, kind, 0, "the answer broke off after %zu bytes (%s)",
			t->body.len, text);
	else
		err_set(&answer->err, kind, 0, "%s", text);
}

static struct str header_of(CURL *easy, CURLINFO info)
{
	char *text = NULL;

	curl_easy_getinfo(easy, info, &text);
	return str_of(text);
}

static void detach(struct transfer *t)
{
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	curl_multi_remove_handle(t->http->multi, t->easy);
}

static void free_transfer(struct transfer *t)
{
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	buf_free(&t->body);
	free(t);
}

// Delivers the one callback; the transfer is out of the list before, so that nothing comes twice.
static void finish(struct transfer *t, CURLcode code, bool cancelled)
{
	struct http_answer answer = { 0 };
	curl_off_t us = 0;
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &us);
	answer.status = (int)status;
	answer.seconds = (double)us / 1e6;
	if (cancelled)
		err_set(&answer.err, ERR_CANCELLED, 0, "cancelled");
	else if (code != CURLE_OK)
		explain(t, code, &answer);

	answer.content_type = header_of(t->easy, CURLINFO_CONTENT_TYPE);
	answer.location = header_of(t->easy, CURLINFO_REDIRECT_URL);
	answer.body = t->body;
	t->body = buf_new(0);
	detach(t);
	t->on_answer(t->arg, &answer);
	free_transfer(t); // only now: the answer borrowed header texts from it
}

// Outside curl's own callbacks, so that starting and cancelling is allowed in ours.
static void finish_done(struct http *http)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left))) {
		struct transfer *t = NULL;
		CURLcode code = message->data.result; // the message dies with the handle's removal

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		finish(t, code, false);
	}
}

void http_cancel_all(struct http *http)
{
	while (http->transfers)
		finish(http->transfers, CURLE_OK, true);
}

// 4. URLs

static bool has_part(CURLU *parts, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(parts, part, &text, 0) == CURLUE_OK && text && *text;

	curl_free(text);
	return has;
}

static bool is_http(CURLU *parts)
{
	char *scheme = NULL;
	bool is = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		  (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

	curl_free(scheme);
	return is;
}

static bool check_parts(CURLU *parts, bool with_query, struct err *err)
{
	if (!is_http(parts))
		err_set(err, ERR_INVALID, 0, "must start with http:// or https://");
	else if (has_part(parts, CURLUPART_USER) || has_part(parts, CURLUPART_PASSWORD))
		err_set(err, ERR_INVALID, 0, "may hold no user or password; use basic_auth");
	else if (has_part(parts, CURLUPART_FRAGMENT))
		err_set(err, ERR_INVALID, 0, "may have no fragment; remove what follows the #");
	else if (!with_query && has_part(parts, CURLUPART_QUERY))
		err_set(err, ERR_INVALID, 0,
			"is a base to which paths are added; remove the query behind the ?");
	return err->kind == ERR_NONE;
}

bool http_check_url(struct str url, bool with_query, struct err *err)
{
	CURLU *parts = must(curl_url());
	CURLUcode code = curl_url_set(parts, CURLUPART_URL, url.ptr, CURLU_NON_SUPPORT_SCHEME);

	if (code == CURLUE_BAD_SCHEME || code == CURLUE_UNSUPPORTED_SCHEME ||
		(code != CURLUE_OK && !memchr(url.ptr, ':', url.len)))
		err_set(err, ERR_INVALID, 0, "must start with http:// or https://");
	else if (code != CURLUE_OK)
		err_set(err, ERR_INVALID, 0,
			"is no URL such as http://127.0.0.1:9091 (libcurl's code %d)", (int)code);
	else
		check_parts(parts, with_query, err);
	curl_url_cleanup(parts);
	return err->kind == ERR_NONE;
}

struct str http_default_path(struct arena *arena, struct str url, struct str path)
{
	CURLU *parts = must(curl_url());
	char *found = NULL, *whole = NULL;

	if (curl_url_set(parts, CURLUPART_URL, url.ptr, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_PATH, &found, 0) == CURLUE_OK &&
		strcmp(found, "/") == 0 &&
		curl_url_set(parts, CURLUPART_PATH, path.ptr, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_URL, &whole, 0) == CURLUE_OK)
		url = arena_copy(arena, str_of(whole));
	curl_free(found);
	curl_free(whole);
	curl_url_cleanup(parts);
	return url;
}

struct str http_library(void)
{
	return str_of(curl_version_info(CURLVERSION_NOW)->version);
}

// 5. Life

struct http *http_new(struct event_base *base)
{
	struct http *http = mem_alloc(sizeof(*http));

	curl_global_init(CURL_GLOBAL_DEFAULT);
	http->base = base;
	http->multi = must(curl_multi_init());
	http->timer = must(event_new(base, -1, 0, on_timeout, http));
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wish);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	return http;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	for (struct transfer *t; (t = http->transfers);) {
		detach(t);
		free_transfer(t);
	}
	// While it dies, curl may still call for sockets and the timer: both must be there.
	curl_multi_cleanup(http->multi);
	event_free(http->timer);
	free(http);
	curl_global_cleanup();
}
