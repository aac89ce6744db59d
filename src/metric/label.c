// SPDX-License-Identifier: Apache-2.0
#include "metric/label.h"

#include "base/buf.h"
#include "metric/write.h"

#include <string.h>

static bool is_legal(char c, bool in_front, bool colon)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

	return letter || (!in_front && c >= '0' && c <= '9') || (colon && c == ':');
}

bool label_is_legal(struct str name, bool colon)
{
	for (size_t i = 0; i < name.len; i++)
		if (!is_legal(name.ptr[i], i == 0, colon))
			return false;
	return name.len > 0;
}

bool label_is_name(struct str name)
{
	return label_is_legal(name, false);
}

// Walking

// name="value",name="value"
//     ^ equals  ^ quote
bool label_next(struct str *rest, struct label *label)
{
	if (rest->len == 0)
		return false;
	const char *p = rest->ptr, *end = rest->ptr + rest->len;

	const char *equals = memchr(p, '=', rest->len);
	const char *value = equals + 2, *quote = value;
	while (*quote != '"')
		quote += *quote == '\\' ? 2 : 1;
	label->name = str_between(p, equals);
	label->value = str_between(value, quote);
	p = quote + 1;
	if (p < end)
		p++; // the comma
	*rest = str_between(p, end);
	return true;
}

void label_identify(struct str labels, uint64_t *fingerprint, uint64_t *names)
{
	struct label label;

	*fingerprint = 0;
	*names = 0;
	while (label_next(&labels, &label)) {
		*names |= label_name_bit(label.name);
		if (label.value.len)
			*fingerprint += label_fingerprint(
				str_between(label.name.ptr, label.value.ptr + label.value.len + 1));
	}
}

bool label_find(struct str labels, struct str name, struct str *value)
{
	struct label label;

	while (label_next(&labels, &label)) {
		if (str_eq(label.name, name)) {
			*value = label.value;
			return true;
		}
	}
	return false;
}

// Lists

void label_list_add(struct label_list *list, struct label label)
{
	if (list->n == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 16;
		struct label *items = arena_array(list->arena, struct label, capacity);

		if (list->n)
			memcpy(items, list->items, list->n * sizeof(*items));
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->n++] = label;
}

void label_list_drop_empty(struct label_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].value.len)
			list->items[kept++] = list->items[i];
	list->n = kept;
}

size_t label_list_find(const struct label_list *list, struct str name)
{
	size_t i = 0;

	while (i < list->n && !str_eq(list->items[i].name, name))
		i++;
	return i;
}

void label_list_read(struct label_list *list, struct str labels)
{
	struct label label;

	list->n = 0;
	while (label_next(&labels, &label))
		label_list_add(list, label);
}

struct str label_list_export(const struct label_list *list, struct str name,
	bool (*is_taken)(const void *arg, struct str name), const void *arg)
{
	do
		name = arena_printf(list->arena, "exported_%.*s", STR_ARG(name));
	while (label_list_find(list, name) < list->n || (is_taken && is_taken(arg, name)));
	return name;
}

size_t label_list_extend(struct label_list *list, const struct label_extra *extra)
{
	struct str rest = extra->text;
	struct label label;
	size_t n_exported = 0;

	for (size_t i = 0; label_next(&rest, &label); i++) {
		size_t at = label_list_find(list, label.name);

		if (at < list->n && i < extra->n_forced && list->items[at].value.len) {
			list->items[at].name = label_list_export(list, label.name, NULL, NULL);
			n_exported++;
			at = list->n;
		}
		if (at == list->n)
			label_list_add(list, label);
		else if (i < extra->n_forced)
			list->items[at] = label;
	}
	return n_exported;
}

struct str label_list_text(const struct label_list *list)
{
	size_t size = 0;
	for (size_t i = 0; i < list->n; i++)
		size += list->items[i].name.len + list->items[i].value.len + strlen(",=\"\"");

	char *text = arena_alloc(list->arena, size), *p = text;
	for (size_t i = 0; i < list->n; i++) {
		const struct label *label = &list->items[i];

		if (i)
			*p++ = ',';
		memcpy(p, label->name.ptr, label->name.len);
		p += label->name.len;
		*p++ = '=';
		*p++ = '"';
		if (label->value.len)
			memcpy(p, label->value.ptr, label->value.len);
		p += label->value.len;
		*p++ = '"';
	}
	return str_between(text, p);
}

// Repairs

static void skip(struct str *rest, const char *what)
{
	while (rest->len && rest->ptr[0] && strchr(what, rest->ptr[0])) {
		rest->ptr++;
		rest->len--;
	}
}

// What stands between the quotes at the front of a text, which goes on behind them.
static struct str take_quoted(struct str *rest)
{
	const char *start = rest->ptr + 1, *end = start;

	while (*end != '"')
		end += *end == '\\' ? 2 : 1;
	*rest = str_between(end + 1, rest->ptr + rest->len);
	return str_between(start, end);
}

static struct str take_odd_name(struct str *rest)
{
	const char *start = rest->ptr, *end = start;

	if (*start == '"')
		return take_quoted(rest);
	end += strcspn(start, "= \t");
	*rest = str_between(end, start + rest->len);
	return str_between(start, end);
}

// As label_next, for what the scanner takes besides canonical text. What no = follows is the metric's name.
static bool next_odd(struct str *rest, struct label *label)
{
	for (;;) {
		skip(rest, " \t,");
		if (rest->len == 0)
			return false;
		label->name = take_odd_name(rest);
		skip(rest, " \t");
		if (rest->len && rest->ptr[0] == '=')
			break;
	}
	skip(rest, "= \t");
	label->value = take_quoted(rest);
	return true;
}

// Of labels with one name the first stays. A line has at most SCAN_MOST_LABELS, so that the square of
// their number is bounded.
static void drop_duplicates(struct label_list *list, uint32_t *repairs)
{
	uint64_t seen = 0;
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		uint64_t bit = label_name_bit(list->items[i].name);
		size_t before = kept;

		if (seen & bit)
			for (before = 0; before < kept; before++)
				if (str_eq(list->items[before].name, list->items[i].name))
					break;
		seen |= bit;
		if (before == kept)
			list->items[kept++] = list->items[i];
		else
			*repairs |= 1u << REPAIR_DUPLICATE_LABEL;
	}
	list->n = kept;
}

void label_list_repair(struct label_list *list, struct str labels, uint32_t *repairs)
{
	struct label label;

	list->n = 0;
	while (next_odd(&labels, &label)) {
		label.name = label_escape_name(list->arena, label.name, false);
		if (str_starts_with(label.name, STR("__"))) {
			*repairs |= 1u << REPAIR_RESERVED_LABEL;
			continue;
		}
		label.value = label_repair_escapes(list->arena, label.value, true, repairs);
		label_list_add(list, label);
	}
	drop_duplicates(list, repairs);
}

static bool is_escape(char c)
{
	return c == 'n' || c == '\\' || c == '"';
}

// How many bytes the first character of an escaped text has; a byte that is not UTF-8 is one character.
static size_t character_length(struct str text)
{
	size_t n = str_utf8_front(text);

	if (text.len > 1 && text.ptr[0] == '\\' && is_escape(text.ptr[1]))
		return 2;
	return n ? n : 1;
}

struct str label_escape_name(struct arena *arena, struct str text, bool colon)
{
	if (label_is_legal(text, colon))
		return text;
	char *name = arena_alloc(arena, text.len), *p = name;

	while (text.len) {
		size_t n = character_length(text);
		char c = text.ptr[0];

		*p = (char)(n == 1 && is_legal(c, p == name, colon) ? c : '_');
		p++;
		text.ptr += n;
		text.len -= n;
	}
	return str_between(name, p);
}

// One character of an escaped text, as the byte or bytes it stands for. Returns how many were read.
static size_t unescape(struct str text, bool quotes, struct buf *raw, uint32_t *repairs)
{
	size_t n = str_utf8_front(text);
	char c = text.ptr[0], escaped = (char)(text.len > 1 ? text.ptr[1] : '\0');

	if (n == 0) {
		buf_add(raw, STR("\xef\xbf\xbd"));
		*repairs |= 1u << REPAIR_INVALID_UTF8;
		return 1;
	}
	if (c != '\\') {
		buf_add(raw, (struct str){ text.ptr, n });
		return n;
	}
	if (is_escape(escaped)) {
		buf_add(raw, escaped == 'n' ? STR("\n") : (struct str){ text.ptr + 1, 1 });
		if (escaped == '"' && !quotes)
			*repairs |= 1u << REPAIR_ESCAPE;
		return 2;
	}
	buf_add_byte(raw, '\\');
	*repairs |= 1u << REPAIR_ESCAPE;
	return 1;
}

struct str label_repair_escapes(
	struct arena *arena, struct str text, bool quotes, uint32_t *repairs)
{
	bool plain = text.len == 0 ||
		     (!memchr(text.ptr, '\\', text.len) && !memchr(text.ptr, '\n', text.len));
	if (plain && str_is_utf8(text))
		return text;

	struct buf raw = buf_new(text.len * 3 + 1), escaped = buf_new(text.len * 6 + 1);
	while (text.len) {
		size_t n = unescape(text, quotes, &raw, repairs);
		text.ptr += n;
		text.len -= n;
	}
	write_escaped(&escaped, buf_str(&raw), quotes);
	struct str result = arena_copy(arena, buf_str(&escaped));
	buf_free(&raw);
	buf_free(&escaped);
	return result;
}
