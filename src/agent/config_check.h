// SPDX-License-Identifier: Apache-2.0
// What no single setting can tell: names, labels, templates and how they fit together. A part of
// agent/config; not for others.
#pragma once

#include "agent/config.h"
#include "agent/settings.h"

// Where the sources and sinks stand in the file, by index.
struct config_places {
	struct settings_group **sources, **sinks;
};

// Completes the configuration (labels, templates) and reports faults to the settings.
void config_check(
	struct config *config, struct settings *settings, const struct config_places *places);
