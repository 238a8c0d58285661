/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "store-test.h"

/* SignedManifests=yes: lpctl installs and removes modules, and writes nothing that would need a
 * signature. The store does not check signatures. */

#define MANIFEST MANIFESTS "fix-it.conf"
#define ENABLED MANIFESTS "fix-it.conf.d/50-enabled.conf"

static struct sample first, second;

static int setup_signed(void **state) {
    (void) setup(state);
    tree_write(&h, "/etc/lpd/lpd.conf", "[Trust]\nSignedManifests=yes\n");
    return 0;
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_signed, teardown)

static void write_pinned(const char *sha256) {
    _cleanup_free_ char *text = NULL;

    assert_true(asprintf(&text, "[Patch]\n[Kernel:" RELEASE "]\nSHA256=%s\n", sha256) >= 0);
    tree_write(&h, MANIFEST, text);
}

/* Asserts the refusal, its reason and hint, and that nothing has changed. */
static void assert_refused(const struct store_patch *p, const char *reason, const char *hint) {
    _cleanup_free_ char *before = tree_list(LIST_TIMES);
    int r;

    r = install_patch(p);
    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    if (!strstr(strempty(e.hint), hint))
        fail_msg("'%s' lacks '%s'", strempty(e.hint), hint);
    assert_error_has(r, -EKEYREJECTED, &e, reason);
    assert_tree(before);
}

static void test_no_manifest(void **state _unused_) {
    const struct store_patch p = patch_of("fix-it", &first);

    assert_refused(&p, "/etc/lpd/patches.d/fix-it.conf does not exist",
                   "openssl cms -sign -binary -noattr -outform DER -in " MANIFEST
                   " -signer CERT -inkey KEY -out " MANIFEST ".p7s");
}

static void test_module_alone(void **state _unused_) {
    static const char *const texts[] = { "[Patch]\n",
                                         "[Patch]\n[Kernel:" RELEASE "]\nBuildID=aabb\n" };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        tree_write(&h, MANIFEST, texts[i]);
        assert_int_equal(install("fix_it", i == 0 ? &first : &second), 1);
        assert_module(STORE RELEASE "/fix-it.ko", i == 0 ? &first : &second);
        assert_text(MANIFEST, texts[i]);
        assert_gone(MANIFESTS "fix-it.conf.d");
        assert_int_equal(install("fix-it", i == 0 ? &first : &second), 0);
    }
}

/* A signed pin stays in force, even where lpctl has once written it. */
static void test_pin(void **state _unused_) {
    const struct store_patch p = patch_of("fix-it", &first), other = patch_of("fix-it", &second);
    _cleanup_free_ char *text = NULL;

    write_pinned(first.sha256);
    assert_refused(&other, "but the manifest has", "correct SHA256=");
    assert_int_equal(install_patch(&p), 1);
    assert_refused(&other, "but the manifest has", "correct SHA256=");

    assert_true(asprintf(&text, "[Kernel:" RELEASE "]\nSHA256=%s\n", first.sha256) >= 0);
    tree_write(&h, PIN("fix-it"), text);
    assert_refused(&other, "but the manifest has", "correct SHA256=");
    assert_module(STORE RELEASE "/fix-it.ko", &first);
}

static void test_other_kernel(void **state _unused_) {
    const struct store_patch p = patch_of("fix-it", &first);

    tree_write(&h, VENDOR "fix-it.conf", "[Patch]\n[Kernel:6.1.0-55-amd64]\n");
    assert_refused(&p, VENDOR "fix-it.conf has no section for the kernel " RELEASE,
                   "-in " VENDOR "fix-it.conf ");
}

static void test_stage(void **state _unused_) {
    struct store_patch p = patch_of("fix-it", &first);

    tree_write(&h, MANIFEST, "[Patch]\n");
    p.set_stage = true;
    p.stage = STAGE_INITRD;
    assert_refused(&p, MANIFEST " does not say Stage=initrd", "sign it");
    p.stage = STAGE_SYSTEM;
    assert_int_equal(install_patch(&p), 1);
}

static void test_undo(void **state _unused_) {
    _cleanup_(change_freep) struct change *change = NULL;
    const struct store_patch p = patch_of("fix-it", &second);
    _cleanup_free_ char *before = NULL;

    tree_write(&h, MANIFEST, "[Patch]\n");
    assert_int_equal(install("fix-it", &first), 1);
    before = tree_list(LIST_TIMES);
    assert_int_equal(store_install(&h, &p, &change, &e), 1);
    assert_module(STORE RELEASE "/fix-it.ko", &second);
    assert_int_equal(change_undo(change), 0);
    assert_tree(before);
}

static void test_enabled(void **state _unused_) {
    _cleanup_free_ char *before = NULL;
    int r;

    tree_write(&h, MANIFEST, "[Patch]\n");
    before = tree_list(LIST_TIMES);
    r = store_set_enabled(&h, "fix_it", false, NULL, &e);
    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    assert_error_has(r, -EKEYREJECTED, &e, MANIFEST " does not say Enabled=no");
    assert_tree(before);
    assert_int_equal(store_set_enabled(&h, "fix-it", true, NULL, &e), 0);
}

/* What lpctl wrote before the key was set is removed as usual: the signed text is valid without
 * it. */
static void test_enabled_by_removal(void **state _unused_) {
    tree_write(&h, MANIFEST, "[Patch]\n");
    tree_write(&h, ENABLED, "[Patch]\nEnabled=no\n");
    assert_int_equal(store_set_enabled(&h, "fix-it", true, NULL, &e), 1);
    assert_gone(ENABLED);
}

static void test_remove(void **state _unused_) {
    static const char *const gone[] = { MANIFEST, MANIFEST ".p7s", ENABLED, ENABLED ".p7s",
                                        PIN("fix-it"), PIN("fix-it") ".p7s" };

    for (size_t i = 0; i < ELEMENTSOF(gone); i++)
        tree_write(&h, gone[i], "# signed or a signature\n");
    tree_write(&h, MANIFESTS "fix-it.conf.d/mine.conf.p7s", "mine");
    assert_int_equal(store_remove(&h, "fix-it", NULL, &e), 1);
    for (size_t i = 0; i < ELEMENTSOF(gone); i++)
        assert_gone(gone[i]);
    assert_text(MANIFESTS "fix-it.conf.d/mine.conf.p7s", "mine");
}

/* If the policy has an error, what could be read of it counts. */
static void test_broken_policy(void **state _unused_) {
    const struct store_patch p = patch_of("fix-it", &first);

    tree_write(&h, "/etc/lpd/lpd.conf", "[Trust]\nSignedManifests=yes\nSignature=perhaps\n");
    assert_refused(&p, "does not exist", "sign it");
}

static int make_samples(void **state _unused_) {
    first = sample_make("first");
    second = sample_make("second");
    return 0;
}

static int free_samples(void **state _unused_) {
    sample_done(&first);
    sample_done(&second);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_no_manifest),   TEST(test_module_alone),
        TEST(test_pin),           TEST(test_other_kernel),
        TEST(test_stage),         TEST(test_undo),
        TEST(test_enabled),       TEST(test_enabled_by_removal),
        TEST(test_remove),        TEST(test_broken_policy),
    };

    return cmocka_run_group_tests(tests, make_samples, free_samples);
}
