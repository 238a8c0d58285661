# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signatures in the format of kernel modules, valid and invalid ones."""

import tempfile
from pathlib import Path

from .chroot import run_in
from .command import run

# The part after the PKCS#7 (Linux: include/linux/module_signature.h): the only type is 2.
MARKER = b"~Module signature appended~\n"
TYPE_PKCS7 = 2


class Signer:
    """Signs with the bench's keys, with the kernel's own tool if possible."""

    def __init__(self, keys, base, kernel):
        self._keys = keys
        self._building = base.building
        self._sign_file = f"{kernel.headers}/scripts/sign-file"

    def sign(self, module, *by, hash="sha256", key_id=False, embed=False, attributes=False):
        """The bytes of a module with its signature, by one key or by several.

        key_id identifies the signer by its key instead of issuer and serial number, embed includes
        the certificates, attributes makes signed attributes, which no module may have."""
        if len(by) == 1 and not embed and not attributes:
            return self._sign_as_the_kernel_does(module, by[0], hash, key_id)
        options = [*([] if embed else ["-nocerts"]), *([] if attributes else ["-noattr"]),
                   *(["-keyid"] if key_id else [])]
        return append(module, self._cms(module, by, hash, options))

    def detached(self, data, *by, hash="sha256", options=("-nocerts", "-noattr")):
        """Only the PKCS#7, in DER; options are those of openssl-cms(1)."""
        return self._cms(data, by, hash, options)

    def _sign_as_the_kernel_does(self, module, by, hash, key_id):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "module"
            path.write_bytes(module)
            run_in(self._building, self._sign_file, *(["-k"] if key_id else []), hash,
                   f"/src/{self._keys.key(by).name}", f"/src/{self._keys.certificate(by).name}",
                   "/build/module", binds={"src": self._keys.top, "build": directory})
            return path.read_bytes()

    def _cms(self, data, by, hash, options):
        signers = [word for name in by for word in ("-signer", self._keys.certificate(name),
                                                    "-inkey", self._keys.key(name))]
        with tempfile.TemporaryDirectory() as directory:
            path, out = Path(directory) / "data", Path(directory) / "signature"
            path.write_bytes(data)
            run("openssl", "cms", "-sign", "-binary", "-md", hash, *options, *signers,
                "-in", path, "-outform", "DER", "-out", out)
            return out.read_bytes()


def append(module, pkcs7, kind=TYPE_PKCS7, size=None):
    """A module with that signature appended, and a trailer that may be wrong."""
    size = len(pkcs7) if size is None else size
    return module + pkcs7 + bytes([0, 0, kind, 0, 0, 0, 0, 0]) + size.to_bytes(4, "big") + MARKER


def split(signed):
    """(module, PKCS#7, trailer and marker) of a signed module."""
    trailer = len(signed) - len(MARKER) - 12
    start = trailer - int.from_bytes(signed[trailer + 8:trailer + 12], "big")
    return signed[:start], signed[start:trailer], signed[trailer:]
