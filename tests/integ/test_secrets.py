# SPDX-License-Identifier: Apache-2.0
"""Secrets: where they are found, when they are read again, and that nobody ever tells one."""

import base64
import json
import signal

import pytest

from emqx_families import NODE as MODE_NODE
from listeners import Exporter, Silence, Sink
from secret_watch import WATCH, SecretTold, SecretWatch, secret_watch  # noqa: F401
from setups import config, emqx_source, exporter as source, sink
from simulated_emqx import SimulatedEmqx


def basic(user, password):
    WATCH.register(password, user)
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def bearer(token):
    return "Bearer " + WATCH.register(token)


@pytest.fixture
def exporter():
    with Exporter() as server:
        yield server


@pytest.fixture
def guarded():
    """A fake gateway that may demand credentials."""
    with Sink() as server:
        yield server


def with_file(name):
    return {"authorization": {"credentials_file": str(name)}}


def assert_good(result):
    assert result.code == 0, result.stderr


# Where a file is found

def test_a_relative_file_lies_beside_the_configuration_wherever_the_agent_runs(
        agent, exporter, guarded, tmp_path):
    folder = tmp_path / "etc"
    (folder / "secrets").mkdir(parents=True)
    agent.configure(config(source(exporter, **with_file("secrets/token")), sink(guarded)))
    agent.config_file = agent.config_file.rename(folder / "brokerpush.conf")
    exporter.authorization = bearer("token-beside-the-configuration")
    agent.write_file("etc/secrets/token", "token-beside-the-configuration")
    assert_good(agent.once())


def test_the_credentials_directory_goes_before_the_configurations(
        agent, exporter, guarded, tmp_path):
    (tmp_path / "credentials").mkdir()
    agent.configure(config(source(exporter, **with_file("token")), sink(guarded)))
    agent.write_file("token", WATCH.register("token-that-must-not-be-taken"))
    agent.write_file("credentials/token", "token-of-the-service-manager")
    exporter.authorization = bearer("token-of-the-service-manager")
    assert_good(agent.once(
        environment={"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}))


def test_what_the_credentials_directory_lacks_lies_beside_the_configuration(
        agent, exporter, guarded, tmp_path):
    (tmp_path / "credentials").mkdir()
    agent.configure(config(source(exporter, **with_file("token")), sink(guarded)))
    agent.write_file("token", "token-of-the-second-place")
    exporter.authorization = bearer("token-of-the-second-place")
    assert_good(agent.once(
        environment={"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}))


def test_an_absolute_file_is_taken_past_the_credentials_directory(
        agent, exporter, guarded, tmp_path):
    (tmp_path / "credentials").mkdir()
    path = tmp_path / "elsewhere" / "token"
    path.parent.mkdir()
    agent.configure(config(source(exporter, **with_file(path)), sink(guarded)))
    agent.write_file("elsewhere/token", "token-by-its-whole-path")
    agent.write_file("credentials/token", WATCH.register("token-that-is-not-meant"))
    exporter.authorization = bearer("token-by-its-whole-path")
    assert_good(agent.once(
        environment={"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}))


def test_password_file_is_the_password_of_basic_auth_for_source_and_sink(
        agent, guarded):
    with SimulatedEmqx(key="key-of-the-agent", secret="secret-of-that-key") as emqx:
        guarded.authorization = basic("pusher", "password-of-the-gateway")
        agent.configure(config(
            {"name": "emqx", "type": "emqx", "url": emqx.url, "basic_auth": {
                "username": "key-of-the-agent", "password_file": "emqx.secret"}},
            sink(guarded, basic_auth={"username": "pusher", "password_file": "gw.secret"})))
        agent.write_file("emqx.secret", "secret-of-that-key\n")
        agent.write_file("gw.secret", "password-of-the-gateway\n")
        assert_good(agent.once())
        assert emqx.page("stats", MODE_NODE)
    assert guarded.pushes


@pytest.fixture
def dashboard():
    """A broker that wants credentials, and has a user that may log in."""
    users = {"viewer": WATCH.register("password-of-the-viewer", "viewer")}
    with SimulatedEmqx(users=users, protect_pages=True) as emqx:
        yield emqx


BY_LOGIN = {"login": {"username": "viewer", "password_file": "login.secret"}}


@pytest.mark.parametrize("place", ("login.secret", "credentials/login.secret"))
def test_password_file_is_the_password_of_a_login(agent, dashboard, guarded, tmp_path, place):
    (tmp_path / "credentials").mkdir()
    agent.configure(config(emqx_source(dashboard, **BY_LOGIN), sink(guarded)))
    agent.write_file(place, "password-of-the-viewer\n")
    assert_good(agent.once(
        environment={"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}))
    assert dashboard.logins == [("viewer", True)]
    login, = [request for request in dashboard.requests if request.method == "POST"]
    assert login.header("authorization") is None
    assert json.loads(login.body) == {
        "username": "viewer", "password": "password-of-the-viewer"}
    for request in dashboard.requests:
        assert (request.header("authorization") or "").startswith("Bearer ") == (
            "/prometheus/" in request.path)


# What a file holds

@pytest.mark.parametrize("end", ("", "\n", "\r\n"))
def test_one_line_end_is_no_part_of_a_secret(agent, exporter, guarded, end):
    exporter.authorization = bearer("token-with-a-line-end")
    agent.configure(config(source(exporter, **with_file("token")), sink(guarded)))
    agent.write_file("token", "token-with-a-line-end" + end)
    assert_good(agent.once())


@pytest.mark.parametrize("secret", (" blanks belong to it ", "quotes\"and\\slashes",
                                    "colons:and:more", "umlaut-\u00e4\u00f6\u00fc-password",
                                    "dollar-${env:HOME}-is-kept"))
def test_a_secret_of_a_file_is_taken_byte_by_byte(agent, exporter, guarded, secret):
    exporter.authorization = basic("agent", secret)
    agent.configure(config(source(exporter, basic_auth={
        "username": "agent", "password_file": "pass.secret"}), sink(guarded)))
    agent.write_file("pass.secret", secret)
    assert_good(agent.once())


@pytest.mark.parametrize("text", (
    "token-before\nX-Injected: token-behind", "token-before\n\n", "token-before\n\r\n",
    "\ntoken-behind", "token-before\rtoken-behind", "token-before\ttoken-behind",
    "token-before\0token-behind"))
def test_a_secret_with_an_inner_line_break_or_control_byte_is_refused(
        agent, exporter, guarded, text):
    WATCH.register("token-before")
    WATCH.register("token-behind")
    agent.configure(config(source(exporter, **with_file("token")), sink(guarded)))
    agent.write_file("token", text)
    result = agent.once()
    assert result.code == 3, result.stderr
    assert "authorization.credentials_file" in result.stderr
    assert "line break or another control byte" in result.stderr
    assert exporter.requests == []


@pytest.mark.parametrize("text", ("", "\n", "\r\n"))
def test_an_empty_file_is_refused(agent, exporter, guarded, text):
    agent.configure(config(source(exporter, **with_file("token")), sink(guarded)))
    agent.write_file("token", text)
    result = agent.once()
    assert result.code == 3
    assert "authorization.credentials_file" in result.stderr and "empty" in result.stderr


def test_a_missing_file_is_named_with_its_path(agent, exporter, guarded, tmp_path):
    agent.configure(config(source(exporter, **with_file("token")), sink(guarded)))
    result = agent.once()
    assert result.code == 3
    assert f"{tmp_path}/token" in result.stderr
    assert "No such file or directory" in result.stderr


# Who may read it

def test_a_world_readable_secret_is_a_warning(agent, exporter, guarded):
    agent.configure(config(source(exporter, **with_file("token")), sink(guarded)))
    agent.write_file("token", "token-that-everybody-reads", mode=0o644)
    exporter.authorization = bearer("token-that-everybody-reads")
    result = agent.once()
    assert_good(result)
    line, = [line for line in result.stderr.splitlines() if "everybody can read" in line]
    assert "level=warn" in line and "token" in line.split("file=")[1]
    agent.write_file("token", "token-that-everybody-reads", mode=0o640)
    assert "everybody can read" not in agent.once().stderr


def test_a_world_readable_secret_is_an_error_with_strict_permissions(agent, exporter, guarded):
    agent.configure(config(source(exporter, **with_file("token")), sink(guarded),
                           strict_permissions=True))
    agent.write_file("token", "token-that-everybody-reads", mode=0o444)
    exporter.authorization = bearer("token-that-everybody-reads")
    result = agent.once()
    assert result.code == 3
    assert "authorization.credentials_file" in result.stderr
    assert "everybody can read" in result.stderr
    assert exporter.requests == []
    agent.write_file("token", "token-that-everybody-reads", mode=0o440)
    assert_good(agent.once())


@pytest.mark.parametrize("way", ("setting", "option"))
def test_the_warning_about_permissions_is_json_when_the_log_is(agent, exporter, guarded, way):
    agent.configure(config(source(exporter, **with_file("token")), sink(guarded),
                           **({"log": {"format": "json"}} if way == "setting" else {})))
    agent.write_file("token", "token-that-everybody-reads", mode=0o644)
    arguments = ("--log-format", "json") if way == "option" else ()
    result = agent.check_config(*arguments)
    line, = [line for line in result.stderr.splitlines() if "everybody can read" in line]
    assert json.loads(line)["level"] == "warn"


def test_the_warning_about_permissions_obeys_the_logs_level(agent, exporter, guarded):
    agent.configure(config(source(exporter, **with_file("token")), sink(guarded)))
    agent.write_file("token", "token-that-everybody-reads", mode=0o644)
    result = agent.check_config("--log-level", "error")
    assert result.code == 0
    assert result.stderr == ""


# The environment

def test_secrets_of_the_environment_are_taken(agent, exporter, guarded):
    exporter.authorization = basic("agent", "password-of-the-environment")
    guarded.authorization = bearer("token-of-the-environment")
    agent.configure(config(
        source(exporter, basic_auth={"username": "agent", "password": "${env:TEST_PASSWORD}"}),
        sink(guarded, authorization={"credentials": "${env:TEST_TOKEN}"},
             headers={"X-Api-Key": "${env:TEST_TOKEN}"})))
    result = agent.once(environment={"TEST_PASSWORD": "password-of-the-environment",
                                     "TEST_TOKEN": "token-of-the-environment"})
    assert_good(result)
    assert guarded.pushes[0].header("x-api-key") == "token-of-the-environment"


def test_a_secret_of_the_environment_is_not_expanded_again(agent, exporter, guarded):
    exporter.authorization = bearer("token-${env:HOME}-$$")
    agent.configure(config(
        source(exporter, authorization={"credentials": "${env:TEST_TOKEN}"}), sink(guarded)))
    assert_good(agent.once(environment={"TEST_TOKEN": "token-${env:HOME}-$$"}))


@pytest.mark.parametrize("value,told", ((None, "not set"), ("", "empty")))
def test_a_secret_that_the_environment_lacks_is_an_error_that_names_the_variable(
        agent, exporter, guarded, value, told):
    agent.configure(config(
        source(exporter, authorization={"credentials": "${env:TEST_TOKEN}"}), sink(guarded)))
    result = agent.once(environment={} if value is None else {"TEST_TOKEN": value})
    assert result.code == 3
    assert "TEST_TOKEN" in result.stderr and told in result.stderr


def test_a_line_break_in_a_secret_of_the_environment_is_refused(agent, exporter, guarded):
    WATCH.register("token-of-two")
    agent.configure(config(
        source(exporter, authorization={"credentials": "${env:TEST_TOKEN}"}), sink(guarded)))
    result = agent.once(environment={"TEST_TOKEN": "token-of-two\nX-Injected: lines"})
    assert result.code == 3
    assert "authorization.credentials" in result.stderr
    assert exporter.requests == []


# Reading again

def again(running, regex, count=1):
    """Cycles until the log has such a line; each is asked for after the one before had its say."""
    running.send_signal(signal.SIGUSR1)
    return running.wait_log(regex, count)


KINDS = {
    "bearer": (with_file("live.secret"), bearer),
    "basic": ({"basic_auth": {"username": "agent", "password_file": "live.secret"}},
              lambda secret: basic("agent", secret)),
}


@pytest.mark.parametrize("refusal", (401, 403))
@pytest.mark.parametrize("kind", KINDS)
def test_a_source_that_refuses_gets_the_files_new_secret_in_the_next_cycle(
        agent, exporter, guarded, kind, refusal):
    setting, header = KINDS[kind]
    exporter.refusal = refusal
    exporter.authorization = header("secret-of-the-first-day")
    agent.configure(config(source(exporter, **setting), sink(guarded), interval="1h", splay="0s"))
    agent.write_file("live.secret", "secret-of-the-first-day\n")
    running = agent.start()
    running.wait_log("first push accepted")
    exporter.authorization = header("secret-of-the-second-day")
    agent.write_file("live.secret", "secret-of-the-second-day\n")
    line, = again(running, "a secret was read again, and has changed")
    assert "peer=exporter" in line and "live.secret" in line
    assert running.log_lines(rf"source is down.*reason=http_4xx.*HTTP {refusal}")
    again(running, "source is back")
    assert running.stop().code == 0
    assert len(running.log_lines("read again")) == 1


@pytest.mark.parametrize("refusal", (401, 403))
@pytest.mark.parametrize("kind", KINDS)
def test_a_sink_that_refuses_gets_the_files_new_secret_in_the_next_cycle(
        agent, exporter, guarded, kind, refusal):
    setting, header = KINDS[kind]
    guarded.refusal = refusal
    guarded.authorization = header("secret-of-the-first-day")
    agent.configure(config(source(exporter), sink(guarded, **setting), interval="1h", splay="0s"))
    agent.write_file("live.secret", "secret-of-the-first-day\n")
    running = agent.start()
    running.wait_log("first push accepted")
    guarded.authorization = header("secret-of-the-second-day")
    agent.write_file("live.secret", "secret-of-the-second-day\n")
    line, = again(running, "a secret was read again, and has changed")
    assert "peer=gateway" in line
    assert running.log_lines(rf"push failed.*reason=http_4xx.*HTTP {refusal}")
    again(running, "push is accepted again")
    assert running.stop().code == 0


def test_a_login_that_is_refused_gets_the_files_new_secret_in_the_next_cycle(
        agent, dashboard, guarded):
    agent.configure(config(emqx_source(dashboard, **BY_LOGIN), sink(guarded), interval="1h",
                           splay="0s"))
    agent.write_file("login.secret", "password-of-the-viewer")
    running = agent.start()
    running.wait_log("first push accepted")
    dashboard.accounts.users["viewer"] = WATCH.register("password-of-the-second-day", "viewer")
    dashboard.expire_tokens()
    agent.write_file("login.secret", "password-of-the-second-day")
    line, = again(running, "a secret was read again, and has changed")
    assert "peer=emqx" in line and "login.secret" in line
    assert running.log_lines(r"source is down.*reason=http_4xx.*HTTP 401")
    again(running, "source is back")
    assert running.stop().code == 0
    assert dashboard.logins == [("viewer", True), ("viewer", False), ("viewer", True)]


def test_a_file_is_not_read_again_while_nobody_refuses(agent, exporter, guarded):
    exporter.authorization = bearer("secret-that-works-still")
    agent.configure(config(source(exporter, **with_file("live.secret")), sink(guarded),
                           interval="1h", splay="0s"))
    agent.write_file("live.secret", "secret-that-works-still")
    running = agent.start()
    running.wait_log("first push accepted")
    agent.write_file("live.secret", WATCH.register("secret-that-works-not-yet"))
    for count in (2, 3):
        guarded.wait_for_pushes(count - 1)
        running.send_signal(signal.SIGUSR1)
        guarded.wait_for_pushes(count)
    assert running.stop().code == 0
    assert not running.log_lines("read again|source is down")
    assert {request.header("authorization") for request in exporter.requests} == {
        exporter.authorization}


def test_a_file_that_has_not_changed_is_no_news(agent, exporter, guarded):
    exporter.authorization = bearer("secret-that-is-demanded")
    agent.configure(config(source(exporter, **with_file("live.secret")), sink(guarded),
                           interval="1h", splay="0s"))
    agent.write_file("live.secret", "secret-that-is-refused")
    running = agent.start()
    running.wait_log("source is down")
    again(running, "source is still down")
    assert running.stop().code == 0
    assert not running.log_lines("read again")


@pytest.mark.parametrize("text", ("secret-with\nX-Injected: lines", "", None))
def test_a_file_that_went_bad_is_told_and_the_old_secret_stays(agent, exporter, guarded, text):
    WATCH.register("secret-with")
    exporter.authorization = bearer("secret-of-the-first-day")
    agent.configure(config(source(exporter, **with_file("live.secret")), sink(guarded),
                           interval="1h", splay="0s"))
    path = agent.write_file("live.secret", "secret-of-the-first-day")
    running = agent.start()
    running.wait_log("first push accepted")
    exporter.authorization = bearer("secret-of-the-second-day")
    if text is None:
        path.unlink()
    else:
        agent.write_file("live.secret", text)
    again(running, "source is down")
    running.wait_log("a secret cannot be read again.*peer=exporter.*live.secret")
    # The peer takes the old one again: it was kept.
    exporter.authorization = bearer("secret-of-the-first-day")
    again(running, "source is back")
    assert running.stop().code == 0


def test_a_file_that_stays_bad_is_told_once_not_in_every_cycle(agent, exporter, guarded):
    exporter.authorization = bearer("secret-of-the-first-day")
    agent.configure(config(source(exporter, **with_file("live.secret")), sink(guarded),
                           interval="1h", splay="0s"))
    path = agent.write_file("live.secret", "secret-of-the-first-day")
    running = agent.start()
    running.wait_log("first push accepted")
    exporter.authorization = bearer("secret-of-the-second-day")
    path.unlink()
    again(running, "source is down")
    again(running, "source is still down", 1)  # 2 failures
    again_and_again = len(guarded.pushes)
    for count in range(3):
        running.send_signal(signal.SIGUSR1)
        guarded.wait_for_pushes(again_and_again + count + 1)
    running.wait_log("source is still down", 2)  # 4
    assert running.stop().code == 0
    # As often as the outage itself at the most: its first line, and one at each doubling.
    assert len(running.log_lines("cannot be read again")) <= 3


def test_a_secret_of_the_credentials_directory_is_read_again_there(
        agent, exporter, guarded, tmp_path):
    (tmp_path / "credentials").mkdir()
    exporter.authorization = bearer("secret-of-the-first-day")
    agent.configure(config(source(exporter, **with_file("live.secret")), sink(guarded),
                           interval="1h", splay="0s"))
    agent.write_file("credentials/live.secret", "secret-of-the-first-day")
    running = agent.start(environment={"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})
    running.wait_log("first push accepted")
    exporter.authorization = bearer("secret-of-the-second-day")
    agent.write_file("credentials/live.secret", "secret-of-the-second-day")
    again(running, "has changed")
    again(running, "source is back")
    assert running.stop().code == 0


# Telling

EVERY_SECRET = {
    "password": "every-run-hides-the-password", "token": "every-run-hides-the-token",
    "header": "every-run-hides-the-header", "proxy": "every-run-hides-the-proxys",
    "query": "only-the-peer-sees-the-query", "environment": "every-run-hides-the-variable",
    "file": "every-run-hides-the-file", "params": "only-the-peer-sees/the params",
}


def telling_config(exporter, guarded):
    """A configuration with a secret in each place where one may stand, but for a URL's query."""
    for secret in EVERY_SECRET.values():
        WATCH.register(secret, "agent")
    way = {"headers": {"X-Api-Key": EVERY_SECRET["header"]}}
    proxied = source(exporter, name="proxied", **with_file("telling.secret"))
    proxied["proxy_url"] = f"http://agent:{EVERY_SECRET['proxy']}@127.0.0.1:1"
    return config(
        [proxied, source(exporter, name="header", **way),
         source(exporter, name="basic", basic_auth={
             "username": "agent", "password": EVERY_SECRET["password"]}, **way),
         source(exporter, name="params", params={"token": EVERY_SECRET["params"]}, **way),
         source(exporter, name="env", authorization={"credentials": "${env:TEST_SECRET}"},
                params=({"name": "token", "value": "${env:TEST_SECRET}"},))],
        [sink(guarded, authorization={"credentials": EVERY_SECRET["token"]}),
         sink(guarded, name="second", basic_auth={"username": "agent",
                                             "password_file": "telling.secret"}, **way)])


@pytest.fixture
def telling(agent, exporter, guarded):
    """The agent with all these secrets, and its environment."""
    agent.configure(telling_config(exporter, guarded))
    agent.write_file("telling.secret", EVERY_SECRET["file"], mode=0o644)
    agent.environment["TEST_SECRET"] = EVERY_SECRET["environment"]
    return agent


def page_with(fault, exporter, guarded):
    if fault == "refused":
        exporter.authorization = guarded.authorization = "Bearer another-one-altogether"
    elif fault == "redirected":
        target = f"http://agent:{EVERY_SECRET['password']}@127.0.0.2:1/?t={EVERY_SECRET['query']}"
        exporter.redirects["/metrics"] = target
        guarded.set_fault("status", code=307, headers={"Location": target})
    elif fault == "unreachable":
        exporter.refuse()
        guarded.refuse()
    elif fault == "broken":
        exporter.page = b"no page {{{\n" * 3
        guarded.set_fault("reset")


@pytest.mark.parametrize("log_format", ("logfmt", "json"))
@pytest.mark.parametrize("fault", (None, "refused", "redirected", "unreachable", "broken"))
def test_no_mode_tells_a_secret_whatever_fails(
        telling, exporter, guarded, tmp_path, fault, log_format):
    page_with(fault, exporter, guarded)
    more = ("--log-level", "debug", "--log-format", log_format)
    (tmp_path / "out").mkdir()
    for mode in (("--once",), ("--dry-run", "--output", tmp_path / "out")):
        result = telling.run(*mode, *more)
        assert result.code in (0, 1, 4), result.stderr
        WATCH.check(result.stdout + result.stderr, f"{mode[0]} with {fault}")
    for path in (tmp_path / "out").iterdir():
        WATCH.check(path.name + path.read_text(), f"the body in {path.name}")
    for push in guarded.pushes:
        WATCH.check(push.target + push.body.decode(), "a pushed body")


def test_check_config_hides_every_secret(telling):
    result = telling.check_config("--log-level", "debug")
    assert result.code == 0, result.stderr
    for name, secret in EVERY_SECRET.items():
        assert secret not in result.stdout + result.stderr, name
    assert result.stdout.count("(hidden)") >= 6


def with_query(page, **more):
    conf = source(page, **more)
    conf["url"] += f"/metrics?token={EVERY_SECRET['query']}"
    return conf


@pytest.mark.parametrize("log_format", ("logfmt", "json"))
@pytest.mark.parametrize("fault", (None, "401", "403", "404", "500", "html", "empty", "binary",
                                   "truncated", "redirect"))
def test_neither_a_login_nor_its_token_is_told_whatever_fails(
        agent, dashboard, guarded, tmp_path, fault, log_format):
    """Of all that the broker answers, the answer to a login is what nobody may quote."""
    (tmp_path / "out").mkdir()
    agent.configure(config(emqx_source(dashboard, **BY_LOGIN), sink(guarded)))
    agent.write_file("login.secret", "password-of-the-viewer")
    with Silence() as other:
        if fault:
            location = {"location": f"http://127.0.0.1:{other.port}/login"}
            dashboard.set_fault(fault, "login", **(location if fault == "redirect" else {}))
        for mode in (("--once",), ("--dry-run", "--output", tmp_path / "out")):
            result = agent.run(*mode, "--log-level", "debug", "--log-format", log_format)
            assert result.code == (0 if not fault else 1 if mode[0] == "--dry-run" else 4)
            WATCH.check(result.stdout + result.stderr, f"{mode[0]} with {fault}")
        assert other.n_connections == 0
    assert b"password-of-the-viewer" in dashboard.requests[0].body
    for text in [path.read_text() for path in (tmp_path / "out").iterdir()] + [
            push.target + push.body.decode() for push in guarded.pushes]:
        WATCH.check(text, "a body")
    checked = agent.check_config()
    assert 'password_file = "login.secret"' in checked.stdout


@pytest.mark.parametrize("fault", (None, "refused", "redirected", "unreachable", "broken"))
def test_a_urls_query_is_not_told_by_a_run_whatever_fails(agent, exporter, guarded, fault):
    agent.configure(config(with_query(exporter), sink(guarded)))
    page_with(fault, exporter, guarded)
    result = agent.once("--log-level", "debug")
    assert EVERY_SECRET["query"] not in result.stdout + result.stderr
    if fault != "unreachable":
        assert exporter.requests[0].query == f"token={EVERY_SECRET['query']}"


def test_a_urls_query_is_not_told_by_check_config(agent, exporter, guarded):
    agent.configure(config(with_query(exporter), sink(guarded)))
    result = agent.check_config()
    assert result.code == 0
    assert EVERY_SECRET["query"] not in result.stdout + result.stderr


@pytest.mark.parametrize("settings", (
    'headers = { X-Key = "{secret}"; X-Key = "{secret}"; };',
    'headers = ( { name = "X-Key"; value = "{secret}"; },'
    ' { name = "x-key"; value = "{secret}"; } );',
    'headers = { Host = "{secret}"; };', 'headers = { X-Key = "{secret}\\n"; };',
    'headers = ( { nam = "X-Key"; value = "{secret}"; } );',
    'headers = { X-Key = [ "{secret}" ]; };', 'headers = "{secret}";',
    'basic_auth = { username = "agent"; pasword = "{secret}"; };',
    'basic_auth = { password = "{secret}"; };',
    'basic_auth = { username = "agent"; password = "{secret}\\r"; };',
    'basic_auth = { username = "agent"; password = [ "{secret}" ]; };',
    'basic_auth = { username = "agent"; password = "{secret}${env:NOT_SET_AT_ALL}"; };',
    'basic_auth = { username = "agent"; password = "{secret}${HOME}"; };',
    'basic_auth = "{secret}";', 'authorization = { credentials = "{secret}" "\\n"; };',
    'authorization = { type = ""; credentials = "{secret}"; };',
    'authorization = { credentials = "{secret}"; }; basic_auth = { password = "{secret}"; };',
    'authorization = { credentials = "{secret}" ]; };',
    'authorization = { credentials = {secret}; };',
    'params = { token = "{secret}${HOME}"; };', 'params = { token = [ "{secret}" ]; };',
    'params = ( { name = ""; value = "{secret}"; } );', 'params = "{secret}";',
    'params = ( { name = "token"; valu = "{secret}"; } );',
    'proxy_url = "http://agent:{secret}@127.0.0.1:3128"; unix_socket = "/x";',
    'proxy_url = "http://agent:{secret}@127.0.0.1:3128"; insecure_skip_verify = "{secret}";',
    'url = "http://agent:{secret}@127.0.0.1";', 'url = "ftp://agent:{secret}@127.0.0.1";',
    'url = "http://agent:{secret}@[";', 'url = "http://127.0.0.1:999999/?token={secret}";',
    'url = "http://127.0.0.1/#{secret}";'))
def test_faults_of_the_configuration_hide_what_stands_in_it(agent, guarded, settings):
    secret = WATCH.register("fault-in-the-line-of-a-secret", "agent")
    url = "" if settings.startswith("url") else 'url = "http://127.0.0.1:1";'
    agent.configure('sources = ( { name = "s"; type = "prometheus";\n' + url
                    + settings.replace("{secret}", secret) + ' } );\n'
                    'sinks = ( { name = "g"; type = "pushgateway"; '
                    f'url = "{guarded.url}"; }} );\n')
    result = agent.check_config()
    assert result.code == 3, result.stderr
    assert secret not in result.stdout + result.stderr


@pytest.mark.parametrize("path", ("sources.nobody.basic_auth.password", "sources.header.pasword",
                                  "sources.header.headers", "sources.basic.basic_auth.password",
                                  "sources.params.params", "sources.params.params.token"))
def test_faults_of_an_option_hide_its_value(telling, path):
    secret = WATCH.register("value-of-a-wrong-option", "agent")
    result = telling.run_plain("-c", telling.config_file, "--check-config", "--set",
                               f"{path}={secret}")
    assert secret not in result.stdout + result.stderr


@pytest.mark.parametrize("setting", ("headers", "params"))
def test_the_watch_knows_the_values_of_pairs_however_they_are_written(setting):
    watch = SecretWatch()
    watch.register_config({"sources": [
        {setting: {"a": "value-of-a-group"}},
        {setting: ({"name": "a", "value": "value-of-a-list"},)}]})
    for text in "value-of-a-group", "value-of-a-list":
        with pytest.raises(SecretTold):
            watch.check(text)


def test_the_watch_finds_each_spelling_of_a_secret():
    watch = SecretWatch()
    watch.register('a "quoted" secret', "agent")
    pair = base64.b64encode(b'agent:a "quoted" secret').decode()
    for text in ('x a "quoted" secret y', r'{"error":"a \"quoted\" secret"}',
                 "?token=a%20%22quoted%22%20secret", f"Authorization: Basic {pair}"):
        with pytest.raises(SecretTold):
            watch.check(text)
    watch.check("a quoted secret that is another one")
    watch.register_config({"sinks": [{"proxy_url": "http://u:word-of-proxy@h:1",
                                      "headers": {"X": "word-of-header"},
                                      "basic_auth": {"username": "u", "password": "word-of-basic"},
                                      "authorization": {"credentials_file": "word.file"}}]})
    watch.register_file("word.file", "word-of-file\n")
    for word in ("word-of-proxy", "word-of-header", "word-of-basic", "word-of-file"):
        with pytest.raises(SecretTold):
            watch.check(f"an error told {word} here")


def test_no_run_of_this_file_told_a_secret():
    """The last one here: all that these runs wrote, against all that they knew."""
    if WATCH.n_checked == 0:
        pytest.skip("no other test of this file ran")
    WATCH.check_again()
    assert WATCH.n_secrets > 1
