// SPDX-License-Identifier: Apache-2.0
// What a page of exposition text becomes on its way to a gateway: roundtrip [KEY_NAME]... <page >body.
// The body is written to stdout; each rule that repaired something and each family left out is a line
// on stderr. Exit 1 with the error's text where the page as a whole is refused.
#include "metric/check.h"
#include "metric/read.h"
#include "metric/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LARGEST_PAGE = 1 << 30 };

static struct buf read_stream(FILE *in)
{
	struct buf page = buf_new(LARGEST_PAGE);
	char block[65536];
	size_t n;

	while ((n = fread(block, 1, sizeof(block), in)) > 0)
		buf_add(&page, (struct str){ block, n });
	return page;
}

static void print_findings(const struct repairs *read, const struct check_source *source)
{
	struct repairs total = *read;

	repair_add(&total, &source->repairs);
	for (int rule = 0; rule < N_REPAIRS; rule++)
		if (total.count[rule])
			fprintf(stderr, "repair %.*s %" PRIu64 "\n",
				STR_ARG(repair_name((enum repair)rule)), total.count[rule]);
	for (const struct quarantine *q = source->quarantined; q; q = q->next)
		fprintf(stderr, "quarantine %.*s: %.*s\n", STR_ARG(q->family), STR_ARG(q->why));
}

int main(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct metric_set *set = metric_set_new(&arena);
	struct buf page = read_stream(stdin), body = buf_new(LARGEST_PAGE);
	struct read_report report = { 0 };
	struct err err = { 0 };

	bool good = read_page(set, buf_str(&page), NULL, &report, &err);
	if (good) {
		size_t n_names = argc > 1 ? (size_t)argc - 1 : 0;
		struct str *names = arena_array(&arena, struct str, n_names + 1);
		for (size_t i = 0; i < n_names; i++)
			names[i] = str_of(argv[i + 1]);

		struct check_source source = { .name = STR("source") };
		struct check check = check_new(&arena, names, n_names, &source);
		check_add(&check, set, 0);
		check_finish(&check);
		write_set(&body, check.set, &source.added.text);
		good = !body.failed &&
		       (body.len == 0 || fwrite(body.ptr, body.len, 1, stdout) == 1);
		print_findings(&report.repairs, &source);
	} else {
		fprintf(stderr, "%s\n", err.text);
	}
	buf_free(&page);
	buf_free(&body);
	arena_free(&arena);
	return good && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
