// SPDX-License-Identifier: Apache-2.0
#include "metric/check_shape.h"

#include "base/number.h"
#include "metric/clash.h"

#include <math.h>
#include <string.h>

// x_bucket, x_sum and x_count beside x

static struct family *find_part(
	struct check *check, const struct family *family, enum sample_suffix suffix)
{
	struct family *part = clash_find_part(check->set, family, suffix);

	return part && part->first ? part : NULL;
}

// Without a TYPE line of its own a family x_count is the histogram's, sent before its TYPE line.
static void absorb_parts(struct check *check, struct family *family)
{
	for (int suffix = SUFFIX_BUCKET; suffix < N_SUFFIXES; suffix++) {
		struct family *part = find_part(check, family, (enum sample_suffix)suffix);

		if (!part || part->typed)
			continue;
		check->sources[part->first->source].repairs.count[REPAIR_METADATA]++;
		for (struct sample *sample = part->first; sample; sample = sample->next)
			sample->suffix = (uint8_t)suffix;
		metric_move_samples(family, part);
	}
}

// Of two sources the first keeps the name.
static void refuse_parts(struct check *check, struct family *family)
{
	for (int suffix = SUFFIX_BUCKET; family->first && suffix < N_SUFFIXES; suffix++) {
		struct family *part = find_part(check, family, (enum sample_suffix)suffix);
		if (!part)
			continue;

		if (part->first->source < family->first->source)
			check_quarantine(check, family, family->first->source,
				arena_printf(check->arena,
					"a %s %.*s, named like one of its samples, stands before "
					"it",
					metric_type_names[part->type].ptr, STR_ARG(part->name)));
		else
			check_quarantine(check, part, part->first->source,
				arena_printf(check->arena,
					"a %s %.*s with samples of this name stands beside it",
					metric_type_names[family->type].ptr,
					STR_ARG(family->name)));
	}
}

// Bounds: the text of `le` and `quantile`

// Whether a bound is spelled as number_write would: plain digits, or 0.ddd that ends in no zero.
static bool is_plain_bound(struct str text)
{
	size_t point = 0;

	if (str_eq(text, STR("+Inf")))
		return true;
	if (text.len == 0 || text.len > 6)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '.' && !point && i)
			point = i;
		else if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
	}
	if (text.ptr[0] == '0')
		return text.len == 1 ||
		       (point == 1 && text.len > 2 && text.ptr[text.len - 1] != '0');
	return !point || (text.ptr[text.len - 1] != '0' && text.ptr[text.len - 1] != '.');
}

// Where a label's text name="value" stands in a sample's labels, given its value there.
static struct str label_text(struct str name, struct str value)
{
	return str_between(value.ptr - name.len - 2, value.ptr + value.len + 1);
}

static void respell_bound(
	struct check *check, struct sample *sample, struct str name, struct str old, struct str new)
{
	sample->fingerprint -= label_fingerprint(label_text(name, old));
	label_list_read(&check->labels, sample->labels);
	check->labels.items[label_list_find(&check->labels, name)].value =
		arena_copy(check->arena, new);
	sample->labels = label_list_text(&check->labels);
	label_find(sample->labels, name, &old);
	sample->fingerprint += label_fingerprint(label_text(name, old));
}

// Spells the bound as a gateway serves it, so that a series has one name on every way. False: the
// sample has no such label, or it is no number.
static bool settle_bound(struct check *check, struct sample *sample, struct str name)
{
	struct str text, spelling;

	if (!label_find(sample->labels, name, &text))
		return false;
	if (is_plain_bound(text))
		return true;
	if (number_judge(text, &spelling) == NUMBER_BAD || isnan(number_value(spelling)))
		return false;
	struct buf normal = buf_new(64);
	number_write(&normal, number_value(spelling));
	if (!str_eq(buf_str(&normal), text))
		respell_bound(check, sample, name, text, buf_str(&normal));
	buf_free(&normal);
	return true;
}

// Series of histograms and summaries

// What was seen of one series: all its samples have the same labels but for the bound.
struct series {
	uint64_t id; // fingerprint without the bound; a chance collision costs at most a repair
	struct sample *any;
	struct sample *infinite, *sum, *count;
	bool used, settled, bad;
};

struct shape {
	struct check *check;
	struct family *family;
	struct str bound_name; // le or quantile
	struct series *table;  // open addressing, at most half full
	size_t mask;
};

static struct series *series_of(struct shape *shape, struct sample *sample)
{
	uint64_t id = sample->fingerprint;
	struct str value;

	if (label_find(sample->labels, shape->bound_name, &value))
		id -= label_fingerprint(label_text(shape->bound_name, value));
	size_t at = (size_t)id & shape->mask;
	while (shape->table[at].used && shape->table[at].id != id)
		at = (at + 1) & shape->mask;

	struct series *series = &shape->table[at];
	series->used = true;
	series->id = id;
	series->any = sample;
	return series;
}

static bool is_count(struct str value)
{
	double number = number_value(value);

	return number >= 0 && !isinf(number);
}

// Whether a sample is one that its family may have, by itself.
static bool is_well_formed(struct shape *shape, struct sample *sample)
{
	bool has_bound = sample->suffix ==
			 (shape->family->type == METRIC_HISTOGRAM ? SUFFIX_BUCKET : SUFFIX_NONE);
	struct str ignored;

	if (has_bound)
		return settle_bound(shape->check, sample, shape->bound_name);
	return sample->suffix != SUFFIX_NONE && sample->suffix != SUFFIX_BUCKET &&
	       !label_find(sample->labels, shape->bound_name, &ignored);
}

// A gateway takes a="" and no a for one series, but puts the parts of a histogram together by their
// labels as they are written, and adds instance="" itself: so empty labels go.
static void drop_empty_labels(struct check *check, struct sample *sample)
{
	struct label_list *list = &check->labels;

	if (!sample->labels.len || !memmem(sample->labels.ptr, sample->labels.len, "=\"\"", 3))
		return;
	label_list_read(list, sample->labels);
	label_list_drop_empty(list);
	sample->labels = label_list_text(list);
}

static void note_repair(struct shape *shape, const struct sample *sample)
{
	struct check_source *source = &shape->check->sources[sample->source];

	source->repairs.count[REPAIR_HISTOGRAM]++;
	if (!source->shape.len)
		source->shape = shape->family->name;
}

static bool enter_sample(void *arg, struct sample *sample)
{
	struct shape *shape = arg;
	struct str bound;

	drop_empty_labels(shape->check, sample);
	if (!is_well_formed(shape, sample)) {
		note_repair(shape, sample);
		return false;
	}
	struct series *series = series_of(shape, sample);
	if (sample->suffix == SUFFIX_COUNT)
		series->count = sample;
	else if (sample->suffix == SUFFIX_SUM)
		series->sum = sample;
	else if (sample->suffix == SUFFIX_BUCKET &&
		 label_find(sample->labels, shape->bound_name, &bound) &&
		 str_eq(bound, STR("+Inf")))
		series->infinite = sample;
	// A negative bucket becomes 1.8e19 on a gateway 1.5.1 and is refused by 1.11.2.
	if ((sample->suffix == SUFFIX_COUNT || sample->suffix == SUFFIX_BUCKET) &&
		!is_count(sample->value))
		series->bad = true;
	return true;
}

static bool is_in_good_series(void *arg, struct sample *sample)
{
	struct shape *shape = arg;

	if (!series_of(shape, sample)->bad)
		return true;
	note_repair(shape, sample);
	return false;
}

// A new sample of a histogram's series, like one that it has.
static struct sample *add_part(struct shape *shape, const struct series *series,
	enum sample_suffix suffix, struct str value)
{
	struct check *check = shape->check;
	struct sample *sample = metric_add_sample(check->set, shape->family);
	struct label_list *list = &check->labels;
	struct str infinite;

	sample->fingerprint = series->id;
	sample->label_names = series->any->label_names | label_name_bit(shape->bound_name);
	sample->value = value;
	sample->suffix = (uint8_t)suffix;
	sample->source = series->any->source;
	sample->complete = series->any->complete;
	label_list_read(list, series->any->labels);
	size_t bound = label_list_find(list, shape->bound_name);
	if (bound < list->n)
		list->items[bound] = list->items[--list->n];
	if (suffix == SUFFIX_BUCKET)
		label_list_add(list, (struct label){ shape->bound_name, STR("+Inf") });
	sample->labels = label_list_text(list);
	if (label_find(sample->labels, shape->bound_name, &infinite))
		sample->fingerprint += label_fingerprint(label_text(shape->bound_name, infinite));
	note_repair(shape, sample);
	return sample;
}

// What a gateway would make up: the last bucket from the count (else 0), a count of 0, a sum of 0. The
// zeros would be lies, so a series without any count goes, and a sum that is not known is NaN.
static void complete_series(struct shape *shape, struct series *series)
{
	if (series->bad || series->settled)
		return;
	series->settled = true;
	if (!series->infinite && !series->count) {
		series->bad = true;
		return;
	}
	if (!series->infinite)
		series->infinite = add_part(shape, series, SUFFIX_BUCKET, series->count->value);
	if (!series->count)
		series->count = add_part(shape, series, SUFFIX_COUNT, series->infinite->value);
	if (!series->sum)
		series->sum = add_part(shape, series, SUFFIX_SUM, STR("NaN"));
}

// In the order of the samples, so that bodies of one source do not differ without need.
static void complete_histogram(struct shape *shape)
{
	const struct sample *end = shape->family->last; // what is added comes behind it
	struct sample *sample = shape->family->first;

	for (bool more = sample != NULL; more; sample = sample->next) {
		more = sample != end;
		complete_series(shape, series_of(shape, sample));
	}
}

static void check_shape(struct check *check, struct family *family)
{
	size_t n_places = 4;
	while (n_places < family->n_samples * 2)
		n_places *= 2;

	struct shape shape = { .check = check, .family = family };
	shape.bound_name = family->type == METRIC_HISTOGRAM ? STR("le") : STR("quantile");
	shape.table = arena_array(check->arena, struct series, n_places);
	shape.mask = n_places - 1;
	metric_filter(family, enter_sample, &shape);
	if (family->type == METRIC_HISTOGRAM)
		complete_histogram(&shape);
	metric_filter(family, is_in_good_series, &shape);
}

void check_shapes(struct check *check)
{
	struct family *first = check->set->first;

	for (struct family *family = first; family; family = family->next)
		if (!metric_is_simple(family->type))
			absorb_parts(check, family);
	for (struct family *family = first; family; family = family->next)
		if (!metric_is_simple(family->type) && family->first)
			check_shape(check, family);
	for (struct family *family = first; family; family = family->next)
		if (!metric_is_simple(family->type))
			refuse_parts(check, family);
}
