/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "config/manifest.h"
#include "config/policy.h"
#include "state/volume.h"

/* The volume of [Store] Device=: a file system that holds the administrator's patches of the initrd
 * stage, so that the initramfs need not. On it:
 *
 *     lpd/patches.d/NAME.conf, NAME.conf.p7s, NAME.conf.d/…
 *     lpd/modules/RELEASE/NAME.ko
 *
 * None of it is trusted: what is read from there goes through all the checks of any other patch. */

#define VOLUME_DIRECTORY "/lpd"
#define VOLUME_MANIFESTS VOLUME_DIRECTORY "/patches.d"
#define VOLUME_MODULES VOLUME_DIRECTORY "/modules"

/* A volume that is mounted where nothing else sees it. */
struct volume {
    struct host host; /* its files; links on it lead nowhere else */
    char *node, *type;
};

#define VOLUME_NULL ((struct volume){ .host = HOST_NULL })

/* Finds and mounts it. Read-only, ext4 is taken as it is on the disk, without its journal: a mount in the
 * initramfs must write nothing, as that is before a hibernated system is resumed that may have it mounted.
 * Negative errno of device_find(); -EMEDIUMTYPE: neither ext4 nor vfat; what mount(2) gives. */
int volume_open(struct host *h, const char *tag, uint64_t wait_usec, bool writable, struct volume *ret,
                struct error *e);

/* Unmounts. */
void volume_close(struct volume *v);

/* Whether that patch, of the initrd stage, has its place on the volume instead of in the image: one is
 * configured, and it is the administrator's (in /etc/lpd) with a module that is not named by its path. What
 * packages bring is for the image, which they have made again. */
bool volume_holds(const struct policy *p, const struct manifest *m);

/* In the initramfs: copies the manifests and that kernel's modules over those of the image, which is in
 * memory like them, so that a volume that changes or goes away changes nothing any more. What cannot be
 * copied is added to the problems of the record and stops nothing else. At most 64 MiB and 1,024 files, of
 * no more patches than the budget has left, and as long as it has time. Returns the number of files, or
 * -ENOMEM. */
int volume_fetch(struct host *h, const struct volume *v, const char *release, struct volume_record *record);

/* On the host: what the volume holds of one patch becomes what the machine has of it. */
struct volume_change;

/* With m the patch is put on the volume as it is on the machine, without it is taken off; the whole of lpd/
 * is exchanged for another in one step, which survives a power cut. What a read would refuse for its owner,
 * mode, type or size is not copied, as the copy would be root's. *ret_change is for volume_undo(). 0,
 * or a negative errno with the volume as it was. */
int volume_update(struct host *h, const char *tag, const char *name, const struct manifest *m,
                  struct volume_change **ret_change, struct error *e);

/* What was not copied, each with its reason, for people to read; NULL: nothing. */
char *const *volume_left_out(const struct volume_change *c);

/* Puts back what was there. 0 or a negative errno. */
int volume_undo(struct volume_change *c);

/* Ends a change, and unmounts. */
struct volume_change *volume_change_free(struct volume_change *c);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct volume_change *, volume_change_free)
