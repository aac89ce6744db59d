// SPDX-License-Identifier: Apache-2.0
// Types of the families that a Pushgateway has of its own: a push that types one of them otherwise is
// refused whole (client_golang's Gatherers; seen on 1.5.1 and 1.11.2).
#pragma once

#include "metric/metric.h"

// False: a gateway has no family of this name.
bool gateway_type(struct str name, enum metric_type *type);
