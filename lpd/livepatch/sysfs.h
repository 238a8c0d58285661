/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* The files of one patch (Documentation/ABI/testing/sysfs-kernel-livepatch) and of its module
 * (Documentation/ABI/testing/sysfs-module). Names may be written with '-' or '_'. */

#define LIVEPATCH_DIRECTORY "/sys/kernel/livepatch"
#define MODULES_DIRECTORY "/sys/module"
/* The same directory, not covered by a seal: run-lpd-sysfs.mount. */
#define LIVEPATCH_UNSEALED "/run/lpd/sysfs/kernel/livepatch"

/* The path of an attribute of a patch or of a module; "" is its directory. -ENOENT for a name that
 * no module can have, so that no name leads out of the directory; -ENOMEM. */
int livepatch_path(const char *name, const char *attribute, char **ret);
int module_path(const char *name, const char *attribute, char **ret);

/* A switch of a patch: 1, 0, or -1 if the switch or the patch does not exist. */
int livepatch_flag_read(const struct host *h, const char *name, const char *attribute);

/* Whether the kernel has that patch: its directory exists until it is disabled or replaced. */
bool livepatch_is_registered(const struct host *h, const char *name);

/* Whether the directory is read-only here, as lpd-seal.service makes it for Seal=. */
bool livepatch_is_sealed(const struct host *h);

/* Writes a switch of a patch, sealed or not. The negative errno is the kernel's
 * (kernel/livepatch/core.c): -EINVAL: it has that value already, or no transition runs; -EBUSY:
 * another patch's transition runs; -ENOENT: the patch does not exist. */
int livepatch_write(struct host *h, const char *name, const char *attribute, const char *value);
