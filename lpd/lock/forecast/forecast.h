/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "config/policy.h"

/* What would break: the modules that a machine will probably still ask its kernel for after module
 * loading has ended. A forecast from configuration, devices and earlier boots; nothing is loaded. */

enum wanted_source {
    WANTED_DEVICE,       /* a device that is there and has no driver */
    WANTED_FILESYSTEM,   /* fstab, mount and automount units */
    WANTED_MODULES_LOAD, /* modules-load.d(5) */
    WANTED_SOFTDEP,      /* a module that is loaded names it: modprobe.d(5) */
    WANTED_FIREWALL,     /* rules of nftables and iptables */
    WANTED_CRYPTO,       /* encrypted and verified volumes */
    WANTED_NETWORK,      /* network devices that are configured */
    WANTED_SERVICE,      /* services that are known to want it */
    WANTED_RECORD,       /* earlier boots loaded it after the point of the lock */
};

struct wanted_module {
    char *name; /* as the kernel spells it */
    enum wanted_source source;
    char *reason;
    bool loaded; /* in now, but only since the boot was over: WANTED_RECORD alone */
};

struct wanted {
    char *release;                 /* the kernel that all this is about */
    struct wanted_module *modules; /* once a source */
    size_t n_modules;
    char **proposal; /* for Modules=: sorted, with what stands there already */
    char **absent;   /* what stands there and this kernel has not */
    char **unread;   /* what could not be looked at, and why */
};

void wanted_done(struct wanted *w);

/* Finds out. Below another root it is what files tell of the kernel whose procfs stands there, or
 * else of the newest one that has modules there. What cannot be read is listed and stops nothing;
 * without an index of modules (depmod(8)) there is no answer: a negative errno with e. */
int wanted_find(struct host *h, const struct policy *policy, struct wanted *ret, struct error *e);

const char *wanted_source_to_string(enum wanted_source s);
