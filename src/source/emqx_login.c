// SPDX-License-Identifier: Apache-2.0
#include "source/emqx.h"

#include "base/clock.h"
#include "base/hash.h"
#include "source/json.h"

// Five refused logins in a row lock an account for ten minutes, for everybody who uses it.
enum { MOST_REFUSED = 2, MOST_AT_RISK = 4 };
static const int64_t LOCK_NS = 600 * (int64_t)NS_PER_S;

// How long to wait for other sources' logins before looking again.
static const int64_t WAIT_NS = 200 * (int64_t)NS_PER_MS;

// A token's life where it does not say so itself: dashboard.token_expired_time of EMQX, 60 min.
enum { USUAL_LIFE_S = 3600 };
enum { LONGEST_TOKEN = 64 * 1024 };

static uint64_t fingerprint(struct str text)
{
	return hash_bytes(text, hash_seed()) | 1; // 0 is none
}

static struct source_account *account_of(const struct source_turn *turn)
{
	const struct emqx_conf *own = turn->conf->own;

	return source_account(turn->accounts, fingerprint(own->login.username));
}

bool emqx_login_is_due(const struct source_turn *turn)
{
	const struct emqx_conf *own = turn->conf->own;
	const struct emqx_state *state = turn->state;

	return own->login.given &&
	       (state->login.token.len == 0 || turn->now_ns >= state->login.renew_ns);
}

// Asking

static void add_json_string(struct buf *out, struct str text)
{
	buf_add_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if ((unsigned char)c < ' ')
			buf_addf(out, "\\u%04x", (unsigned)c);
		else if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else
			buf_add_byte(out, c);
	}
	buf_add_byte(out, '"');
}

static struct str body_of(const struct emqx_conf *own, struct arena *arena)
{
	struct buf text = buf_new(MIB(1));

	buf_add(&text, STR("{\"username\":"));
	add_json_string(&text, own->login.username);
	buf_add(&text, STR(",\"password\":"));
	add_json_string(&text, own->login.password.text);
	buf_add_byte(&text, '}');
	struct str body = arena_copy(arena, buf_str(&text));
	buf_free(&text);
	return body;
}

// Refusals are forgotten when a lock would be over. A success forgives none: it may be another broker's.
static void forget_refusals(
	struct emqx_login *login, struct source_account *account, uint64_t password, int64_t now_ns)
{
	if (now_ns - account->refused_ns >= LOCK_NS)
		account->n_refused = 0;
	if (now_ns - login->refused_ns >= LOCK_NS || login->refused != password)
		login->n_refused = 0;
}

// How many logins of the account may be refused in the time of a lock, and this still goes. Who was refused
// with this very password leaves one to those who have not tried: theirs may be other brokers.
static unsigned most_at_risk(const struct source_turn *turn)
{
	const struct emqx_conf *own = turn->conf->own;
	const struct emqx_state *state = turn->state;

	return MOST_AT_RISK - (state->login.refused == fingerprint(own->login.password.text));
}

// Whether the account has to be left alone for a while.
static bool is_held_back(struct source_turn *turn, struct source_account *account)
{
	const struct emqx_conf *own = turn->conf->own;
	struct emqx_login *login = &((struct emqx_state *)turn->state)->login;
	int64_t until_ns = 0;

	forget_refusals(login, account, fingerprint(own->login.password.text), turn->now_ns);
	if (login->n_refused >= MOST_REFUSED)
		until_ns = login->refused_ns + LOCK_NS;
	else if (account->n_refused >= most_at_risk(turn))
		until_ns = account->refused_ns + LOCK_NS;
	long long left_s = (until_ns - turn->now_ns) / NS_PER_S + 1;
	if (until_ns)
		err_set(&login->err, ERR_SKIPPED, 0,
			"not asked: logins as %.*s were refused, and more of them would lock the "
			"account; check login.username and login.password, the next try is in "
			"%lld s",
			STR_ARG(own->login.username), left_s);
	return until_ns != 0;
}

// Whether refusals of all that is under way could lock the account.
static bool is_at_risk(const struct source_turn *turn, const struct source_account *account)
{
	return account->n_refused + account->n_pending >= most_at_risk(turn);
}

static void fill_wait(struct source_turn *turn, struct source_ask *ask)
{
	ask->part = &emqx_question_wait;
	ask->request.url = source_url(turn->arena, turn->conf->http.url, "/status");
	ask->request.anonymous = true;
	ask->request.not_before_ns = turn->now_ns + WAIT_NS;
	ask->request.timeout_ms = turn->collect_ms / 3;
}

// An answer that does not come shall leave time for the pages that need no token.
static void fill_login(struct source_turn *turn, struct source_ask *ask)
{
	ask->part = &emqx_question_login;
	ask->request.method = STR("POST");
	ask->request.url = source_url(turn->arena, turn->conf->http.url, "/api/v5/login");
	ask->request.accept = STR("application/json");
	ask->request.content_type = STR("application/json");
	ask->request.body = body_of(turn->conf->own, turn->arena);
	ask->request.timeout_ms = turn->collect_ms / 3;
}

bool emqx_login_ask(struct source_turn *turn)
{
	const struct emqx_conf *own = turn->conf->own;
	struct emqx_state *state = turn->state;
	struct emqx_login *login = &state->login;
	struct source_account *account = account_of(turn);
	struct source_ask *ask = source_add_ask(turn, STR("/login"));
	int64_t waited_ms = (turn->now_ns - state->turn.start_ns) / NS_PER_MS;

	ask->is_question = true;
	state->turn.asked_login = true;
	login->err = (struct err){ 0 };
	if (!is_held_back(turn, account) && is_at_risk(turn, account) &&
		waited_ms > turn->collect_ms / 3)
		err_set(&login->err, ERR_SKIPPED, 0,
			"not asked: other sources log in as %.*s, and have no answer yet",
			STR_ARG(own->login.username));
	ask->err = login->err;
	login->is_pending = login->err.kind == ERR_NONE;
	if (!login->is_pending)
		return false;
	if (is_at_risk(turn, account)) {
		fill_wait(turn, ask);
		return true;
	}
	account->n_pending++;
	fill_login(turn, ask);
	return true;
}

// Taking

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

// RFC 4648 section 5, without padding.
static void add_decoded(struct buf *out, struct str text)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < text.len && value_of(text.ptr[i]) >= 0; i++) {
		bits = bits << 6 | (uint32_t)value_of(text.ptr[i]);
		if (i % 4 > 0)
			buf_add_byte(out, (char)(bits >> (6 - 2 * (i % 4)) & 0xff));
	}
}

// What a token says about its own end (RFC 7519 section 4.1.4): EMQX writes milliseconds, others
// seconds. 0: nothing that can be believed.
static int64_t life_s(struct str token, int64_t wall_ns)
{
	struct str header, rest, payload, signature;
	struct buf text = buf_new(LONGEST_TOKEN);
	struct json_number end;
	struct err err = { 0 };
	double seconds = 0;

	str_cut(token, '.', &header, &rest);
	str_cut(rest, '.', &payload, &signature);
	add_decoded(&text, payload);
	struct json_doc *doc = json_read(buf_str(&text), &err);
	if (doc && json_number(json_get(json_root(doc), "exp"), &end))
		seconds = end.real > 1e11 ? end.real / 1e3 : end.real;
	json_free(doc);
	buf_free(&text);
	seconds -= (double)wall_ns / NS_PER_S;
	return seconds > 0 && seconds < 30 * 86400.0 ? (int64_t)seconds : 0;
}

static bool has_control(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f)
			return true;
	return false;
}

static void take_token(struct source_turn *turn, struct str body, struct err *err)
{
	struct emqx_login *login = &((struct emqx_state *)turn->state)->login;
	struct json_doc *doc = json_read(body, err);
	struct str token = doc ? json_text(json_get(json_root(doc), "token")) : STR("");

	if (doc && (token.len == 0 || token.len > LONGEST_TOKEN || has_control(token)))
		err_set(err, ERR_BAD_BODY, 0, "the answer to the login has no token");
	if (err->kind == ERR_NONE) {
		int64_t life = life_s(token, turn->wall_ns);

		buf_free(&login->token);
		login->token = buf_new(LONGEST_TOKEN);
		buf_add(&login->token, token);
		login->renew_ns =
			turn->now_ns + (life ? life : USUAL_LIFE_S) * (int64_t)NS_PER_S / 4 * 3;
	}
	json_free(doc);
}

// A refusal counts for the source and for the account. That it is locked already is as good as all of them.
static void note_refusal(struct source_turn *turn, struct source_account *account, bool is_locked)
{
	const struct emqx_conf *own = turn->conf->own;
	struct emqx_login *login = &((struct emqx_state *)turn->state)->login;

	account->n_refused = is_locked ? MOST_AT_RISK : account->n_refused + 1;
	account->refused_ns = turn->now_ns;
	login->n_refused++;
	login->refused = fingerprint(own->login.password.text);
	login->refused_ns = turn->now_ns;
}

static void take_refusal(struct source_turn *turn, struct source_account *account,
	const struct http_answer *answer, enum err_kind kind, struct err *err)
{
	const struct emqx_conf *own = turn->conf->own;
	bool is_refusal = answer->status == 401 || answer->status == 400;
	// A message may repeat what was sent.
	struct str code = emqx_error_code(turn->arena, buf_str(&answer->body));

	if (is_refusal)
		note_refusal(turn, account, str_eq(code, STR("LOGIN_LOCKED")));
	err_set(err, kind, 0, "login as %.*s was refused: HTTP %d%s%.*s%s",
		STR_ARG(own->login.username), answer->status, code.len ? ": " : "", STR_ARG(code),
		is_refusal ? "; check login.username and login.password" : "");
}

bool emqx_login_take(struct source_turn *turn, const struct http_answer *answer)
{
	struct emqx_login *login = &((struct emqx_state *)turn->state)->login;
	struct source_account *account = account_of(turn);
	struct err judged = { 0 }, err = { 0 };

	login->is_pending = false;
	if (account->n_pending)
		account->n_pending--;
	// A token that was to be renewed is good for a while, whatever comes of it.
	if (http_judge(answer, &judged)) {
		login->n_refused = 0;
		login->refused = 0;
		take_token(turn, buf_str(&answer->body), &err);
	} else if (answer->err.kind != ERR_NONE) {
		err = judged;
	} else {
		take_refusal(turn, account, answer, judged.kind, &err);
	}
	login->err = err;
	return err.kind == ERR_NONE;
}
