// SPDX-License-Identifier: Apache-2.0
#include "transform/limits.h"

#include <stddef.h>

static const struct setting rows[] = {
	{ .name = "sample_limit",
		.type = SETTING_COUNT,
		.offset = offsetof(struct limits_conf, samples),
		.initial = "0",
		.maximum = INT32_MAX,
		.help = "more samples than this, after the rules, fail the source; 0: no limit" },
	{ .name = "label_limit",
		.type = SETTING_COUNT,
		.offset = offsetof(struct limits_conf, labels),
		.initial = "0",
		.maximum = LIMITS_MOST_LABELS,
		.help = "a sample with more labels, its name among them, fails the source; 0: no "
			"limit" },
	{ .name = "label_value_length_limit",
		.type = SETTING_COUNT,
		.offset = offsetof(struct limits_conf, value_length),
		.initial = "0",
		.maximum = INT32_MAX,
		.help = "a longer value of a label, in bytes, fails the source; 0: no limit" },
};

const struct setting_table limits_settings = SETTING_TABLE(rows);

// Prometheus names metrics and labels in 50 bytes, too.
enum { SHOWN = 50 };

static struct str start_of(struct str text)
{
	return (struct str){ text.ptr, text.len < SHOWN ? text.len : SHOWN };
}

// Without escapes; those of label values are two bytes for one.
static size_t raw_length(struct str value)
{
	size_t length = 0;

	for (size_t i = 0; i < value.len; i++, length++)
		if (value.ptr[i] == '\\')
			i++;
	return length;
}

static void set_too_long(
	struct err *err, struct str metric, struct str label, size_t length, size_t limit)
{
	err_set(err, ERR_TOO_LARGE, 0,
		"label_value_length_limit: label %.*s of %.*s has %zu bytes, the limit is %zu",
		STR_ARG(start_of(label)), STR_ARG(start_of(metric)), length, limit);
}

static bool check_value(
	const struct limits_conf *limits, struct str metric, struct label label, struct err *err)
{
	size_t length;

	if (!limits->value_length || label.value.len <= limits->value_length)
		return true;
	length = raw_length(label.value);
	if (length <= limits->value_length)
		return true;
	set_too_long(err, metric, label.name, length, limits->value_length);
	return false;
}

// Counts labels and looks at their values. Of added ones, those that the sample has itself are left out, but for the
// first n_forced, beside which its own one stands under another name.
static bool check_labels(const struct limits_conf *limits, struct str metric, struct str labels,
	struct str own, size_t n_forced, size_t *n, struct err *err)
{
	struct str ignored;
	struct label label;

	for (size_t i = 0; label_next(&labels, &label); i++) {
		bool is_own = i >= n_forced && own.len && label_find(own, label.name, &ignored);

		if (!label.value.len || is_own)
			continue;
		if (!check_value(limits, metric, label, err))
			return false;
		++*n;
	}
	return true;
}

static bool check_name(const struct limits_conf *limits, const struct family *family,
	const struct sample *sample, struct err *err)
{
	size_t length = family->name.len + sample_suffix_texts[sample->suffix].len;

	if (!limits->value_length || length <= limits->value_length)
		return true;
	err_set(err, ERR_TOO_LARGE, 0,
		"label_value_length_limit: the name of %.*s%s has %zu bytes, the limit is %zu",
		STR_ARG(start_of(family->name)), sample_suffix_texts[sample->suffix].ptr, length,
		limits->value_length);
	return false;
}

static bool check_sample(const struct limits_conf *limits, const struct family *family,
	const struct sample *sample, const struct label_extra *added, struct err *err)
{
	size_t n = 1;

	if (!check_name(limits, family, sample, err) ||
		!check_labels(limits, family->name, sample->labels, STR(""), 0, &n, err))
		return false;
	if (!sample->complete && !check_labels(limits, family->name, added->text, sample->labels,
					 added->n_forced, &n, err))
		return false;
	if (!limits->labels || n <= limits->labels)
		return true;
	err_set(err, ERR_TOO_LARGE, 0,
		"label_limit: %.*s has %zu labels, its name included; the limit is %zu",
		STR_ARG(start_of(family->name)), n, limits->labels);
	return false;
}

bool limits_check(const struct limits_conf *limits, const struct metric_set *set,
	const struct label_extra *added, size_t *n_samples, struct err *err)
{
	for (const struct family *family = set->first; family; family = family->next) {
		*n_samples += family->n_samples;
		if (limits->samples && *n_samples > limits->samples) {
			err_set(err, ERR_TOO_LARGE, 0,
				"sample_limit: there are more than %zu samples; raise it, or leave "
				"some out by rules",
				limits->samples);
			return false;
		}
		if (!limits->labels && !limits->value_length)
			continue;
		for (const struct sample *s = family->first; s; s = s->next)
			if (!check_sample(limits, family, s, added, err))
				return false;
	}
	return true;
}
