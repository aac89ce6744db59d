// SPDX-License-Identifier: Apache-2.0
#include "source/source.h"

static const struct source_type *const types[] = { &source_emqx, &source_emqx_clients,
	&source_emqx_cloud, &source_json, &source_prometheus };

const struct source_type *source_find_type(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_eq(types[i]->name, name))
			return types[i];
	return NULL;
}

const char *source_type_names(void)
{
	return "emqx, emqx_clients, emqx_cloud, json, prometheus";
}

struct str source_table_type_names(struct arena *arena)
{
	struct str names = STR("");

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i]->columns)
			names = arena_printf(arena, "%.*s%s%.*s", STR_ARG(names),
				names.len ? ", " : "", STR_ARG(types[i]->name));
	return names;
}

struct source_ask *source_add_ask(struct source_turn *turn, struct str endpoint)
{
	struct source_ask *ask = arena_new(turn->arena, struct source_ask);

	ask->endpoint = endpoint;
	ask->request.conf = &turn->conf->http;
	ask->request.method = STR("GET");
	if (!turn->asks)
		turn->last = &turn->asks;
	*turn->last = ask;
	turn->last = &ask->next;
	return ask;
}

void source_warn(struct source_turn *turn, const char *text, uint64_t n, struct str example)
{
	struct source_warning *warning;

	if (n == 0)
		return;
	warning = arena_new(turn->arena, struct source_warning);
	warning->next = turn->warnings;
	warning->text = text;
	warning->n = n;
	warning->example = example;
	turn->warnings = warning;
}

// There are as many places as sources, so one is free.
struct source_account *source_account(struct source_accounts *accounts, uint64_t id)
{
	size_t i = 0;

	while (i + 1 < accounts->n && accounts->items[i].id && accounts->items[i].id != id)
		i++;
	if (accounts->items[i].id != id)
		accounts->items[i] = (struct source_account){ .id = id };
	return &accounts->items[i];
}

bool source_take_page(const struct http_answer *answer, const struct read_options *options,
	struct source_take *take, struct err *err)
{
	if (!http_judge(answer, err))
		return false;
	if (http_is_foreign(answer)) {
		err_set(err, ERR_BAD_BODY, 0, "the answer is %.*s, not metrics; check the URL",
			STR_ARG(answer->content_type));
		return false;
	}
	return read_page(take->set, buf_str(&answer->body), options, &take->report, err);
}

struct str source_url(struct arena *arena, struct str base, const char *path)
{
	while (base.len && base.ptr[base.len - 1] == '/')
		base.len--;
	return arena_printf(arena, "%.*s%s", STR_ARG(base), path);
}
