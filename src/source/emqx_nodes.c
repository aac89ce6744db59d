// SPDX-License-Identifier: Apache-2.0
#include "source/emqx.h"

#include "base/mem.h"
#include "metric/label.h"
#include "metric/put.h"
#include "metric/write.h"

#include <stdlib.h>

// More nodes than a cluster can have; one that invents names shall not fill the memory. Escaped, a name may be
// twice as long.
enum { MOST_NODES = 1024, LONGEST_NAME = EMQX_LONGEST_NAME * 2, LONGEST_LIST = 64 * 1024 };

// A node that /nodes does not name any more has left; but while a peer hangs, /nodes leaves it out for
// about a minute too (seen on 5.8.9: 65 s).
static const int64_t FORGET_NS = 600 * (int64_t)1000000000;

// Names are compared as labels have them, escaped.
static struct emqx_node *find(struct emqx_nodes *nodes, struct str escaped)
{
	for (size_t i = 0; i < nodes->n; i++)
		if (str_eq(buf_str(&nodes->items[i].name), escaped))
			return &nodes->items[i];
	return NULL;
}

// In the order of names, so that lists of them do not depend on which answer came first. NULL: there are too many.
static struct emqx_node *find_or_add(struct emqx_nodes *nodes, struct str escaped, int64_t now_ns)
{
	struct emqx_node *node = find(nodes, escaped);

	if (node || nodes->n == MOST_NODES)
		return node;
	size_t at = nodes->n++;
	nodes->items = mem_resize(nodes->items, nodes->n * sizeof(*nodes->items));
	for (; at && str_order(buf_str(&nodes->items[at - 1].name), escaped) > 0; at--)
		nodes->items[at] = nodes->items[at - 1];
	node = &nodes->items[at];
	*node = (struct emqx_node){ .name = buf_new(LONGEST_NAME), .known_ns = now_ns };
	buf_add(&node->name, escaped);
	return node;
}

void emqx_nodes_begin(struct emqx_nodes *nodes)
{
	nodes->is_listed = false;
	for (size_t i = 0; i < nodes->n; i++)
		nodes->items[i].is_seen = nodes->items[i].is_listed = false;
}

void emqx_nodes_list(struct emqx_nodes *nodes, struct str name, bool is_running, int64_t now_ns)
{
	struct buf escaped = buf_new(LONGEST_NAME);

	if (name.len > EMQX_LONGEST_NAME)
		return;
	write_escaped(&escaped, name, true);
	struct emqx_node *node = find_or_add(nodes, buf_str(&escaped), now_ns);
	buf_free(&escaped);
	nodes->is_listed = true;
	if (!node)
		return;
	node->is_listed = true;
	node->is_running = is_running;
	node->known_ns = now_ns;
}

// Marks the nodes that a set's labels name, adding those that are new. Returns how many they are.
static size_t mark(struct emqx_nodes *nodes, const struct metric_set *set, int64_t now_ns)
{
	const uint64_t bit = label_name_bit(STR("node"));
	struct str name, last = STR("");
	size_t n = 0;

	for (size_t i = 0; i < nodes->n; i++)
		nodes->items[i].is_marked = false;
	for (const struct family *family = set->first; family; family = family->next) {
		for (const struct sample *s = family->first; s; s = s->next) {
			if (!(s->label_names & bit) || !label_find(s->labels, STR("node"), &name) ||
				name.len == 0 || name.len > LONGEST_NAME || str_eq(name, last))
				continue;
			struct emqx_node *node = find_or_add(nodes, name, now_ns);
			n += node && !node->is_marked;
			if (node)
				node->is_marked = true;
			last = name;
		}
	}
	return n;
}

size_t emqx_nodes_see(struct emqx_nodes *nodes, const struct metric_set *set, int64_t now_ns)
{
	size_t n = mark(nodes, set, now_ns);

	for (size_t i = 0; i < nodes->n; i++) {
		if (!nodes->items[i].is_marked)
			continue;
		nodes->items[i].is_seen = true;
		nodes->items[i].known_ns = now_ns;
	}
	return n;
}

static void add_name(struct buf *text, const struct emqx_node *node)
{
	buf_addf(text, "%s%.*s", text->len ? ", " : "", STR_ARG(buf_str(&node->name)));
}

static struct str keep_text(struct buf *text, struct arena *arena)
{
	struct str copy = arena_copy(arena, buf_str(text));

	buf_free(text);
	return copy;
}

struct str emqx_nodes_missing(
	struct emqx_nodes *nodes, const struct metric_set *set, struct arena *arena)
{
	struct buf text = buf_new(LONGEST_LIST);
	size_t n = mark(nodes, set, 0);

	for (size_t i = 0; i < nodes->n && n > 0; i++)
		if (!nodes->items[i].is_marked)
			add_name(&text, &nodes->items[i]);
	return keep_text(&text, arena);
}

size_t emqx_nodes_listed(const struct emqx_nodes *nodes)
{
	size_t n = 0;

	for (size_t i = 0; i < nodes->n; i++)
		n += nodes->items[i].is_listed;
	return n;
}

struct str emqx_nodes_unlisted(const struct emqx_nodes *nodes, struct arena *arena)
{
	struct buf text = buf_new(LONGEST_LIST);

	for (size_t i = 0; i < nodes->n; i++)
		if (!nodes->items[i].is_listed)
			add_name(&text, &nodes->items[i]);
	return keep_text(&text, arena);
}

static void forget(struct emqx_nodes *nodes, int64_t now_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < nodes->n; i++) {
		if (nodes->is_listed && now_ns - nodes->items[i].known_ns > FORGET_NS)
			buf_free(&nodes->items[i].name);
		else
			nodes->items[kept++] = nodes->items[i];
	}
	nodes->n = kept;
}

void emqx_nodes_conclude(struct emqx_nodes *nodes, struct metric_set *set, int64_t now_ns)
{
	bool is_told = false;
	const struct emqx_statistic *stat = emqx_map_family(STR("emqx_node_running"));

	// Without any answer that tells of nodes nobody knows who runs.
	for (size_t i = 0; i < nodes->n; i++)
		is_told |= nodes->items[i].is_seen || nodes->items[i].is_listed;
	if (!is_told)
		return;
	forget(nodes, now_ns);
	for (size_t i = 0; i < nodes->n; i++) {
		const struct emqx_node *node = &nodes->items[i];
		bool is_running = node->is_listed ? node->is_running : node->is_seen;
		struct sample *sample =
			put_sample(set, put_family(set, stat->family, stat->type, stat->help), NULL,
				0, is_running ? STR("1") : STR("0"));

		// The name is escaped already.
		sample->labels =
			arena_printf(set->arena, "node=\"%.*s\"", STR_ARG(buf_str(&node->name)));
		label_identify(sample->labels, &sample->fingerprint, &sample->label_names);
	}
}

void emqx_nodes_free(struct emqx_nodes *nodes)
{
	for (size_t i = 0; i < nodes->n; i++)
		buf_free(&nodes->items[i].name);
	free(nodes->items);
	*nodes = (struct emqx_nodes){ 0 };
}
