# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cost of one start of livepatch@.service, and of lpd.service while idle."""

import time
from statistics import median

from . import machines

PATCH = "lp-cmdline"
UNIT = f"livepatch@{PATCH}.service"
GROUP = "/sys/fs/cgroup/system.slice/lpd.service"
SETTLE_SECONDS = 10   # it keeps looking for a while after a load

STOP = f"systemctl stop {UNIT}; while [ -e /sys/kernel/livepatch/lp_cmdline ]; do sleep 0.1; done"
TIMES = f"""systemctl show --value --property=InactiveExitTimestampMonotonic \
    --property=ActiveEnterTimestampMonotonic {UNIT}"""


def measure_start(lab, series, rounds):
    """Thousands of instructions from the moment that systemd starts the unit until it is active:
    sandbox, start of the program, load. Counts everything that runs, because the machine has one
    CPU."""
    with machines.machine(lab, series, machines.CountingMachine) as m:
        m.boot()
        m.ok(f"lpctl install --no-load {m.patch(PATCH)} && systemctl daemon-reload")
        return median([_start(m) for _ in range(rounds + 1)][1:])


def _start(m):
    m.ok(f"systemctl start {UNIT}")
    times = sorted(map(int, m.ok(TIMES).split()))
    m.ok(STOP)
    return times[1] - times[0]


def measure_idle(lab, series, seconds):
    """The cost of lpd.service over that many seconds without events: microseconds of CPU time, and
    KiB (resident, its own share of that, charged to its control group)."""
    with machines.machine(lab, series) as m:
        m.boot()
        m.ok(f"lpctl install --wait {m.patch(PATCH)}")
        time.sleep(SETTLE_SECONDS)
        before = _used(m)
        time.sleep(seconds)
        used = _used(m) - before
        found = m.ok("cat /proc/$(systemctl show --value --property=MainPID lpd)/smaps_rollup")
        values = dict(line.split(":", 1) for line in found.splitlines()[1:])
        return used, *(int(values[key].split()[0]) for key in ("Rss", "Pss")), \
            int(m.ok(f"cat {GROUP}/memory.current")) / 1024


def _used(m):
    return int(m.ok(f"awk '/^usage_usec/ {{ print $2 }}' {GROUP}/cpu.stat"))
