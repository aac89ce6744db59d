// SPDX-License-Identifier: Apache-2.0
#include "sink/gzip.h"

#include "base/buf.h"
#include "base/mem.h"

#include <limits.h>
#include <zlib.h>

enum {
	LEVEL = 1,
	GZIP_WRAPPER = 16, // added to the window's bits: a gzip header instead of zlib's
	CHUNK = 64 * 1024,
};

bool gzip_pack(struct arena *arena, struct str plain, struct str *packed)
{
	struct buf out = buf_new(plain.len);
	z_stream stream = { 0 };
	int state = Z_OK;

	if (plain.len == 0 || plain.len > UINT_MAX)
		return false;
	mem_must(deflateInit2(&stream, LEVEL, Z_DEFLATED, MAX_WBITS + GZIP_WRAPPER, MAX_MEM_LEVEL,
			 Z_DEFAULT_STRATEGY) == Z_OK
			 ? &stream
			 : NULL);
	stream.next_in = (Bytef *)plain.ptr;
	stream.avail_in = (uInt)plain.len;
	while (state == Z_OK && !out.failed) {
		unsigned char chunk[CHUNK];

		stream.next_out = chunk;
		stream.avail_out = sizeof(chunk);
		state = deflate(&stream, Z_FINISH);
		buf_add(&out, (struct str){ (char *)chunk, sizeof(chunk) - stream.avail_out });
	}
	deflateEnd(&stream);
	bool good = state == Z_STREAM_END && !out.failed;
	if (good)
		*packed = arena_copy(arena, buf_str(&out));
	buf_free(&out);
	return good;
}
