// SPDX-License-Identifier: Apache-2.0
#include "transform/families.h"

#include "base/mem.h"
#include "base/pattern.h"
#include "metric/check.h"

#include <stdlib.h>

const char *const family_rule_names[N_FAMILY_RULES] = {
	[FAMILY_INCLUDE] = "include",
	[FAMILY_EXCLUDE] = "exclude",
	[FAMILY_RENAME] = "rename",
	[FAMILY_PREFIX] = "prefix",
};

struct globs {
	struct pattern **items; // owned
	size_t n;
};

struct families {
	struct globs include, exclude;
	const struct rules_conf *conf; // borrowed
};

// 1. Checks

static void compile_globs(struct globs *globs, const struct str_list *texts, const char *name,
	const struct setting_faults *faults)
{
	globs->items = mem_alloc((texts->n + 1) * sizeof(struct pattern *));
	for (size_t i = 0; i < texts->n; i++) {
		struct err err = { 0 };
		struct pattern *pattern = pattern_glob(texts->items[i], &err);

		if (pattern)
			globs->items[globs->n++] = pattern;
		else
			setting_fault(
				faults, name, "\"%.*s\": %s", STR_ARG(texts->items[i]), err.text);
	}
}

static void check_name(struct str name, const char *setting, const struct setting_faults *faults)
{
	if (!metric_is_name(name))
		setting_fault(faults, setting,
			"\"%.*s\" is no name of a metric (letters, digits, _ and :, no digit in "
			"front)",
			STR_ARG(name));
}

// Of names that families get.
static void check_new_name(
	struct str name, const char *setting, const struct setting_faults *faults)
{
	check_name(name, setting, faults);
	if (check_refuse_name(name).len)
		setting_fault(faults, setting, "\"%.*s\": %.*s", STR_ARG(name),
			STR_ARG(check_refuse_name(name)));
}

static void check_renames(const struct pair_list *rename, const struct setting_faults *faults)
{
	for (size_t i = 0; i < rename->n; i++) {
		check_name(rename->items[i].name, "rename", faults);
		check_new_name(rename->items[i].value, "rename", faults);
		for (size_t k = 0; k < i; k++)
			if (str_eq(rename->items[i].name, rename->items[k].name))
				setting_fault(faults, "rename", "%.*s is given twice",
					STR_ARG(rename->items[i].name));
	}
}

struct families *families_new(const struct rules_conf *conf, const struct setting_faults *faults)
{
	if (!conf->include.given && !conf->exclude.n && !conf->rename.n && !conf->prefix.len)
		return NULL;
	struct families *families = mem_alloc(sizeof(*families));

	families->conf = conf;
	compile_globs(&families->include, &conf->include, "include", faults);
	compile_globs(&families->exclude, &conf->exclude, "exclude", faults);
	check_renames(&conf->rename, faults);
	if (conf->prefix.len)
		check_new_name(conf->prefix, "prefix", faults);
	return families;
}

bool families_has(const struct families *families, enum family_rule rule)
{
	switch (rule) {
	case FAMILY_INCLUDE: return families->conf->include.given;
	case FAMILY_EXCLUDE: return families->conf->exclude.n > 0;
	case FAMILY_RENAME: return families->conf->rename.n > 0;
	case FAMILY_PREFIX: return families->conf->prefix.len > 0;
	case N_FAMILY_RULES: break;
	}
	return false;
}

static void free_globs(struct globs *globs)
{
	for (size_t i = 0; i < globs->n; i++)
		pattern_free(globs->items[i]);
	free(globs->items);
}

void families_free(struct families *families)
{
	if (!families)
		return;
	free_globs(&families->include);
	free_globs(&families->exclude);
	free(families);
}

// 2. Applying

static bool is_any(const struct globs *globs, struct str name)
{
	for (size_t i = 0; i < globs->n; i++)
		if (pattern_match(globs->items[i], name) == PATTERN_MATCHES)
			return true;
	return false;
}

static void count(uint64_t *touched, enum family_rule rule, const struct family *family)
{
	if (touched)
		touched[rule] += family->n_samples;
}

static bool is_wanted(
	const struct families *families, const struct family *family, uint64_t *touched)
{
	if (families->conf->include.given && !is_any(&families->include, family->name)) {
		count(touched, FAMILY_INCLUDE, family);
		return false;
	}
	if (is_any(&families->exclude, family->name)) {
		count(touched, FAMILY_EXCLUDE, family);
		return false;
	}
	return true;
}

static const struct pair *find_rename(const struct families *families, struct str name)
{
	for (size_t i = 0; i < families->conf->rename.n; i++)
		if (str_eq(families->conf->rename.items[i].name, name))
			return &families->conf->rename.items[i];
	return NULL;
}

// A series of this family may now be one of another family.
static void note_origins(const struct rules_run *run, const struct family *family)
{
	for (struct sample *sample = family->first; sample; sample = sample->next)
		rules_note_origin(run, family->name, sample);
}

static void rename_family(const struct families *families, const struct rules_run *run,
	struct family *family, uint64_t *touched)
{
	const struct pair *rename = find_rename(families, family->name);
	struct str prefix = families->conf->prefix;

	if (rename && !str_eq(rename->value, family->name)) {
		note_origins(run, family);
		family->name = rename->value;
		count(touched, FAMILY_RENAME, family);
	}
	if (prefix.len) {
		family->name = arena_printf(
			run->arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(family->name));
		count(touched, FAMILY_PREFIX, family);
	}
}

void families_apply(const struct families *families, struct rules_run *run, struct metric_set *set,
	uint64_t *touched)
{
	for (struct family *family = set->first; family; family = family->next) {
		if (is_wanted(families, family, touched))
			rename_family(families, run, family, touched);
		else
			metric_empty(family);
	}
}
