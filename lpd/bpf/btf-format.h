/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* BTF as kernels write it (Documentation/bpf/btf.rst). <linux/btf.h> is not used: it has the format
 * of the kernel headers at build time, while the running kernel wrote the data. All multi-byte
 * values have the machine's byte order. */

#define BTF_FILE_MAGIC 0xeb9f
#define BTF_FILE_VERSION 1

/* The common beginning of every header. Since Linux 7.1 it may be longer, as hdr_len then shows:
 * offset and length of a section that describes the kinds follow. */
struct btf_file_header {
    uint16_t magic;
    uint8_t version;
    uint8_t flags;
    uint32_t hdr_len;
    /* In bytes, the offsets from the end of the header. */
    uint32_t type_off, type_len;
    uint32_t str_off, str_len;
};

struct btf_file_type {
    uint32_t name_off;
    uint32_t info;
    uint32_t size_or_type;
};

/* Bits 24 to 30 (formerly 24 to 28) and bits 0 to 23 (formerly 0 to 15): the bits in between were
 * always 0. */
#define BTF_FILE_KIND(info) ((info) >> 24 & 0x7f)
#define BTF_FILE_VLEN(info) ((info) & 0xffffff)
#define BTF_FILE_FLAG(info) ((info) >> 31)

/* The members of a struct; BTF_FILE_VLEN() of its type says how many follow. */
struct btf_file_member {
    uint32_t name_off;
    uint32_t type;
    uint32_t offset; /* in bits */
};

enum btf_file_kind {
    BTF_FILE_INT = 1,
    BTF_FILE_PTR,
    BTF_FILE_ARRAY,
    BTF_FILE_STRUCT,
    BTF_FILE_UNION,
    BTF_FILE_ENUM,
    BTF_FILE_FWD,
    BTF_FILE_TYPEDEF,
    BTF_FILE_VOLATILE,
    BTF_FILE_CONST,
    BTF_FILE_RESTRICT,
    BTF_FILE_FUNC,
    BTF_FILE_FUNC_PROTO,
    BTF_FILE_VAR,
    BTF_FILE_DATASEC,
    BTF_FILE_FLOAT,
    BTF_FILE_DECL_TAG,
    BTF_FILE_TYPE_TAG,
    BTF_FILE_ENUM64,
};
