// SPDX-License-Identifier: Apache-2.0
// What is known of the watched clients over time. EMQX begins a client's counters at 0 with each
// connection; here they go on, by what each look has more than the one before.
#include "source/clients.h"

#include "base/clock.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

static const int64_t MS_PER_DAY = 86400000;

// A row that may be older than what is known: it counts only if this look has no better one.
struct clients_pending {
	struct clients_pending *next;
	size_t number; // in the order of coming
	struct clients_row row;
};

// 1. Rows

bool clients_book_has_seen(const struct clients_book *book, const struct clients_account *account)
{
	return account->seen == book->stamp;
}

// A total ends where samples and saved lines end, rather than to begin again.
static uint64_t add_up(uint64_t total, uint64_t gained)
{
	return gained > INT64_MAX - total ? INT64_MAX : total + gained;
}

// Whether what a member's connection did was counted before, though nothing is known of the member: it was there
// before the last look began, or before the agent was started anew. It may have been passed over by shifting pages for
// so long that it was forgotten; rather too little is counted than the same twice.
static bool has_counted(const struct clients_account *account, const struct clients_row *row)
{
	return account->is_class && row->connected_ms && row->connected_ms <= account->counted_ms;
}

// Adds what the row has more than the last one. A counter that fell without a new connection has begun again at 0.
static void add_growth(const struct clients_book *book, struct clients_account *account,
	struct clients_member *member, const struct clients_row *row, bool is_new)
{
	bool was_counted = !member->seen && has_counted(account, row);

	for (unsigned i = 0; i < N_CLIENTS_COUNTERS; i++) {
		uint64_t *last = &member->last[book->slot[i]], now = row->counters[i];

		if (!(book->tracked & 1u << i))
			continue;
		if (is_new)
			*last = 0;
		if (!(row->told & 1u << i))
			continue;
		account->counters[i] = add_up(account->counters[i], was_counted	  ? 0
								    : now < *last ? now
										  : now - *last);
		*last = now;
	}
	account->told |= row->told & book->tracked;
}

static void add_raw(const struct clients_book *book, struct clients_account *account,
	const struct clients_row *row, bool is_second)
{
	for (unsigned i = 0; i < N_CLIENTS_COUNTERS; i++) {
		if (!(row->told & book->tracked & 1u << i))
			continue;
		if (!account->is_class)
			account->counters[i] = row->counters[i];
		else if (!is_second)
			account->counters[i] = add_up(account->counters[i], row->counters[i]);
	}
	account->told |= row->told & book->tracked;
}

// A connection that began since the last look. If `connected` does not show it, since the client was or was not
// connected at both looks, it is a flap.
static void count_connection(struct clients_account *account, const struct clients_member *member,
	const struct clients_row *row, bool is_new)
{
	if (!member->seen) {
		account->n_connects += row->is_connected && !has_counted(account, row);
	} else if (is_new) {
		account->n_connects++;
		account->n_flaps += row->is_connected == member->was_connected;
	}
}

static void tell_of_client(struct clients_account *account, const struct source_turn *turn,
	const struct clients_row *row)
{
	account->is_connected = row->is_connected;
	account->created_ms = row->created_ms;
	account->connected_ms = row->connected_ms;
	for (unsigned i = 0; i < N_CLIENTS_GAUGES; i++)
		if (row->told_gauges & 1u << i)
			account->gauges[i] = row->gauges[i];
	if (row->is_connected)
		account->last_seen_ms = turn->wall_ns / NS_PER_MS;
	else if (row->disconnected_ms)
		account->last_seen_ms = row->disconnected_ms;
}

// A class's numbers are those of the first row of each client, but whether it is connected.
static void tell_of_class(struct clients_account *account, const struct source_turn *turn,
	const struct clients_member *member, const struct clients_row *row, bool is_second)
{
	account->n_connected += row->is_connected;
	// A date from the future must not hide all that connect from now on.
	if (row->connected_ms > account->connected_ms &&
		row->connected_ms < turn->wall_ns / NS_PER_MS + MS_PER_DAY)
		account->connected_ms = row->connected_ms;
	if (is_second) {
		account->n_connected -= member->is_connected;
		return;
	}
	account->n_known++;
	account->gauges[CLIENTS_SUBSCRIBED] += row->gauges[CLIENTS_SUBSCRIBED];
	account->gauges[CLIENTS_IN_FLIGHT] += row->gauges[CLIENTS_IN_FLIGHT];
	if (row->gauges[CLIENTS_QUEUED] > account->gauges[CLIENTS_QUEUED])
		account->gauges[CLIENTS_QUEUED] = row->gauges[CLIENTS_QUEUED];
}

static void tell(struct clients_book *book, const struct source_turn *turn,
	struct clients_account *account, struct clients_member *member,
	const struct clients_row *row)
{
	bool is_second = member && member->seen == book->stamp;
	bool is_new = member && row->connected_ms && row->connected_ms != member->connected_ms;

	account->told_gauges |= row->told_gauges;
	if (account->is_class)
		tell_of_class(account, turn, member, row, is_second);
	else
		tell_of_client(account, turn, row);
	if (book->conf->raw_counters)
		add_raw(book, account, row, is_second);
	if (member) {
		if (!is_second)
			member->was_connected = member->is_connected;
		if (!book->conf->raw_counters)
			add_growth(book, account, member, row, is_new);
		count_connection(account, member, row, is_new);
		if (is_new) {
			member->before_ms = member->connected_ms;
			member->connected_ms = row->connected_ms;
		}
		member->is_connected = row->is_connected;
		member->seen = book->stamp;
	}
	account->seen = account->checked = book->stamp;
	account->seen_ns = turn->now_ns;
	account->seen_ms = turn->wall_ns / NS_PER_MS;
	account->is_missing = false;
}

void clients_book_keep_example(struct str *example, struct arena *arena, struct str id)
{
	if (example->len == 0)
		*example = arena_copy(arena, id);
}

static void put_aside(
	struct clients_book *book, const struct source_turn *turn, const struct clients_row *row)
{
	struct clients_pending *pending = arena_new(turn->arena, struct clients_pending);

	pending->row = *row;
	pending->row.id = arena_copy(turn->arena, row->id);
	pending->next = book->pending;
	book->pending = pending;
	pending->number = book->n_pending++;
}

// Whether the row may be an older copy than what is known: of a connection that has ended, on another node, or of this
// one. Else the broker's clock went back, or its counters began again.
static bool looks_older(const struct clients_book *book, const struct clients_member *member,
	const struct clients_row *row)
{
	uint32_t told = row->told & book->tracked;

	if (row->connected_ms && row->connected_ms != member->connected_ms)
		return row->connected_ms < member->connected_ms;
	for (unsigned i = 0; i < N_CLIENTS_COUNTERS && !book->conf->raw_counters; i++)
		if (told & 1u << i && row->counters[i] < member->last[book->slot[i]])
			return true;
	return false;
}

// A row of the connection before is old, whatever else there is.
static bool is_old(const struct clients_member *member, const struct clients_row *row)
{
	return row->connected_ms && row->connected_ms == member->before_ms &&
	       row->connected_ms < member->connected_ms;
}

static void take(struct clients_book *book, const struct source_turn *turn,
	const struct clients_row *row, bool is_best)
{
	uint64_t id = hash_bytes(row->id, hash_seed());
	struct clients_member *member = clients_member_find(book, id);
	uint32_t a = member ? member->account : clients_account_of(book, turn->arena, row->id);

	if (a == NO_ACCOUNT)
		return;
	struct clients_account *account = book->accounts[a];
	if (!account->is_class && !str_eq(account->id, row->id))
		return; // an id with the same fingerprint, which takes 2^64 tries to find
	if (account->is_evicted && !clients_account_comes_back(book, turn->arena, account))
		return;
	if (member && is_old(member, row)) {
		account->doubted = book->stamp;
		return;
	}
	if (member && !is_best && looks_older(book, member, row)) {
		if (member->seen != book->stamp)
			put_aside(book, turn, row);
		return;
	}
	if (!member)
		member = clients_member_enter(book, a, id);
	book->n_untracked += member == NULL;
	if (!member)
		clients_book_keep_example(&book->untracked, turn->arena, row->id);
	tell(book, turn, account, member, row);
}

void clients_book_take(
	struct clients_book *book, const struct source_turn *turn, const struct clients_row *row)
{
	take(book, turn, row, false);
}

void clients_book_miss(struct clients_book *book, struct clients_account *account)
{
	if (account->doubted == book->stamp)
		return;
	account->checked = book->stamp;
	account->is_missing = true;
	account->is_connected = false;
	if (account->member != NO_MEMBER)
		clients_member_at(book, account->member)->is_connected = false;
}

// 2. Looks

void clients_book_begin(struct clients_book *book, int64_t now_ns)
{
	int64_t seconds = (now_ns - book->first_ns) / NS_PER_S + 1;

	for (size_t a = 0; a < book->n_accounts; a++) {
		struct clients_account *account = book->accounts[a];

		if (!account->is_class)
			continue;
		account->counted_ms = account->counted_next_ms;
		account->counted_next_ms = account->connected_ms;
		account->n_known = account->n_connected = 0;
		memset(account->gauges, 0, sizeof(account->gauges));
		if (book->conf->raw_counters)
			memset(account->counters, 0, sizeof(account->counters));
	}
	clients_watch_begin(book->watch);
	book->now_ns = now_ns;
	book->stamp_before = book->stamp;
	book->stamp = seconds > book->stamp ? (uint32_t)seconds : book->stamp + 1;
	book->n_over = book->n_untracked = book->n_undecided = 0;
	book->over = book->untracked = book->undecided = STR("");
	book->gone = NULL;
	book->n_gone = book->next_gone = 0;
	book->pending = NULL;
	book->n_pending = 0;
}

static int by_newest_connection(const void *a, const void *b)
{
	const struct clients_pending *x = *(struct clients_pending *const *)a;
	const struct clients_pending *y = *(struct clients_pending *const *)b;

	if (x->row.connected_ms != y->row.connected_ms)
		return x->row.connected_ms < y->row.connected_ms ? 1 : -1;
	return x->number < y->number ? 1 : -1;
}

// Of those of one client the newest connection counts, and of that the row that came last.
static void take_pending(struct clients_book *book, const struct source_turn *turn)
{
	struct clients_pending **all =
		arena_array(turn->arena, struct clients_pending *, book->n_pending + 1);
	size_t n = 0;

	for (struct clients_pending *p = book->pending; p; p = p->next)
		all[n++] = p;
	qsort(all, n, sizeof(struct clients_pending *), by_newest_connection);
	for (size_t i = 0; i < n; i++) {
		const struct clients_row *row = &all[i]->row;
		const struct clients_member *member =
			clients_member_find(book, hash_bytes(row->id, hash_seed()));
		if (!member || member->seen != book->stamp)
			take(book, turn, row, true);
	}
}

void clients_book_settle(struct clients_book *book, const struct source_turn *turn)
{
	if (book->pending)
		take_pending(book, turn);
	book->pending = NULL;
	book->n_pending = 0;
}

void clients_book_end(struct clients_book *book, bool is_complete)
{
	for (size_t m = 0; m < book->n_members && is_complete; m++) {
		struct clients_member *member = clients_member_at(book, (uint32_t)m);
		if (member->seen != book->stamp && book->accounts[member->account]->is_class)
			member->is_connected = false;
	}
}

// 3. Life

void clients_book_init(struct clients_book *book, const struct clients_conf *conf, int64_t now_ns)
{
	*book = (struct clients_book){
		.conf = conf, .first_ns = now_ns, .now_ns = now_ns, .stamp = 1
	};
	book->watch = clients_watch_new(conf);
	clients_members_init(book);
	clients_accounts_init(book);
}

void clients_book_free(struct clients_book *book)
{
	clients_accounts_free(book);
	clients_members_free(book);
	clients_watch_free(book->watch);
}
