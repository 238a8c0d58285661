# SPDX-License-Identifier: LGPL-2.1-or-later
"""A patch that panics costs two boots where the kernel leaves no record: in its init, seconds later, or
when a program of the host uses it. The next boot is complete, says which patch is quarantined and why,
still has the innocent one, and takes a repaired build."""
from bench import ledger

INNOCENT = "lp-uptime"
REASON = "2 boots in a row ended without an orderly shutdown while it was on trial"
QUIET = 8   # seconds, longer than the latest panic


def case(m):
    m.faults_allowed = m.comes_back = True
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/50-guard.conf", "[Guard]\nConfirmSec=3600\n")
    m.ok(f"lpctl install --wait=30 {m.patch(INNOCENT)} && lpctl bless {INNOCENT}")
    for name in ("lp-panic-later", "lp-panic-init", "lp-panic-read"):
        m.ok(f"lpctl install --no-load {m.patch(name)} && sync")
        m.equal(f"the boots with {name}: two bad ones and a good one", m.resets("systemctl reboot", quiet=QUIET), 3)
        is_quarantined(m, name)
        m.ok(f"lpctl install --wait=30 {m.patch(f'repaired/{name}')}")
        m.sees("cat /proc/loadavg /proc/cmdline", f"live patched by {name}")
        m.ok(f"lpctl unload {name} && lpctl remove {name}")


def is_quarantined(m, name):
    patch = m.patch_status(name)
    m.equal("its state", (patch["state"], patch["guard"]), ("quarantined", "quarantined"))
    m.contains("its reason", patch["reason"], REASON)
    m.equal("its attempts", len(ledger.boots(m, name)), 2)
    m.equal("the innocent one", (m.state(INNOCENT), ledger.record(m, INNOCENT)["state"]), ("active", "confirmed"))
    m.sees("cat /run/motd.d/lpd", name)
    m.sees("lpctl status", f"lpctl clear   {name}  tries the same build again")
    m.sees(f"systemctl status livepatch@{name} || true", REASON)
