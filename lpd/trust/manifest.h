/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/manifest.h"
#include "trust/verify.h"

/* SignedManifests=yes: a manifest and each of its drop-ins have a detached signature beside them,
 * PKCS#7 in DER, that is as good as that of a module has to be. */

#define MANIFEST_SIGNATURE_SUFFIX ".p7s"

/* How one is made; takes the path of the manifest, twice. */
#define MANIFEST_SIGN_COMMAND                                                                      \
    "openssl cms -sign -binary -noattr -outform DER -in %s -signer CERT -inkey KEY -out %s"        \
    MANIFEST_SIGNATURE_SUFFIX

/* Asks about every file that m was read from; m must have its sources. They are gone through in the
 * order of reading, and the first one without a good signature decides. Under Signature=permissive
 * verdicts count as under Signature=local: the manifest has to be signed all the same.
 * 0; -EKEYREJECTED (EXIT_STATUS_REFUSED) with the file, the reason and the way out; -EOPNOTSUPP
 * likewise if nobody can tell here, as below --root= and without privileges; -ENOMEM. */
int trust_check_manifest(struct host *h, const struct trust_machine *machine,
                         const struct manifest *m, struct error *e);

/* A hash over the sources of a manifest in hex: the same manifest gives the same one. NULL when out
 * of memory. */
char *manifest_digest(const struct manifest *m);
