// SPDX-License-Identifier: Apache-2.0
// Memory from the system. Running out of it ends the process with one line: there is nothing better
// to do. Too much *input* is not out-of-memory: every buffer has a limit of its own (see buf.h).
#pragma once

#include <stddef.h>

// Never NULL; zeroed. The caller owns it and frees it with free().
void *mem_alloc(size_t size);
// Never NULL; grows or shrinks what mem_alloc or mem_resize gave.
void *mem_resize(void *old, size_t size);
// Gives what free() kept back to the system, where the C library can, so that an agent at rest is
// small after a large cycle.
void mem_give_back(void);

// What a library gave, which is NULL for it too only when there is no memory.
void *mem_must(void *object);
