// SPDX-License-Identifier: Apache-2.0
#include "metric/openmetrics.h"

struct openmetrics_family {
	struct openmetrics_family *next;
	struct family *family;
	bool is_info; // otherwise it is a gaugehistogram
};

enum metric_type openmetrics_type(struct openmetrics *om, struct family *family, struct str word)
{
	bool is_info = str_eq_nocase(word, STR("info"));

	if (is_info || str_eq_nocase(word, STR("gaugehistogram"))) {
		struct openmetrics_family *noted =
			arena_new(om->set->arena, struct openmetrics_family);
		*noted = (struct openmetrics_family){ om->first, family, is_info };
		om->first = noted;
		return is_info ? METRIC_GAUGE : METRIC_HISTOGRAM;
	}
	return str_eq_nocase(word, STR("stateset")) ? METRIC_GAUGE : METRIC_UNTYPED;
}

static bool is_open(const struct family *family)
{
	return family && family->first && !family->typed;
}

static size_t give_type(struct family *family, enum metric_type type)
{
	if (!is_open(family))
		return 0;
	family->type = type;
	family->typed = true;
	return 1;
}

// x_created, x_gcount and the like, which have no help of their own.
static size_t make_gauge(struct family *part, const struct family *of)
{
	if (!give_type(part, METRIC_GAUGE))
		return 0;
	if (part->help.len == 0)
		part->help = of->help;
	return 1;
}

// Type and help of a family without samples go to the one that has them.
static size_t hand_over(struct family *from, struct family *to)
{
	if (from->first || !give_type(to, from->type))
		return 0;
	if (to->help.len == 0)
		to->help = from->help;
	from->help = STR("");
	from->type = METRIC_UNTYPED;
	from->typed = false;
	return 1;
}

static struct family *find_suffixed(
	const struct metric_set *set, const struct family *family, const char *suffix)
{
	return metric_find(set, arena_printf(set->arena, "%.*s%s", STR_ARG(family->name), suffix));
}

// The family x of an untyped x_total; NULL: there is none.
static struct family *find_base(
	const struct metric_set *set, const struct family *family, struct str suffix)
{
	struct str name = family->name;

	if (!is_open(family) || name.len == suffix.len || !str_ends_with(name, suffix))
		return NULL;
	name.len -= suffix.len;
	return metric_find(set, name);
}

static bool can_have_created(const struct family *base)
{
	return base && (base->type == METRIC_COUNTER || base->type == METRIC_HISTOGRAM ||
			       base->type == METRIC_SUMMARY);
}

// x_created first: whether x is a counter shows until its type goes to x_total.
size_t openmetrics_settle(const struct openmetrics *om)
{
	const struct metric_set *set = om->set;
	size_t n = 0;

	for (struct family *family = set->first; family; family = family->next) {
		const struct family *base = find_base(set, family, STR("_created"));

		if (can_have_created(base))
			n += make_gauge(family, base);
	}
	for (struct family *family = set->first; family; family = family->next) {
		struct family *base = find_base(set, family, STR("_total"));

		if (base && base->type == METRIC_COUNTER)
			n += hand_over(base, family);
	}
	for (const struct openmetrics_family *noted = om->first; noted; noted = noted->next) {
		struct family *family = noted->family;

		if (noted->is_info) {
			n += hand_over(family, find_suffixed(set, family, "_info"));
			continue;
		}
		n += make_gauge(find_suffixed(set, family, "_gcount"), family);
		n += make_gauge(find_suffixed(set, family, "_gsum"), family);
	}
	return n;
}
