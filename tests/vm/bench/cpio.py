# SPDX-License-Identifier: LGPL-2.1-or-later
"""Archives for an initramfs ("newc", Linux: driver-api/early-userspace/buffer-format.rst)."""

MAGIC = b"070701"
LAST = "TRAILER!!!"


def entry(inode, name, mode, data):
    """One entry; an entry named LAST ends the archive."""
    fields = [inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    head = MAGIC + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
    return _filled(head) + _filled(data)


def entries(image, start=0):
    """The entries of the archives at the start of an image: (name, mode, size, its end)."""
    offset = start
    while image[offset:offset + 6] == MAGIC:
        head = [int(image[offset + i:offset + i + 8], 16) for i in range(6, 110, 8)]
        mode, size, name_size = head[1], head[6], head[11]
        name = image[offset + 110:offset + 110 + name_size - 1].decode()
        offset = _padded(_padded(offset + 110 + name_size) + size)
        if name == LAST:
            offset = _zeros(image, offset)
        yield name, mode, size, offset


def end(image):
    """The offset at which these archives end."""
    offset = 0
    for *_, offset in entries(image):
        pass
    return offset


def _zeros(image, offset):
    """Any number of zeros may separate archives."""
    while image[offset:offset + 4] == b"\0\0\0\0":
        offset += 4
    return offset


def _padded(offset):
    return offset + -offset % 4


def _filled(data):
    return data + b"\0" * (-len(data) % 4)
