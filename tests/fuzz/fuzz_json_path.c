// SPDX-License-Identifier: Apache-2.0
// Whatever stands as a path, a label, a template of a next page and a condition, it is parsed or has a fault with a
// position. Whatever the answer is, a path visits each of its values at most once, what it makes of them are
// samples that anybody takes, and the next page's URL is one.
//
// Input, five lines, of which the last one may go on:
//
//	items[*].messages                  the path of a metric
//	^.name                             of a label
//	/api/queues?page=${page + 1}       next_page
//	page < page_count                  more
//	{"page":1,"items":[...]}           the answer
#include "fuzz.h"

#include "metric/write.h"
#include "source/json_map.h"
#include "source/json_page.h"
#include "strict_line.h"

static void check_fault(const struct err *err, struct str text)
{
	fuzz_check_err(err);
	FUZZ_CHECK(err->kind == ERR_INVALID && err->position <= text.len,
		"an error at byte %zu of %zu: %s", err->position, text.len, err->text);
}

static void check_parsed(bool good, const struct err *err, struct str text)
{
	if (!good)
		check_fault(err, text);
	else
		FUZZ_CHECK(err->kind == ERR_NONE, "parsed, with an error: %s", err->text);
}

// Values

struct visits {
	size_t n;
	const struct json_path *path, *label; // label: NULL if it has a fault
	struct json root;
	struct arena *arena;
};

static void on_value(void *arg, const struct json_row *row, struct json value)
{
	struct visits *visits = arg;
	size_t depth = 0;

	visits->n++;
	FUZZ_CHECK(value.node, "a value that is none");
	for (const struct json_row *r = row; r; r = r->outer)
		depth++;
	FUZZ_CHECK(depth == visits->path->n_levels, "%zu rows within each other", depth);
	if (visits->label) {
		struct str text = json_path_label(visits->label, visits->root, row, visits->arena);
		FUZZ_CHECK(strict_is_utf8((struct strict_text){ text.ptr, text.len }),
			"a label that is not UTF-8");
	}
}

static void count_fault(void *context, const char *name, const char *text)
{
	FUZZ_CHECK(*name && *text, "a fault says nothing");
	++*(size_t *)context;
}

static void check_samples(const struct metric_set *set)
{
	static struct strict_line line;
	struct buf text = buf_new(MIB(64));
	struct str added = STR("");

	write_set(&text, set, &added);
	for (struct str rest = buf_str(&text); rest.len;) {
		struct str taken = fuzz_take(&rest, "\n");
		const char *fault =
			strict_read_line((struct strict_text){ taken.ptr, taken.len }, &line);
		FUZZ_CHECK(!fault, "a line is not for everybody: %s: %.*s", fault, STR_ARG(taken));
	}
	buf_free(&text);
}

// With as much room as little.
static void check_map(
	struct arena *arena, struct json root, struct str path, struct str label, size_t n_values)
{
	static const size_t rooms[] = { MIB(16), 1000 };
	struct pair pair = { STR("label"), label };
	struct json_metric metric = { .family = STR("family"),
		.help = label,
		.path = path,
		.type = METRIC_GAUGE,
		.labels = { &pair, 1 } };

	for (size_t i = 0; i < ARRAY_LEN(rooms); i++) {
		struct repairs repairs = { 0 };
		struct json_mapped mapped = { metric_set_new(arena), &repairs, rooms[i], false };
		struct json_rule rule = json_map_rule(arena, &metric);

		json_map_apply(&rule, root, &mapped);
		size_t n = mapped.set->n_samples;
		FUZZ_CHECK(n + rule.n_odd <= n_values, "more samples than values");
		FUZZ_CHECK(rule.n_same < n || n == 0, "more samples are the same than there are");
		FUZZ_CHECK(mapped.n_left <= rooms[i], "room that was not there");
		FUZZ_CHECK(mapped.is_full ||
				   n + rule.n_odd + repairs.count[REPAIR_TOO_LONG] == n_values,
			"values are lost");
		check_samples(mapped.set);
	}
}

// Pages

static void check_page(struct arena *arena, struct json root, struct str template, struct str more)
{
	struct json_page page = { 0 };
	struct err err = { 0 }, more_err = { 0 };
	struct str next;

	bool good = json_page_parse(arena, template, &page, &err);
	check_parsed(good, &err, template);
	if (more.len) {
		bool is_good = json_page_parse_more(arena, more, &page, &more_err);
		check_parsed(is_good, &more_err, more);
		good = good && is_good;
	}
	if (!good)
		return;
	switch (json_page_next(&page, root, arena, &next, &err)) {
	case JSON_PAGE_NEXT:
		FUZZ_CHECK(err.kind == ERR_NONE && next.len, "a page, and an error");
		FUZZ_CHECK(page.is_link || json_page_is_url(next), "a URL that is none: %.*s",
			STR_ARG(next));
		break;
	case JSON_PAGE_LAST: FUZZ_CHECK(err.kind == ERR_NONE, "the last page, and an error"); break;
	case JSON_PAGE_FAILED:
		fuzz_check_err(&err);
		FUZZ_CHECK(err.kind == ERR_BAD_BODY || err.kind == ERR_TOO_LARGE, "a kind");
		break;
	}
}

static void check(struct json root, struct str path_text, struct str label_text, size_t size)
{
	struct arena arena = { 0 };
	struct json_path path, label;
	struct err err = { 0 }, label_err = { 0 };
	bool good = json_path_parse(&arena, path_text, &path, &err);

	check_parsed(good, &err, path_text);
	bool label_good = json_path_parse_label(&arena, label_text,
		good ? path.n_levels : JSON_PATH_MOST_STEPS, &label, &label_err);
	check_parsed(label_good, &label_err, label_text);
	if (good) {
		struct visits visits = { 0, &path, label_good ? &label : NULL, root, &arena };
		bool found = json_path_walk(&path, root, on_value, &visits);

		FUZZ_CHECK(found || visits.n == 0, "what was visited was not found");
		FUZZ_CHECK(visits.n <= size, "%zu values in %zu bytes", visits.n, size);
		if (label_good)
			check_map(&arena, root, path_text, label_text, visits.n);
	}
	struct json_metric metric = { .family = STR("f"), .path = path_text };
	size_t n_faults = 0;
	json_map_check(&metric, 0, &(struct setting_faults){ count_fault, &n_faults });
	FUZZ_CHECK((n_faults == 0) == good, "the check says another thing");
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy((struct str){ (const char *)data, size });
	struct str rest = { copy, size };
	struct str path = fuzz_take(&rest, "\n"), label = fuzz_take(&rest, "\n");
	struct str template = fuzz_take(&rest, "\n"), more = fuzz_take(&rest, "\n");
	struct arena arena = { 0 };
	struct err err = { 0 };
	struct json_doc *doc = json_read(rest, &err);

	if (doc) {
		check(json_root(doc), path, label, rest.len);
		check_page(&arena, json_root(doc), template, more);
	}
	json_free(doc);
	arena_free(&arena);
	free(copy);
	return 0;
}
