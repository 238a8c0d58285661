# SPDX-License-Identifier: LGPL-2.1-or-later
"""A boot without patches and one with them leave nothing of lpd of priority warning or worse in the journal, and this
systemd has nothing to say against lpd's units."""

from bench import quiet
from bench.kinds import EVERYWHERE

MACHINES = EVERYWHERE


def case(m):
    m.boot()
    quiet.check_journal(m)
    quiet.check_units(m)
    for name in ("lp-cmdline", "lp-version"):
        m.ok(f"lpctl install --wait=30 {m.patch(name)}")
    m.reboot()
    m.sees("cat /proc/version", "live patched")
    m.sees("systemctl is-system-running", "running")
    quiet.check_journal(m)
