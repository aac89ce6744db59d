// SPDX-License-Identifier: Apache-2.0
// One request on its way, as an easy handle of libcurl; for net/http.c.
#pragma once

#include "net/request.h"

#include <curl/curl.h>

// URLs of redirects too.
enum { TRANSFER_LONGEST_URL = 16 * 1024 * 1024 };

struct event;
struct http;

struct transfer {
	struct transfer *next, **link; // in http->transfers
	struct http *http;
	struct event *wait; // owned by http.c: it goes out when this fires; NULL: it is out
	struct http_request request;		 // its texts are borrowed until the answer
	CURL *easy;				 // owned
	struct curl_slist *headers, *connect_to; // owned
	struct buf url;				 // as libcurl has it, ends in NUL
	struct buf body;			 // of the answer
	struct buf location;			 // its header of that name, ends in NUL
	bool is_packed, is_unknown;		 // Content-Encoding: gzip, or another one
	bool has_whole_head;			 // the empty line behind it has come
	int64_t retry_after_s;
	int64_t deadline_ns, timeout_ms;
	int n_redirects;
	void (*on_answer)(void *arg, struct http_answer *answer);
	void *arg;
	char error[CURL_ERROR_SIZE];
};

// Ready for transfer_set_timeout and a multi handle; never NULL. The caller owns it.
struct transfer *transfer_new(const struct http_request *request, int64_t deadline_ns);
// What it may take from now on: to be called when it goes out.
void transfer_set_timeout(struct transfer *t);
void transfer_free(struct transfer *t);

// Whether its answer is a redirect that is to be followed; then the handle is ready to go there.
bool transfer_redirect(struct transfer *t);

// In transfer_answer.c: what came of it, once libcurl is done with it. The answer takes over the body and borrows header texts
// from the transfer.
struct http_answer transfer_answer(struct transfer *t, CURLcode code, bool cancelled);
