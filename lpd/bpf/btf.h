/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"
#define BTF_NAMES_MAX 8

/* Finds the type ids of functions by their names in an open file of BTF, the kernel's description
 * of its own types (/sys/kernel/btf/vmlinux; Documentation/bpf/btf.rst). Read piece by piece, as it
 * is some megabytes. ret_ids gets n ids in the order of the names, of which there are at most
 * BTF_NAMES_MAX; 0: there is no such function. 0, -EBADMSG (malformed), -EOPNOTSUPP (of a kind that
 * this program does not know), or of pread(2). */
int btf_find_functions(int fd, const char *const *names, size_t n, uint32_t *ret_ids);
