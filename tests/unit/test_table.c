// SPDX-License-Identifier: Apache-2.0
#include "base/table.h"
#include "unit.h"

static const struct table_column by_text[] = {
	{ STR_INIT("name"), STR_INIT("name"), TABLE_TEXT },
	{ STR_INIT("n"), STR_INIT("n"), TABLE_COUNT },
};
static const struct table_column by_number[] = {
	{ STR_INIT("n"), STR_INIT("n"), TABLE_COUNT },
	{ STR_INIT("name"), STR_INIT("name"), TABLE_TEXT },
};

static struct table new_table(struct arena *arena, const struct table_column *columns)
{
	return (struct table){ .arena = arena, .columns = columns, .n_columns = 2 };
}

// The second numbers of all rows, in order: "3 1 2"; looks at first, next and last.
static struct str numbers_of(const struct table *table, struct arena *arena, size_t column)
{
	struct str all = STR("");
	size_t n = 0;

	for (const struct table_row *row = table->first; row; row = row->next, n++) {
		all = arena_printf(arena, "%.*s%s%lld", STR_ARG(all), n ? " " : "",
			(long long)row->cells[column].number);
		assert_true(row->next || row == table->last);
	}
	assert_int_equal(n, table->n_rows);
	return all;
}

static void a_row_keeps_copies_of_its_texts(void **state)
{
	struct arena arena = { 0 };
	struct table table = new_table(&arena, by_text);
	char text[] = "one";
	struct table_cell cells[] = { { true, { text, 3 }, 0 }, { true, { NULL, 0 }, 7 } };

	(void)state;
	table_add_row(&table, cells);
	text[0] = 'x';
	cells[1] = (struct table_cell){ false, { NULL, 0 }, 0 };
	table_add_row(&table, cells);
	assert_int_equal(table.n_rows, 2);
	check_str("first", table.first->cells[0].text, STR("one"));
	assert_int_equal(table.first->cells[1].number, 7);
	assert_true(table.first->cells[1].is_known);
	check_str("last", table.last->cells[0].text, STR("xne"));
	assert_false(table.last->cells[1].is_known);
	assert_ptr_equal(table.first->next, table.last);
	assert_null(table.last->next);
	arena_free(&arena);
}

// Texts apart by blanks, ? for an unknown one; order: their places before, as they stand afterwards.
static void texts_are_sorted_by_bytes_and_equal_ones_stay(void **state)
{
	static const struct {
		const char *texts, *order;
	} rows[] = {
		{ "", "" },
		{ "a", "0" },
		{ "b a", "1 0" },
		{ "c b a", "2 1 0" },
		{ "a b a b a", "0 2 4 1 3" },
		{ "? a ? b", "1 3 0 2" },
		{ "? ?", "0 1" },
		{ "ab a b abc", "1 0 3 2" },
		{ "b B a10 a9 \xc3\xa4 ~", "1 2 3 0 5 4" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct table table = new_table(&arena, by_text);
		struct str rest = str_of(rows[i].texts), text;

		for (int64_t k = 0; rest.len; k++) {
			str_cut(rest, ' ', &text, &rest);
			bool is_known = !str_eq(text, STR("?"));
			struct table_cell cells[] = { { is_known, text, 0 },
				{ true, { NULL, 0 }, k } };
			table_add_row(&table, cells);
		}
		table_sort(&table);
		check_str(rows[i].texts, numbers_of(&table, &arena, 1), str_of(rows[i].order));
		arena_free(&arena);
	}
}

static void numbers_are_sorted_by_value_not_by_spelling(void **state)
{
	static const int64_t numbers[] = { 10, 9, INT64_MIN, INT64_MAX, -1, 0 };
	struct arena arena = { 0 };
	struct table table = new_table(&arena, by_number);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct table_cell cells[] = { { true, { NULL, 0 }, numbers[i] },
			{ false, { NULL, 0 }, 0 } };
		table_add_row(&table, cells);
	}
	table_sort(&table);
	check_str("all", numbers_of(&table, &arena, 0),
		STR("-9223372036854775808 -1 0 9 10 9223372036854775807"));
	arena_free(&arena);
}

static void a_sorted_table_takes_further_rows_at_its_end(void **state)
{
	struct arena arena = { 0 };
	struct table table = new_table(&arena, by_number);

	(void)state;
	for (int64_t i = 1000; i > 0; i--) {
		struct table_cell cells[] = { { true, { NULL, 0 }, i }, { 0 } };
		table_add_row(&table, cells);
	}
	table_sort(&table);
	struct table_cell cells[] = { { true, { NULL, 0 }, 0 }, { 0 } };
	table_add_row(&table, cells);
	assert_int_equal(table.first->cells[0].number, 1);
	assert_int_equal(table.last->cells[0].number, 0);
	numbers_of(&table, &arena, 0);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_keeps_copies_of_its_texts),
		cmocka_unit_test(texts_are_sorted_by_bytes_and_equal_ones_stay),
		cmocka_unit_test(numbers_are_sorted_by_value_not_by_spelling),
		cmocka_unit_test(a_sorted_table_takes_further_rows_at_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
