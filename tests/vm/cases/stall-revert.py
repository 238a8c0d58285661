# SPDX-License-Identifier: LGPL-2.1-or-later
"""A transition that stalls: OnStall=revert takes the patch out again, and everybody says so."""
from bench.scenes import hold, release


def case(m):
    m.boot(smp=2)
    hold(m)
    m.write("/etc/lpd/patches.d/lp-stall.conf", "[Patch]\nTimeoutSec=2s\nOnStall=revert\n")
    m.ok(f"lpctl install {m.patch('lp-stall')}")
    m.wait_until("test ! -e /sys/kernel/livepatch/lp_stall -a ! -e /sys/module/lp_stall", 60)
    m.wait_until("! systemctl is-active livepatch@lp-stall", 30)
    m.equal("the state", m.state("lp-stall"), "failed")
    m.sees("journalctl -b MESSAGE_ID=78fd3df77dc043688560b3d2ab7ef79a", "lp-stall")
    # With nobody in the way it goes in.
    release(m)
    m.ok("lpctl load --wait=60 lp-stall")
    m.equal("the state", m.state("lp-stall"), "active")

    # WaitFor=patched: the unit itself fails.
    m.ok("lpctl unload lp-stall")
    hold(m)
    m.write("/etc/lpd/patches.d/lp-stall.conf",
            "[Patch]\nTimeoutSec=2s\nOnStall=revert\nWaitFor=patched\n")
    m.ok("systemctl daemon-reload")
    m.fails("lpctl load lp-stall", exit=8)
    m.fails("systemctl is-active livepatch@lp-stall", says="failed")
    m.ok("test ! -e /sys/module/lp_stall")
