// SPDX-License-Identifier: Apache-2.0
#include "agent/options.h"
#include "unit.h"

#include <getopt.h>

enum { MOST_ARGUMENTS = 16 };

// A command line, its arguments apart by blanks.
static bool parse(struct options *options, const char *line)
{
	static char text[512];
	char *argv[MOST_ARGUMENTS + 1] = { text };
	int argc = 1;

	strcpy(text, line);
	argv[0] = strtok(text, " ");
	while ((argv[argc] = strtok(NULL, " ")))
		argc++;
	optind = 0; // the next line begins anew
	return options_parse(options, argc, argv);
}

static void output_means_what_its_mode_says(void **state)
{
	static const struct {
		const char *line;
		enum run_mode mode;
		bool wants_json, all;
	} rows[] = {
		{ "brokerpush --show", MODE_SHOW, false, false },
		{ "brokerpush --show --all", MODE_SHOW, false, true },
		{ "brokerpush --show --output text", MODE_SHOW, false, false },
		{ "brokerpush --show --output json", MODE_SHOW, true, false },
		{ "brokerpush --output=json --all --show --source a --source b", MODE_SHOW, true,
			true },
		{ "brokerpush --dry-run --output json", MODE_DRY_RUN, false, false },
		{ "brokerpush -n --output text", MODE_DRY_RUN, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct options options;

		CHECK_ROW(rows[i].line, parse(&options, rows[i].line));
		check_number(rows[i].line, "mode", options.mode, rows[i].mode);
		check_number(rows[i].line, "JSON", options.wants_json, rows[i].wants_json);
		check_number(rows[i].line, "all", options.all, rows[i].all);
		options_free(&options);
	}
}

static void options_of_other_modes_are_refused(void **state)
{
	static const char *const lines[] = {
		"brokerpush --show --output xml",
		"brokerpush --show --output=",
		"brokerpush --show --output JSON",
		"brokerpush --show --output json --output json",
		"brokerpush --output json",
		"brokerpush --once --output json",
		"brokerpush --all",
		"brokerpush --once --all",
		"brokerpush --dry-run --all",
		"brokerpush --check-config --all",
		"brokerpush --show --sink a",
		"brokerpush --show --group a",
		"brokerpush --show --once",
		"brokerpush --show -t",
		"brokerpush --source a",
		"brokerpush -t --source a",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct options options;

		CHECK_ROW(lines[i], !parse(&options, lines[i]));
		options_free(&options);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_means_what_its_mode_says),
		cmocka_unit_test(options_of_other_modes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
