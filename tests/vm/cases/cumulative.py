# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cumulative patches: the new one replaces the old, which is shown so, and A to B to A works."""

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
    # Converging does not fight the replacement.
    m.ok("systemctl reload lpd")
    m.sees("cat /proc/cmdline", "lp-cumul-2")

    m.ok("lpctl load --wait=60 lp-cumul-1")
    m.sees("cat /proc/cmdline", "lp-cumul-1")
    m.equal("lp-cumul-2", m.state("lp-cumul-2"), "replaced")
    m.ok("lpctl remove lp-cumul-2")
    m.reboot()
    m.sees("cat /proc/cmdline", "lp-cumul-1")
    m.equal("lp-cumul-1", m.state("lp-cumul-1"), "active")
