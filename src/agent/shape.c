// SPDX-License-Identifier: Apache-2.0
#include "agent/shape.h"

#include "transform/limits.h"
#include "transform/runtime.h"

#include <inttypes.h>

// Sources

static bool is_for_metrics(const struct scrape *scrape)
{
	return scrape->verdict == SOURCE_DELIVERED && !scrape->ask->is_question;
}

// Lines with too many labels were left out in reading; a limit must not be passed that way.
static bool check_lines(
	const struct source_conf *conf, const struct scrape *scrape, struct err *err)
{
	if (!conf->limits.labels || !scrape->take.report.has_too_many_labels)
		return true;
	err_set(err, ERR_TOO_LARGE, 0,
		"label_limit: endpoint %.*s has a line with more than %d labels, the limit is %zu",
		STR_ARG(scrape->ask->endpoint), (int)LIMITS_MOST_LABELS, conf->limits.labels);
	return false;
}

static bool shape_set(
	struct source_run *run, struct metric_set *set, size_t *n_samples, struct err *err)
{
	const struct source_conf *conf = run->conf;

	runtime_apply(
		(enum runtime_families)conf->runtime_families, conf->name, set, &run->repairs);
	return rules_apply(run->rules_run, set, &conf->added, &run->repairs, err) &&
	       limits_check(&conf->limits, set, &conf->added, n_samples, err);
}

static bool shape_all(struct source_run *run, struct err *err)
{
	size_t n_samples = 0;

	for (struct scrape *s = run->scrapes; s; s = s->next)
		if (is_for_metrics(s) && (!check_lines(run->conf, s, err) ||
						 !shape_set(run, s->take.set, &n_samples, err)))
			return false;
	return !run->own || shape_set(run, run->own, &n_samples, err);
}

static void fail(struct source_run *run, const struct err *err)
{
	for (struct scrape *s = run->scrapes; s; s = s->next) {
		if (!is_for_metrics(s))
			continue;
		s->verdict = SOURCE_FAILED;
		s->err = *err;
	}
	run->own = NULL;
}

void shape_source(struct cycle *cycle, struct source_run *run)
{
	struct err err = { 0 };

	run->rules_run =
		rules_run_new(run->conf->rules, &cycle->arena, false, cycle->env->explains);
	if (!shape_all(run, &err))
		fail(run, &err);
}

// Sinks

static bool is_labelled(const struct source_conf *conf)
{
	return conf->type->reads_any_page && conf->runtime_families == RUNTIME_LABEL;
}

// By the configuration, so that series keep their names while one of the sources is down.
static bool has_several_runtimes(const struct cycle *cycle, const struct group *group)
{
	size_t n = 0;

	for (size_t i = 0; i < group->n_sources; i++)
		n += is_labelled(cycle->runs[group->sources[i]].conf);
	return n > 1;
}

void shape_begin_group(struct cycle *cycle, struct group *group)
{
	const struct sink_conf *sink = cycle->env->config->sinks[group->sink];

	group->rules_run = rules_run_new(sink->rules, &cycle->arena, true, cycle->env->explains);
	group->tells_apart = has_several_runtimes(cycle, group);
}

bool shape_for_sink(struct group *group, const struct source_conf *conf, struct metric_set *set,
	struct check_source *found)
{
	struct rules_run *rules = group->rules_run;

	if (group->tells_apart && is_labelled(conf))
		runtime_tell_apart(conf->name, &conf->added, set, &found->repairs);
	rules->left_out = found->left_out;
	bool good = group->err.kind == ERR_NONE &&
		    rules_apply(rules, set, &conf->added, &found->repairs, &group->err);
	found->left_out = rules->left_out;
	return good;
}

// For people

static void explain_run(const struct rules_run *run, FILE *out)
{
	struct arena arena = { 0 };

	for (size_t i = 0; i < rules_count(run->rules); i++) {
		struct str name = rules_name(run->rules, i, &arena);

		if (name.len)
			fprintf(out, "  %.*s: touched %" PRIu64 "\n", STR_ARG(name),
				run->touched[i]);
	}
	arena_free(&arena);
}

static void explain_source(const struct source_run *run, FILE *out)
{
	if (!run->conf->rules) {
		fprintf(out, "source %.*s has no rules\n", STR_ARG(run->conf->name));
		return;
	}
	fprintf(out, "source %.*s, rules on %" PRIu64 " series, %" PRIu64 " left:\n",
		STR_ARG(run->conf->name), run->rules_run->n_series, run->rules_run->n_left);
	explain_run(run->rules_run, out);
}

static void explain_push(const struct cycle *cycle, const struct push *push, FILE *out)
{
	const struct sink_conf *sink = cycle->env->config->sinks[push->sink];

	if (!sink->rules || !push->group)
		return;
	fprintf(out, "sink %.*s, rules on %" PRIu64 " series, %" PRIu64 " left, of %.*s:\n",
		STR_ARG(sink->name), push->group->rules_run->n_series,
		push->group->rules_run->n_left, STR_ARG(push->request.url));
	explain_run(push->group->rules_run, out);
}

void shape_explain(const struct cycle *cycle, FILE *out)
{
	for (size_t i = 0; i < cycle->n_runs; i++)
		explain_source(&cycle->runs[i], out);
	for (const struct push *push = cycle->pushes; push; push = push->next)
		explain_push(cycle, push, out);
}
