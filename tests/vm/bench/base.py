# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian tree that every machine starts from, with its kernels and their headers."""

import gzip
import lzma
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import cache
from .command import run

SUITE = "bookworm"

KERNELS = {"6.1": "linux-image-cloud-amd64", "6.12": "linux-image-6.12-cloud-amd64"}

PACKAGES = """
    systemd systemd-sysv dbus udev kmod initramfs-tools e2fsprogs xz-utils zstd gzip procps jq
    libsystemd0 libkmod2 libssl3 libinih1 libkeyutils1 libsmartcols1 libjson-c5 libblkid1 liblzma5
    libmd0 libzstd1 zlib1g keyutils dracut-core cryptsetup-initramfs dosfstools nftables
""".split()

# The initramfs carries what a bench machine needs to find its disk and its agent port, no more.
INITRAMFS_CONF = "MODULES=list\nCOMPRESS=zstd\n"
INITRAMFS_MODULES = "virtio_blk\nvirtio_pci\nvirtio_mmio\nvirtio_console\n"

SETUP_HOOK = """
    mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
    printf '{conf}' >"$1/etc/initramfs-tools/conf.d/bench"
    printf '{modules}' >"$1/usr/share/initramfs-tools/modules.d/bench"
"""

# The headers come from the same package lists as the kernels, so that they always fit.  Only the
# packages that a module build reads are unpacked: the compiler is the host's.
HEADERS_HOOK = """
    set -e
    export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
    cd "{debs}"
    for modules in "$1"/usr/lib/modules/*; do
        wanted=$(apt-cache depends "linux-headers-${{modules##*/}}" |
            grep -Eo 'linux-(headers|kbuild)-.+')
        apt-get -qq -o APT::Sandbox::User=root download $wanted
    done
"""

DPKG_OPTIONS = ["force-unsafe-io"] + [
    f"path-exclude=/usr/share/{name}/*" for name in ("man", "locale", "doc", "info")
]


@dataclass(frozen=True)
class Kernel:
    """One kernel series of the base: what qemu boots and what patches are built against."""

    series: str
    release: str
    vmlinux: Path   # unpacked
    vmlinuz: Path   # as Debian ships it
    initrd: Path
    headers: Path

    @property
    def sign_file(self):
        return self.headers / "scripts/sign-file"


class Base:
    """The made base: tree is the root file system, kernels has one Kernel a series."""

    def __init__(self, top):
        self.top = top
        self.tree = top / "tree"
        self.kernels = {k.series: k for k in map(self._kernel, sorted((top / "kernels").iterdir()))}

    def _kernel(self, path):
        release = (path / "release").read_text()
        headers = self.top / f"headers/usr/src/linux-headers-{release}"
        return Kernel(path.name, release, path / "vmlinux", self.tree / f"boot/vmlinuz-{release}",
                      path / "initrd", headers)


def get(store):
    """The base from the cache, made first if its recipe (this file) changed: about 40 s."""
    return Base(store.entry("base", cache.digest(Path(__file__)), _build))


def _build(top):
    debs = top / "debs"
    debs.mkdir()
    _bootstrap(top / "tree", debs)
    for deb in sorted(debs.iterdir()):
        run("dpkg", "-x", deb, top / "headers")
    shutil.rmtree(debs)
    _make_headers_relocatable(top / "headers")
    for series in KERNELS:
        _take_kernel(top / "tree", series, top / "kernels" / series)


def _bootstrap(tree, debs):
    setup = SETUP_HOOK.format(conf=INITRAMFS_CONF.replace("\n", "\\n"),
                              modules=INITRAMFS_MODULES.replace("\n", "\\n"))
    run("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase",
        "--include=" + ",".join(PACKAGES + list(KERNELS.values())),
        *(f"--dpkgopt={option}" for option in DPKG_OPTIONS),
        f"--essential-hook={setup}", f"--customize-hook={HEADERS_HOOK.format(debs=debs)}",
        SUITE, tree, *apt_sources())


def apt_sources():
    """This machine's own apt sources, so far as they are Debian's."""
    etc = Path("/etc/apt")
    found = [etc / "sources.list.d/debian.sources", etc / "sources.list"]
    sources = [p for p in found if p.exists() and SUITE in p.read_text()]
    if not sources:
        raise SystemExit(f"no {SUITE} in {' or '.join(map(str, found))}: the bench needs a Debian "
                         f"{SUITE} source of this machine's apt")
    return sources


def _make_headers_relocatable(headers):
    """The packages include each other by absolute path; they stand below the cache here."""
    for makefile in headers.glob("usr/src/linux-headers-*/Makefile"):
        text = makefile.read_text()
        if text.startswith("include /usr/src/"):
            here = "$(dir $(lastword $(MAKEFILE_LIST)))"
            makefile.write_text(text.replace("/usr/src/", f"{here}../"))


def _take_kernel(tree, series, target):
    """Copies kernel and initramfs out of the tree, both unpacked, as emulation makes that slow."""
    target.mkdir(parents=True)
    release = _release(tree, series)
    (target / "release").write_text(release)
    image = (tree / f"boot/vmlinuz-{release}").read_bytes()
    (target / "vmlinux").write_bytes(_unpack_bzimage(image))
    initrd = (tree / f"boot/initrd.img-{release}").read_bytes()
    (target / "initrd").write_bytes(_unpack(initrd))


def _release(tree, series):
    found = [p.name for p in (tree / "usr/lib/modules").iterdir()
             if re.match(re.escape(series) + r"[.-]", p.name)]
    if len(found) != 1:
        raise SystemExit(f"{len(found)} kernels of series {series} in {tree}, wanted one")
    return found[0]


def _unpack_bzimage(image):
    """The ELF kernel in a bzImage (Linux: Documentation/arch/x86/boot.rst)."""
    start = (image[0x1f1] + 1) * 512
    offset, length = struct.unpack_from("<II", image, 0x248)
    kernel = _unpack(image[start + offset:start + offset + length - 4])
    if not kernel.startswith(b"\x7fELF"):
        raise SystemExit("the kernel image holds no ELF file")
    return kernel


def read_module(path):
    """The bytes of a kernel module, unpacked."""
    return _unpack(path.read_bytes())


def _unpack(data):
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    if data.startswith(b"\xfd7zXZ"):
        return lzma.decompress(data)
    for magic, tool in ((b"\x28\xb5\x2f\xfd", "zstd"), (b"\x02\x21\x4c\x18", "lz4")):
        if data.startswith(magic):
            return subprocess.run([tool, "-dcq"], input=data, stdout=subprocess.PIPE,
                                  check=True).stdout
    return data
