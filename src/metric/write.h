// SPDX-License-Identifier: Apache-2.0
// Writing exposition text 0.0.4, and the only place that escapes.
#pragma once

#include "base/buf.h"
#include "metric/metric.h"

enum {
	// A line may have 1 MiB less this slack: VictoriaMetrics refuses a whole body for one line of
	// 1 MiB (seen on 1.145).
	WRITE_LONGEST_LINE = 1024 * 1024 - 4096,
};

// Raw text with \ and line feed escaped, and the double quote too where `quotes` (label values, not
// HELP).
void write_escaped(struct buf *out, struct str raw, bool quotes);
// name="value", with a comma before it unless *out is empty. The value is raw.
void write_label(struct buf *out, struct str name, struct str value);

// Writes every family that has samples: HELP if there is any, TYPE, samples. added[i] is the canonical
// label text that goes behind the labels of source i's samples, empty for none.
void write_set(struct buf *out, const struct metric_set *set, const struct str *added);
