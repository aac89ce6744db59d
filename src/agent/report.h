// SPDX-License-Identifier: Apache-2.0
// What a cycle's outcomes mean to people: log lines about changes (down, back after so many failures),
// never one per interval; and the short report of a single run.
#pragma once

#include "agent/cycle.h"

#include <stdio.h>

// After collecting and checking: sources, endpoints, repairs, families in quarantine.
void report_scrapes(const struct cycle *cycle);
// After pushing.
void report_pushes(const struct cycle *cycle);

// A few lines for a person: what each source gave, and what became of each group; in report_once.c.
void report_once(const struct cycle *cycle, FILE *out);
