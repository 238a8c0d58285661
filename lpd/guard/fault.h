/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guard/code-place.h"

/* What the kernel reports in its log, and the lines with which such reports begin. */

enum fault_kind {
    FAULT_OOPS, /* bad memory access or another exception in the kernel */
    FAULT_GENERAL_PROTECTION,
    FAULT_BUG, /* BUG(), "kernel BUG at FILE:LINE!" */
    FAULT_CHECK, /* "BUG: sleeping function called from invalid context" and the like */
    FAULT_DOUBLE_FAULT,
    FAULT_STACK_OVERFLOW,
    FAULT_STACK_CORRUPTION, /* found by the stack protector */
    FAULT_CFI,
    FAULT_KASAN, /* KASAN, KFENCE, KMSAN */
    FAULT_WARNING,
    FAULT_SOFT_LOCKUP,
    FAULT_HARD_LOCKUP,
    FAULT_RCU_STALL,
    FAULT_PANIC, /* any other panic */
    FAULT_HUNG_TASK,
    FAULT_INCONSISTENCY, /* "BUG: Bad page state" and the like: damage found later, by anybody */
    FAULT_RACE, /* KCSAN, UBSAN */
    FAULT_HARDWARE,
    FAULT_OUT_OF_MEMORY,
    FAULT_SYSRQ, /* somebody asked for the crash */
    FAULT_INIT, /* process 1 ended, or there was none */
    _FAULT_KIND_MAX,
};

const char *fault_kind_name(enum fault_kind kind);

/* Which places in a report of this kind tell whose fault it is. Of some kinds none does. */
bool fault_counts_pc(enum fault_kind kind);
bool fault_counts_frames(enum fault_kind kind);

/* A line that begins a report, or that goes on with one. */
struct fault_mark {
    enum fault_kind kind;
    bool die;   /* "…: 0002 [#1]", die() in arch/{x86/kernel/dumpstack,arm64/kernel/traps}.c */
    bool panic; /* the machine stops here */
    /* The panic ends what an earlier report began: of the same kind, or of any exception if the
     * kind is FAULT_PANIC. */
    bool consequence;
    bool has_place; /* the line names the code */
    struct code_place place;
    int cpu; /* the CPU that the report is about; -1: not named */
};

/* Whether the line begins a report. The forms are compared as far as the kernel writes them, as a
 * short text that a user chose (such as the name of a process) may stand in any line of the
 * kernel. Pure. */
bool fault_mark_parse(const char *text, struct fault_mark *ret);
