# SPDX-License-Identifier: LGPL-2.1-or-later
"""A patch that stops its CPU in its init is ended by the hardware's watchdog and costs two boots. No log tells
which patch it was: all that were on trial and loaded by then are quarantined, the confirmed one stays, and each
comes back when it is cleared or repaired."""
from bench import ledger

MACHINES = ("13",)   # it has a driver for the watchdog

GUILTY, BESIDE, CONFIRMED = "lp-hang", "lp-cmdline", "lp-uptime"
REASON = "2 boots in a row ended without an orderly shutdown while it was on trial"

# Once it is open it ends the machine unless it is written to, like RuntimeWatchdogSec= in system.conf.
WATCHDOG = """[Unit]
DefaultDependencies=no
Before=livepatch@lp-cmdline.service livepatch@lp-hang.service
[Service]
ExecStartPre=/bin/sh -c 'modprobe i6300esb heartbeat=8; echo >/dev/watchdog0'
ExecStart=/bin/sh -c 'while echo >/dev/watchdog0; do sleep 1; done'
[Install]
WantedBy=sysinit.target
"""


def case(m):
    m.faults_allowed = m.comes_back = m.watchdog = True
    m.boot()
    m.write("/etc/lpd/lpd.conf.d/50-guard.conf", "[Guard]\nConfirmSec=3600\n")
    m.write("/etc/systemd/system/feed.service", WATCHDOG)
    m.ok("systemctl enable feed")
    m.ok(f"lpctl install --wait=30 {m.patch(CONFIRMED)} && lpctl bless {CONFIRMED}")
    m.ok(f"lpctl install --wait=30 {m.patch(BESIDE)} && lpctl install --no-load {m.patch(GUILTY)} && sync")
    m.equal("the boots: two bad ones and a good one", m.resets("systemctl reboot"), 3)
    for name in (GUILTY, BESIDE):
        m.equal(f"{name}: its state", m.state(name), "quarantined")
        m.contains("its reason", m.patch_status(name)["reason"], REASON)
        m.equal("its attempts", len(ledger.boots(m, name)), 2)
    m.equal("the confirmed one", (m.state(CONFIRMED), ledger.record(m, CONFIRMED)["state"]), ("active", "confirmed"))
    m.sees("lpctl status", "2 quarantined")

    m.ok(f"lpctl clear {BESIDE} && systemctl start livepatch@{BESIDE}")
    m.ok(f"lpctl install --wait=30 {m.patch(f'repaired/{GUILTY}')}")
    m.equal("the boots of an orderly reboot", m.resets("systemctl reboot"), 1)
    m.sees("cat /proc/loadavg /proc/cmdline", f"live patched by {GUILTY}")
    m.sees("cat /proc/cmdline", f"live patched by {BESIDE}")
