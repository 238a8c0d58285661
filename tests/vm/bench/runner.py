# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line: which cases run, on which kernel series, and what is said about them."""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .base import KERNELS
from .lab import Lab
from .machine import Machine
from .qemu import Failed

CASES = Path(__file__).resolve().parent.parent / "cases"
RUNS_KEPT = 5


@dataclass(frozen=True)
class Case:
    """One file of cases/: its docstring says what is promised, case(m) sees it kept."""

    name: str
    path: Path

    def load(self):
        spec = importlib.util.spec_from_file_location(self.name.replace("-", "_"), self.path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def main():
    args = _parse(sys.argv[1:])
    cases = _choose(args.cases)
    if args.list:
        for case in cases:
            print(f"{case.name:24} {(case.load().__doc__ or '').strip().splitlines()[0]}")
        return 0
    lab = Lab(args.cache, args.build_dir, args.install_tree)
    runs = Runs(args.cache / "runs")
    if args.cases == ["shell"]:
        return _shell(lab, args, runs.new("shell"))
    return _run_all(lab, runs, cases, args)


def _parse(argv):
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser = argparse.ArgumentParser(prog="tests/vm/run",
                                     description="Runs cases on booted machines.")
    parser.add_argument("--series", type=lambda s: s.split(","), default=list(KERNELS),
                        help=f"kernel series, comma-separated (default: {','.join(KERNELS)})")
    parser.add_argument("--jobs", type=int, default=2, help="machines side by side (default: 2)")
    parser.add_argument("--build-dir", type=Path, help="a Meson build directory of lpd to install")
    parser.add_argument("--install-tree", type=Path, help="a tree to lay over the image's root")
    parser.add_argument("--cache", type=Path, default=home / "lpd-vm",
                        help="where images and runs are kept (default: %(default)s)")
    parser.add_argument("--keep", action="store_true",
                        help="keep logs and disks of passed cases too")
    parser.add_argument("--secure-boot", action="store_true",
                        help="`shell` boots a machine with Secure Boot")
    parser.add_argument("--list", action="store_true", help="print the cases and end")
    parser.add_argument("cases", nargs="*", metavar="CASE",
                        help="cases to run (default: all); `shell` boots a machine to work in")
    args = parser.parse_args(argv)
    for series in args.series:
        if series not in KERNELS:
            parser.error(f"no kernel series {series}; there are {', '.join(KERNELS)}")
    args.cache = args.cache.resolve()
    return args


def _choose(names):
    """The cases with those names, all without any."""
    if names == ["shell"]:
        return []
    there = {path.stem: Case(path.stem, path) for path in sorted(CASES.glob("*.py"))}
    for name in names:
        if name not in there:
            raise SystemExit(f"no case {name}; tests/vm/run --list names them")
    return [there[name] for name in names or there]


class Runs:
    """The directories of this run and of a few before it, for those who look into a failure."""

    def __init__(self, top):
        self.top = top / time.strftime("%Y%m%d-%H%M%S")
        self.top.mkdir(parents=True, exist_ok=True)
        for old in sorted(top.iterdir())[:-RUNS_KEPT]:
            shutil.rmtree(old, ignore_errors=True)

    def new(self, name):
        path = self.top / name
        path.mkdir()
        return path


def _shell(lab, args, directory):
    machine = Machine(lab, args.series[0], directory)
    print(f"A machine with kernel {machine.kernel}; patches are in /patches. ctrl-a x ends it.")
    return subprocess.run([machine.prepare_by_hand(args.secure_boot)], check=False).returncode


def _run_all(lab, runs, cases, args):
    jobs = [(case, series) for case in cases for series in args.series]
    try:
        with ThreadPoolExecutor(args.jobs) as pool:
            results = list(pool.map(lambda job: _run_one(lab, runs, *job, args.keep), jobs))
    except KeyboardInterrupt:
        os._exit(130)   # takes the machines along: each dies with the thread that started it
    failed = results.count(False)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _run_one(lab, runs, case, series, keep):
    """Runs one case on one series and prints its line; True if it passed."""
    directory = runs.new(f"{case.name}-{series}")
    machine = Machine(lab, series, directory, seed=os.environ.get("LPD_VM_SEED", case.name))
    start = time.monotonic()
    problem = None
    try:
        case.load().case(machine)
    except (Exception, SystemExit) as error:
        problem = _describe(case, error)
        machine.keep_evidence()
    machine.close()
    word = "FAIL" if problem else "ok"
    lines = [f"{word} {series} {case.name} {time.monotonic() - start:.1f} s"]
    if problem:
        lines += [f"    {problem}", f"    console: {machine.console}",
                  f"    disk:    {directory / 'disk.qcow2'}",
                  f"    by hand: {directory / 'boot-by-hand'}"]
    elif not keep:
        machine.forget()
    print("\n".join(lines), flush=True)
    return problem is None


def _describe(case, error):
    """The first wrong fact and the line of the case that met it."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(case.path)]
    where = f"{case.path.name}:{frames[-1].lineno}: " if frames else ""
    if isinstance(error, Failed):
        return f"{where}{error}"
    return f"{where}{type(error).__name__}: {error}\n{traceback.format_exc()}"
