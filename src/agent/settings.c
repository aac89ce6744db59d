// SPDX-License-Identifier: Apache-2.0
// The file as libconfig has it: opened, overridden, walked, and complained about.
#include "agent/settings_tree.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A setting that came from the command line carries this mark; it has no file and line of its own.
static char from_command_line;

bool settings_is_override(const config_setting_t *setting)
{
	return config_setting_get_hook(setting) == &from_command_line;
}

// Paths

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

// What a group or list has by that key; NULL: nothing.
static config_setting_t *find(struct settings *s, config_setting_t *from, struct str key)
{
	if (config_setting_is_list(from) || config_setting_is_array(from))
		return find_element(from, key);
	return config_setting_is_group(from)
		       ? config_setting_get_member(from, arena_copy(s->arena, key).ptr)
		       : NULL;
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

// Takes a line over as a fault.
static void end_fault(struct settings *s, struct buf *line)
{
	buf_add_printable(&s->faults, buf_str(line));
	buf_add_byte(&s->faults, '\n');
	s->n_faults++;
	buf_free(line);
}

static void add_fault(
	struct settings *s, const config_setting_t *at, const char *name, const char *text)
{
	struct buf line = buf_new(MIB(1));
	const char *file = config_setting_source_file(at);

	if (settings_is_override(at))
		buf_add(&line, STR("--set: "));
	else if (config_setting_is_root(at))
		buf_addf(&line, "%s: ", s->path); // something is missing at its top
	else
		buf_addf(&line, "%s:%d: ", file, (int)config_setting_source_line(at));
	size_t before = line.len;
	add_path(&line, at);
	if (name && *name != '\0')
		buf_addf(&line, "%s%s", line.len > before && *name != '[' ? "." : "", name);
	if (line.len > before)
		buf_add(&line, STR(": "));
	buf_add(&line, str_of(text));
	end_fault(s, &line);
}

void settings_fault_at(
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
	struct str path = str_of(name);

	// As deep as there is something; the rest of the path is what is missing.
	while (path.len) {
		const char *rest = path.ptr;

		member = find(s, at, next_key(&path));
		if (!member) {
			add_fault(s, at, rest, text);
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

// Where a file is; some releases of libconfig name one that is included as the @include does.
static const char *find_file(struct settings *s, const char *name)
{
	const char *dir = config_get_include_dir(&s->file);
	const char *path = arena_printf(s->arena, "%s/%s", dir, name).ptr;

	return strcmp(name, s->path) != 0 && access(path, R_OK) == 0 ? path : name;
}

// A file once more, as text; empty: it cannot be read twice.
static struct str read_again(struct settings *s, const char *name)
{
	struct stat status;
	struct str text = STR("");
	const char *path = find_file(s, name);
	// Opening a pipe would wait for its writer.
	FILE *file = stat(path, &status) == 0 && S_ISREG(status.st_mode) ? fopen(path, "re") : NULL;

	if (file) {
		char *place = arena_alloc(s->arena, (size_t)status.st_size + 1);
		text = (struct str){ place, fread(place, 1, (size_t)status.st_size, file) };
		fclose(file);
	}
	return text;
}

void settings_check_spelling(struct settings *s, const config_setting_t *setting)
{
	const char *file = config_setting_source_file(setting);
	struct str number;
	size_t at_line;

	if (file == s->spelled)
		return;
	s->spelled = file;
	if (!settings_find_too_large(read_again(s, file), &number, &at_line))
		return;
	struct buf line = buf_new(MIB(1));
	buf_addf(&line, "%s:%zu: the number %.*s is too large", file, at_line, STR_ARG(number));
	end_fault(s, &line);
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
		settings_fault_at(s, list, "", "must be a list of groups: ( { ... }, { ... } )");
		return 0;
	}
	*elements =
		arena_array(s->arena, struct settings_group *, (size_t)config_setting_length(list));
	for (int i = 0; i < config_setting_length(list); i++) {
		config_setting_t *element = config_setting_get_elem(list, (unsigned)i);

		if (config_setting_is_group(element))
			(*elements)[n++] = (struct settings_group *)element;
		else
			settings_fault_at(s, element, "", "must be a group: { ... }");
	}
	return n;
}

struct str settings_peek(struct settings *s, struct settings_group *group, const char *name)
{
	const char *text = NULL;

	config_setting_lookup_string((config_setting_t *)group, name, &text);
	return text ? arena_copy(s->arena, str_of(text)) : STR("");
}
