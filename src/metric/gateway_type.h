// SPDX-License-Identifier: Apache-2.0
// Types of the families that a Pushgateway has of its own: a push that types one of them otherwise is
// refused whole (client_golang's Gatherers; seen on 1.5.1 and 1.11.2).
#pragma once

#include "metric/metric.h"
#include "metric/repair.h"

// False: a gateway has no family of this name.
bool gateway_type(struct str name, enum metric_type *type);

// Gives a family the type that a gateway has for its name. False: it cannot be helped, and the body would be refused.
bool gateway_settle_type(struct family *family, struct repairs *repairs);

// Whether it is one that a runtime or a library adds by itself, under the same name in every program: go_*,
// process_*, promhttp_*.
bool gateway_has_runtime_name(struct str name);
