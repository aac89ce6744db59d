// SPDX-License-Identifier: Apache-2.0
// What EMQX counts and how it calls it: one table of every emqx_* family that brokerpush knows, of all
// releases from 4.4 on, with its type, help, label rule and its key in the JSON answers. It serves the
// text pages, whose own help is empty, and the mapping of JSON keys to families. It reads no answers,
// spells no values and adds no labels. Erlang's erlang_* families are not in it (from 5.0 on they bring
// their help), nor are those of durable storage, emqx_ds_*, or of a single client.
//
// A text page's TYPE line goes before the type here: only a release knows what it sends.
#pragma once

#include "base/arena.h"
#include "metric/metric.h"

// Which JSON answer a key stands in, by its path below /api/v5.
enum emqx_page {
	EMQX_TEXT,	 // none: only the text pages have the family
	EMQX_STATS,	 // stats
	EMQX_METRICS,	 // metrics
	EMQX_NODES,	 // nodes
	EMQX_MONITOR,	 // monitor_current, with or without /nodes/{node}
	EMQX_LISTENERS,	 // listeners; keys of an entry and of its `status`
	EMQX_ALARMS,	 // alarms?activated=true, counted
	EMQX_BANNED,	 // banned, `meta.count`
	EMQX_LICENSE,	 // license
	EMQX_RULES,	 // rules, rules/{id}/metrics
	EMQX_ACTIONS,	 // actions, actions/{id}/metrics
	EMQX_CONNECTORS, // connectors
	EMQX_AUTHN,	 // authentication, authentication/{id}/status
	EMQX_AUTHZ,	 // authorization/sources, authorization/sources/{type}/status
	N_EMQX_PAGES,
};

// Which samples of a family bear the label `node`, and whether several nodes' values may be added up.
enum emqx_rule {
	EMQX_ONCE, // the cluster's own value: never with `node`, never summed
	// A row per node in all_nodes_unaggregated, their sum in all_nodes_aggregated. EMQX joins the
	// *_enable and *_status by a logical AND instead, but sums emqx_action_enable and _status.
	EMQX_SPLIT,
	EMQX_PER_NODE, // a row per node in both cluster modes: summing makes no sense
};

struct emqx_statistic {
	struct str family;
	enum metric_type type;
	enum emqx_page page;
	struct str key; // as the JSON spells it; empty: none, the value is counted or composed
	enum emqx_rule rule;
	struct str help; // one line that needs no escapes
};

// The statistic of a family; NULL: brokerpush does not know it.
const struct emqx_statistic *emqx_map_family(struct str family);

// The statistic that a key of a page means; NULL: unknown, see emqx_map_unknown. The page of the answer
// need not be the statistic's: some keys mean what another page spells otherwise.
const struct emqx_statistic *emqx_map_key(enum emqx_page page, struct str key);

// The family name for an unknown key, by the rule that EMQX's own names follow: `emqx_`, or for the
// things of a page `emqx_rule_`, `emqx_node_` and so on, and the key with `_` for every byte outside
// [a-zA-Z0-9_]; "routes.count" gives emqx_routes_count. Lives in the arena. Two keys can give one name,
// and a key can give a known family's name: ask metric_find and emqx_map_family before adding it.
struct str emqx_map_unknown(struct arena *arena, enum emqx_page page, struct str key);
// METRIC_COUNTER for EMQX_METRICS, METRIC_GAUGE for any other page.
enum metric_type emqx_map_unknown_type(enum emqx_page page);

// All statistics, n of them, in byte order of the family.
const struct emqx_statistic *emqx_map_all(size_t *n);

// A key that means a family which stands in the table with another page or key.
struct emqx_second_key {
	enum emqx_page page;
	struct str key;
	struct str family;
};

// All second keys, n of them. For checks; emqx_map_key knows them.
const struct emqx_second_key *emqx_map_second_keys(size_t *n);
