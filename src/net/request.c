// SPDX-License-Identifier: Apache-2.0
#include "net/request.h"

#include <string.h>

// URLs

bool http_is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void http_add_segment(struct buf *url, struct str segment)
{
	bool is_dots = str_eq(segment, STR(".")) || str_eq(segment, STR(".."));

	for (size_t i = 0; i < segment.len; i++) {
		if (http_is_unreserved(segment.ptr[i]) && !is_dots)
			buf_add_byte(url, segment.ptr[i]);
		else
			buf_addf(url, "%%%02X", (unsigned char)segment.ptr[i]);
	}
}

// http://h/metrics?a=1 & match%5B%5D=x
//                 ^ begins a query
void http_add_parameter(struct buf *url, struct str name, struct str value)
{
	struct str so_far = buf_str(url), path, query;

	if (!str_cut(so_far, '?', &path, &query))
		buf_add_byte(url, '?');
	else if (query.len && !str_ends_with(query, STR("&")))
		buf_add_byte(url, '&');
	http_add_segment(url, name);
	buf_add_byte(url, '=');
	http_add_segment(url, value);
}

// Answers

enum { LONGEST_EXCERPT = 300 };

static bool is_media_type(const struct http_answer *answer, struct str wanted)
{
	struct str type, parameters;

	str_cut(answer->content_type, ';', &type, &parameters);
	return str_eq_nocase(str_trim(type), wanted);
}

// http://user:word@host:1/path?query#fragment
// ^front            ^back
void http_public_url(struct str url, struct str *front, struct str *back)
{
	struct str rest;
	size_t scheme = 0;

	if (!url.ptr)
		url = STR("");
	str_cut(url, '?', &url, &rest);
	str_cut(url, '#', &url, &rest);
	for (size_t i = 0; i + 3 <= url.len && !scheme; i++)
		if (str_starts_with((struct str){ url.ptr + i, url.len - i }, STR("://")))
			scheme = i + 3;
	*front = (struct str){ url.ptr, scheme };
	*back = (struct str){ url.ptr + scheme, url.len - scheme };
	struct str authority, path;
	str_cut(*back, '/', &authority, &path);
	for (size_t i = authority.len; i > 0; i--) {
		if (authority.ptr[i - 1] == '@') {
			*back = (struct str){ back->ptr + i, back->len - i };
			break;
		}
	}
}

// The first line of an error body that says something; an HTML page says nothing in its first line.
static struct str first_line(const struct http_answer *answer)
{
	struct str text = str_trim(buf_str(&answer->body)), line, rest;

	if (is_media_type(answer, STR("text/html")))
		return STR("(an HTML page)");
	str_cut(text, '\n', &line, &rest);
	line = str_trim(line);
	// A Pushgateway with several complaints says in its first line only that there are some.
	if (str_ends_with(line, STR(":")) && rest.len)
		line = text;
	if (line.len > LONGEST_EXCERPT)
		line.len = LONGEST_EXCERPT;
	return line;
}

static enum err_kind kind_of_status(int status)
{
	if (status >= 500)
		return ERR_HTTP_5XX;
	if (status >= 400)
		return ERR_HTTP_4XX;
	return status >= 300 ? ERR_HTTP_3XX : ERR_BAD_BODY;
}

bool http_judge(const struct http_answer *answer, struct err *err)
{
	if (answer->err.kind != ERR_NONE) {
		*err = answer->err;
		return false;
	}
	if (answer->status >= 200 && answer->status < 300)
		return true;

	struct str line = first_line(answer);
	struct str front, back;
	http_public_url(answer->location, &front, &back);
	if (answer->location.len)
		err_set(err, kind_of_status(answer->status), 0, "HTTP %d to %.*s%.*s",
			answer->status, STR_ARG(front), STR_ARG(back));
	else
		err_set(err, kind_of_status(answer->status), 0, "HTTP %d%s%.*s", answer->status,
			line.len ? ": " : "", STR_ARG(line));
	return false;
}

bool http_is_foreign(const struct http_answer *answer)
{
	return is_media_type(answer, STR("text/html")) ||
	       is_media_type(answer, STR("application/json"));
}
