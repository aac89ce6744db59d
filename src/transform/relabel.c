// SPDX-License-Identifier: Apache-2.0
// Relabelling rules as they are configured: their settings, and what can be wrong with them.
#include "transform/relabel.h"

#include <stddef.h>
#include <string.h>

const struct str relabel_actions[N_RELABEL_ACTIONS] = {
	[RELABEL_REPLACE] = STR_INIT("replace"),
	[RELABEL_KEEP] = STR_INIT("keep"),
	[RELABEL_DROP] = STR_INIT("drop"),
	[RELABEL_KEEPEQUAL] = STR_INIT("keepequal"),
	[RELABEL_DROPEQUAL] = STR_INIT("dropequal"),
	[RELABEL_HASHMOD] = STR_INIT("hashmod"),
	[RELABEL_LABELMAP] = STR_INIT("labelmap"),
	[RELABEL_LABELDROP] = STR_INIT("labeldrop"),
	[RELABEL_LABELKEEP] = STR_INIT("labelkeep"),
	[RELABEL_LOWERCASE] = STR_INIT("lowercase"),
	[RELABEL_UPPERCASE] = STR_INIT("uppercase"),
};

// DefaultRelabelConfig in model/relabel/relabel.go
#define DEFAULT_SEPARATOR   ";"
#define DEFAULT_REGEX	    "(.*)"
#define DEFAULT_REPLACEMENT "$1"

const struct setting relabel_rows[N_RELABEL_ROWS] = {
	{ .name = "source_labels",
		.type = SETTING_STRINGS,
		.offset = offsetof(struct relabel_conf, source_labels),
		.help = "labels whose values, joined, the rule looks at; __name__ is the metric" },
	{ .name = "separator",
		.type = SETTING_STRING,
		.offset = offsetof(struct relabel_conf, separator),
		.initial = DEFAULT_SEPARATOR,
		.help = "stands between joined values" },
	{ .name = "regex",
		.type = SETTING_STRING,
		.offset = offsetof(struct relabel_conf, regex),
		.initial = DEFAULT_REGEX,
		.help = "regular expression for all of the joined values, or of a label's name" },
	{ .name = "target_label",
		.type = SETTING_STRING,
		.offset = offsetof(struct relabel_conf, target_label),
		.help = "label that gets the result" },
	{ .name = "replacement",
		.type = SETTING_STRING,
		.offset = offsetof(struct relabel_conf, replacement),
		.initial = DEFAULT_REPLACEMENT,
		.help = "result, with $1 or ${name} for groups of the regex" },
	{ .name = "action",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct relabel_conf, action),
		.words = relabel_actions,
		.n_words = N_RELABEL_ACTIONS,
		.initial = "replace",
		.help = "what the rule does" },
	{ .name = "modulus",
		.type = SETTING_COUNT,
		.offset = offsetof(struct relabel_conf, modulus),
		.help = "hashmod: the result is less than this" },
};

// Reporting

struct checker {
	const struct relabel_conf *conf;
	size_t index;
	const struct setting_faults *faults;
};

#define fault(c, ...)                                                                              \
	setting_fault_item((c)->faults, "metric_relabel_configs", (c)->index, __VA_ARGS__)

// What fits the action

static unsigned bit(enum relabel_action action)
{
	return 1u << action;
}

enum {
	IS_SET_EQUAL = 1u << RELABEL_KEEPEQUAL | 1u << RELABEL_DROPEQUAL,
	IS_SET_CASE = 1u << RELABEL_LOWERCASE | 1u << RELABEL_UPPERCASE,
	IS_SET_NAMES = 1u << RELABEL_LABELDROP | 1u << RELABEL_LABELKEEP,
};

static bool is_one_of(const struct checker *c, unsigned actions)
{
	return bit((enum relabel_action)c->conf->action) & actions;
}

static void check_unused(const struct checker *c, const char *name, bool is_used)
{
	if (is_used)
		fault(c, name, "means nothing to the action %s; remove it",
			relabel_actions[c->conf->action].ptr);
}

// What Prometheus refuses, and nothing more: rules are copied from there.
static void check_fields(const struct checker *c)
{
	const struct relabel_conf *conf = c->conf;

	if (is_one_of(c, IS_SET_NAMES)) {
		check_unused(c, "source_labels", conf->source_labels.n > 0);
		check_unused(c, "target_label", conf->target_label.len > 0);
	} else if (!is_one_of(c, bit(RELABEL_KEEP) | bit(RELABEL_DROP) | bit(RELABEL_LABELMAP)) &&
		   !conf->target_label.len) {
		fault(c, "target_label", "is missing; the action %s needs it",
			relabel_actions[conf->action].ptr);
	}
	if (is_one_of(c, IS_SET_NAMES | IS_SET_EQUAL)) {
		check_unused(c, "separator", !str_eq(conf->separator, STR(DEFAULT_SEPARATOR)));
		check_unused(c, "modulus", conf->modulus > 0);
	}
	if (is_one_of(c, IS_SET_EQUAL))
		check_unused(c, "regex", !str_eq(conf->regex, STR(DEFAULT_REGEX)));
	if (is_one_of(c, IS_SET_NAMES | IS_SET_EQUAL | IS_SET_CASE))
		check_unused(
			c, "replacement", !str_eq(conf->replacement, STR(DEFAULT_REPLACEMENT)));
	if (is_one_of(c, bit(RELABEL_HASHMOD)) && conf->modulus == 0)
		fault(c, "modulus", "is missing; hashmod divides by it");
}

// Names and templates

static void check_template(
	const struct checker *c, const struct pattern *pattern, const char *name, struct str text)
{
	struct err err = { 0 };

	if (!str_is_utf8(text))
		fault(c, name, "is not UTF-8");
	if (!pattern || pattern_check_template(pattern, text, &err))
		return;
	fault(c, name, "%s%s",
		str_eq(text, STR(DEFAULT_REPLACEMENT)) ? "is \"" DEFAULT_REPLACEMENT
							 "\", the default: "
						       : "",
		err.text);
}

// Whether a template can become a label's name: relabelTarget in model/relabel/relabel.go, written so that
// there is one way to match.
static bool may_be_label_name(struct str text)
{
#define REFERENCE "\\$(?:\\{\\w+\\}|\\w+)"
	struct err err = { 0 };
	struct pattern *names =
		pattern_regex(STR("(?:[a-zA-Z_]|" REFERENCE ")(?:\\w|" REFERENCE ")*+"), &err);
	bool may_be = names && pattern_match(names, text) == PATTERN_MATCHES;

	pattern_free(names);
	return may_be;
#undef REFERENCE
}

static void check_label_name(
	const struct checker *c, const char *name, struct str text, bool is_template)
{
	if (is_template ? may_be_label_name(text) : label_is_name(text))
		return;
	fault(c, name, "\"%.*s\" is no label name (letters, digits and _, no digit in front)",
		STR_ARG(text));
}

static void check_names(const struct checker *c)
{
	const struct relabel_conf *conf = c->conf;

	for (size_t i = 0; i < conf->source_labels.n; i++)
		check_label_name(c, "source_labels", conf->source_labels.items[i], false);
	if (conf->target_label.len)
		check_label_name(
			c, "target_label", conf->target_label, is_one_of(c, bit(RELABEL_REPLACE)));
	if (is_one_of(c, bit(RELABEL_LABELMAP)))
		check_label_name(c, "replacement", conf->replacement, true);
	if (!str_is_utf8(conf->separator))
		fault(c, "separator", "is not UTF-8");
}

static void check_templates(const struct checker *c, const struct relabel *rule)
{
	if (is_one_of(c, bit(RELABEL_REPLACE)))
		check_template(c, rule->pattern, "target_label", c->conf->target_label);
	if (is_one_of(c, bit(RELABEL_REPLACE) | bit(RELABEL_LABELMAP)))
		check_template(c, rule->pattern, "replacement", c->conf->replacement);
}

// Compiling

static enum relabel_reads find_reads(const struct relabel_conf *conf)
{
	bool name = false,
	     labels = conf->action == RELABEL_KEEPEQUAL || conf->action == RELABEL_DROPEQUAL;

	for (size_t i = 0; i < conf->source_labels.n; i++) {
		bool is_name = str_eq(conf->source_labels.items[i], STR("__name__"));
		name |= is_name;
		labels |= !is_name;
	}
	if (name)
		return labels ? READS_BOTH : READS_NAME;
	return labels ? READS_LABELS : READS_NOTHING;
}

static bool has_reference(struct str template_text)
{
	return template_text.len && memchr(template_text.ptr, '$', template_text.len);
}

static bool may_write_name(const struct relabel *rule)
{
	const struct relabel_conf *conf = rule->conf;

	if (conf->action == RELABEL_LABELMAP)
		return str_eq(conf->replacement, STR("__name__")) || !rule->pattern ||
		       pattern_match(rule->pattern, STR("__name__")) != PATTERN_OTHER;
	return str_eq(conf->target_label, STR("__name__")) ||
	       (conf->action == RELABEL_REPLACE && has_reference(conf->target_label));
}

void relabel_compile(struct relabel *rule, const struct relabel_conf *conf, size_t i,
	const struct setting_faults *faults)
{
	struct checker checker = { conf, i, faults };
	struct err err = { 0 };

	rule->conf = conf;
	rule->pattern = pattern_regex(conf->regex, &err);
	rule->is_about_labels = is_one_of(&checker, IS_SET_NAMES | bit(RELABEL_LABELMAP));
	rule->reads = rule->is_about_labels ? READS_LABELS : find_reads(conf);
	rule->may_write_name = may_write_name(rule);
	rule->may_map_to_name =
		conf->action == RELABEL_LABELMAP && has_reference(conf->replacement);
	if (!rule->pattern)
		fault(&checker, "regex", "%s", err.text);
	check_fields(&checker);
	check_names(&checker);
	check_templates(&checker, rule);
}

void relabel_free(struct relabel *rule)
{
	pattern_free(rule->pattern);
}
