/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <stdio.h>

#include "base/budget.h"
#include "base/strv.h"
#include "check.h"
#include "fake-kernel.h"
#include "state/volume.h"
#include "store/store.h"
#include "store/volume.h"
#include "tree.h"

/* The volume: how it is found and mounted, what is read from it, and how it is changed. The devices
 * are files with the data that libblkid looks for, the mounted file system is a directory. */

#define RELEASE FAKE_RELEASE
#define MANIFEST "/etc/lpd/patches.d/lp-a.conf"
#define DROPIN MANIFEST ".d/20-kernel-" RELEASE ".conf"
#define MODULE STORE_DIRECTORY "/" RELEASE "/lp-a.ko"

static struct fake_kernel k;
static struct error e;
static struct volume_record fetched;
static char calls[4096];

static int setup(void **state _unused_) {
    fake_kernel_open(&k);
    fake_kernel_text(&k, "/volume/keep", "");
    e = ERROR_NULL;
    calls[0] = '\0';
    return 0;
}

static int teardown(void **state _unused_) {
    volume_record_done(&fetched);
    error_done(&e);
    fake_kernel_close(&k);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Records the calls, in order. */
#define OBSERVED(letter, name, parameters, arguments)                                              \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
    int __wrap_##name parameters {                                                                 \
        strncat(calls, letter, sizeof(calls) - strlen(calls) - 1);                                 \
        return __real_##name arguments;                                                            \
    }

OBSERVED("S.", syncfs, (int fd), (fd))
OBSERVED("F.", fsync, (int fd), (fd))
OBSERVED("R.", renameat2,
         (int from_fd, const char *from, int to_fd, const char *to, unsigned flags),
         (from_fd, from, to_fd, to, flags))

static void sysfs(const char *name, const char *attribute, const char *value) {
    _cleanup_free_ char *path = NULL;

    assert_true(asprintf(&path, "/sys/class/block/%s/%s", name, attribute) >= 0);
    fake_kernel_text(&k, path, value);
}

static void device(const char *name, const char *data, size_t size) {
    _cleanup_free_ char *node = NULL;

    assert_true(asprintf(&node, "/dev/%s", name) >= 0);
    for (char *c = node; *c; c++)
        if (*c == '!')
            *c = '/';
    fake_kernel_file(&k, node, data, size);
    sysfs(name, "size", "512\n");
}

/* The parts of an ext4 superblock that libblkid reads: struct ext4_super_block, fs/ext4/ext4.h. */
static void ext4(const char *name, const char *label) {
    static char disk[256 * 1024];
    unsigned char *super = (unsigned char *) disk + 1024;

    memset(disk, 0, sizeof(disk));
    super[0x38] = 0x53; /* magic */
    super[0x39] = 0xef;
    super[0x4c] = 1;    /* revision */
    super[0x60] = 0x40; /* incompatible features: extents */
    memset(super + 0x68, 0xab, 16);
    snprintf((char *) super + 0x78, 16, "%s", label);
    device(name, disk, sizeof(disk));
}

static int find(const char *tag, uint64_t wait_usec, bool writable) {
    _cleanup_(volume_close) struct volume v = VOLUME_NULL;

    return volume_open(&k.host, tag, wait_usec, writable, &v, &e);
}

static void test_found(void **state _unused_) {
    ext4("vda", "root");
    ext4("vdb", "store");
    sysfs("vdc", "size", "512\n"); /* its node does not exist */
    device("vdd", "rubbish", 7);
    assert_int_equal(find("LABEL=store", 0, false), 0);
    assert_string_equal(k.mounted, "/dev/vdb ext4 noload ro");
    assert_int_equal(find("LABEL=store", 0, true), 0);
    assert_string_equal(k.mounted, "/dev/vdb ext4  rw");
    assert_error_is(find("LABEL=Store", 0, false), -ENODEV, &e, "no block device has LABEL=Store");
    assert_error_has(find("LABEL=stor", 0, false), -ENODEV, &e, "LABEL=stor");
    assert_error_has(find("PARTLABEL=store", 0, false), -ENODEV, &e, "PARTLABEL=store");
    assert_int_equal(k.n_mount, 2);
}

static void test_found_by_number(void **state _unused_) {
    ext4("cciss!c0d0", "store");
    assert_int_equal(find("UUID=ABABABAB-ABAB-ABAB-ABAB-ABABABABABAB", 0, false), 0);
    assert_string_equal(k.mounted, "/dev/cciss/c0d0 ext4 noload ro");
    assert_error_has(find("PARTUUID=abababab-abab-abab-abab-abababababab", 0, false), -ENODEV, &e,
                     "");
}

static void test_several(void **state _unused_) {
    ext4("vdb", "store");
    ext4("vdc", "store");
    assert_error_is(find("LABEL=store", 0, false), -ENOTUNIQ, &e,
                    "several block devices have LABEL=store: /dev/vdb, /dev/vdc");
    /* Two paths of one disk: the device above them is found. */
    sysfs("vdb", "holders/dm-0", "");
    sysfs("vdc", "holders/dm-0", "");
    ext4("dm-0", "store");
    assert_int_equal(find("LABEL=store", 0, false), 0);
    assert_string_equal(k.mounted, "/dev/dm-0 ext4 noload ro");
}

static void test_passed_over(void **state _unused_) {
    ext4("loop0", "store");
    sysfs("loop0", "size", "0\n");
    ext4("fd0", "store");
    ext4("sr0", "store");
    assert_error_has(find("LABEL=store", 0, false), -ENODEV, &e, "no block device");
}

static void test_waits_no_longer(void **state _unused_) {
    uint64_t began = k.now;
    int r;

    r = find("LABEL=store", 3 * USEC_PER_SEC, false);
    assert_uint_in_range(k.now - began, 2800 * USEC_PER_MSEC, 3 * USEC_PER_SEC);
    assert_error_is(r, -ENODEV, &e, "no block device has LABEL=store, and none appeared within 3 s");
}

static void appear(struct fake_kernel *kernel) {
    if (kernel->n_sleep == 5)
        ext4("vdb", "store");
}

static void test_waits_for_it(void **state _unused_) {
    k.on_sleep = appear;
    assert_int_equal(find("LABEL=store", 3 * USEC_PER_SEC, false), 0);
    assert_int_equal(k.n_sleep, 5);
}

static void test_no_such_file_system(void **state _unused_) {
    static char swap[64 * 1024];

    memcpy(swap + 4086, "SWAPSPACE2", 10);
    swap[1024] = 1; /* version */
    swap[1029] = 1; /* last page */
    snprintf(swap + 1052, 16, "store");
    device("vdb", swap, sizeof(swap));
    assert_error_is(find("LABEL=store", 0, false), -EMEDIUMTYPE, &e,
                    "/dev/vdb (LABEL=store) contains swap, not ext4 or vfat");
    assert_int_equal(k.n_mount, 0);
}

static void test_cannot_be_mounted(void **state _unused_) {
    static const struct {
        int error;
        const char *hint;
    } cases[] = {
        { -EUCLEAN, "see the kernel's log; fsck.ext4 /dev/vdb may repair it" },
        { -ENODEV, "this needs the kernel module ext4" },
        { -EBUSY, "it is mounted read-only elsewhere: remount or unmount it" },
    };

    ext4("vdb", "store");
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        k.mount_error = cases[i].error;
        assert_int_equal(find("LABEL=store", 0, true), cases[i].error);
        assert_non_null(strstr(e.message, "/dev/vdb (LABEL=store) cannot be mounted as ext4: "));
        assert_string_equal(e.hint, cases[i].hint);
    }
    k.mount_error = -EPERM;
    assert_int_equal(find("LABEL=store", 0, true), -EPERM);
    assert_int_equal(e.exit_status, EXIT_STATUS_PRIVILEGE);
}

/* Fetching. */

static int fetch(void) {
    _cleanup_(volume_close) struct volume v = VOLUME_NULL;

    ext4("vdb", "store");
    assert_int_equal(volume_open(&k.host, "LABEL=store", 0, false, &v, &e), 0);
    return volume_fetch(&k.host, &v, RELEASE, &fetched);
}

static void assert_problem(const char *part) {
    STRV_FOREACH(problem, fetched.problems)
        if (strstr(*problem, part))
            return;
    fail_msg("no problem says '%s'", part);
}

static void test_fetched(void **state _unused_) {
    fake_kernel_text(&k, MANIFEST, "the image's");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-a.conf", "a");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-a.conf.p7s", "signature");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-a.conf.d/20-kernel-" RELEASE ".conf", "dropin");
    fake_kernel_text(&k, "/volume/lpd/modules/" RELEASE "/lp-a.ko", "module");
    fake_kernel_text(&k, "/volume/lpd/modules/" RELEASE "/lp-b.ko.xz", "module");
    fake_kernel_text(&k, "/volume/lpd/modules/9.9.9/lp-a.ko", "of another kernel");
    fake_kernel_text(&k, "/volume/lpd/patches.d/.lp-c.conf", "hidden");
    fake_kernel_text(&k, "/volume/lpd/patches.d/README", "no manifest");
    fake_kernel_text(&k, "/volume/lpd/lpd.conf", "no policy comes from there");
    assert_int_equal(fetch(), 5);
    assert_null(fetched.problems);
    assert_string_equal(fake_kernel_read(&k, MANIFEST), "a");
    assert_string_equal(fake_kernel_read(&k, MANIFEST ".p7s"), "signature");
    assert_string_equal(fake_kernel_read(&k, DROPIN), "dropin");
    assert_string_equal(fake_kernel_read(&k, MODULE), "module");
    assert_false(file_exists(&k.host, STORE_DIRECTORY "/9.9.9"));
    assert_false(file_exists(&k.host, "/etc/lpd/lpd.conf"));
    assert_false(file_exists(&k.host, "/etc/lpd/patches.d/.lp-c.conf"));
}

static void test_nothing_there(void **state _unused_) {
    assert_int_equal(fetch(), 0);
    assert_problem("/dev/vdb: there are no patches in /lpd on it");
}

static void test_left_out(void **state _unused_) {
    static const char *const bad[] = {
        "/lpd/patches.d/link.conf: is a symbolic link",
        "/lpd/patches.d/open.conf: it can be written by everybody",
        "/lpd/patches.d/dir.conf: is a directory",
        "/lpd/patches.d/empty.conf: is empty",
        "/lpd/patches.d/large.conf: is larger than 1 MiB",
        "/lpd/patches.d/?name.conf: is empty",
        "/lpd/modules/" RELEASE ": Not a directory",
    };
    _cleanup_free_ char *large = calloc(1, ((size_t) 1 << 20) + 1), *open = NULL;

    assert_non_null(large);
    fake_kernel_text(&k, "/etc/lpd/secret", "secret");
    tree_link(&k.host, "../../../etc/lpd/secret", "/volume/lpd/patches.d/link.conf");
    fake_kernel_text(&k, "/volume/lpd/patches.d/open.conf", "a");
    assert_true(asprintf(&open, "%s/volume/lpd/patches.d/open.conf", k.root) >= 0);
    assert_int_equal(chmod(open, 0666), 0);
    fake_kernel_text(&k, "/volume/lpd/patches.d/dir.conf/x", "");
    fake_kernel_text(&k, "/volume/lpd/patches.d/empty.conf", "");
    fake_kernel_text(&k, "/volume/lpd/patches.d/\tname.conf", "");
    fake_kernel_file(&k, "/volume/lpd/patches.d/large.conf", large, ((size_t) 1 << 20) + 1);
    fake_kernel_text(&k, "/volume/lpd/patches.d/good.conf", "good");
    fake_kernel_text(&k, "/volume/lpd/modules/" RELEASE, "no directory");
    assert_int_equal(fetch(), 1);
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        assert_problem(bad[i]);
    assert_int_equal(strv_length(fetched.problems), ELEMENTSOF(bad));
    assert_string_equal(fake_kernel_read(&k, "/etc/lpd/patches.d/good.conf"), "good");
    assert_false(file_exists(&k.host, "/etc/lpd/patches.d/link.conf"));
}

/* A link to a directory cannot lead out of the volume. */
static void test_links_stay_on_it(void **state _unused_) {
    fake_kernel_text(&k, "/etc/other/lp-a.ko", "the machine's");
    tree_link(&k.host, "/etc/other", "/volume/lpd/modules/" RELEASE);
    assert_int_equal(fetch(), 0);
    assert_false(file_exists(&k.host, MODULE));
}

static void test_too_much(void **state _unused_) {
    _cleanup_free_ char *half = calloc(1, (size_t) 40 << 20);

    assert_non_null(half);
    fake_kernel_file(&k, "/volume/lpd/modules/" RELEASE "/lp-a.ko", half, (size_t) 40 << 20);
    fake_kernel_file(&k, "/volume/lpd/modules/" RELEASE "/lp-b.ko", half, (size_t) 40 << 20);
    fake_kernel_text(&k, "/volume/lpd/modules/" RELEASE "/lp-c.ko", "small");
    assert_int_equal(fetch(), 2);
    assert_problem("lp-b.ko: more than 64 MiB in total");
}

/* No more than the budget has left, and the record says where it stopped. */
static void test_budget(void **state _unused_) {
    struct budget b = { .patches = 2, .end_usec = UINT64_MAX };

    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-1.conf", "a");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-1.conf.p7s", "a");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-1.conf.d/a.conf", "a");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-2.conf", "a");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-3.conf", "a");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-3.conf.d/a.conf", "a");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-4.conf", "a");
    k.host.budget = &b;
    assert_int_equal(fetch(), 4);
    assert_int_equal(strv_length(fetched.patches), 2);
    assert_string_equal(fetched.patches[0], "lp-1");
    assert_problem("/lpd/patches.d/lp-3.conf: there are too many patches for the initramfs: the "
                   "host loads this one");
    assert_int_equal(strv_length(fetched.problems), 2);
}

static void test_no_time(void **state _unused_) {
    struct budget b = { .patches = 2 };

    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-1.conf", "a");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-1.conf.d/a.conf", "a");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-2.conf.d/a.conf", "a");
    fake_kernel_text(&k, "/volume/lpd/modules/" RELEASE "/lp-1.ko", "module");
    k.host.budget = &b;
    assert_int_equal(fetch(), 0);
    assert_problem("/lpd/patches.d/lp-1.conf: there is no time left for the initramfs");
    assert_problem("/lpd/modules/" RELEASE "/lp-1.ko: there is no time left for the initramfs");
    assert_int_equal(strv_length(fetched.problems), 2);
}

/* Without the syncs of fake_kernel_text(). */
static void many(const char *prefix, const char *suffix, unsigned n, const char *text) {
    char path[PATH_MAX + 256];

    (void) snprintf(path, sizeof(path), "%s0%s", prefix, suffix);
    fake_kernel_text(&k, path, text);
    for (unsigned i = 1; i < n; i++) {
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s%s%u%s", k.root, prefix, i, suffix);
        f = fopen(path, "we");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        (void) fclose(f);
    }
}

static void test_many_files(void **state _unused_) {
    many("/volume/lpd/modules/" RELEASE "/lp-", ".ko", 1025, "module");
    assert_int_equal(fetch(), 1024);
    assert_problem("/lp-1024.ko: there are too many files for the initramfs");
    assert_int_equal(strv_length(fetched.problems), 1);
}

/* Each file is examined, however many there are. */
static void test_many_names(void **state _unused_) {
    many("/volume/lpd/patches.d/README-", "", 4096, "");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-1.conf", "a");
    assert_int_equal(fetch(), 0);
    assert_problem("/lpd/patches.d: too many files");
}

/* Each problem is a line on the console, which is slow. */
static void test_many_problems(void **state _unused_) {
    many("/volume/lpd/patches.d/lp-", ".conf", 200, "");
    assert_int_equal(fetch(), 0);
    assert_problem("there are more problems than are listed");
    assert_int_equal(strv_length(fetched.problems), 65);
}

/* Changing. */

static int update(bool wanted, struct volume_change **ret) {
    _cleanup_(manifest_done) struct manifest m = {};

    assert_int_equal(wanted ? manifest_load(&k.host, "lp-a", &m, &e) : 0, 0);
    return volume_update(&k.host, "LABEL=store", "lp-a", wanted ? &m : NULL, ret, &e);
}

static void install(void) {
    ext4("vdb", "store");
    fake_kernel_text(&k, MANIFEST, "[Patch]\nStage=initrd\n");
    fake_kernel_text(&k, DROPIN, "[Kernel:" RELEASE "]\n");
    fake_kernel_text(&k, MODULE, "module");
}

static const char *on_volume(const char *path) {
    _cleanup_free_ char *full = NULL;

    assert_true(asprintf(&full, "/volume/lpd/%s", path) >= 0);
    return fake_kernel_read(&k, full);
}

static void test_put_on_it(void **state _unused_) {
    _cleanup_(volume_change_freep) struct volume_change *c = NULL;

    install();
    fake_kernel_text(&k, MODULE "x", "no module of it");
    fake_kernel_text(&k, "/volume/lpd.new/left", "by a power cut");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-b.conf", "b");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-a.conf.d/old.conf", "old");
    fake_kernel_text(&k, "/volume/lpd/modules/9.9.9/lp_a.ko", "of a kernel that is gone");
    fake_kernel_text(&k, "/volume/lpd/modules/9.9.9/lp-a-2.ko", "another's");
    fake_kernel_text(&k, "/volume/lpd/notes/README", "somebody's");
    assert_int_equal(update(true, &c), 0);
    assert_string_equal(k.mounted, "/dev/vdb ext4  rw");
    c = volume_change_free(c);
    assert_string_equal(on_volume("patches.d/lp-a.conf"), "[Patch]\nStage=initrd");
    assert_string_equal(on_volume("patches.d/lp-a.conf.d/20-kernel-" RELEASE ".conf"),
                        "[Kernel:" RELEASE "]");
    assert_string_equal(on_volume("modules/" RELEASE "/lp-a.ko"), "module");
    assert_string_equal(on_volume("modules/" RELEASE "/lp-a.kox"), "");
    assert_string_equal(on_volume("patches.d/lp-b.conf"), "b");
    assert_string_equal(on_volume("patches.d/lp-a.conf.d/old.conf"), "");
    assert_string_equal(on_volume("modules/9.9.9/lp_a.ko"), "");
    assert_string_equal(on_volume("modules/9.9.9/lp-a-2.ko"), "another's");
    assert_string_equal(on_volume("notes/README"), "somebody's");
    assert_false(file_exists(&k.host, "/volume/lpd.new"));
}

static void give_away(const char *path, uid_t uid, mode_t mode) {
    _cleanup_free_ char *full = NULL;

    assert_true(asprintf(&full, "%s%s", k.root, path) >= 0);
    assert_true(chmod(full, mode) == 0);
    if (geteuid() == 0)
        assert_true(chown(full, uid, uid) == 0);
}

/* A file that is refused in place must not become one of root's: it is left out, and named. */
static void test_nothing_laundered(void **state _unused_) {
    _cleanup_(volume_change_freep) struct volume_change *c = NULL;
    _cleanup_free_ char *said = NULL;

    install();
    fake_kernel_text(&k, MODULE, "module");
    fake_kernel_text(&k, "/volume/lpd/patches.d/good.conf", "root's");
    fake_kernel_text(&k, "/volume/lpd/patches.d/evil.conf", "a stranger's");
    give_away("/volume/lpd/patches.d/evil.conf", 65534, geteuid() == 0 ? 0644 : 0666);
    fake_kernel_text(&k, "/volume/lpd/modules/9.9.9/evil.ko", "anybody's");
    give_away("/volume/lpd/modules/9.9.9/evil.ko", 0, 0666);
    fake_kernel_text(&k, "/volume/lpd/modules/open/evil.ko", "in a directory of everybody's");
    give_away("/volume/lpd/modules/open", 0, 0777);
    fake_kernel_text(&k, "/volume/lpd/patches.d/empty.conf", "");
    tree_link(&k.host, "/volume/lpd/patches.d/good.conf", "/volume/lpd/patches.d/link.conf");
    assert_int_equal(update(true, &c), 0);
    said = strv_join((char **) volume_left_out(c), "\n");
    assert_non_null(strstr(said, "/lpd/patches.d/evil.conf: it "));
    assert_non_null(strstr(said, "/lpd/patches.d/empty.conf: is empty"));
    assert_non_null(strstr(said, "/lpd/patches.d/link.conf: is a symbolic link"));
    assert_non_null(strstr(said, "/lpd/modules/9.9.9/evil.ko: it can be written by everybody"));
    assert_non_null(strstr(said, "/lpd/modules/open/evil.ko: the directory "));
    assert_int_equal(strv_length((char **) volume_left_out(c)), 5);
    c = volume_change_free(c);
    assert_string_equal(on_volume("patches.d/good.conf"), "root's");
    assert_string_equal(on_volume("patches.d/evil.conf"), "");
    assert_string_equal(on_volume("modules/9.9.9/evil.ko"), "");
    assert_string_equal(on_volume("modules/open/evil.ko"), "");
    assert_false(file_exists(&k.host, "/volume/lpd/patches.d/link.conf"));
}

static void test_much_left_out(void **state _unused_) {
    _cleanup_free_ char *large = calloc(1, ((size_t) 1 << 20) + 1);
    _cleanup_(volume_change_freep) struct volume_change *c = NULL;

    assert_non_null(large);
    install();
    fake_kernel_file(&k, "/volume/lpd/patches.d/a-large.conf", large, ((size_t) 1 << 20) + 1);
    fake_kernel_file(&k, "/volume/lpd/patches.d/a-large.conf.p7s", large, ((size_t) 1 << 20) + 1);
    many("/volume/lpd/patches.d/empty-", ".conf", 25, "");
    assert_int_equal(update(true, &c), 0);
    assert_int_equal(strv_length((char **) volume_left_out(c)), 20);
    assert_string_equal(volume_left_out(c)[0], "/lpd/patches.d/a-large.conf: is larger than 1 MiB");
    assert_string_equal(volume_left_out(c)[1],
                        "/lpd/patches.d/a-large.conf.p7s: is larger than 1 MiB");
}

/* Of the machine's own files only a signature can be that large: its manifest was read before. */
static void test_large_signature(void **state _unused_) {
    _cleanup_free_ char *large = calloc(1, ((size_t) 1 << 20) + 1);
    _cleanup_(volume_change_freep) struct volume_change *c = NULL;

    assert_non_null(large);
    install();
    fake_kernel_file(&k, MANIFEST ".p7s", large, ((size_t) 1 << 20) + 1);
    assert_int_equal(update(true, &c), -EFBIG);
    assert_null(c);
    assert_non_null(strstr(e.message, MANIFEST ".p7s: File too large"));
}

/* The same for the machine's own files. */
static void test_nothing_laundered_of_the_machine(void **state _unused_) {
    _cleanup_free_ char *pipe = NULL;
    _cleanup_(volume_change_freep) struct volume_change *c = NULL;
    _cleanup_(manifest_done) struct manifest m = {};

    install();
    give_away(MODULE, 0, 0666);
    assert_int_equal(update(true, &c), 0);
    assert_int_equal(strv_length((char **) volume_left_out(c)), 1);
    assert_string_equal(on_volume("patches.d/lp-a.conf"), "[Patch]\nStage=initrd");
    assert_string_equal(on_volume("modules/" RELEASE "/lp-a.ko"), "");
    c = volume_change_free(c);
    assert_int_equal(manifest_load(&k.host, "lp-a", &m, &e), 0);
    give_away(DROPIN, 0, 0666);
    assert_error_is(volume_update(&k.host, "LABEL=store", "lp-a", &m, &c, &e), -EPERM, &e,
                    DROPIN " can be written to by users other than root");
    fake_kernel_remove(&k, DROPIN);
    assert_true(asprintf(&pipe, "%s" DROPIN, k.root) >= 0);
    assert_int_equal(mkfifo(pipe, 0644), 0);
    assert_error_is(volume_update(&k.host, "LABEL=store", "lp-a", &m, &c, &e), -EPERM, &e,
                    DROPIN " can be written to by users other than root");
    assert_string_equal(on_volume("patches.d/lp-a.conf"), "[Patch]\nStage=initrd");
}

static void test_taken_off(void **state _unused_) {
    _cleanup_(volume_change_freep) struct volume_change *c = NULL;

    install();
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-a.conf", "a");
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-b.conf", "b");
    assert_int_equal(update(false, &c), 0);
    assert_string_equal(on_volume("patches.d/lp-a.conf"), "");
    assert_string_equal(on_volume("patches.d/lp-b.conf"), "b");
    assert_int_equal(volume_undo(c), 0);
    assert_string_equal(on_volume("patches.d/lp-a.conf"), "a");
    assert_string_equal(on_volume("patches.d/lp-b.conf"), "b");
}

/* vfat needs both calls, before and after the exchange. */
static void test_synced_around_the_exchange(void **state _unused_) {
    _cleanup_(volume_change_freep) struct volume_change *c = NULL;

    install();
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-a.conf", "a");
    assert_int_equal(update(true, &c), 0);
    assert_non_null(strstr(calls, "S.F.R.S.F."));
    calls[0] = '\0';
    assert_int_equal(volume_undo(c), 0);
    assert_string_equal(calls, "S.F.R.S.F.");
}

static void test_undone_to_nothing(void **state _unused_) {
    _cleanup_(volume_change_freep) struct volume_change *c = NULL;

    install();
    assert_int_equal(update(true, &c), 0);
    assert_true(file_exists(&k.host, "/volume/lpd"));
    assert_int_equal(volume_undo(c), 0);
    c = volume_change_free(c);
    assert_false(file_exists(&k.host, "/volume/lpd"));
    assert_false(file_exists(&k.host, "/volume/lpd.new"));
}

/* If something there cannot be read or written, the volume stays as it was. */
static void test_fails_wholly(void **state _unused_) {
    struct volume_change *c = NULL;

    install();
    fake_kernel_text(&k, "/volume/lpd/patches.d/lp-b.conf", "b");
    fake_kernel_text(&k, "/volume/lpd/1/2/3/4/5/6/7/8/9", "deep");
    assert_error_has(update(true, &c), -ELOOP, &e, "on /dev/vdb: ");
    assert_string_equal(on_volume("patches.d/lp-b.conf"), "b");
    assert_false(file_exists(&k.host, "/volume/lpd.new"));
    fake_kernel_remove(&k, "/volume/lpd/1");
    assert_int_equal(update(true, &c), 0);
    (void) volume_change_free(c);
}

static void test_one_at_a_time(void **state _unused_) {
    _cleanup_(volume_change_freep) struct volume_change *c = NULL;
    struct volume_change *other = NULL;

    install();
    assert_int_equal(update(true, &c), 0);
    assert_error_is(update(true, &other), -EAGAIN, &e,
                    "another program is changing the patches on /dev/vdb");
}

static void test_whose_place_it_is(void **state _unused_) {
    _cleanup_(manifest_done) struct manifest m = {}, by_path = {};
    struct policy p = { .store_device = (char *) "LABEL=store" }, none = {};

    install();
    assert_int_equal(manifest_load(&k.host, "lp-a", &m, &e), 0);
    assert_true(volume_holds(&p, &m));
    assert_false(volume_holds(&none, &m));
    assert_int_equal(manifest_parse("b", "/usr/lib/lpd/patches.d/b.conf", "[Patch]\n", 8, &by_path,
                                    &e), 0);
    assert_false(volume_holds(&p, &by_path));
    manifest_done(&by_path);
    fake_kernel_text(&k, DROPIN, "[Kernel:" RELEASE "]\nModule=/opt/a.ko\n");
    assert_int_equal(manifest_load(&k.host, "lp-a", &by_path, &e), 0);
    assert_false(volume_holds(&p, &by_path));
}

static void test_record(void **state _unused_) {
    static char *const said[] = { (char *) "a: is \"empty\"", (char *) "b", NULL };
    struct volume_record record = { .device = (char *) "LABEL=store", .problems = (char **) said };
    _cleanup_(volume_record_done) struct volume_record back = {};

    assert_int_equal(volume_record_read(&k.host, &back), -ENOENT);
    assert_int_equal(volume_record_write(&k.host, &record), 0);
    assert_int_equal(volume_record_read(&k.host, &back), 0);
    assert_string_equal(back.device, "LABEL=store");
    assert_null(back.node);
    assert_string_equal(back.problems[0], "a: is \"empty\"");
    assert_int_equal(strv_length(back.problems), 2);
    fake_kernel_text(&k, "/run/lpd/volume", "[1");
    assert_int_equal(volume_record_read(&k.host, &back), -EBADMSG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_found),
        TEST(test_found_by_number),
        TEST(test_several),
        TEST(test_passed_over),
        TEST(test_waits_no_longer),
        TEST(test_waits_for_it),
        TEST(test_no_such_file_system),
        TEST(test_cannot_be_mounted),
        TEST(test_fetched),
        TEST(test_nothing_there),
        TEST(test_left_out),
        TEST(test_links_stay_on_it),
        TEST(test_too_much),
        TEST(test_budget),
        TEST(test_no_time),
        TEST(test_many_files),
        TEST(test_many_names),
        TEST(test_many_problems),
        TEST(test_put_on_it),
        TEST(test_nothing_laundered),
        TEST(test_much_left_out), TEST(test_large_signature),
        TEST(test_nothing_laundered_of_the_machine),
        TEST(test_taken_off),
        TEST(test_synced_around_the_exchange),
        TEST(test_undone_to_nothing),
        TEST(test_fails_wholly),
        TEST(test_one_at_a_time),
        TEST(test_whose_place_it_is),
        TEST(test_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
