/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "module/file.h"
#include "trust/report.h"

/* What the verdict depends on besides the bytes. */
struct trust_machine {
    const struct policy *policy; /* Signature=, Keyrings= */
    int sig_enforce;             /* the kernel's switch: 1, 0, -1 unknown */
    int secure_boot;             /* likewise */
};

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
};

/* Finds out what the kernel says of a signature, by the first way that it offers, and what the machine's
 * policy adds to that: steps 4 and 5 of lpd(8), "Trust". That the answer is no, or that nobody can give
 * one, is no failure: *ret says it. 0, -ENOMEM. */
int trust_judge(struct host *h, const struct trust_machine *machine, const struct trust_subject *subject,
                unsigned flags, struct trust_report *ret);

/* The same for a module with its appended signature. */
int trust_judge_module(struct host *h, const struct trust_machine *machine, struct module_file *f,
                       unsigned flags, struct trust_report *ret);

/* 0 if the policy lets it in, else -EKEYREJECTED (EXIT_STATUS_REFUSED) with the reason and the way out.
 * what names it in the message. */
int trust_check(const struct trust_report *t, enum signature_policy policy, const char *what,
                struct error *e);
