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

static bool is_key_name(const struct check *check, struct str name)
{
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
		do {
			name = arena_printf(check->arena, "exported_%.*s", STR_ARG(name));
		} while (is_key_name(check, name) || label_list_find(list, name) < list->n);
		list->items[i].name = name;
		repairs->count[REPAIR_EXPORTED_LABEL]++;
	}
}

static void relabel(struct check *check, struct sample *sample, struct check_source *source)
{
	struct str added = source->added;
	struct label label;

	label_list_read(&check->labels, sample->labels);
	while (label_next(&added, &label))
		if (label_list_find(&check->labels, label.name) == check->labels.n)
			label_list_add(&check->labels, label);
	export_key_labels(check, &source->repairs);
	sample->labels = label_list_text(&check->labels);
	label_identify(sample->labels, &sample->fingerprint, &sample->label_names);
	sample->complete = true;
}

static bool is_short_enough(void *arg, struct sample *sample)
{
	struct check *check = arg;
	struct check_source *source = &check->sources[sample->source];

	if (sample->labels.len + source->added.len <= LONGEST_LABELS)
		return true;
	source->repairs.count[REPAIR_TOO_LONG]++;
	return false;
}

static void label_family(struct check *check, struct family *family, uint16_t index)
{
	struct check_source *source = &check->sources[index];
	uint64_t added_fingerprint, added_bits;
	size_t longest = 0;

	label_identify(source->added, &added_fingerprint, &added_bits);
	for (struct sample *sample = family->first; sample; sample = sample->next) {
		sample->source = index;
		if (sample->label_names & (check->key_bits | added_bits))
			relabel(check, sample, source);
		else
			sample->fingerprint += added_fingerprint;
		longest |= sample->labels.len;
	}
	if (longest + source->added.len > LONGEST_LABELS)
		metric_filter(family, is_short_enough, check);
}

// Merging

// Families that no source may send, with the reason. brokerpush_ in front is the agent's own.
static struct str refuse_name(struct str name)
{
	if (name.len > LONGEST_NAME)
		return STR("its name is too long");
	if (str_starts_with(name, STR("brokerpush_")))
		return STR("names that start with brokerpush_ are the agent's own");
	if (str_starts_with(name, STR("pushgateway_")))
		return STR("names that start with pushgateway_ are the gateway's own");
	if (str_eq(name, STR("push_time_seconds")) ||
		str_eq(name, STR("push_failure_time_seconds")))
		return STR("the Pushgateway writes this family itself");
	return STR("");
}

static bool is_simple(enum metric_type type)
{
	return type != METRIC_HISTOGRAM && type != METRIC_SUMMARY;
}

// Whether a name is x_sum or x_count beside a summary x of the gateway's own.
static bool is_beside_summary(struct str name)
{
	struct str base;
	enum sample_suffix suffix = metric_split_suffix(name, &base);
	enum metric_type type;

	return (suffix == SUFFIX_SUM || suffix == SUFFIX_COUNT) && gateway_type(base, &type) &&
	       type == METRIC_SUMMARY;
}

// A gateway refuses a body that types one of its own families otherwise. False: it cannot be helped.
static bool settle_gateway_type(struct family *family, struct repairs *repairs)
{
	enum metric_type type;

	if (is_beside_summary(family->name))
		return false;
	if (!gateway_type(family->name, &type) || type == family->type)
		return true;
	if (!is_simple(type) || !is_simple(family->type))
		return false;
	family->type = type;
	family->typed = true;
	repairs->count[REPAIR_GATEWAY_TYPE]++;
	return true;
}

// Why a family cannot be let in; empty: it can.
static struct str find_fault(
	struct check *check, struct family *family, const struct family *home, uint16_t source)
{
	struct str refused = check->finished ? STR("") : refuse_name(family->name);

	if (refused.len)
		return refused;
	if (!settle_gateway_type(family, &check->sources[source].repairs))
		return STR("a Pushgateway has one of another type under this name");
	// Without a TYPE line nothing was claimed, so it is no conflict.
	if (!home || !home->first || home->type == family->type || !home->typed || !family->typed)
		return STR("");
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
	if (source->duplicate.len == 0)
		source->duplicate = arena_printf(check->arena, "%.*s%s{%.*s} from source %.*s",
			STR_ARG(family->name), sample_suffix_texts[sample->suffix].ptr,
			STR_ARG(sample->labels), STR_ARG(check->sources[first->source].name));
}

// Open addressing, 2^k places, at most half full; as small as the family, so that it stays in the
// cache for all but giant ones.
struct series_table {
	struct check *check;
	const struct family *family;
	const struct sample **places;
	size_t mask;
};

static bool is_first_of_series(void *arg, struct sample *sample)
{
	struct series_table *table = arg;
	size_t at = (size_t)(sample->fingerprint + sample->suffix) & table->mask;

	for (; table->places[at]; at = (at + 1) & table->mask) {
		if (same_series(table->places[at], sample)) {
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

static void drop_duplicates(struct check *check)
{
	size_t largest = 0;
	for (struct family *family = check->set->first; family; family = family->next)
		if (family->n_samples > largest)
			largest = family->n_samples;

	struct series_table table = { .check = check };
	table.places = arena_array(check->arena, const struct sample *, table_size_for(largest));
	for (struct family *family = check->set->first; family; family = family->next) {
		if (family->n_samples < 2)
			continue;
		table.family = family;
		table.mask = table_size_for(family->n_samples) - 1;
		// The size of pointers is meant. NOLINTNEXTLINE(bugprone-sizeof-expression)
		memset(table.places, 0, (table.mask + 1) * sizeof(*table.places));
		metric_filter(family, is_first_of_series, &table);
	}
}

// Life

void check_finish(struct check *check)
{
	check_shapes(check);
	drop_duplicates(check);
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
