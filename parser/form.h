/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Looks at what OpenSSL reads over and the kernel does not (crypto/asymmetric_keys/pkcs7_parser.c
 * and pkcs7.asn1): versions, and what else than certificates is among the certificates; and at
 * what the kernel reads over too, so that no byte of a signature can be another without notice:
 * what follows it, and digest algorithms that no signer uses. der is a SignedData that OpenSSL
 * could read. Returns NULL, or what is wrong. */
const char *form_fault(const void *der, size_t size);
