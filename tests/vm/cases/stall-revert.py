# SPDX-License-Identifier: LGPL-2.1-or-later
"""A transition that stalls: OnStall=revert unloads the patch, and every tool says so, including a
command that waits for it; an install is undone."""
import json

from bench.scenes import hold, release


def case(m):
    m.boot(smp=2)
    hold(m)
    m.write("/etc/lpd/patches.d/lp-stall.conf", "[Patch]\nTimeoutSec=2s\nOnStall=revert\n")
    m.ok(f"lpctl install {m.patch('lp-stall')}")
    m.wait_until("test ! -e /sys/kernel/livepatch/lp_stall -a ! -e /sys/module/lp_stall", 60)
    m.wait_until("! systemctl is-active livepatch@lp-stall", 30)
    m.equal("the state", m.state("lp-stall"), "failed")
    m.wait_until("systemctl is-failed livepatch@lp-stall", 10)
    m.sees("systemctl status livepatch@lp-stall || true", "the patch was reverted")
    m.sees("journalctl -b MESSAGE_ID=78fd3df77dc043688560b3d2ab7ef79a", "lp-stall")
    waited_for(m)
    # Without a blocking task the patch is loaded.
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


def waited_for(m):
    said = m.fails("lpctl load --wait=60 lp-stall", exit=8, says="the patch was reverted")
    m.equal("that it says loaded", "lp-stall: loaded" in said, False)
    m.ok("lpctl remove lp-stall")
    m.write("/etc/lpd/patches.d/lp-stall.conf", "[Patch]\nTimeoutSec=2s\nOnStall=revert\n")
    _, text = m.run(f"lpctl install --json=short --wait=60 {m.patch('lp-stall')}")
    value = json.loads(text)
    m.equal("changed", (value["changed"], value["error"]["exitStatus"]), (False, 8))
    m.contains("the error", value["error"]["message"], "the patch was reverted")
    m.ok("test ! -e /var/lib/lpd/modules/*/lp-stall.ko")
    m.sees("cat /etc/lpd/patches.d/lp-stall.conf*", "OnStall=revert")
    m.ok(f"lpctl install --no-load {m.patch('lp-stall')}")
