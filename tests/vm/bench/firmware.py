# SPDX-License-Identifier: LGPL-2.1-or-later
"""UEFI firmware: the kernels that it starts, and its variables with the enrolled keys."""

import hashlib
import uuid
from pathlib import Path

from . import cache, variables
from .command import run
from .variables import Variables

OVMF = Path("/usr/share/OVMF")
CODE = OVMF / "OVMF_CODE_4M.secboot.fd"
VARIABLES = OVMF / "OVMF_VARS_4M.snakeoil.fd"   # with Debian's test key as PK, KEK and db

# The keys that are enrolled by default, and the certificates that are revoked.
MOK = ("mok", "ca", "orphan", "expired", "revoked", "ec")
REVOKED = ("revoked", "revoked-leaf")

SHIM = "605dab50-e046-4300-abb6-3dd810dd8b23"
SECURE_BOOT_ENABLE = "f0a30bc7-af08-4556-99c4-001009c93a44"

# Types of EFI_SIGNATURE_LIST (UEFI specification 2.10, section 32.4.1).
X509 = uuid.UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")
X509_SHA256 = uuid.UUID("3bd2a492-96c0-4079-b420-fcf98ef103ed")
SHA256 = uuid.UUID("c1c41626-504c-4092-aca9-41f936934328")


class Firmware:
    """kernels has one signed kernel image for each series."""

    def __init__(self, top, keys, signed, base):
        self.top = top
        self.kernels = {series: top / f"kernel-{series}" for series in base.kernels}
        self._keys = keys
        self._signed = signed

    def write_variables(self, path, secure_boot, mok):
        """A new variable store, with Secure Boot on or off and the certificates of the keys mok."""
        store = Variables(VARIABLES.read_bytes())
        if not secure_boot:
            store.set(SECURE_BOOT_ENABLE, "SecureBootEnable", b"\0", variables.NON_VOLATILE)
        for name, value in (("MokListRT", self._enrolled(mok)), ("MokListXRT", self._forbidden())):
            store.set(SHIM, name, value, variables.RUNTIME)
        path.write_bytes(store.data)

    def _enrolled(self, mok):
        return b"".join(_signature_list(X509, self._keys.der(name)) for name in mok)

    def _forbidden(self):
        """Entries for the kernel's .blacklist: the hash of a certificate's signed part, and of a
        file. The kernel takes the whole of an X509_SHA256 entry for the hash, so the time of the
        revocation is left out; without CONFIG_SYSTEM_REVOCATION_LIST, as in Debian's kernels, it
        ignores X.509 certificates (Linux: security/integrity/platform_certs/keyring_handler.c)."""
        certificates = [self._keys.to_be_signed(name) for name in REVOKED]
        return b"".join([_signature_list(X509_SHA256, *map(_sha256, certificates)),
                         _signature_list(SHA256, *map(_sha256, self._signed.forbidden()))])


def get(store, base, keys, signed):
    """The firmware from the cache; made first if kernels or keys have changed, which takes a
    second."""
    key = cache.digest(Path(__file__), Path(variables.__file__), base.top, keys.top, signed.top,
                       CODE, VARIABLES)
    top = store.entry(f"firmware-{base.suite.name}", key, lambda top: _build(top, base, keys))
    return Firmware(top, keys, signed, base)


def _build(top, base, keys):
    for series, kernel in base.kernels.items():
        run("sbsign", "--key", keys.key("db"), "--cert", keys.certificate("db"),
            "--output", top / f"kernel-{series}", kernel.vmlinuz)


def arguments(path):
    """qemu's arguments for a machine with that variable store. qemu changes the header of the kernel
    that it hands over, which makes the signature a bad one: OVMF then starts it by its legacy loader,
    which releases since 2026 have to be asked for (edk2: OvmfPkg/RUNTIME_CONFIG.md)."""
    return ["-fw_cfg", "name=opt/org.tianocore/EnableLegacyLoader,string=yes", "-machine", "smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on",
            "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={CODE}",
            "-drive", f"if=pflash,format=raw,unit=1,file={path}"]


def _signature_list(kind, *entries):
    """One EFI_SIGNATURE_LIST; all its entries have the same size."""
    owner = uuid.UUID(SHIM).bytes_le
    body = b"".join(owner + entry for entry in entries)
    sizes = (16 + 12 + len(body), 0, 16 + len(entries[0]))
    return kind.bytes_le + b"".join(size.to_bytes(4, "little") for size in sizes) + body


def _sha256(data):
    return hashlib.sha256(data).digest()
