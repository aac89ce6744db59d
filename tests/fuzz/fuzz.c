// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "strict_line.h"

#include <string.h>

// libconfig forgets a text that was not closed when it gives up a file; the agent ends then anyway.
// The name is LeakSanitizer's. NOLINTBEGIN(*-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}
// NOLINTEND(*-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

char *fuzz_copy(struct str text)
{
	char *copy = malloc(text.len);

	FUZZ_CHECK(copy || !text.len, "no memory");
	if (text.len)
		memcpy(copy, text.ptr, text.len);
	return copy;
}

struct str fuzz_take(struct str *rest, const char *separator)
{
	const char *end = rest->ptr + rest->len;
	const char *at =
		rest->len ? memmem(rest->ptr, rest->len, separator, strlen(separator)) : NULL;
	struct str taken = str_between(rest->ptr, at ? at : end);

	*rest = at ? str_between(at + strlen(separator), end) : (struct str){ end, 0 };
	return taken;
}

bool fuzz_is_printable(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
			return false;
	return strict_is_utf8((struct strict_text){ text.ptr, text.len });
}

void fuzz_check_err(const struct err *err)
{
	struct str text = { err->text, strnlen(err->text, ERR_TEXT_SIZE) };

	FUZZ_CHECK(err->kind > ERR_NONE && err->kind < N_ERR_KINDS, "an error of no kind");
	FUZZ_CHECK(err_reason(err->kind).len, "an error's kind has no name");
	FUZZ_CHECK(
		text.len && text.len < ERR_TEXT_SIZE, "an error has no text, or one without end");
	FUZZ_CHECK(fuzz_is_printable(text), "an error's text cannot be shown: %s", err->text);
}
