# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cost of one load by lpd, compared with insmod of the same file, alternating in one boot."""

from dataclasses import dataclass
from statistics import median

from . import machines

PATCH = "lp-cmdline"

# insmod returns before the transition has ended; unloading waits for it.
UNLOAD = """
    cd /sys/kernel/livepatch
    echo 0 >{name}/enabled
    while [ -e {name} ]; do :; done
    rmmod {name}
"""


@dataclass(frozen=True)
class Usage:
    """Medians over the rounds: microseconds of CPU and of wall time, and peak memory in KiB."""

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
    # The first round also reads the programs from the disk, so it is dropped.
    return {name: medians(found[1:]) for name, found in samples.items()}


def prepare(m, path, patch):
    """Installs the patch and returns the commands that load it."""
    m.ok(f"cp {path} /run/{patch}.ko && lpctl install --no-load /run/{patch}.ko")
    return {"insmod": f"/usr/sbin/insmod /var/lib/lpd/modules/{m.kernel}/{patch}.ko",
            "lpd": f"/usr/lib/lpd/lpd load {patch}"}


def load(m, command, patch):
    """Runs one of these commands, unloads the patch, and returns the cost of the command. The file
    is a new one each time, as after a boot: under Secure Boot the kernel's IMA hashes a module that it
    has not seen since (Linux: arch/x86/kernel/ima_arch.c), and lpd's own copy is always new."""
    installed = f"/var/lib/lpd/modules/{m.kernel}/{patch}.ko"
    m.ok(f"cp -p {installed} /var/lib/lpd/new && mv /var/lib/lpd/new {installed}")
    used = once(m, command)
    unload(m, patch)
    return used


def unload(m, patch):
    """Unloads a patch, which must be loaded."""
    name = patch.replace("-", "_")
    m.sees(f"cat /sys/kernel/livepatch/{name}/enabled", "1")
    m.ok(UNLOAD.format(name=name))


def once(m, command):
    """The cost of a command, which must succeed: microseconds of CPU and of wall time, KiB."""
    cpu, wall, peak, status = map(int, m.ok(f"/run/rusage {command}").split()[-4:])
    m.equal(f"the exit status of {command}", status, 0)
    return cpu, wall, peak


def medians(samples):
    return Usage(*(median(column) for column in zip(*samples)))
