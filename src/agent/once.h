// SPDX-License-Identifier: Apache-2.0
// A single cycle by hand: what is selected, what is shown, and the exit code.
#pragma once

#include "agent/cycle.h"
#include "agent/options.h"

struct once {
	const struct config *config;
	const struct options *options;
	enum exit_code code;
};

// Turns the mode, --source, --sink and --group into a selection. False: a usage error was shown and code is set.
bool once_select(struct once *once, struct selection *selection);

// After the cycle: the report, the bodies of a dry run, the tables of --show, and the exit code.
void once_finish(struct once *once, const struct cycle *cycle, bool interrupted);
