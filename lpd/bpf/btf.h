/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"
#define BTF_QUERIES_MAX 16

struct btf_query {
    const char *name;   /* of a function, or of a struct */
    const char *member; /* of that struct; NULL: a function */
    bool found;         /* the results */
    uint32_t value;     /* if found: the type id of the function, or the member's offset in bytes */
};

/* Answers up to BTF_QUERIES_MAX queries from an open file of BTF, the kernel's description of its
 * own types (/sys/kernel/btf/vmlinux; Documentation/bpf/btf.rst). The file has several megabytes
 * and is read piece by piece. Finds members of the struct itself, not those of an anonymous struct
 * inside it. 0, -EBADMSG (malformed), -EOPNOTSUPP (it contains a kind of type that this code does
 * not know), or an error of pread(2). */
int btf_find(int fd, struct btf_query *queries, size_t n);

/* The same for functions only; ret_ids gets n ids in the order of the names, 0 for a missing
 * function. */
int btf_find_functions(int fd, const char *const *names, size_t n, uint32_t *ret_ids);
