/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"

/* What the initramfs of each installed kernel should contain, recorded before a change and compared
 * afterwards. */
struct images {
    struct image_contents {
        char *release;
        char *patches; /* one line for each patch: name and SHA256 */
    } *images;
    size_t n_images;
};

void images_done(struct images *l);

/* Records it. 0 or a negative errno. */
int images_see(const struct ctl *c, struct images *ret, struct error *e);

/* Rebuilds the images whose contents have changed, with this machine's tool. Only says in c->value
 * what to run if --no-rebuild or --root= is given, in a chroot, and if that tool would leave the
 * patches out. r and e are the result of the change itself: its failure is returned unchanged,
 * otherwise that of the tool, which does not undo the change. */
int images_refresh(struct ctl *c, const struct images *before, int r, struct error *e);

/* Prints what was rebuilt, or what the user has to run. */
void print_images(const struct ctl *c);
