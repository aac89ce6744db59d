// SPDX-License-Identifier: Apache-2.0
#include "transform/runtime.h"

#include "metric/gateway_type.h"

const struct str runtime_families_words[N_RUNTIME_FAMILIES] = {
	[RUNTIME_LABEL] = STR_INIT("label"),
	[RUNTIME_DROP] = STR_INIT("drop"),
	[RUNTIME_PREFIX] = STR_INIT("prefix"),
};

// Names of sources have letters, digits, _, - and dots.
static struct str prefixed(struct arena *arena, struct str source, struct str name)
{
	struct str text = arena_printf(arena, "%.*s_%.*s", STR_ARG(source), STR_ARG(name));
	char *p = (char *)arena_copy(arena, text).ptr;

	for (size_t i = 0; i < text.len; i++)
		if (p[i] == '-' || p[i] == '.' || (i == 0 && p[i] >= '0' && p[i] <= '9'))
			p[i] = '_';
	return (struct str){ p, text.len };
}

static void set_prefix(
	struct str source, struct family *family, struct arena *arena, struct repairs *repairs)
{
	gateway_settle_type(family, repairs);
	family->name = prefixed(arena, source, family->name);
}

void runtime_apply(enum runtime_families wish, struct str source, struct metric_set *set,
	struct repairs *repairs)
{
	if (wish == RUNTIME_LABEL)
		return;
	for (struct family *family = set->first; family; family = family->next) {
		if (!gateway_has_runtime_name(family->name))
			continue;
		if (wish == RUNTIME_DROP)
			metric_empty(family);
		else
			set_prefix(source, family, set->arena, repairs);
	}
}

// An empty label is none to whoever reads the page.
static void name_empty_source(struct label_list *list, struct str source)
{
	size_t i = label_list_find(list, STR("source"));

	if (i < list->n && !list->items[i].value.len)
		list->items[i].value = source;
}

void runtime_tell_apart(struct str source, const struct label_extra *added, struct metric_set *set,
	struct repairs *repairs)
{
	struct label_extra own = { .text = arena_printf(
					   set->arena, "source=\"%.*s\"", STR_ARG(source)) };
	struct label_list list = { .arena = set->arena };

	for (struct family *family = set->first; family; family = family->next) {
		if (!gateway_has_runtime_name(family->name))
			continue;
		for (struct sample *sample = family->first; sample; sample = sample->next) {
			label_list_read(&list, sample->labels);
			name_empty_source(&list, source);
			if (!sample->complete)
				repairs->count[REPAIR_EXPORTED_LABEL] +=
					label_list_extend(&list, added);
			label_list_extend(&list, &own);
			sample->labels = label_list_text(&list);
			label_identify(sample->labels, &sample->fingerprint, &sample->label_names);
			sample->complete = true;
		}
	}
}
