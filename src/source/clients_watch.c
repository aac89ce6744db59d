// SPDX-License-Identifier: Apache-2.0
// Which clients are watched, and as what.
#include "source/clients.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/pattern.h"

#include <stdlib.h>
#include <string.h>

struct clients_watch {
	const struct clients_watched *rows; // borrowed from the settings
	size_t n_rows;
	struct pattern **patterns; // owned, by row; NULL: it has an exact id
	unsigned *n_gave_up;	   // owned, by row; ids in this look
	uint32_t *named;	   // owned; rows by id, open addressing; NO_ACCOUNT: free
	size_t named_size;
};

// Checks

static unsigned count_kinds(const struct clients_watched *row)
{
	return (row->client_id.ptr ? 1 : 0) + (row->glob.ptr ? 1 : 0) + (row->regex.ptr ? 1 : 0) +
	       (row->class_glob.ptr ? 1 : 0);
}

static struct pattern *compile(const struct clients_watched *row, struct err *err)
{
	if (row->regex.ptr)
		return pattern_regex(row->regex, err);
	return pattern_glob(row->glob.ptr ? row->glob : row->class_glob, err);
}

// Reports a fault of an element, or with a setting of that.
static void fault_of(
	const struct setting_faults *faults, size_t i, const char *setting, const char *text)
{
	struct arena arena = { 0 };
	struct str name =
		arena_printf(&arena, "monitored_clients[%zu]%s%s", i, *setting ? "." : "", setting);

	setting_fault(faults, name.ptr, "%s", text);
	arena_free(&arena);
}

static void check_pattern(
	const struct clients_watched *row, size_t i, const struct setting_faults *faults)
{
	const char *name = row->regex.ptr ? "regex" : row->glob.ptr ? "glob" : "class";
	struct err err = { 0 };
	struct pattern *pattern = compile(row, &err);

	if (!pattern)
		fault_of(faults, i, name, err.text);
	else if (row->regex.ptr && !pattern_check_template(pattern, row->alias, &err))
		fault_of(faults, i, "alias", err.text);
	pattern_free(pattern);
}

static void check_text(struct str text, size_t i, const char *setting, bool may_be_empty,
	const struct setting_faults *faults)
{
	if (text.ptr && text.len == 0 && !may_be_empty)
		fault_of(faults, i, setting, "is empty; name the clients that it is about");
	else if (!str_is_utf8(text))
		fault_of(faults, i, setting, "is not UTF-8");
}

static void check_row(
	const struct clients_watched *row, size_t i, const struct setting_faults *faults)
{
	check_text(row->client_id, i, "client_id", false, faults);
	check_text(row->glob, i, "glob", false, faults);
	check_text(row->regex, i, "regex", false, faults);
	check_text(row->class_glob, i, "class", false, faults);
	check_text(row->alias, i, "alias", true, faults);
	if (count_kinds(row) != 1)
		fault_of(faults, i, "",
			"it must have exactly one of client_id, glob, regex and class");
	else if (row->class_glob.ptr && row->alias.len)
		fault_of(faults, i, "alias", "a class has none: its series bear the class itself");
	else if (row->glob.ptr && row->alias.len)
		fault_of(faults, i, "alias",
			"many clients would have the same; use regex and its groups, as in \"plc "
			"$1\"");
	else if (!row->client_id.ptr)
		check_pattern(row, i, faults);
}

static struct str alias_of(const struct clients_watched *row)
{
	return row->alias.len ? row->alias : row->client_id;
}

// What two elements must not share.
static void check_twice(
	const struct clients_conf *conf, size_t i, size_t j, const struct setting_faults *faults)
{
	const struct clients_watched *a = (struct clients_watched *)conf->monitored.items + i;
	const struct clients_watched *b = (struct clients_watched *)conf->monitored.items + j;

	if (a->client_id.len && str_eq(a->client_id, b->client_id))
		fault_of(faults, j, "client_id", "this client is in the list twice");
	else if (a->client_id.len && b->client_id.len && str_eq(alias_of(a), alias_of(b)))
		fault_of(faults, j, b->alias.len ? "alias" : "client_id",
			"another client has this alias; give each its own, so that people can tell "
			"them apart");
	else if (a->class_glob.len && str_eq(a->class_glob, b->class_glob))
		fault_of(faults, j, "class", "this class is in the list twice");
}

void clients_watch_check(const struct clients_conf *conf, const struct setting_faults *faults)
{
	const struct clients_watched *rows = conf->monitored.items;

	if (conf->monitored.n == 0)
		setting_fault(faults, "monitored_clients",
			"name the clients to watch, as in ( { client_id = \"pump-7\"; alias = "
			"\"Pump 7\"; } ); all of them: ( { glob = \"*\"; } )");
	for (size_t j = 0; j < conf->monitored.n; j++) {
		check_row(&rows[j], j, faults);
		for (size_t i = 0; i < j; i++)
			check_twice(conf, i, j, faults);
	}
}

bool clients_watch_is_named(const struct clients_conf *conf)
{
	const struct clients_watched *rows = conf->monitored.items;

	for (size_t i = 0; i < conf->monitored.n; i++)
		if (!rows[i].client_id.len)
			return false;
	return true;
}

// Finding

static size_t place_of(const struct clients_watch *watch, struct str id)
{
	size_t i = hash_bytes(id, hash_seed()) & (watch->named_size - 1);

	while (watch->named[i] != NO_ACCOUNT && !str_eq(watch->rows[watch->named[i]].client_id, id))
		i = (i + 1) & (watch->named_size - 1);
	return i;
}

struct clients_watch *clients_watch_new(const struct clients_conf *conf)
{
	struct clients_watch *watch = mem_alloc(sizeof(*watch));
	struct err err = { 0 };

	watch->rows = conf->monitored.items;
	watch->n_rows = conf->monitored.n;
	watch->patterns = mem_alloc(watch->n_rows * sizeof(struct pattern *));
	watch->n_gave_up = mem_alloc(watch->n_rows * sizeof(*watch->n_gave_up));
	for (watch->named_size = 16; watch->named_size < 2 * watch->n_rows;)
		watch->named_size *= 2;
	watch->named = mem_alloc(watch->named_size * sizeof(*watch->named));
	for (size_t i = 0; i < watch->named_size; i++)
		watch->named[i] = NO_ACCOUNT;
	for (size_t i = 0; i < watch->n_rows; i++) {
		if (watch->rows[i].client_id.len)
			watch->named[place_of(watch, watch->rows[i].client_id)] = (uint32_t)i;
		else
			watch->patterns[i] = compile(&watch->rows[i], &err);
	}
	return watch;
}

void clients_watch_free(struct clients_watch *watch)
{
	if (!watch)
		return;
	for (size_t i = 0; i < watch->n_rows; i++)
		pattern_free(watch->patterns[i]);
	free(watch->patterns);
	free(watch->n_gave_up);
	free(watch->named);
	free(watch);
}

void clients_watch_begin(struct clients_watch *watch)
{
	memset(watch->n_gave_up, 0, watch->n_rows * sizeof(*watch->n_gave_up));
}

// A pattern that gives up takes some ms each time, and nothing else happens meanwhile.
enum { MOST_GIVEN_UP = 20 };

static enum pattern_verdict match(struct clients_watch *watch, size_t i, struct str id)
{
	enum pattern_verdict verdict;

	if (!watch->patterns[i])
		return PATTERN_OTHER;
	if (watch->n_gave_up[i] >= MOST_GIVEN_UP)
		return PATTERN_GAVE_UP;
	verdict = pattern_match(watch->patterns[i], id);
	watch->n_gave_up[i] += verdict == PATTERN_GAVE_UP;
	return verdict;
}

struct clients_match clients_watch_find(struct clients_watch *watch, struct str id)
{
	uint32_t named = watch->named[place_of(watch, id)];

	if (named != NO_ACCOUNT)
		return (struct clients_match){ .row = &watch->rows[named], .index = named };
	for (size_t i = 0; i < watch->n_rows; i++) {
		enum pattern_verdict verdict = match(watch, i, id);
		if (verdict == PATTERN_MATCHES)
			return (struct clients_match){ .row = &watch->rows[i], .index = i };
		if (verdict == PATTERN_GAVE_UP)
			return (struct clients_match){ .is_undecided = true };
	}
	return (struct clients_match){ 0 };
}

void clients_watch_alias(const struct clients_watch *watch, struct clients_match match,
	struct str id, struct buf *out)
{
	const struct clients_watched *row = match.row;

	if (row->regex.len && row->alias.len)
		pattern_expand(watch->patterns[match.index], row->alias, id, out);
	else
		buf_add(out, row->alias.len ? row->alias : id);
}
