// SPDX-License-Identifier: Apache-2.0
#include "agent/template.h"
#include "unit.h"

static void faults_have_a_kind_a_position_and_a_text(void **state)
{
	static const struct {
		const char *text;
		size_t position;
		const char *why; // a part of the text
	} rows[] = {
		// an odd count
		{ "j/instance", 2, "instance has no value" },
		{ "j/a/1/b", 6, "b has no value" },
		// an empty segment
		{ "", 0, "a segment is empty" },
		{ "/", 0, "a segment is empty" },
		{ "/a/1", 0, "a segment is empty" },
		{ "j/", 2, "a segment is empty" },
		{ "j//1", 2, "a segment is empty" },
		{ "j/a/", 4, "a segment is empty" },
		{ "j/a//b/1", 4, "a segment is empty" },
		// a label twice, `job`
		{ "j/a/1/a/2", 6, "a occurs twice" },
		{ "j/job/x", 2, "job is reserved" },
		// names that poison a gateway or that the agent's own metrics bear
		{ "j/le/1", 2, "le is reserved" },
		{ "j/quantile/1", 2, "quantile is reserved" },
		{ "j/a/1/source/x", 6, "source is reserved" },
		{ "j/sink/x", 2, "sink is reserved" },
		{ "j/endpoint/x", 2, "endpoint is reserved" },
		{ "j/__a/x", 2, "__ in front are reserved" },
		{ "j/__name__/x", 2, "__ in front are reserved" },
		// no label names
		{ "j/1a/x", 2, "is no label name" },
		{ "j/a-b/x", 2, "is no label name" },
		{ "j/a:b/x", 2, "is no label name" },
		{ "j/a b/x", 2, "is no label name" },
		{ "j/a@base64/x", 2, "is no label name" },
		{ "j/gr\xc3\xbc\xc3\x9f/x", 2, "is no label name" },
		// a variable in a label's name
		{ "j/${name}/x", 2, "no variable may stand there" },
		{ "j/a$$/x", 2, "no variable may stand there" },
		// variables
		{ "${nodename}", 0, "there is no variable ${nodename}" },
		{ "${}", 0, "there is no variable ${}" },
		{ "${Name}", 0, "there is no variable ${Name}" },
		{ "j/a/x${host }", 5, "there is no variable ${host }" },
		{ "$name", 0, "$ must be followed by {variable}" },
		{ "j/a/x$", 5, "$ must be followed by {variable}" },
		{ "j/a/${name", 4, "$ must be followed by {variable}" },
		{ "${na/a}/x", 0, "$ must be followed by {variable}" },
		{ "j/a/$${env:X}${env:UNIT_UNSET}", 13, "UNIT_UNSET is not set" },
		{ "${env:UNIT_EMPTY}", 0, "UNIT_EMPTY is empty" },
		// bytes
		{ "j\xff", 0, "is not UTF-8" },
	};

	(void)state;
	unsetenv("UNIT_UNSET");
	setenv("UNIT_EMPTY", "", 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct err err = { 0 };

		CHECK_ROW(rows[i].text, !template_parse(&arena, str_of(rows[i].text), &err));
		check_number(rows[i].text, "kind", err.kind, ERR_INVALID);
		check_number(rows[i].text, "position", err.position, rows[i].position);
		if (!strstr(err.text, rows[i].why))
			FAIL_ROW(rows[i].text, "says: %s", err.text);
		arena_free(&arena);
	}
}

static const struct template_values full = {
	.node = STR_INIT("emqx@10.0.0.1"),
	.cluster_name = STR_INIT("plant"),
	.source = STR_INIT("broker"),
	.hostname = STR_INIT("box"),
};

// The key as name=value, one per line.
static struct str describe(struct arena *arena, struct key key)
{
	struct buf out = buf_new(UNIT_LIMIT);

	for (size_t i = 0; i < key.n; i++)
		buf_addf(&out, "%.*s=%.*s\n", STR_ARG(key.labels[i].name),
			STR_ARG(key.labels[i].value));
	struct str text = arena_copy(arena, buf_str(&out));
	buf_free(&out);
	return text;
}

static void values_are_expanded_each_by_itself(void **state)
{
	static const struct {
		const char *template, *key;
	} rows[] = {
		{ "j", "job=j\n" },
		{ "${name}/instance/${name}~${host}", "job=emqx\ninstance=emqx~10.0.0.1\n" },
		{ "${source}/instance/${hostname}", "job=broker\ninstance=box\n" },
		{ "${node}/c/${cluster_name}", "job=emqx@10.0.0.1\nc=plant\n" },
		{ "a${name}b${host}c", "job=aemqxb10.0.0.1c\n" },
		{ "${name}${name}", "job=emqxemqx\n" },
		{ "$$${name}$$/a/$${name}", "job=$emqx$\na=${name}\n" },
		{ "x/a/${env:UNIT_SLASH}", "job=x\na=a/b/../c\n" },
		{ "x/a/${env:UNIT_VARIABLE}", "job=x\na=${name}\n" },
		{ " x /a/ y ", "job= x \na= y \n" },
		{ "./a/..", "job=.\na=..\n" },
	};

	(void)state;
	setenv("UNIT_SLASH", "a/b/../c", 1);
	setenv("UNIT_VARIABLE", "${name}", 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct err err = { 0 };
		struct key key;
		const struct template *template =
			template_parse(&arena, str_of(rows[i].template), &err);

		CHECK_ROW(rows[i].template, template != NULL);
		CHECK_ROW(rows[i].template, template_expand(template, &full, &arena, &key, &err));
		check_str(rows[i].template, describe(&arena, key), str_of(rows[i].key));
		check_str(rows[i].template, template_text(template), str_of(rows[i].template));
		arena_free(&arena);
	}
}

static void what_is_not_known_has_its_reason(void **state)
{
	static const struct {
		const char *name, *template;
		struct template_values values;
		enum err_kind kind; // ERR_NONE: there is a key
		const char *why;
	} rows[] = {
		{ "node unknown", "${name}/instance/x", { .source = STR_INIT("s") },
			ERR_NODE_UNKNOWN, "set node = \"name@host\" for source s" },
		{ "node unknown, by host", "x/instance/${host}", { .source = STR_INIT("s") },
			ERR_NODE_UNKNOWN, "node" },
		{ "node unknown, whole", "x/instance/${node}", { .source = STR_INIT("s") },
			ERR_NODE_UNKNOWN, "node" },
		{ "node not needed", "${source}", { .source = STR_INIT("s") }, ERR_NONE, "" },
		{ "no host in the node's name", "j/instance/${host}", { .node = STR_INIT("emqx") },
			ERR_EMPTY_KEY_VALUE, "grouping label instance is empty" },
		{ "nothing behind the @", "j/instance/${host}", { .node = STR_INIT("emqx@") },
			ERR_EMPTY_KEY_VALUE, "grouping label instance is empty" },
		{ "nothing before the @", "${name}", { .node = STR_INIT("@host") },
			ERR_EMPTY_KEY_VALUE, "grouping label job is empty" },
		{ "no cluster name", "j/cluster/${cluster_name}", { .source = STR_INIT("s") },
			ERR_EMPTY_KEY_VALUE, "set cluster_name for source s" },
		{ "no cluster name beside a literal", "j/cluster/c-${cluster_name}",
			{ .source = STR_INIT("s") }, ERR_EMPTY_KEY_VALUE,
			"set cluster_name for source s" },
		{ "empty beside a literal", "j/x/c-${hostname}", { .node = { 0 } }, ERR_NONE, "" },
		{ "a value that is not UTF-8", "${hostname}", { .hostname = STR_INIT("\xff") },
			ERR_EMPTY_KEY_VALUE, "grouping label job is not UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct err err = { 0 };
		struct key key;
		const struct template *template =
			template_parse(&arena, str_of(rows[i].template), &err);

		CHECK_ROW(rows[i].name, template != NULL);
		bool good = template_expand(template, &rows[i].values, &arena, &key, &err);
		check_number(rows[i].name, "good", good, rows[i].kind == ERR_NONE);
		check_number(rows[i].name, "kind", err.kind, rows[i].kind);
		if (!strstr(err.text, rows[i].why))
			FAIL_ROW(rows[i].name, "says: %s", err.text);
		arena_free(&arena);
	}
}

static void variables_and_labels_are_known_before_any_value(void **state)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	struct str *names;
	const struct template *template =
		template_parse(&arena, STR("${name}$$/instance/x/site/${hostname}"), &err);

	(void)state;
	assert_non_null(template);
	assert_int_equal(
		template_variables(template), 1u << TEMPLATE_NAME | 1u << TEMPLATE_HOSTNAME);
	assert_int_equal(template_label_names(template, &arena, &names), 3);
	check_str("first", names[0], STR("job"));
	check_str("second", names[1], STR("instance"));
	check_str("third", names[2], STR("site"));
	arena_free(&arena);
}

static void variables_have_names(void **state)
{
	static const char *const names[N_TEMPLATE_VARIABLES] = {
		[TEMPLATE_LITERAL] = "",
		[TEMPLATE_NAME] = "name",
		[TEMPLATE_HOST] = "host",
		[TEMPLATE_NODE] = "node",
		[TEMPLATE_CLUSTER_NAME] = "cluster_name",
		[TEMPLATE_SOURCE] = "source",
		[TEMPLATE_HOSTNAME] = "hostname",
	};

	(void)state;
	for (int i = 0; i < N_TEMPLATE_VARIABLES; i++)
		assert_string_equal(template_variable_name((enum template_variable)i), names[i]);
}

static void a_fault_in_the_environment_is_found_when_parsing(void **state)
{
	struct arena arena = { 0 };
	struct err err = { 0 };

	(void)state;
	setenv("UNIT_LATIN1", "gr\xfc\xdf", 1);
	assert_null(template_parse(&arena, STR("${env:UNIT_LATIN1}"), &err));
	assert_int_equal(err.kind, ERR_INVALID);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_have_a_kind_a_position_and_a_text),
		cmocka_unit_test(values_are_expanded_each_by_itself),
		cmocka_unit_test(what_is_not_known_has_its_reason),
		cmocka_unit_test(variables_and_labels_are_known_before_any_value),
		cmocka_unit_test(variables_have_names),
		cmocka_unit_test(a_fault_in_the_environment_is_found_when_parsing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
