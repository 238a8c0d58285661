/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SignedManifests=yes: whose signature is checked when, and what happens to the patch. This file
 * replaces the verdicts on manifests; modules are unsigned and accepted. */
#include <stdio.h>

#include "base/strv.h"
#include "check.h"
#include "fake-kernel.h"
#include "load/execute.h"
#include "module/object.h"
#include "trust/manifest.h"

#define MODULES "/var/lib/lpd/modules/" FAKE_RELEASE "/"
#define PATCHES "/etc/lpd/patches.d/"

int __wrap_trust_verify(struct host *host, const struct trust_machine *machine,
                       const struct trust_subject *subject, unsigned flags,
                       struct trust_report *ret);

static struct fake_kernel k;
static struct error e;
static struct result result;
static struct snapshot s;

static enum verdict verdict;
static const char *way;
static char asked[512]; /* the descriptions of the manifests that were checked */

int __wrap_trust_verify(struct host *host _unused_, const struct trust_machine *machine _unused_,
                       const struct trust_subject *subject, unsigned flags _unused_,
                       struct trust_report *ret) {
    _cleanup_free_ char *text = strndup(subject->data, subject->data_size);
    const char *word = strstr(text, "Description=");

    assert_non_null(word);
    word += STRLEN("Description=");
    strncat(asked, word, strcspn(word, "\n"));
    strcat(asked, " ");
    *ret = (struct trust_report){ .verdict = verdict, .way = way,
                                  .reason = strdup("says the judge"), .hint = strdup("do this") };
    return 0;
}

static int setup(void **state _unused_) {
    fake_kernel_open(&k);
    e = ERROR_NULL;
    result = (struct result){};
    s = (struct snapshot){};
    verdict = VERDICT_VERIFIED;
    way = "kernel-pkcs7";
    *asked = '\0';
    fake_kernel_text(&k, "/etc/lpd/lpd.conf",
                     "[Trust]\nSignature=permissive\nSignedManifests=yes\n");
    return 0;
}

static int teardown(void **state _unused_) {
    error_done(&e);
    result_done(&result);
    snapshot_done(&s);
    fake_kernel_close(&k);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* A patch whose manifest contains its name, and has a file beside it that may be a signature. */
static void patch(const char *name, const char *keys) {
    _cleanup_free_ char *info = NULL, *path = NULL, *manifest = NULL, *signature = NULL,
                        *text = NULL;
    struct object_section sections[] = { { .name = ".modinfo" } };
    struct object o;
    int n;

    n = asprintf(&info, "name=%s%cvermagic=" FAKE_RELEASE " SMP %clivepatch=Y%c", name, 0, 0, 0);
    assert_true(n > 0);
    sections[0].data = info;
    sections[0].size = (size_t) n;
    o = object_build(sections, ELEMENTSOF(sections));
    assert_true(asprintf(&path, MODULES "%s.ko", name) >= 0);
    assert_true(asprintf(&manifest, PATCHES "%s.conf", name) >= 0);
    assert_true(asprintf(&signature, "%s.p7s", manifest) >= 0);
    assert_true(asprintf(&text, "[Patch]\nDescription=%s\n%s", name, keys) >= 0);
    fake_kernel_file(&k, path, o.data, o.size);
    fake_kernel_text(&k, manifest, text);
    fake_kernel_text(&k, signature, "p7s");
    object_free(&o);
}

static int load(const char *name) {
    error_done(&e);
    result_done(&result);
    return execute_load(&k.host, name, &result, &e);
}

static void assert_refused(const char *name, const char *reason) {
    int r = load(name);

    assert_int_equal(r, -ECANCELED);
    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    assert_string_equal(result.state, "refused");
    assert_string_equal(result.reason, reason);
    assert_int_equal(k.n_finit, 0);
}

static void test_load(void **state _unused_) {
    _cleanup_(manifest_done) struct manifest m = {};
    _cleanup_free_ char *digest = NULL;

    patch("lp_a", "");
    patch("lp_b", "");
    assert_int_equal(load("lp_a"), 1);
    assert_string_equal(asked, "lp_a ");
    assert_int_equal(manifest_load(&k.host, "lp_a", &m, NULL), 0);
    digest = manifest_digest(&m);
    assert_string_equal(result.manifest_sha256, digest);
}

/* The same for a disabled patch, because it is loaded by name. */
static void test_load_disabled(void **state _unused_) {
    patch("lp_a", "Enabled=no\n");
    verdict = VERDICT_BAD_SIGNATURE;
    assert_refused("lp_a", "lp_a.conf: says the judge "
                           "(bad-signature, SignedManifests=yes) (" PATCHES "lp_a.conf)");
    assert_string_equal(result.hint, "do this");
    verdict = VERDICT_VERIFIED;
    assert_int_equal(load("lp_a"), 1);
}

static void test_unsigned(void **state _unused_) {
    patch("lp_a", "");
    fake_kernel_remove(&k, PATCHES "lp_a.conf.p7s");
    assert_refused("lp_a", "lp_a.conf: not signed: there is no lp_a.conf.p7s beside it "
                           "(SignedManifests=yes) (" PATCHES "lp_a.conf)");
    assert_non_null(strstr(result.hint, "openssl cms -sign"));
    assert_string_equal(asked, "");
}

/* An unknown answer does not allow a load. */
static void test_nobody_to_ask(void **state _unused_) {
    patch("lp_a", "");
    verdict = VERDICT_UNKNOWN_SIGNER;
    way = NULL;
    assert_refused("lp_a", "lp_a.conf: says the judge "
                           "(unknown-signer, SignedManifests=yes) (" PATCHES "lp_a.conf)");
    assert_int_equal(snapshot_take(&k.host, SNAPSHOT_MODULES, &s, &e), 0);
    assert_int_equal(s.patch_infos[0].manifest_signature, MANIFEST_LATER);
    assert_null(s.patch_infos[0].manifest_error);
}

/* Checks only the patches that will be loaded. */
static void test_look(void **state _unused_) {
    patch("lp_a", "");
    patch("lp_b", "Enabled=no\n");
    patch("lp_c", "");
    patch("lp_d", "Oops=1\n");
    fake_kernel_remove(&k, MODULES "lp_c.ko");
    assert_int_equal(snapshot_take(&k.host, SNAPSHOT_MODULES, &s, &e), 0);
    assert_string_equal(asked, "lp_a ");
    assert_int_equal(s.patch_infos[0].manifest_signature, MANIFEST_SIGNED);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(s.patch_infos[i].manifest_signature, MANIFEST_LATER);
}

static void test_not_asked_for(void **state _unused_) {
    patch("lp_a", "");
    assert_int_equal(snapshot_take(&k.host, 0, &s, &e), 0);
    assert_int_equal(s.patch_infos[0].manifest_signature, MANIFEST_UNCHECKED);
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", "[Trust]\nSignature=permissive\n");
    fake_kernel_remove(&k, PATCHES "lp_a.conf.p7s");
    assert_int_equal(load("lp_a"), 1);
    assert_string_equal(asked, "");
    assert_null(result.manifest_sha256);
}

/* The record has the digest of the last load, and none after a load that did not check. */
static void test_digest_of_the_last_load(void **state _unused_) {
    patch("lp_a", "");
    assert_int_equal(load("lp_a"), 1);
    fake_kernel_text(&k, PATCHES "lp_a.conf", "[Patch]\nDescription=other\n");
    verdict = VERDICT_REVOKED;
    assert_int_equal(load("lp_a"), -ECANCELED);
    assert_non_null(result.manifest_sha256);
    assert_true(result.loaded);
    fake_kernel_text(&k, "/etc/lpd/lpd.conf", "[Trust]\nSignature=permissive\n");
    assert_int_equal(load("lp_a"), 0);
    assert_null(result.manifest_sha256);
}

/* A load from a file needs no manifest, so no manifest matters. */
static void test_file(void **state _unused_) {
    patch("lp_a", "");
    assert_int_equal(execute_load_file(&k.host, MODULES "lp_a.ko", NULL, USEC_PER_SEC, &result, &e),
                     1);
    assert_string_equal(asked, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_load),      TEST(test_load_disabled),
        TEST(test_unsigned),  TEST(test_nobody_to_ask),
        TEST(test_look),      TEST(test_not_asked_for),
        TEST(test_digest_of_the_last_load), TEST(test_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
