# SPDX-License-Identifier: LGPL-2.1-or-later
"""One load of one patch by lpd against insmod of the same file, by turns in the same boot."""

from dataclasses import dataclass
from statistics import median

from . import machines

PATCH = "lp-cmdline"

# insmod returns before the transition is over; unloading waits for it.
UNLOAD = """
    cd /sys/kernel/livepatch
    echo 0 >{name}/enabled
    while [ -e {name} ]; do :; done
    rmmod {name}
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
        commands = prepare(m, m.patch(PATCH), PATCH)
        samples = {name: [] for name in commands}
        for _ in range(rounds + 1):
            for name, command in commands.items():
                samples[name].append(load(m, command, PATCH))
    # The first round reads the programs from the disk.
    return {name: medians(found[1:]) for name, found in samples.items()}


def prepare(m, path, patch):
    """Installs the patch; the commands that load it then."""
    m.ok(f"cp {path} /run/{patch}.ko && lpctl install --no-load /run/{patch}.ko")
    return {"insmod": f"/usr/sbin/insmod /var/lib/lpd/modules/{m.kernel}/{patch}.ko",
            "lpd": f"/usr/lib/lpd/lpd load {patch}"}


def load(m, command, patch):
    """Runs one of these commands and unloads the patch: what the command took."""
    used = once(m, command)
    unload(m, patch)
    return used


def unload(m, patch):
    """Takes a patch out that has to be in."""
    name = patch.replace("-", "_")
    m.sees(f"cat /sys/kernel/livepatch/{name}/enabled", "1")
    m.ok(UNLOAD.format(name=name))


def once(m, command):
    """What a command took, which must succeed: microseconds of CPU and of wall time, KiB."""
    cpu, wall, peak, status = map(int, m.ok(f"/run/rusage {command}").split()[-4:])
    m.equal(f"the exit status of {command}", status, 0)
    return cpu, wall, peak


def medians(samples):
    return Usage(*(median(column) for column in zip(*samples)))
