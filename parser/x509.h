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

/* Reads a file that may contain a certificate in DER, or any number in PEM, and appends them to s.
 * -EBADMSG with the reason in *ret_reason if some content is unreadable, or there is no
 * certificate; those before the fault are still appended. -ENOMEM. */
int x509_read_file(const void *data, size_t size, STACK_OF(X509) *s, const char **ret_reason);

/* Describes a certificate. 0, -ENOMEM. */
int x509_describe(X509 *x, struct certificate *ret);

/* RFC 2253, in UTF-8 and printable; the caller frees it. NULL if memory runs out. */
char *x509_name_text(const X509_NAME *name);

/* The number as in DER, in hex: this is what the kernel compares and shows. */
char *x509_serial_text(const ASN1_INTEGER *serial);

/* Compares byte by byte, like the kernel. */
bool x509_same_name(const X509_NAME *a, const X509_NAME *b);
