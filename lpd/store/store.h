/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "config/manifest.h"
#include "store/change.h"

#define STORE_DIRECTORY "/var/lib/lpd/modules"
#define MANIFEST_DIRECTORY "/etc/lpd/patches.d" /* the administrator's directory */

/* Where modules are on a machine, and how lpctl install and remove change that. */

/* Finds the module of a patch for a kernel release: MODULE (a file name or an absolute path; NULL:
 * NAME.ko), in the store, then in the packages' directories, also compressed (.xz, .zst, .gz).
 * -ENOENT if there is none. */
int store_find_module(const struct host *h, const char *release, const char *name,
                      const char *module, char **ret);

/* The same for a manifest, as its section for that release says; a module of another loader counts
 * where the directories have none. */
int store_find_module_of(const struct host *h, const char *release, const struct manifest *m, char **ret);

/* The last build that this machine had confirmed before another one was installed as that file:
 * store_install() keeps it beside the module. -ENOENT if there is none. */
#define STORE_CONFIRMED_SUFFIX ".confirmed"
int store_find_confirmed(const struct host *h, const char *module_path, char **ret);

/* Whether modules may be in a directory that is not mounted yet: /var/lib/lpd does not exist. */
bool store_is_hidden(const struct host *h);

struct store_patch {
    const char *name;
    const char *release;
    const char *path;   /* where the module comes from, for messages; may be NULL */
    const void *module; /* the uncompressed bytes */
    size_t module_size;
    const char *sha256;
    const char *description, *fixes; /* NULL: keep what the manifest has */
    enum patch_stage stage;
    bool set_stage;          /* the caller named a stage */
};

/* Installs a patch: module, pin, manifest, in that order, each in one step that survives a power
 * cut, so that the patch is installed completely or not at all. An existing manifest is not
 * changed. A confirmed build that is replaced is kept, and stays pinned, until another one takes its
 * place there. With SignedManifests=yes only the module is installed, and if the manifest would have
 * to be written or extended the result is -EKEYREJECTED. Returns 1 if something changed, 0 if
 * everything was there. On failure everything is as before. *ret_change is for change_undo(), and
 * may be NULL; the same holds below. */
int store_install(const struct host *h, const struct store_patch *p, struct change **ret_change,
                  struct error *e);

/* Whether store_remove() may remove that patch; -EBUSY if its manifest belongs to a package. Call
 * it before the patch is unloaded. */
int store_may_remove(const struct host *h, const char *name, struct error *e);

/* Removes a patch: the manifest first, then the files that it named. -EBUSY if the manifest
 * belongs to a package. Returns 1, or 0 if there was nothing. On failure everything is as
 * before. */
int store_remove(const struct host *h, const char *name, struct change **ret_change,
                 struct error *e);

/* The patches for which store_install() has written files for that kernel: modules, by name, and
 * pins in drop-ins. 0 or a negative errno. */
int store_list_kernel(const struct host *h, const char *release, char ***ret, struct error *e);

/* Removes what store_install() has written for one kernel: the module and the pin of a patch. The
 * manifest stays. Returns 1, or 0 if there was nothing. On failure everything is as before. */
int store_remove_kernel(const struct host *h, const char *release, const char *name,
                        struct error *e);

/* The drop-in that lpctl edit writes. */
#define EDIT_DROPIN "override.conf"

/* Makes that text the administrator's own drop-in of a manifest; "" removes it. 1 if that changed
 * something. If the text makes the manifest invalid, everything stays as it was. -EKEYREJECTED
 * under SignedManifests=yes. */
int store_edit(const struct host *h, const char *name, const char *text, struct change **ret_change,
               struct error *e);

/* What store_edit() would return, without doing it. */
int store_may_edit(const struct host *h, const char *name, const char *text, struct error *e);

/* Sets Enabled= by a drop-in of the manifest. Returns 1 if that changed something. -EKEYREJECTED
 * if that needs a drop-in with SignedManifests=yes. */
int store_set_enabled(const struct host *h, const char *name, bool enabled,
                      struct change **ret_change,
                      struct error *e);
