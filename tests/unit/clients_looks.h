// SPDX-License-Identifier: Apache-2.0
// What is known of clients, look by look, with rows as words and what came of them as text.
#pragma once

#include "base/clock.h"
#include "base/hash.h"
#include "clients_settings.h"
#include "unit.h"

#define LOOKS_NOW_NS  (INT64_C(5000) * NS_PER_S)
#define LOOKS_WALL_NS (INT64_C(1800000000) * NS_PER_S)

struct looks {
	struct arena conf_arena, arena; // of all, and of the look
	struct clients_conf own;
	struct clients_book book;
	struct source_turn turn;
};

// Their index among the counters.
enum { LOOKS_MESSAGES = 0, LOOKS_BYTES = 14 }; // recv_msg, recv_oct

// Settings may be changed before looks_start.
static inline void looks_init(struct looks *looks, const char *monitored)
{
	*looks = (struct looks){ 0 };
	clients_set_defaults(&looks->own);
	clients_set_monitored(&looks->own, &looks->conf_arena, str_of(monitored));
	looks->turn = (struct source_turn){
		.arena = &looks->arena, .now_ns = LOOKS_NOW_NS, .wall_ns = LOOKS_WALL_NS
	};
}

static inline void looks_start(struct looks *looks)
{
	clients_book_init(&looks->book, &looks->own, looks->turn.now_ns);
}

static inline void looks_free(struct looks *looks)
{
	clients_book_free(&looks->book);
	arena_free(&looks->arena);
	arena_free(&looks->conf_arena);
}

// A look begins, so long after the one before.
static inline void looks_begin(struct looks *looks, int64_t after_ms)
{
	arena_free(&looks->arena);
	looks->turn.now_ns += after_ms * NS_PER_MS;
	looks->turn.wall_ns += after_ms * NS_PER_MS;
	clients_book_begin(&looks->book, looks->turn.now_ns);
}

static inline bool looks_take_number(struct str *word, char mark, uint64_t *number)
{
	bool is_there = word->len && word->ptr[0] == mark;

	*number = 0;
	for (size_t i = 1; is_there && i <= word->len; i++) {
		if (i < word->len && word->ptr[i] >= '0' && word->ptr[i] <= '9') {
			*number = *number * 10 + (uint64_t)(word->ptr[i] - '0');
			continue;
		}
		*word = (struct str){ word->ptr + i, word->len - i };
		break;
	}
	return is_there;
}

static inline void looks_tell(struct clients_row *row, unsigned counter, uint64_t value)
{
	row->told |= 1u << counter;
	row->counters[counter] = value;
}

// "a@100=5/7!": client a, whose connection began at 100 s, has recv_msg 5 and recv_oct 7, and is not connected any
// more. Whatever is behind the id may be missing.
static inline struct clients_row looks_row(struct str word)
{
	struct clients_row row = { .is_connected = true, .keepalive_s = -1 };
	size_t n = 0;
	uint64_t value;

	while (n < word.len && !strchr("@=/!", word.ptr[n]))
		n++;
	row.id = (struct str){ word.ptr, n };
	word = (struct str){ word.ptr + n, word.len - n };
	if (looks_take_number(&word, '@', &value))
		row.connected_ms = (int64_t)value * 1000;
	row.created_ms = row.connected_ms;
	if (looks_take_number(&word, '=', &value))
		looks_tell(&row, LOOKS_MESSAGES, value);
	if (looks_take_number(&word, '/', &value))
		looks_tell(&row, LOOKS_BYTES, value);
	row.is_connected = !str_eq(word, STR("!"));
	if (row.is_connected && word.len)
		fail_msg("what is \"%.*s\"?", STR_ARG(word));
	return row;
}

static inline bool looks_names(struct str words, struct str id)
{
	struct str word;

	while (words.len) {
		str_cut(words, ' ', &word, &words);
		if (str_eq(looks_row(word).id, id))
			return true;
	}
	return false;
}

static inline void looks_add_account(struct buf *out, const struct clients_account *account)
{
	buf_addf(out, "%.*s ", STR_ARG(account->id));
	if (account->is_class)
		buf_addf(out, "%llu/%llu", (unsigned long long)account->n_connected,
			(unsigned long long)account->n_known);
	else
		buf_addf(out, "%s",
			account->is_missing	? "gone"
			: account->seen == 0	? "unseen"
			: account->is_connected ? "on"
						: "off");
	if (account->told & 1u << LOOKS_MESSAGES)
		buf_addf(out, " %llu", (unsigned long long)account->counters[LOOKS_MESSAGES]);
	else
		buf_add(out, STR(" -"));
	if (account->told & 1u << LOOKS_BYTES)
		buf_addf(out, "/%llu", (unsigned long long)account->counters[LOOKS_BYTES]);
	buf_addf(out, " c%llu f%llu; ", (unsigned long long)account->n_connects,
		(unsigned long long)account->n_flaps);
}

// "a on 5 c1 f0; s-* 1/2 - c1 f0": each account with its state or, of a class, how many are connected of how many
// are known; recv_msg and recv_oct, connections, flaps.
static inline struct str looks_known(struct looks *looks)
{
	struct buf out = buf_new(UNIT_LIMIT);

	for (size_t a = 0; a < looks->book.n_accounts; a++)
		looks_add_account(&out, looks->book.accounts[a]);
	struct str text = buf_str(&out);
	struct str copy =
		arena_copy(&looks->arena, text.len ? (struct str){ text.ptr, text.len - 2 } : text);
	buf_free(&out);
	return copy;
}

static inline void looks_miss_others(struct looks *looks, struct str words)
{
	for (size_t a = 0; a < looks->book.n_accounts; a++) {
		struct clients_account *account = looks->book.accounts[a];

		if (!account->is_class && !looks_names(words, account->id))
			clients_book_miss(&looks->book, account);
	}
}

// A whole look: rows as words. "?": it is not complete, so that nobody is known to be missing; "quiet": nothing of
// it is pushed. Returns what is known then, before anything is forgotten.
static inline struct str looks_look(struct looks *looks, struct str words, int64_t after_ms)
{
	struct str rest = words, word;
	bool is_complete = true, is_pushed = true;

	looks_begin(looks, after_ms);
	while (rest.len) {
		str_cut(rest, ' ', &word, &rest);
		is_complete &= !str_eq(word, STR("?"));
		is_pushed &= !str_eq(word, STR("quiet"));
		if (word.len == 0 || str_eq(word, STR("?")) || str_eq(word, STR("quiet")))
			continue;
		struct clients_row row = looks_row(word);
		clients_book_take(&looks->book, &looks->turn, &row);
	}
	if (is_complete)
		looks_miss_others(looks, words);
	clients_book_settle(&looks->book, &looks->turn);
	clients_book_end(&looks->book, is_complete);
	struct str known = looks_known(looks);
	for (size_t a = 0; a < looks->book.n_accounts && is_pushed; a++)
		if (looks->book.accounts[a]->checked == looks->book.stamp)
			looks->book.accounts[a]->exported = looks->book.stamp; // as clients_tell
	looks->turn.is_pushed = is_pushed;
	clients_accounts_forget(&looks->book, &looks->turn, is_complete);
	return known;
}

// That accounts and members are of each other.
static inline void looks_check_members(const struct clients_book *book)
{
	size_t n = 0;

	for (size_t a = 0; a < book->n_accounts; a++) {
		const struct clients_account *account = book->accounts[a];

		if (account->is_class || account->member == NO_MEMBER)
			continue;
		const struct clients_member *member = clients_member_at(book, account->member);
		assert_true(account->member < book->n_members);
		assert_true(member->account == a);
		assert_true(member->id == hash_bytes(account->id, hash_seed()));
		n++;
	}
	check_number(
		"members", "of clients and classes", n + book->n_class_members, book->n_members);
}
