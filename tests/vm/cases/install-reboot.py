# SPDX-License-Identifier: LGPL-2.1-or-later
"""A patch installed on a running machine is active, and after a reboot it is in before sysinit.target."""


def case(m):
    m.boot()
    m.ok(f"lpctl install --wait=30 {m.patch('lp-cmdline')}")
    m.sees("cat /proc/cmdline", "live patched by lp-cmdline")
    m.equal("the state", m.state("lp-cmdline"), "active")
    m.sees("systemctl is-active livepatch@lp-cmdline", "active")
    m.reboot()
    m.sees("cat /proc/cmdline", "live patched by lp-cmdline")
    m.equal("the state", m.state("lp-cmdline"), "active")
    m.sees("systemctl is-active livepatch@lp-cmdline", "active")
