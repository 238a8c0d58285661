/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/check.h"
#include "trust/gate-step.h"
#include "trust/verify.h"

/* The gate decides whether a module may be loaded. All code that loads a module, installs it, puts
 * it into an image, or predicts the result of a load uses it. */

struct gate {
    const struct trust_machine *machine;
    int policy_error; /* nothing is trusted while the policy has an error; 0: no error */
    const struct error *policy_problem;
    const struct manifest_kernel *kernel; /* of the patch's manifest; NULL: there is no pin */
    const char *release;                  /* of the kernel that will load it; NULL: unknown */
    /* What this machine knows of the build, guard_check(). NULL: it is not asked. */
    int (*check_ledger)(struct host *h, const struct gate *g, const char *sha256, struct error *e);
    const char *boot_id; /* of the boot that loads it, if it runs here; or NULL */
    const char *stage;   /* where it is loaded: initrd, system */
};

enum {
    GATE_ACCEPTED, /* a load accepts it */
    GATE_LATER,    /* no fault was found, but only the kernel that loads it can decide */
};

/* Does not ask the kernel about a signature: decides only by the bytes. */
#define GATE_BYTES_ONLY (1u << 31)

/* Checks the pin, the form, the signature and the record of a module that module_file_open() has accepted.
 * flags are those of trust_verify(), or GATE_BYTES_ONLY. *ret gets the facts about the signature,
 * even if it is refused, and is empty if the signature was not checked. Returns one of the above,
 * or the reason to refuse the module: the errors of module/check.h and gate_check_policy(), and
 * -EKEYREJECTED (EXIT_STATUS_REFUSED), and those of guard_check(). ret_step may be NULL. */
int gate_check(struct host *h, const struct gate *g, struct module_file *f, unsigned flags,
               struct trust_report *ret, enum gate_step *ret_step, struct error *e);

/* The same for known facts about a signature. */
int gate_check_signature(const struct host *h, const struct gate *g, const struct trust_report *t,
                         const char *what, struct error *e);
