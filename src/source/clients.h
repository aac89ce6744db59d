// SPDX-License-Identifier: Apache-2.0
// What the files of the source `emqx_clients` share: the monitor of single clients of an EMQX. For them
// only; the source itself is source_emqx_clients in source.h.
//
//	clients.c        settings, and what follows what in a cycle
//	clients_query.c  what is asked for: clients by id, by many ids, or all in pages
//	clients_answer.c what the answers mean
//	clients_row.c    one client as the broker tells it
//	clients_watch.c  which clients are watched, and as what
//	clients_book.c   what a look at them tells
//	clients_accounts.c, clients_members.c
//	                 what is known of them over time
//	clients_tell.c   what becomes samples
//	clients_save.c   what outlives the agent
//	clients_table.c  the table for people
//
// A **look** is one cycle's view of the clients. What is told of a client is its **row**. Who is exported, a client
// or a class of clients, has an **account**; each client that is watched is a **member** of one account.
#pragma once

#include "source/emqx.h"

// Statistics of a client

// What can be switched off, by settings enable_...
enum clients_switch {
	CLIENTS_ALWAYS,
	CLIENTS_PROCESSED,
	CLIENTS_QOS_SPLIT,
	CLIENTS_DROPPED,
	CLIENTS_REASON_SPLIT,
	CLIENTS_BYTES,
	CLIENTS_PACKETS,
	CLIENTS_DATES,
	CLIENTS_INFLIGHT,
	CLIENTS_SUBSCRIPTIONS,
	N_CLIENTS_SWITCHES,
};

// Families that have a series per client and direction.
enum clients_family {
	CLIENTS_FAMILY_PROCESSED,
	CLIENTS_FAMILY_BY_QOS,
	CLIENTS_FAMILY_DROPPED,
	CLIENTS_FAMILY_BY_REASON,
	CLIENTS_FAMILY_BYTES,
	CLIENTS_FAMILY_PACKETS,
	N_CLIENTS_FAMILIES,
};

enum { N_CLIENTS_COUNTERS = 18 };

// A counter of a connection: EMQX begins it at 0 with each.
struct clients_counter {
	const char *key; // of the client object
	enum clients_family family;
	enum clients_switch enabled_by;
	struct str direction, qos, reason;
};

extern const struct clients_counter clients_counters[N_CLIENTS_COUNTERS];

enum clients_gauge { CLIENTS_SUBSCRIBED, CLIENTS_IN_FLIGHT, CLIENTS_QUEUED, N_CLIENTS_GAUGES };

// Settings

// An element of monitored_clients: exactly one of client_id, glob, regex and class is given.
struct clients_watched {
	struct str client_id, glob, regex, class_glob;
	struct str alias; // of a regex: a template of its groups
};

struct clients_conf {
	struct emqx_conf emqx;	     // first: node, cluster_name, login
	struct str broker;	     // the label of that name; empty: the source's name
	struct group_list monitored; // of struct clients_watched
	size_t max_clients, max_class_clients;
	int64_t remember_ms;
	bool raw_counters;
	bool enabled[N_CLIENTS_SWITCHES];
};

static inline bool clients_wants(const struct clients_conf *own, enum clients_switch switch_)
{
	return switch_ == CLIENTS_ALWAYS || own->enabled[switch_];
}

// clients_row: one client as the broker tells it

struct clients_row {
	struct str id; // borrows from the JSON
	bool is_connected;
	int64_t created_ms, connected_ms, disconnected_ms; // since 1970-01-01 UTC; 0: not told
	uint32_t told;					   // counters, by bit
	uint32_t told_gauges;				   // by bit
	uint64_t counters[N_CLIENTS_COUNTERS];
	int64_t gauges[N_CLIENTS_GAUGES];
	int64_t keepalive_s; // negative: not told
};

struct json;

// A gauge, such as the length of a queue, so that a sum over all clients of a class has room. False: the value is none.
bool clients_row_gauge(struct json value, int64_t *gauge);
// False: it is no client object, or has no id.
bool clients_row_read(struct json object, struct clients_row *row);
// "2026-01-02T03:04:05.678+00:00" (RFC 3339 section 5.6) as ms since 1970; 0: it is none, or from before 1970.
int64_t clients_row_time(struct str text);

// What is known over time

// What is exported together: a client, or a class.
struct clients_account {
	struct str id, alias; // of a class: its glob, and nothing; owned
	bool is_class;
	bool is_fixed;	 // settings name it: it stays, even if nobody has seen it
	bool is_missing; // the broker does not know it, as far as is known
	bool is_evicted; // another takes its place
	bool is_connected;
	uint32_t member;      // of a client; NO_MEMBER: nothing is known of it
	uint32_t seen;	      // stamp of the last look that found it; 0: none
	uint32_t checked;     // of the last look that told whether it is there
	uint32_t doubted;     // of the last look that had only an old copy of its row
	int64_t seen_ns;      // monotonic time of that,
	int64_t seen_ms;      // and wall time, since 1970
	uint32_t exported;    // of the last look that went into samples of it
	int64_t last_seen_ms; // when it was last known to be connected; 0: never
	int64_t created_ms;
	int64_t connected_ms; // of a class: of its newest connection
	int64_t counted_ms,
		counted_next_ms; // of a class: connections up to then were counted, from this look on, from the next
	uint32_t told, told_gauges;
	uint64_t n_known, n_connected; // of a class, in this look
	uint64_t n_connects, n_flaps;
	int64_t gauges[N_CLIENTS_GAUGES];      // of a class: sums, but the largest queue
	uint64_t counters[N_CLIENTS_COUNTERS]; // to be exported
};

#define NO_MEMBER  UINT32_MAX
#define NO_ACCOUNT UINT32_MAX

// What the counters of a connection were at the last look, of each client that is watched: for 100,000 clients of a
// class that is most of the agent's memory.
struct clients_member {
	uint64_t id;			 // fingerprint
	int64_t connected_ms, before_ms; // of this connection, and of the one before
	uint32_t account : 30, is_connected : 1,
		was_connected : 1; // was_connected: at the look before
	uint32_t seen;		   // stamp of the look; 0: none yet
	uint64_t last[];	   // by book->slot; none with raw_counters
};

struct clients_watch;

struct clients_book {
	const struct clients_conf *conf; // borrowed
	struct clients_watch *watch;	 // owned
	// Owned, each by itself: first those of settings, which stay, then those of clients that a pattern found.
	struct clients_account **accounts;
	size_t n_accounts, accounts_capacity, n_fixed;
	uint32_t *
		account_of_row; // owned; by element of monitored_clients; NO_ACCOUNT: it has none of its own
	char *members;		// owned; struct clients_member of member_size each
	size_t n_members, members_capacity, member_size, n_class_members;
	uint32_t *index; // owned; of members by id, open addressing; NO_MEMBER: free
	size_t index_size;
	uint8_t slot[N_CLIENTS_COUNTERS]; // of tracked counters, in members
	uint32_t tracked;		  // counters that are wanted, by bit
	uint32_t stamp;	       // of this look, in seconds since the first; each look has its own
	uint32_t stamp_before; // of the look before
	int64_t first_ns, now_ns;
	size_t n_over;	    // clients that are not watched for max_clients, in this look
	size_t n_untracked; // clients of classes whose counters are not, for max_class_clients
	size_t n_undecided; // clients for which a pattern took too long
	struct str over, untracked, undecided; // one id of each; live in the arena of the cycle
	// Of this look; they live in the arena of the cycle.
	struct clients_account *
		*gone; // who may make room for others, the longest gone first; NULL: not looked for
	size_t n_gone, next_gone;
	struct clients_pending *pending;
	size_t n_pending;
	size_t n_evicted;		     // accounts that have made room and are not dropped yet
	bool may_forget, may_forget_classes; // of clients_accounts_forget
};

// clients_book: what a look tells

// Makes it ready for the source's settings.
void clients_book_init(struct clients_book *book, const struct clients_conf *conf, int64_t now_ns);
void clients_book_free(struct clients_book *book);
// A look begins.
void clients_book_begin(struct clients_book *book, int64_t now_ns);
// Takes a row of this look in; several may be about one client, and then the newest connection counts.
void clients_book_take(
	struct clients_book *book, const struct source_turn *turn, const struct clients_row *row);
// Keeps a copy of the first of several ids, for a warning.
void clients_book_keep_example(struct str *example, struct arena *arena, struct str id);
// Whether this look has found the account's client.
bool clients_book_has_seen(const struct clients_book *book, const struct clients_account *account);
// This look proves that the broker does not know the client, unless it had an old copy of its row.
void clients_book_miss(struct clients_book *book, struct clients_account *account);
// There are no better rows to come for those that waited: they count now.
void clients_book_settle(struct clients_book *book, const struct source_turn *turn);
// At the end of a look; is_complete: members of classes that were not seen are not there.
void clients_book_end(struct clients_book *book, bool is_complete);

// clients_accounts

void clients_accounts_init(struct clients_book *book);
void clients_accounts_free(struct clients_book *book);
// The client's account, made if there is room; NO_ACCOUNT: it is not watched.
uint32_t clients_account_of(struct clients_book *book, struct arena *arena, struct str id);
// Whether the values of the account's client are to be exported, not only that it is not there.
bool clients_account_is_remembered(
	const struct clients_book *book, const struct clients_account *account);
// The account has made room for another, and now its client is there again. False: there is no room any more.
bool clients_account_comes_back(
	struct clients_book *book, struct arena *arena, struct clients_account *account);
// At the end of a look: drops who has made room for others, and, if what was known went into samples, who has been
// gone for too long; is_complete: members of classes too.
void clients_accounts_forget(
	struct clients_book *book, const struct source_turn *turn, bool is_complete);

// clients_members

void clients_members_init(struct clients_book *book);
void clients_members_free(struct clients_book *book);
// Valid until the next member enters.
struct clients_member *clients_member_at(const struct clients_book *book, uint32_t index);
// NULL: nothing is known of this id.
struct clients_member *clients_member_find(const struct clients_book *book, uint64_t id);
// Makes the member of an id that has none; NULL: there is no room for more members of classes.
struct clients_member *clients_member_enter(
	struct clients_book *book, uint32_t account, uint64_t id);
// Takes out the members for which is_gone holds, and keeps the others in order.
void clients_members_drop(struct clients_book *book,
	bool (*is_gone)(const struct clients_book *book, const struct clients_member *member));

// clients_watch: which clients are watched

struct clients_match {
	const struct clients_watched *row; // NULL: it is not watched
	size_t index;			   // of that
	bool is_undecided;		   // a pattern took too long for this id
};

// Owns its patterns. The settings have been checked.
struct clients_watch *clients_watch_new(const struct clients_conf *conf);
void clients_watch_free(struct clients_watch *watch);
// A look begins, in which a pattern may give up on so many ids and is not tried any more then.
void clients_watch_begin(struct clients_watch *watch);
// By exact id, else the first element whose pattern matches.
struct clients_match clients_watch_find(struct clients_watch *watch, struct str id);
// The alias of a client that was just found; appended to out.
void clients_watch_alias(const struct clients_watch *watch, struct clients_match match,
	struct str id, struct buf *out);
// Whether all are watched by their ids.
bool clients_watch_is_named(const struct clients_conf *conf);
// Checks monitored_clients.
void clients_watch_check(const struct clients_conf *conf, const struct setting_faults *faults);

// The source's state, which begins as that of `emqx` does

struct clients_state {
	struct emqx_state emqx; // first
	struct clients_book book;
	bool is_ready;
	size_t page_rows;      // if larger pages have been too large; 0: none has
	uint64_t fieldless;    // fingerprint of the release that has refused fields=; 0: none has
	struct clients_saved { // of lines that are taken back
		bool is_raw;
		size_t n_counters;
		int counters[N_CLIENTS_COUNTERS]; // index of each; negative: not known any more
	} saved;
	struct clients_look {
		bool is_complete;	     // the last page was read, and none had failed
		size_t page_rows;	     // of a page
		uint64_t page_print;	     // of the ids of an earlier page
		bool lacks_fields;	     // the broker has refused fields=, it seems
		size_t n_unread;	     // rows that were none
		struct clients_shown *shown; // rows for people; lives in the arena
	} look;
};

// Makes the state ready before it is used first.
void clients_prepare(const struct source_conf *conf, struct clients_state *state, int64_t now_ns);

// clients_query: what is asked for

enum {
	CLIENTS_FEW = 40, // so many are asked for one by one, over one connection
};

// Which way clients were asked for, as source_ask.part says it: one by its id, many by theirs, all in pages.
extern const struct emqx_part clients_one, clients_many, clients_page;

// What source_ask.marks says.
enum {
	CLIENTS_WITH_FIELDS = 1,
	CLIENTS_WITHOUT_FIELDS = 2, // since it was refused with fields
};

// What source_ask.carried is, but for pages: the accounts whose clients are asked for, one after the other, where
// source_ask.page says which it is, or all at once.
struct clients_ids {
	uint32_t *accounts;
	size_t n;
};

// Asks for whatever this look needs, or waits for the broker's release.
void clients_query_all(struct source_turn *turn);
void clients_query_waiting(struct source_turn *turn);
// Asks for a page of all clients, counted from 1.
void clients_query_page(struct source_turn *turn, unsigned number);
// Asks for one of several clients; the next one is asked for when its answer has come.
void clients_query_one(struct source_turn *turn, const struct clients_ids *ids, size_t at);
// Asks for the clients of these accounts, by lists of ids or one by one.
void clients_query_accounts(
	struct source_turn *turn, const uint32_t *accounts, size_t n, bool as_list);
// Whether a client's id fits into a URL, with whatever else is in it.
bool clients_query_fits(struct source_turn *turn, struct str id);
// Of the release.
uint64_t clients_query_release(const struct clients_state *state);
// Whether this release takes lists of ids.
bool clients_query_has_lists(const struct clients_state *state);

// clients_answer: reads an answer to one of these
enum source_verdict clients_answer_take(struct source_turn *turn, const struct source_ask *ask,
	const struct http_answer *answer, struct err *err);

// clients_tell
void clients_tell(struct source_turn *turn, struct metric_set *set);

// clients_table
enum { N_CLIENTS_COLUMNS = 11 };
extern const struct table_column clients_columns[N_CLIENTS_COLUMNS];
// Keeps a row of this look; of two of one client that of the newer connection.
void clients_table_add(const struct source_turn *turn, const struct clients_row *row);
// Fills turn->table with those that people want to see.
void clients_table_fill(const struct source_turn *turn);

// clients_save: the type's save and load
void clients_save(const struct source_conf *conf, const void *type_state, struct buf *lines);
bool clients_load(const struct source_conf *conf, void *type_state, struct str line,
	const struct source_past *past, struct err *err);
