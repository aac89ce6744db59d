// SPDX-License-Identifier: Apache-2.0
#include "source/json_page.h"

#include "metric/put.h"
#include "net/request.h"

#include <string.h>

// 1. The template

// So long is no URL that a server takes.
enum { LONGEST_URL = 16 * 1024 };

bool json_page_has_scheme(struct str text)
{
	return str_starts_with(text, STR("http://")) || str_starts_with(text, STR("https://"));
}

bool json_page_is_path(struct str text)
{
	return str_starts_with(text, STR("/")) && !str_starts_with(text, STR("//"));
}

bool json_page_is_url(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || text.ptr[i] == '#' ||
			text.ptr[i] == '\\')
			return false;
	return true;
}

// Up to the next ${, or the end.
static bool take_literal(struct json_path_scan *scan, struct json_page_piece *piece)
{
	const char *start = scan->text.ptr + scan->at;
	size_t left = scan->text.len - scan->at;
	const char *value = memmem(start, left, "${", 2);

	piece->literal = str_between(start, value ? value : start + left);
	if (!json_page_is_url(piece->literal))
		return json_path_fault(
			scan, "a byte that no URL has (blanks and the like are written %XX)");
	scan->at += piece->literal.len;
	return true;
}

// ${page + 1}
//   ^
static bool take_value(struct json_path_scan *scan, struct json_page_piece *piece)
{
	struct json_number number = { 0 };

	piece->is_value = true;
	json_path_peek(scan);
	if (!json_path_scan_value(scan, &piece->path))
		return false;
	piece->is_sum = json_path_peek(scan) == '+';
	if (piece->is_sum) {
		scan->at++;
		json_path_peek(scan);
		if (!json_path_scan_number(scan, &number))
			return false;
		if (!number.is_integer)
			return json_path_fault(scan, "what is added must be a whole number");
	}
	piece->addend = number.integer;
	if (json_path_peek(scan) != '}')
		return json_path_fault(scan, "a } is missing, as in ${page + 1}");
	scan->at++;
	return true;
}

static bool check_front(const struct json_path_scan *scan, const struct json_page *page)
{
	struct str front = page->pieces[0].literal;

	return page->is_link || json_page_has_scheme(front) || json_page_is_path(front) ||
	       json_path_fault(scan, "it must start with /, or be one ${...} and nothing else");
}

static bool check_values(const struct json_path_scan *scan, const struct json_page *page)
{
	for (size_t i = 0; i < page->n_pieces; i++)
		if (page->pieces[i].is_value)
			return true;
	return json_path_fault(scan, "there is no ${...}, so it would always be the same page");
}

static size_t count_pieces(struct str text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == '$' ? 2 : 0;
	return n;
}

bool json_page_parse(struct arena *arena, struct str text, struct json_page *page, struct err *err)
{
	struct json_path_scan scan = { arena, text, 0, err }, front = scan;
	struct json_page_piece *pieces =
		arena_array(arena, struct json_page_piece, count_pieces(text));
	size_t n = 0;

	if (!json_path_scan_start(&scan))
		return false;
	while (scan.at < text.len) {
		if (!take_literal(&scan, &pieces[n]))
			return false;
		n += pieces[n].literal.len > 0;
		if (scan.at == text.len)
			break;
		scan.at += 2;
		if (!take_value(&scan, &pieces[n++]))
			return false;
	}
	page->pieces = pieces;
	page->n_pieces = n;
	page->is_link = n == 1 && pieces[0].is_value && !pieces[0].is_sum;
	return check_values(&scan, page) && check_front(&front, page);
}

// 2. Whether there is more

static bool take_right(struct json_path_scan *scan, struct json_page_more *more)
{
	char c = json_path_peek(scan);

	more->compares = true;
	more->has_number = (c >= '0' && c <= '9') || c == '-';
	return more->has_number ? json_path_scan_number(scan, &more->number)
				: json_path_scan_value(scan, &more->right);
}

bool json_page_parse_more(
	struct arena *arena, struct str text, struct json_page *page, struct err *err)
{
	struct json_path_scan scan = { arena, text, 0, err };
	struct json_page_more *more = &page->more;

	more->is_given = true;
	if (!json_path_scan_start(&scan))
		return false;
	json_path_peek(&scan);
	if (!json_path_scan_value(&scan, &more->left))
		return false;
	if (json_path_peek(&scan) == '<') {
		scan.at++;
		if (!take_right(&scan, more))
			return false;
		json_path_peek(&scan);
	}
	return scan.at == text.len ||
	       json_path_fault(&scan, "it must be a path, or a path < a path or a number");
}

// 3. An answer

static bool find_number(const struct json_path *path, struct json root, const char *side,
	struct json_number *number, struct err *err)
{
	if (json_number(json_path_find(path, root, NULL), number))
		return true;
	err_set(err, ERR_BAD_BODY, 0,
		"the answer has no number %s the < of more, so it does not tell whether there are "
		"further pages",
		side);
	return false;
}

static bool is_less(struct json_number a, struct json_number b)
{
	return a.is_integer && b.is_integer ? a.integer < b.integer : a.real < b.real;
}

static bool is_nothing(struct json value)
{
	struct json_number number;

	switch (json_kind(value)) {
	case JSON_BOOL: return !json_is_true(value);
	case JSON_STRING: return json_text(value).len == 0;
	case JSON_NUMBER: return json_number(value, &number) && number.real == 0;
	default: return true;
	}
}

static enum json_page_verdict judge(
	const struct json_page_more *more, struct json root, struct err *err)
{
	struct json_number left, right = more->number;

	if (!more->compares)
		return is_nothing(json_path_find(&more->left, root, NULL)) ? JSON_PAGE_LAST
									   : JSON_PAGE_NEXT;
	if (!find_number(&more->left, root, "left of", &left, err) ||
		(!more->has_number && !find_number(&more->right, root, "right of", &right, err)))
		return JSON_PAGE_FAILED;
	return is_less(left, right) ? JSON_PAGE_NEXT : JSON_PAGE_LAST;
}

// A value that leads on: 0 does, as the number of a page.
static bool leads_on(struct json value)
{
	return json_kind(value) == JSON_NUMBER || !is_nothing(value);
}

static bool add_sum(
	struct buf *url, const struct json_page_piece *piece, struct json value, struct err *err)
{
	struct json_number number;
	int64_t sum = 0;

	if (!json_number(value, &number) || !number.is_integer ||
		__builtin_add_overflow(number.integer, piece->addend, &sum)) {
		err_set(err, ERR_BAD_BODY, 0,
			"next_page adds to what is no whole number in the answer");
		return false;
	}
	buf_addf(url, "%lld", (long long)sum);
	return true;
}

static bool add_value(const struct json_page *page, struct buf *url,
	const struct json_page_piece *piece, struct json value, struct arena *arena,
	struct err *err)
{
	if (piece->is_sum)
		return add_sum(url, piece, value, err);
	if (page->is_link)
		buf_add(url, json_path_spell(value, arena));
	else
		http_add_segment(url, json_path_spell(value, arena));
	return true;
}

static enum json_page_verdict fill(const struct json_page *page, struct json root, struct buf *url,
	struct arena *arena, struct err *err)
{
	for (size_t i = 0; i < page->n_pieces; i++) {
		const struct json_page_piece *piece = &page->pieces[i];
		struct json value;

		buf_add(url, piece->literal);
		if (!piece->is_value)
			continue;
		value = json_path_find(&piece->path, root, NULL);
		if (json_kind(value) >= JSON_ARRAY) {
			err_set(err, ERR_BAD_BODY, 0,
				"next_page wants a text or a number, where the answer has a list "
				"or an object");
			return JSON_PAGE_FAILED;
		}
		if (!leads_on(value))
			return JSON_PAGE_LAST;
		if (!add_value(page, url, piece, value, arena, err))
			return JSON_PAGE_FAILED;
	}
	return JSON_PAGE_NEXT;
}

static enum json_page_verdict find_next(const struct json_page *page, struct json root,
	struct buf *url, struct arena *arena, struct err *err)
{
	enum json_page_verdict verdict =
		page->more.is_given ? judge(&page->more, root, err) : JSON_PAGE_NEXT;

	if (verdict != JSON_PAGE_NEXT)
		return verdict;
	verdict = fill(page, root, url, arena, err);
	if (verdict == JSON_PAGE_LAST && page->more.is_given) {
		err_set(err, ERR_BAD_BODY, 0,
			"by more there is a next page, but the answer lacks a value of next_page");
		return JSON_PAGE_FAILED;
	}
	return verdict;
}

enum json_page_verdict json_page_next(const struct json_page *page, struct json root,
	struct arena *arena, struct str *next, struct err *err)
{
	struct buf url = buf_new(LONGEST_URL);
	enum json_page_verdict verdict =
		page->n_pieces ? find_next(page, root, &url, arena, err) : JSON_PAGE_LAST;

	if (verdict == JSON_PAGE_NEXT && url.failed) {
		err_set(err, ERR_TOO_LARGE, LONGEST_URL,
			"next_page gives a URL of more than %d bytes", (int)LONGEST_URL);
		verdict = JSON_PAGE_FAILED;
	}
	*next = verdict == JSON_PAGE_NEXT ? arena_copy(arena, buf_str(&url)) : STR("");
	buf_free(&url);
	return verdict;
}
