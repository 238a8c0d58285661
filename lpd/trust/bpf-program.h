/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/bpf.h>

#include "base/macro.h"

/* The BPF program that asks the kernel about a PKCS#7 signature, and the single value of its map,
 * which holds the question and the answer: this head, the signature, the data. */

struct bpf_question {
    uint64_t keyring; /* enum system_keyring */
    int32_t answer;   /* what bpf_verify_pkcs7_signature() returned */
    uint32_t ran;     /* 1: the function was called */
};

struct bpf_layout {
    uint32_t signature_offset, signature_size;
    uint32_t data_offset, data_size;
};

/* Type ids of the functions that the program calls or attaches to, in vmlinux's BTF. */
struct bpf_functions {
    uint32_t lookup_system_key, verify_pkcs7_signature, key_put;
    uint32_t iter_task;
};

#define BPF_PROGRAM_MAX 48

/* Assembles the program, of type BPF_PROG_TYPE_SYSCALL or as an iterator over tasks:
 * BPF_PROG_TYPE_TRACING on bpf_iter_task. Returns the number of instructions. */
size_t bpf_program_assemble(enum bpf_prog_type type, int map_fd, const struct bpf_layout *layout,
                            const struct bpf_functions *functions,
                            struct bpf_insn ret[static BPF_PROGRAM_MAX]);
