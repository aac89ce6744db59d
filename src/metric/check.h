// SPDX-License-Identifier: Apache-2.0
// What makes a body valid before it leaves: the intersection of what the Pushgateway's parser and
// consistency check, Prometheus and VictoriaMetrics take. Sets of several endpoints and sources become
// one; what cannot be repaired is left out, sample by sample or family by family, and reported.
//
// Used once per group: check_new, check_add for each set in configuration order, check_finish, then
// check_add for the agent's own metrics. Everything lives in the arena.
#pragma once

#include "metric/label.h"
#include "metric/metric.h"
#include "metric/repair.h"

// A family that was left out.
struct quarantine {
	struct quarantine *next;
	struct str family;
	struct str why;
};

// What was found about one source, by its index.
struct check_source {
	struct str name;	  // for messages; set by the caller
	struct label_extra added; // to its samples that are not complete; set by the caller
	struct repairs repairs;
	struct quarantine *quarantined, *last_quarantined; // in the order of detection
	size_t n_quarantined;
	struct str
		left_out; // by a sink's rules: which rule, and the metric of the first sample; empty: none
	struct str
		duplicate; // the first series that came twice, from where, and what to do; empty: none
	struct str
		shape; // the first histogram or summary with samples of no use, or too few; empty: none
};

struct check {
	struct arena *arena;
	struct metric_set *set;	     // the result
	const struct str *key_names; // names of the grouping key's labels, `job` included; borrowed
	size_t n_key_names;
	uint64_t key_bits;
	struct check_source *sources; // borrowed; indexed by sample.source
	bool finished;
	struct label_list labels; // scratch
};

struct check check_new(struct arena *arena, const struct str *key_names, size_t n_key_names,
	struct check_source *sources);

// Takes over all samples of a set, as those of one source: adds its labels, renames labels that bear
// the name of a grouping label, leaves out lines too long, merges families by name. The set
// is used up, its samples are changed.
void check_add(struct check *check, struct metric_set *set, uint16_t source);

// After the last source: the shape of histograms and summaries, duplicate series.
void check_finish(struct check *check);

// Why no source may send a family of this name, which is legal; empty: it may. The agent has its own, and a gateway.
struct str check_refuse_name(struct str name);

// Takes a family's samples out of the result and reports it with its source; why lives in the arena.
void check_quarantine(struct check *check, struct family *family, uint16_t source, struct str why);
