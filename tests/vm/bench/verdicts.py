# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verdicts on lp-cmdline, signed in each way (signed.py), on a machine with Secure Boot."""

from .qemu import Failed

VERDICTS = {
    "verified": """db mok ca orphan expired leaf-embedded mok-embedded mok-keyid mok-sha384
                   mok-sha512 stranger-and-mok""",
    "unknown-signer": "leaf second stranger stranger-embedded",
    "bad-signature": "forged forged-embedded mok-attributes",
    "revoked": "revoked revoked-embedded revoked-leaf-embedded forbidden",
}


def wanted(m):
    """{way: verdict}; "builtin" is Debian's own module."""
    ecdsa = m.series != "6.1"   # CONFIG_CRYPTO_ECDSA: without it the kernel ignores such a key
    return {**{way: verdict for verdict, ways in VERDICTS.items() for way in ways.split()},
            "ec": "verified" if ecdsa else "unknown-signer", "builtin": "verified"}


def path(m, way):
    return m.patch("dummy" if way == "builtin" else "lp-cmdline", by=way)


def compare(m, verdicts):
    """Compares lpd's verdicts with the expected ones; lpd must verify nothing that the kernel
    refuses. Returns {way: value of lpctl verify} and {way: answer of m.kernel_takes()}."""
    paths = [path(m, way) for way in verdicts]
    found = dict(zip(verdicts, m.verify_each(paths)))
    words = dict(zip(verdicts, m.kernel_takes_each(paths)))
    m.equal("the verdicts", {way: v["signature"]["verdict"] for way, v in found.items()}, verdicts)
    for way, value in found.items():
        if value["signature"]["verdict"] == "verified" and not words[way][0]:
            raise Failed(f"{way} is verified, but the kernel says {words[way]}")
    return found, words
