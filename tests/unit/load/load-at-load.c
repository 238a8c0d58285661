/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "execute-test.h"

/* If the load is the kernel's verdict about a signature: what happens to that verdict. This file
 * replaces the checks before and after the load. */

static unsigned n_diagnosed, flags_seen;
static enum verdict before, other;

int __wrap_trust_verify_module(struct host *h, const struct trust_machine *machine, struct module_file *f,
                               unsigned flags, struct trust_report *ret);
int __wrap_trust_diagnose_refusal(struct host *h, const struct trust_machine *machine,
                                  struct module_file *f, int answer, struct trust_report *ret);

int __wrap_trust_verify_module(struct host *h _unused_, const struct trust_machine *machine _unused_,
                               struct module_file *f, unsigned flags, struct trust_report *ret) {
    module_file_sha256(f);
    flags_seen = flags;
    *ret = (struct trust_report){ .verdict = flags & TRUST_AT_LOAD ? before : other, .way = "kernel-load",
                                  .reason = strdup("so it is") };
    return trust_report_add(ret, "kernel-load", OUTCOME_PASSED, "said");
}

int __wrap_trust_diagnose_refusal(struct host *h _unused_, const struct trust_machine *machine _unused_,
                                  struct module_file *f _unused_, int answer, struct trust_report *ret) {
    assert_int_equal(answer, fake_kernel_module(&k, "a")->error);
    n_diagnosed++;
    *ret = (struct trust_report){ .verdict = other, .way = "kernel-load", .reason = strdup("nobody knows the key") };
    return 0;
}

static int prepare(void **state) {
    before = VERDICT_ENFORCED;
    other = VERDICT_UNKNOWN_SIGNER;
    n_diagnosed = 0;
    setup(state);
    write_policy("required");
    patch("a", "");
    return 0;
}

static void test_accepted(void **state _unused_) {
    assert_int_equal(load("a"), 1);
    assert_true(flags_seen & TRUST_AT_LOAD);
    assert_string_equal(result.verdict, "verified");
    assert_string_equal(result.way, "kernel-load");
    assert_int_equal(n_diagnosed, 0);

    /* The recorded bytes are those of the file, so no check is repeated. */
    flags_seen = 0;
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    assert_int_equal(load("a"), 0);
    assert_true(flags_seen & TRUST_AT_LOAD);
    assert_string_equal(result.verdict, "verified");
}

static void test_refused(void **state _unused_) {
    fake_kernel_module(&k, "a")->error = -EKEYREJECTED;
    assert_failed(load("a"), -EKEYREJECTED, EXIT_STATUS_REFUSED, "refused",
                  "nobody knows the key (unknown-signer, Signature=required)");
    assert_string_equal(result.verdict, "unknown-signer");
    assert_int_equal(n_diagnosed, 1);

    /* The kernel still refuses what the policy would accept. */
    write_policy("permissive");
    assert_failed(load("a"), -EKEYREJECTED, EXIT_STATUS_REFUSED, "refused", "signature");
    assert_string_equal(result.verdict, "unknown-signer");
    assert_false(is_in("a"));
}

/* An errno that says nothing about the signature. */
static void test_failed(void **state _unused_) {
    fake_kernel_module(&k, "a")->error = -ENODEV;
    assert_failed(load("a"), -ENODEV, EXIT_STATUS_FAILED, "failed", "");
    assert_int_equal(n_diagnosed, 0);
    assert_string_equal(result.verdict, "enforced");
}

/* Whatever the policy says, a module that the kernel loaded as unsigned was not verified. */
static void test_unsigned_after_all(void **state _unused_) {
    write_policy("permissive");
    fake_kernel_module(&k, "a")->taint = "OEK";
    assert_failed(load("a"), -ESTALE, EXIT_STATUS_REFUSED, "refused", "loaded it as unsigned");
    assert_false(is_in("a"));
}

/* Another program has loaded it: the kernel has not checked this file, so the other ways are
 * used. */
static void test_in_already(void **state _unused_) {
    fake_kernel_patch(&k, "a", BUILD_1);
    assert_failed(load("a"), -EKEYREJECTED, EXIT_STATUS_REFUSED, "refused", "so it is (unknown-signer");
    assert_true(is_in("a"));
    assert_true(flags_seen & TRUST_NO_LOAD);
    other = VERDICT_VERIFIED;
    assert_int_equal(load("a"), 0);
    assert_string_equal(result.verdict, "verified");
    assert_int_equal(k.n_finit, 0);
}

/* Nor has it if the patch was being disabled and was enabled again. */
static void test_turned_back(void **state _unused_) {
    struct fake_module *m = fake_kernel_patch(&k, "a", BUILD_1);

    m->stalls_back = true;
    assert_int_equal(livepatch_write(&k.host, "a", "enabled", "0"), 0);
    assert_int_equal(load("a"), -EKEYREJECTED);
    assert_true(flags_seen & TRUST_NO_LOAD);
    assert_int_equal(k.n_finit, 0);
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, prepare, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_accepted), TEST(test_refused), TEST(test_failed), TEST(test_unsigned_after_all),
        TEST(test_in_already), TEST(test_turned_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
