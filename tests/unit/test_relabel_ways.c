// SPDX-License-Identifier: Apache-2.0
// Rules that nobody asks to explain take a short way, by name and by what is known of the same labels. It must
// lead where the long way does: random rules on random pages, both ways, thousands of times.
#include "base/hash.h"
#include "transform_run.h"

enum { ROUNDS = 3000, PAGES_PER_RULES = 3 };

// 1. Dice

struct dice {
	uint64_t state;
};

static unsigned roll(struct dice *dice, unsigned n)
{
	dice->state += UINT64_C(0x9e3779b97f4a7c15);
	return (unsigned)(hash_fold(dice->state, UINT64_C(0xe7037ed1a0b428db)) >> 20) % n;
}

#define PICK(dice, list) ((list)[roll((dice), ARRAY_LEN(list))])

// 2. Random rules

static const char *const names[] = { "a", "b", "ab", "h", "s", "h2", "a_sum", "h_count" };
static const char *const label_names[] = { "a", "b", "c", "d", "site", "x__name__" };
static const char *const values[] = { "x", "y", "xy", "h", "a", "h_sum", "1" };

// Those with a group in front, so that $1 means something.
static const char *const groups[] = { "(.*)", "(.)(.*)", "(a|h)(_.*)?", "(x|y)", "(__.*__)",
	"(.+)_sum", "(h)_(bucket|count)", "([a-b])", "x(.*)", "(.*)(;)(.*)" };
static const char *const plain[] = { "", "x", "a|b", "h.*", ".*_count", "__name__", "__name__|a",
	"x;.*", ".*", ".*;y", "[^_].*", "__tmp|b" };
static const char *const sources[] = { "a", "b", "c", "site", "__name__", "__name__", "__tmp",
	"none" };
static const char *const targets[] = { "a", "b", "c", "site", "__name__", "__tmp", "new", "d" };
static const char *const fixed[] = { "x", "", "n", "h", "h_sum", "h_bucket", "a_count", "9" };
static const char *const mapped[] = { "${1}_map", "$1", "x$1" };
static const char *const expanded[] = { "$1", "${1}_sum", "x$1", "${1}", "$0", "${1}s$$" };

static void add_sources(struct dice *dice, struct buf *out, unsigned most)
{
	unsigned n = roll(dice, most + 1);

	if (!n)
		return;
	buf_add(out, STR(" source_labels = ["));
	for (unsigned i = 0; i < n; i++)
		buf_addf(out, "%s'%s'", i ? ", " : "", PICK(dice, sources));
	buf_add(out, STR("];"));
	if (roll(dice, 4) == 0)
		buf_addf(out, " separator = '%s';", roll(dice, 2) ? "" : "_");
}

static bool add_regex(struct dice *dice, struct buf *out)
{
	bool has_group = roll(dice, 2);

	buf_addf(out, " regex = '%s';", has_group ? PICK(dice, groups) : PICK(dice, plain));
	return has_group;
}

static void add_replace(struct dice *dice, struct buf *out)
{
	add_sources(dice, out, 2);
	bool has_group = add_regex(dice, out);
	if (has_group && roll(dice, 5) == 0)
		buf_add(out, STR(" target_label = '${1}';"));
	else
		buf_addf(out, " target_label = '%s';", PICK(dice, targets));
	buf_addf(out, " replacement = '%s';",
		has_group && roll(dice, 3) ? PICK(dice, expanded) : PICK(dice, fixed));
}

static void add_labelmap(struct dice *dice, struct buf *out)
{
	bool has_group = add_regex(dice, out);

	buf_addf(out, " replacement = '%s'; action = 'labelmap';",
		has_group && roll(dice, 2) ? PICK(dice, mapped) : PICK(dice, targets));
}

static void add_rule(struct dice *dice, struct buf *out)
{
	static const char *const filters[] = { "keep", "drop", "drop", "drop" };
	static const char *const whole[] = { "lowercase", "uppercase", "keepequal", "dropequal",
		"dropequal", "hashmod'; modulus = 3; separator = ';" };

	buf_add(out, STR("{"));
	switch (roll(dice, 8)) {
	case 0:
		buf_addf(out, " source_labels = ['%s'];", PICK(dice, sources));
		buf_addf(out, " target_label = '%s'; action = '%s';", PICK(dice, targets),
			PICK(dice, whole));
		break;
	case 1:
	case 2:
		add_sources(dice, out, 2);
		add_regex(dice, out);
		buf_addf(out, " action = '%s';", PICK(dice, filters));
		break;
	case 3: add_labelmap(dice, out); break;
	case 4:
		add_regex(dice, out);
		buf_addf(out, " action = 'label%s';", roll(dice, 6) ? "drop" : "keep");
		break;
	default: add_replace(dice, out); break;
	}
	buf_add(out, STR(" }"));
}

static char *make_rules(struct dice *dice)
{
	struct buf out = buf_new(UNIT_LIMIT);
	unsigned n = 1 + roll(dice, 4);

	if (roll(dice, 8) == 0)
		buf_addf(&out, "rename = { %s = '%s'; };\n", PICK(dice, names), PICK(dice, names));
	if (roll(dice, 8) == 0)
		buf_addf(&out, "exclude = ['%s*'];\n", PICK(dice, names));
	buf_add(&out, STR("metric_relabel_configs = ( "));
	for (unsigned i = 0; i < n; i++) {
		buf_add(&out, i ? STR(",\n\t") : STR(""));
		add_rule(dice, &out);
	}
	buf_add(&out, STR(" );"));
	buf_add_byte(&out, '\0');
	return out.ptr;
}

// 3. Random pages

static void add_labels(struct dice *dice, struct buf *out, const char *bound)
{
	unsigned start = roll(dice, ARRAY_LEN(label_names)), n = roll(dice, 4);
	const char *comma = "";

	buf_add(out, STR("{"));
	for (unsigned i = 0; i < n; i++) {
		const char *name = label_names[(start + i * 2) % ARRAY_LEN(label_names)];
		buf_addf(out, "%s%s='%s'", comma, name, roll(dice, 8) ? PICK(dice, values) : "");
		comma = ",";
	}
	if (bound)
		buf_addf(out, "%s%s", comma, bound);
	buf_add(out, STR("}"));
}

static void add_histogram(struct dice *dice, struct buf *out, const char *name)
{
	struct buf labels = buf_new(UNIT_LIMIT);

	add_labels(dice, &labels, "le='1'");
	int n = (int)labels.len - (int)strlen("le='1'}");
	buf_addf(out, "# TYPE %s histogram\n", name);
	buf_addf(out, "%s_bucket%.*sle='1'} 1\n%s_bucket%.*sle='+Inf'} 2\n", name, n, labels.ptr,
		name, n, labels.ptr);
	buf_addf(out, "%s_sum%.*s} 3\n%s_count%.*s} 2\n", name, n, labels.ptr, name, n, labels.ptr);
	buf_free(&labels);
}

static void add_summary(struct dice *dice, struct buf *out, const char *name)
{
	buf_addf(out, "# TYPE %s summary\n# HELP %s of %s\n", name, name, name);
	buf_addf(out, "%s", name);
	add_labels(dice, out, "quantile='0.5'");
	buf_addf(out, " 1\n%s_sum", name);
	add_labels(dice, out, NULL);
	buf_addf(out, " 2\n%s_count", name);
	add_labels(dice, out, NULL);
	buf_add(out, STR(" 3\n"));
}

static void add_plain(struct dice *dice, struct buf *out, const char *name)
{
	static const char *const types[] = { "gauge", "counter", "untyped" };
	unsigned n = 1 + roll(dice, 6);

	if (roll(dice, 2))
		buf_addf(out, "# TYPE %s %s\n", name, PICK(dice, types));
	for (unsigned i = 0; i < n; i++) {
		buf_addf(out, "%s", name);
		add_labels(dice, out, NULL);
		buf_addf(out, " %u\n", roll(dice, 100));
	}
}

static char *make_page(struct dice *dice)
{
	struct buf out = buf_new(UNIT_LIMIT);

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *name = names[i];

		if (roll(dice, 3) == 0)
			continue;
		if (name[0] == 'h' && roll(dice, 2))
			add_histogram(dice, &out, name);
		else if (name[0] == 's')
			add_summary(dice, &out, name);
		else
			add_plain(dice, &out, name);
	}
	buf_add(&out, STR("last 1\n"));
	buf_add_byte(&out, '\0');
	return out.ptr;
}

// 4. Both ways

struct way {
	struct transform_result result;
	struct buf text; // body, repairs, what is left out: labels sorted by name, none empty
};

static int order(const void *a, const void *b)
{
	return str_order(*(const struct str *)a, *(const struct str *)b);
}

// What stands between braces; no value has a comma or a brace.
static void add_sorted(struct buf *out, struct str labels)
{
	struct str parts[32], part;
	size_t n = 0;

	while (labels.len && n < ARRAY_LEN(parts)) {
		str_cut(labels, ',', &part, &labels);
		if (!str_ends_with(part, STR("=\"\"")))
			parts[n++] = part;
	}
	qsort(parts, n, sizeof(*parts), order);
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s%.*s", i ? "," : "", STR_ARG(parts[i]));
}

static void add_normal(struct buf *out, struct str text)
{
	struct str plain_part, labels;

	while (str_cut(text, '{', &plain_part, &text)) {
		buf_add(out, plain_part);
		str_cut(text, '}', &labels, &text);
		buf_add(out, STR("{"));
		add_sorted(out, labels);
		buf_add(out, STR("}"));
	}
	buf_add(out, plain_part);
}

// Without the series that a family's fault names: its labels are shown without those of the source if no rule
// has changed them. And without exported labels, which count where they come to be: perhaps never, if the sample
// goes for another reason.
static void add_told(struct buf *out, struct str told)
{
	struct str line;

	while (str_cut(told, '\n', &line, &told)) {
		if (str_starts_with(line, STR("exported_label=")))
			continue;
		const char *example = line.len ? memmem(line.ptr, line.len, ", such as", 9) : NULL;

		add_normal(out, example ? str_between(line.ptr, example) : line);
		buf_add(out, STR("\n"));
	}
}

static void go(struct way *way, struct rules *rules, struct transform_input input, bool explains)
{
	input.explains = explains;
	transform_run(&way->result, rules, &input);
	way->text = buf_new(UNIT_LIMIT);
	add_normal(&way->text, buf_str(&way->result.body));
	add_told(&way->text, buf_str(&way->result.told));
}

static void check_ways(
	unsigned round, const char *text, struct rules *rules, const struct transform_input *input)
{
	struct way fast, slow;

	go(&slow, rules, *input, true);
	go(&fast, rules, *input, false);
	if (!str_eq(buf_str(&fast.text), buf_str(&slow.text))) {
		fprintf(stderr,
			"round %u, added %s, forced %zu, sink %d, complete %d\nrules:\n%s\n"
			"page:\n%s\nshort way:\n%.*s\nlong way:\n%.*s\n",
			round, input->added, input->n_forced, input->of_sink, input->complete, text,
			input->page, STR_ARG(buf_str(&fast.text)), STR_ARG(buf_str(&slow.text)));
		fail();
	}
	assert_int_equal(fast.result.run->n_series, slow.result.run->n_series);
	buf_free(&fast.text);
	buf_free(&slow.text);
	transform_release(&fast.result);
	transform_release(&slow.result);
}

static void both_ways_lead_to_the_same(void **state)
{
	struct dice dice = { 1 };

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		char *text = make_rules(&dice);
		struct transform_rules *made = transform_read(text, text);

		check_str(text, buf_str(&made->faults), STR(""));
		for (unsigned i = 0; i < PAGES_PER_RULES; i++) {
			char *page = make_page(&dice);
			struct transform_input input = { .page = page,
				.added = roll(&dice, 2) ? "site='z',d='w'" : NULL,
				.of_sink = roll(&dice, 2),
				.complete = roll(&dice, 8) == 0 };

			input.n_forced = input.added ? roll(&dice, 3) : 0;
			check_ways(round, text, made->rules, &input);
			free(page);
		}
		transform_free(made);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_lead_to_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
