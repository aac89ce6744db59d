// SPDX-License-Identifier: Apache-2.0
#include "strict.h"

#include "strict_line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What is known of a family.
struct family {
	struct strict_text name, type; // an empty type: no TYPE line yet
	size_t line;		       // where it begins
	bool has_help, has_samples;
};

// What a family's samples are by their names.
enum part { PART_PLAIN, PART_BUCKET, PART_SUM, PART_COUNT, N_PARTS };

static const char *const suffixes[N_PARTS] = { "", "_bucket", "_sum", "_count" };

// One sample, as far as comparing with others goes.
struct entry {
	char *series; // family and sorted labels without the bound, ends in NUL; owned
	enum part part;
	double bound;	// of a bucket or quantile, else NaN
	bool histogram; // it belongs to one
	size_t line;
};

struct strict {
	struct family *families;
	size_t n_families;
	struct entry *entries;
	size_t n_entries;
	const char *const *key_names;
	struct strict_line line;
	size_t number; // of the line
	struct strict_fault *fault;
};

static bool refuse(struct strict *s, size_t line, struct strict_text subject, const char *text)
{
	s->fault->line = line;
	s->fault->text = text;
	snprintf(s->fault->subject, sizeof(s->fault->subject), "%.*s",
		(int)(subject.len < 1000 ? subject.len : 1000), subject.ptr);
	return false;
}

// Room for one more behind the n that there are, by doubling.
static void *grow(void *items, size_t n, size_t size)
{
	if (n & (n - 1))
		return items;
	items = realloc(items, (n ? n * 2 : 1) * size);
	if (!items)
		abort();
	return items;
}

// Families

static struct family *last_family(struct strict *s)
{
	return s->n_families ? &s->families[s->n_families - 1] : NULL;
}

// The family of a HELP or TYPE line: the last one, or a new one.
static struct family *metadata_family(struct strict *s)
{
	struct family *last = last_family(s);

	if (last && strict_same(last->name, s->line.name))
		return last;
	s->families = grow(s->families, s->n_families, sizeof(*s->families));
	s->families[s->n_families] = (struct family){ .name = s->line.name, .line = s->number };
	return &s->families[s->n_families++];
}

static bool enter_metadata(struct strict *s)
{
	struct family *family = metadata_family(s);
	bool help = s->line.kind == STRICT_HELP;

	if (family->has_samples)
		return refuse(s, s->number, s->line.name, "HELP or TYPE stands behind a sample");
	if (help ? family->has_help : family->type.len > 0)
		return refuse(s, s->number, s->line.name, "HELP or TYPE comes twice");
	if (help)
		family->has_help = true;
	else
		family->type = s->line.text;
	return true;
}

static bool is_histogram(const struct family *family)
{
	return strict_is(family->type, "histogram");
}

static bool is_summary(const struct family *family)
{
	return strict_is(family->type, "summary");
}

// Samples

static bool may_have(const struct family *family, enum part part)
{
	if (is_histogram(family))
		return part != PART_PLAIN;
	if (is_summary(family))
		return part != PART_BUCKET;
	return part == PART_PLAIN;
}

// Which of the family's samples this name is. False: none.
static bool find_part(const struct family *family, struct strict_text name, enum part *part)
{
	struct strict_text rest = { name.ptr + family->name.len, name.len - family->name.len };

	if (name.len < family->name.len ||
		memcmp(name.ptr, family->name.ptr, family->name.len) != 0)
		return false;
	for (int i = 0; i < N_PARTS; i++) {
		*part = (enum part)i;
		if (strict_is(rest, suffixes[i]) && may_have(family, *part))
			return true;
	}
	return false;
}

static int compare_labels(const void *a, const void *b)
{
	const struct strict_label *x = a, *y = b;
	size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
	int order = memcmp(x->name.ptr, y->name.ptr, n);

	return order ? order : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

// Family and labels in one order, without the bound and without empty labels, which are absent ones. A
// NUL in a value is written as an escape that the grammar does not have.
static char *spell_series(struct strict *s, const struct family *family, const char *bound_name)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	qsort(s->line.labels, s->line.n_labels, sizeof(*s->line.labels), compare_labels);
	fprintf(out, "%.*s", (int)family->name.len, family->name.ptr);
	for (size_t i = 0; i < s->line.n_labels; i++) {
		struct strict_label label = s->line.labels[i];

		if (label.value.len == 0 || strict_is(label.name, bound_name))
			continue;
		fprintf(out, ",%.*s=\"", (int)label.name.len, label.name.ptr);
		for (size_t k = 0; k < label.value.len; k++) {
			if (label.value.ptr[k])
				fputc(label.value.ptr[k], out);
			else
				fputs("\\0", out);
		}
		fputc('"', out);
	}
	fclose(out);
	return text;
}

static const struct strict_label *find_label(const struct strict_line *line, const char *name)
{
	for (size_t i = 0; i < line->n_labels; i++)
		if (strict_is(line->labels[i].name, name))
			return &line->labels[i];
	return NULL;
}

static bool check_key_names(struct strict *s)
{
	for (const char *const *name = s->key_names; *name; name++)
		if (find_label(&s->line, *name))
			return refuse(s, s->number, s->line.name,
				"a label bears the name of a grouping label, which overwrites it");
	return true;
}

// The bound where one must be, and none elsewhere.
static bool read_bound(struct strict *s, const char *name, bool wanted, double *bound)
{
	const struct strict_label *label = find_label(&s->line, name);

	if (!wanted)
		return !label ||
		       refuse(s, s->number, s->line.name, "le or quantile at a sum or a count");
	if (!label)
		return refuse(s, s->number, s->line.name, "le or quantile is missing");
	if (!strict_number(label->value, bound) || isnan(*bound))
		return refuse(s, s->number, s->line.name, "le or quantile is no number");
	return strict_is_gateway_spelling(label->value, *bound) ||
	       refuse(s, s->number, s->line.name, "a gateway spells le or quantile otherwise");
}

static bool check_shaped(struct strict *s, const struct family *family, struct entry *entry)
{
	bool has_bound = entry->part == (is_histogram(family) ? PART_BUCKET : PART_PLAIN);
	bool counts = entry->part == PART_BUCKET || entry->part == PART_COUNT;

	if (!read_bound(s, is_histogram(family) ? "le" : "quantile", has_bound, &entry->bound))
		return false;
	if (counts && !(s->line.number >= 0 && isfinite(s->line.number)))
		return refuse(s, s->number, s->line.name, "a count is no count");
	return true;
}

static bool enter_sample(struct strict *s)
{
	struct family *family = last_family(s);
	struct entry entry = { .line = s->number, .bound = (double)NAN };
	bool histogram = family && is_histogram(family), summary = family && is_summary(family);

	if (!family || !find_part(family, s->line.name, &entry.part))
		return refuse(s, s->number, s->line.name, "the sample is none of the family's");
	if (family->type.len == 0)
		return refuse(s, s->number, s->line.name, "the sample's family has no TYPE");
	family->has_samples = true;
	if (!check_key_names(s))
		return false;
	if ((histogram || summary) && !check_shaped(s, family, &entry))
		return false;
	entry.histogram = histogram;
	entry.series = spell_series(s, family, histogram ? "le" : summary ? "quantile" : "");
	s->entries = grow(s->entries, s->n_entries, sizeof(*s->entries));
	s->entries[s->n_entries++] = entry;
	return true;
}

// The body as a whole

// What a Pushgateway has itself (seen on 1.5.1 and 1.11.2): another type is refused.
static const struct {
	const char *name, *type;
} own_families[] = {
	{ "go_gc_duration_seconds", "summary" }, { "go_goroutines", "gauge" },
	{ "go_info", "gauge" }, { "go_memstats_alloc_bytes", "gauge" },
	{ "go_memstats_alloc_bytes_total", "counter" }, { "go_threads", "gauge" },
	{ "process_cpu_seconds_total", "counter" }, { "process_open_fds", "gauge" },
	{ "process_start_time_seconds", "gauge" },
	{ "promhttp_metric_handler_requests_total", "counter" },
	{ "pushgateway_build_info", "gauge" },
	{ "pushgateway_http_push_duration_seconds", "summary" },
	{ "pushgateway_http_push_size_bytes", "summary" },
	{ "pushgateway_http_requests_total", "counter" },
	{ "push_time_seconds", "" },	     // overwritten, whatever the type
	{ "push_failure_time_seconds", "" }, // likewise
};

static bool is_suffixed(struct strict_text name, struct strict_text base, const char *suffix)
{
	return name.len == base.len + strlen(suffix) && memcmp(name.ptr, base.ptr, base.len) == 0 &&
	       memcmp(name.ptr + base.len, suffix, strlen(suffix)) == 0;
}

// x_count, x_sum (and x_bucket) beside a summary (histogram) x.
static bool collides(struct strict_text name, struct strict_text base, bool histogram)
{
	return is_suffixed(name, base, "_count") || is_suffixed(name, base, "_sum") ||
	       (histogram && is_suffixed(name, base, "_bucket"));
}

static bool check_against_gateway(struct strict *s, const struct family *family)
{
	for (size_t i = 0; i < sizeof(own_families) / sizeof(*own_families); i++) {
		const char *name = own_families[i].name, *type = own_families[i].type;
		struct strict_text own = { name, strlen(name) };

		if (strict_is(family->name, name) && !strict_is(family->type, type))
			return refuse(s, family->line, family->name,
				"a gateway has this family with another type");
		if (strcmp(type, "summary") == 0 && collides(family->name, own, false))
			return refuse(s, family->line, family->name,
				"collides with a summary that a gateway has");
		if ((is_histogram(family) || is_summary(family)) &&
			collides(own, family->name, is_histogram(family)))
			return refuse(s, family->line, family->name,
				"collides with a family that a gateway has");
	}
	return true;
}

static bool check_pair(struct strict *s, const struct family *a, const struct family *b)
{
	if (strict_same(a->name, b->name))
		return refuse(s, b->line, b->name, "the family stands in more than one place");
	if ((is_histogram(a) || is_summary(a)) && collides(b->name, a->name, is_histogram(a)))
		return refuse(s, b->line, b->name, "collides with a histogram or summary");
	return true;
}

static bool check_families(struct strict *s)
{
	for (size_t i = 0; i < s->n_families; i++) {
		if (!check_against_gateway(s, &s->families[i]))
			return false;
		for (size_t k = 0; k < i; k++)
			if (!check_pair(s, &s->families[k], &s->families[i]) ||
				!check_pair(s, &s->families[i], &s->families[k]))
				return false;
	}
	return true;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->series, y->series);

	order = order ? order : (int)x->part - (int)y->part;
	if (order || isnan(x->bound) || isnan(y->bound))
		return order;
	return (x->bound > y->bound) - (x->bound < y->bound);
}

static bool refuse_series(struct strict *s, const struct entry *entry, const char *text)
{
	return refuse(
		s, entry->line, (struct strict_text){ entry->series, strlen(entry->series) }, text);
}

// The entries from..to are all of one series, sorted.
static bool check_series(struct strict *s, const struct entry *from, const struct entry *to)
{
	const unsigned all = 1u << PART_BUCKET | 1u << PART_SUM | 1u << PART_COUNT;
	unsigned parts = 0;
	bool infinite = false;

	for (const struct entry *entry = from; entry < to; entry++) {
		if (entry > from && compare_entries(entry - 1, entry) == 0)
			return refuse_series(s, entry, "the series comes twice");
		parts |= 1u << entry->part;
		infinite |= entry->part == PART_BUCKET && isinf(entry->bound) && entry->bound > 0;
	}
	if (!from->histogram)
		return true;
	if (parts != all)
		return refuse_series(s, from, "the histogram lacks a bucket, its sum or its count");
	return infinite || refuse_series(s, from, "the histogram has no bucket +Inf");
}

static bool check_entries(struct strict *s)
{
	const struct entry *from, *end;

	if (s->n_entries == 0)
		return true;
	qsort(s->entries, s->n_entries, sizeof(*s->entries), compare_entries);
	from = s->entries;
	end = from + s->n_entries;
	while (from < end) {
		const struct entry *to = from;
		while (to < end && strcmp(from->series, to->series) == 0)
			to++;
		if (!check_series(s, from, to))
			return false;
		from = to;
	}
	return true;
}

// Reading

static bool read_lines(struct strict *s, const char *body, size_t len)
{
	const char *end = len ? body + len : body;

	while (body < end) {
		const char *feed = memchr(body, '\n', (size_t)(end - body));
		struct strict_text text = { body, (size_t)((feed ? feed : end) - body) };
		const char *fault = strict_read_line(text, &s->line);

		s->number++;
		if (!feed || fault)
			return refuse(s, s->number, text,
				feed ? fault : "the last line has no line feed");
		if (!(s->line.kind == STRICT_SAMPLE ? enter_sample(s) : enter_metadata(s)))
			return false;
		body = feed + 1;
	}
	return true;
}

bool strict_check(
	const char *body, size_t len, const char *const *key_names, struct strict_fault *fault)
{
	struct strict *s = calloc(1, sizeof(*s));
	bool good;

	if (!s)
		abort();
	s->key_names = key_names;
	s->fault = fault;
	*fault = (struct strict_fault){ 0 };
	good = read_lines(s, body, len) && check_families(s) && check_entries(s);
	for (size_t i = 0; i < s->n_entries; i++)
		free(s->entries[i].series);
	free(s->entries);
	free(s->families);
	free(s);
	return good;
}
