// SPDX-License-Identifier: Apache-2.0
// One relabelling rule at work on one series.
#include "transform/relabel.h"

#include "base/digest.h"
#include "base/hash.h"
#include "base/letters.h"
#include "metric/write.h"

#include <string.h>

static const struct str name_label = STR_INIT("__name__");

// Labels of a series, the name being one of them. Values are raw.

static void restart(struct buf *scratch)
{
	scratch->len = 0;
	scratch->failed = false;
}

// One escaped value, without its escapes.
static void add_raw(struct buf *out, struct str value)
{
	const char *escape;

	while (value.len && (escape = memchr(value.ptr, '\\', value.len))) {
		buf_add(out, str_between(value.ptr, escape));
		buf_add(out, escape[1] == 'n' ? STR("\n") : (struct str){ escape + 1, 1 });
		value = str_between(escape + 2, value.ptr + value.len);
	}
	buf_add(out, value);
}

static struct str find_value(const struct relabel_series *series, struct str label)
{
	if (str_eq(label, name_label))
		return series->name;
	size_t i = label_list_find(&series->labels, label);

	return i < series->labels.n ? series->labels.items[i].value : STR("");
}

static void drop_label(struct label_list *list, size_t i)
{
	list->n--;
	memmove(&list->items[i], &list->items[i + 1], (list->n - i) * sizeof(*list->items));
}

// A copy for as long as the rules are at work on the series.
static struct str keep(struct relabel_series *series, struct str text)
{
	if (text.len > sizeof(series->kept) - series->n_kept)
		return arena_copy(&series->more, text);
	struct str copy = { memcpy(series->kept + series->n_kept, text.ptr, text.len), text.len };

	series->n_kept += text.len;
	return copy;
}

// An empty value takes the label away, since it is none to Prometheus.
static enum relabel_verdict set_escaped(
	struct relabel_series *series, struct str label, struct str value)
{
	struct label_list *list = &series->labels;
	size_t i = label_list_find(list, label);

	if (i == list->n && !value.len)
		return RELABEL_SAME;
	if (i < list->n && str_eq(list->items[i].value, value))
		return RELABEL_SAME;
	if (!value.len) {
		drop_label(list, i);
		return RELABEL_CHANGED;
	}
	value = keep(series, value);
	if (i < list->n)
		list->items[i].value = value;
	else
		label_list_add(list, (struct label){ keep(series, label), value });
	return RELABEL_CHANGED;
}

static enum relabel_verdict set_name(struct relabel_series *series, struct str name)
{
	if (str_eq(series->name, name))
		return RELABEL_SAME;
	if (!name.len) {
		series->name = name;
		return RELABEL_CHANGED;
	}
	series->name = keep(series, name);
	return RELABEL_CHANGED;
}

static enum relabel_verdict set_raw(
	struct relabel_series *series, struct str label, struct str value)
{
	if (str_eq(label, name_label))
		return set_name(series, value);
	restart(&series->escaped);
	write_escaped(&series->escaped, value, true);
	if (series->escaped.failed || series->expanded.failed)
		return RELABEL_GAVE_UP;
	return set_escaped(series, label, buf_str(&series->escaped));
}

// Matching

// What the rule looks at.
static struct str join_sources(const struct relabel_conf *conf, struct relabel_series *series)
{
	restart(&series->joined);
	for (size_t i = 0; i < conf->source_labels.n; i++) {
		struct str label = conf->source_labels.items[i];

		if (i)
			buf_add(&series->joined, conf->separator);
		if (str_eq(label, name_label))
			buf_add(&series->joined, series->name);
		else
			add_raw(&series->joined, find_value(series, label));
	}
	return buf_str(&series->joined);
}

static enum pattern_verdict match(struct relabel *rule, struct str text)
{
	struct relabel_memo *memo = &rule->memo;

	if (memo->is_set && str_eq((struct str){ memo->text, memo->len }, text))
		return memo->verdict;
	memo->verdict = pattern_match(rule->pattern, text);
	memo->is_set = text.len <= RELABEL_REMEMBERED;
	memo->len = memo->is_set ? text.len : 0;
	if (memo->len)
		memcpy(memo->text, text.ptr, text.len);
	return memo->verdict;
}

static struct str expand(
	const struct relabel *rule, struct str template_text, struct str text, struct buf *out)
{
	restart(out);
	pattern_expand(rule->pattern, template_text, text, out);
	return buf_str(out);
}

// Actions. Each gets the joined values.

static enum relabel_verdict replace(
	struct relabel *rule, struct relabel_series *series, struct str text)
{
	struct str target = expand(rule, rule->conf->target_label, text, &series->target);

	if (!label_is_name(target))
		return RELABEL_SAME;
	return set_raw(
		series, target, expand(rule, rule->conf->replacement, text, &series->expanded));
}

static void set_target(struct relabel_series *series, struct str label)
{
	restart(&series->expanded);
	restart(&series->target);
	buf_add(&series->target, label);
}

static enum relabel_verdict hashmod(
	const struct relabel_conf *conf, struct relabel_series *series, struct str text)
{
	set_target(series, conf->target_label);
	buf_add_uint(&series->expanded, digest_md5_tail(text) % conf->modulus);
	return set_raw(series, conf->target_label, buf_str(&series->expanded));
}

static enum relabel_verdict set_case(
	const struct relabel_conf *conf, struct relabel_series *series, struct str text)
{
	set_target(series, conf->target_label);
	letters_add_case(&series->expanded, text, conf->action == RELABEL_UPPERCASE);
	return set_raw(series, conf->target_label, buf_str(&series->expanded));
}

static bool equals_target(
	const struct relabel_conf *conf, struct relabel_series *series, struct str text)
{
	struct str value = find_value(series, conf->target_label);

	if (str_eq(conf->target_label, name_label))
		return str_eq(value, text);
	restart(&series->expanded);
	add_raw(&series->expanded, value);
	return str_eq(buf_str(&series->expanded), text);
}

static enum relabel_verdict drop_if(bool condition)
{
	return condition ? RELABEL_DROPPED : RELABEL_SAME;
}

static enum relabel_verdict apply_to_values(struct relabel *rule, struct relabel_series *series)
{
	struct str text = join_sources(rule->conf, series);
	enum pattern_verdict verdict;

	if (series->joined.failed)
		return RELABEL_GAVE_UP;
	switch ((enum relabel_action)rule->conf->action) {
	case RELABEL_LOWERCASE:
	case RELABEL_UPPERCASE: return set_case(rule->conf, series, text);
	case RELABEL_HASHMOD: return hashmod(rule->conf, series, text);
	case RELABEL_KEEPEQUAL: return drop_if(!equals_target(rule->conf, series, text));
	case RELABEL_DROPEQUAL: return drop_if(equals_target(rule->conf, series, text));
	default: break;
	}
	verdict = match(rule, text);
	if (verdict == PATTERN_GAVE_UP)
		return RELABEL_GAVE_UP;
	if (rule->conf->action == RELABEL_KEEP)
		return drop_if(verdict == PATTERN_OTHER);
	if (rule->conf->action == RELABEL_DROP)
		return drop_if(verdict == PATTERN_MATCHES);
	return verdict == PATTERN_MATCHES ? replace(rule, series, text) : RELABEL_SAME;
}

// Actions on labels by their names

// The names of labels come from outside, so a pattern may give up on one of them too.
static enum relabel_verdict filter_names(struct relabel *rule, struct relabel_series *series)
{
	bool drops = rule->conf->action == RELABEL_LABELDROP;
	struct label_list *list = &series->labels;
	enum relabel_verdict result = RELABEL_SAME;
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		enum pattern_verdict verdict = match(rule, list->items[i].name);

		if (verdict == PATTERN_GAVE_UP)
			return RELABEL_GAVE_UP;
		if ((verdict == PATTERN_MATCHES) != drops)
			list->items[kept++] = list->items[i];
	}
	if (kept < list->n)
		result = RELABEL_CHANGED;
	list->n = kept;
	if (series->name.len && (match(rule, name_label) == PATTERN_MATCHES) == drops) {
		series->name = STR("");
		result = RELABEL_CHANGED;
	}
	return result;
}

static enum relabel_verdict map_name(
	struct relabel *rule, struct relabel_series *series, struct label label)
{
	enum pattern_verdict verdict = match(rule, label.name);
	struct str target;

	if (verdict != PATTERN_MATCHES)
		return verdict == PATTERN_OTHER ? RELABEL_SAME : RELABEL_GAVE_UP;
	target = expand(rule, rule->conf->replacement, label.name, &series->target);
	if (!label_is_name(target))
		return RELABEL_SAME;
	if (str_eq(label.name, name_label))
		return set_raw(series, target, label.value);
	if (!str_eq(target, name_label))
		return set_escaped(series, target, label.value);
	restart(&series->expanded);
	add_raw(&series->expanded, label.value);
	series->is_named_by_label = true;
	return set_name(series, buf_str(&series->expanded));
}

// The name and all labels in the order of their names, as Prometheus has them.
static void sort_labels(struct relabel_series *series)
{
	const struct label_list *list = &series->labels;
	struct label_list *sorted = &series->sorted;

	sorted->n = 0;
	label_list_add(sorted, (struct label){ name_label, series->name });
	for (size_t i = 0; i < list->n; i++) {
		size_t at = sorted->n;

		label_list_add(sorted, list->items[i]);
		for (; at && str_order(sorted->items[at - 1].name, list->items[i].name) > 0; at--)
			sorted->items[at] = sorted->items[at - 1];
		sorted->items[at] = list->items[i];
	}
}

// Of the labels as they were: what is set by this rule is not mapped again. Of several that map to one name the last
// stands.
static enum relabel_verdict map_names(struct relabel *rule, struct relabel_series *series)
{
	enum relabel_verdict result = RELABEL_SAME;

	sort_labels(series);
	for (size_t i = 0; i < series->sorted.n && result != RELABEL_GAVE_UP; i++) {
		enum relabel_verdict verdict = map_name(rule, series, series->sorted.items[i]);

		result = verdict == RELABEL_SAME ? result : verdict;
	}
	return result;
}

void relabel_begin(struct relabel_series *series, struct str name)
{
	series->name = name;
	series->labels.n = 0;
	series->n_kept = 0;
	arena_free(&series->more);
	series->is_named_by_label = false;
}

enum relabel_verdict relabel_apply(struct relabel *rule, struct relabel_series *series)
{
	if (rule->conf->action == RELABEL_LABELMAP)
		return map_names(rule, series);
	return rule->is_about_labels ? filter_names(rule, series) : apply_to_values(rule, series);
}

// The name alone

static uint64_t fold(uint64_t trace, struct str text)
{
	return hash_fold(trace ^ UINT64_C(0xe7037ed1a0b428db), hash_bytes(text, hash_seed()) | 1);
}

// Only a rule that matched has a target. What becomes of the name itself is known without a trace.
static void follow(const struct relabel_series *series, struct relabel_trace *trace)
{
	struct str target = buf_str(&series->target);

	if (!target.len || str_eq(target, name_label))
		return;
	trace->id = fold(fold(trace->id + trace->n_rules, target), buf_str(&series->expanded));
	trace->writes_labels = true;
}

enum relabel_verdict relabel_apply_to_name(
	struct relabel *rule, struct relabel_series *series, struct relabel_trace *trace)
{
	enum relabel_verdict verdict;

	trace->n_rules++;
	if (rule->conf->action == RELABEL_LABELMAP || rule->reads == READS_BOTH ||
		(rule->reads == READS_LABELS && !rule->is_about_labels))
		return RELABEL_SAME;
	restart(&series->expanded);
	restart(&series->target);
	verdict = relabel_apply(rule, series);
	if (!rule->is_about_labels)
		follow(series, trace);
	if (verdict == RELABEL_DROPPED || verdict == RELABEL_GAVE_UP)
		trace->id = hash_fold(trace->id + trace->n_rules, UINT64_C(0x8ebc6af09c88c6e3));
	return verdict;
}
