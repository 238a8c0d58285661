/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <string.h>

#include "bpf/btf-format.h"

/* Builds valid BTF type by type, which a test then damages. Static, because the tests are small. */
struct btf_file {
    struct btf_file_header header; /* hdr_len may be larger: zeros follow */
    char types[32768];
    char strings[32768];
    char data[65536]; /* the file, when it is complete */
    size_t size;
    uint32_t n_types;
};

static inline void btf_file_init(struct btf_file *f) {
    memset(f, 0, sizeof(*f));
    f->header = (struct btf_file_header){
        .magic = BTF_FILE_MAGIC,
        .version = BTF_FILE_VERSION,
        .hdr_len = sizeof(f->header),
        .str_len = 1,
    };
}

/* Stores each string once, like the kernel. */
static inline uint32_t btf_file_string(struct btf_file *f, const char *s) {
    uint32_t offset = f->header.str_len;

    for (uint32_t i = 1; i < offset; i += (uint32_t) strlen(f->strings + i) + 1)
        if (strcmp(f->strings + i, s) == 0)
            return i;

    strcpy(f->strings + offset, s);
    f->header.str_len += (uint32_t) strlen(s) + 1;
    return offset;
}

/* Adds a type with that many bytes after its header, and returns its id. */
static inline uint32_t btf_file_type(struct btf_file *f, unsigned kind, unsigned vlen,
                                     const char *name, size_t extra) {
    struct btf_file_type type = { .name_off = name ? btf_file_string(f, name) : 0,
                                  .info = kind << 24 | vlen };

    memcpy(f->types + f->header.type_len, &type, sizeof(type));
    f->header.type_len += (uint32_t) (sizeof(type) + extra);
    return ++f->n_types;
}

static inline uint32_t btf_file_function(struct btf_file *f, const char *name) {
    return btf_file_type(f, BTF_FILE_FUNC, 0, name, 0);
}

/* Header, types, strings, in the kernel's order. */
static inline void btf_file_finish(struct btf_file *f) {
    size_t hdr_len = f->header.hdr_len;

    f->header.str_off = f->header.type_len;
    memcpy(f->data, &f->header, sizeof(f->header));
    memcpy(f->data + hdr_len, f->types, f->header.type_len);
    memcpy(f->data + hdr_len + f->header.str_off, f->strings, f->header.str_len);
    f->size = hdr_len + f->header.type_len + f->header.str_len;
}
