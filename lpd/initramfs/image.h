/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "config/manifest.h"
#include "config/policy.h"

/* Compares the initramfs of this boot with the manifests that have Stage=initrd. */

enum image_problem {
    IMAGE_OLDER,    /* it contained another build */
    IMAGE_MISSING,
    IMAGE_UNWANTED, /* the patch is disabled, removed, no longer of that stage, or on the volume */
    IMAGE_QUARANTINED, /* its build is quarantined, and this image cannot know that */
};

struct image_fault {
    char *name;
    enum image_problem problem;
};

struct image {
    char *release;
    bool carried;  /* it contained lpd */
    struct image_fault *faults;
    size_t n_faults;
    bool rebuilt;   /* it has been rebuilt since: the next boot is enough */
    char *command; /* that rebuilds it, as a person types it; NULL: unknown */
    const char *unhooked; /* the tool without lpd's hook, so that the command would not help; or NULL */
};

void image_done(struct image *image);

/* Compares them for the running kernel of that release, which may be NULL. Finds no fault if too
 * little is known: before /var is mounted, and with rd.lpd=0 on the command line. Patches on the
 * policy's volume are read at each boot, so no image has to contain them. 0, or a negative
 * errno. */
int image_look(const struct host *h, const struct manifest_list *manifests,
               const struct policy *policy, const char *release, struct image *ret);

/* What to do about the faults. The caller frees it; NULL if memory runs out. */
char *image_way_out(const struct image *image);

/* All faults and the way out, as one sentence without a full stop. *ret is NULL without a fault. 0
 * or -ENOMEM. */
int image_describe(const struct image *image, char **ret);

const char *image_problem_to_string(enum image_problem p);

/* Writes each fault to the journal, once in each boot. 0 or a negative errno. */
int image_tell(struct host *h, struct error *e);
