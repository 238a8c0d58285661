# SPDX-License-Identifier: LGPL-2.1-or-later
"""A kernel update to the other series and back: each kernel gets its own patches, and nothing fails."""

MACHINES = ("12/6.1",)   # it has two kernels


def case(m):
    m.boot()
    first, second = m.series, "6.12" if m.series == "6.1" else "6.1"
    m.ok(f"lpctl install {m.patch('lp-cmdline')} {m.patch('lp-uptime')}")
    m.reboot(series=second)
    for name in ("lp-cmdline", "lp-uptime"):
        m.equal(name, m.state(name), "skipped")
    m.sees("lpctl status lp-uptime", m.kernel)
    m.sees("systemctl is-system-running", "running")
    m.ok(f"lpctl install {m.patch('lp-cmdline')}")
    m.sees("cat /proc/cmdline", "live patched")

    m.reboot(series=second)
    m.equal("lp-cmdline", m.state("lp-cmdline"), "active")
    m.reboot(series=first)
    m.equal("lp-cmdline", m.state("lp-cmdline"), "active")
    m.equal("lp-uptime", m.state("lp-uptime"), "active")
