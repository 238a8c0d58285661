/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <openssl/cms.h>

#include "trust/pkcs7.h"

DEFINE_TRIVIAL_CLEANUP_FUNC(CMS_ContentInfo *, CMS_ContentInfo_free)

/* Reads a PKCS#7 signature. -EBADMSG (EXIT_STATUS_REFUSED) with the reason: the module loader
 * would refuse it, whoever made it. */
int signature_parse(const void *der, size_t size, CMS_ContentInfo **ret, struct error *e);

/* Describes its signers, without certificates and digest. 0, -EBADMSG with the reason, -ENOMEM. */
int signature_describe(CMS_ContentInfo *cms, struct pkcs7 *p, struct error *e);

/* Whether a signer can be the owner of that certificate: issuer and serial, or the key id, match.
 * c describes x. */
bool signature_may_be_by(CMS_SignerInfo *signer, const X509 *x, const struct certificate *c);

/* Whether a file in DER may contain a certificate of that signer: its bytes include the serial or
 * the key id. Decodes nothing. */
bool signature_may_know(CMS_SignerInfo *signer, const void *der, size_t size);
