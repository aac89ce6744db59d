// SPDX-License-Identifier: Apache-2.0
#include "source/json.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

// jansson's names for kinds of values and one of its macros are json.h's names too.
#define JSON_STRING JANSSON_STRING
#define JSON_ARRAY  JANSSON_ARRAY
#define JSON_OBJECT JANSSON_OBJECT
#include <jansson.h>
#undef JSON_STRING
#undef JSON_ARRAY
#undef JSON_OBJECT
#undef json_is_true

struct json_doc {
	json_t *root; // owned
};

static json_t *node_of(struct json value)
{
	return (json_t *)value.node;
}

static struct json value_of(const json_t *node)
{
	return (struct json){ json_is_null(node) ? NULL : node };
}

// 1. Reading

// jansson's own text for all other codes, of which the most are "... expected".
static const char *const faults[] = {
	[json_error_stack_overflow] = "nested too deeply",
	[json_error_invalid_utf8] = "invalid UTF-8",
	[json_error_premature_end_of_input] = "it ends too early",
	[json_error_end_of_input_expected] = "something follows its value",
	[json_error_null_character] = "a NUL (\\u0000) in a string",
	[json_error_null_byte_in_key] = "a NUL (\\u0000) in a name",
	[json_error_numeric_overflow] = "a number beyond a double",
};

static void set_err(struct err *err, json_error_t *error)
{
	size_t code = json_error_code(error);
	char *quote = strstr(error->text, " near ");

	if (quote)
		*quote = '\0';
	err_set(err, ERR_BAD_BODY, (size_t)error->position, "no JSON: %s, after %d bytes",
		code < ARRAY_LEN(faults) && faults[code] ? faults[code] : error->text,
		error->position);
}

struct json_doc *json_read(struct str text, struct err *err)
{
	if (text.len > JSON_LARGEST) {
		err_set(err, ERR_TOO_LARGE, JSON_LARGEST, "JSON of %zu bytes, more than %d",
			text.len, (int)JSON_LARGEST);
		return NULL;
	}
	const char *bytes = text.len ? text.ptr : "";
	json_error_t error;
	json_t *root;

	// For all of the process, but nobody else uses jansson. Its hashes seed themselves.
	json_set_alloc_funcs(mem_alloc, free);
	root = json_loadb(bytes, text.len, JSON_DECODE_ANY, &error);
	// An integer beyond int64_t is a fault to jansson, unless all integers are to be doubles.
	if (!root && json_error_code(&error) == json_error_numeric_overflow)
		root = json_loadb(
			bytes, text.len, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);
	if (!root) {
		set_err(err, &error);
		return NULL;
	}
	struct json_doc *doc = mem_alloc(sizeof(*doc));
	doc->root = root;
	return doc;
}

void json_free(struct json_doc *doc)
{
	if (!doc)
		return;
	json_decref(doc->root);
	free(doc);
}

// 2. Looking into it

struct json json_root(const struct json_doc *doc)
{
	return value_of(doc->root);
}

enum json_kind json_kind(struct json value)
{
	const json_t *node = node_of(value);

	if (!node)
		return JSON_NONE;
	switch (json_typeof(node)) {
	case JANSSON_OBJECT: return JSON_OBJECT;
	case JANSSON_ARRAY: return JSON_ARRAY;
	case JANSSON_STRING: return JSON_STRING;
	case JSON_INTEGER:
	case JSON_REAL: return JSON_NUMBER;
	case JSON_TRUE:
	case JSON_FALSE: return JSON_BOOL;
	case JSON_NULL: break;
	}
	return JSON_NONE;
}

struct json json_get(struct json object, const char *name)
{
	return value_of(json_object_get(node_of(object), name));
}

struct str json_text(struct json value)
{
	const json_t *node = node_of(value);

	return (struct str){ json_string_value(node), json_string_length(node) };
}

bool json_is_true(struct json value)
{
	return value.node && json_typeof(node_of(value)) == JSON_TRUE;
}

static struct json_number number_of_real(double real)
{
	const double exact =
		(double)(INT64_C(1) << 53); // from here on several integers share a double
	struct json_number number = { .real = real };

	if (real > -exact && real < exact && (double)(int64_t)real == real) {
		number.is_integer = true;
		number.integer = (int64_t)real;
	}
	return number;
}

bool json_number(struct json value, struct json_number *number)
{
	const json_t *node = node_of(value);

	*number = (struct json_number){ 0 };
	if (json_is_integer(node))
		*number = (struct json_number){ true, json_integer_value(node),
			(double)json_integer_value(node) };
	else if (json_is_real(node))
		*number = number_of_real(json_real_value(node));
	return json_is_number(node);
}

size_t json_size(struct json value)
{
	return json_array_size(node_of(value)) + json_object_size(node_of(value));
}

// 3. Walking over it

struct json_walk json_walk(struct json container)
{
	return (struct json_walk){ .container = container };
}

bool json_next(struct json_walk *walk)
{
	json_t *node = node_of(walk->container);
	json_t *found = json_array_get(node, walk->n_visited);

	if (!found) {
		walk->member = walk->n_visited ? json_object_iter_next(node, walk->member)
					       : json_object_iter(node);
		found = json_object_iter_value(walk->member);
	}
	walk->name = str_of(walk->member ? json_object_iter_key(walk->member) : NULL);
	walk->value = value_of(found);
	walk->n_visited += found != NULL;
	return found != NULL;
}
