// SPDX-License-Identifier: Apache-2.0
#include "sink/sink.h"

static const struct sink_type *const types[] = { &sink_pushgateway };

const struct sink_type *sink_find_type(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_eq(types[i]->name, name))
			return types[i];
	return NULL;
}

const char *sink_type_names(void)
{
	return "pushgateway";
}
