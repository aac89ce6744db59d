// SPDX-License-Identifier: Apache-2.0
// An EMQX broker by its REST API, from release 4.4 on: pages of Prometheus text, and JSON for what text
// does not tell or fails to. See emqx.h for the files of this source.
#include "source/emqx.h"

#include "base/clock.h"
#include "metric/put.h"

#include <stddef.h>
#include <string.h>

// 1. Settings

const struct str emqx_mode_words[N_EMQX_MODES] = {
	[EMQX_NODE] = STR_INIT("node"),
	[EMQX_AGGREGATED] = STR_INIT("all_nodes_aggregated"),
	[EMQX_UNAGGREGATED] = STR_INIT("all_nodes_unaggregated"),
};

static const struct str collect_words[] = {
	[EMQX_COLLECT_AUTO] = STR_INIT("auto"),
	[EMQX_COLLECT_TEXT] = STR_INIT("text"),
	[EMQX_COLLECT_JSON] = STR_INIT("json"),
};

const struct setting emqx_login_rows[N_EMQX_LOGIN_ROWS] = {
	{ .name = "username",
		.type = SETTING_STRING,
		.offset = offsetof(struct emqx_conf, login.username),
		.env = true,
		.help = "dashboard user" },
	{ .name = "password",
		.type = SETTING_STRING,
		.offset = offsetof(struct emqx_conf, login.password.value),
		.env = true,
		.secret = true,
		.help = "the user's password" },
	{ .name = "password_file",
		.type = SETTING_STRING,
		.offset = offsetof(struct emqx_conf, login.password.file),
		.env = true,
		.help = "file that holds the password" },
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
		.help = "what to gather; \"all\": whatever this broker has" },
	{ .name = "mode",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct emqx_conf, mode),
		.words = emqx_mode_words,
		.n_words = ARRAY_LEN(emqx_mode_words),
		.initial = "node",
		.help = "whose statistics: of this node, or of the cluster" },
	{ .name = "cluster_name",
		.type = SETTING_STRING,
		.offset = offsetof(struct emqx_conf, cluster_name),
		.env = true,
		.help = "what ${cluster_name} stands for; default: asked from the broker" },
	{ .name = "collect",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct emqx_conf, collect),
		.words = collect_words,
		.n_words = ARRAY_LEN(collect_words),
		.initial = "auto",
		.help = "auto takes text, and JSON where there is no text or it fails" },
	{ .name = "unknown_keys",
		.type = SETTING_BOOL,
		.offset = offsetof(struct emqx_conf, unknown_keys),
		.initial = "true",
		.help = "also take JSON statistics that brokerpush does not know, named by rule" },
	{ .name = "ns",
		.type = SETTING_STRING,
		.offset = offsetof(struct emqx_conf, ns),
		.env = true,
		.help = "the one namespace to ask for; default: all" },
	{ .name = "only_global",
		.type = SETTING_BOOL,
		.offset = offsetof(struct emqx_conf, only_global),
		.initial = "false",
		.help = "leave out of data_integration what belongs to a namespace" },
	{ .name = "login",
		.type = SETTING_GROUP,
		.offset = offsetof(struct emqx_conf, login.given),
		.rows = EMQX_LOGIN_TABLE,
		.help = "a dashboard user to log in as, in place of an API key" },
};

// 2. What is known of the broker, by configuration or as it told

struct secret *emqx_login_secret(const struct source_conf *conf)
{
	return &((struct emqx_conf *)conf->own)->login.password;
}

struct str emqx_own_node(const struct emqx_conf *own, const struct emqx_state *state)
{
	return own->node.len || !state ? own->node : buf_str(&state->node);
}

struct str emqx_cluster_of(const struct emqx_conf *own, const struct emqx_state *state)
{
	return own->cluster_name.len || !state ? own->cluster_name : buf_str(&state->cluster_name);
}

void emqx_identify(const struct source_conf *conf, const void *state, struct str *node,
	struct str *cluster_name)
{
	*node = emqx_own_node(conf->own, state);
	*cluster_name = emqx_cluster_of(conf->own, state);
}

static int64_t needs_ms(const struct source_conf *conf)
{
	const struct emqx_conf *own = conf->own;

	return own->mode == EMQX_NODE ? 0 : EMQX_CLUSTER_NEEDS_MS;
}

void emqx_remember(struct buf *place, struct str text)
{
	buf_free(place);
	*place = buf_new(EMQX_LONGEST_NAME);
	buf_add(place, text);
}

// A new release may have what the old one had not.
void emqx_set_version(struct emqx_state *state, struct str version)
{
	if (version.len > EMQX_LONGEST_NAME || str_eq(version, buf_str(&state->version)))
		return;
	emqx_remember(&state->version, version);
	memset(state->missing_until_ns, 0, sizeof(state->missing_until_ns));
	state->is_limited = false;
}

// What is not found below /api/v5 says nothing about EMQX 4, and the reverse.
void emqx_set_api(struct emqx_state *state, enum emqx_api api)
{
	bool is_v4 = api == EMQX_API_V4, was_v4 = state->api == EMQX_API_V4;

	if (api != EMQX_API_UNKNOWN && is_v4 != was_v4) {
		memset(state->missing_until_ns, 0, sizeof(state->missing_until_ns));
		state->turn.api_changed = true;
	}
	state->api = api;
}

static unsigned leading_number(struct str text)
{
	unsigned number = 0;

	for (size_t i = 0; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
		number = number < 10000 ? number * 10 + (unsigned)(text.ptr[i] - '0') : number;
	return number;
}

bool emqx_is_since(const struct emqx_state *state, unsigned major, unsigned minor)
{
	struct str first, rest;

	str_cut(buf_str(&state->version), '.', &first, &rest);
	unsigned its_major = leading_number(first);
	return its_major > major || (its_major == major && leading_number(rest) >= minor);
}

// 3. The start of a cycle

void emqx_begin(struct source_turn *turn, const struct emqx_kind *kind)
{
	struct emqx_state *state = turn->state;

	state->kind = kind;
	state->turn = (struct emqx_turn){ .start_ns = turn->now_ns };
	state->login.err = (struct err){ 0 };
	emqx_nodes_begin(&state->nodes);
	// With a login under way all else follows its answer.
	if (!emqx_login_is_due(turn) || !emqx_login_ask(turn))
		kind->ask_all(turn);
}

static void ask(struct source_turn *turn)
{
	emqx_begin(turn, &emqx_statistics_kind);
}

// 4. After the last answer

// A 404 is believed for this long, or until the release changes.
static const int64_t BELIEVE_NS = 3600 * (int64_t)NS_PER_S;

static void note_families(struct metric_set *told, const struct metric_set *set)
{
	for (const struct family *family = set->first; family; family = family->next)
		if (family->first)
			metric_family(told, family->name);
}

static void drop_told(struct metric_set *set, const struct metric_set *told)
{
	for (struct family *family = set->first; family; family = family->next) {
		if (!family->first || !metric_find(told, family->name))
			continue;
		set->n_samples -= family->n_samples;
		family->first = family->last = NULL;
		family->n_samples = 0;
		family->typed = false;
	}
}

static bool is_same_kind(const struct source_ask *a, const struct source_ask *b)
{
	return a->part == b->part && str_eq(a->endpoint, b->endpoint);
}

// Takes out of the answers of one kind what was told before, then notes what they tell: that they repeat each
// other's families is their nature.
static void drop_kind(const struct source_part *parts, size_t n_parts,
	const struct source_ask *kind, struct metric_set *told)
{
	for (size_t i = 0; i < n_parts; i++)
		if (parts[i].delivered && is_same_kind(parts[i].ask, kind))
			drop_told(parts[i].take->set, told);
	for (size_t i = 0; i < n_parts; i++)
		if (parts[i].delivered && is_same_kind(parts[i].ask, kind))
			note_families(told, parts[i].take->set);
}

static bool stands_in(const struct source_ask *ask)
{
	const struct emqx_endpoint *endpoint = emqx_find_endpoint(ask->endpoint);

	return endpoint && endpoint->has_text;
}

// Each kind of JSON, in the order of asking: those that stand in for pages of text, or all others.
static void drop_kinds(
	const struct source_part *parts, size_t n_parts, bool standing_in, struct metric_set *told)
{
	for (size_t i = 0; i < n_parts; i++) {
		size_t first = 0;

		if (!parts[i].ask->part || stands_in(parts[i].ask) != standing_in)
			continue;
		while (!is_same_kind(parts[first].ask, parts[i].ask))
			first++;
		if (first == i)
			drop_kind(parts, n_parts, parts[i].ask, told);
	}
}

// A family comes from the page of text that has it, else from the JSON that stands in for a page, else from the
// first other JSON that has it: the same quantity is told in several places. Pages of text may share families,
// and are merged; what namespaced_stats tells is not the broker's whole.
static void drop_repetitions(
	const struct source_part *parts, size_t n_parts, struct metric_set *told)
{
	for (size_t i = 0; i < n_parts; i++)
		if (parts[i].delivered && !parts[i].ask->part &&
			parts[i].ask->page != ENDPOINT_NAMESPACED_STATS)
			note_families(told, parts[i].take->set);
	drop_kinds(parts, n_parts, true, told);
	drop_kinds(parts, n_parts, false, told);
}

// Without JSON only /status tells the release.
static void put_info(
	struct source_turn *turn, const struct metric_set *told, struct metric_set *set)
{
	const struct emqx_conf *own = turn->conf->own;
	const struct emqx_state *state = turn->state;
	const struct emqx_statistic *stat = emqx_map_family(STR("emqx_node_info"));
	struct pair labels[] = { { STR("node"), emqx_own_node(own, state) },
		{ STR("version"), buf_str(&state->version) } };

	if (emqx_wants_all(own) && state->version.len && labels[0].value.len &&
		!metric_find(told, stat->family))
		put_sample(set, put_family(set, stat->family, stat->type, stat->help), labels,
			ARRAY_LEN(labels), STR("1"));
}

// In mode node the cluster is not asked about, unless by name.
static bool shows_nodes(
	const struct emqx_conf *own, const struct source_part *parts, size_t n_parts)
{
	bool shows = own->mode != EMQX_NODE;

	for (size_t i = 0; i < n_parts; i++)
		shows |= parts[i].delivered && parts[i].ask->part == &emqx_part_nodes;
	return shows;
}

static struct str missing_of(const struct source_turn *turn, const struct source_part *part)
{
	struct emqx_state *state = turn->state;

	return part->ask->part == &emqx_part_nodes
		       ? emqx_nodes_unlisted(&state->nodes, turn->arena)
		       : emqx_nodes_missing(&state->nodes, part->take->set, turn->arena);
}

static void conclude(struct source_turn *turn, const struct source_part *parts, size_t n_parts,
	struct metric_set *set)
{
	const struct emqx_conf *own = turn->conf->own;
	struct emqx_state *state = turn->state;
	struct metric_set *told = metric_set_new(turn->arena);
	bool delivered = false;

	for (size_t i = 0; i < n_parts; i++)
		delivered |= parts[i].delivered && !parts[i].ask->is_question;
	for (size_t i = 0; i < n_parts; i++)
		if (parts[i].delivered && parts[i].take->n_nodes)
			parts[i].take->missing = missing_of(turn, &parts[i]);
	drop_repetitions(parts, n_parts, told);
	if (delivered && shows_nodes(own, parts, n_parts))
		emqx_nodes_conclude(&state->nodes, set, turn->now_ns);
	if (delivered)
		put_info(turn, told, set);
	// A broker that has nothing at all is rather a proxy that is set up wrongly.
	for (size_t e = 0; e < N_EMQX_ENDPOINTS; e++)
		if (delivered && !state->turn.api_changed && state->turn.missing & 1u << e)
			state->missing_until_ns[e] = turn->now_ns + BELIEVE_NS;
	emqx_end(turn, delivered);
}

// Behind a new connection there may be a new release.
void emqx_end(struct source_turn *turn, bool delivered)
{
	struct emqx_state *state = turn->state;

	if (!delivered || (state->turn.reconnected && !state->turn.status))
		state->met = false;
}

void emqx_free_state(void *type_state)
{
	struct emqx_state *state = type_state;

	buf_free(&state->node);
	buf_free(&state->cluster_name);
	buf_free(&state->version);
	buf_free(&state->login.token);
	emqx_nodes_free(&state->nodes);
}

const struct source_type source_emqx = {
	.name = STR_INIT("emqx"),
	.settings = SETTING_TABLE(rows),
	.conf_size = sizeof(struct emqx_conf),
	.state_size = sizeof(struct emqx_state),
	.job_name = STR_INIT("${name}/instance/${name}~${host}"),
	.has_node = true,
	.check = emqx_check,
	.login_secret = emqx_login_secret,
	.identify = emqx_identify,
	.needs_ms = needs_ms,
	.ask = ask,
	.take = emqx_take,
	.conclude = conclude,
	.free_state = emqx_free_state,
};
