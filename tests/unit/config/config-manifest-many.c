/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* 10,000 manifests take less than a second and 50 MB, and ten times the manifests take ten times as
 * long. With the address sanitizer everything is slower and larger, so the limits are higher. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"
#include "config/manifest.h"
#include "tree.h"

#ifndef __has_feature
#define __has_feature(f) 0 /* clang's */
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SLOWER 10
#else
#define SLOWER 1
#endif

#define SECONDS_MAX (1.0 * SLOWER)
#define RESIDENT_MAX_KB (50L * 1024 * SLOWER)

/* A manifest as a distribution would ship it; every tenth has a drop-in of the administrator. */
static void write_manifests(const struct host *h, unsigned from, unsigned to) {
    static const char text[] = "[Patch]\n"
                               "Description=nf_tables: use after free in set element removal\n"
                               "Fixes=CVE-2024-1086 CVE-2023-3390\n"
                               "After=base-fixes\n"
                               "[Kernel:6.1.0-56-cloud-amd64]\n"
                               "SHA256=0123456789abcdef0123456789abcdef"
                               "0123456789abcdef0123456789abcdef\n"
                               "[Kernel:6.12.43+deb12-cloud-amd64]\n"
                               "SHA256=0123456789abcdef0123456789abcdef"
                               "0123456789abcdef0123456789abcdef\n";
    char path[128];

    for (unsigned i = from; i < to; i++) {
        (void) snprintf(path, sizeof(path), "/usr/lib/lpd/patches.d/fix-%u.conf", i);
        tree_write(h, path, text);
        (void) snprintf(path, sizeof(path), "/etc/lpd/patches.d/fix-%u.conf.d/local.conf", i);
        if (i % 10 == 0)
            tree_write(h, path, "[Patch]\nRequired=yes\n");
    }
}

struct figures {
    double seconds;
    long resident_kb;
};

static double now(void) {
    struct timespec ts;

    (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}

static void check_list(const struct manifest_list *l, unsigned n) {
    char name[32];

    TREE_ASSERT(l->n_entries == n);
    for (unsigned i = 0; i < n; i++) {
        const struct manifest_entry *entry;

        (void) snprintf(name, sizeof(name), "fix_%u", i);
        entry = manifest_list_find(l, name);
        TREE_ASSERT(entry == l->entries + i);
        TREE_ASSERT(entry->error_number == 0);
        TREE_ASSERT(entry->manifest.required == (i % 10 == 0));
    }
}

static struct figures load(const struct host *h, unsigned n) {
    _cleanup_(manifest_list_done) struct manifest_list l = { 0 };
    double start = now();
    struct rusage usage;

    TREE_ASSERT(manifest_list_load(h, NULL, &l, NULL) == 0);
    check_list(&l, n);
    TREE_ASSERT(getrusage(RUSAGE_SELF, &usage) == 0);
    return (struct figures){ now() - start, usage.ru_maxrss };
}

/* Runs in a separate process, to measure its own peak memory. */
static struct figures measure(const struct host *h, unsigned n) {
    struct figures f = { 0 };
    int pipe_fds[2], status;
    pid_t pid;

    assert_int_equal(pipe(pipe_fds), 0);
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        f = load(h, n);
        _exit(write(pipe_fds[1], &f, sizeof(f)) == sizeof(f) ? 0 : 1);
    }
    assert_int_equal(close(pipe_fds[1]), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(read(pipe_fds[0], &f, sizeof(f)), sizeof(f));
    assert_int_equal(close(pipe_fds[0]), 0);
    printf("%u manifests: %.3f s of CPU, %ld kB\n", n, f.seconds, f.resident_kb);
    return f;
}

static void test_many(void **state) {
    struct figures thousand, ten_thousand;
    struct host h;

    tree_make(&h);
    write_manifests(&h, 0, 1000);
    thousand = measure(&h, 1000);
    write_manifests(&h, 1000, 10000);
    ten_thousand = measure(&h, 10000);
    tree_remove(&h);

    assert_true(ten_thousand.seconds < SECONDS_MAX);
    assert_true(ten_thousand.resident_kb < RESIDENT_MAX_KB);
    /* The factor of two allows for a busy machine; quadratic time would give a hundred. */
    assert_true(ten_thousand.seconds < 2 * 10 * MAX(thousand.seconds, 0.005));
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_many) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
