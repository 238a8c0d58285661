# SPDX-License-Identifier: LGPL-2.1-or-later
"""What one start of livepatch@.service takes of a boot, and what lpd.service keeps while idle."""

from statistics import median

from . import machines

PATCH = "lp-cmdline"
UNIT = f"livepatch@{PATCH}.service"

STOP = f"systemctl stop {UNIT}; while [ -e /sys/kernel/livepatch/lp_cmdline ]; do sleep 0.1; done"
TIMES = f"""systemctl show --value --property=InactiveExitTimestampMonotonic \
    --property=ActiveEnterTimestampMonotonic {UNIT}"""


def measure_start(lab, series, rounds):
    """Thousands of instructions from the moment that systemd begins with the unit until it is
    active: sandbox, start of the program, load. Of all that runs, as the machine has one CPU."""
    with machines.machine(lab, series, machines.CountingMachine) as m:
        m.boot()
        m.ok(f"lpctl install --no-load {m.patch(PATCH)} && systemctl daemon-reload")
        return median([_start(m) for _ in range(rounds + 1)][1:])


def _start(m):
    m.ok(f"systemctl start {UNIT}")
    times = sorted(map(int, m.ok(TIMES).split()))
    m.ok(STOP)
    return times[1] - times[0]


def measure_idle(lab, series):
    """KiB of lpd.service: (all that is resident, what is its own)."""
    with machines.machine(lab, series) as m:
        m.boot()
        m.ok(f"lpctl install --wait {m.patch(PATCH)}")
        found = m.ok("cat /proc/$(systemctl show --value --property=MainPID lpd)/status")
        values = dict(line.split(":", 1) for line in found.splitlines())
        return tuple(int(values[key].split()[0]) for key in ("VmRSS", "RssAnon"))
