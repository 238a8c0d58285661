# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cumulative patches: the new one replaces the old one, which is shown as replaced, and A to B to A
works."""

from bench.kinds import EVERYWHERE

MACHINES = EVERYWHERE


def case(m):
    m.boot()
    m.ok(f"lpctl install --wait=60 {m.patch('lp-cumul-1')}")
    m.sees("cat /proc/cmdline", "lp-cumul-1")
    m.ok(f"lpctl install --wait=60 {m.patch('lp-cumul-2')}")
    m.sees("cat /proc/cmdline", "lp-cumul-2")
    m.equal("lp-cumul-1", m.state("lp-cumul-1"), "replaced")
    m.equal("lp-cumul-2", m.state("lp-cumul-2"), "active")
    m.sees("lpctl status lp-cumul-1", "by lp-cumul-2")
    # Applying the manifests does not undo the replacement.
    m.ok("systemctl reload lpd")
    m.sees("cat /proc/cmdline", "lp-cumul-2")

    # Nor does installing the old one again, as a configuration tool does after each boot.
    for command in (f"install {m.patch('lp-cumul-1')}", "enable --now lp-cumul-1"):
        value = m.json(f"lpctl {command} --json=short")
        m.equal("changed", value["changed"], False)
        m.contains("what it says", value["patches"][0]["message"], "replaced by lp-cumul-2")
    m.sees("cat /proc/cmdline", "lp-cumul-2")
    goes(m)
    m.ok("lpctl load --wait=60 lp-cumul-1")
    m.sees("cat /proc/cmdline", "lp-cumul-1")
    m.equal("lp-cumul-2", m.state("lp-cumul-2"), "replaced")
    m.ok("lpctl remove lp-cumul-2")
    m.reboot()
    m.sees("cat /proc/cmdline", "lp-cumul-1")
    m.equal("lp-cumul-1", m.state("lp-cumul-1"), "active")


def goes(m):
    """When a cumulative patch is unloaded, the one that it had replaced is loaded again, whoever
    unloads it; or its unit fails."""
    m.sees("lpctl unload lp-cumul-2 2>&1", "lp-cumul-2 has replaced lp-cumul-1")
    m.sees("cat /proc/cmdline", "lp-cumul-1")
    m.ok("lpctl load --wait=60 lp-cumul-2")
    m.ok("systemctl stop livepatch@lp-cumul-2")
    m.wait_until("grep -q lp-cumul-1 /proc/cmdline", 30)
    m.equal("lp-cumul-1", m.state("lp-cumul-1"), "active")

    m.ok("lpctl load --wait=60 lp-cumul-2")
    m.write("/etc/lpd/patches.d/lp-cumul-1.conf.d/required.conf", "[Patch]\nRequired=yes\n")
    m.fails("lpctl unload lp-cumul-2", exit=10, says="lp-cumul-1, which is required")
    m.sees("cat /proc/cmdline", "lp-cumul-2")
    m.ok("mv /var/lib/lpd/modules/*/lp-cumul-1.ko /root/")
    m.fails("lpctl unload --force lp-cumul-2", says="lp-cumul-1: not loaded again")
    m.fails("systemctl is-active livepatch@lp-cumul-1", says="failed")
    m.ok("mv /root/lp-cumul-1.ko /var/lib/lpd/modules/*/")
    m.ok("rm /etc/lpd/patches.d/lp-cumul-1.conf.d/required.conf")
    m.ok("lpctl apply; lpctl load --wait=60 lp-cumul-2")
