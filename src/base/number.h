// SPDX-License-Identifier: Apache-2.0
// Numbers as text: what both of Prometheus' parsers take, and how Go writes them. Nothing here reads
// the locale; the process never calls setlocale.
#pragma once

#include "base/buf.h"
#include "base/str.h"

enum number_verdict {
	NUMBER_BAD,   // no number to Go's ParseFloat, or one beyond a double
	NUMBER_AS_IS, // may be sent in its own spelling
	NUMBER_RESPELLED, // means the same to both parsers, but another reader would refuse it: `+1`, `inf`
	NUMBER_REPAIRED, // one of the two parsers would refuse it: `-nan`, `+NaN`
};

// Judges a value's text (no blanks around it) and points *spelling at the text to send: the value
// itself, a part of it, or a constant. Decimal digits with `.` and an exponent, infinities and NaN in
// any case; never hex, underscores, or more than 512 bytes.
enum number_verdict number_judge(struct str text, struct str *spelling);

// The value of a text that number_judge has taken.
double number_value(struct str text);

// Writes a double the way Go's strconv 'g' with shortest digits does: 1e+06, 0.0001, 1e-05, +Inf, NaN;
// -0 as 0. It reads back to the same bits. The text is what a Pushgateway shows for `le` and `quantile`.
void number_write(struct buf *out, double value);
