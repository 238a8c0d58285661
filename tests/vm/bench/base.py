# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian trees: one that machines start from, with its kernels, and one to build for it."""

import gzip
import lzma
import re
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import cache, chroot, cpio, suites
from .command import run

PACKAGES = """
    systemd systemd-sysv dbus udev kmod initramfs-tools e2fsprogs xz-utils zstd gzip procps jq
    libsystemd0 libkmod2 libkeyutils1 libsmartcols1 libjson-c5 libblkid1 liblzma5
    libgcrypt20 libzstd1 zlib1g keyutils dracut-core cryptsetup-initramfs dosfstools nftables
""".split()

# The packages that build lpd, its tests and its packages; the kernels' headers are installed too.
BUILDING = """
    ccache debhelper dpkg-dev gcc libc6-dev make meson ninja-build pkgconf scdoc libblkid-dev libcmocka-dev
    libgcrypt20-dev libjson-c-dev libkeyutils-dev libkmod-dev liblzma-dev libsmartcols-dev libssl-dev
    libsystemd-dev libzstd-dev openssl python3-jsonschema zlib1g-dev zsh
""".split()

# The initramfs contains only what a bench machine needs to find its disk and its agent port.
INITRAMFS_CONF = "MODULES=list\nCOMPRESS=zstd\n"
INITRAMFS_MODULES = "virtio_blk\nvirtio_pci\nvirtio_mmio\nvirtio_console\n"

SETUP_HOOK = """
    mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
    printf '{conf}' >"$1/etc/initramfs-tools/conf.d/bench"
    printf '{modules}' >"$1/usr/share/initramfs-tools/modules.d/bench"
"""

# The tree so far is that of the machines; the rest is for building. The two share their files, of
# which dpkg changes none in place except its logs.
BUILD_HOOK = """
    set -e
    cp -alx "$1" "{tree}"
    rm -rf "{tree}"/var/lib/apt/lists/* "{tree}"/var/cache/apt/* "{tree}"/var/log/dpkg.log \\
        "{tree}"/var/log/apt "{tree}"/etc/resolv.conf "{tree}"/usr/sbin/policy-rc.d
    mv "{tree}/usr/sbin/start-stop-daemon.REAL" "{tree}/usr/sbin/start-stop-daemon"
    headers=
    for modules in "$1"/usr/lib/modules/*; do
        headers="$headers linux-headers-${{modules##*/}}"
    done
    APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" DEBIAN_FRONTEND=noninteractive apt-get -qq \\
        -o DPkg::Chroot-Directory="$1" install -y --no-install-recommends {packages} $headers
    mkdir "{kept}"
    cd "{kept}"
    for name in {names}; do
        APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -qq -o APT::Sandbox::User=root download "$name"
        mv "$name"_*.deb "$name.deb"
    done
"""

DPKG_OPTIONS = ["force-unsafe-io"] + [
    f"path-exclude=/usr/share/{name}/*" for name in ("man", "locale", "doc", "info")
]


@dataclass(frozen=True)
class Kernel:
    """One kernel series of the base: what qemu boots, and what patches are built against."""

    series: str
    release: str
    vmlinux: Path   # unpacked
    vmlinuz: Path   # as Debian ships it
    initrd: Path
    headers: str    # in the tree for building


class Base:
    """The base: tree is the root file system, building also has compilers and headers; kernels has
    one Kernel for each series."""

    def __init__(self, suite, top):
        self.suite = suite
        self.top = top
        self.tree = top / "tree"
        self.building = top / "building"
        self.kept = top / "kept"
        self.kernels = {k.series: k for k in map(self._kernel, sorted((top / "kernels").iterdir()))}

    def _kernel(self, path):
        release = (path / "release").read_text()
        return Kernel(path.name, release, path / "vmlinux", self.tree / f"boot/vmlinuz-{release}",
                      path / "initrd", f"/usr/src/linux-headers-{release}")


def get(store, suite):
    """The base from the cache; built first if its recipe (this file) has changed, which takes a
    minute."""
    key = cache.digest(Path(__file__), suite)
    return Base(suite, store.entry(f"base-{suite.name}", key, lambda top: _build(top, suite)))


def _build(top, suite):
    _bootstrap(top, suite)
    for name in chroot.PLACES:
        (top / "building" / name).mkdir()
    for modules in sorted((top / "tree/usr/lib/modules").iterdir()):
        _take_kernel(top / "tree", modules.name, top / "kernels")


def _bootstrap(top, suite):
    setup = SETUP_HOOK.format(conf=INITRAMFS_CONF.replace("\n", "\\n"),
                              modules=INITRAMFS_MODULES.replace("\n", "\\n"))
    packages = [*PACKAGES, *suite.packages, *suite.kernels]
    build = BUILD_HOOK.format(tree=top / "tree", packages=" ".join([*BUILDING, *suite.building]), kept=top / "kept",
                              names=" ".join(suite.kept))
    run("mmdebstrap", "--quiet", "--mode=root", "--variant=minbase",
        "--include=" + ",".join(packages),
        *(f"--aptopt={option}" for option in suites.apt_options()),
        *(f"--dpkgopt={option}" for option in DPKG_OPTIONS),
        f"--essential-hook={setup}", f"--customize-hook={build}",
        suite.codename, top / "building", *suite.sources())


def _take_kernel(tree, release, kernels):
    """Copies kernel and initramfs out of the tree, both unpacked, because unpacking is slow under
    emulation."""
    target = kernels / re.match(r"[0-9]+\.[0-9]+", release).group()
    target.mkdir(parents=True)
    (target / "release").write_text(release)
    image = (tree / f"boot/vmlinuz-{release}").read_bytes()
    (target / "vmlinux").write_bytes(_unpack_bzimage(image))
    initrd = (tree / f"boot/initrd.img-{release}").read_bytes()
    (target / "initrd").write_bytes(unpack_image(initrd))


def unpack_image(image):
    """An initramfs, unpacked: it may begin with an archive that is not packed, such as
    microcode."""
    start = cpio.end(image)
    return image[:start] + _unpack(image[start:])


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
