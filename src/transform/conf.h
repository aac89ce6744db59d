// SPDX-License-Identifier: Apache-2.0
// What a configuration wants done to data between a source and a sink, as settings; sources and sinks carry it.
#pragma once

#include "base/setting.h"

// Rules, see transform/rules.h; owned by the configuration.
struct rules_conf {
	struct str_list include, exclude; // globs of family names; without include all are in
	struct pair_list rename;	  // family names
	struct str prefix;
	struct group_list relabel; // struct relabel_conf
};

extern const struct setting_table rules_settings;

// Limits of what a source may deliver, see transform/limits.h. 0: no limit.
struct limits_conf {
	size_t samples, labels, value_length; // value_length in bytes, escapes taken away
};

extern const struct setting_table limits_settings;

// What becomes of families that every program has under the same names, see transform/runtime.h.
enum runtime_families { RUNTIME_LABEL, RUNTIME_DROP, RUNTIME_PREFIX, N_RUNTIME_FAMILIES };

extern const struct str runtime_families_words[N_RUNTIME_FAMILIES];
