// SPDX-License-Identifier: Apache-2.0
// An EMQX broker by the Prometheus endpoints of its REST API, release 5.0 and later.
#include "source/source.h"

#include <stddef.h>
#include <string.h>

enum mode { MODE_NODE, MODE_AGGREGATED, MODE_UNAGGREGATED };

static const struct str mode_words[] = {
	[MODE_NODE] = STR_INIT("node"),
	[MODE_AGGREGATED] = STR_INIT("all_nodes_aggregated"),
	[MODE_UNAGGREGATED] = STR_INIT("all_nodes_unaggregated"),
};

// An Erlang node's name is an atom of at most 255 characters; longer ones are a mistake.
enum { LONGEST_NODE_NAME = 1024 };

struct emqx_conf {
	struct str node, cluster_name;
	struct str_list endpoints;
	int mode; // enum mode
};

static const struct setting rows[] = {
	{ .name = "node",
		.type = SETTING_STRING,
		.offset = offsetof(struct emqx_conf, node),
		.env = true,
		.help = "the broker's node name; default: asked from the broker" },
	{ .name = "endpoints",
		.type = SETTING_STRINGS,
		.offset = offsetof(struct emqx_conf, endpoints),
		.initial = "stats, auth, data_integration",
		.help = "pages to gather" },
	{ .name = "mode",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct emqx_conf, mode),
		.words = mode_words,
		.n_words = ARRAY_LEN(mode_words),
		.initial = "node",
		.help = "whose statistics: of this node, or of the cluster" },
	{ .name = "cluster_name",
		.type = SETTING_STRING,
		.offset = offsetof(struct emqx_conf, cluster_name),
		.env = true,
		.help = "what ${cluster_name} stands for" },
	{ .name = "collect", .type = SETTING_LATER },
};

static const struct str known_endpoints[] = {
	STR_INIT("stats"),
	STR_INIT("auth"),
	STR_INIT("data_integration"),
};

// EMQX waits this long for a node that hangs, in the cluster modes (seen on 5.8.9: 5.0 s).
enum { CLUSTER_NEEDS_MS = 6000 };

static void check_endpoint(
	const struct emqx_conf *own, size_t i, const struct setting_faults *faults)
{
	struct str name = own->endpoints.items[i];

	for (size_t k = 0; k < i; k++) {
		if (str_eq(name, own->endpoints.items[k])) {
			setting_fault(
				faults, "endpoints", "\"%.*s\" is given twice", STR_ARG(name));
			return;
		}
	}
	for (size_t k = 0; k < ARRAY_LEN(known_endpoints); k++)
		if (str_eq(name, known_endpoints[k]))
			return;
	setting_fault(faults, "endpoints", "\"%.*s\" is not one of stats, auth, data_integration",
		STR_ARG(name));
}

static void check(const struct source_conf *conf, const struct setting_faults *faults)
{
	const struct emqx_conf *own = conf->own;

	if (own->endpoints.n == 0)
		setting_fault(faults, "endpoints", "is empty; name at least one, or remove it");
	for (size_t i = 0; i < own->endpoints.n; i++)
		check_endpoint(own, i, faults);
	if (own->node.ptr && own->node.len == 0)
		setting_fault(faults, "node", "is empty; give a name such as emqx@127.0.0.1");
	if (!str_is_utf8(own->node))
		setting_fault(faults, "node", "is not UTF-8");
}

static void identify(const struct source_conf *conf, struct str *node, struct str *cluster_name)
{
	const struct emqx_conf *own = conf->own;

	*node = own->node;
	*cluster_name = own->cluster_name;
}

static int64_t needs_ms(const struct source_conf *conf)
{
	const struct emqx_conf *own = conf->own;

	return own->mode == MODE_NODE ? 0 : CLUSTER_NEEDS_MS;
}

// Asking

static struct http_request get(const struct source_conf *conf, struct str url)
{
	return (struct http_request){
		.conf = &conf->http,
		.method = STR("GET"),
		.url = url,
		// Anything but exactly application/json gives text; 6.3 refuses JSON with 400.
		.accept = STR("text/plain"),
	};
}

static size_t ask(const struct source_conf *conf, bool want_node, struct arena *arena,
	struct source_ask **asks)
{
	const struct emqx_conf *own = conf->own;
	size_t n = 0;

	*asks = arena_array(arena, struct source_ask, own->endpoints.n + 1);
	for (size_t i = 0; i < own->endpoints.n; i++) {
		struct source_ask *page = &(*asks)[n++];
		// Releases before 5.5 know no mode; `node` is what they give, so it is not spelled out.
		struct str path = arena_printf(arena, "/api/v5/prometheus/%.*s%s%s",
			STR_ARG(own->endpoints.items[i]), own->mode == MODE_NODE ? "" : "?mode=",
			own->mode == MODE_NODE ? "" : mode_words[own->mode].ptr);

		page->endpoint = own->endpoints.items[i];
		page->request = get(conf, source_url(arena, conf->http.url, path.ptr));
		page->by_default = !own->endpoints.given;
	}
	if (want_node) {
		struct source_ask *status = &(*asks)[n++];

		status->request = get(conf, source_url(arena, conf->http.url, "/status"));
		status->request.anonymous = true; // it is open in every release
	}
	return n;
}

// Taking

// Node emqx@127.0.0.1 is started
//      ^ name         ^ end
static bool take_status(
	const struct http_answer *answer, struct source_take *taken, struct err *err)
{
	struct str line, rest, word;

	if (!http_judge(answer, err))
		return false;
	str_cut(buf_str(&answer->body), '\n', &line, &rest);
	str_cut(str_trim(line), ' ', &word, &rest);
	if (str_eq(word, STR("Node")) && str_cut(rest, ' ', &word, &rest) && word.len > 0 &&
		word.len <= LONGEST_NODE_NAME && str_is_utf8(word)) {
		taken->node = arena_copy(taken->set->arena, word);
		return true;
	}
	err_set(err, ERR_BAD_BODY, 0, "/status does not tell the node's name");
	return false;
}

static bool take(const struct source_conf *conf, const struct source_ask *asked,
	const struct http_answer *answer, struct source_take *taken, struct err *err)
{
	(void)conf;
	if (asked->endpoint.len == 0)
		return take_status(answer, taken, err);
	if (!source_take_page(answer, taken, err))
		return false;
	// EMQX ends each page with a line feed: without one its last value may be cut in two.
	if (str_ends_with(buf_str(&answer->body), STR("\n")))
		return true;
	err_set(err, ERR_BAD_BODY, 0, "the page is cut off within its last line, after %zu bytes",
		answer->body.len);
	return false;
}

const struct source_type source_emqx = {
	.name = STR_INIT("emqx"),
	.settings = SETTING_TABLE(rows),
	.conf_size = sizeof(struct emqx_conf),
	.job_name = STR_INIT("${name}/instance/${name}~${host}"),
	.has_node = true,
	.check = check,
	.identify = identify,
	.needs_ms = needs_ms,
	.ask = ask,
	.take = take,
};
