/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "livepatch-test.h"

static void test_one(void **state _unused_) {
    _cleanup_(livepatch_done) struct livepatch p = { 0 };

    fake_kernel_patch(&k, "lp_a", BUILD_1);
    fake_kernel_text(&k, "/sys/kernel/livepatch/lp_a/nf_tables/patched", "0\n");
    fake_kernel_text(&k, "/sys/kernel/livepatch/lp_a/nf_tables/nft_set,2/x", "");
    fake_kernel_text(&k, "/sys/kernel/livepatch/lp_a/nf_tables/nft_get,1/x", "");
    assert_int_equal(livepatch_read(&k.host, "lp-a", &p), 0);
    assert_string_equal(p.name, "lp_a");
    assert_true(p.module_loaded && p.registered && p.enabled);
    assert_false(p.transition);
    assert_int_equal(p.replace, -1);
    assert_int_equal(p.refcount, 1);
    assert_string_equal(p.taint, "OK");
    assert_string_equal(p.build_id, BUILD_1);
    assert_int_equal(strv_length(p.objects), 2);
    assert_string_equal(p.objects[0], "nf_tables");
    assert_string_equal(p.objects[1], "vmlinux");
    assert_int_equal(strv_length(p.unpatched), 1);
    assert_string_equal(p.unpatched[0], "nf_tables");
    assert_int_equal(strv_length(p.patched), 1);
    assert_string_equal(p.patched[0], "vmlinux");
    assert_int_equal(strv_length(p.functions), 3);
    assert_string_equal(p.functions[0], "nf_tables/nft_get,1");
    assert_string_equal(p.functions[1], "nf_tables/nft_set,2");
    assert_string_equal(p.functions[2], "vmlinux/cmdline_proc_show,1");
    assert_false(livepatch_is_plain_module(&p));
}

/* The module is loaded. */
static void test_patched(void **state _unused_) {
    _cleanup_(livepatch_done) struct livepatch p = { 0 };

    fake_kernel_patch(&k, "lp_a", BUILD_1);
    fake_kernel_text(&k, "/sys/kernel/livepatch/lp_a/nf_tables/patched", "1\n");
    fake_kernel_text(&k, "/sys/kernel/livepatch/lp_a/vmlinux/patched", "1\n");
    assert_int_equal(livepatch_read(&k.host, "lp-a", &p), 0);
    assert_int_equal(strv_length(p.patched), 2);
    assert_null(p.unpatched);
}

static void test_replace(void **state _unused_) {
    _cleanup_(livepatch_done) struct livepatch a = { 0 }, b = { 0 };

    k.has_replace_attribute = true;
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    fake_kernel_module(&k, "lp_b")->replace = true;
    fake_kernel_patch(&k, "lp_b", BUILD_1)->replace = true;
    assert_int_equal(livepatch_read(&k.host, "lp_b", &b), 0);
    assert_int_equal(b.replace, 1);
    /* Replaced, still loaded. */
    assert_int_equal(livepatch_read(&k.host, "lp_a", &a), 0);
    assert_true(a.module_loaded);
    assert_false(a.registered || a.enabled || a.transition);
    assert_null(a.objects);
    assert_int_equal(a.replace, -1);
    livepatch_done(&a);
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    assert_int_equal(livepatch_read(&k.host, "lp_a", &a), 0);
    assert_int_equal(a.replace, 0);
}

static void test_transition(void **state _unused_) {
    _cleanup_(livepatch_list_done) struct livepatch_list l = { 0 };
    enum load_result result;

    fake_kernel_patch(&k, "lp_a", BUILD_1);
    assert_int_equal(livepatch_list_read(&k.host, NULL, &l), 0);
    assert_null(livepatch_list_transition(&l));
    livepatch_list_done(&l);
    assert_int_equal(load("lp_b", BUILD_2, &result), 0);
    assert_int_equal(livepatch_list_read(&k.host, NULL, &l), 0);
    assert_ptr_equal(livepatch_list_transition(&l), livepatch_list_find(&l, "lp-b"));
    assert_true(livepatch_list_find(&l, "lp-b")->enabled);
    start_disabling("lp_b");
    livepatch_list_done(&l);
    assert_int_equal(livepatch_list_read(&k.host, NULL, &l), 0);
    assert_true(livepatch_list_transition(&l) && !livepatch_list_transition(&l)->enabled);
}

static void test_unknown(void **state _unused_) {
    struct livepatch p;

    fake_kernel_text(&k, "/sys/module/built_in/parameters/x", "1\n");
    fake_kernel_text(&k, "/sys/module/coming/initstate", "coming\n");
    fake_kernel_text(&k, "/etc/initstate", "live\n");
    assert_int_equal(livepatch_read(&k.host, "lp_a", &p), -ENOENT);
    assert_int_equal(livepatch_read(&k.host, "built_in", &p), -ENOENT);
    assert_int_equal(livepatch_read(&k.host, "coming", &p), -ENOENT);
    assert_int_equal(livepatch_read(&k.host, "../../etc", &p), -ENOENT);
    assert_int_equal(livepatch_read(&k.host, "", &p), -ENOENT);
    assert_int_equal(livepatch_read(&k.host, ".", &p), -ENOENT);
}

/* sysfs may contain any text. */
static void test_odd_values(void **state _unused_) {
    static const char *const counts[] = { "", "-5", "9999999999999", "1x", "0x1", " " };

    fake_kernel_patch(&k, "lp_a", BUILD_1);
    fake_kernel_text(&k, "/sys/module/lp_a/notes/.note.gnu.build-id", "\x04");
    fake_kernel_text(&k, "/sys/kernel/livepatch/lp_a/transition", "2\n");
    fake_kernel_remove(&k, "/sys/module/lp_a/taint");
    for (size_t i = 0; i < ELEMENTSOF(counts); i++) {
        _cleanup_(livepatch_done) struct livepatch p = { 0 };

        fake_kernel_text(&k, "/sys/module/lp_a/refcnt", counts[i]);
        assert_int_equal(livepatch_read(&k.host, "lp_a", &p), 0);
        assert_int_equal(p.refcount, -1);
        assert_null(p.build_id);
        assert_null(p.taint);
        assert_true(p.transition);   /* unknown does not prove that it has ended */
        assert_false(livepatch_is_plain_module(&p));
    }
}

static void test_plain_module(void **state _unused_) {
    struct livepatch p = { .module_loaded = true, .taint = (char *) "OE" };

    assert_true(livepatch_is_plain_module(&p));
    p.registered = true;
    assert_false(livepatch_is_plain_module(&p));
    p = (struct livepatch){ .module_loaded = true, .taint = (char *) "OEK" };
    assert_false(livepatch_is_plain_module(&p));
    p.taint = NULL;
    assert_false(livepatch_is_plain_module(&p));
}

static void test_list(void **state _unused_) {
    _cleanup_(livepatch_list_done) struct livepatch_list l = { 0 };
    char *also[] = { (char *) "lp-9", (char *) "lp_off", (char *) "nf_tables", (char *) "none",
                     NULL };

    fake_kernel_patch(&k, "lp_10", BUILD_1);
    fake_kernel_patch(&k, "lp_9", BUILD_1);
    fake_kernel_patch(&k, "lp_off", BUILD_1);
    fake_kernel_module(&k, "nf_tables")->plain = true;
    fake_kernel_patch(&k, "nf_tables", BUILD_2);
    start_disabling("lp_off");
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);

    assert_int_equal(livepatch_list_read(&k.host, also, &l), 0);
    assert_int_equal(l.n_patches, 3);
    assert_string_equal(l.patches[0].name, "lp_9");
    assert_string_equal(l.patches[1].name, "lp_10");
    assert_string_equal(l.patches[2].name, "lp_off");
    assert_false(l.patches[2].registered);
    assert_null(livepatch_list_find(&l, "nf_tables"));
    assert_ptr_equal(livepatch_list_find(&l, "lp-10"), &l.patches[1]);
}

static void test_no_live_patching(void **state _unused_) {
    struct livepatch_list l = { 0 };

    fake_kernel_remove(&k, "/sys");
    assert_int_equal(livepatch_list_read(&k.host, NULL, &l), 0);
    assert_int_equal(l.n_patches, 0);
    assert_null(livepatch_list_find(&l, "lp_a"));
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(test_one), TEST(test_patched),
        TEST(test_replace),
        TEST(test_transition),
        TEST(test_unknown),
        TEST(test_odd_values),
        TEST(test_plain_module),
        TEST(test_list),
        TEST(test_no_live_patching),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
