// SPDX-License-Identifier: Apache-2.0
// Arguments, configuration, run, exit code.
#include "agent/service.h"

#include <signal.h>
#include <stdio.h>

static enum exit_code run(const struct options *options)
{
	struct config *config =
		config_load(options->config_path, options->overrides, options->n_overrides, stderr);
	enum exit_code code = EXIT_GOOD;

	if (!config)
		return EXIT_CONFIG;
	if (options->mode == MODE_CHECK_CONFIG)
		config_print(config, stdout);
	else if (options->mode == MODE_DAEMON)
		code = service_run(config);
	else
		code = service_run_once(config, options);
	config_free(config);
	return code;
}

int main(int argc, char **argv)
{
	struct options options;
	enum exit_code code = EXIT_GOOD;

	signal(SIGPIPE, SIG_IGN); // CURLOPT_NOSIGNAL leaves it to us
	// Until the service listens and when it no longer does, these must not end the process.
	signal(SIGUSR1, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (!options_parse(&options, argc, argv))
		code = EXIT_USAGE;
	else if (options.mode == MODE_HELP)
		options_print_help();
	else if (options.mode == MODE_VERSION)
		options_print_version();
	else
		code = run(&options);
	options_free(&options);
	return code;
}
