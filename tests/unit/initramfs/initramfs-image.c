/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <time.h>

#include "execute-test.h"
#include "initramfs/image.h"
#include "initramfs/tool.h"
#include "state/image.h"
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

/* A patch as the image carries it when it is up to date. */
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

/* Looks as a release says it, and gives the sentence, or "". */
static const char *look_from(const char *release) {
    _cleanup_(manifest_list_done) struct manifest_list manifests = {};
    _cleanup_(policy_done) struct policy policy = {};
    static char text[512];
    _cleanup_free_ char *sentence = NULL;

    image_done(&image);
    assert_int_equal(manifest_list_load(&k.host, &manifests, &e), 0);
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

/* What another image would not mend is told of elsewhere. */
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

/* The administrator's are the volume's, a package's are not, and what the image has from before is
 * too much. */
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

static void made_exactly_at(struct timespec t) {
    const struct timespec times[2] = { t, t };

    fake_kernel_text(&k, "/boot/initrd.img-" FAKE_RELEASE, "");
    assert_int_equal(utimensat(k.host.root_fd, "boot/initrd.img-" FAKE_RELEASE, times, 0), 0);
}

static void made_at(time_t second) {
    made_exactly_at((struct timespec){ .tv_sec = second });
}

static void booted_at(time_t second) {
    _cleanup_free_ char *text = NULL;

    assert_true(asprintf(&text, "cpu 1 2\nbtime %lld\nprocesses 9\n", (long long) second) >= 0);
    fake_kernel_text(&k, "/proc/stat", text);
}

/* Later than the boot, and than every change. */
static void test_rebuilt(void **state _unused_) {
    time_t now = time(NULL);

    patch("lp-a", "Stage=initrd\n");
    record(FAKE_RELEASE, OLD("lp-a"));
    booted_at(now - 1000);
    made_at(now + 1000);
    assert_string_equal(look(), THE " contains an outdated lp-a; it has been rebuilt "
                                    "since: reboot");
    made_at(now - 500);
    assert_false(look()[0] == '\0' || image.rebuilt);
    made_at(now + 1000);
    booted_at(now + 2000);
    assert_false(look()[0] == '\0' || image.rebuilt);
    fake_kernel_text(&k, "/proc/stat", "btime 5\n");
    assert_false(look()[0] == '\0' || image.rebuilt);
    fake_kernel_remove(&k, "/proc/stat");
    assert_false(look()[0] == '\0' || image.rebuilt);
}

/* The files are gone, and their directories are what changed. */
static void test_rebuilt_before_a_removal(void **state _unused_) {
    time_t now = time(NULL);

    record(FAKE_RELEASE, OLD("gone"));
    booted_at(now - 1000);
    made_at(now - 500);
    assert_string_not_equal(look(), "");
    assert_true(image.rebuilt);
    fake_kernel_text(&k, "/etc/lpd/patches.d/gone.conf", "");
    fake_kernel_remove(&k, "/etc/lpd/patches.d/gone.conf");
    assert_string_not_equal(look(), "");
    assert_false(image.rebuilt);
}

/* A file that is written over leaves its directory as it was; nobody can set the time of that. */
static void test_rebuilt_before_a_change(void **state _unused_) {
    const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
    struct timespec now;

    patch("lp-a", "Stage=initrd\n");
    record(FAKE_RELEASE, OLD("lp-a"));
    booted_at(time(NULL) - 1000);
    assert_int_equal(nanosleep(&pause, NULL), 0);
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
    made_exactly_at(now);
    assert_string_not_equal(look(), "");
    assert_true(image.rebuilt);
    assert_int_equal(nanosleep(&pause, NULL), 0);
    write_module(MODULES "lp-a.ko", "lp_a", BUILD_2, FAKE_RELEASE);
    assert_string_not_equal(look(), "");
    assert_false(image.rebuilt);
}

/* lpctl disable and enable leave no more than the directory of the drop-in. */
static void test_rebuilt_before_a_switch(void **state _unused_) {
    const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
    struct timespec now;

    patch("lp-a", "Stage=initrd\n");
    fake_kernel_text(&k, "/etc/lpd/patches.d/lp-a.conf.d/x", "");
    record(FAKE_RELEASE, OLD("lp-a"));
    booted_at(time(NULL) - 1000);
    assert_int_equal(nanosleep(&pause, NULL), 0);
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
    made_exactly_at(now);
    assert_string_not_equal(look(), "");
    assert_true(image.rebuilt);
    assert_int_equal(nanosleep(&pause, NULL), 0);
    fake_kernel_remove(&k, "/etc/lpd/patches.d/lp-a.conf.d/x");
    assert_string_not_equal(look(), "");
    assert_false(image.rebuilt);
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

/* Of a policy that is broken what could be read holds. */
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
        IMAGE(test_each_problem),
        IMAGE(test_foreign_release),
        IMAGE(test_hostile_record),
        IMAGE(test_broken_patches),
        IMAGE(test_nothing_can_be_told),
        IMAGE(test_volume),
        IMAGE(test_way_out),
        IMAGE(test_rebuilt),
        IMAGE(test_rebuilt_before_a_removal),
        IMAGE(test_rebuilt_before_a_change),
        IMAGE(test_rebuilt_before_a_switch),
        IMAGE(test_told_once),
        IMAGE(test_told_under_a_broken_policy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
