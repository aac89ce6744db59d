// SPDX-License-Identifier: Apache-2.0
// Members: what the counters of each watched client's connection were at the last look, packed, and found
// by a fingerprint of the id.
#include "source/clients.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct clients_member *clients_member_at(const struct clients_book *book, uint32_t index)
{
	return (struct clients_member *)(book->members + index * book->member_size);
}

static size_t place_of(const struct clients_book *book, uint64_t id)
{
	size_t i = id & (book->index_size - 1);

	while (book->index[i] != NO_MEMBER && clients_member_at(book, book->index[i])->id != id)
		i = (i + 1) & (book->index_size - 1);
	return i;
}

static void index_all(struct clients_book *book)
{
	for (size_t i = 0; i < book->index_size; i++)
		book->index[i] = NO_MEMBER;
	for (size_t m = 0; m < book->n_members; m++)
		book->index[place_of(book, clients_member_at(book, (uint32_t)m)->id)] = (uint32_t)m;
}

// The index is at most three quarters full. Members grow by an eighth: they are most of the memory.
static void make_room(struct clients_book *book)
{
	if (book->n_members == book->members_capacity) {
		book->members_capacity += book->members_capacity / 8 + 64;
		book->members =
			mem_resize(book->members, book->members_capacity * book->member_size);
	}
	if (4 * (book->n_members + 1) > 3 * book->index_size) {
		book->index_size *= 2;
		book->index = mem_resize(book->index, book->index_size * sizeof(*book->index));
		index_all(book);
	}
}

struct clients_member *clients_member_enter(
	struct clients_book *book, uint32_t account, uint64_t id)
{
	bool is_of_class = book->accounts[account]->is_class;

	if (is_of_class && book->n_class_members >= book->conf->max_class_clients)
		return NULL;
	make_room(book);
	uint32_t m = (uint32_t)book->n_members++;
	struct clients_member *member = clients_member_at(book, m);
	memset(member, 0, book->member_size);
	member->id = id;
	member->account = account & (NO_ACCOUNT >> 1);
	book->index[place_of(book, id)] = m;
	book->n_class_members += is_of_class;
	if (!is_of_class)
		book->accounts[account]->member = m;
	return member;
}

struct clients_member *clients_member_find(const struct clients_book *book, uint64_t id)
{
	uint32_t m = book->index[place_of(book, id)];

	return m == NO_MEMBER ? NULL : clients_member_at(book, m);
}

// Takes out the members for which is_gone holds, and keeps the others in order.
void clients_members_drop(struct clients_book *book,
	bool (*is_gone)(const struct clients_book *book, const struct clients_member *member))
{
	size_t kept = 0;

	book->n_class_members = 0;
	for (size_t m = 0; m < book->n_members; m++) {
		struct clients_member *member = clients_member_at(book, (uint32_t)m);
		if (is_gone(book, member))
			continue;
		memmove(clients_member_at(book, (uint32_t)kept), member, book->member_size);
		struct clients_account *account =
			book->accounts[clients_member_at(book, (uint32_t)kept)->account];
		book->n_class_members += account->is_class;
		if (!account->is_class)
			account->member = (uint32_t)kept;
		kept++;
	}
	if (kept == book->n_members)
		return;
	book->n_members = kept;
	index_all(book);
}

static void plan_slots(struct clients_book *book)
{
	size_t n = 0;

	for (unsigned i = 0; i < N_CLIENTS_COUNTERS; i++) {
		if (!clients_wants(book->conf, clients_counters[i].enabled_by))
			continue;
		book->tracked |= 1u << i;
		book->slot[i] = (uint8_t)n++;
	}
	// Plain values need no memory.
	book->member_size = sizeof(struct clients_member) +
			    (book->conf->raw_counters ? 0 : n * sizeof(uint64_t));
}

void clients_members_init(struct clients_book *book)
{
	plan_slots(book);
	book->index_size = 64;
	book->index = mem_alloc(book->index_size * sizeof(*book->index));
	index_all(book);
}

void clients_members_free(struct clients_book *book)
{
	free(book->members);
	free(book->index);
}
