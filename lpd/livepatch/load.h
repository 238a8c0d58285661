/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "module/file.h"

struct load_options {
    const char *parameters; /* module parameters, NULL: none */
    uint64_t busy_timeout_usec; /* how long to wait for the transition of another patch */
};

/* What became of a load. */
enum load_result {
    LOAD_DONE,    /* the kernel accepted it now */
    LOAD_ALREADY, /* this very module (GNU build id) was in already */
};

/* Loads exactly the bytes of f and returns when the kernel has accepted them; the transition may
 * still run. A module of the same name that is loaded but disabled or replaced is removed first; one
 * that is in with another build id is -EEXIST. Waits while another patch's transition runs.
 * *ret_result is set on success. Errors (KERNEL-FACTS: finit_module(2), kernel/module/main.c) carry one clear message, with the
 * kernel's last words from /dev/kmsg where these tell more than errno, and the exit status:
 * -EPERM (4 or 7), -EKEYREJECTED, -EBADMSG, -ENOEXEC (5 or 6), -EBUSY, -ETIME (8), … */
int livepatch_load(struct host *h, const struct module_file *f, const struct load_options *o,
                   enum load_result *ret_result, struct error *e);

/* Disables a patch, waits until its directory is gone and its references are dropped, removes the
 * module. Not loaded: 0 (nothing to do). timeout_usec bounds the whole. -ETIME (8) leaves the
 * disabling under way and says so; -EPERM after modules_disabled (7): disabled, but the module stays. Returns 1 if something was done, 0 if not. */
int livepatch_unload(struct host *h, const char *name, uint64_t timeout_usec, struct error *e);
