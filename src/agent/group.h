// SPDX-License-Identifier: Apache-2.0
// Which sources share which push: those whose keys for a sink are equal. A gateway's cost grows with
// the number of pushes times all it holds, so one push per group is the rule.
#pragma once

#include "agent/cycle.h"

// Fills the cycle's groups and pushes from what is known of the nodes now. A source without a key gets
// a push with its error and no group.
void group_plan(struct cycle *cycle);

// Puts together and checks what the sources of each group delivered: group->check, and the outcome in the
// runs.
void group_check_all(struct cycle *cycle);
// Writes a group, with the agent's own metrics, into group->body.
void group_write(struct cycle *cycle, struct group *group);

// Whether the selected sources make up whole groups, as a push needs that replaces them. Known without
// asking a broker: two sources without a known node are taken to be one node if their URLs are equal.
// False: err names a missing source and says what to do.
bool group_check_selection(
	const struct config *config, const struct selection *selection, struct err *err);
