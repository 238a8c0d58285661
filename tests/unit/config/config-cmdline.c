/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "check.h"
#include "config/cmdline.h"
#include "config/machine-id.h"
#include "tree.h"

static void assert_switches(const char *line, bool in_initrd, bool disabled, bool lock_disabled,
                            const char *skip) {
    _cleanup_(cmdline_switches_done) struct cmdline_switches s = { 0 };
    _cleanup_free_ char *joined = NULL;

    assert_int_equal(cmdline_parse(line, in_initrd, &s), 0);
    joined = strv_join(s.skip, " ");
    if (s.disabled != disabled || s.lock_disabled != lock_disabled || !streq(joined, skip))
        fail_msg("'%s': disabled %s, lock disabled %s, skip '%s'", line, yes_no(s.disabled),
                 yes_no(s.lock_disabled), joined);
}

static void test_switches(void **state) {
    assert_switches("", false, false, false, "");
    assert_switches("BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro quiet", false, false, false, "");
    assert_switches("ro lpd=0 quiet\n", false, true, false, "");
    assert_switches("lpd=no", false, true, false, "");
    assert_switches("lpd=false", false, true, false, "");
    assert_switches("lpd=off", false, true, false, "");
    assert_switches("lpd=1", false, false, false, "");
    assert_switches("lpd", false, false, false, "");
    assert_switches("lpd=", false, false, false, "");
    assert_switches("lpd=maybe", false, false, false, "");
    assert_switches("lpd.lock=0", false, false, true, "");
    assert_switches("lpd.lock=yes", false, false, false, "");
    /* The last one counts. */
    assert_switches("lpd=0 lpd=1", false, false, false, "");
    assert_switches("lpd=1 lpd=0", false, true, false, "");
    assert_switches("lpd=0 lpd", false, true, false, "");
    /* Words of other programs. */
    assert_switches("xlpd=0 lpd.x=0 lpdd=0 lpd.lock.x=0 LPD=0 rd.lpd.lock=0", false, false, false,
                    "");
}

static void test_kpatch(void **state _unused_) {
    static const struct {
        const char *line;
        bool off;
    } lines[] = {
        { "ro kpatch.enable=0", true }, { "kpatch.enable=1", false }, { "kpatch.enable", false },
        { "kpatch.enable=", false },    { "xkpatch.enable=0", false }, { "", false },
    };

    for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
        _cleanup_(cmdline_switches_done) struct cmdline_switches s = {};

        assert_int_equal(cmdline_parse(lines[i].line, false, &s), 0);
        assert_int_equal(s.kpatch_disabled, lines[i].off);
        assert_false(s.disabled);
    }
}

static void test_initrd(void **state) {
    assert_switches("rd.lpd=0", false, false, false, "");
    assert_switches("rd.lpd=0", true, true, false, "");
    assert_switches("lpd=0", true, true, false, "");
    assert_switches("lpd=0 rd.lpd=1", true, true, false, "");
    assert_switches("rd.lpd=0 lpd=1", true, true, false, "");
    assert_switches("rd.lpd.skip=a lpd.skip=b", false, false, false, "b");
    assert_switches("rd.lpd.skip=a lpd.skip=b", true, false, false, "a b");
    assert_switches("rd.lpd.lock=0", true, false, false, "");
}

static char *read_id(struct host *h, bool in_initrd, const char *line) {
    _cleanup_(cmdline_switches_done) struct cmdline_switches switches = { 0 };
    char *id = NULL;
    int r;

    tree_write(h, "/proc/cmdline", line);
    assert_int_equal(cmdline_read(h, in_initrd, &switches), 0);
    r = machine_id_read(h, in_initrd, &switches, &id);
    assert_int_equal(r, id ? 0 : -ENOENT);
    return id;
}

/* Without a valid id there is none, because others might share a default. */
static void test_machine_id(void **state) {
    static const char valid[] = "0123456789abcdef0123456789abcdef", other[] = "ffffffffffffffff0000000000000000";
    static const char *const none[] = { "", "\n", "uninitialized\n", "0123456789abcdef\n",
                                        "00000000000000000000000000000000\n",
                                        "0123456789abcdef0123456789abcdeg\n" };
    char line[80];
    struct host h;
    char *id;

    tree_make(&h);
    assert_null(read_id(&h, false, ""));
    for (size_t i = 0; i < ELEMENTSOF(none); i++) {
        tree_write(&h, "/etc/machine-id", none[i]);
        assert_null(read_id(&h, false, "quiet"));
    }
    tree_write(&h, "/etc/machine-id", "0123456789ABCDEF0123456789abcdef\n");
    id = read_id(&h, false, "systemd.machine_id=firmware");
    assert_string_equal(id, valid);
    free(id);
    assert_null(read_id(&h, true, "systemd.machine_id=firmware"));
    assert_null(read_id(&h, true, ""));
    (void) snprintf(line, sizeof(line), "ro systemd.machine_id=%s", other);
    for (int initrd = 0; initrd < 2; initrd++) {
        id = read_id(&h, initrd, line);
        assert_string_equal(id, other);
        free(id);
    }
    tree_remove(&h);
}

static void test_crash_kernel(void **state) {
    static const char *const lines[] = { "ro", "ro elfcorehdr=0x7f000000", "ro elfcorehdr=630M irqpoll", "ro xelfcorehdr=1" };
    _cleanup_(cmdline_switches_done) struct cmdline_switches s = { 0 };
    struct host h;

    for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
        assert_int_equal(cmdline_parse(lines[i], i == 2, &s), 0);
        assert_int_equal(s.crash_kernel, i == 1 || i == 2);
        assert_int_equal(cmdline_off(&s) != NULL, s.crash_kernel);
        cmdline_switches_done(&s);
    }
    tree_make(&h);
    tree_write(&h, "/proc/cmdline", "ro");
    tree_write(&h, "/proc/vmcore", "");
    assert_int_equal(cmdline_read(&h, false, &s), 0);
    assert_true(s.crash_kernel);
    tree_remove(&h);
}

static void test_modules_load(void **state _unused_) {
    _cleanup_(cmdline_switches_done) struct cmdline_switches s = {};
    _cleanup_free_ char *joined = NULL;

    assert_int_equal(cmdline_parse("modules_load=loop,ramoops modules-load=a modules_load rd.modules_load=b", false, &s),
                     0);
    joined = strv_join(s.modules_load, " ");
    assert_string_equal(joined, "loop ramoops a");
}

static void test_skip(void **state) {
    _cleanup_(cmdline_switches_done) struct cmdline_switches s = { 0 };

    assert_switches("lpd.skip=a,b", false, false, false, "a b");
    assert_switches("lpd.skip=a x lpd.skip=b,,c,", false, false, false, "a b c");
    assert_switches("lpd.skip= lpd.skip", false, false, false, "");

    assert_int_equal(cmdline_parse("lpd.skip=fix_a-b,c", false, &s), 0);
    assert_true(cmdline_skips(&s, "fix-a_b"));
    assert_true(cmdline_skips(&s, "c"));
    assert_false(cmdline_skips(&s, "fix"));
    assert_false(cmdline_skips(&s, "d"));
}

static void test_quotes(void **state) {
    assert_switches("foo=\"bar lpd=0\"", false, false, false, "");
    assert_switches("foo='bar lpd=0'", false, false, false, "");
    assert_switches("\"lpd=0\"", false, true, false, "");
    assert_switches("lpd=\"0\"", false, true, false, "");
    assert_switches("lpd.skip=\"a, b\" lpd=0", false, true, false, "a b");
    assert_switches("lpd.skip='a\"b'", false, false, false, "a\"b");
    assert_switches("foo=\"bar lpd=0", false, false, false, "");
    assert_switches("\"", false, false, false, "");
}

static void test_read(void **state) {
    _cleanup_(cmdline_switches_done) struct cmdline_switches s = { 0 };
    struct host h;

    tree_make(&h);
    /* With another root there is no running kernel. */
    assert_int_equal(cmdline_read(&h, false, &s), 0);
    assert_false(s.disabled);
    h.live = true;
    assert_int_equal(cmdline_read(&h, false, &s), -ENOENT);

    tree_write(&h, "/proc/cmdline", "ro lpd.skip=a lpd=0\n");
    assert_int_equal(cmdline_read(&h, false, &s), 0);
    assert_true(s.disabled);
    assert_true(cmdline_skips(&s, "a"));
    cmdline_switches_done(&s);

    assert_int_equal(setenv("SYSTEMD_PROC_CMDLINE", "lpd.lock=0", 1), 0);
    assert_int_equal(cmdline_read(&h, false, &s), 0);
    assert_false(s.disabled);
    assert_true(s.lock_disabled);
    assert_int_equal(unsetenv("SYSTEMD_PROC_CMDLINE"), 0);
    tree_remove(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_switches), cmocka_unit_test(test_kpatch), cmocka_unit_test(test_initrd), cmocka_unit_test(test_skip),
        cmocka_unit_test(test_modules_load),
        cmocka_unit_test(test_machine_id),
        cmocka_unit_test(test_crash_kernel),
        cmocka_unit_test(test_quotes),   cmocka_unit_test(test_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
