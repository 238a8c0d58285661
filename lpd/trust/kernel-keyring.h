/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keyrings.h"
#include "trust/pkcs7.h"

/* The kernel's verdict by its keyrings: a certificate is added to a keyring of this process, which
 * the kernel restricts to what its own keyring vouches for, and KEYCTL_PKEY_VERIFY then checks the
 * signature with it (keyctl_pkey_verify(3), Documentation/crypto/asymmetric-keys.rst). */

/* Asks about one signer of p, whose digest must be set, with one of its certificates. 0: the
 * kernel answered: *ret_answer is 0 (verified; *ret_keyring says by which keyring), -ENOKEY (none
 * of these keyrings vouches for the certificate), -EKEYREJECTED (the signature is bad, or the
 * certificate forged or forbidden), -ENOPKG (crypto that this kernel lacks). Negative: this way is
 * not available here, with the reason as a clause (-EOPNOTSUPP, -ENOMEM).
 *
 * Its verdict is more lenient than the module loader's: a certificate that a trusted key has
 * issued is enough here even if it is not in the signature. The caller accounts for that. */
int kernel_keyring_ask(struct host *h, const struct kernel_keyrings *k, unsigned keyrings,
                       const struct signer *signer, const struct certificate *certificate,
                       int *ret_answer, enum keyring_set *ret_keyring, struct error *e);
