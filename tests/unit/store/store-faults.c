/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each step of an install, an update, a removal and a switch fails once, meets a full disk, and is
 * the moment of a power cut. The linker puts the functions below in front of the C library's. */
#include <sys/wait.h>

#include "io-faults.h"
#include "store-test.h"

static struct sample first, second;

static int make_samples(void **state _unused_) {
    first = sample_make("first");
    second = sample_make("second, which is longer");
    return 0;
}

static int free_samples(void **state _unused_) {
    sample_done(&first);
    sample_done(&second);
    return 0;
}

/* A change of the machine, its initial state, and its end. */
struct scene {
    const char *name;
    void (*prepare)(void);
    int (*act)(void);
    bool undone; /* on failure everything is as before; otherwise the old or the new state, but
                  * nothing in between */
    void (*check)(void); /* checks that the state is a valid one */
};

static void prepare_nothing(void) {}

static void prepare_installed(void) {
    assert_int_equal(install("fix-it", &first), 1);
    assert_int_equal(install("other", &first), 1);
}

static void prepare_disabled(void) {
    prepare_installed();
    assert_int_equal(store_set_enabled(&h, "fix-it", false, NULL, NULL), 1);
}

static void prepare_package(void) {
    tree_write(&h, VENDOR "fix-it.conf", "[Patch]\nEnabled=no\n");
    tree_write_data(&h, STORE RELEASE "/fix-it.ko", first.object.data, first.object.size);
}

/* A power cut in the middle of an earlier removal. */
static void prepare_leftovers(void) {
    prepare_disabled();
    assert_int_equal(file_unlink(&h, MANIFESTS "fix-it.conf"), 0);
}

static int act_install(void) {
    return install("fix-it", &first);
}

static int act_update(void) {
    return install("fix-it", &second);
}

static int act_update_stage(void) {
    struct store_patch p = patch_of("fix-it", &second);

    p.stage = STAGE_INITRD;
    p.set_stage = true;
    return install_patch(&p);
}

static int act_remove(void) {
    error_done(&e);
    return store_remove(&h, "fix-it", NULL, &e);
}

static int act_remove_kernel(void) {
    error_done(&e);
    return store_remove_kernel(&h, RELEASE, "fix-it", &e);
}

static int act_enable(void) {
    error_done(&e);
    return store_set_enabled(&h, "fix-it", true, NULL, &e);
}

static int act_disable(void) {
    error_done(&e);
    return store_set_enabled(&h, "fix-it", false, NULL, &e);
}

/* No patch, or one that can be loaded: its manifest is valid, its module found and allowed by the
 * pin. */
static void check_whole(void) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_(manifest_done) struct manifest m = {};
    const struct manifest_kernel *kernel;
    _cleanup_free_ char *path = NULL;
    int r;

    r = manifest_load(&h, "fix-it", &m, NULL);
    if (r == -ENOENT)
        return;
    assert_int_equal(r, 0);
    kernel = manifest_kernel_for(&m, RELEASE);
    assert_int_equal(store_find_module(&h, RELEASE, "fix-it", NULL, &path), 0);
    assert_int_equal(module_file_open_untrusted(&h, path, &f, NULL), 0);
    module_file_sha256(&f);
    assert_true(streq(f.sha256, first.sha256) || streq(f.sha256, second.sha256));
    if (startswith(m.path, MANIFESTS))
        assert_non_null(kernel);
    if (kernel && !strstr(strempty(kernel->sha256), f.sha256))
        fail_msg("the pin %s does not allow %s", strempty(kernel->sha256), f.sha256);
}

/* Or one without a module for that kernel, with or without a pin. */
static void check_pinned(void) {
    _cleanup_free_ char *path = NULL;

    if (store_find_module(&h, RELEASE, "fix-it", NULL, &path) >= 0)
        check_whole();
}

static const struct scene scenes[] = {
    { "install", prepare_nothing, act_install, true, check_whole },
    { "install over leftovers", prepare_leftovers, act_install, true, check_whole },
    { "install for a package", prepare_package, act_update, true, check_whole },
    { "update", prepare_installed, act_update, true, check_whole },
    { "update with stage", prepare_disabled, act_update_stage, true, check_whole },
    { "remove", prepare_disabled, act_remove, true, check_whole },
    { "remove for a kernel", prepare_disabled, act_remove_kernel, true, check_pinned },
    { "disable", prepare_installed, act_disable, true, check_whole },
    { "enable", prepare_disabled, act_enable, true, check_whole },
    { "enable a package's", prepare_package, act_enable, true, check_whole },
};

/* The result without a fault. */
static char *complete_tree(const struct scene *scene) {
    char *list;

    tree_make(&h);
    scene->prepare();
    arm(FAULT_NONE, 0);
    assert_int_equal(scene->act(), 1);
    list = tree_list(LIST_VISIBLE);
    tree_remove(&h);
    return list;
}

/* Asserts that the change is complete; a removal may leave directories that it could not remove, or
 * in which a power cut has left a hidden file. */
static void assert_done(const struct scene *scene, unsigned n, const char *complete) {
    _cleanup_free_ char *after = tree_list(LIST_VISIBLE);

    if (streq(after, complete))
        return;
    if (scene->act != act_remove && scene->act != act_remove_kernel)
        fail_msg("%s: not done when step %u goes wrong:\n%s\n%s", scene->name, n, complete, after);
    if (scene->act == act_remove)
        assert_gone(MANIFESTS "fix-it.conf");
    assert_gone(PIN("fix-it"));
    assert_gone(STORE RELEASE "/fix-it.ko");
}

/* Makes one step fail. False if there are fewer steps. */
static bool strike(const struct scene *scene, enum fault f, unsigned n, const char *complete) {
    _cleanup_free_ char *before = NULL, *after = NULL;
    bool reached;
    int r;

    tree_make(&h);
    scene->prepare();
    before = tree_list(LIST_TIMES);
    arm(f, n);
    r = scene->act();
    reached = disarm();
    if (r < 0 && scene->undone) {
        after = tree_list(LIST_TIMES);
        if (!streq(before, after))
            fail_msg("%s: not undone when step %u goes wrong by %d: %s\n%s\n%s", scene->name, n, f,
                     error_message(&e, r), before, after);
        if (renamed)
            fail_msg("%s: undone when step %u goes wrong by %d, but not on the disk", scene->name,
                     n, f);
    } else if (r >= 0)
        assert_done(scene, n, complete);
    if (r < 0)
        assert_non_null(e.message);
    error_done(&e);
    scene->check();
    tree_remove(&h);
    return reached;
}

static void each_step(enum fault f) {
    for (size_t i = 0; i < ELEMENTSOF(scenes); i++) {
        _cleanup_free_ char *complete = complete_tree(scenes + i);
        unsigned n = 0;

        while (strike(scenes + i, f, n, complete))
            n++;
        printf("%s: %u steps\n", scenes[i].name, n);
        assert_uint_in_range(n, 3, 200);
    }
}

static void test_fails(void **state _unused_) {
    each_step(FAULT_ONCE);
}

static void test_disk_is_full(void **state _unused_) {
    each_step(FAULT_FULL);
}

/* After the file system has failed, nothing can be undone; the error says so, and the state is
 * still a valid one. */
static void test_file_system_stops(void **state _unused_) {
    struct scene scene = scenes[3];
    _cleanup_free_ char *complete = complete_tree(&scene);
    unsigned n = 0;

    scene.undone = false;
    while (strike(&scene, FAULT_READONLY, n, complete))
        n++;
    tree_make(&h);
    prepare_installed();
    arm(FAULT_READONLY, 12);
    assert_int_equal(act_update(), -EROFS);
    (void) disarm();
    assert_non_null(strstr(e.hint,
                           "and restoring the previous state failed: Read-only file system"));
    error_done(&e);
    tree_remove(&h);
}

/* True if the power was cut. */
static bool cut_power(const struct scene *scene, unsigned n) {
    int status;
    pid_t pid = fork();

    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        arm(FAULT_CUT, n);
        _exit(scene->act() < 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == CUT_STATUS);
    return WEXITSTATUS(status) == CUT_STATUS;
}

/* Afterwards the patch is the old one, the new one, or none, and the same command completes it. */
static void test_power_cut(void **state _unused_) {
    for (size_t i = 0; i < ELEMENTSOF(scenes); i++) {
        const struct scene *scene = scenes + i;
        _cleanup_free_ char *complete = complete_tree(scene);
        bool cut = true;

        for (unsigned n = 0; cut; n++) {
            tree_make(&h);
            scene->prepare();
            cut = cut_power(scene, n);
            scene->check();
            assert_true(scene->act() >= 0);
            assert_done(scene, n, complete);
            tree_remove(&h);
        }
    }
}

/* No step relies on a change that is not yet on the disk. */
static void test_syncs(void **state _unused_) {
    for (size_t i = 0; i < ELEMENTSOF(scenes); i++) {
        tree_make(&h);
        scenes[i].prepare();
        arm(FAULT_NONE, 0);
        assert_int_equal(scenes[i].act(), 1);
        if (relied_on_unsynced || unsynced)
            fail_msg("%s: a step relies on what is not on the disk", scenes[i].name);
        tree_remove(&h);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fails),
        cmocka_unit_test(test_disk_is_full),
        cmocka_unit_test(test_file_system_stops),
        cmocka_unit_test(test_power_cut),
        cmocka_unit_test(test_syncs),
    };

    return cmocka_run_group_tests(tests, make_samples, free_samples);
}
