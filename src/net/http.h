// SPDX-License-Identifier: Apache-2.0
// Requests in, exactly one callback out (but for those that http_free ends): libcurl joined to libevent.
// net/ is the only place that knows libcurl, its http.c the only one below agent/ that knows libevent. Not for
// deciding what to ask or what an answer means.
#pragma once

#include "base/arena.h"
#include "net/request.h"

struct event_base;
struct http;

// Owns its connections and transfers; borrows the base, which must live longer.
struct http *http_new(struct event_base *base);
// Cancels what is in flight, without callbacks. Takes NULL.
void http_free(struct http *http);

// Starts a request. on_answer is called once, from the event loop, never from inside this call; it may
// start and cancel others. The answer is valid during the callback; its body is the callback's to free.
// deadline_ns: monotonic time at which the answer is ERR_TIMED_OUT at the latest.
void http_start(struct http *http, const struct http_request *request, int64_t deadline_ns,
	void (*on_answer)(void *arg, struct http_answer *answer), void *arg);

// Ends everything in flight; each callback comes with ERR_CANCELLED before this returns.
void http_cancel_all(struct http *http);

// Whether a URL is one that http_start can use: http or https, a host, no user-info, no fragment; no
// query unless with_query. False: err has ERR_INVALID and a text that says what to do.
bool http_check_url(struct str url, bool with_query, struct err *err);
// Whether a URL is one of a proxy: http, https, socks5 or socks5h, and a host; user-info is allowed.
bool http_check_proxy(struct str url);
// The URL, with this path if it has none besides "/"; lives in the arena.
struct str http_default_path(struct arena *arena, struct str url, struct str path);

// Name and version of libcurl, for people.
struct str http_library(void);
