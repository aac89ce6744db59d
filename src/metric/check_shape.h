// SPDX-License-Identifier: Apache-2.0
// The part of metric/check that knows what histograms and summaries look like; not for others.
#pragma once

#include "metric/check.h"

// For every histogram and summary of the result: takes in samples that came before its TYPE line, puts
// families of the same suffixed names into quarantine, spells bounds as a gateway does, completes
// histograms, and leaves out series that no parser would take.
void check_shapes(struct check *check);
