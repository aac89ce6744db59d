// SPDX-License-Identifier: Apache-2.0
// Clients that live at random: what is known of them is what a model knows that is as simple as can be.
#include "clients_looks.h"

#include <stdio.h>

enum { N_IDS = 24, FIRST_OF_CLASS = 16, N_STEPS = 3000 };

// What is known of one client, kept as simply as can be.
struct model {
	bool is_known, is_on, was_seen;
	bool was_on;		       // at the look before
	int64_t connected_s, before_s; // of this connection, and of the one before
	uint64_t last[2], total[2], n_connects, n_flaps;
};

// The broker's view of it.
struct life {
	bool is_there, is_on;
	int64_t connected_s;
	uint64_t counters[2];
};

struct trial {
	struct looks looks;
	uint64_t dice;
	int64_t time_s;
	struct life lives[N_IDS];
	struct model models[N_IDS];
	// Of the class: the newest connection, now, at the end of the last look, and of the one before that.
	int64_t newest_s, newest_before_s, counted_s;
};

// xorshift64 (Marsaglia): the same on all machines
static unsigned roll(struct trial *trial, unsigned sides)
{
	trial->dice ^= trial->dice << 13;
	trial->dice ^= trial->dice >> 7;
	trial->dice ^= trial->dice << 17;
	return (unsigned)(trial->dice >> 11) % sides;
}

static const unsigned counter_of[2] = { LOOKS_MESSAGES, LOOKS_BYTES };

// 8 named ones, 8 of a pattern, 8 of a class
static struct str name_of(int i)
{
	static char name[16];

	return (struct str){ name, (size_t)snprintf(name, sizeof(name), "%s%d",
					   i < 8		? "n"
					   : i < FIRST_OF_CLASS ? "g"
								: "s",
					   i) };
}

static void live(struct trial *trial, struct life *life)
{
	unsigned what = roll(trial, 20);

	if (what == 0) {
		life->is_there = false;
	} else if (what <= 2 || (!life->is_there && what <= 6)) {
		life->is_there = life->is_on = true;
		life->connected_s = trial->time_s + roll(trial, 10);
		life->counters[0] = life->counters[1] = 0;
	} else if (what == 7) {
		life->is_on = false;
	} else if (what == 8) {
		life->counters[0] /= 2; // falls, though the connection is the same
		life->counters[1] /= 2;
	}
	life->counters[0] += roll(trial, 4) ? roll(trial, 100) : 0;
	life->counters[1] += (uint64_t)roll(trial, 1u << 31) << roll(trial, 9);
}

static void count_in_model(struct trial *trial, int i, const struct life *row)
{
	struct model *m = &trial->models[i];
	bool is_new = row->connected_s != m->connected_s;
	bool was_counted =
		i >= FIRST_OF_CLASS && !m->is_known && row->connected_s <= trial->counted_s;

	for (int c = 0; c < 2; c++) {
		bool fell = row->counters[c] < m->last[c];

		if (!is_new && fell && m->was_seen)
			continue;
		if (!was_counted)
			m->total[c] +=
				is_new || fell ? row->counters[c] : row->counters[c] - m->last[c];
		m->last[c] = row->counters[c];
	}
	if (!m->was_seen)
		m->was_on = m->is_on;
	if (!m->is_known) {
		m->n_connects += row->is_on && !was_counted;
	} else if (is_new) {
		m->n_connects++;
		m->n_flaps += row->is_on == m->was_on;
	}
	m->is_known = m->was_seen = true;
	m->is_on = row->is_on;
	if (is_new)
		m->before_s = m->connected_s;
	m->connected_s = row->connected_s;
	if (i >= FIRST_OF_CLASS && row->connected_s > trial->newest_s)
		trial->newest_s = row->connected_s;
}

static void show(struct trial *trial, int i, const struct life *life)
{
	struct clients_row row = { .id = name_of(i),
		.is_connected = life->is_on,
		.connected_ms = life->connected_s * 1000 };

	for (int c = 0; c < 2; c++)
		looks_tell(&row, counter_of[c], life->counters[c]);
	clients_book_take(&trial->looks.book, &trial->looks.turn, &row);
}

// The rows of one client in a look, one to three; one of them may be of an older connection, unless they all are, since
// the broker's clock was set back.
static void show_client(struct trial *trial, int i)
{
	struct model *m = &trial->models[i];
	struct life now = trial->lives[i], old = now;
	bool is_older = roll(trial, 6) == 0 && now.connected_s >= m->connected_s;
	bool is_first = roll(trial, 2);

	old.connected_s -= 1 + roll(trial, 50);
	old.is_on = false;
	if (is_older && is_first) {
		show(trial, i, &old);
		// One of the same connection, with less, only waits for a better one.
		if (old.connected_s > m->connected_s ||
			(old.connected_s == m->connected_s && old.counters[0] >= m->last[0] &&
				old.counters[1] >= m->last[1]))
			count_in_model(trial, i, &old);
	}
	show(trial, i, &now);
	if (now.connected_s >= m->connected_s || now.connected_s != m->before_s)
		count_in_model(trial, i, &now);
	if (roll(trial, 8) == 0)
		show(trial, i, &now);
	if (is_older && !is_first)
		show(trial, i, &old);
}

static const struct clients_account *account_of(const struct trial *trial, struct str id)
{
	for (size_t a = 0; a < trial->looks.book.n_accounts; a++)
		if (str_eq(trial->looks.book.accounts[a]->id, id))
			return trial->looks.book.accounts[a];
	return NULL;
}

static void compare(const char *row, const struct clients_account *account, const struct model *m)
{
	for (int c = 0; c < 2; c++)
		check_number(row, clients_counters[counter_of[c]].key,
			account->counters[counter_of[c]], m->total[c]);
	check_number(row, "connects", account->n_connects, m->n_connects);
	check_number(row, "flaps", account->n_flaps, m->n_flaps);
}

static void compare_all(struct trial *trial, int step)
{
	struct model sum = { 0 };
	uint64_t n_on = 0;
	char row[64];

	for (int i = 0; i < N_IDS; i++) {
		const struct model *m = &trial->models[i];
		const struct clients_account *account = account_of(trial, name_of(i));

		snprintf(row, sizeof(row), "step %d, %.*s", step, STR_ARG(name_of(i)));
		if (i < FIRST_OF_CLASS && account)
			compare(row, account, m);
		CHECK_ROW(row, i >= FIRST_OF_CLASS || account || !m->is_known);
		CHECK_ROW(row, !account || !m->was_seen || account->is_connected == m->is_on);
		for (int c = 0; c < 2 && i >= FIRST_OF_CLASS; c++)
			sum.total[c] += m->total[c];
		if (i >= FIRST_OF_CLASS) {
			sum.n_connects += m->n_connects;
			sum.n_flaps += m->n_flaps;
			n_on += m->was_seen && m->is_on;
		}
	}
	snprintf(row, sizeof(row), "step %d, the class", step);
	compare(row, account_of(trial, STR("s*")), &sum);
	check_number(row, "connected", account_of(trial, STR("s*"))->n_connected, n_on);
	looks_check_members(&trial->looks.book);
}

static void look_once(struct trial *trial, int step)
{
	bool is_complete = roll(trial, 10) > 0;

	trial->time_s += roll(trial, 30);
	if (roll(trial, 100) == 0)
		trial->time_s -= 3600;
	looks_begin(&trial->looks, 1000 + roll(trial, 1000));
	trial->counted_s = trial->newest_before_s;
	trial->newest_before_s = trial->newest_s;
	for (int k = 0, i = (int)roll(trial, N_IDS); k < N_IDS; k++, i = (i + 7) % N_IDS) {
		live(trial, &trial->lives[i]);
		trial->models[i].was_seen = false;
		if (trial->lives[i].is_there && (is_complete || roll(trial, 2)))
			show_client(trial, i);
	}
	for (int i = 0; i < N_IDS && is_complete; i++)
		if (!trial->models[i].was_seen)
			trial->models[i].is_on = false;
	for (size_t a = 0; a < trial->looks.book.n_accounts && is_complete; a++) {
		struct clients_account *account = trial->looks.book.accounts[a];
		bool is_there = false;

		for (int i = 0; i < FIRST_OF_CLASS; i++)
			is_there |= trial->models[i].was_seen && str_eq(account->id, name_of(i));
		if (!account->is_class && !is_there)
			clients_book_miss(&trial->looks.book, account);
	}
	clients_book_settle(&trial->looks.book, &trial->looks.turn);
	clients_book_end(&trial->looks.book, is_complete);
	compare_all(trial, step);
	trial->looks.turn.is_pushed = roll(trial, 3);
	clients_accounts_forget(&trial->looks.book, &trial->looks.turn, is_complete);
}

static void random_lives_give_what_a_simple_model_gives(void **state)
{
	static struct trial trial;

	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		trial = (struct trial){ .dice = seed * UINT64_C(0x9e3779b97f4a7c15),
			.time_s = 100000 };
		looks_init(&trial.looks, "id:n0 id:n1 id:n2 id:n3 id:n4 id:n5 id:n6 id:n7 "
					 "class:s* glob:g*");
		looks_start(&trial.looks);
		for (int step = 0; step < N_STEPS; step++)
			look_once(&trial, step);
		looks_free(&trial.looks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_lives_give_what_a_simple_model_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
