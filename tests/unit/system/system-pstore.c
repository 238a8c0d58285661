/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "check.h"
#include "guard/evidence.h"
#include "root.h"
#include "system/pstore.h"

#define EFI PSTORE_DIRECTORY "/dmesg-efi_pstore-"
#define RAMOOPS PSTORE_DIRECTORY "/dmesg-ramoops-"

static void set_time(const char *path, time_t seconds) {
    const struct timespec times[] = { { .tv_sec = seconds }, { .tv_sec = seconds } };

    assert_int_equal(utimensat(h.root_fd, path + 1, times, 0), 0);
}

static void assert_dump(const struct pstore_dump *d, const char *reason, uint64_t seconds,
                        bool complete, const char *text) {
    assert_string_equal(d->reason, reason);
    assert_int_equal(d->usec, seconds * USEC_PER_SEC);
    assert_int_equal(d->complete, complete);
    assert_string_equal(d->text, text);
    assert_int_equal(d->text_size, strlen(text));
}

static void test_none(void **state _unused_) {
    struct pstore p;

    assert_int_equal(pstore_read(&h, &p), 0);
    assert_int_equal(p.n_dumps, 0);
    assert_int_equal(p.n_skipped + p.n_compressed, 0);
    pstore_done(&p);
}

/* The first part has the newest lines; the clock moved on while the dump was written. */
static void test_efi_parts(void **state _unused_) {
    static const struct evidence_patch patch = { .name = "lp_x" };
    struct evidence e;
    struct pstore p;

    tree_write(&h, EFI "176424000001001",
               "Panic#1 Part1\n<4>[ 1.000002] RIP: 0010:lp_f+0x1/0x9 [lp_x]\n");
    tree_write(&h, EFI "176424000002001",
               "Panic#1 Part2\n<4>[ 1.000001] divide error: 0000 [#1] PREEMPT SMP\n");
    tree_write(&h, EFI "176424000103001", "Panic#1 Part3\n<6>[ 0.000001] Linux version 6.1");
    assert_int_equal(pstore_read(&h, &p), 0);
    assert_int_equal(p.n_dumps, 1);
    assert_dump(&p.dumps[0], "Panic#1", 1764240000, true,
                "Panic#1 Part3\n<6>[ 0.000001] Linux version 6.1\n"
                "Panic#1 Part2\n<4>[ 1.000001] divide error: 0000 [#1] PREEMPT SMP\n"
                "Panic#1 Part1\n<4>[ 1.000002] RIP: 0010:lp_f+0x1/0x9 [lp_x]\n");
    assert_int_equal(evidence_find(p.dumps[0].text, p.dumps[0].text_size, &patch, 1, &e), 0);
    assert_int_equal(e.n_faults, 1);
    assert_int_equal(e.faults[0].rule, EVIDENCE_PC);
    assert_int_equal(e.faults[0].patch, 0);
    evidence_done(&e);
    pstore_done(&p);
}

/* Two dumps of one second, and one of the next boot with the same name. */
static void test_dumps(void **state _unused_) {
    struct pstore p;

    tree_write(&h, EFI "176424000001001", "Oops#1 Part1\nb\n");
    tree_write(&h, EFI "176424000002001", "Oops#1 Part2\na\n");
    tree_write(&h, EFI "176424000001002", "Panic#2 Part1\nd\n");
    tree_write(&h, EFI "176424000002002", "Panic#2 Part2\nc\n");
    tree_write(&h, EFI "176424009001001", "Oops#1 Part1\nlater\n");
    assert_int_equal(pstore_read(&h, &p), 0);
    assert_int_equal(p.n_dumps, 3);
    assert_dump(&p.dumps[0], "Oops#1", 1764240000, true, "Oops#1 Part2\na\nOops#1 Part1\nb\n");
    assert_dump(&p.dumps[1], "Panic#2", 1764240000, true, "Panic#2 Part2\nc\nPanic#2 Part1\nd\n");
    assert_dump(&p.dumps[2], "Oops#1", 1764240090, true, "Oops#1 Part1\nlater\n");
    pstore_done(&p);
}

static void test_missing_part(void **state _unused_) {
    struct pstore p;

    tree_write(&h, EFI "176424000002001", "Panic#1 Part2\nb\n");
    tree_write(&h, EFI "176424000004001", "Panic#1 Part4\na\n");
    assert_int_equal(pstore_read(&h, &p), 0);
    assert_int_equal(p.n_dumps, 1);
    assert_dump(&p.dumps[0], "Panic#1", 1764240000, false,
                "Panic#1 Part4\na\nPanic#1 Part2\nb\n");
    pstore_done(&p);
}

/* ramoops numbers its slots, so the time of the file tells which dump is older. */
static void test_ramoops_and_console(void **state _unused_) {
    struct pstore p;

    tree_write(&h, RAMOOPS "0", "Panic#2 Part1\nnewer\n\nECC: No errors detected\n");
    set_time(RAMOOPS "0", 2000);
    tree_write(&h, RAMOOPS "1", "Oops#1 Part1\nolder\n");
    set_time(RAMOOPS "1", 1000);
    tree_write(&h, PSTORE_DIRECTORY "/console-ramoops-0", "[    0.000000] Linux\n");
    set_time(PSTORE_DIRECTORY "/console-ramoops-0", 3000);
    tree_write(&h, PSTORE_DIRECTORY "/pmsg-ramoops-0", "by a program\n");
    assert_int_equal(pstore_read(&h, &p), 0);
    assert_int_equal(p.n_dumps, 3);
    assert_dump(&p.dumps[0], "Oops#1", 1000, true, "Oops#1 Part1\nolder\n");
    assert_dump(&p.dumps[1], "Panic#2", 2000, true,
                "Panic#2 Part1\nnewer\n\nECC: No errors detected\n");
    assert_dump(&p.dumps[2], "console", 3000, true, "[    0.000000] Linux\n");
    pstore_done(&p);
}

/* systemd-pstore.service has moved the records, and copied them into dmesg.txt. */
static void test_archive(void **state _unused_) {
    struct pstore p;

    tree_write(&h, PSTORE_ARCHIVE_DIRECTORY "/176424000/dmesg-efi_pstore-176424000001001",
               "Panic#1 Part1\nb\n");
    tree_write(&h, PSTORE_ARCHIVE_DIRECTORY "/176424000/dmesg-efi_pstore-176424000002001",
               "Panic#1 Part2\na\n");
    tree_write(&h, PSTORE_ARCHIVE_DIRECTORY "/176424000/dmesg.txt", "all of it\n");
    tree_write(&h, PSTORE_ARCHIVE_DIRECTORY "/dmesg-ramoops-0", "Oops#1 Part1\nx\n");
    set_time(PSTORE_ARCHIVE_DIRECTORY "/dmesg-ramoops-0", 1000);
    tree_write(&h, PSTORE_ARCHIVE_DIRECTORY "/a/b/c/d/dmesg-efi-1", "too deep\n");
    assert_int_equal(pstore_read(&h, &p), 0);
    assert_int_equal(p.n_dumps, 2);
    assert_dump(&p.dumps[0], "Oops#1", 1000, true, "Oops#1 Part1\nx\n");
    assert_dump(&p.dumps[1], "Panic#1", 1764240000, true, "Panic#1 Part2\na\nPanic#1 Part1\nb\n");
    pstore_done(&p);
}

static void test_unreadable(void **state _unused_) {
    _cleanup_free_ char *large = malloc(PSTORE_RECORD_SIZE_MAX + 1);
    struct pstore p;

    assert_non_null(large);
    memset(large, 'x', PSTORE_RECORD_SIZE_MAX + 1);
    tree_write_data(&h, RAMOOPS "0", large, PSTORE_RECORD_SIZE_MAX + 1);
    tree_write(&h, "/secret", "Panic#1 Part1\nsecret\n");
    tree_link(&h, "/secret", RAMOOPS "1");
    assert_int_equal(mkfifoat(h.root_fd, &(RAMOOPS "2")[1], 0644), 0);
    tree_write(&h, EFI "176424000001001.enc.z", "compressed");
    tree_write_data(&h, RAMOOPS "3", "a\0b", 3);
    set_time(RAMOOPS "3", 1000);
    assert_int_equal(pstore_read(&h, &p), 0);
    assert_int_equal(p.n_skipped, 3);
    assert_int_equal(p.n_compressed, 1);
    assert_int_equal(p.n_dumps, 1);
    assert_string_equal(p.dumps[0].reason, "dmesg");
    assert_int_equal(p.dumps[0].text_size, 4);
    assert_memory_equal(p.dumps[0].text, "a\0b\n", 4);
    pstore_done(&p);
}

static void test_bad_headers(void **state _unused_) {
    static const char *const texts[] = {
        "", "#", "Panic#", "Panic#1 Part", "Panic#99999999999999999999999 Part1\n",
        "Panic#1 Part99999999999999999999999\n", "Panic#11111111111111111111111111111 Part1\n",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA#1 Part1\n",
    };
    struct pstore p;

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        tree_write(&h, RAMOOPS "0", texts[i]);
        assert_int_equal(pstore_read(&h, &p), 0);
        assert_int_equal(p.n_dumps, 1);
        pstore_done(&p);
    }
}

/* Old records do not keep the newest from being read. */
static void test_many(void **state _unused_) {
    struct pstore p;

    for (unsigned i = 0; i < PSTORE_RECORDS_MAX + 20; i++) {
        char path[128];

        (void) snprintf(path, sizeof(path), EFI "%u01001", 1764240000 + i * 100);
        tree_write(&h, path, "Oops#1 Part1\n");
    }
    assert_int_equal(pstore_read(&h, &p), 0);
    assert_int_equal(p.n_dumps, PSTORE_RECORDS_MAX);
    assert_int_equal(p.n_skipped, 20);
    assert_int_equal(p.dumps[p.n_dumps - 1].usec,
                     (1764240000 + (PSTORE_RECORDS_MAX + 19) * 100) * USEC_PER_SEC);
    pstore_done(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_none),       TEST(test_efi_parts),           TEST(test_dumps),
        TEST(test_missing_part), TEST(test_ramoops_and_console), TEST(test_archive),
        TEST(test_unreadable), TEST(test_bad_headers),         TEST(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
