// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "unit.h"

#include <stdalign.h>

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	struct arena arena = { 0 };
	unsigned char *last = NULL;

	(void)state;
	for (size_t size = 0; size < 300; size++) {
		unsigned char *p = arena_alloc(&arena, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			if (p[i])
				fail_msg("byte %zu of %zu is not zero", i, size);
		memset(p, 0xff, size);
		assert_true(size < 2 || p != last);
		last = p;
	}
	arena_free(&arena);
}

static void an_empty_arena_can_be_freed(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	arena_free(&arena);
	assert_non_null(arena_alloc(&arena, 1));
	arena_free(&arena);
	arena_free(&arena);
}

static void copies_end_in_nul(void **state)
{
	struct arena arena = { 0 };
	struct str copy = arena_copy(&arena, STR("ab\0c"));

	(void)state;
	check_str("copy", copy, STR("ab\0c"));
	assert_int_equal(copy.ptr[copy.len], 0);
	copy = arena_copy(&arena, (struct str){ NULL, 0 });
	assert_int_equal(copy.len, 0);
	assert_string_equal(copy.ptr, "");
	copy = arena_printf(&arena, "%s-%d", "x", 5);
	check_str("printf", copy, STR("x-5"));
	assert_int_equal(copy.ptr[copy.len], 0);
	arena_free(&arena);
}

static void sizes_multiply_without_wrapping(void **state)
{
	(void)state;
	assert_int_equal(arena_size(3, 5), 15);
	assert_int_equal(arena_size(0, 5), 0);
	assert_int_equal(arena_size(5, 0), 0);
	assert_true(arena_size(SIZE_MAX / 2, 3) >= SIZE_MAX / 2 - 1);
	assert_true(arena_size(SIZE_MAX, SIZE_MAX) >= SIZE_MAX / 2 - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(an_empty_arena_can_be_freed),
		cmocka_unit_test(copies_end_in_nul),
		cmocka_unit_test(sizes_multiply_without_wrapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
