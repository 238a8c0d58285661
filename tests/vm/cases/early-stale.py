# SPDX-License-Identifier: LGPL-2.1-or-later
"""An outdated initramfs is reported, with the command that rebuilds it, until it has been
rebuilt."""

STALE = "MESSAGE_ID=0895d20d99d8484f828f6ad888f992f1"


def case(m):
    m.boot()
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-version')} {m.patch('lp-many-001')}")
    old = m.make_initramfs()
    m.ok(f"cp {m.patch('lp-version')} /root/lp-version.ko")
    m.ok(r"""perl -0777 -pe 's/(\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0)(.{20})/$1 . ("\x42" x 20)/se' """
         "-i /root/lp-version.ko")
    m.ok("lpctl install --no-load /root/lp-version.ko")
    m.ok("lpctl disable lp-many-001")
    m.ok(f"lpctl install --no-load --stage=initrd {m.patch('lp-uptime')}")
    m.reboot(initramfs=old)

    m.fails("systemctl is-active livepatch@lp-version", says="failed")
    # The patch in the image is loaded, and the file shows it.
    m.sees("cat /proc/version", "live patched by lp-version")
    said = m.ok("journalctl -b -t lpd -o cat")
    m.contains("the unit", said, f"the initramfs for {m.kernel} contains an outdated lp-version")
    m.contains("the unit", said, f"update-initramfs -u -k {m.kernel}")
    carried = m.json("cat /run/lpd/initramfs")
    m.equal("the kernel of the image", carried["kernel"], m.kernel)
    builds = {patch["name"]: patch["buildId"] for patch in carried["patches"]}
    m.equal("that the old build was carried", builds["lp-version"] == "42" * 20, False)

    command = f"update-initramfs -u -k {m.kernel}"
    m.sees("lpctl status", f"the initramfs for {m.kernel} contains an outdated lp-version and lacks lp-uptime "
                           f"and still contains lp-many-001; run {command}\n")
    for change in ("true", "systemctl restart lpd"):   # once a boot
        m.ok(change)
        m.equal("the journal", {e["LPD_PATCH"]: e["MESSAGE"].split("; ") for e in m.journal(STALE)}, {
            "lp-version": [f"lp-version: the initramfs for {m.kernel} contains an outdated lp-version",
                           f"run {command}"],
            "lp-uptime": [f"lp-uptime: the initramfs for {m.kernel} lacks lp-uptime", f"run {command}"],
            "lp-many-001": [f"lp-many-001: the initramfs for {m.kernel} still contains lp-many-001",
                            f"run {command}"]})
        m.equal("the number of messages", len(m.journal(STALE)), 3)
    m.sees("lpctl log lp-uptime", "lacks lp-uptime")

    m.reboot(initramfs=m.make_initramfs())
    m.equal("the build id", m.patch_status("lp-version")["module"]["buildId"], "42" * 20)
    m.equal("the state", m.state("lp-version"), "active")
    m.equal("the stage", m.json("cat /run/lpd/lp-version.json")["stage"], "initrd")
    m.equal("the warning", m.json("lpctl status --json=short")["initramfs"]["message"], None)
    m.equal("the journal", m.journal(STALE), [])

    # An initramfs without lpd, such as the bench's own.
    m.reboot()
    m.wait_until(f"journalctl -b {STALE} LPD_PATCH=lp-version | grep -q 'lacks lp-version'")
    m.sees("lpctl status", f"the initramfs for {m.kernel} lacks lp-uptime, lp-version; run {command}\n")
    m.equal("the state", m.state("lp-version"), "active")
