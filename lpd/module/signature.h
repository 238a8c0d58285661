/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* The signature appended to a module: signed data, PKCS#7, trailer, marker
 * (include/linux/module_signature.h). */
struct appended_signature {
    bool present;
    size_t signed_size;    /* bytes from the start that are signed: the ELF */
    size_t signature_size; /* bytes of PKCS#7 after them */
};

/* Finds the appended signature. A module without the marker is valid: present is false, and
 * signed_size is the whole. A trailer with wrong sizes is -EBADMSG, one that is not PKCS#7 is
 * -ENOPKG, as in mod_check_sig() (EXIT_STATUS_REFUSED). */
int appended_signature_find(const void *data, size_t size, struct appended_signature *ret,
                            struct error *e);
