/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "execute-test.h"
#include "initramfs/tool.h"
#include "load/early.h"
#include "state/image.h"

/* What is done in the initramfs, and what the host finds of it. */

static char **told;

static void tell(struct host *h _unused_, const struct result *r, int n, const struct error *problem) {
    _cleanup_free_ char *line = NULL;

    assert_true(asprintf(&line, "%s %s%s%s", r->name, r->state, n < 0 ? ": " : "",
                         n < 0 ? error_message(problem, n) : "") >= 0);
    assert_int_equal(strv_extend(&told, line), 0);
}

static void load_early(void) {
    told = strv_free(told);
    assert_int_equal(early_load(&k.host, tell, &e), 0);
    /* The switch to the host. */
    k.host.initrd = false;
}

static void assert_told(size_t i, const char *part) {
    assert_true(i < strv_length(told));
    if (!strstr(told[i], part))
        fail_msg("%s", told[i]);
}

static int teardown_early(void **state) {
    told = strv_free(told);
    return teardown(state);
}

#define EARLY(f) cmocka_unit_test_setup_teardown(f, setup, teardown_early)

static void assert_stage(const char *name, const char *stage) {
    _cleanup_(result_done) struct result r = {};

    assert_int_equal(result_read(&k.host, name, &r), 0);
    assert_string_equal(r.stage, stage);
}

/* There is no /etc/initrd-release: the verb alone says where it is. */
static void test_each_on_its_own(void **state _unused_) {
    patch("lp-a", "Stage=initrd\nAfter=lp-b\n");
    patch("lp-b", "Stage=initrd\n");
    patch("lp-c", "Stage=initrd\n");
    fake_kernel_text(&k, MODULES "lp-c.ko", "rubbish");
    patch("lp-d", "");
    manifest("lp-e", "[Patch]\nStage=never\n");
    load_early();
    assert_int_equal(strv_length(told), 4);
    assert_told(0, "lp-b active");
    assert_told(1, "lp-a active");
    assert_told(2, "lp-c refused: " MODULES "lp-c.ko");
    assert_told(3, "lp-e failed: ");
    assert_true(is_in("lp_a"));
    assert_false(is_in("lp_d"));
    assert_stage("lp-a", "initrd");
    assert_stage("lp-c", "initrd");
}

static void test_what_was_carried(void **state _unused_) {
    _cleanup_free_ char *text = NULL;

    patch("lp-a", "Stage=initrd\n");
    load_early();
    assert_int_equal(file_read(&k.host, IMAGE_RECORD, 4096, &text, NULL), 0);
    assert_non_null(strstr(text, "\"kernel\":\"" FAKE_RELEASE "\""));
    assert_non_null(strstr(text, "{\"name\":\"lp-a\",\"sha256\":\""));
    assert_non_null(strstr(text, "\"buildId\":\"" BUILD_1 "\""));
}

/* What a volume brought in between is not what the image carried. */
static void test_called_again(void **state _unused_) {
    _cleanup_(image_record_done) struct image_record record = {};

    patch("lp-a", "Stage=initrd\n");
    load_early();
    patch("lp-b", "Stage=initrd\n");
    load_early();
    assert_told(0, "lp-b active");
    assert_int_equal(image_record_read(&k.host, &record), 0);
    assert_int_equal(record.n_patches, 1);
    assert_string_equal(record.patches[0].name, "lp-a");
}

static void test_the_host_takes_it_over(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    load_early();
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(load("lp-a"), 0);
        assert_stage("lp-a", "initrd");
    }
    assert_int_equal(k.n_finit, 1);
    assert_int_equal(unload("lp-a"), 1);
    assert_int_equal(load("lp-a"), 1);
    assert_stage("lp-a", "system");
}

static void test_the_host_tries_again(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    fake_kernel_text(&k, "/proc/cmdline", "root=/dev/vda rd.lpd.skip=lp_a\n");
    load_early();
    assert_told(0, "lp-a skipped: ");
    assert_stage("lp-a", "initrd");
    assert_int_equal(load("lp-a"), 1);
    assert_stage("lp-a", "system");
}

static void assert_stale(const char *command) {
    assert_failed(load("lp-a"), -EEXIST, EXIT_STATUS_FAILED, "failed",
                  "the initramfs for " FAKE_RELEASE " carries an older lp-a");
    assert_non_null(strstr(e.hint, command));
    assert_true(result.loaded);
    assert_string_equal(result.build_id, BUILD_1);
    assert_stage("lp-a", "initrd");
}

static void test_stale(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    load_early();
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    write_module(MODULES "lp-a.ko", "lp_a", BUILD_2, FAKE_RELEASE);
    assert_stale("the tool that makes it");
    fake_kernel_text(&k, "/usr/bin/mkinitcpio", "");
    assert_stale("run mkinitcpio -P and");
    fake_kernel_text(&k, "/usr/bin/dracut", "");
    assert_stale("run dracut --force --kver " FAKE_RELEASE " and");
    fake_kernel_text(&k, "/usr/sbin/update-initramfs", "");
    assert_stale("run update-initramfs -u -k " FAKE_RELEASE " and");
}

/* Which of the two it was that is older is on record. */
static void test_stale_volume(void **state _unused_) {
    fake_kernel_text(&k, "/etc/lpd/lpd.conf.d/50.conf", "[Store]\nDevice=LABEL=store\n");
    load_early(); /* the image's own: none */
    patch("lp-a", "Stage=initrd\n");
    load_early();
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    write_module(MODULES "lp-a.ko", "lp_a", BUILD_2, FAKE_RELEASE);
    assert_failed(load("lp-a"), -EEXIST, EXIT_STATUS_FAILED, "failed",
                  "the volume LABEL=store holds an older lp-a, which is in");
    assert_non_null(strstr(e.hint, "lpctl enable lp-a"));

    fake_kernel_remove(&k, IMAGE_RECORD);
    load_early(); /* as if the image had it */
    assert_stale("the tool that makes it");
}

/* Of a patch that the host loaded no initramfs is to blame. */
static void test_not_stale(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    assert_int_equal(load("lp-a"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    write_module(MODULES "lp-a.ko", "lp_a", BUILD_2, FAKE_RELEASE);
    assert_failed(load("lp-a"), -EEXIST, EXIT_STATUS_FAILED, "failed", "is in with another build");
}

/* A boot is held up for ten seconds in all, and for no probe. */
static void test_bounded(void **state _unused_) {
    uint64_t begin = k.now;

    patch("lp-a", "Stage=initrd\nWaitFor=patched\nProbe=/bin/false\n");
    patch("lp-b", "Stage=initrd\n");
    patch("lp-c", "Stage=initrd\nTimeoutSec=infinity\n");
    fake_kernel_module(&k, "lp_a")->stalls = true;
    load_early();
    assert_told(0, "lp-a active");
    assert_told(1, "lp-b failed: ");
    assert_told(2, "lp-c failed: ");
    assert_int_equal(k.now - begin, 10 * USEC_PER_SEC);
    assert_true(is_in("lp_a"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        EARLY(test_each_on_its_own),
        EARLY(test_what_was_carried),
        EARLY(test_called_again),
        EARLY(test_the_host_takes_it_over),
        EARLY(test_the_host_tries_again),
        EARLY(test_stale),
        EARLY(test_stale_volume),
        EARLY(test_not_stale),
        EARLY(test_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
