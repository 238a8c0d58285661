# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bench's own programs in the machine: the agent, and the small initramfs for each kernel."""

import stat
from dataclasses import dataclass
from pathlib import Path

from . import cache, cpio
from .base import read_module
from .command import run

SOURCES = Path(__file__).resolve().parent.parent / "programs"

# The modules that a machine needs to reach its disk and its agent port.
MODULES = ["virtio_pci", "virtio_blk", "virtio_console"]


@dataclass(frozen=True)
class Programs:
    """initrds has one file for each series, tsc_khz is this host's frequency."""

    top: Path
    initrds: dict
    tsc_khz: int

    def of_machine(self):
        """The programs that belong in the image."""
        return [self.top / name for name in ("agent", "bpf-objects", "fuse-serve", "trace-function",
                                              "try-modules")]


def get(store, base):
    """The programs from the cache; built first if their sources have changed."""
    key = cache.digest(Path(__file__), SOURCES, base.top, _processor())
    top = store.entry(f"programs-{base.suite.name}", key, lambda top: _build(top, base))
    initrds = {series: top / f"initrd-{series}" for series in base.kernels}
    return Programs(top, initrds, int((top / "tsc-khz.txt").read_text()))


def _processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line for line in lines if line.startswith("model name")), "")


def _build(top, base):
    for source in SOURCES.glob("*.c"):
        run("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-s",
            "-o", top / source.stem, source)
    (top / "tsc-khz.txt").write_text(run(top / "tsc-khz"))
    init = (top / "init").read_bytes()
    for kernel in base.kernels.values():
        modules = _modules(base.tree / "usr/lib/modules" / kernel.release)
        (top / f"initrd-{kernel.series}").write_bytes(_initramfs(init, modules))


def _modules(directory):
    """The bytes of the modules in the order of loading, without built-in ones."""
    needs = {}
    for line in (directory / "modules.dep").read_text().splitlines():
        path, _, rest = line.partition(":")
        needs[Path(path).name.split(".")[0].replace("-", "_")] = [*reversed(rest.split()), path]
    wanted = dict.fromkeys(path for name in MODULES for path in needs.get(name, []))
    return [read_module(directory / path) for path in wanted]


def _initramfs(init, modules):
    entries = [(name, stat.S_IFDIR | 0o755, b"") for name in ("dev", "root", "modules")]
    entries.append(("init", stat.S_IFREG | 0o755, init))
    entries += [(f"modules/{i:02}", stat.S_IFREG | 0o644, data) for i, data in enumerate(modules)]
    return b"".join(cpio.entry(i + 1, *entry) for i, entry in enumerate(entries)) \
        + cpio.entry(0, cpio.LAST, 0, b"")
