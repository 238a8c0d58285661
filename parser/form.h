/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Checks what OpenSSL ignores and the kernel does not (crypto/asymmetric_keys/pkcs7_parser.c and
 * pkcs7.asn1): versions, and entries other than certificates among the certificates. Also checks
 * what the kernel ignores, so that no byte of a signature can change unnoticed: data after it, and
 * digest algorithms that no signer uses. der is a SignedData that OpenSSL could read. Returns
 * NULL, or what is wrong. */
const char *form_fault(const void *der, size_t size);
