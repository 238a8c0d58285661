/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/policy.h"

/* The inputs of the verdict besides the bytes. */
struct trust_machine {
    const struct policy *policy; /* Signature=, Keyrings= */
    int sig_enforce;             /* the kernel's switch: 1, 0, -1 unknown */
    int secure_boot;             /* 1, 0, -1 unknown */
    bool locked_down;            /* lockdown, too, makes the kernel refuse unverified modules */
    unsigned seconds;            /* time limit of the verdict; 0: TRUST_SECONDS_MAX */
};

/* A busy machine, as at boot, gives the parser CPU time late, and that must not cause a good patch
 * to be refused. */
#define TRUST_SECONDS_MAX 60

struct trust_subject {
    const void *data;      /* the signed data */
    size_t data_size;
    const void *signature; /* PKCS#7; NULL: there is none */
    size_t signature_size;
    const char *sha256;    /* of the whole file in hex, or NULL: .blacklist may contain it */
};

enum trust_flags {
    TRUST_EXPLAIN = 1 << 0, /* read every certificate, even if the kernel needs none for its answer */
    TRUST_NO_LOAD = 1 << 1, /* no load follows that could decide: never VERDICT_ENFORCED */
    TRUST_AT_LOAD = 1 << 2, /* the caller loads exactly these bytes next and handles a refusal: if
                             * that load is the kernel's verdict (kernel-load.h), nothing else is
                             * asked */
};
