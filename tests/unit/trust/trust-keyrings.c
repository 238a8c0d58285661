/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

#include "base/strv.h"
#include "fake-keyring.h"
#include "tree.h"
#include "trust/keyrings.h"
#include "trust/proc-keys.h"

struct fixture {
    struct fake_keyring kernel;
    struct kernel_keyrings keyrings;
};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    fake_keyring_open(&f->kernel);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;

    kernel_keyrings_done(&f->keyrings);
    fake_keyring_close(&f->kernel);
    free(f);
    return 0;
}

static void read_all(struct fixture *f) {
    kernel_keyrings_done(&f->keyrings);
    assert_int_equal(kernel_keyrings_read(&f->kernel.host, &f->keyrings), 0);
}

static void assert_key(const struct kernel_key *k, enum keyring_set keyring, const char *name,
                       const char *id, const char *algorithm) {
    assert_int_equal(k->keyring, keyring);
    assert_string_equal(k->name, name);
    if (id)
        assert_string_equal(k->key_id, id);
    else
        assert_null(k->key_id);
    assert_string_equal(k->algorithm, algorithm);
}

static void test_machine(void **state) {
    struct fixture *f = *state;
    const struct kernel_keyrings *k = &f->keyrings;

    fake_keyring_machine(&f->kernel);
    read_all(f);
    assert_true(k->readable);
    assert_int_equal(k->present, 15);
    assert_int_equal(k->n_keys, 4);
    /* Each key once: the links of .secondary_trusted_keys are keys of other keyrings. */
    assert_key(k->keys + 0, KEYRING_BUILTIN, "Builtin", "0b", "rsa");
    assert_key(k->keys + 1, KEYRING_SECONDARY, "Secondary", "5e", "rsa");
    assert_key(k->keys + 2, KEYRING_MACHINE, "Machine", "3a", "rsa");
    assert_key(k->keys + 3, KEYRING_PLATFORM, "Platform", "91", "rsa");
    assert_int_equal(k->serials[2], fake_keyring_find(&f->kernel, ".machine")->serial);
    assert_int_equal(k->keys[2].serial, fake_keyring_find(&f->kernel, "Machine: 3a")->serial);
    assert_null(k->blacklist);
    assert_ptr_equal(kernel_keyrings_find(k, 15, "3a"), k->keys + 2);
    assert_null(kernel_keyrings_find(k, KEYRING_BUILTIN | KEYRING_PLATFORM, "3a"));
    assert_null(kernel_keyrings_find(k, 15, "3"));
}

static void test_some(void **state) {
    struct fixture *f = *state;
    int32_t builtin, blacklist;

    builtin = fake_keyring_add(&f->kernel, 0, "keyring", ".builtin_trusted_keys");
    fake_keyring_add(&f->kernel, 0, "keyring", ".machine");
    blacklist = fake_keyring_add(&f->kernel, 0, "keyring", ".blacklist");
    fake_keyring_add(&f->kernel, builtin, "asymmetric", "no id");
    fake_keyring_add(&f->kernel, builtin, "user", "not: aa");
    fake_keyring_add(&f->kernel, blacklist, "blacklist", "tbs:0badf00d");
    fake_keyring_add(&f->kernel, blacklist, "blacklist", "bin:c0ffee");
    fake_keyring_add(&f->kernel, blacklist, "asymmetric", "Revoked: aa");
    read_all(f);
    assert_true(f->keyrings.readable);
    assert_int_equal(f->keyrings.present, KEYRING_BUILTIN | KEYRING_MACHINE);
    assert_int_equal(f->keyrings.serials[1], 0);
    assert_int_equal(f->keyrings.n_keys, 1);
    assert_key(f->keyrings.keys, KEYRING_BUILTIN, "no id", NULL, "rsa");
    assert_null(kernel_keyrings_find(&f->keyrings, 15, "aa"));
    assert_int_equal(strv_length(f->keyrings.blacklist), 2);
    assert_string_equal(f->keyrings.blacklist[0], "tbs:0badf00d");
    assert_string_equal(f->keyrings.blacklist[1], "bin:c0ffee");
}

static void test_many(void **state) {
    struct fixture *f = *state;
    int32_t builtin = fake_keyring_add(&f->kernel, 0, "keyring", ".builtin_trusted_keys");
    char description[16];

    /* More than the first guess, with links in addition. */
    fake_keyring_find(&f->kernel, ".builtin_trusted_keys")->links[0] = builtin;
    fake_keyring_find(&f->kernel, ".builtin_trusted_keys")->links[1] = builtin;
    for (unsigned i = 1; i < FAKE_KEYS_MAX; i++) {
        snprintf(description, sizeof(description), "Key: %04x", i);
        fake_keyring_add(&f->kernel, builtin, "asymmetric", description);
    }
    read_all(f);
    assert_true(f->keyrings.readable);
    assert_int_equal(f->keyrings.n_keys, FAKE_KEYS_MAX - 1);
}

static void test_not_readable(void **state) {
    struct fixture *f = *state;

    read_all(f);
    assert_false(f->keyrings.readable);
    fake_keyring_machine(&f->kernel);
    f->kernel.hidden = true;
    fake_keyring_add(&f->kernel, 0, "keyring", "_ses");
    read_all(f);
    assert_false(f->keyrings.readable);
    assert_int_equal(f->keyrings.present, 0);
    assert_int_equal(f->keyrings.n_keys, 0);
}

/* Any user chooses the names of keys. */
static void test_hostile_names(void **state) {
    struct fixture *f = *state;
    int32_t machine;

    machine = fake_keyring_add(&f->kernel, 0, "keyring", ".machine");
    fake_keyring_add(&f->kernel, machine, "asymmetric", "x: aabb: X509.rsa 01 []: ccdd");
    fake_keyring_add(&f->kernel, machine, "asymmetric", "two\nlines\033[2J: eeff");
    fake_keyring_add(&f->kernel, machine, "asymmetric", "semi;colon;: 0102");
    fake_keyring_add(&f->kernel, machine, "asymmetric", "capital: AABB");
    fake_keyring_add(&f->kernel, machine, "asymmetric", "odd: aab");
    read_all(f);
    assert_int_equal(f->keyrings.n_keys, 5);
    assert_key(f->keyrings.keys + 0, KEYRING_MACHINE, "x: aabb: X509.rsa 01 []", "ccdd", "rsa");
    assert_key(f->keyrings.keys + 1, KEYRING_MACHINE, "two?lines?[2J", "eeff", "rsa");
    assert_key(f->keyrings.keys + 2, KEYRING_MACHINE, "semi;colon;", "0102", "rsa");
    assert_key(f->keyrings.keys + 3, KEYRING_MACHINE, "capital: AABB", NULL, "rsa");
    assert_key(f->keyrings.keys + 4, KEYRING_MACHINE, "odd: aab", NULL, "rsa");
}

/* A user's key whose name is a whole line, which claims that the user's keyring is the
 * machine's. */
static void test_forged_line(void **state) {
    struct fixture *f = *state;
    int32_t own = fake_keyring_add(&f->kernel, 0, "keyring", "mine");
    char line[256];

    fake_keyring_add(&f->kernel, own, "asymmetric", "Mine: 666a");
    snprintf(line, sizeof(line),
             "00000fff I--Q---     1 perm 3f3f3f3f  1000  1000 user      x\n"
             "%08x I------     1 perm 1f0b0000     0     0 keyring   .machine: 1\n",
             (unsigned) own);
    f->kernel.more = line;
    fake_keyring_add(&f->kernel, 0, "keyring", ".builtin_trusted_keys");
    read_all(f);
    assert_true(f->keyrings.readable);
    assert_int_equal(f->keyrings.present, KEYRING_BUILTIN);
    assert_int_equal(f->keyrings.n_keys, 0);
    /* The real one is found after it. */
    fake_keyring_add(&f->kernel, 0, "keyring", ".machine");
    read_all(f);
    assert_int_equal(f->keyrings.serials[2], fake_keyring_find(&f->kernel, ".machine")->serial);
    assert_int_equal(f->keyrings.n_keys, 0);
}

#define FIELDS "1 perm 1f030000     0     0 "

static void test_line(void **state) {
    static const char line[] =
        "236da5d1 I------     " FIELDS "asymmetri Debian: b9194f6b: X509.rsa 0dbe []\nnext";
    static const char *const bad[] = {
        "",
        "00000001",
        "0000001 I------ " FIELDS "keyring   x",
        "0000000x I------ " FIELDS "keyring   x",
        "00000001 I------ " FIELDS "keyring",
        "00000001 I------ " FIELDS "keyring  ",
        "00000001 I------ " FIELDS "keyringsss x",
        "00000001 I------ 1 perm\n1f030000 0 0 keyring   x",
    };
    struct proc_key k;
    size_t length;

    assert_int_equal(proc_key_parse(line, &k), 0);
    assert_int_equal(k.serial, 0x236da5d1);
    assert_string_equal(k.type, "asymmetri");
    assert_int_equal(memcmp(proc_key_algorithm(&k, "Debian: b9194f6b", &length), "rsa ", 4), 0);
    assert_int_equal(length, 3);
    assert_null(proc_key_algorithm(&k, "Debian", &length));
    assert_null(proc_key_algorithm(&k, "Other: b9194f6b", &length));

    assert_int_equal(
        proc_key_parse("00000001 IR----- 12345 expd 1f030000 65534 65534 user      x", &k), 0);
    assert_string_equal(k.type, "user");
    assert_string_equal(k.text, "x");
    /* A description of blanks only. */
    assert_int_equal(proc_key_parse("00000001 I------ " FIELDS "keyring    ", &k), 0);
    assert_string_equal(k.text, " ");

    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        assert_int_equal(proc_key_parse(bad[i], &k), -EBADMSG);
}

static void test_names(void **state) {
    assert_string_equal(kernel_keyring_name(KEYRING_BUILTIN), ".builtin_trusted_keys");
    assert_string_equal(kernel_keyring_name(KEYRING_PLATFORM), ".platform");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_machine),       TEST(test_some),        TEST(test_many),
        TEST(test_not_readable),  TEST(test_hostile_names), TEST(test_forged_line),
        cmocka_unit_test(test_line), cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
