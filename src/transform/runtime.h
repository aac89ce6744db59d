// SPDX-License-Identifier: Apache-2.0
// Families that a runtime or a library adds to every program under the same name (gateway_has_runtime_name). Of
// several sources in one group they would be the same series, and a gateway has them itself.
#pragma once

#include "metric/label.h"
#include "metric/metric.h"
#include "metric/repair.h"
#include "transform/conf.h"

// Leaves such families out, or puts the source's name in front of theirs, with _ for what no name may have;
// they keep the type that a gateway has for them. What
// RUNTIME_LABEL means is known once the groups are.
void runtime_apply(enum runtime_families wish, struct str source, struct metric_set *set,
	struct repairs *repairs);

// Gives the samples of such families a label `source`, beside those that are added to all of the source's samples.
void runtime_tell_apart(struct str source, const struct label_extra *added, struct metric_set *set,
	struct repairs *repairs);
