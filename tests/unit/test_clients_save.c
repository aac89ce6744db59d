// SPDX-License-Identifier: Apache-2.0
// What is known of clients as lines that outlive the agent, and what is taken back of lines that are good or bad.
#include "clients_looks.h"
#include "source/json.h"

#define HEAD "{\"raw\":false,\"counters\":[\"recv_msg\",\"send_msg\",\"recv_oct\"]}"

static struct source_conf conf_of(struct looks *looks)
{
	return (struct source_conf){
		.name = STR("broker"), .type = &source_emqx_clients, .own = &looks->own
	};
}

// Lives in the arena of all looks.
static struct str save(struct looks *looks)
{
	struct clients_state state = { .book = looks->book, .is_ready = true };
	struct source_conf conf = conf_of(looks);
	struct buf lines = buf_new(UNIT_LIMIT);

	source_emqx_clients.save(&conf, &state, &lines);
	struct str copy = arena_copy(&looks->conf_arena, buf_str(&lines));
	buf_free(&lines);
	return copy;
}

// Takes lines back, as long after they were saved as the wall clock says. Returns how many were refused.
static size_t load(struct looks *looks, struct str lines, int64_t after_ms)
{
	struct clients_state state = { .book = looks->book, .is_ready = looks->book.conf };
	struct source_conf conf = conf_of(looks);
	struct source_past past = { .saved_ns = LOOKS_WALL_NS,
		.wall_ns = LOOKS_WALL_NS + after_ms * NS_PER_MS,
		.now_ns = looks->turn.now_ns };
	struct str line;
	size_t n_refused = 0;

	while (lines.len) {
		struct err err = { 0 };

		str_cut(lines, '\n', &line, &lines);
		bool good = source_emqx_clients.load(&conf, &state, line, &past, &err);
		CHECK_ROW(unit_printable(line), good == (err.kind == ERR_NONE));
		CHECK_ROW(unit_printable(line), good || err.text[0]);
		n_refused += !good;
	}
	looks->book = state.book;
	return n_refused;
}

// The agent begins again with what it had.
static void restart(struct looks *looks, const char *monitored, struct str lines, int64_t after_ms)
{
	struct clients_conf own = looks->own;
	struct looks fresh;

	looks_init(&fresh, monitored);
	own.monitored = fresh.own.monitored;
	fresh.own = own;
	fresh.turn.wall_ns += after_ms * NS_PER_MS;
	lines = arena_copy(&fresh.conf_arena, lines);
	looks_free(looks);
	*looks = fresh;
	looks->turn.arena = &looks->arena;
	check_number("restart", "lines that are refused", load(looks, lines, after_ms), 0);
}

static void the_lines_are_these(void **state)
{
	struct looks looks;

	(void)state;
	looks_init(&looks, "id:a id:never glob:g* class:s* class:none");
	looks.own.enabled[CLIENTS_PACKETS] = false;
	looks_start(&looks);
	looks_begin(&looks, 1000);
	struct clients_row row = looks_row(STR("a@100=5/7"));
	row.told_gauges = 1u << CLIENTS_IN_FLIGHT | 1u << CLIENTS_QUEUED;
	row.gauges[CLIENTS_IN_FLIGHT] = 3;
	row.created_ms = 99000;
	clients_book_take(&looks.book, &looks.turn, &row);
	row = looks_row(STR("s1@1=2"));
	clients_book_take(&looks.book, &looks.turn, &row);
	row = looks_row(STR("g@200/9007199254740993!"));
	row.disconnected_ms = 250000;
	clients_book_take(&looks.book, &looks.turn, &row);
	looks_miss_others(&looks, STR("a g"));
	clients_book_settle(&looks.book, &looks.turn);
	clients_book_end(&looks.book, true);
	check_str("all", save(&looks),
		STR("{\"raw\":false,\"counters\":[\"recv_msg\",\"send_msg\",\"recv_oct\","
		    "\"send_oct\"]}\n"
		    "{\"client\":\"a\",\"connected\":true,\"missing\":false,\"created_ms\":99000,"
		    "\"connected_ms\":100000,\"last_seen_ms\":1800000001000,"
		    "\"seen_ms\":1800000001000,\"gauges\":[null,3,0],\"last\":[5,null,7,null],"
		    "\"connects\":1,\"flaps\":0,\"totals\":[5,null,7,null]}\n"
		    "{\"class\":\"s*\",\"connected_ms\":1000,\"connects\":1,\"flaps\":0,"
		    "\"totals\":[2,null,null,null]}\n"
		    "{\"client\":\"g\",\"connected\":false,\"missing\":false,\"created_ms\":200000,"
		    "\"connected_ms\":200000,\"last_seen_ms\":250000,\"seen_ms\":1800000001000,"
		    "\"gauges\":[null,null,null],\"last\":[null,null,9007199254740993,null],"
		    "\"connects\":0,\"flaps\":0,\"totals\":[null,null,9007199254740993,null]}\n"));
	looks_free(&looks);
}

static void nothing_is_saved_that_is_not_to_be_remembered(void **state)
{
	struct looks looks;
	struct clients_state empty = { .is_ready = false };
	struct buf lines = buf_new(UNIT_LIMIT);

	(void)state;
	looks_init(&looks, "id:a");
	looks.own.remember_ms = 0;
	looks_start(&looks);
	looks_look(&looks, STR("a@1=1"), 1000);
	check_str("remember is 0s", save(&looks), STR(""));
	looks.own.remember_ms = 1;
	assert_true(save(&looks).len > 0);
	struct source_conf conf = conf_of(&looks);
	source_emqx_clients.save(&conf, &empty, &lines);
	check_number("no look yet", "bytes", lines.len, 0);
	buf_free(&lines);
	looks_free(&looks);
}

static void nothing_is_taken_back_that_is_not_to_be_remembered(void **state)
{
	struct looks looks;

	(void)state;
	looks_init(&looks, "id:a");
	looks.own.remember_ms = 0;
	check_number("good ones and bad ones", "refused",
		load(&looks,
			STR(HEAD "\n{\"client\":\"a\",\"totals\":[5],\"connects\":1}\nnot JSON\n"),
			1000),
		0);
	check_str("all", looks_known(&looks), STR("a unseen - c0 f0"));
	looks_free(&looks);
}

static void what_was_saved_is_taken_back(void **state)
{
	struct looks looks;
	static const char words[] = "id:a=Alpha id:gone id:never regex:(d)(.*)=$2 class:s* glob:*";

	(void)state;
	looks_init(&looks, words);
	looks_start(&looks);
	looks_look(&looks, STR("a@100=5/50 gone@100=1/9007199254740993 d1@100=2 s1@1=3 s2@1=4 z@5"),
		1000);
	looks_look(&looks, STR("a@200=6/9223372036854775000 d1@100=9! s1@1=4 s2@2=4 z@6"), 1000);
	struct str known = arena_copy(&looks.conf_arena, looks_known(&looks));
	struct str lines = save(&looks), line, rest;
	struct buf copies = buf_new(UNIT_LIMIT);
	buf_add(&copies, lines);
	buf_add(&copies, known);
	restart(&looks, words, lines, 2000);
	known = (struct str){ copies.ptr + copies.len - known.len, known.len };
	// What a look says of a class is not known before there was one; never was not seen before either.
	struct buf wanted = buf_new(UNIT_LIMIT);
	for (rest = known; rest.len;) {
		str_cut(rest, ';', &line, &rest);
		if (str_starts_with(line, STR(" s*")))
			line = STR(" s* 0/0 12 c3 f1");
		else if (str_starts_with(line, STR(" never")))
			line = STR(" never unseen - c0 f0");
		buf_addf(&wanted, "%s%.*s", wanted.len ? ";" : "", STR_ARG(line));
	}
	check_str("what is known", looks_known(&looks), buf_str(&wanted));
	check_str("saved again", save(&looks), (struct str){ copies.ptr, copies.len - known.len });
	check_str("the alias", looks.book.accounts[0]->alias, STR("Alpha"));
	check_str("the alias of a pattern", looks.book.accounts[4]->alias, STR("1"));
	looks_check_members(&looks.book);
	buf_free(&copies);
	buf_free(&wanted);
	looks_free(&looks);
}

static void what_was_known_goes_on_after_a_restart(void **state)
{
	static const struct {
		const char *name, *before, *after, *known;
	} rows[] = {
		{ "the same connection", "a@100=5/50", "a@100=7/70", "a on 7/70 c1 f0" },
		{ "another connection", "a@100=5/50", "a@200=2/20", "a on 7/70 c2 f1" },
		{ "it was not connected", "a@100=5/50!", "a@200=2/20", "a on 7/70 c1 f0" },
		{ "it has gone", "a@100=5/50", "", "a gone 5/50 c1 f0" },
		{ "it could not be asked for", "a@100=5/50", "?", "a on 5/50 c1 f0" },
		{ "a counter fell", "a@100=5/50", "a@100=7/20", "a on 7/70 c1 f0" },
		{ "a narrow counter beyond 2^32", "a@100=4294967299", "a@100=4294967301",
			"a on 4294967301 c1 f0" },
		{ "a wide counter beyond 2^32", "a@100/8589934592", "a@100/17179869184",
			"a on -/17179869184 c1 f0" },
		{ "the broker's clock was set back", "a@4000=5", "a@100=1", "a on 6 c2 f1" },
		{ "nothing was known", "", "a@100=5", "a on 5 c1 f0" },
		{ "nor counters", "a@100", "a@100=5", "a on 5 c1 f0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct looks looks;

		looks_init(&looks, "id:a");
		looks_start(&looks);
		looks_look(&looks, str_of(rows[i].before), 1000);
		restart(&looks, "id:a", save(&looks), 5000);
		if (!looks.book.conf)
			looks_start(&looks);
		check_str(rows[i].name, looks_look(&looks, str_of(rows[i].after), 1000),
			str_of(rows[i].known));
		looks_free(&looks);
	}
}

// The members of a class are not saved: of connections from before, only what they do from now on counts.
static void a_class_goes_on_with_what_its_members_do_from_now_on(void **state)
{
	static const struct {
		const char *rows, *known;
	} steps[] = {
		{ "a@1799999000=50 b@1799999000=1!", "* 1/2 12 c2 f0" },
		{ "a@1799999000=55 b@1799999000=2!", "* 1/2 18 c2 f0" },
		{ "a@1799999000=55 b@1800000100=1", "* 2/2 19 c3 f0" },
		{ "c@1800000100=7", "* 1/1 26 c4 f0" },
		{ "d@1799999000=7", "* 1/1 26 c4 f0" },
		{ "d@1799999000=8", "* 1/1 27 c4 f0" },
	};
	struct looks looks;

	(void)state;
	looks_init(&looks, "class:*");
	looks_start(&looks);
	looks_look(&looks, STR("a@1799999000=5 x@1799999000=7"), 1000);
	restart(&looks, "class:*", save(&looks), 5000);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		check_str(steps[i].rows, looks_look(&looks, str_of(steps[i].rows), 1000),
			str_of(steps[i].known));
	looks_free(&looks);
}

static void connections_of_a_class_up_to_the_one_that_was_saved_were_counted(void **state)
{
	static const struct {
		const char *told; // of the class's line
		const char *known;
	} rows[] = {
		{ ",\"connected_ms\":100000", "* 3/3 14 c5 f0" },
		{ ",\"connected_ms\":99999", "* 3/3 16 c6 f0" },
		{ ",\"connected_ms\":9223372036854775807", "* 3/3 10 c4 f0" },
		{ ",\"connected_ms\":0", "* 3/3 17 c7 f0" },
		{ ",\"connected_ms\":-1", "* 3/3 17 c7 f0" },
		{ ",\"connected_ms\":\"100000\"", "* 3/3 17 c7 f0" },
		{ "", "* 3/3 17 c7 f0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct looks looks;

		looks_init(&looks, "class:*");
		struct str lines = arena_printf(&looks.conf_arena,
			HEAD "\n{\"class\":\"*\"%s,\"connects\":4,\"totals\":[10]}\n",
			rows[i].told);
		check_number(rows[i].told, "refused", load(&looks, lines, 1000), 0);
		check_str(rows[i].told, looks_look(&looks, STR("a@50=1 b@100=2 c@101=4"), 1000),
			str_of(rows[i].known));
		looks_free(&looks);
	}
}

// While no agent ran, time went by too.
static void who_was_gone_before_a_restart_is_forgotten_in_time(void **state)
{
	static const struct {
		const char *name;
		int64_t after_ms; // by the wall clock
		const char *known;
	} rows[] = {
		{ "the time is over", 59000, "a gone - c0 f0" },
		{ "the time is not over", 58000, "a gone 5 c1 f0; b gone 6 c1 f0" },
		{ "the clock was set back", -3600000, "a gone 5 c1 f0; b gone 6 c1 f0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct looks looks;

		looks_init(&looks, "id:a glob:*");
		looks.own.remember_ms = 60000;
		looks_start(&looks);
		looks_look(&looks, STR("a@1=5 b@1=6"), 0);
		restart(&looks, "id:a glob:*", save(&looks), rows[i].after_ms);
		// The first look tells what is known, then those are forgotten whose time is over.
		check_str(rows[i].name, looks_look(&looks, STR(""), 1000),
			STR("a gone 5 c1 f0; b gone 6 c1 f0"));
		check_str(rows[i].name, looks_look(&looks, STR(""), 0), str_of(rows[i].known));
		looks_free(&looks);
	}
}

// Lines of other settings, or by another hand. a is watched, s* is a class, g* a pattern; max_clients is 2.
struct line_row {
	const char *name, *lines;
	size_t n_refused;
	const char *known;
};

#define UNSEEN "a unseen - c0 f0; s* 0/0 - c0 f0"
#define A      "{\"client\":\"a\",\"connected\":true,\"connected_ms\":100000,\"connects\":2,\"flaps\":1,"

static void check_lines(const struct line_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct looks looks;

		looks_init(&looks, "id:a class:s* glob:g*");
		looks.own.max_clients = 2;
		size_t n_refused = load(&looks, str_of(rows[i].lines), 1000);
		check_number(rows[i].name, "refused", n_refused, rows[i].n_refused);
		check_str(rows[i].name, looks_known(&looks), str_of(rows[i].known));
		looks_check_members(&looks.book);
		// Whatever it was, the agent goes on.
		looks_look(&looks, STR("a@200=1 s1@200=1 g1@200=1 g2@300=1 g3@1=1"), 1000);
		looks_check_members(&looks.book);
		struct str lines = save(&looks);
		struct looks again;
		looks_init(&again, "id:a class:s* glob:g*");
		check_number(rows[i].name, "refused again", load(&again, lines, 1000), 0);
		check_str(rows[i].name, save(&again), lines);
		looks_free(&again);
		looks_free(&looks);
	}
}

static void lines_of_other_settings_give_what_they_can(void **state)
{
	static const struct line_row rows[] = {
		{ "as it should be", HEAD "\n" A "\"totals\":[5,6,7],\"last\":[1,2,3]}\n", 0,
			"a on 5/7 c2 f1; s* 0/0 - c0 f0" },
		{ "another order of counters",
			"{\"raw\":false,\"counters\":[\"recv_oct\",\"recv_msg\"]}\n" A
			"\"totals\":[5,6],\"last\":[1,2]}\n",
			0, "a on 6/5 c2 f1; s* 0/0 - c0 f0" },
		{ "counters that are not wanted or not known any more",
			"{\"raw\":false,\"counters\":[\"send_msg.dropped\",\"fans\",\"recv_msg\",5,"
			"null,\"recv_oct\"]}\n" A "\"totals\":[1,2,3,4,5,6],\"last\":[1,2,3]}\n",
			0, "a on 3/6 c2 f1; s* 0/0 - c0 f0" },
		{ "no line about counters", A "\"totals\":[5,6,7]}\n", 0,
			"a on - c2 f1; s* 0/0 - c0 f0" },
		{ "two lines about counters",
			HEAD "\n{\"counters\":[\"recv_oct\"]}\n" A "\"totals\":[5,6,7]}\n", 0,
			"a on -/5 c2 f1; s* 0/0 - c0 f0" },
		{ "too many counters",
			"{\"counters\":[\"x\",\"x\",\"x\",\"x\",\"x\",\"x\",\"x\",\"x\",\"x\","
			"\"x\",\"x\",\"x\",\"x\",\"x\",\"x\",\"x\",\"x\",\"recv_msg\","
			"\"recv_oct\",\"x\"]}\n" A "\"totals\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,"
			"15,16,17,18,19,20]}\n",
			0, "a on 18 c2 f1; s* 0/0 - c0 f0" },
		{ "plain values, where sums are wanted",
			"{\"raw\":true,\"counters\":[\"recv_msg\"]}\n" A "\"totals\":[5]}\n", 0,
			"a on - c2 f1; s* 0/0 - c0 f0" },
		{ "a client that is not watched any more",
			HEAD "\n{\"client\":\"x\",\"totals\":[5]}\n", 0, UNSEEN },
		{ "a client that is of a class now",
			HEAD "\n{\"client\":\"s1\",\"totals\":[5],\"connects\":3}\n", 0, UNSEEN },
		{ "a client twice",
			HEAD "\n" A "\"totals\":[5]}\n{\"client\":\"a\",\"totals\":[9]}\n", 0,
			"a on 5 c2 f1; s* 0/0 - c0 f0" },
		{ "clients of a pattern, one of them twice",
			HEAD "\n{\"client\":\"g1\",\"totals\":[1]}\n{\"client\":\"g1\",\"totals\":["
			     "2]}\n{\"client\":\"g2\",\"totals\":[3]}\n",
			0, "a unseen - c0 f0; s* 0/0 - c0 f0; g1 off 1 c0 f0; g2 off 3 c0 f0" },
		{ "more clients than max_clients allows now",
			HEAD "\n{\"client\":\"g1\"}\n{\"client\":\"g2\"}\n{\"client\":\"g3\"}\n"
			     "{\"client\":\"a\"}\n",
			0, "a off - c0 f0; s* 0/0 - c0 f0; g1 off - c0 f0; g2 off - c0 f0" },
		{ "a class",
			HEAD "\n{\"class\":\"s*\",\"connects\":4,\"flaps\":2,\"totals\":[5,6,7]}\n",
			0, "a unseen - c0 f0; s* 0/0 5/7 c4 f2" },
		{ "a class that is not there any more",
			HEAD
			"\n{\"class\":\"t*\",\"totals\":[5]}\n{\"class\":\"a\",\"totals\":[5]}\n",
			0, UNSEEN },
		{ "a client that was missing",
			HEAD "\n{\"client\":\"a\",\"missing\":true,\"totals\":[5]}\n", 0,
			"a gone 5 c0 f0; s* 0/0 - c0 f0" },
		{ "members that nobody knows", HEAD "\n" A "\"totals\":[5],\"colour\":[\"red\"]}\n",
			0, "a on 5 c2 f1; s* 0/0 - c0 f0" },
	};

	(void)state;
	check_lines(rows, ARRAY_LEN(rows));
}

static void lines_that_are_about_nobody_are_refused(void **state)
{
	static const struct line_row rows[] = {
		{ "no JSON", "x\n", 1, UNSEEN },
		{ "cut off", HEAD "\n{\"client\":\"a\",\"tot\n", 1, UNSEEN },
		{ "two in a line", "{\"client\":\"a\"}{\"client\":\"b\"}\n", 1, UNSEEN },
		{ "invalid UTF-8", "{\"client\":\"a\xff\"}\n", 1, UNSEEN },
		{ "an empty line", "\n", 1, UNSEEN },
		{ "other kinds", "null\n5\n\"a\"\n[]\n{}\n[{\"client\":\"a\"}]\n", 6, UNSEEN },
		{ "no id",
			"{\"client\":5}\n{\"client\":\"\"}\n{\"client\":null}\n{\"class\":\"\"}\n",
			4, UNSEEN },
		{ "counters that are no list", "{\"counters\":{}}\n{\"counters\":\"recv_msg\"}\n",
			2, UNSEEN },
		{ "what was loaded before stays", HEAD "\n" A "\"totals\":[5]}\nx\n", 1,
			"a on 5 c2 f1; s* 0/0 - c0 f0" },
	};

	(void)state;
	check_lines(rows, ARRAY_LEN(rows));
}

static void wrong_fields_are_as_good_as_missing(void **state)
{
	static const struct line_row rows[] = {
		{ "all are missing", HEAD "\n{\"client\":\"a\"}\n", 0,
			"a off - c0 f0; s* 0/0 - c0 f0" },
		{ "all are null",
			HEAD "\n{\"client\":\"a\",\"connected\":null,\"missing\":null,"
			     "\"created_ms\":null,\"connected_ms\":null,\"last_seen_ms\":null,"
			     "\"seen_ms\":null,\"gauges\":null,\"last\":null,\"connects\":null,"
			     "\"flaps\":null,\"totals\":null}\n",
			0, "a off - c0 f0; s* 0/0 - c0 f0" },
		{ "all are of another kind",
			HEAD "\n{\"client\":\"a\",\"connected\":1,\"missing\":\"true\","
			     "\"created_ms\":\"1\",\"connected_ms\":[1],\"last_seen_ms\":{},"
			     "\"seen_ms\":true,\"gauges\":5,\"last\":\"1\",\"connects\":\"2\","
			     "\"flaps\":[3],\"totals\":5}\n",
			0, "a off - c0 f0; s* 0/0 - c0 f0" },
		{ "elements are of another kind",
			HEAD "\n{\"client\":\"a\",\"gauges\":[\"1\",true,[2]],\"last\":[\"1\",{},"
			     "true],\"totals\":[\"1\",[2],{}]}\n",
			0, "a off - c0 f0; s* 0/0 - c0 f0" },
		{ "negative",
			HEAD "\n{\"client\":\"a\",\"created_ms\":-1,\"connected_ms\":-1,"
			     "\"last_seen_ms\":-9223372036854775808,\"seen_ms\":-1,"
			     "\"last\":[-1,-2,-3],\"connects\":-1,\"flaps\":-5,"
			     "\"totals\":[-1,-2,-9223372036854775808]}\n",
			0, "a off - c0 f0; s* 0/0 - c0 f0" },
		{ "fractions",
			HEAD "\n{\"client\":\"a\",\"connects\":1.5,\"flaps\":0.1,"
			     "\"totals\":[1.5,2.5,3.5],\"last\":[0.5]}\n",
			0, "a off - c0 f0; s* 0/0 - c0 f0" },
		{ "the largest",
			HEAD "\n{\"client\":\"a\",\"created_ms\":9223372036854775807,"
			     "\"connected_ms\":9223372036854775807,"
			     "\"last_seen_ms\":9223372036854775807,"
			     "\"seen_ms\":9223372036854775807,"
			     "\"connects\":9223372036854775000,\"flaps\":9223372036854775000}\n",
			0, "a off - c9223372036854775000 f9223372036854775000; s* 0/0 - c0 f0" },
		{ "too large",
			HEAD "\n{\"client\":\"a\",\"seen_ms\":1e300,\"connects\":1e300,"
			     "\"flaps\":9223372036854775808,\"totals\":[1e300,1,1e308],"
			     "\"last\":[1e300]}\n",
			0, "a off - c0 f0; s* 0/0 - c0 f0" },
		{ "too many elements",
			HEAD "\n{\"client\":\"a\",\"totals\":[5,6,7,8,9],\"last\":[1,2,3,4,5],"
			     "\"gauges\":[1,2,3,4,5,6,7,8,9]}\n",
			0, "a off 5/7 c0 f0; s* 0/0 - c0 f0" },
	};

	(void)state;
	check_lines(rows, ARRAY_LEN(rows));
}

static void a_line_may_be_deep(void **state)
{
	struct looks looks;
	struct buf line = buf_new(UNIT_LIMIT);

	(void)state;
	looks_init(&looks, "id:a");
	buf_add(&line, STR(HEAD "\n{\"client\":\"a\",\"totals\":"));
	for (int i = 0; i < 100000; i++)
		buf_add_byte(&line, '[');
	buf_add(&line, STR("\n{\"client\":\"a\",\"totals\":[[[[[[[[5]]]]]]]],\"connects\":1}\n"));
	check_number("deep", "refused", load(&looks, buf_str(&line), 1000), 1);
	check_str("deep", looks_known(&looks), STR("a off - c1 f0"));
	buf_free(&line);
	looks_free(&looks);
}

// The broker tells no negative number and no fraction, nor does a line.
static void gauges_are_taken_back_only_if_they_can_be(void **state)
{
	static const struct {
		const char *gauges;
		uint32_t told;
		int64_t first;
	} rows[] = {
		{ "[1,2,3]", 7, 1 },
		{ "[1,null,3]", 5, 1 },
		{ "[null,null,null]", 0, 0 },
		{ "[0]", 1, 0 },
		{ "[68719476735]", 1, INT64_C(68719476735) },
		{ "[1,2,3,4,5]", 7, 1 },
		{ "[]", 0, 0 },
		{ "[-1,-2,-3]", 0, 0 },
		{ "[0.5]", 0, 0 },
		{ "[1e300]", 0, 0 },
		{ "[9223372036854775807]", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct looks looks;

		looks_init(&looks, "id:a");
		struct str line = arena_printf(
			&looks.conf_arena, "{\"client\":\"a\",\"gauges\":%s}\n", rows[i].gauges);
		assert_true(load(&looks, line, 1000) == 0);
		check_number(
			rows[i].gauges, "told", looks.book.accounts[0]->told_gauges, rows[i].told);
		check_number(rows[i].gauges, "the first",
			(uint64_t)looks.book.accounts[0]->gauges[0], (uint64_t)rows[i].first);
		looks_free(&looks);
	}
}

static void raw_values_are_saved_and_taken_back_as_such(void **state)
{
	struct looks looks;

	(void)state;
	looks_init(&looks, "id:a class:s*");
	looks.own.raw_counters = true;
	looks_start(&looks);
	looks_look(&looks, STR("a@100=5/50 s1@1=2"), 1000);
	struct str lines = save(&looks);
	assert_true(str_starts_with(lines, STR("{\"raw\":true,")));
	assert_null(memmem(lines.ptr, lines.len, "\"last\"", 6));
	restart(&looks, "id:a class:s*", lines, 5000);
	check_str("raw", looks_known(&looks), STR("a on 5/50 c1 f0; s* 0/0 2 c1 f0"));
	check_str("raw", looks_look(&looks, STR("a@100=6/60 s1@1=3"), 1000),
		STR("a on 6/60 c1 f0; s* 1/1 3 c1 f0"));
	// Sums are wanted from now on: they begin with what the connection has done.
	lines = save(&looks);
	looks.own.raw_counters = false;
	restart(&looks, "id:a class:s*", lines, 5000);
	check_str("sums", looks_look(&looks, STR("a@100=7/70"), 1000),
		STR("a on 7/70 c1 f0; s* 0/0 - c1 f0"));
	looks_free(&looks);
}

static const char *const odd_ids[] = { "a\nb", "\n", "\r\n", "a\"b", "\"", "\\", "a\\nb", "\t",
	"\x01\x1f\x7f", "/", "a/b?c#d", "}", "{\"client\":\"x\"}", "\xc3\xa4\xe2\x82\xac",
	"\xf0\x9f\x98\x80", "\xe2\x80\xa8\xe2\x80\xa9", "\xe2\x80\xae", "\xef\xbb\xbf", " ",
	"  a  ", "%0A", "null" };

// Each line is one line of JSON, and gives the same id again.
static void odd_ids_make_good_lines(void **state)
{
	struct looks looks;
	struct str lines, line, rest;
	size_t n = 0;

	(void)state;
	looks_init(&looks, "glob:*");
	looks_start(&looks);
	looks_begin(&looks, 1000);
	for (size_t i = 0; i < ARRAY_LEN(odd_ids); i++) {
		struct clients_row row = looks_row(STR("x@1=5"));
		row.id = str_of(odd_ids[i]);
		clients_book_take(&looks.book, &looks.turn, &row);
	}
	lines = save(&looks);
	for (rest = lines; rest.len; n++) {
		struct err err = { 0 };

		assert_true(str_cut(rest, '\n', &line, &rest));
		struct json_doc *doc = json_read(line, &err);
		if (!doc)
			FAIL_ROW(unit_printable(line), "%s", err.text);
		if (n)
			check_str(odd_ids[n - 1], json_text(json_get(json_root(doc), "client")),
				str_of(odd_ids[n - 1]));
		json_free(doc);
	}
	check_number("all", "lines", n, ARRAY_LEN(odd_ids) + 1);
	restart(&looks, "glob:*", lines, 1000);
	check_number("all", "accounts", looks.book.n_accounts, ARRAY_LEN(odd_ids));
	for (size_t i = 0; i < ARRAY_LEN(odd_ids); i++)
		check_str(odd_ids[i], looks.book.accounts[i]->id, str_of(odd_ids[i]));
	looks_free(&looks);
}

static void a_class_may_have_an_odd_name(void **state)
{
	struct looks looks;
	static const char words[] = "class:\"\\\\\"*\n";

	(void)state;
	looks_init(&looks, words);
	looks_start(&looks);
	looks_look(&looks, STR("\"\\\"x\n@1=5"), 1000);
	check_str("odd", looks_known(&looks), STR("\"\\\\\"*\n 1/1 5 c1 f0"));
	restart(&looks, words, save(&looks), 1000);
	check_str("odd", looks_known(&looks), STR("\"\\\\\"*\n 0/0 5 c1 f0"));
	looks_free(&looks);
}

static void ten_thousand_clients_are_taken_back(void **state)
{
	struct looks looks;
	struct buf rows = buf_new(UNIT_LIMIT);

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_addf(&rows, "client-%d@%d=%d ", i, 1 + i, i);
	looks_init(&looks, "glob:*");
	looks_start(&looks);
	looks_begin(&looks, 1000);
	for (struct str rest = buf_str(&rows), word; rest.len;) {
		str_cut(rest, ' ', &word, &rest);
		struct clients_row row = looks_row(word);
		clients_book_take(&looks.book, &looks.turn, &row);
	}
	struct str lines = save(&looks);
	struct looks again;
	looks_init(&again, "glob:*");
	check_number("many", "refused", load(&again, lines, 1000), 0);
	check_number("many", "accounts", again.book.n_accounts, 10000);
	looks_check_members(&again.book);
	check_str("many", save(&again), lines);
	looks_free(&again);
	looks_free(&looks);
	buf_free(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lines_are_these),
		cmocka_unit_test(nothing_is_saved_that_is_not_to_be_remembered),
		cmocka_unit_test(nothing_is_taken_back_that_is_not_to_be_remembered),
		cmocka_unit_test(what_was_saved_is_taken_back),
		cmocka_unit_test(what_was_known_goes_on_after_a_restart),
		cmocka_unit_test(a_class_goes_on_with_what_its_members_do_from_now_on),
		cmocka_unit_test(connections_of_a_class_up_to_the_one_that_was_saved_were_counted),
		cmocka_unit_test(who_was_gone_before_a_restart_is_forgotten_in_time),
		cmocka_unit_test(lines_of_other_settings_give_what_they_can),
		cmocka_unit_test(lines_that_are_about_nobody_are_refused),
		cmocka_unit_test(wrong_fields_are_as_good_as_missing),
		cmocka_unit_test(a_line_may_be_deep),
		cmocka_unit_test(gauges_are_taken_back_only_if_they_can_be),
		cmocka_unit_test(raw_values_are_saved_and_taken_back_as_such),
		cmocka_unit_test(odd_ids_make_good_lines),
		cmocka_unit_test(a_class_may_have_an_odd_name),
		cmocka_unit_test(ten_thousand_clients_are_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
