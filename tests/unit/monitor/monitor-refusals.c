/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/bpf.h>

#include "base/realtime.h"
#include "base/strv.h"
#include "check.h"
#include "fake-kernel.h"
#include "lock/kernel-lock.h"
#include "monitor/refused-loads.h"
#include "state/lock.h"
#include "tree.h"

/* Reading the ring that the kernel writes, and the record of it. */

#define SIZE 4096

static struct fake_kernel k;
static struct refused_loads l;
static uint64_t consumer, producer;
static uint32_t uid; /* the user of the next event */
static uint8_t data[2 * SIZE] __attribute__((aligned(8)));

static int setup(void **state _unused_) {
    fake_kernel_open(&k);
    fake_kernel_text(&k, "/proc/sys/kernel/modules_disabled", "1\n");
    consumer = producer = 0;
    uid = 0;
    memset(data, 0, sizeof(data));
    l = (struct refused_loads){
        .ring = { .consumer = &consumer, .producer = &producer, .data = data, .size = SIZE },
    };
    return 0;
}

static int teardown(void **state _unused_) {
    refused_loads_record_done(&l.record);
    fake_kernel_close(&k);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* As in kernel/bpf/ringbuf.c: a ring that is mapped twice. */
static void put(uint64_t at, const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        size_t place = (at + i) % SIZE;

        data[place] = data[place + SIZE] = ((const uint8_t *) bytes)[i];
    }
}

static void event(enum refusal_kind kind, const char *text, uint32_t flags) {
    struct refusal_event e = { .kind = kind, .pid = 812, .uid = uid, .nsec = k.now * 1000 };
    uint32_t head[2] = { (uint32_t) sizeof(e) | flags, 0 };

    memset(e.text, 'x', sizeof(e.text));
    memcpy(e.text, text, MIN(strlen(text) + 1, sizeof(e.text)));
    put(producer, head, sizeof(head));
    put(producer + sizeof(head), &e, sizeof(e));
    producer += sizeof(head) + sizeof(e);
}

static struct refused_loads_record on_record(void) {
    struct refused_loads_record r;

    assert_int_equal(refused_loads_record_read(&k.host, &r), 0);
    return r;
}

static void test_counts(void **state _unused_) {
    struct refused_loads_record r;

    event(REFUSAL_OF_REQUEST, "fs-vfat", 0);
    event(REFUSAL_OF_LOAD, "modprobe", 0);
    event(REFUSAL_OF_REQUEST, "fs-vfat", 0);
    event(REFUSAL_OF_LOAD, "insmod", 0);
    refused_loads_note(&l, &k.host);
    r = on_record();
    assert_int_equal(r.count, 2);
    assert_string_equal(r.command, "insmod");
    assert_true(r.last_usec > 0);
    assert_int_equal(strv_length(r.requested), 1);
    assert_string_equal(r.requested[0], "fs-vfat");
    refused_loads_record_done(&r);
    assert_int_equal(consumer, producer);
}

/* Users other than root can make the kernel request anything, and must not displace other
 * events. */
static void test_users(void **state _unused_) {
    struct refused_loads_record r;
    char name[] = "algif-aa";

    uid = 1000;
    for (char c = 'a'; c <= 'z'; c++) {
        name[6] = c;
        event(REFUSAL_OF_REQUEST, name, 0);
    }
    uid = 0;
    event(REFUSAL_OF_REQUEST, "fs-vfat", 0);
    uid = 1001;
    event(REFUSAL_OF_LOAD, "loader", 0);
    refused_loads_note(&l, &k.host);
    r = on_record();
    assert_int_equal(strv_length(r.requested), 1);
    assert_string_equal(r.requested[0], "fs-vfat");
    assert_int_equal(strv_length(r.requested_by_users), REFUSED_NAMES_MAX);
    assert_string_equal(r.requested_by_users[0], "algif-aa");
    assert_int_equal(r.count, 1);
    assert_int_equal(r.uid, 1001);
    refused_loads_record_done(&r);
}

static void test_not_locked(void **state _unused_) {
    struct refused_loads_record r;

    fake_kernel_text(&k, "/proc/sys/kernel/modules_disabled", "0\n");
    event(REFUSAL_OF_LOAD, "modprobe", 0);
    refused_loads_note(&l, &k.host);
    assert_int_equal(consumer, producer);
    assert_int_equal(refused_loads_record_read(&k.host, &r), -ENOENT);
}

/* Once modules are locked the record says that nothing was refused; before the lock there is no
 * record. */
static void test_nothing_yet(void **state _unused_) {
    struct refused_loads_record r;

    fake_kernel_text(&k, "/proc/sys/kernel/modules_disabled", "0\n");
    refused_loads_note(&l, &k.host);
    assert_int_equal(refused_loads_record_read(&k.host, &r), -ENOENT);
    fake_kernel_text(&k, "/proc/sys/kernel/modules_disabled", "1\n");
    refused_loads_note(&l, &k.host);
    r = on_record();
    assert_int_equal(r.count, 0);
    assert_null(r.command);
    refused_loads_record_done(&r);
}

/* Without the ring nothing is counted. */
static void test_no_ring(void **state _unused_) {
    struct refused_loads_record r;

    l.ring = (struct refusals){};
    refused_loads_note(&l, &k.host);
    assert_int_equal(refused_loads_record_read(&k.host, &r), -ENOENT);
}

/* The module was loaded in time, and its event arrives late. */
static void test_before_the_lock(void **state _unused_) {
    struct lock_record lock = { .state = (char *) "locked", .uid = -1 };
    struct refused_loads_record r;

    event(REFUSAL_OF_LOAD, "lpd-modules", 0);
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    event(REFUSAL_OF_LOAD, "modprobe", 0);
    lock.since_usec = realtime_usec() - USEC_PER_SEC;
    assert_int_equal(lock_record_write(&k.host, &lock), 0);
    refused_loads_note(&l, &k.host);
    r = on_record();
    assert_int_equal(r.count, 1);
    assert_string_equal(r.command, "modprobe");
    refused_loads_record_done(&r);
}

/* Many more events than it holds at a time. */
static void test_goes_round(void **state _unused_) {
    struct refused_loads_record r;

    for (unsigned i = 1; i <= 1000; i++) {
        event(REFUSAL_OF_LOAD, i % 2 ? "odd" : "even", 0);
        if (i % 25 == 0)
            refused_loads_note(&l, &k.host);
    }
    r = on_record();
    assert_int_equal(r.count, 1000);
    assert_string_equal(r.command, "even");
    refused_loads_record_done(&r);
}

static void test_half_written(void **state _unused_) {
    struct refusal_event e;

    event(REFUSAL_OF_LOAD, "a", BPF_RINGBUF_DISCARD_BIT);
    event(REFUSAL_OF_LOAD, "b", 0);
    event(REFUSAL_OF_LOAD, "c", BPF_RINGBUF_BUSY_BIT);
    event(REFUSAL_OF_LOAD, "d", 0);
    assert_int_equal(refusals_next(&l.ring, &e), 1);
    assert_string_equal(e.text, "b");
    assert_int_equal(e.pid, 812);
    assert_int_equal(refusals_next(&l.ring, &e), 0);
    assert_int_equal(refusals_next(&l.ring, &e), 0);
}

/* Any user who runs a program or opens a socket chooses such names. */
static void test_hostile_names(void **state _unused_) {
    char name[80];
    struct refused_loads_record r;

    event(REFUSAL_OF_LOAD, "\033[2J\xff", 0);
    memset(name, 'y', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    for (unsigned i = 0; i < 100 && producer + sizeof(struct refusal_event) + 8 <= SIZE; i++) {
        name[0] = (char) ('a' + i % 26);
        name[1] = (char) ('a' + i / 26);
        event(REFUSAL_OF_REQUEST, name, 0);
    }
    refused_loads_note(&l, &k.host);
    r = on_record();
    assert_string_equal(r.command, "?[2J?");
    assert_int_equal(strv_length(r.requested), REFUSED_NAMES_MAX);
    assert_int_equal(strlen(r.requested[0]), sizeof(((struct refusal_event *) NULL)->text) - 1);
    refused_loads_record_done(&r);
}

static void test_broken_record(void **state _unused_) {
    static const char *const bad[] = { "", "[]", "{", "{\"count\":\"7\"}", "{\"count\":1,\"requested\":[7]}" };
    struct refused_loads_record r;

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        fake_kernel_text(&k, REFUSED_LOADS_RECORD, bad[i]);
        assert_int_equal(refused_loads_record_read(&k.host, &r), -EBADMSG);
    }
}

/* A kernel without BTF, like the fake one, has none of these functions. */
static void test_unavailable(void **state _unused_) {
    int programs[REFUSALS_PROGRAMS];
    struct error e = ERROR_NULL;
    int r;

    r = refusals_open(&k.host, programs, &e);
    assert_true(r < 0);
    assert_non_null(strstr(error_message(&e, r), "refused loads are not counted: "));
    error_done(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_counts),          TEST(test_users),        TEST(test_not_locked),   TEST(test_nothing_yet),
        TEST(test_no_ring),         TEST(test_goes_round),   TEST(test_half_written),
        TEST(test_before_the_lock), TEST(test_hostile_names), TEST(test_broken_record),
        TEST(test_unavailable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
