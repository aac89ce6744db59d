// SPDX-License-Identifier: Apache-2.0
#include "transform/relabel_memory.h"

// A sample that was changed stands for what it was changed to.
struct relabel_place {
	uint64_t key; // 0: the place is free
	const struct sample *changed;
	enum relabel_verdict verdict;
};

// More label sets than this are in hardly any page; 1.5 MiB.
enum { MOST_PLACES = 1 << 16 };

struct relabel_memory relabel_memory_new(struct arena *arena, size_t n_samples)
{
	struct relabel_memory memory = { .arena = arena, .n = 16 };

	while (memory.n < n_samples && memory.n < MOST_PLACES)
		memory.n *= 2;
	return memory;
}

// One of two places; or, if both are of other keys, the first of them.
static struct relabel_place *find_place(const struct relabel_memory *memory, uint64_t key)
{
	size_t at = (size_t)(key >> 1) & (memory->n - 1);
	struct relabel_place *first = &memory->places[at], *second = &memory->places[at ^ 1];

	if (first->key == key || !first->key)
		return first;
	return second->key == key || !second->key ? second : first;
}

bool relabel_recall(
	const struct relabel_memory *memory, uint64_t key, struct relabel_outcome *outcome)
{
	if (!memory->places)
		return false;
	const struct relabel_place *place = find_place(memory, key);

	if (place->key != key)
		return false;
	*outcome = (struct relabel_outcome){ .verdict = place->verdict };
	if (place->changed) {
		outcome->labels = place->changed->labels;
		outcome->fingerprint = place->changed->fingerprint;
		outcome->label_names = place->changed->label_names;
	}
	return true;
}

void relabel_remember(struct relabel_memory *memory, uint64_t key,
	const struct relabel_outcome *outcome, const struct sample *sample)
{
	if (!memory->places)
		memory->places = arena_array(memory->arena, struct relabel_place, memory->n);
	*find_place(memory, key) = (struct relabel_place){
		.key = key,
		.changed = outcome->verdict == RELABEL_CHANGED ? sample : NULL,
		.verdict = outcome->verdict,
	};
}
