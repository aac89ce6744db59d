// SPDX-License-Identifier: Apache-2.0
// URLs of EMQX's API, by endpoint and mode.
#include "source/emqx.h"

#include <string.h>

static struct buf base_url(const struct source_turn *turn)
{
	struct buf url = buf_new(MIB(1));

	buf_add(&url, source_url(turn->arena, turn->conf->http.url, ""));
	return url;
}

static struct str finish_url(const struct source_turn *turn, struct buf *url)
{
	struct str copy = arena_copy(turn->arena, buf_str(url));

	buf_free(url);
	return copy;
}

// Adds a path with its one %s, if it has one, filled in.
static void add_path(struct buf *url, const char *path, struct str name)
{
	const char *gap = strstr(path, "%s");

	if (!gap) {
		buf_add(url, str_of(path));
		return;
	}
	buf_add(url, str_between(path, gap));
	http_add_segment(url, name);
	buf_add(url, str_of(gap + 2));
}

struct str emqx_part_url(const struct source_turn *turn, const struct source_ask *ask)
{
	const struct emqx_conf *own = turn->conf->own;
	const struct emqx_state *state = turn->state;
	const struct emqx_part *part = ask->part;
	bool is_v4 = ask->marks & EMQX_OF_V4;
	struct str node = emqx_own_node(own, state);
	// The release is asked of the one node, which answers at once where a peer hangs.
	bool of_node = (own->mode == EMQX_NODE || part == &emqx_question_version) &&
		       part->node_path && node.len && !is_v4;
	struct buf url = base_url(turn);

	buf_add(&url, is_v4 ? STR("/api/v4") : STR("/api/v5"));
	if (ask->object.len) {
		add_path(&url, part->detail_path, ask->object);
		return finish_url(turn, &url);
	}
	add_path(&url, of_node ? part->node_path : part->path, node);
	if (part->query)
		buf_addf(&url, "?%s", part->query);
	if (part->page_size)
		buf_addf(&url, "%spage=%u&limit=%u", part->query ? "&" : "?", ask->page,
			part->page_size);
	return finish_url(turn, &url);
}

struct str emqx_text_url(const struct source_turn *turn, size_t e, bool is_v4)
{
	const struct emqx_conf *own = turn->conf->own;
	struct buf url = base_url(turn);

	if (is_v4) {
		buf_add(&url, STR("/api/v4/emqx_prometheus?type=prometheus"));
		return finish_url(turn, &url);
	}
	buf_addf(&url, "/api/v5/prometheus/%.*s", STR_ARG(emqx_endpoints[e].name));
	// Releases before 5.5 know no mode; `node` is what they give, so it is not spelled out.
	if (own->mode != EMQX_NODE)
		http_add_parameter(&url, STR("mode"), emqx_mode_words[own->mode]);
	if (emqx_endpoints[e].has_namespaces && own->ns.len)
		http_add_parameter(&url, STR("ns"), own->ns);
	if (e == ENDPOINT_DATA_INTEGRATION && own->only_global)
		http_add_parameter(&url, STR("only_global"), STR("true"));
	return finish_url(turn, &url);
}
