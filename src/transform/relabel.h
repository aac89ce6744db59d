// SPDX-License-Identifier: Apache-2.0
// Relabelling as Prometheus does it (metric_relabel_configs; model/relabel of Prometheus 2.42): each rule
// looks at one series, its name in the label __name__, and changes or drops it. A part of transform/rules; not
// for others.
#pragma once

#include "base/buf.h"
#include "base/pattern.h"
#include "transform/rules.h"

enum relabel_action {
	RELABEL_REPLACE,
	RELABEL_KEEP,
	RELABEL_DROP,
	RELABEL_KEEPEQUAL,
	RELABEL_DROPEQUAL,
	RELABEL_HASHMOD,
	RELABEL_LABELMAP,
	RELABEL_LABELDROP,
	RELABEL_LABELKEEP,
	RELABEL_LOWERCASE,
	RELABEL_UPPERCASE,
	N_RELABEL_ACTIONS,
};

extern const struct str relabel_actions[N_RELABEL_ACTIONS];

// One rule as configured.
struct relabel_conf {
	struct str_list source_labels;
	struct str separator, regex, target_label, replacement;
	int action; // enum relabel_action
	size_t modulus;
};

enum { N_RELABEL_ROWS = 7 };
extern const struct setting relabel_rows[N_RELABEL_ROWS];

// What the outcome of a rule hangs on.
enum relabel_reads {
	READS_NOTHING, // it has no source_labels
	READS_NAME,    // __name__ alone
	READS_LABELS,  // labels, or their names
	READS_BOTH,
};

// A text that was matched last, and what came of it. Neighbours in a page are often alike.
enum { RELABEL_REMEMBERED = 128 };

struct relabel_memo {
	char text[RELABEL_REMEMBERED];
	size_t len;
	bool is_set;
	enum pattern_verdict verdict;
};

// One rule ready for use.
struct relabel {
	const struct relabel_conf *conf; // borrowed
	struct pattern *pattern;	 // owned; NULL: the regex has a fault
	enum relabel_reads reads;
	bool is_about_labels; // labelmap, labeldrop, labelkeep: by the names of labels
	bool may_write_name;  // its target may be __name__; or, a labelmap, it reads the name
	bool may_map_to_name; // a labelmap for which that hangs on the labels
	struct relabel_memo memo;
};

// Checks element i of metric_relabel_configs, as Prometheus does, and reports faults; and a reference to a group that
// the regex does not have is one here.
void relabel_compile(struct relabel *rule, const struct relabel_conf *conf, size_t i,
	const struct setting_faults *faults);
void relabel_free(struct relabel *rule);

// A series while rules work on it.
struct relabel_series {
	struct str name; // of the sample, suffix included; raw; empty: none
	struct label_list labels;
	struct label_list sorted; // for labelmap
	bool is_named_by_label;	  // a labelmap has made a label its name
	// For the rules' own use: scratch, and texts that name and labels borrow, until the next series.
	struct buf joined, expanded, target, escaped;
	size_t n_kept;
	char kept[4096];
	struct arena more; // what has no room there
};

// Makes it ready for the next series; only what is set then stands. Starts zeroed but for the buffers.
void relabel_begin(struct relabel_series *series, struct str name);

// What rules make of a name, whatever the labels are.
struct relabel_trace {
	uint64_t id;	    // stands for what each rule so far would write into labels
	size_t n_rules;	    // so far
	bool writes_labels; // one of them writes a label, if it is only a constant
};

enum relabel_verdict {
	RELABEL_SAME,
	RELABEL_CHANGED,
	RELABEL_DROPPED,
	RELABEL_GAVE_UP, // nobody knows what the rule would do
};

// Applies one rule; in transform/relabel_series.c, as the next.
enum relabel_verdict relabel_apply(struct relabel *rule, struct relabel_series *series);
// The same for a series without labels, as far as the outcome hangs on the name alone; rules that look at labels do
// nothing.
enum relabel_verdict relabel_apply_to_name(
	struct relabel *rule, struct relabel_series *series, struct relabel_trace *trace);

// Applies n rules to a set; in transform/relabel_set.c. touched: by rule, may be NULL.
bool relabel_set(struct relabel *rules, size_t n, struct rules_run *run, struct metric_set *set,
	const struct label_extra *added, struct repairs *repairs, uint64_t *touched,
	struct err *err);
