/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/snapshot.h"
#include "report/value.h"

/* Several live patches may change the same function: the code of the one that was loaded last runs. A
 * call costs the same whatever their number (docs/PERFORMANCE.md). */

/* Every function that an enabled patch changes, sorted. */
struct layer {
    const char *function; /* OBJECT/FUNCTION,POSITION */
    const struct livepatch *patch;
    uint64_t loaded_usec; /* CLOCK_MONOTONIC; 0: unknown, because another program has loaded it */
    uint64_t since_usec;  /* the same on CLOCK_REALTIME */
};

struct layer_list {
    struct layer *layers;
    size_t n;
};

void layer_list_done(struct layer_list *l);

/* The result refers to the snapshot. 0 or -ENOMEM. */
int layer_list_make(const struct snapshot *s, struct layer_list *ret);

/* For each function that a patch of the kernel changes: [{"function", "patches", "top", "since", "waitsFor"}]: how
 * many enabled patches change it; the one that was loaded last, null if that is not known; when that was; and the
 * module that has the function, if it is not loaded. in may be NULL. */
json_object *layers_build(const struct layer_list *l, const struct livepatch *in);

/* A warning, {"message", "function", "layers", "patches"}, if more patches change a function than
 * MaxLayers= allows, or more patches are loaded than MaxPatches= allows; or NULL. */
json_object *layers_warning(const struct snapshot *s, const struct layer_list *l);
