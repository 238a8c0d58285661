# SPDX-License-Identifier: LGPL-2.1-or-later
"""Loads and boots with three patches by kpatch, as Debian 13 ships it, and by lpd."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.command import run

from . import load, machines

PATCHES = ("lp-many-001", "lp-many-002", "lp-many-003")
FILES = ("usr/sbin/kpatch", "usr/lib/systemd/system/kpatch.service")
# It compares checksums by readelf of binutils, which the machine has not.
READELF = ("usr/bin/readelf", "usr/lib/x86_64-linux-gnu/libctf-nobfd.so.0", "usr/lib/x86_64-linux-gnu/libsframe.so.0")
WHO = ("nobody", "kpatch", "lpd")
# When the patches are in, and when the boot is complete.
IN = {"nobody": "sysinit.target", "kpatch": "kpatch.service", "lpd": "livepatch.target"}
BOOT_SECONDS = 300
OLD = "/run/old/kpatch"
RUSAGE = "/run/rusage"


def measure_load(lab, series, kind, package, rounds):
    """load.Usage of {"insmod": …, "kpatch": …, "lpd": …}: one patch until the command returns, by turns in
    one machine. Both kpatch return when the transition is over, insmod returns before."""
    with machines.machine(lab, series, kind) as m:
        m.boot()
        machines.give_rusage(m, RUSAGE)
        _give(m, package, lab.base.building, {FILES[0]: OLD})
        path = m.patch(PATCHES[0])
        commands = {"insmod": f"/usr/sbin/insmod {path}", "kpatch": f"{OLD} load {path}",
                    "lpd": f"/usr/sbin/kpatch load {path}"}
        samples = {who: [] for who in commands}
        for _ in range(rounds + 1):
            for who, command in commands.items():
                samples[who].append(load.once(m, command))
                load.unload(m, PATCHES[0])
    # The first round also reads the programs from the disk, so it is dropped.
    return {who: load.medians(found[1:]) for who, found in samples.items()}


def measure(lab, series, kind, smp, package, rounds):
    """{who loads: median microseconds from the start of systemd until (the patches are in,
    sysinit.target, the end of the boot)}, from alternating boots; package is the file of kpatch's
    package."""
    with ExitStack() as stack:
        prepared = {who: stack.enter_context(machines.machine(lab, series, kind)) for who in WHO}
        for who, m in prepared.items():
            m.boot(smp=smp, whole=True)
            _prepare(m, who, package, lab.base.building)
            m.shutdown()
            _one_boot(m, smp, who)   # the first one settles what later ones find
        samples = {who: [] for who in WHO}
        for _ in range(rounds):
            for who, m in prepared.items():
                samples[who].append(_one_boot(m, smp, who))
    return {who: tuple(median(column) for column in zip(*found)) for who, found in samples.items()}


def _prepare(m, who, package, building):
    files = " ".join(m.patch(name) for name in PATCHES)
    if who == "lpd":
        m.ok(f"lpctl install --no-load {files}", timeout=BOOT_SECONDS)
    if who == "kpatch":
        _give(m, package, building, {name: f"/{name}" for name in FILES})
        # What `kpatch install` does but for `kpatch load`, with depmod and the rest.
        m.ok(f"mkdir -p /var/lib/kpatch/{m.kernel} && cp {files} /var/lib/kpatch/{m.kernel} && "
             "systemctl enable kpatch.service")


def _give(m, package, building, files):
    """Copies these files of kpatch's package into the machine, {name in the package: path there}."""
    with tempfile.TemporaryDirectory() as directory:
        run("dpkg-deb", "-x", package, directory)
        for name, path in files.items():
            m.push(Path(directory) / name, path)
    for name in READELF:
        m.push((building / name).resolve(), f"/{name}")


def _one_boot(m, smp, who):
    m.boot(smp=smp, timeout=BOOT_SECONDS)
    m.equal("the number of patches that are in", int(m.ok("ls /sys/kernel/livepatch | wc -l")),
            0 if who == "nobody" else len(PATCHES))
    show = "systemctl show --value --property="
    begin, end = (int(m.ok(f"{show}{name}TimestampMonotonic")) for name in ("Userspace", "Finish"))
    loaded, sysinit = (int(m.ok(f"{show}ActiveEnterTimestampMonotonic {unit}"))
                       for unit in (IN[who], "sysinit.target"))
    m.shutdown()
    return loaded - begin, sysinit - begin, end - begin
