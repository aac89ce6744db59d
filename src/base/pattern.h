// SPDX-License-Identifier: Apache-2.0
// Patterns for names that come from outside: globs and regular expressions, by PCRE2. Both are about
// the whole text, as in Prometheus, never about a part of it.
//
// A text takes a bounded time, whatever it is: mostly a tenth of a microsecond, at worst about 10 ms, for texts
// of many KiB 0.2 s, or more where the pattern itself is dear, by \X, or classes of Unicode properties or of
// thousands of characters. Nobody knows of what would take longer. Globs know it of all texts up to 64 KiB.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct pattern;

// A shell's glob: * any text, ? one character, [a-z] and [!a-z] or [^a-z] one of a set, \ takes the
// meaning of the next one. A slash and a dot in front are characters as any other, and so is a line end.
// NULL: err (ERR_INVALID) says what is wrong, and after how many bytes. At most 64 KiB.
struct pattern *pattern_glob(struct str glob, struct err *err);
// A regular expression as PCRE2 has it, in UTF-8; a dot takes line ends, and $ is only the very end. No
// \C. What is wrong is said as for a glob.
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

// Checks a template: $1, ${1}, $name and ${name} stand for groups of the pattern (0: the whole match), $$ for
// $. Without braces all letters, digits and _ are the name, as in Prometheus: $1x is a group that is called 1x,
// which no pattern has. False: err (ERR_INVALID) says which group the pattern does not have, or that a $ is no
// reference, and the position is that of the $.
bool pattern_check_template(
	const struct pattern *pattern, struct str template_text, struct err *err);
// Appends a checked template with the groups of the last match, which was of `text`; a group that took no
// part is empty, and if it did not match all are.
void pattern_expand(
	const struct pattern *pattern, struct str template_text, struct str text, struct buf *out);
