/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked about a manifest, and how the answer is used. This file replaces trust_verify();
 * its real answers are tested on booted machines. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/strv.h"
#include "check.h"
#include "tree.h"
#include "trust/manifest.h"

#define MAIN "/etc/lpd/patches.d/lp.conf"
#define DROPIN "/usr/lib/lpd/patches.d/lp.conf.d/10.conf"

int __wrap_trust_verify(struct host *host, const struct trust_machine *machine,
                       const struct trust_subject *subject, unsigned flags,
                       struct trust_report *ret);

static struct host h;
static struct error e;
static struct manifest m;
static struct policy policy;

/* The verdict on everything, and the last question. */
static enum verdict verdict;
static const char *way;
static unsigned n_asked, asked_flags;
static enum signature_policy asked_policy;
static char asked_data[256], asked_signature[256];

int __wrap_trust_verify(struct host *host, const struct trust_machine *machine,
                       const struct trust_subject *subject, unsigned flags,
                       struct trust_report *ret) {
    assert_ptr_equal(host, &h);
    assert_int_equal(machine->sig_enforce, 1);
    assert_int_equal(machine->secure_boot, 0);
    n_asked++;
    asked_flags = flags;
    asked_policy = machine->policy->signature;
    (void) snprintf(asked_data, sizeof(asked_data), "%.*s", (int) subject->data_size,
                    (const char *) subject->data);
    (void) snprintf(asked_signature, sizeof(asked_signature), "%.*s", (int) subject->signature_size,
                    (const char *) subject->signature);
    *ret = (struct trust_report){ .verdict = verdict, .way = way,
                                  .reason = strdup("says the judge"), .hint = strdup("do this") };
    return 0;
}

static int setup(void **state _unused_) {
    tree_make(&h);
    e = ERROR_NULL;
    verdict = VERDICT_VERIFIED;
    way = "kernel-pkcs7";
    n_asked = 0;
    policy = (struct policy){ .signature = SIGNATURE_REQUIRED };
    tree_write(&h, MAIN, "[Patch]\n");
    tree_write(&h, MAIN ".p7s", "signature of main");
    return 0;
}

static int teardown(void **state _unused_) {
    manifest_done(&m);
    error_done(&e);
    tree_remove(&h);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void read_it(void) {
    manifest_done(&m);
    assert_int_equal(manifest_load(&h, "lp", &m, NULL), 0);
}

static int check(void) {
    const struct trust_machine machine = { &policy, .sig_enforce = 1, .secure_boot = 0 };

    return trust_check_manifest(&h, &machine, &m, &e);
}

static int read_and_check(void) {
    read_it();
    return check();
}

static void assert_refused(int expected, const char *message) {
    int r = check();

    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    assert_error_is(r, expected, &e, message);
}

/* As strict as for a module, except that no load follows that the kernel would check. */
static void test_verdicts(void **state _unused_) {
    static const struct {
        enum verdict verdict;
        int required, other; /* other: local and permissive */
    } table[] = {
        { VERDICT_VERIFIED, 0, 0 },
        { VERDICT_LOCAL, -EKEYREJECTED, 0 },
        { VERDICT_UNKNOWN_SIGNER, -EKEYREJECTED, -EKEYREJECTED },
        { VERDICT_UNSUPPORTED, -EKEYREJECTED, -EKEYREJECTED },
        { VERDICT_BAD_SIGNATURE, -EKEYREJECTED, -EKEYREJECTED },
        { VERDICT_REVOKED, -EKEYREJECTED, -EKEYREJECTED },
        { VERDICT_UNSIGNED, -EKEYREJECTED, -EKEYREJECTED },
        { VERDICT_PARSER_FAILED, -EKEYREJECTED, -EKEYREJECTED },
    };

    read_it();
    for (size_t i = 0; i < ELEMENTSOF(table); i++)
        for (unsigned p = SIGNATURE_REQUIRED; p <= SIGNATURE_PERMISSIVE; p++) {
            verdict = table[i].verdict;
            policy.signature = p;
            assert_int_equal(check(), p == SIGNATURE_REQUIRED ? table[i].required : table[i].other);
            assert_int_equal(asked_policy, p == SIGNATURE_PERMISSIVE ? SIGNATURE_LOCAL : p);
            assert_int_equal(asked_flags, TRUST_NO_LOAD);
            assert_int_equal(policy.signature, p);
        }
}

static void test_message(void **state _unused_) {
    int r;

    verdict = VERDICT_BAD_SIGNATURE;
    r = read_and_check();
    assert_string_equal(e.hint, "do this");
    assert_error_is(r, -EKEYREJECTED, &e,
                    "lp.conf: says the judge (bad-signature, SignedManifests=yes) (" MAIN ")");
}

/* No answer differs from a refusal; a malformed signature stays refused. */
static void test_nobody_to_ask(void **state _unused_) {
    way = NULL;
    read_it();
    verdict = VERDICT_UNKNOWN_SIGNER;
    assert_refused(-EOPNOTSUPP, "lp.conf: says the judge (unknown-signer, SignedManifests=yes) (" MAIN ")");
    verdict = VERDICT_PARSER_FAILED;
    assert_refused(-EKEYREJECTED, "lp.conf: says the judge (parser-failed, SignedManifests=yes) (" MAIN ")");
    verdict = VERDICT_BAD_SIGNATURE;
    assert_refused(-EKEYREJECTED, "lp.conf: says the judge (bad-signature, SignedManifests=yes) (" MAIN ")");
}

/* The parsed bytes are verified, whatever the file contains by now. */
static void test_bytes_of_the_reading(void **state _unused_) {
    read_it();
    tree_write(&h, MAIN, "[Patch]\nProbe=/tmp/evil\n");
    assert_int_equal(check(), 0);
    assert_string_equal(asked_data, "[Patch]\n");
    assert_string_equal(asked_signature, "signature of main");
}

static void test_dropins(void **state _unused_) {
    tree_write(&h, DROPIN, "[Patch]\nRequired=yes\n");
    tree_write(&h, "/etc/lpd/patches.d/lp.conf.d/20.conf", "");
    read_it();
    assert_refused(-EKEYREJECTED, "10.conf: not signed: there is no 10.conf.p7s beside it "
                                  "(SignedManifests=yes) (" DROPIN ")");
    assert_int_equal(n_asked, 1);
    tree_write(&h, DROPIN ".p7s", "signature of the drop-in");
    assert_int_equal(check(), 0);
    assert_int_equal(n_asked, 3);
    assert_string_equal(asked_data, "[Patch]\nRequired=yes\n");
    assert_string_equal(asked_signature, "signature of the drop-in");
}

/* Another signature does not make up for a bad one. */
static void test_first_decides(void **state _unused_) {
    tree_write(&h, DROPIN, "[Patch]\n");
    tree_write(&h, DROPIN ".p7s", "x");
    read_it();
    verdict = VERDICT_REVOKED;
    assert_refused(-EKEYREJECTED, "lp.conf: says the judge (revoked, SignedManifests=yes) (" MAIN ")");
    assert_int_equal(n_asked, 1);
}

static void test_no_signature(void **state _unused_) {
    static const char message[] = "lp.conf: not signed: there is no lp.conf.p7s beside it "
                                  "(SignedManifests=yes) (" MAIN ")";

    read_it();
    tree_write(&h, MAIN ".p7s", "");
    assert_refused(-EKEYREJECTED, message);
    assert_int_equal(file_unlink(&h, MAIN ".p7s"), 0);
    tree_link(&h, "/dev/null", MAIN ".p7s");
    assert_refused(-EKEYREJECTED, message);
    assert_int_equal(file_unlink(&h, MAIN ".p7s"), 0);
    assert_int_equal(check(), -EKEYREJECTED);
    assert_string_equal(e.hint, "sign it: openssl cms -sign -binary -noattr -outform DER -in " MAIN
                                " -signer CERT -inkey KEY -out " MAIN ".p7s");
    assert_refused(-EKEYREJECTED, message);
    assert_int_equal(n_asked, 0);
}

static void test_hostile_signatures(void **state _unused_) {
    _cleanup_free_ char *large = calloc(1, INI_FILE_MAX + 1);
    char path[PATH_MAX + 64];

    assert_non_null(large);
    read_it();
    tree_write_data(&h, MAIN ".p7s", large, INI_FILE_MAX + 1);
    assert_refused(-EKEYREJECTED, "lp.conf.p7s: larger than 1 MiB (" MAIN ".p7s)");
    tree_write_data(&h, MAIN ".p7s", large, INI_FILE_MAX);
    assert_int_equal(check(), 0);
    assert_int_equal(file_unlink(&h, MAIN ".p7s"), 0);

    tree_path(&h, path);
    strcat(path, MAIN ".p7s");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(-EKEYREJECTED, "lp.conf.p7s: not a regular file (" MAIN ".p7s)");
    assert_int_equal(file_unlink(&h, MAIN ".p7s"), 0);
    tree_write(&h, MAIN ".p7s/x", "");
    assert_refused(-EKEYREJECTED, "lp.conf.p7s: not a regular file (" MAIN ".p7s)");
    assert_int_equal(file_unlink(&h, MAIN ".p7s/x"), 0);
    assert_int_equal(file_rmdir(&h, MAIN ".p7s"), 0);
    tree_link(&h, "lp.conf.p7s", MAIN ".p7s");
    assert_refused(-EKEYREJECTED, "lp.conf.p7s: Too many levels of symbolic links (" MAIN ".p7s)");
}

/* A user who may not read it cannot tell. Root may read everything, so the test becomes nobody. */
static void test_unprivileged(void **state _unused_) {
    bool root = geteuid() == 0;
    char path[PATH_MAX + 64];
    int r;

    read_it();
    tree_path(&h, path);
    assert_int_equal(chmod(path, 0755), 0);
    strcat(path, MAIN ".p7s");
    assert_int_equal(chmod(path, 0), 0);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    r = check();
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_error_is(r, -EOPNOTSUPP, &e, "lp.conf.p7s: Permission denied (" MAIN ".p7s)");
}

static void test_no_bytes(void **state _unused_) {
    read_it();
    manifest_forget_sources(&m);
    assert_refused(-EKEYREJECTED, MAIN ": its content is not available");
}

static char *digest_of(const char *main, const char *dropin) {
    char *digest;

    tree_write(&h, MAIN, main);
    tree_write(&h, DROPIN, dropin);
    read_it();
    digest = manifest_digest(&m);
    assert_non_null(digest);
    assert_int_equal(strlen(digest), 64);
    return digest;
}

static void test_digest(void **state _unused_) {
    _cleanup_free_ char *first = digest_of("[Patch]\n#\n", "[Patch]\n#\n"),
                        *again = digest_of("[Patch]\n#\n", "[Patch]\n#\n"),
                        *other = digest_of("[Patch]\n#\n", "[Patch]\n;\n"),
                        *moved = digest_of("[Patch]\n", "#\n[Patch]\n#\n");

    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    assert_string_not_equal(first, moved);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_verdicts),      TEST(test_message),
        TEST(test_nobody_to_ask), TEST(test_bytes_of_the_reading),
        TEST(test_dropins),       TEST(test_first_decides),
        TEST(test_no_signature),  TEST(test_hostile_signatures),
        TEST(test_unprivileged),  TEST(test_no_bytes),
        TEST(test_digest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
