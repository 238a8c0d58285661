# SPDX-License-Identifier: LGPL-2.1-or-later
"""A build on trial is written down before each load. An orderly reboot takes that back, a power cut
does not, and two of them in a row quarantine the build: the machine boots without it, says why, and
loads it again when it is cleared. A confirmed build is loaded through all this and writes nothing."""
from bench import ledger

NAME = "lp-cmdline"
OTHER = "lp-uptime"
REASON = "2 boots in a row ended without an orderly shutdown while it was on trial"


def case(m):
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/50-guard.conf", "[Guard]\nConfirmSec=3600\n")
    m.ok(f"lpctl install --wait=30 {m.patch(NAME)}; lpctl install --wait=30 {m.patch(OTHER)}")
    m.equal("the attempts", ledger.boots(m, NAME), [ledger.this_boot(m)])
    ledger.confirm(m, OTHER)
    written = m.ok(f"stat -c '%i %y' {ledger.path(m, OTHER)}")
    m.reboot()
    m.equal("the attempts after a reboot", ledger.boots(m, NAME), [ledger.this_boot(m)])
    is_loaded(m, "on trial: this machine has not confirmed it yet")

    m.ok("sync")
    m.power_cut()
    m.boot()
    m.equal("the attempts after a power cut", len(ledger.boots(m, NAME)), 2)
    is_loaded(m, "on trial: 1 of MaxAttempts=2 boots ended without an orderly shutdown")
    m.ok("sync")
    m.power_cut()
    m.boot()
    is_quarantined(m)
    m.equal("the record of the confirmed build", m.ok(f"stat -c '%i %y' {ledger.path(m, OTHER)}"), written)
    m.ok(f"lpctl clear {NAME}; systemctl start livepatch@{NAME}")
    m.equal("the attempts after it is cleared", ledger.boots(m, NAME), [ledger.this_boot(m)])
    is_loaded(m, "on trial: this machine has not confirmed it yet")
    m.ok(f"lpctl unload {NAME}")
    m.equal("the attempts after it is unloaded", ledger.boots(m, NAME), [])


def is_loaded(m, why):
    m.sees("cat /proc/cmdline", "live patched")
    m.equal("its state", m.state(NAME), "active")
    m.sees(f"lpctl why {NAME}", why)


def is_quarantined(m):
    m.sees_not("cat /proc/cmdline", "live patched")
    m.equal("the other's state", m.state(OTHER), "active")
    patch = m.patch_status(NAME)
    m.equal("its state", (patch["state"], patch["guard"], patch["enabledNext"]), ("quarantined", "quarantined", False))
    m.contains("its reason", patch["reason"], REASON)
    m.sees("lpctl status", "1 quarantined")
    m.sees(f"lpctl why {NAME}", REASON)
    m.sees(f"systemctl show -p ExecMainStatus livepatch@{NAME}", "ExecMainStatus=9\n")
    m.fails(f"lpctl load {NAME}", exit=9, says=f"lpctl clear {NAME}")
    m.fails(f"lpctl load {m.patch(NAME)}", exit=9, says=REASON)
    m.fails(f"lpctl verify {NAME}", exit=9, says=REASON)
