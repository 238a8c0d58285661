/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <time.h>

#include "base/strv.h"
#include "check.h"
#include "fake-kernel.h"
#include "monitor/joining.h"
#include "system/manager.h"

/* Waves of Rollout= that begin while lpd.service runs. The faked clock lies in the past of the real one, so that
 * the timers fire at once. */

#define ID "0123456789abcdef0123456789abcdef" /* its position for "demo" is 16.11 % */
#define DAY (86400 * USEC_PER_SEC)
#define JUNE (UINT64_C(1590969600) * USEC_PER_SEC) /* 2020-06-01 */

int __wrap_clock_gettime(clockid_t id, struct timespec *ret);
int __real_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_manager_connect(struct manager **ret, struct error *e_);
struct manager *__wrap_manager_free(struct manager *m);
int __wrap_manager_queue_job(struct manager *m, const char *method, const char *unit, struct error *e_);

static struct fake_kernel k;
static uint64_t clock_usec;
static char **jobs;

int __wrap_clock_gettime(clockid_t id, struct timespec *ret) {
    if (id != CLOCK_REALTIME)
        return __real_clock_gettime(id, ret);
    *ret = (struct timespec){ .tv_sec = (time_t) (clock_usec / USEC_PER_SEC) };
    return 0;
}

int __wrap_manager_connect(struct manager **ret, struct error *e_ _unused_) {
    *ret = (struct manager *) &jobs;
    return 0;
}

struct manager *__wrap_manager_free(struct manager *m _unused_) {
    return NULL;
}

int __wrap_manager_queue_job(struct manager *m _unused_, const char *method, const char *unit, struct error *e_ _unused_) {
    char *job;

    assert_true(asprintf(&job, "%s %s", method, unit) >= 0);
    return strv_consume(&jobs, job);
}

static void patch(const char *name, const char *rollout) {
    _cleanup_free_ char *path = NULL, *module = NULL, *text = NULL;

    assert_true(asprintf(&path, "etc/lpd/patches.d/%s.conf", name) > 0);
    assert_true(asprintf(&module, "var/lib/lpd/modules/" FAKE_RELEASE "/%s.ko", name) > 0);
    assert_true(asprintf(&text, "[Patch]\nRollout=%s\n", rollout) > 0);
    fake_kernel_text(&k, path, text);
    fake_kernel_text(&k, module, "");
}

static int begin(void **state _unused_) {
    fake_kernel_open(&k);
    fake_kernel_text(&k, "etc/machine-id", ID "\n");
    clock_usec = JUNE;
    return 0;
}

static int end(void **state _unused_) {
    jobs = strv_free(jobs);
    fake_kernel_close(&k);
    return 0;
}

static uint64_t next(void) {
    uint64_t usec;

    assert_int_equal(joining_next(&k.host, clock_usec, &usec), 0);
    return usec;
}

static void test_next(void **state _unused_) {
    assert_int_equal(next(), USEC_INFINITY);
    patch("always", "100%");
    patch("never", "0.01% 2020-07-01");
    patch("begun", "100% 2020-05-01");
    assert_int_equal(next(), USEC_INFINITY);
    /* Not in the first wave. */
    patch("demo", "1% 2020-07-01, 20% 2020-07-03, 100% 2020-07-05");
    assert_int_equal(next(), JUNE + 32 * DAY);
    patch("sooner", "100% 2020-06-02");
    assert_int_equal(next(), JUNE + DAY);
    clock_usec = JUNE + DAY;
    assert_int_equal(next(), JUNE + 32 * DAY);
}

static void test_without_an_id(void **state _unused_) {
    fake_kernel_text(&k, "etc/machine-id", "uninitialized\n");
    patch("demo", "100% 2020-06-02");
    assert_int_equal(next(), USEC_INFINITY);
}

/* The armed timer fires, and "demo" alone is started; no date is left to wait for. */
static void assert_joins(struct joining *j, sd_event *event) {
    assert_true(sd_event_run(event, 10 * USEC_PER_SEC) > 0);
    assert_int_equal(strv_length(jobs), 1);
    assert_string_equal(jobs[0], "StartUnit livepatch@demo.service");
    assert_null(j->timer);
    joining_done(j);
    sd_event_unref(event);
}

static void test_joins(void **state _unused_) {
    struct joining j = {};
    sd_event *event = NULL;

    assert_true(sd_event_new(&event) >= 0);
    assert_int_equal(joining_look(&j, event, &k.host, /* always= */ true), 0);
    assert_null(j.timer);
    patch("other", "0.01% 2020-06-02");
    patch("demo", "20% 2020-06-02");
    /* A manifest has come. */
    assert_true(joining_look(&j, event, &k.host, /* always= */ false) >= 0);
    assert_non_null(j.timer);
    clock_usec = JUNE + DAY;
    assert_joins(&j, event);
}

/* The clock passes the date before the manifest is noticed. */
static void test_late(void **state _unused_) {
    struct joining j = {};
    sd_event *event = NULL;

    assert_true(sd_event_new(&event) >= 0);
    assert_int_equal(joining_look(&j, event, &k.host, /* always= */ true), 0);
    patch("demo", "20% 2020-06-02");
    /* A date that had passed before the manifest came is for the next apply. */
    patch("begun", "100% 2020-05-31");
    clock_usec = JUNE + DAY + 3600 * USEC_PER_SEC;
    assert_true(joining_look(&j, event, &k.host, /* always= */ false) >= 0);
    assert_non_null(j.timer);
    assert_joins(&j, event);
}

#define JOINING_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
    static const struct CMUnitTest tests[] = {
        JOINING_TEST(test_next),
        JOINING_TEST(test_without_an_id),
        JOINING_TEST(test_joins),
        JOINING_TEST(test_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
