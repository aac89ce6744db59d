// SPDX-License-Identifier: Apache-2.0
#include "agent/once.h"

#include "agent/group.h"
#include "agent/outcome.h"
#include "agent/report.h"
#include "base/hash.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

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

bool once_select(struct once *once, struct selection *selection)
{
	struct err err = { 0 };

	if (!select_sources(once, selection) || !select_sink(once, selection))
		return false;
	selection->group = str_of(once->options->group);
	if (once->options->mode == MODE_ONCE &&
		!group_check_selection(once->config, selection, &err))
		return usage(once, err.text, NULL);
	return true;
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
		if (!push->group)
			continue;
		if (once->options->output) {
			good = write_file(once, cycle, push) && good;
			continue;
		}
		struct str body = buf_str(&push->group->body);
		print_target(push);
		good = fwrite(body.ptr, 1, body.len, stdout) == body.len && fflush(stdout) == 0;
		if (!good)
			fprintf(stderr, "brokerpush: stdout cannot be written: %s\n",
				strerror(errno));
	}
	if (!good)
		once->code = EXIT_NOTHING;
	return good;
}

// The exit code

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
		if (push ? !p->accepted : !p->group)
			return true;
	return false;
}

static bool any_good(const struct cycle *cycle)
{
	for (const struct push *push = cycle->pushes; push; push = push->next)
		if (cycle->env->push ? push->accepted
				     : push->group && push->group->has_source_samples)
			return true;
	return false;
}

void once_finish(struct once *once, const struct cycle *cycle, bool interrupted)
{
	if (interrupted && !cycle->pushing) {
		once->code = EXIT_NOTHING;
		return;
	}
	if (!cycle->env->push) {
		for (const struct push *push = cycle->pushes; push; push = push->next)
			if (!push->group)
				fprintf(stderr, "brokerpush: %s\n", push->err.text);
	} else {
		report_once(cycle, stderr);
	}
	if (once->options->group && !cycle->pushes) {
		usage(once, "--group: no group has this URL", once->options->group);
		return;
	}
	if (!cycle->env->push && !show_bodies(once, cycle))
		return;
	if (!any_good(cycle))
		once->code = EXIT_NOTHING;
	else
		once->code = any_failed(cycle) ? EXIT_PARTIAL : EXIT_GOOD;
}
