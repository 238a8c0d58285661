/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/wait.h>

#include "base/digest.h"
#include "base/strv.h"
#include "io-faults.h"
#include "root.h"
#include "state/early-ledger.h"

#define KERNEL "6.1.0-56-cloud-amd64"
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define CHECK_SIZE 8

static struct ledger_list list, back;
static char *bytes;
static size_t n_bytes;

static struct ledger_build *add(const char *sha256, enum ledger_state state, const char *stage) {
    struct ledger_build *b;

    list.builds = reallocarray(list.builds, list.n_builds + 1, sizeof(*list.builds));
    assert_non_null(list.builds);
    b = &list.builds[list.n_builds++];
    *b = (struct ledger_build){ .kernel = strdup(KERNEL), .sha256 = strdup(sha256),
                                .name = strdup("fix-a"), .state = state,
                                .stage = stage ? strdup(stage) : NULL, .since_usec = 1764240000000000 };
    return b;
}

static void add_attempt(struct ledger_build *b, const char *boot_id) {
    b->attempts[b->n_attempts++] = (struct ledger_attempt){
        .boot_id = strdup(boot_id), .stage = strdup("initrd"), .usec = 1764240000000001 };
}

static void make_three(void) {
    struct ledger_build *b = add(A, LEDGER_TRIAL, NULL);

    b->module_name = strdup("fix_a");
    b->build_id = strdup("00ff42");
    add_attempt(b, "8c1f1c0a-9a4e-4b57-a2a1-0a5b2f0a9a11");
    add_attempt(b, "9c1f1c0a-9a4e-4b57-a2a1-0a5b2f0a9a11");
    add(B, LEDGER_CONFIRMED, "initrd");
    b = add(C, LEDGER_QUARANTINED, NULL);
    b->reason = strdup("2 boots in a row ended without an orderly shutdown");
}

static int teardown_lists(void **state) {
    ledger_list_done(&list);
    ledger_list_done(&back);
    free(TAKE_PTR(bytes));
    return teardown(state);
}

#define LISTS(f) cmocka_unit_test_setup_teardown(f, setup, teardown_lists)

static int encode(void) {
    free(TAKE_PTR(bytes));
    return early_ledger_encode(&list, &bytes, &n_bytes);
}

static const struct ledger_build *find(const char *sha256) {
    for (size_t i = 0; i < back.n_builds; i++)
        if (streq(back.builds[i].sha256, sha256))
            return &back.builds[i];
    fail_msg("%s is lost", sha256);
    return NULL;
}

static void assert_same(const struct ledger_build *x) {
    const struct ledger_build *y = find(x->sha256);

    assert_string_equal(x->kernel, y->kernel);
    assert_string_equal(x->name, y->name);
    assert_string_equal(strempty(x->module_name), strempty(y->module_name));
    assert_string_equal(strempty(x->build_id), strempty(y->build_id));
    assert_string_equal(strempty(x->stage), strempty(y->stage));
    assert_string_equal(strempty(x->reason), strempty(y->reason));
    assert_int_equal(x->state, y->state);
    assert_true(x->since_usec == y->since_usec);
    assert_int_equal(x->n_attempts, y->n_attempts);
    for (size_t i = 0; i < x->n_attempts; i++) {
        assert_string_equal(x->attempts[i].boot_id, y->attempts[i].boot_id);
        assert_string_equal(x->attempts[i].stage, y->attempts[i].stage);
        assert_true(x->attempts[i].usec == y->attempts[i].usec);
    }
}

static void test_there_and_back(void **state _unused_) {
    assert_int_equal(encode(), 0);
    assert_int_equal(early_ledger_decode(bytes, n_bytes, &back), 0);
    assert_int_equal(back.n_builds, 0);
    ledger_list_done(&back);
    make_three();
    assert_int_equal(encode(), 0);
    assert_true(n_bytes < 512);
    assert_int_equal(early_ledger_decode(bytes, n_bytes, &back), 0);
    assert_int_equal(back.n_builds, 3);
    for (size_t i = 0; i < list.n_builds; i++)
        assert_same(&list.builds[i]);
}

/* A long reason is cut, and not within a character. */
static void test_long_reason(void **state _unused_) {
    struct ledger_build *b = add(A, LEDGER_QUARANTINED, NULL);

    b->reason = calloc(1, 1024);
    assert_non_null(b->reason);
    for (size_t i = 0; i < 500; i++)
        memcpy(b->reason + 2 * i, "\xc3\xa4", 2);
    assert_int_equal(encode(), 0);
    assert_int_equal(early_ledger_decode(bytes, n_bytes, &back), 0);
    assert_true(strlen(back.builds[0].reason) <= 256);
    assert_true(startswith(back.builds[0].reason, "\xc3\xa4"));
    assert_true(ledger_build_is_valid(back.builds));
}

static void test_what_cannot_be(void **state _unused_) {
    add(A, LEDGER_CONFIRMED, NULL);
    assert_int_equal(encode(), -EINVAL);
}

static void name_digest(char sha256[static 65], size_t i) {
    (void) snprintf(sha256, 65, "%064zx", i);
}

/* The newest confirmed builds stay; attempts and quarantines are never left out. */
static void test_too_many(void **state _unused_) {
    char sha256[65];

    for (size_t i = 0; i < 300; i++) {
        name_digest(sha256, i);
        add(sha256, LEDGER_CONFIRMED, "initrd")->since_usec = 1000 + i;
    }
    add(A, LEDGER_QUARANTINED, NULL)->since_usec = 1;
    assert_int_equal(encode(), 0);
    assert_true(n_bytes <= EARLY_LEDGER_SIZE_MAX);
    assert_int_equal(early_ledger_decode(bytes, n_bytes, &back), 0);
    assert_true(back.n_builds > 50 && back.n_builds < 256);
    assert_string_equal(find(A)->sha256, A);
    assert_int_equal(find(sha256)->since_usec, 1299);
    for (size_t i = 300; i < 500; i++) {
        name_digest(sha256, i);
        add_attempt(add(sha256, LEDGER_TRIAL, NULL), "boot1");
    }
    assert_int_equal(encode(), -ENOSPC);
}

static void seal(uint8_t *data, size_t size) {
    uint8_t check[SHA256_SIZE];

    sha256_take(data, size - CHECK_SIZE, check);
    memcpy(data + size - CHECK_SIZE, check, CHECK_SIZE);
}

/* Decodes a copy in memory of just that size, where a sanitizer sees each byte read too many. */
static int decode_copy(const void *data, size_t size, bool sealed) {
    _cleanup_free_ uint8_t *copy = malloc(MAX(size, (size_t) 1));
    struct ledger_list l = {};
    int r;

    assert_non_null(copy);
    memcpy(copy, data, size);
    if (sealed && size >= CHECK_SIZE)
        seal(copy, size);
    r = early_ledger_decode(copy, size, &l);
    for (size_t i = 0; r >= 0 && i < l.n_builds; i++)
        assert_true(ledger_build_is_valid(&l.builds[i]));
    ledger_list_done(&l);
    return r;
}

static void test_damaged(void **state _unused_) {
    make_three();
    assert_int_equal(encode(), 0);
    for (size_t size = 0; size < n_bytes; size++) {
        assert_int_equal(decode_copy(bytes, size, false), -EBADMSG);
        /* Also if it was made so. */
        assert_true(decode_copy(bytes, size, true) < 0);
    }
    for (size_t bit = 0; bit < n_bytes * 8; bit++) {
        bytes[bit / 8] ^= (char) (1 << bit % 8);
        assert_true(decode_copy(bytes, n_bytes, false) < 0);
        bytes[bit / 8] ^= (char) (1 << bit % 8);
    }
    for (size_t i = 0; i + CHECK_SIZE < n_bytes; i++)
        for (unsigned value = 0; value < 256; value++) {
            char before = bytes[i];

            bytes[i] = (char) value;
            (void) decode_copy(bytes, n_bytes, true);
            bytes[i] = before;
        }
}

static void test_rubbish(void **state _unused_) {
    uint8_t data[600] = { 'L', 'P', 'D', 'L', 1 };
    unsigned seed = 12345;

    for (unsigned round = 0; round < 20000; round++) {
        size_t size = 14 + (size_t) rand_r(&seed) % (sizeof(data) - 14);

        for (size_t i = 5; i < size; i++)
            data[i] = (uint8_t) (rand_r(&seed) % 4 == 0 ? rand_r(&seed) : rand_r(&seed) % 3);
        (void) decode_copy(data, size, true);
    }
    assert_int_equal(early_ledger_decode("", 0, &back), -EBADMSG);
}

static void test_versions_and_doubles(void **state _unused_) {
    add(A, LEDGER_CONFIRMED, "initrd");
    add(A, LEDGER_CONFIRMED, "initrd");
    assert_int_equal(encode(), 0);
    assert_int_equal(early_ledger_decode(bytes, n_bytes, &back), -EBADMSG);
    bytes[4] = 2;
    assert_int_equal(decode_copy(bytes, n_bytes, true), -EPROTONOSUPPORT);
}

static struct early_place volume(void) {
    struct early_place p = EARLY_PLACE_NULL;

    p.host = &h;
    return p;
}

static void test_in_a_file(void **state _unused_) {
    const struct early_place p = volume();
    char big[EARLY_LEDGER_SIZE_MAX + 1] = "";

    assert_int_equal(early_ledger_read(&p, &back), -ENOENT);
    make_three();
    assert_int_equal(early_ledger_write(&p, &list), 1);
    assert_int_equal(early_ledger_write(&p, &list), 0);
    assert_int_equal(early_ledger_read(&p, &back), 0);
    assert_int_equal(back.n_builds, 3);
    tree_write_data(&h, EARLY_LEDGER_FILE, big, sizeof(big));
    ledger_list_done(&back);
    assert_int_equal(early_ledger_read(&p, &back), -EBADMSG);
    /* What cannot be read is written anew. */
    assert_int_equal(early_ledger_write(&p, &list), 1);
    assert_int_equal(early_ledger_read(&p, &back), 0);
}

static size_t n_known(void) {
    const struct early_place p = volume();
    int r;

    ledger_list_done(&back);
    r = early_ledger_read(&p, &back);
    return r == -ENOENT ? 0 : r < 0 ? 1000 : back.n_builds;
}

/* A disk that writes only a part of the new bytes leaves the old ones. */
static void test_torn(void **state _unused_) {
    _cleanup_free_ char *before = NULL, *after = NULL;
    const struct early_place p = volume();
    size_t size, all, n_torn = 0;

    make_three();
    all = list.n_builds;
    for (list.n_builds = 1; list.n_builds < 3; list.n_builds++)
        assert_int_equal(early_ledger_write(&p, &list), 1);
    assert_int_equal(file_read(&h, EARLY_LEDGER_FILE, 100000, &before, &size), 0);
    list.n_builds = all;
    assert_int_equal(early_ledger_write(&p, &list), 1);
    assert_int_equal(n_known(), 3);
    assert_int_equal(file_read(&h, EARLY_LEDGER_FILE, 100000, &after, &size), 0);
    for (size_t i = 0; i < size; i += 64) {
        char byte = after[i];

        if (after[i] == before[i])
            continue;
        after[i] = before[i];
        tree_write_data(&h, EARLY_LEDGER_FILE, after, size);
        assert_int_equal(n_known(), 2);
        after[i] = byte;
        n_torn++;
    }
    assert_uint_in_range(n_torn, 3, 1000);
    tree_write_data(&h, EARLY_LEDGER_FILE, after, size);
    list.n_builds = 1;
    assert_int_equal(early_ledger_write(&p, &list), 1);
    assert_int_equal(n_known(), 1);
    list.n_builds = all;
}

static void test_in_a_variable(void **state _unused_) {
    _cleanup_(early_place_close) struct early_place p = EARLY_PLACE_NULL;
    _cleanup_free_ char *file = NULL;
    size_t size;

    tree_write(&h, EFI_VARIABLES "/other", "xxxx");
    assert_int_equal(efi_variables_open(&h, true, &p.variables), 0);
    assert_int_equal(early_ledger_read(&p, &back), -ENOENT);
    make_three();
    assert_int_equal(early_ledger_write(&p, &list), 1);
    assert_int_equal(early_ledger_write(&p, &list), 0);
    assert_int_equal(early_ledger_read(&p, &back), 0);
    assert_int_equal(back.n_builds, 3);
    assert_int_equal(file_read(&h, EFI_VARIABLES "/" EARLY_LEDGER_VARIABLE, 10000, &file, &size), 0);
    assert_memory_equal(file, "\7\0\0\0LPDL\1\3", 10);
}

/* Whatever goes wrong, the old builds are there or the new ones. */
static void test_faults(void **state _unused_) {
    const struct early_place p = volume();
    static const enum fault faults[] = { FAULT_ONCE, FAULT_FULL, FAULT_READONLY };

    make_three();
    for (size_t i = 0; i < ELEMENTSOF(faults); i++)
        for (unsigned n = 0;; n++) {
            size_t all = list.n_builds;
            int r;

            list.n_builds = 1;
            assert_true(early_ledger_write(&p, &list) >= 0);
            list.n_builds = all;
            arm(faults[i], n);
            r = early_ledger_write(&p, &list);
            if (!disarm())
                break;
            assert_true(n_known() == 3 || (r < 0 && n_known() == 1));
        }
}

static void test_power_cut(void **state _unused_) {
    const struct early_place p = volume();
    int status = 1;

    make_three();
    for (unsigned n = 0; status != 0; n++) {
        size_t all = list.n_builds;
        pid_t pid;

        list.n_builds = 1;
        assert_true(early_ledger_write(&p, &list) >= 0);
        list.n_builds = all;
        pid = fork();
        if (pid == 0) {
            arm(FAULT_CUT, n);
            _exit(early_ledger_write(&p, &list) < 0 || relied_on_unsynced || unsynced);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_true(WEXITSTATUS(status) == CUT_STATUS || status == 0);
        assert_true(n_known() == 1 || n_known() == 3);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LISTS(test_there_and_back),
        LISTS(test_long_reason),
        LISTS(test_what_cannot_be),
        LISTS(test_too_many),
        LISTS(test_damaged),
        LISTS(test_rubbish),
        LISTS(test_versions_and_doubles),
        LISTS(test_in_a_file),
        LISTS(test_torn),
        LISTS(test_in_a_variable),
        LISTS(test_faults),
        LISTS(test_power_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
