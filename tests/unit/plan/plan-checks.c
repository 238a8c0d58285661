/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-test.h"
#include "plan/rollout.h"

/* Each question about a patch, and the answers that decide. */

static void test_answers(void **state _unused_) {
    static const char *const questions[] = {
        "manifest", "switches", "enabled", "stage", "rollout", "kernel", "module", "signature",
        "loaded",
    };
    const struct action *a;

    patch("lp", "");
    make_plan();
    a = plan_find(&plan, "lp");
    assert_int_equal(a->n_steps, ELEMENTSOF(questions));
    for (size_t i = 0; i < a->n_steps; i++) {
        assert_string_equal(a->steps[i].question, questions[i]);
        assert_true(a->steps[i].passed);
    }
    assert_string_equal(a->steps[0].fact, "/etc/lpd/patches.d/lp.conf");
    assert_string_equal(a->steps[6].fact, "/var/lib/lpd/modules/" RELEASE "/lp.ko");
    assert_loads("lp");
}

static void test_types(void **state _unused_) {
    assert_string_equal(action_type_to_string(ACTION_LOAD), "load");
    assert_string_equal(action_type_to_string(ACTION_KEEP), "keep");
    assert_string_equal(action_type_to_string(ACTION_SKIP), "skip");
    assert_string_equal(action_type_to_string(ACTION_FAIL), "fail");
    assert_string_equal(action_type_to_string(ACTION_UNLOAD), "unload");
}

static void test_switched_off_by_command_line(void **state _unused_) {
    patch("lp", "Required=yes\n");
    s.switches.disabled = true;
    make_plan();
    assert_skipped("lp", "switches", "lpd=0");
}

static void test_switched_off_by_file(void **state _unused_) {
    patch("lp", "Required=yes\n");
    s.disable_file = true;
    make_plan();
    assert_skipped("lp", "switches", "/etc/lpd/disable");
}

static void test_skipped_by_command_line(void **state _unused_) {
    patch("a", "");
    patch("b-1", "");
    patch("c", "Requires=b-1\n");
    assert_int_equal(strv_extend(&s.switches.skip, "b_1"), 0);
    make_plan();
    assert_loads("a");
    assert_skipped("b-1", "switches", "lpd.skip=b-1");
    assert_fails("c", "requires", "b-1: lpd.skip=b-1 is on the kernel command line",
                 EXIT_STATUS_FAILED);
}

static void test_disabled(void **state _unused_) {
    patch("lp", "Enabled=no\nRequired=yes\n");
    make_plan();
    assert_skipped("lp", "enabled", "Enabled=no");
}

static void test_stage(void **state _unused_) {
    patch("early", "Stage=initrd\n");
    patch("late", "");
    s.in_initrd = true;
    make_plan();
    assert_loads("early");
    assert_skipped("late", "stage", "Stage=system, and this is the initramfs");

    s.in_initrd = false;
    make_plan();
    assert_loads("early");
    assert_loads("late");
}

static uint32_t position_of(const char *machine_id, const char *name) {
    uint32_t position;

    assert_int_equal(rollout_position(machine_id, name, &position), 0);
    return position;
}

static bool takes_part(unsigned share, uint32_t position) {
    return rollout_wave(&(struct waves){ &(struct wave){ .share = share }, 1 }, position);
}

/* The positions that systemd-analyze prints for ConditionFraction=, in ten-thousandths of a
 * percent. */
static void test_rollout_positions(void **state _unused_) {
    static const char id[] = "0123456789abcdef0123456789abcdef";

    assert_int_equal(((uint64_t) position_of(id, "demo") * 1000000 + UINT32_MAX / 2) >> 32, 161137);
    assert_int_equal(((uint64_t) position_of(id, "lpd") * 1000000 + UINT32_MAX / 2) >> 32, 249928);
    assert_int_equal(position_of(id, "a-b_c"), position_of(id, "a_b-c"));
    assert_true(takes_part(1612, position_of(id, "demo")));
    assert_false(takes_part(1611, position_of(id, "demo")));
    assert_false(takes_part(0, 0));
    assert_true(takes_part(10000, UINT32_MAX));
}

static void test_rollout(void **state _unused_) {
    unsigned share = (unsigned) ((uint64_t) position_of(s.machine_id, "lp") * 10000 >> 32);
    char keys[64];

    (void) snprintf(keys, sizeof(keys), "Rollout=%u.%02u%%\n", share / 100, share % 100);
    patch("lp", keys);
    patch("none", "Rollout=0%\n");
    patch("all", "");
    make_plan();
    assert_skipped("lp", "rollout", "the position of this machine is ");
    assert_skipped("none", "rollout", "Rollout=0.00%, ");
    assert_loads("all");

    s.manifests.entries[snapshot_find(&s, "lp")].manifest.rollout.list[0].share++;
    make_plan();
    assert_loads("lp");
}

/* A machine joins on the date of the first wave that it is in, and stays in. */
static void test_waves(void **state _unused_) {
    unsigned share = (unsigned) ((uint64_t) position_of(s.machine_id, "lp") * 10000 >> 32);
    uint64_t date = UINT64_C(1796083200) * USEC_PER_SEC; /* 2026-12-01 */
    char keys[128];

    (void) snprintf(keys, sizeof(keys), "Rollout=%u.%02u%% 2026-11-30, %u.%02u%% 2026-12-01, 100%% 2026-12-07\n",
                    share / 100, share % 100, (share + 1) / 100, (share + 1) % 100);
    patch("lp", keys);
    s.clock_usec = date - 1;
    make_plan();
    assert_skipped("lp", "rollout", ": it joins on 2026-12-01 00:00 UTC");
    s.clock_usec = date;
    make_plan();
    assert_loads("lp");
    s.clock_usec = date + 30 * 86400 * USEC_PER_SEC;
    make_plan();
    assert_loads("lp");
    /* It is in, and the clock is set back. */
    record("lp", "");
    s.clock_usec = date - 1;
    make_plan();
    assert_loads("lp");
}

/* A clock that was reset is older than lpd itself. */
static void test_reset_clock(void **state _unused_) {
    patch("begun", "Rollout=100% 2020-01-01\n");
    patch("later", "Rollout=100% 2099-01-01\n");
    s.clock_usec = 0;
    make_plan();
    assert_loads("begun");
    assert_skipped("later", "rollout", "Rollout=0.00%, ");
}

static void test_tags(void **state _unused_) {
    patch("all", "RolloutTags=\n");
    patch("canary", "RolloutTags=no-such canar?\n");
    patch("early", "Stage=initrd\nRolloutTags=canary\n");
    patch("other", "RolloutTags=edge\nRolloutTags=web\n");
    make_plan();
    assert_loads("all");
    assert_skipped("canary", "tags", "RolloutTags=no-such canar?, and this machine has no tags");
    assert_int_equal(strv_extend(&s.machine_tags, "dc=1"), 0);
    assert_int_equal(strv_extend(&s.machine_tags, "canary"), 0);
    make_plan();
    assert_loads("canary");
    assert_skipped("other", "tags", "RolloutTags=edge web, and this machine has the tags dc=1:canary");
    s.in_initrd = true;
    make_plan();
    assert_skipped("early", "tags", "the host decides");
}

/* Machines that did not build the image use it. */
static void test_rollout_in_initramfs(void **state _unused_) {
    patch("half", "Stage=initrd\nRollout=99.99%\n");
    patch("all", "Stage=initrd\n");
    s.in_initrd = true;
    free(s.machine_id);
    s.machine_id = NULL;
    make_plan();
    assert_skipped("half", "rollout", "the host decides");
    assert_loads("all");
}

static void test_masked_unit(void **state _unused_) {
    patch("lp", "");
    patch("must", "Required=yes\n");
    assert_int_equal(string_set(&info("lp")->unit_problem, "masked"), 0);
    assert_int_equal(string_set(&info("must")->unit_problem, "masked"), 0);
    make_plan();
    assert_skipped("lp", "unit", "masked");
    assert_fails("must", "unit", "masked", EXIT_STATUS_FAILED);
}

static void test_crash_kernel(void **state _unused_) {
    patch("lp", "Required=yes\n");
    s.switches.crash_kernel = true;
    make_plan();
    assert_skipped("lp", "switches", "crash kernel");
}

static void test_rollout_without_machine_id(void **state _unused_) {
    patch("half", "Rollout=99.99%\n");
    patch("all", "Rollout=100%\n");
    free(s.machine_id);
    s.machine_id = NULL;
    make_plan();
    assert_skipped("half", "rollout", "no machine id");
    assert_loads("all");
}

static void test_other_kernel(void **state _unused_) {
    manifest("a", "[Patch]\n[Kernel:6.1.0-55-test]\n[Kernel:6.12]\n");
    module("a");
    manifest("b", "[Patch]\nRequired=yes\n[Kernel:6.1.0-55-test]\n");
    module("b");
    manifest("c", "[Patch]\n[Kernel:6.1.0-55-test]\n[Kernel:" RELEASE "]\n");
    module("c");
    make_plan();
    assert_skipped("a", "kernel", "no [Kernel:" RELEASE "] among the manifest's 2 kernels");
    assert_int_equal(plan_find(&plan, "a")->exit_status, EXIT_STATUS_KERNEL);
    assert_fails("b", "kernel", "no [Kernel:" RELEASE "]", EXIT_STATUS_KERNEL);
    assert_loads("c");
}

static void test_kernel_build_id(void **state _unused_) {
    static const char *const texts[][2] = {
        { "same", "[Patch]\n[Kernel:" RELEASE "]\nBuildID=" BUILD_1 "\n" },
        { "other", "[Patch]\n[Kernel:" RELEASE "]\nBuildID=" BUILD_2 "\n" },
        { "must", "[Patch]\nRequired=yes\n[Kernel:" RELEASE "]\nBuildID=" BUILD_2 "\n" },
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        manifest(texts[i][0], texts[i][1]);
        module(texts[i][0]);
    }
    s.facts.build_id = strdup(BUILD_1);
    make_plan();
    assert_loads("same");
    assert_skipped("other", "kernel", "BuildID=" BUILD_2 ", but this " RELEASE
                                      " has the build id " BUILD_1);
    assert_fails("must", "kernel", "BuildID=", EXIT_STATUS_KERNEL);

    /* A kernel with an unknown build id is not the right one, unless there is no kernel to ask. */
    free(s.facts.build_id);
    s.facts.build_id = NULL;
    make_plan();
    assert_skipped("same", "kernel", "BuildID=" BUILD_1 ", but the build id of this " RELEASE
                                     " is unknown");
    s.offline = true;
    make_plan();
    assert_loads("same");
}

static void test_no_live_patching(void **state _unused_) {
    patch("a", "");
    patch("b", "Enabled=no\n");
    s.facts.livepatch = false;
    make_plan();
    assert_fails("a", "kernel", "no live patching", EXIT_STATUS_KERNEL);
    assert_skipped("b", "enabled", "");
}

/* Below another root, where there may be no kernel at all. */
static void test_no_kernel(void **state _unused_) {
    patch("a", "");
    manifest("b", "[Patch]\n[Kernel:6.12]\n");
    free(s.facts.release);
    s.facts.release = NULL;
    s.facts.livepatch = false;
    make_plan();
    assert_loads("a");
    assert_loads("b");
}

static void test_no_module(void **state _unused_) {
    manifest("a", "[Patch]\n");
    manifest("b", "[Patch]\nRequired=yes\n");
    manifest("c", "[Patch]\n[Kernel:" RELEASE "]\n");
    manifest("d", "[Patch]\n[Kernel:" RELEASE "]\nModule=other.ko\n");
    module("d");
    make_plan();
    /* For all kernels, but without a module for this one: not an error. */
    assert_skipped("a", "module", "no module for " RELEASE);
    assert_int_equal(plan_find(&plan, "a")->exit_status, EXIT_STATUS_KERNEL);
    assert_fails("b", "module", "no module for " RELEASE, EXIT_STATUS_KERNEL);
    /* Listed, but missing. */
    assert_fails("c", "module", "no module for " RELEASE, EXIT_STATUS_FAILED);
    assert_fails("d", "module", "no module for " RELEASE, EXIT_STATUS_FAILED);

    s.modules_unknown = true;
    make_plan();
    assert_loads("a");
    assert_loads("d");
    assert_string_equal(plan_find(&plan, "a")->steps[6].fact, "not to be seen yet");
}

static void test_bad_module(void **state _unused_) {
    patch("a", "");
    patch("b", "");
    patch("c", "");
    for (const char *name = "a"; name; name = *name == 'a' ? "c" : NULL) {
        struct patch_info *about = info(name);

        about->gate_asked = true;
        about->gate_step = *name == 'a' ? GATE_FILE : GATE_PIN;
        about->gate_result = error_set(&about->gate_refusal, -ENOEXEC,
                                       *name == 'a' ? EXIT_STATUS_KERNEL : EXIT_STATUS_PRIVILEGE,
                                       "/a.ko: it is a cat");
    }
    make_plan();
    assert_fails("a", "file", "it is a cat", EXIT_STATUS_KERNEL);
    assert_loads("b");
    /* If it may not be read here, that is left to the load. */
    assert_loads("c");
}

static void test_requires(void **state _unused_) {
    patch("a", "Requires=nobody\n");
    patch("b", "Requires=c d\n");
    patch("c", "");
    patch("d", "Enabled=no\n");
    patch("e", "Requires=b\n");
    patch("f", "Requires=c\n");
    make_plan();
    assert_fails("a", "requires", "nobody: there is no such patch", EXIT_STATUS_FAILED);
    assert_fails("b", "requires", "d: Enabled=no", EXIT_STATUS_FAILED);
    assert_fails("e", "requires", "b: d: Enabled=no", EXIT_STATUS_FAILED);
    assert_loads("f");
    /* Each existing one gets an answer of its own. */
    assert_string_equal(plan_find(&plan, "f")->steps[7].question, "requires");
    assert_string_equal(plan_find(&plan, "f")->steps[7].fact, "c");
}

static void test_requires_what_is_in(void **state _unused_) {
    patch("a", "");
    patch("b", "Requires=a\n");
    put_in("a", NULL);
    make_plan();
    (void) assert_action("a", ACTION_KEEP, "loaded", "it is loaded already");
    assert_loads("b");
}

static void test_conflict_named_by_the_later(void **state _unused_) {
    patch("a", "");
    patch("b", "Conflicts=a\n");
    patch("c", "");
    make_plan();
    assert_loads("a");
    assert_fails("b", "conflicts", "a is loaded, or will be before", EXIT_STATUS_FAILED);
    assert_loads("c");
}

static void test_conflict_named_by_the_earlier(void **state _unused_) {
    patch("a-1", "Conflicts=c_1 nobody\n");
    patch("b", "");
    patch("c-1", "");
    patch("d", "Requires=c-1\n");
    make_plan();
    assert_loads("a-1");
    assert_loads("b");
    assert_fails("c-1", "conflicts", "a-1 is loaded, or will be before, and says Conflicts=c-1",
                 EXIT_STATUS_FAILED);
    assert_fails("d", "requires", "c-1: a-1 is loaded", EXIT_STATUS_FAILED);
}

static void test_conflict_named_by_both(void **state _unused_) {
    patch("a", "Conflicts=b\n");
    patch("b", "Conflicts=a\n");
    make_plan();
    assert_loads("a");
    assert_fails("b", "conflicts", "a is loaded", EXIT_STATUS_FAILED);
}

/* A patch that is not loaded conflicts with nothing. */
static void test_conflict_with_what_stays_out(void **state _unused_) {
    patch("a", "Conflicts=b\nEnabled=no\n");
    patch("b", "Conflicts=c\nRequires=nobody\n");
    patch("c", "Conflicts=a b\n");
    make_plan();
    assert_fails("b", "requires", "nobody", EXIT_STATUS_FAILED);
    assert_loads("c");
}

/* The loaded patch wins, whatever the order of the names is. */
static void test_conflict_with_what_is_in(void **state _unused_) {
    patch("a", "");
    patch("b", "Conflicts=foreign_1\n");
    patch("c", "Conflicts=z\n");
    patch("z", "Conflicts=a\n");
    put_in("z", NULL);
    put_in("foreign_1", NULL);
    make_plan();
    assert_fails("a", "conflicts", "z is loaded, or will be before, and says Conflicts=a",
                 EXIT_STATUS_FAILED);
    assert_fails("b", "conflicts", "foreign_1 is loaded", EXIT_STATUS_FAILED);
    assert_fails("c", "conflicts", "z is loaded", EXIT_STATUS_FAILED);
    (void) assert_action("z", ACTION_KEEP, "loaded", "it is loaded already");
}

/* Disabled or replaced: its module is loaded, its code does not run. */
static void test_conflict_with_what_is_disabled(void **state _unused_) {
    struct livepatch *in;

    patch("a", "Conflicts=foreign\n");
    in = put_in("foreign", NULL);
    in->registered = in->enabled = false;
    make_plan();
    assert_loads("a");
}

/* The kernel knows it by another name. */
static void test_conflict_by_module_name(void **state _unused_) {
    patch("a", "Conflicts=z\n");
    patch("z", "");
    info("z")->module_name = strdup("livepatch_z");
    put_in("livepatch_z", NULL);
    make_plan();
    assert_fails("a", "conflicts", "z is loaded", EXIT_STATUS_FAILED);
}

/* A patch that will be unloaded is no conflict, because unloads come first. */
static void test_conflict_with_what_goes_out(void **state _unused_) {
    patch("a", "Conflicts=old z\n");
    patch("b", "");
    patch("z", "Enabled=no\nConflicts=b\n");
    put_in("old", NULL);
    put_in("z", NULL);
    record("old", "");
    record("z", "");
    make_plan();
    assert_loads("a");
    assert_loads("b");
}

static void judged(const char *name, enum verdict verdict) {
    struct patch_info *info = s.patch_infos + snapshot_find(&s, name);
    struct trust_machine machine;
    const struct gate gate = snapshot_gate(&s, snapshot_find(&s, name), &machine);
    struct host live = h;

    live.live = true;
    if (!info->trust)
        info->trust = calloc(1, sizeof(*info->trust));
    assert_non_null(info->trust);
    info->trust->verdict = verdict;
    error_done(&info->gate_refusal);
    info->gate_asked = true;
    info->gate_step = GATE_SIGNATURE;
    info->gate_result = gate_check_signature(&live, &gate, info->trust, "/lp.ko", &info->gate_refusal);
}

static void test_signature(void **state _unused_) {
    patch("lp", "");
    s.policy.signature = SIGNATURE_REQUIRED;
    make_plan();
    assert_loads("lp");
    judged("lp", VERDICT_LOCAL);
    make_plan();
    assert_fails("lp", "signature", "lp.ko:  (local, Signature=required)", EXIT_STATUS_REFUSED);
    s.policy.signature = SIGNATURE_LOCAL;
    judged("lp", VERDICT_LOCAL);
    make_plan();
    assert_loads("lp");
    judged("lp", VERDICT_UNSIGNED);
    make_plan();
    assert_fails("lp", "signature", "lp.ko:  (unsigned, Signature=local)", EXIT_STATUS_REFUSED);
    s.policy.signature = SIGNATURE_PERMISSIVE;
    judged("lp", VERDICT_UNSIGNED);
    make_plan();
    assert_loads("lp");
}

static void test_broken_policy(void **state _unused_) {
    patch("lp", "");
    s.policy_error = error_set(&s.policy_problem, -EBADMSG, EXIT_STATUS_CONFIG, "lpd.conf:7: what?");
    make_plan();
    assert_fails("lp", "signature", "the policy has an error, so nothing is trusted: lpd.conf:7:",
                 EXIT_STATUS_CONFIG);
}

/* Each state of the signature, and that nothing is asked if no signature is required. */
static void test_signed_manifests(void **state _unused_) {
    patch("lp", "");
    info("lp")->manifest_signature = MANIFEST_REFUSED;
    make_plan();
    assert_loads("lp");

    s.policy.signed_manifests = true;
    info("lp")->manifest_error = strdup("lp.conf: no signature");
    make_plan();
    assert_fails("lp", "manifest-signature", "lp.conf: no signature", EXIT_STATUS_REFUSED);
    free(info("lp")->manifest_error);
    info("lp")->manifest_error = NULL;
    info("lp")->manifest_signature = MANIFEST_UNCHECKED;
    make_plan();
    assert_fails("lp", "manifest-signature", "its signature was not checked", EXIT_STATUS_REFUSED);

    info("lp")->manifest_signature = MANIFEST_SIGNED;
    make_plan();
    assert_loads("lp");
    info("lp")->manifest_signature = MANIFEST_LATER;
    make_plan();
    assert_loads("lp");
}

/* Patches that require it are not loaded either, and its own relations do not count. */
static void test_unsigned_manifest_and_others(void **state _unused_) {
    patch("a", "Conflicts=c\n");
    patch("b", "Requires=a\n");
    patch("c", "");
    s.policy.signed_manifests = true;
    info("a")->manifest_signature = MANIFEST_REFUSED;
    info("b")->manifest_signature = MANIFEST_SIGNED;
    info("c")->manifest_signature = MANIFEST_SIGNED;
    info("a")->manifest_error = strdup("a.conf: no signature");
    make_plan();
    assert_fails("b", "requires", "a: a.conf: no signature", EXIT_STATUS_FAILED);
    assert_loads("c");
}

static void test_in_already(void **state _unused_) {
    patch("lp-1", "");
    put_in("lp_1", BUILD_1);
    make_plan();
    (void) assert_action("lp-1", ACTION_KEEP, "loaded", "it is loaded already");
    s.loaded.patches[0].transition = true;
    make_plan();
    (void) assert_action("lp-1", ACTION_KEEP, "loaded", "it is loaded already");
}

static void test_on_its_way_out(void **state _unused_) {
    struct livepatch *in;

    patch("lp", "");
    in = put_in("lp", BUILD_1);
    in->enabled = false;
    in->transition = true;
    make_plan();
    (void) assert_action("lp", ACTION_LOAD, "loaded", "it is being disabled");
    in->registered = in->transition = false;
    make_plan();
    (void) assert_action("lp", ACTION_LOAD, "loaded", "it is loaded, but disabled");
    free(in->name);
    in->name = strdup("other");
    make_plan();
    assert_loads("lp");
}

static void test_other_build(void **state _unused_) {
    patch("lp", "");
    put_in("lp", BUILD_1);
    info("lp")->build_id = strdup(BUILD_2);
    make_plan();
    assert_fails("lp", "loaded", "another build is loaded: " BUILD_1 " instead of " BUILD_2,
                 EXIT_STATUS_FAILED);
    /* An apply replaces what lpd has loaded, and nothing else. */
    s.replaces_builds = true;
    make_plan();
    assert_fails("lp", "loaded", "another build is loaded", EXIT_STATUS_FAILED);
    record("lp", "");
    make_plan();
    (void) assert_action("lp", ACTION_LOAD, "loaded", "another build is loaded");
    assert_true(plan_find(&plan, "lp")->replaces);
    s.facts.modules_disabled = 1;
    make_plan();
    assert_fails("lp", "loaded", "another build is loaded", EXIT_STATUS_FAILED);
    free(s.loaded.patches[0].build_id);
    s.loaded.patches[0].build_id = strdup(BUILD_2);
    make_plan();
    (void) assert_action("lp", ACTION_KEEP, "loaded", "it is loaded already");
}

static void test_replaced(void **state _unused_) {
    patch("a", "");
    patch("b", "Requires=a\n");
    patch("cumulative", "");
    put_in("a", NULL)->registered = false;
    put_in("cumulative", NULL);
    record("a", "");
    record("cumulative", "a");
    make_plan();
    (void) assert_action("a", ACTION_KEEP, "loaded", "replaced by cumulative, which is cumulative");
    assert_loads("b");
}

/* A partial snapshot does not have all manifests: a missing one may still exist. */
static void test_replaced_in_part(void **state _unused_) {
    patch("a", "");
    put_in("a", NULL)->registered = false;
    put_in("cumulative", NULL);
    record("a", "");
    record("cumulative", "a");
    look();
    s.partial = true;
    make_plan();
    (void) assert_action("a", ACTION_KEEP, "loaded", "replaced by cumulative, which is cumulative");
}

static void test_unloads(void **state _unused_) {
    const struct action *a;

    patch("off", "Enabled=no\n");
    patch("on", "");
    patch("broken", "Enabled=perhaps\n");
    put_in("off", NULL);
    put_in("on", NULL);
    put_in("broken", NULL);
    put_in("gone", NULL);
    put_in("strange", NULL);
    put_in("by-hand", NULL);
    record("broken", "");
    record("by-hand", "")->from_file = true;
    record("gone", "");
    record("off", "");
    record("on", "");
    make_plan();
    /* The last one first, before all loads. */
    assert_order("off gone broken off on");
    a = plan.actions;
    assert_int_equal(a[0].type, ACTION_UNLOAD);
    assert_string_equal(action_fact(a), "Enabled=no");
    assert_int_equal(a[0].index, SIZE_MAX);
    assert_int_equal(a[1].type, ACTION_UNLOAD);
    assert_string_equal(action_fact(a + 1), "its manifest is gone");
    /* Nothing is done about a patch whose manifest is unreadable, nor about one that lpd did not
     * load, or only as a file. */
    assert_int_equal(a[2].type, ACTION_FAIL);
    assert_int_equal(a[3].type, ACTION_SKIP);
    assert_null(plan_find(&plan, "strange"));
    assert_null(plan_find(&plan, "by-hand"));
    /* A lookup by manifest returns the decision about that manifest. */
    assert_ptr_equal(plan.by_manifest[snapshot_find(&s, "off")], a + 3);
}

static void test_unloads_only_what_is_in(void **state _unused_) {
    record("gone", "");
    record("taken-out", "");
    record("failed", "")->loaded = false;
    put_in("taken_out", NULL)->registered = false;
    put_in("failed", NULL);
    make_plan();
    assert_int_equal(plan.n_actions, 0);
}

/* The kernel has one module of each name, however it is spelled: the first patch with it gets
 * it. */
static void test_namesake(void **state _unused_) {
    patch("a", "Enabled=no\n");
    patch("b", "");
    patch("c", "");
    patch("d", "");
    assert_int_equal(string_set(&info("a")->module_name, "same_one"), 0);
    assert_int_equal(string_set(&info("b")->module_name, "same_one"), 0);
    assert_int_equal(string_set(&info("c")->module_name, "same-one"), 0);
    make_plan();
    assert_loads("b");
    assert_fails("c", "namesake", "its module has the same name same_one as that of b, which", EXIT_STATUS_FAILED);
    assert_loads("d");

    /* The patch that has loaded it keeps it, whatever the order is. */
    put_in("same_one", NULL);
    record("c", "")->module_name = strdup("same_one");
    make_plan();
    assert_action("c", ACTION_KEEP, "loaded", "it is loaded already");
    assert_fails("b", "namesake", "its module has the same name same-one as that of c, which", EXIT_STATUS_FAILED);
}

static void test_unloads_by_module_name(void **state _unused_) {
    record("gone", "")->module_name = strdup("livepatch_gone");
    put_in("livepatch_gone", NULL);
    make_plan();
    assert_order("gone");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_answers),
        TEST(test_types),
        TEST(test_switched_off_by_command_line),
        TEST(test_switched_off_by_file),
        TEST(test_skipped_by_command_line),
        TEST(test_disabled),
        TEST(test_stage),
        TEST(test_rollout_positions),
        TEST(test_rollout),
        TEST(test_waves),
        TEST(test_reset_clock),
        TEST(test_tags),
        TEST(test_rollout_without_machine_id),
        TEST(test_rollout_in_initramfs),
        TEST(test_masked_unit),
        TEST(test_crash_kernel),
        TEST(test_other_kernel),
        TEST(test_kernel_build_id),
        TEST(test_no_live_patching),
        TEST(test_no_kernel),
        TEST(test_no_module),
        TEST(test_bad_module),
        TEST(test_requires),
        TEST(test_requires_what_is_in),
        TEST(test_conflict_named_by_the_later),
        TEST(test_conflict_named_by_the_earlier),
        TEST(test_conflict_named_by_both),
        TEST(test_conflict_with_what_stays_out),
        TEST(test_conflict_with_what_is_in),
        TEST(test_conflict_with_what_is_disabled),
        TEST(test_conflict_by_module_name),
        TEST(test_conflict_with_what_goes_out),
        TEST(test_signature),
        TEST(test_broken_policy),
        TEST(test_signed_manifests),
        TEST(test_unsigned_manifest_and_others),
        TEST(test_in_already),
        TEST(test_on_its_way_out),
        TEST(test_other_build),
        TEST(test_replaced),
        TEST(test_replaced_in_part),
        TEST(test_unloads),
        TEST(test_unloads_only_what_is_in),
        TEST(test_namesake),
        TEST(test_unloads_by_module_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
