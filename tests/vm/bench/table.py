# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of docs/PLATFORMS.md: what runs on which Debian release, with which kernel and initramfs tool."""

import re
import shlex

from . import kinds, lpd
from .kinds import KINDS

MARK = "<!-- Printed by tests/vm/run --table=docs/PLATFORMS.md; do not edit what follows. -->\n"
RUN_ALL = lpd.TOP / "tests/run-all"

# How a case says that it boots from an image of that tool.
TOOLS = {"initramfs-tools": re.compile(r'make_initramfs\((?!"dracut"|tool)|initramfs="debian"|"initramfs-tools"'),
         "dracut": re.compile(r'"dracut"')}
KERNELS = {"12/6.1": "6.1", "12/6.12": "6.12", "13": "6.12", "testing": "7.2", "12/plain": "6.1", "13/plain": "6.12",
           "testing/plain": "7.2", "12/full": "6.1", "13/full": "6.12", "testing/full": "7.2"}


def make(cases, results):
    """The lines of the table, in the order of the cases; `cases` have name, path and load(). With results it says
    what came out, and which kernels these are of."""
    in_ci = _jobs_of_ci(cases)
    kernels = {one["machine"]: one["kernel"] for one in sorted(results.all(), key=lambda one: one["date"])}
    lines = [*_dates(results), "| case | initramfs of | " + " | ".join(KINDS) + " |", "|---|---|" + "---|" * len(KINDS),
             "| *kernel* | | " + " | ".join(kernels.get(name, KERNELS[name]) for name in KINDS) + " |"]
    for case in cases:
        meant = {kind.name for kind in kinds.of_case(case.name, case.load())}
        cells = [_cell(case.name, name, "CI" if (case.name, name) in in_ci else "soak" if name in meant else "", results)
                 for name in KINDS]
        lines.append("| " + " | ".join([case.name, _tools(case, meant), *cells]) + " |")
    return "".join(f"{line}\n" for line in lines)


def _cell(case, machine, where, results):
    """Where it runs, and the result if there are any."""
    result = results.of(case, machine)
    if not where or not results.all():
        return where
    return f"{where}: {result['outcome'] if result else 'not run'}"


def _dates(results):
    dates = sorted(one["date"] for one in results.all())
    return [f"The results are those of runs from {dates[0]} to {dates[-1]}.", ""] if dates else []


def put(page, text):
    """The page with this table at its end."""
    before, mark, _ = page.partition(MARK)
    if not mark:
        raise SystemExit(f"the page has no line {MARK.strip()}")
    return before + mark + "\n" + text


def _tools(case, meant):
    source = case.path.read_text()
    found = [tool for tool, pattern in TOOLS.items() if pattern.search(source)]
    if not found and all(KINDS[name].plain for name in meant):
        found = ["initramfs-tools"]
    return ", ".join(found) or "the bench"


def _jobs_of_ci(cases):
    """{(case, kind)} of the lines in tests/run-all that run cases."""
    by_name = {case.name: case for case in cases}
    jobs = set()
    for line in RUN_ALL.read_text().replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True) if line.strip().startswith("on_bench --") else []
        if "--machines" not in words:
            continue
        at = words.index("--machines")
        asked = kinds.meant_by(words[at + 1].split(","))
        for name in words[at + 2:] or by_name:
            chosen = asked if words[at + 2:] else kinds.of_case(name, by_name[name].load())
            jobs |= {(name, kind.name) for kind in chosen if kind in asked}
    return jobs
