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

    def _walk(self):
        """(offset, header fields, offset of the next) of each variable, including deleted ones."""
        offset = self._first
        while HEADER.unpack_from(self.data, offset)[0] == START:
            fields = HEADER.unpack_from(self.data, offset)
            end = offset + HEADER.size + fields[7] + fields[8]
            end += -end % 4
            yield offset, fields, end
            offset = end

    def _name(self, offset, fields):
        start = offset + HEADER.size
        return bytes(self.data[start:start + fields[7]])
