// SPDX-License-Identifier: Apache-2.0
// Families that a Pushgateway does not take side by side, in one push or in all its groups together (expfmt, seen on
// 1.5.1 and 1.11.2): one name of two types, and x_count beside a histogram x.
#pragma once

#include "metric/metric.h"

// x_count of a histogram x, and the like; NULL: the set has no family of that name, or x no such samples, as a
// summary has no buckets.
struct family *clash_find_part(
	const struct metric_set *set, const struct family *family, enum sample_suffix suffix);

// A family of the set that does not go with this one, whether they have samples or not; NULL: there is none.
struct family *clash_find(const struct metric_set *set, const struct family *family);
