/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "base/strv.h"
#include "trust/diagnose.h"

/* Explains why no key was found, and what would make the kernel trust the signature. */

/* The signer's certificate, if it came from one of those places, or NULL. */
static const struct certificate *find_certificate(const struct verification *j, unsigned origins) {
    for (size_t i = 0; i < j->pkcs7.n_signers; i++) {
        const struct signer *signer = j->pkcs7.signers + i;

        for (size_t k = 0; k < signer->n_certificates; k++) {
            const struct certificate *c = j->pkcs7.certificates + signer->certificates[k];
            const struct certificate_file *file = verification_file(j, c);

            if (file && (origins & (1U << file->origin)))
                return c;
        }
    }
    return NULL;
}

static int searched(struct verification *j) {
    _cleanup_free_ char *list = NULL;

    for (unsigned bit = KEYRING_BUILTIN; bit <= KEYRING_PLATFORM; bit <<= 1) {
        char *longer;
        size_t n = 0;

        if (!(j->machine->policy->keyrings & bit))
            continue;
        for (size_t i = 0; i < j->keyrings.n_keys; i++)
            n += j->keyrings.keys[i].keyring == bit;
        if (asprintf(&longer, "%s%s%s (%s%zu)", strempty(list), list ? ", " : "",
                     kernel_keyring_name(bit), j->keyrings.present & bit ? "" : "not there, ", n) < 0)
            return -ENOMEM;
        free(list);
        list = longer;
    }
    return trust_report_add(&j->report, "keyrings", OUTCOME_NOTE, "keys searched: %s%s",
                            list ?: "none, as Keyrings= is empty",
                            j->keyrings.readable ? "" : ", which this user may not list");
}

/* Replaces the reason by a more precise one, and adds the way out. */
static int explained(struct verification *j, char *reason, char *hint) {
    struct trust_report *t = &j->report;

    if (!reason || !hint) {
        free(reason);
        free(hint);
        return -ENOMEM;
    }
    free(t->reason);
    t->reason = reason;
    free(t->hint);
    t->hint = hint;
    return trust_report_add(t, "key", OUTCOME_NOTE, "%s", reason) < 0 ? -ENOMEM : 1;
}

static char *text(const char *fmt, ...) _printf_(1, 2);
static char *text(const char *fmt, ...) {
    char *s;
    va_list ap;
    int r;

    va_start(ap, fmt);
    r = vasprintf(&s, fmt, ap);
    va_end(ap);
    return r < 0 ? NULL : s;
}

/* Each of the following functions returns 1 if it knows the reason, 0 if not, or -ENOMEM. */

static int nobody_could_be_asked(struct verification *j) {
    const struct kernel_key *key = verification_find_key(j, j->machine->policy->keyrings);
    bool enforceable = j->machine->sig_enforce != 1 && !(j->flags & TRUST_NO_LOAD);

    if (!key || j->report.way)
        return 0;
    return explained(j,
                     text("the kernel could not check its signature, although its key, %s, is in "
                          "%s",
                          key->name, kernel_keyring_name(key->keyring)),
                     text("%s", enforceable
                                    ? "make the kernel check each load: EnforceInKernel=yes in "
                                      "lpd.conf"
                                    : "use a kernel with BPF and BTF"));
}

static int in_keyring_left_out(struct verification *j) {
    const struct kernel_key *key = verification_find_key(j, ~j->machine->policy->keyrings);
    const char *keyring = key ? kernel_keyring_name(key->keyring) : NULL;

    if (!key)
        return 0;
    return explained(j, text("its key, %s, is in %s, which Keyrings= leaves out", key->name, keyring),
                     text("to count it, add '%s' to Keyrings= in lpd.conf",
                          keyring_set_to_string(key->keyring)));
}

static bool is_signers(const struct verification *j, size_t certificate) {
    for (size_t i = 0; i < j->pkcs7.n_signers; i++)
        for (size_t k = 0; k < j->pkcs7.signers[i].n_certificates; k++)
            if (j->pkcs7.signers[i].certificates[k] == certificate)
                return true;
    return false;
}

static int issued_by_trusted_key(struct verification *j) {
    for (size_t i = 0; i < j->pkcs7.n_certificates; i++) {
        const struct certificate *c = j->pkcs7.certificates + i;
        const struct certificate_file *file = verification_file(j, c);
        const struct kernel_key *issuer;

        if (!file || !c->authority_key_id || c->self_issued || !is_signers(j, i))
            continue;
        issuer = kernel_keyrings_find(&j->keyrings, j->machine->policy->keyrings, c->authority_key_id);
        if (!issuer)
            continue;
        return explained(j,
                         text("the certificate of its key, %s, was issued by %s in %s, but is neither in "
                              "the signature nor in a keyring",
                              c->name, issuer->name, kernel_keyring_name(issuer->keyring)),
                         text("sign with the certificate embedded, or, until the next reboot: keyctl "
                              "padd asymmetric '' %%:.secondary_trusted_keys <%s (in DER)",
                              file->path));
    }
    return 0;
}

static int enrolled_without_secure_boot(struct verification *j) {
    const struct certificate *c = find_certificate(j, 1U << ORIGIN_MOK);

    if (!c || j->machine->secure_boot == 1)
        return 0;
    return explained(j,
                     text("its key, %s, is enrolled as machine owner's key, but the kernel "
                          "accepts those only with Secure Boot",
                          c->name),
                     text("enable Secure Boot in the firmware's setup and reboot"));
}

static int enrolled_since(struct verification *j) {
    const struct certificate *c = find_certificate(j, 1U << ORIGIN_MOK | 1U << ORIGIN_DB);

    if (!c)
        return 0;
    return explained(j,
                     text("the firmware has its key, %s (%s), but this kernel does not: it lacks "
                          "the crypto, uses such keys for other purposes, or was booted before",
                          c->name, c->algorithm),
                     text("reboot; if that does not help, sign with RSA, or enroll it as machine owner's "
                          "key for the kernel's .machine keyring: mokutil --import CERTIFICATE, mokutil "
                          "--trust-mok"));
}

/* The key is in none of the kernel's keyrings. */
static int lies_about(struct verification *j) {
    const struct certificate *c = find_certificate(j, 1U << ORIGIN_LOCAL | 1U << ORIGIN_VENDOR);
    const char *path = c ? verification_file(j, c)->path : NULL;
    char *reason, *hint;

    if (!c)
        return 0;
    reason = text("its key, %s, is in %s, but not in the kernel's keyrings", c->name, path);
    if (j->machine->secure_boot == 1)
        hint = text("enroll it: mokutil --import %s, then reboot and confirm", path);
    else if (j->report.local)
        hint = text("without Secure Boot the kernel accepts no keys of yours: enable it and "
                    "enroll the key (mokutil --import %s), or accept lpd's own check with "
                    "Signature=local in lpd.conf",
                    path);
    else
        hint = text("without Secure Boot the kernel accepts no keys of yours: enable it and "
                    "enroll the key (mokutil --import %s), or copy it to " KEYS_DIRECTORY_LOCAL
                    " and set Signature=local in lpd.conf", path);
    return explained(j, reason, hint);
}

/* A keyring may have its key: a signature that names issuer and serial number does not identify
 * the key. */
static int nobody_was_asked(struct verification *j) {
    if (j->report.way)
        return 0;
    return explained(j,
                     text("the kernel could not check its signature; the signer is %s",
                          strempty(j->report.signer)),
                     text("copy the signer's certificate to " KEYS_DIRECTORY_LOCAL
                          ": the kernel's keyrings can check it then"));
}

/* The certificate was not found, but a key has the name of its issuer. */
static int maybe_issued_by_trusted_key(struct verification *j) {
    const struct kernel_key *key = verification_guess_key(j, j->machine->policy->keyrings);

    if (!key)
        return 0;
    return explained(j,
                     text("no key of this machine made its signature, but %s in %s may have "
                          "issued the certificate of its signer, %s",
                          key->name, kernel_keyring_name(key->keyring), strempty(j->report.signer)),
                     text("sign with the certificate embedded, or put it into " KEYS_DIRECTORY_LOCAL
                          ", then run lpctl verify again"));
}

static int nobody_knows(struct verification *j) {
    return explained(j,
                     text("no key of this machine made its signature; the signer is %s",
                          strempty(j->report.signer)),
                     text("%s", j->machine->secure_boot == 1
                                    ? "if you trust it, get its certificate and enroll it: mokutil --import "
                                      "CERTIFICATE, then reboot and confirm"
                                    : "if you trust it, put its certificate into " KEYS_DIRECTORY_LOCAL
                                      " and set Signature=local in lpd.conf: without Secure Boot "
                                      "the kernel accepts no keys of yours"));
}

static int lacks_crypto(struct verification *j) {
    const char *hash = strempty(j->report.hash);

    if (j->report.verdict != VERDICT_UNSUPPORTED)
        return 0;
    return explained(j,
                     text("this kernel lacks the crypto for its signature (%s): its module is "
                          "not loaded, or it was built without", hash),
                     text("modprobe %s, or sign with RSA and sha256", hash));
}

int diagnose_missing_key(struct verification *j) {
    static int (*const reasons[])(struct verification *) = {
        lacks_crypto,
        nobody_could_be_asked,
        in_keyring_left_out,
        issued_by_trusted_key,
        enrolled_without_secure_boot,
        enrolled_since,
        lies_about,
        nobody_was_asked,
        maybe_issued_by_trusted_key,
        nobody_knows,
    };
    int r;

    /* The keys of a machine that is not running are unknown. */
    if (!j->host->live)
        return 0;
    r = searched(j);
    for (size_t i = 0; i < ELEMENTSOF(reasons) && r == 0; i++)
        r = reasons[i](j);
    return MIN(r, 0);
}
