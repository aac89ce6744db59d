// SPDX-License-Identifier: Apache-2.0
#include "agent/options.h"

#include "base/mem.h"
#include "net/http.h"
#include "version.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_SOURCE = 256,
	OPT_SINK,
	OPT_GROUP,
	OPT_OUTPUT,
	OPT_SHOW,
	OPT_ALL,
	OPT_EXPLAIN,
	OPT_SET,
	OPT_LEVEL,
	OPT_FORMAT,
	OPT_LATER
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "once", no_argument, NULL, '1' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "check-config", no_argument, NULL, 't' },
	{ "show", no_argument, NULL, OPT_SHOW },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "explain", no_argument, NULL, OPT_EXPLAIN },
	{ "source", required_argument, NULL, OPT_SOURCE },
	{ "sink", required_argument, NULL, OPT_SINK },
	{ "group", required_argument, NULL, OPT_GROUP },
	{ "output", required_argument, NULL, OPT_OUTPUT },
	{ "set", required_argument, NULL, OPT_SET },
	{ "log-level", required_argument, NULL, OPT_LEVEL },
	{ "log-format", required_argument, NULL, OPT_FORMAT },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "diff", no_argument, NULL, OPT_LATER },
	{ "delete", no_argument, NULL, OPT_LATER },
	{ NULL, 0, NULL, 0 },
};

static const char help[] =
	"Usage: brokerpush [-c FILE] [MODE] [OPTION]...\n"
	"Gathers a message broker's statistics and pushes them to a Pushgateway.\n"
	"\n"
	"Modes (without one it runs in the foreground until SIGTERM):\n"
	"  -1, --once             one cycle: gather, push, report, exit\n"
	"  -n, --dry-run          one cycle: gather, push nothing, body on stdout\n"
	"      --show             one cycle: ask, push nothing, show clients as a table\n"
	"  -t, --check-config     check the configuration and show it, secrets hidden\n"
	"  -h, --help             this text\n"
	"  -V, --version          version of brokerpush and of libcurl\n"
	"\n"
	"Options:\n"
	"  -c, --config FILE      configuration [/etc/brokerpush/brokerpush.conf]\n"
	"      --source NAME      only this source; may be repeated\n"
	"      --sink NAME        only this sink\n"
	"      --group URL        only the group with this URL\n"
	"      --all              with --show: also what is not watched\n"
	"      --explain          with --dry-run: how many series each rule touched\n"
	"      --output DIR       with --dry-run: one file per group instead of stdout\n"
	"      --output FORM      with --show: text or json\n"
	"      --set PATH=VALUE   lay a setting over the configuration, such as\n"
	"                         sinks.gateway.url=http://127.0.0.1:9091\n"
	"      --log-level LEVEL  error, warn, info or debug\n"
	"      --log-format FORM  logfmt or json\n"
	"\n"
	"Exit codes: 0 all was good; 1 no push was accepted, or nothing could be\n"
	"shown; 2 usage; 3 configuration invalid; 4 a push was accepted or something\n"
	"shown, but something failed.\n"
	"See brokerpush(8), brokerpush.conf(5) and brokerpush-metrics(7).\n";

static bool usage(const char *what, const char *which)
{
	fprintf(stderr, "brokerpush: %s%s%s; see brokerpush --help\n", what, which ? ": " : "",
		which ? which : "");
	return false;
}

static bool set_mode(struct options *options, enum run_mode mode)
{
	if (mode == MODE_HELP || mode == MODE_VERSION || options->mode == MODE_DAEMON)
		options->mode = mode;
	else if (options->mode != mode && options->mode != MODE_HELP &&
		 options->mode != MODE_VERSION)
		return usage("more than one mode is given", NULL);
	return true;
}

// The options of the log are overrides by another name.
static bool add_log_override(struct options *options, const char *const *overrides, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(strchr(overrides[i], '=') + 1, optarg) == 0) {
			options->overrides[options->n_overrides++] = overrides[i];
			return true;
		}
	}
	return false;
}

static bool set_once(const char **value, const char *name)
{
	if (*value)
		return usage("given twice", name);
	*value = optarg;
	return true;
}

static const char *const level_overrides[] = { "log.level=error", "log.level=warn",
	"log.level=info", "log.level=debug" };
static const char *const format_overrides[] = { "log.format=logfmt", "log.format=json" };

static bool unknown_option(char **argv)
{
	char letter[] = { '-', (char)optopt, '\0' };

	const char *argument = argv[optind - 1];
	bool is_long = argument[0] == '-' && argument[1] == '-';

	return usage("there is no such option", optopt && !is_long ? letter : argument);
}

static bool take_option(struct options *options, int option, char **argv)
{
	switch (option) {
	case 'c': options->config_path = optarg; return true;
	case '1': return set_mode(options, MODE_ONCE);
	case 'n': return set_mode(options, MODE_DRY_RUN);
	case 't': return set_mode(options, MODE_CHECK_CONFIG);
	case 'h': return set_mode(options, MODE_HELP);
	case 'V': return set_mode(options, MODE_VERSION);
	case OPT_SHOW: return set_mode(options, MODE_SHOW);
	case OPT_ALL: return options->all = true;
	case OPT_EXPLAIN: return options->explain = true;
	case OPT_SOURCE: options->sources[options->n_sources++] = optarg; return true;
	case OPT_SINK: return set_once(&options->sink, "--sink");
	case OPT_GROUP: return set_once(&options->group, "--group");
	case OPT_OUTPUT: return set_once(&options->output, "--output");
	case OPT_SET:
		options->overrides[options->n_overrides++] = optarg;
		return strchr(optarg, '=') || usage("--set wants PATH=VALUE", optarg);
	case OPT_LEVEL:
		return add_log_override(options, level_overrides, ARRAY_LEN(level_overrides)) ||
		       usage("--log-level must be error, warn, info or debug", optarg);
	case OPT_FORMAT:
		return add_log_override(options, format_overrides, ARRAY_LEN(format_overrides)) ||
		       usage("--log-format must be logfmt or json", optarg);
	case OPT_LATER: return usage("planned, but not in this version", argv[optind - 1]);
	case ':': return usage("the option wants a value", argv[optind - 1]);
	default: return unknown_option(argv);
	}
}

// --output means another thing in each of its modes.
static bool check_output(struct options *options)
{
	if (!options->output || options->mode == MODE_DRY_RUN)
		return true;
	if (options->mode != MODE_SHOW)
		return usage("--output goes with --dry-run or --show only", NULL);
	options->wants_json = strcmp(options->output, "json") == 0;
	return options->wants_json || strcmp(options->output, "text") == 0 ||
	       usage("--output with --show must be text or json", options->output);
}

static bool check_combination(struct options *options)
{
	enum run_mode mode = options->mode;
	bool pushes = mode == MODE_ONCE || mode == MODE_DRY_RUN;

	if (!check_output(options))
		return false;
	if (options->all && mode != MODE_SHOW)
		return usage("--all goes with --show only", NULL);
	if (options->explain && mode != MODE_DRY_RUN)
		return usage("--explain goes with --dry-run only", NULL);
	if (mode == MODE_HELP || mode == MODE_VERSION)
		return true;
	if ((options->sink || options->group) && !pushes)
		return usage("--sink and --group go with --once or --dry-run", NULL);
	if (options->n_sources && !pushes && mode != MODE_SHOW)
		return usage("--source goes with --once, --dry-run or --show", NULL);
	return true;
}

bool options_parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){ .config_path = "/etc/brokerpush/brokerpush.conf",
		.sources = mem_alloc((size_t)argc * sizeof(char *)),
		.overrides = mem_alloc((size_t)argc * sizeof(char *)) };
	while ((option = getopt_long(argc, argv, ":c:1nthV", long_options, NULL)) != -1)
		if (!take_option(options, option, argv))
			return false;
	if (optind < argc)
		return usage("there are no arguments besides options", argv[optind]);
	return check_combination(options);
}

void options_free(struct options *options)
{
	free(options->sources);
	free(options->overrides);
}

void options_print_help(void)
{
	fputs(help, stdout);
}

void options_print_version(void)
{
	printf("brokerpush %s (libcurl %s)\n", BROKERPUSH_VERSION, http_library().ptr);
}
