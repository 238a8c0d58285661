# SPDX-License-Identifier: LGPL-2.1-or-later
"""On a kernel that lets SYSCALL programs verify signatures, lpd uses one, which needs only
CAP_BPF."""

MACHINES = ("12/6.1", "testing")

VERDICTS = {
    "db": "verified", "mok": "verified", "mok-keyid": "verified", "stranger": "unknown-signer",
    "stranger-embedded": "unknown-signer", "forged": "bad-signature",
    "revoked-leaf-embedded": "revoked",
}

# Without CAP_PERFMON, or CAP_SYS_ADMIN, which includes it, no other program can be loaded.
VERIFY = ("systemd-run --quiet --pipe --wait -p CapabilityBoundingSet='CAP_BPF CAP_DAC_OVERRIDE' "
          "lpctl verify --json=short {}; true")


def case(m):
    m.boot(secure_boot=True)
    steps = {step["step"]: step for step in verify(m, m.patch("lp-cmdline", by="mok"))["steps"]}
    if m.suite != "testing":
        m.equal("what an older kernel says to CAP_BPF alone", steps["kernel-pkcs7"]["outcome"],
                "unavailable")
        return

    found = {by: verify(m, m.patch("lp-cmdline", by=by))["signature"] for by in VERDICTS}
    m.equal("the verdicts", {by: signature["verdict"] for by, signature in found.items()}, VERDICTS)
    m.equal("who decided", {found[by]["way"] for by in ("db", "mok", "mok-keyid", "stranger", "forged")},
            {"kernel-pkcs7"})
    builtin = verify(m, m.patch("dummy", by="builtin"))["signature"]
    m.equal("what is said of Debian's own module",
            [builtin[key] for key in ("verdict", "way", "keyring")],
            ["verified", "kernel-pkcs7", ".builtin_trusted_keys"])


def verify(m, path):
    return m.json(VERIFY.format(path))
