# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpd=0, lpd.skip= and /etc/lpd/disable prevent loading at boot, and the status says so."""


def case(m):
    m.boot()
    m.ok(f"lpctl install {m.patch('lp-cmdline')} {m.patch('lp-uptime')}")

    m.reboot(cmdline="lpd=0")
    out(m, "lp-cmdline", "lpd=0")
    out(m, "lp-uptime", "lpd=0")
    m.ok("test -z \"$(ls /sys/kernel/livepatch)\"")
    m.sees("systemctl is-system-running", "running")
    # An explicit request is refused too; a module file can still be loaded.
    m.fails("lpctl load lp-cmdline", says="lpd=0")
    m.ok(f"lpctl load {m.patch('lp-cmdline')}")

    m.reboot(cmdline="lpd.skip=lp_cmdline,other")
    out(m, "lp-cmdline", "lpd.skip=")
    m.equal("the other patch", m.state("lp-uptime"), "active")

    m.write("/etc/lpd/disable", "")
    m.reboot()
    out(m, "lp-uptime", "/etc/lpd/disable")
    m.sees("lpctl status", "/etc/lpd/disable")

    m.ok("rm /etc/lpd/disable")
    m.reboot()
    m.equal("lp-cmdline", m.state("lp-cmdline"), "active")
    m.equal("lp-uptime", m.state("lp-uptime"), "active")


def out(m, name, why):
    status = m.patch_status(name)
    m.equal(f"the state of {name}", status["state"], "skipped")
    if why not in status["reason"]:
        m.equal(f"the reason of {name}", status["reason"], why)
    m.fails(f"systemctl is-active livepatch@{name}", says="inactive")
