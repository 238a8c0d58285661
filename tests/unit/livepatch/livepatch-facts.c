/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "livepatch-test.h"
#include "livepatch/facts.h"
#include "livepatch/kernel-flag.h"

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static void test_all(void **state _unused_) {
    static const char notes[] = "\x04\0\0\0\x04\0\0\0\x03\0\0\0GNU\0\xde\xad\xbe\xef";
    _cleanup_(kernel_facts_done) struct kernel_facts f = { 0 };

    fake_kernel_file(&k, "/sys/kernel/notes", notes, sizeof(notes) - 1);
    fake_kernel_text(&k, "/sys/module/module/parameters/sig_enforce", "Y\n");
    fake_kernel_text(&k, "/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
    fake_kernel_text(&k, "/proc/sys/kernel/random/boot_id", "0c1f7b0e-0000\n");
    fake_kernel_file(&k, SECURE_BOOT, "\x06\0\0\0\x01", 5);
    assert_int_equal(kernel_facts_read(&k.host, &f), 0);
    assert_string_equal(f.release, FAKE_RELEASE);
    assert_string_equal(f.build_id, "deadbeef");
    assert_string_equal(f.boot_id, "0c1f7b0e-0000");
    assert_string_equal(f.lockdown, "confidentiality");
    assert_true(f.livepatch);
    assert_int_equal(f.sig_enforce, 1);
    assert_int_equal(f.modules_disabled, 0);
    assert_int_equal(f.ftrace_enabled, 1);
    assert_int_equal(f.secure_boot, 1);
}

static void test_nothing(void **state _unused_) {
    _cleanup_(kernel_facts_done) struct kernel_facts f = { 0 };

    fake_kernel_remove(&k, "/sys");
    fake_kernel_remove(&k, "/proc");
    assert_int_equal(kernel_facts_read(&k.host, &f), 0);
    assert_string_equal(f.release, FAKE_RELEASE);
    assert_null(f.build_id);
    assert_null(f.boot_id);
    assert_null(f.lockdown);
    assert_false(f.livepatch);
    assert_int_equal(f.sig_enforce, -1);
    assert_int_equal(f.modules_disabled, -1);
    assert_int_equal(f.ftrace_enabled, -1);
    /* No EFI: no Secure Boot. */
    assert_int_equal(f.secure_boot, 0);
}

static int secure_boot(void) {
    _cleanup_(kernel_facts_done) struct kernel_facts f = { 0 };

    assert_int_equal(kernel_facts_read(&k.host, &f), 0);
    return f.secure_boot;
}

static void test_secure_boot(void **state _unused_) {
    fake_kernel_text(&k, "/sys/firmware/efi/runtime", "");
    assert_int_equal(secure_boot(), -1);
    fake_kernel_file(&k, SECURE_BOOT, "\x06\0\0\0\0", 5);
    assert_int_equal(secure_boot(), 0);
    fake_kernel_file(&k, SECURE_BOOT, "\x06\0\0\0", 4);
    assert_int_equal(secure_boot(), -1);
    fake_kernel_file(&k, SECURE_BOOT, "\x06\0\0\0\x01\x01", 6);
    assert_int_equal(secure_boot(), -1);
}

static void test_lockdown(void **state _unused_) {
    static const char *const bad[] = { "", "none", "[none", "none]", "]none[" };
    char *mode = NULL;

    assert_int_equal(kernel_lockdown_read(&k.host, &mode), -ENOENT);
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        fake_kernel_text(&k, "/sys/kernel/security/lockdown", bad[i]);
        assert_int_equal(kernel_lockdown_read(&k.host, &mode), -EBADMSG);
        assert_null(mode);
    }
}

static void test_flag(void **state _unused_) {
    static const struct {
        const char *text;
        int flag;
    } cases[] = {
        { "1\n", 1 }, { "0\n", 0 }, { "Y\n", 1 }, { "N\n", 0 }, { "1", 1 },
        { "", -1 },   { "2\n", -1 }, { "-1\n", -1 }, { "10\n", -1 }, { "yes\n", -1 },
    };

    assert_int_equal(kernel_flag_read(&k.host, "/flag"), -1);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        fake_kernel_text(&k, "/flag", cases[i].text);
        assert_int_equal(kernel_flag_read(&k.host, "/flag"), cases[i].flag);
    }
    assert_int_equal(kernel_flag_read(&k.host, "/proc"), -1);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(test_all),
        TEST(test_nothing),
        TEST(test_secure_boot),
        TEST(test_lockdown),
        TEST(test_flag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
