/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "module/file.h"

struct load_options {
    const char *parameters;     /* module parameters, NULL: none */
    uint64_t busy_timeout_usec; /* how long to wait for the transition of another patch */
    const char *loaded_before;  /* the module that was loaded last, which may be in transition; NULL: unknown */
    uint64_t hold_usec;         /* set by the caller: how much of that may hold up the boot */
    bool must_be_signed;        /* the kernel, too, must consider it signed */
    /* Called right before each attempt of the kernel; an error ends the load. NULL: nothing to do. */
    int (*before)(struct host *h, void *userdata, struct error *e);
    void *userdata;             /* for before() */
    const char *loaded_sha256;  /* SHA256 on record of the bytes loaded under its name; NULL:
                                 * none */
};

/* The result of a load. */
enum load_result {
    LOAD_DONE,     /* the kernel has accepted it now */
    LOAD_RESTORED, /* the same build (build.h) was being disabled, and was enabled again */
    LOAD_ALREADY,  /* the same build was loaded already */
};

/* Loads exactly the bytes of f and returns when the kernel has accepted them; the transition may
 * still run. A module of the same name that is loaded but disabled or replaced is removed first; if
 * another or an unknown build is loaded, fails with -EEXIST. A patch that is being disabled is
 * enabled again. Waits while another patch's transition runs. If a security module refuses bytes
 * from memory and the kernel enforces signatures, the kernel reads the file itself. Unloads the
 * module again if its name or build differs from what was checked (-ESTALE), if it must be signed
 * and the kernel considers it unsigned (-ESTALE), or if it registers no live patch (-EINVAL).
 * *ret_result is set on success. Errors (finit_module(2), kernel/module/main.c) carry one clear
 * message, with the kernel's last lines from /dev/kmsg, and the exit status: -EPERM (4, 5 or 7),
 * -EKEYREJECTED, -EBADMSG (5), -ENOEXEC (6), -EBUSY (1), -ETIME (8): see refusal.c. */
int livepatch_load(struct host *h, const struct module_file *f, const struct load_options *o,
                   enum load_result *ret_result, struct error *e);

/* Disables a patch, waits until its directory is gone and its references are dropped, and removes
 * the module. A transition that enables the patch is reverted. timeout_usec limits the whole.
 * -ETIME (8): the patch is still being disabled, and the message says so; -EWOULDBLOCK (1):
 * disabled, but the module is in use, as it is for ever after a forced removal; -EINVAL (5): the
 * module of that name is not a live patch. With modules_disabled the patch is only disabled and the
 * module stays. Returns 1 if something was done, 0 if it was not loaded. */
int livepatch_unload(struct host *h, const char *name, uint64_t timeout_usec, struct error *e);

/* The last two steps of livepatch_unload(): waits until a patch that is being disabled is gone,
 * and removes the module of one that is. 0, -ETIME, or an error of livepatch_unload(). */
int livepatch_wait_gone(struct host *h, const char *name, uint64_t timeout_usec, struct error *e);
int livepatch_remove_module(struct host *h, const char *name, uint64_t timeout_usec,
                            struct error *e);
