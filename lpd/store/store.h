/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "config/manifest.h"
#include "store/change.h"

#define STORE_DIRECTORY "/var/lib/lpd/modules"
#define MANIFEST_DIRECTORY "/etc/lpd/patches.d" /* the administrator's */

/* Where modules lie on a machine, and how lpctl install and remove change that. */

/* Finds the module of a patch for a kernel release: MODULE (a file name or an absolute path; NULL:
 * NAME.ko), in the store, then in the packages' directories, also compressed (.xz, .zst, .gz).
 * -ENOENT if there is none. */
int store_find_module(const struct host *h, const char *release, const char *name,
                      const char *module, char **ret);

/* Whether modules may be somewhere that cannot be seen yet: /var/lib/lpd is not there. */
bool store_is_hidden(const struct host *h);

struct store_patch {
    const char *name;
    const char *release;
    const char *path;   /* where the module comes from, for messages; may be NULL */
    const void *module; /* the uncompressed bytes */
    size_t module_size;
    const char *sha256;
    const char *description; /* for a new manifest; may be NULL */
    enum patch_stage stage;
    bool set_stage;          /* the caller named a stage */
};

/* Puts a patch on the machine: module, pin, manifest, in that order, each in one step that survives
 * a power cut, so that the patch is wholly there or wholly not. A manifest that is there already
 * stays as it is. Under SignedManifests=yes only the module is put there, and a manifest that would
 * have to be written or added to is -EKEYREJECTED. Returns 1 if something changed, 0 if all was there. On failure everything is as it
 * was. *ret_change is for change_undo(), and may be NULL; likewise below. */
int store_install(const struct host *h, const struct store_patch *p, struct change **ret_change,
                  struct error *e);

/* Whether store_remove() may take that patch off the machine; -EBUSY if its manifest belongs to a
 * package. To be asked before the patch is unloaded. */
int store_may_remove(const struct host *h, const char *name, struct error *e);

/* Takes a patch off the machine: the manifest first, then what it named. A manifest that belongs to
 * a package is -EBUSY. Returns 1, or 0 if nothing was there. On failure everything is as it was. */
int store_remove(const struct host *h, const char *name, struct change **ret_change, struct error *e);

/* The patches of which store_install() has left something for that kernel: their modules, by name, and
 * pins in drop-ins. 0 or a negative errno. */
int store_list_kernel(const struct host *h, const char *release, char ***ret, struct error *e);

/* Takes away what store_install() has left of a patch for one kernel: its module and its pin. The
 * manifest stays. Returns 1, or 0 if nothing was there. On failure everything is as it was. */
int store_remove_kernel(const struct host *h, const char *release, const char *name, struct error *e);

/* Sets Enabled= by a drop-in of the manifest. Returns 1 if that changed something. -EKEYREJECTED if
 * that takes a drop-in under SignedManifests=yes. */
int store_set_enabled(const struct host *h, const char *name, bool enabled, struct change **ret_change,
                      struct error *e);
