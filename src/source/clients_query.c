// SPDX-License-Identifier: Apache-2.0
// What the source `emqx_clients` asks for: a few clients one by one, which costs the broker 4 us each; many
// by lists of ids, for which it goes through all its clients once; all, or those of a pattern, page by page.
#include "source/clients.h"

#include "base/hash.h"

#include <string.h>

static const struct str endpoint = STR_INIT("clients");

enum {
	SOME_CLIENTS = 400, // are asked for one by one where there are no lists of ids, before 5.6
	MOST_IDS = 100,	    // of one request
	// EMQX takes a request line of 8,000 bytes; the method and the version are part of it.
	LONGEST_URL = 7900,
};

const struct emqx_part clients_one = { .path = "/clients/{clientid}" };
const struct emqx_part clients_many = { .path = "/clients?clientid=" };
const struct emqx_part clients_page = { .path = "/clients?page=" };

// 1. Releases

static bool is_known(const struct emqx_state *state)
{
	return state->version.len > 0;
}

// Lists of ids and of fields came with 5.6.
bool clients_query_has_lists(const struct clients_state *state)
{
	return is_known(&state->emqx) ? emqx_is_since(&state->emqx, 5, 6)
				      : state->emqx.is_since_5_9;
}

uint64_t clients_query_release(const struct clients_state *state)
{
	return hash_bytes(buf_str(&state->emqx.version), 1);
}

static bool has_fields(const struct clients_state *state)
{
	return clients_query_has_lists(state) && !state->look.lacks_fields &&
	       state->fieldless != clients_query_release(state);
}

// The release may become known while pages are read; their size stays.
static size_t rows_of_pages(const struct clients_state *state)
{
	bool is_since_5_5 = is_known(&state->emqx) ? emqx_is_since(&state->emqx, 5, 5)
						   : state->emqx.is_since_5_9;
	size_t most = is_since_5_5 ? 10000 : 1000;

	return state->page_rows && state->page_rows < most ? state->page_rows : most;
}

// 2. URLs

static void add_fields(const struct source_turn *turn, struct buf *url)
{
	const struct clients_conf *own = turn->conf->own;

	buf_add(url, STR("&fields=clientid,connected,connected_at,disconnected_at,created_at,"
			 "mqueue_len"));
	if (clients_wants(own, CLIENTS_SUBSCRIPTIONS) || turn->table)
		buf_add(url, STR(",subscriptions_cnt"));
	if (clients_wants(own, CLIENTS_INFLIGHT) || turn->table)
		buf_add(url, STR(",inflight_cnt"));
	if (turn->table)
		buf_add(url, STR(",keepalive"));
	for (size_t i = 0; i < N_CLIENTS_COUNTERS; i++) {
		const struct clients_counter *counter = &clients_counters[i];
		bool is_shown = turn->table && (counter->family == CLIENTS_FAMILY_PROCESSED ||
						       counter->family == CLIENTS_FAMILY_DROPPED);
		if (clients_wants(own, counter->enabled_by) || is_shown)
			buf_addf(url, ",%s", counter->key);
	}
}

static struct str finish_url(const struct source_turn *turn, struct buf *url)
{
	struct str copy = arena_copy(turn->arena, buf_str(url));

	buf_free(url);
	return copy;
}

static struct buf base_url(const struct source_turn *turn, const char *rest)
{
	struct buf url = buf_new(MIB(1));

	buf_add(&url, source_url(turn->arena, turn->conf->http.url, "/api/v5/clients"));
	buf_add(&url, str_of(rest));
	return url;
}

static struct str url_of_one(const struct source_turn *turn, struct str id)
{
	struct buf url = base_url(turn, "/");

	http_add_segment(&url, id);
	return finish_url(turn, &url);
}

static struct str url_of_page(const struct source_turn *turn, unsigned number)
{
	const struct clients_state *state = turn->state;
	struct buf url = base_url(turn, "");

	buf_addf(&url, "?page=%u&limit=%zu", number, state->look.page_rows);
	if (has_fields(state))
		add_fields(turn, &url);
	return finish_url(turn, &url);
}

// 3. Requests

static struct source_ask *ask(
	struct source_turn *turn, const struct emqx_part *part, struct str url)
{
	struct clients_state *state = turn->state;
	struct source_ask *added = source_add_ask(turn, endpoint);

	added->part = part;
	if (part != &clients_one)
		added->marks = state->look.lacks_fields ? CLIENTS_WITHOUT_FIELDS
			       : has_fields(state)	? CLIENTS_WITH_FIELDS
							: 0;
	added->request.url = url;
	added->request.accept = STR("application/json");
	emqx_add_credentials(turn, added);
	return added;
}

void clients_query_page(struct source_turn *turn, unsigned number)
{
	ask(turn, &clients_page, url_of_page(turn, number))->page = number;
}

static struct clients_ids *new_ids(struct source_turn *turn, size_t n)
{
	struct clients_ids *ids = arena_new(turn->arena, struct clients_ids);

	ids->accounts = arena_array(turn->arena, uint32_t, n);
	return ids;
}

void clients_query_one(struct source_turn *turn, const struct clients_ids *ids, size_t at)
{
	struct clients_state *state = turn->state;
	struct source_ask *added = ask(
		turn, &clients_one, url_of_one(turn, state->book.accounts[ids->accounts[at]]->id));

	added->carried = (struct clients_ids *)ids;
	added->page = (unsigned)at;
}

// One after the other, so that they share a connection.
static void ask_in_turn(struct source_turn *turn, const uint32_t *accounts, size_t n)
{
	for (size_t first = 0; first < n; first += CLIENTS_FEW) {
		struct clients_ids *ids = new_ids(turn, CLIENTS_FEW);

		while (ids->n < CLIENTS_FEW && first + ids->n < n) {
			ids->accounts[ids->n] = accounts[first + ids->n];
			ids->n++;
		}
		clients_query_one(turn, ids, 0);
	}
}

static void end_many(struct source_turn *turn, struct buf *url, struct clients_ids *ids)
{
	ask(turn, &clients_many, finish_url(turn, url))->carried = ids;
}

static struct buf start_many(struct source_turn *turn)
{
	// A client that moves has two rows for a moment.
	struct buf url = base_url(turn, "?page=1&limit=1000");

	if (has_fields(turn->state))
		add_fields(turn, &url);
	return url;
}

static struct str encoded(struct source_turn *turn, struct str id)
{
	struct buf text = buf_new(MIB(1));

	http_add_segment(&text, id);
	return finish_url(turn, &text);
}

static void ask_many(struct source_turn *turn, const uint32_t *accounts, size_t n)
{
	const struct clients_state *state = turn->state;
	struct buf url = start_many(turn);
	struct clients_ids *ids = new_ids(turn, MOST_IDS);

	for (size_t i = 0; i < n; i++) {
		struct str id = encoded(turn, state->book.accounts[accounts[i]]->id);

		if (ids->n == MOST_IDS ||
			(ids->n && url.len + strlen("&clientid=") + id.len > LONGEST_URL)) {
			end_many(turn, &url, ids);
			url = start_many(turn);
			ids = new_ids(turn, MOST_IDS);
		}
		buf_addf(&url, "&clientid=%.*s", STR_ARG(id));
		ids->accounts[ids->n++] = accounts[i];
	}
	if (ids->n)
		end_many(turn, &url, ids);
	else
		buf_free(&url);
}

// Whether the client's id fits into a URL, with whatever else is in it.
bool clients_query_fits(struct source_turn *turn, struct str id)
{
	struct buf url = start_many(turn);
	size_t rest = url.len + strlen("&clientid=");

	buf_free(&url);
	return id.len < LONGEST_URL && encoded(turn, id).len + rest <= LONGEST_URL;
}

// 4. The way of a look

enum way { BY_ONE, BY_MANY, BY_PAGES };

static enum way choose_way(struct source_turn *turn)
{
	const struct clients_state *state = turn->state;
	const struct clients_book *book = &state->book;

	if (turn->table_of_all || !clients_watch_is_named(turn->conf->own))
		return BY_PAGES;
	for (size_t a = 0; a < book->n_fixed; a++)
		if (!clients_query_fits(turn, book->accounts[a]->id))
			return BY_PAGES;
	if (book->n_fixed <= CLIENTS_FEW)
		return BY_ONE;
	if (clients_query_has_lists(state))
		return BY_MANY;
	return book->n_fixed <= SOME_CLIENTS ? BY_ONE : BY_PAGES;
}

void clients_query_accounts(
	struct source_turn *turn, const uint32_t *accounts, size_t n, bool as_list)
{
	if (as_list)
		ask_many(turn, accounts, n);
	else
		ask_in_turn(turn, accounts, n);
}

void clients_query_waiting(struct source_turn *turn)
{
	struct clients_state *state = turn->state;
	uint32_t *accounts = arena_array(turn->arena, uint32_t, state->book.n_fixed + 1);
	enum way way = choose_way(turn);
	struct err err = { 0 };

	if (!emqx_can_ask_json(turn, &err)) {
		source_add_ask(turn, endpoint)->err = err;
		return;
	}

	if (way == BY_PAGES) {
		if (state->emqx.turn.status) // perhaps another broker, with other clients
			state->page_rows = 0;
		state->look.page_rows = rows_of_pages(state);
		clients_query_page(turn, 1);
		return;
	}
	for (uint32_t a = 0; a < state->book.n_fixed; a++)
		accounts[a] = a;
	clients_query_accounts(turn, accounts, state->book.n_fixed, way == BY_MANY);
}

static bool needs_version(struct source_turn *turn)
{
	const struct clients_state *state = turn->state;

	// Before 5.6 only the last id of a list is heeded, without a word: so it is made sure each time.
	return !turn->table_of_all && clients_watch_is_named(turn->conf->own)
		       ? state->book.n_fixed > CLIENTS_FEW
		       : !state->emqx.met;
}

void clients_query_all(struct source_turn *turn)
{
	struct err err = { 0 };

	emqx_ask_who(turn);
	if (emqx_can_ask_json(turn, &err) && needs_version(turn))
		emqx_wait_for_version(turn);
	else
		clients_query_waiting(turn);
}
