# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images of the initramfs: made in a root file system by its own tools, and what is in one."""

from .command import run

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

# dracut cannot do without either.
CHROOT = """
    mount --rbind /dev "$1/dev" && mount --rbind /proc "$1/proc" && exec chroot "$@"
"""


def make(tree, tool, kernel, systemd=True):
    """Has that tool make an image for a kernel in a tree; gives the file, packed by zstd."""
    tools = {"initramfs-tools": _initramfs_tools, "dracut": _dracut}
    run("unshare", "--mount", "sh", "-c", CHROOT, "sh", tree, *tools[tool](kernel, systemd))
    return tree / "initrd.zst"


def _initramfs_tools(kernel, systemd):
    return ["mkinitramfs", "-o", "/initrd.zst", kernel]


def _dracut(kernel, systemd):
    omitted = OMITTED if systemd else OMITTED + SYSTEMD
    return ["dracut", "--quiet", "--no-hostonly", "--compress", "zstd -3", "--drivers", DRIVERS,
            "--omit", " ".join(omitted), "--kver", kernel, "/initrd.zst"]


def unpack(packed, target):
    run("zstd", "-dqf", packed, "-o", target)


def files(image):
    """The sizes of all regular files of an unpacked image, {path: bytes}: a "newc" archive (Linux:
    driver-api/early-userspace/buffer-format.rst), in which hard links share the last one's data."""
    data = image.read_bytes()
    found, offset = {}, 0
    while data[offset:offset + 6] == b"070701":
        head = [int(data[offset + i:offset + i + 8], 16) for i in range(6, 110, 8)]
        mode, size, name_size = head[1], head[6], head[11]
        name = data[offset + 110:offset + 110 + name_size - 1].decode()
        if mode >> 12 == 0o10:
            found[name] = size
        offset = _padded(_padded(offset + 110 + name_size) + size)
    return found


def _padded(offset):
    return offset + -offset % 4
