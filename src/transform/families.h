// SPDX-License-Identifier: Apache-2.0
// Rules about whole families, by name: include, exclude, rename, prefix. A part of transform/rules; not for
// others.
#pragma once

#include "transform/rules.h"

// In the order in which they are applied.
enum family_rule { FAMILY_INCLUDE, FAMILY_EXCLUDE, FAMILY_RENAME, FAMILY_PREFIX, N_FAMILY_RULES };

extern const char *const family_rule_names[N_FAMILY_RULES];

struct families;

// NULL: there are no such rules, or none that could be used; faults are reported. The caller owns it.
struct families *families_new(const struct rules_conf *conf, const struct setting_faults *faults);
// Takes NULL.
void families_free(struct families *families);

// Whether there is such a rule.
bool families_has(const struct families *families, enum family_rule rule);

// touched, by enum family_rule; may be NULL.
void families_apply(const struct families *families, struct rules_run *run, struct metric_set *set,
	uint64_t *touched);
