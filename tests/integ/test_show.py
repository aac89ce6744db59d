# SPDX-License-Identifier: Apache-2.0
"""The tables of --show: what is asked for them, and what is refused."""

import pytest

from setups import config, emqx_source, sink

# Arguments, and what the message says besides.
USAGE_ERRORS = (
    (["--show", "--output", "xml"], "--output with --show must be text or json: xml"),
    (["--show", "--output="], "--output with --show must be text or json"),
    (["--show", "--sink", "gateway"], "--sink and --group go with --once or --dry-run"),
    (["--show", "--group", "http://127.0.0.1/"], "--sink and --group go with --once or --dry-run"),
    (["--show", "--once"], "more than one mode"),
    (["--show", "--source", "absent"], "--source: there is no such source: absent"),
    (["--all"], "--all goes with --show only"),
    (["--once", "--all"], "--all goes with --show only"),
    (["--once", "--output", "json"], "--output goes with --dry-run or --show only"),
)


@pytest.mark.parametrize("arguments, said", USAGE_ERRORS,
                         ids=[" ".join(row[0]) for row in USAGE_ERRORS])
def test_what_does_not_fit_the_mode_is_a_usage_error(agent, emqx, fake_gateway, arguments, said):
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    result = agent.run(*arguments)
    assert (result.code, result.stdout) == (2, "")
    assert said in result.stderr
    assert emqx.requests == fake_gateway.requests == []


@pytest.mark.parametrize("output", ("text", "json"))
def test_without_a_source_that_has_a_table_nobody_is_asked(agent, emqx, fake_gateway, output):
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    result = agent.run("--show", "--output", output)
    assert (result.code, result.stdout) == (2, "")
    assert "--show: no " in result.stderr and "has a table" in result.stderr
    assert emqx.requests == fake_gateway.requests == []


def test_a_source_without_a_table_cannot_be_chosen(agent, emqx, fake_gateway):
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    result = agent.run("--show", "--source", "emqx")
    assert (result.code, result.stdout) == (2, "")
    assert "--source: this source has no table to show: emqx" in result.stderr
    assert emqx.requests == fake_gateway.requests == []


def test_a_faulty_configuration_ends_with_3(agent):
    agent.configure("sources = ( );\n")
    result = agent.run("--show")
    assert (result.code, result.stdout) == (3, "")
