// SPDX-License-Identifier: Apache-2.0
// Cycles of a source that speaks to an EMQX, with a broker that answers anything, and what holds for each of them. For
// the targets `emqx` and `clients`, whose inputs are answers behind lines %%:
//
//	200 0                           status (0: no answer), and which of the open requests gets it
//	{"data":[{"id":"r1"}]}          the answer's body
//	%%
//	cycle 60                        the next cycle begins, so many seconds later
#pragma once

#include "fuzz.h"
#include "source/emqx.h"

#define SOURCE_RUN_BASE "http://broker:18083"

// One ask, and what became of it.
struct part {
	struct part *next;
	const struct source_ask *ask;
	struct source_take take;
	enum source_verdict verdict;
	struct err err;
	char *body; // owned; the set may borrow from it
	bool is_settled;
};

struct source_run {
	struct str rest; // of the input
	size_t size;	 // of the input
	struct arena arena;
	struct source_conf conf;  // own begins as that of emqx does,
	struct emqx_state *state; // and so does the type's state
	struct source_account places[2];
	struct source_accounts accounts;
	struct source_turn turn;
	bool wants_cluster, is_quiet; // is_quiet: nothing of the cycle is pushed
	struct table *table;
	bool table_of_all;
	int64_t now_ns;
	struct part *parts, **last;
	size_t n_parts;
};

// Checks the settings as the type does. False: they would never get any further.
bool source_run_check(struct source_run *run);
// The source asks, as if it had this state.
void source_run_ask(struct source_run *run, struct emqx_state *state);
// A cycle begins.
void source_run_begin(struct source_run *run);
// Gives answers up to an item of the input that is none, such as "cycle 60", and takes that. False: there is none.
bool source_run_next(struct source_run *run, struct str *line, struct str *body);
// Takes a number of at most four digits off the front of a line.
unsigned source_run_number(struct str *line);
// Fails what is open, and sums up. Returns what the source added; all sets are checked.
struct metric_set *source_run_conclude(struct source_run *run);
// Checks the body that an agent would make of it.
void source_run_check_body(struct source_run *run, struct metric_set *own_set);
void source_run_end(struct source_run *run);
