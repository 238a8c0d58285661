/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "check.h"
#include "fake-kernel.h"
#include "livepatch/overrides.h"
#include "monitor/overrides.h"
#include "state/overrides.h"
#include "system/journal.h"
#include "system/manager.h"

/* When lpd.service has somebody look who overrides patched functions, and what is reported then. */

bool __wrap_manager_is_running(const struct host *h);
int __wrap_manager_connect(struct manager **ret, struct error *e_);
struct manager *__wrap_manager_free(struct manager *m);
int __wrap_manager_queue_job(struct manager *m, const char *method, const char *unit, struct error *e_);
void __wrap_journal_send(enum journal_event event, const struct result *result, const char *kernel, const char *fmt,
                         ...) _printf_(4, 5);

static struct fake_kernel k;
static struct override_watch watch;
static char **sent;
static unsigned starts;
static int start_error;

bool __wrap_manager_is_running(const struct host *h _unused_) {
    return true;
}

int __wrap_manager_connect(struct manager **ret, struct error *e_ _unused_) {
    *ret = (struct manager *) &watch;
    return 0;
}

struct manager *__wrap_manager_free(struct manager *m _unused_) {
    return NULL;
}

int __wrap_manager_queue_job(struct manager *m _unused_, const char *method, const char *unit, struct error *e_ _unused_) {
    assert_string_equal(method, "StartUnit");
    assert_string_equal(unit, "lpd-overrides.service");
    starts++;
    return start_error;
}

void __wrap_journal_send(enum journal_event event, const struct result *result _unused_, const char *kernel _unused_,
                         const char *fmt, ...) {
    char *text, *line;
    va_list ap;

    va_start(ap, fmt);
    assert_true(vasprintf(&text, fmt, ap) >= 0);
    va_end(ap);
    assert_true(asprintf(&line, "%s: %s", journal_event_name(event), text) >= 0);
    free(text);
    assert_int_equal(strv_consume(&sent, line), 0);
}

#define LIST "/sys/kernel/tracing/enabled_functions"
#define DIRECT "cmdline_proc_show (2) R I D   M \n\tdirect-->detour+0x0/0x10 [other]\n"
#define OTHER "cmdline_proc_show (2) R I D   M \n\tdirect-->second+0x0/0x10 [other]\n"
#define LOOKS "cmdline_proc_show (2) R I     M \ttramp: x\n"

static int begin(void **state _unused_) {
    fake_kernel_open(&k);
    (void) fake_kernel_patch(&k, "lp_a", "0123");
    fake_kernel_text(&k, LIST, "");
    watch = OVERRIDE_WATCH_NULL;
    watch.fd = file_open(&k.host, LIST, O_RDONLY, 0);
    assert_true(watch.fd >= 0);
    starts = 0;
    start_error = 0;
    return 0;
}

static int end(void **state _unused_) {
    override_watch_done(&watch);
    sent = strv_free(sent);
    fake_kernel_close(&k);
    return 0;
}

/* Writes into the file that the watch has open. */
static void list(const char *text) {
    _cleanup_close_ int fd = file_open(&k.host, LIST, O_WRONLY | O_TRUNC, 0);

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static int look(void) {
    _cleanup_(livepatch_list_done) struct livepatch_list l = {};

    assert_int_equal(livepatch_list_read(&k.host, NULL, &l), 0);
    return override_watch_look(&watch, &k.host, &l);
}

static int look_after(uint64_t usec) {
    fake_kernel_advance(&k, usec);
    return look();
}

static void test_starts(void **state _unused_) {
    assert_int_equal(look(), 0);
    list(LOOKS);
    assert_int_equal(look_after(OVERRIDES_USEC), 0);
    list(DIRECT);
    assert_int_equal(look_after(OVERRIDES_USEC - 1), 0); /* once a minute at most */
    assert_int_equal(look_after(1), 1);
    assert_int_equal(look_after(OVERRIDES_USEC), 0);
    list(OTHER);
    assert_int_equal(look_after(OVERRIDES_USEC), 1);
    list(LOOKS);
    assert_int_equal(look_after(OVERRIDES_USEC), 1);
    assert_int_equal(look_after(OVERRIDES_AGAIN_USEC), 0);
    assert_int_equal(starts, 3);
}

/* One program of BPF's may replace another one, and the list remains the same. */
static void test_again(void **state _unused_) {
    list(DIRECT);
    assert_int_equal(look(), 1);
    assert_int_equal(look_after(OVERRIDES_AGAIN_USEC - 1), 0);
    assert_int_equal(look_after(OVERRIDES_USEC), 1);
}

static void test_start_fails(void **state _unused_) {
    list(DIRECT);
    start_error = -EIO;
    assert_int_equal(look(), -EIO);
    start_error = 0;
    assert_int_equal(look(), 0);
    assert_int_equal(look_after(OVERRIDES_USEC), 1);
}

static void test_nothing_to_watch(void **state _unused_) {
    closep(&watch.fd);
    watch.fd = -ENOENT;
    assert_int_equal(look(), 0);
    assert_int_equal(starts, 0);
}

/* lpd.service was restarted while a patch was overridden. */
static void test_restart(void **state _unused_) {
    list(DIRECT);
    assert_int_equal(overrides_report(&k.host, NULL), 0);
    list("");
    assert_int_equal(look(), 1);
    assert_int_equal(overrides_report(&k.host, NULL), 0);
    free(watch.seen);
    watch.seen = NULL;
    assert_int_equal(look_after(OVERRIDES_USEC), 0);
}

#define BEGINS(what) "overridden: lp_a: a direct call of " what " decides what vmlinux/cmdline_proc_show returns"
#define ENDS "no-longer-overridden: lp_a: its new code runs again; before: a direct call of second decides what " \
             "vmlinux/cmdline_proc_show returns"

static void test_reports(void **state _unused_) {
    static const char *const lists[] = { LOOKS, DIRECT, DIRECT, OTHER, LOOKS, LOOKS };
    static const char *const expected[] = { BEGINS("detour"), BEGINS("second"), ENDS };
    _cleanup_(override_list_done) struct override_list l = {};

    for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
        list(lists[i]);
        assert_int_equal(overrides_report(&k.host, NULL), 0);
        assert_int_equal(override_record_read(&k.host, &l), 0);
        assert_int_equal(l.n_overrides, strstr(lists[i], "direct") ? 1 : 0);
        override_list_done(&l);
    }
    assert_int_equal(strv_length(sent), ELEMENTSOF(expected));
    for (size_t i = 0; i < ELEMENTSOF(expected); i++)
        assert_string_equal(sent[i], expected[i]);
}

/* An unloaded patch has an event of its own. */
static void test_unloaded(void **state _unused_) {
    list(DIRECT);
    assert_int_equal(overrides_report(&k.host, NULL), 0);
    fake_kernel_text(&k, "/sys/kernel/livepatch/lp_a/enabled", "0\n");
    assert_int_equal(overrides_report(&k.host, NULL), 0);
    assert_int_equal(strv_length(sent), 1);
}

static void test_bad_records(void **state _unused_) {
    static const char *const records[] = { "", "{}", "{\"overrides\": [{}]}", "{\"overrides\": [{\"patch\": 1}]}",
                                           "{\"overrides\": [1]}" };
    _cleanup_(override_list_done) struct override_list l = {};

    assert_int_equal(override_record_read(&k.host, &l), -ENOENT);
    for (size_t i = 0; i < ELEMENTSOF(records); i++) {
        fake_kernel_text(&k, OVERRIDES_RECORD, records[i]);
        assert_int_equal(override_record_read(&k.host, &l), -EBADMSG);
        assert_int_equal(overrides_report(&k.host, NULL), 0);
    }
}

#define OVERRIDES_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        OVERRIDES_TEST(test_starts),   OVERRIDES_TEST(test_again),    OVERRIDES_TEST(test_start_fails),
        OVERRIDES_TEST(test_nothing_to_watch), OVERRIDES_TEST(test_restart), OVERRIDES_TEST(test_reports),
        OVERRIDES_TEST(test_unloaded), OVERRIDES_TEST(test_bad_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
