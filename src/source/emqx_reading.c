// SPDX-License-Identifier: Apache-2.0
#include "source/emqx_reading.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

// 1. Values

static struct str spell(const struct reading *r, struct json_number number)
{
	return number.is_integer ? put_integer(r->turn->arena, number.integer)
				 : put_real(r->turn->arena, number.real);
}

static struct json_number add_up(struct json_number a, struct json_number b)
{
	struct json_number sum = { .real = a.real + b.real };

	sum.is_integer = a.is_integer && b.is_integer &&
			 !__builtin_add_overflow(a.integer, b.integer, &sum.integer);
	return sum;
}

// "0.42": load in 4.x and 5.0; "1.13G": memory, in powers of 1024.
static bool number_of_text(struct str text, struct json_number *number)
{
	static const char units[] = "KMGTP";
	const char *unit = text.len ? strchr(units, text.ptr[text.len - 1]) : NULL;
	struct str spelling;
	double scale = 1;

	for (const char *u = units; unit && u <= unit; u++)
		scale *= 1024;
	text.len -= unit != NULL;
	if (number_judge(text, &spelling) == NUMBER_BAD)
		return false;
	double value = number_value(spelling) * scale;
	// A size is a count of bytes; 1.13G is rounded anyhow.
	if (unit && value >= 0 && value < 1e18)
		*number = reading_whole((int64_t)value);
	else
		*number = (struct json_number){ .real = value };
	return true;
}

bool reading_value(struct json value, struct json_number *number)
{
	switch (json_kind(value)) {
	case JSON_NUMBER: return json_number(value, number);
	case JSON_BOOL: *number = reading_whole(json_is_true(value)); return true;
	case JSON_STRING:
		if (str_eq(json_text(value), STR("infinity"))) {
			*number = (struct json_number){ .real = INFINITY };
			return true;
		}
		return number_of_text(json_text(value), number);
	default: return false;
	}
}

// 2. Samples

struct family *reading_family(struct reading *r, const struct emqx_statistic *stat)
{
	return put_family(r->set, stat->family, stat->type, stat->help);
}

void reading_put(struct reading *r, const struct emqx_statistic *stat, struct pair object,
	struct str node, struct json_number number)
{
	struct pair labels[] = { { STR("node"), node }, object };

	put_sample(r->set, reading_family(r, stat), labels, ARRAY_LEN(labels), spell(r, number));
}

// Each node has the same keys in the same order, nearly always.
static struct total *find_total(const struct reading *r, const struct family *family)
{
	struct total *total = r->next_total;

	if (!total || total->family != family)
		for (total = r->totals; total && total->family != family; total = total->next)
			;
	return total;
}

static void add_total(
	struct reading *r, const struct emqx_statistic *stat, struct json_number number)
{
	bool is_new = !metric_find(r->set, stat->family);
	struct family *family = reading_family(r, stat);
	struct total *total = is_new ? NULL : find_total(r, family);

	if (!total) {
		total = arena_new(r->turn->arena, struct total);
		total->family = family;
		total->sum = reading_whole(0);
		if (r->last_total)
			r->last_total->next = total;
		else
			r->totals = total;
		r->last_total = total;
	}
	total->sum = add_up(total->sum, number);
	r->next_total = total->next;
}

static void put_totals(struct reading *r)
{
	for (const struct total *total = r->totals; total; total = total->next)
		put_sample(r->set, total->family, NULL, 0, spell(r, total->sum));
}

// So many families of unknown keys are more than any EMQX has.
enum { MOST_UNKNOWN = 10000 };

// Whether an unknown key is the first of this answer to give its name; a set of their names, with the key in the
// place of the help, knows that.
static bool is_first(struct reading *r, struct str family, struct str key)
{
	if (!r->unknown)
		r->unknown = metric_set_new(r->turn->arena);
	struct family *known = metric_find(r->unknown, family);

	if (known)
		return str_eq(known->help, key);
	if (r->unknown->n_families == MOST_UNKNOWN) {
		r->too_many = "unknown statistics";
		return false;
	}
	metric_add_family(r->unknown, family)->help = key;
	return true;
}

bool reading_meaning(struct reading *r, enum emqx_page page, struct str key,
	struct emqx_statistic *unknown, const struct emqx_statistic **stat)
{
	*stat = emqx_map_key(page, key);
	if (*stat)
		return true;
	if (!r->own->unknown_keys || key.len == 0)
		return false;
	*unknown = (struct emqx_statistic){ .family = emqx_map_unknown(r->turn->arena, page, key),
		.type = emqx_map_unknown_type(page),
		.rule = page == EMQX_MONITOR ? EMQX_ONCE : EMQX_SPLIT };
	*stat = unknown;
	return !emqx_map_family(unknown->family) && is_first(r, unknown->family, key);
}

void reading_tell(struct reading *r, const struct emqx_statistic *stat, struct str node,
	struct json_number number)
{
	const struct pair none = { 0 };
	bool is_split = r->own->mode == EMQX_UNAGGREGATED ||
			(r->own->mode == EMQX_AGGREGATED && stat->rule == EMQX_PER_NODE);

	if (stat->rule == EMQX_ONCE) {
		const struct family *family = metric_find(r->set, stat->family);
		if (!family || !family->first)
			reading_put(r, stat, none, STR(""), number);
	} else if (r->own->mode == EMQX_AGGREGATED && stat->rule == EMQX_SPLIT) {
		add_total(r, stat, number);
	} else {
		reading_put(r, stat, none, is_split ? node : STR(""), number);
	}
}

void reading_tell_members(
	struct reading *r, enum emqx_page page, struct json object, struct str node)
{
	struct json_walk walk = json_walk(object);
	struct emqx_statistic unknown;
	const struct emqx_statistic *stat;
	struct json_number number;

	r->next_total = r->totals;
	while (json_next(&walk))
		if (json_kind(walk.value) != JSON_BOOL && reading_value(walk.value, &number) &&
			reading_meaning(r, page, walk.name, &unknown, &stat))
			reading_tell(r, stat, node, number);
}

bool reading_refuse(struct err *err, const char *expected)
{
	err_set(err, ERR_BAD_BODY, 0, "the answer is JSON, but not %s", expected);
	return false;
}

bool reading_wants(const struct reading *r, struct str node)
{
	return r->own->mode != EMQX_NODE || node.len == 0 || r->node.len == 0 ||
	       str_eq(node, r->node);
}

void reading_tell_key(struct reading *r, enum emqx_page page, struct json object, const char *key,
	struct str node)
{
	const struct emqx_statistic *stat = emqx_map_key(page, str_of(key));
	struct json_number number;

	if (stat && reading_value(json_get(object, key), &number))
		reading_tell(r, stat, node, number);
}

// 3. Lists

bool reading_rows(struct json root, struct json *rows, struct err *err)
{
	*rows = json_get(root, "data");
	return json_kind(*rows) == JSON_ARRAY || reading_refuse(err, "a page of a list");
}

bool reading_next_page(struct reading *r, struct json root, struct json rows, void *carried)
{
	bool has_next =
		json_is_true(json_get(json_get(root, "meta"), "hasnext")) && json_size(rows) > 0;

	if (has_next && r->ask->page >= READING_MOST_PAGES)
		r->too_many = "pages";
	else if (has_next)
		emqx_ask_page(r->turn, r->ask, r->ask->page + 1, carried);
	return has_next;
}

bool reading_walk_nodes(struct json object, const char *name, struct json_walk *walk)
{
	struct json list = json_get(object, name);

	*walk = json_walk(list);
	return json_kind(list) == JSON_ARRAY && json_size(list) > 0;
}

// 4. Errors

struct str emqx_error_code(struct arena *arena, struct str body)
{
	struct err err = { 0 };
	struct json_doc *doc = json_read(body, &err);
	struct str code = doc ? json_text(json_get(json_root(doc), "code")) : STR("");

	for (size_t i = 0; i < code.len; i++)
		if (code.ptr[i] != '_' && (code.ptr[i] < 'A' || code.ptr[i] > 'Z'))
			code.len = 0;
	code = arena_copy(arena, code);
	json_free(doc);
	return code;
}

// 5. The way in

bool emqx_take_part(struct source_turn *turn, const struct source_ask *ask, struct str body,
	struct source_take *take, struct err *err)
{
	const struct emqx_part *part = ask->part;
	struct reading r = { .turn = turn,
		.ask = ask,
		.own = turn->conf->own,
		.state = turn->state,
		.set = take->set };

	struct json_doc *doc = json_read(body, err);
	if (!doc)
		return false;
	r.node = emqx_own_node(r.own, r.state);
	bool good = ask->object.len && json_kind(json_root(doc)) != JSON_OBJECT
			    ? reading_refuse(err, "an object about one thing")
			    : part->take(&r, json_root(doc), err);
	if (r.too_many)
		err_set(err, ERR_TOO_LARGE, 0, "the answer has more %s than a broker can have",
			r.too_many);
	put_totals(&r);
	json_free(doc);
	return good && err->kind == ERR_NONE;
}
