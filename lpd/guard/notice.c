/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/name.h"
#include "config/policy.h"
#include "guard/notice.h"

/* Patches that are named; the rest are counted. */
#define NAMED_MAX 5

static bool is_newest(const struct ledger_list *l, const struct ledger_build *b) {
    for (size_t i = 0; i < l->n_builds; i++) {
        const struct ledger_build *other = &l->builds[i];

        if (streq(other->kernel, b->kernel) && patch_name_equal(other->name, b->name) &&
            other->since_usec > b->since_usec)
            return false;
    }
    return true;
}

static int add_build(const struct ledger_build *b, const struct guard_moment *m, char **text) {
    _cleanup_free_ char *reason = guard_reason(b, m);
    char *longer;

    if (!reason || asprintf(&longer,
                            "%sThe kernel live patch %s is quarantined and is not loaded at boot: %s.\n"
                            "  Details: lpctl ledger %s    Try it again: lpctl clear %s\n",
                            strempty(*text), b->name, reason, b->name, b->name) < 0)
        return -ENOMEM;
    free(*text);
    *text = longer;
    return 0;
}

static int add_rest(size_t n, char **text) {
    char *longer;

    if (asprintf(&longer, "%s%zu more kernel live patches are quarantined: lpctl ledger\n", *text, n) < 0)
        return -ENOMEM;
    free(*text);
    *text = longer;
    return 0;
}

int notice_text(const struct ledger_list *l, const char *release, const struct guard_moment *m,
                char **ret) {
    _cleanup_free_ char *text = NULL;
    size_t n = 0;
    int r = 0;

    for (size_t i = 0; i < l->n_builds && r >= 0; i++) {
        const struct ledger_build *b = &l->builds[i];

        if (streq(b->kernel, release) && guard_judge(b, m) == GUARD_QUARANTINED && is_newest(l, b) &&
            n++ < NAMED_MAX)
            r = add_build(b, m, &text);
    }
    if (r >= 0 && n > NAMED_MAX)
        r = add_rest(n - NAMED_MAX, &text);
    if (r >= 0)
        *ret = TAKE_PTR(text);
    return r;
}

static int write_notice(const struct host *h, const char *text) {
    int r;

    r = file_mkdir_p(h, "/run/motd.d");
    return r < 0 ? r : file_write_volatile(h, NOTICE_PATH, text, strlen(text), 0644);
}

int notice_update(struct host *h) {
    _cleanup_free_ char *boot_id = NULL, *release = NULL, *text = NULL;
    _cleanup_(ledger_list_done) struct ledger_list l = {};
    _cleanup_(policy_done) struct policy policy = {};
    int r;

    r = h->ops->release(h, &release);
    if (r >= 0)
        r = ledger_list_read(h, &l);
    /* Without a valid policy the default of MaxAttempts= holds. */
    if (r >= 0 && policy_load(h, &policy, NULL) == -ENOMEM)
        r = -ENOMEM;
    if (r < 0)
        return r;
    (void) file_read_line(h, "/proc/sys/kernel/random/boot_id", &boot_id);
    r = notice_text(&l, release,
                    &(struct guard_moment){ boot_id, "system", policy.guard_max_attempts }, &text);
    if (r < 0)
        return r;
    if (text)
        return write_notice(h, text);
    r = file_unlink(h, NOTICE_PATH);
    return r == -ENOENT ? 0 : r;
}
