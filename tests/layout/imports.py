#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Imports go downwards only: a folder of lpd/ includes only from itself and from earlier folders in
the list of lpd/meson.build, no two files of a folder include each other, and each file is in a
folder."""

import os
import re
import sys
from pathlib import Path

SOURCE = Path(os.environ.get("SOURCE_ROOT") or Path(__file__).resolve().parents[2])
PROGRAMS = {"lpd.c", "lpctl.c", "lpd-modules.c", "lpd-volume.c", "lpd-ledger.c", "kpatch.c"}
GENERATED = "version.h"  # by meson.build
INCLUDE = re.compile(r'^#include "([a-z0-9-]+(?:/[a-z0-9-]+)*/)?([a-z0-9-]+\.h)"', re.M)


def folders(meson):
    """The folders of lpd/, lowest first, as lpd/meson.build lists them."""
    found = re.search(r"foreach folder : \[(.*?)\]", meson, re.S)
    return re.findall(r"'([a-z]+)'", found.group(1))


def faults_of_folders(source, order):
    """Includes that go upwards, and files and folders that are not in the list."""
    for path in sorted((source / "lpd").rglob("*.[ch]")):
        name = path.relative_to(source / "lpd")
        if len(name.parts) == 1:
            if name.name not in PROGRAMS:
                yield f"lpd/{name}: only programs stand at the top of lpd/"
            continue
        folder = name.parts[0]
        if folder not in order:
            yield f"lpd/{name}: lpd/meson.build does not list the folder {folder}"
            continue
        for there, header in INCLUDE.findall(path.read_text()):
            if there + header == GENERATED:
                continue
            target = there.split("/")[0]
            if target not in order:
                yield f"lpd/{name}: includes {there}{header}, which names no folder of lpd/"
            elif order.index(target) > order.index(folder):
                yield f"lpd/{name}: {folder}/ includes {there}{header}, which lies above it"


def units(source):
    """Each file without its suffix, with the other files of lpd/ that it includes."""
    found = {}
    for path in sorted((source / "lpd").rglob("*.[ch]")):
        unit = str(path.relative_to(source / "lpd"))[:-2]
        includes = {f"{there}{header}"[:-2] for there, header in INCLUDE.findall(path.read_text())}
        found.setdefault(unit, set()).update(includes - {unit})
    return found


def circles(graph):
    """Files that include each other, directly or indirectly: each cycle once."""
    state, stack = {}, []

    def visit(unit):
        state[unit] = "open"
        stack.append(unit)
        for other in sorted(graph.get(unit, ())):
            if state.get(other) == "open":
                yield stack[stack.index(other):] + [other]
            elif other not in state:
                yield from visit(other)
        stack.pop()
        state[unit] = "done"

    for unit in sorted(graph):
        if unit not in state:
            yield from visit(unit)


def main():
    order = folders((SOURCE / "lpd/meson.build").read_text())
    faults = list(faults_of_folders(SOURCE, order))
    faults += ["a circle: " + " -> ".join(circle) for circle in circles(units(SOURCE))]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


sys.exit(main())
