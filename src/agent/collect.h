// SPDX-License-Identifier: Apache-2.0
// The first half of a cycle: every source asks, is answered, may ask again, and is summed up. What the
// answers mean is the source's business; when a request may go out is decided here.
#pragma once

#include "agent/cycle.h"

// Asks all sources of the cycle, at once. cycle_collected comes once, after the last answer or at the
// deadline; from inside where there is nobody to ask.
void collect_start(struct cycle *cycle);
