# SPDX-License-Identifier: Apache-2.0
"""How peers are reached: TLS, proxies, Unix sockets, redirects, names and addresses."""

import base64
import fcntl
import os
import pty
import re
import ssl
import subprocess
import termios
import urllib.request
from pathlib import Path

import pytest

import certificates
import peers
from certificates import Authority
from emqx_families import NODE as MODE_NODE
from exposition import Exposition
from listeners import Exporter, Placed, Proxy, Silence, Sink, has_ipv6
from peers import need, wait_until
from secret_watch import WATCH
from setups import NOBODY, config, exporter as source, sink
from simulated_emqx import SimulatedEmqx

KEY_HEADER = WATCH.register("key-that-only-the-peer-may-see")


class Emqx(Placed, SimulatedEmqx):
    """A simulated broker somewhere."""


def skip(reason):
    if os.environ.get("BROKERPUSH_NO_SKIP") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def authority(tmp_path):
    need(certificates.OPENSSL, "install the package openssl")
    return Authority(tmp_path / "authority")


@pytest.fixture
def started():
    """started(server) -> the server, running until the end of the test"""
    running = []

    def start(server):
        running.append(server.start())
        return server

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def exporter(started):
    return started(Exporter())


@pytest.fixture
def gateway_seen(started):
    """A fake gateway in clear text."""
    return started(Sink())


@pytest.fixture
def secure(authority, started):
    """secure(kind of server, names...) -> one whose certificate is for these names"""
    def start(kind, *names, tls=None, days=2, **more):
        certificate = authority.issue("peer", names or ("IP:127.0.0.1",), days)
        return started(kind(tls=certificate.server_context(**(tls or {})), **more))

    return start


def assert_failed(result, reason, *texts, code=1):
    """The one line of the source or push that failed has this reason and these texts."""
    assert result.code == code, result.stderr
    lines = [line for line in result.stderr.splitlines() if f"reason={reason} " in line]
    assert lines, f"no line with reason={reason}:\n{result.stderr}"
    for text in texts:
        assert any(text in line for line in lines), f"{text!r} is not told:\n{result.stderr}"


def assert_good(result):
    assert result.code == 0, result.stderr


def trusting(authority, **more):
    """tls_config that trusts the authority."""
    return {"ca_file": str(authority.cert), **more}


# TLS: whom to trust

def test_a_private_ca_beside_the_configuration_vouches_for_source_and_sink(
        agent, authority, secure, tmp_path):
    page, gateway = secure(Exporter), secure(Sink)
    (tmp_path / "ca.pem").write_bytes(authority.cert.read_bytes())
    tls = {"ca_file": "ca.pem"}
    agent.configure(config(source(page, tls_config=tls), sink(gateway, tls_config=tls)))
    assert_good(agent.once())
    assert page.requests[0].header("host") == page.authority
    push, = gateway.pushes
    assert push.header("host") == gateway.authority
    assert b"app_up 1" in push.body


def test_the_ca_file_is_found_by_the_configuration_not_by_the_working_directory(
        agent, authority, secure, tmp_path):
    gateway, page = secure(Sink), secure(Exporter)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "ca.pem").write_bytes(authority.cert.read_bytes())
    tls = {"ca_file": "ca.pem"}
    agent.configure(config(source(page, tls_config=tls), sink(gateway, tls_config=tls)))
    agent.config_file = agent.config_file.rename(folder / "brokerpush.conf")
    assert_good(agent.once())
    assert len(gateway.pushes) == 1


def test_without_the_ca_a_push_fails_with_the_peer_and_why(agent, exporter, secure):
    gateway = secure(Sink)
    agent.configure(config(source(exporter), sink(gateway)))
    result = agent.once()
    assert_failed(result, "tls", gateway.authority, "unable to get local issuer certificate",
                  "ca_file is the system's")
    assert gateway.pushes == []


def test_without_the_ca_a_source_is_down_with_the_peer_and_why(agent, secure, gateway_seen):
    page = secure(Exporter)
    agent.configure(config(source(page), sink(gateway_seen)))
    result = agent.once()
    assert_failed(result, "tls", page.authority, "unable to get local issuer certificate", code=4)
    assert page.requests == []


def test_another_ca_is_named_when_it_does_not_vouch(agent, exporter, secure, tmp_path):
    gateway, other = secure(Sink), Authority(tmp_path / "other", "Somebody else")
    agent.configure(config(source(exporter), sink(gateway, tls_config=trusting(other))))
    assert_failed(agent.once(), "tls", gateway.authority, str(other.cert))


def test_a_ca_file_that_holds_no_certificate_is_named(agent, exporter, secure, tmp_path):
    gateway = secure(Sink)
    (tmp_path / "ca.pem").write_text("this is no certificate\n")
    agent.configure(config(source(exporter), sink(gateway, tls_config={"ca_file": "ca.pem"})))
    assert_failed(agent.once(), "tls", str(tmp_path / "ca.pem"))


@pytest.mark.parametrize("setting", ("ca_file", "cert_file", "key_file"))
def test_a_certificate_file_that_is_missing_is_a_fault_of_the_configuration(
        agent, exporter, gateway_seen, tmp_path, setting):
    tls = {setting: "absent.pem"}
    if setting != "ca_file":
        tls = {"cert_file": "there.pem", "key_file": "there.pem", **tls}
    (tmp_path / "there.pem").write_text("")
    agent.configure(config(source(exporter), sink(gateway_seen, tls_config=tls)))
    result = agent.check_config()
    assert result.code == 3
    assert f"tls_config.{setting}" in result.stderr
    assert str(tmp_path / "absent.pem") in result.stderr


def test_an_expired_certificate_is_refused_as_expired(agent, authority, exporter, secure):
    gateway = secure(Sink, days=-1)
    agent.configure(config(source(exporter), sink(gateway, tls_config=trusting(authority))))
    assert_failed(agent.once(), "tls", gateway.authority, "certificate has expired")
    assert gateway.pushes == []


def test_a_certificate_for_another_name_is_refused(agent, authority, exporter, secure):
    gateway = secure(Sink, "DNS:gateway.example")
    agent.configure(config(source(exporter), sink(gateway, tls_config=trusting(authority))))
    assert_failed(agent.once(), "tls", gateway.authority, "127.0.0.1")
    assert gateway.pushes == []


def test_server_name_is_what_is_asked_for_and_verified_while_host_stays_the_urls(
        agent, authority, secure):
    page, gateway = secure(Exporter, "DNS:broker.example"), secure(Sink, "DNS:gateway.example")
    agent.configure(config(
        source(page, tls_config=trusting(authority, server_name="broker.example")),
        sink(gateway, tls_config=trusting(authority, server_name="gateway.example"))))
    assert_good(agent.once())
    assert page.names_asked == ["broker.example"]
    assert gateway.names_asked == ["gateway.example"]
    assert page.requests[0].header("host") == page.authority
    assert gateway.pushes[0].header("host") == gateway.authority


def test_a_server_name_that_the_certificate_does_not_have_is_refused(
        agent, authority, exporter, secure):
    gateway = secure(Sink)  # for 127.0.0.1, the URL's host
    agent.configure(config(source(exporter), sink(
        gateway, tls_config=trusting(authority, server_name="other.example"))))
    assert_failed(agent.once(), "tls", gateway.authority, "other.example")
    assert gateway.pushes == []


def test_a_redirect_under_another_server_name_is_followed_to_the_same_peer(
        agent, authority, secure, gateway_seen):
    page = secure(Exporter, "DNS:broker.example", redirects={"/metrics": "/there"})
    agent.configure(config(
        source(page, tls_config=trusting(authority, server_name="broker.example")),
        sink(gateway_seen)))
    assert_good(agent.once())
    assert [(request.path, request.header("host")) for request in page.requests] == [
        ("/metrics", page.authority), ("/there", page.authority)]


def test_insecure_skip_verify_takes_any_certificate(agent, secure):
    page = secure(Exporter, "DNS:other.example", days=-1)
    gateway = secure(Sink, "DNS:other.example", days=-1)
    tls = {"insecure_skip_verify": True}
    agent.configure(config(source(page, tls_config=tls), sink(gateway, tls_config=tls)))
    assert_good(agent.once())
    assert len(gateway.pushes) == 1


# TLS: client certificates

@pytest.mark.parametrize("version", (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3))
def test_a_client_certificate_that_is_demanded_is_shown(agent, authority, secure, version):
    client = authority.issue("client", ("DNS:client.example",))
    demand = {"client_ca": authority.cert, "maximum": version}
    page, gateway = secure(Exporter, tls=demand), secure(Sink, tls=demand)
    tls = trusting(authority, cert_file=str(client.cert), key_file=str(client.key))
    agent.configure(config(source(page, tls_config=tls), sink(gateway, tls_config=tls)))
    assert_good(agent.once())
    assert len(gateway.pushes) == 1


@pytest.mark.parametrize("version", (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3))
def test_a_client_certificate_that_is_demanded_and_missing_is_told(
        agent, authority, exporter, secure, version):
    gateway = secure(Sink, tls={"client_ca": authority.cert, "maximum": version})
    agent.configure(config(source(exporter), sink(gateway, tls_config=trusting(authority))))
    assert_failed(agent.once(), "tls", gateway.authority, "alert")
    assert gateway.pushes == []


@pytest.mark.parametrize("version", (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3))
def test_a_client_certificate_of_another_authority_is_told(
        agent, authority, exporter, secure, tmp_path, version):
    stranger = Authority(tmp_path / "other", "Somebody else").issue("client")
    gateway = secure(Sink, tls={"client_ca": authority.cert, "maximum": version})
    tls = trusting(authority, cert_file=str(stranger.cert), key_file=str(stranger.key))
    agent.configure(config(source(exporter), sink(gateway, tls_config=tls)))
    assert_failed(agent.once(), "tls", gateway.authority, "alert")
    assert gateway.pushes == []


def test_a_key_that_does_not_match_its_certificate_is_told_with_the_file(
        agent, authority, exporter, secure):
    client, other = authority.issue("client"), authority.new_key("other")
    gateway = secure(Sink, tls={"client_ca": authority.cert})
    tls = trusting(authority, cert_file=str(client.cert), key_file=str(other))
    agent.configure(config(source(exporter), sink(gateway, tls_config=tls)))
    assert_failed(agent.once(), "tls", str(client.cert))
    assert gateway.pushes == []


def become_foreground_of_terminal():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_key_with_a_passphrase_is_an_error_and_never_a_question_at_the_terminal(
        agent, authority, exporter, secure):
    client = authority.issue("client")
    locked = authority.new_key("locked", passphrase="nobody-will-type-this")
    gateway = secure(Sink, tls={"client_ca": authority.cert})
    tls = trusting(authority, cert_file=str(client.cert), key_file=str(locked))
    agent.configure(config(source(exporter), sink(gateway, tls_config=tls)))
    master, terminal = pty.openpty()
    with subprocess.Popen(
            [str(peers.BINARY), "-c", str(agent.config_file), "--once"], stdin=terminal,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            preexec_fn=become_foreground_of_terminal, env=agent.environment) as process:
        os.close(terminal)
        # Whatever it asks is answered with an empty line, so that a question does not last.
        os.write(master, b"\n\n\n\n")
        _, stderr = process.communicate(timeout=2 * peers.PATIENCE)
    echoed = b""
    try:
        while data := os.read(master, 4096):
            echoed += data
    except OSError:
        pass  # the last one at the terminal has left
    os.close(master)
    assert_failed(peers.Result(process.returncode, "", stderr.decode()), "tls", str(client.cert))
    assert b"pass phrase" not in echoed


# TLS: versions, and none

def test_min_version_tls13_refuses_a_server_that_has_tls12_only(
        agent, authority, exporter, secure):
    gateway = secure(Sink, tls={"maximum": ssl.TLSVersion.TLSv1_2})
    tls = trusting(authority, min_version="TLS13")
    agent.configure(config(source(exporter), sink(gateway, tls_config=tls)))
    assert_failed(agent.once(), "tls", gateway.authority, "version")
    tls["min_version"] = "TLS12"
    agent.configure(config(source(exporter), sink(gateway, tls_config=tls)))
    assert_good(agent.once())


def test_https_to_a_port_in_clear_text_is_an_error_of_tls(agent, exporter, gateway_seen):
    conf = sink(gateway_seen)
    conf["url"] = conf["url"].replace("http:", "https:")
    agent.configure(config(source(exporter), conf))
    assert_failed(agent.once(), "tls", gateway_seen.authority)
    assert gateway_seen.pushes == []


def test_http_to_a_port_of_tls_fails_and_says_that_no_http_came(agent, exporter, secure):
    gateway = secure(Sink)
    conf = sink(gateway)
    conf["url"] = conf["url"].replace("https:", "http:")
    agent.configure(config(source(exporter), conf))
    result = agent.once()
    assert result.code == 1
    line, = [line for line in result.stderr.splitlines() if 'msg="push failed"' in line]
    assert re.search(r"reason=(bad_body|unreachable) ", line), line
    assert "Received HTTP/0.9" in line or "Empty reply" in line, line
    assert gateway.pushes == []


class TlsGateway(peers.Gateway):
    """A real Pushgateway that wants a client certificate."""

    def __init__(self, authority, folder):
        certificate = authority.issue("gateway")
        settings = folder / "web.yml"
        settings.write_text(
            f"tls_server_config:\n  cert_file: {certificate.cert}\n"
            f"  key_file: {certificate.key}\n  client_ca_file: {authority.cert}\n"
            "  client_auth_type: RequireAndVerifyClientCert\n")
        super().__init__(f"--web.config.file={settings}")
        client = authority.issue("client")
        self.client = {"cert_file": str(client.cert), "key_file": str(client.key)}
        self.context = ssl.create_default_context(cafile=authority.cert)
        self.context.load_cert_chain(client.cert, client.key)

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def get(self, path):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                             urllib.request.HTTPSHandler(context=self.context))
        with opener.open(self.url + path, timeout=peers.PATIENCE) as answer:
            return answer.read().decode()

    def _is_ready(self):
        try:
            self.get(self.ready_path)
            return True
        except OSError:
            return False


@pytest.fixture
def tls_gateway(authority, tmp_path):
    need(peers.GATEWAY_PROGRAM, "run scripts/setup test")
    with TlsGateway(authority, tmp_path) as server:
        yield server


def test_a_real_gateway_with_tls_and_client_certificates_takes_the_push(
        agent, authority, exporter, tls_gateway):
    agent.configure(config(source(exporter), sink(
        tls_gateway, tls_config=trusting(authority, **tls_gateway.client))))
    assert_good(agent.once())
    assert Exposition.parse(tls_gateway.get("/metrics")).value("app_up", job="exporter") == 1


def test_a_real_gateway_refuses_a_push_without_its_client_certificate(
        agent, authority, exporter, tls_gateway):
    agent.configure(config(source(exporter), sink(tls_gateway, tls_config=trusting(authority))))
    assert_failed(agent.once(), "tls", f"127.0.0.1:{tls_gateway.port}", "alert")


def test_a_real_gateway_with_tls_takes_no_push_in_clear_text(agent, exporter, tls_gateway):
    conf = sink(tls_gateway)
    conf["url"] = conf["url"].replace("https:", "http:")
    agent.configure(config(source(exporter), conf))
    result = agent.once()
    # It answers 400 without reading the body, so what arrives of that is a matter of luck.
    assert result.code == 1
    line, = [line for line in result.stderr.splitlines() if 'msg="push failed"' in line]
    assert re.search(r"reason=(rejected|bad_body|unreachable) ", line), line
    assert "app_up" not in tls_gateway.get("/metrics")


# Proxies

def secrets_of_peer():
    return {"basic_auth": {"username": "agent", "password": KEY_HEADER},
            "headers": {"X-Api-Key": KEY_HEADER}}


def test_https_goes_through_the_proxys_tunnel_and_the_proxy_sees_no_credentials(
        agent, authority, secure, started):
    page, gateway, proxy = secure(Exporter), secure(Sink), started(Proxy())
    way = {"proxy_url": proxy.url, "tls_config": trusting(authority), **secrets_of_peer()}
    agent.configure(config(source(page, **way), sink(gateway, **way)))
    assert_good(agent.once())
    assert proxy.targets == [("CONNECT", page.authority), ("CONNECT", gateway.authority)]
    for request in proxy.requests:
        told = repr(request.headers).lower()
        assert "authorization" not in told and "x-api-key" not in told, told
        assert KEY_HEADER not in told
    assert KEY_HEADER.encode() not in proxy.tunneled
    for request in (page.requests[0], gateway.pushes[0]):
        assert request.header("x-api-key") == KEY_HEADER
        assert request.header("authorization").startswith("Basic ")


def test_a_proxys_tunnel_leads_to_the_urls_host_under_another_server_name(
        agent, authority, exporter, secure, started):
    gateway, proxy = secure(Sink, "DNS:gateway.example"), started(Proxy())
    agent.configure(config(source(exporter), sink(
        gateway, proxy_url=proxy.url,
        tls_config=trusting(authority, server_name="gateway.example"))))
    assert_good(agent.once())
    assert proxy.targets == [("CONNECT", gateway.authority)]
    assert gateway.pushes[0].header("host") == gateway.authority


def test_http_asks_the_proxy_for_the_whole_url(agent, exporter, gateway_seen, started):
    proxy = started(Proxy())
    agent.configure(config(source(exporter, proxy_url=proxy.url),
                           sink(gateway_seen, proxy_url=proxy.url)))
    assert_good(agent.once())
    (first, first_url), (second, second_url) = proxy.targets
    assert (first, first_url) == ("GET", f"{exporter.url}/metrics")
    assert second == "PUT" and second_url.startswith(f"{gateway_seen.url}/metrics/job/")
    assert b"app_up 1" in gateway_seen.pushes[0].body


def test_the_proxys_own_password_goes_to_the_proxy_only(
        agent, authority, exporter, secure, started):
    gateway, proxy = secure(Sink), started(Proxy())
    password = WATCH.register("password-of-the-proxy", "clerk")
    agent.configure(config(source(exporter), sink(
        gateway, tls_config=trusting(authority),
        proxy_url=proxy.url.replace("//", f"//clerk:{password}@"))))
    assert_good(agent.once())
    told, = proxy.requests
    assert told.header("proxy-authorization") == "Basic " + base64.b64encode(
        f"clerk:{password}".encode()).decode()
    assert gateway.pushes[0].header("proxy-authorization") is None
    assert gateway.pushes[0].header("authorization") is None
    assert password not in agent.check_config().stdout


@pytest.mark.parametrize("refusal", ("403 Forbidden", "407 Proxy Authentication Required",
                                     "502 Bad Gateway"))
def test_a_proxy_that_refuses_the_tunnel_is_told_with_its_status(
        agent, authority, exporter, secure, started, refusal):
    gateway, proxy = secure(Sink), started(Proxy(refusal))
    agent.configure(config(source(exporter), sink(
        gateway, proxy_url=proxy.url, tls_config=trusting(authority), **secrets_of_peer())))
    assert_failed(agent.once(), "unreachable", refusal[:3])
    assert gateway.n_connections == 0


def test_a_proxy_that_is_down_is_not_passed_by(agent, exporter, gateway_seen):
    agent.configure(config(source(exporter), sink(gateway_seen, proxy_url=NOBODY)))
    assert_failed(agent.once(), "unreachable", "127.0.0.1", "port 1 ")
    assert gateway_seen.n_connections == 0


@pytest.mark.parametrize("variable", ("no_proxy", "NO_PROXY"))
def test_proxy_url_is_not_weakened_by_the_environments_no_proxy(
        agent, exporter, gateway_seen, started, variable):
    proxy = started(Proxy())
    agent.configure(config(source(exporter), sink(gateway_seen, proxy_url=proxy.url)))
    assert_good(agent.once(environment={variable: "*"}))
    assert [method for method, _ in proxy.targets] == ["PUT"]


@pytest.mark.parametrize("proxy_url", (
    "http://clerk:{password}@127.0.0.1:99999", "gopher://clerk:{password}@127.0.0.1:3128",
    "http://clerk:{password}@[::1", "http://clerk:{password}@"))
def test_a_proxy_url_that_cannot_be_used_is_refused_without_its_password(
        agent, exporter, gateway_seen, proxy_url):
    password = WATCH.register("password-in-a-bad-proxy-url")
    agent.configure(config(source(exporter), sink(
        gateway_seen, proxy_url=proxy_url.format(password=password))))
    for result in (agent.once(), agent.check_config()):
        assert password not in result.stderr + result.stdout
    assert gateway_seen.n_connections == 0
    assert agent.check_config().code == 3
    assert "proxy_url" in agent.check_config().stderr


@pytest.mark.parametrize("from_environment,no_proxy,through", (
    (None, None, False), (False, None, False), (True, None, True),
    (True, "127.0.0.1", False), (True, "other.example", True), (True, "*", False)))
def test_http_proxy_of_the_environment_is_taken_only_when_told_and_no_proxy_counts(
        agent, exporter, gateway_seen, started, from_environment, no_proxy, through):
    proxy = started(Proxy())
    way = {} if from_environment is None else {"proxy_from_environment": from_environment}
    environment = {"http_proxy": proxy.url, "all_proxy": proxy.url, "ALL_PROXY": proxy.url}
    if no_proxy:
        environment["no_proxy"] = no_proxy
    agent.configure(config(source(exporter, **way), sink(gateway_seen, **way)))
    assert_good(agent.once(environment=environment))
    assert [method for method, _ in proxy.targets] == (["GET", "PUT"] if through else [])
    assert len(exporter.requests) == len(gateway_seen.pushes) == 1


def test_https_proxy_of_the_environment_is_taken_for_https_only(
        agent, authority, exporter, secure, started):
    gateway, proxy = secure(Sink), started(Proxy())
    agent.configure(config(
        source(exporter, proxy_from_environment=True),
        sink(gateway, proxy_from_environment=True, tls_config=trusting(authority))))
    assert_good(agent.once(environment={"https_proxy": proxy.url}))
    assert proxy.targets == [("CONNECT", gateway.authority)]


def test_a_host_of_no_proxy_is_not_asked_for_at_the_proxy_under_another_server_name(
        agent, authority, exporter, secure, started):
    gateway, proxy = secure(Sink, "DNS:gateway.example"), started(Proxy())
    agent.configure(config(source(exporter), sink(
        gateway, proxy_from_environment=True,
        tls_config=trusting(authority, server_name="gateway.example"))))
    agent.once(environment={"https_proxy": proxy.url, "no_proxy": "127.0.0.1"})
    assert proxy.targets == []


# Unix sockets

def test_source_and_sink_are_reached_by_unix_sockets(agent, started, tmp_path):
    page = started(Exporter(unix=tmp_path / "page.sock"))
    gateway = started(Sink(unix=tmp_path / "gateway.sock"))
    agent.configure(config(
        source(page, unix_socket=str(page.unix)),
        sink(gateway, unix_socket=str(gateway.unix))))
    assert_good(agent.once())
    assert page.requests[0].header("host") == "localhost"
    push, = gateway.pushes
    assert push.header("host") == "localhost"
    assert b"app_up 1" in push.body


def test_a_broker_is_reached_by_a_unix_socket(agent, started, gateway_seen, tmp_path):
    emqx = started(Emqx(unix=tmp_path / "emqx.sock"))
    agent.configure(config(
        {"name": "emqx", "type": "emqx", "url": "http://localhost",
         "unix_socket": str(emqx.unix)}, sink(gateway_seen)))
    assert_good(agent.once())
    assert emqx.page("stats", MODE_NODE)
    pushed = Exposition.parse(gateway_seen.pushes[0].body.decode())
    assert pushed.value("brokerpush_source_up") == 1


def test_tls_works_inside_a_unix_socket_too(agent, authority, secure, exporter, tmp_path):
    gateway = secure(Sink, "DNS:gateway.example", unix=tmp_path / "gateway.sock")
    agent.configure(config(source(exporter), sink(
        gateway, unix_socket=str(gateway.unix),
        tls_config=trusting(authority, server_name="gateway.example"))))
    assert_good(agent.once())
    assert gateway.names_asked == ["gateway.example"]
    assert gateway.pushes[0].header("host") == "localhost"


def test_json_is_reached_by_tls_in_a_unix_socket_with_credentials(agent, authority, secure,
                                                                  gateway_seen, tmp_path):
    page = secure(Exporter, "DNS:api.example", page='{"jobs": {"waiting": 5}}',
                  unix=tmp_path / "api.sock")
    agent.configure(config(
        {"name": "api", "type": "json", "url": page.url, "unix_socket": str(page.unix),
         "tls_config": trusting(authority, server_name="api.example"),
         "basic_auth": {"username": "u", "password": KEY_HEADER},
         "endpoints": [{"name": "jobs", "path": "/jobs"}],
         "metrics": [{"family": "jobs_waiting", "path": "jobs.waiting"}]}, sink(gateway_seen)))
    assert_good(agent.once())
    request, = page.requests
    assert request.header("authorization") == "Basic " + base64.b64encode(
        f"u:{KEY_HEADER}".encode()).decode()
    assert page.names_asked == ["api.example"]
    assert Exposition.parse(gateway_seen.pushes[0].body.decode()).value("jobs_waiting") == 5


def test_a_unix_socket_that_is_missing_is_named(agent, exporter, tmp_path):
    path = tmp_path / "absent.sock"
    agent.configure(config(source(exporter), {
        "name": "gateway", "type": "pushgateway", "url": "http://localhost",
        "unix_socket": str(path)}))
    assert_failed(agent.once(), "unreachable", str(path))


def test_a_unix_socket_goes_before_no_proxy_of_the_environment(agent, started, exporter, tmp_path):
    gateway, proxy = started(Sink(unix=tmp_path / "gateway.sock")), started(Proxy())
    agent.configure(config(source(exporter), sink(gateway, unix_socket=str(gateway.unix))))
    assert_good(agent.once(environment={"http_proxy": proxy.url, "all_proxy": proxy.url}))
    assert proxy.targets == [] and len(gateway.pushes) == 1


# Redirects

def chain(length):
    """/metrics leads over so many redirects to /end."""
    stations = ["/metrics", *(f"/{n}" for n in range(1, length)), "/end"]
    return dict(zip(stations, stations[1:]))


@pytest.mark.parametrize("location", ("/there", "there", "./x/../there", "?there",
                                      "http://{authority}/there", "//{authority}/there",
                                      "HTTP://{authority}/there#part"))
@pytest.mark.parametrize("status", (301, 302, 303, 307, 308))
def test_a_source_follows_a_redirect_to_the_same_origin_with_its_credentials(
        agent, exporter, gateway_seen, location, status):
    exporter.redirects["/metrics"] = status, location.format(authority=exporter.authority)
    conf = source(exporter, **secrets_of_peer())
    if location == "?there":
        exporter.redirects["/metrics/"] = exporter.redirects.pop("/metrics")
        exporter.redirects["/metrics/"] = status, "/metrics?there"
        conf["url"] += "/metrics/"
    agent.configure(config(conf, sink(gateway_seen)))
    assert_good(agent.once())
    assert "there" in exporter.requests[-1].target
    assert [request.method for request in exporter.requests] == ["GET", "GET"]
    for request in exporter.requests:
        assert request.header("x-api-key") == KEY_HEADER
        assert request.header("authorization").startswith("Basic ")
    assert b"app_up 1" in gateway_seen.pushes[0].body


def test_a_source_follows_at_most_five_redirects(agent, exporter, gateway_seen):
    exporter.redirects.update(chain(5))
    agent.configure(config(source(exporter), sink(gateway_seen)))
    assert_good(agent.once())
    exporter.forget_requests()
    exporter.redirects.clear()
    exporter.redirects.update(chain(6))
    assert_failed(agent.once(), "http_3xx", "HTTP 302 to /end", code=4)
    assert len(exporter.requests) == 6


def test_a_loop_of_redirects_ends(agent, exporter, gateway_seen):
    exporter.redirects.update({"/metrics": "/again", "/again": "/metrics"})
    agent.configure(config(source(exporter), sink(gateway_seen)))
    assert_failed(agent.once(), "http_3xx", "HTTP 302 to /", code=4)
    assert len(exporter.requests) == 6


def test_a_broker_that_redirects_in_itself_is_followed(agent, started, gateway_seen):
    emqx = started(SimulatedEmqx())
    front = started(Exporter(redirects={
        "/api/v5/prometheus/stats": "/there"}, page="emqx_connections_count 3\n"))
    agent.configure(config(
        {"name": "emqx", "type": "emqx", "url": front.url, "node": "emqx@127.0.0.1",
         "endpoints": ["stats"]}, sink(gateway_seen)))
    assert_good(agent.once())
    assert emqx.requests == []
    assert b"emqx_connections_count 3" in gateway_seen.pushes[0].body


@pytest.mark.parametrize("location", (
    "http://127.0.0.1:{other}/metrics", "//127.0.0.1:{other}/metrics",
    "http://127.0.0.2:{far}/metrics", "//127.0.0.2:{far}/metrics", "http:///127.0.0.2:{far}/",
    "http://127.0.0.1:{port}@127.0.0.2:{far}/metrics",
    "https://127.0.0.1:{port}/metrics", "https://127.0.0.1:{other}/metrics",
    "http://localhost:{port}/metrics", "http://localhost:{other}/metrics",
    "http://127.1:{other}/", "http://0x7f000002:{far}/", "http://127.0.0.1/metrics",
    "ftp://127.0.0.1:{other}/metrics", "file:///etc/passwd", "gopher://127.0.0.1:{other}/x",
    "http://[", "http:", "http://127.0.0.1:{port}1/", "http://127.0.0.1.:{port}/"))
def test_a_redirect_to_another_origin_reaches_nobody_and_is_told(
        agent, started, gateway_seen, location):
    page = started(Exporter())
    with Silence() as other, Silence("127.0.0.2", page.port) as far:
        target = location.format(port=page.port, other=other.port, far=far.port)
        page.redirects["/metrics"] = target
        agent.configure(config(source(page, **secrets_of_peer()), sink(gateway_seen)))
        result = agent.once()
        # The gateway's push came after the source's end: what was to come has come.
        assert_failed(result, "http_3xx", re.sub("//.*@", "//", target), code=4)
        assert other.n_connections == far.n_connections == 0
        assert page.n_connections == 1
        assert [request.target for request in page.requests] == ["/metrics"]


@pytest.mark.parametrize("user", ("guest", "guest:guest", "127.0.0.2:80\\"))
def test_credentials_in_a_redirect_do_not_replace_the_configured_ones(
        agent, exporter, gateway_seen, user):
    exporter.redirects["/metrics"] = f"http://{user}@{exporter.authority}/there"
    agent.configure(config(source(exporter, **secrets_of_peer()), sink(gateway_seen)))
    agent.once()
    for request in exporter.requests:
        assert request.header("authorization") == "Basic " + base64.b64encode(
            f"agent:{KEY_HEADER}".encode()).decode()


def test_a_redirect_that_leaves_in_its_second_step_reaches_nobody(agent, started, gateway_seen):
    page = started(Exporter(redirects={"/metrics": "/second"}))
    with Silence() as other:
        page.redirects["/second"] = f"http://127.0.0.1:{other.port}/metrics"
        agent.configure(config(source(page, **secrets_of_peer()), sink(gateway_seen)))
        assert_failed(agent.once(), "http_3xx", page.redirects["/second"], code=4)
        assert other.n_connections == 0
    assert [request.path for request in page.requests] == ["/metrics", "/second"]


def test_follow_redirects_false_asks_once(agent, exporter, gateway_seen):
    exporter.redirects["/metrics"] = "/there"
    agent.configure(config(source(exporter, follow_redirects=False), sink(gateway_seen)))
    assert_failed(agent.once(), "http_3xx", "HTTP 302 to /there", code=4)
    assert [request.path for request in exporter.requests] == ["/metrics"]


@pytest.mark.parametrize("status", (301, 302, 303, 307, 308))
def test_a_sink_never_follows_and_tells_the_location(agent, exporter, gateway_seen, status):
    gateway_seen.set_fault("status", code=status, headers={"Location": "/metrics/job/cleaned"})
    agent.configure(config(source(exporter), sink(gateway_seen)))
    assert_failed(agent.once(), "http_3xx", f"HTTP {status} to /metrics/job/cleaned")
    assert len(gateway_seen.requests) == 1


# Names and addresses

def test_source_and_sink_are_reached_by_ipv6(agent, started):
    if not has_ipv6():
        skip("this machine has no ::1")
    page, gateway = started(Exporter(address="::1")), started(Sink(address="::1"))
    agent.configure(config(source(page), sink(gateway)))
    assert_good(agent.once())
    assert page.requests[0].header("host") == page.authority
    assert gateway.pushes[0].header("host") == f"[::1]:{gateway.port}"


def test_tls_and_server_name_work_with_an_ipv6_address(agent, authority, secure, exporter):
    if not has_ipv6():
        skip("this machine has no ::1")
    named = secure(Sink, "DNS:gateway.example", address="::1")
    plain = secure(Sink, "IP:::1", address="::1")
    agent.configure(config(source(exporter), [
        sink(named, name="named", tls_config=trusting(authority, server_name="gateway.example")),
        sink(plain, name="plain", tls_config=trusting(authority))]))
    assert_good(agent.once())
    assert named.names_asked == ["gateway.example"]
    assert named.pushes[0].header("host") == f"[::1]:{named.port}"
    assert len(plain.pushes) == 1


@pytest.mark.parametrize("listening", ("127.0.0.1", "::1"))
def test_a_name_with_several_addresses_works_while_one_of_them_refuses(agent, started, listening):
    if not has_ipv6():
        skip("this machine has no ::1")
    page, gateway = started(Exporter(address=listening)), started(Sink(address=listening))
    confs = source(page), sink(gateway)
    for conf, server in zip(confs, (page, gateway)):
        conf["url"] = f"http://localhost:{server.port}"
    agent.configure(config(*confs))
    assert_good(agent.once())
    assert gateway.pushes[0].header("host") == f"localhost:{gateway.port}"


def test_a_name_that_does_not_resolve_is_unreachable_and_named(agent, exporter, gateway_seen):
    broken = {"name": "broken", "type": "prometheus", "url": "http://nonexistent.invalid:9100"}
    agent.configure(config([source(exporter), broken], sink(gateway_seen)))
    assert_failed(agent.once(), "unreachable", "nonexistent.invalid", "resolve", code=4)
    agent.configure(config(source(exporter), {
        "name": "gateway", "type": "pushgateway", "url": "http://nonexistent.invalid:9091"}))
    assert_failed(agent.once(), "unreachable", "nonexistent.invalid", "resolve")


# Resolvers that hang. A preloaded getaddrinfo says by files what it does, and waits for one.

RESOLVER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void mark(const char *variable)
{
	int fd = open(getenv(variable), O_CREAT | O_WRONLY | O_APPEND, 0600);

	write(fd, "x", 1);
	close(fd);
}

/* several.example: an address where nobody listens, then a good one.
   hangs.example: no answer until released. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
	struct addrinfo **result)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
		dlsym(RTLD_NEXT, "getaddrinfo");

	if (node && strcmp(node, "several.example") == 0) {
		struct addrinfo *good, *last;
		int code = real("127.0.0.2", service, hints, result);

		if (code || (code = real("127.0.0.1", service, hints, &good)))
			return code;
		for (last = *result; last->ai_next; last = last->ai_next)
			;
		last->ai_next = good;
		return 0;
	}
	if (!node || strcmp(node, "hangs.example") != 0)
		return real(node, service, hints, result);
	mark("RESOLVER_ASKED");
	while (access(getenv("RESOLVER_RELEASE"), F_OK) != 0)
		usleep(10000);
	mark("RESOLVER_DONE");
	return EAI_AGAIN;
}
"""


class Resolver:
    """The files by which the preloaded resolver talks, and the environment that preloads it."""

    def __init__(self, folder):
        self.asked, self.done = folder / "asked", folder / "done"
        self.release_file = folder / "release"
        text, library = folder / "resolver.c", folder / "resolver.so"
        text.write_text(RESOLVER)
        subprocess.run(["cc", "-shared", "-fPIC", "-w", "-o", library, text, "-ldl"], check=True)
        self.environment = {
            "LD_PRELOAD": " ".join([*self._sanitizers(), str(library)]),
            "RESOLVER_ASKED": str(self.asked), "RESOLVER_DONE": str(self.done),
            "RESOLVER_RELEASE": str(self.release_file)}

    @staticmethod
    def _sanitizers():
        """AddressSanitizer wants to be the first library; it calls ours in its turn."""
        done = subprocess.run(["ldd", str(peers.BINARY)], capture_output=True, text=True,
                              check=False)
        return re.findall(r"=> (\S*libasan\S*)", done.stdout)

    @property
    def n_asked(self):
        return len(self.asked.read_text()) if self.asked.exists() else 0


@pytest.fixture
def resolver(tmp_path):
    need(Path("/usr/bin/cc"), "install a C compiler")
    return Resolver(tmp_path)


def skip_without_quick_exit(agent):
    version = re.search(r"libcurl[ /](\d+)\.(\d+)", agent.run_plain("--version").stdout)
    if version and (int(version[1]), int(version[2])) < (7, 87):
        skip(f"{version[0]} waits for resolvers (CURLOPT_QUICK_EXIT came with 7.87)")


def hanging(make, name, port=1, **more):
    """A source or sink behind a name whose look-up hangs."""
    peer = type("Peer", (), {"url": f"http://hangs.example:{port}"})
    return make(peer, name=name, **more)


def test_a_name_with_several_addresses_is_tried_to_the_one_that_answers(
        agent, resolver, started):
    page, gateway = started(Exporter()), started(Sink())
    confs = source(page), sink(gateway)
    for conf, server in zip(confs, (page, gateway)):
        conf["url"] = f"http://several.example:{server.port}"
    agent.configure(config(*confs))
    assert_good(agent.once(environment=resolver.environment))
    assert len(gateway.pushes) == 1


def test_a_sources_look_up_that_hangs_does_not_stop_the_others_pushes(
        agent, resolver, exporter, gateway_seen):
    skip_without_quick_exit(agent)
    agent.configure(config([hanging(source, "lost"), source(exporter)], sink(gateway_seen),
                           interval="2s", splay="0s"))
    running = agent.start(environment=resolver.environment)
    wait_until(lambda: resolver.n_asked, "the look-up hangs")
    pushes = gateway_seen.wait_for_pushes(4)
    assert not resolver.done.exists()
    assert any(b"app_up 1" in push.body for push in pushes)
    assert running.log_lines(r"source is down.*source=lost.*reason=timed_out")
    assert not running.log_lines(r"source is down.*source=exporter")
    # Nor does it keep the agent from ending.
    assert running.stop().code == 0
    assert not resolver.done.exists()


def test_a_sinks_look_up_that_hangs_does_not_stop_the_pushes_to_another(
        agent, resolver, exporter, gateway_seen):
    skip_without_quick_exit(agent)
    agent.configure(config(source(exporter), [hanging(sink, "lost"), sink(gateway_seen)],
                           interval="2s", splay="0s"))
    running = agent.start(environment=resolver.environment)
    wait_until(lambda: resolver.n_asked, "the look-up hangs")
    gateway_seen.wait_for_pushes(3)
    assert not resolver.done.exists()
    running.wait_log(r"push failed.*sink=lost.*reason=timed_out")
    assert not running.log_lines(r"push failed.*sink=gateway")
    assert running.stop().code == 0
    assert not resolver.done.exists()


def test_a_look_up_that_hung_and_failed_late_does_no_harm(
        agent, resolver, exporter, gateway_seen):
    skip_without_quick_exit(agent)
    agent.configure(config([hanging(source, "lost"), source(exporter)], sink(gateway_seen),
                           interval="2s", splay="0s"))
    running = agent.start(environment=resolver.environment)
    running.wait_log(r"source is down.*source=lost.*reason=timed_out")
    resolver.release_file.write_text("")
    wait_until(resolver.done.exists, "the look-up ends")
    running.wait_log(r"source is down.*source=lost.*reason=unreachable")
    before = len(gateway_seen.pushes)
    gateway_seen.wait_for_pushes(before + 1)
    assert running.stop().code == 0


def test_a_single_run_ends_while_a_look_up_hangs(agent, resolver, exporter, gateway_seen):
    skip_without_quick_exit(agent)
    agent.configure(config([hanging(source, "lost", timeout="500ms"), source(exporter)],
                           sink(gateway_seen)))
    result = agent.once(environment=resolver.environment)
    assert_failed(result, "timed_out", "lost", code=4)
    assert resolver.n_asked == 1
    assert not resolver.done.exists()
    assert gateway_seen.pushes
