# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpd's packages, built by a release's own tools, and the example package with a live patch."""

import shutil
import tempfile
from pathlib import Path

from . import cache, lpd, patches
from .chroot import run_in
from .command import run

TOP = lpd.TOP
SOURCES = [*lpd.SOURCES, "debian", "README.md", "SECURITY.md"]
EXAMPLE = TOP / "docs/examples/debian-package"

# Where things are in the tree while they are built.
LPD, PATCH, ADD_ON = "build/lpd", "build/patch", "build/dh-lpd"


def get(store, base):
    """The directory with lpd's packages, NAME.deb; built first if the sources have changed, which takes
    a minute."""
    key = cache.digest(Path(__file__), base.top, *(TOP / name for name in SOURCES))
    return store.entry(f"packages-{base.suite.name}", key, lambda top: _build(top, store, base))


def _build(top, store, base):
    with tempfile.TemporaryDirectory(dir=store.top) as scratch:
        source = Path(scratch) / "lpd"
        source.mkdir()
        for name in SOURCES:
            run("cp", "-a", TOP / name, source)
        _buildpackage(store, base, Path(scratch), LPD)
        _take(Path(scratch), top)


def _take(source, target):
    """Moves the packages there and drops versions from their names."""
    for path in source.glob("*.deb"):
        shutil.move(path, target / f"{path.name.partition('_')[0]}.deb")


def _buildpackage(store, base, scratch, source, *options, **environment):
    (store.top / "ccache").mkdir(exist_ok=True)
    return run_in(base.building, "sh", "-c", f'cd "/{source}" && exec dpkg-buildpackage -us -uc -b "$@"',
                  "sh", "--ignore-builtin-builddeps", *options, binds={"build": scratch, "ccache": store.top / "ccache"},
                  **{"PATH": "/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin", "CCACHE_DIR": "/ccache",
                     "DEB_BUILD_OPTIONS": "nocheck parallel=2", "DEB_BUILD_PROFILES": "nocheck",
                     "LC_ALL": "C.UTF-8"} | environment)


def build_example(store, base, packages, target, files, version=1):
    """Builds the example with these files ({path: bytes, or None for one that it must not have}) into
    target, with the dh-lpd among the packages. Returns what the build printed."""
    with tempfile.TemporaryDirectory(dir=store.top) as name:
        scratch = Path(name)
        source = scratch / "patch"
        shutil.copytree(EXAMPLE, source)
        for path, data in files.items():
            (source / path).parent.mkdir(exist_ok=True)
            if data is None:
                (source / path).unlink()
            else:
                (source / path).write_bytes(data)
        changelog = source / "debian/changelog"
        changelog.write_text(changelog.read_text().replace("(1)", f"({version})"))
        run("dpkg-deb", "-x", packages / "dh-lpd.deb", scratch / "dh-lpd")
        # -d: dh-lpd is not installed there, only unpacked.
        said = _buildpackage(store, base, scratch, PATCH, "-d", PERL5LIB=f"/{ADD_ON}/usr/share/perl5",
                             PATH=f"/{ADD_ON}/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        _take(scratch, target)
    return said


def examples(store, base, packages, modules, signed):
    """The directory with two versions of the example: 1.deb with a manifest, and 2.deb with another build
    and none. Both have lp-cmdline under the name fix-nft, signed by mok, for each kernel."""
    key = cache.digest(Path(__file__), EXAMPLE, packages, modules, signed.top)
    return store.entry(f"examples-{base.suite.name}", key,
                       lambda top: _build_examples(top, store, base, packages, modules, signed))


def _build_examples(top, store, base, packages, modules, signed):
    first, second = {}, {"fix-nft.conf": None, "debian/livepatch-fix-nft.lpd": b"*/fix-nft.ko\n"}
    for series, kernel in base.kernels.items():
        module = (modules / kernel.release / "lp-cmdline.ko").read_bytes()
        signer = signed.signers[series]
        first[f"{kernel.release}/fix-nft.ko"] = signer.sign(module, "mok")
        second[f"{kernel.release}/fix-nft.ko"] = signer.sign(patches.other_build(module), "mok")
    for version, files in (1, first), (2, second):
        build_example(store, base, packages, top, files, version)
        (top / "livepatch-fix-nft.deb").rename(top / f"{version}.deb")


def newer(package, target):
    """The same package with a higher version, in the directory target; returns its path."""
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        tree = Path(scratch) / "tree"
        run("dpkg-deb", "-R", package, tree)
        control = tree / "DEBIAN/control"
        lines = control.read_text().splitlines()
        control.write_text("".join(f"{line}+newer\n" if line.startswith("Version:") else f"{line}\n"
                                   for line in lines))
        path = target / f"newer-{package.name}"
        run("dpkg-deb", "--root-owner-group", "-b", tree, path)
    return path
