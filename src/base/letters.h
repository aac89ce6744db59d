// SPDX-License-Identifier: Apache-2.0
// Upper and lower case beyond ASCII, whatever the process' locale is.
#pragma once

#include "base/buf.h"

// Appends valid UTF-8 with each letter in that case, one code point for one, as Unicode's simple mappings have it.
void letters_add_case(struct buf *out, struct str text, bool upper);
