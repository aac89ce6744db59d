// SPDX-License-Identifier: Apache-2.0
// When cycles start. Pure: all times are arguments, so tests need no clock.
//
// The first cycle runs at once. The second runs at the first moment, at least half an interval after
// the start, whose wall time modulo the interval is the phase; from there on it is monotonic time plus
// the interval, without drift. What was missed (suspend, a stopped process) is not made up for.
#pragma once

#include "base/str.h"

#include <stdint.h>

struct schedule {
	int64_t interval_ns;
	int64_t next_ns; // monotonic time of the next tick
};

// The agent's own place in the interval: a hash of the machine's id and the configuration's path,
// modulo the splay. 0 for a splay of 0.
int64_t schedule_phase(struct str machine_id, struct str config_path, int64_t splay_ns);

// aligned: the second cycle goes to the phase; otherwise (splay 0) it comes one interval after the
// start.
struct schedule schedule_start(
	int64_t interval_ns, int64_t phase_ns, bool aligned, int64_t now_ns, int64_t wall_ns);

// A tick has come at now_ns: moves next_ns to the first tick after it.
void schedule_tick(struct schedule *schedule, int64_t now_ns);
