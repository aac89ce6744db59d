// SPDX-License-Identifier: Apache-2.0
// What a single run says in the end.
#include "agent/outcome.h"
#include "agent/report.h"

static void print_unavailable(const struct source_run *run, FILE *out)
{
	const char *before = "  not available: ";

	for (const struct endpoint *e = run->endpoints; e; e = e->next) {
		if (!e->unavailable || e->is_question)
			continue;
		fprintf(out, "%s%.*s", before, STR_ARG(e->name));
		before = ", ";
	}
	if (*before == ',')
		fputc('\n', out);
}

static void print_source(const struct source_run *run, FILE *out)
{
	size_t n = 0, n_good = 0;

	for (const struct endpoint *e = run->endpoints; e; e = e->next) {
		n += !e->is_question;
		n_good += !e->is_question && outcome_is_up(e);
	}
	fprintf(out, "source %.*s: %zu of %zu endpoints, %zu samples, %zu bytes, %.1f ms\n",
		STR_ARG(run->conf->name), n_good, n, run->n_samples, run->n_bytes,
		run->seconds * 1e3);
	print_unavailable(run, out);
}

static void print_push(const struct cycle *cycle, const struct push *push, FILE *out)
{
	struct str sink = cycle->env->config->sinks[push->sink]->name;

	fprintf(out, "sink %.*s: ", STR_ARG(sink));
	if (push->group)
		fprintf(out, "%.*s %.*s: ", STR_ARG(push->request.method),
			STR_ARG(push->request.url));
	if (push->accepted)
		fprintf(out, "accepted, %zu bytes, %.1f ms\n", push->request.body.len,
			push->seconds * 1e3);
	else
		fprintf(out, "failed, %s\n", push->err.text);
}

void report_once(const struct cycle *cycle, FILE *out)
{
	for (size_t i = 0; i < cycle->n_runs; i++)
		print_source(&cycle->runs[i], out);
	for (const struct push *push = cycle->pushes; push; push = push->next)
		print_push(cycle, push, out);
}
