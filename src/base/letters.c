// SPDX-License-Identifier: Apache-2.0
#include "base/letters.h"

#include <locale.h>
#include <wctype.h>

// Where there is no such locale (glibc has it built in since 2.35) only ASCII changes its case.
static locale_t unicode(void)
{
	static locale_t locale;

	if (!locale)
		locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return locale;
}

static uint32_t in_case(uint32_t code, bool upper)
{
	if (code < 0x80) {
		bool is_letter = upper ? code >= 'a' && code <= 'z' : code >= 'A' && code <= 'Z';
		return is_letter ? code ^ 0x20 : code;
	}
	if (!unicode())
		return code;
	return upper ? towupper_l((wint_t)code, unicode()) : towlower_l((wint_t)code, unicode());
}

// RFC 3629 section 3.
static void add_code(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_add_byte(out, (char)code);
		return;
	}
	if (code < 0x800) {
		buf_add_byte(out, (char)(0xc0 | code >> 6));
	} else if (code < 0x10000) {
		buf_add_byte(out, (char)(0xe0 | code >> 12));
		buf_add_byte(out, (char)(0x80 | (code >> 6 & 0x3f)));
	} else {
		buf_add_byte(out, (char)(0xf0 | code >> 18));
		buf_add_byte(out, (char)(0x80 | (code >> 12 & 0x3f)));
		buf_add_byte(out, (char)(0x80 | (code >> 6 & 0x3f)));
	}
	buf_add_byte(out, (char)(0x80 | (code & 0x3f)));
}

void letters_add_case(struct buf *out, struct str text, bool upper)
{
	while (text.len) {
		struct str front = { text.ptr, str_utf8_front(text) };

		add_code(out, in_case(str_utf8_code(front), upper));
		text.ptr += front.len;
		text.len -= front.len;
	}
}
