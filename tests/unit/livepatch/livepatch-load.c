/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "livepatch-test.h"

static enum load_result result;

static int load_now(const char *name, const char *build_id) {
    result = (enum load_result) -1;
    return load(name, build_id, &result);
}

static void test_load(void **state _unused_) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;

    fake_module_file("lp_a", BUILD_1, &f);
    assert_int_equal(load_file(&f, "verbose=1 x=\"a b\"", USEC_INFINITY, &result), 0);
    assert_int_equal(result, LOAD_DONE);
    assert_in("lp_a", BUILD_1);
    assert_string_equal(k.parameters, "verbose=1 x=\"a b\"");
    assert_int_equal(k.flags, 0);
    assert_null(e.message);
    /* The transition continues: nothing has waited for it. */
    assert_int_equal(k.n_sleep, 0);
    assert_true(fake_kernel_module(&k, "lp_a")->transition);
}

static void test_already(void **state _unused_) {
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    assert_int_equal(load_now("lp_a", BUILD_1), 0);
    assert_int_equal(result, LOAD_ALREADY);
    assert_int_equal(k.n_finit, 0);

    /* The same if nothing could be loaded any more. */
    fake_kernel_text(&k, "/proc/sys/kernel/modules_disabled", "1\n");
    assert_int_equal(load_now("lp_a", BUILD_1), 0);
    assert_int_equal(result, LOAD_ALREADY);
}

/* Without build ids the recorded hash tells builds apart; a name does not. */
static void test_already_without_build_id(void **state _unused_) {
    static const struct {
        const char *recorded;
        int expected;
    } cases[] = { { "5a", 0 }, { "6b", -EEXIST }, { NULL, -EEXIST } };

    fake_kernel_patch(&k, "lp_a", NULL);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
        const struct load_options o = { .loaded_sha256 = cases[i].recorded };

        fake_module_file("lp_a", NULL, &f);
        (void) snprintf(f.sha256, sizeof(f.sha256), "5a");
        error_done(&e);
        assert_int_equal(livepatch_load(&k.host, &f, &o, &result, &e), cases[i].expected);
        assert_int_equal(k.n_finit, 0);
    }
    assert_non_null(strstr(e.message, "another build"));
}

static int load_signed(const char *taint) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    struct load_options o = { .busy_timeout_usec = 60 * USEC_PER_SEC, .must_be_signed = true };

    fake_module_file("lp_a", BUILD_1, &f);
    fake_kernel_module(&k, "lp_a")->taint = taint;
    error_done(&e);
    return livepatch_load(&k.host, &f, &o, &result, &e);
}

static void test_signed(void **state _unused_) {
    assert_int_equal(load_signed("OK\n"), 0);
    assert_int_equal(result, LOAD_DONE);
    assert_int_equal(load_signed("OK\n"), 0);
    assert_int_equal(result, LOAD_ALREADY);
    assert_in("lp_a", BUILD_1);
}

/* E: unsigned, F: forced. A taint that cannot be read does not count as signed. */
static void test_taken_in_as_unsigned(void **state _unused_) {
    static const char *const taints[] = { "OEK\n", "OFK\n", "EK\n", "F\n" };

    for (size_t i = 0; i < ELEMENTSOF(taints); i++) {
        assert_error(load_signed(taints[i]), -ESTALE, EXIT_STATUS_REFUSED,
                     "the kernel loaded it as unsigned; it was unloaded again");
        assert_absent("lp_a");
    }
    assert_int_equal(k.n_finit, ELEMENTSOF(taints));
}

static void test_stays_although_unsigned(void **state _unused_) {
    fake_kernel_module(&k, "lp_a")->stalls_back = true;
    assert_error(load_signed("OEK\n"), -ESTALE, EXIT_STATUS_REFUSED, "unloading it again failed: ");
}

/* lpd does not unload a patch that was loaded before. */
static void test_already_in_unsigned(void **state _unused_) {
    fake_kernel_module(&k, "lp_a")->taint = "OEK\n";
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    assert_error(load_signed("OEK\n"), -EKEYREJECTED, EXIT_STATUS_REFUSED, "loaded it as unsigned");
    assert_non_null(strstr(e.hint, "lpctl unload lp_a"));
    assert_in("lp_a", BUILD_1);
    assert_int_equal(k.n_finit, 0);

    /* The taint is not checked if the policy does not require it. */
    assert_int_equal(load_now("lp_a", BUILD_1), 0);
    assert_int_equal(result, LOAD_ALREADY);
}

static void test_stale_build(void **state _unused_) {
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    assert_error(load_now("lp_a", BUILD_2), -EEXIST, EXIT_STATUS_FAILED,
                 "another build of lp_a is loaded");
    assert_non_null(strstr(e.message, BUILD_1));
    assert_non_null(strstr(e.message, BUILD_2));
    assert_non_null(strstr(e.hint, "lpctl unload lp_a"));
    assert_int_equal(k.n_finit, 0);
    assert_in("lp_a", BUILD_1);

    /* A file without a build id is not the loaded build. */
    assert_error(load_now("lp_a", NULL), -EEXIST, EXIT_STATUS_FAILED, "another build");
}

struct errno_case {
    int error;
    enum exit_status exit_status;
    const char *part;
};

/* KERNEL-FACTS: every errno of finit_module(2). */
static void test_each_errno(void **state _unused_) {
    static const struct errno_case cases[] = {
        { EPERM, EXIT_STATUS_REFUSED, "the kernel forbids loading this module" },
        { EACCES, EXIT_STATUS_REFUSED, "a security module forbids" },
        { EKEYREJECTED, EXIT_STATUS_REFUSED, "rejected its signature" },
        { EBADMSG, EXIT_STATUS_REFUSED, "signature malformed" },
        { ENOEXEC, EXIT_STATUS_KERNEL, "built for another kernel" },
        { EINVAL, EXIT_STATUS_FAILED, "cannot apply the patch" },
        { ENOENT, EXIT_STATUS_KERNEL, "needs a symbol" },
        { EEXIST, EXIT_STATUS_FAILED, "a module of that name is loaded" },
        { EBUSY, EXIT_STATUS_FAILED, "busy with another patch, or a tracer" },
        { ENODEV, EXIT_STATUS_FAILED, "patch's own code refused" },
        { EOPNOTSUPP, EXIT_STATUS_FAILED, "loading it failed: Operation not supported" },
        { ETXTBSY, EXIT_STATUS_REFUSED, "open for writing" },
        { ENOMEM, EXIT_STATUS_FAILED, "out of memory" },
        { EINTR, EXIT_STATUS_FAILED, "interrupted" },
        { EFBIG, EXIT_STATUS_REFUSED, "too large" },
        { EIO, EXIT_STATUS_FAILED, "cannot be read" },
        { ESRCH, EXIT_STATUS_FAILED, "loading it failed: No such process" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        fake_kernel_module(&k, "lp_a")->error = -cases[i].error;
        assert_error(load_now("lp_a", BUILD_1), -cases[i].error, cases[i].exit_status,
                     cases[i].part);
        assert_true(startswith(e.message, "lp_a.ko: ") && strstr(e.message, " (/lib/lp_a.ko)"));
        assert_absent("lp_a");
    }
}

static void test_privilege(void **state _unused_) {
    k.unprivileged = true;
    fake_kernel_text(&k, "/proc/self/status", "Name:\tx\nCapEff:\t0000000000000000\n");
    assert_error(load_now("lp_a", BUILD_1), -EPERM, EXIT_STATUS_PRIVILEGE, "only root");

    /* All capabilities but CAP_SYS_MODULE. */
    fake_kernel_text(&k, "/proc/self/status", "Name:\tx\nCapEff:\t000001fffffeffff\nSeccomp:\t0\n");
    assert_error(load_now("lp_a", BUILD_1), -EPERM, EXIT_STATUS_PRIVILEGE, "only root");

    fake_kernel_text(&k, "/proc/self/status", "Name:\tx\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n");
    assert_error(load_now("lp_a", BUILD_1), -EPERM, EXIT_STATUS_REFUSED,
                 "the kernel forbids loading this module");
}

static void test_lockdown(void **state _unused_) {
    fake_kernel_module(&k, "lp_a")->error = -EPERM;
    fake_kernel_text(&k, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
    assert_error(load_now("lp_a", BUILD_1), -EPERM, EXIT_STATUS_REFUSED, "locked down");
    fake_kernel_text(&k, "/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
    assert_error(load_now("lp_a", BUILD_1), -EPERM, EXIT_STATUS_REFUSED,
                 "the kernel forbids loading this module");
}

static void test_modules_disabled(void **state _unused_) {
    fake_kernel_text(&k, "/proc/sys/kernel/modules_disabled", "1\n");
    assert_error(load_now("lp_a", BUILD_1), -EPERM, EXIT_STATUS_LOCKED, "disabled until reboot");
    assert_int_equal(k.n_finit, 0);
}

static void lock_modules(struct fake_kernel *kernel) {
    fake_kernel_text(kernel, "/proc/sys/kernel/modules_disabled", "1\n");
}

static void test_modules_disabled_meanwhile(void **state _unused_) {
    k.on_finit = lock_modules;
    assert_error(load_now("lp_a", BUILD_1), -EPERM, EXIT_STATUS_LOCKED, "disabled until reboot");
    assert_int_equal(k.n_finit, 1);
}

static void switch_ftrace_off(struct fake_kernel *kernel) {
    fake_kernel_text(kernel, "/proc/sys/kernel/ftrace_enabled", "0\n");
}

static void test_ftrace_off(void **state _unused_) {
    fake_kernel_text(&k, "/proc/sys/kernel/ftrace_enabled", "0\n");
    assert_error(load_now("lp_a", BUILD_1), -EBUSY, EXIT_STATUS_FAILED, "function tracing");
    assert_string_equal(e.hint, "sysctl kernel.ftrace_enabled=1");
    assert_int_equal(k.n_finit, 0);

    /* The same if it is disabled in between. */
    fake_kernel_text(&k, "/proc/sys/kernel/ftrace_enabled", "1\n");
    k.on_finit = switch_ftrace_off;
    assert_error(load_now("lp_a", BUILD_1), -EBUSY, EXIT_STATUS_FAILED, "function tracing");
    assert_string_equal(e.hint, "sysctl kernel.ftrace_enabled=1");
}

static void test_kernel_without_livepatch(void **state _unused_) {
    fake_kernel_remove(&k, "/sys/kernel/livepatch");
    assert_error(load_now("lp_a", BUILD_1), -EOPNOTSUPP, EXIT_STATUS_KERNEL, "no live patching");
    assert_int_equal(k.n_finit, 0);
}

static void test_other_root(void **state _unused_) {
    k.host.live = false;
    assert_error(load_now("lp_a", BUILD_1), -EOPNOTSUPP, EXIT_STATUS_FAILED,
                 "not the running machine");
    assert_int_equal(k.n_finit, 0);
}

static void test_file_does_not_fit(void **state _unused_) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;

    fake_module_file("lp_a", BUILD_1, &f);
    f.info.livepatch = false;
    assert_error(load_file(&f, NULL, 0, &result), -EINVAL, EXIT_STATUS_REFUSED, "no live patch");
    f.info.livepatch = true;

    free(f.info.vermagic);
    f.info.vermagic = strdup("6.1.0-55-test SMP preempt mod_unload");
    assert_error(load_file(&f, NULL, 0, &result), -ENOEXEC, EXIT_STATUS_KERNEL,
                 "built for the kernel 6.1.0-55-test, not for " FAKE_RELEASE);

    free(f.info.name);
    f.info.name = strdup("../../etc/x");
    free(f.info.vermagic);
    f.info.vermagic = strdup(FAKE_RELEASE);
    assert_error(load_file(&f, NULL, 0, &result), -EBADMSG, EXIT_STATUS_REFUSED,
                 "name is not valid");
    assert_int_equal(k.n_finit, 0);
}

static void test_kernel_words(void **state _unused_) {
    struct fake_module *m = fake_kernel_module(&k, "lp_a");

    m->error = -EINVAL;
    m->words = "3,2,99,-;livepatch: symbol 'no_such' not found in symbol table\n SUBSYSTEM=module\n"
               "12,3,99,-;lp_a: forged by a user\n"
               "6,4,99,-;eth0: link up\n"
               "3,5,99,-;livepatch: 'lp_b': patching complete\n"
               "4,6,99,-;lp_a: module verification failed: signature missing\n";
    assert_error(load_now("lp_a", BUILD_1), -EINVAL, EXIT_STATUS_FAILED,
                 "(kernel: livepatch: symbol 'no_such' not found in symbol table; "
                 "lp_a: module verification failed: signature missing)");

    m->words = "5,7,99,-;PKCS7: Only support pkcs7_signedData type\n";
    assert_error(load_now("lp_a", BUILD_1), -EINVAL, EXIT_STATUS_REFUSED, "found its signature malformed (kernel: PKCS7: ");

    fake_kernel_remove(&k, "/dev/kmsg");
    assert_error(load_now("lp_a", BUILD_1), -EINVAL, EXIT_STATUS_FAILED, "cannot apply");
    assert_null(strstr(e.message, "kernel:"));
}

static void test_waits_for_transition(void **state _unused_) {
    assert_int_equal(load_now("lp_a", BUILD_1), 0);
    assert_int_equal(load_now("lp_b", BUILD_2), 0);
    assert_int_equal(result, LOAD_DONE);
    assert_in("lp_a", BUILD_1);
    assert_in("lp_b", BUILD_2);
    /* The kernel was called only when no transition was running. */
    assert_int_equal(k.n_finit, 2);
    assert_false(fake_kernel_module(&k, "lp_a")->transition);
    assert_null(e.message);
}

static void start_rival(struct fake_kernel *kernel) {
    if (kernel->n_finit == 1)
        fake_kernel_patch(kernel, "lp_rival", BUILD_2)->transition = true;
    fake_kernel_module(kernel, "lp_rival")->ends_at = kernel->now + USEC_PER_SEC;
    if (kernel->n_finit == 1)
        fake_kernel_text(kernel, "/sys/kernel/livepatch/lp_rival/transition", "1\n");
}

static void test_busy_then_waits(void **state _unused_) {
    k.on_finit = start_rival;
    assert_int_equal(load_now("lp_a", BUILD_1), 0);
    assert_int_equal(k.n_finit, 2);
    assert_in("lp_a", BUILD_1);
    assert_in("lp_rival", BUILD_2);
}

static void test_busy_for_a_moment(void **state _unused_) {
    struct fake_module *m = fake_kernel_module(&k, "lp_a");

    m->error = -EBUSY;
    m->error_times = 1;
    assert_int_equal(load_now("lp_a", BUILD_1), 0);
    assert_int_equal(k.n_finit, 2);

    /* The wait is limited. */
    m = fake_kernel_module(&k, "lp_b");
    m->error = -EBUSY;
    k.n_finit = 0;
    assert_error(load_now("lp_b", BUILD_1), -EBUSY, EXIT_STATUS_FAILED, "busy");
    assert_uint_in_range(k.n_finit, 2, 10);
}

static void test_busy_too_long(void **state _unused_) {
    uint64_t start = k.now;

    fake_kernel_module(&k, "lp_a")->stalls = true;
    assert_int_equal(load_now("lp_a", BUILD_1), 0);
    assert_error(load_now("lp_b", BUILD_2), -ETIME, EXIT_STATUS_TIMEOUT,
                 "/lib/lp_b.ko has to wait: lp_a: the transition has not finished after 60 s");
    assert_non_null(strstr(e.hint, "lpctl blocking lp_a"));
    assert_int_equal(k.now - start, 60 * USEC_PER_SEC);
    assert_absent("lp_b");
}

static void load_rival(struct fake_kernel *kernel) {
    if (kernel->n_finit == 1)
        fake_kernel_patch(kernel, "lp_a", BUILD_1);
}

static void test_somebody_was_faster(void **state _unused_) {
    k.on_finit = load_rival;
    assert_int_equal(load_now("lp_a", BUILD_1), 0);
    assert_int_equal(result, LOAD_ALREADY);
}

static void test_cumulative_and_back(void **state _unused_) {
    fake_kernel_module(&k, "lp_a")->replace = true;
    fake_kernel_module(&k, "lp_b")->replace = true;

    /* Each load starts while the transition of the previous one is still running. */
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(load_now(i % 2 == 0 ? "lp_a" : "lp_b", BUILD_1), 0);
        assert_int_equal(result, LOAD_DONE);
        assert_int_equal(k.n_finit, i + 1);
    }
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    fake_kernel_advance(&k, 1);
    assert_in("lp_b", BUILD_1);
    assert_false(fake_kernel_module(&k, "lp_a")->registered);
    assert_true(fake_kernel_module(&k, "lp_a")->loaded);
}

static void test_replacement_may_stall(void **state _unused_) {
    fake_kernel_patch(&k, "lp_a", BUILD_1);
    fake_kernel_module(&k, "lp_b")->replace = true;
    fake_kernel_module(&k, "lp_b")->stalls = true;
    assert_int_equal(load_now("lp_b", BUILD_2), 0);

    /* The kernel does not say whether lp_b is cumulative: the patch counts as loaded, as far as is
     * known. */
    assert_int_equal(load_now("lp_a", BUILD_1), 0);
    assert_int_equal(result, LOAD_ALREADY);
    assert_null(e.message);

    fake_kernel_text(&k, "/sys/kernel/livepatch/lp_b/replace", "1\n");
    assert_error(load_now("lp_a", BUILD_1), -ETIME, EXIT_STATUS_TIMEOUT, "lp_b: the transition");

    /* lp_b is not cumulative: no need to wait. */
    fake_kernel_text(&k, "/sys/kernel/livepatch/lp_b/replace", "0\n");
    k.n_sleep = 0;
    assert_int_equal(load_now("lp_a", BUILD_1), 0);
    assert_int_equal(result, LOAD_ALREADY);
    assert_int_equal(k.n_sleep, 0);
}

static void test_remains_are_removed(void **state _unused_) {
    struct fake_module *m = fake_kernel_patch(&k, "lp_a", BUILD_1);

    m->reference_usec = 100 * USEC_PER_MSEC;
    start_disabling("lp_a");
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    assert_true(m->loaded && !m->registered && m->references == 1);

    /* Another build can be loaded now. */
    assert_int_equal(load_now("lp_a", BUILD_2), 0);
    assert_int_equal(result, LOAD_DONE);
    assert_in("lp_a", BUILD_2);
}

static void test_remains_are_held(void **state _unused_) {
    struct fake_module *m = fake_kernel_patch(&k, "lp_a", BUILD_1);

    m->forced = true;
    start_disabling("lp_a");
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    assert_error(load_now("lp_a", BUILD_2), -EWOULDBLOCK, EXIT_STATUS_FAILED,
                 "its module is in use");

    fake_kernel_text(&k, "/proc/sys/kernel/modules_disabled", "1\n");
    assert_error(load_now("lp_a", BUILD_2), -EPERM, EXIT_STATUS_LOCKED, "disabled until reboot");
}

static void test_ordinary_module_is_spared(void **state _unused_) {
    fake_kernel_module(&k, "nf_tables")->plain = true;
    fake_kernel_patch(&k, "nf_tables", BUILD_1);
    assert_error(load_now("nf_tables", BUILD_2), -EEXIST, EXIT_STATUS_FAILED, "is not a live patch");
    assert_int_equal(k.n_delete, 0);
    assert_true(fake_kernel_module(&k, "nf_tables")->loaded);
}

static void test_turned_back(void **state _unused_) {
    struct fake_module *m = fake_kernel_patch(&k, "lp_a", BUILD_1);

    m->stalls_back = true;
    start_disabling("lp_a");
    assert_int_equal(load_now("lp_a", BUILD_1), 0);
    assert_int_equal(result, LOAD_RESTORED);
    assert_true(m->enabled && m->transition);
    assert_int_equal(k.n_finit, 0);
}

static void test_waits_for_other_build_to_go(void **state _unused_) {
    struct fake_module *m = fake_kernel_patch(&k, "lp_a", BUILD_1);

    start_disabling("lp_a");
    assert_int_equal(load_now("lp_a", BUILD_2), 0);
    assert_int_equal(result, LOAD_DONE);
    assert_in("lp_a", BUILD_2);

    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    m->stalls_back = true;
    start_disabling("lp_a");
    assert_error(load_now("lp_a", BUILD_1), -ETIME, EXIT_STATUS_TIMEOUT, "disabling it has not finished");
}

static void test_registers_no_patch(void **state _unused_) {
    fake_kernel_module(&k, "lp_a")->plain = true;
    fake_kernel_module(&k, "lp_a")->taint = "OK";
    assert_error(load_now("lp_a", BUILD_1), -EINVAL, EXIT_STATUS_REFUSED,
                 "registers no live patch; it was unloaded again");
    assert_absent("lp_a");
}

/* The name in .modinfo proves nothing: the kernel uses the one in struct module. */
static void test_name_is_another(void **state _unused_) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;

    fake_kernel_patch(&k, "lp_other", BUILD_2);
    fake_module_file("lp_true", BUILD_1, &f);
    free(f.info.name);
    f.info.name = strdup("lp_false");
    assert_error(load_file(&f, NULL, USEC_INFINITY, &result), -ESTALE, EXIT_STATUS_REFUSED,
                 "a module under another name than the module's own; it was unloaded again");
    assert_absent("lp_true");
    assert_in("lp_other", BUILD_2);

    /* Without a build id, the patch that has appeared is taken. */
    free(f.info.build_id);
    f.info.build_id = NULL;
    assert_error(load_file(&f, NULL, USEC_INFINITY, &result), -ESTALE, EXIT_STATUS_REFUSED,
                 "it was unloaded again");
    assert_absent("lp_true");

    fake_kernel_module(&k, "lp_true")->stalls_back = true;
    assert_error(load_file(&f, NULL, USEC_INFINITY, &result), -ESTALE, EXIT_STATUS_REFUSED,
                 "unloading it again failed: ");
}

/* A file as LoadPin and IPE require it, with the bytes that a server returns for the second
 * reading. */
static void file_to_load(const char *name, const char *build_id, const char *second_reading,
                         struct module_file *ret) {
    fake_module_file(name, build_id, ret);
    fake_kernel_text(&k, "/lib/served.ko", second_reading);
    ret->file_fd = file_open(&k.host, "/lib/served.ko", O_RDONLY, 0);
    assert_true(ret->file_fd >= 0);
}

#define SERVED(name, build_id) "name=" name " build_id=" build_id "\n"

static void test_file_is_wanted(void **state _unused_) {
    static const int refusals[] = { -EPERM, -EACCES };

    for (size_t i = 0; i < ELEMENTSOF(refusals); i++) {
        _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;

        file_to_load("lp_a", BUILD_1, SERVED("lp_a", BUILD_1), &f);
        k.memory_error = refusals[i];
        /* The kernel would read bytes that were not checked. */
        fake_kernel_text(&k, "/sys/module/module/parameters/sig_enforce", "N\n");
        k.n_finit = 0;
        assert_error(load_file(&f, NULL, USEC_INFINITY, &result), refusals[i], EXIT_STATUS_REFUSED, "");
        assert_non_null(strstr(e.hint, "EnforceInKernel=yes"));
        assert_int_equal(k.n_finit, 1);
        assert_absent("lp_a");

        fake_kernel_text(&k, "/sys/module/module/parameters/sig_enforce", "Y\n");
        assert_int_equal(load_file(&f, NULL, USEC_INFINITY, &result), 0);
        assert_int_equal(result, LOAD_DONE);
        assert_int_equal(k.flags, 0);
        assert_in("lp_a", BUILD_1);
        fake_kernel_advance(&k, 2 * USEC_PER_SEC);
        assert_int_equal(livepatch_unload(&k.host, "lp_a", USEC_INFINITY, NULL), 1);
    }
}

/* A security module refuses the file, whose label is that of its directory. */
static void test_wrong_label(void **state _unused_) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;

    file_to_load("lp_a", BUILD_1, SERVED("lp_a", BUILD_1), &f);
    fake_kernel_module(&k, "lp_a")->error = -EACCES;
    k.label = "system_u:object_r:lib_t:s0";
    assert_error(load_file(&f, NULL, USEC_INFINITY, &result), -EACCES, EXIT_STATUS_REFUSED,
                 "a security module forbids loading it from memory");
    fake_kernel_text(&k, "/sys/module/module/parameters/sig_enforce", "Y\n");
    assert_error(load_file(&f, NULL, USEC_INFINITY, &result), -EACCES, EXIT_STATUS_REFUSED,
                 "its SELinux label is lib_t, not modules_object_t");
    assert_non_null(strstr(e.hint, "chcon -t modules_object_t "));
    k.label = "system_u:object_r:modules_object_t:s0";
    assert_error(load_file(&f, NULL, USEC_INFINITY, &result), -EACCES, EXIT_STATUS_REFUSED,
                 "a security module forbids loading it");
    assert_null(strstr(e.hint, "chcon"));
    k.label = "nonsense";
    assert_error(load_file(&f, NULL, USEC_INFINITY, &result), -EACCES, EXIT_STATUS_REFUSED,
                 "a security module forbids loading it");
    k.label = "system_u:object_r:lib_t:s0";
    fake_kernel_module(&k, "lp_a")->error = -EKEYREJECTED;
    assert_error(load_file(&f, NULL, USEC_INFINITY, &result), -EKEYREJECTED, EXIT_STATUS_REFUSED, "its signature");
}

/* The file is validly signed, but it is not the one that was checked. */
static void test_file_was_another(void **state _unused_) {
    static const char *const served[] = { SERVED("lp_a", BUILD_2), SERVED("lp_b", BUILD_1),
                                          SERVED("lp_b", BUILD_2) };

    k.memory_error = -EACCES;
    fake_kernel_text(&k, "/sys/module/module/parameters/sig_enforce", "Y\n");
    for (size_t i = 0; i < ELEMENTSOF(served); i++) {
        _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;

        file_to_load("lp_a", BUILD_1, served[i], &f);
        assert_error(load_file(&f, NULL, USEC_INFINITY, &result), -ESTALE, EXIT_STATUS_REFUSED,
                     "it was unloaded again");
        assert_absent("lp_a");
        assert_absent("lp_b");
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(test_load),
        TEST(test_already),
        TEST(test_signed),
        TEST(test_taken_in_as_unsigned),
        TEST(test_stays_although_unsigned),
        TEST(test_already_in_unsigned),
        TEST(test_stale_build),
        TEST(test_each_errno),
        TEST(test_privilege),
        TEST(test_lockdown),
        TEST(test_wrong_label),
        TEST(test_modules_disabled),
        TEST(test_modules_disabled_meanwhile),
        TEST(test_ftrace_off),
        TEST(test_already_without_build_id),
        TEST(test_kernel_without_livepatch),
        TEST(test_other_root),
        TEST(test_file_does_not_fit),
        TEST(test_kernel_words),
        TEST(test_waits_for_transition),
        TEST(test_busy_then_waits),
        TEST(test_busy_for_a_moment),
        TEST(test_busy_too_long),
        TEST(test_somebody_was_faster),
        TEST(test_cumulative_and_back),
        TEST(test_replacement_may_stall),
        TEST(test_remains_are_removed),
        TEST(test_remains_are_held),
        TEST(test_ordinary_module_is_spared),
        TEST(test_turned_back),
        TEST(test_waits_for_other_build_to_go),
        TEST(test_registers_no_patch),
        TEST(test_name_is_another),
        TEST(test_file_is_wanted),
        TEST(test_file_was_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
