/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/manifest.h"
#include "trust/verify.h"

/* SignedManifests=yes: a manifest and each of its drop-ins have a detached signature beside them,
 * PKCS#7 in DER, which must meet the same requirements as that of a module. */

#define MANIFEST_SIGNATURE_SUFFIX ".p7s"

/* The command that makes one; takes the path of the manifest, twice. */
#define MANIFEST_SIGN_COMMAND                                                                      \
    "openssl cms -sign -binary -noattr -outform DER -in %s -signer CERT -inkey KEY -out %s"        \
    MANIFEST_SIGNATURE_SUFFIX

/* Checks every file that m was read from, in the order of reading; m must have its sources. The
 * first file without a good signature decides. With Signature=permissive the verdicts count as with
 * Signature=local: a manifest must be signed even then. 0; -EKEYREJECTED (EXIT_STATUS_REFUSED) with
 * the file, the reason and the way out; -EOPNOTSUPP, with the same, if the kernel cannot be asked
 * here, as with --root= and without privileges; -ENOMEM. */
int trust_check_manifest(struct host *h, const struct trust_machine *machine,
                         const struct manifest *m, struct error *e);

/* A hash over the sources of a manifest in hex: the same manifest has the same hash. NULL if
 * memory runs out. */
char *manifest_digest(const struct manifest *m);
