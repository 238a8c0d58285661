# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keyrings= limits which keys count: a patch signed by a key in another keyring is refused,
although the kernel would accept it, and the reason names the key, the keyring and the setting."""

MACHINES = ("12/6.1", "13")   # newer kernels have a .machine only with shim

WAYS = ("mok", "mok-keyid", "leaf-embedded", "db", "builtin")
LEFT_OUT = "its key, lpd bench mok, is in .machine, which Keyrings= leaves out"


def case(m):
    m.boot(secure_boot=True)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    for keyrings, accepted in (("builtin secondary platform", {"builtin", "db"}),
                               ("builtin", {"builtin"}), ("platform", {"db"}),
                               ("machine", {"mok", "mok-keyid", "leaf-embedded"})):
        m.write("/etc/lpd/lpd.conf.d/50-trust.conf", f"[Trust]\nKeyrings={keyrings}\n")
        found = {way: verdict(m, way) for way in WAYS}
        m.equal(f"the verdicts under Keyrings={keyrings}", found,
                {way: "verified" if way in accepted else "unknown-signer" for way in found})
        if "machine" not in keyrings:
            m.fails(f"lpctl install {module(m, 'mok')}", exit=5, says=LEFT_OUT)
    m.ok(f"lpctl install --wait=30 {module(m, 'mok')}")
    m.fails(f"lpctl install {m.patch('lp-uptime', by='db')}", exit=5,
            says="in .platform, which Keyrings=")


def module(m, way):
    return m.patch("dummy" if way == "builtin" else "lp-cmdline", by=way)


def verdict(m, way):
    return m.json(f"lpctl verify {module(m, way)} --json=short || true")["signature"]["verdict"]
