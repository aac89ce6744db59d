// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"

#include "base/buf.h"

#include <stdarg.h>
#include <string.h>

static const struct str reasons[N_ERR_KINDS] = {
	[ERR_NONE] = STR_INIT("none"),
	[ERR_TIMED_OUT] = STR_INIT("timed_out"),
	[ERR_UNREACHABLE] = STR_INIT("unreachable"),
	[ERR_TLS] = STR_INIT("tls"),
	[ERR_HTTP_3XX] = STR_INIT("http_3xx"),
	[ERR_HTTP_4XX] = STR_INIT("http_4xx"),
	[ERR_HTTP_5XX] = STR_INIT("http_5xx"),
	[ERR_REJECTED] = STR_INIT("rejected"),
	[ERR_TOO_LARGE] = STR_INIT("too_large"),
	[ERR_BAD_BODY] = STR_INIT("bad_body"),
	[ERR_CANCELLED] = STR_INIT("cancelled"),
	[ERR_SKIPPED] = STR_INIT("skipped"),
	[ERR_NODE_UNKNOWN] = STR_INIT("node_unknown"),
	[ERR_EMPTY_KEY_VALUE] = STR_INIT("empty_key_value"),
	[ERR_INVALID] = STR_INIT("invalid"),
};

void err_set(struct err *err, enum err_kind kind, size_t position, const char *format, ...)
{
	if (err->kind != ERR_NONE)
		return;

	struct buf raw = buf_new(KIB(64));
	struct buf text = buf_new(KIB(256));
	va_list args;
	va_start(args, format);
	buf_vaddf(&raw, format, args);
	va_end(args);
	buf_add_printable(&text, buf_str(&raw));

	err->kind = kind;
	err->position = position;
	size_t len = text.len < ERR_TEXT_SIZE ? text.len : ERR_TEXT_SIZE - 1;
	while (len && len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
		len--; // not in the middle of a character
	if (len)
		memcpy(err->text, text.ptr, len);
	err->text[len] = '\0';
	buf_free(&raw);
	buf_free(&text);
}

struct str err_reason(enum err_kind kind)
{
	return reasons[kind];
}
