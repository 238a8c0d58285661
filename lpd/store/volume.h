/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "config/manifest.h"
#include "config/policy.h"
#include "state/volume.h"

/* The volume of [Store] Device=: a file system with the administrator's patches of the initrd
 * stage, so that the initramfs need not contain them. On it are:
 *
 *     lpd/patches.d/NAME.conf, NAME.conf.p7s, NAME.conf.d/…
 *     lpd/modules/RELEASE/NAME.ko
 *
 * None of it is trusted: its files go through the same checks as any other patch. */

#define VOLUME_DIRECTORY "/lpd"
#define VOLUME_MANIFESTS VOLUME_DIRECTORY "/patches.d"
#define VOLUME_MODULES VOLUME_DIRECTORY "/modules"

/* A volume, mounted where no other process sees it. */
struct volume {
    struct host host; /* its files; links on the volume cannot lead out of it */
    char *node, *type;
};

#define VOLUME_NULL ((struct volume){ .host = HOST_NULL })

/* Finds and mounts it. A read-only mount reads ext4 without replaying its journal: a mount in the
 * initramfs must write nothing, because a hibernated system that is resumed later may have mounted
 * the volume. A negative errno of device_find(); -EMEDIUMTYPE: neither ext4 nor vfat; or of
 * mount(2). */
int volume_open(struct host *h, const char *tag, uint64_t wait_usec, bool writable,
                struct volume *ret,
                struct error *e);

/* Unmounts. */
void volume_close(struct volume *v);

/* Whether that patch of the initrd stage belongs on the volume and not in the image: a volume is
 * configured, and the patch is the administrator's (in /etc/lpd) with a module that its manifest
 * does not name by a path. The patches of packages belong in the image, which packages rebuild. */
bool volume_holds(const struct policy *p, const struct manifest *m);

/* In the initramfs: copies the manifests and that kernel's modules over those of the image. Both
 * are in memory, so a volume that changes or disappears later has no effect. A file that cannot be
 * copied is added to the problems of the record, and the others are still copied. Copies at most 64
 * MiB and 1,024 files, for as many patches as the budget has left, and stops when its time is up.
 * Returns the number of files, or -ENOMEM. */
int volume_fetch(struct host *h, const struct volume *v, const char *release,
                 struct volume_record *record);

/* On the host: makes the volume contain the same files of one patch as the machine. */
struct volume_change;

/* With m, copies the patch to the volume as it is on the machine; without m, removes it. The whole
 * of lpd/ is exchanged in one step, which survives a power cut. Files that would be refused for
 * their owner, mode, type or size are not copied, because the copy would belong to root.
 * *ret_change is for volume_undo(). 0, or a negative errno with the volume as before. */
int volume_update(struct host *h, const char *tag, const char *name, const struct manifest *m,
                  struct volume_change **ret_change, struct error *e);

/* The files that were not copied, each with its reason, as text for users; NULL: none. */
char *const *volume_left_out(const struct volume_change *c);

/* Restores the previous state. 0 or a negative errno. */
int volume_undo(struct volume_change *c);

/* Completes a change, and unmounts. */
struct volume_change *volume_change_free(struct volume_change *c);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct volume_change *, volume_change_free)
