// SPDX-License-Identifier: Apache-2.0
// What is known of clients over time, as looks and what came of them.
#include "clients_looks.h"

#include "base/hash.h"

#include <stdio.h>

struct step {
	const char *rows, *known; // NULL: the end
	int64_t after_ms;	  // 0: 10 s
};

struct story {
	const char *name, *monitored;
	bool is_raw;
	size_t max_clients, max_class_clients; // 0: the default
	int64_t remember_ms;		       // 0: the default, -1: none
	struct step steps[9];
};

static void check_story(const struct story *story)
{
	struct looks looks;
	char row[200];

	looks_init(&looks, story->monitored);
	looks.own.raw_counters = story->is_raw;
	if (story->max_clients)
		looks.own.max_clients = story->max_clients;
	if (story->max_class_clients)
		looks.own.max_class_clients = story->max_class_clients;
	if (story->remember_ms)
		looks.own.remember_ms = story->remember_ms < 0 ? 0 : story->remember_ms;
	looks_start(&looks);
	for (size_t i = 0; i < ARRAY_LEN(story->steps) && story->steps[i].rows; i++) {
		const struct step *step = &story->steps[i];
		struct str known = looks_look(
			&looks, str_of(step->rows), step->after_ms ? step->after_ms : 10000);

		snprintf(row, sizeof(row), "%s: look %zu: %s", story->name, i + 1, step->rows);
		check_str(row, known, str_of(step->known));
	}
	looks_free(&looks);
}

static void check_stories(const struct story *stories, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_story(&stories[i]);
}

// 1. One client

static void counters_go_on_over_connections(void **state)
{
	static const struct story stories[] = {
		{ .name = "nobody was seen yet",
			.monitored = "id:a glob:b",
			.steps = { { "", "a gone - c0 f0" }, { "?", "a gone - c0 f0" } } },
		{ .name = "the same connection",
			.monitored = "id:a",
			.steps = { { "a@100=5", "a on 5 c1 f0" }, { "a@100=5", "a on 5 c1 f0" },
				{ "a@100=9", "a on 9 c1 f0" } } },
		{ .name = "a new connection",
			.monitored = "id:a",
			.steps = { { "a@100=5", "a on 5 c1 f0" }, { "a@200=3", "a on 8 c2 f1" },
				{ "a@200=4", "a on 9 c2 f1" },
				{ "a@300=100", "a on 109 c3 f2" } } },
		{ .name = "it went, and came back",
			.monitored = "id:a",
			.steps = { { "a@100=5", "a on 5 c1 f0" }, { "", "a gone 5 c1 f0" },
				{ "", "a gone 5 c1 f0" }, { "a@200=3", "a on 8 c2 f0" } } },
		{ .name = "it was gone by mistake",
			.monitored = "id:a",
			.steps = { { "a@100=5", "a on 5 c1 f0" }, { "", "a gone 5 c1 f0" },
				{ "a@100=7", "a on 7 c1 f0" } } },
		{ .name = "its session stayed",
			.monitored = "id:a",
			.steps = { { "a@100=5", "a on 5 c1 f0" }, { "a@100=6!", "a off 6 c1 f0" },
				{ "a@200=1", "a on 7 c2 f0" }, { "a@200=1!", "a off 7 c2 f0" } } },
		{ .name = "it came for a moment between two looks",
			.monitored = "id:a",
			.steps = { { "a@100=5!", "a off 5 c0 f0" }, { "a@200=2!", "a off 7 c1 f1" },
				{ "a@200=2!", "a off 7 c1 f1" } } },
		{ .name = "it was lost in a look that told nothing",
			.monitored = "id:a",
			.steps = { { "a@100=5", "a on 5 c1 f0" }, { "?", "a on 5 c1 f0" },
				{ "a@100=6", "a on 6 c1 f0" } } },
		{ .name = "no connected_at is told",
			.monitored = "id:a",
			.steps = { { "a=5", "a on 5 c1 f0" }, { "a=7", "a on 7 c1 f0" },
				{ "a@100=2", "a on 9 c2 f1" }, { "a=3", "a on 10 c2 f1" } } },
		{ .name = "nor counters",
			.monitored = "id:a",
			.steps = { { "a@100", "a on - c1 f0" }, { "a@100=4", "a on 4 c1 f0" },
				{ "a@100", "a on 4 c1 f0" }, { "a@100=6", "a on 6 c1 f0" },
				{ "a@200", "a on 6 c2 f1" }, { "a@200=5", "a on 11 c2 f1" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

static void a_counter_that_falls_begins_again(void **state)
{
	static const struct story stories[] = {
		{ .name = "without a new connection",
			.monitored = "id:a",
			.steps = { { "a@100=5/50", "a on 5/50 c1 f0" },
				{ "a@100=3/20", "a on 8/70 c1 f0" },
				{ "a@100=4/21", "a on 9/71 c1 f0" },
				{ "a@100=0/0", "a on 9/71 c1 f0" },
				{ "a@100=1/1", "a on 10/72 c1 f0" } } },
		{ .name = "one of them",
			.monitored = "id:a",
			.steps = { { "a@100=5/50", "a on 5/50 c1 f0" },
				{ "a@100=6/20", "a on 6/70 c1 f0" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

static void of_several_rows_in_a_look_the_newest_connection_counts(void **state)
{
	static const struct story stories[] = {
		{ .name = "the same twice",
			.monitored = "id:a",
			.steps = { { "a@100=5 a@100=5", "a on 5 c1 f0" },
				{ "a@100=6 a@100=6 a@100=6", "a on 6 c1 f0" } } },
		{ .name = "a later copy",
			.monitored = "id:a",
			.steps = { { "a@100=5 a@100=7", "a on 7 c1 f0" } } },
		{ .name = "an earlier copy",
			.monitored = "id:a",
			.steps = { { "a@100=7/70 a@100=5/50", "a on 7/70 c1 f0" },
				{ "a@100=8/80", "a on 8/80 c1 f0" } } },
		{ .name = "the older connection first",
			.monitored = "id:a",
			.steps = { { "a@100=5", "a on 5 c1 f0" },
				{ "a@100=6 a@200=1", "a on 7 c2 f1" } } },
		{ .name = "the newer connection first",
			.monitored = "id:a",
			.steps = { { "a@100=5", "a on 5 c1 f0" },
				{ "a@200=1 a@100=6", "a on 6 c2 f1" },
				{ "a@200=2", "a on 7 c2 f1" } } },
		{ .name = "what is left of it on another node comes first",
			.monitored = "id:a",
			.steps = { { "a@100=5", "a on 5 c1 f0" },
				{ "a@100=6! a@200=1", "a on 7 c2 f1" },
				{ "a@100=6! a@200=2", "a on 8 c2 f1" } } },
		{ .name = "what is left of it on another node comes last",
			.monitored = "id:a",
			.steps = { { "a@200=1 a@100=6!", "a on 1 c1 f0" },
				{ "a@200=2 a@100=6!", "a on 2 c1 f0" } } },
		{ .name = "a copy of the connection before is never the newest",
			.monitored = "id:a",
			.steps = { { "a@100=5", "a on 5 c1 f0" }, { "a@200=1", "a on 6 c2 f1" },
				{ "a@100=5!", "a on 6 c2 f1" }, { "a@200=2", "a on 7 c2 f1" } } },
		{ .name = "three connections, in order",
			.monitored = "id:a",
			.steps = { { "a@100=5 a@200=6 a@300=7", "a on 18 c3 f0" } } },
		{ .name = "three connections, in no order",
			.monitored = "id:a",
			.steps = { { "a@200=5 a@300=6 a@100=7", "a on 11 c2 f0" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

// The broker's clock may be set back; then a connection that looks older is the newest one.
static void an_older_connection_counts_if_there_is_no_other(void **state)
{
	static const struct story stories[] = {
		{ .name = "a look later",
			.monitored = "id:a",
			.steps = { { "a@3700=5", "a on 5 c1 f0" }, { "a@110=2", "a on 7 c2 f1" },
				{ "a@110=3", "a on 8 c2 f1" }, { "a@120=1", "a on 9 c3 f2" } } },
		{ .name = "after it was gone",
			.monitored = "id:a",
			.steps = { { "a@3700=5", "a on 5 c1 f0" }, { "", "a gone 5 c1 f0" },
				{ "a@110=2", "a on 7 c2 f0" } } },
		{ .name = "told twice",
			.monitored = "id:a",
			.steps = { { "a@3700=5", "a on 5 c1 f0" },
				{ "a@110=2 a@110=2", "a on 7 c2 f1" } } },
		{ .name = "the known one comes behind it",
			.monitored = "id:a",
			.steps = { { "a@3700=5", "a on 5 c1 f0" },
				{ "a@110=2 a@3700=6", "a on 6 c1 f0" } } },
		{ .name = "a newer one comes behind it",
			.monitored = "id:a",
			.steps = { { "a@3700=5", "a on 5 c1 f0" },
				{ "a@110=2 a@3800=1", "a on 6 c2 f1" } } },
		{ .name = "in a class",
			.monitored = "class:*",
			.steps = { { "a@3700=5 b@3700=5", "* 2/2 10 c2 f0" },
				{ "a@110=2 b@3700=6", "* 2/2 13 c3 f1" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

static void of_several_older_connections_the_newest_counts(void **state)
{
	static const struct story stories[] = {
		{ .name = "the newer one last",
			.monitored = "id:a",
			.steps = { { "a@3700=5", "a on 5 c1 f0" },
				{ "a@110=2! a@120=3", "a on 8 c2 f1" } } },
		{ .name = "the newer one first",
			.monitored = "id:a",
			.steps = { { "a@3700=5", "a on 5 c1 f0" },
				{ "a@120=3 a@110=2!", "a on 8 c2 f1" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

static void a_row_of_the_connection_before_is_ignored(void **state)
{
	static const struct story stories[] = {
		{ .name = "though there is no other",
			.monitored = "id:a",
			.steps = { { "a@100=5", "a on 5 c1 f0" }, { "a@200=1", "a on 6 c2 f1" },
				{ "a@100=9!", "a on 6 c2 f1" }, { "a@200=3", "a on 8 c2 f1" } } },
		{ .name = "in a class",
			.monitored = "class:*",
			.steps = { { "a@100=5", "* 1/1 5 c1 f0" }, { "a@200=1", "* 1/1 6 c2 f1" },
				{ "a@100=9!", "* 0/0 6 c2 f1" }, { "a@200=3", "* 1/1 8 c2 f1" } } },
		{ .name = "after the broker's clock was set back it looks newer, and is none",
			.monitored = "id:a",
			.steps = { { "a@3700=5", "a on 5 c1 f0" }, { "a@110=2", "a on 7 c2 f1" },
				{ "a@3700=9", "a on 16 c3 f2" }, { "a@110=3", "a on 16 c3 f2" } } },
		{ .name = "one before that is another",
			.monitored = "id:a",
			.steps = { { "a@100=5", "a on 5 c1 f0" }, { "a@200=1", "a on 6 c2 f1" },
				{ "a@300=1", "a on 7 c3 f2" }, { "a@200=4", "a on 7 c3 f2" },
				{ "a@100=4", "a on 11 c4 f3" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

// It may be an earlier copy; if it is the only one, its counters have begun again.
static void a_row_with_a_lower_counter_counts_if_there_is_no_better_one(void **state)
{
	static const struct story stories[] = {
		{ .name = "there is none",
			.monitored = "id:a",
			.steps = { { "a@100=7", "a on 7 c1 f0" },
				{ "a@100=5", "a on 12 c1 f0" } } },
		{ .name = "a better one comes behind it",
			.monitored = "id:a",
			.steps = { { "a@100=7", "a on 7 c1 f0" },
				{ "a@100=5 a@100=8", "a on 8 c1 f0" } } },
		{ .name = "a better one came before it",
			.monitored = "id:a",
			.steps = { { "a@100=7", "a on 7 c1 f0" },
				{ "a@100=8 a@100=5", "a on 8 c1 f0" },
				{ "a@100=9", "a on 9 c1 f0" } } },
		{ .name = "only one of its counters is lower",
			.monitored = "id:a",
			.steps = { { "a@100=7/70", "a on 7/70 c1 f0" },
				{ "a@100=8/60 a@100=9/90", "a on 9/90 c1 f0" },
				{ "a@100=10/80", "a on 10/170 c1 f0" } } },
		{ .name = "a new connection comes behind it",
			.monitored = "id:a",
			.steps = { { "a@100=7", "a on 7 c1 f0" },
				{ "a@100=5 a@200=1", "a on 8 c2 f1" } } },
		{ .name = "nobody tells when it began",
			.monitored = "id:a",
			.steps = { { "a=7", "a on 7 c1 f0" }, { "a=5 a=8", "a on 8 c1 f0" },
				{ "a=2", "a on 10 c1 f0" } } },
		{ .name = "of two the last one counts",
			.monitored = "id:a",
			.steps = { { "a@100=7", "a on 7 c1 f0" },
				{ "a@100=5 a@100=3", "a on 10 c1 f0" },
				{ "a@100=1 a@100=2", "a on 12 c1 f0" } } },
		{ .name = "in a class",
			.monitored = "class:*",
			.steps = { { "a@100=7 b@100=7", "* 2/2 14 c2 f0" },
				{ "a@100=5! b@100=5 a@100=8", "* 2/2 20 c2 f0" } } },
		{ .name = "plain values are told as they come",
			.monitored = "id:a",
			.is_raw = true,
			.steps = { { "a@100=7", "a on 7 c1 f0" }, { "a@100=5", "a on 5 c1 f0" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

static void many_rows_may_wait(void **state)
{
	struct looks looks;
	struct buf before = buf_new(UNIT_LIMIT), after = buf_new(UNIT_LIMIT);

	(void)state;
	for (int i = 0; i < 100; i++) {
		buf_addf(&before, "c%d@1000=1 ", i);
		buf_addf(&after, "c%d@500=2 ", i);
	}
	looks_init(&looks, "class:*");
	looks_start(&looks);
	looks_look(&looks, buf_str(&before), 1000);
	check_str("all", looks_look(&looks, buf_str(&after), 1000), STR("* 100/100 300 c200 f100"));
	looks_free(&looks);
	buf_free(&before);
	buf_free(&after);
}

// 2. Numbers

static void counters_of_any_size_grow_as_the_broker_counts(void **state)
{
	static const struct story stories[] = {
		// 4294967296 = 2^32
		{ .name = "one passes 2^32",
			.monitored = "id:a",
			.steps = { { "a@1=4294967290", "a on 4294967290 c1 f0" },
				{ "a@1=4294967300", "a on 4294967300 c1 f0" },
				{ "a@1=12884901888", "a on 12884901888 c1 f0" } } },
		{ .name = "one begins beyond 2^32",
			.monitored = "id:a",
			.steps = { { "a@1=4294967296000", "a on 4294967296000 c1 f0" },
				{ "a@1=4294967296007", "a on 4294967296007 c1 f0" },
				{ "a@2=4294967296000", "a on 8589934592007 c2 f1" } } },
		{ .name = "one falls from far above",
			.monitored = "id:a",
			.steps = { { "a@1=4294967296", "a on 4294967296 c1 f0" },
				{ "a@1=5", "a on 4294967301 c1 f0" },
				{ "a@1=6", "a on 4294967302 c1 f0" } } },
		{ .name = "bytes pass 2^32 in one step",
			.monitored = "id:a",
			.steps = { { "a@1/1", "a on -/1 c1 f0" },
				{ "a@1/4294967297", "a on -/4294967297 c1 f0" },
				{ "a@1/1099511627776", "a on -/1099511627776 c1 f0" },
				{ "a@1/1099511627775", "a on -/2199023255551 c1 f0" } } },
		{ .name = "bytes of two connections",
			.monitored = "id:a",
			.steps = { { "a@1/1099511627776", "a on -/1099511627776 c1 f0" },
				{ "a@2/1099511627776", "a on -/2199023255552 c2 f1" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

// A total that passes 2^64 would fall.
static void a_total_does_not_fall_however_large_it_is(void **state)
{
	struct looks looks;
	uint64_t before = 0;

	(void)state;
	looks_init(&looks, "id:a");
	looks_start(&looks);
	for (int i = 1; i <= 5; i++) {
		struct str rows = arena_printf(&looks.conf_arena, "a@%d/9223372036854775807", i);
		struct str known = looks_look(&looks, rows, 1000);
		uint64_t now = looks.book.accounts[0]->counters[LOOKS_BYTES];

		if (now < before)
			FAIL_ROW(known.ptr, "it fell from %llu", (unsigned long long)before);
		before = now;
	}
	looks_free(&looks);
}

static void only_counters_that_are_wanted_are_kept(void **state)
{
	static const struct {
		enum clients_switch off;
		unsigned n_kept; // of 18
	} rows[] = {
		{ CLIENTS_ALWAYS, 18 },
		{ CLIENTS_PROCESSED, 16 },
		{ CLIENTS_QOS_SPLIT, 12 },
		{ CLIENTS_DROPPED, 16 },
		{ CLIENTS_REASON_SPLIT, 14 },
		{ CLIENTS_BYTES, 16 },
		{ CLIENTS_PACKETS, 16 },
		{ CLIENTS_DATES, 18 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct looks looks;
		struct clients_row row = { .id = STR("a"), .told = (1u << N_CLIENTS_COUNTERS) - 1 };

		looks_init(&looks, "id:a");
		for (int s = 0; s < N_CLIENTS_SWITCHES; s++)
			looks.own.enabled[s] = s != (int)rows[i].off;
		looks_start(&looks);
		check_number("switches", "bytes", looks.book.member_size,
			sizeof(struct clients_member) + 8 * (size_t)rows[i].n_kept);
		looks_begin(&looks, 1000);
		for (unsigned c = 0; c < N_CLIENTS_COUNTERS; c++)
			row.counters[c] = 100 + c;
		clients_book_take(&looks.book, &looks.turn, &row);
		const struct clients_account *a = looks.book.accounts[0];
		const struct clients_member *member = clients_member_at(&looks.book, a->member);
		for (unsigned c = 0; c < N_CLIENTS_COUNTERS; c++) {
			bool is_off = clients_counters[c].enabled_by == rows[i].off;

			check_number(clients_counters[c].key, "total", a->counters[c],
				is_off ? 0 : 100 + c);
			check_number(clients_counters[c].key, "told", a->told >> c & 1, !is_off);
			if (!is_off)
				check_number(clients_counters[c].key, "last",
					member->last[looks.book.slot[c]], 100 + c);
		}
		looks_free(&looks);
	}
}

static void no_counter_may_be_wanted(void **state)
{
	struct looks looks;

	(void)state;
	looks_init(&looks, "id:a class:*");
	memset(looks.own.enabled, 0, sizeof(looks.own.enabled));
	looks_start(&looks);
	check_number("none", "bytes", looks.book.member_size, sizeof(struct clients_member));
	looks_look(&looks, STR("a@1=1 b@1=1 c@1=1 d@1=1"), 1000);
	check_str("none", looks_look(&looks, STR("a@2=1 b@2=1 c@2=1 d@2=1"), 1000),
		STR("a on - c2 f1; * 3/3 - c6 f3"));
	check_number("none", "members", looks.book.n_members, 4);
	looks_free(&looks);
}

static void raw_counters_are_those_of_the_broker(void **state)
{
	static const struct story stories[] = {
		{ .name = "a client",
			.monitored = "id:a",
			.is_raw = true,
			.steps = { { "a@100=5/4294967296", "a on 5/4294967296 c1 f0" },
				{ "a@100=3/1", "a on 3/1 c1 f0" },
				{ "a@200=1/2", "a on 1/2 c2 f1" }, { "a@200", "a on 1/2 c2 f1" },
				{ "", "a gone 1/2 c2 f1" } } },
		{ .name = "a client told twice",
			.monitored = "id:a",
			.is_raw = true,
			.steps = { { "a@100=5 a@100=5", "a on 5 c1 f0" },
				{ "a@200=1 a@100=9", "a on 1 c2 f1" } } },
		{ .name = "a class is the sum of who is there",
			.monitored = "class:*",
			.is_raw = true,
			.steps = { { "a@100=5 b@100=7", "* 2/2 12 c2 f0" },
				{ "a@100=6 b@100=8", "* 2/2 14 c2 f0" },
				{ "a@200=1", "* 1/1 1 c3 f1" }, { "", "* 0/0 0 c3 f1" } } },
		{ .name = "of a class, none counts twice",
			.monitored = "class:*",
			.is_raw = true,
			.steps = { { "a@100=5 b@100=7 a@100=5", "* 2/2 12 c2 f0" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

// 3. Classes

static void a_class_adds_up_what_its_members_do(void **state)
{
	static const struct story stories[] = {
		{ .name = "members come and go",
			.monitored = "class:s-*",
			.steps = { { "s-a@100=5 x@100=9", "s-* 1/1 5 c1 f0" },
				{ "s-a@100=6 s-b@110=2", "s-* 2/2 8 c2 f0" },
				{ "s-b@110=3", "s-* 1/1 9 c2 f0" }, { "", "s-* 0/0 9 c2 f0" },
				{ "s-a@200=4 s-b@110=3", "s-* 2/2 13 c3 f0" } } },
		{ .name = "a member moves to another node within a look",
			.monitored = "class:*",
			.steps = { { "a@100=5", "* 1/1 5 c1 f0" },
				{ "a@100=6! a@200=1", "* 1/1 7 c2 f1" },
				{ "a@200=2 a@100=6!", "* 1/1 8 c2 f1" } } },
		{ .name = "it is not connected any more",
			.monitored = "class:*",
			.steps = { { "a@100=5 b@100=1", "* 2/2 6 c2 f0" },
				{ "a@100=6! b@100=1", "* 1/2 7 c2 f0" },
				{ "a@100=6! a@200=1 b@100=1", "* 2/2 8 c3 f0" } } },
		{ .name = "the second row says it has gone",
			.monitored = "class:*",
			.steps = { { "a@100=5 a@100=5!", "* 0/1 5 c1 f0" } } },
		{ .name = "a member's counter falls",
			.monitored = "class:*",
			.steps = { { "a@100=5 b@100=5", "* 2/2 10 c2 f0" },
				{ "a@100=2 b@100=6", "* 2/2 13 c2 f0" } } },
		{ .name = "two classes and a client",
			.monitored = "id:s-x class:s-* class:*",
			.steps = { { "s-x@1=1 s-y@1=2 z@1=4 zz@1=8",
				"s-x on 1 c1 f0; s-* 1/1 2 c1 f0; * 2/2 12 c2 f0" } } },
		{ .name = "a look that told of a part",
			.monitored = "class:*",
			.steps = { { "a@100=5 b@100=5", "* 2/2 10 c2 f0" },
				{ "a@100=6 ?", "* 1/1 11 c2 f0" },
				{ "a@100=7 b@100=7", "* 2/2 14 c2 f0" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

static void the_gauges_of_a_class_are_sums_and_the_longest_queue(void **state)
{
	static const int64_t values[][N_CLIENTS_GAUGES] = { { 1, 20, 300 }, { 2, 40, 100 } };
	struct looks looks;
	struct clients_account *account;

	(void)state;
	looks_init(&looks, "class:*");
	looks_start(&looks);
	account = looks.book.accounts[0];
	for (int look = 0; look < 2; look++) {
		looks_begin(&looks, 1000);
		// The second row of a client changes nothing.
		for (int i = 0; i < 4; i++) {
			struct clients_row row = { .id = i % 2 ? STR("b") : STR("a"),
				.connected_ms = 1000 + i / 2,
				.told_gauges = 7 };
			memcpy(row.gauges, values[i % 2], sizeof(row.gauges));
			clients_book_take(&looks.book, &looks.turn, &row);
		}
		check_number("gauges", "subscriptions",
			(uint64_t)account->gauges[CLIENTS_SUBSCRIBED], 3);
		check_number(
			"gauges", "in flight", (uint64_t)account->gauges[CLIENTS_IN_FLIGHT], 60);
		check_number("gauges", "queue", (uint64_t)account->gauges[CLIENTS_QUEUED], 300);
		check_number("gauges", "told", account->told_gauges, 7);
	}
	looks_free(&looks);
}

static void the_counters_of_too_many_members_are_not_added(void **state)
{
	static const struct story stories[] = {
		{ .name = "the third is not",
			.monitored = "class:*",
			.max_class_clients = 2,
			.steps = { { "a@1=1 b@1=10 c@1=100", "* 3/3 11 c2 f0" },
				{ "a@1=2 b@1=20 c@1=200", "* 3/3 22 c2 f0" },
				// When two looks have not seen b there is room for c.
				{ "a@1=2 c@1=300", "* 2/2 22 c2 f0" },
				{ "a@1=2 c@1=400", "* 2/2 22 c2 f0" },
				{ "a@1=2 c@7=500", "* 2/2 522 c3 f0" } } },
		{ .name = "over all classes",
			.monitored = "class:a* class:b*",
			.max_class_clients = 2,
			.steps = { { "a1@1=1 a2@1=1 b1@1=1", "a* 2/2 2 c2 f0; b* 1/1 - c0 f0" } } },
		{ .name = "clients are no members of classes",
			.monitored = "id:a class:*",
			.max_class_clients = 1,
			.steps = { { "a@1=1 b@1=2", "a on 1 c1 f0; * 1/1 2 c1 f0" },
				{ "a@1=2 b@1=4", "a on 2 c1 f0; * 1/1 4 c1 f0" } } },
		{ .name = "raw values need no memory",
			.monitored = "class:*",
			.max_class_clients = 1,
			.is_raw = true,
			.steps = { { "a@1=1 b@1=10", "* 2/2 11 c1 f0" } } },
	};
	struct looks looks;

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
	looks_init(&looks, "class:*");
	looks.own.max_class_clients = 2;
	looks_start(&looks);
	looks_look(&looks, STR("a@1=1 b@1=1 c@1=1 d@1=1"), 1000);
	check_number("they are counted", "n_untracked", looks.book.n_untracked, 2);
	looks_look(&looks, STR("a@1=1 b@1=1"), 1000);
	check_number("they are counted anew", "n_untracked", looks.book.n_untracked, 0);
	looks_free(&looks);
}

// Whoever is on a page that could not be read is no less a member.
static void members_are_not_forgotten_by_a_look_that_told_of_a_part(void **state)
{
	static const struct story stories[] = {
		{ .name = "nothing is remembered",
			.monitored = "class:*",
			.remember_ms = -1,
			.steps = { { "a@1=5 b@1=5", "* 2/2 10 c2 f0" },
				{ "a@1=6 ?", "* 1/1 11 c2 f0" },
				{ "a@1=7 b@1=7", "* 2/2 14 c2 f0" } } },
		{ .name = "there are too many",
			.monitored = "class:*",
			.max_class_clients = 2,
			.steps = { { "a@1=5 b@1=5", "* 2/2 10 c2 f0" },
				{ "b@1=6 c@1=6 ?", "* 2/2 11 c2 f0" },
				{ "a@1=7 b@1=7", "* 2/2 14 c2 f0" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

// Pages may have passed over a member for so long that it was forgotten: then only a connection that began since is
// counted from its start, so that nothing is counted twice.
static void a_member_that_was_forgotten_is_not_counted_twice(void **state)
{
	static const struct story stories[] = {
		{ .name = "after a time",
			.monitored = "class:*",
			.remember_ms = 60000,
			.steps = { { "a@1=5 b@1=5", "* 2/2 10 c2 f0" },
				{ "b@1=5", "* 1/1 10 c2 f0", 50000 },
				{ "a@1=6 b@1=5", "* 2/2 11 c2 f0", 9000 },
				{ "b@1=5", "* 1/1 11 c2 f0", 61000 },
				{ "b@1=5", "* 1/1 11 c2 f0", 1000 },
				{ "a@1=7 b@1=5", "* 2/2 11 c2 f0", 1000 },
				{ "a@1=9 b@1=5", "* 2/2 13 c2 f0", 1000 } } },
		{ .name = "with a new connection",
			.monitored = "class:*",
			.remember_ms = -1,
			.steps = { { "a@1=5 b@1=5", "* 2/2 10 c2 f0" },
				{ "b@1=5", "* 1/1 10 c2 f0" }, { "b@1=5", "* 1/1 10 c2 f0" },
				{ "a@9=7 b@1=5", "* 2/2 17 c3 f0" } } },
		{ .name = "where nothing is remembered, pages that shift may miss it once",
			.monitored = "class:*",
			.remember_ms = -1,
			.steps = { { "a@1=5 b@1=5", "* 2/2 10 c2 f0" },
				{ "a@1=6", "* 1/1 11 c2 f0" }, { "a@1=7 b@1=7", "* 2/2 14 c2 f0" },
				{ "a@1=7", "* 1/1 14 c2 f0" }, { "a@1=7", "* 1/1 14 c2 f0" },
				{ "a@1=7 b@1=8", "* 2/2 14 c2 f0" } } },
		// It began while the look before was under way, behind the page that told of others.
		{ .name = "a connection may be older than one that was seen",
			.monitored = "class:*",
			.steps = { { "a@100=5", "* 1/1 5 c1 f0" },
				{ "a@100=5 b@99=3", "* 2/2 8 c2 f0" } } },
		{ .name = "a date from the future hides nobody",
			.monitored = "class:*",
			.steps = { { "a@1900000000=5", "* 1/1 5 c1 f0" },
				{ "a@1900000000=5", "* 1/1 5 c1 f0" },
				{ "a@1900000000=5", "* 1/1 5 c1 f0" },
				{ "a@1900000000=5 b@1800000000=3", "* 2/2 8 c2 f0" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

// Of whom nothing is known may have been counted and forgotten: rather too little is counted than the same twice.
static void a_connection_that_may_have_been_counted_is_not_counted_at_first_sight(void **state)
{
	static const struct story stories[] = {
		{ .name = "as old as those before the last look",
			.monitored = "class:*",
			.steps = { { "a@100=5", "* 1/1 5 c1 f0" },
				{ "a@100=5 b@90=7", "* 2/2 12 c2 f0" },
				{ "a@100=5 c@100=9 d@101=1", "* 3/3 13 c3 f0" },
				// e may have begun since the last look, f not.
				{ "a@100=5 c@100=10 e@101=1", "* 3/3 15 c4 f0" },
				{ "a@100=5 c@200=2 f@101=4", "* 3/3 17 c5 f1" },
				{ "a@100=5 c@200=2 f@101=6", "* 3/3 19 c5 f1" } } },
		{ .name = "it is not connected",
			.monitored = "class:*",
			.steps = { { "a@100=5", "* 1/1 5 c1 f0" }, { "a@100=5", "* 1/1 5 c1 f0" },
				{ "b@100=9!", "* 0/1 5 c1 f0" }, { "b@200=1", "* 1/1 6 c2 f0" } } },
		{ .name = "nobody tells when it began",
			.monitored = "class:*",
			.steps = { { "a@100=5", "* 1/1 5 c1 f0" }, { "a@100=5", "* 1/1 5 c1 f0" },
				{ "a@100=5 b=7", "* 2/2 12 c2 f0" },
				{ "a@100=5 b=8", "* 2/2 13 c2 f0" } } },
		{ .name = "each class by itself",
			.monitored = "class:a* class:b*",
			.steps = { { "a1@100=5", "a* 1/1 5 c1 f0; b* 0/0 - c0 f0" },
				{ "a1@100=5", "a* 1/1 5 c1 f0; b* 0/0 - c0 f0" },
				{ "a2@50=1 b1@50=7", "a* 1/1 5 c1 f0; b* 1/1 7 c1 f0" } } },
		{ .name = "a client with an account was never counted before",
			.monitored = "glob:*",
			.steps = { { "a@100=5", "a on 5 c1 f0" }, { "a@100=5", "a on 5 c1 f0" },
				{ "a@100=5 b@50=7", "a on 5 c1 f0; b on 7 c1 f0" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

// The wall clock begins at 1800000000 s; a day has 86400 s.
static void a_date_from_the_future_hides_no_connection(void **state)
{
	static const struct story stories[] = {
		{ .name = "years ahead",
			.monitored = "class:*",
			.steps = { { "x@1900000000=5", "* 1/1 5 c1 f0" },
				{ "x@1900000000=5", "* 1/1 5 c1 f0" },
				{ "x@1900000000=6 a@100=7", "* 2/2 13 c2 f0" } } },
		{ .name = "a little more than a day ahead",
			.monitored = "class:*",
			.steps = { { "x@1800086411=5", "* 1/1 5 c1 f0" }, { "", "* 0/0 5 c1 f0" },
				{ "a@1800086411=7", "* 1/1 12 c2 f0" } } },
		{ .name = "less than a day ahead",
			.monitored = "class:*",
			.steps = { { "x@1800086409=5", "* 1/1 5 c1 f0" }, { "", "* 0/0 5 c1 f0" },
				{ "a@1800086409=7 b@1800086410=1", "* 2/2 6 c2 f0" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

// 4. Who has an account

static void patterns_make_accounts_up_to_a_limit(void **state)
{
	static const struct story stories[] = {
		{ .name = "in the order of their coming",
			.monitored = "id:n glob:d-*",
			.max_clients = 2,
			.steps = { { "d-b@1=1 x@1=1 n@1=1 d-a@1=2 d-c@1=3",
					   "n on 1 c1 f0; d-b on 1 c1 f0; d-a on 2 c1 f0" },
				{ "d-c@1=4 d-a@1=3 d-b@1=2",
					"n gone 1 c1 f0; d-b on 2 c1 f0; d-a on 3 c1 f0" } } },
		{ .name = "the one that is gone longest makes room",
			.monitored = "glob:*",
			.max_clients = 3,
			.steps = { { "a@1=1 b@1=2 c@1=3",
					   "a on 1 c1 f0; b on 2 c1 f0; c on 3 c1 f0" },
				{ "a@1=1 b@1=2", "a on 1 c1 f0; b on 2 c1 f0; c gone 3 c1 f0" },
				{ "b@1=2", "a gone 1 c1 f0; b on 2 c1 f0; c gone 3 c1 f0" },
				{ "b@1=2 d@1=4",
					"a gone 1 c1 f0; b on 2 c1 f0; c gone 3 c1 f0; d on 4 c1 "
					"f0" },
				{ "b@1=2 d@1=5", "a gone 1 c1 f0; b on 2 c1 f0; d on 5 c1 f0" },
				{ "b@1=3 d@1=6 e@1=7 f@1=8",
					"a gone 1 c1 f0; b on 3 c1 f0; d on 6 c1 f0; e on 7 c1 "
					"f0" },
				{ "b@1=3 d@1=6 e@1=7",
					"b on 3 c1 f0; d on 6 c1 f0; e on 7 c1 f0" } } },
		{ .name = "who is back in this look is not gone",
			.monitored = "glob:*",
			.max_clients = 2,
			.steps = { { "a@1=1 b@1=2", "a on 1 c1 f0; b on 2 c1 f0" },
				{ "", "a gone 1 c1 f0; b gone 2 c1 f0" },
				{ "b@1=2 a@2=1 c@1=1", "a on 2 c2 f0; b on 2 c1 f0" } } },
		{ .name = "some of those who are gone come back",
			.monitored = "glob:*",
			.max_clients = 3,
			.steps = { { "a@1=1 b@1=2 c@1=3",
					   "a on 1 c1 f0; b on 2 c1 f0; c on 3 c1 f0" },
				{ "", "a gone 1 c1 f0; b gone 2 c1 f0; c gone 3 c1 f0" },
				// x takes the place of a, then b and c are back.
				{ "x@1=1 b@1=2 y@1=1",
					"a gone 1 c1 f0; b on 2 c1 f0; c gone 3 c1 f0; x on 1 c1 "
					"f0; y on 1 c1 f0" },
				{ "", "b gone 2 c1 f0; x gone 1 c1 f0; y gone 1 c1 f0" } } },
		{ .name = "one that has made room comes back, and the next one makes room",
			.monitored = "glob:*",
			.max_clients = 2,
			.steps = { { "a@1=1 b@1=2", "a on 1 c1 f0; b on 2 c1 f0" },
				{ "", "a gone 1 c1 f0; b gone 2 c1 f0" },
				{ "c@1=3 a@2=4", "a on 5 c2 f0; b gone 2 c1 f0; c on 3 c1 f0" },
				{ "c@1=3 a@2=4 b@1=2", "a on 5 c2 f0; c on 3 c1 f0" } } },
		{ .name = "a named client makes no room",
			.monitored = "id:a glob:*",
			.max_clients = 1,
			.steps = { { "", "a gone - c0 f0" },
				{ "b@1=1 c@1=1", "a gone - c0 f0; b on 1 c1 f0" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

// It may be evicted by a row that comes before its own.
static void the_limit_holds_if_an_evicted_client_comes_back(void **state)
{
	struct looks looks;

	(void)state;
	looks_init(&looks, "glob:*");
	looks.own.max_clients = 1;
	looks_start(&looks);
	looks_look(&looks, STR("a@1=1"), 1000);
	looks_look(&looks, STR(""), 1000);
	looks_look(&looks, STR("b@1=1 a@2=1"), 1000);
	check_number("after the look", "accounts", looks.book.n_accounts, 1);
	looks_look(&looks, STR("b@1=1 a@2=1"), 1000);
	check_number("after the next look", "accounts", looks.book.n_accounts, 1);
	check_number("after the next look", "n_over", looks.book.n_over, 1);
	looks_free(&looks);
}

// Only a push forgets those who were evicted.
static void the_limit_holds_over_looks_that_are_not_pushed(void **state)
{
	struct looks looks;

	(void)state;
	looks_init(&looks, "glob:*");
	looks.own.max_clients = 2;
	looks_start(&looks);
	for (int i = 0; i < 20; i++) {
		struct str id = arena_printf(&looks.conf_arena, "c%d@1=1 quiet", i);

		looks_look(&looks, id, 1000);
		looks_look(&looks, STR("quiet"), 1000);
	}
	assert_true(looks.book.n_accounts <= 4);
	looks_look(&looks, STR("z@1=1"), 1000);
	check_number("after the push", "accounts", looks.book.n_accounts, 2);
	looks_free(&looks);
}

static void clients_over_the_limit_are_counted(void **state)
{
	struct looks looks;

	(void)state;
	looks_init(&looks, "glob:*");
	looks.own.max_clients = 2;
	looks_start(&looks);
	looks_look(&looks, STR("a@1=1 b@1=1 c@1=1 d@1=1 e@1=1"), 1000);
	check_number("too many", "n_over", looks.book.n_over, 3);
	looks_look(&looks, STR("a@1=1 b@1=1"), 1000);
	check_number("not too many", "n_over", looks.book.n_over, 0);
	looks_free(&looks);
}

static void undecided_clients_are_counted(void **state)
{
	struct looks looks;

	(void)state;
	looks_init(&looks, "glob:*");
	looks_start(&looks);
	check_str("no UTF-8", looks_look(&looks, STR("\xff@1=1 a@1=1 \xfe@1=1"), 1000),
		STR("a on 1 c1 f0"));
	check_number("no UTF-8", "n_undecided", looks.book.n_undecided, 2);
	looks_free(&looks);
}

static void a_client_gets_the_alias_of_its_pattern(void **state)
{
	struct looks looks;

	(void)state;
	looks_init(&looks, "id:a=Alpha id:b class:c* regex:(d)(.*)=$2/$1 glob:*");
	looks_start(&looks);
	looks_look(&looks, STR("d7@1=1 e@1=1"), 1000);
	static const char *const wanted[] = { "Alpha", "b", "", "7/d", "e" };
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		check_str(wanted[i], looks.book.accounts[i]->alias, str_of(wanted[i]));
	looks_free(&looks);
}

// An alias that nothing could show is not made.
static void an_alias_that_is_too_long_is_the_id(void **state)
{
	struct looks looks;
	struct buf id = buf_new(UNIT_LIMIT);

	(void)state;
	for (int i = 0; i < 40000; i++)
		buf_add_byte(&id, 'x');
	looks_init(&looks, "regex:(.*)=$1$1");
	looks_start(&looks);
	looks_look(&looks, buf_str(&id), 1000);
	check_number("too long", "accounts", looks.book.n_accounts, 1);
	check_str("too long", looks.book.accounts[0]->alias, buf_str(&id));
	looks_free(&looks);
	buf_free(&id);
}

static void an_id_with_the_fingerprint_of_another_changes_nothing(void **state)
{
	struct looks looks;

	(void)state;
	looks_init(&looks, "id:a glob:*");
	looks_start(&looks);
	looks_begin(&looks, 1000);
	clients_member_enter(&looks.book, 0, hash_bytes(STR("twin"), hash_seed()));
	struct clients_row row = looks_row(STR("twin@1=7"));
	clients_book_take(&looks.book, &looks.turn, &row);
	check_str("twin", looks_known(&looks), STR("a unseen - c0 f0"));
	looks_free(&looks);
}

// 5. Who is remembered

static bool remembers(const struct looks *looks, size_t account)
{
	return clients_account_is_remembered(&looks->book, looks->book.accounts[account]);
}

static void a_client_is_remembered_for_a_time(void **state)
{
	static const struct story stories[] = {
		{ .name = "one that a pattern found goes",
			.monitored = "glob:*",
			.remember_ms = 60000,
			.steps = { { "a@1=1 b@1=2", "a on 1 c1 f0; b on 2 c1 f0" },
				{ "b@1=2", "a gone 1 c1 f0; b on 2 c1 f0", 59999 },
				{ "b@1=2", "a gone 1 c1 f0; b on 2 c1 f0", 1 },
				{ "b@1=2", "b on 2 c1 f0", 1 },
				{ "a@1=1 b@1=2", "b on 2 c1 f0; a on 1 c1 f0" } } },
		{ .name = "a named one begins anew",
			.monitored = "id:a",
			.remember_ms = 60000,
			.steps = { { "a@1=1", "a on 1 c1 f0" }, { "", "a gone 1 c1 f0", 60000 },
				{ "", "a gone - c0 f0" }, { "a@2=3", "a on 3 c1 f0" } } },
		{ .name = "nobody is remembered",
			.monitored = "id:a glob:*",
			.remember_ms = -1,
			.steps = { { "a@1=1 b@1=2", "a on 1 c1 f0; b on 2 c1 f0" },
				{ "", "a gone 1 c1 f0; b gone 2 c1 f0" }, { "", "a gone - c0 f0" },
				{ "a@1=1 b@1=2", "a on 1 c1 f0; b on 2 c1 f0" } } },
		{ .name = "who could not be asked for is not gone",
			.monitored = "glob:*",
			.remember_ms = 1000,
			.steps = { { "a@1=1", "a on 1 c1 f0" }, { "?", "a on 1 c1 f0", 3600000 },
				{ "a@1=2", "a on 2 c1 f0", 3600000 } } },
		{ .name = "what is not pushed is not forgotten",
			.monitored = "glob:*",
			.remember_ms = 1000,
			.steps = { { "a@1=1", "a on 1 c1 f0" }, { "quiet", "a gone 1 c1 f0" },
				{ "quiet", "a gone 1 c1 f0" }, { "", "a gone 1 c1 f0" },
				{ "", "" } } },
	};

	(void)state;
	check_stories(stories, ARRAY_LEN(stories));
}

// Without memory a client's values are told while it is there, and once more if it came and went between
// two pushes.
static void values_are_told_once_where_nothing_is_remembered(void **state)
{
	struct looks looks;

	(void)state;
	looks_init(&looks, "id:a glob:*");
	looks.own.remember_ms = 0;
	looks_start(&looks);
	assert_false(remembers(&looks, 0));
	looks_look(&looks, STR("a@1=1"), 1000);
	assert_true(remembers(&looks, 0));
	looks_look(&looks, STR("quiet"), 1000);
	assert_false(remembers(&looks, 0));
	looks_look(&looks, STR("a@2=1 b@1=1 quiet"), 1000);
	looks_look(&looks, STR("quiet"), 1000);
	check_str("gone", looks_known(&looks), STR("a gone 2 c2 f0; b gone 1 c1 f0"));
	assert_true(remembers(&looks, 0));
	assert_true(remembers(&looks, 1));
	looks_look(&looks, STR(""), 1000);
	assert_false(remembers(&looks, 0));
	check_number("forgotten", "accounts", looks.book.n_accounts, 1);
	looks_free(&looks);
}

static void the_times_of_a_client_are_kept(void **state)
{
	struct looks looks;
	const int64_t wall_ms = LOOKS_WALL_NS / NS_PER_MS;

	(void)state;
	looks_init(&looks, "id:a");
	looks_start(&looks);
	const struct clients_account *account = looks.book.accounts[0];
	looks_look(&looks, STR("a@100=1"), 1000);
	assert_true(account->created_ms == 100000 && account->connected_ms == 100000);
	assert_true(account->last_seen_ms == wall_ms + 1000);
	assert_true(account->seen_ms == wall_ms + 1000);
	assert_true(account->seen_ns == LOOKS_NOW_NS + NS_PER_S);
	// The broker says when it went.
	looks_begin(&looks, 1000);
	struct clients_row row = looks_row(STR("a@100=1!"));
	row.disconnected_ms = 123456;
	clients_book_take(&looks.book, &looks.turn, &row);
	assert_true(account->last_seen_ms == 123456);
	assert_true(account->seen_ms == wall_ms + 2000);
	assert_true(clients_book_has_seen(&looks.book, account));
	looks_begin(&looks, 1000);
	assert_false(clients_book_has_seen(&looks.book, account));
	row.disconnected_ms = 0;
	clients_book_take(&looks.book, &looks.turn, &row);
	assert_true(account->last_seen_ms == 123456);
	looks_look(&looks, STR(""), 1000);
	assert_true(account->last_seen_ms == 123456);
	assert_true(account->created_ms == 100000);
	assert_true(account->seen_ms == wall_ms + 3000);
	looks_free(&looks);
}

// A look has its own stamp, even if the clock stands still.
static void looks_are_told_apart_at_any_pace(void **state)
{
	struct looks looks;
	uint32_t stamp = 0;

	(void)state;
	looks_init(&looks, "id:a");
	looks_start(&looks);
	for (int i = 0; i < 10; i++) {
		looks_look(&looks, STR("a@1=1"), i < 5 ? 0 : 3600000);
		assert_true(looks.book.stamp > stamp);
		stamp = looks.book.stamp;
	}
	check_str("10", looks_known(&looks), STR("a on 1 c1 f0"));
	looks_free(&looks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_go_on_over_connections),
		cmocka_unit_test(a_counter_that_falls_begins_again),
		cmocka_unit_test(of_several_rows_in_a_look_the_newest_connection_counts),
		cmocka_unit_test(an_older_connection_counts_if_there_is_no_other),
		cmocka_unit_test(of_several_older_connections_the_newest_counts),
		cmocka_unit_test(a_row_of_the_connection_before_is_ignored),
		cmocka_unit_test(a_row_with_a_lower_counter_counts_if_there_is_no_better_one),
		cmocka_unit_test(many_rows_may_wait),
		cmocka_unit_test(counters_of_any_size_grow_as_the_broker_counts),
		cmocka_unit_test(a_total_does_not_fall_however_large_it_is),
		cmocka_unit_test(only_counters_that_are_wanted_are_kept),
		cmocka_unit_test(no_counter_may_be_wanted),
		cmocka_unit_test(raw_counters_are_those_of_the_broker),
		cmocka_unit_test(a_class_adds_up_what_its_members_do),
		cmocka_unit_test(the_gauges_of_a_class_are_sums_and_the_longest_queue),
		cmocka_unit_test(the_counters_of_too_many_members_are_not_added),
		cmocka_unit_test(members_are_not_forgotten_by_a_look_that_told_of_a_part),
		cmocka_unit_test(a_member_that_was_forgotten_is_not_counted_twice),
		cmocka_unit_test(
			a_connection_that_may_have_been_counted_is_not_counted_at_first_sight),
		cmocka_unit_test(a_date_from_the_future_hides_no_connection),
		cmocka_unit_test(patterns_make_accounts_up_to_a_limit),
		cmocka_unit_test(the_limit_holds_if_an_evicted_client_comes_back),
		cmocka_unit_test(the_limit_holds_over_looks_that_are_not_pushed),
		cmocka_unit_test(clients_over_the_limit_are_counted),
		cmocka_unit_test(undecided_clients_are_counted),
		cmocka_unit_test(a_client_gets_the_alias_of_its_pattern),
		cmocka_unit_test(an_alias_that_is_too_long_is_the_id),
		cmocka_unit_test(an_id_with_the_fingerprint_of_another_changes_nothing),
		cmocka_unit_test(a_client_is_remembered_for_a_time),
		cmocka_unit_test(values_are_told_once_where_nothing_is_remembered),
		cmocka_unit_test(the_times_of_a_client_are_kept),
		cmocka_unit_test(looks_are_told_apart_at_any_pace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
