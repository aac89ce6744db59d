// SPDX-License-Identifier: Apache-2.0
#include "agent/once.h"

#include "agent/group.h"
#include "agent/outcome.h"
#include "agent/report.h"
#include "agent/shape.h"
#include "agent/show.h"
#include "base/hash.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

// All rows of all tables: more than a broker has clients.
static const size_t LARGEST_TABLES = (size_t)1 << 31;

// Selecting

static bool usage(struct once *once, const char *what, const char *which)
{
	fprintf(stderr, "brokerpush: %s%s%s\n", what, which ? ": " : "", which ? which : "");
	once->code = EXIT_USAGE;
	return false;
}

static bool select_source(const struct config *config, const char *name, bool *sources)
{
	for (size_t i = 0; i < config->n_sources; i++)
		if (str_eq(config->sources[i]->name, str_of(name)))
			return sources[i] = true;
	return false;
}

static bool select_sources(struct once *once, struct selection *selection)
{
	const struct options *options = once->options;

	if (options->n_sources == 0)
		return true;
	for (size_t i = 0; i < once->config->n_sources; i++)
		selection->sources[i] = false;
	for (size_t i = 0; i < options->n_sources; i++)
		if (!select_source(once->config, options->sources[i], selection->sources))
			return usage(
				once, "--source: there is no such source", options->sources[i]);
	return true;
}

static bool select_sink(struct once *once, struct selection *selection)
{
	const struct config *config = once->config;
	bool found = false;

	if (!once->options->sink)
		return true;
	for (size_t i = 0; i < config->n_sinks; i++) {
		selection->sinks[i] = str_eq(config->sinks[i]->name, str_of(once->options->sink));
		found |= selection->sinks[i];
	}
	return found || usage(once, "--sink: there is no such sink", once->options->sink);
}

static bool no_tables(struct once *once)
{
	struct arena arena = { 0 };
	struct str names = source_table_type_names(&arena);
	struct str why = arena_printf(&arena,
		"--show: no source in %.*s has a table; of these types one would have it: %.*s",
		STR_ARG(once->config->path), STR_ARG(names));

	usage(once, why.ptr, NULL);
	arena_free(&arena);
	return false;
}

// Only sources with a table are asked, and no sink gets anything. Who names a source wants it.
static bool select_tables(struct once *once, struct selection *selection)
{
	const struct config *config = once->config;
	bool found = false;

	for (size_t i = 0; i < config->n_sources; i++) {
		bool has_table = config->sources[i]->type->columns != NULL;

		if (selection->sources[i] && !has_table && once->options->n_sources)
			return usage(once, "--source: this source has no table to show",
				config->sources[i]->name.ptr);
		selection->sources[i] = selection->sources[i] && has_table;
		found = found || selection->sources[i];
	}
	for (size_t i = 0; i < config->n_sinks; i++)
		selection->sinks[i] = false;
	return found || no_tables(once);
}

bool once_select(struct once *once, struct selection *selection)
{
	struct err err = { 0 };

	if (!select_sources(once, selection) || !select_sink(once, selection))
		return false;
	if (once->options->mode == MODE_SHOW)
		return select_tables(once, selection);
	selection->group = str_of(once->options->group);
	if (once->options->mode == MODE_ONCE &&
		!group_check_selection(once->config, selection, &err))
		return usage(once, err.text, NULL);
	return true;
}

// Standard output

static bool print(struct str text)
{
	bool good = text.len == 0 || fwrite(text.ptr, 1, text.len, stdout) == text.len;

	good = fflush(stdout) == 0 && good;
	if (!good)
		fprintf(stderr, "brokerpush: stdout cannot be written: %s\n", strerror(errno));
	return good;
}

// The bodies of a dry run

static size_t count_groups(const struct cycle *cycle)
{
	size_t n = 0;

	for (const struct push *push = cycle->pushes; push; push = push->next)
		n += push->group != NULL;
	return n;
}

static void list_groups(const struct cycle *cycle)
{
	for (const struct push *push = cycle->pushes; push; push = push->next)
		if (push->group)
			fprintf(stderr, "  --sink %.*s --group %.*s\n",
				STR_ARG(cycle->env->config->sinks[push->sink]->name),
				STR_ARG(push->request.url));
}

static void print_target(const struct push *push)
{
	fprintf(stderr, "%.*s %.*s\n", STR_ARG(push->request.method), STR_ARG(push->request.url));
}

// The sink's name and the key's path with + for the slashes: a path has no + of its own. Names too long
// for a file system end in a hash instead.
static struct str file_name(const struct cycle *cycle, const struct push *push, struct arena *arena)
{
	const struct sink_conf *sink = cycle->env->config->sinks[push->sink];
	struct sink_state state = { 0 };
	struct http_conf bare = { .url = STR("") };
	struct sink_conf twin = *sink;
	twin.http = bare;
	struct str path = sink->type->encode(&twin, &state, push->group->key, STR(""), arena).url;
	struct str name = arena_printf(arena, "%.*s%.*s", STR_ARG(sink->name), STR_ARG(path));

	for (char *p = (char *)name.ptr; *p; p++)
		if (*p == '/')
			*p = '+';
	if (name.len > 200)
		name = arena_printf(arena, "%.*s-%016" PRIx64, 180, name.ptr, hash_bytes(name, 0));
	return arena_printf(arena, "%.*s.prom", STR_ARG(name));
}

static bool write_file(struct once *once, const struct cycle *cycle, const struct push *push)
{
	struct arena arena = { 0 };
	struct str name = file_name(cycle, push, &arena);
	struct str path = arena_printf(&arena, "%s/%s", once->options->output, name.ptr);
	struct str body = buf_str(&push->group->body);
	FILE *file = fopen(path.ptr, "we");
	bool good = file && fwrite(body.ptr, 1, body.len, file) == body.len;

	good = file && fclose(file) == 0 && good;
	if (good) {
		print_target(push);
		fprintf(stderr, "  %s\n", path.ptr);
	} else {
		fprintf(stderr, "brokerpush: %s cannot be written: %s\n", path.ptr,
			strerror(errno));
	}
	arena_free(&arena);
	return good;
}

static bool show_bodies(struct once *once, const struct cycle *cycle)
{
	bool good = true;

	if (!once->options->output && count_groups(cycle) > 1) {
		usage(once,
			"there are several groups; pick one of these, or give --output DIR for all",
			NULL);
		list_groups(cycle);
		return false;
	}
	for (const struct push *push = cycle->pushes; push; push = push->next) {
		if (!push->group || push->group->err.kind != ERR_NONE)
			continue;
		if (once->options->output) {
			good = write_file(once, cycle, push) && good;
			continue;
		}
		print_target(push);
		good = print(buf_str(&push->group->body));
	}
	if (!good)
		once->code = EXIT_NOTHING;
	return good;
}

// Outcomes

static bool any_failed(const struct cycle *cycle)
{
	bool push = cycle->env->push;

	for (size_t i = 0; i < cycle->n_runs; i++)
		for (const struct endpoint *e = cycle->runs[i].endpoints; e; e = e->next)
			if (!outcome_is_up(e) && !e->unavailable && !e->is_optional)
				return true;
	for (size_t i = 0; i < cycle->n_runs; i++)
		if (!cycle->runs[i].up)
			return true;
	for (const struct push *p = cycle->pushes; p; p = p->next)
		if (push ? !p->accepted : !p->group || p->group->err.kind != ERR_NONE)
			return true;
	return false;
}

static bool any_good(const struct cycle *cycle)
{
	for (size_t i = 0; cycle->env->shows && i < cycle->n_runs; i++)
		if (cycle->runs[i].up)
			return true;
	for (const struct push *push = cycle->pushes; push; push = push->next)
		if (cycle->env->push ? push->accepted
				     : push->group && push->group->has_source_samples)
			return true;
	return false;
}

// Tables

static bool show_tables(struct once *once, const struct cycle *cycle)
{
	struct buf out = buf_new(LARGEST_TABLES), notes = buf_new(MIB(1));
	struct display display = display_open("C.UTF-8");
	struct show_view view = show_view_of_stdout(&display);

	if (once->options->wants_json)
		show_add_json(&out, cycle);
	else
		show_add_text(&out, &notes, cycle, &view);
	if (out.failed)
		fprintf(stderr, "brokerpush: the tables are larger than %zu bytes\n", out.limit);
	bool good = !out.failed && print(buf_str(&out));
	if (good)
		fprintf(stderr, "%.*s", STR_ARG(buf_str(&notes)));
	else
		once->code = EXIT_NOTHING;
	display_close(&display);
	buf_free(&out);
	buf_free(&notes);
	return good;
}

// The end

// Why there is no body.
static void print_failure(const struct cycle *cycle, const struct push *push)
{
	if (!push->group)
		fprintf(stderr, "brokerpush: %s\n", push->err.text);
	else if (push->group->err.kind != ERR_NONE)
		fprintf(stderr, "brokerpush: sink %.*s: %s\n",
			STR_ARG(cycle->env->config->sinks[push->sink]->name),
			push->group->err.text);
}

// What is told and shown. False: code is set.
static bool report(struct once *once, const struct cycle *cycle)
{
	if (cycle->env->shows)
		return !any_good(cycle) || show_tables(once, cycle);
	if (cycle->env->push)
		report_once(cycle, stderr);
	for (const struct push *push = cycle->pushes; push && !cycle->env->push; push = push->next)
		print_failure(cycle, push);
	if (cycle->env->explains)
		shape_explain(cycle, stderr);
	if (once->options->group && !cycle->pushes)
		return usage(once, "--group: no group has this URL", once->options->group);
	return cycle->env->push || show_bodies(once, cycle);
}

void once_finish(struct once *once, const struct cycle *cycle, bool interrupted)
{
	if (interrupted && !cycle->pushing) {
		once->code = EXIT_NOTHING;
		return;
	}
	if (!report(once, cycle))
		return;
	if (!any_good(cycle))
		once->code = EXIT_NOTHING;
	else
		once->code = any_failed(cycle) ? EXIT_PARTIAL : EXIT_GOOD;
}
