// SPDX-License-Identifier: Apache-2.0
// Rules read from the text of a configuration, and what they make of a page: the body that a gateway gets. Rows
// may be written with ' in place of ".
#pragma once

#include "metric/check.h"
#include "metric/read.h"
#include "metric/write.h"
#include "settings_fill.h"
#include "settings_run.h"
#include "transform/rules.h"

// Rules, once they are read; transform_free ends it.
struct transform_rules {
	struct settings_run settings;
	struct rules_conf conf;
	struct rules *rules;
	struct buf faults; // found when they were made ready: "path: text" a line
};

// The text with " in place of '; the caller frees it.
static inline char *transform_quoted(const char *text)
{
	char *copy = strdup(text ? text : "");

	assert_non_null(copy);
	for (char *p = copy; (p = strchr(p, '\'')); p++)
		*p = '"';
	return copy;
}

static inline struct transform_rules *transform_read(const char *name, const char *text)
{
	struct transform_rules *made = calloc(1, sizeof(*made));
	struct settings_part part = { &rules_settings, NULL };
	char *quoted = transform_quoted(text);

	assert_non_null(made);
	part.object = &made->conf;
	run_settings(&made->settings, part, quoted, NULL, NULL);
	free(quoted);
	check_str(name, buf_str(&made->settings.faults), STR(""));
	made->faults = buf_new(UNIT_LIMIT);
	struct setting_faults faults = { fill_note, &made->faults };
	made->rules = rules_new(&made->conf, &faults);
	return made;
}

static inline void transform_free(struct transform_rules *made)
{
	rules_free(made->rules);
	buf_free(&made->faults);
	run_free(&made->settings);
	free(made);
}

enum { TRANSFORM_SOURCES = 2 };

// What goes through rules.
struct transform_input {
	const char *page;
	const char *added; // labels of the source; NULL: none
	size_t n_forced;
	bool of_sink, explains;
	bool complete;		// the samples have the added labels already
	uint16_t before_source; // of the samples, as their source's rules have left it
};

struct transform_result {
	struct arena arena;
	struct check_source sources[TRANSFORM_SOURCES];
	struct check check;
	struct rules_run *run; // the last one
	struct err err;
	struct buf body;
	struct buf
		told; // repairs and families left out, as lines; those of a second source have 2: in front
	char *texts[2 * TRANSFORM_SOURCES]; // owned, borrowed by the sets
};

static inline void transform_begin(struct transform_result *result)
{
	static const struct str key[] = { STR_INIT("job") };

	*result = (struct transform_result){ .body = buf_new(UNIT_LIMIT),
		.told = buf_new(UNIT_LIMIT) };
	result->sources[0].name = STR("first");
	result->sources[1].name = STR("second");
	result->check = check_new(&result->arena, key, ARRAY_LEN(key), result->sources);
}

// A page as one source delivers it.
static inline struct metric_set *transform_page(
	struct transform_result *result, const struct transform_input *input, uint16_t source)
{
	struct metric_set *set = metric_set_new(&result->arena);
	struct check_source *of = &result->sources[source];
	struct read_report report = { 0 };
	struct err err = { 0 };

	result->texts[2 * source] = transform_quoted(input->page);
	result->texts[2 * source + 1] = transform_quoted(input->added);
	if (!read_page(set, str_of(result->texts[2 * source]), NULL, &report, &err))
		FAIL_ROW(input->page, "page: %s", err.text);
	repair_add(&of->repairs, &report.repairs);
	of->added.text = str_of(result->texts[2 * source + 1]);
	of->added.n_forced = input->n_forced;
	for (struct family *family = set->first; family; family = family->next) {
		for (struct sample *sample = family->first; sample; sample = sample->next) {
			sample->complete = input->complete;
			sample->before_source = input->before_source;
		}
	}
	return set;
}

// A page through the rules, and to the others. False: the rules took too long, see result->err.
static inline bool transform_add(struct transform_result *result, struct rules *rules,
	const struct transform_input *input, uint16_t source)
{
	struct metric_set *set = transform_page(result, input, source);
	struct check_source *of = &result->sources[source];

	if (!result->run)
		result->run = rules_run_new(rules, &result->arena, input->of_sink, input->explains);
	if (!rules_apply(result->run, set, &of->added, &of->repairs, &result->err))
		return false;
	check_add(&result->check, set, source);
	return true;
}

static inline void transform_tell(struct transform_result *result)
{
	for (size_t i = 0; i < TRANSFORM_SOURCES; i++) {
		const struct check_source *source = &result->sources[i];
		const char *front = i ? "2:" : "";

		for (int rule = 0; rule < N_REPAIRS; rule++)
			if (source->repairs.count[rule])
				buf_addf(&result->told, "%s%s=%llu\n", front,
					repair_name((enum repair)rule).ptr,
					(unsigned long long)source->repairs.count[rule]);
		for (const struct quarantine *q = source->quarantined; q; q = q->next)
			buf_addf(&result->told, "%s%.*s: %.*s\n", front, STR_ARG(q->family),
				STR_ARG(q->why));
	}
}

static inline void transform_end(struct transform_result *result)
{
	check_finish(&result->check);
	write_set(&result->body, result->check.set,
		(struct str[]){ result->sources[0].added.text, result->sources[1].added.text });
	transform_tell(result);
}

// One page of one source.
static inline void transform_run(
	struct transform_result *result, struct rules *rules, const struct transform_input *input)
{
	transform_begin(result);
	if (transform_add(result, rules, input, 0))
		transform_end(result);
}

static inline void transform_release(struct transform_result *result)
{
	buf_free(&result->body);
	buf_free(&result->told);
	for (size_t i = 0; i < ARRAY_LEN(result->texts); i++)
		free(result->texts[i]);
	arena_free(&result->arena);
}

static inline void transform_compare(const char *name, struct str got, const char *wanted)
{
	char *quoted = transform_quoted(wanted);

	check_str(name, got, str_of(quoted));
	free(quoted);
}
