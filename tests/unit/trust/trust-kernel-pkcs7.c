/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>

#include "check.h"
#include "fake-kernel.h"
#include "trust/bpf-program.h"
#include "trust/kernel-pkcs7.h"

#define DATA "what is signed"
#define SIGNATURE "0\x82 its signature"

static struct fake_kernel kernel;

static size_t open_descriptors(void) {
    DIR *d = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static int setup(void **state) {
    fake_kernel_open(&kernel);
    kernel.bpf.data = DATA;
    kernel.bpf.data_size = strlen(DATA);
    kernel.bpf.signature = SIGNATURE;
    kernel.bpf.signature_size = strlen(SIGNATURE);
    kernel.bpf.answers[SYSTEM_KEYRING_PLATFORM] = -ENOKEY;
    return 0;
}

static int teardown(void **state) {
    fake_kernel_close(&kernel);
    return 0;
}

static int new_over(const char *data, const char *signature, struct kernel_pkcs7 **ret,
                    struct error *e) {
    return kernel_pkcs7_new(&kernel.host, data, strlen(data), signature, strlen(signature), ret, e);
}

static int make(struct kernel_pkcs7 **ret, struct error *e) {
    return new_over(DATA, SIGNATURE, ret, e);
}

static void assert_answer(struct kernel_pkcs7 *k, enum system_keyring keyring, int expected) {
    struct error e = ERROR_NULL;
    int answer = 4711;

    assert_int_equal(kernel_pkcs7_ask(k, keyring, &answer, &e), 0);
    assert_int_equal(answer, expected);
    assert_null(e.message);
}

/* Asserts that this way is not available, for that reason, and that nothing stays behind. */
static void assert_unavailable(int r, const char *reason) {
    size_t descriptors = open_descriptors();
    struct kernel_pkcs7 *k = NULL;
    struct error e = ERROR_NULL;
    int found = make(&k, &e);

    assert_error_is(found, r, &e, reason);
    assert_null(k);
    assert_int_equal(open_descriptors(), descriptors);
}

/* One program answers for every keyring, repeatedly. */
static void assert_all_answers(void) {
    _cleanup_(kernel_pkcs7_freep) struct kernel_pkcs7 *k = NULL;

    assert_int_equal(make(&k, NULL), 0);
    assert_answer(k, SYSTEM_KEYRING_SECONDARY, 0);
    assert_answer(k, SYSTEM_KEYRING_PLATFORM, -ENOKEY);
    assert_answer(k, SYSTEM_KEYRING_BUILTIN, 0);
    kernel.bpf.answers[SYSTEM_KEYRING_BUILTIN] = -ENOPKG;
    assert_answer(k, SYSTEM_KEYRING_BUILTIN, -ENOPKG);
    assert_int_equal(kernel.bpf.n_verified, 4);
}

static void test_syscall(void **state) {
    size_t descriptors = open_descriptors();

    kernel.bpf.syscall_may_ask = true;
    assert_all_answers();
    assert_int_equal(kernel.bpf.n_loads, 1);
    assert_int_equal(kernel.bpf.n_runs, 4);
    assert_int_equal(open_descriptors(), descriptors);
}

static void test_iterator(void **state) {
    size_t descriptors = open_descriptors();

    assert_all_answers();
    assert_int_equal(kernel.bpf.n_loads, 2);
    assert_int_equal(open_descriptors(), descriptors);
}

static void test_bad(void **state) {
    _cleanup_(kernel_pkcs7_freep) struct kernel_pkcs7 *k = NULL;

    kernel.bpf.syscall_may_ask = true;
    assert_int_equal(new_over("What is signed", SIGNATURE, &k, NULL), 0);
    assert_answer(k, SYSTEM_KEYRING_SECONDARY, -EKEYREJECTED);
}

static void test_malformed(void **state) {
    _cleanup_(kernel_pkcs7_freep) struct kernel_pkcs7 *k = NULL;

    kernel.bpf.syscall_may_ask = true;
    assert_int_equal(new_over(DATA, "", &k, NULL), 0);
    assert_answer(k, SYSTEM_KEYRING_SECONDARY, -EBADMSG);
}

static void test_no_data(void **state) {
    _cleanup_(kernel_pkcs7_freep) struct kernel_pkcs7 *k = NULL;

    kernel.bpf.syscall_may_ask = true;
    kernel.bpf.data_size = 0;
    assert_int_equal(new_over("", SIGNATURE, &k, NULL), 0);
    assert_answer(k, SYSTEM_KEYRING_SECONDARY, 0);
}

static void test_large(void **state) {
    _cleanup_(kernel_pkcs7_freep) struct kernel_pkcs7 *k = NULL;
    size_t size = ((size_t) 1 << 24) - 1;
    _cleanup_free_ char *data = malloc(size + 1);
    struct error e = ERROR_NULL;

    assert_non_null(data);
    for (size_t i = 0; i < size; i++)
        data[i] = (char) (i * 7 + i / 4096);
    kernel.bpf.data = data;
    kernel.bpf.data_size = size;
    assert_error_is(kernel_pkcs7_new(&kernel.host, data, size + 1, "s", 1, &k, &e), -EFBIG, &e,
                    "the kernel accepts less than 16 MiB this way");
    assert_error_is(kernel_pkcs7_new(&kernel.host, "d", 1, data, size + 1, &k, &e), -EFBIG, &e,
                    "the kernel accepts less than 16 MiB this way");
    assert_int_equal(kernel.bpf.n_calls, 0);
    assert_int_equal(kernel_pkcs7_new(&kernel.host, data, size, SIGNATURE, strlen(SIGNATURE), &k, &e),
                     0);
    assert_answer(k, SYSTEM_KEYRING_SECONDARY, 0);
}

/* A program that did not run has not answered, whatever it said before. */
static void test_did_not_run(void **state) {
    _cleanup_(kernel_pkcs7_freep) struct kernel_pkcs7 *k = NULL;
    struct error e = ERROR_NULL;
    int answer = 4711;

    assert_int_equal(make(&k, NULL), 0);
    assert_answer(k, SYSTEM_KEYRING_SECONDARY, 0);
    kernel.bpf.runs_nothing = true;
    assert_error_is(kernel_pkcs7_ask(k, SYSTEM_KEYRING_SECONDARY, &answer, &e), -EOPNOTSUPP, &e,
                    "the BPF program did not run");
    kernel.bpf.iterator_error = -EMFILE;
    assert_error_is(kernel_pkcs7_ask(k, SYSTEM_KEYRING_SECONDARY, &answer, &e), -EOPNOTSUPP, &e,
                    "the BPF program cannot be run: Too many open files");
    assert_int_equal(answer, 4711);
}

/* A keyring that the kernel does not know: the program runs, and has no answer. */
static void test_no_such_keyring(void **state) {
    _cleanup_(kernel_pkcs7_freep) struct kernel_pkcs7 *k = NULL;
    struct error e = ERROR_NULL;
    int answer = 4711;

    kernel.bpf.syscall_may_ask = true;
    assert_int_equal(make(&k, NULL), 0);
    assert_error_is(kernel_pkcs7_ask(k, (enum system_keyring) 3, &answer, &e), -EOPNOTSUPP, &e,
                    "the BPF program did not run");
    assert_int_equal(answer, 4711);
}

/* The kernel must not be asked about missing data if there are data. */
static void test_no_dynptr(void **state) {
    _cleanup_(kernel_pkcs7_freep) struct kernel_pkcs7 *k = NULL;
    struct error e = ERROR_NULL;
    int answer = 4711;

    kernel.bpf.syscall_may_ask = true;
    kernel.bpf.no_dynptr = true;
    assert_int_equal(make(&k, NULL), 0);
    assert_error_is(kernel_pkcs7_ask(k, SYSTEM_KEYRING_SECONDARY, &answer, &e), -EOPNOTSUPP, &e,
                    "the BPF program did not run");
    assert_int_equal(kernel.bpf.n_verified, 0);
    assert_int_equal(answer, 4711);
}

static void test_calls_refused(void **state) {
    kernel.bpf.map_error = -ENOSYS;
    assert_unavailable(-EOPNOTSUPP, "this kernel has no bpf(2)");
    kernel.bpf.map_error = -EPERM;
    assert_unavailable(-EPERM, "bpf(2) is not permitted: it needs CAP_BPF");
    kernel.bpf.map_error = -ENOMEM;
    assert_unavailable(-ENOMEM, "cannot create a BPF map of 46 bytes: Cannot allocate memory");
    assert_int_equal(kernel.bpf.n_loads, 0);
}

static void test_program_not_permitted(void **state) {
    kernel.bpf.syscall_error = -EPERM;
    assert_unavailable(-EPERM, "a BPF program is not permitted: it needs CAP_BPF");
    assert_int_equal(kernel.bpf.n_loads, 1);
}

static void test_iterator_not_permitted(void **state) {
    kernel.bpf.tracing_error = -EPERM;
    assert_unavailable(-EPERM, "a BPF iterator is not permitted: it needs CAP_PERFMON");
}

static void test_no_iterator(void **state) {
    kernel.bpf.link_error = -EINVAL;
    assert_unavailable(-EOPNOTSUPP, "cannot create a BPF iterator: Invalid argument");
}

static void test_refused(void **state) {
    kernel.bpf.tracing_error = -EACCES;
    kernel.bpf.log = "0: R1=ctx() R10=fp0\nR1 is\t\x1b[bad\nprocessed 7 insns (limit 1000000)\n";
    assert_unavailable(-EOPNOTSUPP, "the kernel refuses the BPF program: R1 is??[bad");
    assert_int_equal(kernel.bpf.n_loads, 3);
}

static void test_refused_silently(void **state) {
    kernel.bpf.tracing_error = -EINVAL;
    assert_unavailable(-EOPNOTSUPP, "the kernel refuses the BPF program: Invalid argument");
}

static void test_no_btf(void **state) {
    fake_kernel_remove(&kernel, "/sys/kernel/btf/vmlinux");
    assert_unavailable(-EOPNOTSUPP, "this kernel has no BTF (/sys/kernel/btf/vmlinux)");
}

static void test_bad_btf(void **state) {
    fake_kernel_text(&kernel, "/sys/kernel/btf/vmlinux", "no such thing");
    assert_unavailable(-EOPNOTSUPP, "/sys/kernel/btf/vmlinux cannot be read: Bad message");
}

static void test_old_kernel(void **state) {
    fake_bpf_functions(&kernel, "bpf_key_put", "bpf_lookup_system_key", "bpf_iter_task");
    assert_unavailable(-EOPNOTSUPP, "this kernel has no bpf_verify_pkcs7_signature() for BPF "
                                    "programs (Linux 6.1)");
    assert_int_equal(kernel.bpf.n_loads, 0);
}

static void test_other_root(void **state) {
    kernel.host.live = false;
    assert_unavailable(-EOPNOTSUPP, "this is not the running machine");
    assert_int_equal(kernel.bpf.n_calls, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_syscall),
        TEST(test_iterator),
        TEST(test_bad),
        TEST(test_malformed),
        TEST(test_no_data),
        TEST(test_large),
        TEST(test_did_not_run),
        TEST(test_no_such_keyring),
        TEST(test_no_dynptr),
        TEST(test_calls_refused),
        TEST(test_program_not_permitted),
        TEST(test_iterator_not_permitted),
        TEST(test_no_iterator),
        TEST(test_refused),
        TEST(test_refused_silently),
        TEST(test_no_btf),
        TEST(test_bad_btf),
        TEST(test_old_kernel),
        TEST(test_other_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
