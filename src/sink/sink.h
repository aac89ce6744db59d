// SPDX-License-Identifier: Apache-2.0
// What a sink is: it encodes a body into a request and judges the answer. Plain functions, no I/O. A
// new sink is one file here, one constant below, and one row in sink.c.
#pragma once

#include "base/arena.h"
#include "metric/key.h"
#include "net/request.h"

struct sink_type;

// A configured sink; owned by the configuration.
struct sink_conf {
	struct str name, type_name;
	const struct sink_type *type;
	struct http_conf http;
	struct str job_name; // template; empty: the source type's default
	void *own;	     // of the type's conf_size
};

struct sink_type {
	struct str name;
	struct setting_table settings; // of own
	size_t conf_size;
	// Checks its own settings. NULL: there is nothing to check.
	void (*check)(const struct sink_conf *conf, const struct setting_faults *faults);
	// The request that puts a body (exposition text) into the key's group; lives in the arena.
	struct http_request (*encode)(
		const struct sink_conf *conf, struct key key, struct str body, struct arena *arena);
	// Whether the sink took it. False: err says why not, and what to do where that is known.
	bool (*judge)(
		const struct sink_conf *conf, const struct http_answer *answer, struct err *err);
};

extern const struct sink_type sink_pushgateway;

// NULL: there is no such type.
const struct sink_type *sink_find_type(struct str name);
// "pushgateway", for messages.
const char *sink_type_names(void);
