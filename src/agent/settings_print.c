// SPDX-License-Identifier: Apache-2.0
// The effective configuration, for people: in the file's own syntax, with secrets hidden.
#include "agent/settings.h"

static const struct str HIDDEN = STR_INIT("(hidden)");

// env: the text is one in which $ would be expanded.
static void add_quoted(struct buf *out, struct str text, bool env)
{
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c == '$' && env)
			buf_add(out, STR("$$"));
		else if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			buf_addf(out, "\\x%02x", c);
		else
			buf_add_byte(out, (char)c);
	}
	buf_add_byte(out, '"');
}

static void indent(struct buf *out, int depth)
{
	while (depth-- > 0)
		buf_add(out, STR("  "));
}

static void print_string(struct buf *out, const struct setting *row, struct str text)
{
	struct str front, query;
	struct buf shown = buf_new(text.len + HIDDEN.len + 1);

	if (row->secret)
		text = HIDDEN;
	if (row->is_url && str_cut(text, '?', &front, &query)) {
		buf_addf(&shown, "%.*s?%s", STR_ARG(front), HIDDEN.ptr);
		text = buf_str(&shown);
	}
	add_quoted(out, text, row->env);
	buf_free(&shown);
}

static void print_strings(struct buf *out, const struct str_list *list, bool env)
{
	buf_add(out, STR("[ "));
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			buf_add(out, STR(", "));
		add_quoted(out, list->items[i], env);
	}
	buf_add(out, STR(" ]"));
}

static void print_pairs(struct buf *out, const struct pair_list *list, const struct setting *row)
{
	buf_add(out, STR("( "));
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			buf_add(out, STR(", "));
		buf_add(out, STR("{ name = "));
		add_quoted(out, list->items[i].name, false);
		buf_add(out, STR("; value = "));
		add_quoted(out, row->secret ? HIDDEN : list->items[i].value, row->env);
		buf_add(out, STR("; }"));
	}
	buf_add(out, STR(" )"));
}

// Whether there is something to show; an unset setting without a default is not shown.
static bool is_set(const struct setting *row, const char *value)
{
	switch (row->type) {
	case SETTING_STRING: return ((const struct str *)value)->ptr != NULL;
	case SETTING_STRINGS: {
		const struct str_list *list = (const struct str_list *)value;
		return list->n > 0 || list->given;
	}
	case SETTING_PAIRS: return ((const struct pair_list *)value)->n > 0;
	case SETTING_DURATION: return row->minimum == 0 || *(const int64_t *)value != 0;
	case SETTING_SIZE:
	case SETTING_COUNT: return row->minimum == 0 || *(const size_t *)value != 0;
	case SETTING_LIST:
	case SETTING_LATER: return false;
	default: return true;
	}
}

// Beyond 31 bits libconfig wants an L.
static void print_count(struct buf *out, size_t count)
{
	buf_add_uint(out, count);
	if (count > INT32_MAX)
		buf_add_byte(out, 'L');
}

static void print_value(struct buf *out, const struct setting *row, const char *value)
{
	switch (row->type) {
	case SETTING_STRING: print_string(out, row, *(const struct str *)value); break;
	case SETTING_DURATION:
		buf_add_byte(out, '"');
		settings_write_duration(out, *(const int64_t *)value);
		buf_add_byte(out, '"');
		break;
	case SETTING_SIZE:
		buf_add_byte(out, '"');
		settings_write_size(out, (int64_t) * (const size_t *)value);
		buf_add_byte(out, '"');
		break;
	case SETTING_COUNT: print_count(out, *(const size_t *)value); break;
	case SETTING_BOOL: buf_add(out, *(const bool *)value ? STR("true") : STR("false")); break;
	case SETTING_CHOICE: add_quoted(out, row->words[*(const int *)value], false); break;
	case SETTING_STRINGS: print_strings(out, (const struct str_list *)value, row->env); break;
	case SETTING_PAIRS: print_pairs(out, (const struct pair_list *)value, row); break;
	default: break;
	}
}

static void print_group(struct buf *out, const struct setting *row, const char *object, int depth)
{
	struct settings_part part = { &row->rows, (void *)object };

	if (row->offset && !*(const bool *)(object + row->offset))
		return;
	indent(out, depth);
	buf_addf(out, "%s = {\n", row->name);
	settings_print(out, &part, 1, depth + 1);
	indent(out, depth);
	buf_add(out, STR("};\n"));
}

static void print_groups(
	struct buf *out, const struct setting *row, const struct group_list *groups, int depth)
{
	// It may be required.
	if (!groups->items)
		return;
	indent(out, depth);
	buf_addf(out, "%s = (\n", row->name);
	for (size_t i = 0; i < groups->n; i++) {
		struct settings_part item = { &row->rows,
			(char *)groups->items + i * row->item_size };

		indent(out, depth + 1);
		buf_add(out, STR("{\n"));
		settings_print(out, &item, 1, depth + 2);
		indent(out, depth + 1);
		buf_addf(out, "}%s\n", i + 1 < groups->n ? "," : "");
	}
	indent(out, depth);
	buf_add(out, STR(");\n"));
}

static void print_row(struct buf *out, const struct setting *row, const char *object, int depth)
{
	if (row->type == SETTING_GROUP) {
		print_group(out, row, object, depth);
		return;
	}
	if (row->type == SETTING_GROUPS) {
		print_groups(out, row, (const struct group_list *)(object + row->offset), depth);
		return;
	}
	if (!is_set(row, object + row->offset))
		return;
	indent(out, depth);
	buf_addf(out, "%s = ", row->name);
	print_value(out, row, object + row->offset);
	buf_add(out, STR(";\n"));
}

void settings_print(struct buf *out, const struct settings_part *parts, size_t n_parts, int depth)
{
	for (size_t i = 0; i < n_parts; i++)
		for (size_t k = 0; k < parts[i].table->n; k++)
			print_row(out, &parts[i].table->rows[k], parts[i].object, depth);
}
