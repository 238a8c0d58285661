/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "check.h"
#include "monitor/late-modules.h"
#include "state/late-modules.h"
#include "tree.h"

static struct host h;

static int setup(void **state _unused_) {
    tree_make(&h);
    assert_int_equal(file_mkdir_p(&h, "/var/lib/lpd"), 0);
    return 0;
}

static int teardown(void **state _unused_) {
    tree_remove(&h);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void add(const char *boot, const char *modules) {
    _cleanup_strv_free_ char **l = NULL;

    assert_int_equal(strv_extend_split(&l, modules, " "), 0);
    assert_int_equal(late_record_add(&h, boot, l), 0);
}

/* "BOOT: MODULE…" of all boots, with semicolons between them. */
static char *record(void) {
    _cleanup_(late_record_done) struct late_record l = {};
    _cleanup_strv_free_ char **boots = NULL;

    assert_int_equal(late_record_read(&h, &l), 0);
    for (size_t i = 0; i < l.n_boots; i++) {
        _cleanup_free_ char *modules = strv_join(l.boots[i].modules, " ");
        char *boot;

        assert_true(asprintf(&boot, "%s:%s", l.boots[i].id, modules) > 0);
        assert_int_equal(strv_consume(&boots, boot), 0);
    }
    return strv_join(boots, ";");
}

#define assert_record(text)                                                                        \
    do {                                                                                           \
        _cleanup_free_ char *_record = record();                                                   \
        assert_string_equal(_record, text);                                                        \
    } while (0)

static void test_add(void **state _unused_) {
    struct stat st;

    assert_record("");
    add("a", "vfat fat");
    add("a", "fat nvme");
    add("b", "");
    add("c", "vfat");
    add("a", "loop");
    assert_record("a:vfat fat nvme loop;b:;c:vfat");
    assert_int_equal(file_lstat(&h, LATE_RECORD_PATH, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0644);
}

static void test_bounds(void **state _unused_) {
    _cleanup_strv_free_ char **many = NULL;
    _cleanup_(late_record_done) struct late_record l = {};

    for (unsigned i = 0; i < 2 * LATE_MODULES_MAX; i++) {
        char name[64];

        (void) snprintf(name, sizeof(name), "a_name_as_long_as_the_kernel_allows_for_any_module_%04u", i);
        assert_int_equal(strv_extend(&many, name), 0);
    }
    for (unsigned i = 0; i < 2 * LATE_BOOTS_MAX; i++) {
        char id[64];

        (void) snprintf(id, sizeof(id), "%04u-0123456789012345678901234567890123456789", i);
        assert_int_equal(late_record_add(&h, id, many), 0);
    }
    assert_int_equal(late_record_read(&h, &l), 0);
    assert_int_equal(l.n_boots, LATE_BOOTS_MAX);
    assert_true(startswith(l.boots[0].id, "0010-"));
    assert_int_equal(strv_length(l.boots[9].modules), LATE_MODULES_MAX);
}

/* More boots than the file can hold: the last ones count. */
static void test_many_boots(void **state _unused_) {
    _cleanup_(late_record_done) struct late_record l = {};
    char text[64 * 100] = "{\"boots\":[";

    for (unsigned i = 0; i < 100; i++)
        (void) sprintf(text + strlen(text), "%s{\"id\":\"boot-%u\",\"modules\":[]}", i ? "," : "", i);
    (void) strcat(text, "]}");
    tree_write(&h, LATE_RECORD_PATH, text);
    assert_int_equal(late_record_read(&h, &l), 0);
    assert_int_equal(l.n_boots, LATE_BOOTS_MAX);
    assert_string_equal(l.boots[LATE_BOOTS_MAX - 1].id, "boot-99");
}

static void test_bad_names(void **state _unused_) {
    _cleanup_free_ char *long_id = malloc(100);

    assert_non_null(long_id);
    memset(long_id, 'x', 99);
    long_id[99] = '\0';
    add("a", "../x vfat a/b \xff .x");
    assert_record("a:vfat");
    assert_int_equal(late_record_add(&h, "", NULL), -EINVAL);
    assert_int_equal(late_record_add(&h, long_id, NULL), -EINVAL);
}

#define LONG_ID "0123456789012345678901234567890123456789012345678901234567890123456789"

/* An invalid record is reported, and replaced when the next module is added. */
static void test_broken(void **state _unused_) {
    static const char *const texts[] = {
        "", "{", "[]", "null", "{}", "{\"boots\":{}}", "{\"boots\":[1]}", "{\"boots\":[{}]}",
        "{\"boots\":[{\"id\":1,\"modules\":[]}]}", "{\"boots\":[{\"id\":\"a\"}]}",
        "{\"boots\":[{\"id\":\"a\",\"modules\":[1]}]}",
        "{\"boots\":[{\"id\":\"a\",\"modules\":[null]}]}",
        "{\"boots\":[{\"id\":\"a\",\"modules\":[\"../x\"]}]}",
        "{\"boots\":[{\"id\":\"a\",\"modules\":[\"vfat\"]},null]}",
        "{\"boots\":[{\"modules\":[],\"id\":\"" LONG_ID "\"}]}",
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_(late_record_done) struct late_record l = {};

        tree_write(&h, LATE_RECORD_PATH, texts[i]);
        assert_int_equal(late_record_read(&h, &l), -EBADMSG);
        add("b", "vfat");
        assert_record("b:vfat");
    }
}

static void test_too_large(void **state _unused_) {
    _cleanup_(late_record_done) struct late_record l = {};
    _cleanup_free_ char *large = malloc(1 << 20);

    assert_non_null(large);
    memset(large, ' ', 1 << 20);
    tree_write_data(&h, LATE_RECORD_PATH, large, 1 << 20);
    assert_int_equal(late_record_read(&h, &l), -EBADMSG);
    add("a", "vfat");
    assert_record("a:vfat");
}

/* A file truncated at any byte, which cannot happen because it is written in one step. */
static void test_truncated(void **state _unused_) {
    _cleanup_free_ char *whole = NULL;
    size_t size;

    add("a", "vfat nvme");
    add("b", "loop");
    assert_int_equal(file_read(&h, LATE_RECORD_PATH, 4096, &whole, &size), 0);
    for (size_t n = 0; n < size; n++) {
        _cleanup_(late_record_done) struct late_record l = {};

        tree_write_data(&h, LATE_RECORD_PATH, whole, n);
        assert_int_equal(late_record_read(&h, &l), -EBADMSG);
    }
}

static void test_no_directory(void **state _unused_) {
    assert_int_equal(file_rmdir(&h, "/var/lib/lpd"), 0);
    assert_int_equal(late_record_add(&h, "a", NULL), -ENOENT);
}

/* The steps of lpd.service. With another root no systemd reports the end of the boot. */

static void announce(struct late_modules *l, const char *uevent) {
    late_modules_note(l, &h, uevent);
}

static void load(const char *name, const char *state) {
    char path[100];

    assert_true(snprintf(path, sizeof(path), "/sys/module/%s/initstate", name) > 0);
    tree_write(&h, path, state);
    assert_true(snprintf(path, sizeof(path), "/sys/module/%s/taint", name) > 0);
    tree_write(&h, path, endswith(name, "_patch") ? "OEK\n" : "\n");
}

static void test_judge(void **state _unused_) {
    _cleanup_(late_modules_done) struct late_modules l = { .boot_end = 1 };

    tree_write(&h, "/proc/sys/kernel/random/boot_id", "this-boot\n");
    tree_write(&h, "/proc/sys/kernel/modules_disabled", "0\n");
    load("vfat", "live\n");
    load("fails", "coming\n");
    load("a_patch", "live\n");
    late_modules_judge(&l, &h);
    assert_record("");
    announce(&l, "add@/module/vfat");
    announce(&l, "add@/module/vfat");
    announce(&l, "add@/module/gone");
    announce(&l, "add@/module/fails");
    announce(&l, "add@/module/a_patch");
    announce(&l, "add@/module/../../x");
    announce(&l, "add@/module/");
    announce(&l, "remove@/module/vfat");
    announce(&l, "add@/devices/module/vfat");
    announce(&l, "");
    assert_int_equal(l.n_modules, 5);
    late_modules_judge(&l, &h);
    assert_int_equal(l.n_modules, 0);
    assert_record("this-boot:vfat");
}

static void test_in_time(void **state _unused_) {
    _cleanup_(late_modules_done) struct late_modules before = {}, early = {}, locked = { .boot_end = 1 };

    tree_write(&h, "/proc/sys/kernel/random/boot_id", "this-boot\n");
    tree_write(&h, "/proc/sys/kernel/modules_disabled", "0\n");
    load("vfat", "live\n");
    announce(&before, "add@/module/vfat"); /* the boot has not finished, as far as is known */
    late_modules_end(&before, &h);
    early.boot_end = h.ops->now(&h) + 3600 * USEC_PER_SEC;
    announce(&early, "add@/module/vfat");
    late_modules_end(&early, &h);
    tree_write(&h, "/proc/sys/kernel/modules_disabled", "1\n");
    announce(&locked, "add@/module/vfat");
    late_modules_end(&locked, &h);
    assert_record("");
}

/* DelaySec= moves the time of the lock. */
static void test_delay(void **state _unused_) {
    _cleanup_(late_modules_done) struct late_modules l = { .boot_end = 1 };

    tree_write(&h, "/proc/sys/kernel/random/boot_id", "this-boot\n");
    tree_write(&h, "/etc/lpd/lpd.conf", "[Lock]\nDelaySec=1000y\n");
    load("vfat", "live\n");
    announce(&l, "add@/module/vfat");
    late_modules_judge(&l, &h);
    assert_record("");
    tree_write(&h, "/etc/lpd/lpd.conf", "[Lock]\nDelaySec=infinity\n");
    announce(&l, "add@/module/vfat");
    late_modules_judge(&l, &h);
    assert_record("");
}

/* A boot without late modules counts too. */
static void test_end(void **state _unused_) {
    _cleanup_(late_modules_done) struct late_modules l = { .boot_end = 1 };

    tree_write(&h, "/proc/sys/kernel/random/boot_id", "this-boot\n");
    late_modules_end(&l, &h);
    assert_record("this-boot:");
}

static void test_flood(void **state _unused_) {
    _cleanup_(late_modules_done) struct late_modules l = {};

    for (unsigned i = 0; i < 5000; i++) {
        char uevent[64];

        (void) snprintf(uevent, sizeof(uevent), "add@/module/m%u", i);
        announce(&l, uevent);
    }
    assert_int_equal(l.n_modules, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_add),       TEST(test_bounds),
        TEST(test_many_boots),       TEST(test_bad_names), TEST(test_broken),
        TEST(test_too_large), TEST(test_truncated),    TEST(test_no_directory),
        TEST(test_judge),     TEST(test_in_time),      TEST(test_delay),     TEST(test_end),
        TEST(test_flood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
