# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line: which cases run, on which machines, and what is printed about them."""

import argparse
import contextlib
import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import base, cache, kinds, lpd, package_tests, suites, table
from .kinds import KINDS
from .lab import Lab
from .machine import Machine
from .qemu import Failed
from .results import FAILED, PASSED, UNSTABLE, Results
from .suites import SUITES

CASES = Path(__file__).resolve().parent.parent / "cases"
RUNS_KEPT = 5

# So many failed cases are run again, one at a time. More than that is no accident.
TRIED_AGAIN = 3


class Labs:
    """The labs of the Debian releases, each made when it is first needed."""

    def __init__(self, args):
        self._args = args
        self._locks = {suite: threading.Lock() for suite in SUITES}
        self._made = {}
        self.pictures = args.pictures or args.cache / "pictures"

    def of(self, suite):
        with self._locks[suite]:
            if suite not in self._made:
                self._made[suite] = Lab(self._args.cache, self._args.build_dir, suite)
            return self._made[suite]


@dataclass(frozen=True)
class Case:
    """One file of cases/: its docstring states what is promised, case(m) checks it."""

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
    if args.table is not None:
        return _table(cases, args.table, Results(args.results))
    labs = Labs(args)
    runs = Runs(args.cache / "runs")
    if args.cases == ["unit-tests"]:
        others = {name for name, suite in SUITES.items() if suite.codename != suites.of_host()}
        return _in_trees(args, others, lpd.test)
    if args.cases == ["packages"]:
        return _in_trees(args, set(SUITES), package_tests.test)
    if args.cases == ["shell"]:
        return _shell(labs, args, runs.new("shell"))
    return _run_all(labs, runs, cases, args)


def _table(cases, page, results):
    made = table.make(cases, results)
    if page:
        page.write_text(table.put(page.read_text(), made))
    else:
        print(made, end="")
    return 0


def _parse(argv):
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser = argparse.ArgumentParser(prog="tests/vm/run",
                                     description="Runs cases on booted machines.")
    parser.add_argument("--machines", "--series", type=lambda s: s.split(","), default=[],
                        help="kinds of machines or parts of their names, comma-separated (default: "
                             f"what each case is for, of {', '.join(KINDS)})")
    parser.add_argument("--jobs", type=int, default=2, help="machines side by side (default: 2)")
    parser.add_argument("--build-dir", type=Path,
                        help="a Meson build directory of lpd, for machines of this Debian release; for "
                             "others it is built from this checkout, as it is without")
    parser.add_argument("--cache", type=Path, default=home / "lpd-vm",
                        help="where images and runs are kept (default: %(default)s)")
    parser.add_argument("--keep", action="store_true",
                        help="keep logs and disks of passed cases too")
    parser.add_argument("--pictures", type=Path,
                        help="where cases keep pictures of what a browser shows (default: in the cache)")
    parser.add_argument("--secure-boot", action="store_true",
                        help="`shell` boots a machine with Secure Boot")
    parser.add_argument("--list", action="store_true", help="print the cases and end")
    parser.add_argument("--table", nargs="?", type=Path, const=False, metavar="PAGE",
                        help="print what runs where, as a table, or put it at the end of a page, and end")
    parser.add_argument("--results", type=Path, metavar="FILE",
                        help="add the results to this file; --table prints those that are in it")
    parser.add_argument("cases", nargs="*", metavar="CASE",
                        help="cases to run (default: all); `shell` boots a machine to work in, "
                             "`unit-tests` builds and tests lpd in the trees of Debian releases "
                             "(default: those that this host is none of), `packages` its Debian "
                             "packages (default: all)")
    args = parser.parse_args(argv)
    for word in args.machines:
        if not kinds.meant_by([word]):
            parser.error(f"no machine {word}; there are {', '.join(KINDS)}")
    args.cache = args.cache.resolve()
    return args


def _choose(names):
    """The cases with those names, or all."""
    if names in (["shell"], ["unit-tests"], ["packages"]):
        return []
    there = {path.stem: Case(path.stem, path) for path in sorted(CASES.glob("*.py"))}
    for name in names:
        if name not in there:
            raise SystemExit(f"no case {name}; tests/vm/run --list names them")
    return [there[name] for name in names or there]


class Runs:
    """The directories of this run and of a few earlier ones, for examining failures. The
    directory of a run in progress is locked."""

    def __init__(self, top):
        self.top = top / time.strftime("%Y%m%d-%H%M%S")
        self.top.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self.top, fcntl.LOCK_SH)
        for old in sorted(top.iterdir())[:-RUNS_KEPT]:
            with contextlib.suppress(OSError):
                lock = _lock(old, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(old, ignore_errors=True)
                os.close(lock)

    def new(self, name):
        path = self.top / name
        path.mkdir()
        return path


def _lock(directory, how):
    """A descriptor of the directory, locked, or OSError."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, how)
    except OSError:
        os.close(fd)
        raise
    return fd


def _shell(labs, args, directory):
    kind = [*kinds.meant_by(args.machines), KINDS[kinds.USUAL[0]]][0]
    machine = Machine(labs.of(kind.suite), kind.series, directory, plain=kind.plain, full=kind.full)
    print(f"A machine with kernel {machine.kernel}; patches are in /patches. ctrl-a x ends it.")
    return subprocess.run([machine.prepare_by_hand(args.secure_boot)], check=False).returncode


def _in_trees(args, usual, test):
    """Tests that need no machine, with the programs of the requested or the usual releases."""
    good = bad = 0
    store = cache.Cache(args.cache)
    for name in sorted({kind.suite for kind in kinds.meant_by(args.machines)} or usual):
        passed, failed, said = test(store, base.get(store, SUITES[name]))
        print(*said, f"{passed} tests on Debian {name} passed, {failed} failed", sep="\n", flush=True)
        good, bad = good + passed, bad + failed
    print(f"{good} passed, {bad} failed")
    return 1 if bad else 0


def _machines_of(case, args):
    """The machines that the case is for; the requested ones, if cases were requested too."""
    meant, asked = kinds.of_case(case.name, case.load()), kinds.meant_by(args.machines)
    if args.cases and asked:
        return asked
    return [kind for kind in meant if kind in asked] if args.machines else meant


def _run_all(labs, runs, cases, args):
    jobs = [(case, kind) for case in cases for kind in _machines_of(case, args)]
    results = Results(args.results)
    try:
        with ThreadPoolExecutor(args.jobs) as pool:
            passed = list(pool.map(lambda job: _run_one(labs, runs, results, *job, args.keep), jobs))
        failed = [job for job, good in zip(jobs, passed) if not good]
        if len(failed) <= TRIED_AGAIN:
            failed = [job for job in failed if not _try_again(labs, runs, results, *job)]
    except KeyboardInterrupt:
        os._exit(130)   # stops the machines too: each ends with the thread that started it
    print(f"{len(jobs) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _try_again(labs, runs, results, case, kind):
    """A busy host makes a machine late, and qemu now and then runs code that the kernel has patched
    since. A case that passes the second time, alone, has not failed, but needs attention."""
    if not _run_one(labs, runs, results, case, kind, keep=True, attempt="-again"):
        return False
    print(f"unstable: {kind.name} {case.name} failed, and passed when it was run again alone", flush=True)
    return True


def _run_one(labs, runs, results, case, kind, keep, attempt=""):
    """Runs one case on one kind of machine, prints the result and adds it to the results; True if it passed."""
    directory = runs.new(f"{case.name}-{kind.name.replace('/', '-')}{attempt}")
    machine = Machine(labs.of(kind.suite), kind.series, directory,
                      os.environ.get("LPD_VM_SEED", case.name), kind.plain, kind.full)
    machine.pictures = labs.pictures / kind.name.replace("/", "-")
    start = time.monotonic()
    problem = None
    try:
        case.load().case(machine)
    except (Exception, SystemExit) as error:
        problem = _describe(case, error)
        machine.keep_evidence()
    machine.close()
    seconds = time.monotonic() - start
    results.add(case.name, kind.name, FAILED if problem else UNSTABLE if attempt else PASSED, machine.kernel, seconds)
    lines = [f"{'FAIL' if problem else 'ok'} {kind.name} {case.name} {seconds:.1f} s"]
    if problem:
        lines += [f"    {problem}", f"    console: {machine.console}",
                  f"    disk:    {directory / 'disk.qcow2'}",
                  f"    by hand: {directory / 'boot-by-hand'}"]
    elif not keep:
        machine.forget()
    print("\n".join(lines), flush=True)
    return problem is None


def _describe(case, error):
    """The first wrong fact, and the line of the case that found it."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(case.path)]
    where = f"{case.path.name}:{frames[-1].lineno}: " if frames else ""
    if isinstance(error, Failed):
        return f"{where}{error}"
    return f"{where}{type(error).__name__}: {error}\n{traceback.format_exc()}"
