// SPDX-License-Identifier: Apache-2.0
#include "metric/check.h"

#include "metric/check_shape.h"
#include "metric/gateway_type.h"
#include "metric/write.h"

#include <string.h>

// Together with the braces, a suffix and a value (512 bytes at most, see number.h) less than
// WRITE_LONGEST_LINE.
enum { LONGEST_NAME = 4096, LONGEST_LABELS = WRITE_LONGEST_LINE - LONGEST_NAME - 1024 };

void check_quarantine(struct check *check, struct family *family, uint16_t source, struct str why)
{
	struct check_source *owner = &check->sources[source];
	struct quarantine *entry = arena_new(check->arena, struct quarantine);

	*entry = (struct quarantine){ .family = family->name, .why = why };
	if (owner->last_quarantined)
		owner->last_quarantined->next = entry;
	else
		owner->quarantined = entry;
	owner->last_quarantined = entry;
	owner->n_quarantined++;
	family->first = family->last = NULL;
	family->n_samples = 0;
}

// Labels: a source's own, and those that bear the name of a grouping label

static bool is_key_name(const void *arg, struct str name)
{
	const struct check *check = arg;

	for (size_t i = 0; i < check->n_key_names; i++)
		if (str_eq(check->key_names[i], name))
			return true;
	return false;
}

// A gateway would overwrite them silently, and series that differ only there would collide (seen on
// 1.5.1 and 1.11.2). Prometheus' own way out is the prefix, repeated until the name is free.
static void export_key_labels(struct check *check, struct repairs *repairs)
{
	struct label_list *list = &check->labels;

	for (size_t i = 0; i < list->n; i++) {
		struct str name = list->items[i].name;
		if (!is_key_name(check, name))
			continue;
		list->items[i].name = label_list_export(list, name, is_key_name, check);
		repairs->count[REPAIR_EXPORTED_LABEL]++;
	}
}

static void relabel(struct check *check, struct sample *sample, struct check_source *source)
{
	label_list_read(&check->labels, sample->labels);
	if (!sample->complete)
		source->repairs.count[REPAIR_EXPORTED_LABEL] +=
			label_list_extend(&check->labels, &source->added);
	export_key_labels(check, &source->repairs);
	sample->labels = label_list_text(&check->labels);
	label_identify(sample->labels, &sample->fingerprint, &sample->label_names);
	sample->complete = true;
}

static bool is_short_enough(void *arg, struct sample *sample)
{
	struct check *check = arg;
	struct check_source *source = &check->sources[sample->source];

	if (sample->labels.len + source->added.text.len <= LONGEST_LABELS)
		return true;
	source->repairs.count[REPAIR_TOO_LONG]++;
	return false;
}

static void label_family(struct check *check, struct family *family, uint16_t index)
{
	struct check_source *source = &check->sources[index];
	uint64_t added_fingerprint, added_bits;
	size_t longest = 0;

	label_identify(source->added.text, &added_fingerprint, &added_bits);
	for (struct sample *sample = family->first; sample; sample = sample->next) {
		sample->source = index;
		if (sample->label_names & (check->key_bits | added_bits))
			relabel(check, sample, source);
		else if (!sample->complete)
			sample->fingerprint += added_fingerprint;
		longest |= sample->labels.len;
	}
	if (longest + source->added.text.len > LONGEST_LABELS)
		metric_filter(family, is_short_enough, check);
}

// Merging

struct str check_refuse_name(struct str name)
{
	if (name.len > LONGEST_NAME)
		return STR("its name is too long");
	if (str_starts_with(name, STR("brokerpush_")))
		return STR("names that start with brokerpush_ belong to the agent");
	if (str_starts_with(name, STR("pushgateway_")))
		return STR("names that start with pushgateway_ belong to the gateway");
	if (str_eq(name, STR("push_time_seconds")) ||
		str_eq(name, STR("push_failure_time_seconds")))
		return STR("the Pushgateway writes this family itself");
	return STR("");
}

// Why a family cannot be let in; empty: it can.
static struct str find_fault(
	struct check *check, struct family *family, const struct family *home, uint16_t source)
{
	struct str refused = check->finished ? STR("") : check_refuse_name(family->name);

	if (refused.len)
		return refused;
	if (!gateway_settle_type(family, &check->sources[source].repairs))
		return STR("a Pushgateway has one of another type under this name");
	// Without a TYPE line nothing was claimed, so it is no conflict.
	if (!home || !home->first || home->type == family->type || !home->typed || !family->typed)
		return STR("");
	if (home->first->source == source)
		return arena_printf(check->arena,
			"it is typed %s here, but another one of this name and source is a %s",
			metric_type_names[family->type].ptr, metric_type_names[home->type].ptr);
	return arena_printf(check->arena,
		"it is typed %s here, but source %.*s stands before and has it as %s",
		metric_type_names[family->type].ptr,
		STR_ARG(check->sources[home->first->source].name),
		metric_type_names[home->type].ptr);
}

static void adopt_type(
	struct check *check, struct family *home, const struct family *family, uint16_t source)
{
	if (!home->first) {
		home->type = family->type;
		home->typed = family->typed;
	} else if (home->type != family->type) {
		check->sources[source].repairs.count[REPAIR_METADATA]++;
		home->type = home->typed ? home->type : family->type;
		home->typed = true;
	}
}

static void merge_family(struct check *check, struct family *family, uint16_t source)
{
	struct family *home = metric_find(check->set, family->name);
	struct str why = find_fault(check, family, home, source);

	if (why.len) {
		check_quarantine(check, family, source, why);
		return;
	}
	if (!home)
		home = metric_add_family(check->set, family->name);
	label_family(check, family, source);
	adopt_type(check, home, family, source);
	if (family->help.len > LONGEST_LABELS)
		check->sources[source].repairs.count[REPAIR_TOO_LONG]++;
	else if (home->help.len == 0)
		home->help = family->help;
	metric_move_samples(home, family);
}

void check_add(struct check *check, struct metric_set *set, uint16_t source)
{
	for (struct family *family = set->first; family; family = family->next)
		if (family->first || family->typed)
			merge_family(check, family, source);
}

// Duplicate series

// A fingerprint of 64 bits with a seed that nobody outside knows stands for the labels: of a million
// series of one family two meet by chance once in ten million cycles.
static bool same_series(const struct sample *a, const struct sample *b)
{
	return a->fingerprint == b->fingerprint && a->suffix == b->suffix;
}

static void note_duplicate(struct check *check, const struct family *family,
	const struct sample *sample, const struct sample *first)
{
	struct check_source *source = &check->sources[sample->source];

	source->repairs.count[REPAIR_DUPLICATE_SERIES]++;
	if (source->duplicate.len)
		return;
	source->duplicate = arena_printf(check->arena, "%.*s%s{%.*s} from source %.*s%s",
		STR_ARG(family->name), sample_suffix_texts[sample->suffix].ptr,
		STR_ARG(sample->labels), STR_ARG(check->sources[first->source].name),
		first->source == sample->source ? ", this one"
						: "; tell the sources apart by labels or job_name");
}

// Open addressing, 2^k places, at most half full; as small as the family, so that it stays in the
// cache for all but giant ones.
struct series_table {
	struct check *check;
	const struct family *family;
	const struct sample **places;
	size_t mask;
	const struct sample
		*made_equal; // that rules made equal to one before it; NULL: there is none
};

// Only a sink's rules see more than one source; what came equal from two is a duplicate, whatever rules these have.
static bool was_made_equal(const struct sample *a, const struct sample *b)
{
	return a->before_sink != b->before_sink ||
	       (a->source == b->source && a->before_source != b->before_source);
}

static bool is_first_of_series(void *arg, struct sample *sample)
{
	struct series_table *table = arg;
	size_t at = (size_t)(sample->fingerprint + sample->suffix) & table->mask;

	for (; table->places[at]; at = (at + 1) & table->mask) {
		if (same_series(table->places[at], sample)) {
			if (was_made_equal(table->places[at], sample)) {
				table->made_equal = sample;
				return true;
			}
			note_duplicate(table->check, table->family, sample, table->places[at]);
			return false;
		}
	}
	table->places[at] = sample;
	return true;
}

static size_t table_size_for(size_t n)
{
	size_t size = 4;

	while (size < n * 2)
		size *= 2;
	return size;
}

static void refuse_equal(struct check *check, struct family *family, const struct sample *second)
{
	check_quarantine(check, family, second->source,
		arena_printf(check->arena,
			"rules make two of its series equal, such as %.*s%s{%.*s}; let them keep "
			"a label that tells them apart",
			STR_ARG(family->name), sample_suffix_texts[second->suffix].ptr,
			STR_ARG(second->labels)));
}

static void drop_duplicates_of(struct series_table *table, struct family *family)
{
	table->family = family;
	table->made_equal = NULL;
	table->mask = table_size_for(family->n_samples) - 1;
	// The size of pointers is meant. NOLINTNEXTLINE(bugprone-sizeof-expression)
	memset(table->places, 0, (table->mask + 1) * sizeof(*table->places));
	metric_filter(family, is_first_of_series, table);
	if (table->made_equal)
		refuse_equal(table->check, family, table->made_equal);
}

static void drop_duplicates(struct check *check, bool (*is_wanted)(const struct family *family))
{
	struct series_table table = { .check = check };
	size_t largest = 0;

	for (struct family *family = check->set->first; family; family = family->next)
		if (family->n_samples > largest && is_wanted(family))
			largest = family->n_samples;
	if (largest < 2)
		return;
	table.places = arena_array(check->arena, const struct sample *, table_size_for(largest));
	for (struct family *family = check->set->first; family; family = family->next)
		if (family->n_samples > 1 && is_wanted(family))
			drop_duplicates_of(&table, family);
}

static bool is_any(const struct family *family)
{
	(void)family;
	return true;
}

// Without its bound a bucket is no bucket any more, and would be left out before anybody saw that there are two.
static bool is_shape_changed_by_rules(const struct family *family)
{
	const struct sample *sample = metric_is_simple(family->type) ? NULL : family->first;

	while (sample && !sample->before_source && !sample->before_sink)
		sample = sample->next;
	return sample != NULL;
}

// Life

void check_finish(struct check *check)
{
	drop_duplicates(check, is_shape_changed_by_rules);
	check_shapes(check);
	drop_duplicates(check, is_any);
	check->finished = true;
}

struct check check_new(struct arena *arena, const struct str *key_names, size_t n_key_names,
	struct check_source *sources)
{
	struct check check = { .arena = arena, .key_names = key_names, .n_key_names = n_key_names };

	check.set = metric_set_new(arena);
	check.sources = sources;
	check.labels.arena = arena;
	for (size_t i = 0; i < n_key_names; i++)
		check.key_bits |= label_name_bit(key_names[i]);
	return check;
}
