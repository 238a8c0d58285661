/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* One patch as the kernel sees it: /sys/kernel/livepatch/NAME and /sys/module/NAME
 * (Documentation/ABI/testing/sysfs-kernel-livepatch). */
struct livepatch {
    char *name;         /* the module's name */
    bool module_loaded; /* /sys/module/NAME exists, state live */
    bool registered;    /* /sys/kernel/livepatch/NAME exists */
    bool enabled;
    bool transition;
    int replace;        /* 1, 0, -1: the kernel does not say (before 6.11) */
    int refcount;       /* -1: unknown */
    char *taint;        /* letters of /sys/module/NAME/taint, "" if none, NULL: unknown */
    char *build_id;     /* hex; NULL: unknown */
    char **objects;     /* "vmlinux", module names */
    /* Which of them the kernel has patched, and which it will patch when their module is loaded;
     * both are empty if the kernel does not say (before 6.1). */
    char **patched, **unpatched;
    char **functions;   /* "OBJECT/FUNCTION,SYMPOS" */
};

void livepatch_done(struct livepatch *p);

/* Whether the kernel knows it as a live patch that is enabled. */
static inline bool livepatch_is_enabled(const struct livepatch *p) {
    return p->registered && p->enabled;
}

/* Reads one patch; '-' and '_' are the same. -ENOENT if the kernel does not know the name. Finds
 * any loaded module of that name, also one that is no live patch: see
 * livepatch_is_plain_module(). */
int livepatch_read(const struct host *h, const char *name, struct livepatch *ret);

/* Whether this is a loaded module that is no live patch: the kernel marks live patches with the
 * taint K (kernel/module/main.c, check_modinfo_livepatch()). */
bool livepatch_is_plain_module(const struct livepatch *p);

struct livepatch_list {
    struct livepatch *patches;
    size_t n_patches;
};

void livepatch_list_done(struct livepatch_list *l);

/* All registered patches, and the loaded modules among also (may be NULL) that are no longer
 * registered: disabled or replaced ones. On a machine without live patching the list is empty. */
int livepatch_list_read(const struct host *h, char *const *also, struct livepatch_list *ret);

/* Those of these names that the kernel has. */
int livepatch_list_read_some(const struct host *h, char *const *names, struct livepatch_list *ret);
const struct livepatch *livepatch_list_find(const struct livepatch_list *l, const char *name);

/* The patch in transition, or NULL. */
const struct livepatch *livepatch_list_transition(const struct livepatch_list *l);
