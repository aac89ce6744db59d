// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The first block holds the cycle of an idle EMQX; later ones double, so that a page of 20 MB takes
// a few dozen blocks.
enum { FIRST_BLOCK = 64 * 1024, LARGEST_BLOCK = 1024 * 1024 };

struct arena_block {
	struct arena_block *older;
	size_t size; // of data
	size_t used;
	alignas(max_align_t) char data[];
};

static struct arena_block *add_block(struct arena *arena, size_t at_least)
{
	size_t size = arena->next_size ? arena->next_size : FIRST_BLOCK;
	arena->next_size = size < LARGEST_BLOCK ? size * 2 : size;
	if (size < at_least)
		size = at_least;

	struct arena_block *block = mem_resize(NULL, sizeof(*block) + size);
	*block = (struct arena_block){ .older = arena->newest, .size = size };
	arena->newest = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	size_t room = arena_size((size + align - 1) / align, align);
	struct arena_block *block = arena->newest;

	if (!block || room > block->size - block->used)
		block = add_block(arena, room);
	void *memory = block->data + block->used;
	block->used += room;
	return memset(memory, 0, size);
}

size_t arena_size(size_t n, size_t size)
{
	if (size && n > SIZE_MAX / 2 / size)
		return (size_t)-1 / 2; // mem_resize ends the process with its one line
	return n * size;
}

struct str arena_copy(struct arena *arena, struct str text)
{
	char *copy = arena_alloc(arena, text.len + 1);

	if (text.len)
		memcpy(copy, text.ptr, text.len);
	return (struct str){ copy, text.len };
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);

	size_t len = n > 0 ? (size_t)n : 0;
	char *text = arena_alloc(arena, len + 1);
	va_start(args, format);
	vsnprintf(text, len + 1, format, args);
	va_end(args);
	return (struct str){ text, len };
}

static void free_blocks(struct arena_block *block)
{
	while (block) {
		struct arena_block *older = block->older;
		free(block);
		block = older;
	}
}

void arena_free(struct arena *arena)
{
	free_blocks(arena->newest);
	*arena = (struct arena){ 0 };
}
