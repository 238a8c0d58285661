/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "der.h"

/* The results of ASN1_get_object(3). */
#define GET_OBJECT_FAULT 0x80
#define GET_OBJECT_INDEFINITE 0x01

bool der_take(struct der *d, uint8_t identifier, struct der *ret) {
    const unsigned char *content = d->next;
    int how, tag, class;
    long length;

    if (der_at_end(d) || *d->next != identifier)
        return false;
    how = ASN1_get_object(&content, &length, &tag, &class, d->end - d->next);
    if (how & (GET_OBJECT_FAULT | GET_OBJECT_INDEFINITE))
        return false;
    *ret = (struct der){ .next = content, .end = content + length };
    d->next = content + length;
    return true;
}
