// SPDX-License-Identifier: Apache-2.0
// A grouping key: the labels that name a group at a Pushgateway. The first is always `job`.
#pragma once

#include "base/str.h"

struct key_label {
	struct str name;
	struct str value; // raw; not empty, valid UTF-8
};

struct key {
	const struct key_label *labels;
	size_t n;
};

// Whether two keys name the same group: the same labels, in any order.
bool key_equal(struct key a, struct key b);
