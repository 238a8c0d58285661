/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* The kernel's keys for unit tests: a temporary root with /proc/keys, and add_key(2) and keyctl(2)
 * that answer as a real kernel does (security/keys/, crypto/asymmetric_keys/).
 *
 * A certificate is the text "NAME<ISSUER": of a key that is called NAME, issued by the key ISSUER.
 * With "!" behind it, it was forged; "?" has a kind of key that the kernel does not know; "#" is
 * forbidden by .blacklist. Other bytes are no certificate. A signature by it is "NAME:" and the
 * digest. */

#define FAKE_KEYS_MAX 512

struct fake_key {
    int32_t serial;
    const char *type;
    char description[256]; /* "" if it is gone */
    char name[64];         /* of an asymmetric key: the part before ": " */
    char restriction[64];  /* of a keyring */
    int32_t keyring;       /* that it is in, 0: none */
    int32_t links[4];      /* other keyrings in this one */
    bool own;              /* made by add_key() */
};

struct fake_keyring {
    struct host host; /* give this to what is tested */
    struct fake_key keys[FAKE_KEYS_MAX];
    size_t n_keys;

    /* Set by the test. The errors are negative errnos. */
    int add_error, certificate_error, restrict_error, query_error, verify_error;
    bool hidden;           /* an ordinary user, who sees no key of the kernel's */
    const char *more;      /* text that strangers put into /proc/keys */
    uint16_t max_sig_size; /* default 64 */
    /* For real certificates: the text that stands for one, NULL if it is none, and whether the key of
     * that name made a signature. */
    const char *(*certificate_text)(const void *der, size_t size);
    bool (*is_signature)(const char *name, const void *digest, size_t digest_size,
                         const void *signature, size_t size);

    /* What was asked. */
    char restrictions[512]; /* each with a space behind it */
    unsigned n_verify;
};

void fake_keyring_open(struct fake_keyring *k);
void fake_keyring_close(struct fake_keyring *k);

/* Its calls alone, for a host of the test's own. */
const struct kernel_ops *fake_keyring_calls(void);

/* Makes a key in a keyring, 0 for none. Types: "keyring", "asymmetric", "blacklist". Returns its
 * serial. */
int32_t fake_keyring_add(struct fake_keyring *k, int32_t keyring, const char *type,
                         const char *description);

/* The four keyrings of a machine with Secure Boot, with a key in each: "Builtin: 0b", "Secondary:
 * 5e", "Machine: 3a", "Platform: 91"; .secondary_trusted_keys links to builtin and machine. */
void fake_keyring_machine(struct fake_keyring *k);

struct fake_key *fake_keyring_find(struct fake_keyring *k, const char *description);

/* How many keys add_key() made that are still there. */
size_t fake_keyring_left(const struct fake_keyring *k);
