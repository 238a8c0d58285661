/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <linux/bpf.h>

#include "base/strv.h"
#include "livepatch-test.h"
#include "livepatch/overrides.h"

/* A kernel with one BPF program, 7, attached by link 3 to type 1205 of the BTF object 1. */
static uint32_t attach_type;
static int link_error;

static int bpf_of_test(struct host *h, int command, void *attr, size_t size _unused_) {
    union bpf_attr *a = attr;

    switch (command) {
    case BPF_LINK_GET_NEXT_ID:
        a->next_id = 3;
        return link_error < 0 ? link_error : a->start_id < 3 ? 0 : -ENOENT;
    case BPF_LINK_GET_FD_BY_ID:
    case BPF_PROG_GET_FD_BY_ID:
        return file_open(h, command == BPF_LINK_GET_FD_BY_ID ? "/link" : "/program", O_RDONLY, 0);
    case BPF_OBJ_GET_INFO_BY_FD:
        if (a->info.info_len == sizeof(struct bpf_link_info)) {
            struct bpf_link_info *l = (void *) (uintptr_t) a->info.info;

            l->type = BPF_LINK_TYPE_TRACING;
            l->id = 3;
            l->prog_id = 7;
            l->tracing.attach_type = attach_type;
            l->tracing.target_obj_id = 1;
            l->tracing.target_btf_id = 1205;
        } else {
            memcpy(((struct bpf_prog_info *) (uintptr_t) a->info.info)->name, "guard", 6);
        }
        return 0;
    }
    return -EINVAL;
}

static struct kernel_ops ops;

static void prepare(const char *line) {
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    fake_kernel_text(&k, "/sys/kernel/tracing/enabled_functions", line);
    fake_kernel_text(&k, "/link", "");
    fake_kernel_text(&k, "/program", "");
    fake_kernel_text(&k, "/proc/812/fdinfo/4", "pos:\t0\nlink_type:\ttracing\nlink_id:\t3\nprog_id:\t7\n");
    fake_kernel_text(&k, "/proc/812/task/812/comm", "tracer\n");
    ops = *k.host.ops;
    ops.bpf = bpf_of_test;
    k.host.ops = &ops;
    attach_type = BPF_MODIFY_RETURN;
    link_error = 0;
}

static void read_overrides(struct override_list *l, int expected) {
    _cleanup_(livepatch_list_done) struct livepatch_list patches = {};

    assert_int_equal(livepatch_list_read(&k.host, NULL, &patches), 0);
    assert_int_equal(override_list_read(&k.host, &patches, l), expected);
}

/* (1 << 32) + (1 << 31) + 1205 */
#define BPF_LINE(function) function " (2) R I D   M \ttramp: x (y)\n\tdirect-->bpf_trampoline_6442452149+0x0/0x64\n"

static void test_bpf(void **state _unused_) {
    _cleanup_(override_list_done) struct override_list l = {};
    _cleanup_free_ char *text = NULL;

    prepare(BPF_LINE("cmdline_proc_show"));
    read_overrides(&l, 0);
    text = override_list_describe(&l, "lp-a");
    assert_string_equal(text, "BPF program guard (id 7), held by tracer (pid 812) decides what "
                              "vmlinux/cmdline_proc_show returns");
    assert_null(override_list_describe(&l, "lp_b"));
}

/* What only looks, what is about other functions, and other trampolines. */
static void test_none(void **state _unused_) {
    static const char *const lines[] = {
        BPF_LINE("cmdline_proc_show"), /* fexit, see below */
        BPF_LINE("cmdline_proc_show_too"),
        BPF_LINE("cmdline_proc"),
        BPF_LINE("cmdline_proc_show [nf_tables]"),
        "cmdline_proc_show (2) R I D M \n\tdirect-->bpf_trampoline_6442452150\n",
        "cmdline_proc_show (3) R I     M \ttramp: x\n",
    };

    prepare("");
    for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
        _cleanup_(override_list_done) struct override_list l = {};

        fake_kernel_text(&k, "/sys/kernel/tracing/enabled_functions", lines[i]);
        attach_type = i == 0 ? BPF_TRACE_FEXIT : BPF_MODIFY_RETURN;
        read_overrides(&l, 0);
        assert_int_equal(l.n_overrides, 0);
    }
}

static void test_direct(void **state _unused_) {
    _cleanup_(override_list_done) struct override_list l = {};

    prepare("cmdline_proc_show (2) R I D   M \ttramp: x\n\tdirect-->detour+0x0/0x10 [other]\n");
    read_overrides(&l, 0);
    assert_int_equal(l.n_overrides, 1);
    assert_string_equal(l.overrides[0].by, "a direct call of detour");
}

static void test_unknown(void **state _unused_) {
    _cleanup_(override_list_done) struct override_list l = {};

    prepare(BPF_LINE("cmdline_proc_show"));
    link_error = -EPERM;
    read_overrides(&l, -EPERM);
    assert_null(l.overrides);
}

/* Nobody has mounted tracefs: the fake kernel's mount shows /volume. */
static void test_mount(void **state _unused_) {
    _cleanup_(override_list_done) struct override_list l = {};

    fake_kernel_patch(&k, "lp_a", BUILD_1);
    fake_kernel_text(&k, "/volume/enabled_functions", "cmdline_proc_show (2) R I D\n\tdirect-->x\n");
    read_overrides(&l, 0);
    assert_int_equal(l.n_overrides, 1);
    k.mount_error = -EPERM;
    read_overrides(&l, -EPERM);
}

/* The monitor compares the lines. */
static void test_lines(void **state _unused_) {
    _cleanup_(livepatch_list_done) struct livepatch_list patches = {};
    _cleanup_free_ char *none = NULL;
    _cleanup_close_ int fd = -EBADF;

    prepare("a (1)\n" BPF_LINE("other") "cmdline_proc_show (2) R I\n" BPF_LINE("cmdline_proc_show") "z (1)\n");
    assert_int_equal(livepatch_list_read(&k.host, NULL, &patches), 0);
    fd = enabled_functions_open(&k.host);
    assert_true(fd >= 0);
    for (size_t i = 0; i < 2; i++) {
        _cleanup_free_ char *lines = NULL;

        assert_int_equal(enabled_functions_direct(fd, &patches, &lines), 0);
        assert_string_equal(lines, BPF_LINE("cmdline_proc_show"));
    }
    patches.patches[0].enabled = false;
    assert_int_equal(enabled_functions_direct(-EBADF, &patches, &none), 0);
    assert_string_equal(none, "");
}

/* Longer than what one read of the kernel's file gives. */
static void test_many_lines(void **state _unused_) {
    _cleanup_(livepatch_list_done) struct livepatch_list patches = {};
    _cleanup_free_ char *lines = NULL;
    _cleanup_close_ int fd = -EBADF;
    char text[12000] = "";

    while (strlen(text) < 9000)
        (void) strcat(text, BPF_LINE("other"));
    (void) strcat(text, BPF_LINE("cmdline_proc_show"));
    prepare(text);
    assert_int_equal(livepatch_list_read(&k.host, NULL, &patches), 0);
    fd = enabled_functions_open(&k.host);
    assert_true(fd >= 0);
    assert_int_equal(enabled_functions_direct(fd, &patches, &lines), 0);
    assert_string_equal(lines, BPF_LINE("cmdline_proc_show"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_bpf), TEST(test_none), TEST(test_direct), TEST(test_unknown), TEST(test_mount), TEST(test_lines),
        TEST(test_many_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
