# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys that sign patches, and their certificates, made once with openssl."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import cache
from .command import run

# The key in db of Debian's firmware for tests; its passphrase is the name of the file.
SNAKEOIL = Path("/usr/share/ovmf/PkKek-1-snakeoil.key")


@dataclass(frozen=True)
class Key:
    """How a key and its certificate are made."""

    issuer: str | None = None   # None: self-signed
    algorithm: str = "rsa:2048"
    kind: str = "signer"        # or "authority": sections of CONFIG
    expired: bool = False
    twin: str | None = None     # the certificate has the same names and numbers as that one


# An issuer comes before the certificates that it issues.
KEYS = {
    "mok": Key(),
    "ca": Key(kind="authority"),
    "leaf": Key(issuer="ca"),
    "second": Key(issuer="ca"),
    "stranger": Key(kind="authority"),
    "orphan": Key(issuer="stranger"),
    "expired": Key(expired=True),
    "revoked": Key(),
    "revoked-leaf": Key(issuer="ca"),
    "ec": Key(algorithm="ec"),
    "forged": Key(twin="mok"),
}

CONFIG = """
[req]
distinguished_name = nobody
[nobody]
[signer]
subjectKeyIdentifier = {key_id}
authorityKeyIdentifier = keyid
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
[authority]
subjectKeyIdentifier = {key_id}
authorityKeyIdentifier = keyid
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
"""

CA_CONFIG = """
[ca]
default_ca = this
[this]
database = {directory}/index
new_certs_dir = {directory}
policy = any
serial = {directory}/serial
copy_extensions = copyall
unique_subject = no
[any]
commonName = supplied
"""


class Keys:
    """top contains NAME.key, NAME.pem, NAME.der and NAME.tbs of each key and of db."""

    names = ("db", *KEYS)

    def __init__(self, top):
        self.top = top

    def key(self, name):
        return self._existing(f"{name}.key")

    def certificate(self, name):
        return self._existing(f"{name}.pem")

    def der(self, name):
        return self._existing(f"{name}.der").read_bytes()

    def to_be_signed(self, name):
        """The part of a certificate that its signature covers, whose hash .blacklist names."""
        return self._existing(f"{name}.tbs").read_bytes()

    def _existing(self, name):
        if not (self.top / name).exists():
            raise SystemExit(f"no key {name.split('.')[0]}; there are {', '.join(self.names)}")
        return self.top / name


def get(store):
    return Keys(store.entry("keys", cache.digest(Path(__file__)), _build))


def _build(top):
    run("openssl", "pkey", "-in", SNAKEOIL, "-passin", "pass:snakeoil", "-out", top / "db.key")
    shutil.copy(SNAKEOIL.with_suffix(".pem"), top / "db.pem")
    for name, key in KEYS.items():
        _make(top, name, key)
    for certificate in top.glob("*.pem"):
        run("openssl", "x509", "-in", certificate, "-outform", "DER",
            "-out", certificate.with_suffix(".der"))
        run("openssl", "asn1parse", "-noout", "-in", certificate, "-strparse", "4",
            "-out", certificate.with_suffix(".tbs"))


def _make(top, name, key):
    config = top / "openssl.cnf"
    config.write_text(CONFIG.format(key_id=_key_id(top, key.twin) if key.twin else "hash"))
    pem = top / f"{name}.pem"
    argv = ["openssl", "req", "-x509", "-config", config, "-extensions", key.kind, "-nodes",
            "-newkey", key.algorithm, "-subj", f"/CN=lpd bench {key.twin or name}",
            "-days", "3650", "-keyout", top / f"{name}.key", "-out", pem]
    if key.algorithm == "ec":
        argv += ["-pkeyopt", "ec_paramgen_curve:P-256"]
    if key.issuer:
        argv += ["-CA", top / f"{key.issuer}.pem", "-CAkey", top / f"{key.issuer}.key"]
    if key.twin:
        argv += ["-set_serial", _field(top, key.twin, "-serial")]
    run(*argv)
    if key.expired:
        _let_expire(top, pem, top / f"{name}.key")
    config.unlink()


def _let_expire(top, pem, key):
    """Signs a certificate again with dates in the past: openssl-x509(1) of 3.5 no longer does
    that."""
    with tempfile.TemporaryDirectory(dir=top) as directory:
        config, request = Path(directory) / "openssl.cnf", Path(directory) / "request"
        config.write_text(CA_CONFIG.format(directory=directory))
        (Path(directory) / "index").touch()
        run("openssl", "x509", "-x509toreq", "-copy_extensions", "copyall", "-in", pem,
            "-signkey", key, "-out", request)
        run("openssl", "ca", "-config", config, "-selfsign", "-create_serial", "-batch", "-notext",
            "-md", "sha256", "-startdate", "20200101000000Z", "-enddate", "20200102000000Z",
            "-keyfile", key, "-in", request, "-out", pem)


def _key_id(top, name):
    return _field(top, name, "-ext", "subjectKeyIdentifier").split("\n")[-1].strip()


def _field(top, name, *what):
    """A field as openssl prints it: "serial=0A" gives 0x0A."""
    text = run("openssl", "x509", "-in", top / f"{name}.pem", "-noout", *what).strip()
    return text.replace("serial=", "0x")
