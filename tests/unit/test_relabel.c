// SPDX-License-Identifier: Apache-2.0
// Each action on single series, as Prometheus has it (model/relabel), and what may be wrong with a rule.
#include "transform/relabel.h"
#include "transform_run.h"

// A rule, or some, on one series of an untyped family.
struct row {
	const char *rules;  // elements of metric_relabel_configs
	const char *before; // m{a='1'}
	const char *after;  // NULL: it is dropped
};

static struct str without_first_line(struct str text)
{
	struct str line, rest = text;

	if (str_starts_with(text, STR("# TYPE ")))
		str_cut(text, '\n', &line, &rest);
	return rest;
}

static void check_way(const struct row *row, struct rules *rules, bool explains)
{
	struct buf page = buf_new(UNIT_LIMIT), wanted = buf_new(UNIT_LIMIT);
	struct transform_result result;

	buf_addf(&page, "%s 1\n%c", row->before, '\0');
	if (row->after)
		buf_addf(&wanted, "%s 1\n", row->after);
	buf_add_byte(&wanted, '\0');
	struct transform_input input = { .page = page.ptr, .explains = explains };
	transform_run(&result, rules, &input);
	transform_compare(row->rules, without_first_line(buf_str(&result.body)), wanted.ptr);
	check_str(row->rules, buf_str(&result.told), STR(""));
	transform_release(&result);
	buf_free(&page);
	buf_free(&wanted);
}

static struct transform_rules *read_relabel(const char *name, const char *elements)
{
	struct buf text = buf_new(UNIT_LIMIT);

	buf_addf(&text, "metric_relabel_configs = ( %s );%c", elements, '\0');
	struct transform_rules *made = transform_read(name, text.ptr);
	buf_free(&text);
	return made;
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct transform_rules *made = read_relabel(rows[i].rules, rows[i].rules);

		check_str(rows[i].rules, buf_str(&made->faults), STR(""));
		check_way(&rows[i], made->rules, false);
		check_way(&rows[i], made->rules, true);
		transform_free(made);
	}
}

static void replace_writes_a_label(void **state)
{
	static const struct row rows[] = {
		{ "{ source_labels = ['a']; regex = 'f(.*)'; target_label = 'd'; "
		  "replacement = 'ch${1}-ch${1}'; }",
			"m{a='foo',b='bar'}", "m{a='foo',b='bar',d='choo-choo'}" },
		{ "{ source_labels = ['a', 'b']; regex = 'f(.*);(.*)r'; target_label = 'a'; "
		  "replacement = 'b${1}${2}m'; }, "
		  "{ source_labels = ['c', 'a']; regex = '(b).*b(.*)ba(.*)'; "
		  "target_label = 'd'; replacement = '$1$2$2$3'; }",
			"m{a='foo',b='bar',c='baz'}", "m{a='boobam',b='bar',c='baz',d='boooom'}" },
		{ "{ source_labels = ['a']; target_label = 'b'; }", "m{a='1'}", "m{a='1',b='1'}" },
		{ "{ source_labels = ['a']; target_label = 'b'; }", "m{a='1',b='2'}",
			"m{a='1',b='1'}" },
		{ "{ target_label = 'b'; replacement = 'x'; }", "m", "m{b='x'}" },
		{ "{ target_label = 'b'; replacement = 'x'; action = 'replace'; }", "m{b='y'}",
			"m{b='x'}" },
		{ "{ source_labels = ['a']; regex = 'f'; target_label = 'b'; replacement = 'x'; }",
			"m{a='foo'}", "m{a='foo'}" },
		{ "{ source_labels = ['a', 'b']; separator = '@'; target_label = 'c'; }",
			"m{a='1',b='2'}", "m{a='1',b='2',c='1@2'}" },
		{ "{ source_labels = ['a', 'b']; separator = ''; target_label = 'c'; }",
			"m{a='1',b='2'}", "m{a='1',b='2',c='12'}" },
		{ "{ source_labels = ['b', 'none', 'a']; target_label = 'c'; }", "m{a='1',b='2'}",
			"m{a='1',b='2',c='2;;1'}" },
		{ "{ source_labels = ['a']; regex = '(?<key>[a-z]+)-(.*)'; target_label = "
		  "'${key}'; replacement = '${2}'; }",
			"m{a='name-value'}", "m{a='name-value',name='value'}" },
		{ "{ source_labels = ['a']; regex = 'x(y)?'; target_label = 'b'; "
		  "replacement = '<$1>$$'; }",
			"m{a='x'}", "m{a='x',b='<>$'}" },
		{ "{ source_labels = ['a']; regex = '(?<key>.)(?<a1_>.*)'; target_label = 'b'; "
		  "replacement = '$a1_$key'; }",
			"m{a='xyz'}", "m{a='xyz',b='yzx'}" },
		{ "{ source_labels = ['a']; regex = '(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)'; "
		  "target_label = 'b'; replacement = '$11$10'; }",
			"m{a='abcdefghijk'}", "m{a='abcdefghijk',b='kj'}" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void an_empty_result_takes_the_label_away(void **state)
{
	static const struct row rows[] = {
		{ "{ target_label = 'a'; replacement = ''; }", "m{a='1',b='2'}", "m{b='2'}" },
		{ "{ source_labels = ['none']; target_label = 'a'; }", "m{a='1'}", "m" },
		{ "{ source_labels = ['a']; regex = 'x(.*)'; target_label = 'b'; }",
			"m{a='x',b='1'}", "m{a='x'}" },
		{ "{ source_labels = ['none']; target_label = 'a'; action = 'lowercase'; }",
			"m{a='1'}", "m" },
		{ "{ source_labels = ['none']; target_label = 'none2'; }", "m{a='1'}", "m{a='1'}" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void a_target_that_is_no_name_is_left_alone(void **state)
{
	static const struct row rows[] = {
		{ "{ source_labels = ['a']; regex = '(.*)-(.*)'; target_label = '$1'; "
		  "replacement = '$2'; }",
			"m{a='0x-value'}", "m{a='0x-value'}" },
		{ "{ source_labels = ['a']; regex = '(.*)-(.*)'; target_label = '${1}'; "
		  "replacement = '$2'; }",
			"m{a='-value'}", "m{a='-value'}" },
		{ "{ source_labels = ['a']; regex = '(.*)=(.*)'; target_label = 'x_${1}'; "
		  "replacement = '$2'; }",
			"m{a='y z=value'}", "m{a='y z=value'}" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void expressions_are_about_the_whole_text(void **state)
{
	static const struct row rows[] = {
		{ "{ source_labels = ['a']; regex = 'f|o'; action = 'drop'; }", "m{a='foo'}",
			"m{a='foo'}" },
		{ "{ source_labels = ['a']; regex = 'foo|bar'; action = 'drop'; }", "m{a='bar'}",
			NULL },
		{ "{ source_labels = ['a']; regex = '^foo$'; action = 'drop'; }", "m{a='foo'}",
			NULL },
		{ "{ source_labels = ['a']; regex = ''; action = 'drop'; }", "m{a='foo'}",
			"m{a='foo'}" },
		{ "{ source_labels = ['a']; regex = ''; action = 'drop'; }", "m{b='foo'}", NULL },
		{ "{ source_labels = ['a']; regex = '.*b'; action = 'drop'; }", "m{a='x\\nb'}",
			NULL },
		{ "{ source_labels = ['a']; regex = 'x'; action = 'drop'; }", "m{a='x\\n'}",
			"m{a='x\\n'}" },
		{ "{ source_labels = ['a']; regex = '(?i)FOO'; action = 'drop'; }", "m{a='fOo'}",
			NULL },
		{ "{ source_labels = ['a']; regex = '.'; action = 'drop'; }", "m{a='\xc3\xa4'}",
			NULL },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void keep_and_drop_look_at_joined_values(void **state)
{
	static const struct row rows[] = {
		{ "{ source_labels = ['a']; regex = '.*o.*'; action = 'drop'; }", "m{a='foo'}",
			NULL },
		{ "{ source_labels = ['a']; regex = '.*o.*'; action = 'drop'; }", "m{a='bar'}",
			"m{a='bar'}" },
		{ "{ source_labels = ['a']; regex = 'f.*'; action = 'keep'; }", "m{a='foo'}",
			"m{a='foo'}" },
		{ "{ source_labels = ['a']; regex = 'no-match'; action = 'keep'; }", "m{a='foo'}",
			NULL },
		{ "{ source_labels = ['a', 'b']; regex = '1;2'; action = 'keep'; }",
			"m{a='1',b='2'}", "m{a='1',b='2'}" },
		{ "{ source_labels = ['__name__', 'b']; regex = 'm;2'; action = 'drop'; }",
			"m{a='1',b='2'}", NULL },
		{ "{ action = 'drop'; }", "m{a='1'}", NULL },
		{ "{ action = 'keep'; }", "m{a='1'}", "m{a='1'}" },
		{ "{ source_labels = ['a']; regex = '.*o.*'; action = 'drop'; }, "
		  "{ source_labels = ['a']; target_label = 'd'; }",
			"m{a='foo'}", NULL },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void equal_values_keep_or_drop(void **state)
{
	static const struct row rows[] = {
		{ "{ source_labels = ['t']; target_label = 'a'; action = 'keepequal'; }",
			"m{t='1',a='1',b='2'}", "m{t='1',a='1',b='2'}" },
		{ "{ source_labels = ['t']; target_label = 'b'; action = 'keepequal'; }",
			"m{t='1',a='1',b='2'}", NULL },
		{ "{ source_labels = ['t']; target_label = 'a'; action = 'dropequal'; }",
			"m{t='1',a='1',b='2'}", NULL },
		{ "{ source_labels = ['t']; target_label = 'b'; action = 'dropequal'; }",
			"m{t='1',a='1',b='2'}", "m{t='1',a='1',b='2'}" },
		{ "{ source_labels = ['none']; target_label = 'none2'; action = 'keepequal'; }",
			"m{a='1'}", "m{a='1'}" },
		{ "{ source_labels = ['none']; target_label = 'a'; action = 'keepequal'; }",
			"m{a='1'}", NULL },
		{ "{ source_labels = ['a', 'b']; target_label = 'c'; action = 'dropequal'; }",
			"m{a='1',b='2',c='1;2'}", NULL },
		{ "{ source_labels = ['a']; target_label = '__name__'; action = 'dropequal'; }",
			"m{a='m'}", NULL },
		{ "{ source_labels = ['__name__']; target_label = 'a'; action = 'keepequal'; }",
			"m{a='n'}", NULL },
		{ "{ source_labels = ['a']; target_label = 'b'; action = 'keepequal'; }",
			"m{a='x\\\\\\n\\'',b='x\\\\\\n\\''}",
			"m{a='x\\\\\\n\\'',b='x\\\\\\n\\''}" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

// The figures are those of Prometheus' own test.
static void hashmod_divides_the_end_of_md5(void **state)
{
	static const struct row rows[] = {
		{ "{ source_labels = ['c']; target_label = 'd'; action = 'hashmod'; modulus = "
		  "1000; }",
			"m{c='baz'}", "m{c='baz',d='976'}" },
		{ "{ source_labels = ['a']; target_label = 'b'; action = 'hashmod'; modulus = "
		  "1000; }",
			"m{a='foo\\nbar'}", "m{a='foo\\nbar',b='734'}" },
		{ "{ source_labels = ['a']; target_label = 'a'; action = 'hashmod'; modulus = 1; }",
			"m{a='foo'}", "m{a='0'}" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void labelmap_copies_labels_by_their_names(void **state)
{
	static const struct row rows[] = {
		{ "{ regex = '(b.*)'; replacement = 'bar_${1}'; action = 'labelmap'; }",
			"m{a='foo',b1='bar',b2='baz'}",
			"m{a='foo',b1='bar',b2='baz',bar_b1='bar',bar_b2='baz'}" },
		{ "{ regex = 'a_(.*)'; action = 'labelmap'; }", "m{a_x='1',x='2'}",
			"m{a_x='1',x='1'}" },
		{ "{ regex = 'a(.*)'; replacement = 'b$1'; action = 'labelmap'; }",
			"m{a='1',b='2',bx='3',ax='4'}", "m{a='1',b='1',bx='4',ax='4'}" },
		{ "{ regex = 'a'; replacement = 'b'; action = 'labelmap'; }, "
		  "{ regex = 'b'; replacement = 'c'; action = 'labelmap'; }",
			"m{a='1'}", "m{a='1',b='1',c='1'}" },
		{ "{ regex = 'a_(.*)'; action = 'labelmap'; }", "m{a_9='1'}", "m{a_9='1'}" },
		{ "{ regex = '__name__'; replacement = 'metric'; action = 'labelmap'; }",
			"m{a='1'}", "m{a='1',metric='m'}" },
		{ "{ regex = 'a'; replacement = '__name__'; action = 'labelmap'; }", "m{a='new'}",
			"new{a='new'}" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void of_labels_mapped_to_one_name_the_last_by_name_stands(void **state)
{
	static const struct row rows[] = {
		{ "{ regex = 'a|b'; replacement = 'c'; action = 'labelmap'; }", "m{a='1',b='2'}",
			"m{a='1',b='2',c='2'}" },
		{ "{ regex = 'a|b'; replacement = 'c'; action = 'labelmap'; }", "m{b='2',a='1'}",
			"m{b='2',a='1',c='2'}" },
		{ "{ regex = 'a|__name__'; replacement = 'c'; action = 'labelmap'; }", "m{a='1'}",
			"m{a='1',c='1'}" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void a_label_without_a_value_is_none(void **state)
{
	static const struct row rows[] = {
		{ "{ regex = 'a'; replacement = 'b'; action = 'labelmap'; }", "m{a='',b='2'}",
			"m{a='',b='2'}" },
		{ "{ source_labels = ['a']; regex = ''; target_label = 'b'; replacement = 'x'; }",
			"m{a=''}", "m{b='x'}" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void labeldrop_and_labelkeep_go_by_names(void **state)
{
	static const struct row rows[] = {
		{ "{ regex = 'b.*'; action = 'labeldrop'; }", "m{a='foo',b1='bar',b2='baz'}",
			"m{a='foo'}" },
		{ "{ regex = 'b.*|__name__'; action = 'labelkeep'; }",
			"m{a='foo',b1='bar',b2='baz'}", "m{b1='bar',b2='baz'}" },
		{ "{ regex = 'x'; action = 'labeldrop'; }", "m{a='1'}", "m{a='1'}" },
		{ "{ regex = 'a'; action = 'labeldrop'; }, "
		  "{ source_labels = ['a']; regex = ''; target_label = 'b'; replacement = 'x'; }",
			"m{a='1'}", "m{b='x'}" },
		{ "{ regex = '__name__'; action = 'labeldrop'; }, "
		  "{ target_label = '__name__'; replacement = 'n'; }",
			"m{a='1'}", "n{a='1'}" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void letters_change_their_case(void **state)
{
	static const struct row rows[] = {
		{ "{ source_labels = ['a']; target_label = 'u'; action = 'uppercase'; }, "
		  "{ source_labels = ['a']; target_label = 'l'; action = 'lowercase'; }",
			"m{a='bAr123Foo'}", "m{a='bAr123Foo',u='BAR123FOO',l='bar123foo'}" },
		{ "{ source_labels = ['a', 'b']; target_label = 'c'; action = 'uppercase'; }",
			"m{a='x',b='\xc3\xa4'}", "m{a='x',b='\xc3\xa4',c='X;\xc3\x84'}" },
		{ "{ source_labels = ['__name__']; target_label = '__name__'; action = "
		  "'lowercase'; }",
			"MixedName", "mixedname" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void values_are_raw_for_rules_and_escaped_in_the_body(void **state)
{
	static const struct row rows[] = {
		{ "{ source_labels = ['a']; regex = '(.)(.)(.)'; target_label = 'b'; "
		  "replacement = '$3$2$1'; }",
			"m{a='\\n\\\\\\''}", "m{a='\\n\\\\\\'',b='\\'\\\\\\n'}" },
		{ "{ target_label = 'b'; replacement = 'x\\n\\\\y'; }", "m", "m{b='x\\n\\\\y'}" },
		{ "{ regex = 'a'; replacement = 'b'; action = 'labelmap'; }", "m{a='\\\\\\''}",
			"m{a='\\\\\\'',b='\\\\\\''}" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void labels_with_two_underscores_live_until_the_end(void **state)
{
	static const struct row rows[] = {
		{ "{ source_labels = ['a']; target_label = '__tmp'; }, "
		  "{ source_labels = ['__tmp']; target_label = 'b'; }",
			"m{a='1'}", "m{a='1',b='1'}" },
		{ "{ target_label = '__tmp'; replacement = 'x'; }", "m{a='1'}", "m{a='1'}" },
		{ "{ target_label = '__tmp'; replacement = 'x'; }, "
		  "{ source_labels = ['__tmp']; regex = 'x'; action = 'drop'; }",
			"m{a='1'}", NULL },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void faults_are_told_with_their_path(void **state)
{
	static const struct {
		const char *rules, *faults;
	} rows[] = {
		{ "{ regex = 'a('; action = 'drop'; }",
			"metric_relabel_configs[0].regex: no regular expression: missing closing "
			"parenthesis, after 2 bytes\n" },
		{ "{ source_labels = ['a']; }", "metric_relabel_configs[0].target_label: is "
						"missing; the action replace needs it\n" },
		{ "{ source_labels = ['a']; action = 'lowercase'; }",
			"metric_relabel_configs[0].target_label: is missing; the action lowercase "
			"needs it\n" },
		{ "{ action = 'hashmod'; target_label = 'a'; }",
			"metric_relabel_configs[0].modulus: is missing; hashmod divides by it\n" },
		{ "{ action = 'hashmod'; modulus = 5; }",
			"metric_relabel_configs[0].target_label: is missing; the action hashmod "
			"needs it\n" },
		{ "{ source_labels = ['a']; action = 'keepequal'; }",
			"metric_relabel_configs[0].target_label: is missing; the action keepequal "
			"needs it\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; regex = 'x'; action = 'dropequal'; "
		  "}",
			"metric_relabel_configs[0].regex: means nothing to the action dropequal; "
			"remove it\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; replacement = 'x'; action = "
		  "'uppercase'; }",
			"metric_relabel_configs[0].replacement: means nothing to the action "
			"uppercase; remove it\n" },
		{ "{ source_labels = ['a']; regex = 'x'; action = 'labeldrop'; }",
			"metric_relabel_configs[0].source_labels: means nothing to the action "
			"labeldrop; remove it\n" },
		{ "{ target_label = 'a'; regex = 'x'; action = 'labelkeep'; }",
			"metric_relabel_configs[0].target_label: means nothing to the action "
			"labelkeep; remove it\n" },
		{ "{ separator = '+'; replacement = 'x'; regex = 'x'; action = 'labeldrop'; }",
			"metric_relabel_configs[0].separator: means nothing to the action "
			"labeldrop; remove it\n"
			"metric_relabel_configs[0].replacement: means nothing to the action "
			"labeldrop; remove it\n" },
		{ "{ source_labels = ['a-b', '', '9']; action = 'drop'; }",
			"metric_relabel_configs[0].source_labels: 'a-b' is no label name (letters, "
			"digits and _, no digit in front)\n"
			"metric_relabel_configs[0].source_labels: '' is no label name (letters, "
			"digits and _, no digit in front)\n"
			"metric_relabel_configs[0].source_labels: '9' is no label name (letters, "
			"digits and _, no digit in front)\n" },
		{ "{ source_labels = ['a']; target_label = 'b-c'; }",
			"metric_relabel_configs[0].target_label: 'b-c' is no label name (letters, "
			"digits and _, no digit in front)\n" },
		{ "{ source_labels = ['a']; target_label = '0${1}'; }",
			"metric_relabel_configs[0].target_label: '0${1}' is no label name "
			"(letters, digits and _, no digit in front)\n" },
		{ "{ source_labels = ['a']; target_label = '-${1}'; }",
			"metric_relabel_configs[0].target_label: '-${1}' is no label name "
			"(letters, digits and _, no digit in front)\n" },
		{ "{ source_labels = ['a']; target_label = '${1}'; action = 'lowercase'; }",
			"metric_relabel_configs[0].target_label: '${1}' is no label name (letters, "
			"digits and _, no digit in front)\n" },
		{ "{ regex = 'a(.*)'; replacement = 'b-$1'; action = 'labelmap'; }",
			"metric_relabel_configs[0].replacement: 'b-$1' is no label name (letters, "
			"digits and _, no digit in front)\n" },
		{ "{ regex = 'a(.*)'; replacement = ''; action = 'labelmap'; }",
			"metric_relabel_configs[0].replacement: '' is no label name (letters, "
			"digits and _, no digit in front)\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; replacement = '$1x'; }",
			"metric_relabel_configs[0].replacement: there is no group '1x': a "
			"reference goes as far as letters, digits and _ do; write ${1}x\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; replacement = '$1_'; }",
			"metric_relabel_configs[0].replacement: there is no group '1_': a "
			"reference goes as far as letters, digits and _ do; write ${1}_\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; replacement = '$name'; }",
			"metric_relabel_configs[0].replacement: there is no single group 'name'; a "
			"group is a part of the regex in parentheses\n" },
		{ "{ source_labels = ['a']; target_label = '$1x'; }",
			"metric_relabel_configs[0].target_label: there is no group '1x': a "
			"reference goes as far as letters, digits and _ do; write ${1}x\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; replacement = '$2'; }",
			"metric_relabel_configs[0].replacement: there is no single group '2'; a "
			"group is a part of the regex in parentheses\n" },
		{ "{ source_labels = ['a']; regex = 'a.*'; target_label = 'b'; }",
			"metric_relabel_configs[0].replacement: is '$1', the default: there is no "
			"single group '1'; a group is a part of the regex in parentheses\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; replacement = '${2}'; }",
			"metric_relabel_configs[0].replacement: there is no single group '2'; a "
			"group is a part of the regex in parentheses\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; replacement = '${name}'; }",
			"metric_relabel_configs[0].replacement: there is no single group 'name'; a "
			"group is a part of the regex in parentheses\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; replacement = 'a$'; }",
			"metric_relabel_configs[0].replacement: the $ at the end is no reference; "
			"write $1, ${name}, or $$ for itself\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; replacement = '$1 $0 $ 5'; }",
			"metric_relabel_configs[0].replacement: the $ in front of ' 5' is no "
			"reference; write $1, ${name}, or $$ for itself\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; replacement = '${'; }",
			"metric_relabel_configs[0].replacement: the $ in front of '{' is no "
			"reference; write $1, ${name}, or $$ for itself\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; replacement = '${}'; }",
			"metric_relabel_configs[0].replacement: the $ in front of '{}' is no "
			"reference; write $1, ${name}, or $$ for itself\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; replacement = '$-'; }",
			"metric_relabel_configs[0].replacement: the $ in front of '-' is no "
			"reference; write $1, ${name}, or $$ for itself\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; replacement = '\\xff'; }",
			"metric_relabel_configs[0].replacement: is not UTF-8\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; separator = '\\xff'; }",
			"metric_relabel_configs[0].separator: is not UTF-8\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; regex = '\\xff'; }",
			"metric_relabel_configs[0].regex: no regular expression: UTF-8 error: "
			"illegal byte (0xfe or 0xff), after 0 bytes\n" },
		{ "{ source_labels = ['a']; target_label = 'b'; regex = '(.*'; replacement = '$5'; "
		  "}",
			"metric_relabel_configs[0].regex: no regular expression: missing closing "
			"parenthesis, after 3 bytes\n" },
		{ "{ action = 'keep'; }, { regex = 'b)'; source_labels = ['-']; action = 'keep'; }",
			"metric_relabel_configs[1].regex: no regular expression: unmatched closing "
			"parenthesis, after 1 bytes\n"
			"metric_relabel_configs[1].source_labels: '-' is no label name (letters, "
			"digits and _, no digit in front)\n" },
		{ "{ source_labels = ['a']; regex = '(?<n>x)(?<n>y)'; action = 'drop'; }",
			"metric_relabel_configs[0].regex: no regular expression: two named "
			"subpatterns have the same name (PCRE2_DUPNAMES not set), after 12 "
			"bytes\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct transform_rules *made = read_relabel(rows[i].rules, rows[i].rules);

		transform_compare(rows[i].rules, buf_str(&made->faults), rows[i].faults);
		transform_free(made);
	}
}

static void what_prometheus_takes_is_taken(void **state)
{
	static const char *const rows[] = {
		"{ source_labels = ['a']; action = 'keep'; modulus = 5; }",
		"{ source_labels = ['a']; separator = '+'; target_label = 'b'; action = "
		"'labelmap'; }",
		"{ source_labels = ['a']; target_label = 'b${1}c_$1'; }",
		"{ source_labels = ['a']; target_label = 'b'; regex = '(.)'; replacement = "
		"'$1$1-${1}x$$1x$$'; }",
		"{ source_labels = ['a']; target_label = '__name__'; replacement = 'x:y'; }",
		"{ action = 'keep'; }",
		"{ source_labels = ['a']; separator = '+'; target_label = 'b'; regex = 'x'; "
		"modulus = 5; action = 'labelmap'; replacement = 'c'; }",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct transform_rules *made = read_relabel(rows[i], rows[i]);

		check_str(rows[i], buf_str(&made->faults), STR(""));
		transform_free(made);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replace_writes_a_label),
		cmocka_unit_test(an_empty_result_takes_the_label_away),
		cmocka_unit_test(a_target_that_is_no_name_is_left_alone),
		cmocka_unit_test(expressions_are_about_the_whole_text),
		cmocka_unit_test(keep_and_drop_look_at_joined_values),
		cmocka_unit_test(equal_values_keep_or_drop),
		cmocka_unit_test(hashmod_divides_the_end_of_md5),
		cmocka_unit_test(labelmap_copies_labels_by_their_names),
		cmocka_unit_test(of_labels_mapped_to_one_name_the_last_by_name_stands),
		cmocka_unit_test(a_label_without_a_value_is_none),
		cmocka_unit_test(labeldrop_and_labelkeep_go_by_names),
		cmocka_unit_test(letters_change_their_case),
		cmocka_unit_test(values_are_raw_for_rules_and_escaped_in_the_body),
		cmocka_unit_test(labels_with_two_underscores_live_until_the_end),
		cmocka_unit_test(faults_are_told_with_their_path),
		cmocka_unit_test(what_prometheus_takes_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
