// SPDX-License-Identifier: Apache-2.0
#include "metric/repair.h"

static const struct str names[N_REPAIRS] = {
	[REPAIR_BAD_LINE] = STR_INIT("bad_line"),
	[REPAIR_LINE_END] = STR_INIT("line_end"),
	[REPAIR_BYTE_ORDER_MARK] = STR_INIT("byte_order_mark"),
	[REPAIR_BLANKS] = STR_INIT("blanks"),
	[REPAIR_METADATA] = STR_INIT("metadata"),
	[REPAIR_UNKNOWN_TYPE] = STR_INIT("unknown_type"),
	[REPAIR_OPENMETRICS] = STR_INIT("openmetrics"),
	[REPAIR_GATEWAY_TYPE] = STR_INIT("gateway_type"),
	[REPAIR_TIMESTAMP] = STR_INIT("timestamp"),
	[REPAIR_EXEMPLAR] = STR_INIT("exemplar"),
	[REPAIR_NUMBER] = STR_INIT("number"),
	[REPAIR_UTF8_NAME] = STR_INIT("utf8_name"),
	[REPAIR_MISSING_COMMA] = STR_INIT("missing_comma"),
	[REPAIR_RAW_LINE_FEED] = STR_INIT("raw_line_feed"),
	[REPAIR_ESCAPE] = STR_INIT("escape"),
	[REPAIR_INVALID_UTF8] = STR_INIT("invalid_utf8"),
	[REPAIR_DUPLICATE_LABEL] = STR_INIT("duplicate_label"),
	[REPAIR_RESERVED_LABEL] = STR_INIT("reserved_label"),
	[REPAIR_EXPORTED_LABEL] = STR_INIT("exported_label"),
	[REPAIR_DUPLICATE_SERIES] = STR_INIT("duplicate_series"),
	[REPAIR_HISTOGRAM] = STR_INIT("histogram"),
	[REPAIR_RULE] = STR_INIT("rule"),
	[REPAIR_TOO_LONG] = STR_INIT("too_long"),
};

struct str repair_name(enum repair rule)
{
	return names[rule];
}

void repair_add(struct repairs *total, const struct repairs *more)
{
	for (size_t i = 0; i < N_REPAIRS; i++)
		total->count[i] += more->count[i];
}
