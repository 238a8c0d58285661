# SPDX-License-Identifier: LGPL-2.1-or-later
"""A module of the bench under another name: that of its file and that which the kernel shows."""

import tempfile
from pathlib import Path

from .command import run

NAME_SIZE = 56   # MODULE_NAME_LEN of include/linux/module.h, for 64 bits


def rename(module, old, new):
    """The bytes of an unsigned module whose name is not old any more but new, both as file names."""
    old, new = (name.replace("-", "_").encode() for name in (old, new))
    with tempfile.TemporaryDirectory() as directory:
        path, data = Path(directory) / "module.ko", Path(directory) / "modinfo"
        # That of struct module, whose section has relocations, which objcopy would drop.
        path.write_bytes(_replace(module, *(name.ljust(NAME_SIZE, b"\0") for name in (old, new))))
        run("objcopy", "--dump-section", f".modinfo={data}", path, "/dev/null")
        data.write_bytes(_replace(data.read_bytes(), *(b"name=" + name + b"\0" for name in (old, new))))
        run("objcopy", "--update-section", f".modinfo={data}", path)
        return path.read_bytes()


def _replace(data, old, new):
    if data.count(old) != 1:
        raise SystemExit(f"the module contains {data.count(old)} times {old}")
    return data.replace(old, new)
