/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keyrings.h"
#include "trust/pkcs7.h"

/* The kernel's word by its keyrings: a certificate goes into a keyring of this process that the kernel
 * itself keeps to what its own keyring vouches for, and KEYCTL_PKEY_VERIFY then checks the signature
 * with it (keyctl_pkey_verify(3), Documentation/crypto/asymmetric-keys.rst). */

/* Asks about one signer of p, whose digest must be there, with one of its certificates. 0: the kernel
 * answered: *ret_answer is 0 (verified; *ret_keyring says whose word it was), -ENOKEY (no keyring of
 * those vouches for the certificate), -EKEYREJECTED (the signature is bad, or the certificate forged or
 * forbidden), -ENOPKG (crypto that this kernel has not). Negative: this way is not open here, with the
 * reason as a clause (-EOPNOTSUPP, -ENOMEM).
 *
 * Its word is more lenient than the module loader's: a certificate that only was issued by a trusted
 * key, without being in the signature, suffices here and not there. The caller knows. */
int kernel_keyring_ask(struct host *h, const struct kernel_keyrings *k, unsigned keyrings,
                       const struct signer *signer, const struct certificate *certificate,
                       int *ret_answer, enum keyring_set *ret_keyring, struct error *e);
