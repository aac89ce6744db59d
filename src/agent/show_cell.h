// SPDX-License-Identifier: Apache-2.0
// One value of a table as text.
#pragma once

#include "base/buf.h"
#include "base/table.h"

// For people, printable: 12, 1m 30s, 2026-01-02 03:04:05 in local time; - if it is unknown.
void show_cell_add_text(struct buf *out, enum table_kind kind, const struct table_cell *cell);
// For programs, a value of JSON: "text", 12, 90 (seconds), "2026-01-02T02:04:05.000Z"; null if it is unknown.
void show_cell_add_json(struct buf *out, enum table_kind kind, const struct table_cell *cell);
