#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Golden tests of the generator: NN-name.input is a machine, NN-name.expected what the generator
writes for it, NN-name.log its messages, NN-name.env what systemd tells it. Each is run as on the
host, with one directory and with three, and as in the initramfs, where it writes nothing.
systemd-analyze verify must accept the result.

--update rewrites the expected files; review them before you commit them."""

import argparse
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
UNITS = "/usr/lib/systemd/system"


def read_tree(top):
    """Everything below a directory: each path with its text, or its target as "-> …"."""
    tree = {}
    for path in sorted(top.rglob("*")):
        name = str(path.relative_to(top))
        if path.is_symlink():
            tree[name] = f"-> {os.readlink(path)}\n"
        elif path.is_file():
            tree[name] = path.read_text()
    return tree


def write_tree(top, tree):
    shutil.rmtree(top, ignore_errors=True)
    for name, text in tree.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("-> "):
            path.symlink_to(text[3:].rstrip("\n"))
        else:
            path.write_text(text)


def compare(what, expected, found):
    """The differences, as diff -u would print them."""
    lines = []
    for name in sorted({*expected, *found}):
        lines += difflib.unified_diff(expected.get(name, "").splitlines(True),
                                      found.get(name, "").splitlines(True),
                                      f"{what}: expected {name}", f"{what}: found {name}")
        if name not in expected or name not in found:
            lines.append(f"{what}: only {'expected' if name in expected else 'found'}: {name}\n")
    return "".join(lines)


def read_env(case):
    path = HERE / f"{case}.env"
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines)


def generate(args, case, env, directories):
    """Runs the generator; returns what it wrote to the first directory, and its messages."""
    with tempfile.TemporaryDirectory() as tmp:
        paths = [pathlib.Path(tmp) / name for name in ("normal", "early", "late")[:directories]]
        for path in paths:
            path.mkdir()
        # A checkout has the modes of the umask(2) and the owner of the user who made it.
        root = pathlib.Path(tmp) / "root"
        shutil.copytree(HERE / f"{case}.input", root, symlinks=True)
        for path in [root, *root.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o755)
        result = subprocess.run(
            [args.generator, *paths], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, env={"PATH": os.environ["PATH"], **env,
                             "LPD_GENERATOR_ROOT": str(root)})
        if result.returncode != 0 or result.stdout:
            raise AssertionError(f"exit status {result.returncode}: {result.stdout}{result.stderr}")
        for path in paths[1:]:
            if any(path.iterdir()):
                raise AssertionError(f"something is in {path.name}")
        tree = read_tree(paths[0])
    return {name: text.replace(f"-> {args.unitdir}/", f"-> {UNITS}/") for name, text in tree.items()}, \
        result.stderr


def verify(args, tree):
    """What systemd says about these units, with its own and lpd's."""
    with tempfile.TemporaryDirectory() as tmp:
        top = pathlib.Path(tmp)
        write_tree(top / "generator", tree)
        (top / "units").mkdir()
        for unit in map(pathlib.Path, args.unit):
            # The programs may not be installed on this machine.
            text = re.sub(r"^(Exec\w+=)\S+/lpd ", r"\1/bin/true ", unit.read_text(), flags=re.M)
            (top / "units" / unit.name).write_text(text)
        names = {pathlib.Path(name).name for name in [*tree, *args.unit]}
        names = {name for name in names if re.search(r"(?<!@)\.(service|target)$", name)}
        result = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", *sorted(names)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
            env={"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{top}/generator:{top}/units:{UNITS}"})
        said = result.stdout + result.stderr
        return said or (f"systemd-analyze: {result.returncode}\n" if result.returncode else "")


def run_case(args, case):
    env = read_env(case)
    expected = read_tree(HERE / f"{case}.expected")
    log_path = HERE / f"{case}.log"
    log = log_path.read_text() if log_path.exists() else ""

    found, said = generate(args, case, env, 3)
    if args.update:
        write_tree(HERE / f"{case}.expected", found)
        log_path.unlink(missing_ok=True)
        if said:
            log_path.write_text(said)
        return ""
    problems = compare(case, expected, found) + compare(f"{case}.log", {"": log}, {"": said})
    alone, _ = generate(args, case, env, 1)
    problems += compare(f"{case} with one directory", expected, alone)
    initramfs, said = generate(args, case, {**env, "SYSTEMD_IN_INITRD": "1"}, 3)
    problems += compare(f"{case} in the initramfs", {}, initramfs) + said
    if found and not problems:
        problems += verify(args, found)
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generator", required=True)
    parser.add_argument("--unitdir", default=UNITS, help="where the links point to")
    parser.add_argument("--unit", action="append", default=[], help="a unit of lpd, for verify")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("case", nargs="*")
    args = parser.parse_args()

    failed = 0
    cases = args.case or sorted(path.name[:-len(".input")] for path in HERE.glob("*.input"))
    for case in cases:
        try:
            problems = run_case(args, case)
        except (AssertionError, subprocess.TimeoutExpired) as e:
            problems = f"{case}: {e}\n"
        print(f"{'FAIL' if problems else 'ok'} {case}\n{problems}", end="", flush=True)
        failed += bool(problems)
    print(f"{len(cases) - failed} of {len(cases)} as expected")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
