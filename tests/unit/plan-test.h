/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A machine made of manifests, modules and the kernel's patches, and the plan for it. */

#include "base/strv.h"
#include "check.h"
#include "plan/plan.h"
#include "tree.h"

#define RELEASE "6.1.0-56-test"
#define BUILD_1 "1111aaaa1111aaaa1111aaaa1111aaaa1111aaaa"
#define BUILD_2 "2222bbbb2222bbbb2222bbbb2222bbbb2222bbbb"

static struct host h;
static struct snapshot s;
static struct plan plan;

static inline int setup(void **state _unused_) {
    tree_make(&h);
    s = (struct snapshot){ .facts = { .release = strdup(RELEASE), .livepatch = true } };
    assert_int_equal(policy_default(&s.policy), 0);
    s.policy.signature = SIGNATURE_PERMISSIVE;
    s.machine_id = strdup("0123456789abcdef0123456789abcdef");
    assert_non_null(s.machine_id);
    return 0;
}

static inline int teardown(void **state _unused_) {
    plan_done(&plan);
    snapshot_done(&s);
    tree_remove(&h);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static inline void manifest(const char *name, const char *text) {
    char path[128];

    (void) snprintf(path, sizeof(path), "/etc/lpd/patches.d/%s.conf", name);
    tree_write(&h, path, text);
}

static inline void module(const char *name) {
    char path[128];

    (void) snprintf(path, sizeof(path), "/var/lib/lpd/modules/" RELEASE "/%s.ko", name);
    tree_write(&h, path, "what is in it is nobody's concern here");
}

/* A patch with both. */
static inline void patch(const char *name, const char *keys) {
    _cleanup_free_ char *text = NULL;

    assert_true(asprintf(&text, "[Patch]\n%s", keys) >= 0);
    manifest(name, text);
    module(name);
}

/* Loads it; its name is spelled as in the kernel. */
static inline struct livepatch *put_in(const char *name, const char *build_id) {
    struct livepatch_list *l = &s.loaded;

    l->patches = reallocarray(l->patches, l->n_patches + 1, sizeof(*l->patches));
    assert_non_null(l->patches);
    l->patches[l->n_patches] = (struct livepatch){
        .name = strdup(name),
        .module_loaded = true,
        .registered = true,
        .enabled = true,
        .replace = -1,
        .refcount = 1,
        .build_id = build_id ? strdup(build_id) : NULL,
    };
    return l->patches + l->n_patches++;
}

/* lpd has loaded it while the patches in over were loaded. */
static inline struct result *record(const char *name, const char *over) {
    struct result_list *l = &s.results;
    struct result *r;

    l->results = reallocarray(l->results, l->n_results + 1, sizeof(*l->results));
    assert_non_null(l->results);
    r = l->results + l->n_results++;
    *r = (struct result){ .name = strdup(name), .state = strdup("active"), .loaded = true };
    assert_int_equal(strv_extend_split(&r->replaces, over, " "), 0);
    return r;
}

/* Reads the manifests and finds the modules, once for each test. */
static inline void look(void) {
    if (s.patch_infos)
        return;
    assert_int_equal(manifest_list_load(&h, NULL, &s.manifests, NULL), 0);
    assert_int_equal(snapshot_find_modules(&h, &s), 0);
}

static inline void make_plan(void) {
    look();
    plan_done(&plan);
    assert_int_equal(plan_make(&s, &plan), 0);
}

static inline struct patch_info *info(const char *name) {
    look();
    assert_int_not_equal(snapshot_find(&s, name), SIZE_MAX);
    return s.patch_infos + snapshot_find(&s, name);
}

static inline void assert_order(const char *names) {
    _cleanup_strv_free_ char **order = NULL;
    _cleanup_free_ char *text = NULL;

    for (size_t i = 0; i < plan.n_actions; i++)
        assert_int_equal(strv_extend(&order, plan.actions[i].name), 0);
    text = strv_join(order, " ");
    assert_non_null(text);
    assert_string_equal(text, names);
}

/* Asserts the decision, the question that decided, and a part of the fact. */
static inline const struct action *assert_action(const char *name, enum action_type type,
                                                 const char *question, const char *fact) {
    const struct action *a = plan_find(&plan, name);
    const struct plan_step *last;

    assert_non_null(a);
    assert_true(a->n_steps > 0);
    last = a->steps + a->n_steps - 1;
    if (a->type != type || !streq(last->question, question) || !strstr(last->fact, fact))
        fail_msg("%s: %s by '%s': %s", name, action_type_to_string(a->type), last->question,
                 last->fact);
    assert_ptr_equal(action_fact(a), last->fact);
    return a;
}

static inline void assert_loads(const char *name) {
    assert_int_equal(assert_action(name, ACTION_LOAD, "loaded", "it is not loaded")->exit_status, 0);
}

static inline void assert_skipped(const char *name, const char *question, const char *fact) {
    (void) assert_action(name, ACTION_SKIP, question, fact);
}

static inline void assert_fails(const char *name, const char *question, const char *fact,
                                enum exit_status exit_status) {
    assert_int_equal(assert_action(name, ACTION_FAIL, question, fact)->exit_status, exit_status);
}
