/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/pkcs7.h"

/* Computes the digest of the data with the signer's hash, and replaces the one from lpd-parser: the
 * kernel must be asked about these bytes, even if the parser was compromised. Supports sha256 to
 * sha512; with another hash there is no digest. 0 or -ENOMEM. */
int signer_take_digest(struct signer *s, const void *data, size_t size);
