/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/policy.h"

/* What the verdict depends on besides the bytes. */
struct trust_machine {
    const struct policy *policy; /* Signature=, Keyrings= */
    int sig_enforce;             /* the kernel's switch: 1, 0, -1 unknown */
    int secure_boot;             /* likewise */
    bool locked_down;            /* lockdown makes the kernel refuse what it cannot verify, too */
    unsigned seconds;            /* how long the verdict may take at most; 0: TRUST_SECONDS_MAX */
};

/* A machine that is busy, as at boot, gives the parser its milliseconds late, and must not refuse a good
 * patch for that. */
#define TRUST_SECONDS_MAX 60

struct trust_subject {
    const void *data;      /* what is signed */
    size_t data_size;
    const void *signature; /* PKCS#7; NULL: there is none */
    size_t signature_size;
    const char *sha256;    /* of the whole file in hex, or NULL: .blacklist may forbid it */
};

enum trust_flags {
    TRUST_EXPLAIN = 1 << 0, /* look at every certificate, also if the kernel's answer needs none */
    TRUST_NO_LOAD = 1 << 1, /* no load follows that the kernel would check: never VERDICT_ENFORCED */
    TRUST_AT_LOAD = 1 << 2, /* the caller loads these very bytes now and hears of a refusal: where that
                             * load is the kernel's word (kernel-load.h), nothing else is asked */
};
