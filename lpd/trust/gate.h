/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/check.h"
#include "trust/gate-step.h"
#include "trust/verify.h"

/* The one gate: whether a load refuses a module, decided here and asked by whoever loads one, installs it,
 * puts it into an image, or only tells what a load would say. */

struct gate {
    const struct trust_machine *machine;
    int policy_error; /* nothing is trusted while the policy cannot be read; 0: it can */
    const struct error *policy_problem;
    const struct manifest_kernel *kernel; /* of the patch's manifest; NULL: there is no pin */
    const char *release;                  /* of the kernel that is to load it; NULL: not known */
};

enum {
    GATE_ACCEPTED, /* a load lets it in */
    GATE_LATER,    /* nothing speaks against it, but only the kernel that loads it can tell */
};

/* Asks nobody about a signature: what can be told from the bytes alone is decided. */
#define GATE_BYTES_ONLY (1u << 31)

/* Checks the pin, the form and the signature of a module that module_file_open() has accepted. flags are
 * those of trust_verify(), or GATE_BYTES_ONLY. *ret gets what was found about the signature, also when it
 * is refused, and is empty if nobody looked at it. Returns one of the above, or why it is refused: what
 * module/check.h and gate_check_policy() say, and -EKEYREJECTED (EXIT_STATUS_REFUSED); ret_step may be NULL. */
int gate_check(struct host *h, const struct gate *g, struct module_file *f, unsigned flags,
               struct trust_report *ret, enum gate_step *ret_step, struct error *e);

/* The same for what was found out about a signature before. */
int gate_check_signature(const struct host *h, const struct gate *g, const struct trust_report *t,
                         const char *what, struct error *e);
