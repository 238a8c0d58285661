# SPDX-License-Identifier: LGPL-2.1-or-later
"""All that machines are made from: base, patches, image, and machines saved after their boot."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import base, cache, image, patches, programs, qemu
from .command import run
from .machine import Machine

# What decides how a saved machine was started; a change makes a new one.
SAVED_KEY = [Path(qemu.__file__), Path(__file__)]


@dataclass(frozen=True)
class Saved:
    """A machine right after its boot: its disk, to put an overlay on, and its memory."""

    disk: Path
    memory: Path


class Lab:
    """Makes what is missing; safe to ask from several threads and processes."""

    def __init__(self, store_path, build_dir=None, install_tree=None):
        self.store = cache.Cache(store_path)
        self.base = base.get(self.store)
        self.patches = patches.get(self.store, self.base)
        self.programs = programs.get(self.store, self.base)
        with tempfile.TemporaryDirectory(dir=self.store.top) as scratch:
            if build_dir:
                install_tree = Path(scratch) / "install"
                run("meson", "install", "-C", build_dir, "--quiet", "--destdir", install_tree)
            self.image = image.get(self.store, self.base, self.patches, self.programs,
                                   install_tree)

    def saved(self, series, smp):
        """The saved machine of that kernel series and number of CPUs."""
        key = cache.digest(self.image.top, *SAVED_KEY)
        top = self.store.entry(f"saved-{series}-{smp}", key,
                               lambda top: self._save(top, series, smp))
        return Saved(top / "disk.qcow2", top / "memory")

    def _save(self, top, series, smp):
        saved = Machine(self, series, top)
        try:
            saved.boot(smp=smp, whole=True)
            saved.ok("sync")
            saved.save(top / "memory")
        finally:
            saved.close()
