/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* What would break: the modules that a machine will probably still ask its kernel for after module
 * loading has ended. A forecast from configuration, devices and earlier boots; nothing is loaded. */

enum forecast_source {
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

struct forecast_module {
    char *name; /* as the kernel spells it */
    enum forecast_source source;
    char *reason;
    bool loaded; /* in now, but only since the boot was over: WANTED_RECORD alone */
};

struct forecast {
    char *release;                 /* the kernel that all this is about */
    struct forecast_module *modules; /* once a source */
    size_t n_modules;
    char **proposal; /* for Modules=: sorted, with what stands there already */
    char **absent;   /* what stands there and this kernel has not */
    char **unread;   /* what could not be looked at, and why */
};

void forecast_done(struct forecast *w);

const char *forecast_source_to_string(enum forecast_source s);
