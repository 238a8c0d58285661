# SPDX-License-Identifier: LGPL-2.1-or-later
"""The live patches of tests/vm/patches, built for each kernel of the base."""

import hashlib
import shutil
from pathlib import Path

from . import cache, klp_relocations
from .chroot import run_in
from .command import run

SOURCES = Path(__file__).resolve().parent.parent / "patches"

CLONES = 100   # lp-many-001 and so on, made from lp-many-000
TEMPLATE = "lp-many-000"

# The data of patches that break the machine (lp-faulty.h), and of their repaired builds.
FUSE, NO_FUSE = b"lpd bench fuse=1", b"lpd bench fuse=0"


def get(store, base):
    """The directory that contains KVER/*.ko; takes about 8 s for two kernels."""
    key = cache.digest(Path(__file__), SOURCES, base.top)
    return store.entry(f"patches-{base.suite.name}", key, lambda top: _build(top, base))


def _build(top, base):
    for kernel in base.kernels.values():
        target = top / kernel.release
        target.mkdir()
        _compile(base, kernel, top / "work", target)
        _make_clones(target)
        _make_repaired(target)
        _make_wrong_release(target / "lp-wrong-release.ko", kernel.release)
        whole = (target / "lp-cmdline.ko").read_bytes()
        (target / "lp-truncated.ko").write_bytes(whole[:len(whole) // 2])


def _compile(base, kernel, work, target):
    """Symbols that are not exported are warnings: the kernel's livepatch core finds them."""
    shutil.copytree(SOURCES, work)
    run_in(base.building, "make", "-j2", "-C", kernel.headers, "M=/build",
           "CONFIG_DEBUG_INFO_BTF_MODULES=", "KBUILD_MODPOST_WARN=1", "modules", binds={"build": work})
    for module in work.glob("*.ko"):
        stripped = target / module.name
        run("strip", "--strip-debug", "-o", stripped, module)
        if klp_relocations.is_needed(stripped.read_bytes()):
            stripped.write_bytes(klp_relocations.convert(stripped.read_bytes()))
    shutil.rmtree(work)


def _make_clones(target):
    """Makes distinct modules without a compiler: another name, text and build id in the same
    bytes."""
    template = (target / f"{TEMPLATE}.ko").read_bytes()
    build_id = _build_id(template)
    for number in range(1, CLONES + 1):
        name = f"{TEMPLATE[:-3]}{number:03}"
        clone = template.replace(build_id, hashlib.sha1(name.encode()).digest())
        for old, new in ((TEMPLATE, name), (TEMPLATE.replace("-", "_"), name.replace("-", "_"))):
            clone = clone.replace(old.encode(), new.encode())
        (target / f"{name}.ko").write_bytes(clone)


def _make_repaired(target):
    """Another build of each patch that breaks the machine, under the same names, which does not."""
    (target / "repaired").mkdir()
    for path in target.glob("*.ko"):
        module = path.read_bytes()
        if FUSE in module:
            other = hashlib.sha1(b"repaired" + path.name.encode()).digest()
            repaired = module.replace(FUSE, NO_FUSE).replace(_build_id(module), other)
            (target / "repaired" / path.name).write_bytes(repaired)


def other_build(module):
    """Another build of a module: only its build id differs."""
    return module.replace(_build_id(module), b"\x42" * 20)


def _build_id(module):
    """The 20 bytes of the GNU build id note (elf(5): sizes 4 and 20, type 3, name "GNU")."""
    head = bytes.fromhex("04000000 14000000 03000000") + b"GNU\0"
    start = module.index(head) + len(head)
    return module[start:start + 20]


def _make_wrong_release(path, release):
    """The vermagic names a kernel that is not running: 6.1.0-… becomes 5.1.0-…"""
    module = path.read_bytes()
    right = f"vermagic={release} ".encode()
    if module.count(right) != 1:
        raise SystemExit(f"{path.name}: no vermagic with {release}")
    wrong = b"vermagic=5" + right[len(b"vermagic=5"):]
    path.write_bytes(module.replace(right, wrong))
