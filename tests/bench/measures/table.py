# SPDX-License-Identifier: LGPL-2.1-or-later
"""Results beside their targets, as text or JSON."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.command import run


@dataclass(frozen=True)
class Row:
    """One figure. aim is its maximum, in the same unit, or None."""

    what: str
    value: float
    unit: str
    aim: float = None

    @property
    def missed(self):
        return self.aim is not None and self.value > self.aim


def origin(kernel):
    """The machine and versions that the figures were measured with."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "emulator": run("qemu-system-x86_64", "--version").splitlines()[0],
        "acceleration": "tcg",
        "kernel": kernel,
    }


def as_json(header, rows):
    return json.dumps({"origin": header, "results": [asdict(row) for row in rows]}, indent=2)


def heading(header):
    return ("{processor}, {cores} cores, load {load}; {emulator}, {acceleration}; "
            "kernel {kernel}".format(**header))


def as_line(row):
    aim = "" if row.aim is None else f"≤ {_number(row.aim)}"
    word = "" if row.aim is None else "missed" if row.missed else "ok"
    return f"{row.what:<58} {_number(row.value):>9} {row.unit:<22} {aim:>7} {word}".rstrip()


def _number(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
