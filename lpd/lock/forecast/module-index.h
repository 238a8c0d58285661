/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* What depmod(8) and modprobe.d(5) know of the modules of one kernel: libkmod, for looking up only.
 * Which of them are loaded is read from the host's /sys/module. */

struct module_index;

struct module_index *module_index_free(struct module_index *x);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct module_index *, module_index_free)

/* Opens /lib/modules/RELEASE below the root of h, which has to outlive the index. libkmod believes
 * the files there, so they must be nobody's but root's. -ENOENT: there are none. */
int module_index_open(const struct host *h, const char *release, struct module_index **ret,
                      struct error *e);

enum module_match {
    MATCH_ANY,  /* one module that is there is enough: what the kernel asks modprobe for */
    MATCH_EACH, /* every module is loaded: what udev does for a device */
};

/* Appends the modules behind a name or alias that are missing: neither loaded, nor built in, nor
 * blacklisted, nor switched off by an install command that is true or false. 0 or -ENOMEM. */
int module_index_missing(struct module_index *x, const char *alias, enum module_match match,
                         char ***ret);

/* Appends the modules that the module of that name depends on; soft: those of its softdep lines
 * that are missing. 0 or -ENOMEM. */
int module_index_dependencies(struct module_index *x, const char *name, char ***ret);
int module_index_softdeps(struct module_index *x, const char *name, char ***ret);

/* Whether a name or alias stands for anything, blacklisted or not. */
bool module_index_knows(struct module_index *x, const char *name);

bool module_index_is_built_in(struct module_index *x, const char *name);

/* Whether that module has a file for this kernel, and is not blacklisted or switched off. */
bool module_index_has(struct module_index *x, const char *name);

bool module_is_loaded(const struct host *h, const char *name);
