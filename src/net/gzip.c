// SPDX-License-Identifier: Apache-2.0
#include "net/gzip.h"

#include "base/mem.h"

#include <limits.h>
#include <zlib.h>

enum {
	LEVEL = 1,
	GZIP_WRAPPER = 16, // added to the window's bits: a gzip header instead of zlib's
	CHUNK = 64 * 1024,
};

bool gzip_add(struct buf *packed, struct str plain)
{
	z_stream stream = { 0 };
	int state = Z_OK;

	if (plain.len > UINT_MAX)
		return false;
	mem_must(deflateInit2(&stream, LEVEL, Z_DEFLATED, MAX_WBITS + GZIP_WRAPPER, MAX_MEM_LEVEL,
			 Z_DEFAULT_STRATEGY) == Z_OK
			 ? &stream
			 : NULL);
	stream.next_in = (Bytef *)plain.ptr;
	stream.avail_in = (uInt)plain.len;
	while (state == Z_OK && !packed->failed) {
		unsigned char chunk[CHUNK];

		stream.next_out = chunk;
		stream.avail_out = sizeof(chunk);
		state = deflate(&stream, Z_FINISH);
		buf_add(packed, (struct str){ (char *)chunk, sizeof(chunk) - stream.avail_out });
	}
	deflateEnd(&stream);
	return state == Z_STREAM_END && !packed->failed;
}

bool gzip_pack(struct arena *arena, struct str plain, struct str *packed)
{
	struct buf out = buf_new(plain.len);
	bool good = plain.len > 0 && gzip_add(&out, plain);

	if (good)
		*packed = arena_copy(arena, buf_str(&out));
	buf_free(&out);
	return good;
}

// One member; what follows it stays in the stream's input.
static bool unpack_member(z_stream *stream, struct buf *out)
{
	int state = Z_OK;

	while (state == Z_OK && !out->failed) {
		unsigned char chunk[CHUNK];

		stream->next_out = chunk;
		stream->avail_out = sizeof(chunk);
		state = inflate(stream, Z_NO_FLUSH);
		buf_add(out, (struct str){ (char *)chunk, sizeof(chunk) - stream->avail_out });
	}
	return state == Z_STREAM_END && !out->failed;
}

bool gzip_unpack(struct str packed, struct buf *out, struct err *err)
{
	z_stream stream = { 0 };
	bool good = packed.len > 0 && packed.len <= UINT_MAX;

	mem_must(inflateInit2(&stream, MAX_WBITS + GZIP_WRAPPER) == Z_OK ? &stream : NULL);
	stream.next_in = (Bytef *)packed.ptr;
	stream.avail_in = good ? (uInt)packed.len : 0;
	while (good && stream.avail_in) {
		good = unpack_member(&stream, out);
		inflateReset(&stream);
	}
	inflateEnd(&stream);
	if (out->failed)
		err_set(err, ERR_TOO_LARGE, 0, "the answer is larger than %zu bytes unpacked",
			out->limit);
	else if (!good)
		err_set(err, ERR_BAD_BODY, 0, "the answer's gzip is damaged or cut off");
	return err->kind == ERR_NONE;
}
