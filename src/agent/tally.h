// SPDX-License-Identifier: Apache-2.0
// What outlives a cycle: totals, last times, and what the log has said already. Changed by the outcomes
// of a cycle in two places only: tally_add_scrapes and tally_add_pushes.
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

struct source_tally {
	struct buf node; // the name that the broker told last; owned
	uint64_t n_scrapes;
	uint64_t n_failures[N_ERR_KINDS];
	struct repairs repairs;
	int64_t last_success_ns; // wall time; 0: never
	struct outage outage;
	struct outage *endpoints; // owned; by index of the request
	size_t n_endpoints;
	uint64_t quarantined; // fingerprint of the families reported last
};

struct sink_tally {
	struct sink_state state;
	uint64_t n_pushes, n_bytes;
	uint64_t n_failures[N_ERR_KINDS];
	double last_seconds;	 // of its slowest push in the cycle before; negative: none yet
	int64_t last_success_ns; // wall time; 0: never
	struct outage *groups;	 // owned; by index of the first source
};

struct tally {
	struct source_tally *sources;
	size_t n_sources;
	struct sink_tally *sinks;
	size_t n_sinks;
	uint64_t n_skipped; // ticks that came during a cycle
};

struct tally *tally_new(const struct config *config);
// Takes NULL.
void tally_free(struct tally *tally);

// The last known name of a source's node; empty: it never told.
struct str tally_node(const struct tally *tally, size_t source);
// The run of failures of a source's request, by its index.
struct outage *tally_endpoint(struct tally *tally, size_t source, size_t index);
// Takes a Retry-After of this many seconds to heart, or of 0 forgets one.
void outage_wait(struct outage *outage, int64_t seconds);
// Whether the peer wants to be left alone now; err then says so, with ERR_SKIPPED.
bool outage_is_waiting(const struct outage *outage, struct err *err);

// After collecting: counts the cycle's scrapes.
void tally_add_scrapes(struct tally *tally, const struct cycle *cycle);
// After checking: counts the cycle's repairs, which the bodies then tell.
void tally_add_repairs(struct tally *tally, const struct cycle *cycle);
// After pushing.
void tally_add_pushes(struct tally *tally, const struct cycle *cycle);
