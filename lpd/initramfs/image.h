/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "config/manifest.h"
#include "config/policy.h"

/* What the initramfs of this boot carried, against what the manifests with Stage=initrd want it
 * to. */

enum image_problem {
    IMAGE_OLDER,    /* it carried another build */
    IMAGE_MISSING,
    IMAGE_UNWANTED, /* the patch is disabled, removed, no longer of that stage, or on the volume */
};

struct image_fault {
    char *name;
    enum image_problem problem;
};

struct image {
    char *release;
    bool carried;  /* lpd was in it */
    struct image_fault *faults;
    size_t n_faults;
    bool rebuilt;   /* it has been made again since all this was so: the next boot will do */
    char *command; /* that makes it again, as a person types it; NULL: not known */
    const char *unhooked; /* the tool without lpd's hook, so that the command would not help; or NULL */
};

void image_done(struct image *image);

/* Compares them for the running kernel of that release, which may be NULL. No fault is found
 * where nothing can be told: before /var is there, and with rd.lpd=0 on the command line. What
 * the policy has on a volume is read anew at each boot, and no image has to carry it. 0, or a
 * negative errno. */
int image_look(const struct host *h, const struct manifest_list *manifests,
               const struct policy *policy, const char *release, struct image *ret);

/* What is to be done about the faults. To be freed; NULL when out of memory. */
char *image_way_out(const struct image *image);

/* All faults and the way out, as one sentence without a full stop. *ret is NULL without a fault. 0
 * or -ENOMEM. */
int image_describe(const struct image *image, char **ret);

const char *image_problem_to_string(enum image_problem p);

/* Tells the journal of each fault, for the first time in this boot only. 0 or a negative errno. */
int image_tell(struct host *h, struct error *e);
