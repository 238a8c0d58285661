/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs of kpatch that load and unload: what they print, when they return, and what the kernel has then. */
#include "execute-test.h"

#include <fcntl.h>

#include "compat/kpatch.h"
#include "config/manifest.h"
#include "ctl/progress.h"
#include "store/changes-lock.h"

int __wrap_ctl_find_file(const char *argument, char **ret, struct error *error);

/* Paths of the command line lie below the root of the fake kernel. */
int __wrap_ctl_find_file(const char *argument, char **ret, struct error *error _unused_) {
    if (*argument != '/' || !file_exists(&k.host, argument))
        return -ENOENT;
    return string_set(ret, argument);
}

#define INSTALLED "/var/lib/kpatch/" FAKE_RELEASE "/"

static char said[8192]; /* on standard output and standard error, in this order of time */

static int call(int (*verb)(struct ctl *c, const char *argument), int (*all)(struct ctl *c), const char *argument) {
    struct ctl c = { .host = k.host, .wait = true, .quiet = true, .command = (char *) "kpatch" };
    int fd = memfd_new("output"), out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), status;
    ssize_t n;

    assert_true(fd >= 0 && out >= 0 && err >= 0);
    (void) fflush(stdout);
    assert_true(dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    status = argument ? verb(&c, argument) : all(&c);
    (void) fflush(stdout);
    assert_true(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
    n = pread(fd, said, sizeof(said) - 1, 0);
    assert_true(n >= 0);
    said[n] = '\0';
    (void) close(fd);
    (void) close(out);
    (void) close(err);
    progress_free(c.progress);
    if (c.lock)
        changes_lock_free(c.lock);
    json_object_put(c.value);
    return status;
}

#define kpatch(verb, argument) call(kpatch_##verb, NULL, argument)
#define kpatch_all(verb) call(NULL, kpatch_##verb##_all, NULL)

static void assert_said(int status, int expected, const char *text) {
    assert_string_equal(said, text);
    assert_int_equal(status, expected);
}

static void assert_says(const char *part) {
    if (!strstr(said, part))
        fail_msg("'%s' lacks '%s'", said, part);
}

static void install(const char *file, const char *module_name, const char *build_id) {
    _cleanup_free_ char *path = NULL;

    assert_true(asprintf(&path, INSTALLED "%s", file) >= 0);
    write_module(path, module_name, build_id, FAKE_RELEASE);
}

static void test_load(void **state _unused_) {
    install("fix-it.ko", "fix_it", BUILD_1);
    assert_said(kpatch(load, "fix-it.ko"), 0,
                "loading patch module: " INSTALLED "fix-it.ko\n"
                "waiting (up to 15 seconds) for patch transition to complete...\n"
                "transition complete (1 seconds)\n");
    assert_int_equal(livepatch_flag_read(&k.host, "fix_it", "transition"), 0); /* it is in effect */
    for (size_t i = 0; i < 2; i++)
        assert_said(kpatch(load, i == 0 ? "fix_it" : "fix-it"), 0, "module named fix_it already loaded and enabled\n");
    /* Another build under that name is not what was asked for. */
    install("fix-it.ko", "fix_it", BUILD_2);
    assert_int_equal(kpatch(load, "fix-it"), 1);
    assert_says("another build");
    assert_says("kpatch: failed to load module " INSTALLED "fix-it.ko\n");
    assert_said(kpatch(load, "fix-no.ko"), 1, "kpatch: can't find fix-no.ko\n");
}

/* It waits for a transition that was running before, too, and enables again what is being disabled. */
static void test_load_again(void **state _unused_) {
    install("fix-it.ko", "fix_it", BUILD_1);
    fake_kernel_module(&k, "fix_it")->transition_usec = 5 * USEC_PER_SEC;
    (void) load_path(INSTALLED "fix-it.ko", NULL);
    assert_said(kpatch(load, "fix-it"), 0,
                "module named fix_it already loaded and enabled\n"
                "waiting (up to 15 seconds) for patch transition to complete...\n"
                "transition complete (5 seconds)\n");
    assert_int_equal(livepatch_write(&k.host, "fix_it", "enabled", "0"), 0);
    assert_int_equal(kpatch(load, "fix-it"), 0);
    assert_says("module already loaded, re-enabling\nwaiting (up to 15");
    assert_true(is_in("fix_it"));
}

/* One transition at a time: a load waits for that of another patch, as long as kpatch waits for its own. */
static void test_load_after_others(void **state _unused_) {
    install("fix-a.ko", "fix_a", BUILD_1);
    install("fix-b.ko", "fix_b", BUILD_2);
    fake_kernel_module(&k, "fix_a")->transition_usec = 70 * USEC_PER_SEC;
    (void) load_path(INSTALLED "fix-a.ko", NULL);
    assert_int_equal(kpatch(load, "fix-b"), 0);
    assert_says("waiting (up to 75 seconds) for the transition of fix_a to complete...\nloading patch module: ");
    assert_true(is_in("fix_b"));
}

static void test_stalls(void **state _unused_) {
    install("fix-it.ko", "fix_it", BUILD_1);
    fake_kernel_module(&k, "fix_it")->stalls = true;
    fake_kernel_text(&k, "/proc/7/task/8/patch_state", "0\n");
    fake_kernel_text(&k, "/proc/7/task/8/comm", "sleeper\n");
    fake_kernel_text(&k, "/proc/7/task/8/cmdline", "");
    fake_kernel_text(&k, "/proc/7/task/8/stat", "8 (sleeper) S 2 3 4\n");
    assert_said(kpatch(load, "fix-it"), 1,
                "loading patch module: " INSTALLED "fix-it.ko\n"
                "waiting (up to 15 seconds) for patch transition to complete...\n"
                "patch transition has stalled!\n"
                "kpatch: Livepatch process signaling is performed automatically on your system.\n"
                "kpatch: Skipping manual process signaling.\n"
                "waiting (up to 60 seconds) for patch transition to complete...\n"
                "\nStalled processes:\n8 sleeper\n"
                "module fix_it did not complete its transition, unloading...\n"
                "kpatch: error: failed to load module fix_it (transition stalled)\n");
    assert_true(k.now >= 75 * USEC_PER_SEC);
    assert_false(livepatch_is_registered(&k.host, "fix_it"));
    assert_false(file_exists(&k.host, "/sys/module/fix_it"));
}

/* What lpd refuses is refused here, with its reason. */
static void test_refused(void **state _unused_) {
    install("fix-it.ko", "fix_it", BUILD_1);
    write_policy("required");
    assert_int_equal(kpatch(load, "fix-it"), 1);
    assert_says("unsigned");
    assert_says("kpatch: failed to load module " INSTALLED "fix-it.ko\n");
    assert_int_equal(k.n_finit, 0);
}

/* A failure stops no other patch; the order is that of versions. */
static void test_load_all(void **state _unused_) {
    assert_said(kpatch_all(load), 0, "");
    install("lp-10.ko", "lp_10", BUILD_1);
    install("lp-9.ko", "lp_9", BUILD_2);
    fake_kernel_text(&k, INSTALLED "lp-1.ko", "no module");
    fake_kernel_text(&k, INSTALLED "readme", "");
    assert_int_equal(kpatch_all(load), 1);
    assert_says("kpatch: failed to load module " INSTALLED "lp-1.ko\nloading patch module: " INSTALLED "lp-9.ko\n");
    assert_says("transition complete (1 seconds)\nloading patch module: " INSTALLED "lp-10.ko\n");
    assert_true(is_in("lp_9") && is_in("lp_10"));
}

/* One with a manifest is loaded by what that says. */
static void test_load_named(void **state _unused_) {
    install("fix-it.ko", "fix_it", BUILD_1);
    manifest("fix-it", "[Patch]\nParameters=verbose=1\n[Kernel:" FAKE_RELEASE "]\nModule=" INSTALLED "fix-it.ko\n");
    assert_int_equal(kpatch(load, "fix_it"), 0);
    assert_string_equal(k.parameters, "verbose=1");
    assert_int_equal(kpatch(unload, "fix_it"), 0);
    /* The configuration has chosen that; it is no failure. */
    fake_kernel_text(&k, "/proc/cmdline", "lpd.skip=fix-it\n");
    assert_int_equal(kpatch_all(load), 0);
    assert_says("not loaded now because");
    assert_false(is_in("fix_it"));
}

/* What lies there counts as installed: the newest of a cumulative line is loaded, and by its name. */
static void test_load_adopted(void **state _unused_) {
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", "[Trust]\nSignature=permissive\n[Store]\nAdopt=/var/lib/kpatch/%v\n");
    install("kpatch-5_14_0-1-9.ko", "kpatch_5_14_0_1_9", BUILD_1);
    install("kpatch-5_14_0-1-10.ko", "kpatch_5_14_0_1_10", BUILD_2);
    assert_int_equal(kpatch_all(load), 0);
    assert_says(INSTALLED "kpatch-5_14_0-1-9.ko: not loaded now because superseded by ");
    assert_false(is_in("kpatch_5_14_0_1_9"));
    assert_true(is_in("kpatch_5_14_0_1_10"));
    assert_int_equal(result_read(&k.host, "kpatch-5_14_0-1-10", &result), 0);
    assert_int_equal(kpatch(load, "kpatch_5_14_0_1_9"), 1);
    assert_says("superseded by");
    assert_int_equal(kpatch(unload, "kpatch_5_14_0_1_10"), 0);
    assert_false(is_in("kpatch_5_14_0_1_10"));

    /* The switch of kpatch.service keeps a boot from loading it, and no load on request. */
    fake_kernel_text(&k, "/proc/cmdline", "ro kpatch.enable=0\n");
    assert_int_equal(load("kpatch-5_14_0-1-10"), -ECANCELED);
    assert_string_equal(result.state, "skipped");
    assert_string_equal(result.reason, "kpatch.enable=0 is on the kernel command line");
    assert_int_equal(kpatch(load, "kpatch_5_14_0_1_10"), 0);
    assert_true(is_in("kpatch_5_14_0_1_10"));
}

/* The order of Azure Linux's packages: they load from their own directory, and install afterwards. */
static void test_load_then_install(void **state _unused_) {
    const char *own = "/usr/lib/livepatching/" FAKE_RELEASE "/fix_it.ko";

    fake_kernel_text(&k, "/etc/lpd/lpd.conf", "[Trust]\nSignature=permissive\n[Store]\nAdopt=/var/lib/kpatch/%v\n");
    write_module(own, "fix_it", BUILD_1, FAKE_RELEASE);
    assert_int_equal(kpatch(load, own), 0);
    assert_says("loading patch module: /usr/lib/livepatching/");
    install("fix_it.ko", "fix_it", BUILD_1);
    assert_said(kpatch(load, "fix_it"), 0, "module named fix_it already loaded and enabled\n");
    fake_kernel_remove(&k, INSTALLED "fix_it.ko");
    assert_int_equal(kpatch(unload, "fix_it"), 0);
    assert_false(livepatch_is_registered(&k.host, "fix_it"));
}

static void test_unload(void **state _unused_) {
    install("fix-it.ko", "fix_it", BUILD_1);
    static const char *const names[] = { "fix_it", "fix-it", "fix-it.ko", "/some/where/fix-it.ko" };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        assert_int_equal(kpatch(load, "fix-it"), 0);
        assert_said(kpatch(unload, names[i]), 0, "disabling patch module: fix_it\nunloading patch module: fix_it\n");
        assert_false(file_exists(&k.host, "/sys/module/fix_it"));
    }
    assert_said(kpatch(unload, "fix-it.ko"), 1,
                "kpatch: patch module fix_it is not loaded\nkpatch: failed to disable module fix_it\n");
    /* An ordinary module is none of its business. */
    fake_kernel_module(&k, "ext4")->plain = true;
    fake_kernel_text(&k, "/sys/module/ext4/initstate", "live\n");
    fake_kernel_text(&k, "/sys/module/ext4/taint", "\n");
    assert_int_equal(kpatch(unload, "ext4"), 1);
    assert_says("patch module ext4 is not loaded");
}

/* The packages of a cumulative patch: an update has uninstalled what the new one has replaced. */
static void test_unload_after_update(void **state _unused_) {
    install("fix-1.ko", "fix_1", BUILD_1);
    install("fix-2.ko", "fix_2", BUILD_2);
    fake_kernel_module(&k, "fix_2")->replace = true;
    assert_int_equal(kpatch(load, "fix-1"), 0);
    assert_int_equal(kpatch(load, "fix-2"), 0);
    fake_kernel_remove(&k, INSTALLED "fix-1.ko");
    assert_said(kpatch(unload, "fix-2"), 0,
                "disabling patch module: fix_2\nunloading patch module: fix_2\n"
                "fix_1: not loaded again: it is no longer installed\n");
    assert_false(is_in("fix_1") || is_in("fix_2"));
}

static void test_unload_stalls(void **state _unused_) {
    install("fix-it.ko", "fix_it", BUILD_1);
    assert_int_equal(kpatch(load, "fix-it"), 0);
    fake_kernel_module(&k, "fix_it")->stalls_back = true;
    assert_int_equal(kpatch(unload, "fix-it"), 1);
    assert_says("kpatch: transition stalled for fix_it\n");
    assert_true(is_in("fix_it"));
}

/* The newest first, and what a cumulative patch had replaced is not loaded again. */
static void test_unload_all(void **state _unused_) {
    assert_said(kpatch_all(unload), 0, "");
    install("fix-b.ko", "fix_b", BUILD_1);
    install("fix-a.ko", "fix_a", BUILD_2);
    install("fix-c.ko", "fix_c", BUILD_1);
    fake_kernel_module(&k, "fix_a")->replace = true;
    assert_int_equal(kpatch(load, "fix-b"), 0);
    assert_int_equal(kpatch(load, "fix-a"), 0);
    assert_int_equal(kpatch(load, "fix-c"), 0);
    assert_said(kpatch_all(unload), 0,
                "disabling patch module: fix_c\nunloading patch module: fix_c\n"
                "disabling patch module: fix_a\nunloading patch module: fix_a\n");
    assert_false(is_in("fix_a") || is_in("fix_b") || is_in("fix_c"));
}

static void test_unload_all_fails(void **state _unused_) {
    install("fix-a.ko", "fix_a", BUILD_1);
    install("fix-b.ko", "fix_b", BUILD_2);
    assert_int_equal(kpatch(load, "fix-a"), 0);
    assert_int_equal(kpatch(load, "fix-b"), 0);
    fake_kernel_module(&k, "fix_b")->stalls_back = true;
    assert_int_equal(kpatch_all(unload), 1);
    assert_says("kpatch: failed to unload module fix_b\n");
    assert_says("unloading patch module: fix_a\n");
    assert_false(is_in("fix_a"));
}

static void test_label(void **state _unused_) {
    static const char *const labels[][2] = {
        { "system_u:object_r:var_lib_t:s0", "system_u:object_r:modules_object_t:s0" },
        { "root:object_r:kpatch_var_lib_t:s0:c1,c2", "root:object_r:modules_object_t:s0:c1,c2" },
        { "system_u:object_r:var_lib_t", "system_u:object_r:modules_object_t" },
        { "unlabeled", NULL },
        { "", NULL },
    };

    for (size_t i = 0; i < ELEMENTSOF(labels); i++) {
        _cleanup_free_ char *label = kpatch_label(labels[i][0]);

        assert_string_equal(strempty(label), strempty(labels[i][1]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_load),       TEST(test_load_again), TEST(test_load_after_others), TEST(test_stalls),
        TEST(test_refused),    TEST(test_load_all),   TEST(test_load_named),        TEST(test_unload),
        TEST(test_unload_after_update), TEST(test_unload_stalls), TEST(test_unload_all), TEST(test_unload_all_fails),
        TEST(test_load_adopted), TEST(test_load_then_install), TEST(test_label),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
