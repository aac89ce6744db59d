// SPDX-License-Identifier: Apache-2.0
#include "agent/schedule.h"

#include "base/hash.h"

int64_t schedule_phase(struct str machine_id, struct str config_path, int64_t splay_ns)
{
	if (splay_ns <= 0)
		return 0;
	return (int64_t)(hash_bytes(config_path, hash_bytes(machine_id, 0)) % (uint64_t)splay_ns);
}

struct schedule schedule_start(
	int64_t interval_ns, int64_t phase_ns, bool aligned, int64_t now_ns, int64_t wall_ns)
{
	struct schedule schedule = { interval_ns, now_ns + interval_ns };

	if (aligned) {
		// From half an interval after the start to the next moment of the phase.
		int64_t earliest = wall_ns + interval_ns / 2;
		int64_t wait = (phase_ns - earliest) % interval_ns;

		schedule.next_ns =
			now_ns + interval_ns / 2 + (wait < 0 ? wait + interval_ns : wait);
	}
	return schedule;
}

void schedule_tick(struct schedule *schedule, int64_t now_ns)
{
	int64_t late = now_ns - schedule->next_ns;
	int64_t missed = late > 0 ? late / schedule->interval_ns : 0;

	schedule->next_ns += (missed + 1) * schedule->interval_ns;
}
