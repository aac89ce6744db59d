// SPDX-License-Identifier: Apache-2.0
// Templates of grouping keys: `${name}/instance/${name}~${host}`. The first segment is the job's value;
// then label names and values in turn. Parsed when the configuration is read, expanded in each cycle.
// Each value is expanded by itself, so nothing in a value can become part of the key's structure.
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "metric/key.h"

enum template_variable {
	TEMPLATE_LITERAL,
	TEMPLATE_NAME,	       // the part of the node's name before the @
	TEMPLATE_HOST,	       // the part behind it
	TEMPLATE_NODE,	       // all of it
	TEMPLATE_CLUSTER_NAME, // by setting, or as the broker told it
	TEMPLATE_SOURCE,       // the source's name
	TEMPLATE_HOSTNAME,     // of this machine
	N_TEMPLATE_VARIABLES,
};

// Those that a node's name gives, as bits of template_variables.
#define TEMPLATE_OF_NODE (1u << TEMPLATE_NAME | 1u << TEMPLATE_HOST | 1u << TEMPLATE_NODE)

struct template;

// What the variables stand for at one moment; an empty text is an unknown one.
struct template_values {
	struct str node, cluster_name, source, hostname;
};

// Parses a text; ${env:NAME} is expanded here and now. Lives in the arena, as does everything below.
// NULL: err has ERR_INVALID, the byte's position in the text (from 0), and what is wrong with it.
const struct template *template_parse(struct arena *arena, struct str text, struct err *err);

// Bits 1 << enum template_variable of those that occur.
unsigned template_variables(const struct template *template);

// The variable's name in a template; for messages.
const char *template_variable_name(enum template_variable variable);

// The key for these values. False: err has ERR_NODE_UNKNOWN or ERR_EMPTY_KEY_VALUE.
bool template_expand(const struct template *template, const struct template_values *values,
	struct arena *arena, struct key *key, struct err *err);

// The names of the key's labels, known before any value is.
size_t template_label_names(
	const struct template *template, struct arena *arena, struct str **names);

// The text as it was given.
struct str template_text(const struct template *template);
