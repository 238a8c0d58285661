/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "config/manifest.h"
#include "config/policy.h"
#include "initramfs/tool.h"
#include "state/image.h"

/* The files that an initramfs for one kernel has to contain so that `lpd initrd` finds there what
 * it would find on the machine. The hooks of all tools copy exactly these. */
struct initramfs_files {
    struct image_patch *patches;
    size_t n_patches;
    char **programs; /* to be copied with the libraries that they need */
    char **files;
    char **builds; /* the SHA-256 of every build of a patch in it, also of one beside that which is loaded */
    char **kernel_modules; /* by name or alias, with their dependencies; modules that the kernel
                            * has built in, or lacks, are not missing */
    char **warnings; /* what was left out, and why */
};

void initramfs_files_done(struct initramfs_files *f);

/* Lists the files, for a release that need not be the running one. All lists are empty unless an
 * enabled patch with Stage=initrd has a module for that kernel, or the policy names a volume for
 * such patches; patches for which volume_holds() is true are left out. An invalid manifest,
 * module, policy or certificate becomes a warning, and the others are still listed. Negative errno
 * if the manifests could not be read at all. */
int initramfs_files_find(const struct host *h, const char *release, struct initramfs_files *ret,
                         struct error *e);

/* The same, only for the patches of these manifests and their own files. 0 or -ENOMEM. */
int initramfs_files_of_patches(const struct host *h, const struct manifest_list *l,
                               const struct policy *policy, const char *release,
                               struct initramfs_files *ret);

/* Adds the drivers of the file systems that a volume can have, once. 0 or -ENOMEM. */
int initramfs_files_add_drivers(struct initramfs_files *f);
