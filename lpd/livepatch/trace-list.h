/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* The two lists in which the kernel shows who has attached to its functions. The parsers are pure,
 * skip lines that they do not understand, and cut names that no kernel has. */

/* KSYM_NAME_LEN and MODULE_NAME_LEN of the kernel, with room. */
#define TRACE_SYMBOL_MAX 512
#define TRACE_MODULE_MAX 64

/* One function of tracefs' enabled_functions (kernel/trace/ftrace.c, t_show()):
 *
 *     FUNCTION [MODULE] (COUNT) R I D O M<tab>tramp: … ->…
 *     <tab>direct-->TARGET+0x0/0x64
 *
 * The letters are set apart by blanks and may be missing, as older kernels know fewer of them. */
struct traced_function {
    char name[TRACE_SYMBOL_MAX];
    char module[TRACE_MODULE_MAX]; /* "": the kernel itself */
    unsigned long count;           /* how many have attached */
    bool regs;                     /* R: one of them gets the registers */
    bool ipmodify;                 /* I: one of them may lead to other code, as a live patch does */
    bool direct;                   /* D: the function calls something of its own choice */
    bool call_ops;                 /* O: it calls the one that has attached without a list */
    bool modified;                 /* M: somebody has led it to other code since the boot */
    char target[TRACE_SYMBOL_MAX]; /* what it calls if direct; "" if the kernel does not say */
};

/* Takes the next function from *text. 1, or 0 at the end. */
int traced_function_next(const char **text, size_t *size, struct traced_function *ret);

/* One probe of /sys/kernel/debug/kprobes/list (kernel/kprobes.c, report_probe()):
 *
 *     ADDRESS  k  FUNCTION+0xOFFSET  MODULE [FTRACE] */
struct kernel_probe {
    char name[TRACE_SYMBOL_MAX];
    char module[TRACE_MODULE_MAX]; /* "": the kernel itself */
    unsigned long offset;
    bool on_return; /* r: it runs when the function returns */
    bool disabled;  /* also those whose code is gone */
    bool ftrace;    /* it is called through ftrace, as a live patch is */
};

/* Takes the next probe from *text. 1, or 0 at the end. */
int kernel_probe_next(const char **text, size_t *size, struct kernel_probe *ret);
