/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* A relocatable ELF object for this machine, in memory with untrusted content (elf(5)). Each value
 * is compared with the size of the whole before it is used. */
struct elf {
    const char *data;
    size_t size;
    size_t headers_offset; /* of the section headers */
    size_t section_count;
    const char *names; /* the section names, with a NUL at names_size - 1 */
    size_t names_size;
};

struct elf_section {
    const char *data; /* NULL if the section takes no room in the file (SHT_NOBITS) */
    size_t size;
    bool allocated; /* SHF_ALLOC; the kernel's module loader ignores other sections */
};

/* Whether these bytes are such an object and contain all of its sections. Returns 0, or -ENOEXEC
 * with the reason (EXIT_STATUS_REFUSED). ret points into data. */
int elf_open(const void *data, size_t size, struct elf *ret, struct error *e);

/* Finds the section of that name. Returns 1, 0 if there is none, or -ENOEXEC if there are several. */
int elf_find_section(const struct elf *elf, const char *name, struct elf_section *ret,
                     struct error *e);
