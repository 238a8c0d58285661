# SPDX-License-Identifier: LGPL-2.1-or-later
"""A transition that stalls: OnStall=force ends it."""
from bench.scenes import hold


def case(m):
    m.boot(smp=2)
    hold(m)
    m.write("/etc/lpd/patches.d/lp-stall.conf", "[Patch]\nTimeoutSec=2s\nOnStall=force\n")
    m.ok(f"lpctl install {m.patch('lp-stall')}")
    m.wait_until("grep -qx 0 /sys/kernel/livepatch/lp_stall/transition", 60)
    m.equal("the state", m.state("lp-stall"), "active")
    m.sees("journalctl -b MESSAGE_ID=ad98bb1786d640ef91becaf2ba9673ef", "lp-stall")
