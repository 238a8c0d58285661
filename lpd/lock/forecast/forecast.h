/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* What a lock would break: the modules that a machine will probably request from its kernel after
 * module loading is locked. A forecast from configuration, devices and earlier boots; nothing is
 * loaded. */

enum forecast_source {
    WANTED_DEVICE,       /* a device without a driver */
    WANTED_FILESYSTEM,   /* fstab, mount and automount units */
    WANTED_MODULES_LOAD, /* modules-load.d(5) */
    WANTED_SOFTDEP,      /* a loaded module names it: modprobe.d(5) */
    WANTED_FIREWALL,     /* rules of nftables and iptables */
    WANTED_CRYPTO,       /* encrypted and verified volumes */
    WANTED_NETWORK,      /* configured network devices */
    WANTED_SERVICE,      /* services that are known to need it */
    WANTED_RECORD,       /* earlier boots loaded it after the time of the lock */
};

struct forecast_module {
    char *name; /* as the kernel spells it */
    enum forecast_source source;
    char *reason;
    bool loaded; /* loaded now, but only since the end of the boot: WANTED_RECORD only */
};

struct forecast {
    char *release;                 /* the kernel of this forecast */
    struct forecast_module *modules; /* one for each source */
    size_t n_modules;
    char **proposal; /* for Modules=: sorted, with the modules that it names already */
    char **absent;   /* modules that it names and this kernel lacks */
    char **unread;   /* sources that could not be read, and why */
};

void forecast_done(struct forecast *w);

const char *forecast_source_to_string(enum forecast_source s);
