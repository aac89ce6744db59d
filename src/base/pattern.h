// SPDX-License-Identifier: Apache-2.0
// Patterns for names that come from outside: globs and regular expressions, by PCRE2. Both are about
// the whole text, as in Prometheus, never about a part of it.
//
// A text takes a bounded time, whatever the pattern: PCRE2's limits of matching are set, and who passes them
// has not matched.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct pattern;

// A shell's glob: * any text, ? one character, [a-z] and [!a-z] one of a set, \ takes the meaning of the next one.
// A slash and a dot in front are characters as any other. NULL: err (ERR_CONFIG) says what is wrong, and at which
// byte.
struct pattern *pattern_glob(struct str glob, struct err *err);
// A regular expression as PCRE2 has it, in UTF-8.
struct pattern *pattern_regex(struct str regex, struct err *err);
// Takes NULL.
void pattern_free(struct pattern *pattern);

enum pattern_verdict {
	PATTERN_OTHER, // it does not match
	PATTERN_MATCHES,
	PATTERN_GAVE_UP, // nobody knows: a limit was passed, or the text is not UTF-8
};

// The groups of the match are kept for pattern_expand until the next pattern_match of this pattern.
enum pattern_verdict pattern_match(struct pattern *pattern, struct str text);

// Checks a template: $1, ${1}, ${name} stand for groups of the pattern (0: the whole match), $$ for $. False: err says
// which group the pattern does not have, or what is no reference.
bool pattern_check_template(
	const struct pattern *pattern, struct str template_text, struct err *err);
// Appends a checked template with the groups of the last match, which borrowed `text`; a group that took no part is
// empty.
void pattern_expand(
	const struct pattern *pattern, struct str template_text, struct str text, struct buf *out);
