/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <libkmod.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "object.h"

#include "base/strv.h"
#include "module/file.h"
#include "tree.h"

/* The directory of sample.ko and its compressed forms in the build. */
static const char *samples;

static const char *const forms[] = { "sample.ko", "sample.ko.xz", "sample.ko.zst", "sample.ko.gz" };

/* A machine whose root is a temporary directory, with the sample at /m/sample.ko. */
struct world {
    struct host host;
    char *sample;
    size_t sample_size;
};

static void read_sample(const char *name, char **ret, size_t *ret_size) {
    _cleanup_(host_close) struct host h = HOST_NULL;

    assert_int_equal(host_open(samples, &h), 0);
    assert_int_equal(file_read(&h, name, MODULE_SIZE_MAX, ret, ret_size), 0);
}

static int setup(void **state) {
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    tree_make(&w->host);
    read_sample("sample.ko", &w->sample, &w->sample_size);
    tree_write_data(&w->host, "/m/sample.ko", w->sample, w->sample_size);
    /* Ends a test that hangs on a FIFO. */
    (void) alarm(60);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    struct world *w = *state;

    tree_remove(&w->host);
    free(w->sample);
    free(w);
    return 0;
}

static size_t open_descriptors(void) {
    _cleanup_(host_close) struct host h = HOST_NULL;
    _cleanup_strv_free_ char **names = NULL;

    assert_int_equal(host_open("/proc/self/fd", &h), 0);
    assert_int_equal(file_list(&h, ".", &names), 0);
    return strv_length(names);
}

static void assert_refused(struct world *w, const char *path, int expected, const char *part) {
    struct module_file f = MODULE_FILE_NULL;
    struct error e = ERROR_NULL;
    size_t descriptors = open_descriptors();
    int r = module_file_open(&w->host, path, &f, &e);

    assert_int_equal(e.exit_status, EXIT_STATUS_REFUSED);
    assert_non_null(strstr(error_message(&e, r), path));
    assert_error(r, expected, &e, part);
    assert_null(f.data);
    assert_int_equal(f.fd, -EBADF);
    assert_int_equal(open_descriptors(), descriptors);
}

/* Asserts that the file is refused, and only for its owner or modes. */
static void assert_unsafe(struct world *w, const char *path, const char *part, const char *hint) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    struct error e = ERROR_NULL;

    assert_refused(w, path, -EPERM, part);
    assert_int_equal(module_file_open(&w->host, path, &f, &e), -EPERM);
    assert_non_null(e.hint);
    if (!strstr(e.hint, hint))
        fail_msg("\"%s\" is not in \"%s\"", hint, e.hint);
    error_done(&e);
    assert_int_equal(module_file_open_untrusted(&w->host, path, &f, NULL), 0);
}

static void assert_opens(struct world *w, const char *path) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    struct error e = ERROR_NULL;

    if (module_file_open(&w->host, path, &f, &e) < 0)
        fail_msg("%s", error_message(&e, -1));
}

static void change_mode(struct world *w, const char *path, mode_t mode) {
    _cleanup_close_ int fd = file_open(&w->host, path, O_RDONLY, 0);

    assert_int_equal(fchmod(fd, mode), 0);
}

/* The described bytes, those of the descriptor, and the file as built are the same. */
static void assert_same_bytes(struct world *w, const struct module_file *f) {
    _cleanup_free_ char *again = malloc(f->size + 1);

    assert_non_null(again);
    assert_int_equal(f->size, w->sample_size);
    assert_memory_equal(f->data, w->sample, f->size);
    assert_int_equal(pread(f->fd, again, f->size + 1, 0), f->size);
    assert_memory_equal(f->data, again, f->size);
}

static void test_forms(void **state) {
    struct world *w = *state;

    for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
        _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
        _cleanup_free_ char *data = NULL;
        size_t size;

        /* The contents decide about the format, not the name. */
        read_sample(forms[i], &data, &size);
        tree_write_data(&w->host, "/m/any.ko.xz", data, size);
        assert_int_equal(module_file_open(&w->host, "/m/any.ko.xz", &f, NULL), 0);
        assert_string_equal(f.path, "/m/any.ko.xz");
        assert_same_bytes(w, &f);
        assert_int_equal(f.compressed, i > 0);
        assert_true(f.info.livepatch);
        assert_string_equal(f.info.build_id, "0123456789abcdef0123456789abcdef01234567");
        assert_false(f.signature.present);
        assert_int_equal(fcntl(f.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        assert_int_equal(pwrite(f.fd, "x", 1, 0), -1);
        assert_int_equal(ftruncate(f.fd, 0), -1);
    }
}

/* libkmod reads the same facts from the same file. */
static void test_truth(void **state) {
    struct world *w = *state;
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    struct kmod_list *list = NULL, *entry;
    struct kmod_ctx *kmod = kmod_new(NULL, NULL);
    struct kmod_module *module;
    char path[PATH_MAX + STRLEN("/m/sample.ko")];
    size_t seen = 0;

    assert_int_equal(module_file_open(&w->host, "/m/sample.ko", &f, NULL), 0);
    const struct {
        const char *key, *value;
    } values[] = { { "name", f.info.name },
                   { "vermagic", f.info.vermagic },
                   { "depends", f.info.depends },
                   { "srcversion", f.info.srcversion } };

    tree_path(&w->host, path);
    (void) strcat(path, "/m/sample.ko");
    assert_int_equal(kmod_module_new_from_path(kmod, path, &module), 0);
    assert_true(kmod_module_get_info(module, &list) > 0);
    kmod_list_foreach(entry, list)
        for (size_t i = 0; i < ELEMENTSOF(values); i++)
            if (streq(kmod_module_info_get_key(entry), values[i].key)) {
                assert_string_equal(kmod_module_info_get_value(entry), values[i].value);
                seen++;
            }
    assert_int_equal(seen, ELEMENTSOF(values));
    kmod_module_info_free_list(list);
    (void) kmod_module_unref(module);
    (void) kmod_unref(kmod);
}

static void test_sha256(void **state) {
    struct world *w = *state;
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * 32 + 1];

    assert_int_equal(module_file_open(&w->host, "/m/sample.ko", &f, NULL), 0);
    assert_string_equal(f.sha256, "");
    module_file_sha256(&f);
    assert_int_equal(EVP_Digest(w->sample, w->sample_size, digest, NULL, EVP_sha256(), NULL), 1);
    for (size_t i = 0; i < 32; i++)
        (void) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(f.sha256, hex);
    module_file_sha256(&f);
    assert_string_equal(f.sha256, hex);
}

static void test_signature(void **state) {
    static const char tail[] = "12345" "\0\0\2\0\0\0\0\0\0\0\0\5" "~Module signature appended~\n";
    struct world *w = *state;
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    size_t size = w->sample_size + sizeof(tail) - 1;
    _cleanup_free_ char *data = malloc(size);

    memcpy(data, w->sample, w->sample_size);
    memcpy(data + w->sample_size, tail, sizeof(tail) - 1);
    tree_write_data(&w->host, "/m/signed.ko", data, size);
    assert_int_equal(module_file_open(&w->host, "/m/signed.ko", &f, NULL), 0);
    assert_int_equal(f.size, size);
    assert_true(f.signature.present);
    assert_int_equal(f.signature.signed_size, w->sample_size);
    assert_int_equal(f.signature.signature_size, 5);
    module_file_close(&f);

    /* The ELF must lie within the signed bytes. */
    data[size - sizeof(tail) + 1 + 5 + 11] = 6;
    tree_write_data(&w->host, "/m/signed.ko", data, size);
    assert_refused(w, "/m/signed.ko", -ENOEXEC, "truncated or damaged");
    data[size - sizeof(tail) + 1 + 5 + 2] = 1;
    tree_write_data(&w->host, "/m/signed.ko", data, size);
    assert_refused(w, "/m/signed.ko", -ENOPKG, "not PKCS#7");
}

/* The checked and loaded bytes are in memory since the one reading: a process that has the file
 * open for writing, or writes later, changes nothing, whatever the file system is. */
static void test_writers(void **state) {
    struct world *w = *state;
    _cleanup_close_ int fd = file_open(&w->host, "/m/sample.ko", O_RDWR, 0);

    for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
        _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
        _cleanup_free_ char *data = NULL;
        size_t size;

        read_sample(forms[i], &data, &size);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, data, size, 0), size);
        assert_int_equal(module_file_open(&w->host, "/m/sample.ko", &f, NULL), 0);
        memset(data, 'x', size);
        assert_int_equal(pwrite(fd, data, size, 0), size);
        assert_same_bytes(w, &f);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_same_bytes(w, &f);
        assert_int_equal(file_write_volatile(&w->host, "/m/sample.ko", "other", 5, 0644), 0);
        assert_same_bytes(w, &f);
        (void) close(fd);
        fd = file_open(&w->host, "/m/sample.ko", O_RDWR, 0);
    }
}

/* Only the memfd with the bytes is in memory. */
static size_t resident_kib(void) {
    _cleanup_(host_close) struct host h = HOST_NULL;
    _cleanup_free_ char *line = NULL;
    size_t pages;

    assert_int_equal(host_open("/", &h), 0);
    assert_int_equal(file_read_line(&h, "/proc/self/statm", &line), 0);
    assert_int_equal(sscanf(line, "%*s %zu", &pages), 1);
    return pages * (size_t) sysconf(_SC_PAGESIZE) / 1024;
}

static void test_one_copy(void **state) {
    struct world *w = *state;
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    size_t size = 10 * 1024 * 1024, before;
    _cleanup_free_ char *data = calloc(1, size);

    memcpy(data, w->sample, w->sample_size);
    memset(data + w->sample_size, 'x', size - w->sample_size);
    tree_write_data(&w->host, "/m/large.ko", data, size);
    before = resident_kib();
    assert_int_equal(module_file_open(&w->host, "/m/large.ko", &f, NULL), 0);
    module_file_sha256(&f);
    assert_int_equal(f.size, size);
    assert_true(resident_kib() < before + 12 * 1024);
}

static void test_links(void **state) {
    struct world *w = *state;

    tree_link(&w->host, "sample.ko", "/m/link.ko");
    tree_link(&w->host, "nowhere", "/m/dangling.ko");
    tree_link(&w->host, "/m", "/lib");
    assert_refused(w, "/m/link.ko", -ELOOP, "is a symbolic link");
    assert_refused(w, "/m/dangling.ko", -ELOOP, "is a symbolic link");
    assert_opens(w, "/lib/sample.ko");
    assert_opens(w, "/lib/../m//./sample.ko");
    /* The directory behind a link counts. */
    change_mode(w, "/m", 0775);
    assert_unsafe(w, "/lib/sample.ko", "/m can be written by its group", "chmod go-w '");
}

static void test_modes(void **state) {
    struct world *w = *state;

    tree_write_data(&w->host, "/a/b/fix.ko", w->sample, w->sample_size);
    assert_opens(w, "/a/b/fix.ko");

    change_mode(w, "/a/b/fix.ko", 0664);
    assert_unsafe(w, "/a/b/fix.ko", "it can be written by its group (mode 0664", "/a/b/fix.ko'");
    change_mode(w, "/a/b/fix.ko", 0646);
    assert_unsafe(w, "/a/b/fix.ko", "it can be written by everybody (mode 0646", "chmod go-w");
    change_mode(w, "/a/b/fix.ko", 0444);
    assert_opens(w, "/a/b/fix.ko");

    change_mode(w, "/a/b", 0775);
    assert_unsafe(w, "/a/b/fix.ko", "/a/b can be written by its group (mode 0775", "/a/b'");
    change_mode(w, "/a/b", 0755);
    change_mode(w, "/a", 01777);
    assert_unsafe(w, "/a/b/fix.ko", "/a can be written by everybody (mode 1777", "lpctl install");
    change_mode(w, "/a", 0755);
    change_mode(w, "/", 0770);
    assert_unsafe(w, "/a/b/fix.ko", "can be written by its group (mode 0770", "chmod go-w");
    change_mode(w, "/", 0700);
    assert_opens(w, "/a/b/fix.ko");
}

/* Only root can change the owner of a file. */
static void test_owners(void **state) {
    struct world *w = *state;

    if (geteuid() != 0)
        return;
    assert_int_equal(fchownat(w->host.root_fd, "m/sample.ko", 1, 0, 0), 0);
    assert_unsafe(w, "/m/sample.ko", "it belongs to user 1, not to root", "chown root:root");
    assert_int_equal(fchownat(w->host.root_fd, "m/sample.ko", 0, 1, 0), 0);
    assert_opens(w, "/m/sample.ko");
    assert_int_equal(fchownat(w->host.root_fd, "m", 1, 0, 0), 0);
    assert_unsafe(w, "/m/sample.ko", "/m belongs to user 1, not to root", "chown root:root");
}

static void test_types(void **state) {
    struct world *w = *state;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void) snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/m/socket",
                    w->host.root_fd);
    assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
    assert_int_equal(mkfifoat(w->host.root_fd, "m/fifo", 0644), 0);
    assert_refused(w, "/m/socket", -EINVAL, "not a regular file");
    assert_refused(w, "/m/fifo", -EINVAL, "not a regular file");
    assert_refused(w, "/m", -EISDIR, "is a directory");
    assert_refused(w, "/m/..", -EISDIR, "is a directory");
    if (geteuid() == 0) {
        assert_int_equal(mknodat(w->host.root_fd, "m/null", S_IFCHR | 0644, 0x103), 0);
        assert_refused(w, "/m/null", -EINVAL, "not a regular file");
    }
}

static void test_sizes(void **state) {
    struct world *w = *state;
    _cleanup_close_ int fd = -EBADF;

    tree_write_data(&w->host, "/m/empty.ko", "", 0);
    assert_refused(w, "/m/empty.ko", -ENOEXEC, "is empty");
    fd = file_open(&w->host, "/m/huge.ko", O_RDWR | O_CREAT | O_EXCL, 0644);
    assert_int_equal(ftruncate(fd, (off_t) MODULE_SIZE_MAX + 1), 0);
    closep(&fd);
    fd = -EBADF;
    assert_refused(w, "/m/huge.ko", -EFBIG, "is larger than 256 MiB");
}

static void test_missing(void **state) {
    static const struct {
        const char *path;
        int r;
    } cases[] = { { "/m/none.ko", -ENOENT }, { "/none/none.ko", -ENOENT },
                  { "/m/sample.ko/x", -ENOTDIR }, { "/m/sample.ko/", -ENOTDIR }, { "/", -ENOENT },
                  { "", -ENOENT } };
    struct world *w = *state;

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        struct module_file f = MODULE_FILE_NULL;
        struct error e = ERROR_NULL;

        assert_int_equal(module_file_open(&w->host, cases[i].path, &f, &e), cases[i].r);
        assert_int_equal(e.exit_status, EXIT_STATUS_FAILED);
        assert_true(strstr(e.message, cases[i].path));
        error_done(&e);
    }
}

static void test_truncated(void **state) {
    struct world *w = *state;

    for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
        _cleanup_free_ char *data = NULL;
        size_t whole;

        read_sample(forms[i], &data, &whole);
        for (size_t size = 0; size < whole; size++) {
            struct module_file f = MODULE_FILE_NULL;
            int r;

            tree_write_data(&w->host, "/m/cut.ko", data, size);
            r = module_file_open(&w->host, "/m/cut.ko", &f, NULL);
            assert_true(r == -ENOEXEC || r == -EBADMSG);
        }
        tree_write_data(&w->host, "/m/cut.ko", data, whole);
        assert_opens(w, "/m/cut.ko");
    }
}

int main(int argc, char *argv[]) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_forms),    TEST(test_truth),   TEST(test_sha256), TEST(test_signature),
        TEST(test_writers),  TEST(test_one_copy), TEST(test_links),   TEST(test_modes),  TEST(test_owners),
        TEST(test_types),    TEST(test_sizes),   TEST(test_missing), TEST(test_truncated),
    };

    if (argc != 2) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        return EXIT_FAILURE;
    }
    samples = argv[1];
    (void) umask(022);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
