// SPDX-License-Identifier: Apache-2.0
// What is known of clients, as lines of JSON that outlive the agent:
//
//	{"raw":false,"counters":["recv_msg","send_msg"]}
//	{"client":"a","connected":true,"missing":false,"connects":3,"flaps":1,"created_ms":...,"connected_ms":...,
//		"last_seen_ms":...,"seen_ms":...,"gauges":[1,0,null],"totals":[12,7],"last":[2,7]}
//	{"class":"sensor-*","connected_ms":...,"connects":9,"flaps":0,"totals":[100,null]}
//
// The first line says which counters the others have, in that order; null was never told. Members of classes are not
// saved: what they did while no agent was watching is counted only for connections that began since.
#include "source/clients.h"

#include "base/clock.h"
#include "base/hash.h"
#include "source/json.h"

#include <inttypes.h>

// 1. Saving

static void add_list(struct buf *lines, const char *name, uint32_t told, uint32_t of,
	uint64_t (*value)(const void *arg, unsigned i), const void *arg)
{
	const char *comma = "";

	buf_addf(lines, ",\"%s\":[", name);
	for (unsigned i = 0; i < 32; i++) {
		if (!(of & 1u << i))
			continue;
		buf_add(lines, str_of(comma));
		comma = ",";
		if (told & 1u << i)
			buf_add_uint(lines, value(arg, i));
		else
			buf_add(lines, STR("null"));
	}
	buf_add_byte(lines, ']');
}

struct saving {
	const struct clients_book *book;
	const struct clients_account *account;
};

static uint64_t total_of(const void *arg, unsigned i)
{
	return ((const struct saving *)arg)->account->counters[i];
}

static uint64_t gauge_of(const void *arg, unsigned i)
{
	return (uint64_t)((const struct saving *)arg)->account->gauges[i];
}

static uint64_t last_of(const void *arg, unsigned i)
{
	const struct saving *saving = arg;

	return clients_member_at(saving->book, saving->account->member)
		->last[saving->book->slot[i]];
}

static const char *truth(bool value)
{
	return value ? "true" : "false";
}

static void save_client(struct buf *lines, const struct saving *saving)
{
	const struct clients_account *a = saving->account;
	const struct clients_book *book = saving->book;

	buf_add(lines, STR("{\"client\":"));
	buf_add_json(lines, a->id);
	buf_addf(lines, ",\"connected\":%s,\"missing\":%s", truth(a->is_connected),
		truth(a->is_missing));
	buf_addf(lines,
		",\"created_ms\":%" PRId64 ",\"connected_ms\":%" PRId64 ",\"last_seen_ms\":%" PRId64
		",\"seen_ms\":%" PRId64,
		a->created_ms, clients_member_at(book, a->member)->connected_ms, a->last_seen_ms,
		a->seen_ms);
	add_list(lines, "gauges", a->told_gauges, (1u << N_CLIENTS_GAUGES) - 1, gauge_of, saving);
	if (!book->conf->raw_counters)
		add_list(lines, "last", a->told, book->tracked, last_of, saving);
}

static void save_account(struct buf *lines, const struct saving *saving)
{
	const struct clients_account *a = saving->account;

	if (a->is_class) {
		buf_add(lines, STR("{\"class\":"));
		buf_add_json(lines, a->id);
		buf_addf(lines, ",\"connected_ms\":%" PRId64, a->connected_ms);
	} else {
		save_client(lines, saving);
	}
	buf_addf(lines, ",\"connects\":%" PRIu64 ",\"flaps\":%" PRIu64, a->n_connects, a->n_flaps);
	add_list(lines, "totals", a->told, saving->book->tracked, total_of, saving);
	buf_add(lines, STR("}\n"));
}

void clients_save(const struct source_conf *conf, const void *type_state, struct buf *lines)
{
	const struct clients_conf *own = conf->own;
	const struct clients_state *state = type_state;
	const struct clients_book *book = &state->book;
	const char *comma = "";

	if (!state->is_ready || own->remember_ms == 0)
		return;
	buf_addf(lines, "{\"raw\":%s,\"counters\":[", truth(own->raw_counters));
	for (unsigned i = 0; i < N_CLIENTS_COUNTERS; i++) {
		if (!(book->tracked & 1u << i))
			continue;
		buf_addf(lines, "%s\"%s\"", comma, clients_counters[i].key);
		comma = ",";
	}
	buf_add(lines, STR("]}\n"));
	for (size_t a = 0; a < book->n_accounts; a++) {
		struct saving saving = { book, book->accounts[a] };
		if (saving.account->seen &&
			(saving.account->is_class || saving.account->member != NO_MEMBER))
			save_account(lines, &saving);
	}
}

// 2. Taking back

static int64_t integer(struct json object, const char *name)
{
	struct json_number number;

	return json_number(json_get(object, name), &number) && number.integer > 0 ? number.integer
										  : 0;
}

static void load_counters(struct clients_state *state, struct json root)
{
	struct json_walk walk = json_walk(json_get(root, "counters"));
	struct clients_saved *saved = &state->saved;

	*saved = (struct clients_saved){ .is_raw = json_is_true(json_get(root, "raw")) };
	while (json_next(&walk) && saved->n_counters < N_CLIENTS_COUNTERS) {
		int found = -1;
		for (int i = 0; i < N_CLIENTS_COUNTERS; i++)
			if (str_eq(json_text(walk.value), str_of(clients_counters[i].key)))
				found = i;
		saved->counters[saved->n_counters++] = found;
	}
}

// Walks a list of counters: the next that is still wanted and was told.
static bool next_counter(const struct clients_state *state, struct json_walk *walk,
	unsigned *counter, uint64_t *value)
{
	const struct clients_saved *saved = &state->saved;
	struct json_number number;

	while (json_next(walk) && walk->n_visited <= saved->n_counters) {
		int i = saved->counters[walk->n_visited - 1];

		if (i < 0 || !(state->book.tracked & 1u << i) ||
			!json_number(walk->value, &number) || !number.is_integer ||
			number.integer < 0)
			continue;
		*counter = (unsigned)i;
		*value = (uint64_t)number.integer;
		return true;
	}
	return false;
}

static void load_totals(
	const struct clients_state *state, struct json root, struct clients_account *account)
{
	struct json_walk walk = json_walk(json_get(root, "totals"));
	unsigned counter;
	uint64_t value;

	account->n_connects = (uint64_t)integer(root, "connects");
	account->n_flaps = (uint64_t)integer(root, "flaps");
	// Totals are no plain values, nor the reverse.
	if (state->saved.is_raw != state->book.conf->raw_counters)
		return;
	while (next_counter(state, &walk, &counter, &value)) {
		account->counters[counter] = value;
		account->told |= 1u << counter;
	}
}

static void load_last(
	const struct clients_state *state, struct json root, struct clients_member *member)
{
	struct json_walk walk = json_walk(json_get(root, "last"));
	unsigned counter;
	uint64_t value;

	while (!state->book.conf->raw_counters && next_counter(state, &walk, &counter, &value))
		member->last[state->book.slot[counter]] = value;
}

static void load_gauges(struct json root, struct clients_account *account)
{
	struct json_walk walk = json_walk(json_get(root, "gauges"));
	int64_t gauge;

	while (json_next(&walk) && walk.n_visited <= N_CLIENTS_GAUGES) {
		if (!clients_row_gauge(walk.value, &gauge))
			continue;
		account->gauges[walk.n_visited - 1] = gauge;
		account->told_gauges |= 1u << (walk.n_visited - 1);
	}
}

static void load_times(
	struct json root, const struct source_past *past, struct clients_account *account)
{
	int64_t ago_ms;

	account->created_ms = integer(root, "created_ms");
	account->connected_ms = integer(root, "connected_ms");
	account->last_seen_ms = integer(root, "last_seen_ms");
	account->seen_ms = integer(root, "seen_ms");
	// A clock that was set back makes nobody older.
	ago_ms = past->wall_ns / NS_PER_MS - account->seen_ms;
	account->seen_ns = past->now_ns - (ago_ms > 0 ? ago_ms : 0) * NS_PER_MS;
}

// Whether the client is watched and there is room for it.
static bool has_place(const struct clients_book *book, struct str id)
{
	struct clients_match match = clients_watch_find(book->watch, id);

	return match.row && (book->account_of_row[match.index] != NO_ACCOUNT ||
				    book->n_accounts - book->n_fixed < book->conf->max_clients);
}

static void load_client(struct clients_state *state, struct json root, struct str id,
	const struct source_past *past)
{
	struct clients_book *book = &state->book;
	struct arena arena = { 0 };
	uint64_t fingerprint = hash_bytes(id, hash_seed());
	bool is_wanted = !clients_member_find(book, fingerprint) && has_place(book, id);
	uint32_t a = is_wanted ? clients_account_of(book, &arena, id) : NO_ACCOUNT;

	arena_free(&arena);
	if (a == NO_ACCOUNT || book->accounts[a]->is_class)
		return; // not watched any more, or in the file twice
	struct clients_account *account = book->accounts[a];
	struct clients_member *member = clients_member_enter(book, a, fingerprint);
	account->is_connected = json_is_true(json_get(root, "connected"));
	member->is_connected = account->is_connected;
	account->is_missing = json_is_true(json_get(root, "missing"));
	account->seen = member->seen = book->stamp;
	load_times(root, past, account);
	member->connected_ms = account->connected_ms;
	load_gauges(root, account);
	load_totals(state, root, account);
	load_last(state, root, member);
}

static void load_class(struct clients_state *state, struct json root, struct str glob)
{
	struct clients_book *book = &state->book;

	for (size_t a = 0; a < book->n_fixed; a++) {
		if (!book->accounts[a]->is_class || !str_eq(book->accounts[a]->id, glob))
			continue;
		book->accounts[a]->connected_ms = integer(root, "connected_ms");
		book->accounts[a]->counted_next_ms = book->accounts[a]->connected_ms;
		book->accounts[a]->seen = book->stamp;
		load_totals(state, root, book->accounts[a]);
	}
}

// False: it is no line of this source.
static bool load_line(struct clients_state *state, struct json root, const struct source_past *past,
	struct err *err)
{
	struct str client = json_text(json_get(root, "client"));
	struct str class_glob = json_text(json_get(root, "class"));

	if (client.len)
		load_client(state, root, client, past);
	else if (class_glob.len)
		load_class(state, root, class_glob);
	else if (json_kind(json_get(root, "counters")) == JSON_ARRAY)
		load_counters(state, root);
	else
		err_set(err, ERR_BAD_BODY, 0, "the line is about no client");
	return err->kind == ERR_NONE;
}

bool clients_load(const struct source_conf *conf, void *type_state, struct str line,
	const struct source_past *past, struct err *err)
{
	const struct clients_conf *own = conf->own;
	struct clients_state *state = type_state;

	clients_prepare(conf, state, past->now_ns);
	if (own->remember_ms == 0)
		return true; // what was remembered before is not wanted any more
	struct json_doc *doc = json_read(line, err);
	bool good = doc && load_line(state, json_root(doc), past, err);
	json_free(doc);
	return good;
}
