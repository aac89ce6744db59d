// SPDX-License-Identifier: Apache-2.0
// One file, longer than others: it is the only one that knows libconfig.
#include "agent/settings.h"

#include "base/mem.h"

#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// No setting needs more; whoever writes a value into a line or a header can rely on it.
enum { LONGEST_VALUE = 32 * 1024 };

struct settings {
	config_t file;
	struct arena *arena; // borrowed
	const char *path;    // borrowed
	struct buf faults;
	size_t n_faults;
};

// A setting that came from the command line carries this mark; it has no file and line of its own.
static char from_command_line;

static bool is_override(const config_setting_t *setting)
{
	return config_setting_get_hook(setting) == &from_command_line;
}

// Faults

// sources.emqx.basic_auth, or sources[1].url where an element has no name
static void add_path(struct buf *out, const config_setting_t *setting)
{
	const config_setting_t *parent = config_setting_parent(setting);
	const char *name = config_setting_name(setting);

	if (!parent)
		return;
	add_path(out, parent);
	if (!name && config_setting_is_group(setting))
		config_setting_lookup_string(setting, "name", &name);
	if (!name)
		buf_addf(out, "[%d]", config_setting_index(setting));
	else
		buf_addf(out, "%s%s", config_setting_parent(parent) ? "." : "", name);
}

static void add_fault(
	struct settings *s, const config_setting_t *at, const char *name, const char *text)
{
	struct buf line = buf_new(MIB(1));
	const char *file = config_setting_source_file(at);

	if (is_override(at))
		buf_add(&line, STR("--set: "));
	else if (config_setting_is_root(at))
		buf_addf(&line, "%s: ", s->path); // something is missing at its top
	else
		buf_addf(&line, "%s:%d: ", file, (int)config_setting_source_line(at));
	size_t before = line.len;
	add_path(&line, at);
	if (name && *name)
		buf_addf(&line, "%s%s", line.len > before ? "." : "", name);
	if (line.len > before)
		buf_add(&line, STR(": "));
	buf_add(&line, str_of(text));
	buf_add_printable(&s->faults, buf_str(&line));
	buf_add_byte(&s->faults, '\n');
	s->n_faults++;
	buf_free(&line);
}

__attribute__((format(printf, 4, 5))) static void fault(
	struct settings *s, const config_setting_t *at, const char *name, const char *format, ...)
{
	struct buf text = buf_new(MIB(1));
	va_list args;

	va_start(args, format);
	buf_vaddf(&text, format, args);
	va_end(args);
	buf_add_byte(&text, '\0');
	add_fault(s, at, name, text.ptr);
	buf_free(&text);
}

void settings_fault(
	struct settings *s, struct settings_group *group, const char *name, const char *text)
{
	config_setting_t *at = (config_setting_t *)group, *member;
	struct str path = str_of(name), key;

	// As deep as there is something; the rest of the path is what is missing.
	while (path.len) {
		str_cut(path, '.', &key, &path);
		member = config_setting_is_group(at)
				 ? config_setting_get_member(at, arena_copy(s->arena, key).ptr)
				 : NULL;
		if (!member) {
			add_fault(s, at, key.ptr, text);
			return;
		}
		at = member;
	}
	add_fault(s, at, "", text);
}

size_t settings_n_faults(const struct settings *s)
{
	return s->n_faults;
}

void settings_print_faults(const struct settings *s, FILE *out)
{
	fprintf(out, "%.*s", STR_ARG(buf_str(&s->faults)));
}

// The file

static void set_include_dir(struct settings *s, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str dir = slash ? str_between(path, slash + (slash == path)) : STR(".");

	config_set_include_dir(&s->file, arena_copy(s->arena, dir).ptr);
}

struct settings *settings_open(const char *path, struct arena *arena)
{
	struct settings *s = mem_alloc(sizeof(*s));
	struct stat status;
	FILE *file = fopen(path, "re");

	if (file && fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
		fclose(file);
		file = NULL;
		errno = EISDIR;
	}

	s->arena = arena;
	s->path = path;
	s->faults = buf_new(MIB(16));
	config_init(&s->file);
	if (!file) {
		buf_addf(&s->faults, "%s: cannot be read: %s\n", path, strerror(errno));
		s->n_faults++;
		return s;
	}
	fclose(file);
	set_include_dir(s, path);
	if (config_read_file(&s->file, path) == CONFIG_FALSE) {
		const char *at = config_error_file(&s->file);
		buf_addf(&s->faults, "%s:%d: %s\n", at ? at : path, config_error_line(&s->file),
			config_error_text(&s->file));
		s->n_faults++;
	}
	return s;
}

void settings_close(struct settings *s)
{
	if (!s)
		return;
	config_destroy(&s->file);
	buf_free(&s->faults);
	free(s);
}

// Overrides: path=value

// The element of a list by [index] or by the name it has.
static config_setting_t *find_element(config_setting_t *list, struct str key)
{
	for (int i = 0; i < config_setting_length(list); i++) {
		config_setting_t *element = config_setting_get_elem(list, (unsigned)i);
		const char *name = NULL;

		if (config_setting_is_group(element))
			config_setting_lookup_string(element, "name", &name);
		if (name && str_eq(str_of(name), key))
			return element;
		struct buf index = buf_new(32);
		buf_addf(&index, "[%d]", i);
		bool same = str_eq(buf_str(&index), key);
		buf_free(&index);
		if (same)
			return element;
	}
	return NULL;
}

// One step down the path; the last one makes a text, those before make groups where nothing is.
static config_setting_t *step(struct settings *s, config_setting_t *from, struct str key, bool last)
{
	if (config_setting_is_list(from) || config_setting_is_array(from))
		return find_element(from, key);
	if (!config_setting_is_group(from))
		return NULL;

	struct str name = arena_copy(s->arena, key);
	config_setting_t *to = config_setting_get_member(from, name.ptr);
	if (to && last) {
		config_setting_remove(from, name.ptr);
		to = NULL;
	}
	if (to)
		return to;
	to = config_setting_add(from, name.ptr, last ? CONFIG_TYPE_STRING : CONFIG_TYPE_GROUP);
	if (to)
		config_setting_set_hook(to, &from_command_line);
	return to;
}

// Takes one key off a path: up to a dot, or to a bracket that opens; "[0]" is a key.
static struct str next_key(struct str *path)
{
	size_t n = path->len && path->ptr[0] == '[' ? 1 : 0;

	while (n < path->len && path->ptr[n] != '.' && path->ptr[n] != '[')
		n++;
	struct str key = { path->ptr, n };
	if (n < path->len && path->ptr[n] == '.')
		n++;
	path->ptr += n;
	path->len -= n;
	return key;
}

void settings_override(struct settings *s, const char *assignment)
{
	config_setting_t *at = config_root_setting(&s->file);
	struct str path, value, whole;

	str_cut(str_of(assignment), '=', &path, &value);
	whole = path;
	if (path.len == 0 || strstr(arena_copy(s->arena, path).ptr, "..") || path.ptr[0] == '.')
		at = NULL;
	while (at && path.len) {
		struct str key = next_key(&path);
		at = key.len ? step(s, at, key, path.len == 0) : NULL;
	}
	if (at && config_setting_type(at) == CONFIG_TYPE_STRING) {
		config_setting_set_string(at, arena_copy(s->arena, value).ptr);
		return;
	}
	buf_add(&s->faults, STR("--set: "));
	buf_add_printable(&s->faults, whole);
	buf_add(&s->faults, STR(": there is no such setting or list element\n"));
	s->n_faults++;
}

// Groups

struct settings_group *settings_root(struct settings *s)
{
	return (struct settings_group *)config_root_setting(&s->file);
}

size_t settings_list(struct settings *s, struct settings_group *group, const char *name,
	struct settings_group ***elements)
{
	config_setting_t *list = config_setting_get_member((config_setting_t *)group, name);
	size_t n = 0;

	*elements = NULL;
	if (!list)
		return 0;
	if (!config_setting_is_list(list)) {
		fault(s, list, "", "must be a list of groups: ( { ... }, { ... } )");
		return 0;
	}
	*elements =
		arena_array(s->arena, struct settings_group *, (size_t)config_setting_length(list));
	for (int i = 0; i < config_setting_length(list); i++) {
		config_setting_t *element = config_setting_get_elem(list, (unsigned)i);

		if (config_setting_is_group(element))
			(*elements)[n++] = (struct settings_group *)element;
		else
			fault(s, element, "", "must be a group: { ... }");
	}
	return n;
}

struct str settings_peek(struct settings *s, struct settings_group *group, const char *name)
{
	const char *text = NULL;

	config_setting_lookup_string((config_setting_t *)group, name, &text);
	return text ? arena_copy(s->arena, str_of(text)) : STR("");
}

// Values

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
		fault(s, setting, "", "must be a text in quotes%s", hint);
		return false;
	}
	*text = arena_copy(s->arena, str_of(value));
	if (row->env && !settings_expand_env(s->arena, *text, text, &why)) {
		fault(s, setting, "", "%s", why.ptr);
		return false;
	}
	if (text->len > LONGEST_VALUE) {
		fault(s, setting, "", "is longer than %d bytes", LONGEST_VALUE);
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
		fault(s, setting, "", "must be %s %.*s", too_small ? "at least" : "at most",
			STR_ARG(buf_str(&limit)));
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
		fault(s, setting, "", "\"%.*s\" is no %s", STR_ARG(text),
			is_size ? "size such as \"16MiB\" (units B, KiB, MiB, GiB)"
				: "duration such as \"15s\" or \"1m30s\" (units d, h, m, s, ms)");
	else if (setting && !is_in_range(s, setting, row, number))
		return; // the default stays, so that no other check stumbles over it
	else if (is_size)
		*(size_t *)value = (size_t)number;
	else
		*(int64_t *)value = number;
}

static bool find_word(const struct setting *row, struct str text, int *index)
{
	for (size_t i = 0; i < row->n_words; i++) {
		if (str_eq(text, row->words[i])) {
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
	fault(s, setting, "", "\"%.*s\" is not one of %.*s", STR_ARG(text),
		STR_ARG(buf_str(&words)));
	buf_free(&words);
}

static void take_bool(struct settings *s, const config_setting_t *setting, char *value)
{
	const char *text = config_setting_get_string(setting);

	if (config_setting_type(setting) == CONFIG_TYPE_BOOL)
		*(bool *)value = config_setting_get_bool(setting) != 0;
	else if (is_override(setting) && text && (!strcmp(text, "true") || !strcmp(text, "false")))
		*(bool *)value = !strcmp(text, "true");
	else
		fault(s, setting, "", "must be true or false, without quotes");
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
		fault(s, setting, "", "must be a list of texts: [ \"...\", \"...\" ]");
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
		fault(s, setting, "", "must be a group { name = \"value\"; }");
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
			fault(s, element, "", "must be { name = \"...\"; value = \"...\"; }");
			continue;
		}
		if (row->secret && is_override(text))
			fault(s, text, "", "is secret and cannot be given on the command line");
		else if (take_text(s, text, row, &list->items[list->n].value))
			list->items[list->n++].name = arena_copy(s->arena, str_of(name));
	}
}

// Rows

static void read_rows(struct settings *s, config_setting_t *group,
	const struct settings_part *parts, size_t n_parts);

static void take_value(
	struct settings *s, config_setting_t *setting, const struct setting *row, char *object)
{
	char *value = object + row->offset;
	struct settings_part inside = { &row->rows, object };
	struct str text;

	if (row->secret && is_override(setting)) {
		fault(s, setting, "", "is secret and cannot be given on the command line");
		return;
	}
	switch (row->type) {
	case SETTING_BOOL: take_bool(s, setting, value); break;
	case SETTING_STRINGS: take_strings(s, setting, row, value); break;
	case SETTING_PAIRS: take_pairs(s, setting, row, value); break;
	case SETTING_LIST: break;
	case SETTING_LATER:
		fault(s, setting, "", "is planned, but not in this version; remove it");
		break;
	case SETTING_GROUP:
		if (row->offset)
			*(bool *)value = true;
		if (config_setting_is_group(setting))
			read_rows(s, setting, &inside, 1);
		else
			fault(s, setting, "", "must be a group: { ... }");
		break;
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

static void set_default(struct settings *s, const struct setting *row, char *object)
{
	char *value = object + row->offset;
	struct str text = str_of(row->initial);

	if (row->type == SETTING_GROUP)
		for (size_t i = 0; i < row->rows.n; i++)
			set_default(s, &row->rows.rows[i], object);
	if (!row->initial)
		return;
	switch (row->type) {
	case SETTING_BOOL: *(bool *)value = str_eq(text, STR("true")); break;
	case SETTING_STRING: *(struct str *)value = text; break;
	case SETTING_STRINGS: *(struct str_list *)value = split_list(s, text); break;
	case SETTING_CHOICE: find_word(row, text, (int *)value); break;
	case SETTING_DURATION:
	case SETTING_SIZE: take_measure(s, NULL, row, text, value); break;
	default: break;
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
	fault(s, setting, "", "is no known setting; the nearest is %s", nearest);
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
			take_value(s, setting, row, object);
		else
			report_unknown(s, setting, parts, n_parts);
	}
	for (size_t i = 0; i < n_parts; i++) {
		for (size_t k = 0; k < parts[i].table->n; k++) {
			const struct setting *row = &parts[i].table->rows[k];
			if (row->required && !config_setting_get_member(group, row->name))
				fault(s, group, row->name, "is missing (%s)", row->help);
		}
	}
}

void settings_read(struct settings *s, struct settings_group *group,
	const struct settings_part *parts, size_t n_parts)
{
	for (size_t i = 0; i < n_parts; i++)
		for (size_t k = 0; k < parts[i].table->n; k++)
			set_default(s, &parts[i].table->rows[k], parts[i].object);
	read_rows(s, (config_setting_t *)group, parts, n_parts);
}
