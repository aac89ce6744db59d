// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"
#include "unit.h"

#include <float.h>
#include <math.h>

// The verdict on each text that Go's ParseFloat takes or refuses, and the spelling that is sent.
static void judges_as_both_go_parsers_do(void **state)
{
	static const struct {
		const char *text;
		enum number_verdict verdict;
		const char *spelling; // NULL: the text itself, or none
	} rows[] = {
		// decimal
		{ "0", NUMBER_AS_IS, NULL },
		{ "1", NUMBER_AS_IS, NULL },
		{ "-1", NUMBER_AS_IS, NULL },
		{ "-0", NUMBER_AS_IS, NULL },
		{ "1.5", NUMBER_AS_IS, NULL },
		{ ".5", NUMBER_AS_IS, NULL },
		{ "-.5", NUMBER_AS_IS, NULL },
		{ "5.", NUMBER_AS_IS, NULL },
		{ "007", NUMBER_AS_IS, NULL },
		{ "0.10000000000000001", NUMBER_AS_IS, NULL },
		{ "18446744073709551616", NUMBER_AS_IS, NULL },
		// exponent
		{ "1e5", NUMBER_AS_IS, NULL },
		{ "1E+5", NUMBER_AS_IS, NULL },
		{ "1.e-5", NUMBER_AS_IS, NULL },
		{ "1e308", NUMBER_AS_IS, NULL },
		{ "1.7976931348623157e+308", NUMBER_AS_IS, NULL },
		{ "5e-324", NUMBER_AS_IS, NULL },
		{ "1e-400", NUMBER_AS_IS, NULL },
		{ "0e999999999999", NUMBER_AS_IS, NULL },
		// plus signs
		{ "+1", NUMBER_RESPELLED, "1" },
		{ "+.5", NUMBER_RESPELLED, ".5" },
		{ "+1e+5", NUMBER_RESPELLED, "1e+5" },
		// words
		{ "NaN", NUMBER_AS_IS, NULL },
		{ "nan", NUMBER_RESPELLED, "NaN" },
		{ "NAN", NUMBER_RESPELLED, "NaN" },
		{ "-nan", NUMBER_REPAIRED, "NaN" },
		{ "-NaN", NUMBER_REPAIRED, "NaN" },
		{ "+NaN", NUMBER_REPAIRED, "NaN" },
		{ "+Inf", NUMBER_AS_IS, NULL },
		{ "-Inf", NUMBER_AS_IS, NULL },
		{ "Inf", NUMBER_RESPELLED, "+Inf" },
		{ "inf", NUMBER_RESPELLED, "+Inf" },
		{ "-inf", NUMBER_RESPELLED, "-Inf" },
		{ "+INF", NUMBER_RESPELLED, "+Inf" },
		{ "infinity", NUMBER_RESPELLED, "+Inf" },
		{ "-Infinity", NUMBER_RESPELLED, "-Inf" },
		// overflow
		{ "1e309", NUMBER_BAD, NULL },
		{ "-1e309", NUMBER_BAD, NULL },
		{ "1e400", NUMBER_BAD, NULL },
		{ "1e99999999999999999999", NUMBER_BAD, NULL },
		{ "1.7976931348623159e+308", NUMBER_BAD, NULL },
		// no numbers to Go
		{ "", NUMBER_BAD, NULL },
		{ "+", NUMBER_BAD, NULL },
		{ "-", NUMBER_BAD, NULL },
		{ ".", NUMBER_BAD, NULL },
		{ "e5", NUMBER_BAD, NULL },
		{ ".e5", NUMBER_BAD, NULL },
		{ "1e", NUMBER_BAD, NULL },
		{ "1e+", NUMBER_BAD, NULL },
		{ "1e5.0", NUMBER_BAD, NULL },
		{ "--1", NUMBER_BAD, NULL },
		{ "+-1", NUMBER_BAD, NULL },
		{ "0x10", NUMBER_BAD, NULL },
		{ "0x1p-2", NUMBER_BAD, NULL },
		{ "1_000", NUMBER_BAD, NULL },
		{ "1,5", NUMBER_BAD, NULL },
		{ "1.2.3", NUMBER_BAD, NULL },
		{ "1d", NUMBER_BAD, NULL },
		{ "1f", NUMBER_BAD, NULL },
		{ "\"1\"", NUMBER_BAD, NULL },
		{ " 1", NUMBER_BAD, NULL },
		{ "1 ", NUMBER_BAD, NULL },
		{ "nan(abc)", NUMBER_BAD, NULL },
		{ "infin", NUMBER_BAD, NULL },
		{ "undefined", NUMBER_BAD, NULL },
		{ "\xd9\xa1", NUMBER_BAD, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *wanted = rows[i].spelling ? rows[i].spelling : rows[i].text;
		struct str spelling;

		check_number(rows[i].text, "verdict", number_judge(str_of(rows[i].text), &spelling),
			rows[i].verdict);
		if (rows[i].verdict != NUMBER_BAD)
			check_str(rows[i].text, spelling, str_of(wanted));
	}
}

static void a_nul_is_no_end(void **state)
{
	struct str spelling;

	(void)state;
	assert_int_equal(number_judge(STR("1\0"), &spelling), NUMBER_BAD);
	assert_int_equal(number_judge(STR("1e5\0"), &spelling), NUMBER_BAD);
}

// n digits: 309 nines pass the largest double, 512 bytes are the most that is looked at.
static void long_texts_are_judged_by_value_then_by_length(void **state)
{
	static const struct {
		const char *name;
		size_t n;
		char digit;
		enum number_verdict verdict;
	} rows[] = {
		{ "308 nines", 308, '9', NUMBER_AS_IS },
		{ "309 nines", 309, '9', NUMBER_BAD },
		{ "512 zeros", 512, '0', NUMBER_AS_IS },
		{ "513 zeros", 513, '0', NUMBER_BAD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[600];
		struct str spelling;

		memset(text, rows[i].digit, sizeof(text));
		check_number(rows[i].name, "verdict",
			number_judge((struct str){ text, rows[i].n }, &spelling), rows[i].verdict);
	}
}

static void reads_values(void **state)
{
	static const struct {
		const char *text;
		double value;
	} rows[] = {
		{ "0", 0 },
		{ "-1.5", -1.5 },
		{ "+2", 2 },
		{ ".5", 0.5 },
		{ "5.", 5 },
		{ "1e3", 1000 },
		{ "1e-400", 0 },
		{ "inf", INFINITY },
		{ "-Infinity", -INFINITY },
		{ "18446744073709551615", 18446744073709551616.0 },
		{ "1.7976931348623157e308", DBL_MAX },
		{ "5e-324", 4.9406564584124654e-324 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(rows[i].text, number_value(str_of(rows[i].text)) == rows[i].value);
	assert_true(isnan(number_value(STR("nan"))));
	assert_true(isnan(number_value(STR("-nan"))));
	assert_true(isnan(number_value(STR("0x10"))));
}

// Go's strconv.FormatFloat(v, 'g', -1, 64).
static void writes_gos_layout(void **state)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{ 0.0, "0" },
		{ -0.0, "0" },
		{ 1, "1" },
		{ -1, "-1" },
		{ 10, "10" },
		{ 100000, "100000" },
		{ 999999, "999999" },
		{ 1000000, "1e+06" },
		{ -1000000, "-1e+06" },
		{ 999999.5, "999999.5" },
		{ 123456.7, "123456.7" },
		{ 1234567, "1.234567e+06" },
		{ 123456789, "1.23456789e+08" },
		{ 1795213264.1088514, "1.7952132641088514e+09" },
		{ 1e21, "1e+21" },
		{ 1e100, "1e+100" },
		{ 0.1, "0.1" },
		{ 0.5, "0.5" },
		{ -0.25, "-0.25" },
		{ 0.001, "0.001" },
		{ 0.0001, "0.0001" },
		{ 0.00012345, "0.00012345" },
		{ 0.00001, "1e-05" },
		{ 0.000012345, "1.2345e-05" },
		{ 2.5, "2.5" },
		{ 10.25, "10.25" },
		{ 0.30000000000000004, "0.30000000000000004" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ -DBL_MAX, "-1.7976931348623157e+308" },
		{ DBL_MIN, "2.2250738585072014e-308" },
		{ 4.9406564584124654e-324, "5e-324" },
		{ 9007199254740993, "9.007199254740992e+15" },
		{ 4294967295, "4.294967295e+09" },
		// 2^-24 and 2^-44: 16 digits read back, but not those that are nearest
		{ 5.9604644775390625e-08, "5.960464477539063e-08" },
		{ 5.684341886080802e-14, "5.684341886080802e-14" },
		{ 4294967296, "4.294967296e+09" },
		{ INFINITY, "+Inf" },
		{ -INFINITY, "-Inf" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = buf_new(64);

		number_write(&out, rows[i].value);
		check_str(rows[i].text, buf_str(&out), str_of(rows[i].text));
		buf_free(&out);
	}

	struct buf out = buf_new(64);
	number_write(&out, NAN);
	number_write(&out, copysign(NAN, -1));
	check_str("nan of any sign", buf_str(&out), STR("NaNNaN"));
	buf_free(&out);
}

static void check_round_trip(double value)
{
	struct buf out = buf_new(64);
	struct str spelling;

	number_write(&out, value);
	double back = number_value(buf_str(&out));
	bool same = memcmp(&back, &value, sizeof(back)) == 0;
	if (!same || number_judge(buf_str(&out), &spelling) != NUMBER_AS_IS)
		fail_msg("%a was written as %.*s", value, STR_ARG(buf_str(&out)));
	buf_free(&out);
}

static void what_is_written_reads_back_to_the_same_bits(void **state)
{
	static const double values[] = { DBL_MAX, -DBL_MAX, DBL_MIN, 4.9406564584124654e-324, 0.1,
		0.2, 0.3, 1e21, 1e22, 1e23, 1.0 / 3, 2.0 / 3, 9007199254740993, 4294967295.0,
		4294967296.0, 1e15, 1e16, 1e17 };
	uint64_t bits = 88172645463325252; // xorshift64, a fixed seed

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		check_round_trip(values[i]);
	for (int exponent = -1074; exponent <= 1023; exponent++)
		check_round_trip(ldexp(1, exponent));
	for (size_t i = 0; i < 20000; i++) {
		double value;

		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		memcpy(&value, &bits, sizeof(value));
		if (isfinite(value) && value != 0)
			check_round_trip(value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_as_both_go_parsers_do),
		cmocka_unit_test(a_nul_is_no_end),
		cmocka_unit_test(long_texts_are_judged_by_value_then_by_length),
		cmocka_unit_test(reads_values),
		cmocka_unit_test(writes_gos_layout),
		cmocka_unit_test(what_is_written_reads_back_to_the_same_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
