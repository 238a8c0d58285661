/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <elf.h>
#include <link.h>

#include "module/elf.h"

/* The linker defines this as the ELF header of the running program, which shows what this machine
 * is. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static int refuse(struct error *e, const char *reason) {
    return error_set(e, -ENOEXEC, EXIT_STATUS_REFUSED, "not a kernel module: %s", reason);
}

/* The name as uname -m prints it; NULL for a machine that is very rare. */
static const char *machine_name(unsigned machine) {
    static const struct {
        unsigned machine;
        const char *name;
    } machines[] = {
        { EM_386, "i386" },     { EM_X86_64, "x86_64" },  { EM_ARM, "arm" },
        { EM_PPC, "ppc" },      { EM_AARCH64, "aarch64" }, { EM_PPC64, "ppc64" },
        { EM_S390, "s390x" },   { EM_RISCV, "riscv" },     { EM_MIPS, "mips" },
        { 258, "loongarch64" }, /* EM_LOONGARCH, which older C libraries do not define */
    };

    for (size_t i = 0; i < ELEMENTSOF(machines); i++)
        if (machines[i].machine == machine)
            return machines[i].name;
    return NULL;
}

/* e_machine is at the same offset in both classes, in the byte order of e_ident. */
static int check_machine(const unsigned char *data, struct error *e) {
    const unsigned char *p = data + offsetof(ElfW(Ehdr), e_machine);
    unsigned machine = data[EI_DATA] == ELFDATA2MSB ? p[0] << 8 | p[1] : p[1] << 8 | p[0];
    const char *name = machine_name(machine), *ours = machine_name(__ehdr_start.e_machine);

    if (machine == __ehdr_start.e_machine)
        return 0;
    if (!name)
        return error_set(e, -ENOEXEC, EXIT_STATUS_REFUSED,
                         "built for an unknown machine (ELF number %u), this machine is %s", machine,
                         ours ? ours : "another");
    return error_set(e, -ENOEXEC, EXIT_STATUS_REFUSED, "built for %s, this machine is %s", name,
                     ours ? ours : "another");
}

static int check_header(const ElfW(Ehdr) *header, struct error *e) {
    if (header->e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
        header->e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA])
        return refuse(e, "its word size or byte order is not this machine's");
    if (header->e_type != ET_REL)
        return refuse(e, "an ELF file, but no relocatable object");
    if (header->e_shoff == 0)
        return refuse(e, "no section headers");
    if (header->e_shentsize != sizeof(ElfW(Shdr)))
        return refuse(e, "section headers of a wrong size");
    /* Zero would mean that the real number did not fit and is elsewhere. The kernel does not
     * support that either (kernel/module/main.c elf_validity_check). */
    if (header->e_shnum == 0)
        return refuse(e, "no number of sections");
    if (header->e_shstrndx == SHN_UNDEF || header->e_shstrndx >= header->e_shnum)
        return refuse(e, "no section names");
    return 0;
}

static bool within(const struct elf *elf, uint64_t offset, uint64_t size) {
    return offset <= elf->size && size <= elf->size - offset;
}

/* Copied, because its offset in the file may be unaligned. */
static ElfW(Shdr) section_header(const struct elf *elf, size_t i) {
    ElfW(Shdr) header;

    memcpy(&header, elf->data + elf->headers_offset + i * sizeof(header), sizeof(header));
    return header;
}

static int check_sections(const struct elf *elf, struct error *e) {
    /* The first one is reserved and always empty. */
    for (size_t i = 1; i < elf->section_count; i++) {
        ElfW(Shdr) header = section_header(elf, i);

        if (header.sh_name >= elf->names_size)
            return refuse(e, "the name of a section lies outside the section names");
        if (header.sh_type != SHT_NULL && header.sh_type != SHT_NOBITS &&
            !within(elf, header.sh_offset, header.sh_size))
            return error_set(e, -ENOEXEC, EXIT_STATUS_REFUSED,
                             "not a kernel module: truncated or damaged, section %zu lies outside the file", i);
    }
    return 0;
}

static int find_names(struct elf *elf, size_t i, struct error *e) {
    ElfW(Shdr) header = section_header(elf, i);

    if (header.sh_type != SHT_STRTAB || header.sh_size == 0 ||
        !within(elf, header.sh_offset, header.sh_size))
        return refuse(e, "no section names");
    elf->names = elf->data + header.sh_offset;
    elf->names_size = header.sh_size;
    if (elf->names[elf->names_size - 1] != '\0')
        return refuse(e, "section names without an end");
    return 0;
}

int elf_open(const void *data, size_t size, struct elf *ret, struct error *e) {
    struct elf elf = { .data = data, .size = size };
    ElfW(Ehdr) header;
    int r;

    if (size < SELFMAG || memcmp(data, ELFMAG, SELFMAG) != 0)
        return refuse(e, "no ELF header");
    if (size < sizeof(header))
        return refuse(e, "the ELF header is truncated");
    memcpy(&header, data, sizeof(header));
    r = check_machine(data, e);
    if (r < 0)
        return r;
    r = check_header(&header, e);
    if (r < 0)
        return r;

    elf.headers_offset = header.e_shoff;
    elf.section_count = header.e_shnum;
    if (!within(&elf, header.e_shoff, elf.section_count * sizeof(ElfW(Shdr))))
        return error_set(e, -ENOEXEC, EXIT_STATUS_REFUSED,
                         "not a kernel module: truncated or damaged, the section headers lie outside the file");
    r = find_names(&elf, header.e_shstrndx, e);
    if (r < 0)
        return r;
    r = check_sections(&elf, e);
    if (r < 0)
        return r;
    *ret = elf;
    return 0;
}

int elf_find_section(const struct elf *elf, const char *name, struct elf_section *ret,
                     struct error *e) {
    size_t found = 0;

    for (size_t i = 1; i < elf->section_count; i++) {
        if (!streq(elf->names + section_header(elf, i).sh_name, name))
            continue;
        if (found > 0)
            return error_set(e, -ENOEXEC, EXIT_STATUS_REFUSED, "not a kernel module: more than one section %s", name);
        found = i;
    }
    if (found == 0)
        return 0;

    ElfW(Shdr) header = section_header(elf, found);
    bool in_file = header.sh_type != SHT_NULL && header.sh_type != SHT_NOBITS;

    *ret = (struct elf_section){
        .data = in_file ? elf->data + header.sh_offset : NULL,
        .size = in_file ? header.sh_size : 0,
        .allocated = header.sh_flags & SHF_ALLOC,
    };
    return 1;
}
