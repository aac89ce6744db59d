// SPDX-License-Identifier: Apache-2.0
// Whatever rules and pages come in, what is written is a body that every reader takes (strict.h), and rules do the same
// whether somebody wants each of them counted or not: then they take a way by names and by what is known of the same
// labels.
//
// Input: the text of a configuration with rules; behind a line %% a page, which two sources of a group deliver, so that
// its series meet if rules take away what tells the sources apart.
#include "fuzz.h"

#include "agent/settings.h"
#include "metric/check.h"
#include "metric/read.h"
#include "metric/write.h"
#include "strict.h"
#include "transform/limits.h"
#include "transform/rules.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { N_SOURCES = 2 };

static const char *const key_names[] = { "job", "instance", NULL };
static const struct str keys[] = { STR_INIT("job"), STR_INIT("instance") };

// The first of each source's labels is forced.
static const struct label_extra added[N_SOURCES] = {
	{ STR_INIT("zone=\"z\",site=\"s\""), 1 },
	{ STR_INIT("zone=\"y\""), 1 },
};

// 1. Rules

struct reading {
	struct arena arena;
	struct rules_conf conf;
	struct rules *rules; // owned
	bool is_good;
};

static bool names_files(struct str text)
{
	return text.len && memmem(text.ptr, text.len, "@include", strlen("@include"));
}

static void on_fault(void *context, const char *name, const char *text)
{
	struct reading *reading = context;

	FUZZ_CHECK(fuzz_is_printable(str_of(name)) && *name, "a fault of no setting: %s", text);
	FUZZ_CHECK(*text, "a fault without a text");
	reading->is_good = false;
}

// The settings borrow the path, and may read the file again.
static void read_file(struct reading *reading, const char *path)
{
	struct settings_part part = { &rules_settings, NULL };
	struct settings *settings = settings_open(path, &reading->arena);

	part.object = &reading->conf;
	if (settings_n_faults(settings) == 0)
		settings_read(settings, settings_root(settings), &part, 1);
	reading->is_good = settings_n_faults(settings) == 0;
	settings_close(settings);
}

static void read_rules(struct reading *reading, struct str text)
{
	struct setting_faults faults = { on_fault, reading };
	int fd = memfd_create("rules", MFD_CLOEXEC);
	char path[64];

	FUZZ_CHECK(fd >= 0, "no file in memory");
	FUZZ_CHECK(write(fd, text.ptr, text.len) == (ssize_t)text.len, "a short write");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_file(reading, path);
	close(fd);
	if (reading->is_good)
		reading->rules = rules_new(&reading->conf, &faults);
}

// 2. One body on its way

struct run {
	struct arena arena;
	struct check check;
	struct check_source sources[N_SOURCES];
	struct rules_run *rules_run;
	char *page; // owned
	bool took_too_long, is_no_page;
	struct buf body; // owned
};

static void run_free(struct run *run)
{
	buf_free(&run->body);
	free(run->page);
	arena_free(&run->arena);
}

static bool apply(struct run *run, struct metric_set *set, struct check_source *source)
{
	const struct limits_conf limits = {
		.samples = SIZE_MAX, .labels = 512, .value_length = SIZE_MAX
	};
	struct err err = { 0 };
	size_t n_samples = 0;

	if (!rules_apply(run->rules_run, set, &source->added, &source->repairs, &err)) {
		fuzz_check_err(&err);
		FUZZ_CHECK(err.kind == ERR_TIMED_OUT, "rules fail as %d", (int)err.kind);
		return false;
	}
	FUZZ_CHECK(err.kind == ERR_NONE, "rules with an error: %s", err.text);
	if (!limits_check(&limits, set, &source->added, &n_samples, &err))
		fuzz_check_err(&err);
	return true;
}

static void add_page(struct run *run, struct str page, uint16_t index)
{
	struct metric_set *set = metric_set_new(&run->arena);
	struct read_report report = { 0 };
	struct err err = { 0 };

	run->is_no_page = !read_page(set, page, NULL, &report, &err);
	if (run->is_no_page || run->took_too_long)
		return;
	run->took_too_long = !apply(run, set, &run->sources[index]);
	if (!run->took_too_long)
		check_add(&run->check, set, index);
}

static void go(struct run *run, struct rules *rules, struct str page, bool explains)
{
	struct str texts[N_SOURCES] = { added[0].text, added[1].text };

	*run = (struct run){ .body = buf_new(MIB(256)) };
	run->page = fuzz_copy(page);
	page.ptr = run->page;
	for (uint16_t i = 0; i < N_SOURCES; i++) {
		run->sources[i].name = i ? STR("second") : STR("first");
		run->sources[i].added = added[i];
	}
	run->rules_run = rules_run_new(rules, &run->arena, true, explains);
	run->check = check_new(&run->arena, keys, ARRAY_LEN(keys), run->sources);
	for (uint16_t i = 0; i < N_SOURCES; i++)
		add_page(run, page, i);
	check_finish(&run->check);
	write_set(&run->body, run->check.set, texts);
	FUZZ_CHECK(!run->body.failed, "the body is larger than any can be");
}

// 3. Bodies, with the labels of each series in the order of their names, and without empty ones

enum { MOST_LABELS = 2048 };

static int order(const void *a, const void *b)
{
	return str_order(*(const struct str *)a, *(const struct str *)b);
}

// Takes name="value" off the front, and the comma.
static struct str take_label(struct str *rest)
{
	const char *start = rest->ptr, *end = rest->ptr + rest->len;
	const char *p = memchr(start, '"', rest->len);

	for (p++; *p != '"'; p++)
		if (*p == '\\')
			p++;
	p++;
	*rest = str_between(p < end && *p == ',' ? p + 1 : p, end);
	return str_between(start, p);
}

static void add_labels(struct buf *out, struct str *rest)
{
	struct str labels[MOST_LABELS];
	size_t n = 0;

	while (rest->len && rest->ptr[0] != '}' && n < MOST_LABELS) {
		labels[n] = take_label(rest);
		n += !str_ends_with(labels[n], STR("=\"\""));
	}
	qsort(labels, n, sizeof(*labels), order);
	for (size_t i = 0; i < n; i++) {
		buf_add(out, labels[i]);
		buf_add_byte(out, ',');
	}
}

static void add_line(struct buf *out, struct str line)
{
	struct str front, rest;

	if (!str_starts_with(line, STR("#")) && str_cut(line, '{', &front, &rest)) {
		buf_add(out, front);
		buf_add_byte(out, '{');
		add_labels(out, &rest);
		line = rest;
	}
	if (str_starts_with(line, STR("}")))
		line = str_between(line.ptr + 1, line.ptr + line.len);
	buf_add(out, line);
	buf_add_byte(out, '\n');
}

static struct buf sorted(struct str body)
{
	struct buf out = buf_new(MIB(256));
	struct str line;

	while (str_cut(body, '\n', &line, &body))
		add_line(&out, line);
	return out;
}

// 4. Properties

static void show(const char *title, struct str body)
{
	fprintf(stderr, "%s:\n", title);
	fwrite(body.ptr, 1, body.len, stderr);
}

static void check_body(struct str body)
{
	struct strict_fault fault;

	if (strict_check(body.ptr, body.len, key_names, &fault))
		return;
	show("written", body);
	FUZZ_CHECK(false, "line %zu is not for everybody: %s: %s", fault.line, fault.text,
		fault.subject);
}

static void check_counts(const struct run *run)
{
	const struct rules_run *rules_run = run->rules_run;

	for (size_t i = 0; i < rules_count(rules_run->rules); i++)
		FUZZ_CHECK(rules_run->touched[i] <= rules_run->n_series,
			"a rule touches more series than there are");
}

static void check_same(const struct run *fast, const struct run *slow)
{
	struct buf a = sorted(buf_str(&fast->body)), b = sorted(buf_str(&slow->body));

	if (!str_eq(buf_str(&a), buf_str(&b))) {
		show("short way", buf_str(&a));
		show("long way", buf_str(&b));
		FUZZ_CHECK(false, "two ways lead to two bodies");
	}
	buf_free(&a);
	buf_free(&b);
}

static void check_page(struct rules *rules, struct str page)
{
	struct run fast, slow;

	go(&slow, rules, page, true);
	go(&fast, rules, page, false);
	if (!slow.is_no_page) {
		check_body(buf_str(&slow.body));
		check_body(buf_str(&fast.body));
	}
	if (!slow.is_no_page && !slow.took_too_long && !fast.took_too_long) {
		check_same(&fast, &slow);
		check_counts(&slow);
	}
	run_free(&fast);
	run_free(&slow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str page = { (const char *)data, size };
	struct str text = fuzz_take(&page, "\n%%\n");
	struct reading reading = { 0 };

	if (names_files(text))
		return 0;
	read_rules(&reading, text);
	if (reading.is_good)
		check_page(reading.rules, page);
	rules_free(reading.rules);
	arena_free(&reading.arena);
	return 0;
}
