/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <openssl/asn1.h>

#include "base/macro.h"

/* Reads elements of DER one after another, for the few facts that OpenSSL does not report. */
struct der {
    const uint8_t *next, *end;
};

#define DER_INTEGER V_ASN1_INTEGER
#define DER_NULL V_ASN1_NULL
#define DER_OBJECT V_ASN1_OBJECT
#define DER_SEQUENCE (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED)
#define DER_SET (V_ASN1_SET | V_ASN1_CONSTRUCTED)
/* The identifiers of [n], explicit or of a constructed type, and of [n], implicit and of a
 * primitive type. */
#define DER_TAGGED(n) ((n) | V_ASN1_CONTEXT_SPECIFIC | V_ASN1_CONSTRUCTED)
#define DER_TAGGED_PRIMITIVE(n) ((n) | V_ASN1_CONTEXT_SPECIFIC)

/* Takes the next element off d and returns its content, if it begins with that byte and has a
 * definite length. */
bool der_take(struct der *d, uint8_t identifier, struct der *ret);

static inline bool der_at_end(const struct der *d) {
    return d->next == d->end;
}
