// SPDX-License-Identifier: Apache-2.0
// What a sink is: it encodes a body into a request and judges the answer. Plain functions, no I/O. A
// new sink is one file here, one constant below, and one row in sink.c.
#pragma once

#include "base/arena.h"
#include "metric/key.h"
#include "net/request.h"
#include "transform/conf.h"

struct sink_type;

// A configured sink; owned by the configuration.
struct sink_conf {
	struct str name, type_name;
	const struct sink_type *type;
	struct http_conf http;
	struct str job_name; // template; empty: the source type's default
	struct rules_conf rules_conf;
	struct rules *rules; // owned by the configuration; NULL: none
	size_t every;	     // it gets a push in every Nth cycle of the timer
	void *own;	     // of the type's conf_size
};

// What a sink has shown of itself since the start; kept by the agent between cycles.
struct sink_state {
	bool is_remote;	  // its last answer came from another machine
	bool wants_plain; // it did not understand a packed body
};

enum sink_verdict {
	SINK_ACCEPTED,
	SINK_REFUSED,
	SINK_RESEND_PLAIN, // the same once more, not packed
};

struct sink_type {
	struct str name;
	struct setting_table settings; // of own
	size_t conf_size;
	// Checks its own settings. NULL: there is nothing to check.
	void (*check)(const struct sink_conf *conf, const struct setting_faults *faults);
	// Whether a push takes the place of all that its group had.
	bool (*replaces)(const struct sink_conf *conf);
	// The request that puts a body (exposition text) into the key's group; lives in the arena, the
	// body is borrowed.
	struct http_request (*encode)(const struct sink_conf *conf, const struct sink_state *state,
		struct key key, struct str body, struct arena *arena);
	// Whether the sink took the request. SINK_REFUSED: err says why, and what to do where that is
	// known.
	enum sink_verdict (*judge)(const struct sink_conf *conf, const struct http_request *request,
		const struct http_answer *answer, struct err *err);
};

extern const struct sink_type sink_pushgateway;

// NULL: there is no such type.
const struct sink_type *sink_find_type(struct str name);
// "pushgateway", for messages.
const char *sink_type_names(void);
