/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* The kernel's keys for unit tests: a temporary root with /proc/keys, and add_key(2) and keyctl(2)
 * that answer like a real kernel (security/keys/, crypto/asymmetric_keys/).
 *
 * A certificate is the text "NAME<ISSUER" for a key named NAME that the key ISSUER has issued. A
 * "!" after it means forged, "?" a kind of key that the kernel does not know, "#" forbidden by
 * .blacklist. Other bytes are not a certificate. A signature is "NAME:" and the digest. */

#define FAKE_KEYS_MAX 512

struct fake_key {
    int32_t serial;
    const char *type;
    char description[256]; /* "" if it was removed */
    char name[64];         /* of an asymmetric key: the part before ": " */
    char restriction[64];  /* of a keyring */
    int32_t keyring;       /* the keyring that contains it, 0: none */
    int32_t links[4];      /* other keyrings linked in this one */
    bool own;              /* made by add_key() */
};

struct fake_keyring {
    struct host host; /* pass this to the tested code */
    struct fake_key keys[FAKE_KEYS_MAX];
    size_t n_keys;

    /* Set by the test. The errors are negative errnos. */
    int add_error, certificate_error, restrict_error, query_error, verify_error;
    bool hidden;           /* an ordinary user, who cannot see the kernel's keys */
    const char *more;      /* text that other users have put into /proc/keys */
    uint16_t max_sig_size; /* default 64 */
    /* For real certificates: returns the text that represents one, NULL if it is none; and whether
     * the key of that name made a signature. */
    const char *(*certificate_text)(const void *der, size_t size);
    bool (*is_signature)(const char *name, const void *digest, size_t digest_size,
                         const void *signature, size_t size);

    /* Arguments of the calls. */
    char restrictions[512]; /* each followed by a blank */
    unsigned n_verify;
};

void fake_keyring_open(struct fake_keyring *k);
void fake_keyring_close(struct fake_keyring *k);

/* Only its calls, for a host of the test. */
const struct kernel_ops *fake_keyring_calls(void);

/* Creates a key in a keyring, 0 for none. Types: "keyring", "asymmetric", "blacklist". Returns its
 * serial number. */
int32_t fake_keyring_add(struct fake_keyring *k, int32_t keyring, const char *type,
                         const char *description);

/* The four keyrings of a machine with Secure Boot, with a key in each: "Builtin: 0b", "Secondary:
 * 5e", "Machine: 3a", "Platform: 91"; .secondary_trusted_keys links to builtin and machine. */
void fake_keyring_machine(struct fake_keyring *k);

struct fake_key *fake_keyring_find(struct fake_keyring *k, const char *description);

/* The number of remaining keys that add_key() has created. */
size_t fake_keyring_left(const struct fake_keyring *k);
