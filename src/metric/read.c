// SPDX-License-Identifier: Apache-2.0
#include "metric/read.h"

#include "metric/label.h"
#include "metric/openmetrics.h"
#include "metric/scan.h"

#include <string.h>

struct reader {
	struct metric_set *set;
	struct read_report *report;
	bool refuses_quoted_names;
	struct str quoted_name, escaped_name; // the last ones
	struct openmetrics openmetrics;
	struct label_list labels; // scratch
	// Where the last sample went: nearly always the next one goes there too.
	struct str last_name;
	struct family *family;
	enum sample_suffix suffix;
};

static void count(struct repairs *repairs, uint32_t bits)
{
	for (int rule = 0; bits; rule++, bits >>= 1)
		repairs->count[rule] += bits & 1;
}

static void note_bad_line(struct reader *r, const struct scan_line *line)
{
	if (r->report->n_bad_lines++ == 0) {
		r->report->first_bad_line = line->number;
		r->report->first_fault = line->text.ptr;
	}
	r->report->has_too_many_labels |= line->too_many_labels;
}

// Metadata

static bool find_type(struct str word, enum metric_type *type)
{
	for (int i = 0; i < N_METRIC_TYPES; i++) {
		if (str_eq_nocase(word, metric_type_names[i])) {
			*type = (enum metric_type)i;
			return true;
		}
	}
	return false;
}

static enum metric_type judge_type(struct reader *r, struct family *family, struct scan_line *line)
{
	enum metric_type type;

	if (find_type(line->text, &type)) {
		if (!str_eq(line->text, metric_type_names[type]))
			line->repairs |= 1u << REPAIR_METADATA;
		return type;
	}
	line->repairs |= 1u << REPAIR_UNKNOWN_TYPE;
	return family->typed ? family->type : openmetrics_type(&r->openmetrics, family, line->text);
}

static void read_type(struct reader *r, struct scan_line *line)
{
	if (line->text.len == 0) {
		line->repairs |= 1u << REPAIR_METADATA; // it says nothing
		return;
	}
	struct family *family = metric_family(r->set, line->name);
	enum metric_type type = judge_type(r, family, line);

	r->last_name.len = 0; // x_count may belong to another family from here on
	if (family->typed || family->first)
		line->repairs |= 1u << REPAIR_METADATA;
	if (family->typed)
		return;
	family->type = type;
	family->typed = true;
}

static void read_help(struct reader *r, struct scan_line *line)
{
	struct family *family = metric_family(r->set, line->name);

	if (line->text.len == 0)
		return;
	if (family->help.len)
		line->repairs |= 1u << REPAIR_METADATA;
	else
		family->help =
			label_repair_escapes(r->set->arena, line->text, false, &line->repairs);
}

// Samples

// Where a sample of this name belongs, as expfmt has it: the family of that very name, else the
// histogram or summary whose suffixed sample it is, else a family of its own.
static void find_home(struct reader *r, struct str name)
{
	struct str base;
	enum sample_suffix suffix = metric_split_suffix(name, &base);
	struct family *family = metric_find(r->set, name);

	if (!family && suffix != SUFFIX_NONE) {
		family = metric_find(r->set, base);
		if (family && family->type != METRIC_HISTOGRAM &&
			(family->type != METRIC_SUMMARY || suffix == SUFFIX_BUCKET))
			family = NULL;
	}
	if (!family)
		family = metric_add_family(r->set, name);
	r->last_name = name;
	r->family = family;
	r->suffix = family->name.len < name.len ? suffix : SUFFIX_NONE;
}

static void read_sample(struct reader *r, struct scan_line *line)
{
	if (!str_eq(line->name, r->last_name))
		find_home(r, line->name);
	if (line->odd_labels) {
		label_list_repair(&r->labels, line->labels, &line->repairs);
		line->labels = label_list_text(&r->labels);
		label_identify(line->labels, &line->fingerprint, &line->label_names);
	}

	struct sample *sample = metric_add_sample(r->set, r->family);
	sample->labels = line->labels;
	sample->value = line->text;
	sample->fingerprint = line->fingerprint;
	sample->label_names = line->label_names;
	sample->suffix = (uint8_t)r->suffix;
}

// Lines

// A line with quoted names: refused, or with a legal name.
static void read_quoted_names(struct reader *r, struct scan_line *line)
{
	if (r->refuses_quoted_names) {
		line->kind = SCAN_BAD;
		line->text =
			STR("a name is quoted, which metric_name_escaping_scheme = refuse refuses");
		return;
	}
	if (!str_eq(line->name, r->quoted_name)) {
		r->quoted_name = line->name;
		r->escaped_name = label_escape_name(r->set->arena, line->name, true);
	}
	line->name = r->escaped_name;
}

static void read_line(struct reader *r, struct scan_line *line)
{
	if (line->repairs & 1u << REPAIR_UTF8_NAME && line->kind != SCAN_BAD)
		read_quoted_names(r, line);
	if (line->kind == SCAN_SAMPLE)
		read_sample(r, line);
	else if (line->kind == SCAN_TYPE)
		read_type(r, line);
	else if (line->kind == SCAN_HELP)
		read_help(r, line);
	if (line->kind == SCAN_BAD)
		note_bad_line(r, line);
	else
		count(&r->report->repairs, line->repairs);
}

bool read_page(struct metric_set *set, struct str page, const struct read_options *options,
	struct read_report *report, struct err *err)
{
	struct reader reader = { .set = set, .report = report, .labels.arena = set->arena };
	struct scan scan = scan_new(page);
	struct scan_line line;

	reader.openmetrics.set = set;
	reader.refuses_quoted_names = options && options->refuses_quoted_names;
	while (scan_next(&scan, &line) != SCAN_END)
		read_line(&reader, &line);
	report->repairs.count[REPAIR_OPENMETRICS] += openmetrics_settle(&reader.openmetrics);
	report->repairs.count[REPAIR_BAD_LINE] += report->n_bad_lines;
	if (report->n_bad_lines <= set->n_samples &&
		(set->n_samples || (options && options->may_be_empty)))
		return true;
	if (report->n_bad_lines)
		err_set(err, ERR_BAD_BODY, report->first_bad_line,
			"not metrics: line %zu: %s (%zu bad lines, %zu samples)",
			report->first_bad_line, report->first_fault, report->n_bad_lines,
			set->n_samples);
	else
		err_set(err, ERR_BAD_BODY, 0, "the page has no samples (%zu bytes)", page.len);
	return false;
}
