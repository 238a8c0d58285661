# SPDX-License-Identifier: LGPL-2.1-or-later
"""Under Secure Boot lpd's verdict on a patch, signed in each way, matches the kernel's answer."""

from bench import verdicts


def case(m):
    m.boot(secure_boot=True)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    found, words = verdicts.compare(m, verdicts.wanted(m))
    for way, value in found.items():
        # Newer kernels do not look up the hash of a whole file in .blacklist; lpd still does.
        if way != "builtin" and (way != "forbidden" or m.mok_keyring == ".machine"):
            m.equal(f"that {way} is accepted", value["accepted"]["required"], words[way][0])

    # Debian's own module is correctly signed, but not a live patch.
    m.equal("what would let it in", found["builtin"]["accepted"],
            {"required": False, "local": False, "permissive": False})
    unsigned = m.verify(m.patch("lp-cmdline"))
    m.equal("the verdict on an unsigned patch", unsigned["signature"]["verdict"], "unsigned")

    for way, keyring in (("mok-keyid", m.mok_keyring), ("leaf-embedded", m.mok_keyring),
                         ("builtin", ".builtin_trusted_keys"), ("db", ".platform")):
        m.equal(f"the keyring that vouches for {way}", found[way]["signature"]["keyring"], keyring)
    m.equal("the way", found["mok"]["signature"]["way"], "kernel-pkcs7")
    m.equal("that it has expired", found["expired"]["signature"]["expired"] is not None, True)
