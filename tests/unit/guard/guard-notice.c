/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "check.h"
#include "guard/notice.h"
#include "root.h"

#define KERNEL "6.1.0-56-cloud-amd64"
#define OTHER "6.12.22+bpo-cloud-amd64"

static void add(const char *name, const char *kernel, char digit, enum ledger_state state, uint64_t since,
                unsigned attempts) {
    char sha256[65] = { 0 };
    struct ledger_build b = { .kernel = (char *) kernel, .sha256 = sha256, .name = (char *) name, .state = state,
                              .stage = state == LEDGER_CONFIRMED ? (char *) "system" : NULL,
                              .reason = state == LEDGER_QUARANTINED ? (char *) "it crashed" : NULL,
                              .since_usec = since };
    char boots[LEDGER_ATTEMPTS_MAX][16];

    memset(sha256, digit, 64);
    for (unsigned i = 0; i < attempts; i++) {
        (void) snprintf(boots[i], sizeof(boots[i]), "boot-%u", i);
        b.attempts[b.n_attempts++] = (struct ledger_attempt){ .boot_id = boots[i], .stage = (char *) "system",
                                                              .usec = since };
    }
    assert_int_equal(ledger_write(&h, &b), 0);
}

/* The login message after an update, "" if there is none. */
static char *notice(void) {
    char *text;
    size_t size;

    assert_int_equal(notice_update(&h), 0);
    return file_read(&h, NOTICE_PATH, 65536, &text, &size) < 0 ? strdup("") : text;
}

#define assert_notice(expected)                                                                    \
    do {                                                                                           \
        _cleanup_free_ char *_notice = notice();                                                   \
        assert_string_equal(_notice, expected);                                                    \
    } while (0)

#define SAYS(name, reason)                                                                         \
    "The kernel live patch " name " is quarantined and is not loaded at boot: " reason ".\n"       \
    "  Details: lpctl ledger " name "    Try it again: lpctl clear " name "\n"

static int prepare(void **state) {
    int r = setup(state);

    tree_write(&h, "/proc/sys/kernel/osrelease", KERNEL "\n");
    tree_write(&h, "/proc/sys/kernel/random/boot_id", "boot-0\n");
    return r;
}

static void test_none(void **state _unused_) {
    assert_notice("");
    add("fix-a", KERNEL, 'a', LEDGER_TRIAL, 10, 1);
    add("fix-b", KERNEL, 'b', LEDGER_CONFIRMED, 10, 0);
    add("fix-c", OTHER, 'c', LEDGER_QUARANTINED, 10, 0);
    assert_notice("");
}

static void test_quarantined(void **state _unused_) {
    add("fix-a", KERNEL, 'a', LEDGER_QUARANTINED, 10, 0);
    add("fix-b", KERNEL, 'b', LEDGER_QUARANTINED, 10, 0);
    assert_notice(SAYS("fix-a", "it crashed") SAYS("fix-b", "it crashed"));
    add("fix-a", KERNEL, 'a', LEDGER_TRIAL, 20, 0);
    add("fix-b", KERNEL, 'b', LEDGER_CONFIRMED, 20, 0);
    assert_notice("");
}

/* Two boots besides this one, which nobody has written down as a quarantine yet. */
static void test_crashes(void **state _unused_) {
    add("fix-a", KERNEL, 'a', LEDGER_TRIAL, 10, 3);
    assert_notice(SAYS("fix-a", "2 boots in a row ended without an orderly shutdown while it was on trial"));
    tree_write(&h, "/etc/lpd/lpd.conf", "[Guard]\nMaxAttempts=3\n");
    assert_notice("");
}

/* A build that was installed since concerns people, not the old one; one of before that was confirmed
 * is what the machine falls back to, and the new one is still missing. */
static void test_newer_build(void **state _unused_) {
    add("fix-a", KERNEL, 'a', LEDGER_QUARANTINED, 10, 0);
    add("fix_a", KERNEL, 'b', LEDGER_CONFIRMED, 5, 0);
    add("fix-a", OTHER, 'c', LEDGER_CONFIRMED, 20, 0);
    assert_notice(SAYS("fix-a", "it crashed"));
    add("fix_a", KERNEL, 'd', LEDGER_TRIAL, 20, 1);
    assert_notice("");
}

static void test_many(void **state _unused_) {
    _cleanup_free_ char *text = NULL;

    for (char c = '1'; c <= '9'; c++)
        add((char[]){ 'f', c, '\0' }, KERNEL, c, LEDGER_QUARANTINED, 10, 0);
    text = notice();
    assert_non_null(strstr(text, "patch f5 is"));
    assert_null(strstr(text, "patch f6 is"));
    assert_non_null(strstr(text, "\n4 more kernel live patches are quarantined: lpctl ledger\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_none, prepare, teardown),
        cmocka_unit_test_setup_teardown(test_quarantined, prepare, teardown),
        cmocka_unit_test_setup_teardown(test_crashes, prepare, teardown),
        cmocka_unit_test_setup_teardown(test_newer_build, prepare, teardown),
        cmocka_unit_test_setup_teardown(test_many, prepare, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
