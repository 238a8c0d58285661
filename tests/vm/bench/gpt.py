# SPDX-License-Identifier: LGPL-2.1-or-later
"""A GUID partition table with one partition: UEFI specification, chapter 5.3."""

import struct
import uuid
import zlib

SECTOR = 512
ENTRIES, ENTRY_SIZE = 128, 128
FIRST_USABLE = 2048
EFI_SYSTEM = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")


def write(path, size, name, unique):
    """Creates a disk of that size; its partition has that name and that number (PARTUUID=)."""
    sectors = size // SECTOR
    last = sectors - 34
    entry = struct.pack("<16s16sQQQ72s", EFI_SYSTEM.bytes_le, uuid.UUID(unique).bytes_le, FIRST_USABLE,
                        last, 0, name.encode("utf-16-le"))
    entries = entry.ljust(ENTRIES * ENTRY_SIZE, b"\0")
    with open(path, "wb") as disk:
        disk.truncate(size)
        disk.seek(446)
        disk.write(struct.pack("<B3sB3sII", 0, b"\0\2\0", 0xEE, b"\xff\xff\xff", 1, sectors - 1))
        disk.seek(510)
        disk.write(b"\x55\xaa" + _header(1, sectors - 1, 2, last, entries) + entries)
        disk.seek((sectors - 33) * SECTOR)
        disk.write(entries + _header(sectors - 1, 1, sectors - 33, last, entries))


def _header(here, other, table, last, entries):
    def pack(crc):
        return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, crc, 0, here, other,
                           FIRST_USABLE, last, uuid.NAMESPACE_DNS.bytes_le, table, ENTRIES, ENTRY_SIZE,
                           zlib.crc32(entries))
    return pack(zlib.crc32(pack(0))).ljust(SECTOR, b"\0")
