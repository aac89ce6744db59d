// SPDX-License-Identifier: Apache-2.0
// What the answers about clients mean, and what they lead to.
#include "source/clients.h"

#include "base/hash.h"
#include "source/json.h"
#include "source/json_rows.h"

static const char scope[] = "connections";

enum {
	MOST_PAGES = 10000,  // 100 million clients
	MOST_CHECKED = 1000, // clients that pages have missed, in one look
};

// Rows

static bool take_row(struct source_turn *turn, struct str text, uint64_t *print)
{
	struct clients_state *state = turn->state;
	struct clients_row row;
	struct err err = { 0 };
	struct json_doc *doc = json_read(text, &err);
	bool good = doc && clients_row_read(json_root(doc), &row);

	if (good) {
		*print += hash_bytes(row.id, hash_seed());
		clients_book_take(&state->book, turn, &row);
		if (turn->table)
			clients_table_add(turn, &row);
	}
	json_free(doc);
	return good;
}

// Takes the rows of a page; how many there were, and a fingerprint of their ids.
static bool take_rows(struct source_turn *turn, struct json_rows *rows, size_t *n, uint64_t *print,
	struct err *err)
{
	struct clients_state *state = turn->state;

	*n = 0;
	*print = 0;
	while (json_rows_next(rows, err)) {
		++*n;
		state->look.n_unread += !take_row(turn, rows->row, print);
	}
	return err->kind == ERR_NONE;
}

// Who was asked for and is not there.
static void miss_others(struct source_turn *turn, const struct clients_ids *ids)
{
	struct clients_state *state = turn->state;

	clients_book_settle(&state->book, turn);
	for (size_t i = 0; i < ids->n; i++) {
		struct clients_account *account = state->book.accounts[ids->accounts[i]];
		if (!clients_book_has_seen(&state->book, account))
			clients_book_miss(&state->book, account);
	}
}

// Pages may shift while they are read, so that a client is on none of them: who is not known to be gone is asked for
// before that is said of him.
static void check_missed(struct source_turn *turn)
{
	struct clients_state *state = turn->state;
	struct clients_book *book = &state->book;
	bool as_list = clients_query_has_lists(state);
	size_t n = 0, most = as_list ? MOST_CHECKED : CLIENTS_FEW;
	uint32_t *accounts = arena_array(turn->arena, uint32_t, most);

	for (uint32_t a = 0; a < book->n_accounts; a++) {
		struct clients_account *account = book->accounts[a];

		if (account->is_class || clients_book_has_seen(book, account))
			continue;
		if (!account->is_missing && n < most && clients_query_fits(turn, account->id))
			accounts[n++] = a;
		else
			clients_book_miss(book, account);
	}
	clients_query_accounts(turn, accounts, n, as_list);
}

// {"count":2,"hasnext":true,"limit":2,"page":1}; hasnext came with 5.0.15, and is true before an empty page where the
// last one is exactly full.
static bool has_next(const struct source_turn *turn, struct str meta, size_t n_rows)
{
	struct err err = { 0 };
	struct json_doc *doc = meta.len ? json_read(meta, &err) : NULL;
	struct json told = doc ? json_get(json_root(doc), "hasnext") : (struct json){ NULL };
	const struct clients_state *state = turn->state;
	bool is_full = n_rows >= state->look.page_rows;
	bool has = n_rows > 0 && (json_kind(told) == JSON_BOOL ? json_is_true(told) : is_full);

	json_free(doc);
	return has;
}

static enum source_verdict end_page(struct source_turn *turn, const struct source_ask *asked,
	struct str meta, size_t n_rows, uint64_t print, struct err *err)
{
	struct clients_state *state = turn->state;
	bool repeats = asked->page > 1 && n_rows && print == state->look.page_print;
	bool is_mark = (asked->page & (asked->page - 1)) == 0;

	// Brent's way to find a period of any length: pages are compared with the last one whose number is a power of 2.
	if (is_mark)
		state->look.page_print = print;
	if (!has_next(turn, meta, n_rows)) {
		state->look.is_complete = true;
		clients_book_settle(&state->book, turn);
		check_missed(turn);
	} else if (repeats || asked->page >= MOST_PAGES) {
		err_set(err, ERR_BAD_BODY, 0,
			"the broker's list of clients does not end: %s, page %u",
			repeats ? "an earlier page again" : "too many pages", asked->page);
		return SOURCE_FAILED;
	} else {
		clients_query_page(turn, asked->page + 1);
	}
	return SOURCE_DELIVERED;
}

static bool judge(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct err *err)
{
	if (emqx_judge_json(turn, asked, answer, scope, err))
		return true;
	if (answer->status == 404) {
		*err = (struct err){ 0 };
		err_set(err, ERR_HTTP_4XX, 0,
			"HTTP 404: there is no /api/v5/clients; url must be the base of the API of "
			"an EMQX from release 5.0 on");
	}
	return false;
}

// {"code":"CLIENTID_NOT_FOUND","message":"Client ID not found"}; 5.0.0: RESOURCE_NOT_FOUND
static bool is_unknown_client(struct source_turn *turn, const struct http_answer *answer)
{
	struct str code = answer->status == 404
				  ? emqx_error_code(turn->arena, buf_str(&answer->body))
				  : STR("");

	return str_eq(code, STR("CLIENTID_NOT_FOUND")) || str_eq(code, STR("RESOURCE_NOT_FOUND"));
}

// Where one was not answered, or not for want of credentials, the next would not be either.
static bool goes_on(const struct http_answer *answer)
{
	return answer->err.kind == ERR_NONE && answer->status != 401 && answer->status != 403 &&
	       answer->status != 429;
}

static bool read_one(struct source_turn *turn, const struct source_ask *asked,
	struct clients_account *account, const struct http_answer *answer, struct err *err)
{
	struct clients_state *state = turn->state;
	uint64_t print = 0;

	if (is_unknown_client(turn, answer)) {
		clients_book_miss(&state->book, account);
		return true;
	}
	if (!judge(turn, asked, answer, err))
		return false;
	bool is_row = take_row(turn, buf_str(&answer->body), &print);
	clients_book_settle(&state->book, turn);
	// Of an old copy of the row nothing is taken.
	if (is_row && print == hash_bytes(account->id, hash_seed()))
		return true;
	err_set(err, ERR_BAD_BODY, 0, "the answer is not about the client that was asked for");
	return false;
}

static enum source_verdict take_one(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct err *err)
{
	struct clients_state *state = turn->state;
	const struct clients_ids *ids = asked->carried;
	struct clients_account *account = state->book.accounts[ids->accounts[asked->page]];
	bool good = read_one(turn, asked, account, answer, err);

	if (asked->page + 1 < ids->n && goes_on(answer))
		clients_query_one(turn, ids, asked->page + 1);
	return good ? SOURCE_DELIVERED : SOURCE_FAILED;
}

// A page that is too large for body_size_limit comes in tenths. What it told is told again, which does no harm.
static bool asks_for_less(
	struct source_turn *turn, const struct source_ask *asked, const struct http_answer *answer)
{
	struct clients_state *state = turn->state;

	if (answer->err.kind != ERR_TOO_LARGE || state->look.page_rows < 100)
		return false;
	state->look.page_rows /= 10;
	state->page_rows = state->look.page_rows;
	clients_query_page(turn, (asked->page - 1) * 10 + 1);
	return true;
}

// Perhaps a field that this release does not know.
static bool asks_without_fields(
	struct source_turn *turn, const struct source_ask *asked, const struct http_answer *answer)
{
	struct clients_state *state = turn->state;

	if (answer->status != 400 || !(asked->marks & CLIENTS_WITH_FIELDS))
		return false;
	state->look.lacks_fields = true;
	if (asked->part == &clients_page) {
		clients_query_page(turn, asked->page);
	} else {
		const struct clients_ids *ids = asked->carried;
		clients_query_accounts(turn, ids->accounts, ids->n, true);
	}
	return true;
}

static enum source_verdict take_list(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct err *err)
{
	struct clients_state *state = turn->state;
	struct json_rows rows = json_rows_start(buf_str(&answer->body));
	size_t n_rows;
	uint64_t print;

	if (asked->part == &clients_page && asks_for_less(turn, asked, answer))
		return SOURCE_ASKED_AGAIN;
	if (asks_without_fields(turn, asked, answer))
		return SOURCE_ASKED_AGAIN;
	if (!judge(turn, asked, answer, err) || !take_rows(turn, &rows, &n_rows, &print, err))
		return SOURCE_FAILED;
	if (asked->marks & CLIENTS_WITHOUT_FIELDS) // so it was about these
		state->fieldless = clients_query_release(state);
	if (asked->part == &clients_page)
		return end_page(turn, asked, rows.meta, n_rows, print, err);
	miss_others(turn, asked->carried);
	return SOURCE_DELIVERED;
}

enum source_verdict clients_answer_take(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct err *err)
{
	return asked->part == &clients_one ? take_one(turn, asked, answer, err)
					   : take_list(turn, asked, answer, err);
}
