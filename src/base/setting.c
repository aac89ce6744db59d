// SPDX-License-Identifier: Apache-2.0
#include "base/setting.h"

#include "base/arena.h"
#include "base/buf.h"

#include <stdarg.h>

bool str_list_equal(const struct str_list *a, const struct str_list *b)
{
	bool equal = a->n == b->n;

	for (size_t i = 0; equal && i < a->n; i++)
		equal = str_eq(a->items[i], b->items[i]);
	return equal;
}

bool pair_list_equal(const struct pair_list *a, const struct pair_list *b)
{
	bool equal = a->n == b->n;

	for (size_t i = 0; equal && i < a->n; i++)
		equal = str_eq(a->items[i].name, b->items[i].name) &&
			str_eq(a->items[i].value, b->items[i].value);
	return equal;
}

static void say(const struct setting_faults *faults, const char *name, const char *format,
	va_list args) __attribute__((format(printf, 3, 0)));

static void say(
	const struct setting_faults *faults, const char *name, const char *format, va_list args)
{
	struct buf text = buf_new(KIB(64));

	buf_vaddf(&text, format, args);
	buf_add_byte(&text, '\0');
	faults->say(faults->context, name, text.ptr ? text.ptr : "");
	buf_free(&text);
}

void setting_fault(const struct setting_faults *faults, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(faults, name, format, args);
	va_end(args);
}

void setting_fault_item(const struct setting_faults *faults, const char *list, size_t index,
	const char *name, const char *format, ...)
{
	struct arena arena = { 0 };
	struct str path = arena_printf(&arena, "%s[%zu]%s%s", list, index, *name ? "." : "", name);
	va_list args;

	va_start(args, format);
	say(faults, path.ptr, format, args);
	va_end(args);
	arena_free(&arena);
}
