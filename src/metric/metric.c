// SPDX-License-Identifier: Apache-2.0
#include "metric/metric.h"

#include "base/hash.h"
#include "metric/label.h"

#include <string.h>

const struct str metric_type_names[N_METRIC_TYPES] = {
	[METRIC_UNTYPED] = STR_INIT("untyped"),
	[METRIC_COUNTER] = STR_INIT("counter"),
	[METRIC_GAUGE] = STR_INIT("gauge"),
	[METRIC_HISTOGRAM] = STR_INIT("histogram"),
	[METRIC_SUMMARY] = STR_INIT("summary"),
};

const struct str sample_suffix_texts[N_SUFFIXES] = {
	[SUFFIX_NONE] = STR_INIT(""),
	[SUFFIX_BUCKET] = STR_INIT("_bucket"),
	[SUFFIX_SUM] = STR_INIT("_sum"),
	[SUFFIX_COUNT] = STR_INIT("_count"),
};

struct metric_set *metric_set_new(struct arena *arena)
{
	struct metric_set *set = arena_new(arena, struct metric_set);

	set->arena = arena;
	return set;
}

// The table

// The place of a name in the table: where it stands, or the free place where it belongs.
static struct family **place_of(const struct metric_set *set, struct str name)
{
	size_t mask = set->table_size - 1;
	size_t at = hash_bytes(name, hash_seed()) & mask;

	while (set->table[at] && !str_eq(set->table[at]->name, name))
		at = (at + 1) & mask;
	return &set->table[at];
}

static void grow_table(struct metric_set *set)
{
	set->table_size = set->table_size ? set->table_size * 2 : 64;
	set->table = arena_array(set->arena, struct family *, set->table_size);
	for (struct family *family = set->first; family; family = family->next)
		*place_of(set, family->name) = family;
}

struct family *metric_find(const struct metric_set *set, struct str name)
{
	return set->table_size ? *place_of(set, name) : NULL;
}

struct family *metric_add_family(struct metric_set *set, struct str name)
{
	struct family *family = arena_new(set->arena, struct family);

	if (set->n_families * 2 >= set->table_size)
		grow_table(set);
	family->name = name;
	*place_of(set, name) = family;
	if (set->last)
		set->last->next = family;
	else
		set->first = family;
	set->last = family;
	set->n_families++;
	return family;
}

struct family *metric_family(struct metric_set *set, struct str name)
{
	struct family *family = metric_find(set, name);

	return family ? family : metric_add_family(set, name);
}

// Samples

static void append(struct family *family, struct sample *first, struct sample *last, size_t n)
{
	if (family->last)
		family->last->next = first;
	else
		family->first = first;
	family->last = last;
	family->n_samples += n;
}

struct sample *metric_add_sample(struct metric_set *set, struct family *family)
{
	struct sample *sample = arena_new(set->arena, struct sample);

	append(family, sample, sample, 1);
	set->n_samples++;
	return sample;
}

void metric_put_back(struct family *family, struct sample *sample)
{
	sample->next = NULL;
	append(family, sample, sample, 1);
}

void metric_join(struct metric_set *set, const struct metric_set *more)
{
	if (!more->first)
		return;
	if (set->last)
		set->last->next = more->first;
	else
		set->first = more->first;
	set->last = more->last;
}

void metric_move_samples(struct family *to, struct family *from)
{
	if (from->first)
		append(to, from->first, from->last, from->n_samples);
	from->first = from->last = NULL;
	from->n_samples = 0;
}

void metric_filter(struct family *family, bool (*keep)(void *arg, struct sample *sample), void *arg)
{
	struct sample **link = &family->first, *next;

	family->last = NULL;
	for (struct sample *sample = family->first; sample; sample = next) {
		next = sample->next;
		if (!keep(arg, sample)) {
			family->n_samples--;
			continue;
		}
		*link = family->last = sample;
		link = &sample->next;
	}
	*link = NULL;
}

void metric_empty(struct family *family)
{
	family->first = family->last = NULL;
	family->n_samples = 0;
	family->typed = false;
}

struct metric_set *metric_copy(const struct metric_set *set)
{
	struct metric_set *copy = metric_set_new(set->arena);

	for (struct family *family = set->first; family; family = family->next) {
		struct family *twin = metric_add_family(copy, family->name);

		twin->help = family->help;
		twin->type = family->type;
		twin->typed = family->typed;
		for (struct sample *sample = family->first; sample; sample = sample->next) {
			struct sample *added = metric_add_sample(copy, twin);
			*added = *sample;
			added->next = NULL;
		}
	}
	return copy;
}

bool metric_is_simple(enum metric_type type)
{
	return type != METRIC_HISTOGRAM && type != METRIC_SUMMARY;
}

bool metric_is_name(struct str name)
{
	return label_is_legal(name, true);
}

enum sample_suffix metric_split_suffix(struct str name, struct str *base)
{
	for (int suffix = SUFFIX_BUCKET; suffix < N_SUFFIXES; suffix++) {
		struct str text = sample_suffix_texts[suffix];

		if (name.len > text.len && str_ends_with(name, text)) {
			*base = (struct str){ name.ptr, name.len - text.len };
			return (enum sample_suffix)suffix;
		}
	}
	*base = name;
	return SUFFIX_NONE;
}
