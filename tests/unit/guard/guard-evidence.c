/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* guard-evidence CORPUS: each file is a kernel log in the shape that a kernel of 6.1 to 7.x gives
 * it, behind lines "patch: NAME [BUILDID]" and "fault: KIND fatal|- RULE PATCH" with what is to be
 * found: PATCH is a name, "?NAME" for a suspect, or "-". */
#include <stdio.h>
#include <time.h>

#include "base/strv.h"
#include "check.h"
#include "guard/evidence.h"
#include "guard/excerpt.h"
#include "tree.h"

#define LOG_FILE_MAX ((size_t) 1024 * 1024)
#define PATCHES_MAX 4

static const char *corpus_path;

struct log_case {
    char *data;
    char *log;
    size_t log_size;
    struct evidence_patch patches[PATCHES_MAX];
    size_t n_patches;
    char *faults[8];
    size_t n_faults;
    char *excerpt;
};

static void add_patch(struct log_case *c, char *value) {
    char *id = strchr(value, ' ');

    assert_true(c->n_patches < PATCHES_MAX);
    if (id)
        *id++ = '\0';
    c->patches[c->n_patches++] = (struct evidence_patch){ .name = value, .build_id = id };
}

static void add_header(struct log_case *c, char *line) {
    char *value = strstr(line, ": ");

    if (*line == '#')
        return;
    assert_non_null(value);
    value += 2;
    if (startswith(line, "patch: ")) {
        add_patch(c, value);
    } else if (startswith(line, "fault: ")) {
        assert_true(c->n_faults < ELEMENTSOF(c->faults));
        c->faults[c->n_faults++] = value;
    } else {
        assert_true(startswith(line, "excerpt: "));
        c->excerpt = value;
    }
}

static void read_case(const struct host *corpus, const char *name, struct log_case *ret) {
    size_t size;
    char *next;

    *ret = (struct log_case){};
    assert_int_equal(file_read(corpus, name, LOG_FILE_MAX, &ret->data, &size), 0);
    next = ret->data;
    while (!startswith(next, "---\n")) {
        char *line = next, *end = strchr(line, '\n');

        assert_non_null(end);
        *end = '\0';
        next = end + 1;
        add_header(ret, line);
    }
    ret->log = next + 4;
    ret->log_size = size - (size_t) (ret->log - ret->data);
}

static void describe(const struct log_case *c, const struct fault *f, char *ret, size_t size) {
    size_t i = f->patch != SIZE_MAX ? f->patch : f->suspect;
    const struct evidence_patch *p = i != SIZE_MAX ? &c->patches[i] : NULL;
    bool twice = c->n_patches > 1 && streq(c->patches[0].name, c->patches[1].name);

    assert_true(f->patch == SIZE_MAX || f->suspect == SIZE_MAX);
    assert_int_equal(f->patch != SIZE_MAX, f->rule >= EVIDENCE_FRAME);
    assert_true(snprintf(ret, size, "%s %s %s %s%s%s%s", fault_kind_name(f->kind),
                         f->fatal ? "fatal" : "-", evidence_rule_name(f->rule),
                         f->suspect != SIZE_MAX ? "?" : "", p ? p->name : "-",
                         twice && p ? " " : "", twice && p ? p->build_id : "") < (int) size);
}

static bool check_case(const struct log_case *c, const char *name) {
    bool good, has_excerpt = !c->excerpt;
    struct evidence e;

    assert_int_equal(evidence_find(c->log, c->log_size, c->patches, c->n_patches, &e), 0);
    good = e.n_faults == c->n_faults && e.n_dropped == 0;
    for (size_t i = 0; i < e.n_faults; i++) {
        char found[256];

        describe(c, &e.faults[i], found, sizeof(found));
        if (i >= c->n_faults || !streq(found, c->faults[i])) {
            printf("%s: found '%s', not '%s'\n", name, found,
                   i < c->n_faults ? c->faults[i] : "");
            good = false;
        }
        has_excerpt |= c->excerpt && strstr(e.faults[i].excerpt, c->excerpt);
        assert_true(strlen(e.faults[i].excerpt) <= EXCERPT_MAX);
    }
    if (e.n_faults < c->n_faults)
        printf("%s: only %zu faults\n", name, e.n_faults);
    if (!has_excerpt)
        printf("%s: no excerpt has '%s'\n", name, c->excerpt);
    evidence_done(&e);
    return good && has_excerpt;
}

static void test_corpus(void **state _unused_) {
    _cleanup_(host_close) struct host corpus = HOST_NULL;
    _cleanup_strv_free_ char **names = NULL;
    size_t bad = 0;

    assert_int_equal(host_open(corpus_path, &corpus), 0);
    assert_int_equal(file_list(&corpus, ".", &names), 0);
    assert_true(strv_length(names) >= 60);
    STRV_FOREACH(name, names) {
        struct log_case c;

        read_case(&corpus, *name, &c);
        bad += !check_case(&c, *name);
        free(c.data);
    }
    assert_int_equal(bad, 0);
}

/* Whoever reads the ledger may not be allowed to read the kernel's log. */
static void test_no_addresses(void **state _unused_) {
    struct excerpt e = {};

    excerpt_add(&e, "BUG: unable to handle page fault for address: ffff888012345678", true);
    excerpt_add(&e, "RIP: 0010:lp_a+0x1b/0x90 [lp_a]", true);
    excerpt_add(&e, "ffffffffc0123456 ffff 0xffffabcd", false);
    assert_string_equal(e.text, "BUG: unable to handle page fault for address: xxxxxxxxxxxxxxxx\n"
                                "RIP: 0010:lp_a+0x1b/0x90 [lp_a]\n"
                                "xxxxxxxxxxxxxxxx ffff 0xffffabcd\n");
}

/* Of every log, cut anywhere, nothing but its own patches may be blamed, and no more than of the
 * whole one: a lost part never makes somebody guilty. */
static void test_cut_anywhere(void **state _unused_) {
    _cleanup_(host_close) struct host corpus = HOST_NULL;
    _cleanup_strv_free_ char **names = NULL;

    assert_int_equal(host_open(corpus_path, &corpus), 0);
    assert_int_equal(file_list(&corpus, ".", &names), 0);
    STRV_FOREACH(name, names) {
        bool guilty[PATCHES_MAX] = {};
        struct evidence e;
        struct log_case c;

        read_case(&corpus, *name, &c);
        assert_int_equal(evidence_find(c.log, c.log_size, c.patches, c.n_patches, &e), 0);
        for (size_t i = 0; i < e.n_faults; i++)
            if (e.faults[i].patch != SIZE_MAX)
                guilty[e.faults[i].patch] = true;
        evidence_done(&e);
        for (size_t size = 0; size < MIN(c.log_size, (size_t) 6000); size += 37) {
            assert_int_equal(evidence_find(c.log, size, c.patches, c.n_patches, &e), 0);
            for (size_t i = 0; i < e.n_faults; i++)
                if (e.faults[i].patch != SIZE_MAX && !guilty[e.faults[i].patch])
                    fail_msg("%s, cut at %zu, blames %s", *name, size,
                             c.patches[e.faults[i].patch].name);
            evidence_done(&e);
        }
        free(c.data);
    }
}

/* A flood of other faults does not push out the one that blames a patch. */
static void test_flood(void **state _unused_) {
    static const struct evidence_patch patch = { .name = "lp_x" };
    _cleanup_free_ char *text = NULL;
    size_t size, blamed = 0;
    struct evidence e;
    FILE *f = open_memstream(&text, &size);

    assert_non_null(f);
    for (unsigned i = 0; i < 500; i++)
        fprintf(f, "<4>[%5u.000001] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x%x/0x999 [%s]\n", i, i + 1,
                i == 300 ? "lp_x" : "other");
    assert_int_equal(fclose(f), 0);
    assert_int_equal(evidence_find(text, size, &patch, 1, &e), 0);
    assert_int_equal(e.n_faults, EVIDENCE_FAULTS_MAX);
    assert_int_equal(e.n_dropped, 500 - EVIDENCE_FAULTS_MAX);
    for (size_t i = 0; i < e.n_faults; i++)
        blamed += e.faults[i].patch == 0;
    assert_int_equal(blamed, 1);
    evidence_done(&e);
}

static uint64_t cost(const char *line, size_t n) {
    static const struct evidence_patch patches[] = { { .name = "lp_x" }, { .name = "lp_y" } };
    _cleanup_free_ char *text = NULL;
    struct timespec before, after;
    struct evidence e;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    assert_non_null(f);
    for (size_t i = 0; i < n; i++)
        fputs(line, f);
    assert_int_equal(fclose(f), 0);
    (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    assert_int_equal(evidence_find(text, size, patches, 2, &e), 0);
    (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    evidence_done(&e);
    return (uint64_t) (after.tv_sec - before.tv_sec) * USEC_PER_SEC +
           (uint64_t) after.tv_nsec / 1000 - (uint64_t) before.tv_nsec / 1000;
}

/* Eight times the text takes about eight times as long: far less than the 64 of a square. */
static void test_linear(void **state _unused_) {
    static const char *const lines[] = {
        "<4>[    1.0] WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2 [lp_x]\n",
        "<4> lp_a+0x1/0x2 [lp_x]\n<4>Call Trace:\n",
        "rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1- 1- 1- 1- 1- 1-\n",
        "\n",
        "INFO: task INFO: task INFO: task ",
    };

    for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
        uint64_t small = cost(lines[i], 1000), big = cost(lines[i], 8000);

        if (big > 32 * MAX(small, (uint64_t) 1000))
            fail_msg("'%s': %llu and %llu us", lines[i], (unsigned long long) small,
                     (unsigned long long) big);
    }
}

int main(int argc, char *argv[]) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_no_addresses),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_linear),
    };

    if (argc != 2)
        return EXIT_FAILURE;
    corpus_path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
