/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "livepatch-test.h"
#include "livepatch/kmsg.h"

static void test_record(void **state _unused_) {
    const char *data = "30,1071,97283241,c,caller=T1;systemd[1]: a;b\n SUBSYSTEM=x\n DEVICE=+y\n"
                       "4,1072,18446744073709551615,-;lp_a: \\x1b[0m";
    size_t size = strlen(data);
    struct kmsg_record r;

    assert_int_equal(kmsg_next(&data, &size, &r), 1);
    assert_int_equal(r.facility, 3);
    assert_int_equal(r.level, 6);
    assert_int_equal(r.sequence, 1071);
    assert_int_equal(r.monotonic_usec, 97283241);
    assert_int_equal(r.text_size, STRLEN("systemd[1]: a;b"));
    assert_memory_equal(r.text, "systemd[1]: a;b", r.text_size);
    assert_int_equal(kmsg_next(&data, &size, &r), 1);
    assert_int_equal(r.facility, 0);
    assert_int_equal(r.level, 4);
    assert_int_equal(r.text_size, STRLEN("lp_a: \\x1b[0m"));
    assert_int_equal(kmsg_next(&data, &size, &r), 0);
    assert_int_equal(size, 0);
}

static void test_no_record(void **state _unused_) {
    static const char *const bad[] = {
        "",
        "\n\n\n",
        ";",
        "4,1;text",
        "4,,;text",
        "x,1,2,-;text",
        "4",
        " 4,1,2,-;text",
        "-4,1,2,-;text",
        "4,1,2,-",
        "4,,2,-;text",
        "4,1,2,-00000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000;"
        "text",
    };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        /* Without the NUL, so that the address sanitizer sees each step beyond the end. */
        _cleanup_free_ char *exact = malloc(strlen(bad[i]) + 1);
        size_t size = strlen(bad[i]);
        const char *data = exact = realloc(exact, size ?: 1);
        struct kmsg_record r;

        memcpy(exact, bad[i], size);
        assert_int_equal(kmsg_next(&data, &size, &r), 0);
    }
}

static bool is_about(unsigned facility, const char *text, const char *module) {
    struct kmsg_record r = { .facility = facility, .text = text, .text_size = strlen(text) };

    return kmsg_is_about(&r, module);
}

static void test_about(void **state _unused_) {
    assert_true(is_about(0, "lp_1: disagrees about version of symbol x", "lp_1"));
    assert_true(is_about(0, "livepatch: enabling patch 'lp_1'", "lp_1"));
    assert_true(is_about(0, "Module lp_1 is blacklisted", "lp_1"));
    assert_true(is_about(0, "module: lp_1", "lp_1"));
    assert_true(is_about(0, "Loading of unsigned module is rejected", "lp_1"));
    assert_true(is_about(0, "Lockdown: lpd: unsigned module loading is restricted", "lp_1"));
    assert_true(is_about(0, "lp_10: no lp_1", "lp_1"));

    assert_false(is_about(1, "lp_1: not from the kernel", "lp_1"));
    assert_false(is_about(0, "lp_10: something", "lp_1"));
    assert_false(is_about(0, "xlp_1: something", "lp_1"));
    assert_false(is_about(0, "livepatch: 'lp_10': patching complete", "lp_1"));
    assert_false(is_about(0, "eth0: link up", "lp_1"));
    assert_false(is_about(0, "", "lp_1"));
    assert_false(is_about(0, "lp", "lp_1"));
}

static void append(const char *text) {
    _cleanup_free_ char *path = NULL;
    FILE *f;

    assert_true(asprintf(&path, "%s/dev/kmsg", k.root) > 0);
    f = fopen(path, "a");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void test_words(void **state _unused_) {
    _cleanup_close_ int fd = kmsg_open(&k.host);
    _cleanup_free_ char *none = NULL, *words = NULL, *again = NULL;

    assert_true(fd >= 0);
    none = kmsg_words(fd, "lp_a");
    assert_null(none);
    append("4,2,1,-;lp_a: one\n4,3,1,-;lp_a: two\n4,4,1,-;other\n4,5,1,-;lp_a: three\n"
           "4,6,1,-;lp_a: four\n4,7,1,-;lp_a: five\n");
    words = kmsg_words(fd, "lp_a");
    assert_string_equal(words, "lp_a: two; lp_a: three; lp_a: four; lp_a: five");
    again = kmsg_words(fd, "lp_a");
    assert_null(again);
}

static void test_no_log(void **state _unused_) {
    fake_kernel_remove(&k, "/dev/kmsg");
    assert_int_equal(kmsg_open(&k.host), -ENOENT);
    assert_null(kmsg_words(-ENOENT, "lp_a"));
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(test_record),
        TEST(test_no_record),
        TEST(test_about),
        TEST(test_words),
        TEST(test_no_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
