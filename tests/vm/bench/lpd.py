# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpd, built from this checkout by a release's own compiler and libraries."""

import json
import tempfile
from pathlib import Path

from . import cache
from .chroot import run_in

TOP = Path(__file__).resolve().parent.parent.parent.parent

SOURCES = """
    meson.build meson_options.txt lpd parser generator units initramfs-hooks kernel-hooks conf docs
    completion
""".split()

OPTIONS = ["--buildtype=release", "-Dtests=false", "-Dinitramfs-tools=true", "-Ddracut=true",
           "-Dmkinitcpio=true"]


def get(store, base):
    """The tree that it was installed into, made first if its sources changed: half a minute."""
    key = cache.digest(Path(__file__), base.top, *(TOP / name for name in SOURCES))
    return store.entry(f"lpd-{base.suite.name}", key, lambda top: _build(top, store, base)) / "tree"


def _build(top, store, base):
    binds = _binds(top / "work", store)
    _in(base, binds, "meson", "setup", "/build", "/src", *OPTIONS)
    _in(base, binds, "ninja", "-C", "/build")
    _in(base, binds, "meson", "install", "-C", "/build", "--quiet", "--destdir", "/build/tree")
    (top / "work/tree").rename(top / "tree")


def _binds(work, store):
    work.mkdir()
    compiled = store.top / "ccache"
    compiled.mkdir(exist_ok=True)
    return {"src": TOP, "build": work, "ccache": compiled}


def _in(base, binds, *argv):
    return run_in(base.building, *argv, binds=binds, CC="ccache gcc", CCACHE_DIR="/ccache",
                  LC_ALL="C.UTF-8")


def test(store, base):
    """Builds it with its tests in the tree for building and runs those: (good, bad, what is said of
    the bad ones)."""
    with tempfile.TemporaryDirectory(dir=store.top) as scratch:
        binds = _binds(Path(scratch) / "work", store)
        _in(base, binds, "meson", "setup", "/build", "/src", "--buildtype=debugoptimized", "-Dwerror=true")
        _in(base, binds, "ninja", "-C", "/build")
        _in(base, binds, "sh", "-c", "meson test -C /build --num-processes 2 || true")
        lines = (Path(scratch) / "work/meson-logs/testlog.json").read_text().splitlines()
    results = [json.loads(line) for line in lines]
    bad = [r for r in results if r["result"] not in ("OK", "SKIP")]
    said = [f"{r['name']}: {r['result']}\n{r.get('stdout', '')[-3000:]}{r.get('stderr', '')[-3000:]}"
            for r in bad]
    return len(results) - len(bad), len(bad), said
