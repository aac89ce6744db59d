// SPDX-License-Identifier: Apache-2.0
#include "metric/key.h"

static bool has_label(struct key key, struct key_label label)
{
	for (size_t i = 0; i < key.n; i++)
		if (str_eq(key.labels[i].name, label.name))
			return str_eq(key.labels[i].value, label.value);
	return false;
}

bool key_equal(struct key a, struct key b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (!has_label(b, a.labels[i]))
			return false;
	return true;
}
