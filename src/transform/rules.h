// SPDX-License-Identifier: Apache-2.0
// Rules: what a configuration wants done to families and series between a source and a sink. The kinds, in
// the order in which they come:
//
//	include, exclude, rename, prefix   whole families, by name    transform/families
//	metric_relabel_configs             series, as in Prometheus   transform/relabel
//
// A new kind is a file here, its rows in rules_settings (rules.c), and a line in rules_new.
#pragma once

#include "base/err.h"
#include "metric/label.h"
#include "metric/metric.h"
#include "metric/repair.h"
#include "transform/conf.h"

// Rules ready for use.
struct rules;

// Checks what is configured, which is borrowed, and reports faults. NULL: there are no rules, or none that could
// be used. The caller owns it.
struct rules *rules_new(const struct rules_conf *conf, const struct setting_faults *faults);
// Takes NULL.
void rules_free(struct rules *rules);
// Whether two configurations do the same.
bool rules_equal(const struct rules_conf *a, const struct rules_conf *b);

// One use of rules, on what one source delivered or what goes to one sink.
struct rules_run {
	struct rules *rules;
	struct arena *arena;
	bool of_sink; // they are a sink's
	uint64_t *
		touched; // by rule: how many series it changed, moved or dropped; NULL: nobody asks
	uint64_t n_series, n_left; // that came in, that went out
	int64_t spent_ns;	   // of processor time, by rules for single series
	uint64_t added;		   // fingerprint of the labels that are added to what they work on
	struct str
		left_out; // by which rule a sample was left out first, and of which metric; empty: none
};

// explains: touched is wanted, which takes longer. The run lives in the arena; rules may be NULL.
struct rules_run *rules_run_new(
	struct rules *rules, struct arena *arena, bool of_sink, bool explains);

// Applies the rules to a set in place; new families stand at its end, and are not found by name, as those that
// were renamed are not. The rules see the labels that are added to each sample; samples that they change
// have them from then on. Samples that no rule can decide on, or that have no name in the end, are left out and
// counted. False: it takes too long as a whole; err has kind ERR_TIMED_OUT.
bool rules_apply(struct rules_run *run, struct metric_set *set, const struct label_extra *added,
	struct repairs *repairs, struct err *err);

// Notes in a sample that rules are about to change it, unless they have done so before; name is its family's. For
// the files of this layer.
void rules_note_origin(const struct rules_run *run, struct str name, struct sample *sample);

// How many rules there may be, and the name of one of them for people: `exclude`, `metric_relabel_configs[2] drop`;
// empty: it is not used. It lives in the arena.
size_t rules_count(const struct rules *rules);
struct str rules_name(const struct rules *rules, size_t index, struct arena *arena);
