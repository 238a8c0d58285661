/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "guard/early-place.h"
#include "guard/early.h"
#include "load/trial.h"

/* Why the attempt cannot be written. A volume is not there before lpd-ledger has found it, which then
 * starts this program again. */
static char *problem(const struct snapshot *s, int r) {
    char *text;

    if (!s->early_place)
        return strdup(streq(strempty(s->policy.guard_ledger), "none") ? "Ledger=none"
                                                                      : "no EFI variables, no ledger volume");
    if (!streq(s->early_place, EARLY_EFI))
        r = asprintf(&text, "%s: %s", s->early_place, r == -ENODEV ? "it is not there" : strerror(-r));
    else if (r == -ENODEV)
        return strdup("no EFI variables");
    else
        r = asprintf(&text, "EFI variables: %s", strerror(-r));
    return r < 0 ? NULL : text;
}

static int leave_to_host(const struct snapshot *s, const char *name, int r, struct error *e) {
    _cleanup_free_ char *text = r == -ENOMEM ? NULL : problem(s, r);

    if (!text)
        return -ENOMEM;
    (void) error_set(e, -EDQUOT, EXIT_STATUS_FAILED,
                     "on trial: loaded on the host, as the initramfs cannot write its attempt (%s)", text);
    return error_hint(e, -EDQUOT, "name another place with Ledger= in lpd.conf, or confirm the build for the "
                      "initramfs: lpctl bless --stage=initrd %s", name);
}

int trial_note(struct host *h, const struct snapshot *s, const struct ledger_build *build,
               const struct ledger_attempt *attempt, struct error *e) {
    int r;

    /* What cannot be read must not be overwritten: it may be another build's quarantine. */
    r = !s->early_place            ? -ENODEV
        : s->early_place_error < 0 ? s->early_place_error
        : attempt->boot_id         ? early_attempt_add(h, s->early_place, build, attempt)
                                   : -ENODATA;
    return r < 0 ? leave_to_host(s, build->name, r, e) : r;
}
