// SPDX-License-Identifier: Apache-2.0
// Tables read from groups: defaults, each row's value, and what no row knows.
#include "agent/settings_tree.h"

static void set_default(struct settings *s, const struct setting *row, char *object)
{
	if (row->type == SETTING_GROUP)
		for (size_t i = 0; i < row->rows.n; i++)
			set_default(s, &row->rows.rows[i], object);
	if (row->initial)
		settings_take_initial(s, row, object + row->offset);
}

static void set_defaults(struct settings *s, const struct settings_part *parts, size_t n_parts)
{
	for (size_t i = 0; i < n_parts; i++)
		for (size_t k = 0; k < parts[i].table->n; k++)
			set_default(s, &parts[i].table->rows[k], parts[i].object);
}

static void read_rows(struct settings *s, config_setting_t *group,
	const struct settings_part *parts, size_t n_parts);

static void take_group(
	struct settings *s, config_setting_t *setting, const struct setting *row, char *object)
{
	struct settings_part inside = { &row->rows, object };

	if (row->offset)
		*(bool *)(object + row->offset) = true;
	if (config_setting_is_group(setting))
		read_rows(s, setting, &inside, 1);
	else
		settings_fault_at(s, setting, "", "must be a group: { ... }");
}

// An object for each element, so that an index means the same in both.
static void take_groups(struct settings *s, const config_setting_t *list, const struct setting *row,
	struct group_list *groups)
{
	if (!config_setting_is_list(list)) {
		settings_fault_at(s, list, "", "must be a list of groups: ( { ... }, { ... } )");
		return;
	}
	groups->n = (size_t)config_setting_length(list);
	groups->items = arena_alloc(s->arena, arena_size(groups->n, row->item_size));
	for (size_t i = 0; i < groups->n; i++) {
		config_setting_t *element = config_setting_get_elem(list, (unsigned)i);
		struct settings_part item = { &row->rows,
			(char *)groups->items + i * row->item_size };

		set_defaults(s, &item, 1);
		if (config_setting_is_group(element))
			read_rows(s, element, &item, 1);
		else
			settings_fault_at(s, element, "", "must be a group: { ... }");
	}
}

static void take_row(
	struct settings *s, config_setting_t *setting, const struct setting *row, char *object)
{
	switch (row->type) {
	case SETTING_GROUP: take_group(s, setting, row, object); break;
	case SETTING_GROUPS:
		take_groups(s, setting, row, (struct group_list *)(object + row->offset));
		break;
	case SETTING_LIST: break;
	case SETTING_LATER:
		settings_fault_at(s, setting, "", "is planned, but not in this version; remove it");
		break;
	default: settings_take(s, setting, row, object + row->offset);
	}
}

static void report_unknown(struct settings *s, const config_setting_t *setting,
	const struct settings_part *parts, size_t n_parts)
{
	struct str name = str_of(config_setting_name(setting));
	const char *nearest = "";
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < n_parts; i++) {
		for (size_t k = 0; k < parts[i].table->n; k++) {
			const struct setting *row = &parts[i].table->rows[k];
			size_t d = settings_distance(name, str_of(row->name));

			if (d < best && row->type != SETTING_LATER) {
				best = d;
				nearest = row->name;
			}
		}
	}
	settings_fault_at(s, setting, "", "is no known setting; the nearest is %s", nearest);
}

static const struct setting *find_row(
	const struct settings_part *parts, size_t n_parts, struct str name, char **object)
{
	for (size_t i = 0; i < n_parts; i++) {
		for (size_t k = 0; k < parts[i].table->n; k++) {
			if (str_eq(str_of(parts[i].table->rows[k].name), name)) {
				*object = parts[i].object;
				return &parts[i].table->rows[k];
			}
		}
	}
	return NULL;
}

static void read_rows(struct settings *s, config_setting_t *group,
	const struct settings_part *parts, size_t n_parts)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
		char *object;
		const struct setting *row =
			find_row(parts, n_parts, str_of(config_setting_name(setting)), &object);

		if (row)
			take_row(s, setting, row, object);
		else
			report_unknown(s, setting, parts, n_parts);
	}
	for (size_t i = 0; i < n_parts; i++) {
		for (size_t k = 0; k < parts[i].table->n; k++) {
			const struct setting *row = &parts[i].table->rows[k];
			if (row->required && !config_setting_get_member(group, row->name))
				settings_fault_at(
					s, group, row->name, "is missing (%s)", row->help);
		}
	}
}

void settings_read(struct settings *s, struct settings_group *group,
	const struct settings_part *parts, size_t n_parts)
{
	set_defaults(s, parts, n_parts);
	read_rows(s, (config_setting_t *)group, parts, n_parts);
}
