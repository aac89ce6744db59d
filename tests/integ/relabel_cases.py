# SPDX-License-Identifier: Apache-2.0
"""Pages and metric_relabel_configs of all kinds, as Prometheus and brokerpush must agree on them.

A case is a page, the rules, and settings of the scrape (honor_labels, labels). Those of CASES are
written by hand, one for each thing that can be said; random_case() makes as many more as wanted.
"""

import random
from dataclasses import dataclass, field


@dataclass
class Case:
    page: str
    rules: list
    settings: dict = field(default_factory=dict)


# `n` keeps series apart whatever rules do to the others.
GAUGES = """\
# HELP one The first.
# TYPE one gauge
one{a="x",b="y",n="1"} 1
one{a="x-1",b="",n="2"} 2
one{a="",b="y;z",n="3"} 3
one{c="Alpha",n="4"} 4
one{n="5"} 5
# TYPE two gauge
two{a="x",b="y",n="6"} 6
two{a="y",b="y",c="x",n="7"} 7
# TYPE three_total counter
three_total{a="x",n="8"} 8
three_total{b="y",n="9"} 9
"""

ESCAPES = r"""
# TYPE esc gauge
esc{a="back\\slash",n="1"} 1
esc{a="quo\"te",n="2"} 2
esc{a="line\nend",n="3"} 3
esc{a="both\\n",n="4"} 4
esc{a="\\\"\n",n="5"} 5
esc{a="tab	tab",n="6"} 6
esc{a="$1",n="7"} 7
esc{a="${n}$$",n="8"} 8
"""

CHARACTERS = "".join(
    f'ch{{a="{text}",n="{number}"}} {number}\n' for number, text in enumerate((
        "Grüße", "ÀÉÎÕÜ", "straße", "İstanbul", "ısı", "ΑΒΓΔΩΣ", "σίσυφος", "ПРИВЕТ", "привет",
        "Ǆ", "ǅ", "ǆ", "ﬁ", "ŉ", "ǰ", "ΐ", "Ⅷ", "ⅷ", "ⓐ", "Ⓐ", "ａＡ", "𐐀", "𐐨", "Ა", "ა",
        "Ꭰ", "ꭰ", "K", "Å", "ſ", "日本", "😀", "ẞ", "ÿ", "Ÿ", "µ", "ͅ", "ᾳ", "ᾼ", "Ⱥ", "ⱥ", "ɐ", "Ɐ",
        "Ᏸ", "ᏸ", "ᲀ", "𞤀", "𞤢", "aÉz;Z", "\u0345")))

# A mark that belongs to no script, but is used with Greek: PCRE2 counts it as Greek, RE2 does not.
WITHOUT_EXTENSIONS = "".join(line for line in CHARACTERS.splitlines(True) if "\u0345" not in line)

HISTOGRAM = """\
# HELP h Durations.
# TYPE h histogram
h_bucket{a="x",le="0.5"} 1
h_bucket{a="x",le="2.5"} 2
h_bucket{a="x",le="+Inf"} 3
h_sum{a="x"} 4.5
h_count{a="x"} 3
h_bucket{a="y",le="0.5"} 0
h_bucket{a="y",le="2.5"} 0
h_bucket{a="y",le="+Inf"} 1
h_sum{a="y"} 7
h_count{a="y"} 1
# TYPE s summary
s{a="x",quantile="0.5"} 0.25
s{a="x",quantile="0.99"} NaN
s_sum{a="x"} 17.5
s_count{a="x"} 12
"""

COLLIDING = """\
# TYPE m gauge
m{ab="1",ac="2",bb="3",x="4",n="1"} 1
m{ab="1",ba="2",n="2"} 2
m{ab="",ac="5",b="6",n="3"} 3
"""


def replace(target, replacement=None, regex=None, sources=None, **more):
    rule = {"source_labels": sources, "regex": regex, "target_label": target,
            "replacement": replacement, **more}
    return {name: value for name, value in rule.items() if value is not None}


def about(action, sources=None, regex=None, **more):
    rule = {"source_labels": sources, "regex": regex, **more, "action": action}
    return {name: value for name, value in rule.items() if value is not None}


CASES = {
    "no-rules": Case(GAUGES, []),

    # replace, and what it does by default
    "copy": Case(GAUGES, [replace("new", sources=["a"])]),
    "copy-over-one-that-is-there": Case(GAUGES, [replace("b", sources=["a"], regex="(.+)")]),
    "copy-of-a-missing-label-deletes": Case(GAUGES, [replace("b", sources=["nothing"])]),
    "constant": Case(GAUGES, [replace("new", "word")]),
    "constant-of-an-empty-source": Case(GAUGES, [replace("new", "word", "", ["a"])]),
    "named-action": Case(GAUGES, [replace("new", "w", action="replace")]),
    "empty-replacement-deletes": Case(GAUGES, [replace("a", "")]),
    "empty-replacement-of-a-match": Case(GAUGES, [replace("a", "", "x", ["a"])]),
    "empty-group-deletes": Case(GAUGES, [replace("b", "$2", "(x)(-.*)?", ["a"])]),
    "no-match-changes-nothing": Case(GAUGES, [replace("a", "gone", "nobody", ["a"])]),
    "anchored-in-front": Case(GAUGES, [replace("new", "w", "1", ["a"])]),
    "anchored-behind": Case(GAUGES, [replace("new", "w", "x", ["a"])]),
    "anchored-around-alternatives": Case(GAUGES, [replace("new", "w", "x|y", ["a"])]),
    "own-anchors": Case(GAUGES, [replace("new", "w", "^x.*$", ["a"])]),
    "empty-regex": Case(GAUGES, [replace("new", "w", "", ["a"])]),
    "case-matters": Case(GAUGES, [replace("new", "w", "alpha", ["c"])]),
    "case-set-aside": Case(GAUGES, [replace("new", "w", "(?i)alpha", ["c"])]),
    "source-label-without-target-change": Case(GAUGES, [replace("a", "${1}", "(.*)", ["a"])]),

    # Several source labels, and what stands between them
    "two-sources": Case(GAUGES, [replace("new", sources=["a", "b"])]),
    "two-sources-the-other-way": Case(GAUGES, [replace("new", sources=["b", "a"])]),
    "one-source-twice": Case(GAUGES, [replace("new", sources=["a", "a"])]),
    "three-sources-of-which-some-are-missing": Case(
        GAUGES, [replace("new", sources=["c", "nothing", "a"])]),
    "own-separator": Case(GAUGES, [replace("new", sources=["a", "b"], separator="/")]),
    "long-separator": Case(GAUGES, [replace("new", sources=["a", "b"], separator=" and é ")]),
    "empty-separator": Case(GAUGES, [replace("new", sources=["a", "b"], separator="")]),
    "separator-in-a-value": Case(GAUGES, [
        replace("new", "$2.$1", "([^;]*);(.*)", ["a", "b"])]),
    "separator-alone-matches": Case(GAUGES, [replace("new", "empty", ";", ["a", "b"])]),
    "name-among-the-sources": Case(GAUGES, [
        replace("new", "$1:$2", "(.*);(.*)", ["__name__", "a"])]),

    # References
    "braces": Case(GAUGES, [replace("new", "<${1}>", sources=["a"])]),
    "whole-match": Case(GAUGES, [replace("new", "$0", "x(.*)", ["a"])]),
    "dollar": Case(GAUGES, [replace("new", "$$1$$", "x(.*)", ["a"])]),
    "many-groups": Case(GAUGES, [replace(
        "new", "$10${11}$1", "(o)(n)(e)(;)()()()()()(x)(.*)", ["__name__", "a"])]),
    "group-by-name": Case(GAUGES, [replace(
        "new", "${first}+$second", "(?P<first>.)(?P<second>.*)", ["a"])]),
    "group-that-took-no-part": Case(GAUGES, [replace("new", "[$1$2]", "(x)|(y)", ["a"])]),
    "nested-groups": Case(GAUGES, [replace("new", "$3$2$1", "((.)(-.*)?)", ["a"])]),
    "group-without-number": Case(GAUGES, [replace("new", "$1", "(?:x)(.*)", ["a"])]),
    "slashes-around-references": Case(GAUGES, [replace(
        "new", "$1/$2-$1", "(.*);(.*)", ["a", "b"])]),
    "value-with-references-is-no-template": Case(ESCAPES, [
        replace("new", sources=["a"], regex="(.*)"), replace("newer", sources=["new"],
                                                             regex="(.*)")]),
    "lazy-and-greedy": Case(GAUGES, [replace("new", "$1|$2", "(.*?)(-?.*)", ["a"])]),
    "classes": Case(GAUGES, [replace("new", "$1", r"([[:alpha:]])[^\w]\d", ["a"])]),
    "letters-of-ascii-only": Case(CHARACTERS, [replace("new", "w", r"\w+", ["a"])]),
    "unicode-classes": Case(WITHOUT_EXTENSIONS, [replace("new", "w", r"\p{Greek}+", ["a"])]),
    "one-character": Case(CHARACTERS, [replace("new", "w", ".", ["a"])]),
    "folded-beyond-ascii": Case(CHARACTERS, [replace("new", "w", "(?i)k|å|ς.*|.*É.*", ["a"])]),

    # Templates as target
    "target-by-reference": Case(GAUGES, [replace("$1", "w", "(.*)", ["a"])]),
    "target-by-reference-and-letters": Case(GAUGES, [replace("l_${1}_r", "w", "(.*)", ["a"])]),
    "target-that-is-no-name": Case(GAUGES, [replace("${1}", "w", "([xy].*)", ["a"])]),
    "target-that-is-empty": Case(GAUGES, [replace("$2", "w", "(x)(.*)", ["a"])]),
    "target-that-is-there": Case(GAUGES, [replace("$1", "w", ".(.).*", ["__name__"])]),
    "target-is-the-name-by-reference": Case(GAUGES, [
        replace("c", "na", "Alpha", ["c"]), replace("__${1}me__", "other", "(na)", ["c"])]),

    # keep and drop
    "keep-by-name": Case(GAUGES, [about("keep", ["__name__"], "one|three.*")]),
    "keep-by-label": Case(GAUGES, [about("keep", ["a"], "x.*")]),
    "keep-those-without": Case(GAUGES, [about("keep", ["a"], "")]),
    "keep-by-default-regex": Case(GAUGES, [about("keep", ["a"])]),
    "keep-without-sources": Case(GAUGES, [about("keep", regex=".+")]),
    "keep-without-sources-an-empty-text": Case(GAUGES, [about("keep", regex="")]),
    "drop-by-name": Case(GAUGES, [about("drop", ["__name__"], "two")]),
    "drop-by-labels": Case(GAUGES, [about("drop", ["a", "b"], "x;y")]),
    "drop-those-without": Case(GAUGES, [about("drop", ["b", "c"], ";")]),
    "drop-all": Case(GAUGES, [about("drop")]),
    "drop-is-anchored": Case(GAUGES, [about("drop", ["__name__"], "tw")]),
    "drop-by-the-added-label": Case(GAUGES, [about("drop", ["instance"], ".*added.*")]),
    "keep-by-the-added-label": Case(GAUGES, [about("keep", ["instance"], ".*added.*")]),

    # keepequal and dropequal
    "keepequal": Case(GAUGES, [about("keepequal", ["a"], target_label="b")]),
    "keepequal-of-two-that-are-missing": Case(GAUGES, [
        about("keepequal", ["nothing"], target_label="c")]),
    "keepequal-of-two-sources": Case(GAUGES, [
        replace("both", sources=["a", "b"]), replace("both", "x;y", "", ["c"]),
        about("keepequal", ["a", "b"], target_label="both")]),
    "dropequal": Case(GAUGES, [about("dropequal", ["a"], target_label="b")]),
    "dropequal-of-one-with-itself": Case(GAUGES, [about("dropequal", ["a"], target_label="a")]),
    "dropequal-of-the-name": Case(GAUGES, [
        replace("c", "two", "x", ["c"]), about("dropequal", ["__name__"], target_label="c")]),

    # hashmod
    "hashmod": Case(GAUGES, [about("hashmod", ["a"], target_label="h", modulus=1000000007)]),
    "hashmod-of-two-sources": Case(GAUGES, [
        about("hashmod", ["a", "b"], target_label="h", modulus=97, separator="|")]),
    "hashmod-by-one": Case(GAUGES, [about("hashmod", ["a"], target_label="h", modulus=1)]),
    "hashmod-by-a-large-one": Case(CHARACTERS, [
        about("hashmod", ["a"], target_label="h", modulus=(1 << 62) + 1)]),
    "hashmod-without-sources": Case(GAUGES, [about("hashmod", target_label="h", modulus=1000)]),
    "hashmod-of-escapes": Case(ESCAPES, [
        about("hashmod", ["a", "n"], target_label="h", modulus=1000003)]),
    "hashmod-minds-no-regex": Case(GAUGES, [
        about("hashmod", ["a"], "nobody", target_label="h", modulus=1000)]),
    "shards": Case(GAUGES, [
        about("hashmod", ["__name__", "a"], target_label="__tmp_hash", modulus=3),
        about("keep", ["__tmp_hash"], "1")]),

    # Upper and lower case
    "lowercase": Case(GAUGES, [about("lowercase", ["c"], target_label="c")]),
    "uppercase": Case(GAUGES, [about("uppercase", ["a", "b"], target_label="new")]),
    "lowercase-deletes-what-is-missing": Case(GAUGES, [
        about("lowercase", ["nothing"], target_label="a")]),
    "lowercase-beyond-ascii": Case(CHARACTERS, [about("lowercase", ["a"], target_label="low")]),
    "uppercase-beyond-ascii": Case(CHARACTERS, [about("uppercase", ["a"], target_label="up")]),
    "uppercase-minds-no-regex": Case(GAUGES, [
        about("uppercase", ["a"], "nobody", target_label="new")]),
    "uppercase-of-escapes": Case(ESCAPES, [about("uppercase", ["a"], target_label="a")]),

    # labelmap
    "labelmap": Case(GAUGES, [about("labelmap", regex="([ab])", replacement="copy_$1")]),
    "labelmap-to-one-name": Case(COLLIDING, [about("labelmap", regex="a(.)", replacement="one")]),
    "labelmap-over-one-that-is-there": Case(COLLIDING, [
        about("labelmap", regex="a(.)", replacement="b$1")]),
    "labelmap-by-default-replacement": Case(COLLIDING, [about("labelmap", regex="a(.)")]),
    "labelmap-to-itself": Case(COLLIDING, [about("labelmap")]),
    "labelmap-around": Case(COLLIDING, [
        about("labelmap", regex="(ab|ac|bb)", replacement="a_$1"),
        about("labelmap", regex="a_(.)(.)", replacement="$2$1")]),
    "labelmap-sees-only-what-was-there": Case(COLLIDING, [
        about("labelmap", regex="(a)(.*)", replacement="aa$2")]),
    "labelmap-sees-the-name": Case(GAUGES, [
        about("labelmap", regex="__(name)__", replacement="metric_$1")]),
    "labelmap-to-the-name": Case(COLLIDING, [
        replace("new", "here"), about("labelmap", regex="new", replacement="__name__")]),
    "labelmap-minds-no-sources": Case(GAUGES, [
        about("labelmap", ["a"], "(b)", replacement="n_$1")]),

    # labeldrop and labelkeep
    "labeldrop": Case(GAUGES, [about("keep", ["__name__"], "two"),
                               about("labeldrop", regex="c|nothing")]),
    "labeldrop-is-anchored": Case(GAUGES, [about("labeldrop", regex="nstanc")]),
    "labeldrop-of-the-added-label": Case(GAUGES, [about("labeldrop", regex="instance")]),
    "labelkeep": Case(GAUGES, [about("keep", ["a"], "."), about("drop", ["c"], "."),
                               about("labelkeep", regex="a|n|__name__")]),

    # Order, and labels for a while
    "in-order": Case(GAUGES, [replace("a", "z", "x", ["a"]), replace("a", "zz", "z", ["a"]),
                              about("drop", ["a"], "x"), about("keep", ["a"], "z*")]),
    "dropped-before-it-is-changed": Case(GAUGES, [
        about("drop", ["a"], "x"), replace("a", "x", "x-1", ["a"])]),
    "kept-for-a-while": Case(GAUGES, [
        replace("__tmp", "$1", "(.)-.*", ["a"]), replace("new", "got $1", "(.+)", ["__tmp"])]),
    "swapped": Case(GAUGES, [
        replace("__a", sources=["a"]), replace("a", sources=["b"]),
        replace("b", sources=["__a"])]),
    "copied-in-a-chain": Case(GAUGES, [
        replace(f"l{i + 1}", f"${{1}}{i}", "(.+)", [f"l{i}" if i else "a"]) for i in range(9)]),

    # Names
    "name-by-rule": Case(GAUGES, [replace("__name__", "new_one", "one", ["__name__"])]),
    "name-with-prefix": Case(GAUGES, [replace("__name__", "p_${1}", "(.*)", ["__name__"])]),
    "name-with-colon": Case(GAUGES, [replace("__name__", "p:${1}", "(.*)", ["__name__"])]),
    "name-by-label": Case(GAUGES, [
        replace("__name__", "one_$1", "one;([a-z])", ["__name__", "a"])]),
    "part-of-a-family-to-another": Case(GAUGES, [
        replace("c", "w", "one;x-1", ["__name__", "a"]),
        replace("__name__", "two", "one;x-1", ["__name__", "a"])]),
    "name-of-a-histogram": Case(HISTOGRAM, [
        replace("__name__", "g_$1", "h_(bucket|sum|count)", ["__name__"])]),
    "names-of-all": Case(HISTOGRAM, [replace("__name__", "my_${1}", "(.*)", ["__name__"])]),
    "name-of-a-summary": Case(HISTOGRAM, [
        replace("__name__", "t$1", "s((?:_sum|_count)?)", ["__name__"])]),
    "histogram-of-one-label": Case(HISTOGRAM, [about("drop", ["a"], "x")]),
    "histogram-without-some-buckets": Case(HISTOGRAM, [
        about("drop", ["__name__", "le"], "h_bucket;0[.]5")]),
    "quantiles-dropped": Case(HISTOGRAM, [about("drop", ["quantile"], "0[.]5")]),
    "part-of-a-histogram-to-another": Case(HISTOGRAM, [
        replace("__name__", "k_$1", "h_(.*);y", ["__name__", "a"])]),
    "whole-histogram-dropped": Case(HISTOGRAM, [about("drop", ["__name__"], "h_.*")]),
    "bare-name-of-a-histogram-matches-nothing": Case(HISTOGRAM, [
        about("drop", ["__name__"], "h")]),

    # Values with all that text can hold
    "escapes-unchanged": Case(ESCAPES, []),
    "escapes-copied": Case(ESCAPES, [replace("new", "<$1>", "(.*)", ["a"])]),
    "backslash-matched": Case(ESCAPES, [replace("new", r"w\w", r".*\\.*", ["a"])]),
    "quote-matched": Case(ESCAPES, [replace("new", '"w"', '.*".*', ["a"])]),
    "line-end-matched": Case(ESCAPES, [replace("new", "a\nb", "(?s).*\n.*", ["a"])]),
    "line-end-spelled": Case(ESCAPES, [replace("new", "$1", r"([^\n]*)\n([^\n]*)", ["a"])]),
    "line-end-and-backslash-n-differ": Case(ESCAPES, [replace("new", "w", r"both\\n", ["a"])]),
    "tab-matched": Case(ESCAPES, [replace("new", "w", r"tab\ttab", ["a"])]),
    "utf8-copied": Case(CHARACTERS, [replace("new", "→$1←", "(.*)", ["a"])]),
    "utf8-matched": Case(CHARACTERS, [replace("new", "😀", "[日本]+|Grü.*", ["a"])]),
    "utf8-separator": Case(CHARACTERS, [replace("new", sources=["a", "n"], separator="é")]),
    "by-code-point": Case(CHARACTERS, [replace("new", "w", r"\x{65e5}.|[\x{10000}-\x{10ffff}]",
                                               ["a"])]),

    # Labels that the configuration adds
    "rules-see-added-labels": Case(GAUGES, [replace("new", sources=["region", "instance"])],
                                   {"labels": {"region": "eu"}}),
    "rules-change-added-labels": Case(GAUGES, [replace("region", "$1-1", "(.*)", ["region"])],
                                      {"labels": {"region": "eu"}}),
    "added-label-stands-back": Case('m{region="own"} 1\nm{region=""} 2\n', [
        replace("seen", "<$1>", "(.*)", ["region"])], {"labels": {"region": "eu"}}),
    "honor-labels-false": Case(
        'm{region="own",n="1"} 1\nm{region="",n="2"} 2\nm{n="3"} 3\n'
        'm{region="own",exported_region="x",n="4"} 4\n',
        [replace("seen", "$1", "(.+)", ["exported_region"])],
        {"labels": {"region": "eu"}, "honor_labels": False}),
}

# Random ones

NAMES = ("alpha", "beta", "events", "gamma_x", "gamma:y", "delta9")
LABELS = ("a", "b", "c", "ab", "bc", "long_name")
VALUES = ("x", "y", "X", "x-1", "y-22", "a;b", ";", "", "a", "ab", "Éa", "ß", "日本", "1", "007",
          "long " * 12, 'q"q', "back\\slash", "line\nend", "$1", "a.b.c", " ", "b")
REGEXES = (  # with how many groups they have
    ("(.*)", 1), ("(.+)", 1), ("x", 0), ("x.*", 0), (".*[0-9].*", 0), ("([a-z]+)-([0-9]+)", 2),
    ("(.*);(.*)", 2), ("([^;]*);?(.*)", 2), ("(?i)(x|y)(.*)", 2), ("", 0), ("|x|y", 0),
    (r"(\w*)", 1), (r"\W+", 0), ("(.).*(.)", 2), ("(a|ab)(c|bcd)?(.*)", 3), ("[^a]*", 0),
    ("(?:x|(y)).*", 1), (".*é.*|.*É.*", 0), ("(alpha|beta).*", 1), ("(.*)_(.*)", 2),
    (".*;", 0), (";.*", 0), ("..", 0), (".*\n.*", 0), (r".*\\.*", 0))
NAME_REGEXES = (("a", 0), ("(a|b)", 1), ("(.)", 1), ("(.)(.)", 2), ("(.*)_(.*)", 2), ("b.*", 0),
                ("[a-c]+", 0), ("(.*)", 1), ("instance", 0), ("nobody", 0))
TARGETS = (*LABELS, "new", "newer", "__tmp", "instance")
ACTIONS = ("replace",) * 8 + ("keep", "drop", "drop", "labelmap", "labelmap", "labeldrop",
                              "labelkeep", "hashmod", "lowercase", "uppercase", "keepequal",
                              "dropequal")


def random_case(seed):
    """The same for the same seed. All families are gauges, since rules join them, and a gateway
    wants one type for a name over all groups."""
    chance = random.Random(seed)
    page, seen = [], set()
    for name in chance.sample(NAMES, chance.randint(1, 4)):
        page.append(f"# TYPE {name} gauge\n")
        for _ in range(chance.randint(1, 6)):
            labels = {label: chance.choice(VALUES)
                      for label in chance.sample(LABELS, chance.randint(0, 4))}
            key = name, frozenset(pair for pair in labels.items() if pair[1])
            if key not in seen:
                seen.add(key)
                page.append(sample_line(name, labels, len(seen)))
    return Case("".join(page), [random_rule(chance) for _ in range(chance.randint(1, 5))])


def sample_line(name, labels, value):
    def escaped(text):
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    inside = ",".join(f'{label}="{escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inside}}} {value}\n"


def random_rule(chance):
    action = chance.choice(ACTIONS)
    return {"action": action, **RULE_MAKERS.get(action, random_target)(chance)}


def random_replace(chance):
    regex, n_groups = chance.choice(REGEXES)
    rule = {**random_sources(chance), "regex": regex, "target_label": chance.choice(TARGETS)}
    if chance.random() < 0.8 or n_groups == 0:
        rule["replacement"] = random_replacement(chance, n_groups)
    kind = chance.random()
    if kind < 0.1 and n_groups:
        # Before 2.49 an empty value did not delete a target that came of a template.
        rule["target_label"] = chance.choice(("$1", "t_${1}", "${1}_t"))
        rule["replacement"] = "x" + rule.get("replacement", "")
    elif kind < 0.25:
        rule["target_label"] = "__name__"
        rule["replacement"] = chance.choice(("made", "alpha", "beta", "events"))
    return rule


def random_replacement(chance, n_groups):
    parts = ["fixed", "", "é", "$$", " ", *(f"${{{i}}}" for i in range(n_groups + 1)),
             *(f"${{{i}}}" for i in range(n_groups + 1))]
    return "".join(chance.choice(parts) for _ in range(chance.randint(1, 3)))


def random_sources(chance):
    rule = {"source_labels": [chance.choice((*LABELS, *LABELS, "__name__", "new", "instance",
                                             "nothing", "__tmp"))
                              for _ in range(chance.randint(1, 3))]}
    if chance.random() < 0.3:
        rule["separator"] = chance.choice(("", "/", "-", ", "))
    return rule


def random_match(chance):
    return {**random_sources(chance), "regex": chance.choice(REGEXES)[0]}


def random_labelmap(chance):
    regex, n_groups = chance.choice(NAME_REGEXES)
    by_group = ("m_$1", "$1", "${1}_m", "${1}b") if n_groups else ()
    return {"regex": regex, "replacement": chance.choice(("a", "new", *by_group, *by_group))}


def random_labeldrop(chance):
    return {"regex": chance.choice(("a", "b.*", "[ab]", "instance|c", "new.*", "nobody"))}


def random_labelkeep(chance):
    return {"regex": "__name__|" + chance.choice(("a|b", "a.*|n.*", ".*_.*|instance|a|c"))}


def random_hashmod(chance):
    return {**random_sources(chance), "target_label": chance.choice(TARGETS),
            "modulus": chance.choice((2, 3, 1000, 1 << 40))}


def random_target(chance):
    rule = {**random_sources(chance), "target_label": chance.choice(TARGETS)}
    return rule


def random_equal(chance):
    rule = random_target(chance)
    rule.pop("separator", None)
    return rule


RULE_MAKERS = {"replace": random_replace, "keep": random_match, "drop": random_match,
               "labelmap": random_labelmap, "labeldrop": random_labeldrop,
               "labelkeep": random_labelkeep, "hashmod": random_hashmod,
               "keepequal": random_equal, "dropequal": random_equal}
