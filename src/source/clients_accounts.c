// SPDX-License-Identifier: Apache-2.0
// Accounts: what is exported together, a client or a class. Those that settings name stay; those of clients
// that a pattern has found come and go, and are not more than max_clients.
#include "source/clients.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

// 1. Finding and making

static struct str copy(struct str text)
{
	char *bytes = mem_alloc(text.len + 1);

	if (text.len)
		memcpy(bytes, text.ptr, text.len);
	return (struct str){ bytes, text.len };
}

static void free_account(struct clients_account *account)
{
	free((char *)account->id.ptr);
	free((char *)account->alias.ptr);
	free(account);
}

static uint32_t add_account(struct clients_book *book, struct str id, struct str alias)
{
	struct clients_account *account = mem_alloc(sizeof(*account));

	if (book->n_accounts == book->accounts_capacity) {
		book->accounts_capacity += book->accounts_capacity / 2 + 16;
		book->accounts = mem_resize(
			book->accounts, book->accounts_capacity * sizeof(struct clients_account *));
	}
	account->id = copy(id);
	account->alias = copy(alias);
	account->member = NO_MEMBER;
	book->accounts[book->n_accounts] = account;
	return (uint32_t)book->n_accounts++;
}

static int by_age(const void *a, const void *b)
{
	const struct clients_account *x = *(struct clients_account *const *)a;
	const struct clients_account *y = *(struct clients_account *const *)b;

	return (x->seen_ns > y->seen_ns) - (x->seen_ns < y->seen_ns);
}

static void look_for_gone(struct clients_book *book, struct arena *arena)
{
	book->gone = arena_array(arena, struct clients_account *, book->n_accounts + 1);
	for (size_t a = book->n_fixed; a < book->n_accounts; a++)
		if (book->accounts[a]->is_missing && !book->accounts[a]->is_evicted)
			book->gone[book->n_gone++] = book->accounts[a];
	qsort(book->gone, book->n_gone, sizeof(struct clients_account *), by_age);
}

// Who is there matters more than who is remembered: the one that is gone for longest makes room.
static bool has_room(struct clients_book *book, struct arena *arena)
{
	if (book->n_accounts - book->n_fixed - book->n_evicted < book->conf->max_clients)
		return true;
	if (!book->gone)
		look_for_gone(book, arena);
	while (book->next_gone < book->n_gone && !book->gone[book->next_gone]->is_missing)
		book->next_gone++; // it has come back
	if (book->next_gone == book->n_gone) {
		book->n_over++;
		return false;
	}
	book->gone[book->next_gone++]->is_evicted = true;
	book->n_evicted++;
	return true;
}

bool clients_account_comes_back(
	struct clients_book *book, struct arena *arena, struct clients_account *account)
{
	if (!has_room(book, arena))
		return false;
	account->is_evicted = false;
	book->n_evicted--;
	return true;
}

static uint32_t add_dynamic(
	struct clients_book *book, struct arena *arena, struct clients_match match, struct str id)
{
	struct buf alias = buf_new(KIB(64));

	if (!has_room(book, arena)) {
		clients_book_keep_example(&book->over, arena, id);
		return NO_ACCOUNT;
	}
	clients_watch_alias(book->watch, match, id, &alias);
	uint32_t account = add_account(book, id, alias.failed || !alias.len ? id : buf_str(&alias));
	buf_free(&alias);
	return account;
}

uint32_t clients_account_of(struct clients_book *book, struct arena *arena, struct str id)
{
	struct clients_match match = clients_watch_find(book->watch, id);

	book->n_undecided += match.is_undecided;
	if (match.is_undecided)
		clients_book_keep_example(&book->undecided, arena, id);
	if (!match.row)
		return NO_ACCOUNT;
	uint32_t account = book->account_of_row[match.index];
	return account != NO_ACCOUNT ? account : add_dynamic(book, arena, match, id);
}

// 2. Forgetting

bool clients_account_is_remembered(
	const struct clients_book *book, const struct clients_account *account)
{
	if (!account->seen)
		return false;
	return !account->is_missing || book->conf->remember_ms > 0 ||
	       account->seen > account->exported;
}

static bool is_expired(const struct clients_book *book, const struct clients_account *account)
{
	return account->is_evicted ||
	       (book->may_forget && account->is_missing && account->checked == book->stamp &&
		       book->now_ns - account->seen_ns >= book->conf->remember_ms * NS_PER_MS);
}

static bool is_gone(const struct clients_book *book, const struct clients_member *member)
{
	const struct clients_account *account = book->accounts[member->account];

	if (!account->is_class)
		return is_expired(book, account);
	// Shifting pages may miss a client in one look, and nobody asks for those of classes.
	if (member->seen >= book->stamp_before || !book->may_forget_classes)
		return false;
	return book->n_untracked > 0 ||
	       (int64_t)(book->stamp - member->seen) * 1000 >= book->conf->remember_ms;
}

static void forget_client(struct clients_account *account)
{
	*account = (struct clients_account){ .id = account->id,
		.alias = account->alias,
		.is_fixed = true,
		.is_missing = true,
		.checked = account->checked,
		.exported = account->exported,
		.member = NO_MEMBER };
}

// Closes the gaps that accounts have left; members follow.
static void close_gaps(struct clients_book *book, struct arena *arena)
{
	uint32_t *moved = arena_array(arena, uint32_t, book->n_accounts + 1);
	size_t kept = 0;

	for (size_t a = 0; a < book->n_accounts; a++) {
		moved[a] = (uint32_t)kept;
		if (book->accounts[a])
			book->accounts[kept++] = book->accounts[a];
	}
	book->n_accounts = kept;
	for (size_t m = 0; m < book->n_members; m++) {
		struct clients_member *member = clients_member_at(book, (uint32_t)m);
		member->account = moved[member->account] & (NO_ACCOUNT >> 1);
	}
}

void clients_accounts_forget(
	struct clients_book *book, const struct source_turn *turn, bool is_complete)
{
	bool has_gaps = false;

	book->may_forget = turn->is_pushed;
	book->may_forget_classes = turn->is_pushed && is_complete;
	clients_members_drop(book, is_gone);
	for (size_t a = 0; a < book->n_accounts; a++) {
		struct clients_account *account = book->accounts[a];
		if (account->is_class || !is_expired(book, account))
			continue;
		if (a < book->n_fixed) {
			forget_client(account);
			continue;
		}
		free_account(account);
		book->accounts[a] = NULL;
		has_gaps = true;
	}
	book->n_evicted = 0;
	if (has_gaps)
		close_gaps(book, turn->arena);
}

// 3. Life

static void add_fixed(struct clients_book *book, const struct clients_watched *row, size_t i)
{
	bool is_class = row->class_glob.len > 0;
	struct str id = is_class ? row->class_glob : row->client_id;

	book->account_of_row[i] = NO_ACCOUNT;
	if (id.len == 0)
		return;
	book->account_of_row[i] = add_account(book, id,
		row->alias.len ? row->alias
		: is_class     ? STR("")
			       : id);
	book->accounts[book->account_of_row[i]]->is_class = is_class;
	book->accounts[book->account_of_row[i]]->is_fixed = true;
}

void clients_accounts_init(struct clients_book *book)
{
	const struct clients_watched *rows = book->conf->monitored.items;
	size_t n = book->conf->monitored.n;

	book->account_of_row = mem_alloc(n * sizeof(*book->account_of_row));
	for (size_t i = 0; i < n; i++)
		add_fixed(book, &rows[i], i);
	book->n_fixed = book->n_accounts;
}

void clients_accounts_free(struct clients_book *book)
{
	for (size_t a = 0; a < book->n_accounts; a++)
		free_account(book->accounts[a]);
	free(book->accounts);
	free(book->account_of_row);
}
