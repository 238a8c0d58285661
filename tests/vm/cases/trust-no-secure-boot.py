# SPDX-License-Identifier: LGPL-2.1-or-later
"""With Secure Boot off the firmware's own keys count and an enrolled one does not: lpd says so, and
accepts exactly what the kernel would accept under sig_enforce."""

from bench.signed import VARIANTS

VERIFIED = {"db"}
# Signatures that are bad for every signer; others are only unknown.
BAD = {"mok-attributes"}


def case(m):
    m.boot(secure_boot=False)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    paths = {way: m.patch("lp-cmdline", by=way) for way in VARIANTS}
    paths["unsigned"] = m.patch("lp-cmdline")
    found = {way: m.json(f"lpctl verify {path} --json=short || true")
             for way, path in paths.items()}
    wanted = {way: "verified" if way in VERIFIED else "bad-signature" if way in BAD else
              "unsigned" if way == "unsigned" else "unknown-signer" for way in paths}
    m.equal("the verdicts", {way: v["signature"]["verdict"] for way, v in found.items()}, wanted)
    m.equal("who vouches for db", found["db"]["signature"]["keyring"], ".platform")

    output = m.fails(f"lpctl install {paths['mok']}", exit=5, says="only with Secure Boot")
    m.contains("the reason", output, "lpd bench mok, is enrolled as machine owner's key")
    m.contains("the way out", output, "enable Secure Boot in the firmware's setup")
    m.ok(f"lpctl install --wait=30 {m.patch('lp-uptime', by='db')}")
    m.sees("cat /proc/uptime", "live patched by lp-uptime")

    # Last, because it cannot be disabled again.
    m.ok("echo 1 >/sys/module/module/parameters/sig_enforce")
    words = dict(zip(paths, m.kernel_takes_each(list(paths.values()))))
    m.equal("what required accepts", {way: v["accepted"]["required"] for way, v in found.items()},
            {way: taken for way, (taken, _) in words.items()})
