# SPDX-License-Identifier: Apache-2.0
"""Watches that no secret of any test is told by any run of the agent.

To have it in the whole suite, conftest.py imports the fixture:

    from secret_watch import secret_watch  # noqa: F401

From then on every configuration written by Agent.configure (a dict) registers the secrets that
stand in it, every file named as password_file or credentials_file is read as a secret when it is
written, every token that a simulated broker gives for a login is one, and each run's standard
output and standard error are checked when it ends; once more when the session ends, for what was
registered later. A test registers what cannot be seen there, such as a value of the environment:
WATCH.register("...").
"""

import base64
import json
import re
import urllib.parse

import pytest

import peers
import simulated_emqx

# Shorter ones are words that a log has for reasons of its own.
SHORTEST = 8

SECRET_SETTINGS = ("password", "credentials")
FILE_SETTINGS = ("password_file", "credentials_file")
# Pairs, whose values are secrets all.
PAIRS_SETTINGS = ("headers", "params")


class SecretTold(AssertionError):
    pass


class SecretWatch:
    """A registry of secrets, and of all texts that were checked."""

    def __init__(self):
        self._spellings = {}  # spelling: what it was registered as
        self._files = set()  # names of files with secrets
        self._texts = []
        self._installed = False

    # What is secret

    def register(self, secret, username=None):
        """From now on nobody may tell this; with a user name, nor the two as HTTP Basic has them.

        Returns the secret.
        """
        if len(secret) < SHORTEST:
            raise ValueError(f"a secret for a test must have {SHORTEST} characters")
        spellings = {secret, json.dumps(secret)[1:-1], urllib.parse.quote(secret, safe=""),
                     base64.b64encode(secret.encode()).decode().rstrip("=")}
        if username is not None:
            pair = base64.b64encode(f"{username}:{secret}".encode()).decode()
            spellings.add(pair.rstrip("="))
        for spelling in spellings:
            self._spellings[spelling] = secret
        return secret

    def register_config(self, config):
        """Every secret that stands in a configuration as it is."""
        if isinstance(config, (list, tuple)):
            for item in config:
                self.register_config(item)
        if not isinstance(config, dict):
            return
        for name, value in config.items():
            if name in SECRET_SETTINGS:
                self._register_text(value, config.get("username"))
            elif name in FILE_SETTINGS:
                self._files.add(value)
            elif name == "proxy_url":
                self._register_text(self._password_of(value))
            elif name in PAIRS_SETTINGS:
                for text in self._values_of(value):
                    self._register_text(text)
            else:
                self.register_config(value)

    @staticmethod
    def _values_of(pairs):
        """Of { a = "1"; } or of ( { name = "a"; value = "1"; } )."""
        if isinstance(pairs, dict):
            return list(pairs.values())
        return [pair["value"] for pair in pairs]

    @staticmethod
    def _password_of(url):
        found = re.match(r"[^/]*//[^/@]*:([^/@]*)@", url)
        return found.group(1) if found else ""

    def _register_text(self, text, username=None):
        if len(text) >= SHORTEST and "${env:" not in text:
            self.register(text, username)

    def register_file(self, name, text):
        """A file that was written, if a configuration named it as a secret's."""
        if str(name) in self._files or name.endswith((".secret", ".token")):
            self._register_text(text.strip())

    # What was told

    def check(self, text, where="a run"):
        """Raises SecretTold if the text has a secret in it; else keeps it for check_again."""
        self._check(text, where)
        self._texts.append((where, text))

    def check_again(self):
        """All texts, by all that is known now."""
        for where, text in self._texts:
            self._check(text, where)

    def _check(self, text, where):
        # A copy, since a broker may give a token meanwhile.
        for spelling, secret in list(self._spellings.items()):
            if spelling in text:
                at = text.index(spelling)
                line = text[text.rfind("\n", 0, at) + 1:].partition("\n")[0]
                raise SecretTold(f"{where} tells the secret {secret!r}:\n{line}")

    @property
    def n_checked(self):
        return len(self._texts)

    @property
    def n_secrets(self):
        return len(set(self._spellings.values()))

    # In every run

    def install(self):
        """Look at all that Agent writes, runs and starts; a second time does nothing."""
        if self._installed:
            return
        self._installed = True
        watch = self
        configure, write_file = peers.Agent.configure, peers.Agent.write_file
        run_plain, join = peers.Agent.run_plain, peers.RunningAgent._join
        new_token = simulated_emqx.Accounts._new_token

        def watched_configure(agent, config):
            watch.register_config(config)
            return configure(agent, config)

        def watched_write_file(agent, name, text, *more, **options):
            watch.register_file(str(name), text)
            return write_file(agent, name, text, *more, **options)

        def watched_run(agent, *arguments, **options):
            result = run_plain(agent, *arguments, **options)
            watch.check(result.stdout + result.stderr, " ".join(map(str, arguments)))
            return result

        def watched_join(running):
            join(running)
            watch.check("".join(running._out) + running.log, "a run in timer mode")

        def watched_new_token(accounts, number):
            return watch.register(new_token(accounts, number))

        simulated_emqx.Accounts._new_token = watched_new_token
        peers.Agent.configure, peers.Agent.write_file = watched_configure, watched_write_file
        peers.Agent.run_plain, peers.RunningAgent._join = watched_run, watched_join


WATCH = SecretWatch()


@pytest.fixture(scope="session", autouse=True)
def secret_watch():
    WATCH.install()
    yield WATCH
    WATCH.check_again()
