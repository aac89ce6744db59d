// SPDX-License-Identifier: Apache-2.0
#include "agent/selfstat.h"

#include "agent/outcome.h"
#include "agent/tally.h"
#include "base/clock.h"
#include "metric/put.h"
#include "version.h"

enum self {
	BUILD_INFO,
	SOURCE_UP,
	ENDPOINT_UP,
	ENDPOINT_AVAILABLE,
	ENDPOINT_FALLBACK,
	ENDPOINT_NODES,
	ENDPOINT_AGE,
	SOURCE_DURATION,
	SOURCE_SAMPLES,
	SOURCE_BYTES,
	SOURCE_SUCCESS,
	SCRAPES,
	SCRAPE_FAILURES,
	REPAIRS,
	QUARANTINED,
	PUSHES,
	PUSH_FAILURES,
	PUSH_DURATION,
	PUSH_BYTES,
	PUSH_SUCCESS,
	SKIPPED,
	N_SELF,
};

struct row {
	struct str name;
	enum metric_type type;
	struct str help;
};

static const struct row rows[N_SELF] = {
	[BUILD_INFO] = { STR_INIT("brokerpush_build_info"), METRIC_GAUGE,
		STR_INIT("Version of the agent and of libcurl; always 1.") },
	[SOURCE_UP] = { STR_INIT("brokerpush_source_up"), METRIC_GAUGE,
		STR_INIT("Whether at least one endpoint of the source delivered.") },
	[ENDPOINT_UP] = { STR_INIT("brokerpush_endpoint_up"), METRIC_GAUGE,
		STR_INIT("Whether the endpoint delivered all that it should.") },
	[ENDPOINT_AVAILABLE] = { STR_INIT("brokerpush_endpoint_available"), METRIC_GAUGE,
		STR_INIT("Whether the broker has the endpoint; only of those that no setting "
			 "names.") },
	[ENDPOINT_FALLBACK] = { STR_INIT("brokerpush_endpoint_fallback"), METRIC_GAUGE,
		STR_INIT("1 while the endpoint fails as text, and JSON stands in for it.") },
	[ENDPOINT_NODES] = { STR_INIT("brokerpush_endpoint_nodes"), METRIC_GAUGE,
		STR_INIT("Nodes of the cluster that the answer told about.") },
	[ENDPOINT_AGE] = { STR_INIT("brokerpush_endpoint_age_seconds"), METRIC_GAUGE,
		STR_INIT("Age of the values; only of endpoints that may not be asked in every "
			 "cycle.") },
	[SOURCE_DURATION] = { STR_INIT("brokerpush_source_scrape_duration_seconds"), METRIC_GAUGE,
		STR_INIT("How long it took until the source had given its last answer.") },
	[SOURCE_SAMPLES] = { STR_INIT("brokerpush_source_samples"), METRIC_GAUGE,
		STR_INIT("Samples that the source delivered, before rules and checks.") },
	[SOURCE_BYTES] = { STR_INIT("brokerpush_source_body_bytes"), METRIC_GAUGE,
		STR_INIT("Size of what the source delivered.") },
	[SOURCE_SUCCESS] = { STR_INIT("brokerpush_source_last_success_timestamp_seconds"),
		METRIC_GAUGE, STR_INIT("When an endpoint of the source delivered last.") },
	[SCRAPES] = { STR_INIT("brokerpush_scrapes_total"), METRIC_COUNTER,
		STR_INIT("Requests for pages of the source.") },
	[SCRAPE_FAILURES] = { STR_INIT("brokerpush_scrape_failures_total"), METRIC_COUNTER,
		STR_INIT("Requests for pages of the source that delivered nothing, by reason.") },
	[REPAIRS] = { STR_INIT("brokerpush_repairs_total"), METRIC_COUNTER,
		STR_INIT("Lines and samples of the source that had to be changed or left out, by "
			 "rule.") },
	[QUARANTINED] = { STR_INIT("brokerpush_quarantined_families"), METRIC_GAUGE,
		STR_INIT("Families of the source that were left out since they cannot be "
			 "repaired.") },
	[PUSHES] = { STR_INIT("brokerpush_pushes_total"), METRIC_COUNTER,
		STR_INIT("Pushes to the sink, this one not included.") },
	[PUSH_FAILURES] = { STR_INIT("brokerpush_push_failures_total"), METRIC_COUNTER,
		STR_INIT("Pushes that the sink did not accept, by reason.") },
	[PUSH_DURATION] = { STR_INIT("brokerpush_push_duration_seconds"), METRIC_GAUGE,
		STR_INIT("How long the slowest push of the last cycle with one took.") },
	[PUSH_BYTES] = { STR_INIT("brokerpush_push_bytes_total"), METRIC_COUNTER,
		STR_INIT("Size of the bodies that were pushed to the sink.") },
	[PUSH_SUCCESS] = { STR_INIT("brokerpush_push_last_success_timestamp_seconds"), METRIC_GAUGE,
		STR_INIT("When the sink accepted a push last.") },
	[SKIPPED] = { STR_INIT("brokerpush_cycles_skipped_total"), METRIC_COUNTER,
		STR_INIT("Ticks with something to do that came while a cycle was still running.") },
};

// Up to two labels; those without a value are none.
static void add(struct metric_set *set, enum self self, const struct pair labels[2], double value)
{
	struct family *family = put_family(set, rows[self].name, rows[self].type, rows[self].help);

	put_sample(set, family, labels, 2, put_real(set->arena, value));
}

static struct pair label(const char *name, struct str value)
{
	return (struct pair){ str_of(name), value };
}

static double seconds(int64_t ns)
{
	return (double)ns / NS_PER_S;
}

// Each of these adds the samples of one source or sink to one family.

static void add_endpoint(
	struct metric_set *set, struct pair source, const struct endpoint *endpoint)
{
	struct pair labels[2] = { source, label("endpoint", endpoint->name) };

	if (endpoint->by_default)
		add(set, ENDPOINT_AVAILABLE, labels, !endpoint->unavailable);
	if (endpoint->unavailable)
		return;
	add(set, ENDPOINT_UP, labels, outcome_is_up(endpoint));
	if (endpoint->fell_back)
		add(set, ENDPOINT_FALLBACK, labels, 1);
	if (endpoint->n_nodes)
		add(set, ENDPOINT_NODES, labels, (double)endpoint->n_nodes);
	if (endpoint->has_pause && endpoint->delivered)
		add(set, ENDPOINT_AGE, labels, endpoint->age_s);
}

static void add_endpoints(struct metric_set *set, const struct source_run *run)
{
	struct pair source = label("source", run->conf->name);

	for (const struct endpoint *e = run->endpoints; e; e = e->next)
		if (!e->is_question)
			add_endpoint(set, source, e);
}

static void add_failures(
	struct metric_set *set, enum self self, struct pair owner, const uint64_t *n_failures)
{
	for (int kind = 0; kind < N_ERR_KINDS; kind++) {
		struct str reason = err_reason((enum err_kind)kind);
		if (n_failures[kind])
			add(set, self, (struct pair[2]){ owner, label("reason", reason) },
				(double)n_failures[kind]);
	}
}

static void add_repairs(struct metric_set *set, struct pair source, const struct repairs *repairs)
{
	for (int rule = 0; rule < N_REPAIRS; rule++) {
		struct str name = repair_name((enum repair)rule);
		if (repairs->count[rule])
			add(set, REPAIRS, (struct pair[2]){ source, label("rule", name) },
				(double)repairs->count[rule]);
	}
}

static void add_source(struct metric_set *set, const struct source_run *run,
	const struct source_tally *tally, bool is_daemon)
{
	struct pair labels[2] = { label("source", run->conf->name) };

	add(set, SOURCE_UP, labels, run->up);
	add_endpoints(set, run);
	add(set, SOURCE_DURATION, labels, run->seconds);
	add(set, SOURCE_SAMPLES, labels, (double)run->n_samples);
	add(set, SOURCE_BYTES, labels, (double)run->n_bytes);
	add(set, QUARANTINED, labels, (double)run->checked.n_quarantined);
	if (tally->last_success_ns)
		add(set, SOURCE_SUCCESS, labels, seconds(tally->last_success_ns));
	if (!is_daemon)
		return;
	add(set, SCRAPES, labels, (double)tally->n_scrapes);
	add_failures(set, SCRAPE_FAILURES, labels[0], tally->n_failures);
	add_repairs(set, labels[0], &tally->repairs);
}

static void add_sink(struct metric_set *set, struct str name, const struct sink_tally *tally)
{
	struct pair labels[2] = { label("sink", name) };

	add(set, PUSHES, labels, (double)tally->n_pushes);
	add_failures(set, PUSH_FAILURES, labels[0], tally->n_failures);
	add(set, PUSH_BYTES, labels, (double)tally->n_bytes);
	if (tally->last_seconds >= 0)
		add(set, PUSH_DURATION, labels, tally->last_seconds);
	if (tally->last_success_ns)
		add(set, PUSH_SUCCESS, labels, seconds(tally->last_success_ns));
}

struct metric_set *selfstat_make(struct cycle *cycle, const struct group *group)
{
	const struct cycle_env *env = cycle->env;
	struct metric_set *set = metric_set_new(&cycle->arena);
	struct pair versions[2] = { label("version", STR(BROKERPUSH_VERSION)),
		label("libcurl", http_library()) };

	// The families' order is the table's, whatever is added first.
	for (int i = 0; i < N_SELF; i++)
		metric_add_family(set, rows[i].name);
	add(set, BUILD_INFO, versions, 1);
	for (size_t i = 0; i < group->n_sources; i++) {
		const struct source_run *run = &cycle->runs[group->sources[i]];
		add_source(set, run, &env->tally->sources[run->index], env->is_daemon);
	}
	for (size_t i = 0; env->is_daemon && i < env->config->n_sinks; i++)
		add_sink(set, env->config->sinks[i]->name, &env->tally->sinks[i]);
	if (env->is_daemon)
		add(set, SKIPPED, (struct pair[2]){ 0 }, (double)env->tally->n_skipped);
	return set;
}
