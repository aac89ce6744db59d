// SPDX-License-Identifier: Apache-2.0
// A fast 64-bit hash of bytes for tables and fingerprints. With a seed that the network cannot know,
// nobody outside can choose texts that collide. Not for files, not for cryptography.
#pragma once

#include "base/str.h"

#include <stdint.h>
#include <string.h>

// The seed of this process, random at its first use.
uint64_t hash_seed(void);

// The high and low half of a * b, folded: the step of the wyhash family (public domain, Wang Yi).
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
	uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX);
	uint64_t mid1 = (a >> 32) * (b & UINT32_MAX), mid2 = (a & UINT32_MAX) * (b >> 32);
	uint64_t carry = (low >> 32) + (mid1 & UINT32_MAX) + (mid2 & UINT32_MAX);
	uint64_t high = (a >> 32) * (b >> 32) + (mid1 >> 32) + (mid2 >> 32) + (carry >> 32);
	return a * b ^ high;
#endif
}

static inline uint64_t hash_load8(const char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof(word));
	return word;
}

static inline uint64_t hash_load4(const char *p)
{
	uint32_t word;
	memcpy(&word, p, sizeof(word));
	return word;
}

static inline uint64_t hash_bytes(struct str text, uint64_t seed)
{
	const uint64_t k1 = UINT64_C(0xa0761d6478bd642f), k2 = UINT64_C(0xe7037ed1a0b428db);
	const char *p = text.ptr;
	size_t left = text.len;
	uint64_t a = 0, b = 0;

	for (; left > 16; p += 16, left -= 16)
		seed = hash_fold(hash_load8(p) ^ k1, hash_load8(p + 8) ^ seed);
	if (left >= 8) {
		a = hash_load8(p);
		b = hash_load8(p + left - 8);
	} else if (left >= 4) {
		a = hash_load4(p);
		b = hash_load4(p + left - 4);
	} else if (left) {
		a = (uint64_t)(unsigned char)p[0] << 16 |
		    (uint64_t)(unsigned char)p[left / 2] << 8 | (unsigned char)p[left - 1];
	}
	return hash_fold(k2 ^ text.len, hash_fold(a ^ k1, b ^ seed ^ k2));
}
