# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines as users have them: the boot is not trimmed, Debian's own initramfs has all drivers, and
the four CPUs have no random number generator."""

import shutil
from pathlib import Path

from . import cache, initramfs
from .command import run

# Files with which base.py makes an initramfs small.
SMALL = ("etc/initramfs-tools/conf.d/bench", "usr/share/initramfs-tools/modules.d/bench")


def initrd(store, image, kernel):
    """The initramfs from the cache, packed by the tools; made first, which takes half a minute."""
    key = cache.digest(Path(__file__), Path(initramfs.__file__), image.top, kernel.release)
    return store.entry(f"initrd-{kernel.release}", key,
                       lambda top: _build(top, image, kernel)) / "initrd"


def _build(top, image, kernel):
    run("cp", "-al", image.tree, top / "tree")
    for name in SMALL:
        (top / "tree" / name).unlink(missing_ok=True)
    initramfs.make(top / "tree", "initramfs-tools", kernel.release).rename(top / "initrd")
    shutil.rmtree(top / "tree")
