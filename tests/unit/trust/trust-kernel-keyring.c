/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

#include "fake-keyring.h"
#include "trust/kernel-keyring.h"

#define ALL (KEYRING_BUILTIN | KEYRING_SECONDARY | KEYRING_MACHINE | KEYRING_PLATFORM)
#define LOADER (KEYRING_BUILTIN | KEYRING_SECONDARY | KEYRING_MACHINE)

static char sha256[] = "sha256", md4[] = "md4", digest[] = "DIGEST";

struct fixture {
    struct fake_keyring kernel;
    struct kernel_keyrings keyrings;
    struct signer signer;
    struct certificate certificate;
    enum keyring_set keyring; /* the keyring that vouched; 0: none */
    struct error error;
};

/* The digest DIGEST, signed by the key NAME, whose certificate is "NAME<ISSUER". */
static void sign(struct fixture *f, const char *certificate, const char *signature) {
    f->certificate = (struct certificate){ .der = (void *) certificate,
                                           .der_size = strlen(certificate) };
    f->signer.value = (void *) signature;
    f->signer.value_size = strlen(signature);
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    fake_keyring_open(&f->kernel);
    fake_keyring_machine(&f->kernel);
    assert_int_equal(kernel_keyrings_read(&f->kernel.host, &f->keyrings), 0);
    f->signer = (struct signer){ .hash = sha256, .encoding = "pkcs1", .digest = digest,
                                 .digest_size = STRLEN("DIGEST") };
    f->error = ERROR_NULL;
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;

    kernel_keyrings_done(&f->keyrings);
    fake_keyring_close(&f->kernel);
    error_done(&f->error);
    free(f);
    return 0;
}

/* The kernel's answer, which must exist; nothing is left behind. */
static int ask(struct fixture *f, unsigned keyrings) {
    int answer = 1, r;

    f->keyring = 0;
    f->kernel.restrictions[0] = '\0';
    r = kernel_keyring_ask(&f->kernel.host, &f->keyrings, keyrings, &f->signer, &f->certificate,
                           &answer, &f->keyring, &f->error);
    assert_int_equal(r, 0);
    assert_int_equal(fake_keyring_left(&f->kernel), 0);
    return answer;
}

static void assert_closed(struct fixture *f, int expected, const char *message) {
    int answer = 1;
    int r = kernel_keyring_ask(&f->kernel.host, &f->keyrings, ALL, &f->signer, &f->certificate,
                               &answer, &f->keyring, &f->error);

    assert_error_is(r, expected, &f->error, message);
    assert_int_equal(answer, 1);
    assert_int_equal(f->keyring, 0);
    f->kernel.add_error = 0;
    assert_int_equal(fake_keyring_left(&f->kernel), 0);
}

static void test_who_vouches(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *certificate;
        enum keyring_set keyring;
    } cases[] = { { "Leaf<Builtin", KEYRING_BUILTIN },
                  { "Leaf<Secondary", KEYRING_SECONDARY },
                  { "Leaf<Machine", KEYRING_MACHINE },
                  { "Leaf<Platform", KEYRING_PLATFORM } };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        sign(f, cases[i].certificate, "Leaf:DIGEST");
        assert_int_equal(ask(f, ALL), 0);
        assert_int_equal(f->keyring, cases[i].keyring);
        assert_int_equal(ask(f, cases[i].keyring), 0);
        assert_int_equal(f->keyring, cases[i].keyring);
        /* The other keyrings do not vouch, although .secondary_trusted_keys links to two of
         * them. */
        assert_int_equal(ask(f, ALL & ~(unsigned) cases[i].keyring), -ENOKEY);
        assert_int_equal(f->keyring, 0);
    }
    assert_int_equal(ask(f, 0), -ENOKEY);
    sign(f, "Leaf<Stranger", "Leaf:DIGEST");
    assert_int_equal(ask(f, ALL), -ENOKEY);
    assert_int_equal(f->kernel.n_verify, 8);
}

static void test_order(void **state) {
    struct fixture *f = *state;

    sign(f, "Leaf<Stranger", "Leaf:DIGEST");
    assert_int_equal(ask(f, ALL), -ENOKEY);
    assert_string_equal(f->kernel.restrictions, "builtin_trusted key_or_keyring:4099 "
                                                "key_or_keyring:4100 key_or_keyring:4102 ");
}

/* An ordinary user sees no serial numbers; the names are enough for the set that the module loader
 * uses. */
static void test_hidden(void **state) {
    struct fixture *f = *state;

    kernel_keyrings_done(&f->keyrings);
    sign(f, "Leaf<Machine", "Leaf:DIGEST");
    assert_int_equal(ask(f, ALL), 0);
    assert_int_equal(f->keyring, KEYRING_SECONDARY);
    assert_int_equal(ask(f, LOADER), 0);
    /* But not if the policy leaves one of the three out. */
    assert_int_equal(ask(f, KEYRING_SECONDARY | KEYRING_BUILTIN), -ENOKEY);
    assert_int_equal(ask(f, KEYRING_SECONDARY), -ENOKEY);
    assert_int_equal(ask(f, KEYRING_MACHINE), -ENOKEY);
    sign(f, "Leaf<Platform", "Leaf:DIGEST");
    assert_int_equal(ask(f, ALL), -ENOKEY);
}

static void test_bad_signature(void **state) {
    struct fixture *f = *state;

    for (size_t i = 0; i < 2; i++) {
        f->signer.encoding = i == 0 ? "pkcs1" : "x962";
        sign(f, "Leaf<Machine", "Leaf:DIGESt");
        assert_int_equal(ask(f, ALL), -EKEYREJECTED);
        sign(f, "Leaf<Machine", "Other:DIGEST");
        assert_int_equal(ask(f, ALL), -EKEYREJECTED);
        assert_int_equal(f->keyring, 0);
    }
    f->kernel.verify_error = -EBADMSG;
    assert_int_equal(ask(f, ALL), -EKEYREJECTED);
}

static void test_lengths(void **state) {
    struct fixture *f = *state;

    sign(f, "Leaf<Machine", "");
    assert_int_equal(ask(f, ALL), -EKEYREJECTED);
    sign(f, "Leaf<Machine", "Leaf:DIGEST");
    f->kernel.max_sig_size = 10;
    assert_int_equal(ask(f, ALL), -EKEYREJECTED);
    f->kernel.max_sig_size = 0;
    assert_int_equal(ask(f, ALL), -EKEYREJECTED);
    f->signer.digest_size = 65;
    f->kernel.max_sig_size = 64;
    assert_int_equal(ask(f, ALL), -EKEYREJECTED);
    assert_int_equal(f->kernel.n_verify, 0);
    f->signer.digest_size = 6;
    f->kernel.max_sig_size = 11;
    assert_int_equal(ask(f, ALL), 0);
}

static void test_certificates(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *certificate;
        int kernel, answer;
    } cases[] = {
        { "Leaf<Machine!", 0, -EKEYREJECTED },        /* forged */
        { "Leaf<Machine", -EINVAL, -EKEYREJECTED },   /* forged, RSA of another size */
        { "Leaf<Machine#", 0, -EKEYREJECTED },        /* forbidden */
        { "Leaf<Machine?", 0, -ENOPKG },              /* kind of key */
        { "Leaf<Machine", -ENOPKG, -ENOPKG },         /* hash */
        { "no certificate", 0, -ENOKEY },
        { "", 0, -ENOKEY },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        sign(f, cases[i].certificate, "Leaf:DIGEST");
        f->kernel.certificate_error = cases[i].kernel;
        assert_int_equal(ask(f, ALL), cases[i].answer);
    }
    assert_int_equal(f->kernel.n_verify, 0);
}

static void test_crypto(void **state) {
    struct fixture *f = *state;

    sign(f, "Leaf<Machine", "Leaf:DIGEST");
    f->signer.hash = md4;
    assert_int_equal(ask(f, ALL), -ENOPKG);
    f->signer.hash = sha256;
    f->kernel.query_error = -ENOENT;
    assert_int_equal(ask(f, ALL), -ENOPKG);
    f->kernel.query_error = 0;
    f->kernel.verify_error = -ENOPKG;
    assert_int_equal(ask(f, ALL), -ENOPKG);
    f->kernel.verify_error = 0;
    f->signer.encoding = NULL;
    assert_int_equal(ask(f, ALL), -ENOPKG);
    f->signer.encoding = "pkcs1";
    f->signer.digest = NULL;
    assert_int_equal(ask(f, ALL), -ENOPKG);
}

static void test_closed(void **state) {
    struct fixture *f = *state;

    sign(f, "Leaf<Machine", "Leaf:DIGEST");
    f->kernel.add_error = -ENOSYS;
    assert_closed(f, -EOPNOTSUPP, "the kernel's answer to add_key is: Function not implemented");
    f->kernel.add_error = -EDQUOT;
    assert_closed(f, -EOPNOTSUPP, "the kernel's answer to add_key is: Disk quota exceeded");
    f->kernel.certificate_error = -EPERM;
    assert_closed(f, -EOPNOTSUPP, "the kernel's answer to add_key is: Operation not permitted");
    f->kernel.certificate_error = 0;
    f->kernel.restrict_error = -EOPNOTSUPP;
    assert_closed(f, -EOPNOTSUPP,
                  "the kernel's answer to KEYCTL_RESTRICT_KEYRING is: Operation not supported");
    /* A kernel without that type of key, whatever name is requested. */
    f->kernel.restrict_error = -ENOKEY;
    assert_closed(f, -EOPNOTSUPP,
                  "the kernel's answer to KEYCTL_RESTRICT_KEYRING is: Required key not available");
    f->kernel.restrict_error = 0;
    f->kernel.query_error = -EOPNOTSUPP;
    assert_closed(f, -EOPNOTSUPP,
                  "the kernel's answer to KEYCTL_PKEY_VERIFY is: Operation not supported");
    f->kernel.query_error = 0;
    f->kernel.verify_error = -EACCES;
    assert_closed(f, -EOPNOTSUPP,
                  "the kernel's answer to KEYCTL_PKEY_VERIFY is: Permission denied");
    f->kernel.verify_error = -ENOMEM;
    assert_closed(f, -ENOMEM, "Cannot allocate memory");
}

/* A key that was removed after the keyrings were read. */
static void test_gone(void **state) {
    struct fixture *f = *state;

    fake_keyring_find(&f->kernel, "Secondary: 5e")->description[0] = '\0';
    sign(f, "Leaf<Platform", "Leaf:DIGEST");
    assert_int_equal(ask(f, ALL), 0);
    assert_int_equal(f->keyring, KEYRING_PLATFORM);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_who_vouches), TEST(test_order),   TEST(test_hidden), TEST(test_bad_signature),
        TEST(test_lengths),     TEST(test_certificates), TEST(test_crypto), TEST(test_closed),
        TEST(test_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
