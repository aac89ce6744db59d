// SPDX-License-Identifier: Apache-2.0
// One way of a configuration through the agent, for the targets that fuzz it; nothing is connected to.
#pragma once

#include "base/str.h"

// Loads a text with assignments laid over it. If it is good it is shown, and what is shown must be a
// configuration that shows the same; if not, there must be messages, and ones that can be shown.
void config_run(struct str text, const char *const *overrides, size_t n_overrides);
