# SPDX-License-Identifier: LGPL-2.1-or-later
"""Initramfs images: made in a root file system by its own tools, and their contents."""

from . import cpio
from .base import unpack_image
from .chroot import run_in

# The directories of a machine that determine its image; initramfs-tools and dracut read everything
# else from the base.
SOURCES = ["etc/lpd", "var/lib/lpd", "usr/lib/lpd", "etc/initramfs-tools", "etc/dracut.conf.d",
           "etc/crypttab", "etc/cryptsetup-initramfs", "etc/systemd/system/lpd-initrd.service.d"]

# Only what a machine needs to find its disk, as in base.py for initramfs-tools.
DRIVERS = "virtio_blk virtio_pci virtio_mmio virtio_console ext4"
OMITTED = """
    crypt dm kernel-modules-extra lunmask modsign nvdimm overlay-root qemu resume terminfo usrmount
    virtiofs
""".split()
SYSTEMD = ["systemd", "systemd-initrd", "dracut-systemd"]

def make(tree, tool, kernel, systemd=True):
    """Runs that tool in a tree to make an image for a kernel; returns the file, packed with
    zstd."""
    tools = {"initramfs-tools": _initramfs_tools, "dracut": _dracut}
    run_in(tree, *tools[tool](kernel, systemd))
    return tree / "initrd.zst"


def _initramfs_tools(kernel, systemd):
    return ["mkinitramfs", "-o", "/initrd.zst", kernel]


def _dracut(kernel, systemd):
    omitted = OMITTED if systemd else OMITTED + SYSTEMD
    return ["dracut", "--quiet", "--no-hostonly", "--compress", "zstd -3", "--drivers", DRIVERS,
            "--omit", " ".join(omitted), "--kver", kernel, "/initrd.zst"]


def unpack(packed, target):
    target.write_bytes(unpack_image(packed.read_bytes()))


def files(image):
    """The sizes of all regular files of an unpacked image, {path: bytes}; hard links share the last
    one's data."""
    return {name: size for name, mode, size, _ in cpio.entries(image.read_bytes())
            if mode >> 12 == 0o10}
