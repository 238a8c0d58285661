/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <openssl/x509.h>

#include "trust/pkcs7.h"

static inline void x509_stack_free(STACK_OF(X509) *s) {
    sk_X509_pop_free(s, X509_free);
}
DEFINE_TRIVIAL_CLEANUP_FUNC(STACK_OF(X509) *, x509_stack_free)
DEFINE_TRIVIAL_CLEANUP_FUNC(X509 *, X509_free)

bool x509_is_pem(const void *data, size_t size);

/* Reads a file that may hold a certificate in DER, or any number in PEM, and appends what it holds
 * to s. -EBADMSG with the reason in *ret_reason if there is something that cannot be read, or
 * nothing: those before it are appended all the same. -ENOMEM. */
int x509_read_file(const void *data, size_t size, STACK_OF(X509) *s, const char **ret_reason);

/* Says what a certificate says. 0, -ENOMEM. */
int x509_describe(X509 *x, struct certificate *ret);

/* RFC 2253, in UTF-8 and printable; to be freed. NULL when out of memory. */
char *x509_name_text(const X509_NAME *name);

/* The number as it stands in DER, in hex: what the kernel compares and shows. */
char *x509_serial_text(const ASN1_INTEGER *serial);

/* Byte by byte, as the kernel compares. */
bool x509_same_name(const X509_NAME *a, const X509_NAME *b);
