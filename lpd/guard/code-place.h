/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* A place in the kernel's code as printk's %pS and %pBb print it (lib/vsprintf.c,
 * kernel/kallsyms.c): "FUNCTION+0x1b/0x90 [MODULE]", with the module's build id after its name
 * where CONFIG_STACKTRACE_BUILD_ID is set, and without brackets for the kernel itself. */
struct code_place {
    const char *function;
    size_t function_size;
    const char *module; /* NULL: the kernel itself, or an address without a symbol */
    size_t module_size;
    const char *build_id; /* hex; NULL: not shown */
    size_t build_id_size;
};

/* Reads a place at the start of s. Returns what follows, or NULL if there is none. The place
 * points into s. Pure. */
const char *code_place_parse(const char *s, struct code_place *ret);

/* Reads a whole line of a stack trace: blanks, "? " if the entry is only a leftover on the stack
 * (*ret_stale), the place, and arm64's flags such as "(P)". Pure. */
bool code_place_parse_frame(const char *s, struct code_place *ret, bool *ret_stale);

/* Whether the place is in that module; '-' and '_' are the same. */
bool code_place_in(const struct code_place *p, const char *module);
