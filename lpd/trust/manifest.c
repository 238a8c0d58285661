/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/hex.h"
#include "config/conf-files.h"
#include "trust/manifest.h"

/* No way to ask the kernel was available, so it has answered neither yes nor no. */
static bool cannot_tell(const struct trust_report *t) {
    return !t->way && t->verdict == VERDICT_UNKNOWN_SIGNER;
}

static int refuse_unsigned(struct error *e, const char *path) {
    (void) error_set(e, -EKEYREJECTED, EXIT_STATUS_REFUSED,
                     "%s: not signed: there is no %s" MANIFEST_SIGNATURE_SUFFIX
                     " beside it (SignedManifests=yes)", path, path_basename(path));
    return error_hint(e, -EKEYREJECTED, "sign it: " MANIFEST_SIGN_COMMAND, path, path);
}

/* Reads the signature file. An empty one is no signature. If this user may not read it, another
 * user may. Its owner does not matter, because it either matches the bytes of the manifest or does
 * not. */
static int read_signature(const struct host *h, const struct manifest_source *source, char **ret,
                          size_t *ret_size, struct error *e) {
    _cleanup_(error_done) struct error reading = ERROR_NULL;
    _cleanup_free_ char *path = NULL;
    int r;

    if (asprintf(&path, "%s" MANIFEST_SIGNATURE_SUFFIX, source->path) < 0)
        return -ENOMEM;
    r = conf_read_untrusted(h, path, ret, ret_size, &reading);
    if (r == 0 || r == -ENOENT)
        return refuse_unsigned(e, source->path);
    if (r == -ENOMEM || r > 0)
        return MIN(r, 0);
    (void) error_place_last(&reading, r, path);
    return error_set(e, r == -EACCES ? -EOPNOTSUPP : -EKEYREJECTED, EXIT_STATUS_REFUSED, "%s",
                     error_message(&reading, r));
}

static int check_source(struct host *h, const struct trust_machine *machine,
                        const struct manifest_source *source, struct error *e) {
    _cleanup_(trust_report_done) struct trust_report report = {};
    struct trust_subject subject = { .data = source->data, .data_size = source->size };
    _cleanup_free_ char *signature = NULL;
    int r;

    r = read_signature(h, source, &signature, &subject.signature_size, e);
    if (r < 0)
        return r;
    subject.signature = signature;
    r = trust_verify(h, machine, &subject, TRUST_NO_LOAD, &report);
    if (r < 0)
        return r;
    if (verdict_accepted(report.verdict, machine->policy->signature))
        return 0;
    r = error_set(e, cannot_tell(&report) ? -EOPNOTSUPP : -EKEYREJECTED, EXIT_STATUS_REFUSED,
                  "%s: %s (%s, SignedManifests=yes)", source->path, strempty(report.reason),
                  verdict_to_string(report.verdict));
    return report.hint ? error_hint(e, r, "%s", report.hint) : r;
}

int trust_check_manifest(struct host *h, const struct trust_machine *machine,
                         const struct manifest *m, struct error *e) {
    struct policy policy = *machine->policy;
    const struct trust_machine strict = { &policy, machine->sig_enforce, machine->secure_boot };
    int r = 0;

    /* The key requires a signature explicitly. */
    if (policy.signature == SIGNATURE_PERMISSIVE)
        policy.signature = SIGNATURE_LOCAL;
    for (size_t i = 0; i < m->n_sources && r >= 0; i++)
        r = error_place_last(e, check_source(h, &strict, m->sources + i, e), m->sources[i].path);
    if (r >= 0 && m->by_default)
        return error_set(e, -EKEYREJECTED, EXIT_STATUS_REFUSED,
                         "%s: this module has no manifest, and SignedManifests=yes takes only signed ones", m->path);
    if (r >= 0 && m->n_sources == 0)
        return error_set(e, -EKEYREJECTED, EXIT_STATUS_REFUSED,
                         "%s: its content is not available", m->path);
    return r;
}

/* Hashes the size of each file before its contents, so that moving text from one file to the next
 * changes the digest. */
char *manifest_digest(const struct manifest *m) {
    _cleanup_free_ struct iovec *pieces = calloc(2 * m->n_sources + 1, sizeof(*pieces));
    _cleanup_free_ uint64_t *sizes = calloc(m->n_sources + 1, sizeof(*sizes));
    uint8_t digest[SHA256_SIZE];

    if (!pieces || !sizes)
        return NULL;
    for (size_t i = 0; i < m->n_sources; i++) {
        sizes[i] = m->sources[i].size;
        pieces[2 * i] = (struct iovec){ &sizes[i], sizeof(sizes[i]) };
        pieces[2 * i + 1] = (struct iovec){ m->sources[i].data, m->sources[i].size };
    }
    if (sha256_take_pieces(pieces, 2 * m->n_sources, digest) < 0)
        return NULL;
    return hex_encode(digest, sizeof(digest));
}
