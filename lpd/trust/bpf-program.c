/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trust/bpf-program.h"

/* One instruction each, in the notation of Documentation/bpf/standardization/instruction-set.rst. */
#define INSN(op, dst, src, o, i)                                                                   \
    ((struct bpf_insn){ .code = (op), .dst_reg = (dst), .src_reg = (src), .off = (o), .imm = (i) })
#define MOVE(dst, src) INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define SET(dst, value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define ADD(dst, value) INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, value)
#define LOAD64(dst, src, o) INSN(BPF_LDX | BPF_MEM | BPF_DW, dst, src, o, 0)
#define STORE32(dst, o, src) INSN(BPF_STX | BPF_MEM | BPF_W, dst, src, o, 0)
#define STORE32_VALUE(dst, o, value) INSN(BPF_ST | BPF_MEM | BPF_W, dst, 0, o, value)
#define HELPER(number) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, number)
#define KFUNC(id) INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, (int32_t) (id))
#define RETURN() INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* The address of a byte of the map's value; takes the room of two. */
#define MAP_VALUE(dst, fd, o)                                                                      \
    INSN(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_VALUE, 0, fd), INSN(0, 0, 0, 0, (int32_t) (o))
/* To the last two instructions, unless; append() knows how far they are. */
#define TO_END INT16_MAX
#define END_IF(dst, value) INSN(BPF_JMP | BPF_JEQ | BPF_K, dst, 0, TO_END, value)
#define END_UNLESS(dst, value) INSN(BPF_JMP | BPF_JNE | BPF_K, dst, 0, TO_END, value)

/* On the stack: struct bpf_dynptr is of 16 bytes. */
#define DATA (-16)
#define SIGNATURE (-32)

struct program {
    struct bpf_insn *insns;
    size_t n;
};

static void append(struct program *p, const struct bpf_insn *insns, size_t n) {
    memcpy(p->insns + p->n, insns, n * sizeof(*insns));
    p->n += n;
}

#define APPEND(p, ...)                                                                             \
    do {                                                                                           \
        const struct bpf_insn _insns[] = { __VA_ARGS__ };                                          \
        append(p, _insns, ELEMENTSOF(_insns));                                                     \
    } while (0)

/* An iterator is also run at its end, for no task: struct bpf_iter__task, kernel/bpf/task_iter.c. */
static void append_only_for_a_task(struct program *p) {
    APPEND(p, LOAD64(BPF_REG_1, BPF_REG_1, sizeof(uint64_t)), END_IF(BPF_REG_1, 0));
}

/* Without a look at its result the kernel would be asked about no data, that is, about what stands in
 * the signature itself. */
static void append_dynptr(struct program *p, int map_fd, uint32_t offset, uint32_t size, int stack) {
    APPEND(p,
           MAP_VALUE(BPF_REG_1, map_fd, offset),
           SET(BPF_REG_2, (int32_t) size),
           SET(BPF_REG_3, 0),
           MOVE(BPF_REG_4, BPF_REG_10),
           ADD(BPF_REG_4, stack),
           HELPER(BPF_FUNC_dynptr_from_mem),
           END_UNLESS(BPF_REG_0, 0));
}

/* bpf_verify_pkcs7_signature() is include/linux/verification.h's verify_pkcs7_signature() with usage
 * VERIFYING_UNSPECIFIED_SIGNATURE (kernel/trace/bpf_trace.c). */
static void append_question(struct program *p, int map_fd, const struct bpf_functions *f) {
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

static void append_end(struct program *p) {
    for (size_t i = 0; i < p->n; i++)
        if (p->insns[i].off == TO_END)
            p->insns[i].off = (int16_t) (p->n - i - 1);
    APPEND(p, SET(BPF_REG_0, 0), RETURN());
}

size_t bpf_program_assemble(enum bpf_prog_type type, int map_fd, const struct bpf_layout *layout,
                            const struct bpf_functions *functions,
                            struct bpf_insn ret[static BPF_PROGRAM_MAX]) {
    struct program p = { .insns = ret };

    if (type == BPF_PROG_TYPE_TRACING)
        append_only_for_a_task(&p);
    append_dynptr(&p, map_fd, layout->data_offset, layout->data_size, DATA);
    append_dynptr(&p, map_fd, layout->signature_offset, layout->signature_size, SIGNATURE);
    append_question(&p, map_fd, functions);
    append_end(&p);
    return p.n;
}
