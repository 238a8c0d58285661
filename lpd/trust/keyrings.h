/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"
#include "config/policy.h"

/* The kernel's own keyrings, as far as user space can see them: keyrings(7), KERNEL keyrings in
 * /proc/keys. The keys themselves cannot be read. */

struct kernel_key {
    int32_t serial;
    enum keyring_set keyring; /* the keyring that contains it itself, not by a link */
    char *name;      /* the certificate's subject, as in crypto/asymmetric_keys/x509_public_key.c */
    char *key_id;    /* subject key identifier in hex, or the serial number if it has none; NULL:
                      * the description has neither */
    char *algorithm; /* "rsa", "ecdsa", …: the word after X509. in /proc/keys */
};

struct kernel_keyrings {
    struct kernel_key *keys;
    size_t n_keys;
    unsigned present;    /* enum keyring_set: the keyrings that this kernel has */
    bool readable;       /* false: this user may not see them, so absence proves nothing */
    int32_t serials[4];  /* of the keyrings, by bit number of enum keyring_set; 0: does not exist */
    char **blacklist;    /* "tbs:HASH", "bin:HASH": what .blacklist forbids */
};

void kernel_keyrings_done(struct kernel_keyrings *k);

/* Fails only with -ENOMEM: what is not visible is left out. */
int kernel_keyrings_read(struct host *h, struct kernel_keyrings *ret);

/* The first key with that id in one of those keyrings, or NULL. */
const struct kernel_key *kernel_keyrings_find(const struct kernel_keyrings *k, unsigned keyrings,
                                              const char *key_id);

/* ".builtin_trusted_keys" and so on. */
const char *kernel_keyring_name(enum keyring_set keyring);
