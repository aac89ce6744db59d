// SPDX-License-Identifier: Apache-2.0
// What a source is: it asks for requests and takes answers. Plain functions from values to values, no
// I/O: the agent carries the requests out and tells the time. A new source is one file here, one
// constant below, and one row in source.c.
#pragma once

#include "base/arena.h"
#include "base/table.h"
#include "metric/label.h"
#include "metric/metric.h"
#include "metric/read.h"
#include "net/request.h"
#include "transform/conf.h"

struct source_type;

// A configured source; owned by the configuration.
struct source_conf {
	struct str name, type_name;
	const struct source_type *type;
	struct http_conf http;
	struct pair_list labels;  // to add to every sample, the configuration's own included
	bool honor_labels;	  // a sample's own label stands, not that of `labels`
	struct label_extra added; // what comes of the two
	struct rules_conf rules_conf;
	struct rules *rules; // owned by the configuration; NULL: none
	struct limits_conf limits;
	int runtime_families; // enum runtime_families
	struct str job_name;  // template; empty: the sink's
	void *own;	      // of the type's conf_size
};

// Asking

// One request of a cycle, or what is known without one. An endpoint, which is what people see in metrics
// and logs, may take several requests: pages of a list, a second way to the same statistics.
struct source_ask {
	struct source_ask *next;
	struct str endpoint; // as in the label `endpoint`
	struct http_request request;
	bool is_question; // not for metrics, but for something the source must know (a name, a token)
	bool is_optional; // what it asks for is not needed: a failure is nobody's loss
	bool by_default; // no setting names this endpoint, so a broker without it (404) is no failure
	// Instead of a request: this is what became of it.
	struct err err;
	bool unavailable; // the broker does not have this endpoint; err says how that is known
	// The peer lets such a request through only once in this time. Between, its last answer is taken
	// again. 0: it does not care.
	int64_t pause_ms;
	bool pause_is_shared; // by all requests to this URL that have it set
	// For the type's own use.
	const void *part;
	struct str object;
	unsigned page, marks;
	void *carried; // from page to page of a list; lives in the arena
};

// An account that sources log in with; several may share one, and a broker that refuses it too often locks it.
struct source_account {
	uint64_t id;	    // fingerprint of the user; 0: free
	unsigned n_refused; // logins of late that were refused, by whatever broker
	unsigned n_pending; // logins under way
	int64_t refused_ns; // monotonic time of the last refusal
};

// All accounts of an agent.
struct source_accounts {
	struct source_account *items;
	size_t n; // at least as many as sources
};

// The account of this id, made or found.
struct source_account *source_account(struct source_accounts *accounts, uint64_t id);

// A source's part in one cycle, as its type sees it.
struct source_turn {
	const struct source_conf *conf;
	void *state;			  // of the type's state_size, zeroed before the first cycle
	struct source_accounts *accounts; // shared by all sources of the agent
	struct arena *arena;		  // of the cycle
	int64_t now_ns;			  // monotonic, at the time of the call
	int64_t wall_ns;		  // since 1970-01-01 UTC
	int64_t collect_ms;		  // how long collecting may take
	bool wants_node;		  // a grouping key needs the node's name,
	bool wants_cluster;		  // the cluster's
	bool is_pushed;	     // what it tells goes to some sink, not only into its memory
	struct table *table; // rows for people are wanted; NULL: nobody reads them
	bool table_of_all;   // also of what nobody watches
	struct source_warning *warnings; // see source_warn
	struct source_ask *asks, **last; // those not started yet; see source_add_ask
};

// Adds a request, zeroed but for its endpoint, to those of this turn; lives in the arena. Those added by
// `ask` and `take` are started at once.
struct source_ask *source_add_ask(struct source_turn *turn, struct str endpoint);

// Something is not as people want it, though nothing failed. The log tells when that begins and when it ends.
struct source_warning {
	struct source_warning *next;
	const char *text;   // what, and what to do; static: it stands for the warning
	uint64_t n;	    // how many are concerned
	struct str example; // the name of one of them; empty: there is none to name
};

// Warns of n things in this cycle, unless n is 0; example lives in the arena.
void source_warn(struct source_turn *turn, const char *text, uint64_t n, struct str example);

// Taking

// What an answer gave.
struct source_take {
	struct metric_set *set; // empty at first; may borrow from the answer's body,
	bool is_copied;		// unless this says that nothing does, so that the body goes at once
	struct read_report report;
	size_t n_bytes_before; // of earlier answers, whose samples came along to this one's set
	size_t n_nodes;	       // of the cluster, that the answer told about; 0: that is not counted
	bool is_failure;       // a 404, but no sign that the broker lacks the endpoint
	struct str missing;    // names of known nodes that it should have told about; empty: none
};

enum source_verdict {
	SOURCE_DELIVERED,   // the set has what the answer told; of a question: it was answered
	SOURCE_FAILED,	    // err says why
	SOURCE_FELL_BACK,   // err says why, and other requests for the same endpoint were added
	SOURCE_ASKED_AGAIN, // no outcome: another request for the same endpoint takes its place
};

// One request that has had its answer.
struct source_part {
	const struct source_ask *ask;
	struct source_take *take;
	bool delivered;
};

// When a saved line is from.
struct source_past {
	int64_t saved_ns;	 // wall time of saving, ns since 1970-01-01 UTC
	int64_t wall_ns, now_ns; // now, wall and monotonic time
};

struct source_type {
	struct str name;
	struct setting_table settings; // of own
	size_t conf_size, state_size;
	struct str job_name; // default template
	struct str
		default_path; // that a complete URL gets when it has none; empty: the URL is a base
	bool reads_any_page;  // of any program, with what runtimes put there
	bool has_node;	      // it can supply ${name}, ${host}, ${node} and ${cluster_name}

	// Checks its own settings. NULL: there is nothing to check.
	void (*check)(const struct source_conf *conf, const struct setting_faults *faults);
	// The secret of its settings group `login`. NULL: it has none.
	struct secret *(*login_secret)(const struct source_conf *conf);
	// The node's and the cluster's name, by configuration or as the broker told them; empty: unknown.
	// state is NULL before the first cycle. NULL without has_node.
	void (*identify)(const struct source_conf *conf, const void *state, struct str *node,
		struct str *cluster_name);
	// The shortest deadline, in ms, under which its requests make sense. NULL: any.
	int64_t (*needs_ms)(const struct source_conf *conf);
	// Adds the first requests of a cycle.
	void (*ask)(struct source_turn *turn);
	// Reads an answer; comes exactly once for each ask without an err of its own, whatever became of
	// the request.
	enum source_verdict (*take)(struct source_turn *turn, const struct source_ask *ask,
		const struct http_answer *answer, struct source_take *take, struct err *err);
	// After the last answer: adds what the source knows by itself to an empty set, and may take
	// families out of the parts' sets. NULL: nothing.
	void (*conclude)(struct source_turn *turn, const struct source_part *parts, size_t n_parts,
		struct metric_set *own);
	// What the rows of turn->table are made of. NULL: it has none.
	const struct table_column *columns;
	size_t n_columns;
	// Whether it learns from cycles between pushes, and so is asked in each.
	bool watches;
	// Appends what must outlive the agent, each line one object of JSON. NULL: nothing must.
	void (*save)(const struct source_conf *conf, const void *state, struct buf *lines);
	// Takes one such line back, before the first cycle. False: err says why the line is none of its own; what
	// came before stays.
	bool (*load)(const struct source_conf *conf, void *state, struct str line,
		const struct source_past *past, struct err *err);
	// Frees what the state owns, not the state. NULL: nothing.
	void (*free_state)(void *state);
};

extern const struct source_type source_emqx;
extern const struct source_type source_emqx_clients;
extern const struct source_type source_emqx_cloud;
extern const struct source_type source_json;
extern const struct source_type source_prometheus;

// NULL: there is no such type.
const struct source_type *source_find_type(struct str name);
// "emqx, emqx_clients, ...", for messages.
const char *source_type_names(void);
// The same of those that have tables; empty: none has.
struct str source_table_type_names(struct arena *arena);

// What every take of a page of exposition text does: status, content type, text. options as in read_page.
bool source_take_page(const struct http_answer *answer, const struct read_options *options,
	struct source_take *take, struct err *err);

// A base URL and a path, with one slash between them; lives in the arena.
struct str source_url(struct arena *arena, struct str base, const char *path);
