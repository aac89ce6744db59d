// SPDX-License-Identifier: Apache-2.0
// Thousands of clients that come and go: who is left is found, with what was known of it.
#include "clients_looks.h"

#include <stdio.h>

enum { MANY = 5000 };

// A look at those clients of many for which i % of != but; all have the counter n. Every third's connection began at
// third_ms.
static int64_t third_ms = 1000;

static void look_at_many(struct looks *looks, const char *front, int of, int but, uint64_t n)
{
	char id[32];

	looks_begin(looks, 10000);
	for (int i = 0; i < MANY; i++) {
		struct clients_row row = { .is_connected = true,
			.connected_ms = i % 3 ? 1000 : third_ms };

		if (i % of == but)
			continue;
		row.id = (struct str){ id, (size_t)snprintf(id, sizeof(id), "%s%d", front, i) };
		looks_tell(&row, LOOKS_MESSAGES, n);
		clients_book_take(&looks->book, &looks->turn, &row);
	}
	for (size_t a = 0; a < looks->book.n_accounts; a++)
		if (!looks->book.accounts[a]->is_class &&
			!clients_book_has_seen(&looks->book, looks->book.accounts[a]))
			clients_book_miss(&looks->book, looks->book.accounts[a]);
	clients_book_settle(&looks->book, &looks->turn);
	clients_book_end(&looks->book, true);
	looks->turn.is_pushed = true;
	clients_accounts_forget(&looks->book, &looks->turn, true);
	looks_check_members(&looks->book);
}

static void members_of_a_class_are_found_after_others_went(void **state)
{
	struct looks looks;
	// 1666 of them are i % 3 == 1, 1667 are i % 3 == 0
	const uint64_t a_third = MANY / 3;

	(void)state;
	looks_init(&looks, "id:s-1 class:s-*");
	looks.own.remember_ms = 0;
	looks_start(&looks);
	const struct clients_account *class = looks.book.accounts[1];
	look_at_many(&looks, "s-", MANY, MANY, 10);
	check_number("all", "members", looks.book.n_members, MANY);
	check_number("all", "total", class->counters[LOOKS_MESSAGES], 10 * (MANY - 1));
	look_at_many(&looks, "s-", 3, 0, 11);
	look_at_many(&looks, "s-", 3, 0, 11);
	check_number("two thirds", "members", looks.book.n_members, MANY - a_third - 1);
	check_number("two thirds", "total", class->counters[LOOKS_MESSAGES],
		10 * (MANY - 1) + (MANY - a_third - 1) - 1);
	check_number("two thirds", "connected", class->n_connected, MANY - a_third - 2);
	third_ms = 2000;
	look_at_many(&looks, "s-", MANY, MANY, 12);
	third_ms = 1000;
	check_number("all again", "members", looks.book.n_members, MANY);
	check_number("all again", "total", class->counters[LOOKS_MESSAGES],
		10 * (MANY - 1) + 2 * ((MANY - a_third - 1) - 1) + 12 * (a_third + 1));
	check_number("all again", "connects", class->n_connects, MANY - 1 + a_third + 1);
	check_number(
		"one of its own", "total", looks.book.accounts[0]->counters[LOOKS_MESSAGES], 12);
	look_at_many(&looks, "none-", MANY, MANY, 12);
	look_at_many(&looks, "none-", MANY, MANY, 12);
	check_number("none", "members", looks.book.n_members, 0);
	looks_free(&looks);
}

static void clients_are_found_after_others_went(void **state)
{
	struct looks looks;

	(void)state;
	looks_init(&looks, "id:d-4000 class:none class:d-???9 glob:d-*");
	looks.own.remember_ms = 0;
	looks_start(&looks);
	look_at_many(&looks, "d-", MANY, MANY, 10);
	look_at_many(&looks, "d-", 3, 1, 11);
	look_at_many(&looks, "d-", 3, 1, 12);
	for (size_t a = looks.book.n_fixed; a < looks.book.n_accounts; a++) {
		const struct clients_account *account = looks.book.accounts[a];

		CHECK_ROW(account->id.ptr, account->counters[LOOKS_MESSAGES] == 12);
		CHECK_ROW(account->id.ptr, account->n_connects == 1);
		CHECK_ROW(account->id.ptr, str_eq(account->id, account->alias));
	}
	check_number("all", "of d-4000", looks.book.accounts[0]->counters[LOOKS_MESSAGES], 0);
	look_at_many(&looks, "d-", MANY, MANY, 13);
	check_number("all", "of d-4000", looks.book.accounts[0]->counters[LOOKS_MESSAGES], 13);
	// 400 of 4 digits end in 9; the others but d-4000 have accounts of their own.
	check_number("all", "accounts", looks.book.n_accounts, 3 + MANY - 400 - 1);
	check_number("all", "members", looks.book.n_members, MANY);
	look_at_many(&looks, "d-", 1, 0, 13);
	look_at_many(&looks, "d-", 1, 0, 13);
	check_number("none", "accounts", looks.book.n_accounts, 3);
	check_number("none", "members", looks.book.n_members, 0);
	looks_free(&looks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_of_a_class_are_found_after_others_went),
		cmocka_unit_test(clients_are_found_after_others_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
