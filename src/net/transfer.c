// SPDX-License-Identifier: Apache-2.0
#include "net/transfer.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/url.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_HEADER = 1024 * 1024 };

// 1. What comes back

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	curl_off_t length;

	if (t->body.len == 0 &&
		curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length) ==
			CURLE_OK &&
		length > 0 && (size_t)length <= t->body.limit)
		buf_reserve(&t->body, (size_t)length);
	struct str part = { bytes, size * n };
	if (t->request.conf->cut_answer && part.len > t->body.limit - t->body.len)
		part.len = t->body.limit - t->body.len;
	buf_add(&t->body, part);
	return t->body.failed ? 0 : size * n; // anything but all ends the transfer
}

// Retry-After in its form of seconds; the other form, a date, is not worth a clock that may be wrong.
static int64_t read_seconds(struct str text)
{
	int64_t seconds = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || seconds > INT32_MAX / 10)
			return 0;
		seconds = seconds * 10 + (text.ptr[i] - '0');
	}
	return seconds;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct str line = { bytes, size * n }, name, value;

	if (str_starts_with(line, STR("HTTP/")))
		t->has_whole_head = false;
	else if (str_eq(line, STR("\r\n")) || str_eq(line, STR("\n")))
		t->has_whole_head = true;
	if (!str_cut(line, ':', &name, &value))
		return size * n;
	value = str_trim(value);
	if (str_eq_nocase(name, STR("Location")) && t->location.len == 0) {
		buf_add(&t->location, value);
		buf_add_byte(&t->location, '\0');
	} else if (str_eq_nocase(name, STR("Content-Encoding"))) {
		t->is_packed =
			str_eq_nocase(value, STR("gzip")) || str_eq_nocase(value, STR("x-gzip"));
		t->is_unknown = !t->is_packed && !str_eq_nocase(value, STR("identity"));
	} else if (str_eq_nocase(name, STR("Retry-After"))) {
		t->retry_after_s = read_seconds(value);
	}
	return size * n;
}

// 2. What is sent

static void add_header(struct transfer *t, struct str name, struct str value)
{
	struct buf line = buf_new(LONGEST_HEADER);

	buf_add(&line, name);
	// libcurl takes "Name:" as "leave it out" and "Name;" as "send it empty".
	if (value.len)
		buf_addf(&line, ": %.*s", STR_ARG(value));
	else
		buf_add_byte(&line, ';');
	buf_add_byte(&line, '\0');
	t->headers = curl_slist_append(t->headers, line.ptr);
	buf_free(&line);
}

static void add_credentials(struct transfer *t, const struct http_conf *conf)
{
	struct str scheme = conf->authorization.type, token = conf->authorization.credentials.text;

	if (conf->basic_auth.password.text.len) {
		curl_easy_setopt(t->easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(t->easy, CURLOPT_USERNAME, conf->basic_auth.username.ptr);
		curl_easy_setopt(t->easy, CURLOPT_PASSWORD, conf->basic_auth.password.text.ptr);
	}
	if (t->request.bearer.len) {
		scheme = STR("Bearer");
		token = t->request.bearer;
	}
	if (token.len) {
		struct buf value = buf_new(LONGEST_HEADER);

		buf_addf(&value, "%.*s %.*s", STR_ARG(scheme), STR_ARG(token));
		add_header(t, STR("Authorization"), buf_str(&value));
		buf_free(&value);
	}
}

static void set_headers(struct transfer *t)
{
	const struct http_request *request = &t->request;
	const struct http_conf *conf = request->conf;

	if (request->accept.len)
		add_header(t, STR("Accept"), request->accept);
	if (conf->accept_gzip)
		add_header(t, STR("Accept-Encoding"), STR("gzip"));
	if (request->content_type.len)
		add_header(t, STR("Content-Type"), request->content_type);
	if (request->content_encoding.len)
		add_header(t, STR("Content-Encoding"), request->content_encoding);
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

// libcurl takes the name to verify from the URL. So a server_name stands there in place of the host, and
// the connection and the header Host go by the host.
static void set_server_name(struct transfer *t)
{
	struct str name = t->request.conf->tls_config.server_name;
	struct buf host = buf_new(TRANSFER_LONGEST_URL), changed = buf_new(TRANSFER_LONGEST_URL);

	if (name.len && url_host(t->url.ptr, &host) && url_with_host(t->url.ptr, name, &changed)) {
		struct buf rule = buf_new(TRANSFER_LONGEST_URL),
			   authority = buf_new(TRANSFER_LONGEST_URL);

		buf_addf(&rule, "::%.*s:", STR_ARG(buf_str(&host)));
		buf_add_byte(&rule, '\0');
		t->connect_to = curl_slist_append(NULL, rule.ptr);
		curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to);
		url_authority(t->url.ptr, &authority);
		add_header(t, STR("Host"), buf_str(&authority));
		curl_easy_setopt(t->easy, CURLOPT_URL, changed.ptr);
		buf_free(&rule);
		buf_free(&authority);
	} else {
		curl_easy_setopt(t->easy, CURLOPT_URL, t->url.ptr);
	}
	buf_free(&host);
	buf_free(&changed);
}

static void set_tls(CURL *easy, const struct http_conf *conf)
{
	long oldest = conf->tls_config.min_version == TLS_1_3 ? CURL_SSLVERSION_TLSv1_3
							      : CURL_SSLVERSION_TLSv1_2;

	curl_easy_setopt(easy, CURLOPT_SSLVERSION, oldest);
	if (conf->tls_config.ca_file.len)
		curl_easy_setopt(easy, CURLOPT_CAINFO, conf->tls_config.ca_file.ptr);
	if (conf->tls_config.cert_file.len) {
		curl_easy_setopt(easy, CURLOPT_SSLCERT, conf->tls_config.cert_file.ptr);
		curl_easy_setopt(easy, CURLOPT_SSLKEY, conf->tls_config.key_file.ptr);
		curl_easy_setopt(easy, CURLOPT_KEYPASSWD, ""); // never a question at the terminal
	}
	if (conf->tls_config.insecure_skip_verify) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void set_way(CURL *easy, const struct http_conf *conf)
{
	if (conf->proxy_url.len)
		curl_easy_setopt(easy, CURLOPT_PROXY, conf->proxy_url.ptr);
	else if (!conf->proxy_from_environment)
		curl_easy_setopt(easy, CURLOPT_PROXY, ""); // not even that of the environment
	if (!conf->proxy_from_environment)
		curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); // a proxy_url holds for every host
	if (conf->unix_socket.len)
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, conf->unix_socket.ptr);
	// A proxy gets its own headers only, never those with credentials for the peer.
	curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
}

void transfer_set_timeout(struct transfer *t)
{
	int64_t left_ms = (t->deadline_ns - clock_monotonic_ns()) / NS_PER_MS;
	int64_t limits_ms[] = { t->request.conf->timeout_ms, t->request.timeout_ms };

	for (size_t i = 0; i < ARRAY_LEN(limits_ms); i++)
		if (limits_ms[i] > 0 && limits_ms[i] < left_ms)
			left_ms = limits_ms[i];
	t->timeout_ms = left_ms > 1 ? left_ms : 1; // 0 would mean none to libcurl
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)t->timeout_ms);
}

static void set_request(struct transfer *t)
{
	const struct http_request *request = &t->request;
	CURL *easy = t->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (!request->conf->cut_answer)
		curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->body.limit);
	if (!str_eq(request->method, STR("GET"))) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.ptr);
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method.ptr);
	}
	set_protocol(easy);
	set_tls(easy, request->conf);
	set_way(easy, request->conf);
	set_server_name(t);
	set_headers(t);
}

struct transfer *transfer_new(const struct http_request *request, int64_t deadline_ns)
{
	struct transfer *t = mem_alloc(sizeof(*t));

	t->request = *request;
	t->deadline_ns = deadline_ns;
	t->body = buf_new(request->conf->body_size_limit);
	t->location = buf_new(TRANSFER_LONGEST_URL);
	t->url = buf_new(TRANSFER_LONGEST_URL);
	buf_add(&t->url, request->url);
	buf_add_byte(&t->url, '\0');
	t->easy = mem_must(curl_easy_init());
	set_request(t);
	return t;
}

void transfer_free(struct transfer *t)
{
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->connect_to);
	buf_free(&t->url);
	buf_free(&t->body);
	buf_free(&t->location);
	free(t);
}

// 3. What came of it

// libcurl itself would take headers such as X-Api-Key along to another host.
bool transfer_redirect(struct transfer *t)
{
	struct buf target = buf_new(TRANSFER_LONGEST_URL);
	long status = 0;
	bool follow;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	follow = status >= 300 && status < 400 && t->location.len &&
		 t->request.conf->follow_redirects && t->n_redirects < HTTP_MOST_REDIRECTS &&
		 url_resolve(t->url.ptr, t->location.ptr, &target) &&
		 url_same_origin(t->url.ptr, target.ptr);
	if (follow) {
		buf_free(&t->url);
		t->url = target;
		t->n_redirects++;
		t->body.len = 0;
		t->location.len = 0;
		t->retry_after_s = 0;
		t->is_packed = t->is_unknown = false;
		curl_slist_free_all(t->headers);
		curl_slist_free_all(t->connect_to);
		t->headers = t->connect_to = NULL;
		set_server_name(t);
		set_headers(t);
		transfer_set_timeout(t);
	} else {
		buf_free(&target);
	}
	return follow;
}
