/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "execute-test.h"
#include "load/converge.h"

/* A failed verb leaves a patch as it was: loaded or not, its build, its record. Without systemd:
 * units are tested on booted machines. */

static struct moment before;

static void take(const char *name) {
    moment_done(&before);
    assert_int_equal(moment_take(&k.host, NULL, name, &before), 0);
}

static void assert_recorded(const char *name, const char *state) {
    _cleanup_(result_done) struct result r = {};

    if (!state) {
        assert_int_equal(result_read(&k.host, name, &r), -ENOENT);
        return;
    }
    assert_int_equal(result_read(&k.host, name, &r), 0);
    assert_string_equal(r.state, state);
    assert_int_equal(r.loaded, streq(state, "active"));
}

static void build_is(const char *module, const char *build_id) {
    _cleanup_(livepatch_done) struct livepatch p = {};

    assert_int_equal(livepatch_read(&k.host, module, &p), 0);
    assert_true(p.enabled);
    assert_string_equal(p.build_id, build_id);
}

static int done(void **state) {
    moment_done(&before);
    return teardown(state);
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, done)

/* It was not loaded, and was loaded before something failed. */
static void test_out_again(void **state _unused_) {
    patch("fix-it", "");
    take("fix-it");
    assert_false(moment_was_in(&before));
    assert_int_equal(load("fix-it"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    assert_int_equal(moment_restore(&k.host, NULL, &before, &e), 0);
    assert_false(is_in("fix_it"));
    assert_recorded("fix-it", NULL);
}

/* It was loaded, and a second load failed: it stays loaded, and its record stays. */
static void test_stays_in(void **state _unused_) {
    patch("fix-it", "");
    assert_int_equal(load("fix-it"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    take("fix-it");
    fake_kernel_text(&k, "/etc/lpd/disable", "");
    assert_int_equal(load("fix-it"), -ECANCELED);
    assert_string_equal(result.state, "skipped");
    assert_int_equal(moment_restore(&k.host, NULL, &before, &e), 0);
    assert_true(is_in("fix_it"));
    assert_recorded("fix-it", "active");
    assert_int_equal(k.n_delete, 0);
}

/* Another build was unloaded for one that cannot be loaded. */
static void test_old_build_again(void **state _unused_) {
    patch("fix-it", "");
    assert_int_equal(load("fix-it"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    take("fix-it");
    assert_int_equal(unload("fix-it"), 1);
    assert_int_equal(moment_restore(&k.host, NULL, &before, &e), 0);
    build_is("fix_it", BUILD_1);
    assert_recorded("fix-it", "active");
    /* Or the new build was loaded and failed later. */
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    take("fix-it");
    assert_int_equal(unload("fix-it"), 1);
    write_module(MODULES "fix-it.ko", "fix_it", BUILD_2, FAKE_RELEASE);
    assert_int_equal(load("fix-it"), 1);
    build_is("fix_it", BUILD_2);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    write_module(MODULES "fix-it.ko", "fix_it", BUILD_1, FAKE_RELEASE); /* as the store restores
                                                                         * it */
    assert_int_equal(moment_restore(&k.host, NULL, &before, &e), 0);
    build_is("fix_it", BUILD_1);
}

/* A patch without a manifest is restored from the file that it was loaded from, as is one that the
 * manifests would not load now. */
static void test_from_its_file(void **state _unused_) {
    write_module("/srv/x.ko", "fix_it", BUILD_1, FAKE_RELEASE);
    assert_int_equal(load_path("/srv/x.ko", NULL), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    take("fix_it");
    assert_int_equal(unload("fix_it"), 1);
    assert_int_equal(moment_restore(&k.host, NULL, &before, &e), 0);
    build_is("fix_it", BUILD_1);
    assert_recorded("fix_it", "active");

    patch("other", "");
    assert_int_equal(load("other"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    take("other");
    fake_kernel_text(&k, "/etc/lpd/disable", "");
    assert_int_equal(unload("other"), 1);
    assert_int_equal(moment_restore(&k.host, NULL, &before, &e), 0);
    build_is("other", BUILD_1);
    assert_recorded("other", "active");
}

/* Its name differs from that of its module, and its parameters are in the manifest. The new load is
 * recorded as started. */
static void test_from_its_file_by_another_name(void **state _unused_) {
    _cleanup_(result_done) struct result r = {};

    write_module("/srv/x.ko", "fix_it", BUILD_1, FAKE_RELEASE);
    manifest("renamed",
             "[Patch]\nParameters=verbose=1\n[Kernel:" FAKE_RELEASE "]\nModule=/srv/x.ko\n");
    assert_int_equal(load("renamed"), 1);
    assert_string_equal(k.parameters, "verbose=1");
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    take("renamed");
    before.record.complete = true;
    assert_int_equal(unload("renamed"), 1);
    fake_kernel_text(&k, "/etc/lpd/disable", "");
    k.parameters[0] = '\0';
    assert_int_equal(moment_restore(&k.host, NULL, &before, &e), 0);
    build_is("fix_it", BUILD_1);
    assert_string_equal(k.parameters, "verbose=1");
    assert_recorded("renamed", "active");
    assert_recorded("fix_it", NULL);
    assert_int_equal(result_read(&k.host, "renamed", &r), 0);
    assert_false(r.complete);
}

/* While it is being disabled it is enabled again, which needs no load: modules may be locked by
 * now, and the file gone. */
static void test_turned_back(void **state _unused_) {
    patch("fix-it", "");
    assert_int_equal(load("fix-it"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    take("fix-it");
    fake_kernel_module(&k, "fix_it")->stalls_back = true;
    assert_int_equal(k.host.ops->write_value(&k.host, LIVEPATCH_DIRECTORY "/fix_it/enabled", "0"),
                     0);
    fake_kernel_text(&k, "/proc/sys/kernel/modules_disabled", "1\n");
    fake_kernel_remove(&k, MODULES "fix-it.ko");
    assert_int_equal(moment_restore(&k.host, NULL, &before, &e), 0);
    assert_true(is_in("fix_it"));
    assert_int_equal(k.n_finit, 1);
    assert_recorded("fix-it", "active");
}

/* A patch that cannot be unloaded stays loaded, even if disabling it had begun. */
static void test_unload_that_stalls(void **state _unused_) {
    _cleanup_(result_done) struct result r = {};

    patch("fix-it", "TimeoutSec=5\n");
    assert_int_equal(load("fix-it"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    fake_kernel_module(&k, "fix_it")->stalls_back = true;
    assert_int_equal(converge_unload(&k.host, NULL, "fix-it", &r, &e), -ETIME);
    assert_int_equal(e.exit_status, EXIT_STATUS_TIMEOUT);
    assert_non_null(strstr(e.message, "; it stays loaded"));
    assert_string_equal(e.hint, "try again, and meanwhile see what blocks it: lpctl blocking");
    assert_true(is_in("fix_it"));
    assert_recorded("fix-it", "active");
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    assert_int_equal(livepatch_flag_read(&k.host, "fix_it", "transition"), 0);
}

/* Modules are locked: it cannot be loaded again, and the error says so. */
static void test_cannot_come_back(void **state _unused_) {
    patch("fix-it", "");
    assert_int_equal(load("fix-it"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    take("fix-it");
    assert_int_equal(unload("fix-it"), 1);
    fake_kernel_text(&k, "/proc/sys/kernel/modules_disabled", "1\n");
    assert_true(moment_restore(&k.host, NULL, &before, &e) < 0);
    assert_int_equal(e.exit_status, EXIT_STATUS_LOCKED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_out_again),     TEST(test_stays_in),           TEST(test_old_build_again),
        TEST(test_from_its_file), TEST(test_unload_that_stalls), TEST(test_cannot_come_back),
        TEST(test_from_its_file_by_another_name), TEST(test_turned_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
