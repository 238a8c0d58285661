/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/bpf.h>

#include "base/macro.h"

/* The few BPF instructions of lpd's programs, in the notation of
 * Documentation/bpf/standardization/instruction-set.rst, and a function that appends them to an
 * array. */

#define INSN(op, dst, src, o, i)                                                                   \
    ((struct bpf_insn){ .code = (op), .dst_reg = (dst), .src_reg = (src), .off = (o), .imm = (i) })
#define MOVE(dst, src) INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define SET(dst, value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define ADD(dst, value) INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, value)
#define SHIFT_RIGHT(dst, value) INSN(BPF_ALU64 | BPF_RSH | BPF_K, dst, 0, 0, value)
#define SHIFT_LEFT(dst, value) INSN(BPF_ALU64 | BPF_LSH | BPF_K, dst, 0, 0, value)
#define AND(dst, value) INSN(BPF_ALU64 | BPF_AND | BPF_K, dst, 0, 0, value)
#define OR(dst, src) INSN(BPF_ALU64 | BPF_OR | BPF_X, dst, src, 0, 0)
#define LOAD64(dst, src, o) INSN(BPF_LDX | BPF_MEM | BPF_DW, dst, src, o, 0)
#define STORE64(dst, o, src) INSN(BPF_STX | BPF_MEM | BPF_DW, dst, src, o, 0)
#define STORE32(dst, o, src) INSN(BPF_STX | BPF_MEM | BPF_W, dst, src, o, 0)
#define STORE32_VALUE(dst, o, value) INSN(BPF_ST | BPF_MEM | BPF_W, dst, 0, o, value)
#define HELPER(number) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, number)
#define KFUNC(id) INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, (int32_t) (id))
#define RETURN() INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* A map, and the address of a byte in an array's value; each takes the room of two instructions. */
#define MAP(dst, fd) INSN(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, fd), INSN(0, 0, 0, 0, 0)
#define MAP_VALUE(dst, fd, o)                                                                      \
    INSN(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_VALUE, 0, fd), INSN(0, 0, 0, 0, (int32_t) (o))
/* A conditional jump to the last two instructions, which end the program; bpf_append_end() fills in
 * the distance. */
#define TO_END INT16_MAX
#define END_IF(dst, value) INSN(BPF_JMP | BPF_JEQ | BPF_K, dst, 0, TO_END, value)
#define END_UNLESS(dst, value) INSN(BPF_JMP | BPF_JNE | BPF_K, dst, 0, TO_END, value)
#define END_IF_ABOVE(dst, value) INSN(BPF_JMP | BPF_JGT | BPF_K, dst, 0, TO_END, value)
/* Jumps over that many instructions. */
#define SKIP_IF(dst, value, n) INSN(BPF_JMP | BPF_JEQ | BPF_K, dst, 0, n, value)

struct bpf_program {
    struct bpf_insn *insns;
    size_t n;
};

static inline void bpf_append(struct bpf_program *p, const struct bpf_insn *insns, size_t n) {
    memcpy(p->insns + p->n, insns, n * sizeof(*insns));
    p->n += n;
}

#define APPEND(p, ...)                                                                             \
    do {                                                                                           \
        const struct bpf_insn _insns[] = { __VA_ARGS__ };                                          \
        bpf_append(p, _insns, ELEMENTSOF(_insns));                                                 \
    } while (0)

/* The end of every program: returns 0. */
static inline void bpf_append_end(struct bpf_program *p) {
    for (size_t i = 0; i < p->n; i++)
        if (p->insns[i].off == TO_END)
            p->insns[i].off = (int16_t) (p->n - i - 1);
    APPEND(p, SET(BPF_REG_0, 0), RETURN());
}
