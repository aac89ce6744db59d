// SPDX-License-Identifier: Apache-2.0
#include "transform/rules.h"

#include "base/hash.h"
#include "base/mem.h"
#include "transform/families.h"
#include "transform/relabel.h"

#include <stddef.h>
#include <stdlib.h>

static const struct setting rows[] = {
	{ .name = "include",
		.type = SETTING_STRINGS,
		.offset = offsetof(struct rules_conf, include),
		.help = "globs; only families whose name matches one of them stay" },
	{ .name = "exclude",
		.type = SETTING_STRINGS,
		.offset = offsetof(struct rules_conf, exclude),
		.help = "globs; families whose name matches one of them are left out" },
	{ .name = "rename",
		.type = SETTING_PAIRS,
		.offset = offsetof(struct rules_conf, rename),
		.help = "new names of families" },
	{ .name = "prefix",
		.type = SETTING_STRING,
		.offset = offsetof(struct rules_conf, prefix),
		.help = "text in front of each family's name" },
	{ .name = "metric_relabel_configs",
		.type = SETTING_GROUPS,
		.offset = offsetof(struct rules_conf, relabel),
		.rows = SETTING_TABLE(relabel_rows),
		.item_size = sizeof(struct relabel_conf),
		.help = "rules for single series, as in Prometheus" },
};

const struct setting_table rules_settings = SETTING_TABLE(rows);

struct rules {
	struct families *families; // owned; NULL: none
	struct relabel *relabel;   // owned, n_relabel of them
	size_t n_relabel;
};

// 1. From settings to rules

struct rules *rules_new(const struct rules_conf *conf, const struct setting_faults *faults)
{
	const struct relabel_conf *configs = conf->relabel.items;
	struct families *families = families_new(conf, faults);

	if (!families && conf->relabel.n == 0)
		return NULL;
	struct rules *rules = mem_alloc(sizeof(*rules));
	rules->families = families;
	rules->n_relabel = conf->relabel.n;
	rules->relabel = mem_alloc((conf->relabel.n + 1) * sizeof(*rules->relabel));
	for (size_t i = 0; i < rules->n_relabel; i++)
		relabel_compile(&rules->relabel[i], &configs[i], i, faults);
	return rules;
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	families_free(rules->families);
	for (size_t i = 0; i < rules->n_relabel; i++)
		relabel_free(&rules->relabel[i]);
	free(rules->relabel);
	free(rules);
}

static bool equal_relabel(const struct relabel_conf *a, const struct relabel_conf *b)
{
	return str_list_equal(&a->source_labels, &b->source_labels) &&
	       str_eq(a->separator, b->separator) && str_eq(a->regex, b->regex) &&
	       str_eq(a->target_label, b->target_label) && str_eq(a->replacement, b->replacement) &&
	       a->action == b->action && a->modulus == b->modulus;
}

bool rules_equal(const struct rules_conf *a, const struct rules_conf *b)
{
	const struct relabel_conf *of_a = a->relabel.items, *of_b = b->relabel.items;

	if (a->include.given != b->include.given || !str_list_equal(&a->include, &b->include) ||
		!str_list_equal(&a->exclude, &b->exclude) ||
		!pair_list_equal(&a->rename, &b->rename) || !str_eq(a->prefix, b->prefix) ||
		a->relabel.n != b->relabel.n)
		return false;
	for (size_t i = 0; i < a->relabel.n; i++)
		if (!equal_relabel(&of_a[i], &of_b[i]))
			return false;
	return true;
}

// 2. Applying them

struct rules_run *rules_run_new(
	struct rules *rules, struct arena *arena, bool of_sink, bool explains)
{
	struct rules_run *run = arena_new(arena, struct rules_run);

	*run = (struct rules_run){ .rules = rules, .arena = arena, .of_sink = of_sink };
	if (explains)
		run->touched = arena_array(arena, uint64_t, rules_count(rules) + 1);
	return run;
}

// Where the counts of single series begin; before them stand those of families.
static uint64_t *touched_by_relabel(const struct rules_run *run)
{
	return run->touched ? run->touched + N_FAMILY_RULES : NULL;
}

static size_t count_samples(const struct metric_set *set)
{
	size_t n = 0;

	for (const struct family *family = set->first; family; family = family->next)
		n += family->n_samples;
	return n;
}

bool rules_apply(struct rules_run *run, struct metric_set *set, const struct label_extra *added,
	struct repairs *repairs, struct err *err)
{
	struct rules *rules = run->rules;
	uint64_t names;

	label_identify(added->text, &run->added, &names);
	if (!rules)
		return true;
	run->n_series += count_samples(set);
	if (rules->families)
		families_apply(rules->families, run, set, run->touched);
	bool good = !rules->n_relabel || relabel_set(rules->relabel, rules->n_relabel, run, set,
						 added, repairs, touched_by_relabel(run), err);
	run->n_left += count_samples(set);
	return good;
}

void rules_note_origin(const struct rules_run *run, struct str name, struct sample *sample)
{
	uint16_t *before = run->of_sink ? &sample->before_sink : &sample->before_source;

	if (*before)
		return;
	uint64_t labels = sample->fingerprint + (sample->complete ? 0 : run->added);
	uint64_t id = hash_fold(labels ^ hash_bytes(name, hash_seed()),
		UINT64_C(0xa0761d6478bd642f) ^ sample->suffix);
	*before = (uint16_t)(1 + id % UINT16_MAX);
}

// 3. For people

static bool has_family_rule(const struct rules *rules, enum family_rule rule)
{
	return rules->families && families_has(rules->families, rule);
}

size_t rules_count(const struct rules *rules)
{
	return rules ? N_FAMILY_RULES + rules->n_relabel : 0;
}

struct str rules_name(const struct rules *rules, size_t index, struct arena *arena)
{
	if (index < N_FAMILY_RULES)
		return has_family_rule(rules, (enum family_rule)index)
			       ? str_of(family_rule_names[index])
			       : STR("");
	const struct relabel_conf *conf = rules->relabel[index - N_FAMILY_RULES].conf;

	return arena_printf(arena, "metric_relabel_configs[%zu] %s", index - N_FAMILY_RULES,
		relabel_actions[conf->action].ptr);
}
