# SPDX-License-Identifier: Apache-2.0
"""Where readers of exposition text differ: each as a family of a page, and what must arrive of it.

What Pushgateways 1.5.1 and 1.11.2, Prometheus and VictoriaMetrics take was observed; what arrives
is what all of them take. M stands for the family's name in both texts.
"""

from dataclasses import dataclass, field

from listeners import many_labels

GAUGE = "# TYPE M gauge\n"
ONE = GAUGE + "M 1\n"
MEBIBYTE = 1 << 20


@dataclass
class Difference:
    what: str
    lines: bytes
    arrives: str  # as text, which a gateway may serve in another order; empty: nothing
    repairs: dict = field(default_factory=dict)  # {rule: count}
    place: str = "middle"  # among others; "first" and "last" are about the page itself
    n_quarantined: int = 0
    is_page: bool = True  # False: alone it has more bad lines than samples, and is none


def row(what, lines, arrives, place="middle", n_quarantined=0, **repairs):
    return Difference(what, lines if isinstance(lines, bytes) else lines.encode(), arrives, repairs,
                      place, n_quarantined)


def same(what, lines, **repairs):
    """It arrives as it is."""
    return row(what, lines, lines, **repairs)


def bad(what, *lines):
    """Each line is left out."""
    return Difference(what, "".join(line + "\n" for line in lines).encode(), "",
                      {"bad_line": len(lines)}, is_page=False)


def silent(what, lines):
    """It says nothing, and that is no fault."""
    return Difference(what, lines, "")


LINES = (
    row("no line feed at the end", "# TYPE M gauge\nM 1", ONE, place="last", line_end=1),
    row("no line feed behind # EOF", "# TYPE M gauge\nM 1\n# EOF", ONE, place="last", line_end=1),
    row("CR LF", "# TYPE M gauge\r\nM 1\r\n", ONE, line_end=2),
    row("a byte order mark", "\ufeff" + ONE, ONE, place="first", byte_order_mark=1),
    row("a blank behind the value", GAUGE + "M 1 \n", ONE, blanks=1),
    row("a blank before the name", GAUGE + " M 1\n", ONE, blanks=1),
    row("empty lines and white space", GAUGE + "\n \n\t\n \t \nM 1\n\n", ONE),
    row("tabs in the place of blanks", "#\tTYPE\tM\tgauge\nM\t1\n", ONE),
    silent("comments only", b"# a comment\n#\n# M 1\n"),
    silent("an empty body", b""),
    silent("families without samples", b"# HELP M t\n# TYPE M counter\n"),
    row("data behind # EOF", GAUGE + "# EOF\nM 1\n", ONE),
    row("# UNIT", GAUGE + "# UNIT M seconds\nM 1\n", ONE),
    row("a comment that is not UTF-8", b"# \xff\xfe\n" + ONE.encode(), ONE),
    row("interleaved families", "# TYPE M_a gauge\n# TYPE M_b counter\nM_a 1\nM_b 2\n"
        'M_a{x="1"} 3\nM_b{x="1"} 4\n', "# TYPE M_a gauge\nM_a 1\nM_a{x=\"1\"} 3\n"
        "# TYPE M_b counter\nM_b 2\nM_b{x=\"1\"} 4\n"),
    same("a long line", GAUGE + f'M{{x="{"v" * 70000}"}} 1\n'),
    same("a value of 1 MB", GAUGE + f'M{{x="{"v" * 1000 * 1000}"}} 1\n'),
    row("a line of 1 MiB", GAUGE + f'M{{x="{"v" * MEBIBYTE}"}} 1\nM 1\n', ONE, too_long=1),
    row("a HELP of 1 MiB", f"# HELP M {'v' * MEBIBYTE}\n{ONE}", ONE, too_long=1),
    row("a name of 1 MiB", f"{'v' * MEBIBYTE}M 1\n{ONE}", ONE, n_quarantined=1),
    row("a label's name of 1 MiB", GAUGE + f'M{{{"v" * MEBIBYTE}="1"}} 1\nM 1\n', ONE, too_long=1),
)

METADATA = (
    row("no TYPE", "M 1\n", "# TYPE M untyped\nM 1\n"),
    row("a type in capitals", "# TYPE M Counter\nM 1\n", "# TYPE M counter\nM 1\n", metadata=1),
    row("two blanks before the type", "# TYPE M  gauge\nM 1\n", ONE, metadata=1),
    row("a blank behind the type", "# TYPE M gauge \nM 1\n", ONE, metadata=1),
    row("TYPE without a word", "# TYPE M\nM 1\n", "# TYPE M untyped\nM 1\n", metadata=1),
    row("a type that nobody knows", "# TYPE M bogus\nM 1\n", "# TYPE M untyped\nM 1\n",
        unknown_type=1),
    row("TYPE twice", GAUGE + ONE, ONE, metadata=1),
    row("TYPE twice, unlike", GAUGE + "# TYPE M counter\nM 1\n", ONE, metadata=1),
    row("TYPE behind a sample", "M 1\n# TYPE M gauge\n", ONE, metadata=1),
    row("TYPE between samples", 'M 1\n# TYPE M gauge\nM{x="1"} 2\n', ONE + 'M{x="1"} 2\n',
        metadata=1),
    row("TYPE behind a histogram",
        'M_bucket{le="+Inf"} 2\nM_sum 1\nM_count 2\n# TYPE M histogram\n',
        '# TYPE M histogram\nM_bucket{le="+Inf"} 2\nM_sum 1\nM_count 2\n', metadata=3),
    row("HELP twice", "# HELP M one\n# HELP M two\n" + ONE, "# HELP M one\n" + ONE, metadata=1),
    row("HELP behind a sample", ONE + "# HELP M late\n", "# HELP M late\n" + ONE),
    row("an empty HELP", "# HELP M \n" + ONE, ONE),
    row("HELP without even a blank", "# HELP M\n" + ONE, ONE),
    row("a quote in HELP", '# HELP M a "b" c\n' + ONE, '# HELP M a "b" c\n' + ONE),
    row("a quote with a backslash in HELP", '# HELP M a \\"b\\" c\n' + ONE,
        '# HELP M a "b" c\n' + ONE, escape=1),
    row("an escape that nobody knows in HELP", "# HELP M a\\tb\n" + ONE,
        "# HELP M a\\\\tb\n" + ONE, escape=1),
    same("both escapes in HELP", "# HELP M a\\\\b\\nc\n" + ONE),
    row("HELP that is not UTF-8", b"# HELP M a\xffb\n" + ONE.encode(), "# HELP M a\ufffdb\n" + ONE,
        invalid_utf8=1),
    same("NUL in HELP", "# HELP M a\0b\n" + ONE),
    row("HELP and TYPE of nothing", "# TYPE\n# HELP\n#HELP\n# TYPE \n" + ONE, ONE),
    bad("HELP and TYPE of what is no name", "# TYPE 1M gauge", "# HELP M-b about",
        "# TYPE {} gauge"),
    row("no blank behind #", "#TYPE M gauge\nM 1\n", ONE),
    row("a keyword in small letters", "# type M gauge\n# help M none\nM 1\n",
        "# TYPE M untyped\nM 1\n"),
)

LABELS = (
    same("256 labels", GAUGE + many_labels("M", 256)),
    row("10,000 labels", GAUGE + many_labels("M", 10000) + "M 1\n", ONE, bad_line=1),
    row("a comma behind the last label", GAUGE + 'M{x="1",} 1\n', GAUGE + 'M{x="1"} 1\n'),
    row("braces without a label", GAUGE + "M{} 1\n", ONE),
    row("blanks inside the braces", GAUGE + 'M { x = "1" , y = "2" } 1\n',
        GAUGE + 'M{x="1",y="2"} 1\n'),
    row("no blank behind the braces", GAUGE + 'M{x="1"}1\n', GAUGE + 'M{x="1"} 1\n'),
    same("a tab in a value", GAUGE + 'M{x="a\tb"} 1\n'),
    same("an empty label", GAUGE + 'M{x=""} 1\n'),
    row("an empty label beside none", GAUGE + 'M 1\nM{x=""} 2\n', ONE, duplicate_series=1),
    row("an escape that nobody knows in a value", GAUGE + 'M{x="a\\tb"} 1\n',
        GAUGE + 'M{x="a\\\\tb"} 1\n', escape=1),
    same("all escapes in a value", GAUGE + 'M{x="a\\\\b\\"c\\nd"} 1\n'),
    row("a line feed in a value", GAUGE + 'M{x="a\nb",y="\n"} 1\n',
        GAUGE + 'M{x="a\\nb",y="\\n"} 1\n', raw_line_feed=1),
    row("a line feed in a value, before what looks like a sample",
        GAUGE + 'M{x="a\nM 7\n# TYPE M counter\n"} 1\n',
        GAUGE + 'M{x="a\\nM 7\\n# TYPE M counter\\n"} 1\n', raw_line_feed=1),
    row("a value that is not UTF-8", GAUGE.encode() + b'M{x="a\xffb"} 1\n',
        GAUGE + 'M{x="a\ufffdb"} 1\n', invalid_utf8=1),
    row("a surrogate, and a form that is too long", GAUGE.encode() + b'M{x="\xed\xa0\x80"} 1\n'
        b'M{x="\xc0\xaf."} 2\n', GAUGE + 'M{x="\ufffd\ufffd\ufffd"} 1\nM{x="\ufffd\ufffd."} 2\n',
        invalid_utf8=2),
    same("NUL and other controls in a value", GAUGE + 'M{x="a\0b\x01\x7f"} 1\n'),
    row("no comma between labels", GAUGE + 'M{x="1"y="2"} 1\n', GAUGE + 'M{x="1",y="2"} 1\n',
        missing_comma=1),
    bad("a comma in front", 'M{,x="1"} 1'),
    bad("two commas", 'M{x="1",,y="2"} 1', 'M{x="1",,} 1'),
    bad("other quotes, or none", "M{x='1'} 1", "M{x=1} 1", "M{x=`1`} 1"),
    bad("no =", 'M{x} 1', 'M{x"1"} 1', 'M{"x" "1"} 1'),
    bad("labels without an end", 'M{x="1" 1', "M{ 1", "M{"),
    row("a value without an end", GAUGE + 'M{x="1} 1\nM 1\n', ONE, bad_line=1),
    row("a series twice", GAUGE + 'M{x="1",y="2"} 1\nM{x="1",y="2"} 2\n',
        GAUGE + 'M{x="1",y="2"} 1\n', duplicate_series=1),
    row("a series twice, in another order", GAUGE + 'M{x="1",y="2"} 1\nM{y="2",x="1"} 2\n',
        GAUGE + 'M{x="1",y="2"} 1\n', duplicate_series=1),
    row("a label twice", GAUGE + 'M{x="1",x="2"} 1\n', GAUGE + 'M{x="1"} 1\n', duplicate_label=1),
    row("a label __name__", GAUGE + 'M{__name__="N",x="1"} 1\n', GAUGE + 'M{x="1"} 1\n',
        reserved_label=1),
    row("another label with __", GAUGE + 'M{__x="1",y="2"} 1\n', GAUGE + 'M{y="2"} 1\n',
        reserved_label=1),
    row("labels of the grouping key", GAUGE + 'M{job="1"} 1\nM{job="2",instance="3"} 2\n',
        GAUGE + 'M{exported_job="1"} 1\nM{exported_job="2",exported_instance="3"} 2\n',
        exported_label=3),
)

NAMES = (
    bad("names of metrics that are none", "M.b 1", "M-b 1", "1M 1", "\u00e4M 1", "M\u00e4 1"),
    bad("names of labels that are none", 'M{x:y="1"} 1', 'M{x.y="1"} 1', 'M{1="1"} 1',
        'M{\u00e4="1"} 1'),
    bad("no name at all", "{} 1", '{x="1"} 1', " 1"),
    row("a quoted name", '# TYPE "M.b" gauge\n# HELP "M.b" about\n{"M.b"} 1\n{"M.b",x="1"} 2\n',
        '# HELP M_b about\n# TYPE M_b gauge\nM_b 1\nM_b{x="1"} 2\n', utf8_name=4),
    row("a quoted name that needs no quotes", GAUGE + '{"M"} 1\n', ONE, utf8_name=1),
    row("a quoted label", GAUGE + 'M{"x.y"="1","z"="2"} 1\n', GAUGE + 'M{x_y="1",z="2"} 1\n',
        utf8_name=1),
    row("a quoted name of other letters", '{"M\u00e4\u4e2d"} 1\n', "# TYPE M__ untyped\nM__ 1\n",
        utf8_name=1),
    row("names of the agent and the gateway", "brokerpush_M 1\npush_time_seconds 1\n"
        "push_failure_time_seconds 1\npushgateway_M 1\nM 1\n", "# TYPE M untyped\nM 1\n",
        n_quarantined=4),
)

VALUES = (
    row("times in milliseconds", GAUGE + "M 1 1700000000000\n", ONE, timestamp=1),
    row("times in seconds", GAUGE + "M 1 1700000000.123\n", ONE, timestamp=1),
    row("an exemplar", "# TYPE M_total counter\n"
        'M_total 3 # {trace_id="a b"} 1 1700000000.1\n', "# TYPE M_total counter\nM_total 3\n",
        exemplar=1),
    row("an exemplar behind a time", "# TYPE M_total counter\nM_total 3 17 # {} 1\n",
        "# TYPE M_total counter\nM_total 3\n", exemplar=1, timestamp=1),
    row("+ in front", GAUGE + "M +1\n", ONE),
    row("NaN with a sign", 'M{x="1"} -nan\nM{x="2"} +NaN\nM{x="3"} -NAN\n',
        '# TYPE M untyped\nM{x="1"} NaN\nM{x="2"} NaN\nM{x="3"} NaN\n', number=3),
    row("infinity and NaN in any case", 'M{x="1"} inf\nM{x="2"} -INF\nM{x="3"} Infinity\n'
        'M{x="4"} nan\nM{x="5"} +iNf\n', '# TYPE M untyped\nM{x="1"} +Inf\nM{x="2"} -Inf\n'
        'M{x="3"} +Inf\nM{x="4"} NaN\nM{x="5"} +Inf\n'),
    same("any decimal", '# TYPE M gauge\nM{x="1"} .5\nM{x="2"} 5.\nM{x="3"} 1e3\nM{x="4"} -0\n'
         'M{x="5"} 007\nM{x="6"} 1E-400\nM{x="7"} 1.7976931348623157e308\n'),
    same("counters that no counter can have", '# TYPE M counter\nM{x="1"} -1\nM{x="2"} NaN\n'),
    bad("1e400", "M 1e400"),
    bad("what is no number", "M 0x10", "M 1_000", "M 1,5", "M 1d", 'M "1"', "M ", "M", "M nan(1)",
        "M --1", "M 1 x", "M 1 2 3"),
    bad("JSON", '{"M": 1}', '{"M": {"x": [1, 2]}}', "[", '{"M"}'),
    bad("garbage", "<M>", "M = 1", "\x01\x02M", "!", "M - 1"),
)


def histogram(*lines):
    return "# TYPE M histogram\n" + "".join(line + "\n" for line in lines)


WHOLE = ('M_bucket{le="1"} 1', 'M_bucket{le="+Inf"} 2', "M_sum 3", "M_count 2")
OTHER = ('M_bucket{le="+Inf",x="1"} 4', 'M_sum{x="1"} 3', 'M_count{x="1"} 4')
HISTOGRAMS = (
    row("a bound that is no number", histogram('M_bucket{le="x"} 1', *WHOLE), histogram(*WHOLE),
        histogram=1),
    row("a bucket without a bound", histogram("M_bucket 1", *WHOLE), histogram(*WHOLE),
        histogram=1),
    row("a bare sample of a histogram", histogram("M 1", *WHOLE), histogram(*WHOLE), histogram=1),
    row("a negative bucket", histogram('M_bucket{le="1"} -1', *WHOLE[1:], *OTHER),
        histogram(*OTHER), histogram=4),
    row("no +Inf", histogram(WHOLE[0], *WHOLE[2:]), histogram(*WHOLE), histogram=1),
    row("no count", histogram(*WHOLE[:3]), histogram(*WHOLE), histogram=1),
    row("no sum", histogram(*WHOLE[:2], WHOLE[3]),
        histogram(*WHOLE[:2], "M_sum NaN", WHOLE[3]), histogram=1),
    row("neither +Inf nor count", histogram(WHOLE[0], WHOLE[2], 'M_count{x="1"} 0',
                                            'M_bucket{le="+Inf",x="1"} 0', 'M_sum{x="1"} 0'),
        histogram('M_count{x="1"} 0', 'M_bucket{le="+Inf",x="1"} 0', 'M_sum{x="1"} 0'),
        histogram=2),
    row("two texts of one bound", histogram('M_bucket{le="1.0"} 1', *WHOLE), histogram(*WHOLE),
        duplicate_series=1),
    row("other texts of bounds", histogram('M_bucket{le="1.0"} 1', 'M_bucket{le="1000000"} 2',
        'M_bucket{le="inf"} 2', *WHOLE[2:]),
        histogram(WHOLE[0], 'M_bucket{le="1e+06"} 2', *WHOLE[1:])),
    row("a family beside a histogram", histogram(*WHOLE) + 'M_count{x="1"} 7\n# TYPE M_sum gauge\n'
        "M_created 5\n", histogram(*WHOLE, 'M_count{x="1"} 7', 'M_bucket{le="+Inf",x="1"} 7',
                                   'M_sum{x="1"} NaN') + "# TYPE M_created gauge\nM_created 5\n",
        histogram=2, openmetrics=1),
    row("a family beside a histogram, before it", "# TYPE M_count counter\nM_count 7\n" +
        histogram(*WHOLE[:3]), histogram(*WHOLE), n_quarantined=1, histogram=1),
    row("texts of quantiles", "# TYPE M summary\n" 'M{quantile="0.50"} 1\nM{quantile="x"} 1\n'
        'M{quantile="1"} NaN\nM_sum 3\nM_count 4\n', "# TYPE M summary\n" 'M{quantile="0.5"} 1\n'
        'M{quantile="1"} NaN\nM_sum 3\nM_count 4\n', histogram=1),
    same("le and quantile elsewhere", GAUGE + 'M{le="1.0"} 1\nM{le="x",quantile="0.50"} 2\n'),
    row("families without samples", "# TYPE M_a histogram\n# TYPE M_b gauge\n# HELP M_c about\n"
        "M 1\n", "# TYPE M untyped\nM 1\n"),
)

OPENMETRICS = (
    row("TYPE unknown", "# TYPE M unknown\nM 1\n", "# TYPE M untyped\nM 1\n", unknown_type=1),
    row("a counter", "# HELP M about\n# TYPE M counter\n# UNIT M seconds\n"
        'M_total{x="1"} 3\nM_created{x="1"} 1.7e9\n', "# HELP M_total about\n"
        '# TYPE M_total counter\nM_total{x="1"} 3\n# HELP M_created about\n'
        '# TYPE M_created gauge\nM_created{x="1"} 1.7e9\n', openmetrics=2),
    row("info", '# HELP M about\n# TYPE M info\nM_info{v="1"} 1\n',
        '# HELP M_info about\n# TYPE M_info gauge\nM_info{v="1"} 1\n', openmetrics=1,
        unknown_type=1),
    row("stateset", '# HELP M about\n# TYPE M stateset\nM{M="on"} 1\nM{M="off"} 0\n',
        '# HELP M about\n# TYPE M gauge\nM{M="on"} 1\nM{M="off"} 0\n', unknown_type=1),
    row("gaugehistogram", "# HELP M about\n# TYPE M gaugehistogram\n"
        'M_bucket{le="1.0"} 1\nM_bucket{le="+Inf"} 2\nM_gcount 2\nM_gsum -3\n',
        "# HELP M about\n" + histogram(*WHOLE[:2], "M_sum NaN", WHOLE[3]) +
        "# HELP M_gcount about\n# TYPE M_gcount gauge\nM_gcount 2\n"
        "# HELP M_gsum about\n# TYPE M_gsum gauge\nM_gsum -3\n", unknown_type=1,
        histogram=2, openmetrics=2),
    row("a histogram with _created", "# TYPE M histogram\n" + "".join(
        line + "\n" for line in WHOLE) + "M_created 1.7e9\n",
        histogram(*WHOLE) + "# TYPE M_created gauge\nM_created 1.7e9\n", openmetrics=1),
    row("a bucket's exemplar", "# TYPE M histogram\n" 'M_bucket{le="1.0"} 1 # {a="b"} 0.5\n'
        'M_bucket{le="+Inf"} 2\nM_sum 3\nM_count 2\n', histogram(*WHOLE), exemplar=1),
)

ALL = LINES + METADATA + LABELS + NAMES + VALUES + HISTOGRAMS + OPENMETRICS
