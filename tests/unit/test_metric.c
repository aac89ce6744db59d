// SPDX-License-Identifier: Apache-2.0
#include "metric/metric.h"

#include "metric/gateway_type.h"
#include "unit.h"

static void names_are_those_of_the_text_format(void **state)
{
	static const struct {
		struct str name;
		bool legal;
	} rows[] = {
		{ STR_INIT("a"), true },
		{ STR_INIT("_"), true },
		{ STR_INIT(":"), true },
		{ STR_INIT("a:b_9"), true },
		{ STR_INIT("Zz"), true },
		{ STR_INIT(""), false },
		{ STR_INIT("9a"), false },
		{ STR_INIT("a-b"), false },
		{ STR_INIT("a.b"), false },
		{ STR_INIT("a b"), false },
		{ STR_INIT("a\0"), false },
		{ STR_INIT("\xc3\xa4"), false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_number(unit_printable(rows[i].name), "legal", metric_is_name(rows[i].name),
			rows[i].legal);
}

static void runtime_names_begin_so(void **state)
{
	static const struct {
		const char *name;
		bool is_one;
	} rows[] = {
		{ "go_goroutines", true },
		{ "go_", true },
		{ "process_x", true },
		{ "promhttp_metric_handler_requests_total", true },
		{ "go", false },
		{ "going_up", false },
		{ "Go_x", false },
		{ "my_go_x", false },
		{ "processes", false },
		{ "promhttpx_", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_number(rows[i].name, "is one", gateway_has_runtime_name(str_of(rows[i].name)),
			rows[i].is_one);
}

// The values of a family's samples, one after the other.
static void check_values(const char *row, const struct family *family, const char *wanted)
{
	struct buf values = buf_new(UNIT_LIMIT);
	const struct sample *last = NULL;
	size_t n = 0;

	for (const struct sample *sample = family->first; sample; sample = sample->next, n++) {
		buf_add(&values, sample->value);
		last = sample;
	}
	check_str(row, buf_str(&values), str_of(wanted));
	check_number(row, "samples", family->n_samples, n);
	CHECK_ROW(row, family->last == last);
	buf_free(&values);
}

static struct sample *add(struct metric_set *set, struct family *family, struct str value)
{
	struct sample *sample = metric_add_sample(set, family);

	sample->value = value;
	return sample;
}

static void a_sample_is_put_at_the_end_of_a_family(void **state)
{
	struct arena arena = { 0 };
	struct metric_set *set = metric_set_new(&arena);
	struct family *from = metric_add_family(set, STR("a"));
	struct family *to = metric_add_family(set, STR("b"));
	struct sample *first = add(set, from, STR("1")), *second = add(set, from, STR("2"));

	(void)state;
	add(set, to, STR("3"));
	from->first = from->last = NULL;
	from->n_samples = 0;
	metric_put_back(to, first);
	check_values("behind another", to, "31");
	metric_put_back(from, second);
	check_values("into an empty one", from, "2");
	arena_free(&arena);
}

static void families_that_join_are_at_the_end_and_not_found(void **state)
{
	struct arena arena = { 0 };
	struct metric_set *set = metric_set_new(&arena), *more = metric_set_new(&arena);
	struct family *here = metric_add_family(set, STR("a"));
	struct family *same = metric_add_family(more, STR("a"));
	struct family *other = metric_add_family(more, STR("b"));

	(void)state;
	metric_join(set, more);
	assert_ptr_equal(set->first, here);
	assert_ptr_equal(here->next, same);
	assert_ptr_equal(same->next, other);
	assert_ptr_equal(set->last, other);
	assert_null(other->next);
	assert_ptr_equal(metric_find(set, STR("a")), here);
	assert_null(metric_find(set, STR("b")));
	arena_free(&arena);
}

static void joining_with_nothing_changes_nothing(void **state)
{
	struct arena arena = { 0 };
	struct metric_set *set = metric_set_new(&arena), *empty = metric_set_new(&arena);

	(void)state;
	metric_join(set, empty);
	assert_null(set->first);
	struct family *family = metric_add_family(set, STR("a"));
	metric_join(set, empty);
	assert_ptr_equal(set->first, family);
	assert_ptr_equal(set->last, family);
	metric_join(empty, set);
	assert_ptr_equal(empty->first, family);
	assert_ptr_equal(empty->last, family);
	arena_free(&arena);
}

static void an_emptied_family_has_no_samples_and_no_type(void **state)
{
	struct arena arena = { 0 };
	struct metric_set *set = metric_set_new(&arena);
	struct family *family = metric_add_family(set, STR("a"));

	(void)state;
	add(set, family, STR("1"));
	family->typed = true;
	metric_empty(family);
	check_values("emptied", family, "");
	assert_false(family->typed);
	add(set, family, STR("2"));
	check_values("filled again", family, "2");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_text_format),
		cmocka_unit_test(runtime_names_begin_so),
		cmocka_unit_test(a_sample_is_put_at_the_end_of_a_family),
		cmocka_unit_test(families_that_join_are_at_the_end_and_not_found),
		cmocka_unit_test(joining_with_nothing_changes_nothing),
		cmocka_unit_test(an_emptied_family_has_no_samples_and_no_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
