// SPDX-License-Identifier: Apache-2.0
#include "transform/relabel_work.h"

// Rules

static bool stands_alone(const struct relabel *rule)
{
	return rule->reads != READS_BOTH && (rule->reads != READS_LABELS || !rule->may_write_name);
}

void relabel_look_at_rules(struct relabel_work *work)
{
	work->names_stand_alone = true;
	for (size_t i = 0; i < work->n_rules; i++) {
		const struct relabel *rule = &work->rules[i];

		work->looks_at_labels |= rule->reads == READS_LABELS || rule->reads == READS_BOTH;
		work->labels_may_name |= rule->may_map_to_name;
		if (!stands_alone(rule))
			work->names_stand_alone = false;
	}
}

// Names

// The family that a name belongs to. Samples of histograms and summaries stay what they are if their suffix does.
static struct family *find_home(struct relabel_work *work, enum sample_suffix old, struct str name,
	enum sample_suffix *suffix)
{
	const struct family *from = work->family;
	struct str tail = sample_suffix_texts[old];
	bool is_whole = name.len > tail.len && str_ends_with(name, tail);
	enum metric_type type = is_whole ? from->type : METRIC_UNTYPED;

	if (!metric_is_name(name))
		return NULL;
	*suffix = is_whole ? old : SUFFIX_NONE;
	if (is_whole)
		name.len -= tail.len;
	struct family *home = metric_find(work->moved, name);
	if (home && home->type == type)
		return home;
	home = metric_add_family(work->moved, arena_copy(work->run->arena, name));
	home->type = type;
	home->typed = is_whole && from->typed;
	home->help = from->help;
	return home;
}

void relabel_settle_home(
	struct relabel_work *work, struct relabel_kind *kind, enum sample_suffix suffix)
{
	if (kind->is_settled)
		return;
	kind->is_settled = true;
	kind->suffix = suffix;
	kind->home = str_eq(kind->name, kind->old_name)
			     ? work->family
			     : find_home(work, suffix, kind->name, &kind->suffix);
}

static void follow_name(struct relabel_work *work, struct relabel_kind *kind)
{
	struct relabel_series *series = &work->series;

	relabel_begin(series, kind->old_name);
	for (size_t i = 0; i < work->n_rules; i++) {
		enum relabel_verdict verdict =
			relabel_apply_to_name(&work->rules[i], series, &kind->trace);

		kind->is_dropped = verdict == RELABEL_DROPPED;
		kind->is_undecided = verdict == RELABEL_GAVE_UP;
		work->gave_up = i;
		if (kind->is_dropped || kind->is_undecided)
			return;
	}
	kind->name = arena_copy(work->run->arena, series->name);
}

struct relabel_kind *relabel_kind_of(struct relabel_work *work, enum sample_suffix suffix)
{
	struct relabel_kind *kind = &work->kinds[suffix];

	if (kind->is_known)
		return kind;
	*kind = (struct relabel_kind){ .is_known = true };
	kind->old_name = kind->name =
		suffix == SUFFIX_NONE
			? work->family->name
			: arena_printf(work->run->arena, "%.*s%s", STR_ARG(work->family->name),
				  sample_suffix_texts[suffix].ptr);
	if (!work->names_stand_alone || work->touched)
		return kind;
	follow_name(work, kind);
	relabel_look_at_clock(work);
	return kind;
}
