/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bpf/insn.h"
#include "trust/bpf-program.h"

/* On the stack: struct bpf_dynptr has 16 bytes. */
#define DATA (-16)
#define SIGNATURE (-32)

/* The kernel also runs an iterator at its end, without a task: struct bpf_iter__task,
 * kernel/bpf/task_iter.c. */
static void append_only_for_a_task(struct bpf_program *p) {
    APPEND(p, LOAD64(BPF_REG_1, BPF_REG_1, sizeof(uint64_t)), END_IF(BPF_REG_1, 0));
}

/* Without this check of the result the program would ask the kernel about missing data, which the
 * kernel takes to mean the data inside the signature. */
static void append_dynptr(struct bpf_program *p, int map_fd, uint32_t offset, uint32_t size, int stack) {
    APPEND(p,
           MAP_VALUE(BPF_REG_1, map_fd, offset),
           SET(BPF_REG_2, (int32_t) size),
           SET(BPF_REG_3, 0),
           MOVE(BPF_REG_4, BPF_REG_10),
           ADD(BPF_REG_4, stack),
           HELPER(BPF_FUNC_dynptr_from_mem),
           END_UNLESS(BPF_REG_0, 0));
}

/* bpf_verify_pkcs7_signature() is include/linux/verification.h's verify_pkcs7_signature() with
 * usage VERIFYING_UNSPECIFIED_SIGNATURE (kernel/trace/bpf_trace.c). */
static void append_question(struct bpf_program *p, int map_fd, const struct bpf_functions *f) {
    APPEND(p,
           MAP_VALUE(BPF_REG_6, map_fd, 0),
           LOAD64(BPF_REG_1, BPF_REG_6, offsetof(struct bpf_question, keyring)),
           KFUNC(f->lookup_system_key),
           END_IF(BPF_REG_0, 0),
           MOVE(BPF_REG_7, BPF_REG_0),
           MOVE(BPF_REG_1, BPF_REG_10),
           ADD(BPF_REG_1, DATA),
           MOVE(BPF_REG_2, BPF_REG_10),
           ADD(BPF_REG_2, SIGNATURE),
           MOVE(BPF_REG_3, BPF_REG_7),
           KFUNC(f->verify_pkcs7_signature),
           STORE32(BPF_REG_6, offsetof(struct bpf_question, answer), BPF_REG_0),
           STORE32_VALUE(BPF_REG_6, offsetof(struct bpf_question, ran), 1),
           MOVE(BPF_REG_1, BPF_REG_7),
           KFUNC(f->key_put));
}

size_t bpf_program_assemble(enum bpf_prog_type type, int map_fd, const struct bpf_layout *layout,
                            const struct bpf_functions *functions,
                            struct bpf_insn ret[static BPF_PROGRAM_MAX]) {
    struct bpf_program p = { .insns = ret };

    if (type == BPF_PROG_TYPE_TRACING)
        append_only_for_a_task(&p);
    append_dynptr(&p, map_fd, layout->data_offset, layout->data_size, DATA);
    append_dynptr(&p, map_fd, layout->signature_offset, layout->signature_size, SIGNATURE);
    append_question(&p, map_fd, functions);
    bpf_append_end(&p);
    return p.n;
}
