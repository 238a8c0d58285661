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

/* The kernel marks every task while a transition runs, so one read answers for any number of patches: -1 is
 * KLP_UNDEFINED (kernel/livepatch/transition.c, klp_init_transition(), klp_complete_transition()). */
static bool tasks_are_unmarked(const struct host *h) {
    _cleanup_free_ char *state = NULL;

    return file_read_line(h, "/proc/self/patch_state", &state) >= 0 && streq(state, "-1");
}

int transition_find_likely(const struct host *h, const char *likely, char **ret_name) {
    if (tasks_are_unmarked(h))
        return 0;
    if (!likely || livepatch_flag_read(h, likely, "transition") <= 0)
        return transition_find(h, ret_name);
    /* There is no other: the kernel runs one at a time. */
    *ret_name = strdup(likely);
    return *ret_name ? 1 : -ENOMEM;
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
