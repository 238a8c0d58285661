# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trees of machines that have more packages than the others, so that those do not grow."""

import copy
import shutil
from pathlib import Path

from . import cache
from .chroot import PLACES, apt_in, copy_to_change


def tree(store, base, packages):
    """The base with those packages from the cache; made first, which takes half a minute."""
    key = cache.digest(Path(__file__), base.top, *packages)
    other = copy.copy(base)
    other.top = store.entry(f"{packages[0]}-{base.suite.name}", key, lambda top: _build(top, base, packages))
    other.tree = other.top / "tree"
    return other


def _build(top, base, packages):
    made = top / "tree"
    copy_to_change(base.tree, made)
    for name in PLACES:
        (made / name).mkdir(exist_ok=True)
    apt_in(made, "update")
    apt_in(made, "install", "--no-install-recommends", "-y", *packages)
    apt_in(made, "clean")
    shutil.rmtree(made / "var/lib/apt/lists")
