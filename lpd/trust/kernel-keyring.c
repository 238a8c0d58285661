/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/keyctl.h>
#include <stdio.h>

#include "trust/kernel-keyring.h"

#define KEY_OR_KEYRING "key_or_keyring:"

/* Asks the kernel whether the keyring of this restriction vouches for the certificate
 * (crypto/asymmetric_keys/asymmetric_type.c asymmetric_lookup_restriction()). */
struct question {
    const struct signer *signer;
    const struct certificate *certificate;
    char restriction[sizeof("builtin_and_secondary_trusted")];
};

/* The kernel answered neither yes nor no. -ENOMEM or -EOPNOTSUPP. */
static int closed(int r, const char *call, struct error *e) {
    if (r == -ENOMEM)
        return r;
    return error_set(e, -EOPNOTSUPP, EXIT_STATUS_FAILED, "the kernel's answer to %s is: %s", call,
                     strerror(-r));
}

/* Interprets the result of add_key(2) for a certificate (restrict.c restrict_link_by_signature(),
 * x509_public_key.c x509_key_preparse()): 0 and the answer, or that this way is not available.
 * -EBADMSG is a form of certificate that this kernel cannot read, so its keys cannot have signed
 * it. */
static int answer_of_add(int r, int *ret_answer, struct error *e) {
    switch (r) {
    case -ENOKEY:
    case -EBADMSG:
        *ret_answer = -ENOKEY;
        return 0;
    case -EKEYREJECTED: /* forged, or in .blacklist */
    case -EINVAL:       /* forged, with an RSA key of another size */
        *ret_answer = -EKEYREJECTED;
        return 0;
    case -ENOPKG: /* an unsupported hash or kind of key */
    case -ENOENT: /* a kind of key that this kernel has no code for, such as ECDSA */
        *ret_answer = -ENOPKG;
        return 0;
    default:
        return closed(r, "add_key", e);
    }
}

/* Interprets the results of KEYCTL_PKEY_QUERY and KEYCTL_PKEY_VERIFY. A bad RSA signature is
 * -EINVAL; a bad ECDSA one is -EKEYREJECTED or, if it is not ASN.1, an error of the decoder. So
 * every error but missing crypto or permission is a no. */
static int answer_of_verify(int r, int *ret_answer, struct error *e) {
    switch (r) {
    case -ENOPKG:
    case -ENOENT:
        *ret_answer = -ENOPKG;
        return 0;
    case -EOPNOTSUPP: /* before Linux 4.20, or without CONFIG_ASYMMETRIC_KEY_TYPE */
    case -ENOSYS:
    case -EPERM:
    case -EACCES:
    case -EFAULT:
    case -ENOMEM:
        return closed(r, "KEYCTL_PKEY_VERIFY", e);
    default:
        *ret_answer = r < 0 ? -EKEYREJECTED : 0;
        return 0;
    }
}

/* Linux up to 7.3 at least reads max_sig_size bytes of signature whatever in2_len says, and fails
 * with -EFAULT if they are not all readable (security/keys/keyctl_pkey.c
 * keyctl_pkey_params_get_2()). The bytes after a shorter signature do not matter. */
static int verify(struct host *h, int32_t key, const struct signer *s, const char *info,
                  const struct keyctl_pkey_query *q, int *ret_answer, struct error *e) {
    struct keyctl_pkey_params params = {
        .key_id = key,
        .in_len = (uint32_t) s->digest_size,
        .in2_len = (uint32_t) s->value_size,
    };
    _cleanup_free_ char *padded = NULL;
    long r;

    if (s->value_size == 0 || s->value_size > q->max_sig_size ||
        s->digest_size > q->max_data_size) {
        *ret_answer = -EKEYREJECTED;
        return 0;
    }
    padded = calloc(1, q->max_sig_size);
    if (!padded)
        return -ENOMEM;
    memcpy(padded, s->value, s->value_size);
    r = h->ops->keyctl(h, KEYCTL_PKEY_VERIFY, (unsigned long) &params, (unsigned long) info,
                       (unsigned long) s->digest, (unsigned long) padded);
    return answer_of_verify((int) r, ret_answer, e);
}

/* Has the kernel check the signature with a key that it has accepted. */
static int ask_key(struct host *h, int32_t key, const struct signer *s, int *ret_answer,
                   struct error *e) {
    struct keyctl_pkey_query q = { 0 };
    _cleanup_free_ char *info = NULL;
    long r;

    if (asprintf(&info, "enc=%s hash=%s", s->encoding, s->hash) < 0)
        return -ENOMEM;
    r = h->ops->keyctl(h, KEYCTL_PKEY_QUERY, (unsigned long) key, 0, (unsigned long) info,
                       (unsigned long) &q);
    /* -EINVAL: this kernel does not know the hash, or this key does not know the encoding. */
    if (r == -EINVAL || (r >= 0 && !(q.supported_ops & KEYCTL_SUPPORTS_VERIFY)))
        r = -ENOPKG;
    if (r < 0)
        return answer_of_verify((int) r, ret_answer, e);
    return verify(h, key, s, info, &q, ret_answer, e);
}

static int ask_in_keyring(struct host *h, int32_t keyring, const struct question *q,
                          int *ret_answer, struct error *e) {
    const struct certificate *c = q->certificate;
    long r;

    r = h->ops->keyctl(h, KEYCTL_RESTRICT_KEYRING, (unsigned long) keyring,
                       (unsigned long) "asymmetric", (unsigned long) q->restriction, 0);
    if (r == -ENOKEY && startswith(q->restriction, KEY_OR_KEYRING)) { /* it has been removed */
        *ret_answer = -ENOKEY;
        return 0;
    }
    if (r < 0)
        return closed((int) r, "KEYCTL_RESTRICT_KEYRING", e);
    r = h->ops->add_key(h, "asymmetric", NULL, c->der, c->der_size, keyring);
    if (r < 0)
        return answer_of_add((int) r, ret_answer, e);
    return ask_key(h, (int32_t) r, q->signer, ret_answer, e);
}

/* Sets the restriction before it adds the certificate, because the kernel does not check again what
 * is already in a keyring. The process keyring always ends with the process. */
static int ask(struct host *h, const struct question *q, int *ret_answer, struct error *e) {
    int32_t keyring;
    int r;

    keyring = h->ops->add_key(h, "keyring", "_lpd", NULL, 0, KEY_SPEC_PROCESS_KEYRING);
    if (keyring < 0)
        return closed(keyring, "add_key", e);
    r = ask_in_keyring(h, keyring, q, ret_answer, e);
    (void) h->ops->keyctl(h, KEYCTL_UNLINK, (unsigned long) keyring,
                          (unsigned long) KEY_SPEC_PROCESS_KEYRING, 0, 0);
    return r;
}

/* Whether one keyring, or one key, vouches. The kernel finds it by its number and does not check
 * who asks. */
static int ask_serial(struct host *h, int32_t serial, struct question *q, int *ret_answer,
                      struct error *e) {
    (void) snprintf(q->restriction, sizeof(q->restriction), KEY_OR_KEYRING "%d", serial);
    return ask(h, q, ret_answer, e);
}

/* To the kernel, .secondary_trusted_keys includes all keyrings that it links to, so its own keys
 * have to be asked one by one. If its keys are not visible, one name covers all three keyrings;
 * that is enough if the policy includes all three. */
static int ask_secondary(struct host *h, const struct kernel_keyrings *k, unsigned keyrings,
                         struct question *q, int *ret_answer, struct error *e) {
    const unsigned all = KEYRING_BUILTIN | KEYRING_SECONDARY | KEYRING_MACHINE;
    int answer = -ENOKEY, r;

    if (!k->readable && (keyrings & all) == all) {
        (void) strcpy(q->restriction, "builtin_and_secondary_trusted");
        return ask(h, q, ret_answer, e);
    }
    for (size_t i = 0; i < k->n_keys && answer == -ENOKEY; i++) {
        if (k->keys[i].keyring != KEYRING_SECONDARY)
            continue;
        r = ask_serial(h, k->keys[i].serial, q, &answer, e);
        if (r < 0)
            return r;
    }
    *ret_answer = answer;
    return 0;
}

static int ask_one(struct host *h, const struct kernel_keyrings *k, unsigned keyrings,
                   enum keyring_set keyring, struct question *q, int *ret_answer, struct error *e) {
    int32_t serial = keyring == KEYRING_MACHINE ? k->serials[2] : k->serials[3];

    if (keyring == KEYRING_BUILTIN) {
        (void) strcpy(q->restriction, "builtin_trusted");
        return ask(h, q, ret_answer, e);
    }
    if (keyring == KEYRING_SECONDARY)
        return ask_secondary(h, k, keyrings, q, ret_answer, e);
    if (serial != 0)
        return ask_serial(h, serial, q, ret_answer, e);
    *ret_answer = -ENOKEY;
    return 0;
}

int kernel_keyring_ask(struct host *h, const struct kernel_keyrings *k, unsigned keyrings,
                       const struct signer *signer, const struct certificate *certificate,
                       int *ret_answer, enum keyring_set *ret_keyring, struct error *e) {
    struct question q = { .signer = signer, .certificate = certificate };
    int answer = -ENOKEY, r;

    if (!signer->encoding || !signer->digest) {
        *ret_answer = -ENOPKG;
        return 0;
    }
    for (enum keyring_set keyring = KEYRING_BUILTIN; keyring <= KEYRING_PLATFORM; keyring <<= 1) {
        if (!(keyrings & keyring))
            continue;
        r = ask_one(h, k, keyrings, keyring, &q, &answer, e);
        if (r < 0)
            return r;
        if (answer == -ENOKEY)
            continue;
        if (answer == 0)
            *ret_keyring = keyring;
        break;
    }
    *ret_answer = answer;
    return 0;
}
