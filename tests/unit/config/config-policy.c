/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "check.h"
#include "config/policy.h"
#include "tree.h"

#define EVERY_KEYRING (KEYRING_BUILTIN | KEYRING_SECONDARY | KEYRING_MACHINE | KEYRING_PLATFORM)

static int setup(void **state) {
    static struct host h;

    tree_make(&h);
    *state = &h;
    return 0;
}

static int teardown(void **state) {
    tree_remove(*state);
    return 0;
}

static void load(const struct host *h, struct policy *ret) {
    struct error e = ERROR_NULL;
    int r;

    policy_done(ret);
    r = policy_load(h, ret, &e);
    assert_string_equal(error_message(&e, r), strerror(0));
    assert_int_equal(r, 0);
}

static const struct policy_origin *origin(const struct policy *p, const char *key) {
    for (size_t i = 0; i < p->n_origins; i++)
        if (streq(p->origins[i].key, key))
            return p->origins + i;
    fail_msg("no origin for %s=", key);
    return NULL;
}

static void assert_origin(const struct policy *p, const char *key, const char *value,
                          const char *path, unsigned line) {
    const struct policy_origin *o = origin(p, key);

    assert_string_equal(o->value, value);
    if (path)
        assert_string_equal(o->path, path);
    else
        assert_null(o->path);
    assert_int_equal(o->line, line);
}

static void assert_place(const struct policy *p, const char *key, size_t i, size_t n, const char *value,
                         const char *path, unsigned line) {
    const struct policy_origin *o = origin(p, key);

    assert_int_equal(o->n_places, n);
    assert_string_equal(o->places[i].value, value);
    assert_string_equal(o->places[i].path, path);
    assert_int_equal(o->places[i].line, line);
}

static void test_defaults(void **state) {
    _cleanup_(policy_done) struct policy p = { 0 };

    load(*state, &p);
    assert_int_equal(p.signature, SIGNATURE_REQUIRED);
    assert_int_equal(p.keyrings, EVERY_KEYRING);
    assert_false(p.enforce_in_kernel);
    assert_false(p.signed_manifests);
    assert_int_equal(p.lock, LOCK_NO);
    assert_null(p.lock_modules);
    assert_int_equal(p.lock_delay_usec, 0);
    assert_int_equal(p.max_layers, 3);
    assert_int_equal(p.max_patches, 10);
    assert_int_equal(p.lock_require, LOCK_REQUIRE_REQUIRED);
    assert_false(p.lock_kexec);
    assert_false(p.lock_seal);
    assert_int_equal(p.hold_usec, 10 * USEC_PER_SEC);
    assert_int_equal(p.guard_max_attempts, 2);
    assert_int_equal(p.guard_confirm_usec, 120 * USEC_PER_SEC);
    assert_int_equal(p.guard_on_fault, ON_FAULT_QUARANTINE);
    assert_string_equal(p.guard_ledger, "auto");
    assert_null(p.store_device);

    assert_int_equal(p.n_origins, n_policy_keys);
    for (size_t i = 0; i < p.n_origins; i++) {
        assert_string_equal(p.origins[i].section, policy_keys[i].section);
        assert_string_equal(p.origins[i].key, policy_keys[i].name);
        assert_origin(&p, p.origins[i].key, policy_keys[i].fallback, NULL, 0);
    }
}

static const char every_key[] = "[Trust]\n"
                                "Signature=local\n"
                                "Keyrings=machine builtin\n"
                                "EnforceInKernel=yes\n"
                                "SignedManifests=yes\n"
                                "[Lock]\n"
                                "Lock=boot-complete\n"
                                "Modules=nft_nat vfat\n"
                                "DelaySec=1min\n"
                                "Require=all\n"
                                "Kexec=yes\n"
                                "Seal=yes\n"
                                "[Guard]\n"
                                "MaxAttempts=5\n"
                                "ConfirmSec=90\n"
                                "OnFault=revert\n"
                                "Ledger=LABEL=my disk\n"
                                "[Boot]\n"
                                "HoldSec=4\n"
                                "[Store]\n"
                                "Device=PARTUUID=1234-56\n"
                                "Adopt=/var/lib/kpatch/%v\n"
                                "Adopt=/usr/lib/modules/%v/livepatch\n"
                                "WaitSec=5\n"
                                "[Warnings]\n"
                                "Silence=late initramfs\n"
                                "Silence=manifest\n"
                                "MaxLayers=2\n"
                                "MaxPatches=20\n";

/* One line is limited, a list of modules may use several. */
static void test_modules_on_several_lines(void **state) {
    _cleanup_(policy_done) struct policy p = { 0 }, later = { 0 };
    _cleanup_free_ char *names = NULL, *rest = NULL;
    const struct host *h = *state;

    tree_write(h, "/etc/lpd/lpd.conf", "[Lock]\nModules=a\n\nModules=b c\nSeal=no\nModules=d\n");
    load(h, &p);
    names = strv_join(p.lock_modules, " ");
    assert_string_equal(names, "a b c d");
    assert_origin(&p, "Modules", "a b c d", "/etc/lpd/lpd.conf", 6);
    assert_place(&p, "Modules", 0, 3, "a", "/etc/lpd/lpd.conf", 2);
    assert_place(&p, "Modules", 1, 3, "b c", "/etc/lpd/lpd.conf", 4);
    assert_place(&p, "Modules", 2, 3, "d", "/etc/lpd/lpd.conf", 6);

    /* Files read later replace all of that. */
    tree_write(h, "/etc/lpd/lpd.conf.d/10.conf", "[Lock]\nModules=e\nModules=\nModules=f\nModules=g\n");
    load(h, &later);
    rest = strv_join(later.lock_modules, " ");
    assert_string_equal(rest, "f g");
    assert_origin(&later, "Modules", "f g", "/etc/lpd/lpd.conf.d/10.conf", 5);
    assert_place(&later, "Modules", 0, 2, "f", "/etc/lpd/lpd.conf.d/10.conf", 4);
    assert_place(&later, "Modules", 1, 2, "g", "/etc/lpd/lpd.conf.d/10.conf", 5);
}

static void test_every_key(void **state) {
    _cleanup_(policy_done) struct policy p = { 0 };
    const struct host *h = *state;

    tree_write(h, "/etc/lpd/lpd.conf", every_key);
    load(h, &p);
    assert_int_equal(p.signature, SIGNATURE_LOCAL);
    assert_int_equal(p.keyrings, KEYRING_BUILTIN | KEYRING_MACHINE);
    assert_true(p.enforce_in_kernel);
    assert_true(p.signed_manifests);
    assert_int_equal(p.lock, LOCK_BOOT_COMPLETE);
    assert_string_equal(p.lock_modules[0], "nft_nat");
    assert_string_equal(p.lock_modules[1], "vfat");
    assert_int_equal(p.lock_delay_usec, 60 * USEC_PER_SEC);
    assert_int_equal(p.lock_require, LOCK_REQUIRE_ALL);
    assert_true(p.lock_kexec);
    assert_true(p.lock_seal);
    assert_int_equal(p.hold_usec, 4 * USEC_PER_SEC);
    assert_int_equal(p.guard_max_attempts, 5);
    assert_int_equal(p.guard_confirm_usec, 90 * USEC_PER_SEC);
    assert_int_equal(p.guard_on_fault, ON_FAULT_REVERT);
    assert_string_equal(p.guard_ledger, "LABEL=my disk");
    assert_string_equal(p.store_device, "PARTUUID=1234-56");
    assert_string_equal(p.store_adopt[0], "/var/lib/kpatch/%v");
    assert_string_equal(p.store_adopt[1], "/usr/lib/modules/%v/livepatch");
    assert_int_equal(p.store_wait_usec, 5 * USEC_PER_SEC);
    assert_int_equal(p.max_layers, 2);
    assert_int_equal(p.max_patches, 20);
    assert_int_equal(p.silenced, WARNING_LATE | WARNING_INITRAMFS | WARNING_MANIFEST);
    assert_origin(&p, "Silence", "late initramfs manifest", "/etc/lpd/lpd.conf", 27);
    assert_origin(&p, "Signature", "local", "/etc/lpd/lpd.conf", 2);
    assert_origin(&p, "Device", "PARTUUID=1234-56", "/etc/lpd/lpd.conf", 21);

    assert_string_equal(signature_policy_to_string(p.signature), "local");
    assert_string_equal(lock_policy_to_string(p.lock), "boot-complete");
    for (size_t i = 0; i < n_policy_keys; i++)
        if (!strstr(every_key, policy_keys[i].name))
            fail_msg("%s= is not tested", policy_keys[i].name);
}

static void test_override(void **state) {
    _cleanup_(policy_done) struct policy p = { 0 };
    const struct host *h = *state;

    tree_write(h, "/usr/lib/lpd/lpd.conf", "[Trust]\nSignature=permissive\n[Lock]\nSeal=yes\n");
    load(h, &p);
    assert_int_equal(p.signature, SIGNATURE_PERMISSIVE);
    assert_true(p.lock_seal);
    tree_write(h, "/run/lpd/lpd.conf", "[Trust]\nSignature=local\n");
    load(h, &p);
    assert_int_equal(p.signature, SIGNATURE_LOCAL);
    assert_false(p.lock_seal);
    tree_write(h, "/etc/lpd/lpd.conf", "");
    load(h, &p);
    assert_int_equal(p.signature, SIGNATURE_REQUIRED);
    assert_origin(&p, "Signature", "required", NULL, 0);
}

static void test_dropins(void **state) {
    _cleanup_(policy_done) struct policy p = { 0 };
    const struct host *h = *state;

    /* Drop-ins count even without a main file, and beside a masked one. */
    tree_write(h, "/usr/lib/lpd/lpd.conf.d/50-a.conf", "[Trust]\nSignature=permissive\n");
    tree_write(h, "/etc/lpd/lpd.conf.d/40-a.conf", "[Trust]\nSignature=local\nKeyrings=platform\n");
    load(h, &p);
    assert_int_equal(p.signature, SIGNATURE_PERMISSIVE);
    assert_int_equal(p.keyrings, KEYRING_PLATFORM);
    assert_origin(&p, "Signature", "permissive", "/usr/lib/lpd/lpd.conf.d/50-a.conf", 2);
    assert_origin(&p, "Keyrings", "platform", "/etc/lpd/lpd.conf.d/40-a.conf", 3);
    tree_link(h, "/dev/null", "/etc/lpd/lpd.conf");
    load(h, &p);
    assert_int_equal(p.signature, SIGNATURE_PERMISSIVE);

    tree_write(h, "/run/lpd/lpd.conf.d/50-a.conf", "");
    load(h, &p);
    assert_int_equal(p.signature, SIGNATURE_LOCAL);

    /* An empty assignment sets the default again, and its file is shown as the origin. */
    tree_write(h, "/run/lpd/lpd.conf.d/60.conf", "[Trust]\nKeyrings=\n");
    load(h, &p);
    assert_int_equal(p.keyrings, EVERY_KEYRING);
    assert_origin(&p, "Keyrings", "builtin secondary machine platform",
                  "/run/lpd/lpd.conf.d/60.conf", 2);
}

static void assert_strict(const struct host *h, const char *message, struct policy *p) {
    struct error e = ERROR_NULL;
    int r;

    policy_done(p);
    r = policy_load(h, p, &e);
    assert_int_equal(e.exit_status, EXIT_STATUS_CONFIG);
    assert_string_equal(error_message(&e, r), message);
    error_done(&e);
    assert_true(r < 0);
    assert_int_equal(p->signature, SIGNATURE_REQUIRED);
    assert_origin(p, "Signature", "required", NULL, 0);
}

/* Bad values are reported, good ones count, and signatures are required. */
static void test_strict(void **state) {
    _cleanup_(policy_done) struct policy p = { 0 };
    const struct host *h = *state;

    tree_write(h, "/etc/lpd/lpd.conf",
               "[Trust]\nSignature=permissive\nSigned=yes\nKeyrings=builtin\n"
               "[Lock]\nLock=settled\n");
    tree_write(h, "/etc/lpd/lpd.conf.d/a.conf", "[Guard]\nMaxAttempts=0\nOnFault=log\n");
    tree_write(h, "/etc/lpd/lpd.conf.d/b.conf", "[Lock]\nSeal=yes\n[Trust]\nSignature=local\n");
    assert_strict(h, "/etc/lpd/lpd.conf:3: unknown key 'Signed' (did you mean 'SignedManifests'?)",
                  &p);
    assert_int_equal(p.keyrings, KEYRING_BUILTIN);
    assert_int_equal(p.lock, LOCK_SETTLED);
    assert_true(p.lock_seal);
    assert_int_equal(p.guard_max_attempts, 2);
    assert_int_equal(p.guard_on_fault, ON_FAULT_LOG);

    tree_write(h, "/etc/lpd/lpd.conf", "[Trust]\nSignature=permissive\n");
    assert_strict(h,
                  "/etc/lpd/lpd.conf.d/a.conf:2: MaxAttempts= takes a number from 1 to 8, "
                  "not '0'",
                  &p);
    assert_true(p.lock_seal);
}

static void test_strict_files(void **state) {
    _cleanup_(policy_done) struct policy p = { 0 };
    const struct host *h = *state;

    tree_write(h, "/usr/lib/lpd/lpd.conf", "[Trust]\nSignature=permissive\n");
    tree_link(h, "nowhere", "/etc/lpd/lpd.conf");
    assert_strict(h, "/etc/lpd/lpd.conf: a dangling link", &p);
    tree_write(h, "/etc/lpd/nowhere", "[Lock]\nSeal=yes\n");
    load(h, &p);
    assert_true(p.lock_seal);
    tree_write(h, "/run/lpd/lpd.conf.d", "");
    assert_strict(h, "/run/lpd/lpd.conf.d: cannot read the directory: Not a directory", &p);
    assert_true(p.lock_seal);
}

static void test_bad_values(void **state) {
    static const struct {
        const char *text, *message;
    } bad[] = {
        { "[Trust]\nSignature=optional\n",
          "2: Signature= takes required, local or permissive, not 'optional'" },
        { "[Trust]\nKeyrings=builtin secondery\n",
          "2: Keyrings= takes builtin, secondary, machine and platform, not 'secondery' "
          "(did you mean 'secondary'?)" },
        { "[Lock]\nLock=yes\n", "2: Lock= takes no, settled or boot-complete, not 'yes'" },
        { "[Lock]\nRequire=some\n", "2: Require= takes required, all or none, not 'some'" },
        { "[Lock]\nModules=a/b\n",
          "2: Modules= takes names of letters, digits, '-', '_' and '.', not 'a/b'" },
        { "[Guard]\nMaxAttempts=-1\n", "2: MaxAttempts= takes a number from 1 to 8, not '-1'" },
        { "[Guard]\nMaxAttempts=9\n",
          "2: MaxAttempts= takes a number from 1 to 8, not '9'" },
        { "[Guard]\nLedger=/dev/sda1\n",
          "2: Ledger= takes auto, efi, none, LABEL=…, UUID=…, PARTUUID=… or PARTLABEL=…, not "
          "'/dev/sda1'" },
        { "[Guard]\nLedger=LABEL=\n",
          "2: Ledger= takes auto, efi, none, LABEL=…, UUID=…, PARTUUID=… or PARTLABEL=…, not 'LABEL='" },
        { "[Store]\nDevice=efi\n",
          "2: Device= takes LABEL=…, UUID=…, PARTUUID=… or PARTLABEL=…, not 'efi'" },
        { "[Locks]\n", "1: unknown section [Locks] (did you mean [Lock]?)" },
        { "[Trust]\nSeal=yes\n", "2: Seal= belongs in [Lock]" },
    };

    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        _cleanup_(policy_done) struct policy p = { 0 };
        struct error e = ERROR_NULL;
        char message[512];
        int r;

        assert_int_equal(policy_default(&p), 0);
        r = policy_parse(&p, "/p", bad[i].text, strlen(bad[i].text), &e);
        (void) snprintf(message, sizeof(message), "/p:%s", bad[i].message);
        assert_error_is(r, -EBADMSG, &e, message);
        for (size_t j = 0; j < p.n_origins; j++)
            assert_null(p.origins[j].path);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_defaults), TEST(test_every_key), TEST(test_override),    TEST(test_dropins),
        TEST(test_strict),   TEST(test_strict_files), TEST(test_bad_values),
        TEST(test_modules_on_several_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
