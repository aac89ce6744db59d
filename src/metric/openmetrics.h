// SPDX-License-Identifier: Apache-2.0
// What OpenMetrics says in another way than text 0.0.4, settled at the end of a page by what is there, so
// that nothing depends on the content type (OpenMetrics 1.0, "Metric Types"):
//
//	counter x, samples x_total        type and help go to x_total
//	info x, samples x_info            likewise, as gauge
//	stateset                          gauge
//	gaugehistogram                    histogram; x_gcount and x_gsum are gauges of their own
//	x_created beside x                gauge of its own
//	unknown                           untyped
//
// A family that has a TYPE line of its own is left alone.
#pragma once

#include "metric/metric.h"

struct openmetrics_family;

// Starts zeroed but for the set.
struct openmetrics {
	struct metric_set *set;
	struct openmetrics_family *first; // those whose samples have other names; live in the arena
};

// The type for a TYPE line's word that is none of the five. Keeps in mind what openmetrics_settle needs.
enum metric_type openmetrics_type(struct openmetrics *om, struct family *family, struct str word);
// At the end of a page. Returns how many families got their type so.
size_t openmetrics_settle(const struct openmetrics *om);
