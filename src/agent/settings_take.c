// SPDX-License-Identifier: Apache-2.0
// Single values: from what libconfig has, or a default, into an object.
#include "agent/settings_tree.h"

#include <string.h>

// No setting needs more; whoever writes a value into a line or a header can rely on it.
enum { LONGEST_VALUE = 32 * 1024 };

// A text as the row wants it. False: reported.
static bool take_text(struct settings *s, const config_setting_t *setting,
	const struct setting *row, struct str *text)
{
	const char *value = config_setting_get_string(setting);
	struct str why;

	if (!value) {
		const char *hint = row->type == SETTING_DURATION ? " with a unit, such as \"15s\""
				   : row->type == SETTING_SIZE	 ? " with a unit, such as \"16MiB\""
								 : "";
		settings_fault_at(s, setting, "", "must be a text in quotes%s", hint);
		return false;
	}
	*text = arena_copy(s->arena, str_of(value));
	if (row->env && !settings_expand_env(s->arena, *text, text, &why)) {
		settings_fault_at(s, setting, "", "%s", why.ptr);
		return false;
	}
	if (text->len > LONGEST_VALUE) {
		settings_fault_at(s, setting, "", "is longer than %d bytes", LONGEST_VALUE);
		return false;
	}
	return true;
}

static bool is_in_range(struct settings *s, const config_setting_t *setting,
	const struct setting *row, int64_t value)
{
	struct buf limit = buf_new(64);
	void (*write)(struct buf * out, int64_t value) =
		row->type == SETTING_SIZE ? settings_write_size : settings_write_duration;

	bool too_small = value < row->minimum, too_large = row->maximum && value > row->maximum;

	write(&limit, too_small ? row->minimum : row->maximum);
	if (too_small || too_large)
		settings_fault_at(s, setting, "", "must be %s %.*s",
			too_small ? "at least" : "at most", STR_ARG(buf_str(&limit)));
	buf_free(&limit);
	return !too_small && !too_large;
}

static void take_measure(struct settings *s, const config_setting_t *setting,
	const struct setting *row, struct str text, char *value)
{
	bool is_size = row->type == SETTING_SIZE;
	int64_t number;

	if (!(is_size ? settings_parse_size(text, &number)
		      : settings_parse_duration(text, &number)))
		settings_fault_at(s, setting, "", "\"%.*s\" is no %s", STR_ARG(text),
			is_size ? "size such as \"16MiB\" (units B, KiB, MiB, GiB)"
				: "duration such as \"15s\" or \"1m30s\" (units d, h, m, s, ms)");
	else if (setting && !is_in_range(s, setting, row, number))
		return; // the default stays, so that no other check stumbles over it
	else if (is_size)
		*(size_t *)value = (size_t)number;
	else
		*(int64_t *)value = number;
}

static bool read_whole(
	struct settings *s, const config_setting_t *setting, struct str text, int64_t *number)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		settings_check_spelling(s, setting);
		*number = config_setting_get_int64(setting);
		return true;
	default: return settings_is_override(setting) && settings_parse_count(text, number);
	}
}

static void take_count(
	struct settings *s, const config_setting_t *setting, const struct setting *row, char *value)
{
	long long minimum = row->minimum, maximum = row->maximum;
	struct str text = str_of(config_setting_get_string(setting));
	int64_t number;

	if (read_whole(s, setting, text, &number) && number >= minimum &&
		(!maximum || number <= maximum))
		*(size_t *)value = (size_t)number;
	else if (maximum)
		settings_fault_at(s, setting, "", "must be a whole number from %lld to %lld",
			minimum, maximum);
	else
		settings_fault_at(
			s, setting, "", "must be a whole number of at least %lld", minimum);
}

static bool find_word(const struct setting *row, struct str text, int *index)
{
	for (size_t i = 0; i < row->n_words; i++) {
		if (str_eq_nocase(text, row->words[i])) {
			*index = (int)i;
			return true;
		}
	}
	return false;
}

static void take_choice(struct settings *s, const config_setting_t *setting,
	const struct setting *row, struct str text, char *value)
{
	struct buf words = buf_new(4096);

	if (find_word(row, text, (int *)value))
		return;
	for (size_t i = 0; i < row->n_words; i++)
		buf_addf(&words, "%s%.*s", i ? ", " : "", STR_ARG(row->words[i]));
	settings_fault_at(s, setting, "", "\"%.*s\" is not one of %.*s", STR_ARG(text),
		STR_ARG(buf_str(&words)));
	buf_free(&words);
}

static void take_bool(struct settings *s, const config_setting_t *setting, char *value)
{
	const char *text = config_setting_get_string(setting);

	if (config_setting_type(setting) == CONFIG_TYPE_BOOL)
		*(bool *)value = config_setting_get_bool(setting) != 0;
	else if (settings_is_override(setting) && text &&
		 (!strcmp(text, "true") || !strcmp(text, "false")))
		*(bool *)value = !strcmp(text, "true");
	else
		settings_fault_at(s, setting, "", "must be true or false, without quotes");
}

// "stats, auth" as a list, for defaults and the command line.
static struct str_list split_list(struct settings *s, struct str text)
{
	struct str_list list = { .items = arena_array(s->arena, struct str, text.len + 1) };
	struct str item;

	while (text.len) {
		str_cut(text, ',', &item, &text);
		list.items[list.n++] = arena_copy(s->arena, str_trim(item));
	}
	return list;
}

static void take_strings(
	struct settings *s, const config_setting_t *setting, const struct setting *row, char *value)
{
	struct str_list *list = (struct str_list *)value;

	if (config_setting_get_string(setting)) { // "a", or "a, b"
		*list = split_list(s, str_of(config_setting_get_string(setting)));
		list->given = true;
		return;
	}
	if (!config_setting_is_aggregate(setting) || config_setting_is_group(setting)) {
		settings_fault_at(s, setting, "", "must be a list of texts: [ \"...\", \"...\" ]");
		return;
	}
	int n = config_setting_length(setting);
	*list = (struct str_list){ .items = arena_array(s->arena, struct str, (size_t)n),
		.given = true };
	for (int i = 0; i < n; i++) {
		const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);
		if (take_text(s, element, row, &list->items[list->n]))
			list->n++;
	}
}

// { a = "1"; b = "2"; }, or ( { name = "a"; value = "1"; } ) for names that libconfig cannot spell
static void take_pairs(
	struct settings *s, const config_setting_t *setting, const struct setting *row, char *value)
{
	struct pair_list *list = (struct pair_list *)value;

	if (!config_setting_is_group(setting) && !config_setting_is_list(setting)) {
		settings_fault_at(s, setting, "", "must be a group { name = \"value\"; }");
		return;
	}
	int n = config_setting_length(setting);
	*list = (struct pair_list){ .items = arena_array(s->arena, struct pair, (size_t)n) };
	for (int i = 0; i < n; i++) {
		const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);
		const config_setting_t *text = element;
		const char *name = config_setting_name(element);

		if (!name && config_setting_is_group(element)) {
			config_setting_lookup_string(element, "name", &name);
			text = config_setting_get_member(element, "value");
		}
		if (!name || !text) {
			settings_fault_at(
				s, element, "", "must be { name = \"...\"; value = \"...\"; }");
			continue;
		}
		if (row->secret && settings_is_override(text))
			settings_fault_at(
				s, text, "", "is secret and cannot be given on the command line");
		else if (take_text(s, text, row, &list->items[list->n].value))
			list->items[list->n++].name = arena_copy(s->arena, str_of(name));
	}
}

void settings_take(
	struct settings *s, const config_setting_t *setting, const struct setting *row, char *value)
{
	struct str text;

	if (row->secret && settings_is_override(setting)) {
		settings_fault_at(
			s, setting, "", "is secret and cannot be given on the command line");
		return;
	}
	switch (row->type) {
	case SETTING_BOOL: take_bool(s, setting, value); break;
	case SETTING_COUNT: take_count(s, setting, row, value); break;
	case SETTING_STRINGS: take_strings(s, setting, row, value); break;
	case SETTING_PAIRS: take_pairs(s, setting, row, value); break;
	default:
		if (!take_text(s, setting, row, &text)) {
			if (row->secret)
				*(struct str *)value = STR("?"); // it is there, if unusable
			break;
		}
		if (row->type == SETTING_STRING)
			*(struct str *)value = text;
		else if (row->type == SETTING_CHOICE)
			take_choice(s, setting, row, text, value);
		else
			take_measure(s, setting, row, text, value);
	}
}

void settings_take_initial(struct settings *s, const struct setting *row, char *value)
{
	struct str text = str_of(row->initial);
	int64_t count;

	switch (row->type) {
	case SETTING_BOOL: *(bool *)value = str_eq(text, STR("true")); break;
	case SETTING_STRING: *(struct str *)value = text; break;
	case SETTING_STRINGS: *(struct str_list *)value = split_list(s, text); break;
	case SETTING_CHOICE: find_word(row, text, (int *)value); break;
	case SETTING_COUNT:
		if (settings_parse_count(text, &count))
			*(size_t *)value = (size_t)count;
		break;
	case SETTING_DURATION:
	case SETTING_SIZE: take_measure(s, NULL, row, text, value); break;
	default: break;
	}
}
