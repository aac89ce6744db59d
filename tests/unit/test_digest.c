// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"
#include "unit.h"

// RFC 1321 section A.5, and what md5sum says of a NUL and of more than one block.
static void the_tail_is_the_second_half_of_md5(void **state)
{
	static const struct {
		struct str text;
		uint64_t tail;
	} rows[] = {
		{ STR_INIT(""), UINT64_C(0xe9800998ecf8427e) },
		{ { NULL, 0 }, UINT64_C(0xe9800998ecf8427e) },
		{ STR_INIT("a"), UINT64_C(0x31c399e269772661) },
		{ STR_INIT("abc"), UINT64_C(0xd6963f7d28e17f72) },
		{ STR_INIT("message digest"), UINT64_C(0x525a2f31aaf161d0) },
		{ STR_INIT("abcdefghijklmnopqrstuvwxyz"), UINT64_C(0x7dfb496cca67e13b) },
		{ STR_INIT("1234567890123456789012345678901234567890"
			   "1234567890123456789012345678901234567890"),
			UINT64_C(0xac49da2e2107b67a) },
		{ STR_INIT("a\0b"), UINT64_C(0x3f6b76473084309b) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_number(unit_printable(rows[i].text), "tail", digest_md5_tail(rows[i].text),
			rows[i].tail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tail_is_the_second_half_of_md5),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
