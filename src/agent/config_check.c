// SPDX-License-Identifier: Apache-2.0
#include "agent/config_check.h"

#include "metric/label.h"
#include "metric/write.h"
#include "transform/rules.h"

#include <stdlib.h>
#include <string.h>

struct checker {
	struct config *config;
	struct settings *settings;
	const struct config_places *places;
	bool common_label_reported;
};

__attribute__((format(printf, 4, 5))) static void fault(
	struct checker *c, struct settings_group *group, const char *name, const char *format, ...)
{
	struct buf text = buf_new(MIB(1));
	va_list args;

	va_start(args, format);
	buf_vaddf(&text, format, args);
	va_end(args);
	buf_add_byte(&text, '\0');
	settings_fault(c->settings, group, name, text.ptr);
	buf_free(&text);
}

// Names

static void check_lists(struct checker *c)
{
	struct config *config = c->config;
	struct settings_group *root = settings_root(c->settings);

	if (settings_n_faults(c->settings) == 0 && config->n_sources == 0)
		fault(c, root, "sources", "is empty; there is nothing to gather");
	if (settings_n_faults(c->settings) == 0 && config->n_sinks == 0)
		fault(c, root, "sinks", "is empty; there is nowhere to push to");
	for (size_t i = 0; i < config->n_sources; i++)
		for (size_t k = 0; k < i; k++)
			if (config->sources[i]->name.len &&
				str_eq(config->sources[i]->name, config->sources[k]->name))
				fault(c, c->places->sources[i], "name",
					"\"%.*s\" is the name of another source already",
					STR_ARG(config->sources[i]->name));
	for (size_t i = 0; i < config->n_sinks; i++)
		for (size_t k = 0; k < i; k++)
			if (config->sinks[i]->name.len &&
				str_eq(config->sinks[i]->name, config->sinks[k]->name))
				fault(c, c->places->sinks[i], "name",
					"\"%.*s\" is the name of another sink already",
					STR_ARG(config->sinks[i]->name));
}

// Labels

// Together they stand in every line.
enum { LONGEST_LABELS = 64 * 1024 };

static void check_labels(
	struct checker *c, struct settings_group *group, const struct pair_list *labels)
{
	size_t length = 0;

	for (size_t i = 0; i < labels->n; i++)
		length += labels->items[i].name.len + labels->items[i].value.len;
	if (length > LONGEST_LABELS)
		fault(c, group, "labels", "are longer than %d bytes together", LONGEST_LABELS);
	for (size_t i = 0; i < labels->n; i++) {
		struct pair label = labels->items[i];

		if (!label_is_name(label.name) || str_starts_with(label.name, STR("__")))
			fault(c, group, "labels",
				"\"%.*s\" is no label name (letters, digits and _, no digit and "
				"no __ in front)",
				STR_ARG(label.name));
		else if (str_eq(label.name, STR("le")) || str_eq(label.name, STR("quantile")))
			fault(c, group, "labels",
				"%.*s belongs to histograms and summaries; choose another name",
				STR_ARG(label.name));
		if (label.value.len == 0 || !str_is_utf8(label.value))
			fault(c, group, "labels", "the value of %.*s is %s", STR_ARG(label.name),
				label.value.len ? "not UTF-8" : "empty");
		for (size_t k = 0; k < i; k++)
			if (str_eq(labels->items[k].name, label.name))
				fault(c, group, "labels", "%.*s is given twice",
					STR_ARG(label.name));
	}
}

static bool has_label(const struct pair_list *labels, struct str name)
{
	for (size_t i = 0; i < labels->n; i++)
		if (str_eq(labels->items[i].name, name))
			return true;
	return false;
}

static struct str canonical(struct arena *arena, const struct pair_list *labels)
{
	struct buf text = buf_new(MIB(1));

	for (size_t i = 0; i < labels->n; i++)
		write_label(&text, labels->items[i].name, labels->items[i].value);
	struct str copy = arena_copy(arena, buf_str(&text));
	buf_free(&text);
	return copy;
}

// A source's labels are its own and, where it has none of that name, the configuration's.
static void merge_labels(struct config *config, struct source_conf *source)
{
	struct pair_list all = { .items = arena_array(&config->arena, struct pair,
					 source->labels.n + config->labels.n) };

	for (size_t i = 0; i < source->labels.n; i++)
		all.items[all.n++] = source->labels.items[i];
	for (size_t i = 0; i < config->labels.n; i++)
		if (!has_label(&source->labels, config->labels.items[i].name))
			all.items[all.n++] = config->labels.items[i];
	source->added.n_forced = source->honor_labels ? 0 : source->labels.n;
	source->labels = all;
	source->added.text = canonical(&config->arena, &all);
}

// Templates

static const struct template *parse(
	struct checker *c, struct settings_group *group, struct str text)
{
	struct err err = { 0 };
	const struct template *template = template_parse(&c->config->arena, text, &err);

	if (!template)
		fault(c, group, "job_name", "at byte %zu: %s", err.position + 1, err.text);
	// cppcheck takes the name for an integer
	// cppcheck-suppress CastIntegerToAddressAtReturn
	return template;
}

static void check_variables(struct checker *c, size_t source, const struct template *template)
{
	const unsigned of_cluster = 1u << TEMPLATE_CLUSTER_NAME;
	const struct source_conf *conf = c->config->sources[source];
	unsigned bits = template_variables(template);

	for (int i = 1; i < N_TEMPLATE_VARIABLES; i++)
		if (!conf->type->has_node && bits & (TEMPLATE_OF_NODE | of_cluster) & 1u << i)
			fault(c, c->places->sources[source], "job_name",
				"a %.*s source cannot tell ${%s}, which its template \"%.*s\" "
				"has; give it a job_name of its own",
				STR_ARG(conf->type->name),
				template_variable_name((enum template_variable)i),
				STR_ARG(template_text(template)));
}

// What the configuration adds to all samples is a fault of its own, reported once for all sources.
static void check_key_labels(struct checker *c, size_t source, const struct template *template)
{
	const struct source_conf *conf = c->config->sources[source];
	struct str *names;
	size_t n = template_label_names(template, &c->config->arena, &names);

	for (size_t i = 0; i < n; i++) {
		bool own = has_label(&conf->labels, names[i]);
		if (!own && !has_label(&c->config->labels, names[i]))
			continue;
		if (!own && c->common_label_reported)
			continue;
		c->common_label_reported |= !own;
		fault(c, own ? c->places->sources[source] : settings_root(c->settings), "labels",
			"%.*s is a label of the grouping key \"%.*s\" already", STR_ARG(names[i]),
			STR_ARG(template_text(template)));
	}
}

// The template of each sink and source: the source's own, else the sink's, else its type's default.
// Each is parsed once, so that a fault is reported once.
static void make_templates(struct checker *c)
{
	struct config *config = c->config;
	size_t n_sources = config->n_sources;

	config->templates =
		arena_array(&config->arena, const struct template *, config->n_sinks *n_sources);
	for (size_t k = 0; k < n_sources; k++) {
		const struct source_conf *source = config->sources[k];
		bool own = source->job_name.ptr != NULL;
		const struct template *template = parse(
			c, c->places->sources[k], own ? source->job_name : source->type->job_name);

		for (size_t i = 0; i < config->n_sinks; i++)
			if (own || !config->sinks[i]->job_name.ptr)
				config->templates[i * n_sources + k] = template;
	}
	for (size_t i = 0; i < config->n_sinks; i++) {
		const struct sink_conf *sink = config->sinks[i];
		if (!sink->job_name.ptr)
			continue;
		const struct template *template = parse(c, c->places->sinks[i], sink->job_name);
		for (size_t k = 0; k < n_sources; k++)
			if (!config->sources[k]->job_name.ptr)
				config->templates[i * n_sources + k] = template;
	}
}

// A source has one template for most sinks: checked once, a fault is reported once.
static void check_templates(struct checker *c)
{
	size_t n_sources = c->config->n_sources;

	for (size_t k = 0; k < n_sources; k++) {
		const struct template *last = NULL;
		for (size_t i = 0; i < c->config->n_sinks; i++) {
			const struct template *template = c->config->templates[i * n_sources + k];
			if (template && template != last) {
				check_variables(c, k, template);
				check_key_labels(c, k, template);
			}
			last = template;
		}
	}
}

// Sinks that push to the same groups

// Other headers may lead to another tenant of one URL.
static bool is_same_place(const struct http_conf *a, const struct http_conf *b)
{
	return a->url.len && str_eq(a->url, b->url) && str_eq(a->unix_socket, b->unix_socket) &&
	       pair_list_equal(&a->headers, &b->headers);
}

static bool has_same_template(const struct config *config, size_t a, size_t b)
{
	for (size_t k = 0; k < config->n_sources; k++) {
		const struct template *of_a = config->templates[a * config->n_sources + k];
		const struct template *of_b = config->templates[b * config->n_sources + k];

		if (of_a && of_b && str_eq(template_text(of_a), template_text(of_b)))
			return true;
	}
	return false;
}

// With equal rules the bodies are equal, so that nothing is lost.
static bool replace_each_other(const struct config *config, size_t a, size_t b)
{
	const struct sink_conf *of_a = config->sinks[a], *of_b = config->sinks[b];

	return of_a->type && of_b->type &&
	       (of_a->type->replaces(of_a) || of_b->type->replaces(of_b)) &&
	       is_same_place(&of_a->http, &of_b->http) &&
	       !rules_equal(&of_a->rules_conf, &of_b->rules_conf) &&
	       has_same_template(config, a, b);
}

static void check_sinks(struct checker *c)
{
	for (size_t i = 0; i < c->config->n_sinks; i++)
		for (size_t k = 0; k < i; k++)
			if (replace_each_other(c->config, i, k))
				fault(c, c->places->sinks[i], "url",
					"is that of sink %.*s, which has other rules: each would "
					"replace what the other pushes; give one of them a "
					"job_name, or both the method post",
					STR_ARG(c->config->sinks[k]->name));
}

// The state

// systemd.exec(5): absolute paths, with a colon between them.
static struct str default_state_dir(struct arena *arena)
{
	struct str first, others;

	str_cut(str_of(getenv("STATE_DIRECTORY")), ':', &first, &others);
	return str_starts_with(first, STR("/")) ? arena_copy(arena, first)
						: STR("/var/lib/brokerpush");
}

static void check_state_dir(struct checker *c)
{
	struct config *config = c->config;

	if (!config->state_dir.ptr)
		config->state_dir = default_state_dir(&config->arena);
	if (!str_starts_with(config->state_dir, STR("/")))
		fault(c, settings_root(c->settings), "state_dir",
			"must be a whole path, such as /var/lib/brokerpush");
}

void config_check(
	struct config *config, struct settings *settings, const struct config_places *places)
{
	struct checker checker = { config, settings, places, false };

	check_lists(&checker);
	check_state_dir(&checker);
	check_labels(&checker, settings_root(settings), &config->labels);
	for (size_t i = 0; i < config->n_sources; i++)
		check_labels(&checker, places->sources[i], &config->sources[i]->labels);
	make_templates(&checker);
	check_templates(&checker);
	check_sinks(&checker);
	config->added.text = canonical(&config->arena, &config->labels);
	for (size_t i = 0; i < config->n_sources; i++)
		merge_labels(config, config->sources[i]);
}
