// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <sys/types.h>

#include <md5.h>

uint64_t digest_md5_tail(struct str text)
{
	uint8_t bytes[MD5_DIGEST_LENGTH];
	uint64_t tail = 0;
	MD5_CTX context;

	MD5Init(&context);
	MD5Update(&context, (const uint8_t *)(text.len ? text.ptr : ""), text.len);
	MD5Final(bytes, &context);
	for (size_t i = MD5_DIGEST_LENGTH / 2; i < MD5_DIGEST_LENGTH; i++)
		tail = tail << 8 | bytes[i];
	return tail;
}
