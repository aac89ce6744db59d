// SPDX-License-Identifier: Apache-2.0
// A Prometheus Pushgateway, or what speaks its protocol with its semantics.
#include "sink/sink.h"

#include "net/gzip.h"

#include <stddef.h>
#include <string.h>

enum method { METHOD_PUT, METHOD_POST };

static const struct str method_words[] = {
	[METHOD_PUT] = STR_INIT("put"),
	[METHOD_POST] = STR_INIT("post"),
};

enum compression { COMPRESSION_AUTO, COMPRESSION_GZIP, COMPRESSION_NONE };

static const struct str compression_words[] = {
	[COMPRESSION_AUTO] = STR_INIT("auto"),
	[COMPRESSION_GZIP] = STR_INIT("gzip"),
	[COMPRESSION_NONE] = STR_INIT("none"),
};

struct pushgateway_conf {
	int method;	 // enum method
	int compression; // enum compression
};

// Below this, packing saves no round trip that is worth its time.
enum { WORTH_PACKING = 64 * 1024 };

static const struct setting rows[] = {
	{ .name = "method",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct pushgateway_conf, method),
		.words = method_words,
		.n_words = ARRAY_LEN(method_words),
		.initial = "put",
		.help = "put replaces the whole group, post only the families sent" },
	{ .name = "compression",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct pushgateway_conf, compression),
		.words = compression_words,
		.n_words = ARRAY_LEN(compression_words),
		.initial = "auto",
		.help = "auto packs bodies from 64 KiB on for gateways on other machines" },
};

static bool replaces(const struct sink_conf *conf)
{
	const struct pushgateway_conf *own = conf->own;

	return own->method == METHOD_PUT;
}

// The path: /metrics/job/<value>{/<label>/<value>}

static bool is_plain(struct str value)
{
	if (str_eq(value, STR(".")) || str_eq(value, STR("..")))
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (!http_is_unreserved(value.ptr[i]))
			return false;
	return true;
}

// base64 with the URL-safe alphabet and without padding (RFC 4648 section 5); Pushgateway >= 0.9.0.
static void add_base64(struct buf *out, struct str value)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (size_t i = 0; i < value.len; i += 3) {
		const unsigned char *p = (const unsigned char *)value.ptr + i;
		size_t n = value.len - i;
		uint32_t bits = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) |
				(n > 2 ? p[2] : 0u);

		buf_add_byte(out, alphabet[bits >> 18]);
		buf_add_byte(out, alphabet[bits >> 12 & 63]);
		if (n > 1)
			buf_add_byte(out, alphabet[bits >> 6 & 63]);
		if (n > 2)
			buf_add_byte(out, alphabet[bits & 63]);
	}
}

// So no byte of a value can become part of the path's structure.
static void add_label(struct buf *path, struct key_label label)
{
	bool plain = is_plain(label.value);

	buf_addf(path, "/%.*s%s/", STR_ARG(label.name), plain ? "" : "@base64");
	if (plain)
		buf_add(path, label.value);
	else
		add_base64(path, label.value);
}

// Packing costs more than twice a whole cycle, so it must spare a network. Where the gateway is is known
// from its first answer on.
static bool wants_packing(
	const struct pushgateway_conf *own, const struct sink_state *state, struct str body)
{
	if (own->compression == COMPRESSION_NONE || state->wants_plain)
		return false;
	return own->compression == COMPRESSION_GZIP ||
	       (state->is_remote && body.len >= WORTH_PACKING);
}

static struct http_request encode(const struct sink_conf *conf, const struct sink_state *state,
	struct key key, struct str body, struct arena *arena)
{
	const struct pushgateway_conf *own = conf->own;
	struct buf url = buf_new(MIB(16));
	struct str base = conf->http.url;

	while (base.len && base.ptr[base.len - 1] == '/')
		base.len--;
	buf_add(&url, base);
	buf_add(&url, STR("/metrics"));
	for (size_t i = 0; i < key.n; i++)
		add_label(&url, key.labels[i]);

	struct http_request request = {
		.conf = &conf->http,
		.method = own->method == METHOD_PUT ? STR("PUT") : STR("POST"),
		.url = arena_copy(arena, buf_str(&url)),
		.content_type = STR("text/plain; version=0.0.4; charset=utf-8"),
		.body = body,
	};
	buf_free(&url);
	if (wants_packing(own, state, body) && gzip_pack(arena, body, &request.body))
		request.content_encoding = STR("gzip");
	return request;
}

// A gateway that does not know an encoding parses the packed bytes as text (seen on versions < 1.5).
static bool misread_packing(const struct http_request *request, const struct http_answer *answer)
{
	static const char complaint[] = "line 1: invalid metric name";

	return request->content_encoding.len && answer->status == 400 && answer->body.len &&
	       memmem(answer->body.ptr, answer->body.len, complaint, strlen(complaint));
}

// 200: accepted and checked; 202: queued, by gateways without the check. Any other 2xx is from something
// that is no gateway.
static enum sink_verdict judge(const struct sink_conf *conf, const struct http_request *request,
	const struct http_answer *answer, struct err *err)
{
	(void)conf;
	if (misread_packing(request, answer))
		return SINK_RESEND_PLAIN;
	if (!http_judge(answer, err)) {
		if (err->kind == ERR_HTTP_4XX && answer->status == 400)
			err->kind = ERR_REJECTED;
		return SINK_REFUSED;
	}
	if (answer->status == 200 || answer->status == 202)
		return SINK_ACCEPTED;
	err_set(err, ERR_REJECTED, 0,
		"HTTP %d where a Pushgateway answers 200 or 202; check the URL", answer->status);
	return SINK_REFUSED;
}

const struct sink_type sink_pushgateway = {
	.name = STR_INIT("pushgateway"),
	.settings = SETTING_TABLE(rows),
	.conf_size = sizeof(struct pushgateway_conf),
	.replaces = replaces,
	.encode = encode,
	.judge = judge,
};
