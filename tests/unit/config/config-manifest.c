/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "check.h"
#include "config/manifest.h"

#define SHA256 "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

static int parse(const char *text, struct manifest *ret, struct error *e) {
    return manifest_parse("fix-a", "/m.conf", text, strlen(text), ret, e);
}

static void assert_fault(const char *line, const char *message) {
    _cleanup_(manifest_done) struct manifest m = { 0 };
    struct error e = ERROR_NULL;
    char text[512], expected[512];
    int r;

    (void) snprintf(text, sizeof(text), "%s\n%s\n",
                    startswith(line, "[") ? "" : "[Patch]", line);
    (void) snprintf(expected, sizeof(expected), "/m.conf:%s", message);
    r = parse(text, &m, &e);
    assert_int_equal(e.exit_status, EXIT_STATUS_CONFIG);
    assert_error_is(r, -EBADMSG, &e, expected);
    assert_null(m.name);
}

static void assert_list(char *const *l, const char *joined) {
    _cleanup_free_ char *s = strv_join(l, " ");

    assert_string_equal(s, joined);
}

static void assert_defaults(const struct manifest *m) {
    assert_string_equal(m->name, "fix-a");
    assert_string_equal(m->path, "/m.conf");
    assert_null(m->dropins);
    assert_null(m->description);
    assert_null(m->fixes);
    assert_true(m->enabled);
    assert_int_equal(m->stage, STAGE_SYSTEM);
    assert_false(m->required);
    assert_null(m->after);
    assert_null(m->requires);
    assert_null(m->conflicts);
    assert_null(m->parameters);
    assert_int_equal(m->wait_for, WAIT_FOR_LOADED);
    assert_int_equal(m->timeout_usec, 60 * USEC_PER_SEC);
    assert_int_equal(m->on_stall, ON_STALL_WAIT);
    assert_null(m->probe);
    assert_int_equal(m->rollout.n, 1);
    assert_int_equal(m->rollout.list[0].share, 10000);
    assert_int_equal(m->n_kernels, 0);
    assert_true(manifest_covers(m, "6.1"));
    assert_null(manifest_kernel_for(m, "6.1"));
}

static void test_defaults(void **state) {
    static const char every_one[] =
        "[Patch]\nDescription=\nFixes=\nEnabled=\nStage=\nRequired=\nAfter=\nRequires=\n"
        "Conflicts=\nParameters=\nWaitFor=\nTimeoutSec=\nOnStall=\nProbe=\nRollout=\n";
    const char *const texts[] = { "", "# nothing\n", "[Patch]\n", every_one };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_(manifest_done) struct manifest m = { 0 };

        assert_int_equal(parse(texts[i], &m, NULL), 0);
        assert_defaults(&m);
    }
}

static const char every_key[] =
    "[Patch]\n"
    "Description=nf_tables: use after free; in set\n"
    "Fixes=CVE-2024-1086  CVE-2023-3390 https://x/#1\n"
    "Enabled=no\n"
    "Stage=initrd\n"
    "Required=yes\n"
    "After=base-fixes other\n"
    "Requires=base-fixes\n"
    "Conflicts=old\n"
    "Parameters=verbose=1 name=\"a b\"\n"
    "WaitFor=patched\n"
    "TimeoutSec=2min 30s\n"
    "OnStall=revert\n"
    "Probe=/usr/libexec/check-nft\n"
    "Effective=6.1.0-57-cloud-amd64\n"
    "Rollout=12.5%, 50.01% 2026-12-01,100%  2026-12-07 18:30\n"
    "RolloutTags=canary dc-*\n"
    "[Kernel:6.1.0-56-cloud-amd64]\n"
    "Module=nft-uaf.ko\n"
    "SHA256=" SHA256 "\n"
    "BuildID=00FFaa\n"
    "[Kernel:6.12.43+deb12-cloud-amd64]\n"
    "Module=/opt/x y/nft.ko.xz\n";

static void test_every_key(void **state) {
    _cleanup_(manifest_done) struct manifest m = { 0 };
    const struct manifest_kernel *k;

    assert_int_equal(parse(every_key, &m, NULL), 0);
    assert_string_equal(m.description, "nf_tables: use after free; in set");
    assert_list(m.fixes, "CVE-2024-1086 CVE-2023-3390 https://x/#1");
    assert_false(m.enabled);
    assert_int_equal(m.stage, STAGE_INITRD);
    assert_true(m.required);
    assert_list(m.after, "base-fixes other");
    assert_list(m.requires, "base-fixes");
    assert_list(m.conflicts, "old");
    assert_string_equal(m.parameters, "verbose=1 name=\"a b\"");
    assert_int_equal(m.wait_for, WAIT_FOR_PATCHED);
    assert_int_equal(m.timeout_usec, 150 * USEC_PER_SEC);
    assert_int_equal(m.on_stall, ON_STALL_REVERT);
    assert_string_equal(m.probe, "/usr/libexec/check-nft");
    assert_string_equal(m.effective, "6.1.0-57-cloud-amd64");
    assert_int_equal(m.rollout.n, 3);
    assert_int_equal(m.rollout.list[0].share, 1250);
    assert_int_equal(m.rollout.list[0].since_usec, 0);
    assert_int_equal(m.rollout.list[1].share, 5001);
    assert_int_equal(m.rollout.list[1].since_usec, UINT64_C(1796083200) * USEC_PER_SEC);
    assert_int_equal(m.rollout.list[2].since_usec, UINT64_C(1796668200) * USEC_PER_SEC);
    assert_list(m.rollout_tags, "canary dc-*");
    assert_int_equal(m.n_kernels, 2);

    k = manifest_kernel_for(&m, "6.1.0-56-cloud-amd64");
    assert_string_equal(k->module, "nft-uaf.ko");
    assert_string_equal(k->sha256,
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    assert_string_equal(k->build_id, "00ffaa");
    k = manifest_kernel_for(&m, "6.12.43+deb12-cloud-amd64");
    assert_string_equal(k->module, "/opt/x y/nft.ko.xz");
    assert_null(k->sha256);
    assert_null(k->build_id);
    assert_true(manifest_covers(&m, "6.1.0-56-cloud-amd64"));
    assert_false(manifest_covers(&m, "6.1.0-56-cloud"));

    assert_string_equal(patch_stage_to_string(m.stage), "initrd");
    assert_string_equal(patch_wait_to_string(m.wait_for), "patched");
    assert_string_equal(on_stall_to_string(m.on_stall), "revert");
}

/* A later file's key replaces, lists add; sections merge by release. */
static void test_merge(void **state) {
    static const char dropin[] = "[Patch]\nAfter=new\nFixes=\nStage=\n"
                                 "[Kernel:6.1.0-56-cloud-amd64]\nBuildID=\nModule=other.ko\n"
                                 "[Kernel:7.0]\nModule=seven.ko\n";
    _cleanup_(manifest_done) struct manifest m = { 0 };
    const struct manifest_kernel *k;
    struct error e = ERROR_NULL;
    int r;

    assert_int_equal(parse(every_key, &m, NULL), 0);
    assert_int_equal(manifest_merge(&m, "/d.conf", dropin, strlen(dropin), NULL), 0);
    assert_list(m.after, "base-fixes other new");
    assert_null(m.fixes);
    assert_int_equal(m.stage, STAGE_SYSTEM);
    assert_true(m.required);
    assert_int_equal(m.n_kernels, 3);
    k = manifest_kernel_for(&m, "6.1.0-56-cloud-amd64");
    assert_string_equal(k->module, "other.ko");
    assert_non_null(k->sha256);
    assert_null(k->build_id);
    assert_string_equal(manifest_kernel_for(&m, "7.0")->module, "seven.ko");

    r = manifest_merge(&m, "/d.conf", "[Patch]\nOops=1\n", 15, &e);
    assert_error_is(r, -EBADMSG, &e, "/d.conf:2: unknown key 'Oops'");
}

/* Values as long as a large fix needs them. */
static void test_long_values(void **state) {
    _cleanup_(manifest_done) struct manifest m = { 0 };
    char text[8192], description[301], parameters[4097], *end;

    memset(description, 'd', 300);
    description[300] = '\0';
    memset(parameters, 'p', 4096);
    parameters[4096] = '\0';
    end = text + sprintf(text, "[Patch]\nDescription=%s\nParameters=x=%s\nFixes=", description, parameters);
    for (int i = 0; i < 40; i++)
        end += sprintf(end, "CVE-2026-%05d ", i);
    strcpy(end, "\nFixes=CVE-1 \\\n  CVE-2\n");
    assert_int_equal(parse(text, &m, NULL), 0);
    assert_int_equal(manifest_merge(&m, "/d.conf", text, strlen(text), NULL), 0);
    assert_string_equal(m.description, description);
    assert_string_equal(m.parameters + 2, parameters);
    assert_int_equal(strv_length(m.fixes), 84);
    assert_string_equal(m.fixes[83], "CVE-2");
    assert_null(m.warnings.message);
}

/* Such faults do not prevent the load, neither in the file itself nor in a drop-in. */
static void test_warnings(void **state) {
    static const char bad[] = "# \xe4\n[Patch]\nDescription=a\nDescription=K\xe4se\nRequired=yes\n";
    _cleanup_(manifest_done) struct manifest m = { 0 };
    _cleanup_free_ char *many = NULL;
    struct error e = ERROR_NULL;
    char *end;

    assert_int_equal(parse(bad, &m, &e), 0);
    assert_null(e.message);
    assert_string_equal(m.description, "a");
    assert_true(m.required);
    assert_string_equal(m.warnings.message,
                        "/m.conf:1: byte 0xe4 at column 3 is a control character or not UTF-8");
    assert_string_equal(m.warnings.more->message,
                        "/m.conf:4: byte 0xe4 at column 14 is a control character or not UTF-8");
    many = end = malloc(80000);
    assert_non_null(many);
    end = stpcpy(end, "[Patch]\nFixes=");
    for (int i = 0; i < 5000; i++)
        end += sprintf(end, "CVE-%d ", i);
    assert_int_equal(manifest_merge(&m, "/d.conf", many, strlen(many), NULL), 0);
    assert_null(m.fixes);
    assert_string_equal(m.warnings.more->more->message, "/d.conf:2: Fixes= takes at most 4096 words");
    /* A fault in another key prevents it, and all faults are reported. */
    manifest_done(&m);
    assert_int_equal(parse("# \xe4\n[Patch]\nOops=1\n", &m, &e), -EBADMSG);
    assert_string_equal(e.message, "/m.conf:3: unknown key 'Oops'");
    assert_string_equal(e.more->message, "/m.conf:1: byte 0xe4 at column 3 is a control character or not UTF-8");
    error_done(&e);
}

static void test_bad_words(void **state) {
    assert_fault("Tiemout=5", "2: unknown key 'Tiemout' (did you mean 'TimeoutSec'?)");
    assert_fault("Timeout=5", "2: unknown key 'Timeout' (did you mean 'TimeoutSec'?)");
    assert_fault("Modul=a.ko", "2: unknown key 'Modul'");
    assert_fault("Module=a.ko", "2: Module= belongs in [Kernel:…]");
    assert_fault("[patch]", "2: unknown section [patch] (did you mean [Patch]?)");
    assert_fault("[Kernel]", "2: unknown section [Kernel] (did you mean [Kernel:…]?)");
    assert_fault("[Kernal:6.1]", "2: unknown section [Kernal:6.1] (did you mean [Kernel:…]?)");
    assert_fault("Enabled=maybe", "2: Enabled= takes yes or no, not 'maybe'");
    assert_fault("Stage=boot", "2: Stage= takes system or initrd, not 'boot'");
    assert_fault("Stage=intird",
                 "2: Stage= takes system or initrd, not 'intird' (did you mean 'initrd'?)");
    assert_fault("Stage=System",
                 "2: Stage= takes system or initrd, not 'System' (did you mean 'system'?)");
    assert_fault("WaitFor=pached",
                 "2: WaitFor= takes loaded or patched, not 'pached' (did you mean 'patched'?)");
    assert_fault("OnStall=abort", "2: OnStall= takes wait, revert or force, not 'abort'");
}

static void test_bad_values(void **state) {
    static const char *const bad_waves[] = { "1%, 2%",
                                             "1% 2026-12-01, 1% 2026-12-02",
                                             "1% 2026-12-01, 2% 2026-12-01",
                                             "5% 2026-12-01, 2% 2026-12-02",
                                             "1% 2026-12-02, 2% 2026-12-01",
                                             "1% tomorrow",
                                             "2026-12-01 1%",
                                             "1% 2026-12-01; 2% 2026-12-02",
                                             "1% 2026-02-30" };

    assert_fault("TimeoutSec=soon",
                 "2: TimeoutSec= takes a time span such as 90s, 2min 30s or infinity, not 'soon'");
    assert_fault("TimeoutSec=0",
                 "2: TimeoutSec= takes a time span above zero, or infinity, not '0'");
    assert_fault("Rollout=50",
                 "2: Rollout= takes a percentage from 0% to 100% with at most two decimals, "
                 "not '50'");
    assert_fault("Rollout=101%",
                 "2: Rollout= takes a percentage from 0% to 100% with at most two decimals, "
                 "not '101%'");
    for (size_t i = 0; i < ELEMENTSOF(bad_waves); i++) {
        _cleanup_free_ char *line = NULL, *fault = NULL;

        assert_true(asprintf(&line, "Rollout=%s", bad_waves[i]) > 0);
        assert_true(asprintf(&fault, "2: Rollout= takes waves such as '1%% 2026-12-01, 100%% 2026-12-07 18:30', each "
                                     "with a larger share and a later date than the one before, not '%s'",
                             bad_waves[i]) > 0);
        assert_fault(line, fault);
    }
    assert_fault("Probe=check", "2: Probe= takes the absolute path of a program, without "
                                "arguments, not 'check'");
    assert_fault("Probe=/bin/check -v", "2: Probe= takes the absolute path of a program, without "
                                        "arguments, not '/bin/check -v'");
    assert_fault("After=a b/c", "2: After= takes names of letters, digits, '-', '_' and '.', "
                                "not 'b/c'");
    assert_fault("After=a,b", "2: After= takes names of letters, digits, '-', '_' and '.', "
                              "not 'a,b'");
    assert_fault("After=b fix-a", "2: After= names the patch itself");
    assert_fault("Requires=fix_a", "2: Requires= names the patch itself");
    assert_fault("Conflicts=fix-a", "2: Conflicts= names the patch itself");
}

#define IN_KERNEL(line) "[Kernel:6.1]\n" line
#define FILE_EXPECTED "3: Module= takes a plain file name or an absolute path without '..', not "

static void test_bad_kernel(void **state) {
    assert_fault("[Kernel:]",
                 "2: [Kernel:…] takes the release of a kernel (uname -r), not ''");
    assert_fault("[Kernel:../etc]",
                 "2: [Kernel:…] takes the release of a kernel (uname -r), not '../etc'");
    assert_fault("[Kernel:6.1]\n[Kernel:6.1]",
                 "3: duplicate section [Kernel:6.1]");
    assert_fault(IN_KERNEL("Description=x"), "3: Description= belongs in [Patch]");
    assert_fault(IN_KERNEL("Module=.x.ko"), FILE_EXPECTED "'.x.ko'");
    assert_fault(IN_KERNEL("Module=.."), FILE_EXPECTED "'..'");
    assert_fault(IN_KERNEL("Module=a/x.ko"), FILE_EXPECTED "'a/x.ko'");
    assert_fault(IN_KERNEL("Module=/"), FILE_EXPECTED "'/'");
    assert_fault(IN_KERNEL("Module=//x.ko"), FILE_EXPECTED "'//x.ko'");
    assert_fault(IN_KERNEL("Module=/a/../x.ko"), FILE_EXPECTED "'/a/../x.ko'");
    assert_fault(IN_KERNEL("Module=/a/./x.ko"), FILE_EXPECTED "'/a/./x.ko'");
    assert_fault(IN_KERNEL("Module=/a/x.ko/"), FILE_EXPECTED "'/a/x.ko/'");
    assert_fault(IN_KERNEL("Module=/a/.."), FILE_EXPECTED "'/a/..'");
    assert_fault(IN_KERNEL("SHA256=abc"), "3: SHA256= takes 64 hexadecimal digits, not 'abc'");
    assert_fault(IN_KERNEL("SHA256=" SHA256 "00"),
                 "3: SHA256= takes 64 hexadecimal digits, not '" SHA256 "00'");
    assert_fault(IN_KERNEL("BuildID=abc"),
                 "3: BuildID= takes an even number of hexadecimal digits, not 'abc'");
    assert_fault(IN_KERNEL("BuildID=00zz"),
                 "3: BuildID= takes an even number of hexadecimal digits, not '00zz'");
    assert_fault(IN_KERNEL("BuildID=xy"),
                 "3: BuildID= takes an even number of hexadecimal digits, not 'xy'");
}

static void test_good_files(void **state) {
    static const char *const good[] = { "x.ko", "/x.ko", "/a/.x/..ko", "a..ko", "/.../x" };

    for (size_t i = 0; i < ELEMENTSOF(good); i++) {
        _cleanup_(manifest_done) struct manifest m = { 0 };
        char text[128];

        (void) snprintf(text, sizeof(text), "[Kernel:6.1]\nModule=%s\n", good[i]);
        assert_int_equal(parse(text, &m, NULL), 0);
        assert_string_equal(m.kernels[0].module, good[i]);
    }
}

/* There are two while an install replaces the module; each is checked. */
static void test_hashes(void **state) {
    _cleanup_(manifest_done) struct manifest m = { 0 };

    assert_int_equal(parse("[Kernel:6.1]\nSHA256= " SHA256 " \t00000000000000000000000000000000"
                           "000000000000000000000000000000AA\n", &m, NULL), 0);
    assert_string_equal(m.kernels[0].sha256,
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef "
                        "00000000000000000000000000000000000000000000000000000000000000aa");
    assert_int_equal(manifest_merge(&m, "/d.conf", "[Kernel:6.1]\nSHA256=\n", 21, NULL), 0);
    assert_null(m.kernels[0].sha256);
    assert_fault(IN_KERNEL("SHA256=" SHA256 " abc"),
                 "3: SHA256= takes 64 hexadecimal digits, not 'abc'");
    assert_fault(IN_KERNEL("SHA256=" SHA256 "," SHA256),
                 "3: SHA256= takes 64 hexadecimal digits, not '" SHA256 ",0123456789abcdef0123456789ABCDE…'");
    assert_fault(IN_KERNEL("BuildID=0a 0b"),
                 "3: BuildID= takes an even number of hexadecimal digits, not '0a 0b'");
}

static void test_bad_name(void **state) {
    _cleanup_(manifest_done) struct manifest m = { 0 };
    struct error e = ERROR_NULL;
    int r;

    r = manifest_parse("a/b", "/m.conf", "", 0, &m, &e);
    assert_error_is(r, -EBADMSG, &e, "/m.conf: 'a/b' is not a valid patch name");
}

/* The number of sections from drop-ins is limited. */
static void test_many_kernels(void **state) {
    _cleanup_(manifest_done) struct manifest m = { 0 };
    struct error e = ERROR_NULL;
    int r = 0;

    assert_int_equal(parse("", &m, NULL), 0);
    for (unsigned i = 0; i <= INI_SECTIONS_MAX; i++) {
        char text[64];

        assert_int_equal(r, 0);
        (void) snprintf(text, sizeof(text), "[Kernel:%u]\n", i);
        r = manifest_merge(&m, "/d.conf", text, strlen(text), &e);
    }
    assert_error_is(r, -EBADMSG, &e, "/d.conf:1: more than 1000 [Kernel:…] sections");
    assert_int_equal(m.n_kernels, INI_SECTIONS_MAX);
}

/* The table, which completions use too, contains every key and section. */
static void test_keys(void **state) {
    assert_string_equal(manifest_keys[0].name, "Description");
    assert_string_equal(manifest_keys[n_manifest_keys - 1].name, "BuildID");
    for (size_t i = 0; i < n_manifest_keys; i++)
        if (!strstr(every_key, manifest_keys[i].name))
            fail_msg("%s= is not tested", manifest_keys[i].name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),   cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_long_values), cmocka_unit_test(test_warnings), cmocka_unit_test(test_merge),      cmocka_unit_test(test_bad_words),
        cmocka_unit_test(test_bad_values), cmocka_unit_test(test_bad_kernel),
        cmocka_unit_test(test_good_files), cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_bad_name),   cmocka_unit_test(test_many_kernels),
        cmocka_unit_test(test_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
