// SPDX-License-Identifier: Apache-2.0
// Whatever pages come in, what is written is a body that every reader takes (strict.h), and reading it
// and writing it again changes nothing and repairs nothing. A page that every reader takes passes without
// repairs, and a line with an open quote in front of it takes nothing from it. With quoted names refused none
// is repaired.
//
// Input: a page; behind a line %% the page of a second source with the same added labels; behind a line
// %%% that of a second source with others.
#include "fuzz.h"

#include "metric/check.h"
#include "metric/read.h"
#include "metric/write.h"
#include "strict.h"

#include <string.h>

enum { N_SOURCES = 2 };

static const char *const key_names[] = { "job", "instance", NULL };
static const struct str keys[] = { STR_INIT("job"), STR_INIT("instance") };

// One body on its way.
struct run {
	struct arena arena;
	struct check check;
	struct check_source sources[N_SOURCES];
	struct str added[N_SOURCES];
	char *pages[N_SOURCES]; // owned
	struct repairs repairs; // of all pages and sources
	size_t n_quarantined, n_read;
	size_t n_samples, n_bad_lines; // of all pages, as read
	const struct read_options *options;
	struct buf body; // owned
};

static void run_free(struct run *run)
{
	buf_free(&run->body);
	for (int i = 0; i < N_SOURCES; i++)
		free(run->pages[i]);
	arena_free(&run->arena);
}

static void add_page(struct run *run, struct str page, uint16_t source)
{
	struct metric_set *set = metric_set_new(&run->arena);
	struct read_report report = { 0 };
	struct err err = { 0 };

	run->pages[source] = fuzz_copy(page);
	page.ptr = run->pages[source];
	if (!read_page(set, page, run->options, &report, &err)) {
		fuzz_check_err(&err);
		FUZZ_CHECK(err.kind == ERR_BAD_BODY, "a page is refused as %d", (int)err.kind);
		return;
	}
	FUZZ_CHECK(err.kind == ERR_NONE, "a page was read, with an error: %s", err.text);
	FUZZ_CHECK(set->n_samples >= report.n_bad_lines, "a page of bad lines was read");
	repair_add(&run->repairs, &report.repairs);
	check_add(&run->check, set, source);
	run->n_samples += set->n_samples;
	run->n_bad_lines += report.n_bad_lines;
	run->n_read++;
}

static void run_start(struct run *run, struct str first_added, struct str second_added)
{
	*run = (struct run){ .body = buf_new(MIB(64)) };
	run->added[0] = first_added;
	run->added[1] = second_added;
	for (int i = 0; i < N_SOURCES; i++) {
		run->sources[i].name = i ? STR("second") : STR("first");
		run->sources[i].added.text = run->added[i];
	}
	run->check = check_new(&run->arena, keys, ARRAY_LEN(keys), run->sources);
}

static void run_finish(struct run *run)
{
	check_finish(&run->check);
	for (int i = 0; i < N_SOURCES; i++) {
		repair_add(&run->repairs, &run->sources[i].repairs);
		run->n_quarantined += run->sources[i].n_quarantined;
	}
	write_set(&run->body, run->check.set, run->added);
	FUZZ_CHECK(!run->body.failed, "the body is larger than any can be");
}

static void check_no_repairs(const struct run *run, uint32_t but)
{
	for (int rule = 0; rule < N_REPAIRS; rule++)
		FUZZ_CHECK((but & 1u << rule) || run->repairs.count[rule] == 0,
			"a good page is repaired: %s", repair_name((enum repair)rule).ptr);
}

static void show(const char *title, struct str body)
{
	fprintf(stderr, "%s:\n", title);
	fwrite(body.ptr, 1, body.len, stderr);
}

// Reads a body as the page of one source, with or without labels to add, which it has already.
static void check_stable(struct str body, struct str added)
{
	struct run again;

	run_start(&again, added, STR(""));
	add_page(&again, body, 0);
	run_finish(&again);
	if (!str_eq(buf_str(&again.body), body)) {
		show("written", body);
		show("read and written again", buf_str(&again.body));
		FUZZ_CHECK(false, "a body does not survive reading");
	}
	check_no_repairs(&again, 0);
	FUZZ_CHECK(again.n_quarantined == 0, "a family of a good page is left out");
	run_free(&again);
}

static void check_body(struct str body, struct str added, bool one_source)
{
	struct strict_fault fault;

	if (!strict_check(body.ptr, body.len, key_names, &fault)) {
		show("written", body);
		FUZZ_CHECK(false, "line %zu is not for everybody: %s: %s", fault.line, fault.text,
			fault.subject);
	}
	if (body.len == 0)
		return;
	check_stable(body, STR(""));
	if (one_source)
		check_stable(body, added);
}

// What is good already stays as it is; but for what is no fault of the text: limits of length, types of
// a gateway's own families, names that belong to the agent.
static void check_good_page(struct str page)
{
	const uint32_t limits =
		1u << REPAIR_BAD_LINE | 1u << REPAIR_TOO_LONG | 1u << REPAIR_GATEWAY_TYPE;
	struct strict_fault fault;
	struct run run;

	if (!strict_check(page.ptr, page.len, key_names, &fault))
		return;
	run_start(&run, STR(""), STR(""));
	add_page(&run, page, 0);
	run_finish(&run);
	if (run.n_read)
		check_no_repairs(&run, limits);
	for (const struct quarantine *q = run.sources[0].quarantined; q; q = q->next)
		FUZZ_CHECK(str_starts_with(q->family, STR("brokerpush_")) || q->family.len > 1000,
			"a family of a good page is left out: %.*s: %.*s", STR_ARG(q->family),
			STR_ARG(q->why));
	run_free(&run);
}

// HELP may have anything, so also what would close the quote and go on as a sample.
static bool has_quote_in_help(struct str page)
{
	for (const char *p = page.ptr, *end = p + page.len; p < end; p++) {
		const char *feed = memchr(p, '\n', (size_t)(end - p));

		feed = feed ? feed : end;
		if (*p == '#' && memchr(p, '"', (size_t)(feed - p)))
			return true;
		p = feed;
	}
	return false;
}

static void check_open_quote(struct str page)
{
	static const char *const fronts[] = { "m{a=\"x\n", "{\"m\n", "m{a=\"\",\"b\\\n" };
	struct strict_fault fault;
	struct run alone, behind;

	if (!strict_check(page.ptr, page.len, key_names, &fault) || has_quote_in_help(page))
		return;
	run_start(&alone, STR(""), STR(""));
	add_page(&alone, page, 0);
	for (size_t i = 0; alone.n_samples && i < ARRAY_LEN(fronts); i++) {
		struct buf both = buf_new(page.len + 64);

		buf_add(&both, str_of(fronts[i]));
		buf_add(&both, page);
		run_start(&behind, STR(""), STR(""));
		add_page(&behind, buf_str(&both), 0);
		FUZZ_CHECK(alone.n_bad_lines >= alone.n_samples ||
				   (behind.n_samples == alone.n_samples &&
					   behind.n_bad_lines == alone.n_bad_lines + 1),
			"of %zu samples %zu are left behind an open quote", alone.n_samples,
			behind.n_samples);
		run_free(&behind);
		buf_free(&both);
	}
	run_free(&alone);
}

// In a histogram an empty label, which keeps an added one away, is not written: a second reader would add that.
static bool may_have_empty_label(struct str page)
{
	return memmem(page.ptr, page.len, "\"\"", 2) != NULL;
}

static void check_refusal(struct str page)
{
	const struct read_options options = { .refuses_quoted_names = true };
	struct run run;

	run_start(&run, STR(""), STR(""));
	run.options = &options;
	add_page(&run, page, 0);
	run_finish(&run);
	FUZZ_CHECK(run.repairs.count[REPAIR_UTF8_NAME] == 0, "a quoted name is not refused");
	check_body(buf_str(&run.body), STR(""), false);
	run_free(&run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct str added = STR("cluster=\"c\",zone=\"z\"");
	struct str same = fuzz_take(&rest, "\n%%\n"), others = STR("");
	struct run run;

	if (rest.len == 0) {
		rest = same;
		same = fuzz_take(&rest, "\n%%%\n");
		others = rest;
		rest = (struct str){ rest.ptr, 0 };
	}
	run_start(&run, added, others.len ? STR("zone=\"y\",rack=\"r\"") : added);
	add_page(&run, same, 0);
	if (rest.len || others.len)
		add_page(&run, rest.len ? rest : others, 1);
	run_finish(&run);
	check_body(buf_str(&run.body), added,
		run.n_read == 1 && !run.pages[1] && !may_have_empty_label(same));
	run_free(&run);
	check_good_page(same);
	check_open_quote(same);
	check_refusal(same);
	return 0;
}
