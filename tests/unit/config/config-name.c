/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"
#include "config/name.h"

static void test_valid(void **state) {
    static const char *const good[] = { "a", "fix-nft-uaf", "lp_9", "CVE-2024-1086", "9lives",
                                        "a.b", "_x" };
    static const char *const bad[] = { "",    ".",   "..",  ".a",  "-a",  "a b", "a/b",
                                       "a\n", "a%b", "ä",   "a@b", "a:b", "a;b", "a\\b" };
    char name[PATCH_NAME_MAX + 2];

    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        if (!patch_name_is_valid(good[i]))
            fail_msg("'%s' is not valid", good[i]);
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        if (patch_name_is_valid(bad[i]))
            fail_msg("'%s' is valid", bad[i]);

    memset(name, 'a', sizeof(name));
    name[PATCH_NAME_MAX + 1] = '\0';
    assert_false(patch_name_is_valid(name));
    name[PATCH_NAME_MAX] = '\0';
    assert_true(patch_name_is_valid(name));
}

static void test_equal(void **state) {
    _cleanup_free_ char *module = NULL;

    assert_true(patch_name_equal("a-b_c", "a_b-c"));
    assert_false(patch_name_equal("a-b", "a-B"));
    assert_false(patch_name_equal("a-b", "a-"));
    assert_false(patch_name_equal("a", "a-"));
    assert_true(patch_name_compare("a-b", "a_c") < 0);
    assert_true(patch_name_compare("a_b", "a-a") > 0);
    assert_true(patch_name_compare("a", "a-") < 0);

    module = patch_name_to_module("a-b_c-.d");
    assert_string_equal(module, "a_b_c_.d");
}

static void test_release(void **state) {
    static const char *const good[] = { "6.1.0-56-cloud-amd64", "6.12.43+deb12-amd64",
                                        "5.14.0-503.11.1.el9_5.x86_64+debug", "7.2-rc1~exp1" };
    static const char *const bad[] = { "", ".", "..", "../etc", "6.1/x", "6.1 x", "6.1\t", "-u" };
    char release[66];

    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        if (!kernel_release_is_valid(good[i]))
            fail_msg("'%s' is not valid", good[i]);
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        if (kernel_release_is_valid(bad[i]))
            fail_msg("'%s' is valid", bad[i]);
    memset(release, '6', sizeof(release));
    release[65] = '\0';
    assert_false(kernel_release_is_valid(release));
    release[64] = '\0';
    assert_true(kernel_release_is_valid(release));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
