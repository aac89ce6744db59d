// SPDX-License-Identifier: Apache-2.0
// The agent's own metrics, made from outcomes and the tally. Their names, types and help texts stand in
// one table; brokerpush-metrics(7) says the same for people.
#pragma once

#include "agent/cycle.h"

// The families of one group, about the sources in it; lives in the cycle's arena.
struct metric_set *selfstat_make(struct cycle *cycle, const struct group *group);
