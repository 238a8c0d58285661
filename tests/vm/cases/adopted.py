# SPDX-License-Identifier: LGPL-2.1-or-later
"""Modules that another loader keeps in its own directory are loaded at boot, without a manifest, as long as they
are there."""


def case(m):
    m.boot()
    there = f"/var/lib/kpatch/{m.kernel}"
    m.write("/etc/lpd/lpd.conf.d/50-kpatch.conf", "[Store]\nAdopt=/var/lib/kpatch/%v\n")
    m.ok(f"mkdir -p {there} && cp {m.patch('lp-version')} {there}/")
    m.equal("the state of one that was just put there", m.state("lp-version"), "absent")

    m.reboot()
    m.equal("its state after a reboot", m.state("lp-version"), "active")
    m.sees("cat /proc/version", "live patched by lp-version")
    m.sees("systemctl is-active livepatch@lp-version", "active")
    m.sees("systemctl show -P SourcePath livepatch@lp-version", f"{there}/lp-version.ko")

    m.ok(f"rm {there}/lp-version.ko && cp {m.patch('lp-cmdline')} {there}/ && lpctl apply")
    m.sees("cat /proc/cmdline", "live patched by lp-cmdline")
    m.sees_not("cat /proc/version", "live patched")

    m.reboot()
    m.equal("the patches", [p["name"] for p in m.json("lpctl --json=short status")["patches"]], ["lp-cmdline"])
    m.equal("the state of the other one", m.state("lp-cmdline"), "active")
