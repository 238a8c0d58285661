/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "monitor/followed.h"

void followed_done(struct followed *f) {
    free(f->module);
    *f = (struct followed){};
}

void followed_see(struct followed *f, const struct livepatch *running, uint64_t now) {
    if (!f->module || !streq(f->module, running->name)) {
        followed_done(f);
        f->module = strdup(running->name);
        f->patching = running->enabled;
    } else if (f->enabled == running->enabled)
        return;
    f->enabled = running->enabled;
    f->handled = false;
    f->since_usec = now;
}

bool followed_is_overdue(const struct followed *f, const struct result *result,
                         const struct manifest *manifest, uint64_t now) {
    if (!f->module || f->handled || !f->enabled)
        return false;
    /* The record may still be that of the last load, until the current one is recorded. */
    if (!result->loaded || result->complete || !streq(strempty(result->state), "active"))
        return false;
    if (manifest->timeout_usec == USEC_INFINITY)
        return false;
    return now >= MAX(f->since_usec, result->monotonic_usec) + manifest->timeout_usec;
}
