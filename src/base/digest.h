// SPDX-License-Identifier: Apache-2.0
// MD5 (RFC 1321), for the one place where others have laid it down; not for secrets. The only place that knows libmd.
#pragma once

#include "base/str.h"

#include <stdint.h>

// The last 8 of the 16 bytes, the first of them as the highest: what Prometheus' hashmod divides.
uint64_t digest_md5_tail(struct str text);
