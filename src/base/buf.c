// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void buf_reserve(struct buf *b, size_t more)
{
	if (b->failed || more > b->limit - b->len) {
		b->failed = true;
		return;
	}
	if (more <= b->capacity - b->len)
		return;

	size_t wanted = b->capacity ? b->capacity + b->capacity / 2 : FIRST_CAPACITY;
	if (wanted < b->len + more)
		wanted = b->len + more;
	if (wanted > b->limit)
		wanted = b->limit;
	b->ptr = mem_resize(b->ptr, wanted + 1); // one for the NUL that printf adds
	b->capacity = wanted;
}

void buf_add(struct buf *b, struct str text)
{
	if (text.len == 0)
		return;
	if (text.len > b->capacity - b->len || b->failed) {
		buf_reserve(b, text.len);
		if (b->failed)
			return;
	}
	memcpy(b->ptr + b->len, text.ptr, text.len);
	b->len += text.len;
}

void buf_add_byte(struct buf *b, char c)
{
	buf_add(b, (struct str){ &c, 1 });
}

void buf_add_uint(struct buf *b, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	buf_add(b, (struct str){ digits + at, sizeof(digits) - at });
}

void buf_vaddf(struct buf *b, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);

	if (n > 0)
		buf_reserve(b, (size_t)n);
	if (n > 0 && !b->failed) {
		vsnprintf(b->ptr + b->len, (size_t)n + 1, format, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_vaddf(b, format, args);
	va_end(args);
}

void buf_add_printable(struct buf *b, struct str text)
{
	while (text.len) {
		size_t n = str_utf8_front(text);
		struct str front = { text.ptr, n ? n : 1 };
		uint32_t code = n ? str_utf8_code(front) : (unsigned char)text.ptr[0];

		if (n && !str_is_steering(code))
			buf_add(b, front);
		else
			buf_addf(b, n > 1 ? "\\u%04x" : "\\x%02x", code);
		text.ptr += front.len;
		text.len -= front.len;
	}
}

// RFC 8259 section 7. All that steers is below U+10000, so one escape does.
void buf_add_json(struct buf *b, struct str text)
{
	buf_add_byte(b, '"');
	while (text.len) {
		size_t n = str_utf8_front(text);
		struct str front = { text.ptr, n ? n : 1 };
		uint32_t code = n ? str_utf8_code(front) : 0xfffd;

		if (n == 0 || str_is_steering(code))
			buf_addf(b, "\\u%04x", code);
		else if (code == '"' || code == '\\')
			buf_addf(b, "\\%c", (char)code);
		else
			buf_add(b, front);
		text.ptr += front.len;
		text.len -= front.len;
	}
	buf_add_byte(b, '"');
}

void buf_free(struct buf *b)
{
	free(b->ptr);
	*b = buf_new(b->limit);
}
