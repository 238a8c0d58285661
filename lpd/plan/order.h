/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/manifest.h"

/* The order among patches: After= and Requires=, and otherwise the version order of the names, where
 * required patches, and those that they need, precede all others. */
struct order {
    size_t *sequence; /* indexes of the list, each once, in the order of loading */
    char **circles;   /* NULL-terminated; each names patches that wait for each other */
    const char **circle_of; /* for each index: its cycle, or NULL */
};

void order_done(struct order *o);

/* Orders a whole list, in time proportional to its length and relations. Unknown names are
 * skipped. Patches in a cycle are placed by their names and their relations to others. The only
 * error is -ENOMEM. */
int order_make(const struct manifest_list *l, struct order *ret);
