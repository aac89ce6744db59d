// SPDX-License-Identifier: Apache-2.0
// What the answers to the source `emqx` mean, and what they lead to.
#include "source/emqx.h"

#include "source/json.h"

#include <string.h>

// 1. Pages of text

// Adds to an error what to do about it.
static void add_hint(struct err *err, const char *hint, struct str word)
{
	struct err said = *err;

	*err = (struct err){ 0 };
	err_set(err, said.kind, said.position, "%s; %s%.*s", said.text, hint, STR_ARG(word));
}

static void explain_refusal(const struct source_turn *turn, int status, const char *scope,
	const struct source_ask *asked, struct err *err)
{
	const struct emqx_conf *own = turn->conf->own;
	const struct emqx_state *state = turn->state;

	if (status == 403)
		add_hint(err, "the key or user needs the role viewer, and the scope ",
			str_of(scope));
	else if (status == 401 && !emqx_has_credentials(turn->conf))
		add_hint(
			err, "set basic_auth to an API key, or login to a dashboard user", STR(""));
	else if (status == 401 && own->login.given && asked->request.bearer.len == 0)
		add_hint(err, "there is no token: ", str_of(state->login.err.text));
	else if (status == 401 && !own->login.given)
		add_hint(err, "check the API key; a dashboard user needs login", STR(""));
}

static enum emqx_api api_of(const struct source_ask *asked)
{
	return asked->marks & EMQX_OF_V4 ? EMQX_API_V4 : EMQX_API_V5;
}

// EMQX's own HELP is empty.
static void fill_help(struct metric_set *set)
{
	for (struct family *family = set->first; family; family = family->next) {
		const struct emqx_statistic *stat =
			family->help.len ? NULL : emqx_map_family(family->name);
		if (stat)
			family->help = stat->help;
	}
}

// EMQX ends each page with a line feed: without one its last value may be cut in two.
static bool is_whole(const struct http_answer *answer, struct err *err)
{
	if (str_ends_with(buf_str(&answer->body), STR("\n")))
		return true;
	err_set(err, ERR_BAD_BODY, 0, "the page is cut off within its last line, after %zu bytes",
		answer->body.len);
	return false;
}

// Releases before 5.5 ignore the mode without a word, and answer for one node. In the cluster modes `stats`
// has a label `node` somewhere in every release that knows them.
static bool heeds_mode(const struct emqx_conf *own, size_t n_nodes, struct err *err)
{
	if (own->mode == EMQX_NODE || n_nodes > 0)
		return true;
	err_set(err, ERR_BAD_BODY, 0,
		"the broker ignores mode=%s, as releases before 5.5 do: this is one node's page, "
		"not the cluster's; set mode to \"node\", or credentials for JSON",
		emqx_mode_words[own->mode].ptr);
	return false;
}

static bool read_text(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct source_take *taken, struct err *err)
{
	const struct emqx_conf *own = turn->conf->own;
	struct emqx_state *state = turn->state;

	if (!source_take_page(answer, NULL, taken, err) || !is_whole(answer, err))
		return false;
	emqx_set_api(state, api_of(asked));
	if (own->mode != EMQX_NODE && emqx_endpoints[asked->page].tells_all_nodes)
		taken->n_nodes = emqx_nodes_see(&state->nodes, taken->set, turn->now_ns);
	return asked->page != ENDPOINT_STATS || heeds_mode(own, taken->n_nodes, err);
}

// Credentials that are wrong are wrong for JSON too, the limiter of namespaces is no reason to ask for
// more, and what cannot be reached at all has no JSON either.
static bool may_fall_back(const struct source_turn *turn, size_t e, enum err_kind kind, int status)
{
	const struct emqx_conf *own = turn->conf->own;

	return emqx_json_may_stand_in(own, e) && status != 401 && status != 404 && status != 429 &&
	       (kind == ERR_TIMED_OUT || kind == ERR_HTTP_5XX || kind == ERR_HTTP_4XX ||
		       kind == ERR_BAD_BODY);
}

static enum source_verdict take_404(struct source_turn *turn, const struct source_ask *asked)
{
	struct emqx_state *state = turn->state;

	if (emqx_ask_other_api(turn, asked))
		return SOURCE_ASKED_AGAIN;
	state->turn.missing |= 1u << asked->page;
	return emqx_ask_json(turn, asked->page, asked->by_default) ? SOURCE_ASKED_AGAIN
								   : SOURCE_FAILED;
}

static enum source_verdict take_text(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct source_take *taken, struct err *err)
{
	struct emqx_state *state = turn->state;

	if (read_text(turn, asked, answer, taken, err)) {
		fill_help(taken->set);
		return SOURCE_DELIVERED;
	}
	if (answer->status == 404 && take_404(turn, asked) == SOURCE_ASKED_AGAIN)
		return SOURCE_ASKED_AGAIN;
	if (answer->status == 429)
		state->is_limited = true;
	explain_refusal(turn, answer->status, "monitoring", asked, err);
	return may_fall_back(turn, asked->page, err->kind, answer->status) &&
			       emqx_ask_json(turn, asked->page, asked->by_default)
		       ? SOURCE_FELL_BACK
		       : SOURCE_FAILED;
}

// 2. JSON

static bool judge(struct source_turn *turn, const struct http_answer *answer, struct err *err)
{
	if (http_judge(answer, err))
		return true;
	if (answer->status >= 500) {
		struct str code = emqx_error_code(turn->arena, buf_str(&answer->body));

		*err = (struct err){ 0 };
		err_set(err, ERR_HTTP_5XX, 0, "HTTP %d%s%.*s", answer->status, code.len ? ": " : "",
			STR_ARG(code));
	}
	return false;
}

bool emqx_judge_json(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, const char *scope, struct err *err)
{
	if (judge(turn, answer, err))
		return true;
	explain_refusal(turn, answer->status, scope, asked, err);
	return false;
}

static const char *scope_of(const struct source_turn *turn, const struct emqx_part *part)
{
	const struct emqx_conf *own = turn->conf->own;

	return own->mode == EMQX_NODE && part->node_scope ? part->node_scope : part->scope;
}

static void note_missing(struct emqx_state *state, const struct source_ask *asked)
{
	for (size_t e = 0; e < N_EMQX_ENDPOINTS; e++)
		if (!emqx_endpoints[e].has_text && emqx_endpoints[e].parts[0] == asked->part &&
			str_eq(emqx_endpoints[e].name, asked->endpoint) && !asked->object.len)
			state->turn.missing |= 1u << e;
}

// {"code":"NOT_FOUND","message":"Node not found: emqx@h"}
static bool is_wrong_node(const struct http_answer *answer)
{
	static const struct str word = STR_INIT("Node not found");
	const struct buf *body = &answer->body;

	return answer->status == 404 && body->len &&
	       memmem(body->ptr, body->len, word.ptr, word.len);
}

static void see_nodes(
	struct source_turn *turn, const struct emqx_part *part, struct source_take *taken)
{
	const struct emqx_conf *own = turn->conf->own;
	struct emqx_state *state = turn->state;
	if (own->mode == EMQX_NODE || !part->tells_all_nodes)
		return;
	taken->n_nodes = emqx_nodes_see(&state->nodes, taken->set, turn->now_ns);
	if (part == &emqx_part_nodes) // those that are stopped have no samples
		taken->n_nodes = emqx_nodes_listed(&state->nodes);
}

static enum source_verdict take_json(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct source_take *taken, struct err *err)
{
	const struct emqx_part *part = asked->part;
	struct emqx_state *state = turn->state;

	taken->is_copied = true;
	if (judge(turn, answer, err)) {
		if (!emqx_take_part(turn, asked, buf_str(&answer->body), taken, err))
			return SOURCE_FAILED;
		if (part->is_in_v4)
			emqx_set_api(state, api_of(asked));
		see_nodes(turn, part, taken);
		return SOURCE_DELIVERED;
	}
	if (is_wrong_node(answer)) {
		taken->is_failure = true;
		add_hint(err, "check the setting node", STR(""));
	} else if (answer->status == 404) {
		if (emqx_ask_other_api(turn, asked))
			return SOURCE_ASKED_AGAIN;
		note_missing(state, asked);
	}
	explain_refusal(turn, answer->status, scope_of(turn, part), asked, err);
	return SOURCE_FAILED;
}

// 3. Answers to questions

// Node emqx@127.0.0.1 is started
//      ^ name        ^ the last " is ": a name may have blanks
static struct str node_of_text(struct str body)
{
	const struct str front = STR("Node "), behind = STR(" is ");
	struct str line, rest;

	str_cut(body, '\n', &line, &rest);
	if (!str_starts_with(line, front))
		return STR("");
	for (size_t end = line.len - behind.len + 1; end-- > front.len;)
		if (str_starts_with((struct str){ line.ptr + end, line.len - end }, behind))
			return str_between(line.ptr + front.len, line.ptr + end);
	return STR("");
}

static bool is_name(struct str name)
{
	return name.len > 0 && name.len <= EMQX_LONGEST_NAME && str_is_utf8(name);
}

static void remember_name(struct buf *place, struct str name)
{
	if (is_name(name))
		emqx_remember(place, name);
}

// {"rel_vsn":"v5.8.9","node_name":"emqx@127.0.0.1",...}; from 5.9 on "cluster" in place of "rel_vsn".
static bool read_status_json(struct emqx_state *state, struct str body, bool *told_version)
{
	struct err err = { 0 };
	struct json_doc *doc = json_read(body, &err);
	struct json root = doc ? json_root(doc) : (struct json){ NULL };
	struct str version = json_text(json_get(root, "rel_vsn"));
	struct str node = json_text(json_get(root, "node_name"));

	remember_name(&state->node, node);
	remember_name(&state->cluster_name, json_text(json_get(root, "cluster")));
	state->is_since_5_9 = json_text(json_get(root, "cluster")).len > 0;
	*told_version = str_starts_with(version, STR("v"));
	if (*told_version)
		emqx_set_version(state, str_between(version.ptr + 1, version.ptr + version.len));
	bool told = is_name(node);
	json_free(doc);
	return told;
}

static bool read_status(struct emqx_state *state, const struct http_answer *answer,
	bool *told_version, struct err *err)
{
	struct str body = buf_str(&answer->body);

	if (!http_judge(answer, err))
		return false;
	if (str_starts_with(body, STR("{")) && read_status_json(state, body, told_version))
		return true;
	struct str node = node_of_text(body);
	remember_name(&state->node, node);
	if (is_name(node))
		return true;
	err_set(err, ERR_BAD_BODY, 0, "/status does not tell the node's name");
	return false;
}

static enum source_verdict take_status(
	struct source_turn *turn, const struct http_answer *answer, struct err *err)
{
	struct emqx_state *state = turn->state;
	bool told_version = false, asked_version = false;
	bool good = read_status(state, answer, &told_version, err);

	state->turn.status_failed = !good;
	if (good)
		asked_version = emqx_ask_more(turn, told_version);
	state->met = good;
	emqx_ask_deferred(turn);
	if (!asked_version)
		emqx_settle_version(turn);
	return good ? SOURCE_DELIVERED : SOURCE_FAILED;
}

static enum source_verdict take_cluster(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct err *err)
{
	struct emqx_state *state = turn->state;
	struct json_doc *doc =
		emqx_judge_json(turn, asked, answer, emqx_question_cluster.scope, err)
			? json_read(buf_str(&answer->body), err)
			: NULL;

	if (doc)
		remember_name(&state->cluster_name, json_text(json_get(json_root(doc), "name")));
	json_free(doc);
	return err->kind == ERR_NONE ? SOURCE_DELIVERED : SOURCE_FAILED;
}

static enum source_verdict take_version(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct err *err)
{
	struct source_take taken = { .set = metric_set_new(turn->arena) };

	// What it tells of the nodes is welcome, but its samples are not wanted.
	bool good = judge(turn, answer, err) &&
		    emqx_take_part(turn, asked, buf_str(&answer->body), &taken, err);
	emqx_settle_version(turn);
	return good ? SOURCE_DELIVERED : SOURCE_FAILED;
}

// 4. Every answer

bool emqx_take_question(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, enum source_verdict *verdict, struct err *err)
{
	struct emqx_state *state = turn->state;

	state->turn.reconnected |= answer->on_new_connection;
	if (asked->part == &emqx_question_login)
		*verdict = emqx_token_take(turn, answer, err);
	else if (asked->part == &emqx_question_wait)
		*verdict = emqx_token_take_wait(turn, answer, err);
	else if (asked->part == &emqx_question_status)
		*verdict = take_status(turn, answer, err);
	else if (emqx_token_renews(turn, asked, answer))
		*verdict = SOURCE_ASKED_AGAIN;
	else if (asked->part == &emqx_question_cluster)
		*verdict = take_cluster(turn, asked, answer, err);
	else if (asked->part == &emqx_question_version)
		*verdict = take_version(turn, asked, answer, err);
	else
		return false;
	return true;
}

enum source_verdict emqx_take(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct source_take *taken, struct err *err)
{
	enum source_verdict verdict;

	if (emqx_take_question(turn, asked, answer, &verdict, err))
		return verdict;
	return asked->part ? take_json(turn, asked, answer, taken, err)
			   : take_text(turn, asked, answer, taken, err);
}

const struct emqx_part emqx_question_status = { .path = "/status" };
const struct emqx_part emqx_question_cluster = { .path = "/cluster",
	.scope = "cluster_operations" };
