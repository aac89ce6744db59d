// SPDX-License-Identifier: Apache-2.0
// Running: as a daemon by the timer, or for one cycle. Signals, the schedule, shutdown.
#pragma once

#include "agent/config.h"
#include "agent/options.h"

// Runs by the timer until SIGTERM or SIGINT. Returns the exit code.
enum exit_code service_run(struct config *config);
// One cycle, with --once, --dry-run or --show. Returns the exit code.
enum exit_code service_run_once(struct config *config, const struct options *options);
