/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* The kernel's descriptions of keys. The creator of a key chooses its name, which may contain line
 * breaks, so any user can put a whole line into /proc/keys. These texts are only hints and prove
 * nothing. */

/* One line of /proc/keys (security/keys/proc.c proc_keys_show()). */
struct proc_key {
    int32_t serial;
    char type[10];    /* the first nine characters; the kernel shows no more */
    const char *text; /* the type's description of the key; ends with the whole text */
};

/* Reads the line at the start of text. 0 or -EBADMSG. */
int proc_key_parse(const char *text, struct proc_key *ret);

/* Whether the key, a keyring, can have that name (security/keys/keyring.c keyring_describe()). */
bool proc_key_is_keyring(const struct proc_key *k, const char *name);

/* The word after X509. for an asymmetric key of that description, or NULL if the line is about
 * another one. *ret_length is its length (crypto/asymmetric_keys/asymmetric_type.c
 * asymmetric_key_describe()). */
const char *proc_key_algorithm(const struct proc_key *k, const char *description,
                               size_t *ret_length);

/* The answer to KEYCTL_DESCRIBE, "TYPE;UID;GID;PERMISSIONS;DESCRIPTION", split in place. The
 * description may contain anything; the other fields contain no semicolon. 0 or -EBADMSG. */
int key_description_split(char *text, const char **ret_type, const char **ret_description);

/* The id at the end of "SUBJECT: ID", or NULL if there is none (x509_public_key.c
 * x509_key_preparse()). */
const char *key_description_id(const char *description);
