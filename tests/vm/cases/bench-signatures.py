# SPDX-License-Identifier: LGPL-2.1-or-later
"""Self-test: the kernel's answer under Secure Boot to a patch signed in each way."""

TAKEN = """
    db mok ca orphan expired leaf-embedded mok-embedded mok-keyid mok-sha384 mok-sha512
    stranger-and-mok
""".split()

REFUSED = """
    leaf second stranger stranger-embedded forged forged-embedded mok-attributes
    revoked revoked-embedded revoked-leaf-embedded forbidden
""".split()

REJECTED = (False, "EKEYREJECTED")


def case(m):
    m.boot(secure_boot=True)
    ecdsa = m.series != "6.1"   # CONFIG_CRYPTO_ECDSA
    wanted = {**dict.fromkeys(TAKEN, (True, "OK")), "ec": (True, "OK") if ecdsa else REJECTED,
              **dict.fromkeys(REFUSED, REJECTED)}
    # Debian's older kernels also look up the hash of the whole file
    if m.mok_keyring != ".machine":
        wanted["forbidden"] = (True, "OK")
    found = m.kernel_takes_each([m.patch("lp-cmdline", by=way) for way in wanted])
    for way, answer in zip(wanted, found):
        m.equal(f"what the kernel says of {way}", answer, wanted[way])

    unsigned = m.kernel_takes(m.patch("lp-cmdline"))
    m.equal("what it says of an unsigned patch", unsigned, REJECTED)
    m.equal("what it says of Debian's own module",
            m.kernel_takes(m.patch("dummy", by="builtin")), (True, ""))
    for size in ("64k", "10m", "17m"):
        m.equal(f"what it says of {size}", m.kernel_takes(m.patch(f"lp-size-{size}", by="mok")),
                (True, "OK"))

    if m.mok_keyring != ".machine":
        return   # .secondary_trusted_keys accepts no key that only .platform vouches for
    m.ok("keyctl padd asymmetric second %:.secondary_trusted_keys </patches/keys/second.der")
    m.equal("what it says of a key that root added",
            m.kernel_takes(m.patch("lp-cmdline", by="second")), (True, "OK"))
