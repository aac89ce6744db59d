// SPDX-License-Identifier: Apache-2.0
// What became of a source in a cycle: the outcomes of its requests, put together by endpoint.
#pragma once

#include "agent/cycle.h"

// After its last answer: fills in the run's endpoints and what is known of it as a whole.
void outcome_sum_up(struct cycle *cycle, struct source_run *run);

// Whether it delivered all that it should.
bool outcome_is_up(const struct endpoint *endpoint);
