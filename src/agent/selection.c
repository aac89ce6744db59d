// SPDX-License-Identifier: Apache-2.0
#include "agent/selection.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct selection selection_new(const struct config *config)
{
	struct selection selection = {
		.sources = mem_alloc(config->n_sources),
		.sinks = mem_alloc(config->n_sinks),
		.group = STR(""),
	};

	for (size_t i = 0; i < config->n_sources; i++)
		selection.sources[i] = true;
	for (size_t i = 0; i < config->n_sinks; i++)
		selection.sinks[i] = true;
	return selection;
}

void selection_free(struct selection *selection)
{
	free(selection->sources);
	free(selection->sinks);
	*selection = (struct selection){ 0 };
}

void selection_copy(const struct config *config, struct selection *to, const struct selection *from)
{
	memcpy(to->sources, from->sources, config->n_sources);
	memcpy(to->sinks, from->sinks, config->n_sinks);
	to->group = from->group;
}

bool selection_has_sink(const struct config *config, const struct selection *selection)
{
	for (size_t i = 0; i < config->n_sinks; i++)
		if (selection->sinks[i])
			return true;
	return false;
}

bool selection_of_cycle(const struct config *config, const struct selection *all, uint64_t number,
	struct selection *due)
{
	bool any = false;

	selection_copy(config, due, all);
	for (size_t i = 0; i < config->n_sinks; i++)
		due->sinks[i] = all->sinks[i] && number % config->sinks[i]->every == 0;
	if (selection_has_sink(config, due))
		return true;
	for (size_t i = 0; i < config->n_sources; i++) {
		due->sources[i] = all->sources[i] && config->sources[i]->type->watches;
		any |= due->sources[i];
	}
	return any;
}
