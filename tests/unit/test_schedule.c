// SPDX-License-Identifier: Apache-2.0
// Simulated time only: seconds as nanoseconds.
#include "agent/schedule.h"
#include "base/clock.h"
#include "unit.h"

#include <stdio.h>

static const int64_t S = NS_PER_S;

static void the_phase_is_steady_and_within_the_splay(void **state)
{
	static const int64_t splays[] = { 1, 1000, 15 * (int64_t)NS_PER_S,
		3600 * (int64_t)NS_PER_S };
	struct str machine = STR("0123456789abcdef"), path = STR("/etc/brokerpush.conf");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(splays); i++) {
		int64_t phase = schedule_phase(machine, path, splays[i]);

		assert_true(phase >= 0 && phase < splays[i]);
		assert_true(phase == schedule_phase(machine, path, splays[i]));
	}
	assert_int_equal(schedule_phase(machine, path, 0), 0);
}

static void phases_differ_by_machine_and_by_path(void **state)
{
	int64_t splay = 15 * S;
	int64_t phase = schedule_phase(STR("machine a"), STR("/a"), splay);

	(void)state;
	assert_true(phase != schedule_phase(STR("machine b"), STR("/a"), splay));
	assert_true(phase != schedule_phase(STR("machine a"), STR("/b"), splay));
}

static void phases_spread_over_the_splay(void **state)
{
	size_t counts[10] = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char machine[16];
		int n = snprintf(machine, sizeof(machine), "m%d", i);
		int64_t phase = schedule_phase(
			(struct str){ machine, (size_t)n }, STR("/etc/brokerpush.conf"), 10 * S);
		counts[phase / S]++;
	}
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		assert_in_range(counts[i], 50, 150);
}

// Times in seconds; the second cycle's wait after the first, which is at once.
static void the_second_cycle_meets_the_phase(void **state)
{
	static const struct {
		const char *name;
		int64_t interval, phase;
		bool aligned;
		int64_t now, wall, wait;
	} rows[] = {
		{ "splay 0: one interval", 15, 0, false, 100, 1000003, 15 },
		{ "splay 0: the phase does not matter", 15, 7, false, 100, 1000003, 15 },
		{ "half an interval later is before the phase", 10, 9, true, 100, 1000000, 9 },
		{ "half an interval later is the phase", 10, 5, true, 100, 1000000, 5 },
		{ "half an interval later is behind it: the next one", 10, 4, true, 100, 1000000,
			14 },
		{ "started on the phase", 10, 0, true, 100, 1000000, 10 },
		{ "the phase of the hour", 3600, 60, true, 5, 1800, 1860 },
		{ "wall time before 1970", 10, 3, true, 100, -7, 10 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct schedule schedule = schedule_start(rows[i].interval * S, rows[i].phase * S,
			rows[i].aligned, rows[i].now * S, rows[i].wall * S);
		int64_t wait = schedule.next_ns - rows[i].now * S;

		check_number(rows[i].name, "wait", (uint64_t)wait, (uint64_t)(rows[i].wait * S));
	}
}

static void the_wait_is_at_least_half_and_less_than_one_and_a_half_intervals(void **state)
{
	int64_t interval = 15 * S;

	(void)state;
	for (int64_t wall = -40; wall < 40; wall++) {
		for (int64_t phase = 0; phase < 15; phase++) {
			int64_t wall_ns = wall * S + 123456789;
			struct schedule schedule =
				schedule_start(interval, phase * S, true, 7 * S, wall_ns);
			int64_t wait = schedule.next_ns - 7 * S;
			int64_t residue = (wall_ns + wait - phase * S) % interval;

			assert_true(wait >= interval / 2);
			assert_true(wait < interval + interval / 2);
			assert_true(residue == 0);
		}
	}
}

// Ticks come late by what a busy machine takes; the schedule does not move.
static void late_ticks_do_not_drift(void **state)
{
	struct schedule schedule = schedule_start(10 * S, 0, false, 100 * S, 0);

	(void)state;
	for (int64_t n = 1; n <= 1000; n++) {
		assert_true(schedule.next_ns == (100 + 10 * n) * S);
		schedule_tick(&schedule, schedule.next_ns + n * 7919 % (9 * S));
	}
}

static void what_was_missed_is_not_made_up_for(void **state)
{
	static const struct {
		const char *name;
		int64_t now, next;
	} rows[] = {
		{ "on time", 110, 120 },
		{ "a bit late", 119, 120 },
		{ "one interval late", 120, 130 },
		{ "one and a half late", 125, 130 },
		{ "after a suspend of a day", 110 + 86400 + 3, 110 + 86400 + 10 },
		{ "a little early", 109, 120 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct schedule schedule = schedule_start(10 * S, 0, false, 100 * S, 0);

		schedule_tick(&schedule, rows[i].now * S);
		check_number(rows[i].name, "next", (uint64_t)schedule.next_ns,
			(uint64_t)(rows[i].next * S));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_phase_is_steady_and_within_the_splay),
		cmocka_unit_test(phases_differ_by_machine_and_by_path),
		cmocka_unit_test(phases_spread_over_the_splay),
		cmocka_unit_test(the_second_cycle_meets_the_phase),
		cmocka_unit_test(the_wait_is_at_least_half_and_less_than_one_and_a_half_intervals),
		cmocka_unit_test(late_ticks_do_not_drift),
		cmocka_unit_test(what_was_missed_is_not_made_up_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
