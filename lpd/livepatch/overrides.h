/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livepatch/view.h"

/* Functions of live patches whose new code may not run although the patch is enabled, because
 * another tracer decides what the function returns. docs/OVERRIDES.md lists which ones do. */

struct override {
    char *patch;    /* the module of the patch */
    char *function; /* "OBJECT/FUNCTION" */
    char *by;       /* "BPF program check_pgid (id 7), held by tracer (pid 812)" */
};

struct override_list {
    struct override *overrides;
    size_t n_overrides;
};

void override_list_done(struct override_list *l);

/* Finds them among the patches that the kernel has. Reads tracefs, from a mount of its own if nobody
 * has mounted it. Without enabled patches there is nothing to read. 0; -EACCES or -EPERM: only root
 * may know; -ENOENT or -ENODEV: this kernel has no such list; or another error. */
int override_list_read(struct host *h, const struct livepatch_list *patches, struct override_list *ret);

/* The overrides of one patch ('-' and '_' are the same) as text: "BPF program … decides what
 * vmlinux/FUNCTION returns". NULL: none, or memory runs out. */
char *override_list_describe(const struct override_list *l, const char *patch);

/* An open enabled_functions, for a caller that will lack the privileges to open it. Returns the
 * descriptor. */
int enabled_functions_open(struct host *h);

/* The lines of enabled_functions about patched functions that call something directly, from such a
 * descriptor, which is read from its start. "": nobody overrides one. Reads nothing without enabled
 * patches. */
int enabled_functions_direct(int fd, const struct livepatch_list *patches, char **ret);
