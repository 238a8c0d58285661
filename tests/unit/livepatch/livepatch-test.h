/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "base/file.h"
#include "check.h"
#include "fake-kernel.h"
#include "livepatch/load.h"
#include "livepatch/sysfs.h"
#include "livepatch/view.h"

#define BUILD_1 "1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa"
#define BUILD_2 "2222bbbb2222bbbb2222bbbb2222bbbb2222bbbb"

static struct fake_kernel k;
static struct error e;

static inline int setup(void **state _unused_) {
    fake_kernel_open(&k);
    e = ERROR_NULL;
    return 0;
}

static inline int teardown(void **state _unused_) {
    error_done(&e);
    fake_kernel_close(&k);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* The machine "r" of an error, the status that a program would exit with, and part of the text. */
static inline void assert_error(int r, int expected, enum exit_status exit_status,
                                const char *part) {
    if (r != expected || e.exit_status != exit_status || !strstr(error_message(&e, r), part))
        print_error("got %d, exit status %u: %s (%s)\n", r, e.exit_status, error_message(&e, r),
                    strempty(e.hint));
    assert_int_equal(r, expected);
    assert_int_equal(e.exit_status, exit_status);
    assert_non_null(e.message);
    assert_non_null(strstr(e.message, part));
}

static inline int load_file(const struct module_file *f, const char *parameters,
                            uint64_t timeout_usec, enum load_result *ret) {
    struct load_options o = { .parameters = parameters, .busy_timeout_usec = timeout_usec };

    error_done(&e);
    return livepatch_load(&k.host, f, &o, ret, &e);
}

static inline int load(const char *name, const char *build_id, enum load_result *ret) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;

    fake_module_file(name, build_id, &f);
    return load_file(&f, NULL, 60 * USEC_PER_SEC, ret);
}

static inline void start_disabling(const char *name) {
    assert_int_equal(livepatch_write(&k.host, name, "enabled", "0"), 0);
}

static inline void assert_in(const char *name, const char *build_id) {
    _cleanup_(livepatch_done) struct livepatch p = { 0 };

    assert_int_equal(livepatch_read(&k.host, name, &p), 0);
    assert_true(p.registered && p.enabled);
    assert_string_equal(p.build_id, build_id);
}

static inline void assert_absent(const char *name) {
    struct livepatch p;

    assert_int_equal(livepatch_read(&k.host, name, &p), -ENOENT);
}
