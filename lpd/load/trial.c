/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "guard/early-place.h"
#include "guard/early.h"
#include "load/trial.h"

static int leave_to_host(const struct snapshot *s, int r, struct error *e) {
    if (r == -ENOMEM)
        return r;
    (void) error_set(e, -EDQUOT, EXIT_STATUS_FAILED, "on trial: the attempt could not be noted in %s: %s",
                     streq(s->early_place, EARLY_EFI) ? "a variable of the firmware" : s->early_place,
                     strerror(-r));
    return error_hint(e, -EDQUOT, "make room there, or name another place with Ledger= in lpd.conf and "
                                  "rebuild the initramfs");
}

int trial_note(struct host *h, const struct snapshot *s, const struct ledger_build *build,
               const struct ledger_attempt *attempt, struct error *e) {
    int r;

    if (!s->early_place || s->early_place_error == -ENODEV)
        return 0;
    /* What cannot be read must not be overwritten: it may be another build's quarantine. */
    r = s->early_place_error < 0 ? s->early_place_error
        : attempt->boot_id       ? early_attempt_add(h, s->early_place, build, attempt)
                                 : -ENODATA;
    return r < 0 ? leave_to_host(s, r, e) : r;
}
