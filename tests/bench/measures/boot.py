# SPDX-License-Identifier: LGPL-2.1-or-later
"""The time that patches add between the start of systemd and sysinit.target."""

from contextlib import ExitStack
from statistics import median

from . import machines

MANY = 10              # with more patches a boot takes minutes, so it is measured once
BOOT_SECONDS = 900
def measure(lab, series, kind, smp, counts, rounds):
    """{number of patches: median microseconds from the start of systemd until sysinit.target}, from
    alternating boots of machines that differ in nothing else."""
    with ExitStack() as stack:
        prepared = {}
        for count in counts:
            prepared[count] = stack.enter_context(machines.machine(lab, series, kind))
            _prepare(prepared[count], smp, count)
        samples = {count: [] for count in counts}
        for number in range(rounds):
            for count, m in prepared.items():
                if number == 0 or count <= MANY:
                    samples[count].append(_one_boot(m, smp, count))
    return {count: median(found) for count, found in samples.items()}


def _prepare(m, smp, count):
    m.boot(smp=smp, whole=True)
    patches = " ".join(m.patch(f"lp-many-{number:03}") for number in range(1, count + 1))
    if patches:
        m.ok(f"lpctl install --no-load {patches}", timeout=BOOT_SECONDS)
    m.shutdown()
    _one_boot(m, smp, count)   # the first boot initializes what later boots find


def _one_boot(m, smp, count):
    m.boot(smp=smp, timeout=BOOT_SECONDS)
    loaded = m.ok("ls /sys/kernel/livepatch | wc -l")
    m.equal("the number of patches that are in", int(loaded), count)
    begin = m.ok("systemctl show --property=UserspaceTimestampMonotonic --value")
    end = m.ok("systemctl show --property=ActiveEnterTimestampMonotonic --value sysinit.target")
    m.shutdown()
    return int(end) - int(begin)
