# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images of the initramfs: made in a root file system by its own tools, and what is in one."""

from . import cpio
from .base import unpack_image
from .chroot import run_in

# What of a machine decides what its image is; initramfs-tools and dracut read the rest in the base.
SOURCES = ["etc/lpd", "var/lib/lpd", "usr/lib/lpd", "etc/initramfs-tools", "etc/dracut.conf.d",
           "etc/crypttab", "etc/cryptsetup-initramfs", "etc/systemd/system/lpd-initrd.service.d"]

# As base.py has it for initramfs-tools: what a machine needs to find its disk, no more.
DRIVERS = "virtio_blk virtio_pci virtio_mmio virtio_console ext4"
OMITTED = """
    crypt dm kernel-modules-extra lunmask modsign nvdimm overlay-root qemu resume terminfo usrmount
    virtiofs
""".split()
SYSTEMD = ["systemd", "systemd-initrd", "dracut-systemd"]

def make(tree, tool, kernel, systemd=True):
    """Has that tool make an image for a kernel in a tree; gives the file, packed by zstd."""
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
