# SPDX-License-Identifier: LGPL-2.1-or-later
"""If one way of asking the kernel is not available the next one decides, and nothing that the
kernel refuses is ever called verified: without the BPF LSM, without BTF, without any certificate,
without lpd-parser."""

MACHINES = ("12/6.1", "13")   # newer kernels have a .machine only with shim

from bench import verdicts

WITHOUT_BPF_LSM = "lsm=lockdown,yama,integrity"

BY_LOAD = ["orphan", "stranger-and-mok", "leaf", "second"]


def case(m):
    m.boot(secure_boot=True, cmdline=WITHOUT_BPF_LSM)
    m.ok("rm /etc/lpd/lpd.conf.d/10-bench.conf")
    m.sees_not("cat /sys/kernel/security/lsm", "bpf")
    m.equal("the way without the BPF LSM", way_of(m, "mok"), "kernel-pkcs7")

    m.ok("touch /run/empty && mount --bind /run/empty /sys/kernel/btf/vmlinux")
    keyrings_decide(m)
    installed(m)
    m.ok("umount /sys/firmware/efi/efivars")
    nothing_decides_but_the_load(m)


def keyrings_decide(m):
    """The certificates are in the firmware and in the signatures, except for Debian's own and the
    stranger's; no keyring vouches for a certificate whose issuer it does not contain. If a key has
    the name of the signer's issuer, the load decides."""
    ec = "unsupported" if m.series == "6.1" else "verified"
    found, _ = verdicts.compare(m, {**verdicts.wanted(m), "ec": ec,
                                    **dict.fromkeys((*BY_LOAD, "builtin"), "enforced")})   # which is no patch
    steps = {step["step"]: step for step in found["mok"]["steps"]}
    m.equal("the first way", steps["kernel-pkcs7"]["outcome"], "unavailable")
    m.contains("its reason", steps["kernel-pkcs7"]["fact"], "/sys/kernel/btf/vmlinux")
    for way, keyring in (("mok", ".machine"), ("db", ".platform"), ("leaf-embedded", ".machine")):
        m.equal(f"who vouches for {way}",
                [found[way]["signature"][key] for key in ("way", "keyring")],
                ["kernel-keyring", keyring])
    m.equal("what is accepted and not verified",
            [way for way, v in found.items()
             if v["accepted"]["required"] and v["signature"]["verdict"] != "verified"], BY_LOAD)


def installed(m):
    """The load decides, unless the kernel trusts keys that the policy leaves out."""
    for keyrings, wanted in (("builtin secondary machine platform", ["kernel-load", None]),
                             ("machine platform", ["kernel-keyring", ".machine"])):
        m.write("/etc/lpd/lpd.conf.d/50-keyrings.conf", f"[Trust]\nKeyrings={keyrings}\n")
        m.ok(f"lpctl install {m.patch('lp-cmdline', by='mok')}")
        signature = m.patch_status("lp-cmdline")["signature"]
        m.equal("the status", [signature[key] for key in ("verdict", "way", "keyring")],
                ["verified", *wanted])
        m.ok("lpctl remove lp-cmdline")
    m.ok("rm /etc/lpd/lpd.conf.d/50-keyrings.conf")


def nothing_decides_but_the_load(m):
    """Without any certificate only the key's name in the signature shows which key it may be."""
    m.equal("lpd's certificates",
            m.ok("ls -A /etc/lpd/keys.d /usr/lib/lpd/keys.d 2>/dev/null; true"), "")
    verdicts.compare(m, {**dict.fromkeys(("mok", "forged"), "enforced"),
                         # The firmware's own has a name that does not say whose it is.
                         **dict.fromkeys(("db", "stranger"), "unknown-signer"),
                         "leaf-embedded": "verified", "forged-embedded": "bad-signature",
                         "revoked-embedded": "revoked", "forbidden": "revoked",
                         "mok-keyid": "enforced"})
    m.fails(f"lpctl load {m.patch('lp-cmdline', by='forged')}", exit=5, says="could not check its signature")

    good = m.signer.sign(m.patch_bytes("lp-cmdline"), "mok", key_id=True)
    evil = good.replace(b"live patched", b"evil patched")
    m.write_all("/root/keyid", {"good.ko": good, "evil.ko": evil})
    m.equal("the verdict on what the load is to check",
            m.verify("/root/keyid/evil.ko")["signature"]["verdict"], "enforced")
    m.fails("lpctl load /root/keyid/evil.ko", exit=5, says="signature")
    m.sees_not("cat /proc/cmdline", "patched")
    m.ok("lpctl load /root/keyid/good.ko")
    m.sees("cat /proc/cmdline", "live patched")

    m.ok("mount --bind /run/empty /usr/lib/lpd/lpd-parser")
    m.fails(f"lpctl install {m.patch('lp-uptime', by='stranger')}", exit=5, says="bad-signature")
    m.ok(f"lpctl install --wait=30 {m.patch('lp-uptime', by='mok')}")
    m.equal("the way without lpd-parser", m.patch_status("lp-uptime")["signature"]["way"],
            "kernel-load")


def way_of(m, way):
    return m.verify(verdicts.path(m, way))["signature"]["way"]
