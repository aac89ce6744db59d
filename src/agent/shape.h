// SPDX-License-Identifier: Apache-2.0
// What the configuration wants done with data on its way: rules and limits of a source, rules of a sink. What they
// are is for transform/; here they meet a cycle.
#pragma once

#include "agent/cycle.h"

// After a source's last answer: its families get their names, its rules are applied, its limits are held. Past a
// limit all that it delivered has failed.
void shape_source(struct cycle *cycle, struct source_run *run);

// Before the first set of a group: whose rules it gets, and whether several of its sources have runtime families.
void shape_begin_group(struct cycle *cycle, struct group *group);
// Makes of a set, which one source delivered and which is used up, what the group's sinks want. False: it takes too
// long, now or before; group->err says so. found gets what was repaired.
bool shape_for_sink(struct group *group, const struct source_conf *conf, struct metric_set *set,
	struct check_source *found);

// Writes for each rule of the cycle's sources and sinks how many series it touched.
void shape_explain(const struct cycle *cycle, FILE *out);
