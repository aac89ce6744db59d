// SPDX-License-Identifier: Apache-2.0
// The table for people: a row for each client that is connected. What matters most stands first, since a narrow
// terminal leaves out the last columns.
#include "source/clients.h"

#include "base/hash.h"

const struct table_column clients_columns[N_CLIENTS_COLUMNS] = {
	{ STR_INIT("alias"), STR_INIT("client"), TABLE_TEXT },
	{ STR_INIT("connected_at"), STR_INIT("connected since"), TABLE_TIME },
	{ STR_INIT("rx_messages"), STR_INIT("rx"), TABLE_COUNT },
	{ STR_INIT("tx_messages"), STR_INIT("tx"), TABLE_COUNT },
	{ STR_INIT("rx_dropped"), STR_INIT("rx drops"), TABLE_COUNT },
	{ STR_INIT("tx_dropped"), STR_INIT("tx drops"), TABLE_COUNT },
	{ STR_INIT("inflight"), STR_INIT("inflight"), TABLE_COUNT },
	{ STR_INIT("subscriptions"), STR_INIT("subs"), TABLE_COUNT },
	{ STR_INIT("keepalive_seconds"), STR_INIT("keep-alive"), TABLE_SECONDS },
	{ STR_INIT("created_at"), STR_INIT("created"), TABLE_TIME },
	{ STR_INIT("client_id"), { 0 }, TABLE_TEXT },
};

static struct table_cell text(struct str value)
{
	return (struct table_cell){ .is_known = true, .text = value };
}

static struct table_cell number(bool is_known, int64_t value)
{
	return (struct table_cell){ .is_known = is_known, .number = value };
}

// The first counter of a family and direction is the whole, the others are its parts.
static struct table_cell counter(
	const struct clients_row *row, enum clients_family family, struct str direction)
{
	for (unsigned i = 0; i < N_CLIENTS_COUNTERS; i++)
		if (clients_counters[i].family == family &&
			str_eq(clients_counters[i].direction, direction))
			return number(row->told & 1u << i, (int64_t)row->counters[i]);
	return (struct table_cell){ 0 };
}

static struct table_cell gauge(const struct clients_row *row, enum clients_gauge i)
{
	return number(row->told_gauges & 1u << i, row->gauges[i]);
}

static void add_row(const struct source_turn *turn, const struct clients_row *row)
{
	const struct clients_state *state = turn->state;
	struct clients_match match = clients_watch_find(state->book.watch, row->id);
	struct buf alias = buf_new(KIB(64));

	if (!turn->table_of_all && !(match.row && row->is_connected))
		return;
	if (match.row)
		clients_watch_alias(state->book.watch, match, row->id, &alias);
	const struct table_cell cells[] = {
		text(alias.len ? buf_str(&alias) : row->id),
		number(row->is_connected && row->connected_ms, row->connected_ms),
		counter(row, CLIENTS_FAMILY_PROCESSED, STR("rx")),
		counter(row, CLIENTS_FAMILY_PROCESSED, STR("tx")),
		counter(row, CLIENTS_FAMILY_DROPPED, STR("rx")),
		counter(row, CLIENTS_FAMILY_DROPPED, STR("tx")),
		gauge(row, CLIENTS_IN_FLIGHT),
		gauge(row, CLIENTS_SUBSCRIBED),
		number(row->keepalive_s >= 0, row->keepalive_s),
		number(row->created_ms > 0, row->created_ms),
		text(row->id),
	};
	table_add_row(turn->table, cells);
	buf_free(&alias);
}

// All rows of a look, by their ids: a client that moves, or stands on two pages, has two.
struct clients_shown {
	struct clients_row *rows, **index; // open addressing, at most half full
	size_t n, capacity;
};

static size_t place_of(const struct clients_shown *shown, struct str id)
{
	size_t size = 2 * shown->capacity, i = hash_bytes(id, hash_seed()) % size;

	while (shown->index[i] && !str_eq(shown->index[i]->id, id))
		i = (i + 1) % size;
	return i;
}

static void grow(struct clients_shown *shown, struct arena *arena)
{
	struct clients_row *rows = shown->rows;

	shown->capacity = shown->capacity ? 2 * shown->capacity : 128;
	shown->rows = arena_array(arena, struct clients_row, shown->capacity);
	shown->index = arena_array(arena, struct clients_row *, 2 * shown->capacity);
	for (size_t i = 0; i < shown->n; i++) {
		shown->rows[i] = rows[i];
		shown->index[place_of(shown, rows[i].id)] = &shown->rows[i];
	}
}

void clients_table_add(const struct source_turn *turn, const struct clients_row *row)
{
	struct clients_state *state = turn->state;

	if (!state->look.shown)
		state->look.shown = arena_new(turn->arena, struct clients_shown);
	struct clients_shown *shown = state->look.shown;
	if (shown->n == shown->capacity)
		grow(shown, turn->arena);
	size_t place = place_of(shown, row->id);
	struct clients_row *known = shown->index[place];
	if (known && row->connected_ms <= known->connected_ms)
		return;
	struct str id = known ? known->id : arena_copy(turn->arena, row->id);
	if (!known)
		known = shown->index[place] = &shown->rows[shown->n++];
	*known = *row;
	known->id = id;
}

void clients_table_fill(const struct source_turn *turn)
{
	const struct clients_state *state = turn->state;
	const struct clients_shown *shown = state->look.shown;

	for (size_t i = 0; shown && i < shown->n; i++)
		add_row(turn, &shown->rows[i]);
}
