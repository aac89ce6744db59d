// SPDX-License-Identifier: Apache-2.0
#include "agent/selection.h"
#include "unit.h"

enum { N_SOURCES = 3, N_SINKS = 3 };

// A configuration of sources of which the second may watch, and of sinks with these turns.
struct fixture {
	struct source_type types[N_SOURCES];
	struct source_conf sources[N_SOURCES], *source_list[N_SOURCES];
	struct sink_conf sinks[N_SINKS], *sink_list[N_SINKS];
	struct config config;
	struct selection all, due;
};

static void set_up(struct fixture *f, const size_t every[N_SINKS], bool watches)
{
	*f = (struct fixture){ 0 };
	f->types[1].watches = watches;
	for (size_t i = 0; i < N_SOURCES; i++) {
		f->sources[i].type = &f->types[i];
		f->source_list[i] = &f->sources[i];
	}
	for (size_t i = 0; i < N_SINKS; i++) {
		f->sinks[i].every = every[i];
		f->sink_list[i] = &f->sinks[i];
	}
	f->config.sources = f->source_list;
	f->config.n_sources = N_SOURCES;
	f->config.sinks = f->sink_list;
	f->config.n_sinks = N_SINKS;
	f->all = selection_new(&f->config);
	f->due = selection_new(&f->config);
}

static void tear_down(struct fixture *f)
{
	selection_free(&f->all);
	selection_free(&f->due);
}

// As a text: "s-s/-k-", sources and sinks.
static struct str show(const struct selection *selection, char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < N_SOURCES; i++)
		text[n++] = selection->sources[i] ? 's' : '-';
	text[n++] = '/';
	for (size_t i = 0; i < N_SINKS; i++)
		text[n++] = selection->sinks[i] ? 'k' : '-';
	return (struct str){ text, n };
}

static void each_sink_has_its_turn_in_every_nth_cycle(void **state)
{
	static const struct {
		const char *name;
		size_t every[N_SINKS];
		bool watches;
		uint64_t number;
		const char *due; // NULL: nothing
	} rows[] = {
		{ "the first, 1 2 3", { 1, 2, 3 }, false, 0, "sss/kkk" },
		{ "second, 1 2 3", { 1, 2, 3 }, false, 1, "sss/k--" },
		{ "third, 1 2 3", { 1, 2, 3 }, false, 2, "sss/kk-" },
		{ "fourth, 1 2 3", { 1, 2, 3 }, false, 3, "sss/k-k" },
		{ "seventh, 1 2 3", { 1, 2, 3 }, false, 6, "sss/kkk" },
		{ "whoever watches, all are asked for a push", { 1, 2, 3 }, true, 1, "sss/k--" },
		{ "the first, rarely", { 1000000, 1000000, 1000000 }, false, 0, "sss/kkk" },
		{ "nobody's turn", { 2, 3, 1000000 }, false, 1, NULL },
		{ "nobody's turn, one watches", { 2, 3, 1000000 }, true, 1, "-s-/---" },
		{ "the last turn before", { 4, 4, 1000000 }, false, 999999, NULL },
		{ "rare", { 3, 3, 1000000 }, false, 1000000, "sss/--k" },
		{ "beyond 32 bits", { 4, 7, 9 }, false, UINT64_C(1) << 33, "sss/k--" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fixture f;
		char text[16];

		set_up(&f, rows[i].every, rows[i].watches);
		bool any = selection_of_cycle(&f.config, &f.all, rows[i].number, &f.due);
		CHECK_ROW(rows[i].name, any == (rows[i].due != NULL));
		check_str(rows[i].name, show(&f.due, text),
			rows[i].due ? str_of(rows[i].due) : STR("---/---"));
		CHECK_ROW(rows[i].name,
			selection_has_sink(&f.config, &f.due) == (strchr(text, 'k') != NULL));
		tear_down(&f);
	}
}

static void what_is_not_selected_has_no_turn(void **state)
{
	static const size_t every[N_SINKS] = { 1, 2, 1 };
	struct fixture f;
	char text[16] = "";

	(void)state;
	set_up(&f, every, true);
	f.all.sinks[0] = f.all.sinks[2] = f.all.sources[0] = false;
	f.all.group = STR("http://127.0.0.1/metrics/job/a");
	assert_true(selection_of_cycle(&f.config, &f.all, 0, &f.due));
	check_str("a turn", show(&f.due, text), STR("-ss/-k-"));
	check_str("group", f.due.group, f.all.group);
	assert_true(selection_of_cycle(&f.config, &f.all, 1, &f.due));
	check_str("no turn", show(&f.due, text), STR("-s-/---"));
	f.all.sources[1] = false;
	assert_false(selection_of_cycle(&f.config, &f.all, 1, &f.due));
	check_str("nobody watches", show(&f.due, text), STR("---/---"));
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sink_has_its_turn_in_every_nth_cycle),
		cmocka_unit_test(what_is_not_selected_has_no_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
