// SPDX-License-Identifier: Apache-2.0
// The tables of all settings that no source, sink or transport owns; for the files of agent/config.
#pragma once

#include "base/setting.h"

extern const struct setting_table config_top_table;    // of struct config
extern const struct setting_table config_source_table; // of struct source_conf
extern const struct setting_table config_sink_table;   // of struct sink_conf
