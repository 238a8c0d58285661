/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* EFI_SIGNATURE_LIST, the format of db and MokListRT (UEFI specification 2.10, section 32.4.1). */

/* Called for each X.509 certificate in a list (EFI_CERT_X509_GUID); other types are skipped. A
 * negative return ends the walk. */
typedef int (*efi_certificate_fn)(const void *der, size_t size, void *userdata);

/* data is the variable's value without its four bytes of attributes. 0, -EBADMSG for lists with
 * wrong sizes (after the certificates before the fault), or what fn returned. */
int efi_signature_lists_walk(const void *data, size_t size, efi_certificate_fn fn, void *userdata);
