# SPDX-License-Identifier: LGPL-2.1-or-later
"""Relocations that the kernel's livepatch core resolves (Documentation/livepatch/module-elf-format.rst of
the kernel): what kpatch-build and klp-build make of references to symbols that are not exported."""

import struct
from dataclasses import dataclass, replace

PREFIX = b".klp.sym."

SHT_RELA = 4
SHT_SYMTAB = 2
SHF_ALLOC = 0x2
SHF_RELA_LIVEPATCH = 0x00100000   # include/uapi/linux/elf.h
SHN_LIVEPATCH = 0xFF20

EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
SHDR = struct.Struct("<IIQQQQIIQQ")
SYM = struct.Struct("<IBBHQQ")
RELA = struct.Struct("<QQq")


@dataclass
class Section:
    name: int
    type: int
    flags: int
    addr: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry: int
    data: bytes = b""

    def header(self):
        return SHDR.pack(self.name, self.type, self.flags, self.addr, self.offset, self.size,
                         self.link, self.info, self.align, self.entry)


def is_needed(module):
    return PREFIX in module


def convert(module):
    """Moves the relocations against symbols named .klp.sym.OBJECT.SYMBOL,POSITION to sections of their
    own, and marks these symbols. Everything that changes is put at the end of the file."""
    ehdr = list(EHDR.unpack_from(module))
    sections = _read_sections(module, ehdr)
    names = sections[ehdr[13]]
    symtab = next(s for s in sections if s.type == SHT_SYMTAB)
    objects = _mark_symbols(symtab, sections[symtab.link].data)

    for section in [s for s in sections if s.type == SHT_RELA]:
        sections += _split(section, objects, names)
    return _write(module, ehdr, sections)


def _read_sections(module, ehdr):
    table, n = ehdr[6], ehdr[12]
    sections = [Section(*SHDR.unpack_from(module, table + i * SHDR.size)) for i in range(n)]
    for s in sections:
        s.data = module[s.offset:s.offset + s.size]
    return sections


def _string(table, start):
    return table[start:table.index(b"\0", start)]


def _mark_symbols(symtab, strings):
    """Returns the object of each such symbol, by the symbol's number."""
    objects, entries = {}, []
    for number, symbol in enumerate(SYM.iter_unpack(symtab.data)):
        name = _string(strings, symbol[0])
        if name.startswith(PREFIX):
            objects[number] = name[len(PREFIX):].split(b".")[0]
            symbol = (*symbol[:3], SHN_LIVEPATCH, *symbol[4:])
        entries.append(SYM.pack(*symbol))
    symtab.data = b"".join(entries)
    return objects


def _split(section, objects, names):
    """The new sections, one for each object; the others stay in the old one."""
    stay, moved = [], {}
    for offset, info, addend in RELA.iter_unpack(section.data):
        entry = RELA.pack(offset, info, addend)
        wanted = objects.get(info >> 32)
        (moved.setdefault(wanted, []) if wanted else stay).append(entry)
    if not moved:
        return []
    target = _string(names.data, section.name)[len(b".rela"):]
    section.data = b"".join(stay)
    made = []
    for wanted, entries in moved.items():
        start = len(names.data)
        names.data += b".klp.rela." + wanted + b"." + target + b"\0"
        made.append(replace(section, name=start, flags=section.flags | SHF_ALLOC | SHF_RELA_LIVEPATCH,
                            data=b"".join(entries)))
    return made


def _write(module, ehdr, sections):
    """The old contents stay where they are, also if nothing refers to them any more."""
    file = bytearray(module)
    for s in sections:
        if s.data == module[s.offset:s.offset + s.size] and len(s.data) == s.size:
            continue
        file += bytes(-len(file) % 16)
        s.offset, s.size = len(file), len(s.data)
        file += s.data
    file += bytes(-len(file) % 16)
    ehdr[6], ehdr[12] = len(file), len(sections)
    for s in sections:
        file += s.header()
    EHDR.pack_into(file, 0, *ehdr)
    return bytes(file)
