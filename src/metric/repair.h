// SPDX-License-Identifier: Apache-2.0
// What was changed in a source's data on its way to a gateway, as counts by rule. A repair counts only
// where one of the two Go parsers (expfmt of the Pushgateway, textparse of Prometheus) would refuse the
// input, or where data changed. The unit is the line or the sample; of types that come from elsewhere the
// family.
#pragma once

#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

enum repair {
	REPAIR_BAD_LINE,	 // a line that is no exposition: left out
	REPAIR_LINE_END,	 // CR LF, or no line feed at the end of the page
	REPAIR_BYTE_ORDER_MARK,	 // at the start of the page
	REPAIR_BLANKS,		 // before a name or after a value
	REPAIR_METADATA,	 // TYPE or HELP twice, late, or with odd case or blanks
	REPAIR_UNKNOWN_TYPE,	 // a type beyond the five
	REPAIR_OPENMETRICS,	 // type and help of a family, said of another name
	REPAIR_GATEWAY_TYPE,	 // of a family that a gateway has too: its type there
	REPAIR_TIMESTAMP,	 // dropped: a gateway refuses it
	REPAIR_EXEMPLAR,	 // dropped
	REPAIR_NUMBER,		 // `-nan`, `+NaN`
	REPAIR_UTF8_NAME,	 // quoted: what is not legal in it becomes _
	REPAIR_MISSING_COMMA,	 // between two labels
	REPAIR_RAW_LINE_FEED,	 // in a label value: escaped
	REPAIR_ESCAPE,		 // `\t` and the like in a label value or HELP
	REPAIR_INVALID_UTF8,	 // replaced by U+FFFD
	REPAIR_DUPLICATE_LABEL,	 // the first stays
	REPAIR_RESERVED_LABEL,	 // `__x`: dropped
	REPAIR_EXPORTED_LABEL,	 // bore the name of a grouping label: renamed
	REPAIR_DUPLICATE_SERIES, // the first stays
	REPAIR_HISTOGRAM, // buckets, sums or counts that no parser would take, or that were missing
	REPAIR_RULE,	  // rules left a sample without a name, or gave up on it: left out
	REPAIR_TOO_LONG,  // a sample or HELP near the 1 MiB a line may have
	N_REPAIRS,
};

struct repairs {
	uint64_t count[N_REPAIRS];
};

// The rule's name, as in the label `rule`.
struct str repair_name(enum repair rule);
// Adds the counts of more to total.
void repair_add(struct repairs *total, const struct repairs *more);
