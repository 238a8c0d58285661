/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <time.h>

#include "base/file.h"
#include "execute-test.h"
#include "initramfs/image.h"
#include "initramfs/tool.h"
#include "state/image.h"
#include "store/store.h"
#include "system/journal.h"

/* What the initramfs carried against what it should: from the record, the manifests and the
 * modules. What goes to the journal is caught. */

#define THE "the initramfs for " FAKE_RELEASE
#define UPDATE "update-initramfs -u -k " FAKE_RELEASE
#define OTHER_SHA256 "5555555555555555555555555555555555555555555555555555555555555555"

void __wrap_journal_send(enum journal_event event, const struct result *about, const char *kernel,
                         const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static char **told;
static struct image image;

void __wrap_journal_send(enum journal_event event, const struct result *about, const char *kernel,
                         const char *fmt, ...) {
    char *text;
    va_list ap;

    assert_int_equal(event, EVENT_INITRAMFS_STALE);
    assert_string_equal(kernel, FAKE_RELEASE);
    assert_string_equal(about->stage, "initrd");
    va_start(ap, fmt);
    assert_true(vasprintf(&text, fmt, ap) >= 0);
    va_end(ap);
    assert_int_equal(strv_consume(&told, text), 0);
}

static int setup_image(void **state) {
    image = (struct image){};
    told = NULL;
    (void) setup(state);
    fake_kernel_text(&k, "/usr/sbin/update-initramfs", "");
    fake_kernel_text(&k, "/usr/share/initramfs-tools/hooks/lpd", "");
    fake_kernel_text(&k, "/proc/cmdline", "ro quiet\n");
    fake_kernel_text(&k, "/var/lib/lpd/keep", "");
    return 0;
}

static int teardown_image(void **state) {
    image_done(&image);
    told = strv_free(told);
    return teardown(state);
}

#define IMAGE(f) cmocka_unit_test_setup_teardown(f, setup_image, teardown_image)

static void record(const char *release, const char *patches) {
    _cleanup_free_ char *text = NULL;

    assert_true(asprintf(&text, "{\"kernel\":\"%s\",\"patches\":[%s]}", release, patches) >= 0);
    fake_kernel_text(&k, IMAGE_RECORD, text);
}

#define CARRIED(name, sha256) "{\"name\":\"" name "\",\"sha256\":" sha256 "}"
#define OLD(name) CARRIED(name, "\"" OTHER_SHA256 "\"")

/* A patch as an up-to-date image contains it. */
static char *carried(const char *name) {
    _cleanup_free_ char *path = NULL;
    struct module_file f = MODULE_FILE_NULL;
    char *text;

    assert_true(asprintf(&path, MODULES "%s.ko", name) >= 0);
    assert_int_equal(module_file_open(&k.host, path, &f, &e), 0);
    module_file_sha256(&f);
    assert_true(asprintf(&text, CARRIED("%s", "\"%s\""), name, f.sha256) >= 0);
    module_file_close(&f);
    return text;
}

/* Compares for that release, and returns the sentence, or "". */
static const char *look_from(const char *release) {
    _cleanup_(manifest_list_done) struct manifest_list manifests = {};
    _cleanup_(policy_done) struct policy policy = {};
    static char text[512];
    _cleanup_free_ char *sentence = NULL;

    image_done(&image);
    assert_int_equal(manifest_list_load(&k.host, NULL, &manifests, &e), 0);
    assert_int_equal(policy_load(&k.host, &policy, &e), 0);
    assert_int_equal(image_look(&k.host, &manifests, &policy, release, &image), 0);
    assert_int_equal(image_describe(&image, &sentence), 0);
    (void) snprintf(text, sizeof(text), "%s", strempty(sentence));
    return text;
}

static const char *look(void) {
    return look_from(FAKE_RELEASE);
}

static void test_up_to_date(void **state _unused_) {
    _cleanup_free_ char *a = NULL;

    patch("lp-a", "Stage=initrd\n");
    patch("lp-b", "");
    a = carried("lp-a");
    record(FAKE_RELEASE, a);
    assert_string_equal(look(), "");
    assert_true(image.carried);
}

static void test_each_problem(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    patch("lp-b", "Stage=initrd\n");
    patch("lp-c", "Stage=initrd\n");
    patch("lp-d", "Stage=initrd\nEnabled=no\n");
    patch("lp-e", "");
    record(FAKE_RELEASE, OLD("lp_a") "," CARRIED("lp-b", "null") "," OLD("lp-d") "," OLD("lp-e") ","
                         OLD("gone"));
    assert_string_equal(look(), THE " contains an outdated lp-a, lp-b and lacks lp-c "
                                    "and still contains lp-d, lp-e, gone; run " UPDATE);
    assert_string_equal(image.command, UPDATE);
    assert_string_equal(image_problem_to_string(image.faults[0].problem), "older");
    assert_string_equal(image_problem_to_string(image.faults[2].problem), "missing");
    assert_string_equal(image_problem_to_string(image.faults[3].problem), "unwanted");
}

/* It was quarantined after the image was made, which loads it unless it can read that. */
static void test_quarantined(void **state _unused_) {
    _cleanup_free_ char *a = NULL, *text = NULL;
    struct ledger_build b = { .kernel = (char *) FAKE_RELEASE, .name = (char *) "lp-a" };
    char sha256[65];

    patch("lp-a", "Stage=initrd\n");
    a = carried("lp-a");
    record(FAKE_RELEASE, a);
    assert_int_equal(sscanf(strstr(a, "sha256\":\"") + STRLEN("sha256\":\""), "%64[0-9a-f]", sha256), 1);
    b.sha256 = sha256;
    assert_int_equal(ledger_quarantine(&k.host, &b, "it crashes", NULL), 1);
    assert_string_equal(look(), THE " contains the quarantined lp-a; run " UPDATE);
    assert_string_equal(image_problem_to_string(image.faults[0].problem), "quarantined");
    assert_true(asprintf(&text, "{\"kernel\":\"" FAKE_RELEASE "\",\"ledger\":\"efi\",\"patches\":[%s]}", a) >= 0);
    fake_kernel_text(&k, IMAGE_RECORD, text);
    assert_string_equal(look(), "");
}

/* Another image would have the last confirmed build in place of a quarantined one. One with a ledger of its
 * own, which has both, needs not be made anew. */
static void test_falls_back(void **state _unused_) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL, other = MODULE_FILE_NULL;
    struct ledger_build b = { .kernel = (char *) FAKE_RELEASE, .name = (char *) "lp-a" };
    _cleanup_free_ char *a = NULL, *kept = NULL, *text = NULL;

    patch("lp-a", "Stage=initrd\n");
    a = carried("lp-a");
    write_module(MODULES "lp-a.ko" STORE_CONFIRMED_SUFFIX, "lp_a", BUILD_2, FAKE_RELEASE);
    record(FAKE_RELEASE, a);
    assert_string_equal(look(), "");
    assert_int_equal(module_file_open(&k.host, MODULES "lp-a.ko", &f, NULL), 0);
    module_file_sha256(&f);
    b.sha256 = f.sha256;
    assert_int_equal(ledger_quarantine(&k.host, &b, "it crashes", NULL), 1);
    assert_string_equal(look(), THE " contains the quarantined lp-a; run " UPDATE);
    assert_true(asprintf(&text, "{\"kernel\":\"" FAKE_RELEASE "\",\"ledger\":\"efi\",\"patches\":[%s]}", a) >= 0);
    fake_kernel_text(&k, IMAGE_RECORD, text);
    assert_string_equal(look(), "");
    assert_int_equal(module_file_open(&k.host, MODULES "lp-a.ko" STORE_CONFIRMED_SUFFIX, &other, NULL), 0);
    module_file_sha256(&other);
    assert_true(asprintf(&kept, CARRIED("lp-a", "\"%s\""), other.sha256) >= 0);
    record(FAKE_RELEASE, kept);
    assert_string_equal(look(), "");
}

/* A record of another kernel is another boot's, and tells nothing of this one. */
static void test_foreign_release(void **state _unused_) {
    _cleanup_free_ char *a = NULL;

    patch("lp-a", "Stage=initrd\n");
    a = carried("lp-a");
    record("6.1.0-57-test", a);
    assert_string_equal(look(), THE " lacks lp-a; run " UPDATE);
    assert_false(image.carried);
    record("6.1.0-57-test", OLD("gone"));
    assert_string_equal(look(), THE " lacks lp-a; run " UPDATE);
}

static void test_hostile_record(void **state _unused_) {
    static const char *const texts[] = {
        "", "{\"kernel\":\"" FAKE_RELEASE "\",\"patches\":[{\"name\":\"lp-a\",\"sha2",
        "{\"kernel\":[],\"patches\":{}}",
        "{\"kernel\":\"" FAKE_RELEASE "\",\"patches\":[{\"name\":\"../x\"}]}",
    };
    _cleanup_free_ char *huge = malloc((2 << 20) + 1);

    patch("lp-a", "Stage=initrd\n");
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        fake_kernel_text(&k, IMAGE_RECORD, texts[i]);
        assert_string_equal(look(), THE " lacks lp-a; run " UPDATE);
        assert_false(image.carried);
    }
    assert_non_null(huge);
    memset(huge, 'x', 2 << 20);
    fake_kernel_file(&k, IMAGE_RECORD, huge, 2 << 20);
    assert_string_equal(look(), THE " lacks lp-a; run " UPDATE);
}

/* Faults that another image would not correct are reported elsewhere. */
static void test_broken_patches(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    fake_kernel_text(&k, MODULES "lp-a.ko", "rubbish");
    manifest("lp-b", "[Patch]\nStage=never\n");
    patch("lp-c", "Stage=initrd\n[Kernel:5.10.0]\n");
    record(FAKE_RELEASE, OLD("lp-a") "," OLD("lp-b"));
    assert_string_equal(look(), "");
    record(FAKE_RELEASE, OLD("lp-c"));
    assert_string_equal(look(), THE " still contains lp-c; run " UPDATE);
}

static void test_nothing_can_be_told(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    record(FAKE_RELEASE, OLD("gone"));
    assert_string_equal(look_from(NULL), "");
    fake_kernel_remove(&k, IMAGE_RECORD);
    fake_kernel_text(&k, "/proc/cmdline", "ro rd.lpd=0\n");
    assert_string_equal(look(), "");
    fake_kernel_text(&k, "/proc/cmdline", "ro\n");
    assert_string_equal(look(), THE " lacks lp-a; run " UPDATE);
    fake_kernel_remove(&k, MODULES "lp-a.ko");
    assert_string_equal(look(), "");
    record(FAKE_RELEASE, OLD("lp-x"));
    assert_string_not_equal(look(), "");
    assert_int_equal(renameat(k.host.root_fd, "var/lib/lpd", k.host.root_fd, "var/lib/later"), 0);
    assert_string_equal(look(), "");
}

/* The administrator's patches belong on the volume, those of packages do not, and patches in an
 * older image are too many. */
static void test_volume(void **state _unused_) {
    fake_kernel_text(&k, "/etc/lpd/lpd.conf.d/10-store.conf", "[Store]\nDevice=LABEL=store\n");
    patch("lp-a", "Stage=initrd\n");
    record(FAKE_RELEASE, "");
    assert_string_equal(look(), "");
    fake_kernel_text(&k, "/usr/lib/lpd/patches.d/lp-b.conf", "[Patch]\nStage=initrd\n");
    write_module(MODULES "lp-b.ko", "lp_b", BUILD_1, FAKE_RELEASE);
    assert_string_equal(look(), THE " lacks lp-b; run " UPDATE);
    record(FAKE_RELEASE, OLD("lp-a") "," OLD("lp-b"));
    assert_string_equal(look(), THE " contains an outdated lp-b and still contains "
                                    "lp-a; run " UPDATE);
}

static void test_way_out(void **state _unused_) {
    record(FAKE_RELEASE, OLD("gone"));
    fake_kernel_remove(&k, "/usr/share/initramfs-tools/hooks/lpd");
    assert_string_equal(look(), THE " still contains gone; lpd's hook for "
                                    "initramfs-tools is not installed");
    fake_kernel_remove(&k, "/usr/sbin/update-initramfs");
    assert_string_equal(look(), THE " still contains gone; run the tool that "
                                    "builds it");
    assert_null(image.command);
}

static void set_time(const char *path, time_t second) {
    const struct timespec times[2] = { { .tv_sec = second }, { .tv_sec = second } };

    assert_int_equal(utimensat(k.host.root_fd, path + 1, times, 0), 0);
}

#define BUILT IMAGE_RECORDS "/" FAKE_RELEASE ".json"
#define BUILT_IMAGE "/boot/initrd.img-" FAKE_RELEASE

/* An image that is built, and what it contains; each with its time. */
static void built(const char *patches, time_t recorded, time_t made) {
    _cleanup_free_ char *text = NULL;

    assert_true(asprintf(&text, "{\"kernel\":\"%s\",\"patches\":[%s]}", FAKE_RELEASE, patches) >= 0);
    fake_kernel_text(&k, BUILT, text);
    fake_kernel_text(&k, BUILT_IMAGE, "");
    set_time(BUILT, recorded);
    set_time(BUILT_IMAGE, made);
}

#define OUTDATED THE " contains an outdated lp-a; run " UPDATE
#define REBUILT THE " contains an outdated lp-a; it has been rebuilt since: reboot"

static void test_rebuilt(void **state _unused_) {
    _cleanup_free_ char *a = NULL;

    patch("lp-a", "Stage=initrd\n");
    a = carried("lp-a");
    record(FAKE_RELEASE, OLD("lp-a"));
    assert_string_equal(look(), OUTDATED);
    built(a, 1000, 1010);
    assert_string_equal(look(), REBUILT);
    assert_true(image.rebuilt && image.carried);
    built(a, 1000, 999); /* FAT rounds down */
    assert_string_equal(look(), REBUILT);
    /* The last build failed: the contents of the image are unknown. */
    built(a, 1000, 900);
    assert_string_equal(look(), OUTDATED);
    assert_false(image.rebuilt);
    built(a, 1000, 1010);
    fake_kernel_remove(&k, BUILT_IMAGE);
    assert_string_equal(look(), OUTDATED);
    built("", 1000, 1010);
    assert_string_equal(look(), THE " lacks lp-a; run " UPDATE);
    built(OLD("lp-a"), 1000, 1010);
    assert_string_equal(look(), OUTDATED);
    fake_kernel_text(&k, BUILT, "{\"kernel\":\"5.10.0\",\"patches\":[]}");
    assert_string_equal(look(), OUTDATED);
    fake_kernel_text(&k, BUILT, "{");
    assert_string_equal(look(), OUTDATED);
}

/* Files of others come and go, and times change: what the image contains is what counts. */
static void test_unrelated_changes(void **state _unused_) {
    _cleanup_free_ char *a = NULL;
    time_t now = time(NULL);

    patch("lp-a", "Stage=initrd\n");
    a = carried("lp-a");
    record(FAKE_RELEASE, CARRIED("gone", "null"));
    built(a, now - 1000, now - 900);
    assert_string_equal(look(), THE " lacks lp-a and still contains gone; it has been rebuilt since: reboot");
    patch("other", "");
    assert_true(look()[0] && image.rebuilt);
    fake_kernel_remove(&k, "/etc/lpd/patches.d/other.conf");
    assert_true(look()[0] && image.rebuilt);
    fake_kernel_text(&k, "/etc/lpd/patches.d/lp-a.conf.d/x.conf", "[Patch]\nEnabled=no\n");
    assert_string_equal(look(), THE " still contains lp-a; run " UPDATE);
    fake_kernel_remove(&k, "/etc/lpd/patches.d/lp-a.conf.d/x.conf");
    assert_true(look()[0] && image.rebuilt);
    write_module(MODULES "lp-a.ko", "lp_a", BUILD_2, FAKE_RELEASE);
    assert_string_equal(look(), OUTDATED);
}

/* The image of this boot was good, and the next boot finds another one. */
static void test_rebuilt_without_it(void **state _unused_) {
    _cleanup_free_ char *a = NULL;

    patch("lp-a", "Stage=initrd\n");
    a = carried("lp-a");
    record(FAKE_RELEASE, a);
    built("", 1000, 1010);
    assert_string_equal(look(), THE " lacks lp-a; run " UPDATE);
    assert_true(image.carried && !image.rebuilt);
    built(a, 1000, 1010);
    assert_string_equal(look(), "");
    assert_false(image.rebuilt);
}

static void test_record_of_a_build(void **state _unused_) {
    struct image_patch patches[] = { { .name = (char *) "lp-a", .sha256 = (char *) OTHER_SHA256 } };
    const struct image_record written = { .release = (char *) FAKE_RELEASE, .patches = patches,
                                          .n_patches = 1, .ledger = (char *) "efi" };
    _cleanup_(image_record_done) struct image_record read = {};
    uint64_t usec;

    assert_int_equal(image_record_read_built(&k.host, FAKE_RELEASE, &read, &usec), -ENOENT);
    assert_int_equal(image_record_write_built(&k.host, &written), 0);
    assert_int_equal(image_record_read_built(&k.host, FAKE_RELEASE, &read, &usec), 0);
    assert_int_equal(read.n_patches, 1);
    assert_string_equal(read.patches[0].sha256, OTHER_SHA256);
    assert_uint_in_range(usec / USEC_PER_SEC, (uint64_t) time(NULL) - 5, (uint64_t) time(NULL) + 5);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(image_record_forget_built(&k.host, FAKE_RELEASE), 0);
    assert_false(file_exists(&k.host, BUILT));
    /* A /var that is not mounted yet stays empty. */
    assert_int_equal(renameat(k.host.root_fd, "var/lib/lpd", k.host.root_fd, "var/lib/later"), 0);
    assert_int_equal(image_record_write_built(&k.host, &written), 0);
    assert_false(file_exists(&k.host, "/var/lib/lpd"));
}

static void test_told_once(void **state _unused_) {
    assert_int_equal(image_tell(&k.host, &e), 0);
    assert_null(told);
    patch("lp-a", "Stage=initrd\n");
    record(FAKE_RELEASE, OLD("lp-a") "," OLD("gone"));
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(image_tell(&k.host, &e), 0);
    assert_int_equal(strv_length(told), 2);
    assert_string_equal(told[0], "lp-a: " THE " contains an outdated lp-a; run " UPDATE);
    assert_string_equal(told[1], "gone: " THE " still contains gone; run " UPDATE);
}

/* If the policy is broken, what could be read of it counts. */
static void test_told_under_a_broken_policy(void **state _unused_) {
    fake_kernel_text(&k, "/etc/lpd/lpd.conf",
                     "[Store]\nDevice=LABEL=store\n[Trust]\nSignature=maybe\n");
    patch("lp-a", "Stage=initrd\n");
    record(FAKE_RELEASE, OLD("gone"));
    assert_int_equal(image_tell(&k.host, &e), 0);
    assert_int_equal(strv_length(told), 1);
    assert_string_equal(told[0], "gone: " THE " still contains gone; run " UPDATE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IMAGE(test_up_to_date),
        IMAGE(test_each_problem), IMAGE(test_quarantined),
        IMAGE(test_falls_back),
        IMAGE(test_foreign_release),
        IMAGE(test_hostile_record),
        IMAGE(test_broken_patches),
        IMAGE(test_nothing_can_be_told),
        IMAGE(test_volume),
        IMAGE(test_way_out),
        IMAGE(test_rebuilt),
        IMAGE(test_unrelated_changes),
        IMAGE(test_rebuilt_without_it),
        IMAGE(test_record_of_a_build),
        IMAGE(test_told_once),
        IMAGE(test_told_under_a_broken_policy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
