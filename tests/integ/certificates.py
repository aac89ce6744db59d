# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made by the openssl command (Debian package openssl)."""

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

OPENSSL = Path(shutil.which("openssl") or "/usr/bin/openssl")
KEY_ALGORITHM = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


def openssl(*arguments):
    done = subprocess.run([str(OPENSSL), *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, check=False, timeout=60)
    if done.returncode:
        raise AssertionError(f"openssl {arguments[0]}: {done.stderr.decode()}")


@dataclass
class Certificate:
    cert: Path
    key: Path

    def server_context(self, client_ca=None, maximum=None):
        """What a server shows; client_ca: it wants a certificate of that authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        if client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)
        if maximum:
            context.maximum_version = maximum
        return context


class Authority:
    """A private certificate authority; all that it makes lies in one folder."""

    def __init__(self, folder, name="Test authority"):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key = self.new_key("ca")
        self.cert = self.folder / "ca.pem"
        openssl("req", "-x509", "-new", "-key", self.key, "-out", self.cert, "-days", "2",
                "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def new_key(self, name, passphrase=None):
        path = self.folder / f"{name}.key"
        locked = ("-aes256", "-pass", f"pass:{passphrase}") if passphrase else ()
        openssl("genpkey", *KEY_ALGORITHM, *locked, "-out", path)
        path.chmod(0o600)
        return path

    def issue(self, name, names=("IP:127.0.0.1",), days=2):
        """A certificate for these names; days=-1: it expired yesterday."""
        certificate = Certificate(self.folder / f"{name}.pem", self.new_key(name))
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={','.join(names)}\n"
                              "basicConstraints=CA:FALSE\n")
        openssl("req", "-new", "-key", certificate.key, "-subj", f"/CN={name}", "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key,
                "-CAcreateserial", "-days", days, "-extfile", extensions,
                "-out", certificate.cert)
        return certificate
