/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/strv.h"
#include "livepatch/refusal.h"
#include "livepatch/sysfs.h"
#include "livepatch/transition.h"
#include "livepatch/wait.h"

int transition_find(const struct host *h, char **ret_name) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = file_list(h, LIVEPATCH_DIRECTORY, &names);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    STRV_FOREACH(name, names) {
        if (livepatch_flag_read(h, *name, "transition") <= 0)
            continue;
        *ret_name = strdup(*name);
        return *ret_name ? 1 : -ENOMEM;
    }
    return 0;
}

/* Kernels before 4.12 have no transitions, and no attribute for them. A directory without any
 * attribute is about to disappear. */
static int ask_whether_over(struct host *h, void *userdata) {
    const char *name = userdata;
    int transition = livepatch_flag_read(h, name, "transition");

    if (transition >= 0)
        return transition == 0;
    if (livepatch_flag_read(h, name, "enabled") >= 0)
        return 1;
    return livepatch_is_registered(h, name) ? 0 : -ENOENT;
}

int transition_wait(struct host *h, const char *name, uint64_t timeout_usec) {
    int r;

    r = wait_until(h, wait_deadline(h, timeout_usec), ask_whether_over, (void *) name);
    return MIN(r, 0);
}

int transition_reverse(struct host *h, const char *name, struct error *e) {
    int transition = livepatch_flag_read(h, name, "transition");
    int r;

    if (transition < 0)
        r = -ENOENT;
    else if (transition == 0)
        r = -EINVAL;
    else
        r = livepatch_write(h, name, "enabled",
                            livepatch_flag_read(h, name, "enabled") > 0 ? "0" : "1");
    return r < 0 ? refusal_describe(h, REFUSAL_WRITE, name, r, NULL, e) : 0;
}

int transition_force(struct host *h, const char *name, struct error *e) {
    int r;

    r = livepatch_write(h, name, "force", "1");
    if (r == -EINVAL && livepatch_flag_read(h, name, "transition") == 0)
        return 0;
    return r < 0 ? refusal_describe(h, REFUSAL_WRITE, name, r, NULL, e) : 1;
}
