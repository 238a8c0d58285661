/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/digest.h"
#include "base/hex.h"
#include "base/strv.h"
#include "trust/kernel-load.h"
#include "trust/kernel-verify.h"

#define TBS "tbs:"
#define SEQUENCE 0x30

/* Reads the header of one DER SEQUENCE. Certificates come from the firmware and from root's files,
 * and only the bounds of two elements are read. False if it is something else. */
static bool take_sequence(const uint8_t *data, size_t size, size_t *ret_header, size_t *ret_size) {
    size_t header = 2, length, n;

    if (size < header || data[0] != SEQUENCE)
        return false;
    length = data[1];
    if (length & 0x80) {
        n = length & 0x7f;
        if (n == 0 || n > 3 || size < header + n)
            return false;
        for (length = 0; n > 0; n--)
            length = length << 8 | data[header++];
    }
    if (length > size - header)
        return false;
    *ret_header = header;
    *ret_size = header + length;
    return true;
}

static bool has_entry(const struct verification *j, const uint8_t *tbs, size_t size) {
    char entry[STRLEN(TBS) + SHA256_HEX_SIZE] = TBS;

    sha256_take_hex(tbs, size, entry + STRLEN(TBS));
    return strv_contains(j->keyrings.blacklist, entry);
}

/* Whether a certificate may belong to one of the kernel's keys. The kernel identifies a key by its
 * subject key identifier, or by the serial number of a certificate without one
 * (crypto/asymmetric_keys/x509_public_key.c); the certificate contains both as plain bytes. */
static bool may_have_key(const struct verification *j, const uint8_t *certificate, size_t size) {
    for (size_t i = 0; i < j->keyrings.n_keys; i++) {
        const struct kernel_key *key = j->keyrings.keys + i;
        _cleanup_free_ void *id = NULL;
        size_t n = 0;

        if (!key->key_id || hex_decode(key->key_id, &id, &n) < 0 || n == 0 ||
            memmem(certificate, size, id, n))
            return true;
    }
    return false;
}

/* Whether a certificate in that file may be on .blacklist while its key is in a keyring. True if
 * the file cannot be read. */
static bool may_be_revoked(const struct verification *j, const struct certificate_file *f) {
    const uint8_t *next = (const uint8_t *) f->data, *end = next + f->size;

    while (next < end) {
        size_t header, size, tbs_header, tbs_size;

        if (!take_sequence(next, (size_t) (end - next), &header, &size) ||
            !take_sequence(next + header, size - header, &tbs_header, &tbs_size))
            return true;
        if (has_entry(j, next + header, tbs_size) && may_have_key(j, next, size))
            return true;
        next += size;
    }
    return false;
}

/* Whether .blacklist identifies certificates only by their SHA256, which it usually does. */
static bool knows_all_hashes(const struct verification *j, bool *ret_any) {
    bool any = false;

    STRV_FOREACH(entry, j->keyrings.blacklist)
        if (startswith(*entry, TBS)) {
            any = true;
            if (strlen(*entry) != STRLEN(TBS) + 2 * SHA256_SIZE)
                return false;
        }
    *ret_any = any;
    return true;
}

/* If a key was added to a keyring before its certificate was added to .blacklist, as happens with
 * db and dbx, it stays in the keyring. Some kernels still accept it; lpd does not. 1: there may be
 * such a key; 0; -ENOMEM. */
static int trusts_revoked_key(struct verification *j) {
    bool any = false;
    int r;

    if (!knows_all_hashes(j, &any))
        return 1;
    if (!any)
        return 0;
    r = verification_read_files(j);
    for (size_t i = 0; i < j->files.n_files && r >= 0; i++)
        if (may_be_revoked(j, j->files.files + i))
            return 1;
    return MIN(r, 0);
}

const char *kernel_load_obstacle(const struct verification *j) {
    if (j->machine->sig_enforce != 1 && !j->machine->locked_down)
        return "the kernel does not enforce signatures";
    if (!j->keyrings.readable)
        return "the kernel's keyrings cannot be read";
    if (verification_left_out(j, ~0U))
        return "the kernel trusts keys that Keyrings= leaves out";
    return NULL;
}

static int conclude_enforced(struct verification *j) {
    struct trust_report *t = &j->report;

    t->verdict = VERDICT_ENFORCED;
    t->way = KERNEL_LOAD;
    if (string_set(&t->reason, "the kernel will check it at the load") < 0 ||
        trust_report_add(t, KERNEL_LOAD, OUTCOME_PASSED,
                         "the kernel enforces signatures, and every keyring it trusts counts: "
                         "it checks the signature when it loads the module") < 0)
        return -ENOMEM;
    return 1;
}

int kernel_load_decide(struct verification *j) {
    const char *obstacle;
    int r;

    if (j->flags & TRUST_NO_LOAD || !j->host->live || !j->subject->signature)
        return 0;
    r = verification_read_keyrings(j);
    if (r < 0)
        return r;
    obstacle = kernel_load_obstacle(j);
    if (!obstacle) {
        r = trusts_revoked_key(j);
        if (r < 0)
            return r;
        obstacle = r > 0 ? "the kernel may trust a key whose certificate is on .blacklist" : NULL;
    }
    if (obstacle)
        return trust_report_add(&j->report, KERNEL_LOAD, OUTCOME_UNAVAILABLE, "%s", obstacle);
    r = verify_revoked(j);
    return r != 0 ? r : conclude_enforced(j);
}
