# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpd, built from this checkout with a release's own compiler and libraries."""

import json
import tempfile
from pathlib import Path

from .chroot import run_in
from .command import run

TOP = Path(__file__).resolve().parent.parent.parent.parent

SOURCES = """
    meson.build meson_options.txt lpd parser generator units initramfs-hooks kernel-hooks conf docs
    completion packaging NEWS.md
""".split()

# Prints the faults of the units.
VERIFY = "/src/tests/verify-units /build/tree || true"

TESTS = ["tests", "README.md", "build-dev.ini"]

# Those that machines have.
PACKAGES = ("lpd", "lpd-initramfs", "lpd-dracut", "lpd-kpatch")


def test(store, base):
    """Builds lpd with its tests in the tree for building, runs these, and makes that release's
    systemd check the units: (passed, failed, messages about the failed ones)."""
    with tempfile.TemporaryDirectory(dir=store.top) as scratch:
        binds = _binds(Path(scratch), store, [*SOURCES, *TESTS])
        _in(base, binds, "meson", "setup", "/build", "/src", "--buildtype=debugoptimized",
            "-Dwerror=true")
        _in(base, binds, "ninja", "-C", "/build")
        _in(base, binds, "sh", "-c", "meson test -C /build --num-processes 2 || true")
        _in(base, binds, "meson", "install", "-C", "/build", "--no-rebuild", "--quiet",
            "--destdir", "/build/tree")
        units = _in(base, binds, "sh", "-c", VERIFY)
        lines = (binds["build"] / "meson-logs/testlog.json").read_text().splitlines()
    results = [json.loads(line) for line in lines]
    results.append({"name": "units", "result": "FAIL" if units else "OK", "stdout": units})
    bad = [r for r in results if r["result"] not in ("OK", "SKIP")]
    said = [f"{r['name']}: {r['result']}\n{r.get('stdout', '')[-3000:]}{r.get('stderr', '')[-3000:]}"
            for r in bad]
    return len(results) - len(bad), len(bad), said


def _binds(scratch, store, sources):
    """The mounts in the tree; sources are copied, because they may change meanwhile."""
    binds = {"src": scratch / "src", "build": scratch / "build", "ccache": store.top / "ccache"}
    for directory in binds.values():
        directory.mkdir(exist_ok=True)
    for name in sources:
        run("cp", "-a", TOP / name, binds["src"])
    return binds


def _in(base, binds, *argv):
    return run_in(base.building, *argv, binds=binds, CC="ccache gcc", CCACHE_DIR="/ccache",
                  LC_ALL="C.UTF-8")
