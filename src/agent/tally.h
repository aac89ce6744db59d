// SPDX-License-Identifier: Apache-2.0
// What outlives a cycle: totals, last times, what sources remember, whom to leave alone until when, and what
// the log has said already. Totals are changed by the outcomes of a cycle only, in tally_add_*.
#pragma once

#include "agent/cycle.h"

// A run of failures: of one endpoint, source, or group at a sink.
struct outage {
	enum err_kind kind;  // of the last cycle; ERR_NONE: all is well
	int status;	     // of the HTTP answer then; 0: none
	uint64_t n_failures; // in a row
	int64_t since_ns;    // monotonic time of the first of them
	int64_t not_before_ns; // the peer asked to be left alone until then (Retry-After); 0: it did not
	bool reported;
};

// What is known of one endpoint of a source.
struct endpoint_tally {
	struct endpoint_tally *next;
	struct buf name; // owned, as all below
	struct outage outage;
	struct outage text;   // of its text page, while JSON stands in for it
	int64_t asked_ns;     // monotonic time of the last answer to a request with a pause
	int64_t free_ns;      // when the peer will let the next one through; 0: at any time
	struct buf kept;      // the answer to that; empty: there was none, or a bad one
	struct buf kept_type; // its Content-Type
	int64_t kept_ns;      // monotonic time of that answer
};

struct source_tally {
	void *state; // of the type's state_size; owned
	uint64_t n_scrapes;
	uint64_t n_failures[N_ERR_KINDS];
	struct repairs repairs;
	int64_t last_success_ns; // wall time; 0: never
	struct outage outage;
	struct endpoint_tally *endpoints; // owned
	const char *warned[8];		  // texts of the warnings that were logged and still hold
	uint64_t missing;		  // fingerprint of the missing nodes reported last
	uint64_t quarantined;		  // fingerprint of the families reported last
};

// A peer that lets some requests through only once in a while, whichever source they come from.
struct limiter {
	struct limiter *next;
	struct buf url;	 // without a slash at its end; owned
	bool is_busy;	 // one is under way
	int64_t free_ns; // monotonic time at which it will let the next one through
};

struct sink_tally {
	struct sink_state state;
	uint64_t n_pushes, n_bytes;
	uint64_t n_failures[N_ERR_KINDS];
	double last_seconds;	 // of its slowest push in its last cycle; negative: there was none
	int64_t last_success_ns; // wall time; 0: never
	struct outage *groups;	 // owned; by index of the first source
};

struct tally {
	const struct config *config; // borrowed
	struct source_tally *sources;
	size_t n_sources;
	struct sink_tally *sinks;
	size_t n_sinks;
	struct limiter *limiters;	 // owned
	struct source_accounts accounts; // owned
	uint64_t n_skipped;		 // ticks that came during a cycle, and had something to do
};

struct tally *tally_new(const struct config *config);
// Takes NULL.
void tally_free(struct tally *tally);

// What is known of a source's endpoint; made at its first mention, valid until tally_free.
struct endpoint_tally *tally_endpoint(struct tally *tally, size_t source, struct str name);
// The limiter of a peer, by its URL; made at its first mention, valid until tally_free.
struct limiter *tally_limiter(struct tally *tally, struct str url);

// How many seconds an answer wants to be waited for: only with 429 and 503 does Retry-After mean what it
// says, since EMQX sends it with a healthy /status too.
int64_t tally_wait_of(const struct http_answer *answer);
// Takes a Retry-After of this many seconds to heart; 0: there was none, which changes nothing.
void outage_wait(struct outage *outage, int64_t seconds);
// Whether the peer wants to be left alone now; err then says so, with ERR_SKIPPED.
bool outage_is_waiting(const struct outage *outage, struct err *err);

// After collecting: counts the cycle's scrapes.
void tally_add_scrapes(struct tally *tally, const struct cycle *cycle);
// After checking: counts the cycle's repairs, which the bodies then tell.
void tally_add_repairs(struct tally *tally, const struct cycle *cycle);
// After pushing.
void tally_add_pushes(struct tally *tally, const struct cycle *cycle);
