// SPDX-License-Identifier: Apache-2.0
// What paths find.
#include "metric/put.h"
#include "source/json_path.h"

// 1. Many values

struct walk {
	const struct json_path *path;
	void (*on_value)(void *arg, const struct json_row *row, struct json value);
	void *arg;
	bool found; // some value
	bool lacks; // a member, somewhere
};

static bool equals(const struct json_step *step, struct json value)
{
	struct json_number number;

	if (json_kind(value) != step->wanted)
		return false;
	if (step->wanted == JSON_STRING)
		return str_eq(json_text(value), step->text);
	if (step->wanted == JSON_BOOL)
		return json_is_true(value) == step->truth;
	json_number(value, &number);
	return number.is_integer && step->number.is_integer ? number.integer == step->number.integer
							    : number.real == step->number.real;
}

static void walk_steps(struct walk *walk, size_t at, struct json value, const struct json_row *row);

static void walk_rows(
	struct walk *walk, size_t at, struct json container, const struct json_row *outer)
{
	const struct json_step *step = &walk->path->steps[at];
	bool is_object = json_kind(container) == JSON_OBJECT;
	bool is_list = is_object || json_kind(container) == JSON_ARRAY;
	bool has_member = step->kind == JSON_STEP_ALL || json_size(container) == 0;
	struct json_walk members = json_walk(container);

	while (json_next(&members)) {
		struct json_row row = { members.value, members.name, is_object,
			members.n_visited - 1, outer };

		if (step->kind == JSON_STEP_WHERE) {
			struct json member = json_get(row.value, step->key);
			has_member = has_member || member.node;
			if (!equals(step, member))
				continue;
		}
		walk_steps(walk, at + 1, row.value, &row);
	}
	walk->lacks = walk->lacks || !is_list || !has_member;
}

static void walk_steps(struct walk *walk, size_t at, struct json value, const struct json_row *row)
{
	const struct json_path *path = walk->path;

	for (; at < path->n_steps && path->steps[at].kind == JSON_STEP_KEY; at++)
		value = json_get(value, path->steps[at].key);
	if (!value.node) {
		walk->lacks = true;
	} else if (at < path->n_steps) {
		walk_rows(walk, at, value, row);
	} else {
		walk->found = true;
		walk->on_value(walk->arg, row, value);
	}
}

bool json_path_walk(const struct json_path *path, struct json root,
	void (*on_value)(void *arg, const struct json_row *row, struct json value), void *arg)
{
	struct walk walk = { .path = path, .on_value = on_value, .arg = arg };

	walk_steps(&walk, 0, root, NULL);
	return walk.found || !walk.lacks;
}

// 2. One value

static const struct json_row *row_of(const struct json_path *path, const struct json_row *row)
{
	for (unsigned i = 0; i < path->n_out && row; i++)
		row = row->outer;
	return row;
}

struct json json_path_find(
	const struct json_path *path, struct json root, const struct json_row *row)
{
	struct json value = root;

	row = row_of(path, row);
	if (path->from == JSON_PATH_NAME || path->from == JSON_PATH_TEXT)
		return (struct json){ NULL };
	if (path->from == JSON_PATH_ROW && row)
		value = row->value;
	for (size_t i = 0; i < path->n_steps; i++)
		value = json_get(value, path->steps[i].key);
	return value;
}

struct str json_path_spell(struct json value, struct arena *arena)
{
	struct json_number number;

	if (json_kind(value) == JSON_BOOL)
		return json_is_true(value) ? STR("true") : STR("false");
	if (!json_number(value, &number))
		return json_text(value);
	return number.is_integer ? put_integer(arena, number.integer)
				 : put_real(arena, number.real);
}

struct str json_path_label(const struct json_path *path, struct json root,
	const struct json_row *row, struct arena *arena)
{
	if (path->from == JSON_PATH_TEXT)
		return path->text;
	if (path->from != JSON_PATH_NAME)
		return json_path_spell(json_path_find(path, root, row), arena);
	row = row_of(path, row);
	if (!row || row->is_member)
		return row ? row->name : STR("");
	return put_integer(arena, (int64_t)row->index);
}
