/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"
#include "config/manifest.h"
#include "tree.h"

/* Modules of other loaders, by Adopt=. */

#define KPATCH "/var/lib/kpatch/"
#define RELEASE "6.1.0-56-cloud-amd64"

static struct host h;
static struct manifest_list l;

static int setup(void **state _unused_) {
    tree_make(&h);
    tree_write(&h, "/etc/lpd/lpd.conf", "[Store]\nAdopt=" KPATCH "%v /usr/lib/modules/%v/livepatch\n");
    return 0;
}

static int teardown(void **state _unused_) {
    manifest_list_done(&l);
    tree_remove(&h);
    return 0;
}

static void load(void) {
    struct error e = ERROR_NULL;
    int r;

    manifest_list_done(&l);
    r = manifest_list_load(&h, NULL, &l, &e);
    assert_string_equal(error_message(&e, r), strerror(0));
}

static const struct manifest *find(const char *name) {
    const struct manifest_entry *entry = manifest_list_find(&l, name);

    assert_non_null(entry);
    assert_int_equal(entry->error_number, 0);
    return &entry->manifest;
}

static void test_default_manifest(void **state _unused_) {
    tree_write(&h, KPATCH RELEASE "/fix_net.ko", "module");
    tree_write(&h, KPATCH "6.12.1/fix_net.ko.xz", "module");
    tree_write(&h, "/usr/lib/modules/6.12.1/livepatch/fix-net.ko", "another of that name");
    tree_write(&h, "/usr/lib/modules/6.12.1/livepatch/other.ko.zst", "module");
    tree_write(&h, KPATCH RELEASE "/notes.txt", "no module");
    tree_write(&h, KPATCH RELEASE "/-bad.ko", "no name of a patch");
    tree_write(&h, KPATCH "stray.ko", "not in the directory of a release");
    load();
    assert_int_equal(l.n_entries, 2);
    assert_true(find("fix-net")->by_default && find("fix-net")->enabled);
    assert_string_equal(find("fix-net")->path, KPATCH RELEASE "/fix_net.ko");
    assert_string_equal(manifest_adopted_module(find("fix-net"), RELEASE), KPATCH RELEASE "/fix_net.ko");
    assert_string_equal(manifest_adopted_module(find("fix-net"), "6.12.1"), KPATCH "6.12.1/fix_net.ko.xz");
    assert_null(manifest_adopted_module(find("other"), RELEASE));
}

static void test_own_manifest(void **state _unused_) {
    tree_write(&h, KPATCH RELEASE "/a_b.ko", "module");
    tree_write(&h, KPATCH RELEASE "/masked.ko", "module");
    tree_write(&h, KPATCH RELEASE "/dropped.ko", "module");
    tree_write(&h, "/etc/lpd/patches.d/a-b.conf", "[Patch]\nDescription=mine\n");
    tree_write(&h, "/etc/lpd/patches.d/masked.conf", "");
    tree_write(&h, "/etc/lpd/patches.d/dropped.conf.d/50-x.conf", "[Patch]\nEnabled=no\n");
    load();
    assert_int_equal(l.n_entries, 2);
    assert_false(find("a_b")->by_default);
    assert_string_equal(find("a_b")->description, "mine");
    assert_string_equal(manifest_adopted_module(find("a_b"), RELEASE), KPATCH RELEASE "/a_b.ko");
    assert_true(find("dropped")->by_default);
    assert_false(find("dropped")->enabled);
}

static void test_nothing_adopted(void **state _unused_) {
    tree_write(&h, "/etc/lpd/lpd.conf", "");
    tree_write(&h, KPATCH RELEASE "/fix_net.ko", "module");
    load();
    assert_int_equal(l.n_entries, 0);
}

/* A policy that the caller has read already is not read again. */
static void test_policy_of_caller(void **state _unused_) {
    char *other[] = { (char *) "/opt/kpatch/%v", NULL };
    const struct policy p = { .store_adopt = other };

    tree_write(&h, KPATCH RELEASE "/fix_net.ko", "module");
    tree_write(&h, "/opt/kpatch/" RELEASE "/fix_disk.ko", "module");
    manifest_list_done(&l);
    assert_int_equal(manifest_list_load(&h, &p, &l, NULL), 0);
    assert_int_equal(l.n_entries, 1);
    assert_string_equal(find("fix_disk")->path, "/opt/kpatch/" RELEASE "/fix_disk.ko");
}

static void test_line(void **state _unused_) {
    assert_true(adopted_is_same_line("kpatch_5_14_0_362_8_1_1_2", "kpatch-5_14_0_362_8_1_1_3"));
    assert_true(adopted_is_same_line("kpatch_5_14_0_362_8_1_1_9", "kpatch_5_14_0_362_8_1_2_10"));
    assert_false(adopted_is_same_line("kpatch_5_14_0_362_8_1_1_2", "kpatch_5_14_0_362_8_2_1_2"));
    assert_false(adopted_is_same_line("kpatch_5_14_0_362_8_1_1_2", "kpatch_5_14_0_362_8_1_2"));
    assert_false(adopted_is_same_line("fix_1_2", "fix_1_3"));
    assert_false(adopted_is_same_line("kpatch_1_2_3", "kpatch_1_2_4"));
    assert_false(adopted_is_same_line("kpatch_1_2_3_4a", "kpatch_1_2_3_4a"));
    assert_false(adopted_is_same_line("kpatch", "kpatch"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_default_manifest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_own_manifest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_adopted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_policy_of_caller, setup, teardown),
        cmocka_unit_test(test_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
