// SPDX-License-Identifier: Apache-2.0
// What a source is: it asks for requests and takes answers. Plain functions from values to values, no
// I/O. A new source is one file here, one constant below, and one row in source.c.
#pragma once

#include "base/arena.h"
#include "metric/metric.h"
#include "metric/read.h"
#include "net/request.h"

struct source_type;

// A configured source; owned by the configuration.
struct source_conf {
	struct str name, type_name;
	const struct source_type *type;
	struct http_conf http;
	struct pair_list labels; // to add to every sample, the configuration's own included
	struct str job_name;	 // template; empty: the sink's
	void *own;		 // of the type's conf_size
};

// One request of a cycle.
struct source_ask {
	struct str
		endpoint; // as in the label `endpoint`; empty: not one of the pages, only a question
	struct http_request request;
	bool by_default; // no setting names this endpoint, so a broker without it is no failure
};

// What an answer gave.
struct source_take {
	struct metric_set
		*set; // empty; filled by source_take_page, borrowing from the answer's body
	struct read_report report;
	struct str node; // the broker's node name, where the answer told it; lives in set->arena
};

struct source_type {
	struct str name;
	struct setting_table settings; // of own
	size_t conf_size;
	struct str job_name; // default template
	struct str
		default_path; // that a complete URL gets when it has none; empty: the URL is a base
	bool has_node; // it can supply ${name}, ${host}, ${node}, and ${cluster_name} by setting

	// Checks its own settings. NULL: there is nothing to check.
	void (*check)(const struct source_conf *conf, const struct setting_faults *faults);
	// What the configuration tells of the node's and the cluster's name; empty: nothing. NULL without
	// has_node.
	void (*identify)(
		const struct source_conf *conf, struct str *node, struct str *cluster_name);
	// The shortest deadline, in ms, under which its requests make sense. NULL: any.
	int64_t (*needs_ms)(const struct source_conf *conf);
	// The requests of a cycle, in the arena; want_node: also one that tells the node's name.
	// Returns how many.
	size_t (*ask)(const struct source_conf *conf, bool want_node, struct arena *arena,
		struct source_ask **asks);
	// Reads an answer. False: err says why there is nothing in it.
	bool (*take)(const struct source_conf *conf, const struct source_ask *ask,
		const struct http_answer *answer, struct source_take *take, struct err *err);
};

extern const struct source_type source_emqx;
extern const struct source_type source_prometheus;

// NULL: there is no such type.
const struct source_type *source_find_type(struct str name);
// "emqx, prometheus", for messages.
const char *source_type_names(void);

// What every take of a page of exposition text does: status, content type, text.
bool source_take_page(const struct http_answer *answer, struct source_take *take, struct err *err);

// A base URL and a path, with one slash between them; lives in the arena.
struct str source_url(struct arena *arena, struct str base, const char *path);
