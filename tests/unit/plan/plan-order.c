/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <time.h>

#include "plan-test.h"

static void test_nothing(void **state _unused_) {
    make_plan();
    assert_int_equal(plan.n_actions, 0);
    assert_null(plan_find(&plan, "lp"));
}

static void test_version_order(void **state _unused_) {
    patch("lp-10", "");
    patch("lp-9", "");
    patch("lp-1", "");
    patch("a", "");
    make_plan();
    assert_order("a lp-1 lp-9 lp-10");
    for (size_t i = 0; i < plan.n_actions; i++)
        assert_loads(plan.actions[i].name);
}

/* A patch that waits for another does not move that one before others. */
static void test_after(void **state _unused_) {
    patch("a", "After=d\n");
    patch("b", "");
    patch("c", "After=nobody-has-this-name\n");
    patch("d", "");
    patch("e", "Requires=b a\n");
    make_plan();
    assert_order("b c d a e");
    for (size_t i = 0; i < plan.n_actions; i++)
        assert_loads(plan.actions[i].name);
}

/* Required patches come first, with what they need: the patches that they name, and older versions
 * of themselves. */
static void test_required_first(void **state _unused_) {
    patch("a", "");
    patch("b", "");
    patch("c", "Required=yes\nAfter=n\n");
    patch("lp-9", "");
    patch("lp-10", "Required=yes\n");
    patch("lp-11", "");
    patch("n", "Requires=z\n");
    patch("z", "");
    make_plan();
    assert_order("lp-9 lp-10 z n c a b lp-11");
}

static void test_names_by_either_dash(void **state _unused_) {
    patch("a_1", "After=z-1\n");
    patch("z_1", "");
    make_plan();
    assert_order("z_1 a_1");
    assert_ptr_equal(plan_find(&plan, "a-1"), plan.actions + 1);
}

static void test_many_wait_for_one(void **state _unused_) {
    patch("a", "After=z\n");
    patch("b", "After=z y\n");
    patch("c", "After=a\n");
    patch("y", "");
    patch("z", "");
    make_plan();
    assert_order("y z a b c");
}

static void test_by_manifest(void **state _unused_) {
    patch("a", "After=b\n");
    patch("b", "");
    make_plan();
    assert_order("b a");
    assert_string_equal(plan.by_manifest[0]->name, "a");
    assert_int_equal(plan.by_manifest[0]->index, 0);
    assert_string_equal(plan.by_manifest[1]->name, "b");
}

static void assert_circle(const char *name, const char *members) {
    _cleanup_free_ char *fact = NULL;

    assert_true(asprintf(&fact, "After= and Requires= form a cycle: %s", members) >= 0);
    assert_fails(name, "order", fact, EXIT_STATUS_CONFIG);
    assert_string_equal(action_fact(plan_find(&plan, name)), fact);
}

static void test_circle(void **state _unused_) {
    patch("a", "");
    patch("b", "After=c\n");
    patch("c", "Requires=d\n");
    patch("d", "After=b\n");
    patch("e", "After=b\n");
    patch("f", "Requires=c\n");
    make_plan();
    assert_circle("b", "b, c and d");
    assert_circle("c", "b, c and d");
    assert_circle("d", "b, c and d");
    /* Only patches that require a member are affected. */
    assert_loads("a");
    assert_loads("e");
    assert_fails("f", "requires", "c: After= and Requires= form a cycle",
                 EXIT_STATUS_FAILED);
}

static void test_two_circles(void **state _unused_) {
    patch("0", "After=y\n");
    patch("a", "After=b\n");
    patch("b", "After=a\n");
    patch("c", "After=b\n");
    patch("x", "After=c y\n");
    patch("y", "After=x\n");
    make_plan();
    assert_circle("a", "a and b");
    assert_circle("b", "a and b");
    assert_circle("x", "x and y");
    assert_circle("y", "x and y");
    assert_loads("0");
    assert_loads("c");
    assert_order("a b c x y 0");
}

/* Its members still wait for other patches. */
static void test_circle_waits(void **state _unused_) {
    patch("a", "After=b\n");
    patch("b", "After=a y z\n");
    patch("y", "");
    patch("z", "");
    make_plan();
    assert_circle("b", "a and b");
    assert_order("a y z b");
}

/* A member that is not on a direct way back to the start of the search. */
static void test_circles_that_share_members(void **state _unused_) {
    patch("a", "After=b c\n");
    patch("b", "After=a\n");
    patch("c", "After=b\n");
    make_plan();
    assert_circle("a", "a, b and c");
    assert_circle("b", "a, b and c");
    assert_circle("c", "a, b and c");
}

static void test_after_and_requires_of_one(void **state _unused_) {
    patch("a", "After=b\nRequires=b b\n");
    patch("b", "");
    make_plan();
    assert_order("b a");
    assert_loads("a");
}

/* Invalid manifests have no relations, but others may name them. */
static void test_broken(void **state _unused_) {
    patch("0", "After=a\n");
    patch("a", "After=b\nTiemout=1\n");
    patch("b", "After=a\n");
    patch("c", "Requires=a\n");
    make_plan();
    assert_order("a 0 b c");
    assert_fails("a", "manifest", "a.conf:3: ", EXIT_STATUS_CONFIG);
    assert_loads("b");
    assert_fails("c", "requires", "a: a.conf:3: ", EXIT_STATUS_FAILED);
}

static double cpu_seconds(void) {
    struct timespec ts;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts), 0);
    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}

/* How long the plan for that many manifests takes, if each has that relation to the next one and
 * the last to the first. */
static double measure(unsigned n, const char *relation) {
    char name[16], text[128], other[16];
    double start, seconds;

    s.manifests.entries = calloc(n, sizeof(*s.manifests.entries));
    assert_non_null(s.manifests.entries);
    s.manifests.n_entries = n;
    s.manifests.by_name = calloc(n, sizeof(*s.manifests.by_name));
    assert_non_null(s.manifests.by_name);
    s.modules_unknown = true;
    for (unsigned i = 0; i < n; i++) {
        struct manifest_entry *entry = s.manifests.entries + i;

        (void) snprintf(name, sizeof(name), "p%05u", i);
        (void) snprintf(other, sizeof(other), "p%05u", (i + 1) % n);
        (void) snprintf(text, sizeof(text), "[Patch]\n%s%s\n", relation, *relation ? other : "");
        assert_int_equal(manifest_parse(name, name, text, strlen(text), &entry->manifest, NULL), 0);
        entry->name = strdup(name);
        s.manifests.by_name[i] = entry;
    }
    s.patch_infos = calloc(n, sizeof(*s.patch_infos));
    assert_non_null(s.patch_infos);

    start = cpu_seconds();
    make_plan();
    seconds = cpu_seconds() - start;
    assert_int_equal(plan.n_actions, n);
    plan_done(&plan);
    for (unsigned i = 0; i < n; i++) {
        manifest_done(&s.manifests.entries[i].manifest);
        free(s.manifests.entries[i].name);
    }
    free(s.manifests.entries);
    free(s.manifests.by_name);
    free(s.patch_infos);
    s.manifests = (struct manifest_list){};
    s.patch_infos = NULL;
    return seconds;
}

/* Ten times the manifests take ten times as long, even if all of them form one cycle. */
static void test_linear(void **state _unused_) {
    static const char *const relations[] = { "", "After=", "Conflicts=" };

    for (size_t i = 0; i < ELEMENTSOF(relations); i++) {
        double thousand = measure(1000, relations[i]);
        double ten_thousand = measure(10000, relations[i]);

        printf("%s: %.4f s for 1,000, %.4f s for 10,000\n", relations[i], thousand, ten_thousand);
        /* The factor of two allows for a busy machine; quadratic time would give a hundred. */
        assert_true(ten_thousand < 2 * 10 * MAX(thousand, 0.01));
    }
}

static void test_long_chain(void **state _unused_) {
    char name[16], keys[32];

    for (unsigned i = 0; i < 3000; i++) {
        (void) snprintf(name, sizeof(name), "p%04u", i);
        (void) snprintf(keys, sizeof(keys), "[Patch]\nAfter=p%04u\n", i + 1);
        manifest(name, keys);
    }
    s.modules_unknown = true;
    make_plan();
    for (unsigned i = 0; i < 3000; i++)
        assert_int_equal(plan.actions[i].index, 2999 - i);
}

static void test_large_circle(void **state _unused_) {
    char name[16], keys[32];

    for (unsigned i = 0; i < 30; i++) {
        (void) snprintf(name, sizeof(name), "p%02u", i);
        (void) snprintf(keys, sizeof(keys), "After=p%02u\n", (i + 1) % 30);
        patch(name, keys);
    }
    make_plan();
    assert_circle("p29", "p00, p01, p02, p03, p04, p05, p06, p07, p08, p09 and 20 more");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_nothing),
        TEST(test_version_order),
        TEST(test_after),
        TEST(test_required_first),
        TEST(test_names_by_either_dash),
        TEST(test_many_wait_for_one),
        TEST(test_by_manifest),
        TEST(test_circle),
        TEST(test_two_circles),
        TEST(test_circle_waits),
        TEST(test_circles_that_share_members),
        TEST(test_after_and_requires_of_one),
        TEST(test_broken),
        TEST(test_linear),
        TEST(test_long_chain),
        TEST(test_large_circle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
