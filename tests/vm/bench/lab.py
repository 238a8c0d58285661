# SPDX-License-Identifier: LGPL-2.1-or-later
"""Everything that machines are made from: base, patches, image, and machines saved after their
boot."""

import tempfile
from dataclasses import dataclass
from functools import cache as cache_of_calls
from functools import cached_property
from pathlib import Path

from . import (base, cache, enlarged, firmware, image, keys, packages, patches, plain, programs, qemu, signed,
               suites)
from .command import run
from .machine import Machine
from .suites import SUITES

DEFAULT = "12"

# The code that determines how a saved machine was started; a change makes a new one.
SAVED_KEY = [Path(qemu.__file__), Path(__file__)]


@dataclass(frozen=True)
class Saved:
    """A machine right after its boot: its disk, to put an overlay on, and its memory."""

    disk: Path
    memory: Path
    variables: Path   # of its firmware, if it has one


class Lab:
    """Everything for machines of one Debian release. Makes what is missing; safe to use from
    several threads and processes."""

    def __init__(self, store_path, build_dir=None, suite=DEFAULT):
        self.suite = SUITES[suite]
        self.store = cache.Cache(store_path)
        self.base = base.get(self.store, self.suite)
        self.patches = patches.get(self.store, self.base)
        self.keys = keys.get(self.store)
        self.signed = signed.get(self.store, self.base, self.patches, self.keys)
        self.firmware = firmware.get(self.store, self.base, self.keys, self.signed)
        self.programs = programs.get(self.store, self.base)
        self._build_dir = build_dir

    @cached_property
    def image(self):
        return self._make_image("trimmed")

    @cached_property
    def plain_image(self):
        """The image of a machine as users have it."""
        return self._make_image("plain")

    @cached_property
    def full_image(self):
        """The image of a machine with what administrators install."""
        return self._make_image("full")

    @cache_of_calls
    def image_with(self, names):
        """The image of a machine that has those packages as well."""
        return self._make_image("trimmed", base=enlarged.tree(self.store, self.base, names))

    @cached_property
    def packages(self):
        """lpd's packages, and the directory with two versions of the example."""
        return self._packages, packages.examples(self.store, self.base, self._packages, self.patches, self.signed)

    def plain_initrd(self, series, full=False):
        """Debian's own initramfs for such a machine, as built by its tools."""
        made_of = self.full_image if full else self.plain_image
        return plain.initrd(self.store, made_of, self.base.kernels[series])

    @cached_property
    def _packages(self):
        return packages.get(self.store, self.base)

    def _make_image(self, style, base=None):
        base = base or self.base
        layers = [(self.patches, "patches"), (self.signed.top, "patches"), (self.keys.top, "patches/keys")]
        if not self._build_dir or self.suite.codename != suites.of_host():
            return image.get(self.store, base, layers, self.programs, style, self._packages)
        # A short cut: lpd as Meson installs it, from a build directory of this release.
        with tempfile.TemporaryDirectory(dir=self.store.top) as scratch:
            tree = Path(scratch) / "install"
            run("meson", "install", "-C", self._build_dir, "--quiet", "--destdir", tree)
            return image.get(self.store, base, [*layers, (tree, ".")], self.programs, style)

    def saved(self, series, smp, secure_boot=None):
        """The saved machine of that kernel series, number of CPUs and kind of firmware."""
        kind = {None: "saved", False: "saved-efi", True: "saved-secure"}[secure_boot]
        made_of = [self.image.top] if secure_boot is None else [self.image.top, self.firmware.top]
        top = self.store.entry(f"{kind}-{self.suite.name}-{series}-{smp}", cache.digest(*made_of, *SAVED_KEY),
                               lambda top: self._save(top, series, smp, secure_boot))
        return Saved(top / "disk.qcow2", top / "memory", top / "variables.fd")

    def _save(self, top, series, smp, secure_boot):
        saved = Machine(self, series, top)
        try:
            saved.boot(smp=smp, secure_boot=secure_boot, whole=True)
            saved.ok("sync")
            saved.save(top / "memory")
        finally:
            saved.close()
