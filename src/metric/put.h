// SPDX-License-Identifier: Apache-2.0
// Families and samples that are made here, not read from a page.
#pragma once

#include "base/setting.h"
#include "metric/metric.h"

// The family of this name, made or found; it gets this type, and this help if it has none (escaped as in
// metric.h). Borrows the texts.
struct family *put_family(
	struct metric_set *set, struct str name, enum metric_type type, struct str help);
// Adds a sample with the labels given; those with an empty value are left out. The labels' texts are raw.
// value is a spelling as number_judge wants it; borrowed. NULL: the labels are too long for a line, so that
// there is no such sample.
struct sample *put_sample(struct metric_set *set, struct family *family, const struct pair *labels,
	size_t n_labels, struct str value);

// Labels that several samples share, to be made once.
struct put_labels {
	struct str text; // canonical; lives in the arena
	uint64_t fingerprint, names;
	bool is_too_long; // samples with these are left out
};

struct put_labels put_labels(struct arena *arena, const struct pair *labels, size_t n);
// As put_sample, with the labels of both; they share no name. back may be NULL.
struct sample *put_labelled(struct metric_set *set, struct family *family,
	const struct put_labels *front, const struct put_labels *back, struct str value);

// Spellings; they live in the arena.
struct str put_real(struct arena *arena, double value);
struct str put_integer(struct arena *arena, int64_t value);
