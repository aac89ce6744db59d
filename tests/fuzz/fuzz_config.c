// SPDX-License-Identifier: Apache-2.0
// A configuration file of any text is read and shown, or refused with messages.
//
// Input: the file's text.
#include "config_run.h"
#include "fuzz.h"

#include <string.h>

// Such texts would open whatever file they name: includes, secrets, certificates.
static bool names_files(struct str text)
{
	static const struct str bad[] = { STR_INIT("@include"), STR_INIT("/dev"), STR_INIT("/proc"),
		STR_INIT("\\x2") };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (text.len && memmem(text.ptr, text.len, bad[i].ptr, bad[i].len))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };

	if (!names_files(text))
		config_run(text, NULL, 0);
	return 0;
}
