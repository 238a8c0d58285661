# SPDX-License-Identifier: LGPL-2.1-or-later
"""The file in which OVMF stores its variables.

EDK II: MdeModulePkg/Include/Guid/VariableFormat.h"""

import struct
import uuid

NON_VOLATILE = 3   # EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS
RUNTIME = 7        # and EFI_VARIABLE_RUNTIME_ACCESS

STORE = uuid.UUID("aaf32c78-947b-439a-a180-2e144ec37792").bytes_le   # gEfiAuthenticatedVariableGuid
STORE_HEADER = 28
HEADER = struct.Struct("<HBBIQ16sIII16s")   # AUTHENTICATED_VARIABLE_HEADER
START = 0x55aa
ADDED, DELETED = 0x3f, 0x3d


class Variables:
    """data is the whole file. A variable is never overwritten: a new one is appended and the old
    one marked as deleted, as for flash memory."""

    def __init__(self, data):
        self.data = bytearray(data)
        # The store follows the header of its firmware volume, whose length is at byte 48.
        start = int.from_bytes(data[48:50], "little")
        if data[start:start + 16] != STORE:
            raise SystemExit("the firmware's variable file holds no variable store")
        self._first = start + STORE_HEADER
        self._end = start + int.from_bytes(data[start + 16:start + 20], "little")

    def set(self, vendor, name, value, attributes):
        """Sets one variable that needs no authentication."""
        vendor = uuid.UUID(vendor).bytes_le
        name = name.encode("utf-16-le") + b"\0\0"
        end = self._first
        for offset, fields, end in self._walk():
            if fields[1] == ADDED and (fields[9], self._name(offset, fields)) == (vendor, name):
                self.data[offset + 2] &= DELETED
        header = HEADER.pack(START, ADDED, 0, attributes, 0, bytes(16), 0, len(name), len(value),
                             vendor)
        entry = header + name + value
        if end + len(entry) > self._end:
            raise SystemExit("the firmware's variable store is full")
        self.data[end:end + len(entry)] = entry

    def entries(self):
        """(name, whether it is valid, the bytes it takes) of each variable in the order in which they were
        written."""
        return [(self._name(offset, fields)[:-2].decode("utf-16-le"), fields[1] == ADDED, end - offset)
                for offset, fields, end in self._walk()]

    def free(self):
        """The bytes behind the last variable: what deleted ones take is free only after the firmware has
        collected them."""
        return self._end - self._first - sum(size for _, _, size in self.entries())

    def waste(self, left):
        """Writes deleted variables until only that many bytes are left."""
        vendor = uuid.UUID(int=1).bytes_le
        while self.free() > left + 128:
            end = self._end - self.free()
            block = min(self.free() - left - 96, 8192)
            name = "BenchWaste\0".encode("utf-16-le")
            header = HEADER.pack(START, DELETED, 0, NON_VOLATILE, 0, bytes(16), 0, len(name), block, vendor)
            entry = header + name + bytes(block)
            self.data[end:end + len(entry)] = entry

    def fill(self, left):
        """Writes variables until only that many bytes are left, and nothing is deleted that the firmware
        could collect."""
        valid = [bytes(self.data[offset:end]) for offset, fields, end in self._walk() if fields[1] == ADDED]
        size = self._end - self._first
        self.data[self._first:self._end] = b"".join(valid).ljust(size, b"\xff")
        for number in range(size):
            room = min(self.free() - left - HEADER.size, 8192)
            if room < 64:
                return
            self.set(str(uuid.UUID(int=1)), f"BenchFull{number}", bytes(room - 64), RUNTIME)

    def _walk(self):
        """(offset, header fields, offset of the next) of each variable, including deleted ones."""
        offset = self._first
        while offset + HEADER.size <= self._end and HEADER.unpack_from(self.data, offset)[0] == START:
            fields = HEADER.unpack_from(self.data, offset)
            end = offset + HEADER.size + fields[7] + fields[8]
            end += -end % 4
            yield offset, fields, end
            offset = end

    def _name(self, offset, fields):
        start = offset + HEADER.size
        return bytes(self.data[start:start + fields[7]])
