/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* What depmod(8) and modprobe.d(5) know about the modules of one kernel: libkmod, for lookups
 * only. Which of them are loaded is read from the host's /sys/module. */

struct module_index;

struct module_index *module_index_free(struct module_index *x);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct module_index *, module_index_free)

/* Opens /lib/modules/RELEASE below the root of h, which must outlive the index. libkmod trusts the
 * files there, so only root may be able to write to them. -ENOENT: there are none. */
int module_index_open(const struct host *h, const char *release, struct module_index **ret,
                      struct error *e);

enum module_match {
    MATCH_ANY,  /* one existing module is enough: requests of the kernel to modprobe */
    MATCH_EACH, /* every module is loaded: this is what udev does for a device */
};

/* Appends the missing modules behind a name or alias: those that are not loaded, built in,
 * blacklisted, or disabled by an install command that is true or false. 0 or -ENOMEM. */
int module_index_missing(struct module_index *x, const char *alias, enum module_match match,
                         char ***ret);

/* Appends the dependencies of a module; soft: the missing modules of its softdep lines. 0 or
 * -ENOMEM. */
int module_index_dependencies(struct module_index *x, const char *name, char ***ret);
int module_index_softdeps(struct module_index *x, const char *name, char ***ret);

/* Whether a name or alias stands for anything, blacklisted or not. */
bool module_index_knows(struct module_index *x, const char *name);

bool module_index_is_built_in(struct module_index *x, const char *name);

/* Whether that module has a file for this kernel, and is not blacklisted or disabled. */
bool module_index_has(struct module_index *x, const char *name);

bool module_is_loaded(const struct host *h, const char *name);
