// SPDX-License-Identifier: Apache-2.0
#include "agent/display.h"

#include <wchar.h>

#define ELLIPSIS "\xe2\x80\xa6"

struct display display_open(const char *locale_name)
{
	return (struct display){ newlocale(LC_CTYPE_MASK, locale_name, (locale_t)0) };
}

void display_close(struct display *display)
{
	if (display->locale)
		freelocale(display->locale);
	display->locale = (locale_t)0;
}

// The code point at the front, of *n bytes. What is no UTF-8 takes a column per byte, and so do code points
// that the C library does not know.
static size_t columns_of_front(const struct display *display, struct str text, size_t *n)
{
	*n = str_utf8_front(text);
	if (*n <= 1) {
		*n = 1;
		return 1;
	}
	int width =
		display->locale ? wcwidth((wchar_t)str_utf8_code((struct str){ text.ptr, *n })) : 1;
	return width < 0 ? 1 : (size_t)width;
}

// The front of the text that takes at most n_columns; *taken says how many it does.
static struct str front(
	const struct display *display, struct str text, size_t n_columns, size_t *taken)
{
	locale_t before = uselocale(display->locale);
	size_t at = 0, n;

	*taken = 0;
	while (at < text.len) {
		struct str rest = { text.ptr + at, text.len - at };
		size_t width = columns_of_front(display, rest, &n);

		if (width > n_columns - *taken)
			break;
		*taken += width;
		at += n;
	}
	uselocale(before);
	return (struct str){ text.ptr, at };
}

size_t display_columns(const struct display *display, struct str text)
{
	size_t taken;

	front(display, text, SIZE_MAX, &taken);
	return taken;
}

void display_add_cut(
	const struct display *display, struct buf *out, struct str text, size_t n_columns)
{
	size_t taken;

	if (front(display, text, n_columns, &taken).len == text.len) {
		buf_add(out, text);
		return;
	}
	if (n_columns == 0)
		return;
	buf_add(out, front(display, text, n_columns - 1, &taken));
	buf_add(out, STR(ELLIPSIS));
}
