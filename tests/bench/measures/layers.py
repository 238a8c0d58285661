# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cost of a call through several patches of the same function."""

from statistics import median

from . import machines

LAYERS = 10
CALLS = 50_000

# Each reading at the start of the file calls loadavg_proc_show() once.
READ = f"""perl -e 'open F, "</proc/loadavg" or die; for (1..{CALLS}) {{ sysseek F, 0, 0; sysread F, $b, 64 }}'"""


def measure(lab, series, rounds):
    """{layers: instructions of one reading of /proc/loadavg, with all that the reader and the kernel do}.
    The patches print the same number of bytes, so what differs from 1 on is the layers. Counts everything
    that runs, because the machine has one CPU."""
    with machines.machine(lab, series, machines.CountingMachine) as m:
        m.boot()
        found = {}
        for layers in range(1, LAYERS + 1):
            _load(m, layers)
            found[layers] = median([_once(m) for _ in range(rounds)])
        return found


def _load(m, number):
    m.ok(f"insmod {m.patch(f'lp-many-{number:03}')}")
    m.wait_until(f"grep -q 0 /sys/kernel/livepatch/lp_many_{number:03}/transition")
    m.sees("cat /proc/loadavg", f"lp-many-{number:03}")


def _once(m):
    before, after = map(float, m.ok(f"echo $EPOCHREALTIME; {READ}; echo $EPOCHREALTIME").split())
    return (after - before) * 1e9 / CALLS
