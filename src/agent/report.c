// SPDX-License-Identifier: Apache-2.0
#include "agent/report.h"

#include "agent/outcome.h"
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

static void log_endpoint(const struct cycle *cycle, const struct source_run *run,
	const struct endpoint *endpoint, bool still)
{
	struct str source = run->conf->name;
	struct str url = endpoint->url.len ? endpoint->url : run->conf->http.url;

	if (endpoint->unavailable)
		log_info("endpoint is not available in this broker", log_text("source", source),
			log_text("endpoint", endpoint->name),
			log_text("error", str_of(endpoint->err.text)));
	else
		log_warn(still ? "endpoint still fails" : "endpoint failed",
			log_text("source", source), log_text("endpoint", endpoint->name),
			log_text("reason", err_reason(endpoint->err.kind)),
			log_text("error", str_of(endpoint->err.text)),
			log_text("url", public_url(cycle, url)));
}

static void report_endpoint(const struct cycle *cycle, const struct source_run *run,
	const struct endpoint *endpoint, struct outage *outage)
{
	struct str source = run->conf->name;
	struct ended ended;
	enum change change = note(outage, endpoint->err.kind, endpoint->status, &ended);

	// While the whole source is down, one line about it is enough.
	if (outage->kind == ERR_NONE) {
		if (outage->reported && change == CAME_BACK)
			log_info("endpoint is back", log_text("source", source),
				log_text("endpoint", endpoint->name),
				log_number("failures", (int64_t)ended.n_failures),
				log_number("seconds", ended.seconds));
		outage->reported = false;
		return;
	}
	// What a broker does not have is told once, what fails at each doubling.
	if (change == WENT_DOWN || (change == STILL_DOWN && !endpoint->unavailable))
		outage->reported = false;
	if (outage->reported || !run->up)
		return;
	outage->reported = true;
	log_endpoint(cycle, run, endpoint, change == STILL_DOWN);
}

// A page that fails as text, while JSON stands in for it.
static void report_fallback(const struct cycle *cycle, const struct source_run *run,
	const struct endpoint *endpoint, struct outage *text)
{
	enum err_kind kind = endpoint->fell_back ? endpoint->text_err.kind : ERR_NONE;
	struct ended ended;
	enum change change = note(text, kind, endpoint->text_status, &ended);

	if (change == WENT_DOWN || change == STILL_DOWN)
		log_warn(change == WENT_DOWN
				 ? "endpoint fails as text; its statistics come from JSON"
				 : "endpoint still fails as text; its statistics come from JSON",
			log_text("source", run->conf->name), log_text("endpoint", endpoint->name),
			log_text("reason", err_reason(kind)),
			log_text("error", str_of(endpoint->text_err.text)),
			log_text("url", public_url(cycle, endpoint->text_url)));
	else if (change == CAME_BACK && endpoint->err.kind == ERR_NONE)
		log_info("endpoint answers as text again", log_text("source", run->conf->name),
			log_text("endpoint", endpoint->name),
			log_number("failures", (int64_t)ended.n_failures),
			log_number("seconds", ended.seconds));
}

// The endpoints whose answers lack nodes of the cluster; they lack the same ones, nearly always.
static void report_nodes(
	const struct cycle *cycle, const struct source_run *run, struct source_tally *tally)
{
	struct arena *arena = (struct arena *)&cycle->arena;
	struct str missing = STR(""), names = STR("");

	for (const struct endpoint *e = run->endpoints; e; e = e->next) {
		if (e->missing.len == 0)
			continue;
		if (missing.len == 0)
			missing = e->missing;
		names = arena_printf(arena, "%.*s%s%.*s", STR_ARG(names), names.len ? ", " : "",
			STR_ARG(e->name));
	}
	uint64_t now = missing.len ? hash_bytes(missing, 1) : 0;
	if (now == tally->missing || !run->up)
		return;
	tally->missing = now;
	if (now)
		log_warn("answers lack nodes of the cluster", log_text("source", run->conf->name),
			log_text("missing", missing), log_text("endpoints", names));
	else
		log_info("answers have all nodes of the cluster again",
			log_text("source", run->conf->name));
}

static const struct source_warning *find_warning(const struct source_run *run, const char *text)
{
	const struct source_warning *warning = run->turn.warnings;

	while (warning && warning->text != text)
		warning = warning->next;
	return warning;
}

static void end_warnings(const struct source_run *run, struct source_tally *tally)
{
	for (size_t i = 0; i < ARRAY_LEN(tally->warned); i++) {
		if (!tally->warned[i] || find_warning(run, tally->warned[i]))
			continue;
		log_info("a warning of the source holds no longer",
			log_text("source", run->conf->name),
			log_text("warning", str_of(tally->warned[i])));
		tally->warned[i] = NULL;
	}
}

// An id may have 64 kB.
static struct str start_of(struct str text)
{
	enum { ENOUGH = 200 };

	return (struct str){ text.ptr, text.len < ENOUGH ? text.len : ENOUGH };
}

static void report_warnings(const struct source_run *run, struct source_tally *tally)
{
	if (!run->up)
		return;
	end_warnings(run, tally);
	for (const struct source_warning *w = run->turn.warnings; w; w = w->next) {
		size_t i = 0, free = 0;

		while (i < ARRAY_LEN(tally->warned) && tally->warned[i] != w->text)
			i++;
		while (free < ARRAY_LEN(tally->warned) && tally->warned[free])
			free++;
		if (i < ARRAY_LEN(tally->warned) || free == ARRAY_LEN(tally->warned))
			continue;
		tally->warned[free] = w->text;
		log_warn("the source warns", log_text("source", run->conf->name),
			log_text("warning", str_of(w->text)), log_number("count", (int64_t)w->n),
			log_text("example", start_of(w->example)));
	}
}

static void report_endpoints(const struct cycle *cycle, const struct source_run *run)
{
	for (const struct endpoint *e = run->endpoints; e; e = e->next) {
		struct endpoint_tally *tally =
			tally_endpoint(cycle->env->tally, run->index, e->name);

		if (!e->is_optional)
			report_endpoint(cycle, run, e, &tally->outage);
		report_fallback(cycle, run, e, &tally->text);
	}
}

// The endpoint whose failure stands for the whole source: the first one that failed, of those that the
// broker should have if there is one.
static const struct endpoint *first_failure(const struct source_run *run)
{
	static const struct endpoint none;
	const struct endpoint *found = &none;

	for (const struct endpoint *e = run->endpoints; e; e = e->next)
		if (e->err.kind != ERR_NONE && !e->is_question &&
			(found == &none || (found->unavailable && !e->unavailable)))
			found = e;
	return found;
}

static void report_source(
	const struct cycle *cycle, const struct source_run *run, struct source_tally *tally)
{
	const struct endpoint *failure = first_failure(run);
	const struct err *err = &failure->err;
	struct ended ended;
	enum change change =
		note(&tally->outage, run->up ? ERR_NONE : err->kind, failure->status, &ended);

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
	report_endpoints(cycle, run);
	report_nodes(cycle, run, tally);
	report_warnings(run, tally);
}

// Repairs and quarantine

static struct str detail(const struct source_run *run, enum repair rule, struct arena *arena)
{
	if (rule == REPAIR_RULE)
		return run->rules_run->left_out.len ? run->rules_run->left_out
						    : run->checked.left_out;

	if (rule == REPAIR_DUPLICATE_SERIES && run->checked.duplicate.len)
		return arena_printf(arena, "first %.*s", STR_ARG(run->checked.duplicate));
	if (rule == REPAIR_HISTOGRAM && run->checked.shape.len)
		return arena_printf(arena,
			"first %.*s; parts that no reader takes are left out, missing ones added",
			STR_ARG(run->checked.shape));
	if (rule == REPAIR_OPENMETRICS)
		return STR("OpenMetrics becomes text 0.0.4: no fault of the source's");
	for (const struct scrape *s = run->scrapes; rule == REPAIR_BAD_LINE && s; s = s->next) {
		const struct read_report *report = &s->take.report;
		if (report->first_bad_line)
			return arena_printf(arena, "endpoint %.*s line %zu: %s",
				STR_ARG(s->ask->endpoint), report->first_bad_line,
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
	// Without a group nothing was checked.
	if (families == tally->quarantined || !run->up || !run->checked.name.ptr)
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
