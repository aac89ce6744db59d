// SPDX-License-Identifier: Apache-2.0
#include "base/setting.h"

#include "base/buf.h"

#include <stdarg.h>

void setting_fault(const struct setting_faults *faults, const char *name, const char *format, ...)
{
	struct buf text = buf_new(KIB(64));
	va_list args;

	va_start(args, format);
	buf_vaddf(&text, format, args);
	va_end(args);
	buf_add_byte(&text, '\0');
	faults->say(faults->context, name, text.ptr ? text.ptr : "");
	buf_free(&text);
}
