// SPDX-License-Identifier: Apache-2.0
#include "metric/key.h"
#include "unit.h"

static void keys_are_sets_of_labels(void **state)
{
	static const struct key_label job[] = { { STR_INIT("job"), STR_INIT("j") } };
	static const struct key_label other_job[] = { { STR_INIT("job"), STR_INIT("k") } };
	static const struct key_label ab[] = { { STR_INIT("job"), STR_INIT("j") },
		{ STR_INIT("a"), STR_INIT("1") }, { STR_INIT("b"), STR_INIT("2") } };
	static const struct key_label ba[] = { { STR_INIT("job"), STR_INIT("j") },
		{ STR_INIT("b"), STR_INIT("2") }, { STR_INIT("a"), STR_INIT("1") } };
	static const struct key_label swapped[] = { { STR_INIT("job"), STR_INIT("j") },
		{ STR_INIT("a"), STR_INIT("2") }, { STR_INIT("b"), STR_INIT("1") } };
	static const struct key_label ac[] = { { STR_INIT("job"), STR_INIT("j") },
		{ STR_INIT("a"), STR_INIT("1") }, { STR_INIT("c"), STR_INIT("2") } };
	static const struct {
		const char *name;
		struct key a, b;
		bool equal;
	} rows[] = {
		{ "empty", { NULL, 0 }, { NULL, 0 }, true },
		{ "itself", { job, 1 }, { job, 1 }, true },
		{ "another value", { job, 1 }, { other_job, 1 }, false },
		{ "another order", { ab, 3 }, { ba, 3 }, true },
		{ "values swapped", { ab, 3 }, { swapped, 3 }, false },
		{ "another name", { ab, 3 }, { ac, 3 }, false },
		{ "a part", { ab, 3 }, { job, 1 }, false },
		{ "nothing", { job, 1 }, { NULL, 0 }, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_number(rows[i].name, "there", key_equal(rows[i].a, rows[i].b), rows[i].equal);
		check_number(rows[i].name, "back", key_equal(rows[i].b, rows[i].a), rows[i].equal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_sets_of_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
