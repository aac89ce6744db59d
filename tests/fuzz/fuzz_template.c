// SPDX-License-Identifier: Apache-2.0
// Whatever a template's variables stand for, the key has exactly the template's labels, and the URL that
// a Pushgateway gets decodes to exactly that key: nothing in a value becomes part of the path.
//
// Input: template|node|cluster name|source|hostname
#include "fuzz.h"

#include "agent/template.h"
#include "sink/sink.h"
#include "strict_line.h"

#include <string.h>

#define BASE "http://gateway:9091/prefix/"

// A decoder of its own, by the Pushgateway's documentation of the URL.

static size_t count_slashes(struct str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == '/';
	return n;
}

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789-_";
	const char *at = c ? strchr(digits, c) : NULL;

	FUZZ_CHECK(at, "no digit of base64: %02x", (unsigned)(unsigned char)c);
	return (int)(at - digits);
}

static char *decode_base64(struct str text, size_t *len)
{
	char *decoded = malloc(text.len + 1);
	unsigned bits = 0;
	int n_bits = 0;

	FUZZ_CHECK(decoded, "no memory");
	FUZZ_CHECK(text.len % 4 != 1, "base64 of an odd length");
	*len = 0;
	for (size_t i = 0; i < text.len; i++) {
		bits = (bits << 6 | (unsigned)base64_digit(text.ptr[i])) & 0xffff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			decoded[(*len)++] = (char)(bits >> n_bits & 0xff);
		}
	}
	FUZZ_CHECK((bits & ((1u << n_bits) - 1)) == 0, "base64 ends in bits that are not zero");
	return decoded;
}

static void check_plain(struct str value)
{
	FUZZ_CHECK(!str_eq(value, STR(".")) && !str_eq(value, STR("..")), "a dot segment");
	for (size_t i = 0; i < value.len; i++)
		FUZZ_CHECK(value.ptr[i] &&
				   strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					  "0123456789_~.-",
					   value.ptr[i]),
			"a byte that a path must not have: %02x",
			(unsigned)(unsigned char)value.ptr[i]);
}

// Takes name/value or name@base64/value off the path.
static void check_label(struct str *path, struct key_label label)
{
	struct str encoding = fuzz_take(path, "/"), name = fuzz_take(&encoding, "@");
	struct str value = fuzz_take(path, "/");
	char *decoded = NULL;

	FUZZ_CHECK(str_eq(name, label.name), "label %.*s, not %.*s", STR_ARG(name),
		STR_ARG(label.name));
	if (encoding.len) {
		FUZZ_CHECK(str_eq(encoding, STR("base64")), "unknown encoding");
		decoded = decode_base64(value, &value.len);
		value.ptr = decoded;
	} else {
		check_plain(value);
	}
	FUZZ_CHECK(value.len && str_eq(value, label.value), "the value of %.*s is another",
		STR_ARG(name));
	FUZZ_CHECK(strict_is_utf8((struct strict_text){ value.ptr, value.len }), "not UTF-8");
	free(decoded);
}

static void check_url(struct str url, struct key key)
{
	const size_t front = strlen(BASE "metrics/");
	struct str path = { url.ptr + front, url.len - front };

	FUZZ_CHECK(str_starts_with(url, STR(BASE "metrics/job")), "%.*s", STR_ARG(url));
	FUZZ_CHECK(count_slashes(path) == 2 * key.n - 1, "another number of segments: %.*s",
		STR_ARG(path));
	for (size_t i = 0; i < key.n; i++)
		check_label(&path, key.labels[i]);
	FUZZ_CHECK(path.len == 0, "the path goes on: %.*s", STR_ARG(path));
}

// Names that the template gives are those of the key, each once.
static void check_names(const struct template *template, struct key key, struct arena *arena)
{
	struct str *names;
	size_t n = template_label_names(template, arena, &names);

	FUZZ_CHECK(n == key.n && n > 0 && str_eq(names[0], STR("job")), "other labels");
	for (size_t i = 0; i < n; i++) {
		FUZZ_CHECK(str_eq(names[i], key.labels[i].name), "other labels");
		FUZZ_CHECK(!str_starts_with(names[i], STR("__")) && !str_eq(names[i], STR("le")) &&
				   !str_eq(names[i], STR("quantile")),
			"a label that poisons a gateway: %.*s", STR_ARG(names[i]));
		for (size_t k = 0; k < i; k++)
			FUZZ_CHECK(!str_eq(names[i], names[k]), "a label comes twice");
	}
	FUZZ_CHECK(key_equal(key, key), "a key is not its own equal");
}

static void expand(
	const struct template *template, const struct template_values *values, struct arena *arena)
{
	struct sink_conf conf = { .type = &sink_pushgateway, .http.url = STR(BASE) };
	struct sink_state state = { 0 };
	struct err err = { 0 };
	struct key key;

	if (!template_expand(template, values, arena, &key, &err)) {
		fuzz_check_err(&err);
		FUZZ_CHECK(err.kind == ERR_NODE_UNKNOWN || err.kind == ERR_EMPTY_KEY_VALUE,
			"a key fails with kind %d", (int)err.kind);
		return;
	}
	FUZZ_CHECK(err.kind == ERR_NONE, "a key with an error: %s", err.text);
	FUZZ_CHECK(key.n == count_slashes(template_text(template)) / 2 + 1,
		"labels are lost or made up");
	check_names(template, key, arena);
	conf.own = arena_alloc(arena, conf.type->conf_size);
	check_url(conf.type->encode(&conf, &state, key, STR(""), arena).url, key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct str text = fuzz_take(&rest, "|");
	struct template_values values = { .node = fuzz_take(&rest, "|") };
	struct arena arena = { 0 };
	struct err err = { 0 };

	values.cluster_name = fuzz_take(&rest, "|");
	values.source = fuzz_take(&rest, "|");
	values.hostname = rest;
	setenv("FUZZ", "a/../b", 1);
	const struct template *template = template_parse(&arena, text, &err);
	if (template) {
		FUZZ_CHECK(err.kind == ERR_NONE, "a template with an error: %s", err.text);
		FUZZ_CHECK(str_eq(template_text(template), text), "another text");
		expand(template, &values, &arena);
	} else {
		fuzz_check_err(&err);
		FUZZ_CHECK(err.kind == ERR_INVALID && err.position <= text.len,
			"an error at byte %zu of %zu", err.position, text.len);
	}
	arena_free(&arena);
	return 0;
}
