# SPDX-License-Identifier: LGPL-2.1-or-later
"""One load of one patch by lpd against insmod of the same file, by turns in the same boot."""

from dataclasses import dataclass
from statistics import median

from . import machines

PATCH = "lp-cmdline"
LPD = f"/usr/lib/lpd/lpd load {PATCH}"

# insmod returns before the transition is over; unloading waits for it.
UNLOAD = """
    cd /sys/kernel/livepatch
    echo 0 >lp_cmdline/enabled
    while [ -e lp_cmdline ]; do :; done
    rmmod lp_cmdline
"""


@dataclass(frozen=True)
class Usage:
    """Medians over the rounds: microseconds of CPU and of wall time, KiB at the peak."""

    cpu: float
    wall: float
    peak: float


def measure(lab, series, kind, rounds):
    """Usage of {"insmod": …, "lpd": …}."""
    with machines.machine(lab, series, kind) as m:
        m.boot()
        machines.give_rusage(m, "/run/rusage")
        m.ok(f"lpctl install --no-load {m.patch(PATCH)}")
        module = f"/var/lib/lpd/modules/{m.kernel}/{PATCH}.ko"
        commands = {"insmod": f"/usr/sbin/insmod {module}", "lpd": LPD}
        samples = {name: [] for name in commands}
        for _ in range(rounds + 1):
            for name, command in commands.items():
                samples[name].append(_once(m, command))
    # The first round reads the programs from the disk.
    return {name: _medians(found[1:]) for name, found in samples.items()}


def _once(m, command):
    cpu, wall, peak, status = map(int, m.ok(f"/run/rusage {command}").split()[-4:])
    m.equal(f"the exit status of {command}", status, 0)
    m.sees("cat /proc/cmdline", "live patched")
    m.ok(UNLOAD)
    return cpu, wall, peak


def _medians(samples):
    return Usage(*(median(column) for column in zip(*samples)))
