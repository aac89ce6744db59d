// SPDX-License-Identifier: Apache-2.0
// What came of a transfer: its answer, or why there is none, in words for an operator.
#include "base/mem.h"
#include "net/gzip.h"
#include "net/transfer.h"
#include "net/url.h"

#include <string.h>

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
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_PARTIAL_FILE: return ERR_BAD_BODY;
	default: return answered ? ERR_BAD_BODY : ERR_UNREACHABLE;
	}
}

// An alert that comes after the handshake (TLS 1.3 refuses client certificates then) is a failure to read
// or write to libcurl.
static bool is_tls_alert(CURLcode code, const char *text)
{
	return (code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR) &&
	       strstr(text, "SSL routines");
}

static void explain_tls(struct transfer *t, CURLcode code, const char *text, struct err *err)
{
	const struct http_conf *conf = t->request.conf;
	struct buf authority = buf_new(TRANSFER_LONGEST_URL);

	url_authority(t->url.ptr, &authority);
	if (code == CURLE_SSL_CERTPROBLEM)
		err_set(err, ERR_TLS, 0, "client certificate %s: %s",
			conf->tls_config.cert_file.ptr, text);
	else if (code == CURLE_SSL_CACERT_BADFILE)
		err_set(err, ERR_TLS, 0, "ca_file %s: %s", conf->tls_config.ca_file.ptr, text);
	else if (code == CURLE_PEER_FAILED_VERIFICATION)
		err_set(err, ERR_TLS, 0,
			"the certificate of %.*s is refused: %s; see tls_config (ca_file is %s)",
			STR_ARG(buf_str(&authority)), text,
			conf->tls_config.ca_file.len ? conf->tls_config.ca_file.ptr
						     : "the system's");
	else
		err_set(err, ERR_TLS, 0, "TLS with %.*s: %s", STR_ARG(buf_str(&authority)), text);
	buf_free(&authority);
}

static void explain(struct transfer *t, CURLcode code, struct http_answer *answer)
{
	enum err_kind kind = kind_of_code(code, answer->status != 0);
	const char *text = t->error[0] ? t->error : curl_easy_strerror(code);
	long n_sent = 0;

	if (is_tls_alert(code, text))
		kind = ERR_TLS;
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
	else if (kind == ERR_TLS)
		explain_tls(t, code, text, &answer->err);
	else if (t->request.conf->unix_socket.len)
		err_set(&answer->err, kind, 0, "unix_socket %s: %s",
			t->request.conf->unix_socket.ptr, text);
	else
		err_set(&answer->err, kind, 0, "%s", text);
}

// The same address at both ends is this machine: loopback, or one of its own.
static bool is_local(struct transfer *t)
{
	char *peer = NULL, *own = NULL;

	curl_easy_getinfo(t->easy, CURLINFO_PRIMARY_IP, &peer);
	curl_easy_getinfo(t->easy, CURLINFO_LOCAL_IP, &own);
	if (t->request.conf->proxy_url.len || t->request.conf->proxy_from_environment)
		return false; // who knows where it leads
	return t->request.conf->unix_socket.len || !peer || !own || strcmp(peer, own) == 0 ||
	       strncmp(peer, "127.", 4) == 0;
}

// An error page is cut, and too short to be worth unpacking: only a good answer is.
static void unpack(struct transfer *t, struct err *err)
{
	struct buf plain = buf_new(t->body.limit);

	if (t->is_unknown) {
		err_set(err, ERR_BAD_BODY, 0, "the answer has an encoding that was not asked for");
	} else if (t->is_packed) {
		gzip_unpack(buf_str(&t->body), &plain, err);
		buf_free(&t->body);
		t->body = plain;
	}
}

struct http_answer transfer_answer(struct transfer *t, CURLcode code, bool cancelled)
{
	struct http_answer answer = { .peer_is_local = is_local(t),
		.retry_after_s = t->retry_after_s };
	curl_off_t us = 0;
	char *type = NULL;
	long status = 0, n_connects = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &n_connects);
	curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &us);
	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
	answer.status = (int)status;
	answer.on_new_connection = n_connects > 0;
	answer.seconds = (double)us / 1e6;
	answer.content_type = str_of(type);
	if (t->location.len)
		answer.location = str_of(t->location.ptr);
	if (cancelled)
		err_set(&answer.err, ERR_CANCELLED, 0, "cancelled");
	else if (code != CURLE_OK)
		explain(t, code, &answer);
	else if (!t->has_whole_head) // libcurl takes it for an answer without a body
		err_set(&answer.err, ERR_BAD_BODY, 0, "the answer broke off in its head");
	else if (status >= 200 && status < 300)
		unpack(t, &answer.err);
	answer.body = t->body;
	t->body = buf_new(0);
	return answer;
}
