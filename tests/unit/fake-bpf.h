/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/bpf.h>

#include "base/host.h"

struct fake_kernel;

#define FAKE_BPF_INSNS_MAX 64

/* bpf(2) for the fake kernel: one map, one program, which is interpreted instruction by
 * instruction, and the functions that it calls. */
struct fake_bpf {
    /* Set by the test. */
    bool syscall_may_ask;    /* whether SYSCALL programs may call the kfuncs */
    bool runs_nothing;       /* the iterator ends before it runs its program */
    bool no_dynptr;          /* bpf_dynptr_from_mem() fails */
    int map_error;           /* negative errno of such calls */
    int syscall_error, tracing_error, link_error, iterator_error;
    const char *log;         /* the verifier's message when it refuses */
    int answers[3];          /* for each keyring, given the right data and signature */
    const void *data, *signature;
    size_t data_size, signature_size;

    /* Set by the fake kernel. */
    uint32_t lookup, verify, put, iter_task; /* ids */
    int map_fd;
    char *value;
    size_t value_size;
    enum bpf_prog_type type;
    struct bpf_insn insns[FAKE_BPF_INSNS_MAX];
    size_t n_insns;
    unsigned keys_held;

    /* Counters and arguments of the calls. */
    unsigned n_calls, n_loads, n_runs, n_verified;
};

/* Initializes it, with /sys/kernel/btf/vmlinux. */
void fake_bpf_open(struct fake_kernel *k);
/* Makes the kernel's BTF contain only these three functions. */
void fake_bpf_functions(struct fake_kernel *k, const char *a, const char *b, const char *c);
/* Forgets the map and the program, because their owner has closed them. */
void fake_bpf_forget(struct fake_kernel *k);
void fake_bpf_close(struct fake_kernel *k);

int fake_bpf(struct host *h, int command, void *attr, size_t size);
