/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

#include "base/strv.h"
#include "tree.h"
#include "trust/certificates.h"

#define VARIABLES "/sys/firmware/efi/efivars/"
#define SHIM "-605dab50-e046-4300-abb6-3dd810dd8b23"
#define DB_NAME "db-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
#define DB VARIABLES DB_NAME
#define MOK "/sys/firmware/efi/mok-variables/MokListRT"

/* A list of one X.509 certificate of three bytes, and the attributes of a variable. */
#define LIST(der)                                                                                  \
    "\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72"                             \
    "\x2f\0\0\0\0\0\0\0\x13\0\0\0owner of the key" der
#define ATTRIBUTES "\7\0\0\0"

#define write_literal(h, path, literal) tree_write_data((h), (path), (literal), sizeof(literal) - 1)

struct fixture {
    struct host host;
    struct certificate_files files;
};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    tree_make(&f->host);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;

    certificate_files_done(&f->files);
    tree_remove(&f->host);
    free(f);
    return 0;
}

static void change_mode(struct fixture *f, const char *path, mode_t mode) {
    _cleanup_close_ int fd = file_open(&f->host, path, O_RDONLY, 0);

    assert_int_equal(fchmod(fd, mode), 0);
}

/* Reads the certificates and compares them as one text: "PATH=DATA" lines, then "!" and the refused
 * files. */
static void assert_found(struct fixture *f, const char *expected) {
    char text[4096] = "";
    size_t n = 0;

    certificate_files_done(&f->files);
    assert_int_equal(certificate_files_read(&f->host, &f->files), 0);
    for (size_t i = 0; i < f->files.n_files; i++)
        n += (size_t) snprintf(text + n, sizeof(text) - n, "%s=%.*s\n", f->files.files[i].path,
                               (int) f->files.files[i].size, f->files.files[i].data);
    STRV_FOREACH(line, f->files.refused)
        n += (size_t) snprintf(text + n, sizeof(text) - n, "!%s\n", *line);
    assert_string_equal(text, expected);
}

static void test_nothing(void **state) {
    assert_found(*state, "");
}

static void test_directories(void **state) {
    struct fixture *f = *state;

    tree_write(&f->host, "/etc/lpd/keys.d/b.der", "B");
    tree_write(&f->host, "/etc/lpd/keys.d/a.pem", "A");
    tree_write(&f->host, "/etc/lpd/keys.d/README", "no");
    tree_write(&f->host, "/etc/lpd/keys.d/.c.der", "no");
    tree_write(&f->host, "/etc/lpd/keys.d/c.der.bak", "no");
    tree_write(&f->host, "/usr/lib/lpd/keys.d/a.crt", "V");
    tree_write(&f->host, "/usr/lib/lpd/keys.d/b.der", "hidden");
    tree_write(&f->host, "/usr/lib/lpd/keys.d/d.cer", "D");
    assert_found(f, "/etc/lpd/keys.d/a.pem=A\n"
                    "/etc/lpd/keys.d/b.der=B\n"
                    "/usr/lib/lpd/keys.d/a.crt=V\n"
                    "/usr/lib/lpd/keys.d/d.cer=D\n");
    assert_int_equal(f->files.files[1].origin, ORIGIN_LOCAL);
    assert_int_equal(f->files.files[2].origin, ORIGIN_VENDOR);
}

static void test_masks(void **state) {
    struct fixture *f = *state;

    tree_write(&f->host, "/usr/lib/lpd/keys.d/a.der", "A");
    tree_write(&f->host, "/usr/lib/lpd/keys.d/b.der", "B");
    tree_write(&f->host, "/usr/lib/lpd/keys.d/c.der", "C");
    tree_write(&f->host, "/etc/lpd/keys.d/a.der", "");
    tree_link(&f->host, "/dev/null", "/etc/lpd/keys.d/b.der");
    assert_found(f, "/usr/lib/lpd/keys.d/c.der=C\n");
}

static void test_unsafe_files(void **state) {
    struct fixture *f = *state;
    _cleanup_free_ char *big = calloc(1, 1024 * 1024 + 1);

    tree_write(&f->host, "/etc/lpd/keys.d/a.der", "A");
    tree_write(&f->host, "/etc/lpd/keys.d/b.der", "B");
    change_mode(f, "/etc/lpd/keys.d/b.der", 0664);
    tree_link(&f->host, "a.der", "/etc/lpd/keys.d/c.der");
    tree_write_data(&f->host, "/etc/lpd/keys.d/d.der", big, 1024 * 1024 + 1);
    tree_write(&f->host, "/etc/lpd/keys.d/e.der/x", "");
    tree_write(&f->host, "/etc/lpd/keys.d/f\n.der", "F");
    change_mode(f, "/etc/lpd/keys.d/f\n.der", 0646);
    /* A refused file still hides another one. */
    tree_write(&f->host, "/usr/lib/lpd/keys.d/b.der", "B");
    assert_found(f, "/etc/lpd/keys.d/a.der=A\n"
                    "!/etc/lpd/keys.d/b.der: it can be written by its group (mode 0664, user 0)\n"
                    "!/etc/lpd/keys.d/c.der: is a symbolic link\n"
                    "!/etc/lpd/keys.d/d.der: is larger than 1 MiB\n"
                    "!/etc/lpd/keys.d/e.der: is a directory\n"
                    "!/etc/lpd/keys.d/f?.der: it can be written by everybody (mode 0646, "
                    "user 0)\n");
}

static void test_unsafe_directories(void **state) {
    struct fixture *f = *state;

    tree_write(&f->host, "/etc/lpd/keys.d/a.der", "A");
    tree_write(&f->host, "/usr/lib/lpd/keys.d/b.der", "B");
    change_mode(f, "/etc/lpd", 0775);
    certificate_files_done(&f->files);
    assert_int_equal(certificate_files_read(&f->host, &f->files), 0);
    assert_int_equal(f->files.n_files, 1);
    assert_int_equal(f->files.files[0].origin, ORIGIN_VENDOR);
    assert_int_equal(strv_length(f->files.refused), 1);
    assert_non_null(strstr(f->files.refused[0], "/etc/lpd can be written by its group"));
    change_mode(f, "/etc/lpd", 0755);
    assert_found(f, "/etc/lpd/keys.d/a.der=A\n/usr/lib/lpd/keys.d/b.der=B\n");
}

static void test_no_directory(void **state) {
    struct fixture *f = *state;

    tree_write(&f->host, "/etc/lpd/keys.d", "");
    tree_write(&f->host, "/usr/lib/lpd/keys.d/b.der", "B");
    assert_found(f, "/usr/lib/lpd/keys.d/b.der=B\n!/etc/lpd/keys.d: Not a directory\n");
}

static void test_too_many(void **state) {
    struct fixture *f = *state;
    char path[64];

    for (unsigned i = 0; i < 257; i++) {
        snprintf(path, sizeof(path), "/etc/lpd/keys.d/%03u.der", i);
        tree_write(&f->host, path, "A");
    }
    write_literal(&f->host, DB, ATTRIBUTES LIST("one"));
    assert_int_equal(certificate_files_read(&f->host, &f->files), 0);
    assert_int_equal(f->files.n_files, 256);
    assert_int_equal(strv_length(f->files.refused), 2);
    assert_string_equal(f->files.refused[0],
                        "/etc/lpd/keys.d/256.der: there are too many certificates");
    assert_string_equal(f->files.refused[1], DB ": there are too many certificates");
}

static void test_firmware(void **state) {
    struct fixture *f = *state;

    write_literal(&f->host, VARIABLES "MokListRT" SHIM, ATTRIBUTES LIST("one") LIST("two"));
    write_literal(&f->host, VARIABLES "MokListRT1" SHIM, ATTRIBUTES LIST("six"));
    write_literal(&f->host, VARIABLES "MokListRT3" SHIM, ATTRIBUTES LIST("not"));
    write_literal(&f->host, DB, ATTRIBUTES LIST("ten"));
    tree_write(&f->host, "/etc/lpd/keys.d/a.der", "A");
    assert_found(f, "/etc/lpd/keys.d/a.der=A\n" VARIABLES "MokListRT" SHIM "=one\n" VARIABLES
                    "MokListRT" SHIM "=two\n" VARIABLES "MokListRT1" SHIM "=six\n" DB "=ten\n");
    assert_int_equal(f->files.files[1].origin, ORIGIN_MOK);
    assert_int_equal(f->files.files[4].origin, ORIGIN_DB);

    /* shim's own table is complete, and has no attributes. */
    write_literal(&f->host, MOK, LIST("all"));
    assert_found(f, "/etc/lpd/keys.d/a.der=A\n" MOK "=all\n" DB "=ten\n");
}

static void test_bad_firmware(void **state) {
    struct fixture *f = *state;

    write_literal(&f->host, MOK, LIST("one") "more");
    write_literal(&f->host, DB, "\7\0\0");
    assert_found(f, MOK "=one\n!" MOK ": not a list of EFI signatures\n!" DB
                        ": not a list of EFI signatures\n");
    write_literal(&f->host, MOK, "");
    write_literal(&f->host, DB, ATTRIBUTES);
    assert_found(f, "");
}

static unsigned n_mounted;
static int mount_error;

/* efivarfs shows /firmware. */
static int mount_firmware(struct host *h, const char *device, const char *type, const char *options,
                          bool writable) {
    n_mounted++;
    assert_string_equal(device, "efivarfs");
    assert_string_equal(type, "efivarfs");
    assert_string_equal(options, "");
    assert_false(writable);
    return mount_error < 0 ? mount_error : file_open(h, "/firmware", O_PATH | O_DIRECTORY, 0);
}

static const struct kernel_ops mounting_ops = { .mount = mount_firmware };

static int setup_unmounted(void **state) {
    struct fixture *f;

    (void) setup(state);
    f = *state;
    f->host.ops = &mounting_ops;
    f->host.initrd = true;
    n_mounted = 0;
    mount_error = 0;
    write_literal(&f->host, "/firmware/MokListRT" SHIM, ATTRIBUTES LIST("one"));
    write_literal(&f->host, "/firmware/" DB_NAME, ATTRIBUTES LIST("ten"));
    assert_int_equal(file_mkdir_p(&f->host, "/sys/firmware/efi/efivars"), 0);
    return 0;
}

static void test_unmounted(void **state) {
    struct fixture *f = *state;

    assert_found(f, VARIABLES "MokListRT" SHIM "=one\n" DB "=ten\n");
    assert_int_equal(n_mounted, 1);
}

static void test_unmounted_bad(void **state) {
    struct fixture *f = *state;

    write_literal(&f->host, "/firmware/" DB_NAME, "\7");
    assert_found(f, VARIABLES "MokListRT" SHIM "=one\n!" DB ": not a list of EFI signatures\n");
}

/* As when lpd-initrd.service may not mount, or the driver is not in the image. */
static void test_unmountable(void **state) {
    struct fixture *f = *state;

    mount_error = -EPERM;
    write_literal(&f->host, MOK, LIST("all"));
    assert_found(f, MOK "=all\n");
    assert_int_equal(n_mounted, 1);
}

static void test_unmounted_on_the_host(void **state) {
    struct fixture *f = *state;

    f->host.initrd = false;
    assert_found(f, "");
    assert_int_equal(n_mounted, 0);
}

static void test_no_efi(void **state) {
    struct fixture *f = *state;

    assert_int_equal(unlinkat(f->host.root_fd, "sys/firmware/efi/efivars", AT_REMOVEDIR), 0);
    assert_found(f, "");
    assert_int_equal(n_mounted, 0);
}

static void test_mounted_by_others(void **state) {
    struct fixture *f = *state;

    write_literal(&f->host, DB, ATTRIBUTES LIST("six"));
    assert_found(f, DB "=six\n");
    assert_int_equal(n_mounted, 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_UNMOUNTED(name) cmocka_unit_test_setup_teardown(name, setup_unmounted, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing),      TEST(test_directories),        TEST(test_masks),
        TEST(test_unsafe_files), TEST(test_unsafe_directories), TEST(test_no_directory),
        TEST(test_too_many),     TEST(test_firmware),           TEST(test_bad_firmware),
        TEST_UNMOUNTED(test_unmounted),   TEST_UNMOUNTED(test_unmounted_bad),
        TEST_UNMOUNTED(test_unmountable), TEST_UNMOUNTED(test_unmounted_on_the_host),
        TEST_UNMOUNTED(test_no_efi),      TEST_UNMOUNTED(test_mounted_by_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
