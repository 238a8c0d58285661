/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "check.h"
#include "fake-kernel.h"
#include "guard/early-place.h"
#include "guard/early.h"
#include "state/early-volume.h"
#include "state/image.h"
#include "state/results.h"

/* The early ledger between the initramfs and the host: here a file on the volume UUID=12-34, which
 * the fake kernel mounts as /volume. */

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PLACE "UUID=12-34"
#define VARIABLE EFI_VARIABLES "/" EARLY_LEDGER_VARIABLE

static struct fake_kernel k;

/* firmware: a value is what one write(2) brings. */
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size) {
    struct stat st;

    if (fstat(fd, &st) >= 0 && S_ISREG(st.st_mode) && size > 4 && memcmp(data, "\7\0\0\0", 4) == 0)
        assert_true(ftruncate(fd, 0) >= 0);
    return __real_write(fd, data, size);
}

static void link_to(const char *path, const char *target) {
    _cleanup_close_ int fd = -EBADF;
    const char *name;

    fake_kernel_text(&k, path, "");
    fd = file_open_parent(&k.host, path, &name);
    assert_true(fd >= 0);
    assert_true(unlinkat(fd, name, 0) >= 0);
    assert_true(symlinkat(target, fd, name) >= 0);
}

static void write_built(const char *place, const char *sha256) {
    struct image_patch patch = { .name = (char *) "fix-a", .sha256 = (char *) sha256 };
    const struct image_record record = { .release = (char *) FAKE_RELEASE, .patches = &patch,
                                         .n_patches = 1, .ledger = (char *) place };

    fake_kernel_text(&k, "/var/lib/lpd/x", "");
    assert_int_equal(image_record_write_built(&k.host, &record), 0);
}

static void write_booted(const char *place) {
    const struct image_record record = { .release = (char *) FAKE_RELEASE, .ledger = (char *) place };

    assert_int_equal(image_record_write(&k.host, &record), 0);
}

static int setup(void **state _unused_) {
    fake_kernel_open(&k);
    fake_kernel_text(&k, "/volume/other", "");
    fake_kernel_text(&k, "/usr/lib/modules/" FAKE_RELEASE "/x", "");
    fake_kernel_text(&k, "/boot/other", "");
    fake_kernel_text(&k, "/run/systemd/system/x", "");
    fake_kernel_text(&k, "/proc/self/mountinfo",
                     "21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
                     "rubbish\n");
    link_to("/dev/disk/by-uuid/12-34", "../../vdb1");
    link_to("/dev/disk/by-uuid/aa-bb", "../../vda1");
    link_to("/dev/disk/by-label/my\\x20label", "../../vdb1");
    write_built(PLACE, A);
    return 0;
}

static int teardown(void **state _unused_) {
    fake_kernel_close(&k);
    return 0;
}

#define EARLY(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static const struct ledger_build *build(const char *sha256) {
    static struct ledger_build b;

    b = (struct ledger_build){ .kernel = (char *) FAKE_RELEASE, .sha256 = (char *) sha256,
                               .name = (char *) "fix-a", .module_name = (char *) "fix_a" };
    return &b;
}

static const struct ledger_attempt *attempt(const char *boot, const char *stage) {
    static struct ledger_attempt a;

    a = (struct ledger_attempt){ .boot_id = (char *) boot, .stage = (char *) stage, .usec = 1000 };
    return &a;
}

static void forget_all(void) {
    assert_int_equal(ledger_remove(&k.host, FAKE_RELEASE, A), 0);
    assert_int_equal(ledger_remove(&k.host, FAKE_RELEASE, B), 0);
}

/* "STATE/STAGE BOOT…" of a build. */
static const char *known(const char *sha256) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    static char text[512];
    size_t n;

    if (ledger_read(&k.host, FAKE_RELEASE, sha256, &b) < 0)
        return "nothing";
    n = (size_t) snprintf(text, sizeof(text), "%s/%s", ledger_state_name(b.state), strempty(b.stage));
    for (size_t i = 0; i < b.n_attempts; i++)
        n += (size_t) snprintf(text + n, sizeof(text) - n, " %s", b.attempts[i].boot_id);
    return text;
}

/* The memory of the initramfs is gone, and another boot begins with the early ledger. */
static void enter_initramfs(void) {
    const struct early_volume v = { (char *) "/dev/vdb1", (char *) "vfat" };

    forget_all();
    k.host.initrd = true;
    (void) file_unlink(&k.host, RESULTS_DIRECTORY "/early-fetched");
    assert_int_equal(early_volume_write(&k.host, &v), 0);
}

static void enter_host(void) {
    k.host.initrd = false;
    forget_all();
    (void) file_unlink(&k.host, RESULTS_DIRECTORY "/early-volume");
    write_booted(PLACE);
}

static void test_attempts(void **state _unused_) {
    _cleanup_free_ char *place = NULL;

    enter_initramfs();
    assert_int_equal(early_place_of_image(&k.host, FAKE_RELEASE, &place), 0);
    assert_string_equal(place, PLACE);
    assert_int_equal(early_ledger_fetch(&k.host, place), 0);
    assert_int_equal(early_attempt_add(&k.host, place, build(A), attempt("boot1", "initrd")), 1);
    assert_string_equal(k.mounted, "/dev/vdb1 vfat fmask=0133,dmask=0022 rw");
    assert_int_equal(early_attempt_add(&k.host, place, build(A), attempt("boot1", "initrd")), 0);
    /* That boot ended there. */
    enter_initramfs();
    assert_string_equal(known(A), "nothing");
    assert_int_equal(early_ledger_fetch(&k.host, place), 0);
    assert_string_equal(known(A), "trial/ boot1");
    assert_int_equal(early_attempt_add(&k.host, place, build(A), attempt("boot2", "initrd")), 1);
    assert_int_equal(early_attempt_add(&k.host, place, build(B), attempt("boot2", "initrd")), 1);
    /* The kernel refuses B. */
    assert_int_equal(early_attempt_remove(&k.host, place, FAKE_RELEASE, B, "boot2"), 1);
    assert_int_equal(early_attempt_remove(&k.host, place, FAKE_RELEASE, B, "boot2"), 0);
    enter_host();
    assert_int_equal(ledger_early_sync(&k.host), 0);
    assert_string_equal(known(A), "trial/ boot1 boot2");
    assert_string_equal(known(B), "nothing");
    /* It ends in order: both ledgers forget. */
    assert_int_equal(ledger_boot_end(&k.host, "boot2"), 0);
    assert_int_equal(ledger_early_sync(&k.host), 1);
    assert_int_equal(ledger_early_sync(&k.host), 0);
    enter_initramfs();
    assert_int_equal(early_ledger_fetch(&k.host, place), 0);
    assert_string_equal(known(A), "nothing");
}

static void write_state(const char *sha256, enum ledger_state s, const char *stage) {
    struct ledger_build b = *build(sha256);

    b.state = s;
    b.stage = (char *) stage;
    assert_int_equal(ledger_write(&k.host, &b), 0);
}

static void test_verdicts(void **state _unused_) {
    enter_host();
    write_state(A, LEDGER_CONFIRMED, "initrd");
    write_state(B, LEDGER_QUARANTINED, NULL);
    assert_int_equal(ledger_early_sync(&k.host), 1);
    assert_int_equal(ledger_early_sync(&k.host), 0);
    enter_initramfs();
    /* An older image says something else. */
    write_state(B, LEDGER_CONFIRMED, "initrd");
    assert_int_equal(early_ledger_fetch(&k.host, PLACE), 0);
    assert_string_equal(known(A), "confirmed/initrd");
    assert_string_equal(known(B), "quarantined/");
    assert_int_equal(early_attempt_add(&k.host, PLACE, build(A), attempt("boot1", "initrd")), 0);
    assert_int_equal(early_attempt_add(&k.host, PLACE, build(B), attempt("boot1", "initrd")), -EPERM);
}

/* What the host knows better stays. */
static void test_host_knows_better(void **state _unused_) {
    enter_initramfs();
    assert_int_equal(early_attempt_add(&k.host, PLACE, build(A), attempt("boot1", "initrd")), 1);
    assert_int_equal(early_attempt_add(&k.host, PLACE, build(B), attempt("boot1", "initrd")), 1);
    enter_host();
    write_state(A, LEDGER_CONFIRMED, "initrd");
    write_state(B, LEDGER_QUARANTINED, NULL);
    assert_int_equal(ledger_early_sync(&k.host), 1);
    assert_string_equal(known(A), "confirmed/initrd");
    assert_string_equal(known(B), "quarantined/");
}

/* A build that only the host ever loads is of no interest there, unless it is in an image. */
static void test_of_no_interest(void **state _unused_) {
    enter_host();
    assert_int_equal(ledger_attempt_add(&k.host, build(B), attempt("boot1", "system")), 1);
    assert_int_equal(ledger_early_sync(&k.host), 1);
    assert_int_equal(ledger_attempt_add(&k.host, build(B), attempt("boot2", "system")), 1);
    assert_int_equal(ledger_early_sync(&k.host), 0);
    assert_int_equal(ledger_attempt_add(&k.host, build(A), attempt("boot2", "system")), 1);
    assert_int_equal(ledger_early_sync(&k.host), 1);
    enter_initramfs();
    assert_int_equal(early_ledger_fetch(&k.host, PLACE), 0);
    assert_string_equal(known(A), "trial/ boot2");
    assert_string_equal(known(B), "nothing");
}

/* Records of a kernel that is gone are left out; lpd-bless.service sees no modules of any kernel. */
static void test_modules(void **state _unused_) {
    enter_host();
    write_state(B, LEDGER_QUARANTINED, NULL);
    assert_int_equal(ledger_early_sync(&k.host), 1);
    fake_kernel_remove(&k, "/usr/lib/modules/" FAKE_RELEASE "/x");
    assert_int_equal(file_rmdir(&k.host, "/usr/lib/modules/" FAKE_RELEASE), 0);
    assert_int_equal(ledger_early_sync(&k.host), 0);
    enter_initramfs();
    assert_int_equal(early_ledger_fetch(&k.host, PLACE), 0);
    assert_string_equal(known(B), "quarantined/");
}

static void test_cannot_be_written(void **state _unused_) {
    enter_initramfs();
    k.mount_error = -EROFS;
    assert_int_equal(early_ledger_fetch(&k.host, PLACE), -EROFS);
    assert_int_equal(early_attempt_add(&k.host, PLACE, build(A), attempt("boot1", "initrd")), -EROFS);
    assert_string_equal(known(A), "nothing");
    (void) file_unlink(&k.host, RESULTS_DIRECTORY "/early-volume");
    assert_int_equal(early_attempt_add(&k.host, PLACE, build(A), attempt("boot1", "initrd")), -ENODEV);
    assert_int_equal(early_attempt_add(&k.host, EARLY_EFI, build(A), attempt("boot1", "initrd")), -ENODEV);
    enter_host();
    assert_int_equal(ledger_early_sync(&k.host), -EROFS);
    k.mount_error = 0;
    assert_int_equal(ledger_early_sync(&k.host), 1);
}

/* Damage: nothing is loaded on trial in the initramfs before the host has written it anew. */
static void test_damaged(void **state _unused_) {
    enter_initramfs();
    fake_kernel_text(&k, "/volume" EARLY_LEDGER_FILE, "LPDL rubbish and nothing else");
    assert_int_equal(early_ledger_fetch(&k.host, PLACE), -EBADMSG);
    enter_host();
    assert_int_equal(ledger_early_sync(&k.host), 1);
    enter_initramfs();
    assert_int_equal(early_ledger_fetch(&k.host, PLACE), 0);
}

/* The volume is mounted, and a label has a blank. */
static void test_where_it_is_mounted(void **state _unused_) {
    enter_host();
    write_built("LABEL=my label", A);
    write_booted("LABEL=my label");
    fake_kernel_text(&k, "/proc/self/mountinfo",
                     "21 1 254:1 / / rw shared:1 - ext4 /dev/vda1 rw\n"
                     "22 21 254:2 / /boot rw,relatime shared:3 master:2 - vfat /dev/vdb1 rw\n"
                     "22 21 254:2 / /mnt ro - vfat /dev/vdb1 ro\n"
                     "22 21 254:2 /sub /boot/sub rw - vfat /dev/vdb1 ro\n");
    write_state(A, LEDGER_CONFIRMED, "initrd");
    assert_int_equal(ledger_early_sync(&k.host), 1);
    assert_true(file_exists(&k.host, "/boot" EARLY_LEDGER_FILE));
    assert_uint_in_range(k.n_mount, 0, 0);
}

/* Long before the host has mounted the volume it knows what the initramfs did there, and what it need not
 * write. */
static void test_before_it_is_mounted(void **state _unused_) {
    enter_initramfs();
    assert_int_equal(early_ledger_fetch(&k.host, PLACE), 0);
    assert_int_equal(early_attempt_add(&k.host, PLACE, build(A), attempt("boot1", "initrd")), 1);
    enter_host();
    k.mount_error = -EPERM;
    assert_int_equal(ledger_early_sync(&k.host), 0);
    assert_string_equal(known(A), "trial/ boot1");
    /* The end of the boot, after the file systems were unmounted. */
    assert_int_equal(ledger_boot_end(&k.host, "boot1"), 0);
    assert_int_equal(ledger_early_sync(&k.host), -EPERM);
    k.mount_error = 0;
    assert_int_equal(ledger_early_sync(&k.host), 1);
    k.mount_error = -EPERM;
    assert_int_equal(ledger_early_sync(&k.host), 0);
    /* What it knows is of that place only. */
    write_booted("LABEL=my label");
    write_built("LABEL=my label", A);
    assert_int_equal(ledger_early_sync(&k.host), -EPERM);
}

/* Only reading does not mark the volume as written. */
static void test_reads_only(void **state _unused_) {
    enter_initramfs();
    assert_int_equal(early_ledger_fetch(&k.host, PLACE), 0);
    assert_string_equal(k.mounted, "/dev/vdb1 vfat fmask=0133,dmask=0022 ro");
    assert_true(file_exists(&k.host, EARLY_ON_VOLUME));
}

static void test_no_place(void **state _unused_) {
    enter_host();
    write_built(NULL, A);
    write_booted(NULL);
    write_state(A, LEDGER_CONFIRMED, "initrd");
    assert_int_equal(ledger_early_sync(&k.host), 0);
    assert_uint_in_range(k.n_mount, 0, 0);
}

static const char *settle(const char *ledger) {
    static char place[128];
    struct policy p = { .guard_ledger = (char *) ledger };
    _cleanup_free_ char *found = NULL;

    assert_int_equal(early_place_settle(&k.host, &p, &found), 0);
    (void) snprintf(place, sizeof(place), "%s", found ?: "nowhere");
    return place;
}

static void test_settle(void **state _unused_) {
    assert_string_equal(settle("auto"), "nowhere");
    assert_string_equal(settle(NULL), "nowhere");
    fake_kernel_text(&k, EFI_VARIABLES "/BootOrder", "xxxx");
    assert_string_equal(settle("auto"), "efi");
    assert_true(file_exists(&k.host, VARIABLE));
    assert_string_equal(settle("none"), "nowhere");
    assert_string_equal(settle("LABEL=later"), "LABEL=later");
    /* Another machine's image. */
    k.host.live = false;
    fake_kernel_remove(&k, VARIABLE);
    assert_string_equal(settle("auto"), "efi");
    assert_false(file_exists(&k.host, VARIABLE));
    assert_string_equal(settle("none"), "nowhere");
    k.host.live = true;
    fake_kernel_remove(&k, "/run/systemd/system/x");
    assert_true(file_rmdir(&k.host, "/run/systemd/system") >= 0);
    assert_string_equal(settle("auto"), "efi");
    assert_false(file_exists(&k.host, VARIABLE));
}

static void mount_boot(const char *options, const char *type) {
    char text[512];

    (void) snprintf(text, sizeof(text), "21 1 254:1 / / rw shared:1 - ext4 /dev/vda1 rw\n"
                    "22 21 254:2 / /boot %s,relatime shared:3 - %s /dev/vdb1 rw\n", options, type);
    fake_kernel_text(&k, "/proc/self/mountinfo", text);
}

/* The firmware if it takes the ledger, the volume of [Store], /boot. */
static void test_settle_on_a_volume(void **state _unused_) {
    struct policy p = { .store_device = (char *) "LABEL=my label" };
    _cleanup_free_ char *place = NULL;

    mount_boot("ro", "ext4");
    assert_string_equal(settle("auto"), "nowhere");
    mount_boot("rw", "btrfs");
    assert_string_equal(settle("auto"), "nowhere");
    mount_boot("rw", "ext4");
    assert_string_equal(settle("auto"), "UUID=12-34");
    assert_true(file_exists(&k.host, "/boot" EARLY_LEDGER_FILE));
    assert_true(file_exists(&k.host, EARLY_ON_VOLUME));
    assert_string_equal(settle("none"), "nowhere");
    fake_kernel_text(&k, "/proc/self/mountinfo", "21 1 254:1 / / rw shared:1 - ext4 /dev/vda1 rw\n");
    assert_string_equal(settle("auto"), "nowhere");
    assert_int_equal(early_place_settle(&k.host, &p, &place), 0);
    assert_string_equal(place, "LABEL=my label");
    k.mount_error = -EROFS;
    free(TAKE_PTR(place));
    assert_int_equal(early_place_settle(&k.host, &p, &place), 0);
    assert_null(place);
    /* Another machine has that volume, and perhaps no firmware with variables. */
    k.host.live = false;
    assert_int_equal(early_place_settle(&k.host, &p, &place), 0);
    assert_string_equal(place, "LABEL=my label");
}

static void test_firmware(void **state _unused_) {
    fake_kernel_text(&k, EFI_VARIABLES "/BootOrder", "xxxx");
    enter_initramfs();
    assert_int_equal(early_ledger_fetch(&k.host, EARLY_EFI), 0);
    assert_int_equal(early_attempt_add(&k.host, EARLY_EFI, build(A), attempt("boot1", "initrd")), 1);
    assert_uint_in_range(k.n_mount, 0, 0);
    enter_host();
    write_built(EARLY_EFI, A);
    write_booted(EARLY_EFI);
    assert_int_equal(ledger_early_sync(&k.host), 0);
    assert_string_equal(known(A), "trial/ boot1");
    write_state(A, LEDGER_CONFIRMED, "initrd");
    assert_int_equal(ledger_early_sync(&k.host), 1);
    enter_initramfs();
    assert_int_equal(early_ledger_fetch(&k.host, EARLY_EFI), 0);
    assert_string_equal(known(A), "confirmed/initrd");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        EARLY(test_attempts),
        EARLY(test_verdicts),
        EARLY(test_host_knows_better),
        EARLY(test_of_no_interest),
        EARLY(test_modules),
        EARLY(test_cannot_be_written),
        EARLY(test_damaged),
        EARLY(test_where_it_is_mounted),
        EARLY(test_before_it_is_mounted),
        EARLY(test_reads_only),
        EARLY(test_no_place),
        EARLY(test_settle),
        EARLY(test_settle_on_a_volume),
        EARLY(test_firmware),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
