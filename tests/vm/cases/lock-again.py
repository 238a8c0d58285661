# SPDX-License-Identifier: LGPL-2.1-or-later
"""A locked machine reboots, is patched and locked, again and again; a power cut, also during the
lock, does no harm. How often: $LPD_CUTS."""

import os

from bench import ledger

BOOTS = int(os.environ.get("LPD_CUTS", "3"))
LOCKED = "grep -q 1 /proc/sys/kernel/modules_disabled"


def case(m):
    m.boot()
    m.ok(f"lpctl install {m.patch('lp-cmdline')} {m.patch('lp-uptime')}")
    for name in ("lp-cmdline", "lp-uptime"):
        ledger.confirm(m, name)   # power cuts in a row would quarantine a patch on trial
    m.write("/etc/lpd/patches.d/lp-uptime.conf.d/90.conf", "[Patch]\nRequired=yes\n")
    m.write("/etc/lpd/lpd.conf.d/50-lock.conf", "[Lock]\nLock=settled\nModules=dummy vfat\nRequire=all\n")
    m.reboot()
    for boot in range(BOOTS):
        m.wait_until(LOCKED, 30)
        m.sees("cat /proc/cmdline /proc/uptime", "live patched by lp-uptime")
        m.equal(f"boot {boot + 1}: the states", [m.state("lp-cmdline"), m.state("lp-uptime")],
                ["active"] * 2)
        m.sees("systemctl is-active lpd-lock", "active")
        m.fails("modprobe loop", says="Operation not permitted")
        if boot % 3 == 2:
            m.power_cut()
            m.boot()
        else:
            m.reboot()
    # A lock by hand after a boot without one leaves no trace in the next boot.
    m.ok("sed -i s/settled/no/ /etc/lpd/lpd.conf.d/50-lock.conf && sync")
    m.reboot()
    for _ in range(2):
        m.fails(LOCKED, exit=1)
        m.equal("the lock", m.json("lpctl status --json=short")["lock"]["state"], None)
        m.cut_during("exec lpctl lock", 1000 * m.random.uniform(0, 1))
    m.fails(LOCKED, exit=1)
    m.equal("the states", [m.state("lp-cmdline"), m.state("lp-uptime")], ["active"] * 2)
    m.sees("lpctl lock", "Modules are locked until reboot.")
