// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static void *must(void *memory, size_t size)
{
	if (memory)
		return memory;
	fprintf(stderr, "brokerpush: out of memory (%zu bytes wanted)\n", size);
	exit(1);
}

void *mem_alloc(size_t size)
{
	return must(calloc(1, size ? size : 1), size);
}

void *mem_resize(void *old, size_t size)
{
	return must(realloc(old, size ? size : 1), size);
}

void mem_give_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

void *mem_must(void *object)
{
	if (object)
		return object;
	fprintf(stderr, "brokerpush: out of memory (in a library)\n");
	exit(1);
}
