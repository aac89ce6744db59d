// SPDX-License-Identifier: Apache-2.0
// Which clients are watched, and as what; and what is wrong with a list of them.
#include "clients_settings.h"
#include "settings_fill.h"

struct watching {
	struct arena arena;
	struct clients_conf own;
	struct clients_watch *watch;
};

static void begin(struct watching *w, const char *words)
{
	*w = (struct watching){ 0 };
	clients_set_defaults(&w->own);
	clients_set_monitored(&w->own, &w->arena, str_of(words));
	w->watch = clients_watch_new(&w->own);
}

static void end(struct watching *w)
{
	clients_watch_free(w->watch);
	arena_free(&w->arena);
}

// "1 alias", the index of the element that an id belongs to; "none", "undecided".
static struct str find(struct watching *w, struct str id)
{
	struct clients_match match = clients_watch_find(w->watch, id);
	struct buf alias = buf_new(UNIT_LIMIT);

	if (!match.row)
		return match.is_undecided ? STR("undecided") : STR("none");
	assert_false(match.is_undecided);
	assert_true(match.row == (struct clients_watched *)w->own.monitored.items + match.index);
	clients_watch_alias(w->watch, match, id, &alias);
	struct str found =
		arena_printf(&w->arena, "%zu %.*s", match.index, STR_ARG(buf_str(&alias)));
	buf_free(&alias);
	return found;
}

static void a_client_belongs_to_its_id_then_to_the_first_pattern(void **state)
{
	static const struct {
		const char *words, *id, *found;
	} rows[] = {
		{ "id:a", "a", "0 a" },
		{ "id:a=Alias", "a", "0 Alias" },
		{ "id:a", "A", "none" },
		{ "id:a", "aa", "none" },
		{ "id:a", "", "none" },
		{ "glob:*", "", "0 " },
		{ "glob:dev-*", "dev-7", "0 dev-7" },
		{ "glob:dev-*", "xdev-7", "none" },
		{ "glob:dev-*", "dev-a/b c", "0 dev-a/b c" },
		{ "glob:dev-? glob:dev-*", "dev-7", "0 dev-7" },
		{ "glob:dev-? glob:dev-*", "dev-77", "1 dev-77" },
		// An id stands before all patterns, wherever it is in the list.
		{ "glob:* id:a=Alias", "a", "1 Alias" },
		{ "class:* glob:* id:a", "a", "2 a" },
		{ "class:* glob:* id:a", "b", "0 b" },
		{ "glob:b class:*", "b", "0 b" },
		{ "regex:plc-([0-9]+)=plc_$1", "plc-12", "0 plc_12" },
		{ "regex:plc-([0-9]+)=plc_$1", "plc-12x", "none" },
		{ "regex:plc-([0-9]+)=plc_$1", "xplc-12", "none" },
		{ "regex:plc-([0-9]+)", "plc-12", "0 plc-12" },
		{ "regex:(?<site>[a-z]+)-(\\d+)=${site}/$2/$$", "ulm-7", "0 ulm/7/$" },
		{ "regex:(a)|(b)=[$1][$2]", "b", "0 [][b]" },
		{ "regex:a.c=x", "a\nc", "0 x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct watching w;

		begin(&w, rows[i].words);
		check_str(rows[i].words, find(&w, str_of(rows[i].id)), str_of(rows[i].found));
		end(&w);
	}
}

static void a_thousand_ids_are_told_apart(void **state)
{
	struct watching w;
	struct buf words = buf_new(UNIT_LIMIT);

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_addf(&words, "id:client-%d=A%d ", i, i);
	buf_add(&words, STR("glob:client-1???"));
	buf_add_byte(&words, '\0');
	begin(&w, words.ptr);
	for (int i = 0; i < 1200; i++) {
		struct str id = arena_printf(&w.arena, "client-%d", i);
		struct str wanted = i < 1000 ? arena_printf(&w.arena, "%d A%d", i, i)
					     : arena_printf(&w.arena, "1000 client-%d", i);
		check_str(id.ptr, find(&w, id), wanted);
	}
	end(&w);
	buf_free(&words);
}

// What the pattern has not decided is watched by nobody, not by whoever is next.
static void a_client_whose_pattern_gives_up_is_undecided(void **state)
{
	static const struct {
		const char *words, *id, *found;
	} rows[] = {
		{ "glob:a* glob:*", "\xff", "undecided" },
		{ "glob:a* glob:*", "b", "1 b" },
		{ "id:\xff glob:*", "\xff", "0 \xff" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct watching w;

		begin(&w, rows[i].words);
		check_str(rows[i].words, find(&w, str_of(rows[i].id)), str_of(rows[i].found));
		end(&w);
	}
}

// So that a look ends: each try takes some ms.
static void a_pattern_that_gives_up_often_is_not_tried_any_more_in_a_look(void **state)
{
	struct watching w;
	struct str slow = STR("abababababababababababababababababababab$z");

	(void)state;
	begin(&w, "id:a regex:(a|b|ab)*\\$ class:z*");
	check_str("before", find(&w, STR("ab$")), STR("1 ab$"));
	for (int i = 0; i < 20; i++)
		check_str("slow", find(&w, slow), STR("undecided"));
	check_str("after", find(&w, STR("ab$")), STR("undecided"));
	check_str("by its id", find(&w, STR("a")), STR("0 a"));
	clients_watch_begin(w.watch);
	check_str("the next look", find(&w, STR("ab$")), STR("1 ab$"));
	check_str("the next pattern", find(&w, STR("z1")), STR("2 z1"));
	end(&w);
}

static void clients_are_named_if_all_have_ids(void **state)
{
	static const struct {
		const char *words;
		bool is_named;
	} rows[] = {
		{ "id:a", true },
		{ "id:a id:b=B", true },
		{ "id:a glob:b", false },
		{ "glob:* id:a", false },
		{ "class:*", false },
		{ "regex:a", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct watching w;

		begin(&w, rows[i].words);
		CHECK_ROW(rows[i].words, clients_watch_is_named(&w.own) == rows[i].is_named);
		end(&w);
	}
}

static void nothing_is_freed_where_nothing_is(void **state)
{
	(void)state;
	clients_watch_free(NULL);
}

// Checks

static struct str faults_of(struct arena *arena, const struct clients_conf *own)
{
	struct buf said = buf_new(UNIT_LIMIT);

	clients_watch_check(own, &(struct setting_faults){ fill_note, &said });
	struct str copy = arena_copy(arena, buf_str(&said));
	buf_free(&said);
	return copy;
}

static void faults_are_told_with_their_element(void **state)
{
	static const struct {
		const char *words, *faults;
	} rows[] = {
		{ "id:a", "" },
		{ "id:a=A id:b=B glob:c-* regex:d-(.*)=d_$1 class:e-*", "" },
		{ "id:a id:b", "" },
		// The same pattern may be in a class and beside it; what is first counts.
		{ "glob:a-* class:a-* glob:a-*", "" },
		{ "class:a class:b regex:c=C regex:d=C", "" },
		{ "", "monitored_clients: name the clients to watch, as in ( { client_id = "
		      "\"pump-7\"; alias = \"Pump 7\"; } ); all of them: ( { glob = \"*\"; } "
		      ")\n" },
		{ "nothing:a",
			"monitored_clients[0]: it must have exactly one of client_id, glob, regex "
			"and class\n" },
		{ "id:a id:",
			"monitored_clients[1].client_id: is empty; name the clients that it is "
			"about\n" },
		{ "glob:", "monitored_clients[0].glob: is empty; name the clients that it is "
			   "about\n" },
		{ "regex:", "monitored_clients[0].regex: is empty; name the clients that it is "
			    "about\n" },
		{ "class:", "monitored_clients[0].class: is empty; name the clients that it is "
			    "about\n" },
		{ "id:\xff", "monitored_clients[0].client_id: is not UTF-8\n" },
		{ "id:a=\xff", "monitored_clients[0].alias: is not UTF-8\n" },
		// A client without an alias has its id as such.
		{ "id:a=b id:b",
			"monitored_clients[1].client_id: another client has this alias; give each "
			"its own, so that people can tell them apart\n" },
		{ "id:b id:a=b",
			"monitored_clients[1].alias: another client has this alias; give each its "
			"own, so that people can tell them apart\n" },
		{ "class:a=A",
			"monitored_clients[0].alias: a class has none: its series bear the class "
			"itself\n" },
		{ "glob:a=A",
			"monitored_clients[0].alias: many clients would have the same; use regex "
			"and its groups, as in \"plc $1\"\n" },
		{ "id:a id:b id:a",
			"monitored_clients[2].client_id: this client is in the list twice\n" },
		{ "id:a=A id:b=A",
			"monitored_clients[1].alias: another client has this alias; give each its "
			"own, so that people can tell them apart\n" },
		{ "id:a=A id:a=A",
			"monitored_clients[1].client_id: this client is in the list twice\n" },
		{ "class:a glob:a class:a",
			"monitored_clients[2].class: this class is in the list twice\n" },
		{ "id:a=A id:a=B class:s class:s nothing:x",
			"monitored_clients[1].client_id: this client is in the list twice\n"
			"monitored_clients[3].class: this class is in the list twice\n"
			"monitored_clients[4]: it must have exactly one of client_id, glob, regex "
			"and class\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct clients_conf own;

		clients_set_defaults(&own);
		clients_set_monitored(&own, &arena, str_of(rows[i].words));
		check_str(rows[i].words, faults_of(&arena, &own), str_of(rows[i].faults));
		arena_free(&arena);
	}
}

// What the pattern itself says is pinned in test_pattern.c.
static void faults_of_patterns_name_the_setting(void **state)
{
	static const struct {
		const char *words, *front;
	} rows[] = {
		{ "id:a glob:[a", "monitored_clients[1].glob: " },
		{ "class:[a", "monitored_clients[0].class: " },
		{ "regex:(a", "monitored_clients[0].regex: " },
		{ "regex:(a)=$2", "monitored_clients[0].alias: " },
		{ "regex:(a)=$", "monitored_clients[0].alias: " },
		{ "regex:(a)=${name}", "monitored_clients[0].alias: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct clients_conf own;

		clients_set_defaults(&own);
		clients_set_monitored(&own, &arena, str_of(rows[i].words));
		struct str said = faults_of(&arena, &own);
		CHECK_ROW(rows[i].words, str_starts_with(said, str_of(rows[i].front)));
		CHECK_ROW(rows[i].words, said.len > strlen(rows[i].front) + 5);
		CHECK_ROW(
			rows[i].words, memchr(said.ptr, '\n', said.len) == said.ptr + said.len - 1);
		arena_free(&arena);
	}
}

static void several_kinds_in_one_element_are_a_fault(void **state)
{
	static const char wanted[] = "monitored_clients[0]: it must have exactly one of client_id, "
				     "glob, regex and class\n";
	struct clients_watched both[] = {
		{ .client_id = STR("a"), .glob = STR("b") },
		{ .glob = STR("a"), .regex = STR("b") },
		{ .regex = STR("a"), .class_glob = STR("b") },
		{ .client_id = STR("a"),
			.glob = STR("b"),
			.regex = STR("c"),
			.class_glob = STR("d"),
			.alias = STR("e") },
		{ .alias = STR("e") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		struct arena arena = { 0 };
		struct clients_conf own = { .monitored = { &both[i], 1 } };

		check_str(wanted, faults_of(&arena, &own), str_of(wanted));
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_belongs_to_its_id_then_to_the_first_pattern),
		cmocka_unit_test(a_thousand_ids_are_told_apart),
		cmocka_unit_test(a_client_whose_pattern_gives_up_is_undecided),
		cmocka_unit_test(a_pattern_that_gives_up_often_is_not_tried_any_more_in_a_look),
		cmocka_unit_test(clients_are_named_if_all_have_ids),
		cmocka_unit_test(nothing_is_freed_where_nothing_is),
		cmocka_unit_test(faults_are_told_with_their_element),
		cmocka_unit_test(faults_of_patterns_name_the_setting),
		cmocka_unit_test(several_kinds_in_one_element_are_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
