/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "trust/certificates.h"
#include "trust/pkcs7.h"

/* struct pkcs7 as JSON: an object with "signers" and "certificates", whose members are named as
 * those of the structs are, bytes in hex, SIZE_MAX as null; and "unreadable", a list of objects
 * with "source" and "reason". Or, for a PKCS#7 that cannot be used, an object with "error": the
 * reason as a string. */

/* A new object, without "unreadable". NULL: out of memory. */
json_object *pkcs7_to_json(const struct pkcs7 *p);

/* Reads what lpd-parser answered, which may be anything if it has been taken over by what it read.
 * files are those that it was given, or NULL. -EBADMSG (EXIT_STATUS_REFUSED): it says that the
 * PKCS#7 cannot be used, with the reason. -EPROTO (EXIT_STATUS_FAILED): it is no such answer.
 * -ENOMEM. */
int pkcs7_from_json(const char *text, size_t size, const struct certificate_files *files,
                    struct pkcs7 *ret, struct error *e);
