// SPDX-License-Identifier: Apache-2.0
#include "agent/config.h"

#include "agent/config_tables.h"
#include "agent/settings.h"

static void print_list(struct buf *out, const char *name, struct buf *elements)
{
	buf_addf(out, "%s = (\n%.*s);\n", name, STR_ARG(buf_str(elements)));
	buf_free(elements);
}

static void print_element(
	struct buf *out, const struct settings_part *parts, size_t n_parts, bool last)
{
	buf_add(out, STR("  {\n"));
	settings_print(out, parts, n_parts, 2);
	buf_addf(out, "  }%s\n", last ? "" : ",");
}

static bool waits_for_cluster(
	const struct config *config, size_t k, const struct template *template)
{
	return config->sources[k]->type->has_node &&
	       template_variables(template) & 1u << TEMPLATE_CLUSTER_NAME &&
	       config_values(config, k, NULL).cluster_name.len == 0;
}

// The key's path with its variables where they are not known yet. A value that is known is shown as it
// will be sent, so the text is what a log line will say.
static void print_url(
	struct buf *out, const struct config *config, size_t i, size_t k, struct arena *arena)
{
	const struct sink_conf *sink = config->sinks[i];
	const struct template *template = config_template(config, i, k);
	struct template_values values = config_values(config, k, NULL);
	struct sink_state state = { 0 };
	struct err err = { 0 };
	struct key key;

	buf_addf(out, "# source %.*s to sink %.*s: ", STR_ARG(config->sources[k]->name),
		STR_ARG(sink->name));
	if (template_expand(template, &values, arena, &key, &err)) {
		struct http_request request = sink->type->encode(sink, &state, key, STR(""), arena);
		buf_addf(out, "%.*s %.*s\n", STR_ARG(request.method), STR_ARG(request.url));
		if (str_eq(request.method, STR("POST")))
			buf_addf(out, "# warning: POST keeps in the gateway what is not sent "
				      "again; use it only for groups shared with other writers\n");
	} else if (err.kind == ERR_NODE_UNKNOWN) {
		buf_addf(out, "%.*s, once the broker has told its node name\n",
			STR_ARG(template_text(template)));
	} else if (waits_for_cluster(config, k, template)) {
		buf_addf(out, "%.*s, once the broker has told its cluster's name\n",
			STR_ARG(template_text(template)));
	} else {
		buf_addf(out, "nothing: %s\n", err.text);
	}
}

void config_print(const struct config *config, FILE *out)
{
	struct buf text = buf_new(MIB(64)), elements = buf_new(MIB(64));
	struct settings_part top = { &config_top_table, (void *)config };
	struct arena arena = { 0 };

	settings_print(&text, &top, 1, 0);
	for (size_t i = 0; i < config->n_sources; i++) {
		struct source_conf *source = config->sources[i];
		struct settings_part parts[] = { { &config_source_table, source },
			{ &http_settings, &source->http }, { &rules_settings, &source->rules_conf },
			{ &limits_settings, &source->limits },
			{ &source->type->settings, source->own } };
		print_element(&elements, parts, ARRAY_LEN(parts), i + 1 == config->n_sources);
	}
	print_list(&text, "sources", &elements);
	for (size_t i = 0; i < config->n_sinks; i++) {
		struct sink_conf *sink = config->sinks[i];
		struct settings_part parts[] = { { &config_sink_table, sink },
			{ &http_settings, &sink->http }, { &rules_settings, &sink->rules_conf },
			{ &sink->type->settings, sink->own } };
		print_element(&elements, parts, ARRAY_LEN(parts), i + 1 == config->n_sinks);
	}
	print_list(&text, "sinks", &elements);
	for (size_t i = 0; i < config->n_sinks; i++)
		for (size_t k = 0; k < config->n_sources; k++)
			print_url(&text, config, i, k, &arena);
	fwrite(text.ptr, 1, text.len, out);
	buf_free(&text);
	arena_free(&arena);
}
