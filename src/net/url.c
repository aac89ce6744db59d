// SPDX-License-Identifier: Apache-2.0
#include "net/url.h"

#include "base/mem.h"
#include "net/http.h"
#include "net/request.h"

#include <curl/curl.h>
#include <string.h>

// Parts, from and to text

// Appends a part; false: the URL does not have it.
static bool add_part(CURLU *parts, CURLUPart part, unsigned flags, struct buf *out)
{
	char *text = NULL;
	bool has = curl_url_get(parts, part, &text, flags) == CURLUE_OK && text;

	if (has)
		buf_add(out, str_of(text));
	curl_free(text);
	return has;
}

static bool set_url(CURLU *parts, const char *url)
{
	return curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK;
}

bool url_resolve(const char *url, const char *location, struct buf *target)
{
	CURLU *parts = mem_must(curl_url());
	bool good = set_url(parts, url) && set_url(parts, location) &&
		    add_part(parts, CURLUPART_URL, 0, target);

	buf_add_byte(target, '\0');
	curl_url_cleanup(parts);
	return good;
}

bool url_with_host(const char *url, struct str host, struct buf *changed)
{
	CURLU *parts = mem_must(curl_url());
	bool good = set_url(parts, url) &&
		    curl_url_set(parts, CURLUPART_HOST, host.ptr, 0) == CURLUE_OK &&
		    add_part(parts, CURLUPART_URL, 0, changed);

	buf_add_byte(changed, '\0');
	curl_url_cleanup(parts);
	return good;
}

bool url_host(const char *url, struct buf *host)
{
	CURLU *parts = mem_must(curl_url());
	bool good = set_url(parts, url) && add_part(parts, CURLUPART_HOST, 0, host);

	curl_url_cleanup(parts);
	return good;
}

bool url_authority(const char *url, struct buf *authority)
{
	CURLU *parts = mem_must(curl_url());
	bool good = set_url(parts, url) && add_part(parts, CURLUPART_HOST, 0, authority);
	size_t before = authority->len;

	buf_add_byte(authority, ':');
	if (!add_part(parts, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT, authority))
		authority->len = before;
	curl_url_cleanup(parts);
	return good;
}

static bool add_origin(const char *url, struct buf *origin)
{
	CURLU *parts = mem_must(curl_url());
	bool good = set_url(parts, url) && add_part(parts, CURLUPART_SCHEME, 0, origin);

	buf_add(origin, STR("://"));
	good = good && add_part(parts, CURLUPART_HOST, 0, origin);
	buf_add_byte(origin, ':');
	good = good && add_part(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT, origin);
	curl_url_cleanup(parts);
	return good;
}

bool url_same_origin(const char *a, const char *b)
{
	struct buf origin_a = buf_new(MIB(1)), origin_b = buf_new(MIB(1));
	bool same = add_origin(a, &origin_a) && add_origin(b, &origin_b) &&
		    str_eq_nocase(buf_str(&origin_a), buf_str(&origin_b));

	buf_free(&origin_a);
	buf_free(&origin_b);
	return same;
}

static bool has_user(const char *url)
{
	CURLU *parts = mem_must(curl_url());
	struct buf user = buf_new(MIB(1));
	bool has = set_url(parts, url) && (add_part(parts, CURLUPART_USER, 0, &user) ||
						  add_part(parts, CURLUPART_PASSWORD, 0, &user));

	curl_url_cleanup(parts);
	buf_free(&user);
	return has;
}

bool http_is_same_origin(struct str url, struct str other)
{
	return url_same_origin(url.ptr, other.ptr) && !has_user(url.ptr) && !has_user(other.ptr);
}

// URLs of the configuration

// libcurl is content with one slash, and with a scheme in front of none.
static bool starts_as_http(struct str url)
{
	struct str scheme, rest;

	return str_cut(url, ':', &scheme, &rest) && str_starts_with(rest, STR("//")) &&
	       (str_eq_nocase(scheme, STR("http")) || str_eq_nocase(scheme, STR("https")));
}

static bool check_text(struct str url, bool with_query, struct err *err)
{
	struct str scheme, rest, authority, path, before, after;

	str_cut(url, ':', &scheme, &rest);
	rest = (struct str){ rest.ptr + 2, rest.len - 2 }; // starts_as_http has seen //
	str_cut(rest, '/', &authority, &path);
	// libcurl takes further slashes for none.
	if (authority.len == 0)
		err_set(err, ERR_INVALID, 0, "has no host between // and the next /");
	else if (str_cut(authority, '@', &before, &after))
		err_set(err, ERR_INVALID, 0, "may hold no user or password; use basic_auth");
	else if (str_cut(url, '#', &before, &after))
		err_set(err, ERR_INVALID, 0, "may have no fragment; remove what follows the #");
	else if (!with_query && str_cut(url, '?', &before, &after))
		err_set(err, ERR_INVALID, 0,
			"is a base to which paths are added; remove the query behind the ?");
	return err->kind == ERR_NONE;
}

bool http_check_url(struct str url, bool with_query, struct err *err)
{
	CURLU *parts = mem_must(curl_url());
	CURLUcode code = curl_url_set(parts, CURLUPART_URL, url.ptr, CURLU_NON_SUPPORT_SCHEME);

	if (!starts_as_http(url))
		err_set(err, ERR_INVALID, 0, "must start with http:// or https://");
	else if (code != CURLUE_OK)
		err_set(err, ERR_INVALID, 0,
			"is no URL such as http://127.0.0.1:9091 (libcurl's code %d)", (int)code);
	else
		check_text(url, with_query, err);
	curl_url_cleanup(parts);
	return err->kind == ERR_NONE;
}

struct str http_default_path(struct arena *arena, struct str url, struct str path)
{
	CURLU *parts = mem_must(curl_url());
	struct buf found = buf_new(MIB(1)), whole = buf_new(MIB(1));

	if (set_url(parts, url.ptr) && add_part(parts, CURLUPART_PATH, 0, &found) &&
		str_eq(buf_str(&found), STR("/")) &&
		curl_url_set(parts, CURLUPART_PATH, path.ptr, 0) == CURLUE_OK &&
		add_part(parts, CURLUPART_URL, 0, &whole))
		url = arena_copy(arena, buf_str(&whole));
	buf_free(&found);
	buf_free(&whole);
	curl_url_cleanup(parts);
	return url;
}

bool http_check_proxy(struct str url)
{
	static const struct str schemes[] = { STR_INIT("http://"), STR_INIT("https://"),
		STR_INIT("socks5://"), STR_INIT("socks5h://") };
	struct buf host = buf_new(MIB(1));
	CURLU *parts = mem_must(curl_url());
	bool good = false;

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		good |= str_starts_with(url, schemes[i]);
	good = good &&
	       curl_url_set(parts, CURLUPART_URL, url.ptr, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	       add_part(parts, CURLUPART_HOST, 0, &host) && host.len;
	buf_free(&host);
	curl_url_cleanup(parts);
	return good;
}
