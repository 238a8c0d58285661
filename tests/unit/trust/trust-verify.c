/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify-test.h"
#include "trust/parser.h"

/* The meaning of the kernel's answers, by the first way. */

static void test_unsigned(void **state _unused_) {
    judge(NULL, 0);
    assert_verdict("unsigned");
    assert_string_equal(report.reason, "it is not signed");
    assert_null(report.way);
    assert_int_equal(kernel.bpf.n_calls, 0);
}

static void test_answers(void **state _unused_) {
    static const struct {
        int secondary, platform;
        const char *verdict, *reason;
        unsigned n_asked;
    } cases[] = {
        { 0, -ENOKEY, "verified", NULL, 1 },
        { -ENOKEY, 0, "verified", NULL, 2 },
        { -ENOKEY, -ENOKEY, "unknown-signer", "no key of this machine", 2 },
        { -ENOKEY, -EKEYREJECTED, "bad-signature", "rejected its signature", 2 },
        { -EKEYREJECTED, 0, "bad-signature", "rejected its signature", 1 },
        { -EBADMSG, 0, "bad-signature", "malformed (EBADMSG)", 1 },
        { -ENOPKG, 0, "unsupported", "lacks the crypto", 1 },
        { -ENOKEY, -ENOPKG, "unsupported", "lacks the crypto", 2 },
        { -EXDEV, 0, "bad-signature", "rejected its signature: Invalid cross-device link", 1 },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        kernel.bpf.n_verified = 0;
        answer(-ENOKEY, cases[i].secondary, cases[i].platform);
        verify_by(STRANGER, 0, 0);
        assert_verdict(cases[i].verdict);
        assert_string_equal(report.way, "kernel-pkcs7");
        assert_part(report.reason, strempty(cases[i].reason));
        assert_int_equal(kernel.bpf.n_verified, cases[i].n_asked);
        assert_null(report.local);
    }
    answer(-ENOKEY, -ENOKEY, -ENOKEY);
    verify_by(LEAF, 0, 0);
    assert_part(report.reason, "Machine in .machine may have issued the certificate of its signer");
    assert_part(report.hint, "certificate embedded");
}

/* The kfunc does not check this, but the module loader refuses it for every signer. */
static void test_signed_attributes(void **state _unused_) {
    struct signature s;

    answer(0, 0, 0);
    sign(who + MACHINE, 1, "sha256", SIGN_FLAGS & ~(unsigned) CMS_NOATTR, DATA, strlen(DATA), &s);
    judge(&s, 0);
    assert_verdict("bad-signature");
    assert_part(report.reason, "signed attributes");
    assert_int_equal(kernel.bpf.n_calls, 0);
}

static void test_garbage(void **state _unused_) {
    struct signature s = { .der = strdup("rubbish"), .size = 7 };

    answer(0, 0, 0);
    judge(&s, 0);
    assert_verdict("bad-signature");
    assert_part(report.reason, "it is not PKCS#7");
    assert_int_equal(kernel.bpf.n_calls, 0);
}

static void test_names_the_key(void **state _unused_) {
    answer(-ENOKEY, 0, -ENOKEY);
    verify_by(LEAF, 1U << LEAF, 0);
    assert_verdict("verified");
    assert_string_equal(report.keyring, ".machine");
    assert_string_equal(report.hash, "sha256");
    assert_part(report.signer, "CN=Leaf");
    assert_string_equal(report.key_id, key_id_of(LEAF));

    /* Without a certificate only the issuer's name is known, which may differ from the key's. */
    verify_by(SECONDARY, 0, 0);
    assert_part(report.signer, "CN=Secondary");
    assert_null(report.keyring);
    put_certificate("/etc/lpd/keys.d/s.der", SECONDARY);
    verify_by(SECONDARY, 0, 0);
    assert_string_equal(report.keyring, ".secondary_trusted_keys");
    assert_string_equal(report.key_id, key_id_of(SECONDARY));

    /* A compiled-in key is self-signed, and its certificate is nowhere. */
    verify_by(BUILTIN, 0, 0);
    assert_string_equal(report.keyring, ".builtin_trusted_keys");
    assert_string_equal(report.key_id, key_id_of(BUILTIN));
}

static void test_revoked(void **state _unused_) {
    int32_t blacklist = fake_keyring_add(&keyring, 0, "keyring", ".blacklist");

    /* The kernel's answer to a certificate in .blacklist, which must be told apart from a bad
     * signature. */
    put_certificate("/etc/lpd/keys.d/m.der", MACHINE);
    answer(-ENOKEY, -EKEYREJECTED, -ENOKEY);
    verify_by(MACHINE, 0, TRUST_EXPLAIN);
    assert_verdict("bad-signature");

    (void) fake_keyring_add(&keyring, blacklist, "blacklist", tbs_of(MACHINE));
    verify_by(MACHINE, 0, 0);
    assert_verdict("revoked");
    assert_string_equal(report.reason, "Machine is on the kernel's .blacklist");

    /* The kernel is not asked again if the certificate is available. */
    kernel.bpf.n_calls = 0;
    verify_by(MACHINE, 1U << MACHINE, 0);
    assert_verdict("revoked");
    assert_int_equal(kernel.bpf.n_calls, 0);
}

static void test_revoked_file(void **state _unused_) {
    int32_t blacklist = fake_keyring_add(&keyring, 0, "keyring", ".blacklist");

    answer(0, 0, 0);
    (void) fake_keyring_add(&keyring, blacklist, "blacklist", "bin:c0ffee01");
    verify_by(MACHINE, 0, 0);
    assert_verdict("verified");
    (void) fake_keyring_add(&keyring, blacklist, "blacklist", "bin:c0ffee");
    verify_by(MACHINE, 0, 0);
    assert_verdict("revoked");
    assert_part(report.reason, "the file's hash");
}

/* Keyrings= may be narrower than the set that the kernel checks at once. */
static void test_keyrings(void **state _unused_) {
    static const struct {
        unsigned keyrings;
        int builtin, secondary, platform;
        const char *verdict;
    } cases[] = {
        { KEYRING_BUILTIN, 0, 0, 0, "verified" },
        { KEYRING_BUILTIN, -ENOKEY, 0, 0, "unknown-signer" },
        { KEYRING_PLATFORM, 0, 0, -ENOKEY, "unknown-signer" },
        { KEYRING_PLATFORM, -ENOKEY, -ENOKEY, 0, "verified" },
        { 0, 0, 0, 0, "unknown-signer" },
        { KEYRING_BUILTIN | KEYRING_SECONDARY | KEYRING_PLATFORM, -ENOKEY, 0, -ENOKEY,
          "unknown-signer" },
        { KEYRING_BUILTIN | KEYRING_SECONDARY | KEYRING_PLATFORM, -ENOKEY, 0, 0, "verified" },
        { KEYRING_BUILTIN | KEYRING_SECONDARY, 0, 0, -ENOKEY, "verified" },
        { KEYRING_SECONDARY, 0, 0, 0, "unknown-signer" },
        { KEYRING_MACHINE, 0, 0, 0, "unknown-signer" },
        { ALL_KEYRINGS & ~(unsigned) KEYRING_PLATFORM, -ENOKEY, 0, -ENOKEY, "verified" },
        { ALL_KEYRINGS & ~(unsigned) KEYRING_PLATFORM, -ENOKEY, -ENOKEY, 0, "unknown-signer" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        policy.keyrings = cases[i].keyrings;
        answer(cases[i].builtin, cases[i].secondary, cases[i].platform);
        verify_by(STRANGER, 0, 0);
        assert_verdict(cases[i].verdict);
    }
}

/* A certificate that claims another issuer does not make a left-out key count. */
static void test_claims_another_issuer(void **state _unused_) {
    struct identity claim = { .x509 = X509_dup(who[MACHINE].x509) };
    struct signature s;

    identity_issue(&claim, who + BUILTIN, NULL);
    assert_true(X509_set_issuer_name(claim.x509, X509_get_issuer_name(who[MACHINE].x509)));
    assert_true(X509_sign(claim.x509, who[MACHINE].key, EVP_sha256()) > 0);
    policy.keyrings = KEYRING_BUILTIN | KEYRING_SECONDARY;
    answer(-ENOKEY, 0, -ENOKEY);
    machine.sig_enforce = 1;

    make_signature((enum who[]){ MACHINE }, 1, 0, &s);
    assert_true(CMS_add1_cert(s.cms, claim.x509));
    encode(&s);
    judge(&s, 0);
    assert_verdict("unknown-signer");
    assert_fact("kernel-pkcs7", "Keyrings= leaves out");
    assert_fact("kernel-load", "Keyrings= leaves out");
    identity_done(&claim);
}

/* If the keyrings may not be listed, none of them counts as empty. */
static void test_keyrings_unseen(void **state _unused_) {
    keyring.hidden = true;
    (void) fake_keyring_add(&keyring, 0, "asymmetric", "another");
    policy.keyrings = KEYRING_BUILTIN | KEYRING_SECONDARY;
    answer(-ENOKEY, 0, -ENOKEY);
    verify_by(STRANGER, 0, 0);
    assert_verdict("unknown-signer");
    policy.keyrings = ALL_KEYRINGS;
    verify_by(STRANGER, 0, 0);
    assert_verdict("verified");
}

/* An empty keyring that is left out needs no second question. */
static void test_keyrings_empty(void **state _unused_) {
    fake_keyring_find(&keyring, description_of(MACHINE))->description[0] = '\0';
    (void) fake_keyring_add(&keyring, 0, "keyring", "another");
    policy.keyrings = KEYRING_BUILTIN | KEYRING_SECONDARY;
    answer(-ENOKEY, 0, -ENOKEY);
    verify_by(SECONDARY, 0, 0);
    assert_verdict("verified");
    assert_int_equal(kernel.bpf.n_verified, 1);
}

static void test_expired(void **state _unused_) {
    answer(0, 0, 0);
    verify_by(EXPIRED, 1U << EXPIRED, 0);
    assert_verdict("verified");
    assert_string_equal(report.expired, "2025-02-03");
    assert_fact("dates", "the kernel ignores dates");
    verify_by(LEAF, 1U << LEAF, 0);
    assert_null(report.expired);
}

static void test_not_live(void **state _unused_) {
    answer(0, 0, 0);
    host.live = false;
    machine.sig_enforce = 1;
    verify_by(MACHINE, 1U << MACHINE, 0);
    assert_verdict("unknown-signer");
    assert_int_equal(kernel.bpf.n_calls, 0);
    assert_int_equal(keyring.n_verify, 0);
}

/* The parser. */

static const char *parser_directory;

static void verify_with_parser(const char *script, enum who w, unsigned embedded) {
    char path[PATH_MAX + 16];

    if (script) {
        fake_kernel_text(&kernel, "/lpd-parser", script);
        TREE_ASSERT(snprintf(path, sizeof(path), "%s/lpd-parser", kernel.root) > 0);
        TREE_ASSERT(chmod(path, 0755) == 0);
    }
    TREE_ASSERT(setenv("LPD_LIBEXECDIR", script ? kernel.root : "/nonexistent", 1) == 0);
    verify_by(w, embedded, 0);
    TREE_ASSERT(setenv("LPD_LIBEXECDIR", parser_directory, 1) == 0);
}

/* Whatever happens to it, no policy takes that for an answer, and the reason says what failed. */
static void test_no_parser(void **state _unused_) {
    static const struct {
        const char *script, *reason, *hint;
    } cases[] = {
        { NULL, "cannot run /nonexistent/lpd-parser: No such file or directory; its self-test fails too",
          "reinstall lpd" },
        { "#!/bin/sh\nkill -SEGV $$\n", "lpd-parser was killed by SIGSEGV; its self-test fails too",
          "lpd-parser --self-test repeats the test" },
        { "#!/bin/sh\n[ \"$1\" ] || kill -SYS $$\n",
          "lpd-parser was killed by SIGSYS; its self-test passes, so this file causes the failure",
          "do not load this file" },
        { "#!/bin/sh\necho\n", "the answer of lpd-parser is invalid; its self-test passes", "do not load" },
        { "#!/bin/sh\nexit 2\n", "the kernel has no seccomp filters", "CONFIG_SECCOMP_FILTER=y" },
    };

    answer(0, 0, 0);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        verify_with_parser(cases[i].script, MACHINE, 0);
        assert_verdict("parser-failed");
        assert_part(report.reason, cases[i].reason);
        assert_part(report.hint, cases[i].hint);
        assert_int_equal(trust_check(&report, SIGNATURE_PERMISSIVE, "x", NULL), -EKEYREJECTED);
        assert_int_equal(trust_check(&report, SIGNATURE_LOCAL, "x", NULL), -EKEYREJECTED);
        assert_int_equal(trust_check(&report, SIGNATURE_REQUIRED, "x", NULL), -EKEYREJECTED);
    }
}

/* If the kernel enforces signatures and everything that it trusts counts, only the load that
 * follows is asked, and the parser does not run. */
static void test_at_load(void **state _unused_) {
    struct signature s;

    TREE_ASSERT(setenv("LPD_LIBEXECDIR", "/nonexistent", 1) == 0);
    machine.sig_enforce = 1;
    verify_by(STRANGER, 0, TRUST_AT_LOAD);
    assert_verdict("enforced");
    assert_string_equal(report.way, "kernel-load");
    assert_int_equal(kernel.bpf.n_calls, 0);
    judge(NULL, TRUST_AT_LOAD);
    assert_verdict("unsigned");

    machine.sig_enforce = 0;
    verify_by(STRANGER, 0, TRUST_AT_LOAD);
    assert_verdict("parser-failed");
    assert_fact("kernel-load", "does not enforce signatures");
    machine.locked_down = true;
    verify_by(STRANGER, 0, TRUST_AT_LOAD);
    assert_verdict("enforced");
    verify_by(STRANGER, 0, TRUST_AT_LOAD | TRUST_NO_LOAD);
    assert_verdict("parser-failed");
    host.live = false;
    verify_by(STRANGER, 0, TRUST_AT_LOAD);
    assert_verdict("parser-failed");
    host.live = true;

    /* A caller that does not load reports that the load decides, and what is wrong with the
     * parser. */
    make_signature((enum who[]){ MACHINE }, 1, 0, &s);
    judge(&s, 0);
    assert_verdict("enforced");
    assert_int_equal(outcome_of("self-test"), OUTCOME_FAILED);
    TREE_ASSERT(setenv("LPD_LIBEXECDIR", parser_directory, 1) == 0);
}

/* A load must not accept what the policy refuses. */
static void test_at_load_policy(void **state _unused_) {
    int32_t blacklist = fake_keyring_add(&keyring, 0, "keyring", ".blacklist");

    machine.sig_enforce = 1;
    answer(-ENOKEY, -ENOKEY, -ENOKEY);
    policy.keyrings = ALL_KEYRINGS & ~(unsigned) KEYRING_PLATFORM;
    verify_by(PLATFORM, 1U << PLATFORM, TRUST_AT_LOAD);
    assert_verdict("unknown-signer");
    assert_fact("kernel-load", "Keyrings= leaves out");
    fake_keyring_find(&keyring, description_of(PLATFORM))->description[0] = '\0';
    verify_by(MACHINE, 0, TRUST_AT_LOAD);
    assert_verdict("enforced");
    policy.keyrings = ALL_KEYRINGS;

    (void) fake_keyring_add(&keyring, blacklist, "blacklist", "bin:abcd");
    verify_by(MACHINE, 0, TRUST_AT_LOAD);
    assert_verdict("enforced");
    (void) fake_keyring_add(&keyring, blacklist, "blacklist", "bin:c0ffee");
    verify_by(MACHINE, 0, TRUST_AT_LOAD);
    assert_verdict("revoked");
    fake_keyring_find(&keyring, "bin:c0ffee")->description[0] = '\0';

    /* The signature does not show whose certificate is revoked. */
    (void) fake_keyring_add(&keyring, blacklist, "blacklist", tbs_of(STRANGER));
    put_certificate("/etc/lpd/keys.d/l.der", LEAF);
    verify_by(MACHINE, 0, TRUST_AT_LOAD);
    assert_verdict("enforced");
    /* A revoked certificate without a key in the kernel does not matter. */
    put_certificate("/etc/lpd/keys.d/s.der", STRANGER);
    verify_by(MACHINE, 0, TRUST_AT_LOAD);
    assert_verdict("enforced");
    put_certificate("/etc/lpd/keys.d/m.der", MACHINE);
    (void) fake_keyring_add(&keyring, blacklist, "blacklist", tbs_of(MACHINE));
    answer(0, 0, 0);
    verify_by(MACHINE, 0, TRUST_AT_LOAD);
    assert_verdict("revoked");
    assert_fact("kernel-load", "is on .blacklist");
    fake_kernel_remove(&kernel, "/etc/lpd/keys.d/m.der");
    verify_by(MACHINE, 0, TRUST_AT_LOAD);
    assert_verdict("enforced");
    fake_kernel_text(&kernel, "/etc/lpd/keys.d/m.pem", "-----BEGIN");
    verify_by(PLATFORM, 0, TRUST_AT_LOAD);
    assert_verdict("verified");
    fake_kernel_file(&kernel, "/etc/lpd/keys.d/m.pem", "\x30\x83\xff\xff\xff\x30", 6);
    verify_by(PLATFORM, 0, TRUST_AT_LOAD);
    assert_verdict("verified");
    fake_kernel_remove(&kernel, "/etc/lpd/keys.d/m.pem");
    (void) fake_keyring_add(&keyring, blacklist, "blacklist", "tbs:abcd");
    verify_by(PLATFORM, 0, TRUST_AT_LOAD);
    assert_verdict("verified");

    keyring.hidden = true;
    verify_by(MACHINE, 0, TRUST_AT_LOAD);
    assert_verdict("verified");
    assert_fact("kernel-load", "cannot be read");
}

static void diagnose(enum who w, int refusal) {
    struct signature s;
    char *bytes;
    struct module_file f = MODULE_FILE_NULL;

    make_signature(&w, 1, 0, &s);
    f.size = strlen(DATA) + s.size;
    TREE_ASSERT((bytes = malloc(f.size)));
    memcpy(bytes, DATA, strlen(DATA));
    memcpy(bytes + strlen(DATA), s.der, s.size);
    f.data = bytes;
    f.signature = (struct appended_signature){ true, strlen(DATA), s.size };
    kernel.bpf.data = f.data;
    kernel.bpf.data_size = strlen(DATA);
    kernel.bpf.signature = f.data + strlen(DATA);
    kernel.bpf.signature_size = s.size;
    if (kernel.bpf.value)
        fake_bpf_forget(&kernel);
    trust_report_done(&report);
    assert_int_equal(trust_diagnose_refusal(&host, &machine, &f, refusal, &report), 0);
    free(bytes);
    signature_done(&s);
}

/* The kernel's refusal is final; the other ways find the reason if they can. */
static void test_load_refused(void **state _unused_) {
    machine.sig_enforce = 1;
    answer(-ENOKEY, -ENOKEY, -ENOKEY);
    diagnose(STRANGER, -EKEYREJECTED);
    assert_verdict("unknown-signer");
    answer(0, 0, 0);
    diagnose(MACHINE, -EKEYREJECTED);
    assert_verdict("bad-signature");
    assert_string_equal(report.way, "kernel-load");
    diagnose(MACHINE, -EPERM);
    assert_verdict("verified");

    TREE_ASSERT(setenv("LPD_LIBEXECDIR", "/nonexistent", 1) == 0);
    diagnose(MACHINE, -EKEYREJECTED);
    assert_verdict("bad-signature");
    diagnose(MACHINE, -EBADMSG);
    assert_part(report.reason, "malformed (EBADMSG)");
    diagnose(MACHINE, -ENOPKG);
    assert_verdict("unsupported");
    diagnose(MACHINE, -ENOKEY);
    assert_verdict("unknown-signer");
    TREE_ASSERT(setenv("LPD_LIBEXECDIR", parser_directory, 1) == 0);
}

/* The real parser if only the signature is given; dies if there is more. */
static const char *dying_of_more(void) {
    static char script[PATH_MAX + 128];

    TREE_ASSERT(snprintf(script, sizeof(script),
                         "#!/bin/sh\n[ \"$(stat -Lc %%s /dev/stdin)\" -gt 1000 ] && kill -SEGV $$\n"
                         "exec %s/lpd-parser \"$@\"\n", parser_directory) > 0);
    return script;
}

/* lpd-parser's additional answers only name a key: the kernel's acceptance does not need them. If
 * the kernel cannot be asked, the reason says that they could not be read. */
static void test_parser_fails_later(void **state _unused_) {
    char large[1024] = "rubbish";

    fake_kernel_file(&kernel, "/etc/lpd/keys.d/large.der", large, sizeof(large));
    answer(-ENOKEY, 0, -ENOKEY);
    verify_with_parser(dying_of_more(), MACHINE, 0);
    assert_verdict("verified");
    answer(-ENOKEY, -ENOKEY, -ENOKEY);
    verify_with_parser(dying_of_more(), MACHINE, 0);
    assert_verdict("unknown-signer");
    assert_fact("certificates", "killed by SIGSEGV");
    policy.signature = SIGNATURE_LOCAL;
    verify_with_parser(dying_of_more(), MACHINE, 0);
    assert_verdict("parser-failed");
    policy.signature = SIGNATURE_PERMISSIVE;
    close_kernel_pkcs7();
    verify_with_parser(dying_of_more(), MACHINE, 0);
    assert_verdict("parser-failed");
    assert_part(report.reason, "its self-test passes");
}

/* One time limit for the whole verdict, however often lpd-parser runs. */
static void test_parser_sleeps(void **state _unused_) {
    static const char *const scripts[] = {
        "#!/bin/sh\nexec sleep 100\n",
        "#!/bin/sh\n[ \"$1\" ] || exec sleep 100\n",
    };

    machine.seconds = 4;
    close_kernel_pkcs7();
    for (size_t i = 0; i < ELEMENTSOF(scripts); i++) {
        uint64_t start = parser_deadline(0);

        verify_with_parser(scripts[i], MACHINE, 0);
        assert_verdict("parser-failed");
        assert_part(report.reason, "lpd-parser did not answer within");
        assert_true(parser_deadline(0) - start < 8 * USEC_PER_SEC);
    }
}

/* Other certificates may take only their share of the time. */
static void test_certificates_take_long(void **state _unused_) {
    static char script[PATH_MAX + 128];
    char large[1024] = "rubbish";

    fake_kernel_file(&kernel, "/etc/lpd/keys.d/large.der", large, sizeof(large));
    TREE_ASSERT(snprintf(script, sizeof(script),
                         "#!/bin/sh\n[ \"$(stat -Lc %%s /dev/stdin)\" -gt 1000 ] && exec sleep 100\n"
                         "exec %s/lpd-parser \"$@\"\n", parser_directory) > 0);
    machine.seconds = 4;
    answer(-ENOKEY, 0, -ENOKEY);
    verify_with_parser(script, MACHINE, 0);
    assert_verdict("verified");
}

/* The answer of the real parser, changed in one point. */
static void verify_with_lies(const char *lie, enum who w, unsigned embedded) {
    char script[2 * PATH_MAX + 128];

    TREE_ASSERT(snprintf(script, sizeof(script), "#!/bin/sh\nexec %s %s/lpd-parser %s\n",
                         getenv("PARSER_LIAR"), parser_directory, lie) > 0);
    verify_with_parser(script, w, embedded);
}

/* A compromised parser may claim that a certificate was in the signature. */
static void test_parser_lies(void **state _unused_) {
    close_kernel_pkcs7();
    put_certificate("/etc/lpd/keys.d/leaf.der", LEAF);
    verify_by(LEAF, 0, 0);
    assert_verdict("unknown-signer");
    verify_by(LEAF, 1U << LEAF, 0);
    assert_verdict("verified");
    verify_with_lies("source", LEAF, 0);
    assert_verdict("parser-failed");
    assert_part(report.reason, "lpd-parser found a certificate that is not in the signature");
}

/* Nor does the kernel get the digest that the parser claims. */
static void test_parser_lies_about_digest(void **state _unused_) {
    close_kernel_pkcs7();
    verify_with_lies("digest", LEAF, 1U << LEAF);
    assert_verdict("verified");
    assert_string_equal(report.way, "kernel-keyring");
}

/* Which verdicts each policy accepts. */
static void test_policies(void **state _unused_) {
    static const struct {
        enum verdict verdict;
        bool required, local, permissive;
    } cases[] = {
        { VERDICT_VERIFIED, true, true, true },         { VERDICT_ENFORCED, true, true, true },
        { VERDICT_LOCAL, false, true, true },           { VERDICT_UNKNOWN_SIGNER, false, false, true },
        { VERDICT_UNSUPPORTED, false, false, true },    { VERDICT_BAD_SIGNATURE, false, false, false },
        { VERDICT_REVOKED, false, false, false },       { VERDICT_UNSIGNED, false, false, true },
        { VERDICT_PARSER_FAILED, false, false, false },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        const struct trust_report t = { .verdict = cases[i].verdict };

        assert_int_equal(trust_check(&t, SIGNATURE_REQUIRED, "x", NULL) == 0, cases[i].required);
        assert_int_equal(trust_check(&t, SIGNATURE_LOCAL, "x", NULL) == 0, cases[i].local);
        assert_int_equal(trust_check(&t, SIGNATURE_PERMISSIVE, "x", NULL) == 0, cases[i].permissive);
    }
}

static void test_check_says_why(void **state _unused_) {
    struct trust_report t = { .verdict = VERDICT_REVOKED, .reason = (char *) "it is forbidden",
                              .hint = (char *) "sign it anew" };
    struct error e = ERROR_NULL;
    int r = trust_check(&t, SIGNATURE_REQUIRED, "/a.ko", &e);

    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    assert_string_equal(e.hint, "sign it anew");
    assert_error_is(r, -EKEYREJECTED, &e, "a.ko: it is forbidden (revoked, Signature=required) (/a.ko)");
}

#define test(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        test(test_unsigned),        test(test_answers),
        test(test_signed_attributes), test(test_garbage),
        test(test_names_the_key),   test(test_revoked),
        test(test_revoked_file),    test(test_keyrings),
        test(test_claims_another_issuer), test(test_keyrings_unseen),
        test(test_keyrings_empty),  test(test_expired),
        test(test_not_live),        test(test_no_parser),
        test(test_at_load),         test(test_at_load_policy),
        test(test_load_refused),
        test(test_parser_fails_later), test(test_parser_sleeps),
        test(test_certificates_take_long),
        test(test_parser_lies),     test(test_parser_lies_about_digest),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_check_says_why),
    };

    parser_directory = getenv("LPD_LIBEXECDIR");
    if (!parser_directory || !getenv("PARSER_LIAR")) {
        fprintf(stderr, "$LPD_LIBEXECDIR says where lpd-parser is, $PARSER_LIAR where parser-liar is\n");
        return EXIT_FAILURE;
    }
    parser_directory = strdup(parser_directory);
    return cmocka_run_group_tests(tests, identities_make, identities_done);
}
