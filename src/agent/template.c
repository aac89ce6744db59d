// SPDX-License-Identifier: Apache-2.0
#include "agent/template.h"

#include "agent/settings.h"
#include "metric/label.h"

#include <string.h>

struct part {
	enum template_variable variable;
	struct str literal; // for TEMPLATE_LITERAL
};

struct segment {
	struct str label;
	struct part *parts;
	size_t n_parts;
};

struct template
{
	struct str text;
	struct segment *segments;
	size_t n;
};

static const struct str variable_names[N_TEMPLATE_VARIABLES] = {
	[TEMPLATE_LITERAL] = STR_INIT(""),
	[TEMPLATE_NAME] = STR_INIT("name"),
	[TEMPLATE_HOST] = STR_INIT("host"),
	[TEMPLATE_NODE] = STR_INIT("node"),
	[TEMPLATE_CLUSTER_NAME] = STR_INIT("cluster_name"),
	[TEMPLATE_SOURCE] = STR_INIT("source"),
	[TEMPLATE_HOSTNAME] = STR_INIT("hostname"),
};

// Label names that a key must not have: `job` is the first segment already, `le` and `quantile` poison
// a gateway's page (seen on 1.5.1 and 1.11.2), the others are labels of the agent's own metrics.
static const struct str reserved_labels[] = {
	STR_INIT("job"),
	STR_INIT("le"),
	STR_INIT("quantile"),
	STR_INIT("source"),
	STR_INIT("sink"),
	STR_INIT("endpoint"),
};

// Parsing

struct parser {
	struct arena *arena;
	struct template *template;
	struct err *err;
	const char *start;
};

static size_t position(const struct parser *p, const char *at)
{
	return (size_t)(at - p->start);
}

static bool check_label(const struct parser *p, struct str name)
{
	size_t at = position(p, name.ptr);

	if (memchr(name.ptr, '$', name.len))
		err_set(p->err, ERR_INVALID, at,
			"\"%.*s\" stands where a label's name must be; no variable may stand there",
			STR_ARG(name));
	else if (!label_is_name(name))
		err_set(p->err, ERR_INVALID, at,
			"\"%.*s\" is no label name (letters, digits and _, no digit first)",
			STR_ARG(name));
	else if (str_starts_with(name, STR("__")))
		err_set(p->err, ERR_INVALID, at, "label names with __ in front are reserved");
	for (size_t i = 0; i < ARRAY_LEN(reserved_labels); i++)
		if (str_eq(name, reserved_labels[i]))
			err_set(p->err, ERR_INVALID, at,
				"the label %.*s is reserved; choose another", STR_ARG(name));
	for (size_t i = 0; i < p->template->n; i++)
		if (str_eq(name, p->template->segments[i].label))
			err_set(p->err, ERR_INVALID, at, "the label %.*s occurs twice",
				STR_ARG(name));
	return p->err->kind == ERR_NONE;
}

static bool add_variable(
	const struct parser *p, struct segment *segment, struct str name, const char *at)
{
	struct part *part = &segment->parts[segment->n_parts++];
	struct str whole = arena_printf(p->arena, "${%.*s}", STR_ARG(name)), why;

	if (str_starts_with(name, STR("env:"))) {
		bool known = settings_expand_env(p->arena, whole, &part->literal, &why);
		if (known && str_is_utf8(part->literal))
			return true;
		if (known)
			why = STR("its value is not UTF-8");
		err_set(p->err, ERR_INVALID, position(p, at), "%.*s", STR_ARG(why));
		return false;
	}
	for (int i = 1; i < N_TEMPLATE_VARIABLES; i++) {
		if (str_eq(variable_names[i], name)) {
			part->variable = (enum template_variable)i;
			return true;
		}
	}
	err_set(p->err, ERR_INVALID, position(p, at),
		"there is no variable ${%.*s}; there are name, host, node, cluster_name, source, "
		"hostname and env:NAME",
		STR_ARG(name));
	return false;
}

// instance~${host}
static bool parse_value(const struct parser *p, struct segment *segment, struct str text)
{
	const char *at = text.ptr, *end = text.ptr + text.len;

	segment->parts = arena_array(p->arena, struct part, text.len + 1);
	while (at < end) {
		const char *dollar = memchr(at, '$', (size_t)(end - at));
		const char *stop = dollar ? dollar : end;
		const char *close;

		if (stop > at)
			segment->parts[segment->n_parts++].literal = str_between(at, stop);
		if (!dollar)
			break;
		if (dollar + 1 < end && dollar[1] == '$') {
			segment->parts[segment->n_parts++].literal = STR("$");
			at = dollar + 2;
			continue;
		}
		close = dollar + 1 < end && dollar[1] == '{'
				? memchr(dollar, '}', (size_t)(end - dollar))
				: NULL;
		if (!close) {
			err_set(p->err, ERR_INVALID, position(p, dollar),
				"$ must be followed by {variable}; write $$ for a plain $");
			return false;
		}
		if (!add_variable(p, segment, str_between(dollar + 2, close), dollar))
			return false;
		at = close + 1;
	}
	return true;
}

static bool parse_segments(struct parser *p, struct str text)
{
	struct str segment, label = STR("job");
	bool more = true, is_value = true;

	while (more) {
		const char *at = text.ptr;

		more = str_cut(text, '/', &segment, &text);
		if (segment.len == 0) {
			err_set(p->err, ERR_INVALID, position(p, at),
				"a segment is empty; write <job>{/<label>/<value>}");
			return false;
		}
		if (!is_value) {
			if (!check_label(p, segment))
				return false;
			label = segment;
		} else {
			struct segment *made = &p->template->segments[p->template->n++];
			made->label = label;
			if (!parse_value(p, made, segment))
				return false;
		}
		is_value = !is_value;
	}
	if (is_value) {
		err_set(p->err, ERR_INVALID, position(p, segment.ptr),
			"the label %.*s has no value; write <job>{/<label>/<value>}",
			STR_ARG(segment));
		return false;
	}
	return true;
}

const struct template *template_parse(struct arena *arena, struct str text, struct err *err)
{
	struct template *template = arena_new(arena, struct template);
	struct parser parser = { arena, template, err, NULL };

	text = arena_copy(arena, text);
	parser.start = text.ptr;
	template->text = text;
	template->segments = arena_array(arena, struct segment, text.len / 2 + 1);
	if (!str_is_utf8(text))
		err_set(err, ERR_INVALID, 0, "is not UTF-8");
	return err->kind == ERR_NONE && parse_segments(&parser, text) ? template : NULL;
}

// Looking at it

unsigned template_variables(const struct template *template)
{
	unsigned bits = 0;

	for (size_t i = 0; i < template->n; i++)
		for (size_t k = 0; k < template->segments[i].n_parts; k++)
			bits |= 1u << template->segments[i].parts[k].variable;
	return bits & ~(1u << TEMPLATE_LITERAL);
}

const char *template_variable_name(enum template_variable variable)
{
	return variable_names[variable].ptr;
}

size_t template_label_names(
	const struct template *template, struct arena *arena, struct str **names)
{
	*names = arena_array(arena, struct str, template->n);
	for (size_t i = 0; i < template->n; i++)
		(*names)[i] = template->segments[i].label;
	return template->n;
}

struct str template_text(const struct template *template)
{
	return template->text;
}

// Expanding

static struct str value_of(const struct part *part, const struct template_values *values)
{
	struct str name, host;

	str_cut(values->node, '@', &name, &host);
	switch (part->variable) {
	case TEMPLATE_NAME: return name;
	case TEMPLATE_HOST: return host;
	case TEMPLATE_NODE: return values->node;
	case TEMPLATE_CLUSTER_NAME: return values->cluster_name;
	case TEMPLATE_SOURCE: return values->source;
	case TEMPLATE_HOSTNAME: return values->hostname;
	default: return part->literal;
	}
}

static bool expand_segment(const struct segment *segment, const struct template_values *values,
	struct arena *arena, struct str *value, struct err *err)
{
	struct buf text = buf_new(MIB(1));

	for (size_t i = 0; i < segment->n_parts; i++)
		buf_add(&text, value_of(&segment->parts[i], values));
	*value = arena_copy(arena, buf_str(&text));
	if (text.failed || !str_is_utf8(*value))
		err_set(err, ERR_EMPTY_KEY_VALUE, 0, "the value of the grouping label %.*s is %s",
			STR_ARG(segment->label), text.failed ? "too long" : "not UTF-8");
	else if (value->len == 0)
		err_set(err, ERR_EMPTY_KEY_VALUE, 0,
			"the value of the grouping label %.*s is empty", STR_ARG(segment->label));
	buf_free(&text);
	return err->kind == ERR_NONE;
}

bool template_expand(const struct template *template, const struct template_values *values,
	struct arena *arena, struct key *key, struct err *err)
{
	struct key_label *labels = arena_array(arena, struct key_label, template->n);

	if ((template_variables(template) & TEMPLATE_OF_NODE) && values->node.len == 0) {
		err_set(err, ERR_NODE_UNKNOWN, 0,
			"the broker's node name is not known; set node = \"name@host\" for source "
			"%.*s",
			STR_ARG(values->source));
		return false;
	}
	if ((template_variables(template) & 1u << TEMPLATE_CLUSTER_NAME) &&
		values->cluster_name.len == 0) {
		err_set(err, ERR_EMPTY_KEY_VALUE, 0,
			"the cluster's name is not known; set cluster_name for source %.*s, or "
			"credentials, so that the broker can be asked",
			STR_ARG(values->source));
		return false;
	}
	for (size_t i = 0; i < template->n; i++) {
		labels[i].name = template->segments[i].label;
		if (!expand_segment(&template->segments[i], values, arena, &labels[i].value, err))
			return false;
	}
	*key = (struct key){ labels, template->n };
	return true;
}
