/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store-test.h"

static struct sample first, second, third;

static int make_samples(void **state _unused_) {
    first = sample_make("first");
    second = sample_make("second, which is longer");
    third = sample_make("third");
    return 0;
}

static int free_samples(void **state _unused_) {
    sample_done(&first);
    sample_done(&second);
    sample_done(&third);
    return 0;
}

static void assert_found(const char *name, const char *module, const char *expected) {
    _cleanup_free_ char *path = NULL;
    int r = store_find_module(&h, RELEASE, name, module, &path);

    assert_int_equal(r, expected ? 0 : -ENOENT);
    if (expected)
        assert_string_equal(path, expected);
    else
        assert_null(path);
}

static void test_find(void **state _unused_) {
    /* In reverse order of precedence. */
    static const char *const paths[] = {
        "/usr/lib/modules/" RELEASE "/livepatch/fix_it-now.ko.gz",
        "/usr/lib/modules/" RELEASE "/livepatch/fix_it-now.ko.zst",
        "/usr/lib/modules/" RELEASE "/livepatch/fix_it-now.ko.xz",
        "/usr/lib/modules/" RELEASE "/livepatch/fix_it-now.ko",
        "/usr/lib/lpd/modules/" RELEASE "/fix_it-now.ko.gz",
        "/usr/lib/lpd/modules/" RELEASE "/fix_it-now.ko",
        STORE RELEASE "/fix_it-now.ko.xz",
        STORE RELEASE "/fix_it-now.ko",
    };

    assert_found("fix_it-now", NULL, NULL);
    tree_write(&h, STORE "6.12/fix_it-now.ko", "for another kernel");
    tree_write(&h, "/usr/lib/modules/" RELEASE "/fix_it-now.ko", "no place for patches");
    tree_write(&h, STORE RELEASE "/fix_it-now.ko.bz2", "no format of modules");
    assert_found("fix_it-now", NULL, NULL);
    for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
        tree_write(&h, paths[i], "");
        assert_found("fix_it-now", NULL, paths[i]);
        /* The patch's own name counts, not the kernel's spelling. */
        assert_found("fix_it_now", NULL, NULL);
    }
}

static void test_find_by_the_kernels_name(void **state _unused_) {
    tree_write(&h, "/usr/lib/lpd/modules/" RELEASE "/fix_it_now.ko.xz", "");
    assert_found("fix-it-now", NULL, "/usr/lib/lpd/modules/" RELEASE "/fix_it_now.ko.xz");
    assert_found("fix_it_now", NULL, "/usr/lib/lpd/modules/" RELEASE "/fix_it_now.ko.xz");
    tree_write(&h, "/usr/lib/modules/" RELEASE "/livepatch/fix-it-now.ko", "");
    assert_found("fix-it-now", NULL, "/usr/lib/modules/" RELEASE "/livepatch/fix-it-now.ko");
}

static void test_find_named(void **state _unused_) {
    tree_write(&h, STORE RELEASE "/fix-it.ko", "");
    tree_write(&h, "/usr/lib/lpd/modules/" RELEASE "/other-1.ko", "");
    tree_write(&h, "/opt/far-away.ko", "");
    assert_found("fix-it", "other-1.ko", "/usr/lib/lpd/modules/" RELEASE "/other-1.ko");
    assert_found("fix-it", "/opt/far-away.ko", "/opt/far-away.ko");
    assert_found("fix-it", "other_1.ko", NULL);
    assert_found("fix-it", "/opt/nothing.ko", NULL);
    assert_found("fix-it", "nothing.ko", NULL);
}

static void test_hidden(void **state _unused_) {
    assert_true(store_is_hidden(&h));
    assert_int_equal(file_mkdir_p(&h, "/var/lib/lpd"), 0);
    assert_false(store_is_hidden(&h));
}

static void assert_sees(const char *name, const char *module_path, const char *pin) {
    _cleanup_(manifest_done) struct manifest m = {};
    const struct manifest_kernel *kernel;

    assert_int_equal(manifest_load(&h, name, &m, NULL), 0);
    kernel = manifest_kernel_for(&m, RELEASE);
    if (pin)
        assert_string_equal(kernel ? strempty(kernel->sha256) : "", pin);
    else
        assert_null(kernel);
    assert_found(m.name, kernel ? kernel->module : NULL, module_path);
}

static void test_install(void **state _unused_) {
    assert_int_equal(install("fix-it", &first), 1);
    assert_module(STORE RELEASE "/fix-it.ko", &first);
    assert_text(MANIFESTS "fix-it.conf", "# Written by lpctl install; yours to edit, see lpd.patch(5).\n"
                                         "[Patch]\nStage=system\n");
    assert_sees("fix-it", STORE RELEASE "/fix-it.ko", first.sha256);
}

static void test_install_nothing_else(void **state _unused_) {
    static const char *const expected[] = {
        "/etc", "/etc/lpd", "/etc/lpd/patches.d", "/etc/lpd/patches.d/fix-it.conf",
        "/etc/lpd/patches.d/fix-it.conf.d", PIN("fix-it"), "/var", "/var/lib", "/var/lib/lpd",
        "/var/lib/lpd/modules", "/var/lib/lpd/modules/" RELEASE,
        "/var/lib/lpd/modules/" RELEASE "/fix-it.ko",
    };
    _cleanup_strv_free_ char **lines = NULL;
    _cleanup_free_ char *list = NULL;

    assert_int_equal(install("fix-it", &first), 1);
    list = tree_list(LIST_TIMES);
    assert_int_equal(strv_extend_split(&lines, list, "\n"), 0);
    assert_int_equal(strv_length(lines), ELEMENTSOF(expected));
    for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
        _cleanup_free_ char *prefix = NULL;

        assert_true(asprintf(&prefix, "%s %s", expected[i],
                             strstr(expected[i], ".conf") && !endswith(expected[i], ".d") ? "100644"
                             : endswith(expected[i], ".ko") ? "100644" : "40755") >= 0);
        if (!startswith(lines[i], prefix))
            fail_msg("'%s' is not '%s'", lines[i], prefix);
    }
}

static void test_install_again(void **state _unused_) {
    _cleanup_free_ char *list = NULL;

    assert_int_equal(install("fix-it", &first), 1);
    list = tree_list(LIST_TIMES);
    assert_int_equal(install("fix-it", &first), 0);
    assert_int_equal(install("fix_it", &first), 0);
    assert_tree(list);
}

static void test_install_update(void **state _unused_) {
    assert_int_equal(install("fix-it", &first), 1);
    tree_write(&h, MANIFESTS "fix-it.conf", "[Patch]\nDescription=mine now\n");
    assert_int_equal(install("fix_it", &second), 1);
    assert_module(STORE RELEASE "/fix-it.ko", &second);
    assert_text(MANIFESTS "fix-it.conf", "[Patch]\nDescription=mine now\n");
    assert_sees("fix-it", STORE RELEASE "/fix-it.ko", second.sha256);
    assert_gone(STORE RELEASE "/fix_it.ko");
    assert_gone(STORE RELEASE "/.fix-it.ko.old");
    assert_gone(MANIFESTS "fix-it.conf.d/.20-kernel-" RELEASE ".conf.old");
}

static void test_install_for_two_kernels(void **state _unused_) {
    struct store_patch p = patch_of("fix-it", &second);

    assert_int_equal(install("fix-it", &first), 1);
    p.release = "6.12.9+deb12-amd64";
    assert_int_equal(install_patch(&p), 1);
    assert_module(STORE RELEASE "/fix-it.ko", &first);
    assert_module(STORE "6.12.9+deb12-amd64/fix-it.ko", &second);
    assert_sees("fix-it", STORE RELEASE "/fix-it.ko", first.sha256);
}

static void test_install_stage(void **state _unused_) {
    _cleanup_(manifest_done) struct manifest m = {};
    struct store_patch p = patch_of("fix-it", &first);

    p.stage = STAGE_INITRD;
    p.description = "50% safer";
    assert_int_equal(install_patch(&p), 1);
    assert_text(MANIFESTS "fix-it.conf", "# Written by lpctl install; yours to edit, see lpd.patch(5).\n"
                                         "[Patch]\nDescription=50% safer\nStage=initrd\n");
    /* Without a stage the manifest's stage does not change. */
    p.stage = STAGE_SYSTEM;
    assert_int_equal(install_patch(&p), 0);
    p.set_stage = true;
    assert_int_equal(install_patch(&p), 1);
    assert_int_equal(manifest_load(&h, "fix-it", &m, NULL), 0);
    assert_int_equal(m.stage, STAGE_SYSTEM);
    assert_int_equal(install_patch(&p), 0);
}

static void test_install_where_the_manifest_says(void **state _unused_) {
    tree_write(&h, MANIFESTS "fix-it.conf", "[Patch]\n[Kernel:" RELEASE "]\nModule=uaf.ko\n");
    assert_int_equal(install("fix-it", &first), 1);
    assert_module(STORE RELEASE "/uaf.ko", &first);
    assert_gone(STORE RELEASE "/fix-it.ko");
    assert_sees("fix-it", STORE RELEASE "/uaf.ko", first.sha256);
}

static void test_install_somebody_elses_module(void **state _unused_) {
    _cleanup_free_ char *list = NULL;

    tree_write(&h, MANIFESTS "fix-it.conf", "[Patch]\n[Kernel:" RELEASE "]\nModule=/opt/uaf.ko\n");
    list = tree_list(LIST_TIMES);
    assert_error_has(install("fix-it", &first), -EBUSY, &e,
                     "/etc/lpd/patches.d/fix-it.conf has its own Module=/opt/uaf.ko");
    assert_tree(list);
}

static void test_install_pinned(void **state _unused_) {
    _cleanup_free_ char *text = NULL, *list = NULL;
    int r;

    assert_true(asprintf(&text, "[Patch]\n[Kernel:" RELEASE "]\nSHA256=%s\n", first.sha256) >= 0);
    tree_write(&h, MANIFESTS "fix-it.conf", text);
    list = tree_list(LIST_TIMES);
    r = install("fix-it", &second);
    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    assert_non_null(strstr(e.message, first.sha256));
    assert_error_has(r, -EKEYREJECTED, &e, second.sha256);
    assert_tree(list);
    assert_int_equal(install("fix-it", &first), 1);
}

/* A pin that the last install has written does not prevent the next one. */
static void test_install_over_own_pin(void **state _unused_) {
    assert_int_equal(install("fix-it", &first), 1);
    assert_int_equal(install("fix-it", &second), 1);
    assert_int_equal(install("fix-it", &first), 1);
    assert_sees("fix-it", STORE RELEASE "/fix-it.ko", first.sha256);
}

/* A package's manifest for all kernels stays one for all kernels. */
static void test_install_for_a_package(void **state _unused_) {
    tree_write(&h, VENDOR "fix-it.conf", "[Patch]\n");
    assert_int_equal(install("fix-it", &first), 1);
    assert_sees("fix-it", STORE RELEASE "/fix-it.ko", NULL);
    assert_gone("/etc");
    assert_int_equal(install("fix-it", &second), 1);
    assert_int_equal(install("fix-it", &second), 0);
    assert_sees("fix-it", STORE RELEASE "/fix-it.ko", NULL);
}

/* One that lists kernels gets another section. */
static void test_install_for_a_package_with_kernels(void **state _unused_) {
    tree_write(&h, VENDOR "fix-it.conf", "[Patch]\n[Kernel:6.12]\n");
    assert_int_equal(install("fix-it", &first), 1);
    assert_sees("fix-it", STORE RELEASE "/fix-it.ko", first.sha256);
    assert_text(VENDOR "fix-it.conf", "[Patch]\n[Kernel:6.12]\n");
    assert_gone(MANIFESTS "fix-it.conf");
}

static void test_install_masked(void **state _unused_) {
    static const char *const masks[] = { "/etc/lpd/patches.d/fix-it.conf",
                                         "/run/lpd/patches.d/fix-it.conf" };

    for (size_t i = 0; i < ELEMENTSOF(masks); i++) {
        _cleanup_free_ char *list = NULL;

        tree_write(&h, VENDOR "fix-it.conf", "[Patch]\n");
        tree_link(&h, "/dev/null", masks[i]);
        list = tree_list(LIST_TIMES);
        assert_error_has(install("fix-it", &first), -EBUSY, &e, masks[i]);
        assert_tree(list);
        assert_int_equal(file_unlink(&h, masks[i]), 0);
        tree_write(&h, masks[i], "");
        assert_error_has(install("fix-it", &first), -EBUSY, &e, masks[i]);
        assert_int_equal(file_unlink(&h, masks[i]), 0);
    }
    assert_int_equal(install("fix-it", &first), 1);
}

static void test_install_over_a_broken_manifest(void **state _unused_) {
    _cleanup_free_ char *list = NULL;
    int r;

    tree_write(&h, MANIFESTS "fix-it.conf", "[Patch]\nTiemout=1\n");
    list = tree_list(LIST_TIMES);
    r = install("fix-it", &first);
    assert_int_equal(e.exit_status, EXIT_STATUS_CONFIG);
    assert_error_has(r, -EBADMSG, &e, "/etc/lpd/patches.d/fix-it.conf:2: ");
    assert_tree(list);
}

static void test_install_hostile(void **state _unused_) {
    static const char *const words[] = { "..", "../../etc", "a/b", "", ".hidden", "a b", "a\nb" };
    struct store_patch p;

    for (size_t i = 0; i < ELEMENTSOF(words); i++) {
        p = patch_of("fix-it", &first);
        p.release = words[i];
        assert_error_has(install_patch(&p), -EINVAL, &e, "is not a kernel release");
        p = patch_of(words[i], &first);
        assert_error_has(install_patch(&p), -EINVAL, &e, "is not a patch name");
    }
    assert_tree("");
}

static void test_install_something_in_the_way(void **state _unused_) {
    static const char *const paths[] = { STORE RELEASE "/fix-it.ko", PIN("fix-it") };

    for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
        _cleanup_free_ char *dir = NULL, *fifo = NULL, *link = NULL;
        _cleanup_close_ int parent = -EBADF;
        const char *name;

        parent = tree_parent(&h, paths[i], &name);
        assert_int_equal(mkdirat(parent, name, 0700), 0);
        dir = tree_list(LIST_TIMES);
        assert_error_has(install("fix-it", &first), -EEXIST, &e, "is not a regular file");
        assert_tree(dir);
        assert_int_equal(unlinkat(parent, name, AT_REMOVEDIR), 0);

        assert_int_equal(mkfifoat(parent, name, 0600), 0);
        fifo = tree_list(LIST_TIMES);
        assert_error_has(install("fix-it", &first), -EEXIST, &e, paths[i]);
        assert_tree(fifo);
        assert_int_equal(unlinkat(parent, name, 0), 0);

        assert_int_equal(symlinkat("/etc/shadow", parent, name), 0);
        link = tree_list(LIST_TIMES);
        assert_error_has(install("fix-it", &first), -EEXIST, &e, paths[i]);
        assert_tree(link);
        assert_int_equal(unlinkat(parent, name, 0), 0);
    }
}

static void test_install_file_for_a_directory(void **state _unused_) {
    _cleanup_free_ char *list = NULL;

    tree_write(&h, "/var/lib/lpd", "");
    list = tree_list(LIST_TIMES);
    assert_error_has(install("fix-it", &first), -ENOTDIR, &e, "cannot read " STORE RELEASE "/fix-it.ko");
    assert_tree(list);
}

/* The load failed, so the successful install is undone. */
static void test_undo(void **state _unused_) {
    _cleanup_(change_freep) struct change *fresh = NULL, *update = NULL;
    _cleanup_free_ char *list = NULL;
    struct store_patch p = patch_of("fix-it", &first);

    assert_int_equal(store_install(&h, &p, &fresh, &e), 1);
    assert_int_equal(change_undo(fresh), 0);
    assert_tree("");

    assert_int_equal(install("fix-it", &first), 1);
    assert_int_equal(fchmodat(h.root_fd, &STORE[1], 0700, 0), 0);
    assert_int_equal(fchmodat(h.root_fd, &PIN("fix-it")[1], 0600, 0), 0);
    list = tree_list(LIST_TIMES);
    p = patch_of("fix-it", &second);
    p.stage = STAGE_INITRD;
    p.set_stage = true;
    assert_int_equal(store_install(&h, &p, &update, &e), 1);
    assert_module(STORE RELEASE "/fix-it.ko", &second);
    assert_int_equal(change_undo(update), 0);
    assert_tree(list);
    /* A second undo does no harm. */
    change_free(TAKE_PTR(update));
    assert_tree(list);
}

static void test_undo_keeps_what_others_put_there(void **state _unused_) {
    _cleanup_(change_freep) struct change *change = NULL;
    struct store_patch p = patch_of("fix-it", &first);

    assert_int_equal(store_install(&h, &p, &change, &e), 1);
    tree_write(&h, STORE RELEASE "/other.ko", "not ours");
    assert_int_equal(change_undo(change), 0);
    assert_text(STORE RELEASE "/other.ko", "not ours");
    assert_gone("/etc");
}

static int remove_patch(const char *name) {
    error_done(&e);
    return store_remove(&h, name, NULL, &e);
}

static void test_remove(void **state _unused_) {
    _cleanup_free_ char *list = NULL;
    struct store_patch p = patch_of("fix-it", &second);

    assert_int_equal(remove_patch("fix-it"), 0);
    assert_int_equal(install("other", &first), 1);
    list = tree_list(LIST_TIMES);
    assert_int_equal(install("fix-it", &first), 1);
    p.release = "6.12";
    p.stage = STAGE_INITRD;
    p.set_stage = true;
    assert_int_equal(install_patch(&p), 1);
    assert_int_equal(store_set_enabled(&h, "fix-it", false, NULL, &e), 1);
    assert_int_equal(remove_patch("fix_it"), 1);
    assert_tree(list);
    assert_int_equal(remove_patch("fix-it"), 0);
}

static void test_remove_keeps_others_dropins(void **state _unused_) {
    assert_int_equal(install("fix-it", &first), 1);
    tree_write(&h, MANIFESTS "fix-it.conf.d/local.conf", "[Patch]\nRequired=yes\n");
    assert_int_equal(remove_patch("fix-it"), 1);
    assert_text(MANIFESTS "fix-it.conf.d/local.conf", "[Patch]\nRequired=yes\n");
    assert_gone(PIN("fix-it"));
}

static void test_remove_named_modules(void **state _unused_) {
    tree_write(&h, MANIFESTS "fix-it.conf",
               "[Patch]\n[Kernel:" RELEASE "]\nModule=uaf.ko\n[Kernel:6.12]\nModule=/opt/uaf.ko\n");
    tree_write(&h, "/opt/uaf.ko", "not ours");
    tree_write(&h, STORE "6.12/other.ko", "not ours");
    assert_int_equal(install("fix-it", &first), 1);
    assert_int_equal(remove_patch("fix-it"), 1);
    assert_gone(STORE RELEASE);
    assert_text("/opt/uaf.ko", "not ours");
    assert_text(STORE "6.12/other.ko", "not ours");
}

/* A package's manifest alone, with an override of the administrator, and with a mask: removing
 * lpctl's files does not remove the patch in any of these cases. */
static void test_remove_a_packages_patch(void **state _unused_) {
    static const char *const own[] = { NULL, "[Patch]\nRequired=yes\n", "" };

    tree_write(&h, VENDOR "fix-it.conf", "[Patch]\n");
    for (size_t i = 0; i < ELEMENTSOF(own); i++) {
        _cleanup_free_ char *list = NULL;

        if (own[i])
            tree_write(&h, MANIFESTS "fix-it.conf", own[i]);
        list = tree_list(LIST_TIMES);
        error_done(&e);
        assert_error_has(store_may_remove(&h, "fix_it", &e), i == 2 ? 0 : -EBUSY, &e, "");
        assert_error_has(store_may_remove(&h, "fix-it", &e), -EBUSY, &e, VENDOR "fix-it.conf");
        assert_error_has(remove_patch("fix-it"), -EBUSY, &e, VENDOR "fix-it.conf");
        assert_tree(list);
    }
}

static void test_remove_broken(void **state _unused_) {
    assert_int_equal(install("fix-it", &first), 1);
    tree_write(&h, MANIFESTS "fix-it.conf", "[Patch]\nTiemout=1\n");
    assert_int_equal(store_may_remove(&h, "fix_it", &e), 0);
    assert_int_equal(remove_patch("fix_it"), 1);
    assert_gone(MANIFESTS "fix-it.conf");
    assert_gone(STORE RELEASE);
}

static void test_remove_one_of_twins(void **state _unused_) {
    tree_write(&h, MANIFESTS "fix-it.conf", "[Patch]\n");
    tree_write(&h, MANIFESTS "fix_it.conf", "[Patch]\n");
    assert_int_equal(remove_patch("fix_it"), 1);
    assert_text(MANIFESTS "fix-it.conf", "[Patch]\n");
    assert_gone(MANIFESTS "fix_it.conf");
}

/* The power was cut after the manifest had been removed. */
static void test_remove_leftovers(void **state _unused_) {
    assert_int_equal(install("fix-it", &first), 1);
    tree_write(&h, STORE RELEASE "/.fix-it.ko.old", "left by an install that the power cut short");
    assert_int_equal(file_unlink(&h, MANIFESTS "fix-it.conf"), 0);
    assert_int_equal(remove_patch("fix-it"), 1);
    assert_gone(STORE RELEASE);
    assert_gone(MANIFESTS "fix-it.conf.d");
}

static void test_install_over_leftovers(void **state _unused_) {
    _cleanup_(manifest_done) struct manifest m = {};
    _cleanup_(change_freep) struct change *change = NULL;
    _cleanup_free_ char *list = NULL;
    struct store_patch p = patch_of("fix-it", &second);

    assert_int_equal(install("fix-it", &first), 1);
    assert_int_equal(store_set_enabled(&h, "fix-it", false, NULL, &e), 1);
    assert_int_equal(file_unlink(&h, MANIFESTS "fix-it.conf"), 0);
    list = tree_list(LIST_TIMES);
    assert_int_equal(store_install(&h, &p, &change, &e), 1);
    assert_int_equal(manifest_load(&h, "fix-it", &m, NULL), 0);
    assert_true(m.enabled);
    assert_int_equal(change_undo(change), 0);
    assert_tree(list);
}

static int set_enabled(const char *name, bool enabled) {
    error_done(&e);
    return store_set_enabled(&h, name, enabled, NULL, &e);
}

static void assert_enabled(const char *name, bool enabled) {
    _cleanup_(manifest_done) struct manifest m = {};

    assert_int_equal(manifest_load(&h, name, &m, NULL), 0);
    assert_int_equal(m.enabled, enabled);
}

static void test_enable(void **state _unused_) {
    _cleanup_free_ char *yes = NULL, *no = NULL;

    assert_error_has(set_enabled("fix-it", true), -ENOENT, &e, "fix-it");
    assert_int_equal(install("fix-it", &first), 1);
    yes = tree_list(LIST_TIMES);
    assert_int_equal(set_enabled("fix-it", true), 0);
    assert_tree(yes);
    assert_int_equal(set_enabled("fix_it", false), 1);
    assert_enabled("fix-it", false);
    assert_text(MANIFESTS "fix-it.conf.d/50-enabled.conf",
                "# Written by lpctl disable.\n[Patch]\nEnabled=no\n");
    no = tree_list(LIST_TIMES);
    assert_int_equal(set_enabled("fix-it", false), 0);
    assert_tree(no);
    assert_int_equal(set_enabled("fix-it", true), 1);
    assert_tree(yes);
}

static void test_enable_a_packages_patch(void **state _unused_) {
    tree_write(&h, VENDOR "on.conf", "[Patch]\n");
    tree_write(&h, VENDOR "off.conf", "[Patch]\nEnabled=no\n");
    assert_int_equal(set_enabled("on", false), 1);
    assert_enabled("on", false);
    assert_int_equal(set_enabled("on", true), 1);
    assert_enabled("on", true);
    assert_gone(MANIFESTS "on.conf.d/50-enabled.conf");
    assert_int_equal(set_enabled("off", true), 1);
    assert_enabled("off", true);
    assert_text(MANIFESTS "off.conf.d/50-enabled.conf",
                "# Written by lpctl enable.\n[Patch]\nEnabled=yes\n");
    assert_int_equal(set_enabled("off", false), 1);
    assert_enabled("off", false);
    assert_gone(MANIFESTS "off.conf.d/50-enabled.conf");
}

static void test_enable_overruled(void **state _unused_) {
    _cleanup_free_ char *list = NULL;

    assert_int_equal(install("fix-it", &first), 1);
    tree_write(&h, MANIFESTS "fix-it.conf.d/60-mine.conf", "[Patch]\nEnabled=no\n");
    tree_write(&h, MANIFESTS "fix-it.conf.d/50-enabled.conf", "[Patch]\nEnabled=no\n");
    list = tree_list(LIST_TIMES);
    assert_error_has(set_enabled("fix-it", true), -EBUSY, &e, "after 50-enabled.conf says Enabled=no");
    assert_tree(list);
}

static void test_enable_broken(void **state _unused_) {
    tree_write(&h, MANIFESTS "fix-it.conf", "[Patch]\nTiemout=1\n");
    assert_error_has(set_enabled("fix-it", false), -EBADMSG, &e, "fix-it.conf:2: ");
    assert_gone(MANIFESTS "fix-it.conf.d");
}

/* An update that a power cut interrupted after its first step, then one to a third module: the pin
 * must allow the installed module, not the one that was to be installed. */
static void test_update_after_an_interrupted_one(void **state _unused_) {
    _cleanup_free_ char *text = NULL, *pin = NULL;

    assert_int_equal(install("fix-it", &first), 1);
    assert_true(asprintf(&text, "[Kernel:" RELEASE "]\nSHA256=%s %s\n", second.sha256,
                         first.sha256) >= 0);
    tree_write(&h, PIN("fix-it"), text);
    assert_true(asprintf(&pin, "%s %s", second.sha256, first.sha256) >= 0);
    assert_sees("fix-it", STORE RELEASE "/fix-it.ko", pin);
    assert_int_equal(install("fix-it", &third), 1);
    assert_module(STORE RELEASE "/fix-it.ko", &third);
    assert_sees("fix-it", STORE RELEASE "/fix-it.ko", third.sha256);
    /* Or back to the installed one. */
    tree_write_data(&h, STORE RELEASE "/fix-it.ko", first.object.data, first.object.size);
    tree_write(&h, PIN("fix-it"), text);
    assert_int_equal(install("fix-it", &first), 1);
    assert_sees("fix-it", STORE RELEASE "/fix-it.ko", first.sha256);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_find),
        TEST(test_find_by_the_kernels_name),
        TEST(test_find_named),
        TEST(test_hidden),
        TEST(test_install),
        TEST(test_install_nothing_else),
        TEST(test_install_again),
        TEST(test_install_update),
        TEST(test_install_for_two_kernels),
        TEST(test_install_stage),
        TEST(test_install_where_the_manifest_says),
        TEST(test_install_somebody_elses_module),
        TEST(test_install_pinned),
        TEST(test_install_over_own_pin),
        TEST(test_install_for_a_package),
        TEST(test_install_for_a_package_with_kernels),
        TEST(test_install_masked),
        TEST(test_install_over_a_broken_manifest),
        TEST(test_install_hostile),
        TEST(test_install_something_in_the_way),
        TEST(test_install_file_for_a_directory),
        TEST(test_undo),
        TEST(test_undo_keeps_what_others_put_there),
        TEST(test_remove),
        TEST(test_remove_keeps_others_dropins),
        TEST(test_remove_named_modules),
        TEST(test_remove_a_packages_patch),
        TEST(test_remove_broken),
        TEST(test_remove_one_of_twins),
        TEST(test_remove_leftovers),
        TEST(test_install_over_leftovers),
        TEST(test_enable),
        TEST(test_enable_a_packages_patch),
        TEST(test_enable_overruled),
        TEST(test_enable_broken),
        TEST(test_update_after_an_interrupted_one),
    };

    return cmocka_run_group_tests(tests, make_samples, free_samples);
}
