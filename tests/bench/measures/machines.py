# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines to measure on: those of tests/vm, and one whose clock counts instructions."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

from bench.command import run
from bench.machine import Machine

RUSAGE = Path(__file__).resolve().parent.parent / "rusage.c"


class TimedMachine(Machine):
    """A machine whose time is the host's."""

    CPU_UNIT = "ms"


class CountingMachine(Machine):
    """A machine in which a nanosecond is an instruction (qemu: docs/devel/tcg-icount.rst), so that
    its CPU times do not depend on what else the host does. It has one CPU."""

    CPU_UNIT = "million instructions"
    COUNT = ["-icount", "shift=0,sleep=on,align=off"]
    CLOCK = "tsc_early_khz=1000000"
    BOOT_SECONDS = 600   # the firmware waits by the clock, that is, by instructions

    def boot(self, **options):
        options.setdefault("timeout", self.BOOT_SECONDS)
        options["cmdline"] = f"{options.get('cmdline', '')} {self.CLOCK}".strip()
        return super().boot(**options)

    def _start(self, argv, incoming=None):
        super()._start([*argv, *self.COUNT], incoming)


@contextmanager
def machine(lab, series, kind=TimedMachine):
    """A machine that is not booted yet; removed at the end of the block."""
    with tempfile.TemporaryDirectory(dir=lab.store.top) as directory:
        made = kind(lab, series, Path(directory))
        try:
            yield made
        finally:
            made.close()


def build_rusage(path):
    run("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-s", "-o", path,
        RUSAGE)


def give_rusage(m, path):
    """Copies rusage into a booted machine."""
    with tempfile.TemporaryDirectory() as directory:
        build_rusage(Path(directory) / "rusage")
        m.push(Path(directory) / "rusage", path)
