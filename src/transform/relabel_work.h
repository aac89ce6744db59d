// SPDX-License-Identifier: Apache-2.0
// What the files share that apply relabelling rules to a set: relabel_set has the samples, relabel_names what the name
// alone decides. Not for others.
#pragma once

#include "transform/relabel_memory.h"

// What rules make of the samples of a family that have the same suffix, as far as the name tells.
struct relabel_kind {
	bool is_known, is_dropped, is_undecided;
	struct str old_name, name; // with the suffix
	struct relabel_trace trace;
	// Where they go, found when the first of them does; home NULL: their name is not legal.
	bool is_settled;
	struct family *home;
	enum sample_suffix suffix;
};

// Rules at work on a set.
struct relabel_work {
	struct relabel *rules;
	size_t n_rules;
	struct rules_run *run;
	const struct label_extra *added;
	struct repairs *repairs;
	uint64_t *touched;
	struct metric_set *moved; // families with new names
	struct relabel_series series;
	struct family *family; // at work on it
	struct relabel_kind kinds[N_SUFFIXES];
	bool names_stand_alone; // no rule hangs on a name and on labels at once
	// A labelmap may make a name of a label, which hardly any page has: then what the name decides does not hold.
	bool labels_may_name;
	bool looks_at_labels; // some rule does, whatever the name is
	// When the set was begun, and when anybody last looked at that clock, which is a slow one.
	int64_t start_cpu_ns, looked_ns;
	bool is_over;	      // the rules have taken too long
	size_t gave_up;	      // index of the rule that was the last to look at a series
	uint64_t added_names; // bits of the labels that are added
	struct relabel_memory memory;
};

// Finds out what the outcomes of the rules hang on; rules and n_rules are set.
void relabel_look_at_rules(struct relabel_work *work);
// After what may have taken long.
void relabel_look_at_clock(struct relabel_work *work);
// What is known of the family's samples with this suffix; kinds are zeroed before each family.
struct relabel_kind *relabel_kind_of(struct relabel_work *work, enum sample_suffix suffix);
// Finds or makes the family that a kind's samples go to.
void relabel_settle_home(
	struct relabel_work *work, struct relabel_kind *kind, enum sample_suffix suffix);
