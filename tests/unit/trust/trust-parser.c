/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "check.h"
#include "signing.h"
#include "tree.h"
#include "trust/parser-answer.h"
#include "trust/parser.h"

#define DATA "what is signed"

/* A record's numbers for printf(1). */
#define ZEROS "\\0\\0\\0"
#if __BYTE_ORDER == __LITTLE_ENDIAN
#define U32(byte) byte ZEROS
#define U64(byte) byte ZEROS "\\0" ZEROS
#else
#define U32(byte) ZEROS byte
#define U64(byte) ZEROS "\\0" ZEROS byte
#endif

/* An answer that says nothing. */
#define END "'" U32("\\1") U32("\\0") U64("\\0") "'"

/* The half of the third argument that contains them. */
#define FLAGS_OF_GETRANDOM                                                                         \
    (offsetof(struct seccomp_data, args[2]) + (__BYTE_ORDER == __BIG_ENDIAN ? 4 : 0))

static const char *real_directory;

/* Runs another program in its place. */
static int run_script(const char *script, struct error *e) {
    struct parser_request request = { .signature = "s", .signature_size = 1,
                                      .deadline = parser_deadline(3) };
    struct host h;
    struct pkcs7 p;
    char directory[PATH_MAX], path[PATH_MAX + 16];
    int r;

    tree_make(&h);
    tree_path(&h, directory);
    tree_write(&h, "/lpd-parser", script);
    TREE_ASSERT(snprintf(path, sizeof(path), "%s/lpd-parser", directory) > 0 &&
                chmod(path, 0755) == 0 && setenv("LPD_LIBEXECDIR", directory, 1) == 0);
    r = parser_run(&request, &p, e);
    TREE_ASSERT(setenv("LPD_LIBEXECDIR", real_directory, 1) == 0);
    tree_remove(&h);
    return r;
}

static unsigned count_descriptors(void) {
    DIR *d = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(d);
    while (readdir(d))
        n++;
    (void) closedir(d);
    return n;
}

static void parse_signature(const char *algorithm, const char *hash) {
    struct certificate_file offered[2] = { { .path = (char *) "/junk", .data = (char *) "junk",
                                             .size = 4 } };
    struct certificate_files files = { .files = offered, .n_files = 2 };
    struct error e = ERROR_NULL;
    struct identity id;
    struct signature s;
    struct pkcs7 p;
    int r;

    identity_make(algorithm, "Prüfschlüssel", hash, &id);
    sign(&id, 1, hash, SIGN_FLAGS, DATA, strlen(DATA), &s);
    offered[1].data = identity_der(&id, &offered[1].size);
    r = parser_run(&(struct parser_request){ .signature = s.der, .signature_size = s.size,
                                             .data = DATA, .data_size = strlen(DATA),
                                             .files = &files },
                   &p, &e);
    if (r < 0)
        fail_msg("%s: %s", algorithm, error_message(&e, r));
    assert_int_equal(p.n_signers, 1);
    assert_int_equal(p.n_certificates, 1);
    assert_int_equal(p.certificates[0].source, 1);
    assert_string_equal(p.certificates[0].name, "Prüfschlüssel");
    assert_int_equal(p.certificates[0].der_size, offered[1].size);
    assert_memory_equal(p.certificates[0].der, offered[1].data, offered[1].size);
    if (p.signers[0].verified_by != 0)
        fail_msg("%s with %s is not verified", algorithm, hash);
    assert_string_equal(p.unreadable[0], "/junk: it is not a certificate in DER or PEM");
    pkcs7_done(&p);
    free(offered[1].data);
    signature_done(&s);
    identity_done(&id);
}

static void parse_signatures(void) {
    static const struct {
        const char *algorithm, *hash;
    } cases[] = {
        { "RSA 2048", "sha1" },   { "RSA 2048", "sha256" },   { "RSA 4096", "sha512" },
        { "RSA 3072", "sha384" }, { "RSA 2048", "sha224" }, { "P-224", "sha224" },
        { "P-256", "sha256" },    { "P-384", "sha384" },      { "P-521", "sha512" },
        { "P-384", "sha256" },  { "brainpoolP256r1", "sha256" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        parse_signature(cases[i].algorithm, cases[i].hash);
}

static void test_real(void **state) {
    unsigned before = count_descriptors();

    parse_signatures();
    assert_int_equal(count_descriptors(), before);
}

/* Kills a process that asks for random numbers and would wait for them, as early in a boot; one
 * that would not wait gets none. Programs inherit the filter. */
static void deny_randomness(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getrandom, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FLAGS_OF_GETRANDOM),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, GRND_NONBLOCK, 2, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
    };
    struct sock_fprog program = { .len = ELEMENTSOF(filter), .filter = filter };

    TREE_ASSERT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* The self-test has RSA and ECDSA. */
static void test_without_randomness(void **state) {
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        deny_randomness();
        _exit(parser_self_test(0, NULL) < 0 ? 1 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* Kinds of input for which OpenSSL does more than parse: nothing of that has an effect outside the
 * jail. */
static void test_odd_files(void **state) {
    static const char *const texts[] = {
        ("-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
         "00000000000000000000000000000000\n\nAAAA\n-----END CERTIFICATE-----\n"),
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n",
        "file:///etc/passwd", "",
    };
    struct certificate_file offered[ELEMENTSOF(texts)] = {};
    struct certificate_files files = { .files = offered, .n_files = ELEMENTSOF(texts) };
    struct pkcs7 p;

    for (size_t i = 0; i < ELEMENTSOF(texts); i++)
        offered[i] = (struct certificate_file){ .path = (char *) "/p", .data = (char *) texts[i],
                                                .size = strlen(texts[i]) };
    assert_int_equal(parser_run(&(struct parser_request){ .files = &files }, &p, NULL), 0);
    assert_int_equal(p.n_certificates, 0);
    for (size_t i = 0; i < ELEMENTSOF(texts); i++)
        assert_non_null(p.unreadable[i]);
    pkcs7_done(&p);
}

static void test_many_files(void **state) {
    struct certificate_file offered[PARSER_FILES_MAX + 2] = {};
    struct certificate_files files = { .files = offered, .n_files = ELEMENTSOF(offered) };
    struct pkcs7 p;

    for (size_t i = 0; i < ELEMENTSOF(offered); i++)
        offered[i] = (struct certificate_file){ .path = (char *) "/p", .data = (char *) "x",
                                                .size = 1 };
    assert_int_equal(parser_run(&(struct parser_request){ .files = &files }, &p, NULL), 0);
    assert_string_equal(p.unreadable[255], "/p: it is not a certificate in DER or PEM");
    assert_string_equal(p.unreadable[256], "/p: there are more than 256 files");
    assert_string_equal(p.unreadable[257], "/p: there are more than 256 files");
    assert_null(p.unreadable[258]);
    pkcs7_done(&p);
}

static void test_refused(void **state) {
    struct error e = ERROR_NULL;
    struct pkcs7 p;
    int r = parser_run(&(struct parser_request){ .signature = "x", .signature_size = 1 }, &p, &e);

    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    assert_error_is(r, -EBADMSG, &e, "the signature cannot be used: it is not PKCS#7");
}

static void test_failures(void **state) {
    static const struct {
        const char *script;
        int r;
        const char *message;
    } cases[] = {
        { "#!/bin/sh\nkill -SEGV $$\n", -EPIPE, "lpd-parser was killed by SIGSEGV" },
        { "#!/bin/sh\nprintf " END "; kill -SYS $$\n", -EPIPE, "lpd-parser was killed by SIGSYS" },
        { "#!/bin/sh\nprintf " END "; exit 3\n", -EPIPE, "lpd-parser failed with status 3" },
        { "#!/bin/sh\n", -EPROTO, "the answer of lpd-parser is invalid" },
        { "#!/bin/sh\necho nonsense\n", -EPROTO, "the answer of lpd-parser is invalid" },
        { "#!/bin/sh\nexec cat /dev/zero\n", -EFBIG,
          "cannot read the answer of lpd-parser: File too large" },
        { "#!/bin/sh\nexit 2\n", -EPIPE,
          "lpd-parser cannot confine itself: the kernel has no seccomp filters" },
        { "#!/bin/sh\nprintf " END "\n", -EPROTO,
          "lpd-parser answered without a signer" },
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        struct error e = ERROR_NULL;
        int r = run_script(cases[i].script, &e);

        assert_int_equal(e.exit_status, EXIT_STATUS_FAILED);
        assert_error_is(r, cases[i].r, &e, cases[i].message);
    }
}

static void test_cannot_run(void **state) {
    struct error e = ERROR_NULL;
    int r;

    r = run_script("no program\n", &e);
    assert_error_has(r, -ENOEXEC, &e, "cannot run /");
    assert_int_equal(setenv("LPD_LIBEXECDIR", "/nonexistent", 1), 0);
    r = parser_run(&(struct parser_request){}, &(struct pkcs7){}, &e);
    assert_int_equal(setenv("LPD_LIBEXECDIR", real_directory, 1), 0);
    assert_error_is(r, -ENOENT, &e,
                    "cannot run /nonexistent/lpd-parser: No such file or directory");
}

/* lpd does not wait for it, whether it says nothing or has completed its answer. */
static void test_hangs(void **state) {
    struct error e = ERROR_NULL;
    time_t start = time(NULL);
    int r;

    r = run_script("#!/bin/sh\nexec sleep 100 >&-\n", &e);
    assert_error_is(r, -EPIPE, &e, "lpd-parser was killed by SIGKILL");
    assert_true(time(NULL) - start < 3);
    r = run_script("#!/bin/sh\nexec sleep 100\n", &e);
    assert_error_is(r, -ETIMEDOUT, &e, "lpd-parser did not answer within 3 s");
    assert_true(time(NULL) - start < 50);
}

/* The shell changes its environment and opens its script; /proc shows what it was given. */
static void test_given_nothing(void **state) {
    _cleanup_close_ int left_open = open("/dev/null", O_RDONLY);
    struct error e = ERROR_NULL;
    int r;

    assert_int_equal(fcntl(left_open, F_SETFD, 0), 0);
    r = run_script("#!/bin/sh\nset -- \"$(wc -c </proc/$$/environ) $(readlink /proc/$$/cwd) "
                   "$(readlink /proc/$$/fd/2) $(readlink /proc/$$/fd/[3-9] | grep -c null)\"\n"
                   "printf '" U32("\\2") U32("\\0") U64("'\"\\\\$(printf %o ${#1})\"'") "%s' \"$1\"; "
                   "printf " END "\n",
                   &e);
    assert_error_is(r, -EBADMSG, &e, "the signature cannot be used: 0 / /dev/null 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real),       cmocka_unit_test(test_without_randomness),
        cmocka_unit_test(test_odd_files),
        cmocka_unit_test(test_many_files), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_failures),   cmocka_unit_test(test_cannot_run),
        cmocka_unit_test(test_hangs),      cmocka_unit_test(test_given_nothing),
    };

    real_directory = getenv("LPD_LIBEXECDIR");
    if (!real_directory) {
        fprintf(stderr, "$LPD_LIBEXECDIR says where lpd-parser is\n");
        return EXIT_FAILURE;
    }
    real_directory = strdup(real_directory);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
