/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/manifest.h"

/* The order among patches: what After= and Requires= ask for, and where they leave it open, the
 * version order of the names, those of required patches, and of what these need, before all others. */
struct order {
    size_t *sequence; /* indexes of the list, each once, in the order of loading */
    char **circles;   /* NULL-terminated; each names the patches that wait for each other */
    const char **circle_of; /* for each index: the circle that it is in, or NULL */
};

void order_done(struct order *o);

/* Orders a whole list, in time proportional to its length and relations. Names that nobody has are
 * passed over. Patches that go round in a circle stand where their names and their relations to
 * others put them. The only error is -ENOMEM. */
int order_make(const struct manifest_list *l, struct order *ret);
