/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/wait.h>
#include <zlib.h>

#include "execute-test.h"
#include "initramfs/tool.h"
#include "load/early.h"
#include "state/early-ledger.h"
#include "state/early-volume.h"
#include "state/early.h"
#include "state/image.h"
#include "state/volume.h"
#include "store/store.h"

/* What happens in the initramfs, and what the host finds afterwards. */

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

/* The initramfs notes attempts on a volume. */
static void settle(const char *place) {
    const struct image_record record = { .release = (char *) FAKE_RELEASE, .ledger = (char *) place };

    fake_kernel_text(&k, "/var/lib/lpd/x", "");
    assert_int_equal(image_record_write_built(&k.host, &record), 0);
}

static void find_volume(void) {
    const struct early_volume v = { (char *) "/dev/vdb1", (char *) "ext4" };

    fake_kernel_text(&k, "/volume/x", "");
    assert_int_equal(early_volume_write(&k.host, &v), 0);
}

static void begin_boot(const char *boot_id) {
    fake_kernel_text(&k, "/proc/sys/kernel/random/boot_id", boot_id);
}

static int setup_early(void **state) {
    setup(state);
    settle("LABEL=boot");
    find_volume();
    begin_boot("boot1");
    return 0;
}

static int teardown_early(void **state) {
    told = strv_free(told);
    return teardown(state);
}

#define EARLY(f) cmocka_unit_test_setup_teardown(f, setup_early, teardown_early)

static void assert_stage(const char *name, const char *stage) {
    _cleanup_(result_done) struct result r = {};

    assert_int_equal(result_read(&k.host, name, &r), 0);
    assert_string_equal(r.stage, stage);
}

/* Without /etc/initrd-release, only the verb says that this is the initramfs. */
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
    assert_told(2, "lp-c failed: lp-c.ko: not a kernel module");
    assert_told(3, "lp-e failed: ");
    assert_true(is_in("lp_a"));
    assert_false(is_in("lp_d"));
    assert_stage("lp-a", "initrd");
    assert_stage("lp-c", "initrd");
}

static void stop_it(struct fake_kernel *kernel _unused_) {
    _exit(0);
}

/* The time of the initramfs runs out during a load, and a signal ends the program. */
static void test_stopped(void **state _unused_) {
    _cleanup_(result_done) struct result r = {};
    pid_t pid;

    patch("lp-a", "Stage=initrd\n");
    pid = fork();
    if (pid == 0) {
        k.on_finit = stop_it;
        load_early();
        _exit(1);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(result_read(&k.host, "lp-a", &r), 0);
    assert_string_equal(r.reason, "the initramfs ran out of time while it loaded the patch");
    assert_int_equal(load("lp-a"), 1);
    assert_string_equal(result.early_reason, "the initramfs ran out of time while it loaded the patch");
    assert_null(result.reason);
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

/* Patches that a volume has added meanwhile do not count as part of the image. */
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
                  "the initramfs for " FAKE_RELEASE " contains an outdated lp-a");
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
    assert_stale("the tool that builds it");
    fake_kernel_text(&k, "/usr/bin/mkinitcpio", "");
    assert_stale("run mkinitcpio -P and");
    fake_kernel_text(&k, "/usr/bin/dracut", "");
    assert_stale("run dracut --force --kver " FAKE_RELEASE " and");
    fake_kernel_text(&k, "/usr/sbin/update-initramfs", "");
    assert_stale("run update-initramfs -u -k " FAKE_RELEASE " and");
}

/* The record says whether the image or the volume had the older build. */
static void test_stale_volume(void **state _unused_) {
    fake_kernel_text(&k, "/etc/lpd/lpd.conf.d/50.conf", "[Store]\nDevice=LABEL=store\n");
    load_early(); /* the image contains none */
    patch("lp-a", "Stage=initrd\n");
    load_early();
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    write_module(MODULES "lp-a.ko", "lp_a", BUILD_2, FAKE_RELEASE);
    assert_failed(load("lp-a"), -EEXIST, EXIT_STATUS_FAILED, "failed",
                  "the volume LABEL=store contains an outdated lp-a, which is loaded");
    assert_non_null(strstr(e.hint, "lpctl enable lp-a"));

    fake_kernel_remove(&k, IMAGE_RECORD);
    load_early(); /* as if the image contained it */
    assert_stale("the tool that builds it");
}

/* The initramfs is not at fault for a patch that the host loaded. */
static void test_not_stale(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    assert_int_equal(load("lp-a"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    write_module(MODULES "lp-a.ko", "lp_a", BUILD_2, FAKE_RELEASE);
    assert_failed(load("lp-a"), -EEXIST, EXIT_STATUS_FAILED, "failed", "another build of lp_a is loaded");
}

/* The boot is delayed by at most ten seconds in all, and by no probe. */
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

static void assert_early_reason(const char *name, const char *part) {
    _cleanup_(result_done) struct result r = {};

    assert_int_equal(result_read(&k.host, name, &r), 0);
    if (!strstr(strempty(r.early_reason), part))
        fail_msg("%s", strempty(r.early_reason));
}

/* A patch that the host has loaded does not count as loaded early, and the reason why it was not
 * stays recorded. */
static void test_failed_early(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    fake_kernel_module(&k, "lp_a")->error = -ENOPKG;
    fake_kernel_module(&k, "lp_a")->error_times = 1;
    load_early();
    assert_told(0, "lp-a failed: ");
    assert_int_equal(load("lp-a"), 1);
    assert_stage("lp-a", "system");
    assert_early_reason("lp-a", "lp-a.ko: ");
    /* Again, as lpctl does it. */
    assert_int_equal(unload("lp-a"), 1);
    assert_int_equal(load("lp-a"), 1);
    assert_early_reason("lp-a", "lp-a.ko: ");
}

static void no_time_left(struct fake_kernel *kernel) {
    fake_kernel_advance(kernel, 21 * USEC_PER_SEC);
}

static void test_budget_of_time(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    patch("lp-b", "Stage=initrd\n");
    k.on_finit = no_time_left;
    load_early();
    assert_told(0, "lp-a active");
    assert_told(1, "lp-b skipped: the initramfs has no time left for it");
    assert_int_equal(load("lp-b"), 1);
    assert_stage("lp-b", "system");
    assert_early_reason("lp-b", "no time left");
    assert_stage("lp-a", "initrd");
}

/* The run for the volume continues with the rest of the budget of the image's run. */
static void test_budget_of_patches(void **state _unused_) {
    struct early_record spent = {};
    char name[16];

    for (unsigned i = 0; i < EARLY_PATCHES_MAX - 1; i++) {
        (void) snprintf(name, sizeof(name), "lp-%03u", i);
        manifest(name, "[Patch]\nStage=initrd\n");
    }
    for (unsigned i = 0; i < EARLY_PATCHES_MAX - 1; i++) {
        _cleanup_free_ char *path = NULL;

        assert_true(asprintf(&path, MODULES "lp-%03u.ko", i) >= 0);
        fake_kernel_text(&k, path, "rubbish");
    }
    load_early();
    assert_int_equal(strv_length(told), EARLY_PATCHES_MAX - 1);
    assert_told(EARLY_PATCHES_MAX - 2, "not a kernel module");
    patch("lq-a", "Stage=initrd\n");
    patch("lq-b", "Stage=initrd\n");
    for (unsigned i = 0; i < EARLY_PATCHES_MAX - 1; i++) {
        _cleanup_free_ char *path = NULL;

        assert_true(asprintf(&path, "/etc/lpd/patches.d/lp-%03u.conf", i) >= 0);
        fake_kernel_remove(&k, path);
    }
    load_early();
    assert_told(0, "lq-a active");
    assert_told(1, "lq-b skipped: the initramfs loads no more patches");
    assert_int_equal(early_record_read(&k.host, &spent), 0);
    assert_int_equal(spent.patches, EARLY_PATCHES_MAX);
    assert_false(spent.stopped);
}

/* Zeros, packed by gzip. */
static void bomb(const char *path, size_t size) {
    _cleanup_free_ char *zeros = calloc(1, size), *packed = malloc(size / 100);
    z_stream z = { .next_in = (Bytef *) zeros, .avail_in = (unsigned) size,
                   .next_out = (Bytef *) packed, .avail_out = (unsigned) (size / 100) };

    assert_true(zeros && packed);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    fake_kernel_file(&k, path, packed, z.total_out);
    (void) deflateEnd(&z);
}

/* Each is unpacked once, and all together only up to the budget. */
static void test_budget_of_bytes(void **state _unused_) {
    struct early_record spent = {};

    for (unsigned i = 0; i < 4; i++) {
        _cleanup_free_ char *name = NULL, *path = NULL;

        assert_true(asprintf(&name, "lp-%u", i) >= 0);
        assert_true(asprintf(&path, MODULES "lp-%u.ko.gz", i) >= 0);
        manifest(name, "[Patch]\nStage=initrd\n");
        bomb(path, (size_t) 30 << 20);
    }
    patch("lp-good", "Stage=initrd\n");
    load_early();
    assert_told(0, "lp-0 failed: ");
    assert_told(1, "lp-1 failed: ");
    assert_told(2, "lp-2 skipped: lp-2.ko.gz: it contains more than the 4096 KiB that may still");
    assert_told(3, "lp-3 skipped: ");
    assert_told(4, "lp-good skipped: ");
    assert_int_equal(early_record_read(&k.host, &spent), 0);
    assert_int_equal(spent.bytes, EARLY_BYTES_MAX);
    assert_int_equal(load("lp-good"), 1);
}

/* Names of files that are not on the volume do not count. */
static void test_volume_stays_on_it(void **state _unused_) {
    struct volume_record record = { .device = (char *) "LABEL=store" };

    fake_kernel_text(&k, "/etc/lpd/lpd.conf.d/50.conf", "[Store]\nDevice=LABEL=store\n");
    patch("lp-a", "Stage=initrd\n");
    patch("lp-b", "Stage=initrd\n");
    write_module("/opt/lp-a.ko", "lp_a", BUILD_1, FAKE_RELEASE);
    write_module("/opt/lp-b.ko", "lp_b", BUILD_1, FAKE_RELEASE);
    manifest("lp-a", "[Patch]\nStage=initrd\n[Kernel:" FAKE_RELEASE "]\nModule=/opt/lp-a.ko\n");
    manifest("lp-b", "[Patch]\nStage=initrd\n[Kernel:" FAKE_RELEASE "]\nModule=/opt/lp-b.ko\n");
    assert_int_equal(strv_extend(&record.patches, "lp-a"), 0);
    assert_int_equal(volume_record_write(&k.host, &record), 0);
    record.patches = strv_free(record.patches);
    load_early();
    assert_told(0, "lp-a refused: its manifest is from the volume, and Module= names a file");
    assert_told(1, "lp-b active");
}

/* An unread module is not reported as another build. */
static void test_unread(void **state _unused_) {
    _cleanup_(image_record_done) struct image_record record = {};

    patch("lp-a", "Stage=initrd\n");
    fake_kernel_text(&k, "/proc/cmdline", "rd.lpd.skip=lp_a\n");
    load_early();
    assert_int_equal(image_record_read(&k.host, &record), 0);
    assert_true(record.patches[0].unread);
}

/* What the initramfs had in memory is gone, and the patch with it. */
static void crash(const char *next_boot_id) {
    _cleanup_(ledger_list_done) struct ledger_list l = {};

    assert_int_equal(ledger_list_read(&k.host, &l), 0);
    for (size_t i = 0; i < l.n_builds; i++)
        assert_int_equal(ledger_remove(&k.host, l.builds[i].kernel, l.builds[i].sha256), 0);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    if (is_in("lp_a")) {
        assert_int_equal(k.host.ops->write_value(&k.host, "/sys/kernel/livepatch/lp_a/enabled", "0"), 0);
        fake_kernel_advance(&k, 5 * USEC_PER_SEC);
        fake_kernel_advance(&k, 5 * USEC_PER_SEC); /* the last reference */
        assert_int_equal(k.host.ops->delete_module(&k.host, "lp_a"), 0);
    }
    fake_kernel_remove(&k, "/run/lpd/lp-a.json");
    begin_boot(next_boot_id);
    k.host.initrd = true;
}

/* "STATE BOOT…" of the only build on record. */
static const char *on_record(void) {
    _cleanup_(ledger_list_done) struct ledger_list l = {};
    static char text[256];
    size_t n;

    assert_int_equal(ledger_list_read(&k.host, &l), 0);
    if (l.n_builds == 0)
        return "nothing";
    assert_int_equal(l.n_builds, 1);
    n = (size_t) snprintf(text, sizeof(text), "%s", ledger_state_name(l.builds->state));
    for (size_t i = 0; i < l.builds->n_attempts; i++)
        n += (size_t) snprintf(text + n, sizeof(text) - n, " %s", l.builds->attempts[i].boot_id);
    return text;
}

/* Two boots end with it; the third one goes on without. */
static void test_trial_ends_in_quarantine(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    load_early();
    assert_told(0, "lp-a active");
    assert_string_equal(on_record(), "trial boot1");
    crash("boot2");
    load_early();
    assert_told(0, "lp-a active");
    assert_string_equal(on_record(), "trial boot1 boot2");
    crash("boot3");
    load_early();
    assert_told(0, "quarantined: 2 boots in a row ended without an orderly shutdown while it was on trial");
    assert_int_equal(k.n_finit, 2);
    assert_int_equal(result_read(&k.host, "lp-a", &result), 0);
    assert_int_equal(result.exit_status, EXIT_STATUS_QUARANTINED);
}

/* The image has the last confirmed build beside the installed one. */
static void test_falls_back(void **state _unused_) {
    _cleanup_(image_record_done) struct image_record carried = {};
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    struct ledger_build b = { .kernel = (char *) FAKE_RELEASE, .name = (char *) "lp-a",
                              .state = LEDGER_CONFIRMED, .stage = (char *) "initrd" };

    patch("lp-a", "Stage=initrd\n");
    write_module(MODULES "lp-a.ko" STORE_CONFIRMED_SUFFIX, "lp_a", BUILD_2, FAKE_RELEASE);
    assert_int_equal(module_file_open(&k.host, MODULES "lp-a.ko" STORE_CONFIRMED_SUFFIX, &f, NULL), 0);
    module_file_sha256(&f);
    b.sha256 = f.sha256;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ledger_write(&k.host, &b), 0);
        load_early();
        assert_int_equal(result_read(&k.host, "lp-a", &result), 0);
        assert_string_equal(result.build_id, BUILD_1);
        result_done(&result);
        crash(i == 0 ? "boot2" : "boot3");
    }
    assert_int_equal(ledger_write(&k.host, &b), 0);
    fake_kernel_remove(&k, IMAGE_RECORD);
    load_early();
    assert_told(0, "lp-a active");
    assert_int_equal(result_read(&k.host, "lp-a", &result), 0);
    assert_string_equal(result.build_id, BUILD_2);
    assert_string_equal(result.sha256, b.sha256);
    assert_int_equal(image_record_read(&k.host, &carried), 0);
    assert_string_equal(carried.patches[0].sha256, b.sha256);
}

/* The attempt is on the volume before the kernel gets the module. */
static void read_volume(struct fake_kernel *kernel) {
    kernel->userdata = file_exists(&kernel->host, "/volume" EARLY_LEDGER_FILE) ? kernel : NULL;
}

static void test_trial_is_noted_first(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    k.on_finit = read_volume;
    load_early();
    assert_ptr_equal(k.userdata, &k);
    assert_string_equal(k.mounted, "/dev/vdb1 ext4  rw");
}

static void test_trial_is_taken_back(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    fake_kernel_module(&k, "lp_a")->error = -ENOPKG;
    load_early();
    assert_told(0, "lp-a failed: ");
    crash("boot2");
    load_early();
    crash("boot3");
    load_early();
    assert_told(0, "lp-a failed: ");
    assert_string_equal(on_record(), "nothing");
}

#define LEFT_TO_HOST "on trial: loaded on the host, as the initramfs cannot write its attempt "

static void assert_left_to_host(const char *reason) {
    assert_told(0, reason);
    assert_int_equal(k.n_finit, 0);
    assert_string_equal(on_record(), "nothing");
    assert_int_equal(load("lp-a"), 1);
    assert_stage("lp-a", "system");
    assert_early_reason("lp-a", reason + STRLEN("lp-a skipped: "));
}

/* Without a place nothing can be noted, so nothing on trial is loaded. */
static void test_trial_without_a_place(void **state _unused_) {
    settle(NULL);
    patch("lp-a", "Stage=initrd\n");
    load_early();
    assert_left_to_host("lp-a skipped: " LEFT_TO_HOST "(no EFI variables, no ledger volume)");
}

static void test_trial_with_ledger_none(void **state _unused_) {
    settle(NULL);
    fake_kernel_text(&k, "/etc/lpd/lpd.conf.d/50.conf", "[Guard]\nLedger=none\n");
    patch("lp-a", "Stage=initrd\n");
    load_early();
    assert_left_to_host("lp-a skipped: " LEFT_TO_HOST "(Ledger=none)");
}

/* An image for any machine: this one has no variables. */
static void test_trial_without_firmware(void **state _unused_) {
    settle("efi");
    patch("lp-a", "Stage=initrd\n");
    load_early();
    assert_left_to_host("lp-a skipped: " LEFT_TO_HOST "(no EFI variables)");
}

static void test_trial_with_a_full_place(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    k.mount_error = -EROFS;
    load_early();
    assert_left_to_host("lp-a skipped: " LEFT_TO_HOST "(LABEL=boot: Read-only file system)");
}

/* It may say that the build is quarantined. */
static void test_trial_with_a_damaged_place(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    fake_kernel_text(&k, "/volume" EARLY_LEDGER_FILE, "rubbish");
    load_early();
    assert_left_to_host("lp-a skipped: " LEFT_TO_HOST "(LABEL=boot: Bad message)");
}

/* Loaded by the run after that of lpd-ledger. */
static void test_trial_waits_for_the_volume(void **state _unused_) {
    patch("lp-a", "Stage=initrd\n");
    fake_kernel_remove(&k, "/run/lpd/early-volume");
    load_early();
    assert_int_equal(strv_length(told), 0);
    assert_int_equal(result_read(&k.host, "lp-a", &result), 0);
    assert_string_equal(result.cause, CAUSE_ON_TRIAL);
    assert_string_equal(result.reason, LEFT_TO_HOST "(LABEL=boot: it is not there)");
    find_volume();
    load_early();
    assert_told(0, "lp-a active");
    assert_stage("lp-a", "initrd");
    assert_string_equal(on_record(), "trial boot1");
}

/* What was left out is read again. */
static void test_again(void **state _unused_) {
    struct early_record spent = {};

    patch("lp-a", "Stage=initrd\n");
    fake_kernel_remove(&k, "/run/lpd/early-volume");
    load_early();
    assert_int_equal(early_record_read(&k.host, &spent), 0);
    assert_int_equal(spent.patches, 1);
    assert_true(spent.bytes > 0);
    early_again(&k.host);
    assert_int_equal(early_record_read(&k.host, &spent), 0);
    assert_int_equal(spent.patches, 0);
    assert_int_equal(spent.bytes, 0);
    assert_false(spent.stopped);
}

/* The image knows the build, or the place does. */
static void test_confirmed(void **state _unused_) {
    _cleanup_(ledger_list_done) struct ledger_list l = {};
    struct ledger_build b;

    patch("lp-a", "Stage=initrd\n");
    load_early();
    assert_int_equal(ledger_list_read(&k.host, &l), 0);
    b = l.builds[0];
    b.n_attempts = 0;
    b.state = LEDGER_CONFIRMED;
    crash("boot2");
    settle(NULL);
    b.stage = (char *) "initrd";
    assert_int_equal(ledger_write(&k.host, &b), 0);
    load_early();
    assert_told(0, "lp-a active");
    assert_string_equal(on_record(), "confirmed");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        EARLY(test_each_on_its_own),
        EARLY(test_stopped),
        EARLY(test_what_was_carried),
        EARLY(test_called_again),
        EARLY(test_the_host_takes_it_over),
        EARLY(test_the_host_tries_again),
        EARLY(test_stale),
        EARLY(test_stale_volume),
        EARLY(test_not_stale),
        EARLY(test_bounded),
        EARLY(test_failed_early),
        EARLY(test_budget_of_time),
        EARLY(test_budget_of_patches),
        EARLY(test_budget_of_bytes),
        EARLY(test_volume_stays_on_it),
        EARLY(test_unread),
        EARLY(test_trial_ends_in_quarantine),
        EARLY(test_falls_back),
        EARLY(test_trial_is_noted_first),
        EARLY(test_trial_is_taken_back),
        EARLY(test_trial_without_a_place),
        EARLY(test_trial_with_ledger_none),
        EARLY(test_trial_without_firmware),
        EARLY(test_trial_with_a_full_place),
        EARLY(test_trial_with_a_damaged_place),
        EARLY(test_trial_waits_for_the_volume),
        EARLY(test_again),
        EARLY(test_confirmed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
