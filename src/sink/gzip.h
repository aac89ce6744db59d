// SPDX-License-Identifier: Apache-2.0
// gzip (RFC 1952) of a body; the only place that knows zlib.
#pragma once

#include "base/arena.h"

// Packs at level 1: on a page of metrics it is twice as fast as the default, and a sixth larger. The
// packed text lives in the arena. False: it did not get smaller.
bool gzip_pack(struct arena *arena, struct str plain, struct str *packed);
