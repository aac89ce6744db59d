// SPDX-License-Identifier: Apache-2.0
// EMQX's JSON answers that are lists and nothing more: alarms, bans, listeners.
#include "source/emqx_reading.h"

// 1. Alarms and bans, in pages

// Active alarms of a node; they are counted over all pages, and told with the last one.
struct alarms {
	struct alarms *next;
	struct str node;
	int64_t n;
};

// More nodes than a cluster can have.
enum { MOST_NODES = 1024 };

static void count_alarm(struct reading *r, struct alarms **all, struct str node)
{
	size_t n = 0;

	for (; *all && !str_eq((*all)->node, node); all = &(*all)->next)
		n++;
	if (!*all && n == MOST_NODES)
		return;
	if (!*all) {
		*all = arena_new(r->turn->arena, struct alarms);
		(*all)->node = arena_copy(r->turn->arena, node);
	}
	(*all)->n++;
}

static void put_alarms(struct reading *r, const struct alarms *all)
{
	const struct emqx_statistic *stat = emqx_map_family(STR("emqx_alarms_active"));

	if (!all && r->own->mode != EMQX_UNAGGREGATED)
		reading_tell(r, stat, STR(""), reading_whole(0));
	for (; all; all = all->next)
		reading_tell(r, stat, all->node, reading_whole(all->n));
}

static bool take_alarms(struct reading *r, struct json root, struct err *err)
{
	struct alarms *all = r->ask->carried;
	struct json rows;

	if (!reading_rows(root, &rows, err))
		return false;
	struct json_walk walk = json_walk(rows);
	while (json_next(&walk)) {
		struct str node = json_text(json_get(walk.value, "node"));
		if (json_kind(walk.value) == JSON_OBJECT && reading_wants(r, node))
			count_alarm(r, &all, node);
	}
	if (!reading_next_page(r, root, rows, all))
		put_alarms(r, all);
	return true;
}

static bool take_banned(struct reading *r, struct json root, struct err *err)
{
	struct json_number count;

	if (!json_number(json_get(json_get(root, "meta"), "count"), &count))
		return reading_refuse(err, "a list with its count");
	reading_tell(r, emqx_map_family(STR("emqx_banned_count")), STR(""), count);
	return true;
}

// 2. Listeners

static void tell_listener(
	struct reading *r, struct json status, struct pair listener, struct str node)
{
	static const char *const keys[] = { "running", "current_connections", "max_connections" };
	struct json_number number;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct emqx_statistic *stat = emqx_map_key(EMQX_LISTENERS, str_of(keys[i]));
		// `running` may be "inconsistent": then the nodes' own words count, further down.
		if (stat && reading_value(json_get(status, keys[i]), &number))
			reading_put(r, stat, listener, node, number);
	}
}

static bool take_listeners(struct reading *r, struct json root, struct err *err)
{
	const struct emqx_statistic *enable = emqx_map_key(EMQX_LISTENERS, STR("enable"));
	struct json_walk walk = json_walk(root), entries;

	if (json_kind(root) != JSON_ARRAY)
		return reading_refuse(err, "a list of listeners");
	while (json_next(&walk)) {
		struct pair listener = { STR("listener"), json_text(json_get(walk.value, "id")) };

		if (listener.value.len == 0)
			continue;
		reading_put(r, enable, listener, STR(""),
			reading_whole(json_is_true(json_get(walk.value, "enable"))));
		if (!reading_walk_nodes(walk.value, "node_status", &entries))
			tell_listener(r, json_get(walk.value, "status"), listener, STR(""));
		while (json_next(&entries)) {
			struct str node = json_text(json_get(entries.value, "node"));
			if (reading_wants(r, node))
				tell_listener(r, json_get(entries.value, "status"), listener,
					r->own->mode == EMQX_NODE ? STR("") : node);
		}
	}
	return true;
}

// 3. How they are asked for

const struct emqx_part emqx_part_alarms = {
	.path = "/alarms",
	.query = "activated=true",
	.page_size = READING_PAGE_SIZE,
	.scope = "monitoring",
	.take = take_alarms,
};
const struct emqx_part emqx_part_banned = {
	.path = "/banned",
	.page_size = 1,
	.scope = "access_control",
	.take = take_banned,
};
const struct emqx_part emqx_part_listeners = {
	.path = "/listeners",
	.scope = "system",
	.tells_all_nodes = true,
	.take = take_listeners,
};
