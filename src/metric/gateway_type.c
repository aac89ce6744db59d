// SPDX-License-Identifier: Apache-2.0
#include "metric/gateway_type.h"

// What a Pushgateway shows of itself, 1.5.1 and 1.11.2 taken together; go_memstats_* apart.
static const struct str gauges[] = {
	STR_INIT("go_gc_gogc_percent"),
	STR_INIT("go_gc_gomemlimit_bytes"),
	STR_INIT("go_goroutines"),
	STR_INIT("go_info"),
	STR_INIT("go_sched_gomaxprocs_threads"),
	STR_INIT("go_threads"),
	STR_INIT("process_max_fds"),
	STR_INIT("process_open_fds"),
	STR_INIT("process_resident_memory_bytes"),
	STR_INIT("process_start_time_seconds"),
	STR_INIT("process_virtual_memory_bytes"),
	STR_INIT("process_virtual_memory_max_bytes"),
	STR_INIT("promhttp_metric_handler_requests_in_flight"),
};

static const struct str counters[] = {
	STR_INIT("process_cpu_seconds_total"),
	STR_INIT("process_network_receive_bytes_total"),
	STR_INIT("process_network_transmit_bytes_total"),
	STR_INIT("promhttp_metric_handler_errors_total"),
	STR_INIT("promhttp_metric_handler_requests_total"),
};

static const struct str summaries[] = {
	STR_INIT("go_gc_duration_seconds"),
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
	bool memstats = str_starts_with(name, STR("go_memstats_"));

	if (name.len == 0 || (name.ptr[0] != 'g' && name.ptr[0] != 'p'))
		return false;
	if (is_among(name, summaries, ARRAY_LEN(summaries)))
		*type = METRIC_SUMMARY;
	else if (is_among(name, counters, ARRAY_LEN(counters)) ||
		 (memstats && str_ends_with(name, STR("_total"))))
		*type = METRIC_COUNTER;
	else if (is_among(name, gauges, ARRAY_LEN(gauges)) || memstats)
		*type = METRIC_GAUGE;
	else
		return false;
	return true;
}

// Whether a name is x_sum or x_count beside a summary x of the gateway's own.
static bool is_beside_summary(struct str name)
{
	struct str base;
	enum sample_suffix suffix = metric_split_suffix(name, &base);
	enum metric_type type;

	return (suffix == SUFFIX_SUM || suffix == SUFFIX_COUNT) && gateway_type(base, &type) &&
	       type == METRIC_SUMMARY;
}

bool gateway_settle_type(struct family *family, struct repairs *repairs)
{
	enum metric_type type;

	if (is_beside_summary(family->name))
		return false;
	if (!gateway_type(family->name, &type) || type == family->type)
		return true;
	if (!metric_is_simple(type) || !metric_is_simple(family->type))
		return false;
	family->type = type;
	family->typed = true;
	repairs->count[REPAIR_GATEWAY_TYPE]++;
	return true;
}

bool gateway_has_runtime_name(struct str name)
{
	return str_starts_with(name, STR("go_")) || str_starts_with(name, STR("process_")) ||
	       str_starts_with(name, STR("promhttp_"));
}
