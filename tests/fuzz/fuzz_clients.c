// SPDX-License-Identifier: Apache-2.0
// Cycles of a source `emqx_clients` with a broker that answers anything, with restarts and lines of its memory by
// another hand. Every cycle comes to its end, what is known holds together, totals never fall, what is saved is
// taken back as it was, and what is told is a body that every reader takes.
//
// Input: a line of words, then items behind lines %%: answers, as source_run.h says, and
//
//	id:a glob:b-* class:s-* 5.8     settings, and the broker's release
//	%%
//	lines 0                         before the first cycle: what the agent remembers
//	{"client":"a","totals":[1]}
//	%%
//	cycle 60                        the next cycle begins, so many seconds later
//	%%
//	restart 60                      so too, and the agent has been restarted
//
// Words: elements of monitored_clients as id: glob: regex: class:, with =alias; raw (raw_counters), forget (remember is
// 0s), brief (it is a minute), few (max_clients and max_class_clients are small), every (all switches are on), none (all
// are off); login; quiet (only each third cycle is pushed); table, all (rows for people); and a release.
#include "../unit/clients_settings.h"
#include "base/clock.h"
#include "base/hash.h"
#include "source/json.h"
#include "source_run.h"

#include <string.h>

enum { MOST_CYCLES = 12, MOST_ELEMENTS = 8, FEW_CLIENTS = 3, FEW_MEMBERS = 4 };

// What an account was at the end of a cycle.
struct noted {
	struct str id;
	uint64_t counters[N_CLIENTS_COUNTERS], n_connects, n_flaps;
	bool is_class;
};

struct world {
	struct source_run run;
	struct arena arena; // of all cycles
	struct clients_conf own;
	struct clients_state state;
	struct table table;
	bool is_quiet, wants_table;
	bool has_lines; // by another hand
	struct buf watched;
	size_t n_watched, n_cycles;
	struct noted *noted; // owned
	size_t n_noted;
};

// 1. Settings

static void set_switches(struct clients_conf *own, bool on)
{
	for (int i = 0; i < N_CLIENTS_SWITCHES; i++)
		own->enabled[i] = on;
}

static void take_word(struct world *world, struct str word)
{
	struct clients_conf *own = &world->own;
	struct source_run *run = &world->run;

	if (str_eq(word, STR("raw")))
		own->raw_counters = true;
	else if (str_eq(word, STR("forget")))
		own->remember_ms = 0;
	else if (str_eq(word, STR("brief")))
		own->remember_ms = 60000;
	else if (str_eq(word, STR("every")))
		set_switches(own, true);
	else if (str_eq(word, STR("none")))
		set_switches(own, false);
	else if (str_eq(word, STR("login")))
		own->emqx.login.given = true;
	else if (str_eq(word, STR("quiet")))
		world->is_quiet = true;
	else if (str_eq(word, STR("table")))
		world->wants_table = true;
	else if (str_eq(word, STR("all")))
		world->wants_table = run->table_of_all = true;
	else if (word.ptr[0] >= '0' && word.ptr[0] <= '9')
		emqx_set_version(&world->state.emqx, word);
	else if (str_eq(word, STR("few")))
		own->max_clients = FEW_CLIENTS, own->max_class_clients = FEW_MEMBERS;
	else if (world->n_watched++ < MOST_ELEMENTS)
		buf_addf(&world->watched, "%.*s ", STR_ARG(word));
}

// False: these settings would never get past the check.
static bool make_world(struct world *world, struct str words)
{
	clients_set_defaults(&world->own);
	world->own.emqx.login.username = STR("user");
	world->own.emqx.login.password.value = STR("password");
	world->own.emqx.login.password.text = world->own.emqx.login.password.value;
	world->watched = buf_new(MIB(1));
	world->run.state = &world->state.emqx;
	world->run.conf = (struct source_conf){
		.name = STR("fuzz"), .type = &source_emqx_clients, .own = &world->own
	};
	while (words.len) {
		struct str word = fuzz_take(&words, " ");
		if (word.len)
			take_word(world, word);
	}
	world->state.emqx.met = world->state.emqx.version.len > 0;
	world->run.conf.http.basic_auth.given = !world->own.emqx.login.given;
	clients_set_monitored(&world->own, &world->arena, buf_str(&world->watched));
	return source_run_check(&world->run);
}

// 2. What is known holds together

static void check_members(const struct clients_book *book)
{
	size_t n_of_classes = 0;

	for (size_t m = 0; m < book->n_members; m++) {
		const struct clients_member *member = clients_member_at(book, (uint32_t)m);

		FUZZ_CHECK(member->account < book->n_accounts, "a member of nothing");
		FUZZ_CHECK(clients_member_find(book, member->id) == member,
			"a member that is not found, or twice");
		n_of_classes += book->accounts[member->account]->is_class;
		FUZZ_CHECK(book->accounts[member->account]->is_class ||
				   book->accounts[member->account]->member == m,
			"a member that its account does not know");
	}
	FUZZ_CHECK(n_of_classes == book->n_class_members, "members are miscounted");
	FUZZ_CHECK(n_of_classes <= book->conf->max_class_clients, "too many members");
}

static void check_account(const struct clients_book *book, const struct clients_account *account)
{
	FUZZ_CHECK(account->id.len && str_is_utf8(account->id), "an id");
	FUZZ_CHECK(str_is_utf8(account->alias), "an alias");
	FUZZ_CHECK(!(account->told & ~book->tracked), "counters that nobody wants");
	for (size_t i = 0; i < N_CLIENTS_COUNTERS; i++)
		FUZZ_CHECK(account->counters[i] <= INT64_MAX, "a total that no sample can tell");
	if (account->is_class) {
		FUZZ_CHECK(account->n_connected <= account->n_known, "more than there are");
		return;
	}
	FUZZ_CHECK(!account->checked || !account->is_connected || !account->is_missing,
		"it is there, and is not");
	if (account->member == NO_MEMBER)
		return;
	FUZZ_CHECK(account->member < book->n_members, "a member that there is not");
	FUZZ_CHECK(clients_member_at(book, account->member)->id ==
			   hash_bytes(account->id, hash_seed()),
		"a member that is another's");
}

static void check_book(const struct clients_book *book)
{
	FUZZ_CHECK(book->n_accounts - book->n_fixed <= book->conf->max_clients, "too many clients");
	for (size_t a = 0; a < book->n_accounts; a++) {
		check_account(book, book->accounts[a]);
		for (size_t b = 0; b < a && b < 64; b++)
			FUZZ_CHECK(book->accounts[a]->is_class != book->accounts[b]->is_class ||
					   !str_eq(book->accounts[a]->id, book->accounts[b]->id),
				"a client twice: %.*s", STR_ARG(book->accounts[a]->id));
	}
	check_members(book);
}

// 3. Totals never fall

static void check_noted(
	const struct world *world, const struct noted *noted, const struct clients_account *account)
{
	for (size_t i = 0; i < N_CLIENTS_COUNTERS && !world->own.raw_counters; i++)
		FUZZ_CHECK(account->counters[i] >= noted->counters[i], "a total fell: %s of %.*s",
			clients_counters[i].key, STR_ARG(noted->id));
	FUZZ_CHECK(account->n_connects >= noted->n_connects, "connections of %.*s fell",
		STR_ARG(noted->id));
	FUZZ_CHECK(account->n_flaps >= noted->n_flaps, "flaps of %.*s fell", STR_ARG(noted->id));
	FUZZ_CHECK(world->has_lines || account->n_flaps <= account->n_connects,
		"more flaps than connections");
}

// Accounts stay in their order, but for those that were forgotten.
static void check_totals(const struct world *world)
{
	const struct clients_book *book = &world->state.book;
	size_t a = 0;

	for (size_t i = 0; i < world->n_noted; i++) {
		const struct noted *noted = &world->noted[i];
		size_t at = a;

		while (at < book->n_accounts && !str_eq(book->accounts[at]->id, noted->id))
			at++;
		if (at == book->n_accounts)
			continue;
		a = at + 1;
		// What a named client was is forgotten too.
		if (book->accounts[at]->is_class || book->accounts[at]->seen)
			check_noted(world, noted, book->accounts[at]);
	}
}

static void forget_noted(struct world *world)
{
	for (size_t i = 0; i < world->n_noted; i++)
		free((char *)world->noted[i].id.ptr);
	free(world->noted);
	world->noted = NULL;
	world->n_noted = 0;
}

static void note_totals(struct world *world)
{
	const struct clients_book *book = &world->state.book;

	forget_noted(world);
	world->noted = mem_alloc((book->n_accounts + 1) * sizeof(*world->noted));
	for (; world->n_noted < book->n_accounts; world->n_noted++) {
		const struct clients_account *account = book->accounts[world->n_noted];
		struct noted *noted = &world->noted[world->n_noted];

		noted->id = (struct str){ fuzz_copy(account->id), account->id.len };
		memcpy(noted->counters, account->counters, sizeof(noted->counters));
		noted->n_connects = account->n_connects;
		noted->n_flaps = account->n_flaps;
		noted->is_class = account->is_class;
	}
}

// 4. Memory

static void check_line(struct str line)
{
	struct err err = { 0 };
	char *copy = fuzz_copy(line);
	struct json_doc *doc = json_read((struct str){ copy, line.len }, &err);

	FUZZ_CHECK(doc && json_kind(json_root(doc)) == JSON_OBJECT, "a line that is no object: %s",
		err.text);
	json_free(doc);
	free(copy);
}

// Takes lines back; good: they are its own.
static void load(struct world *world, struct clients_state *state, struct str lines, bool good)
{
	const struct source_run *run = &world->run;
	struct source_past past = { run->now_ns, run->now_ns, run->now_ns };

	while (lines.len) {
		struct str line = fuzz_take(&lines, "\n");
		struct err err = { 0 };
		char *copy = fuzz_copy(line);
		bool taken = source_emqx_clients.load(
			&run->conf, state, (struct str){ copy, line.len }, &past, &err);

		FUZZ_CHECK(taken || !good, "its own line is refused: %s", err.text);
		FUZZ_CHECK(taken == (err.kind == ERR_NONE), "an error, or none");
		if (good)
			check_line(line);
		else if (!taken)
			fuzz_check_err(&err);
		free(copy);
	}
}

// What is saved gives the same again; the agent goes on with it.
static void restart(struct world *world)
{
	struct clients_state fresh = { .is_ready = false };
	struct buf lines = buf_new(MIB(64)), again = buf_new(MIB(64));

	source_emqx_clients.save(&world->run.conf, &world->state, &lines);
	FUZZ_CHECK(!lines.failed, "more lines than there can be");
	load(world, &fresh, buf_str(&lines), true);
	clients_prepare(&world->run.conf, &fresh, world->run.now_ns);
	check_book(&fresh.book);
	source_emqx_clients.save(&world->run.conf, &fresh, &again);
	FUZZ_CHECK(str_eq(buf_str(&lines), buf_str(&again)), "other lines:\n%.*s\n%.*s",
		STR_ARG(buf_str(&lines)), STR_ARG(buf_str(&again)));
	buf_free(&lines);
	buf_free(&again);
	source_emqx_clients.free_state(&world->state);
	world->state = fresh;
	forget_noted(world);
}

// 5. A cycle

// Answers until the cycle ends. Returns the line that says so.
static struct str answer_all(struct world *world)
{
	struct str line, body, rest;

	while (source_run_next(&world->run, &line, &body)) {
		rest = line;
		struct str word = fuzz_take(&rest, " ");
		if (str_eq(word, STR("cycle")) || str_eq(word, STR("restart")))
			return line;
	}
	return STR("");
}

static void show(struct world *world)
{
	struct table *table = &world->table;
	size_t n = 0;

	table_sort(table);
	for (const struct table_row *row = table->first; row; row = row->next, n++)
		FUZZ_CHECK(row->cells[0].is_known && str_is_utf8(row->cells[0].text), "an alias");
	FUZZ_CHECK(n == table->n_rows, "rows are miscounted");
}

static void run_cycle(struct world *world)
{
	struct source_run *run = &world->run;

	run->is_quiet = world->is_quiet && world->n_cycles % 3 != 2;
	world->table = (struct table){
		.arena = &run->arena, .columns = clients_columns, .n_columns = N_CLIENTS_COLUMNS
	};
	run->table = world->wants_table ? &world->table : NULL;
	source_run_begin(run);
	struct str line = answer_all(world), seconds = line;
	source_run_check_body(run, source_run_conclude(run));
	if (world->wants_table)
		show(world);
	check_book(&world->state.book);
	check_totals(world);
	note_totals(world);
	source_run_end(run);
	if (str_eq(fuzz_take(&seconds, " "), STR("restart")))
		restart(world);
	run->now_ns += (int64_t)source_run_number(&seconds) * NS_PER_S;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world = { .run = { .rest = { (const char *)data, size }, .size = size } };
	struct source_run *run = &world.run;
	struct str words = fuzz_take(&run->rest, "\n"), first;

	fuzz_take(&run->rest, "%%\n");
	if (make_world(&world, words)) {
		if (str_starts_with(run->rest, STR("lines"))) {
			first = fuzz_take(&run->rest, "\n%%\n");
			fuzz_take(&first, "\n");
			world.has_lines = true;
			load(&world, &world.state, first, false);
		}
		do {
			run_cycle(&world);
		} while (run->rest.len && ++world.n_cycles < MOST_CYCLES);
		restart(&world);
	}
	source_emqx_clients.free_state(&world.state);
	forget_noted(&world);
	buf_free(&world.watched);
	arena_free(&world.arena);
	return 0;
}
