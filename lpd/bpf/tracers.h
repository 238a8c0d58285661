/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* A BPF program that decides what a function of the kernel returns, possibly without running it. */
struct bpf_tracer {
    uint32_t id, link_id; /* of the program, and of what attaches it */
    char name[16];        /* "": it has none */
    int pid;              /* a process that holds it or its link; 0: none, or unknown */
};

/* Whether the target of a direct call is a trampoline of BPF's: "bpf_trampoline_KEY"
 * (kernel/bpf/trampoline.c). */
bool is_bpf_trampoline(const char *target);

/* The programs of type fmod_ret (BPF_MODIFY_RETURN) and BPF-LSM on the trampoline of that name:
 * "bpf_trampoline_KEY", where the key contains the function's type id, and the id of the BTF
 * object that it is from (include/linux/bpf_verifier.h, bpf_trampoline_compute_key()). Programs that
 * only look, fentry and fexit, are left out. *ret is to be freed. 0; -EPERM: the caller may not
 * know, it takes CAP_SYS_ADMIN; -EBADMSG: this is no such name; or another error of bpf(2). */
int bpf_tracers_find(struct host *h, const char *trampoline, struct bpf_tracer **ret, size_t *ret_n);
