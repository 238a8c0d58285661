/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "execute-test.h"
#include "load/probe.h"
#include "state/ledger.h"

/* Loads and unloads according to their plans. */

static void test_load(void **state _unused_) {
    patch("fix-it", "Parameters=verbose=1 depth=2\n");
    assert_int_equal(load("fix_it"), 1);
    assert_true(is_in("fix_it"));
    assert_string_equal(k.parameters, "verbose=1 depth=2");
    assert_int_equal(k.flags, 0);
    assert_result("fix-it", "load", "active");
    assert_true(result.loaded);
    assert_false(result.from_file);
    assert_false(result.complete);
    assert_true(result.monotonic_usec == k.now);
    assert_true(result.since_usec > 0);
    assert_string_equal(result.stage, "system");
    assert_string_equal(result.module_path, MODULES "fix-it.ko");
    assert_string_equal(result.module_name, "fix_it");
    assert_string_equal(result.build_id, BUILD_1);
    assert_int_equal(result.exit_status, EXIT_STATUS_DONE);
    assert_null(result.reason);
    /* It does not wait for the transition. */
    assert_int_equal(k.n_sleep, 0);
}

/* The machine has lived with the module that was to be loaded last. */
static void confirm(const char *name) {
    struct ledger_build b = { .kernel = strdup(FAKE_RELEASE), .sha256 = strdup(result.sha256),
                              .name = strdup(name) };

    assert_int_equal(ledger_confirm(&k.host, &b, "initrd", /* by_hand= */ false), 1);
    ledger_build_done(&b);
}

static void test_load_in_the_initramfs(void **state _unused_) {
    patch("early", "Stage=initrd\n");
    patch("late", "");
    fake_kernel_text(&k, "/etc/initrd-release", "");
    assert_failed(load("early"), -EDQUOT, EXIT_STATUS_FAILED, "skipped", "on trial: loaded on the host");
    confirm("early");
    assert_int_equal(load("early"), 1);
    assert_string_equal(result.stage, "initrd");
    assert_failed(load("late"), -ECANCELED, EXIT_STATUS_FAILED, "skipped", "Stage=system");
}

static void test_load_again(void **state _unused_) {
    uint64_t at;

    patch("other", "");
    patch("fix-it", "");
    assert_int_equal(load("other"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    assert_int_equal(load("fix-it"), 1);
    at = k.now;
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    /* The monitor records this when the transition has ended. */
    result.complete = true;
    assert_int_equal(result_write(&k.host, &result), 0);
    assert_int_equal(load("fix-it"), 0);
    assert_true(result.complete);
    assert_int_equal(k.n_finit, 2);
    /* The time of the load counts, and the patches that were loaded then. */
    assert_result("fix-it", "load", "active");
    assert_true(result.monotonic_usec == at);
    assert_int_equal(strv_length(result.replaces), 1);
    assert_string_equal(result.replaces[0], "other");
}

/* Another program has loaded it: from now on it counts as lpd's. */
static void test_load_what_others_loaded(void **state _unused_) {
    patch("fix-it", "");
    fake_kernel_patch(&k, "fix_it", BUILD_1);
    assert_int_equal(load("fix-it"), 0);
    assert_int_equal(k.n_finit, 0);
    assert_result("fix-it", "load", "active");
    assert_true(result.loaded);
    assert_int_equal(strv_length(result.replaces), 0);

    /* The same if lpd had loaded it once. */
    assert_int_equal(unload("fix-it"), 1);
    fake_kernel_patch(&k, "fix_it", BUILD_1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    assert_int_equal(load("fix-it"), 0);
    assert_true(result.monotonic_usec == k.now);
}

static void test_load_unknown(void **state _unused_) {
    int r = load("fix-it");

    assert_int_equal(e.exit_status, EXIT_STATUS_NO_PATCH);
    assert_error_has(r, -ENOENT, &e, "there is no patch fix-it");
    assert_null(result.name);
    assert_false(file_exists(&k.host, RESULTS_DIRECTORY));
}

static void test_load_pinned(void **state _unused_) {
    static const char pinned[] = "[Patch]\n[Kernel:" FAKE_RELEASE "]\nSHA256=%s\n";
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_free_ char *wrong = NULL, *both = NULL, *hashes = NULL;

    patch("fix-it", "");
    assert_true(asprintf(&wrong, pinned, zeros) >= 0);
    manifest("fix-it", wrong);
    assert_failed(load("fix-it"), -EKEYREJECTED, EXIT_STATUS_REFUSED, "refused",
                  "but the manifest has 0000");
    assert_non_null(strstr(result.hint, "correct SHA256= in [Kernel:" FAKE_RELEASE "]"));
    assert_result("fix-it", "load", "refused");
    assert_int_equal(k.n_finit, 0);
    assert_false(result.loaded);

    /* While an install replaces the module, two hashes are allowed. */
    assert_int_equal(module_file_open(&k.host, MODULES "fix-it.ko", &f, NULL), 0);
    module_file_sha256(&f);
    assert_true(asprintf(&hashes, "%s %s", zeros, f.sha256) >= 0);
    assert_true(asprintf(&both, pinned, hashes) >= 0);
    manifest("fix-it", both);
    assert_int_equal(load("fix-it"), 1);
    assert_string_equal(result.sha256, f.sha256);
}

static void test_load_for_another_kernel(void **state _unused_) {
    patch("fix-it", "");
    write_module(MODULES "fix-it.ko", "fix_it", BUILD_1, "6.1.0-55-test");
    assert_failed(load("fix-it"), -ENOEXEC, EXIT_STATUS_KERNEL, "failed", "6.1.0-55-test");
    assert_int_equal(k.n_finit, 0);
}

static void test_load_without_module(void **state _unused_) {
    manifest("fix-it", "[Patch]\n");
    assert_failed(load("fix-it"), -ECANCELED, EXIT_STATUS_KERNEL, "skipped",
                  "no module for " FAKE_RELEASE);
}

static void test_load_bad_module(void **state _unused_) {
    patch("fix-it", "");
    fake_kernel_text(&k, MODULES "fix-it.ko", "a cat");
    assert_failed(load("fix-it"), -ENOEXEC, EXIT_STATUS_REFUSED, "failed", "fix-it.ko: not a kernel module");
    assert_int_equal(k.n_finit, 0);
}

static void test_load_unchecked(void **state _unused_) {
    patch("fix-it", "");
    write_policy("required");
    assert_failed(load("fix-it"), -EKEYREJECTED, EXIT_STATUS_REFUSED, "refused",
                  "it is not signed (unsigned, Signature=required)");
    assert_string_equal(result.verdict, "unsigned");
    write_policy("requird");
    assert_failed(load("fix-it"), -ECANCELED, EXIT_STATUS_CONFIG, "failed", "/etc/lpd/lpd.conf:2: ");
    assert_int_equal(k.n_finit, 0);
}

static void test_load_broken_manifest(void **state _unused_) {
    patch("fix-it", "Tiemout=1\n");
    patch("other", "");
    assert_failed(load("fix-it"), -ECANCELED, EXIT_STATUS_CONFIG, "failed", "fix-it.conf:2: ");
    assert_int_equal(load("other"), 1);
}

/* Enabled=no is for the boot; an explicit request loads the patch. */
static void test_load_disabled(void **state _unused_) {
    patch("fix-it", "Enabled=no\n");
    assert_int_equal(load("fix-it"), 1);
    /* Now the plan also has an action to unload it. */
    assert_int_equal(load("fix-it"), 0);
    assert_result("fix-it", "load", "active");
}

static void test_load_switched_off(void **state _unused_) {
    uint64_t at = k.now;

    patch("fix-it", "");
    assert_int_equal(load("fix-it"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    fake_kernel_text(&k, "/etc/lpd/disable", "");
    assert_failed(load("fix-it"), -ECANCELED, EXIT_STATUS_FAILED, "skipped", "/etc/lpd/disable");
    /* It is loaded anyway, and lpd has recorded that it loaded it. */
    assert_true(is_in("fix_it"));
    assert_true(result.loaded);
    assert_true(result.monotonic_usec == at);
    assert_string_equal(result.module_name, "fix_it");
}

static void test_load_another_build(void **state _unused_) {
    patch("other", "");
    patch("fix-it", "");
    assert_int_equal(load("other"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    assert_int_equal(load("fix-it"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    write_module(MODULES "fix-it.ko", "fix_it", BUILD_2, FAKE_RELEASE);
    assert_failed(load("fix-it"), -EEXIST, EXIT_STATUS_FAILED, "failed", "another build");
    /* The record describes the loaded build. */
    assert_true(result.loaded);
    assert_string_equal(result.build_id, BUILD_1);
    assert_int_equal(strv_length(result.replaces), 1);
    /* After it is unloaded, the new one can be loaded. */
    assert_int_equal(unload("fix-it"), 1);
    assert_int_equal(load("fix-it"), 1);
    assert_string_equal(result.build_id, BUILD_2);
}

static void test_load_what_others_took_out(void **state _unused_) {
    patch("fix-it", "");
    assert_int_equal(load("fix-it"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    assert_int_equal(livepatch_unload(&k.host, "fix_it", USEC_INFINITY, NULL), 1);
    fake_kernel_module(&k, "fix_it")->error = -EINVAL;
    assert_failed(load("fix-it"), -EINVAL, EXIT_STATUS_FAILED, "failed", "fix-it.ko");
    assert_false(result.loaded);
}

static void test_load_refused_by_the_kernel(void **state _unused_) {
    struct fake_module *m = fake_kernel_module(&k, "fix_it");

    patch("fix-it", "");
    m->error = -ENOENT;
    m->words = "3,2,2,-;fix_it: Unknown symbol nf_magic (err -2)\n";
    assert_failed(load("fix-it"), -ENOENT, EXIT_STATUS_KERNEL, "failed", "Unknown symbol nf_magic");
    assert_false(result.loaded);
    m->error = 0;
    assert_int_equal(load("fix-it"), 1);
    assert_null(result.reason);
}

static void test_requires(void **state _unused_) {
    patch("a", "");
    patch("b", "Requires=a\n");
    patch("c", "Requires=nobody\n");
    assert_failed(load("b"), -ECANCELED, EXIT_STATUS_FAILED, "failed", "requires a, which is not loaded");
    assert_non_null(strstr(result.hint, "lpctl load a"));
    assert_int_equal(k.n_finit, 0);
    assert_int_equal(load("a"), 1);
    assert_int_equal(load("b"), 1);
    assert_failed(load("c"), -ECANCELED, EXIT_STATUS_FAILED, "failed", "nobody: there is no such");
}

/* The first one names the other, whose own manifest names nothing. */
static void test_conflict(void **state _unused_) {
    patch("a", "");
    patch("z", "Conflicts=a\n");
    fake_kernel_patch(&k, "z", BUILD_1);
    assert_failed(load("a"), -ECANCELED, EXIT_STATUS_FAILED, "failed", "z is loaded");
    assert_int_equal(unload("z"), 1);
    assert_int_equal(load("a"), 1);
    assert_failed(load("z"), -ECANCELED, EXIT_STATUS_FAILED, "failed", "a is loaded");
}

static void test_over(void **state _unused_) {
    patch("new", "WaitFor=patched\n");
    patch("beside", "WaitFor=patched\n");
    fake_kernel_patch(&k, "a", BUILD_1);
    fake_kernel_patch(&k, "b", BUILD_1);
    /* All earlier patches are still in effect: nothing was replaced. */
    assert_int_equal(load("beside"), 1);
    assert_int_equal(strv_length(result.replaces), 0);
    fake_kernel_module(&k, "new")->replace = true;
    assert_int_equal(load("new"), 1);
    assert_int_equal(strv_length(result.replaces), 3);
    assert_string_equal(result.replaces[0], "a");
    assert_string_equal(result.replaces[1], "b");
    assert_string_equal(result.replaces[2], "beside");
}

static void test_name_of_the_module(void **state _unused_) {
    _cleanup_free_ char *name = NULL;

    manifest("fix-it", "[Patch]\n");
    write_module(MODULES "fix-it.ko", "livepatch_fix", BUILD_1, FAKE_RELEASE);
    name = execute_module_name(&k.host, "fix-it");
    assert_string_equal(name, "fix_it");
    assert_int_equal(load("fix-it"), 1);
    assert_true(is_in("livepatch_fix"));
    assert_string_equal(result.module_name, "livepatch_fix");
    free(name);
    name = execute_module_name(&k.host, "fix-it");
    assert_string_equal(name, "livepatch_fix");
    assert_int_equal(load("fix-it"), 0);
    assert_int_equal(unload("fix-it"), 1);
    assert_false(is_in("livepatch_fix"));
}

/* Two manifests whose modules have the same name: the kernel can have only one of them. */
static void test_namesake(void **state _unused_) {
    patch("fix-a", "");
    manifest("fix-b", "[Patch]\n");
    write_module(MODULES "fix-b.ko", "fix_a", BUILD_1, FAKE_RELEASE);
    assert_int_equal(load("fix-a"), 1);
    assert_failed(load("fix-b"), -EEXIST, EXIT_STATUS_FAILED, "failed",
                  "its module has the same name fix_a as that of fix-a, which is loaded");
    assert_false(result.loaded);
    assert_true(is_in("fix_a"));
    assert_int_equal(unload("fix-a"), 1);
    assert_int_equal(load("fix-b"), 1);
    assert_failed(load("fix-a"), -EEXIST, EXIT_STATUS_FAILED, "failed", "as that of fix-b");
}

static void block_record(struct fake_kernel *kernel) {
    fake_kernel_remove(kernel, RESULTS_DIRECTORY "/fix-it.json");
    fake_kernel_text(kernel, RESULTS_DIRECTORY "/fix-it.json/file", "");
}

/* A load that cannot be recorded does not happen. */
static void test_nowhere_to_write(void **state _unused_) {
    patch("fix-it", "");
    patch("other", "");
    block_record(&k);
    assert_failed(load("fix-it"), -EISDIR, EXIT_STATUS_FAILED, "failed",
                  "it is not loaded, because that cannot be recorded in /run/lpd: Is a directory");
    assert_non_null(strstr(e.hint, "df /run"));
    assert_int_equal(k.n_finit, 0);
    assert_int_equal(load("other"), 1);

    fake_kernel_remove(&k, RESULTS_DIRECTORY "/fix-it.json");
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    assert_int_equal(load("fix-it"), 1);
    assert_true(is_in("fix_it"));
    fake_kernel_advance(&k, 2 * USEC_PER_SEC);
    block_record(&k);
    assert_int_equal(unload("fix-it"), 1);
}

static char *loading_record;

static void keep_record(struct fake_kernel *kernel) {
    loading_record = strdup(fake_kernel_read(kernel, RESULTS_DIRECTORY "/fix-it.json"));
    k.on_finit = NULL;
}

/* The load is recorded as incomplete before the kernel is called. */
static void test_recorded_before(void **state _unused_) {
    patch("fix-it", "");
    k.on_finit = keep_record;
    assert_int_equal(load("fix-it"), 1);
    assert_non_null(strstr(loading_record, "\"state\":\"loading\""));
    assert_non_null(strstr(loading_record, "\"loaded\":true"));
    assert_non_null(strstr(loading_record, "\"complete\":false"));
    assert_non_null(strstr(loading_record, BUILD_1));
    free(loading_record);
    loading_record = NULL;
    assert_result("fix-it", "load", "active");
}

/* If the second write fails, the first record stays; a load that the kernel has refused has no
 * record then. */
static void fill_up(struct fake_kernel *kernel) {
    assert_int_equal(symlinkat("/nowhere", kernel->host.root_fd, "run/lpd-moved"), 0);
    assert_int_equal(renameat(kernel->host.root_fd, "run/lpd", kernel->host.root_fd, "run/lpd-kept"), 0);
    assert_int_equal(renameat(kernel->host.root_fd, "run/lpd-moved", kernel->host.root_fd, "run/lpd"), 0);
}

static void test_no_room_for_the_end(void **state _unused_) {
    _cleanup_(result_done) struct result written = {};

    patch("fix-it", "Probe=/bin/true\n");
    k.on_finit = fill_up;
    assert_int_equal(load("fix-it"), 1);
    assert_int_equal(unlinkat(k.host.root_fd, "run/lpd", 0), 0);
    assert_int_equal(renameat(k.host.root_fd, "run/lpd-kept", k.host.root_fd, "run/lpd"), 0);
    assert_int_equal(result_read(&k.host, "fix-it", &written), 0);
    assert_string_equal(written.state, "loading");
    assert_true(written.loaded);
    assert_false(written.complete);
}

static void test_wait_for_patched(void **state _unused_) {
    uint64_t begin = k.now;

    patch("fix-it", "WaitFor=patched\nProbe=/bin/true\n");
    assert_int_equal(load("fix-it"), 1);
    assert_uint_in_range(k.now - begin, USEC_PER_SEC, 2 * USEC_PER_SEC);
    assert_result("fix-it", "load", "active");
    assert_true(result.complete);
    assert_true(result.monotonic_usec == begin);
    assert_uint_in_range(result.transition_usec, USEC_PER_SEC, 2 * USEC_PER_SEC);
    /* Loading it again changes nothing. */
    fake_kernel_advance(&k, 60 * USEC_PER_SEC);
    assert_int_equal(load("fix-it"), 0);
    assert_true(result.complete);
    assert_uint_in_range(result.transition_usec, USEC_PER_SEC, 2 * USEC_PER_SEC);
}

/* The service that follows transitions runs it. */
static void test_loaded_runs_no_probe(void **state _unused_) {
    patch("fix-it", "Probe=/bin/false\n");
    assert_int_equal(load("fix-it"), 1);
    assert_true(is_in("fix_it"));
}

static void test_stall_wait(void **state _unused_) {
    uint64_t begin = k.now;

    patch("fix-it", "WaitFor=patched\nTimeoutSec=20s\n");
    fake_kernel_module(&k, "fix_it")->stalls = true;
    assert_failed(load("fix-it"), -ETIME, EXIT_STATUS_TIMEOUT, "failed", "has not finished after 20 s");
    assert_int_equal(k.now - begin, 20 * USEC_PER_SEC);
    assert_result("fix-it", "load", "failed");
    /* The transition continues. */
    assert_true(is_in("fix_it"));
    assert_true(result.loaded);
    assert_false(result.complete);
}

static void test_stall_revert(void **state _unused_) {
    patch("fix-it", "WaitFor=patched\nTimeoutSec=20s\nOnStall=revert\n");
    fake_kernel_module(&k, "fix_it")->stalls = true;
    assert_failed(load("fix-it"), -ETIME, EXIT_STATUS_TIMEOUT, "failed", "the patch was reverted");
    assert_result("fix-it", "load", "failed");
    assert_false(fake_kernel_module(&k, "fix_it")->loaded);
    assert_false(result.loaded);
}

static void test_stall_force(void **state _unused_) {
    patch("fix-it", "WaitFor=patched\nTimeoutSec=20s\nOnStall=force\n");
    fake_kernel_module(&k, "fix_it")->stalls = true;
    assert_int_equal(load("fix-it"), 1);
    assert_non_null(strstr(e.message, "it was forced"));
    assert_result("fix-it", "load", "active");
    assert_true(is_in("fix_it"));
    assert_true(result.complete);
    assert_false(fake_kernel_module(&k, "fix_it")->transition);
}

static void write_probe(const char *script) {
    _cleanup_free_ char *path = NULL, *keys = NULL;

    fake_kernel_text(&k, "/probe", script);
    assert_true(asprintf(&path, "%s/probe", k.root) >= 0);
    assert_int_equal(chmod(path, 0755), 0);
    assert_true(asprintf(&keys, "WaitFor=patched\nProbe=%s\n", path) >= 0);
    patch("fix-it", keys);
}

static void assert_probe_fails(const char *part) {
    assert_failed(load("fix-it"), -EPROTO, EXIT_STATUS_FAILED, "failed", part);
    assert_string_equal(result.hint, "the patch has been unloaded");
    assert_result("fix-it", "load", "failed");
    assert_false(fake_kernel_module(&k, "fix_it")->loaded);
    assert_false(result.loaded);
}

static void test_probe(void **state _unused_) {
    write_probe("#!/bin/sh\nexit 3\n");
    assert_probe_fails("/probe failed with status 3");
    write_probe("#!/bin/sh\nkill -9 $$\n");
    assert_probe_fails("/probe failed with signal 9");
    write_probe("#!/bin/sh\nexit 0\n");
    assert_int_equal(load("fix-it"), 1);
}

/* Nor do its children delay anything. */
static void test_probe_that_hangs(void **state _unused_) {
    write_probe("#!/bin/sh\nsleep 60 & sleep 60\n");
    fake_kernel_text(&k, "/etc/lpd/patches.d/fix-it.conf.d/quick.conf",
                     "[Patch]\nTimeoutSec=100ms\n");
    fake_kernel_module(&k, "fix_it")->transition_usec = 1;
    assert_failed(load("fix-it"), -ETIME, EXIT_STATUS_TIMEOUT, "failed", "did not finish within");
    assert_false(fake_kernel_module(&k, "fix_it")->loaded);
}

static void test_probe_that_cannot_run(void **state _unused_) {
    patch("fix-it", "WaitFor=patched\nProbe=/nowhere/probe\n");
    assert_failed(load("fix-it"), -ENOENT, EXIT_STATUS_FAILED, "failed",
                  "cannot run the probe /nowhere/probe");
    assert_false(is_in("fix_it"));
}

/* A directory that others can write to must not contain a program that root runs. */
static void test_probe_of_others(void **state _unused_) {
    _cleanup_(error_done) struct error why = ERROR_NULL;
    _cleanup_(host_close) struct host here = HOST_NULL;
    char path[] = "/tmp/lpd-probe-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(dprintf(fd, "#!/bin/sh\n"), 10);
    assert_int_equal(fchmod(fd, 0755), 0);
    (void) close(fd);
    assert_int_equal(host_open("/", &here), 0);
    assert_int_equal(probe_run(&here, path, USEC_PER_SEC, &why), -EPERM);
    (void) unlink(path);
    assert_int_equal(why.exit_status, EXIT_STATUS_REFUSED);
    assert_non_null(strstr(why.message, "the directory /tmp can be written by everybody"));
}

static void test_probe_and_no_way_out(void **state _unused_) {
    patch("fix-it", "WaitFor=patched\nProbe=/bin/false\n");
    fake_kernel_module(&k, "fix_it")->stalls_back = true;
    assert_failed(load("fix-it"), -EPROTO, EXIT_STATUS_FAILED, "failed", "/bin/false failed with");
    assert_non_null(strstr(result.hint, "could not be unloaded"));
}

/* A boot with one stalled patch and ten after it waits as long as for one, not for eleven. */
static void test_behind_a_stalled_one(void **state _unused_) {
    uint64_t begin;
    char name[8];

    patch("a", "");
    fake_kernel_module(&k, "a")->stalls = true;
    begin = k.now;
    assert_int_equal(load("a"), 1);
    fake_kernel_advance(&k, 10 * USEC_PER_SEC);
    for (unsigned i = 0; i < 10; i++) {
        (void) snprintf(name, sizeof(name), "b%u", i);
        patch(name, "TimeoutSec=30s\n");
        assert_failed(load(name), -ETIME, EXIT_STATUS_TIMEOUT, "failed", "has to wait");
        /* The monitor tries these again. */
        assert_result(name, "wait", "failed");
        assert_int_equal(k.now - begin, 30 * USEC_PER_SEC);
    }
    assert_int_equal(k.n_finit, 1);
    patch("c", "TimeoutSec=40s\n");
    assert_failed(load("c"), -ETIME, EXIT_STATUS_TIMEOUT, "failed", "has to wait");
    assert_int_equal(k.now - begin, 40 * USEC_PER_SEC);
}

static void end_stall(struct fake_kernel *kernel) {
    fake_kernel_module(kernel, "a")->ends_at = kernel->now;
}

static void test_behind_one_that_ends(void **state _unused_) {
    patch("a", "");
    patch("b", "");
    fake_kernel_module(&k, "a")->stalls = true;
    assert_int_equal(load("a"), 1);
    k.on_sleep = end_stall;
    assert_int_equal(load("b"), 1);
    assert_result("b", "load", "active");
}

/* It was loaded an hour ago; how long disabling it takes is independent of that. */
static void test_behind_one_that_goes(void **state _unused_) {
    patch("a", "");
    patch("b", "TimeoutSec=30s\n");
    assert_int_equal(load("a"), 1);
    fake_kernel_advance(&k, 3600 * USEC_PER_SEC);
    assert_int_equal(livepatch_write(&k.host, "a", "enabled", "0"), 0);
    assert_int_equal(load("b"), 1);
}

/* Its start time is unknown. */
static void test_behind_a_strange_one(void **state _unused_) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    uint64_t begin;

    patch("b", "TimeoutSec=30s\n");
    fake_kernel_module(&k, "strange")->stalls = true;
    fake_module_file("strange", BUILD_1, &f);
    assert_int_equal(k.host.ops->finit_module(&k.host, f.fd, "", 0), 0);
    begin = k.now;
    assert_failed(load("b"), -ETIME, EXIT_STATUS_TIMEOUT, "failed", "has to wait");
    assert_int_equal(k.now - begin, 30 * USEC_PER_SEC);
}

static void test_unload(void **state _unused_) {
    patch("fix-it", "");
    assert_int_equal(unload("fix-it"), 0);
    assert_false(file_exists(&k.host, RESULTS_DIRECTORY "/fix-it.json"));
    assert_int_equal(load("fix-it"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    assert_int_equal(unload("fix_it"), 1);
    assert_result("fix-it", "unload", "disabled");
    assert_false(result.loaded);
    assert_false(fake_kernel_module(&k, "fix_it")->loaded);
    assert_int_equal(unload("fix-it"), 0);
    assert_int_equal(load("fix-it"), 1);
    assert_true(result.loaded);
}

static void test_unload_without_manifest(void **state _unused_) {
    fake_kernel_patch(&k, "strange", BUILD_1);
    assert_int_equal(unload("strange"), 1);
    assert_result("strange", "unload", "disabled");
}

/* The record has its module's name, and the request another spelling. */
static void test_unload_file(void **state _unused_) {
    write_module("/root/fix-it.ko", "fix_it", BUILD_1, FAKE_RELEASE);
    assert_int_equal(load_path("/root/fix-it.ko", NULL), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    assert_int_equal(unload("fix-it"), 1);
    assert_result("fix_it", "unload", "disabled");
}

/* Completing the unload of a patch that others have disabled does not make it lpd's doing. */
static void test_unload_the_rest(void **state _unused_) {
    for (unsigned by_others = 0; by_others < 2; by_others++) {
        patch("fix-it", "");
        assert_int_equal(load("fix-it"), 1);
        fake_kernel_advance(&k, 5 * USEC_PER_SEC);
        result.loaded = false;
        assert_int_equal(string_set(&result.state, "disabled"), 0);
        assert_int_equal(string_set(&result.reason, "by others"), 0);
        assert_int_equal(result_write(&k.host, &result), 0);
        if (by_others) {
            assert_int_equal(k.host.ops->write_value(&k.host, "/sys/kernel/livepatch/fix_it/enabled", "0"), 0);
            fake_kernel_advance(&k, 5 * USEC_PER_SEC);
        }
        assert_int_equal(unload("fix-it"), 1);
        assert_result("fix-it", "unload", "disabled");
        assert_string_equal(strempty(result.reason), by_others ? "by others" : "");
    }
}

static void test_unload_stalls(void **state _unused_) {
    uint64_t at;

    patch("fix-it", "TimeoutSec=20s\n");
    assert_int_equal(load("fix-it"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    fake_kernel_module(&k, "fix_it")->stalls_back = true;
    at = k.now;
    assert_failed(unload("fix-it"), -ETIME, EXIT_STATUS_TIMEOUT, "failed", "disabling it has not finished");
    assert_int_equal(k.now - at, 20 * USEC_PER_SEC);
    assert_result("fix-it", "unload", "failed");
    assert_false(result.loaded);
    assert_true(result.monotonic_usec == at);
}

static void test_unload_refused(void **state _unused_) {
    uint64_t at = k.now;

    patch("fix-it", "");
    assert_int_equal(load("fix-it"), 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    k.unprivileged = true;
    assert_failed(unload("fix-it"), -EACCES, EXIT_STATUS_PRIVILEGE, "failed", "root");
    /* Everything is as before. */
    assert_true(result.loaded);
    assert_true(result.monotonic_usec == at);
}

static void test_load_file(void **state _unused_) {
    write_module("/root/fix-it.ko", "fix_it", BUILD_1, FAKE_RELEASE);
    assert_int_equal(load_path("/root/fix-it.ko", "verbose=1"), 1);
    assert_true(is_in("fix_it"));
    assert_string_equal(k.parameters, "verbose=1");
    assert_result("fix_it", "load", "active");
    assert_string_equal(result.module_path, "/root/fix-it.ko");
    assert_true(result.from_file);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    assert_int_equal(load_path("/root/fix-it.ko", NULL), 0);
    assert_true(result.from_file);
}

/* A crash kernel only saves a dump: nothing is loaded, by file or by name. */
static void test_crash_kernel(void **state _unused_) {
    write_module("/root/fix-it.ko", "fix_it", BUILD_1, FAKE_RELEASE);
    patch("fix-it", "");
    for (unsigned i = 0; i < 2; i++) {
        fake_kernel_text(&k, i ? "/proc/vmcore" : "/proc/cmdline", i ? "" : "ro elfcorehdr=0x1000 quiet\n");
        assert_failed(load("fix-it"), -ECANCELED, EXIT_STATUS_FAILED, "skipped", "this is a crash kernel");
        assert_error_has(load_path("/root/fix-it.ko", NULL), -ECANCELED, &e, "this is a crash kernel");
        assert_int_equal(e.exit_status, EXIT_STATUS_FAILED);
        assert_int_equal(k.n_finit, 0);
        fake_kernel_text(&k, "/proc/cmdline", "ro quiet\n");
    }
}

static void test_load_file_refused(void **state _unused_) {
    int r;

    write_module("/root/fix-it.ko", "fix_it", BUILD_1, FAKE_RELEASE);
    write_policy("required");
    r = load_path("/root/fix-it.ko", NULL);
    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    assert_error_has(r, -EKEYREJECTED, &e, "fix-it.ko: it is not signed");
    assert_null(result.name);
    write_policy("permissive");
    assert_error_has(load_path("/root/nothing.ko", NULL), -ENOENT, &e, "/root/nothing.ko");
    write_module("/root/bad.ko", "../../etc/passwd", BUILD_1, FAKE_RELEASE);
    assert_error_has(load_path("/root/bad.ko", NULL), -ENOEXEC, &e, "/root/bad.ko");
    assert_int_equal(k.n_finit, 0);
    assert_false(file_exists(&k.host, RESULTS_DIRECTORY));
}

#define SIG_ENFORCE "/sys/module/module/parameters/sig_enforce"

static void enforce_before_load(struct fake_kernel *kernel) {
    assert_string_equal(fake_kernel_read(kernel, SIG_ENFORCE), "1");
}

static void test_enforce_in_kernel(void **state _unused_) {
    patch("a", "");
    patch("b", "");
    fake_kernel_text(&k, "/etc/lpd/lpd.conf",
                     "[Trust]\nSignature=permissive\nEnforceInKernel=yes\n");
    fake_kernel_text(&k, SIG_ENFORCE, "N\n");
    k.on_finit = enforce_before_load;
    assert_int_equal(load("a"), 1);
    assert_int_equal(k.n_write, 1);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    assert_int_equal(load("b"), 1);
    assert_int_equal(k.n_write, 1);
    assert_int_equal(k.n_finit, 2);
}

static void test_enforce_refused(void **state _unused_) {
    patch("a", "");
    fake_kernel_text(&k, "/etc/lpd/lpd.conf",
                     "[Trust]\nSignature=permissive\nEnforceInKernel=yes\n");
    assert_failed(load("a"), -ENOENT, EXIT_STATUS_FAILED, "failed",
                  "EnforceInKernel=yes, but the kernel does not");
    fake_kernel_text(&k, SIG_ENFORCE, "N\n");
    k.write_error = -EPERM;
    assert_failed(load("a"), -EPERM, EXIT_STATUS_FAILED, "failed", "Operation not permitted");
    assert_int_equal(k.n_finit, 0);
    assert_false(is_in("a"));
}

static void append(const char *path, const char *data, size_t size) {
    _cleanup_close_ int fd = file_open(&k.host, path, O_WRONLY | O_APPEND, 0);

    assert_int_equal(write(fd, data, size), size);
}

/* The record of a loaded patch keeps the verdict of its load. */
static void test_verdict(void **state _unused_) {
    _cleanup_(result_done) struct result written = {};

    patch("a", "");
    assert_int_equal(load("a"), 1);
    assert_string_equal(result.verdict, "unsigned");
    assert_null(result.way);
    fake_kernel_advance(&k, 5 * USEC_PER_SEC);
    append(MODULES "a.ko", "x\0\0\2\0\0\0\0\0\0\0\0\1~Module signature appended~\n", 1 + 12 + 28);
    write_policy("required");
    assert_int_equal(load("a"), -EKEYREJECTED);
    assert_int_equal(result_read(&k.host, "a", &written), 0);
    assert_true(written.loaded);
    assert_string_equal(written.verdict, "unsigned");
    assert_string_equal(result.verdict, "unsigned");
    assert_true(is_in("a"));

    patch("b", "");
    assert_failed(load("b"), -EKEYREJECTED, EXIT_STATUS_REFUSED, "refused", "it is not signed");
    assert_string_equal(result.verdict, "unsigned");
    assert_false(is_in("b"));
    assert_int_equal(k.n_finit, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_load),
        TEST(test_load_in_the_initramfs),
        TEST(test_load_again),
        TEST(test_load_what_others_loaded),
        TEST(test_load_unknown),
        TEST(test_load_pinned),
        TEST(test_load_for_another_kernel),
        TEST(test_load_without_module),
        TEST(test_load_bad_module),
        TEST(test_load_unchecked),
        TEST(test_load_broken_manifest),
        TEST(test_load_disabled),
        TEST(test_load_switched_off),
        TEST(test_load_another_build),
        TEST(test_load_what_others_took_out),
        TEST(test_load_refused_by_the_kernel),
        TEST(test_requires),
        TEST(test_conflict),
        TEST(test_over),
        TEST(test_name_of_the_module),
        TEST(test_namesake),
        TEST(test_nowhere_to_write), TEST(test_recorded_before), TEST(test_no_room_for_the_end),
        TEST(test_wait_for_patched),
        TEST(test_loaded_runs_no_probe),
        TEST(test_stall_wait),
        TEST(test_stall_revert),
        TEST(test_stall_force),
        TEST(test_probe),
        TEST(test_probe_that_hangs),
        TEST(test_probe_of_others),
        TEST(test_probe_that_cannot_run),
        TEST(test_probe_and_no_way_out),
        TEST(test_behind_a_stalled_one),
        TEST(test_behind_one_that_ends),
        TEST(test_behind_one_that_goes),
        TEST(test_behind_a_strange_one),
        TEST(test_unload),
        TEST(test_unload_without_manifest),
        TEST(test_unload_file),
        TEST(test_unload_the_rest),
        TEST(test_unload_stalls),
        TEST(test_unload_refused),
        TEST(test_load_file),
        TEST(test_crash_kernel),
        TEST(test_load_file_refused),
        TEST(test_enforce_in_kernel),
        TEST(test_enforce_refused),
        TEST(test_verdict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
