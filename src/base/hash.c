// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include "base/clock.h"

#include <sys/random.h>
#include <unistd.h>

uint64_t hash_seed(void)
{
	static uint64_t seed;

	if (seed == 0 && getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
		seed = (uint64_t)clock_wall_ns() ^ (uint64_t)getpid() << 32;
	return seed | 1;
}
