// SPDX-License-Identifier: Apache-2.0
#include "agent/group.h"

#include "agent/selfstat.h"
#include "agent/shape.h"
#include "agent/tally.h"
#include "metric/clash.h"
#include "metric/write.h"

#include <string.h>

// What a gateway takes in one body has no limit; this is one against mistakes.
static const size_t LARGEST_BODY = (size_t)1 << 31;

// Planning

static struct template_values values_of(const struct cycle *cycle, const struct source_run *run)
{
	return config_values(
		cycle->env->config, run->index, cycle->env->tally->sources[run->index].state);
}

static struct push *add_push(struct cycle *cycle, size_t sink, size_t leader)
{
	struct push *push = arena_new(&cycle->arena, struct push), **link = &cycle->pushes;

	while (*link)
		link = &(*link)->next;
	*link = push;
	push->cycle = cycle;
	push->sink = sink;
	push->leader = leader;
	return push;
}

static struct push *find_push(const struct cycle *cycle, size_t sink, struct key key)
{
	for (struct push *push = cycle->pushes; push; push = push->next)
		if (push->sink == sink && push->group && key_equal(push->group->key, key))
			return push;
	return NULL;
}

static void plan_source(struct cycle *cycle, size_t sink, size_t run_index)
{
	const struct config *config = cycle->env->config;
	const struct source_run *run = &cycle->runs[run_index];
	struct template_values values = values_of(cycle, run);
	struct err err = { 0 };
	struct key key;

	if (!template_expand(config_template(config, sink, run->index), &values, &cycle->arena,
		    &key, &err)) {
		add_push(cycle, sink, run_index)->err = err;
		return;
	}
	struct push *push = find_push(cycle, sink, key);
	if (!push) {
		push = add_push(cycle, sink, run_index);
		push->group = arena_new(&cycle->arena, struct group);
		push->group->key = key;
		push->group->sink = sink;
		push->group->sources = arena_array(&cycle->arena, size_t, cycle->n_runs);
	}
	push->group->sources[push->group->n_sources++] = run_index;
}

static bool same_group(const struct config *config, const struct group *a, const struct group *b)
{
	return rules_equal(
		       &config->sinks[a->sink]->rules_conf, &config->sinks[b->sink]->rules_conf) &&
	       a->n_sources == b->n_sources && key_equal(a->key, b->key) &&
	       memcmp(a->sources, b->sources, a->n_sources * sizeof(*a->sources)) == 0;
}

// Takes an equal group of an earlier sink in place of the push's own, so that it is built once.
static void share_group(struct cycle *cycle, struct push *push)
{
	struct group **link = &cycle->groups;

	for (; *link; link = &(*link)->next) {
		if (same_group(cycle->env->config, *link, push->group)) {
			push->group = *link;
			return;
		}
	}
	*link = push->group;
}

// Leaves the push with this URL. If there is none, it may be one whose key is not known; those stay then,
// with their errors.
static void drop_unwanted(struct cycle *cycle, struct str url)
{
	struct push **link = &cycle->pushes;
	bool found = false;

	for (const struct push *push = cycle->pushes; push; push = push->next)
		found |= push->group && str_eq(push->request.url, url);
	while (*link) {
		bool wanted = found ? str_eq((*link)->request.url, url) : !(*link)->group;

		if (wanted)
			link = &(*link)->next;
		else
			*link = (*link)->next;
	}
}

void group_plan(struct cycle *cycle)
{
	const struct cycle_env *env = cycle->env;

	for (size_t sink = 0; sink < env->config->n_sinks; sink++)
		for (size_t k = 0; env->selection.sinks[sink] && k < cycle->n_runs; k++)
			plan_source(cycle, sink, k);
	for (struct push *push = cycle->pushes; push; push = push->next) {
		const struct sink_conf *sink = env->config->sinks[push->sink];
		if (push->group)
			push->request =
				sink->type->encode(sink, &env->tally->sinks[push->sink].state,
					push->group->key, STR(""), &cycle->arena);
	}
	if (env->selection.group.len)
		drop_unwanted(cycle, env->selection.group);
	for (struct push *push = cycle->pushes; push; push = push->next)
		if (push->group)
			share_group(cycle, push);
}

// Building the body

// A set that another body needs too is copied, since checking changes it.
static bool is_needed_later(const struct group *group, size_t run)
{
	for (group = group->next; group; group = group->next)
		for (size_t i = 0; i < group->n_sources; i++)
			if (group->sources[i] == run)
				return true;
	return false;
}

static void check_set(
	struct group *group, const struct source_run *run, struct metric_set *set, uint16_t source)
{
	if (shape_for_sink(group, run->conf, set, &group->check.sources[source]))
		check_add(&group->check, set, source);
}

static void check_run(
	struct group *group, size_t run_index, struct source_run *run, uint16_t source)
{
	bool copy = is_needed_later(group, run_index);

	for (const struct scrape *scrape = run->scrapes; scrape; scrape = scrape->next) {
		struct metric_set *set = scrape->take.set;
		if (scrape->verdict == SOURCE_DELIVERED)
			check_set(group, run, copy ? metric_copy(set) : set, source);
	}
	if (run->own)
		check_set(group, run, copy ? metric_copy(run->own) : run->own, source);
}

// A source is in one group per sink. Its repairs are counted for one of them, or they would count
// twice.
static void note_checked(struct source_run *run, const struct check_source *source)
{
	if (run->checked.name.ptr)
		return;
	run->checked = *source;
	repair_add(&run->repairs, &source->repairs);
}

static void refuse_clash(struct check *check, struct family *family, const struct family *other)
{
	struct str why;

	if (str_eq(family->name, other->name))
		why = arena_printf(check->arena,
			"it is typed %s here, but %s in another group that goes to the same "
			"gateway",
			metric_type_names[family->type].ptr, metric_type_names[other->type].ptr);
	else
		why = arena_printf(check->arena,
			"its samples would be named like those of the %s %.*s in another group "
			"that goes to the same gateway",
			metric_type_names[other->type].ptr, STR_ARG(other->name));
	check_quarantine(check, family, family->first->source, why);
}

static void settle_group(struct check *check, struct metric_set *seen)
{
	for (struct family *family = check->set->first; family; family = family->next) {
		const struct family *other = family->first ? clash_find(seen, family) : NULL;

		if (other)
			refuse_clash(check, family, other);
		else if (family->first)
			metric_family(seen, family->name)->type = family->type;
	}
}

// A gateway checks families over all its groups: two that do not go together block whole pushes. In the order of
// the configuration the first stays.
static void settle_families(struct cycle *cycle, size_t sink)
{
	struct metric_set *seen = metric_set_new(&cycle->arena);

	for (struct push *push = cycle->pushes; push; push = push->next)
		if (push->sink == sink && push->group)
			settle_group(&push->group->check, seen);
}

static size_t count_groups(const struct cycle *cycle, size_t sink)
{
	size_t n = 0;

	for (const struct push *push = cycle->pushes; push; push = push->next)
		n += push->sink == sink && push->group;
	return n;
}

static size_t estimate_size(const struct cycle *cycle, const struct group *group)
{
	size_t size = KIB(16);

	for (size_t i = 0; i < group->n_sources; i++)
		size += cycle->runs[group->sources[i]].n_bytes;
	size += size / 8;
	return size < LARGEST_BODY ? size : LARGEST_BODY;
}

static void check_group(struct cycle *cycle, struct group *group)
{
	struct arena *arena = &cycle->arena;
	size_t n = group->n_sources; // one more: the agent itself comes last
	struct check_source *sources = arena_array(arena, struct check_source, n + 1);
	struct str *key_names = arena_array(arena, struct str, group->key.n);

	for (size_t i = 0; i < group->key.n; i++)
		key_names[i] = group->key.labels[i].name;
	shape_begin_group(cycle, group);
	group->check = check_new(arena, key_names, group->key.n, sources);
	for (size_t i = 0; i < n; i++) {
		struct source_run *run = &cycle->runs[group->sources[i]];

		sources[i].name = run->conf->name;
		sources[i].added = run->conf->added;
		check_run(group, group->sources[i], run, (uint16_t)i);
	}
	check_finish(&group->check);
	sources[n].name = STR("brokerpush");
	sources[n].added = cycle->env->config->added;
}

// A body that is empty since rules want it so, or an application has nothing to tell, is as good as a full one.
static bool is_good_if_empty(const struct group *group, const struct source_run *run)
{
	return run->up && (run->conf->type->reads_any_page || run->rules_run->rules ||
				  group->rules_run->rules);
}

static void note_group(struct cycle *cycle, struct group *group)
{
	for (size_t i = 0; i < group->n_sources; i++) {
		struct source_run *run = &cycle->runs[group->sources[i]];

		note_checked(run, &group->check.sources[i]);
		group->has_source_samples |= is_good_if_empty(group, run);
	}
	for (struct family *family = group->check.set->first; family; family = family->next)
		group->has_source_samples |= family->first != NULL;
}

void group_check_all(struct cycle *cycle)
{
	for (struct group *group = cycle->groups; group; group = group->next)
		check_group(cycle, group);
	for (size_t sink = 0; sink < cycle->env->config->n_sinks; sink++)
		if (count_groups(cycle, sink) > 1)
			settle_families(cycle, sink);
	for (struct group *group = cycle->groups; group; group = group->next)
		note_group(cycle, group);
}

void group_write(struct cycle *cycle, struct group *group)
{
	size_t n = group->n_sources;
	struct str *added = arena_array(&cycle->arena, struct str, n + 1);

	check_add(&group->check, selfstat_make(cycle, group), (uint16_t)n);
	for (size_t i = 0; i <= n; i++)
		added[i] = group->check.sources[i].added.text;
	group->body = buf_new(LARGEST_BODY);
	buf_reserve(&group->body, estimate_size(cycle, group));
	write_set(&group->body, group->check.set, added);
}

// Selecting

// The names of node and cluster, or what stands for them until the broker has told them.
static struct template_values guess_values(
	const struct config *config, size_t source, struct arena *arena)
{
	struct template_values values = config_values(config, source, NULL);
	struct str url = config->sources[source]->http.url;

	if (values.node.len == 0)
		values.node = arena_printf(arena, "?@%.*s", STR_ARG(url));
	if (values.cluster_name.len == 0)
		values.cluster_name = arena_printf(arena, "?@%.*s", STR_ARG(url));
	return values;
}

static bool share_key(const struct config *config, size_t sink, size_t a, size_t b)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	struct key key_a, key_b;
	struct template_values values_a = guess_values(config, a, &arena);
	struct template_values values_b = guess_values(config, b, &arena);

	// One URL is one broker, whichever of the two says its name; and a name that is not known yet may
	// be the other's.
	bool same_url = str_eq(config->sources[a]->http.url, config->sources[b]->http.url);
	struct template_values known_a = config_values(config, a, NULL);
	struct template_values known_b = config_values(config, b, NULL);
	if (same_url || !known_a.node.len != !known_b.node.len)
		values_b.node = values_a.node;
	if (same_url || !known_a.cluster_name.len || !known_b.cluster_name.len)
		values_b.cluster_name = values_a.cluster_name;
	bool same = template_expand(
			    config_template(config, sink, a), &values_a, &arena, &key_a, &err) &&
		    template_expand(
			    config_template(config, sink, b), &values_b, &arena, &key_b, &err) &&
		    key_equal(key_a, key_b);
	arena_free(&arena);
	return same;
}

bool group_check_selection(
	const struct config *config, const struct selection *selection, struct err *err)
{
	for (size_t sink = 0; sink < config->n_sinks; sink++)
		for (size_t a = 0; a < config->n_sources; a++)
			for (size_t b = 0; b < config->n_sources; b++)
				if (selection->sinks[sink] && selection->sources[a] &&
					!selection->sources[b] && share_key(config, sink, a, b))
					err_set(err, ERR_INVALID, 0,
						"a push of source %.*s would replace the group "
						"that it shares with source %.*s; add --source "
						"%.*s, or look at it alone with --dry-run",
						STR_ARG(config->sources[a]->name),
						STR_ARG(config->sources[b]->name),
						STR_ARG(config->sources[b]->name));
	return err->kind == ERR_NONE;
}
