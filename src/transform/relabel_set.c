// SPDX-License-Identifier: Apache-2.0
// Relabelling rules at work on a set. A page has a hundred families of the same series, and most rules look either at
// the name or at labels: so the name's part is done once per family, and outcomes are kept by what the labels were.
#include "transform/relabel_work.h"

#include "base/clock.h"
#include "base/hash.h"

#include <string.h>

// What the rules of one source, or of one sink for one group, may take in a cycle, of processor time: good ones
// need from a tenth to eight tenths of a microsecond a series, each.
static const int64_t LONGEST_NS = 2 * (int64_t)NS_PER_S;
static const int64_t LONGEST_PER_RULE_NS = 2000; // and series
// So often it is looked at.
static const int64_t LOOK_EVERY_NS = 10 * (int64_t)NS_PER_MS;

// 1. Time

static int64_t longest_ns(const struct relabel_work *work)
{
	return LONGEST_NS + LONGEST_PER_RULE_NS * (int64_t)(work->run->n_series * work->n_rules);
}

void relabel_look_at_clock(struct relabel_work *work)
{
	int64_t now_ns = clock_monotonic_ns();

	if (work->looked_ns && now_ns - work->looked_ns < LOOK_EVERY_NS)
		return;
	work->looked_ns = now_ns;
	work->is_over =
		work->run->spent_ns + clock_cpu_ns() - work->start_cpu_ns > longest_ns(work);
}

// 2. Labels

// Labels for rules alone.
static void drop_reserved(struct label_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++)
		if (!str_starts_with(list->items[i].name, STR("__")))
			list->items[kept++] = list->items[i];
	list->n = kept;
}

// All rules, one after the other. The series has the name and labels in the end.
static enum relabel_verdict run_rules(struct relabel_work *work)
{
	enum relabel_verdict result = RELABEL_SAME;

	for (size_t i = 0; i < work->n_rules; i++) {
		enum relabel_verdict verdict = relabel_apply(&work->rules[i], &work->series);

		if (work->touched && (verdict == RELABEL_CHANGED || verdict == RELABEL_DROPPED))
			work->touched[i]++;
		work->gave_up = i;
		if (verdict == RELABEL_DROPPED || verdict == RELABEL_GAVE_UP)
			return verdict;
		result = verdict == RELABEL_SAME ? result : verdict;
	}
	return result;
}

static struct relabel_outcome work_out(
	struct relabel_work *work, const struct relabel_kind *kind, const struct sample *sample)
{
	struct label_list *list = &work->series.labels;
	struct relabel_outcome outcome = { 0 };

	relabel_begin(&work->series, kind->old_name);
	label_list_read(list, sample->labels);
	if (!sample->complete)
		outcome.n_exported = label_list_extend(list, work->added);
	label_list_drop_empty(list); // which are none to Prometheus
	outcome.verdict = run_rules(work);
	relabel_look_at_clock(work);
	if (outcome.verdict != RELABEL_CHANGED) {
		outcome.n_exported = 0; // metric/check will do that
		return outcome;
	}
	drop_reserved(list);
	outcome.labels = label_list_text(list);
	label_identify(outcome.labels, &outcome.fingerprint, &outcome.label_names);
	return outcome;
}

static uint64_t key_of(const struct relabel_kind *kind, const struct sample *sample)
{
	uint64_t salt =
		sample->complete ? UINT64_C(0x589965cc75374cc3) : UINT64_C(0x1d8e4e27c47d124f);

	return hash_fold((sample->fingerprint ^ kind->trace.id) + salt,
		       UINT64_C(0x589965cc75374cc3)) |
	       1;
}

// 3. Samples and families

// The first one is told of.
static void leave_out(struct relabel_work *work, struct str why)
{
	struct rules_run *run = work->run;

	work->repairs->count[REPAIR_RULE]++;
	if (!run->left_out.len)
		run->left_out = arena_printf(run->arena, "metric_relabel_configs%.*s, %.*s",
			STR_ARG(why), STR_ARG(work->family->name));
}

static void leave_undecided(struct relabel_work *work)
{
	struct str why = STR("");

	if (!work->run->left_out.len)
		why = arena_printf(work->run->arena, "[%zu] gave up on a text", work->gave_up);
	leave_out(work, why);
}

// Outcomes that are remembered have labels too where the name alone was changed.
static bool has_other_labels(const struct relabel_work *work, const struct sample *sample,
	const struct relabel_outcome *outcome)
{
	uint64_t added = sample->complete ? 0 : work->run->added;

	return sample->fingerprint + added != outcome->fingerprint;
}

// False: it has gone.
static bool take_outcome(
	struct relabel_work *work, struct sample *sample, const struct relabel_outcome *outcome)
{
	if (outcome->verdict == RELABEL_GAVE_UP)
		leave_undecided(work);
	if (outcome->verdict == RELABEL_SAME)
		return true;
	if (outcome->verdict != RELABEL_CHANGED)
		return false;
	if (has_other_labels(work, sample, outcome))
		rules_note_origin(work->run, work->family->name, sample);
	sample->labels = outcome->labels;
	sample->fingerprint = outcome->fingerprint;
	sample->label_names = outcome->label_names;
	sample->complete = true;
	return true;
}

static void put_home(struct relabel_work *work, struct relabel_kind *kind, struct sample *sample,
	size_t n_exported)
{
	relabel_settle_home(work, kind, (enum sample_suffix)sample->suffix);
	if (!kind->home) {
		leave_out(work, STR(": no legal name is left"));
		return;
	}
	work->repairs->count[REPAIR_EXPORTED_LABEL] += n_exported;
	if (kind->home != work->family)
		rules_note_origin(work->run, work->family->name, sample);
	sample->suffix = (uint8_t)kind->suffix;
	metric_put_back(kind->home, sample);
}

// Where names and labels hang together, the name comes out for each sample anew.
static void put_home_by_series(struct relabel_work *work, const struct relabel_kind *kind,
	struct sample *sample, size_t n_exported)
{
	struct relabel_kind own = { .old_name = kind->old_name, .name = work->series.name };

	put_home(work, &own, sample, n_exported);
}

static void relabel_alone(
	struct relabel_work *work, const struct relabel_kind *kind, struct sample *sample)
{
	struct relabel_outcome outcome = work_out(work, kind, sample);

	if (take_outcome(work, sample, &outcome))
		put_home_by_series(work, kind, sample, outcome.n_exported);
}

// With what came of the same labels before, if there is that. By the labels' fingerprint, as metric/check does.
static void relabel_as_before(
	struct relabel_work *work, struct relabel_kind *kind, struct sample *sample)
{
	uint64_t key = key_of(kind, sample);
	struct relabel_outcome outcome;
	bool is_known = relabel_recall(&work->memory, key, &outcome);

	if (!is_known)
		outcome = work_out(work, kind, sample);
	bool stays = take_outcome(work, sample, &outcome);
	bool is_usual = is_known || !work->series.is_named_by_label;
	if (!is_known && is_usual)
		relabel_remember(&work->memory, key, &outcome, sample);
	if (stays && is_usual)
		put_home(work, kind, sample, outcome.n_exported);
	else if (stays)
		put_home_by_series(work, kind, sample, outcome.n_exported);
}

// An empty label of that name keeps the added one away, but has no part in the fingerprint.
static bool has_added_label(const struct relabel_work *work, const struct sample *sample)
{
	return !sample->complete && (sample->label_names & work->added_names);
}

static void relabel_sample(struct relabel_work *work, struct sample *sample)
{
	struct relabel_kind *kind = relabel_kind_of(work, (enum sample_suffix)sample->suffix);

	if (kind->is_undecided && !work->labels_may_name)
		leave_undecided(work);
	else if (kind->is_dropped && !work->labels_may_name)
		return;
	else if (!work->names_stand_alone || work->touched || has_added_label(work, sample))
		relabel_alone(work, kind, sample);
	else if (work->looks_at_labels || kind->trace.writes_labels)
		relabel_as_before(work, kind, sample);
	else
		put_home(work, kind, sample, 0);
}

// Whether all of a family's samples stay as they are, or all go, as the name alone can tell.
static bool is_settled_by_name(struct relabel_work *work)
{
	size_t n_dropped = 0, n = metric_is_simple(work->family->type) ? 1 : N_SUFFIXES;

	if (!work->names_stand_alone || work->touched || work->labels_may_name)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct relabel_kind *kind = relabel_kind_of(work, (enum sample_suffix)i);
		bool stays = str_eq(kind->name, kind->old_name) && !kind->trace.writes_labels &&
			     !work->looks_at_labels && !kind->is_undecided;

		if (!kind->is_dropped && !stays)
			return false;
		n_dropped += kind->is_dropped;
	}
	if (n_dropped && n_dropped < n)
		return false;
	if (n_dropped)
		metric_empty(work->family);
	return true;
}

static bool took_too_long(const struct relabel_work *work, struct err *err)
{
	if (!work->is_over)
		return false;
	err_set(err, ERR_TIMED_OUT, 0,
		"metric_relabel_configs: the rules took more than %lld ms of processor time; the "
		"last family was %.*s; make their regular expressions simpler, nested "
		"repetitions such as (a+)+ above all, or have fewer",
		(long long)(longest_ns(work) / NS_PER_MS), STR_ARG(work->family->name));
	return true;
}

static bool relabel_family(struct relabel_work *work, struct err *err)
{
	struct family *family = work->family;
	struct sample *next = family->first;

	memset(work->kinds, 0, sizeof(work->kinds));
	if (!next || is_settled_by_name(work))
		return !took_too_long(work, err);
	family->first = family->last = NULL;
	family->n_samples = 0;
	while (next) {
		struct sample *sample = next;

		next = sample->next;
		relabel_sample(work, sample);
		if (took_too_long(work, err))
			return false;
	}
	if (!family->first)
		metric_empty(family);
	return true;
}

// 4. All

static struct relabel_work begin(struct relabel *rules, size_t n, struct rules_run *run)
{
	struct relabel_work work = { .rules = rules, .n_rules = n, .run = run };
	const size_t longest = MIB(4); // a line has 1 MiB at most

	work.start_cpu_ns = clock_cpu_ns();
	work.moved = metric_set_new(run->arena);
	work.series.labels.arena = work.series.sorted.arena = run->arena;
	work.series.joined = work.series.expanded = work.series.target = work.series.escaped =
		buf_new(longest);
	relabel_look_at_rules(&work);
	return work;
}

static void end(struct relabel_work *work)
{
	buf_free(&work->series.joined);
	buf_free(&work->series.expanded);
	buf_free(&work->series.target);
	buf_free(&work->series.escaped);
	arena_free(&work->series.more);
	work->run->spent_ns += clock_cpu_ns() - work->start_cpu_ns;
}

bool relabel_set(struct relabel *rules, size_t n, struct rules_run *run, struct metric_set *set,
	const struct label_extra *added, struct repairs *repairs, uint64_t *touched,
	struct err *err)
{
	struct relabel_work work = begin(rules, n, run);
	bool good = true;
	uint64_t ignored;

	work.added = added;
	label_identify(added->text, &ignored, &work.added_names);
	work.repairs = repairs;
	work.touched = touched;
	work.memory = relabel_memory_new(run->arena, set->n_samples);
	for (work.family = set->first; good && work.family; work.family = work.family->next)
		good = relabel_family(&work, err);
	metric_join(set, work.moved);
	end(&work);
	return good;
}
