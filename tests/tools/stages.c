// SPDX-License-Identifier: Apache-2.0
// How fast the stages of a cycle are, by CPU time: scan alone; read, which scans; check, which reads;
// write, which is all of them; drop and rules, which are write with relabelling rules: one that leaves
// out half of the families, and ten on every series of a page as scripts/bench makes them. stages FILE:
// one line per stage, "<stage> <MB/s>". Figures mean something in a release build only. stages FILE
// STAGE: that stage once, for tools that count instructions.
#include "base/arena.h"
#include "metric/check.h"
#include "metric/read.h"
#include "metric/scan.h"
#include "metric/write.h"
#include "transform/relabel.h"

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

enum stage { SCAN, READ, CHECK, WRITE, DROP, RULES, N_STAGES };

static const char *const names[N_STAGES] = { "scan", "read", "check", "write", "drop", "rules" };

// Rules

#define RULE(act, source, re, ...)                                                                 \
	{                                                                                          \
		.source_labels = { (struct str[]){ STR_INIT(source) }, 1, true },                  \
		.separator = STR_INIT(";"), .regex = STR_INIT(re), .action = RELABEL_##act,        \
		__VA_ARGS__                                                                        \
	}
#define TO(label, text) .target_label = STR_INIT(label), .replacement = STR_INIT(text)

static struct relabel_conf dropping[] = {
	RULE(DROP, "__name__", "emqx_bench_family_[0-9]*[13579]_total", TO("", "$1")),
};

// As TEN_RULES of scripts/bench.
static struct relabel_conf ten[] = {
	RULE(DROP, "__name__", "emqx_bench_family_[0-9]*[38]_total", TO("", "$1")),
	RULE(KEEP, "__name__", "emqx_.*", TO("", "$1")),
	RULE(DROP, "direction", "tx", TO("", "$1")),
	RULE(DROP, "alias", "line (8|9)", TO("", "$1")),
	RULE(REPLACE, "client_id", "sensor-(.*)", TO("sensor", "$1")),
	RULE(REPLACE, "node", "emqx@(.*)", TO("host", "h-$1")),
	{ .regex = STR_INIT("direction"),
		.separator = STR_INIT(";"),
		.replacement = STR_INIT("$1"),
		.action = RELABEL_LABELDROP },
	RULE(UPPERCASE, "alias", "(.*)", TO("alias", "$1")),
	RULE(REPLACE, "__name__", "emqx_(.*)", TO("__name__", "mqtt_$1")),
	RULE(REPLACE, "client_id", "sensor-0+([0-9]).*", TO("shard", "$1")),
};

static void say(void *context, const char *name, const char *text)
{
	(void)context;
	fprintf(stderr, "%s: %s\n", name, text);
	exit(1);
}

static struct rules *make_rules(enum stage stage)
{
	static struct rules_conf conf;
	struct setting_faults faults = { .say = say };

	conf.relabel = stage == DROP ? (struct group_list){ dropping, ARRAY_LEN(dropping) }
				     : (struct group_list){ ten, ARRAY_LEN(ten) };
	return stage == DROP || stage == RULES ? rules_new(&conf, &faults) : NULL;
}

static void apply(struct rules *rules, struct metric_set *set, struct check_source *source)
{
	struct rules_run *run = rules_run_new(rules, set->arena, false, false);
	struct err err = { 0 };

	if (!rules_apply(run, set, &source->added, &source->repairs, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
}

// The stages up to `last` on one page.

static void run(struct str page, enum stage last, struct rules *rules, struct buf *out)
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
	apply(rules, set, &source);
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
	struct rules *rules = make_rules(last);
	double start = cpu_seconds(), spent = 0;
	size_t n = 0;

	do {
		if (last == SCAN)
			scan(page);
		else
			run(page, last, rules, out);
		n++;
		spent = cpu_seconds() - start;
	} while (spent * 1e3 < LEAST_MS);
	rules_free(rules);
	return spent / (double)n;
}

static int run_once(struct str page, const char *name, struct buf *out)
{
	for (int stage = 0; stage < N_STAGES; stage++) {
		if (!str_eq(str_of(names[stage]), str_of(name)))
			continue;
		struct rules *rules = make_rules((enum stage)stage);
		if (stage == SCAN)
			scan(page);
		else
			run(page, (enum stage)stage, rules, out);
		rules_free(rules);
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
