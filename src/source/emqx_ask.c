// SPDX-License-Identifier: Apache-2.0
// What the source `emqx` asks for, and when.
#include "source/emqx.h"

#include "base/clock.h"

void emqx_add_credentials(const struct source_turn *turn, struct source_ask *ask)
{
	const struct emqx_state *state = turn->state;

	ask->request.bearer = arena_copy(turn->arena, buf_str(&state->login.token));
}

static struct source_ask *ask_part(struct source_turn *turn, const struct emqx_part *part,
	struct str endpoint, struct str object, unsigned page, unsigned marks)
{
	struct source_ask *ask = source_add_ask(turn, endpoint);

	ask->part = part;
	ask->object = arena_copy(turn->arena, object);
	ask->page = page;
	ask->marks = marks;
	ask->request.url = emqx_part_url(turn, ask);
	ask->request.accept = STR("application/json");
	emqx_add_credentials(turn, ask);
	return ask;
}

static unsigned mark_of_api(const struct emqx_state *state)
{
	return state->api == EMQX_API_V4 ? EMQX_OF_V4 : 0;
}

void emqx_ask_page(
	struct source_turn *turn, const struct source_ask *list, unsigned page, void *carried)
{
	struct source_ask *ask =
		ask_part(turn, list->part, list->endpoint, STR(""), page, list->marks);

	ask->by_default = true;
	ask->carried = carried;
}

void emqx_ask_detail(
	struct source_turn *turn, const struct source_ask *list, struct str object, bool is_enabled)
{
	ask_part(turn, list->part, list->endpoint, object, 0, is_enabled ? EMQX_ENABLED : 0)
		->by_default = true;
}

bool emqx_can_ask_json(const struct source_turn *turn, struct err *err)
{
	const struct emqx_conf *own = turn->conf->own;
	const struct emqx_state *state = turn->state;

	if (own->collect == EMQX_COLLECT_TEXT)
		err_set(err, ERR_SKIPPED, 0, "JSON is not asked for: collect is \"text\"");
	else if (!emqx_has_credentials(turn->conf))
		err_set(err, ERR_HTTP_4XX, 0,
			"needs credentials; set basic_auth to an API key, or login");
	else if (own->login.given && state->login.token.len == 0)
		*err = state->login.err;
	return err->kind == ERR_NONE;
}

static void add_outcome(struct source_turn *turn, size_t e, bool by_default, bool unavailable,
	const struct err *err)
{
	struct source_ask *ask = source_add_ask(turn, emqx_endpoints[e].name);

	ask->by_default = by_default;
	ask->unavailable = unavailable;
	ask->err = *err;
}

// A question, which nobody insists on unless its asker does.
static struct source_ask *add_question(
	struct source_turn *turn, const struct emqx_part *question, const char *name)
{
	struct source_ask *ask = source_add_ask(turn, str_of(name));

	ask->part = question;
	ask->is_question = true;
	ask->is_optional = true;
	ask->request.accept = STR("application/json");
	return ask;
}

// Open in every release, at this path; the JSON form came with 5.0. EMQX tells its node there, up to 5.8
// its release, and later the cluster's name.
void emqx_ask_status(struct source_turn *turn)
{
	const struct emqx_conf *own = turn->conf->own;
	struct emqx_state *state = turn->state;

	if (state->turn.status)
		return;
	struct source_ask *ask = add_question(turn, &emqx_question_status, "/status");
	ask->request.url = source_url(turn->arena, turn->conf->http.url, "/status?format=json");
	ask->request.anonymous = true;
	ask->request.timeout_ms = turn->collect_ms / 3; // others wait for it
	ask->is_optional = !turn->wants_node || emqx_own_node(own, state).len > 0;
	state->turn.status = ask;
}

bool emqx_ask_json(struct source_turn *turn, size_t e, bool by_default)
{
	const struct emqx_conf *own = turn->conf->own;
	struct emqx_state *state = turn->state;
	struct err err = { 0 };
	bool asked = false;

	if (!emqx_endpoints[e].parts[0] || !emqx_can_ask_json(turn, &err))
		return false;
	if (own->mode == EMQX_NODE && emqx_own_node(own, state).len == 0) {
		if (!state->turn.status_failed) {
			state->turn.deferred |= 1u << e;
			emqx_ask_status(turn);
			state->turn.status->is_optional = false;
			return true;
		}
		err_set(&err, ERR_NODE_UNKNOWN, 0,
			"not asked: the broker does not tell its node name; set node");
		add_outcome(turn, e, by_default, false, &err);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(emqx_endpoints[e].parts); i++) {
		const struct emqx_part *part = emqx_endpoints[e].parts[i];

		if (!part || (state->api == EMQX_API_V4 && !part->is_in_v4))
			continue;
		// Only of what an endpoint starts with is its lack a failure.
		ask_part(turn, part, emqx_endpoints[e].name, STR(""), 1, mark_of_api(state))
			->by_default = by_default || i > 0;
		asked = true;
	}
	return asked;
}

// Asked for all namespaces, namespaced_stats is behind a limiter, and data_integration from 6.3 on.
static bool is_limited(const struct source_turn *turn, size_t e)
{
	const struct emqx_conf *own = turn->conf->own;
	const struct emqx_state *state = turn->state;

	if (own->ns.len)
		return false;
	return e == ENDPOINT_NAMESPACED_STATS ||
	       (e == ENDPOINT_DATA_INTEGRATION && !own->only_global &&
		       (state->is_limited || emqx_is_since(state, 6, 3)));
}

// Whether to hear the release first, since it decides whether a page has to wait in the limiter's line.
static bool needs_version(const struct source_turn *turn, size_t e)
{
	const struct emqx_conf *own = turn->conf->own;
	const struct emqx_state *state = turn->state;

	return e == ENDPOINT_DATA_INTEGRATION && !own->ns.len && !own->only_global &&
	       !state->version.len && !state->met && !state->turn.version_is_settled;
}

// One request in 5 s for all namespaces (prometheus.namespaced_metrics_limiter.rate of EMQX).
enum { LIMITER_MS = 5000 };

// Time for JSON to stand in is left, if it can; EMQX's own wait for a hung node is not cut short for it.
static int64_t text_timeout_ms(const struct source_turn *turn, size_t e)
{
	const struct emqx_conf *own = turn->conf->own;
	struct err err = { 0 };
	int64_t ms = turn->collect_ms / 3 * 2;

	if (own->collect != EMQX_COLLECT_AUTO || !emqx_json_may_stand_in(own, e) ||
		!emqx_can_ask_json(turn, &err))
		return 0;
	return own->mode != EMQX_NODE && ms < EMQX_CLUSTER_NEEDS_MS ? EMQX_CLUSTER_NEEDS_MS : ms;
}

static struct source_ask *ask_text(
	struct source_turn *turn, size_t e, bool by_default, unsigned marks)
{
	struct source_ask *ask = source_add_ask(turn, emqx_endpoints[e].name);

	ask->by_default = by_default;
	ask->page = (unsigned)e;
	ask->marks = marks;
	ask->request.url = emqx_text_url(turn, e, marks & EMQX_OF_V4);
	// Anything but exactly application/json gives text; 6.3 refuses JSON with 400.
	ask->request.accept = STR("text/plain");
	ask->request.timeout_ms = text_timeout_ms(turn, e);
	ask->pause_ms = is_limited(turn, e) ? LIMITER_MS : 0;
	ask->pause_is_shared = true;
	emqx_add_credentials(turn, ask);
	return ask;
}

// EMQX 4 has one page of text, which is that of `stats`, and some of the JSON.
bool emqx_ask_other_api(struct source_turn *turn, const struct source_ask *asked)
{
	struct emqx_state *state = turn->state;
	const struct emqx_part *part = asked->part;
	unsigned marks = (asked->marks & EMQX_OF_V4 ? 0 : EMQX_OF_V4) | EMQX_SECOND_TRY;

	if (asked->object.len || (part ? !part->is_in_v4 : asked->page != ENDPOINT_STATS))
		return false;
	if (asked->marks & EMQX_SECOND_TRY) {
		emqx_set_api(state, EMQX_API_UNKNOWN);
		return false;
	}
	if (part && state->api == EMQX_API_V5)
		return false; // it is not the API that lacks
	if (part)
		ask_part(turn, part, asked->endpoint, STR(""), 1, marks)->by_default =
			asked->by_default;
	else
		ask_text(turn, ENDPOINT_STATS, asked->by_default, marks);
	return true;
}

// What is known to be missing is shown, not asked.
static void add_missing(struct source_turn *turn, size_t e, bool by_default, const char *why)
{
	struct err err = { 0 };

	err_set(&err, ERR_HTTP_4XX, 0, "%s", why);
	add_outcome(turn, e, by_default, by_default, &err);
}

static void ask_without_text(struct source_turn *turn, size_t e, bool by_default, const char *why)
{
	if (!emqx_ask_json(turn, e, by_default))
		add_missing(turn, e, by_default, why);
}

void emqx_ask_deferred(struct source_turn *turn)
{
	const struct emqx_conf *own = turn->conf->own;
	struct emqx_state *state = turn->state;
	uint32_t deferred = state->turn.deferred;

	state->turn.deferred = 0;
	for (size_t e = 0; e < N_EMQX_ENDPOINTS; e++)
		if (deferred & 1u << e)
			ask_without_text(
				turn, e, emqx_is_by_default(own), "this release does not have it");
}

void emqx_wait_for_version(struct source_turn *turn)
{
	struct emqx_state *state = turn->state;

	state->turn.waits_for_version = true;
	emqx_ask_status(turn);
}

static void ask_endpoint(struct source_turn *turn, size_t e, bool by_default)
{
	const struct emqx_conf *own = turn->conf->own;
	const struct emqx_state *state = turn->state;
	bool is_missing = by_default && state->missing_until_ns[e] > turn->now_ns;
	bool as_text = emqx_endpoints[e].has_text && own->collect != EMQX_COLLECT_JSON;
	bool is_v4 = state->api == EMQX_API_V4;
	struct err err = { 0 };

	if (as_text && is_v4 && e != ENDPOINT_STATS)
		ask_without_text(turn, e, by_default, "EMQX 4 does not have it");
	else if (as_text && is_missing)
		ask_without_text(turn, e, by_default, "HTTP 404, and not asked again for an hour");
	else if (as_text && needs_version(turn, e))
		emqx_wait_for_version(turn);
	else if (as_text)
		ask_text(turn, e, by_default, mark_of_api(state));
	else if (is_missing || (is_v4 && !emqx_endpoints[e].parts[0]->is_in_v4))
		add_missing(turn, e, by_default, "this release does not have it");
	else if (emqx_can_ask_json(turn, &err))
		ask_without_text(turn, e, by_default, "this release does not have it");
	else
		add_outcome(
			turn, e, by_default, by_default && !emqx_has_credentials(turn->conf), &err);
}

// "all" leaves out what the way of collecting cannot get, or gets with `stats` already.
static bool is_of_all(const struct emqx_conf *own, size_t e)
{
	const struct emqx_endpoint *endpoint = &emqx_endpoints[e];

	if (!endpoint->is_in_all)
		return false;
	if (own->collect == EMQX_COLLECT_JSON)
		return endpoint->parts[0] && e != ENDPOINT_METRICS && e != ENDPOINT_NODES;
	return own->collect != EMQX_COLLECT_TEXT || endpoint->has_text;
}

static struct source_ask *ask_question(struct source_turn *turn, const struct emqx_part *question)
{
	struct source_ask *ask = add_question(turn, question, question->path);

	ask->marks = question->is_in_v4 ? mark_of_api(turn->state) : 0;
	ask->request.url = emqx_part_url(turn, ask);
	ask->request.timeout_ms = turn->collect_ms / 3; // others wait for it
	emqx_add_credentials(turn, ask);
	return ask;
}

bool emqx_ask_more(struct source_turn *turn, bool knows_version)
{
	const struct emqx_conf *own = turn->conf->own;
	struct err err = { 0 };

	if (!emqx_can_ask_json(turn, &err))
		return false;
	if (!knows_version)
		ask_question(turn, &emqx_question_version);
	if (turn->wants_cluster && emqx_cluster_of(own, turn->state).len == 0)
		ask_question(turn, &emqx_question_cluster)->is_optional = false;
	return !knows_version;
}

void emqx_settle_version(struct source_turn *turn)
{
	struct emqx_state *state = turn->state;
	bool waited = state->turn.waits_for_version;

	state->turn.version_is_settled = true;
	state->turn.waits_for_version = false;
	if (waited)
		state->kind->ask_waiting(turn);
}

void emqx_ask_who(struct source_turn *turn)
{
	const struct emqx_conf *own = turn->conf->own;
	const struct emqx_state *state = turn->state;
	bool lacks_node = turn->wants_node && emqx_own_node(own, state).len == 0;
	bool lacks_cluster = turn->wants_cluster && emqx_cluster_of(own, state).len == 0;

	if (!state->met || lacks_node || lacks_cluster)
		emqx_ask_status(turn);
}

static void ask_all(struct source_turn *turn)
{
	const struct emqx_conf *own = turn->conf->own;

	for (size_t i = 0; i < own->endpoints.n && !emqx_wants_all(own); i++) {
		const struct emqx_endpoint *endpoint = emqx_find_endpoint(own->endpoints.items[i]);
		ask_endpoint(turn, (size_t)(endpoint - emqx_endpoints), emqx_is_by_default(own));
	}
	for (size_t e = 0; e < N_EMQX_ENDPOINTS && emqx_wants_all(own); e++)
		if (is_of_all(own, e))
			ask_endpoint(turn, e, true);
	emqx_ask_who(turn);
}

static void ask_data_integration(struct source_turn *turn)
{
	ask_endpoint(turn, ENDPOINT_DATA_INTEGRATION, emqx_is_by_default(turn->conf->own));
}

const struct emqx_kind emqx_statistics_kind = { .ask_all = ask_all,
	.ask_waiting = ask_data_integration };
