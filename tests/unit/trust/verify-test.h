/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A machine with Secure Boot for tests of the verdict: real keys, certificates and signatures, the
 * real lpd-parser, and a kernel that answers as the test says (kernel-pkcs7) or by its keys
 * (kernel-keyring). */

#include "check.h"
#include "fake-kernel.h"
#include "fake-keyring.h"
#include "signing.h"
#include "tree.h"
#include "trust/verify.h"

#define DATA "\x7f" "ELF and so on"
#define ALL_KEYRINGS (KEYRING_BUILTIN | KEYRING_SECONDARY | KEYRING_MACHINE | KEYRING_PLATFORM)

/* The first four are in the keyring of that name. The machine's key has issued the leaf, a key that
 * the kernel does not know the orphan. */
enum who { BUILTIN, SECONDARY, MACHINE, PLATFORM, LEAF, STRANGER, ORPHAN, EXPIRED, N_WHO };

extern struct identity who[N_WHO];
extern struct fake_kernel kernel;
extern struct fake_keyring keyring;
extern struct host host;
extern struct policy policy;
extern struct trust_machine machine;
extern struct trust_report report;
extern int32_t keyrings[4]; /* their serials, by enum who */

int world_open(void **state);
int world_close(void **state);
int identities_make(void **state);
int identities_done(void **state);

/* The description that the kernel gives a key. */
const char *description_of(enum who w);
const char *key_id_of(enum who w);
/* What .blacklist calls its certificate. */
const char *tbs_of(enum who w);

/* Without BPF the kernel's keyrings are asked. */
void close_kernel_pkcs7(void);
void answer(int builtin, int secondary, int platform);
void put_certificate(const char *path, enum who w);

/* Makes a signature over DATA. Embeds the certificates of those in the mask 1 << who. */
void make_signature(const enum who *signers, size_t n, unsigned embedded, struct signature *ret);
/* Makes the n-th signer's signature wrong. */
void spoil(struct signature *s, int n);
void encode(struct signature *s);

/* Verifies a signature, with the result in report. Frees the signature. */
void judge(struct signature *s, unsigned flags);
void verify_by(enum who w, unsigned embedded, unsigned flags);

/* The outcome of a step, -1 if there is none; asserts that its fact contains that part. */
int outcome_of(const char *step);
bool has_fact(const char *step, const char *part);

#define assert_verdict(expected) assert_string_equal(verdict_to_string(report.verdict), expected)
#define assert_part(text, part)                                                                    \
    do {                                                                                           \
        if (!strstr(strempty(text), part))                                                         \
            fail_msg("'%s' lacks '%s'", strempty(text), part);                                     \
    } while (0)
#define assert_fact(step, part)                                                                    \
    do {                                                                                           \
        if (!has_fact(step, part))                                                                 \
            fail_msg("no step %s with '%s'", step, part);                                          \
    } while (0)
