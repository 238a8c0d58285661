/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify-test.h"

/* The second and the third way, and the administrator's own keys: what counts without BPF. */

static int open_world(void **state) {
    (void) world_open(state);
    close_kernel_pkcs7();
    return 0;
}

static void sign_by(const enum who *signers, size_t n, unsigned embedded, int spoiled) {
    struct signature s;

    make_signature(signers, n, embedded, &s);
    if (spoiled >= 0)
        spoil(&s, spoiled);
    judge(&s, 0);
}

static void test_embedded(void **state _unused_) {
    verify_by(LEAF, 1U << LEAF, 0);
    assert_verdict("verified");
    assert_string_equal(report.way, "kernel-keyring");
    assert_string_equal(report.keyring, ".machine");
    assert_int_equal(outcome_of("kernel-pkcs7"), OUTCOME_UNAVAILABLE);
}

static void test_keys_directory(void **state _unused_) {
    verify_by(PLATFORM, 0, 0);
    assert_verdict("unknown-signer");
    assert_fact("kernel-keyring", "there is no certificate of the signer");
    put_certificate("/usr/lib/lpd/keys.d/p.der", PLATFORM);
    verify_by(PLATFORM, 0, 0);
    assert_verdict("verified");
    assert_string_equal(report.keyring, ".platform");
    policy.keyrings = ALL_KEYRINGS & ~(unsigned) KEYRING_PLATFORM;
    verify_by(PLATFORM, 0, 0);
    assert_verdict("unknown-signer");
    assert_part(report.reason, "which Keyrings= leaves out");
    assert_string_equal(report.hint, "to count it, add 'platform' to Keyrings= in lpd.conf");
}

/* Issued by a key that counts, but the module loader would not have the certificate. */
static void test_leaf_elsewhere(void **state _unused_) {
    put_certificate("/etc/lpd/keys.d/leaf.der", LEAF);
    machine.sig_enforce = 1;
    verify_by(LEAF, 0, 0);
    assert_verdict("unknown-signer");
    assert_part(report.reason, "Leaf, was issued by Machine in .machine, but is neither in the signature");
    assert_part(report.hint, "keyctl padd asymmetric");
    assert_int_not_equal(keyring.n_verify, 0);

    (void) fake_keyring_add(&keyring, keyrings[SECONDARY], "asymmetric", description_of(LEAF));
    verify_by(LEAF, 0, 0);
    assert_verdict("verified");
}

/* A keyring vouches for what its keys have signed, not for the keys in it. */
static void test_orphan(void **state _unused_) {
    (void) fake_keyring_add(&keyring, keyrings[MACHINE], "asymmetric", description_of(ORPHAN));
    verify_by(ORPHAN, 1U << ORPHAN, 0);
    assert_verdict("unknown-signer");
    assert_fact("kernel-load", "does not enforce");

    machine.sig_enforce = -1;
    verify_by(ORPHAN, 1U << ORPHAN, 0);
    assert_verdict("unknown-signer");

    machine.sig_enforce = 1;
    verify_by(ORPHAN, 1U << ORPHAN, 0);
    assert_verdict("enforced");
    assert_string_equal(report.way, "kernel-load");
    assert_string_equal(report.keyring, ".machine");
    verify_by(ORPHAN, 1U << ORPHAN, TRUST_NO_LOAD);
    assert_verdict("unknown-signer");
    policy.keyrings = KEYRING_BUILTIN;
    verify_by(ORPHAN, 1U << ORPHAN, 0);
    assert_verdict("unknown-signer");
    assert_fact("kernel-load", "Keyrings= leaves out");
}

static void test_neither_way(void **state _unused_) {
    keyring.add_error = -EDQUOT;
    verify_by(MACHINE, 1U << MACHINE, 0);
    assert_verdict("unknown-signer");
    assert_part(report.reason, "could not check its signature, although its key, Machine, is in");
    assert_part(report.hint, "EnforceInKernel=yes");
    assert_int_equal(outcome_of("kernel-pkcs7"), OUTCOME_UNAVAILABLE);
    assert_int_equal(outcome_of("kernel-keyring"), OUTCOME_UNAVAILABLE);
    machine.sig_enforce = 1;
    verify_by(MACHINE, 1U << MACHINE, 0);
    assert_verdict("enforced");
    assert_int_equal(outcome_of("kernel-load"), OUTCOME_PASSED);
    assert_string_equal(report.reason, "the kernel will check it at the load");
    verify_by(STRANGER, 1U << STRANGER, 0);
    assert_verdict("unknown-signer");
    /* By the issuer's name alone the key is no more than likely. */
    verify_by(MACHINE, 0, 0);
    assert_verdict("enforced");
    assert_int_equal(outcome_of("kernel-load"), OUTCOME_NOTE);
    assert_fact("kernel-load", "likely has the key: ");
    assert_string_equal(report.reason, "only the load can tell whether the kernel has its key");
}

static void test_bad(void **state _unused_) {
    static const unsigned embedded[] = { 1U << LEAF, 1U << STRANGER };

    for (size_t i = 0; i < ELEMENTSOF(embedded); i++) {
        sign_by((enum who[]){ i == 0 ? LEAF : STRANGER }, 1, embedded[i], 0);
        assert_verdict("bad-signature");
        assert_string_equal(report.way, "kernel-keyring");
    }
}

/* Each case has the result of pkcs7_verify() and pkcs7_validate_trust(). */
static void test_several_signers(void **state _unused_) {
    static const struct {
        enum who signers[2];
        unsigned embedded;
        int spoiled;
        const char *verdict;
    } cases[] = {
        { { LEAF, STRANGER }, 1U << LEAF | 1U << STRANGER, -1, "verified" },
        { { STRANGER, LEAF }, 1U << LEAF | 1U << STRANGER, -1, "verified" },
        { { LEAF, STRANGER }, 1U << LEAF | 1U << STRANGER, 1, "bad-signature" },
        { { STRANGER, LEAF }, 1U << LEAF | 1U << STRANGER, 0, "bad-signature" },
        { { STRANGER, LEAF }, 1U << LEAF | 1U << STRANGER, 1, "bad-signature" },
        { { LEAF, MACHINE }, 1U << LEAF | 1U << MACHINE, 1, "bad-signature" },
        { { ORPHAN, STRANGER }, 1U << ORPHAN | 1U << STRANGER, -1, "unknown-signer" },
        /* Whether the kernel has the other key is unknown. */
        { { LEAF, STRANGER }, 1U << LEAF, -1, "unknown-signer" },
        { { STRANGER, LEAF }, 1U << LEAF, -1, "unknown-signer" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        sign_by(cases[i].signers, 2, cases[i].embedded, cases[i].spoiled);
        assert_verdict(cases[i].verdict);
    }
}

/* The first matching certificate in the signature decides, even if others match. */
static void test_impostor_embedded(void **state _unused_) {
    struct identity impostor;
    struct signature s;

    put_certificate("/etc/lpd/keys.d/m.der", MACHINE);
    verify_by(MACHINE, 0, 0);
    assert_verdict("verified");
    identity_forge(who + MACHINE, &impostor);
    make_signature((enum who[]){ MACHINE }, 1, 0, &s);
    assert_true(CMS_add1_cert(s.cms, impostor.x509));
    encode(&s);
    judge(&s, 0);
    assert_verdict("bad-signature");
    identity_done(&impostor);
}

static void test_revoked(void **state _unused_) {
    int32_t blacklist = fake_keyring_add(&keyring, 0, "keyring", ".blacklist");

    (void) fake_keyring_add(&keyring, blacklist, "blacklist", tbs_of(LEAF));
    verify_by(LEAF, 1U << LEAF, 0);
    assert_verdict("revoked");
    put_certificate("/etc/lpd/keys.d/leaf.der", LEAF);
    verify_by(LEAF, 0, 0);
    assert_verdict("revoked");
    policy.signature = SIGNATURE_LOCAL;
    verify_by(LEAF, 0, 0);
    assert_verdict("revoked");
}

/* Signature=local. */

static void test_local(void **state _unused_) {
    policy.signature = SIGNATURE_LOCAL;
    put_certificate("/usr/lib/lpd/keys.d/s.der", STRANGER);
    verify_by(STRANGER, 0, 0);
    assert_verdict("unknown-signer");
    assert_int_equal(outcome_of("local"), OUTCOME_FAILED);
    verify_by(STRANGER, 1U << STRANGER, 0);
    assert_verdict("unknown-signer");

    put_certificate("/etc/lpd/keys.d/s.der", STRANGER);
    verify_by(STRANGER, 0, 0);
    assert_verdict("local");
    assert_string_equal(report.local, "/etc/lpd/keys.d/s.der");
    sign_by((enum who[]){ STRANGER }, 1, 0, 0);
    assert_verdict("unknown-signer");

    policy.signature = SIGNATURE_REQUIRED;
    verify_by(STRANGER, 0, 0);
    assert_verdict("unknown-signer");
    assert_string_equal(report.local, "/etc/lpd/keys.d/s.der");
    assert_int_equal(outcome_of("local"), OUTCOME_NOTE);
}

static void test_local_unsafe(void **state _unused_) {
    char path[PATH_MAX + 32];

    policy.signature = SIGNATURE_LOCAL;
    put_certificate("/etc/lpd/keys.d/s.der", STRANGER);
    TREE_ASSERT(snprintf(path, sizeof(path), "%s/etc/lpd/keys.d/s.der", kernel.root) > 0);
    assert_int_equal(chmod(path, 0666), 0);
    verify_by(STRANGER, 0, 0);
    assert_verdict("unknown-signer");
}

/* Explaining. */

static void test_explained(void **state _unused_) {
    static const struct {
        const char *path;
        int secure_boot;
        const char *reason, *hint;
    } cases[] = {
        { NULL, 1, "could not check its signature", "certificate to /etc/lpd/keys.d" },
        { NULL, 0, "could not check its signature", "certificate to /etc/lpd/keys.d" },
        { "/etc/lpd/keys.d/s.der", 1, "is in /etc/lpd/keys.d/s.der", "mokutil --import /etc" },
        { "/etc/lpd/keys.d/s.der", 0, "but not in the kernel", "with Signature=local" },
        { "/usr/lib/lpd/keys.d/s.der", 0, "is in /usr", "copy it to /etc/lpd/keys.d" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        fake_kernel_remove(&kernel, "/etc/lpd");
        if (cases[i].path)
            put_certificate(cases[i].path, STRANGER);
        machine.secure_boot = cases[i].secure_boot;
        verify_by(STRANGER, 0, 0);
        assert_verdict("unknown-signer");
        assert_part(report.reason, cases[i].reason);
        assert_part(report.hint, cases[i].hint);
        assert_fact("keyrings", ".machine (1), .platform (1)");
    }
}

static void put_in_firmware(const char *path, enum who w) {
    static const uint8_t guid[16] = { 0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
                                      0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72 };
    char list[4096];
    size_t size;
    _cleanup_free_ char *der = identity_der(who + w, &size);
    uint32_t sizes[3] = { (uint32_t) (28 + 16 + size), 0, (uint32_t) (16 + size) };

    memcpy(list, guid, sizeof(guid));
    memcpy(list + 16, sizes, sizeof(sizes));
    memset(list + 28, 0, 16);
    memcpy(list + 44, der, size);
    fake_kernel_file(&kernel, path, list, 44 + size);
}

static void test_enrolled(void **state _unused_) {
    put_in_firmware("/sys/firmware/efi/mok-variables/MokListRT", STRANGER);
    machine.secure_boot = 0;
    verify_by(STRANGER, 0, 0);
    assert_verdict("unknown-signer");
    assert_part(report.reason, "only with Secure Boot");
    assert_part(report.hint, "enable Secure Boot");
    machine.secure_boot = 1;
    verify_by(STRANGER, 0, 0);
    assert_part(report.reason, "the firmware has its key, Stranger (ECDSA P-256)");
    assert_part(report.hint, "reboot");
}

static void test_no_keyrings(void **state _unused_) {
    policy.keyrings = 0;
    verify_by(LEAF, 1U << LEAF, 0);
    assert_verdict("unknown-signer");
    assert_fact("keyrings", "none, as Keyrings= is empty");
    policy.keyrings = ALL_KEYRINGS;
    keyring.hidden = true;
    (void) fake_keyring_add(&keyring, 0, "asymmetric", "another");
    verify_by(STRANGER, 1U << STRANGER, 0);
    assert_fact("keyrings", "this user may not list");
}

static void test_unsupported(void **state _unused_) {
    keyring.certificate_error = -ENOENT;
    verify_by(MACHINE, 1U << MACHINE, 0);
    assert_verdict("unsupported");
    assert_part(report.reason, "lacks the crypto for its signature (sha256)");
    assert_part(report.hint, "modprobe sha256");
}

#define test(name) cmocka_unit_test_setup_teardown(name, open_world, world_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        test(test_embedded),          test(test_keys_directory),
        test(test_leaf_elsewhere),    test(test_orphan),
        test(test_neither_way),       test(test_bad),
        test(test_several_signers),   test(test_impostor_embedded), test(test_revoked),
        test(test_local),             test(test_local_unsafe),
        test(test_explained),         test(test_enrolled),
        test(test_no_keyrings),       test(test_unsupported),
    };

    return cmocka_run_group_tests(tests, identities_make, identities_done);
}
