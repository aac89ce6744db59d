// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 512 };

static size_t count_digits(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (size_t)(p - start);
}

// strtod on a copy that ends in NUL; the text has been found to be a decimal number.
static double parse_decimal(struct str text)
{
	char copy[LONGEST + 1];

	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return strtod(copy, NULL);
}

static enum number_verdict judge_word(struct str word, char sign, struct str *spelling)
{
	if (str_eq_nocase(word, STR("nan"))) {
		bool same = !sign && str_eq(word, STR("NaN"));
		*spelling = STR("NaN");
		return same ? NUMBER_AS_IS : sign ? NUMBER_REPAIRED : NUMBER_RESPELLED;
	}
	if (str_eq_nocase(word, STR("inf")) || str_eq_nocase(word, STR("infinity"))) {
		bool same = sign && str_eq(word, STR("Inf"));
		*spelling = sign == '-' ? STR("-Inf") : STR("+Inf");
		return same ? NUMBER_AS_IS : NUMBER_RESPELLED;
	}
	return NUMBER_BAD;
}

// [+-] digits [. digits] [e [+-] digits], with at least one digit before the exponent.
enum number_verdict number_judge(struct str text, struct str *spelling)
{
	const char *p = text.ptr, *end = text.ptr + text.len;
	char sign = 0;

	*spelling = text;
	if (text.len == 0 || text.len > LONGEST)
		return NUMBER_BAD;
	if (*p == '-' || *p == '+')
		sign = *p++;
	const char *unsigned_text = p;

	size_t n_digits = count_digits(p, end);
	p += n_digits;
	if (p < end && *p == '.') {
		size_t n_decimals = count_digits(p + 1, end);
		p += 1 + n_decimals;
		n_digits += n_decimals;
	}
	if (n_digits == 0)
		return judge_word(str_between(unsigned_text, end), sign, spelling);
	bool has_exponent = p < end && (*p == 'e' || *p == 'E');
	if (has_exponent) {
		p++;
		if (p < end && (*p == '-' || *p == '+'))
			p++;
		size_t n_exponent = count_digits(p, end);
		if (n_exponent == 0)
			return NUMBER_BAD;
		p += n_exponent;
	}
	if (p != end)
		return NUMBER_BAD;
	// Only an exponent or hundreds of digits can pass the largest double, 1.8e308.
	if ((has_exponent || text.len > DBL_MAX_10_EXP) && isinf(parse_decimal(text)))
		return NUMBER_BAD;
	if (sign != '+')
		return NUMBER_AS_IS;
	*spelling = str_between(unsigned_text, end);
	return NUMBER_RESPELLED;
}

double number_value(struct str text)
{
	struct str spelling;

	if (number_judge(text, &spelling) == NUMBER_BAD)
		return NAN;
	return parse_decimal(spelling);
}

// The digits with the last one higher by one: where they are cut, the number that was meant may be above.
static bool reads_back_one_higher(char *text, double value)
{
	char *digit = strchr(text, 'e') - 1;

	if (*digit == '9' || *digit == '.')
		return false; // then a shorter text would have done
	(*digit)++;
	if (strtod(text, NULL) == value)
		return true;
	(*digit)--;
	return false;
}

// The shortest digits that read back: 15 are enough for every number that was written with 15 or
// fewer, 17 for every double; subnormals have fewer significant digits than that, so start at 1.
static void shortest_digits(double value, char *text, size_t size)
{
	int precision = value < DBL_MIN ? 1 : DBL_DIG;

	do {
		snprintf(text, size, "%.*e", precision - 1, value);
	} while (strtod(text, NULL) != value && !reads_back_one_higher(text, value) &&
		 precision++ < DBL_DECIMAL_DIG);
}

// Turns "d.ddddde[+-]xx" into its digits, without trailing zeros, and its exponent.
static size_t split_digits(const char *text, char *digits, int *exponent)
{
	size_t n = 0;

	for (; *text != 'e'; text++)
		if (isdigit((unsigned char)*text))
			digits[n++] = *text;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	*exponent = (int)strtol(text + 1, NULL, 10);
	return n;
}

static void write_exponent(struct buf *out, const char *digits, size_t n, int exponent)
{
	buf_add_byte(out, digits[0]);
	if (n > 1) {
		buf_add_byte(out, '.');
		buf_add(out, (struct str){ digits + 1, n - 1 });
	}
	buf_addf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}

static void write_plain(struct buf *out, const char *digits, size_t n, int exponent)
{
	if (exponent < 0)
		buf_add(out, STR("0."));
	for (int i = -1; i > exponent; i--)
		buf_add_byte(out, '0');
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (int)i == exponent + 1)
			buf_add_byte(out, '.');
		buf_add_byte(out, digits[i]);
	}
	for (int i = (int)n; i <= exponent; i++)
		buf_add_byte(out, '0');
}

void number_write(struct buf *out, double value)
{
	// `%.16e` needs 24 bytes at most: sign, 17 digits, point, e, sign, three digits, NUL.
	char text[32], digits[32] = "";
	int exponent;

	if (isnan(value)) {
		buf_add(out, STR("NaN"));
		return;
	}
	if (isinf(value)) {
		buf_add(out, value < 0 ? STR("-Inf") : STR("+Inf"));
		return;
	}
	if (value < 0)
		buf_add_byte(out, '-');
	value = fabs(value);
	if (value < 1e6 && value == (double)(uint32_t)value) {
		buf_add_uint(out, (uint32_t)value);
		return;
	}
	shortest_digits(value, text, sizeof(text));
	size_t n = split_digits(text, digits, &exponent);
	if (exponent < -4 || exponent >= 6)
		write_exponent(out, digits, n, exponent);
	else
		write_plain(out, digits, n, exponent);
}
