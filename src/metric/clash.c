// SPDX-License-Identifier: Apache-2.0
#include "metric/clash.h"

static bool has_part(const struct family *family, enum sample_suffix suffix)
{
	return family->type == METRIC_HISTOGRAM ||
	       (family->type == METRIC_SUMMARY && suffix != SUFFIX_BUCKET);
}

struct family *clash_find_part(
	const struct metric_set *set, const struct family *family, enum sample_suffix suffix)
{
	if (!has_part(family, suffix))
		return NULL;
	return metric_find(set, arena_printf(set->arena, "%.*s%s", STR_ARG(family->name),
					sample_suffix_texts[suffix].ptr));
}

// The histogram x of x_count.
static struct family *find_whole(const struct metric_set *set, struct str name)
{
	struct str base;
	enum sample_suffix suffix = metric_split_suffix(name, &base);
	struct family *whole = suffix == SUFFIX_NONE ? NULL : metric_find(set, base);

	return whole && has_part(whole, suffix) ? whole : NULL;
}

struct family *clash_find(const struct metric_set *set, const struct family *family)
{
	struct family *other = metric_find(set, family->name);

	if (other && other->type != family->type)
		return other;
	other = find_whole(set, family->name);
	for (int suffix = SUFFIX_BUCKET; !other && suffix < N_SUFFIXES; suffix++)
		other = clash_find_part(set, family, (enum sample_suffix)suffix);
	return other;
}
