// SPDX-License-Identifier: Apache-2.0
// Judges a body as the strictest of its readers would: what the Pushgateway's parser (expfmt) and its
// consistency check, Prometheus' parser (textparse) and VictoriaMetrics all take, and nothing else. A
// body that passes may be pushed. Written apart from src/, to find mistakes there.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct strict_fault {
	size_t line; // from 1; 0: the body as a whole
	const char *text;
	char subject[160]; // the family or series, cut to fit
};

// key_names: the grouping key's labels, which no sample may have; ends in NULL. False: *fault says what
// is wrong. An empty body is good.
bool strict_check(
	const char *body, size_t len, const char *const *key_names, struct strict_fault *fault);
