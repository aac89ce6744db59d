// SPDX-License-Identifier: Apache-2.0
#include "agent/settings.h"
#include "unit.h"

static const int64_t REFUSED = -1;

static void durations_are_counts_with_falling_units(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
		const char *written; // NULL: as the text
	} rows[] = {
		{ "0s", 0, NULL },
		{ "0", 0, "0s" },
		{ "1ms", 1, NULL },
		{ "500ms", 500, NULL },
		{ "15s", 15000, NULL },
		{ "1m", 60000, NULL },
		{ "1m30s", 90000, NULL },
		{ "90s", 90000, "1m30s" },
		{ "1h", 3600000, NULL },
		{ "1d", 86400000, NULL },
		{ "1d2h3m4s5ms", 93784005, NULL },
		{ "1h5ms", 3600005, NULL },
		{ "1000000000d", INT64_C(86400000000000000), NULL },
		{ "", REFUSED, NULL },
		{ "15", REFUSED, NULL },
		{ "s", REFUSED, NULL },
		{ "15 s", REFUSED, NULL },
		{ " 15s", REFUSED, NULL },
		{ "15s ", REFUSED, NULL },
		{ "1.5s", REFUSED, NULL },
		{ "-1s", REFUSED, NULL },
		{ "+1s", REFUSED, NULL },
		{ "15S", REFUSED, NULL },
		{ "15sec", REFUSED, NULL },
		{ "15us", REFUSED, NULL },
		{ "1w", REFUSED, NULL },
		{ "30s1m", REFUSED, NULL },
		{ "1s1s", REFUSED, NULL },
		{ "1m30", REFUSED, NULL },
		{ "1000000001s", REFUSED, NULL },
		{ "99999999999999999999s", REFUSED, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = buf_new(64);
		int64_t ms;
		bool good = settings_parse_duration(str_of(rows[i].text), &ms);

		CHECK_ROW(rows[i].text, good == (rows[i].ms != REFUSED));
		if (!good)
			continue;
		check_number(rows[i].text, "ms", (uint64_t)ms, (uint64_t)rows[i].ms);
		settings_write_duration(&out, ms);
		check_str(rows[i].text, buf_str(&out),
			str_of(rows[i].written ? rows[i].written : rows[i].text));
		buf_free(&out);
	}
}

static void sizes_are_counts_of_binary_units(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
		const char *written; // NULL: as the text
	} rows[] = {
		{ "0B", 0, NULL },
		{ "0", 0, "0B" },
		{ "1B", 1, NULL },
		{ "512B", 512, NULL },
		{ "64KiB", 65536, NULL },
		{ "16MiB", 16777216, NULL },
		{ "2GiB", INT64_C(2147483648), NULL },
		{ "1024KiB", 1048576, "1MiB" },
		{ "1MiB512KiB", 1572864, NULL },
		{ "", REFUSED, NULL },
		{ "16", REFUSED, NULL },
		{ "16MB", REFUSED, NULL },
		{ "16mib", REFUSED, NULL },
		{ "16M", REFUSED, NULL },
		{ "16 MiB", REFUSED, NULL },
		{ "1.5MiB", REFUSED, NULL },
		{ "-1B", REFUSED, NULL },
		{ "1TiB", REFUSED, NULL },
		{ "1KiB1MiB", REFUSED, NULL },
		{ "99999999999GiB", REFUSED, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = buf_new(64);
		int64_t bytes;
		bool good = settings_parse_size(str_of(rows[i].text), &bytes);

		CHECK_ROW(rows[i].text, good == (rows[i].bytes != REFUSED));
		if (!good)
			continue;
		check_number(rows[i].text, "bytes", (uint64_t)bytes, (uint64_t)rows[i].bytes);
		settings_write_size(&out, bytes);
		check_str(rows[i].text, buf_str(&out),
			str_of(rows[i].written ? rows[i].written : rows[i].text));
		buf_free(&out);
	}
}

static void the_environment_is_expanded_once(void **state)
{
	static const struct {
		const char *text, *expanded, *why; // why: a part of the message
	} rows[] = {
		{ "", "", NULL },
		{ "plain", "plain", NULL },
		{ "a$$b", "a$b", NULL },
		{ "a$b", "a$b", NULL },
		{ "${env:UNIT_SET}", "value", NULL },
		{ "<${env:UNIT_SET}${env:UNIT_SET}>", "<valuevalue>", NULL },
		{ "$${env:UNIT_SET}", "${env:UNIT_SET}", NULL },
		{ "${env:UNIT_NESTED}", "${env:UNIT_SET}", NULL },
		{ "${env:UNIT_UNSET}", NULL, "UNIT_UNSET is not set" },
		{ "${env:UNIT_EMPTY}", NULL, "UNIT_EMPTY is empty" },
		{ "${node}", NULL, "only ${env:NAME}" },
		{ "${env:UNIT_SET", NULL, "only ${env:NAME}" },
		{ "${}", NULL, "only ${env:NAME}" },
		{ "${env:}", NULL, "not set" },
	};
	struct arena arena = { 0 };

	(void)state;
	setenv("UNIT_SET", "value", 1);
	setenv("UNIT_NESTED", "${env:UNIT_SET}", 1);
	setenv("UNIT_EMPTY", "", 1);
	unsetenv("UNIT_UNSET");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str expanded, why = STR("");
		bool good = settings_expand_env(&arena, str_of(rows[i].text), &expanded, &why);

		CHECK_ROW(rows[i].text, good == (rows[i].why == NULL));
		if (good)
			check_str(rows[i].text, expanded, str_of(rows[i].expanded));
		else
			CHECK_ROW(rows[i].text,
				memmem(why.ptr, why.len, rows[i].why, strlen(rows[i].why)) != NULL);
	}
	arena_free(&arena);
}

static void distances_between_names(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		{ "", "", 0 },
		{ "url", "url", 0 },
		{ "url", "", 3 },
		{ "url", "ulr", 2 },
		{ "interval", "intervall", 1 },
		{ "interval", "intrval", 1 },
		{ "timeout", "time_out", 1 },
		{ "kitten", "sitting", 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str a = str_of(rows[i].a), b = str_of(rows[i].b);

		check_number(rows[i].a, "there", settings_distance(a, b), rows[i].distance);
		check_number(rows[i].a, "back", settings_distance(b, a), rows[i].distance);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_counts_with_falling_units),
		cmocka_unit_test(sizes_are_counts_of_binary_units),
		cmocka_unit_test(the_environment_is_expanded_once),
		cmocka_unit_test(distances_between_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
