# SPDX-License-Identifier: LGPL-2.1-or-later
"""The journal has each event with its MESSAGE_ID and fields, and explains it."""

from bench.kinds import EVERYWHERE

MACHINES = EVERYWHERE


def case(m):
    m.boot()
    m.ok("journalctl --update-catalog")
    m.ok(f"lpctl install {m.patch('lp-cmdline')}")
    m.fails(f"lpctl install {m.patch('lp-badinit')}", exit=1)
    m.ok("lpctl unload lp-cmdline")
    m.wait_until("lpctl log lp-cmdline | grep -q 'unloaded'")
    entries = {e["LPD_RESULT"]: e for e in m.journal("LPD_PATCH=lp-cmdline")}
    for result in ("loaded", "patched", "unloaded"):
        m.equal(f"LPD_STAGE= of {result}", entries[result]["LPD_STAGE"], "system")
    m.equal("LPD_ACTION=", entries["loaded"]["LPD_ACTION"], "load")
    m.equal("LPD_KERNEL=", entries["loaded"]["LPD_KERNEL"], m.kernel)
    failed = m.journal("LPD_PATCH=lp-badinit")[0]
    m.equal("LPD_RESULT=", failed["LPD_RESULT"], "load-failed")
    m.equal("PRIORITY=", failed["PRIORITY"], "3")
    m.sees(f"journalctl -x MESSAGE_ID={failed['MESSAGE_ID']}", "Defined-By: lpd")
    m.sees(f"journalctl -x MESSAGE_ID={entries['loaded']['MESSAGE_ID']}", "Subject: ")
    m.sees("lpctl log lp-badinit", "own code refused")
    # lpd's messages in the kernel's log cannot be taken for the kernel's own.
    m.ok("! dmesg | grep -v 'systemd\\|^.[^]]*. livepatch: ' | grep 'livepatch:'")
