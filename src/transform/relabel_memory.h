// SPDX-License-Identifier: Apache-2.0
// What came of labels before, so that the same labels in a hundred families are worked out once. A part of
// transform/relabel; not for others.
#pragma once

#include "transform/relabel.h"

// What rules made of a series' labels.
struct relabel_outcome {
	enum relabel_verdict verdict;
	size_t n_exported; // labels that gave way to those that are added
	struct str labels; // if they changed; here and below
	uint64_t fingerprint, label_names;
};

// Outcomes by a key. There is room for so many, and a newer one may take the place of an older one.
struct relabel_memory {
	struct arena *arena;
	struct relabel_place *places; // n of them, a power of two; NULL until the first is kept
	size_t n;
};

// For a set with so many samples; its places come from the arena, once one is needed.
struct relabel_memory relabel_memory_new(struct arena *arena, size_t n_samples);
// False: there is none of this key, which is not 0.
bool relabel_recall(
	const struct relabel_memory *memory, uint64_t key, struct relabel_outcome *outcome);
// Keeps an outcome, of a sample of whose labels none has given way. Of one that is RELABEL_CHANGED the
// sample, which has it now, must stay as it is.
void relabel_remember(struct relabel_memory *memory, uint64_t key,
	const struct relabel_outcome *outcome, const struct sample *sample);
