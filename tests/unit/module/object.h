/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <elf.h>
#include <link.h>

#include "check.h"

/* Builds valid relocatable objects byte by byte, which a test then damages. */
struct object {
    char *data;
    size_t size;
};

struct object_section {
    const char *name;
    const void *data;
    size_t size;
    unsigned type;  /* 0: SHT_PROGBITS */
    unsigned flags; /* 0: SHF_ALLOC; OBJECT_NO_FLAGS: none */
};

#define OBJECT_NO_FLAGS 0x80000000U

/* A section from a string literal, without its last NUL. */
#define OBJECT_SECTION(n, s) { .name = (n), .data = (s), .size = sizeof(s) - 1 }

static inline size_t object_append(struct object *o, const void *data, size_t size) {
    size_t offset = (o->size + 7) & ~(size_t) 7;

    o->data = realloc(o->data, offset + size + 1);
    assert_non_null(o->data);
    memset(o->data + o->size, 0, offset - o->size);
    if (size > 0)
        memcpy(o->data + offset, data, size);
    o->size = offset + size;
    return offset;
}

static inline ElfW(Ehdr) *object_header(struct object *o) {
    return (ElfW(Ehdr) *) o->data;
}

/* The section headers in order; the first one is empty, the last one describes the names. */
static inline ElfW(Shdr) *object_sections(struct object *o) {
    return (ElfW(Shdr) *) (o->data + object_header(o)->e_shoff);
}

static inline struct object object_build(const struct object_section *sections, size_t n) {
    extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
    ElfW(Shdr) headers[8] = {};
    ElfW(Ehdr) header = __ehdr_start;
    char names[256] = "";
    size_t names_size = 1;
    struct object o = {};

    assert_true(n + 2 <= ELEMENTSOF(headers));
    header.e_type = ET_REL;
    header.e_shentsize = sizeof(headers[0]);
    header.e_shnum = (uint16_t) (n + 2);
    header.e_shstrndx = (uint16_t) (n + 1);
    (void) object_append(&o, &header, sizeof(header));
    for (size_t i = 0; i < n; i++) {
        const struct object_section *s = sections + i;

        headers[i + 1].sh_name = (unsigned) names_size;
        headers[i + 1].sh_type = s->type ?: SHT_PROGBITS;
        headers[i + 1].sh_flags = s->flags == OBJECT_NO_FLAGS ? 0 : s->flags ?: SHF_ALLOC;
        headers[i + 1].sh_offset = object_append(&o, s->data, s->size);
        headers[i + 1].sh_size = s->size;
        memcpy(names + names_size, s->name, strlen(s->name) + 1);
        names_size += strlen(s->name) + 1;
    }
    headers[n + 1].sh_type = SHT_STRTAB;
    headers[n + 1].sh_offset = object_append(&o, names, names_size);
    headers[n + 1].sh_size = names_size;
    size_t offset = object_append(&o, headers, (n + 2) * sizeof(headers[0]));
    object_header(&o)->e_shoff = offset;
    return o;
}

static inline void object_free(struct object *o) {
    free(o->data);
    *o = (struct object){};
}

#define OBJECT_MODINFO "license=GPL\0name=fix_it\0vermagic=6.1.0-56-amd64 SMP mod_unload \0livepatch=Y\0"

/* The minimum of a valid module. */
static inline struct object object_build_module(void) {
    static const struct object_section sections[] = {
        OBJECT_SECTION(".text", "\xc3"),
        OBJECT_SECTION(".modinfo", OBJECT_MODINFO),
    };

    return object_build(sections, ELEMENTSOF(sections));
}

/* assert_error_has() for a call as the argument, which is evaluated once. */
static inline void assert_error(int r, int expected, struct error *e, const char *part) {
    assert_error_has(r, expected, e, part);
}
