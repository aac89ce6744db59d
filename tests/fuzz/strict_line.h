// SPDX-License-Identifier: Apache-2.0
// The grammar of one line of exposition text 0.0.4, in the narrow form that the Pushgateway's parser
// (expfmt), Prometheus' (textparse) and VictoriaMetrics all take. Written apart from src/, so that a
// mistake there does not hide here; slow and simple.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct strict_text {
	const char *ptr;
	size_t len;
};

bool strict_is(struct strict_text text, const char *word);
bool strict_same(struct strict_text a, struct strict_text b);
bool strict_is_utf8(struct strict_text text);

struct strict_label {
	struct strict_text name, value; // the value without its quotes, escaped
};

enum strict_kind { STRICT_HELP, STRICT_TYPE, STRICT_SAMPLE };

enum { STRICT_MOST_LABELS = 1024 };

// All texts borrow from the line.
struct strict_line {
	enum strict_kind kind;
	struct strict_text name;
	struct strict_text text; // the help, the type's word, or the value
	double number;		 // of a sample
	struct strict_label labels[STRICT_MOST_LABELS];
	size_t n_labels;
};

// Reads a line without its line feed. NULL, or what is wrong with it.
const char *strict_read_line(struct strict_text text, struct strict_line *line);

// A number as it may be written: decimal digits with point and exponent, finite; or NaN, +Inf, -Inf.
bool strict_number(struct strict_text text, double *number);
// Whether a bound (le, quantile) has the spelling that a gateway gives it (Go's strconv, 'g', shortest).
bool strict_is_gateway_spelling(struct strict_text text, double number);
