// SPDX-License-Identifier: Apache-2.0
// The clocks. What depends on time takes times as arguments (see agent/schedule.h), so that tests
// need no clock of their own; only the cycle and the log read these.
#pragma once

#include <stdint.h>

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

// Nanoseconds since some fixed point; never jumps, stands still while the machine is suspended.
int64_t clock_monotonic_ns(void);
// Nanoseconds of processor time that this thread has had.
int64_t clock_cpu_ns(void);
// Nanoseconds since 1970-01-01 UTC; may jump.
int64_t clock_wall_ns(void);
