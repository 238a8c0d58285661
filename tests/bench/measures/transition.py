# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long the kernel takes from the end of insmod to the end of the transition, with this or that done
to the CPUs. lpd has no part in it."""

from statistics import median

from . import load, machines

PATCH = "lp-cmdline"

# A task that never enters the kernel by itself, on that CPU.
SPIN = "exec taskset -c {cpu} bash -c 'while :; do :; done'"

# (what, CPUs, kernel arguments, what is done first, CPUs that a task keeps busy)
WAYS = (
    ("1 CPU, idle", 1, "", "", ()),
    ("1 CPU, busy", 1, "", "", (0,)),
    ("2 CPUs, idle", 2, "", "", ()),
    ("2 CPUs, busy", 2, "", "", (0, 1)),
    ("4 CPUs, idle", 4, "", "", ()),
    ("4 CPUs, busy", 4, "", "", (0, 1, 2, 3)),
    ("2 CPUs, 1 offline by chcpu", 2, "", "chcpu -d 1", ()),
    ("4 CPUs, 3 offline by chcpu", 4, "", "chcpu -d 1-3", ()),
    ("2 CPUs, 1 isolated, idle", 2, "isolcpus=1", "", ()),
    ("2 CPUs, 1 isolated, busy", 2, "isolcpus=1", "", (1,)),
    ("2 CPUs, 1 isolated without ticks, idle", 2, "isolcpus=1 nohz_full=1", "", ()),
    ("2 CPUs, 1 isolated without ticks, busy", 2, "isolcpus=1 nohz_full=1", "", (1,)),
)

# The shell must not keep a CPU of its own busy while it waits, nor sleep for long.
LOAD = """
    insmod {path} || exit 1
    begin=${{EPOCHREALTIME/./}}
    while read -r state </sys/kernel/livepatch/{name}/transition && [ "$state" = 1 ]; do
        read -r -t 0.005 <>/run/never || true
    done
    echo $((${{EPOCHREALTIME/./}} - begin))
"""


def measure(lab, series, rounds, ways=WAYS):
    """Yields (what, median and longest microseconds)."""
    for what, smp, cmdline, first, busy in ways:
        with machines.machine(lab, series) as m:
            m.boot(smp=smp, cmdline=cmdline)
            m.ok(f"mkfifo /run/never; {first}")
            for cpu in busy:
                m.background(SPIN.format(cpu=cpu))
            times = [_one(m) for _ in range(rounds)]
        yield what, median(times), max(times)


def _one(m):
    name = PATCH.replace("-", "_")
    took = int(m.ok(LOAD.format(path=m.patch(PATCH), name=name)))
    load.unload(m, PATCH)
    return took
