/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/bpf.h>

#include "base/host.h"

struct fake_kernel;

#define FAKE_BPF_INSNS_MAX 64

/* bpf(2) for the fake kernel: one map, one program, which is really run, instruction by instruction, and
 * the functions that it calls. */
struct fake_bpf {
    /* Set by the test. */
    bool syscall_may_ask;    /* whether SYSCALL programs may call the kfuncs */
    bool runs_nothing;       /* the iterator ends before its program is run */
    bool no_dynptr;          /* bpf_dynptr_from_mem() fails */
    int map_error;           /* negative errno of such calls */
    int syscall_error, tracing_error, link_error, iterator_error;
    const char *log;         /* what the verifier says when it refuses */
    int answers[3];          /* by keyring, to the right data and signature */
    const void *data, *signature;
    size_t data_size, signature_size;

    /* Kept by the kernel. */
    uint32_t lookup, verify, put, iter_task; /* ids */
    int map_fd;
    char *value;
    size_t value_size;
    enum bpf_prog_type type;
    struct bpf_insn insns[FAKE_BPF_INSNS_MAX];
    size_t n_insns;
    unsigned keys_held;

    /* What was asked. */
    unsigned n_calls, n_loads, n_runs, n_verified;
};

/* Makes ready, with /sys/kernel/btf/vmlinux. */
void fake_bpf_open(struct fake_kernel *k);
/* Makes these three functions all that the kernel's BTF has. */
void fake_bpf_functions(struct fake_kernel *k, const char *a, const char *b, const char *c);
/* The map and the program are gone, as their owner closed them. */
void fake_bpf_forget(struct fake_kernel *k);
void fake_bpf_close(struct fake_kernel *k);

int fake_bpf(struct host *h, int command, void *attr, size_t size);
