// SPDX-License-Identifier: Apache-2.0
// How fast the stages of a cycle are, by CPU time: scan alone; read, which scans; check, which reads;
// write, which is all of them. stages FILE: one line per stage, "<stage> <MB/s>". Figures mean something
// in a release build only. stages FILE STAGE: that stage once, for tools that count instructions.
#include "base/arena.h"
#include "metric/check.h"
#include "metric/read.h"
#include "metric/scan.h"
#include "metric/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LEAST_MS = 300, LARGEST_PAGE = 1 << 30 };

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct buf read_file(const char *path)
{
	struct buf page = buf_new(LARGEST_PAGE);
	FILE *file = fopen(path, "rbe");
	char block[65536];
	size_t n;

	if (!file) {
		perror(path);
		exit(1);
	}
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		buf_add(&page, (struct str){ block, n });
	fclose(file);
	return page;
}

static size_t scan(struct str page)
{
	struct scan state = scan_new(page);
	struct scan_line line;
	size_t n = 0;

	while (scan_next(&state, &line) != SCAN_END)
		n += line.kind == SCAN_SAMPLE;
	return n;
}

// The stages up to `last` on one page.
enum stage { SCAN, READ, CHECK, WRITE, N_STAGES };

static const char *const names[N_STAGES] = { "scan", "read", "check", "write" };

static void run(struct str page, enum stage last, struct buf *out)
{
	struct arena arena = { 0 };
	struct metric_set *set = metric_set_new(&arena);
	struct read_report report = { 0 };
	struct err err = { 0 };
	struct str key_names[] = { STR("job"), STR("instance") }, added = STR("");
	struct check_source source = { .name = STR("bench") };

	if (!read_page(set, page, NULL, &report, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	struct check check = check_new(&arena, key_names, ARRAY_LEN(key_names), &source);
	if (last >= CHECK) {
		check_add(&check, set, 0);
		check_finish(&check);
	}
	if (last >= WRITE) {
		out->len = 0;
		write_set(out, check.set, &added);
	}
	arena_free(&arena);
}

static double seconds_per_run(struct str page, enum stage last, struct buf *out)
{
	double start = cpu_seconds(), spent = 0;
	size_t n = 0;

	do {
		if (last == SCAN)
			scan(page);
		else
			run(page, last, out);
		n++;
		spent = cpu_seconds() - start;
	} while (spent * 1e3 < LEAST_MS);
	return spent / (double)n;
}

static int run_once(struct str page, const char *name, struct buf *out)
{
	for (int stage = 0; stage < N_STAGES; stage++) {
		if (!str_eq(str_of(names[stage]), str_of(name)))
			continue;
		if (stage == SCAN)
			scan(page);
		else
			run(page, (enum stage)stage, out);
		return 0;
	}
	fprintf(stderr, "there is no stage %s\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	struct buf page = read_file(argc > 1 ? argv[1] : "/dev/stdin"), out = buf_new(LARGEST_PAGE);
	double seconds[N_STAGES];

	if (argc > 2) {
		int code = run_once(buf_str(&page), argv[2], &out);
		buf_free(&page);
		buf_free(&out);
		return code;
	}
	for (int stage = 0; stage < N_STAGES; stage++)
		seconds[stage] = seconds_per_run(buf_str(&page), (enum stage)stage, &out);
	printf("samples %zu\nbytes %zu\n", scan(buf_str(&page)), page.len);
	for (int stage = 0; stage < N_STAGES; stage++)
		printf("%s %.0f\n", names[stage], (double)page.len / seconds[stage] / 1e6);
	buf_free(&page);
	buf_free(&out);
	return 0;
}
