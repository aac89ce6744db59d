// SPDX-License-Identifier: Apache-2.0
// One cycle from tick to report: what follows what. It is the unit of time, of memory (one arena) and
// of failure (one outcome per request).
#pragma once

#include "agent/selection.h"
#include "metric/check.h"
#include "net/http.h"
#include "transform/rules.h"

struct tally;
struct state_file;
struct cycle;

// What a cycle works with; borrowed, and longer-lived than the cycle.
struct cycle_env {
	const struct config *config;
	struct selection selection; // of the cycle; without a sink it pushes nowhere
	struct tally *tally;
	struct state_file *state_file; // NULL: what sources remember is not saved
	struct http *http;
	bool push;	// false: stop before the first push
	bool shows;	// sources are wanted to fill their tables,
	bool shows_all; // also with what nobody watches
	bool explains;	// what each rule touches is counted
	bool is_daemon; // false: leave out self-metrics that would look like resets
};

// One request of a source, and its outcome.
struct scrape {
	struct scrape *next; // of the run, in the order of asking
	struct cycle *cycle;
	struct source_run *run;
	const struct source_ask *ask;
	bool started;	 // its request has gone out, or it has its outcome without one
	struct buf body; // owned by the cycle; the set borrows from it
	struct source_take take;
	enum source_verdict verdict;
	struct err err;	  // of SOURCE_FAILED and SOURCE_FELL_BACK
	bool unavailable; // the broker does not have this, and nobody insisted on it
	int status;	  // of the answer; 0: none
	double seconds;	  // until its end, since collecting began
	double age_s;	  // of an answer that was taken again; 0: it is a new one
	size_t n_bytes;
};

// What became of an endpoint: the outcomes of its requests together.
struct endpoint {
	struct endpoint *next;
	struct str name;
	bool is_question;    // not for metrics
	bool is_optional;    // its failure is nobody's loss
	bool by_default;     // nobody named it
	bool has_pause;	     // it is not asked in every cycle
	bool delivered;	     // something came
	bool unavailable;    // the broker does not have it; err says how that is known
	bool fell_back;	     // its text page failed, and JSON stood in for it
	struct err err;	     // the first failure; ERR_NONE: all is well
	int status;	     // of that answer
	struct str url;	     // of that request
	struct err text_err; // why it fell back
	int text_status;
	struct str text_url;
	double age_s; // of its values; 0: they are new
	size_t n_nodes;
	struct str missing; // as in source_take
};

// One source in this cycle.
struct source_run {
	size_t index; // of the configuration
	const struct source_conf *conf;
	struct source_turn turn;
	struct scrape *scrapes, **last, **unstarted; // the first that is not started, or the end
	struct endpoint *endpoints;		     // in the order of asking
	struct metric_set *own; // what the source knows by itself; NULL: nothing
	struct rules_run *rules_run;
	bool up;	// at least one endpoint delivered
	double seconds; // until its last answer
	size_t n_bytes, n_samples;
	struct repairs repairs;	     // of reading, and of the first body it was checked for
	struct check_source checked; // by that body
};

// A body, shared by all pushes of one key and the same sources.
struct group {
	struct group *next;
	struct key key;
	size_t *sources; // indices into the cycle's runs, ascending
	size_t n_sources;
	size_t sink; // index of the first sink that gets it; its rules are those of all
	struct rules_run *rules_run;
	bool tells_apart; // runtime families of several sources meet in it
	struct err err;	  // why there is no body
	struct check check;
	struct buf body; // owned by the cycle
	bool has_source_samples;
};

// A group on its way to one sink, and the outcome.
struct push {
	struct push *next;
	struct cycle *cycle;
	size_t sink;	     // index of the configuration
	struct group *group; // NULL: there is no key
	size_t leader;	     // index of the run that was first in it; names it in the tally
	struct http_request request;
	struct err err; // ERR_NONE: accepted
	int status;	// of the answer; 0: none
	bool accepted;
	double seconds;
};

struct cycle {
	struct arena arena;
	const struct cycle_env *env;
	struct source_run *runs; // the selected sources in configuration order
	size_t n_runs;
	struct group *groups;
	struct push *pushes;
	size_t n_pending;					 // requests in flight
	int64_t start_ns, collect_deadline_ns, push_deadline_ns; // monotonic
	bool starting, pushing, stopped;
	void (*on_done)(void *arg, struct cycle *cycle);
	void *arg;
};

// A cycle that has not started; never NULL. on_done comes once, at its end; the owner then frees it.
struct cycle *cycle_new(
	const struct cycle_env *env, void (*on_done)(void *arg, struct cycle *cycle), void *arg);
// Asks the sources; all else follows from the event loop. Where there is nobody to ask and nowhere to push
// at the moment, on_done comes from inside.
void cycle_start(struct cycle *cycle);
// All sources have what they will get; for agent/collect.
void cycle_collected(struct cycle *cycle);
// Ends it early: nothing new is started. Collecting ends at once; pushes in flight go on until they are
// answered, or until http_cancel_all. on_done comes in any case.
void cycle_stop(struct cycle *cycle);
// Whether a peer refused the credentials: they may have changed in their files.
bool cycle_was_refused(const struct cycle *cycle);
void cycle_free(struct cycle *cycle);
