// SPDX-License-Identifier: Apache-2.0
// A Prometheus Pushgateway, or what speaks its protocol with its semantics.
#include "sink/sink.h"

#include <stddef.h>

enum method { METHOD_PUT, METHOD_POST };

static const struct str method_words[] = {
	[METHOD_PUT] = STR_INIT("put"),
	[METHOD_POST] = STR_INIT("post"),
};

struct pushgateway_conf {
	int method; // enum method
};

static const struct setting rows[] = {
	{ .name = "method",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct pushgateway_conf, method),
		.words = method_words,
		.n_words = ARRAY_LEN(method_words),
		.initial = "put",
		.help = "put replaces the whole group, post only the families sent" },
	{ .name = "compression", .type = SETTING_LATER },
};

// The path: /metrics/job/<value>{/<label>/<value>}

static bool is_plain(struct str value)
{
	if (str_eq(value, STR(".")) || str_eq(value, STR("..")))
		return false;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '_' || c == '~' || c == '.' || c == '-';
		if (!plain)
			return false;
	}
	return true;
}

// base64 with the URL-safe alphabet and without padding (RFC 4648 section 5); Pushgateway >= 0.9.0.
static void add_base64(struct buf *out, struct str value)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (size_t i = 0; i < value.len; i += 3) {
		uint32_t bits = 0;
		size_t n = value.len - i < 3 ? value.len - i : 3;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < n ? (unsigned char)value.ptr[i + k] : 0);
		for (size_t k = 0; k < n + 1; k++)
			buf_add_byte(out, alphabet[bits >> (18 - 6 * k) & 63]);
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

static struct http_request encode(
	const struct sink_conf *conf, struct key key, struct str body, struct arena *arena)
{
	const struct pushgateway_conf *own = conf->own;
	struct buf url = buf_new(16 * 1024 * 1024);
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
	return request;
}

// 200: accepted and checked; 202: queued, by gateways without the check. Any other 2xx is from something
// that is no gateway.
static bool judge(const struct sink_conf *conf, const struct http_answer *answer, struct err *err)
{
	(void)conf;
	if (!http_judge(answer, err)) {
		if (err->kind == ERR_HTTP_4XX && answer->status == 400)
			err->kind = ERR_REJECTED;
		return false;
	}
	if (answer->status == 200 || answer->status == 202)
		return true;
	err_set(err, ERR_REJECTED, 0,
		"HTTP %d where a Pushgateway answers 200 or 202; check the URL", answer->status);
	return false;
}

const struct sink_type sink_pushgateway = {
	.name = STR_INIT("pushgateway"),
	.settings = SETTING_TABLE(rows),
	.conf_size = sizeof(struct pushgateway_conf),
	.encode = encode,
	.judge = judge,
};
