// SPDX-License-Identifier: Apache-2.0
// What waits for a token, and what is made again with a new one.
#include "source/emqx.h"

struct emqx_refused {
	struct emqx_refused *next;
	const struct source_ask *ask;
};

static void ask_again(struct source_turn *turn, const struct source_ask *old, const struct err *err)
{
	struct source_ask *again = source_add_ask(turn, old->endpoint), *next = again->next;

	*again = *old;
	again->next = next;
	emqx_add_credentials(turn, again);
	if (err)
		again->err = *err;
}

static void wait_for_token(struct source_turn *turn, const struct source_ask *asked)
{
	struct emqx_state *state = turn->state;
	struct emqx_refused *refused = arena_new(turn->arena, struct emqx_refused);

	refused->ask = asked;
	refused->next = state->turn.refused;
	state->turn.refused = refused;
}

bool emqx_token_renews(
	struct source_turn *turn, const struct source_ask *asked, const struct http_answer *answer)
{
	const struct emqx_conf *own = turn->conf->own;
	struct emqx_state *state = turn->state;
	struct emqx_login *login = &state->login;

	if (answer->status != 401 || !own->login.given)
		return false;
	if (!login->is_pending && login->token.len &&
		!str_eq(asked->request.bearer, buf_str(&login->token))) {
		ask_again(turn, asked, NULL);
		return true;
	}
	if (!login->is_pending) {
		if (state->turn.asked_login)
			return false;
		buf_free(&login->token);
		if (!emqx_login_ask(turn))
			return false;
	}
	wait_for_token(turn, asked);
	return true;
}

// All that has waited for a token is asked for, with one or without.
static void go_on(struct source_turn *turn)
{
	struct emqx_state *state = turn->state;
	struct emqx_refused *refused = state->turn.refused;
	bool has_token = state->login.token.len > 0;

	state->turn.refused = NULL;
	if (!refused)
		state->kind->ask_all(turn);
	else if (!has_token)
		emqx_settle_version(turn); // the question about it may be among them
	for (; refused; refused = refused->next)
		ask_again(turn, refused->ask, has_token ? NULL : &state->login.err);
}

enum source_verdict emqx_token_take(
	struct source_turn *turn, const struct http_answer *answer, struct err *err)
{
	const struct emqx_state *state = turn->state;
	bool good = emqx_login_take(turn, answer);

	go_on(turn);
	*err = state->login.err;
	return good ? SOURCE_DELIVERED : SOURCE_FAILED;
}

enum source_verdict emqx_token_take_wait(
	struct source_turn *turn, const struct http_answer *answer, struct err *err)
{
	struct emqx_login *login = &((struct emqx_state *)turn->state)->login;

	login->is_pending = false;
	if (answer->err.kind == ERR_CANCELLED || answer->err.kind == ERR_SKIPPED) {
		login->err = *err = answer->err;
		go_on(turn);
		return SOURCE_FAILED;
	}
	if (!emqx_login_ask(turn))
		go_on(turn);
	return SOURCE_ASKED_AGAIN;
}

const struct emqx_part emqx_question_login = { .path = "/login" };
const struct emqx_part emqx_question_wait = { .path = "/status" };
