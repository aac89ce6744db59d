// SPDX-License-Identifier: Apache-2.0
// The command line.
#pragma once

#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>

enum run_mode {
	MODE_DAEMON,
	MODE_ONCE,
	MODE_DRY_RUN,
	MODE_SHOW,
	MODE_CHECK_CONFIG,
	MODE_HELP,
	MODE_VERSION
};

// The program's exit codes, as brokerpush(8) lists them.
enum exit_code {
	EXIT_GOOD = 0,
	EXIT_NOTHING = 1,
	EXIT_USAGE = 2,
	EXIT_CONFIG = 3,
	EXIT_PARTIAL = 4
};

struct options {
	enum run_mode mode;
	const char *config_path;
	const char **sources; // owned list of arguments
	size_t n_sources;
	const char *sink, *group, *output; // NULL: not given
	bool all, wants_json;		   // of --show; wants_json is what output says there
	bool explain;			   // of --dry-run
	const char **overrides; // owned list of PATH=VALUE, --log-level and --log-format included
	size_t n_overrides;
};

// Reads the arguments. False: what is wrong has been written to stderr.
bool options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);
void options_print_help(void);
void options_print_version(void);
