/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/pkcs7.h"

/* Puts the digest of the data, taken here by the signer's hash, in place of what lpd-parser said it
 * is: the kernel is to be asked about these bytes, whatever has become of the parser. Knows sha256 to
 * sha512; for other hashes there is no digest then. 0 or -ENOMEM. */
int signer_take_digest(struct signer *s, const void *data, size_t size);
