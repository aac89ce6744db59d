// SPDX-License-Identifier: Apache-2.0
// A shell's glob as a regular expression of PCRE2, to be matched with the whole text while dot takes line
// ends. What it means is said in pattern.h.
#pragma once

#include "base/buf.h"
#include "base/err.h"

// How many times longer than the glob the expression is at most.
enum { GLOB_GROWTH = 8 };

// Appends the expression to *regex. False: err (ERR_INVALID) says what is wrong, and at which byte;
// *regex has a part of it then.
//
// With it, a text is matched in at most two steps for each of its characters.
bool glob_to_regex(struct str glob, struct buf *regex, struct err *err);
