/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Modules of other loaders, which lie in directories that Adopt= of lpd.conf(5) names, one for each
 * kernel release. They count as installed without a manifest. */

#define ADOPTED_MAX 1000 /* modules; a directory with more is not one of patches */

struct adopted_module {
    char *name; /* of the patch: the file's name without .ko and without the suffix of compression */
    char *release;
    char *path;
};

struct adopted_list {
    struct adopted_module *modules; /* in the order of Adopt=, then of releases, then of names */
    size_t n_modules;
};

void adopted_module_done(struct adopted_module *m);
void adopted_list_done(struct adopted_list *l);

/* The modules in the directories of Adopt=. Directories that are missing or cannot be read have no
 * modules. 0, or -ENOMEM. */
int adopted_list_read(const struct host *h, char *const *patterns, struct adopted_list *ret);

/* Whether both names are of one cumulative line, so that the newer one contains the older one:
 * kpatch_KERNEL_VERSION_RELEASE, all numbers, with the same kernel. That is how Red Hat names the modules
 * of its kpatch-patch packages. */
bool adopted_is_same_line(const char *a, const char *b);
