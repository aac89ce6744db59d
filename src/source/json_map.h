// SPDX-License-Identifier: Apache-2.0
// From rows of a JSON answer to families, by the settings of the source `json`: each value that the path of a
// metric finds is a sample, with labels that are found from its row.
#pragma once

#include "base/setting.h"
#include "metric/metric.h"
#include "metric/repair.h"
#include "source/json_path.h"

// One element of the setting `metrics`.
struct json_metric {
	struct str endpoint; // NULL: the only one
	struct str family, help, path;
	int type; // enum metric_type
	struct pair_list labels;
};

// Checks one by itself; its faults are named metrics[index].path and so on.
void json_map_check(
	const struct json_metric *metric, size_t index, const struct setting_faults *faults);

// A metric ready for use, and what came of it in the answers so far. Lives in the arena.
struct json_rule {
	const struct json_metric *metric; // borrowed
	struct str help;		  // escaped
	struct json_path path;
	const struct json_path *labels; // one for each of the metric's
	bool has_found;			// as json_path_walk says it, in any answer
	uint64_t n_values;		// that were asked for their labels
	bool *has_label;		// for each label whether one of them had it
	uint64_t n_odd;			// values that are no numbers
	uint64_t n_same;		// samples with the labels of another one in the same answer
};

// Of a metric that was checked.
struct json_rule json_map_rule(struct arena *arena, const struct json_metric *metric);

// Where samples go, and how much there may be of them.
struct json_mapped {
	struct metric_set *set;
	struct repairs *repairs;
	size_t n_left; // bytes that samples may take from now on
	bool is_full;  // there was no room for some
};

// Adds what the rule finds in an answer. Nothing borrows from it.
void json_map_apply(struct json_rule *rule, struct json root, struct json_mapped *mapped);
