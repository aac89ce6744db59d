// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets have in common. Each is one file that exports LLVMFuzzerTestOneInput: linked with
// libFuzzer it searches for inputs, linked with replay.c it takes those of the command line.
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Ends the process with a text where a property does not hold. In every build type.
#define FUZZ_CHECK(holds, ...)                                                                     \
	do {                                                                                       \
		if (!(holds)) {                                                                    \
			fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                            \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

// In fuzz.c

// A copy that ends where its memory ends, so that reading beyond it is seen; the caller frees it.
char *fuzz_copy(struct str text);
// Takes what is before the first separator, or everything, off the front of *rest.
struct str fuzz_take(struct str *rest, const char *separator);
// What each error that was set must be: a kind, and a text that may be shown to people.
void fuzz_check_err(const struct err *err);
// Whether a text may be shown to people: UTF-8 without control bytes.
bool fuzz_is_printable(struct str text);
