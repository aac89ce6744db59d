// SPDX-License-Identifier: Apache-2.0
#include "source/json_map.h"

#include "base/mem.h"
#include "base/number.h"
#include "metric/check.h"
#include "metric/label.h"
#include "metric/put.h"
#include "metric/write.h"

#include <stdlib.h>
#include <string.h>

// 1. Checks

static void check_family(
	const struct json_metric *metric, size_t index, const struct setting_faults *faults)
{
	if (metric->family.ptr && !metric_is_name(metric->family))
		setting_fault_item(faults, "metrics", index, "family",
			"\"%.*s\" is no name of a metric (letters, digits, _ and :, no digit in "
			"front)",
			STR_ARG(metric->family));
	else if (check_refuse_name(metric->family).len)
		setting_fault_item(faults, "metrics", index, "family", "\"%.*s\": %.*s",
			STR_ARG(metric->family), STR_ARG(check_refuse_name(metric->family)));
	if (!str_is_utf8(metric->help))
		setting_fault_item(faults, "metrics", index, "help", "is not UTF-8");
}

static void check_label(const struct json_metric *metric, size_t index, size_t k, size_t n_levels,
	const struct setting_faults *faults)
{
	struct pair label = metric->labels.items[k];
	struct arena arena = { 0 };
	struct json_path path;
	struct err err = { 0 };

	if (!label_is_name(label.name) || str_starts_with(label.name, STR("__")))
		setting_fault_item(faults, "metrics", index, "labels",
			"\"%.*s\" is no label name (letters, digits and _, no digit and no __ in "
			"front)",
			STR_ARG(label.name));
	else if (str_eq(label.name, STR("le")) || str_eq(label.name, STR("quantile")))
		setting_fault_item(faults, "metrics", index, "labels",
			"%.*s belongs to histograms and summaries; choose another name",
			STR_ARG(label.name));
	for (size_t i = 0; i < k; i++)
		if (str_eq(metric->labels.items[i].name, label.name))
			setting_fault_item(faults, "metrics", index, "labels",
				"%.*s is given twice", STR_ARG(label.name));
	if (!json_path_parse_label(&arena, label.value, n_levels, &path, &err))
		setting_fault_item(faults, "metrics", index,
			arena_printf(&arena, "labels.%.*s", STR_ARG(label.name)).ptr, "%s",
			err.text);
	arena_free(&arena);
}

void json_map_check(
	const struct json_metric *metric, size_t index, const struct setting_faults *faults)
{
	struct arena arena = { 0 };
	struct json_path path = { 0 };
	struct err err = { 0 };

	check_family(metric, index, faults);
	bool good = json_path_parse(&arena, metric->path, &path, &err);
	if (metric->path.ptr && !good)
		setting_fault_item(faults, "metrics", index, "path", "%s", err.text);
	// How far out labels may go is known by a good path only.
	for (size_t k = 0; k < metric->labels.n; k++)
		check_label(metric, index, k, good ? path.n_levels : JSON_PATH_MOST_STEPS, faults);
	arena_free(&arena);
}

// 2. Rules

static struct str escape_help(struct arena *arena, struct str help)
{
	struct buf text = buf_new(2 * help.len);

	write_escaped(&text, help, false);
	struct str escaped = arena_copy(arena, buf_str(&text));
	buf_free(&text);
	return escaped;
}

struct json_rule json_map_rule(struct arena *arena, const struct json_metric *metric)
{
	struct json_rule rule = { .metric = metric, .help = escape_help(arena, metric->help) };
	size_t n = metric->labels.n;
	struct json_path *labels = arena_array(arena, struct json_path, n);
	struct err err = { 0 };

	json_path_parse(arena, metric->path, &rule.path, &err);
	for (size_t i = 0; i < n; i++)
		json_path_parse_label(
			arena, metric->labels.items[i].value, rule.path.n_levels, &labels[i], &err);
	rule.labels = labels;
	rule.has_label = arena_array(arena, bool, n);
	return rule;
}

// 3. Series of one rule in one answer: fingerprints in a table, open addressing

struct series {
	uint64_t *places; // owned; 0: free
	size_t size, n;
};

static uint64_t *place_of(const struct series *series, uint64_t fingerprint)
{
	size_t mask = series->size - 1, at = fingerprint & mask;

	while (series->places[at] && series->places[at] != fingerprint)
		at = (at + 1) & mask;
	return &series->places[at];
}

static void grow(struct series *series)
{
	struct series old = *series;

	series->size = old.size ? 2 * old.size : 64;
	series->places = mem_alloc(series->size * sizeof(*series->places));
	for (size_t i = 0; i < old.size; i++)
		if (old.places[i])
			*place_of(series, old.places[i]) = old.places[i];
	free(old.places);
}

// False: there is one with these labels already.
static bool is_new(struct series *series, uint64_t fingerprint)
{
	uint64_t *place;

	fingerprint = fingerprint ? fingerprint : 1; // that of no labels
	if (series->n * 2 >= series->size)
		grow(series);
	place = place_of(series, fingerprint);
	if (*place)
		return false;
	*place = fingerprint;
	series->n++;
	return true;
}

// 4. Samples

struct mapping {
	struct json_rule *rule;
	struct json root;
	struct json_mapped *mapped;
	struct family *family; // NULL: there was no value yet
	struct pair *labels;   // one for each of the metric's; their names are there
	struct series series;
};

// False: it is no number.
static bool spell_value(struct arena *arena, struct json value, struct str *spelling)
{
	switch (json_kind(value)) {
	case JSON_BOOL: *spelling = json_is_true(value) ? STR("1") : STR("0"); return true;
	case JSON_NUMBER: *spelling = json_path_spell(value, arena); return true;
	case JSON_STRING:
		if (number_judge(json_text(value), spelling) == NUMBER_BAD)
			return false;
		*spelling = arena_copy(arena, *spelling);
		return true;
	default: return false;
	}
}

// What a sample takes in memory, about; escapes may make twice of a label.
static size_t cost_of(const struct mapping *m)
{
	size_t cost = sizeof(struct sample) + 64;

	for (size_t i = 0; i < m->rule->metric->labels.n; i++)
		cost += m->labels[i].name.len + m->labels[i].value.len + 8;
	return cost;
}

static bool take_room(struct json_mapped *mapped, size_t cost)
{
	mapped->is_full = mapped->is_full || cost > mapped->n_left;
	if (!mapped->is_full)
		mapped->n_left -= cost;
	return !mapped->is_full;
}

static void on_value(void *arg, const struct json_row *row, struct json value)
{
	struct mapping *m = arg;
	const struct json_metric *metric = m->rule->metric;
	struct metric_set *set = m->mapped->set;
	struct str spelling;

	if (m->mapped->is_full)
		return;
	if (!spell_value(set->arena, value, &spelling)) {
		m->rule->n_odd++;
		return;
	}
	m->rule->n_values++;
	for (size_t i = 0; i < metric->labels.n; i++) {
		m->labels[i].value = json_path_label(&m->rule->labels[i], m->root, row, set->arena);
		m->rule->has_label[i] |= m->labels[i].value.len > 0;
	}
	if (!take_room(m->mapped, cost_of(m)))
		return;
	if (!m->family)
		m->family = put_family(
			set, metric->family, (enum metric_type)metric->type, m->rule->help);
	const struct sample *sample =
		put_sample(set, m->family, m->labels, metric->labels.n, spelling);
	if (!sample)
		m->mapped->repairs->count[REPAIR_TOO_LONG]++;
	else if (!is_new(&m->series, sample->fingerprint))
		m->rule->n_same++;
}

void json_map_apply(struct json_rule *rule, struct json root, struct json_mapped *mapped)
{
	size_t n = rule->metric->labels.n;
	struct mapping m = { .rule = rule,
		.root = root,
		.mapped = mapped,
		.labels = arena_array(mapped->set->arena, struct pair, n) };

	for (size_t i = 0; i < n; i++)
		m.labels[i].name = rule->metric->labels.items[i].name;
	rule->has_found = json_path_walk(&rule->path, root, on_value, &m) || rule->has_found;
	free(m.series.places);
}
