// SPDX-License-Identifier: Apache-2.0
#include "metric/gateway_type.h"

// Of the families with these names in front. Where a gateway has none of just that name, typing it by
// the same habits of the Go client does no harm.
static const struct str prefixes[] = {
	STR_INIT("go_memstats_"),
	STR_INIT("process_"),
	STR_INIT("promhttp_"),
	STR_INIT("pushgateway_"),
};

static const struct str gauges[] = {
	STR_INIT("go_goroutines"),
	STR_INIT("go_info"),
	STR_INIT("go_threads"),
};

static const struct str summaries[] = {
	STR_INIT("go_gc_duration_seconds"),
	STR_INIT("pushgateway_http_push_duration_seconds"),
	STR_INIT("pushgateway_http_push_size_bytes"),
};

static bool is_among(struct str name, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

bool gateway_type(struct str name, enum metric_type *type)
{
	if (name.len == 0 || (name.ptr[0] != 'g' && name.ptr[0] != 'p'))
		return false;
	if (is_among(name, summaries, ARRAY_LEN(summaries))) {
		*type = METRIC_SUMMARY;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		if (str_starts_with(name, prefixes[i])) {
			*type = str_ends_with(name, STR("_total")) ? METRIC_COUNTER : METRIC_GAUGE;
			return true;
		}
	}
	*type = METRIC_GAUGE;
	return is_among(name, gauges, ARRAY_LEN(gauges));
}
