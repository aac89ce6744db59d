// SPDX-License-Identifier: Apache-2.0
#include "net/http.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/transfer.h"

#include <event2/event.h>
#include <stdlib.h>

struct http {
	CURLM *multi;		    // owned
	struct event *timer;	    // owned; curl's one timer
	struct event_base *base;    // borrowed
	struct transfer *transfers; // owned, those in flight
};

// What one broker or gateway is asked at once; the rest waits in line. EMQX's listener takes 512 connections
// from all its users.
enum { MOST_CONNECTIONS = 16 };
// What is kept open between cycles, to all peers together.
enum { MOST_IDLE = 256 };

// 1. A request becomes a transfer

static void go(struct transfer *t)
{
	transfer_set_timeout(t);
	mem_must(curl_multi_add_handle(t->http->multi, t->easy) == CURLM_OK ? t : NULL);
}

static void on_wait_over(evutil_socket_t fd, short what, void *arg)
{
	struct transfer *t = arg;

	(void)fd, (void)what;
	event_free(t->wait);
	t->wait = NULL;
	go(t);
}

static void wait_until(struct transfer *t, int64_t ns)
{
	int64_t now_ns = clock_monotonic_ns(), wait_ns = ns > now_ns ? ns - now_ns : 0;
	struct timeval wait = { wait_ns / NS_PER_S, wait_ns % NS_PER_S / 1000 + 1 };

	t->wait = mem_must(event_new(t->http->base, -1, 0, on_wait_over, t));
	event_add(t->wait, &wait);
}

void http_start(struct http *http, const struct http_request *request, int64_t deadline_ns,
	void (*on_answer)(void *arg, struct http_answer *answer), void *arg)
{
	struct transfer *t = transfer_new(request, deadline_ns);

	t->http = http;
	t->on_answer = on_answer;
	t->arg = arg;
	t->next = http->transfers;
	t->link = &http->transfers;
	if (t->next)
		t->next->link = &t->next;
	http->transfers = t;
	if (request->not_before_ns > clock_monotonic_ns())
		wait_until(t, request->not_before_ns);
	else
		go(t);
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
		events |= (what & CURL_POLL_IN) ? EV_READ : 0;
		events |= (what & CURL_POLL_OUT) ? EV_WRITE : 0;
		watch = mem_must(event_new(http->base, fd, events, on_socket, http));
		event_add(watch, NULL);
	}
	curl_multi_assign(http->multi, fd, watch);
	return 0;
}

// 3. A transfer ends

static void detach(struct transfer *t)
{
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	if (t->wait)
		event_free(t->wait);
	else
		curl_multi_remove_handle(t->http->multi, t->easy);
}

// Delivers the one callback; the transfer is out of the list before, so that nothing comes twice.
static void finish(struct transfer *t, CURLcode code, bool cancelled)
{
	struct http_answer answer = transfer_answer(t, code, cancelled);

	detach(t);
	t->on_answer(t->arg, &answer);
	transfer_free(t); // only now: the answer borrowed header texts from it
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
		if (code == CURLE_OK && transfer_redirect(t)) {
			curl_multi_remove_handle(http->multi, t->easy);
			curl_multi_add_handle(http->multi, t->easy);
		} else {
			finish(t, code, false);
		}
	}
}

void http_cancel_all(struct http *http)
{
	while (http->transfers)
		finish(http->transfers, CURLE_OK, true);
}

struct str http_library(void)
{
	return str_of(curl_version_info(CURLVERSION_NOW)->version);
}

// 4. Life

struct http *http_new(struct event_base *base)
{
	struct http *http = mem_alloc(sizeof(*http));

	curl_global_init(CURL_GLOBAL_DEFAULT);
	http->base = base;
	http->multi = mem_must(curl_multi_init());
	http->timer = mem_must(event_new(base, -1, 0, on_timeout, http));
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wish);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)MOST_CONNECTIONS);
	// Else libcurl keeps four times as many as there are requests, which is none between cycles.
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)MOST_IDLE);
	return http;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	for (struct transfer *t; (t = http->transfers);) {
		detach(t);
		transfer_free(t);
	}
	// While it dies, curl may still call for sockets and the timer: both must be there.
	curl_multi_cleanup(http->multi);
	event_free(http->timer);
	free(http);
	curl_global_cleanup();
}
