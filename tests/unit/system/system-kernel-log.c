/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"
#include "guard/evidence.h"
#include "root.h"
#include "system/kernel-log.h"

static void assert_log(size_t max, const char *expected) {
    _cleanup_free_ char *text = NULL;
    size_t size;

    assert_int_equal(kernel_log_read(&h, max, &text, &size), 0);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(text, expected, size);
}

/* The facility of a program stays visible, and its line breaks stay escaped. */
static void test_lines(void **state _unused_) {
    tree_write(&h, "/dev/kmsg",
               "6,0,0,-;Linux version 6.1\n"
               "4,1,14302117,-,caller=T412;Call Trace:\n"
               "12,2,14302118,-;x\\x0a<4>BUG: forged\n"
               "6,3,1700000000,-;usb 1-1: new device\n SUBSYSTEM=usb\n DEVICE=c189:1\n"
               "no record\n");
    assert_log(4096,
               "<6>[    0.000000] Linux version 6.1\n"
               "<4>[   14.302117][T412] Call Trace:\n"
               "<12>[   14.302118] x\\x0a<4>BUG: forged\n"
               "<6>[ 1700.000000] usb 1-1: new device\n");
}

/* What is read from the kernel is what is searched for faults. */
static void test_evidence(void **state _unused_) {
    static const struct evidence_patch patch = { .name = "lp_x" };
    _cleanup_free_ char *text = NULL;
    struct evidence e;
    size_t size;

    tree_write(&h, "/dev/kmsg",
               "4,1,1,-,caller=T1;divide error: 0000 [#1] PREEMPT SMP\n"
               "4,2,2,-,caller=C1;RIP: 0010:lp_other+0x1/0x2 [lp_other]\n"
               "4,3,3,-,caller=T1;RIP: 0010:lp_f+0x1/0x2 [lp_x]\n");
    assert_int_equal(kernel_log_read(&h, 4096, &text, &size), 0);
    assert_int_equal(evidence_find(text, size, &patch, 1, &e), 0);
    assert_int_equal(e.n_faults, 1);
    assert_int_equal(e.faults[0].rule, EVIDENCE_PC);
    assert_int_equal(e.faults[0].usec, 1);
    evidence_done(&e);
}

/* Only the newest lines fit. */
static void test_bound(void **state _unused_) {
    _cleanup_free_ char *text = NULL, *read = NULL;
    size_t size, read_size;
    FILE *f = open_memstream(&text, &size);

    assert_non_null(f);
    for (unsigned i = 0; i < 100; i++)
        fprintf(f, "6,%u,%u,-;line %u\n", i, i, i);
    assert_int_equal(fclose(f), 0);
    tree_write(&h, "/dev/kmsg", text);
    assert_int_equal(kernel_log_read(&h, 300, &read, &read_size), 0);
    assert_uint_in_range(read_size, 100, 300);
    assert_memory_equal(read + read_size - STRLEN("line 99\n"), "line 99\n", STRLEN("line 99\n"));
    assert_memory_equal(read, "<6>[", 4);
    assert_log(10, "");
}

static void test_none(void **state _unused_) {
    char *text;
    size_t size;

    assert_int_equal(kernel_log_read(&h, 4096, &text, &size), -ENOENT);
    tree_write(&h, "/dev/kmsg", "");
    assert_log(4096, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_lines),
        TEST(test_evidence),
        TEST(test_bound),
        TEST(test_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
