// SPDX-License-Identifier: Apache-2.0
#include "agent/report.h"

#include "agent/tally.h"
#include "base/clock.h"
#include "base/hash.h"

#include <inttypes.h>

// So many families are named when they are left out; a page of rubbish may have a hundred thousand.
enum { MOST_FAMILIES = 20 };

// Changes

enum change { UNCHANGED, WENT_DOWN, STILL_DOWN, CAME_BACK };

// What a run of failures was when it ended.
struct ended {
	uint64_t n_failures;
	int64_t seconds;
};

static bool is_power_of_two(uint64_t n)
{
	return (n & (n - 1)) == 0;
}

// Takes a new outcome into a run of failures: its first, each doubling of it, and its end are changes.
static enum change note(struct outage *outage, enum err_kind kind, int status, struct ended *ended)
{
	enum err_kind before = outage->kind;
	int status_before = outage->status;
	int64_t now_ns = clock_monotonic_ns();

	if (outage->n_failures == 0)
		outage->since_ns = now_ns;
	ended->n_failures = outage->n_failures;
	ended->seconds = (now_ns - outage->since_ns) / NS_PER_S;
	if (kind != ERR_SKIPPED || before == ERR_NONE) { // being left out says nothing new
		outage->kind = kind;
		outage->status = status;
	}
	if (kind == ERR_NONE) {
		outage->n_failures = 0;
		return before == ERR_NONE ? UNCHANGED : CAME_BACK;
	}
	outage->n_failures++;
	if (outage->kind != before || outage->status != status_before)
		return WENT_DOWN;
	return outage->n_failures > 1 && is_power_of_two(outage->n_failures) ? STILL_DOWN
									     : UNCHANGED;
}

// Sources

static struct str public_url(const struct cycle *cycle, struct str url)
{
	struct str front, back;

	http_public_url(url, &front, &back);
	return arena_printf(
		(struct arena *)&cycle->arena, "%.*s%.*s", STR_ARG(front), STR_ARG(back));
}

static void report_endpoint(const struct scrape *scrape, struct outage *outage, bool source_is_up)
{
	struct str source = scrape->run->conf->name, endpoint = scrape->ask->endpoint;
	struct ended ended;
	enum change change = note(outage, scrape->err.kind, scrape->status, &ended);

	if (endpoint.len == 0)
		endpoint = STR("/status");
	// While the whole source is down, one line about it is enough.
	if (outage->kind == ERR_NONE) {
		if (outage->reported && change == CAME_BACK)
			log_info("endpoint is back", log_text("source", source),
				log_text("endpoint", endpoint),
				log_number("failures", (int64_t)ended.n_failures),
				log_number("seconds", ended.seconds));
		outage->reported = false;
		return;
	}
	// What a broker does not have is told once, what fails at each doubling.
	if (change == WENT_DOWN || (change == STILL_DOWN && !scrape->unavailable))
		outage->reported = false;
	if (outage->reported || !source_is_up)
		return;
	outage->reported = true;
	if (scrape->unavailable)
		log_info("endpoint is not available in this broker", log_text("source", source),
			log_text("endpoint", endpoint),
			log_text("error", str_of(scrape->err.text)));
	else
		log_warn(change == STILL_DOWN ? "endpoint still fails" : "endpoint failed",
			log_text("source", source), log_text("endpoint", endpoint),
			log_text("reason", err_reason(scrape->err.kind)),
			log_text("error", str_of(scrape->err.text)),
			log_text("url", public_url(scrape->cycle, scrape->ask->request.url)));
}

// The error that stands for the whole source: its first one.
static const struct err *first_error(const struct source_run *run)
{
	static const struct err none;

	for (size_t i = 0; i < run->n_scrapes; i++)
		if (run->scrapes[i].err.kind != ERR_NONE)
			return &run->scrapes[i].err;
	return &none;
}

static int first_status(const struct source_run *run)
{
	for (size_t i = 0; i < run->n_scrapes; i++)
		if (run->scrapes[i].err.kind != ERR_NONE)
			return run->scrapes[i].status;
	return 0;
}

static void report_source(
	const struct cycle *cycle, const struct source_run *run, struct source_tally *tally)
{
	const struct err *err = first_error(run);
	struct ended ended;
	enum change change =
		note(&tally->outage, run->up ? ERR_NONE : err->kind, first_status(run), &ended);

	if (change == WENT_DOWN || change == STILL_DOWN)
		log_error(change == WENT_DOWN ? "source is down" : "source is still down",
			log_text("source", run->conf->name),
			log_text("reason", err_reason(err->kind)),
			log_text("error", str_of(err->text)),
			log_text("url", public_url(cycle, run->conf->http.url)));
	else if (change == CAME_BACK)
		log_info("source is back", log_text("source", run->conf->name),
			log_number("failures", (int64_t)ended.n_failures),
			log_number("seconds", ended.seconds));
	for (size_t i = 0; i < run->n_scrapes; i++)
		report_endpoint(&run->scrapes[i], tally_endpoint(cycle->env->tally, run->index, i),
			run->up);
}

// Repairs and quarantine

static struct str detail(const struct source_run *run, enum repair rule, struct arena *arena)
{
	if (rule == REPAIR_DUPLICATE_SERIES && run->checked.duplicate.len)
		return arena_printf(arena,
			"first %.*s; tell the sources apart by labels or job_name",
			STR_ARG(run->checked.duplicate));
	for (size_t i = 0; rule == REPAIR_BAD_LINE && i < run->n_scrapes; i++) {
		const struct read_report *report = &run->scrapes[i].take.report;
		if (report->first_bad_line)
			return arena_printf(arena, "endpoint %.*s line %zu: %s",
				STR_ARG(run->scrapes[i].ask->endpoint), report->first_bad_line,
				report->first_fault);
	}
	return STR("");
}

// A rule is told when it was needed for the first time; its count is a metric.
static void report_repairs(
	const struct cycle *cycle, const struct source_run *run, const struct source_tally *tally)
{
	struct arena *arena = (struct arena *)&cycle->arena;

	for (int rule = 0; rule < N_REPAIRS; rule++) {
		uint64_t now = run->repairs.count[rule];
		if (now && now == tally->repairs.count[rule])
			log_warn("repaired what the source sends; told once",
				log_text("source", run->conf->name),
				log_text("rule", repair_name((enum repair)rule)),
				log_number("count", (int64_t)now),
				log_text("detail", detail(run, (enum repair)rule, arena)));
	}
}

static void report_quarantine(const struct source_run *run, struct source_tally *tally)
{
	const struct quarantine *entry = run->checked.quarantined;
	uint64_t families = 0;

	for (const struct quarantine *q = entry; q; q = q->next)
		families += hash_bytes(q->family, 1);
	if (families == tally->quarantined || !run->up)
		return;
	tally->quarantined = families;
	for (int i = 0; entry && i < MOST_FAMILIES; i++, entry = entry->next)
		log_warn("family left out", log_text("source", run->conf->name),
			log_text("family", entry->family), log_text("why", entry->why));
	if (entry)
		log_warn("and more families left out", log_text("source", run->conf->name),
			log_number("families_in_all", (int64_t)run->checked.n_quarantined));
	if (!families)
		log_info("no family is left out any more", log_text("source", run->conf->name));
}

void report_scrapes(const struct cycle *cycle)
{
	for (size_t i = 0; i < cycle->n_runs; i++) {
		const struct source_run *run = &cycle->runs[i];
		struct source_tally *tally = &cycle->env->tally->sources[run->index];

		report_source(cycle, run, tally);
		report_repairs(cycle, run, tally);
		report_quarantine(run, tally);
	}
}

// Pushes

static void report_push(const struct cycle *cycle, const struct push *push)
{
	const struct cycle_env *env = cycle->env;
	const struct source_run *leader = &cycle->runs[push->leader];
	struct sink_tally *tally = &env->tally->sinks[push->sink];
	struct str sink = env->config->sinks[push->sink]->name;
	struct str target = push->group ? push->request.url : leader->conf->name;
	struct ended ended;
	bool is_first = env->is_daemon && !tally->groups[leader->index].reported;
	enum change change =
		note(&tally->groups[leader->index], push->err.kind, push->status, &ended);

	if (change == WENT_DOWN || change == STILL_DOWN)
		log_error(change == WENT_DOWN ? "push failed" : "push still fails",
			log_text("sink", sink), log_text(push->group ? "url" : "source", target),
			log_text("reason", err_reason(push->err.kind)),
			log_text("error", str_of(push->err.text)));
	else if (change == CAME_BACK)
		log_info("push is accepted again", log_text("sink", sink), log_text("url", target),
			log_number("failures", (int64_t)ended.n_failures),
			log_number("seconds", ended.seconds));
	else if (is_first && push->accepted)
		log_info("first push accepted", log_text("sink", sink), log_text("url", target),
			log_number("bytes", (int64_t)push->request.body.len));
	if (push->accepted)
		tally->groups[leader->index].reported = true;
}

void report_pushes(const struct cycle *cycle)
{
	for (const struct push *push = cycle->pushes; push; push = push->next)
		report_push(cycle, push);
}

// A single run

static void print_source(const struct source_run *run, FILE *out)
{
	size_t n_pages = 0, n_good = 0;

	for (size_t i = 0; i < run->n_scrapes; i++) {
		n_pages += run->scrapes[i].ask->endpoint.len > 0;
		n_good += run->scrapes[i].ask->endpoint.len && run->scrapes[i].err.kind == ERR_NONE;
	}
	fprintf(out, "source %.*s: %zu of %zu endpoints, %zu samples, %zu bytes, %.1f ms\n",
		STR_ARG(run->conf->name), n_good, n_pages, run->n_samples, run->n_bytes,
		run->seconds * 1e3);
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
