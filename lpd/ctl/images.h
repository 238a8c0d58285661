/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"

/* What the initramfs of each installed kernel has to carry, to be compared before and after a change. */
struct images {
    struct image_contents {
        char *release;
        char *patches; /* a line with name and SHA256 of each */
    } *images;
    size_t n_images;
};

void images_done(struct images *l);

/* Takes note of it. 0 or a negative errno. */
int images_see(const struct ctl *c, struct images *ret, struct error *e);

/* Makes the images again whose contents are others now, by the tool that this machine has; or, with
 * --no-rebuild, below --root=, in a chroot and where that tool would leave the patches out, says in
 * c->value what is to be done. r and e are what the change has come to: its failure is returned as it is,
 * and otherwise that of the tool, which undoes nothing. */
int images_refresh(struct ctl *c, const struct images *before, int r, struct error *e);

/* Prints what was done or is to be done. */
void print_images(const struct ctl *c);
