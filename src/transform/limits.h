// SPDX-License-Identifier: Apache-2.0
// Limits of what a source may deliver, as in Prometheus: they are about what is left after the rules, and if one
// is passed the source has failed as a whole. A metric's name counts as a label, as it does there
// (verifyLabelLimits in scrape/scrape.go of Prometheus 2.42).
#pragma once

#include "base/err.h"
#include "metric/label.h"
#include "metric/metric.h"
#include "transform/conf.h"

// Lines with more labels are never read, so that a limit beyond it could not be held.
enum { LIMITS_MOST_LABELS = 256 };

// How many samples the sets of one source have had so far goes from call to call in *n_samples. False: err has
// kind ERR_TOO_LARGE, and names the limit, the figure and the metric.
bool limits_check(const struct limits_conf *limits, const struct metric_set *set,
	const struct label_extra *added, size_t *n_samples, struct err *err);
