// SPDX-License-Identifier: Apache-2.0
// Memory that is freed all at once: one arena per cycle, one per configuration. What "lives in the
// arena" is freed by nobody else and is gone after arena_free.
#pragma once

#include "base/str.h"

struct arena_block;

// Starts zeroed.
struct arena {
	struct arena_block *newest; // owned, linked to the older ones
	size_t next_size;	    // bytes of the next block
};

// Zeroed, aligned for any type, never NULL.
void *arena_alloc(struct arena *arena, size_t size);
#define arena_new(arena, type)	    ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array(arena, type, n) ((type *)arena_alloc((arena), arena_size((n), sizeof(type))))
// n * size; ends the process where that passes SIZE_MAX.
size_t arena_size(size_t n, size_t size);

// A copy that lives in the arena and ends in NUL (not counted).
struct str arena_copy(struct arena *arena, struct str text);
struct str arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// Frees everything; the arena is as good as new.
void arena_free(struct arena *arena);
