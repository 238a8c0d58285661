/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "check.h"
#include "initramfs/tool.h"
#include "root.h"
#include "state/image.h"

/* The record of the initramfs, which may contain anything when it is read, and the command that
 * rebuilds an image. */

#define KERNEL "6.1.0-56-amd64"
#define UPDATE "/usr/sbin/update-initramfs"
#define GOOD                                                                                       \
    "{\"kernel\":\"" KERNEL "\",\"patches\":["                                                     \
    "{\"name\":\"fix-a\",\"sha256\":\"aa\",\"buildId\":\"bb\"},"                                   \
    "{\"name\":\"fix-b\",\"sha256\":null}]}"

static int read_record(const char *text, struct image_record *ret) {
    tree_write(&h, IMAGE_RECORD, text);
    return image_record_read(&h, ret);
}

static void test_record(void **state _unused_) {
    _cleanup_(image_record_done) struct image_record r = {};

    assert_int_equal(image_record_read(&h, &r), -ENOENT);
    assert_int_equal(read_record(GOOD, &r), 0);
    assert_string_equal(r.release, KERNEL);
    assert_int_equal(r.n_patches, 2);
    assert_string_equal(r.patches[0].name, "fix-a");
    assert_string_equal(r.patches[0].sha256, "aa");
    assert_string_equal(r.patches[0].build_id, "bb");
    assert_string_equal(r.patches[1].name, "fix-b");
    assert_null(r.patches[1].sha256);
    assert_null(r.patches[1].build_id);
}

static void test_record_of_none(void **state _unused_) {
    _cleanup_(image_record_done) struct image_record r = {};

    assert_int_equal(read_record("{\"kernel\":\"" KERNEL "\",\"patches\":[]}", &r), 0);
    assert_int_equal(r.n_patches, 0);
}

static void assert_no_record(const char *text) {
    _cleanup_(image_record_done) struct image_record r = {};
    int k = read_record(text, &r);

    if (k != -EBADMSG)
        fail_msg("%d: %s", k, text);
    assert_null(r.release);
    assert_null(r.patches);
}

static void test_truncated(void **state _unused_) {
    _cleanup_free_ char *text = strdup(GOOD);

    for (size_t n = strlen(text); n-- > 0;) {
        text[n] = '\0';
        assert_no_record(text);
    }
}

static void test_wrong_types(void **state _unused_) {
    static const char *const texts[] = {
        "null", "[]", "\"x\"", "{}", "\xff\xfe",
        "{\"patches\":[]}",
        "{\"kernel\":1,\"patches\":[]}",
        "{\"kernel\":null,\"patches\":[]}",
        "{\"kernel\":[\"x\"],\"patches\":[]}",
        "{\"kernel\":\"x\"}",
        "{\"kernel\":\"x\",\"patches\":null}",
        "{\"kernel\":\"x\",\"patches\":{}}",
        "{\"kernel\":\"x\",\"patches\":\"fix-a\"}",
        "{\"kernel\":\"x\",\"patches\":[null]}",
        "{\"kernel\":\"x\",\"patches\":[1]}",
        "{\"kernel\":\"x\",\"patches\":[[]]}",
        "{\"kernel\":\"x\",\"patches\":[{\"name\":\"fix-a\"},{}]}",
        "{\"kernel\":\"x\",\"patches\":[{\"name\":1}]}",
        "{\"kernel\":\"x\",\"patches\":[{\"name\":null,\"sha256\":\"aa\"}]}",
    };

    for (size_t i = 0; i < ELEMENTSOF(texts); i++)
        assert_no_record(texts[i]);
}

/* A name is used in messages and paths. */
static void test_names(void **state _unused_) {
    static const char *const names[] = {
        "", "../fix", "a/b", ".hidden", "-rf", "a b", "a\\u001b[31m", "a\\u0000b/..", "\xc3\xa9",
        "a123456789012345678901234567890123456789012345678901234567",
    };

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_(image_record_done) struct image_record r = {};
        _cleanup_free_ char *text = NULL;
        int k;

        assert_true(asprintf(&text, "{\"kernel\":\"x\",\"patches\":[{\"name\":\"%s\"}]}",
                             names[i]) >= 0);
        k = read_record(text, &r);
        /* A NUL ends what is read. */
        assert_int_equal(k, strstr(names[i], "0000") ? 0 : -EBADMSG);
        if (k == 0)
            assert_string_equal(r.patches[0].name, "a");
    }
}

static void test_wrong_numbers(void **state _unused_) {
    _cleanup_(image_record_done) struct image_record r = {};

    assert_int_equal(read_record("{\"kernel\":\"x\",\"patches\":[{\"name\":\"a\",\"sha256\":1,"
                                 "\"buildId\":[]}]}", &r), 0);
    assert_null(r.patches[0].sha256);
    assert_null(r.patches[0].build_id);
}

static void test_huge(void **state _unused_) {
    _cleanup_(image_record_done) struct image_record r = {};
    _cleanup_free_ char *spaces = malloc((2 << 20) + 1), *deep = malloc(100000 + 1);

    assert_true(spaces && deep);
    memset(spaces, ' ', 2 << 20);
    memcpy(spaces, GOOD, strlen(GOOD));
    spaces[2 << 20] = '\0';
    assert_int_equal(read_record(spaces, &r), -EFBIG);
    spaces[1 << 20] = '\0';
    assert_int_equal(read_record(spaces, &r), 0);
    memset(deep, '[', 100000);
    memcpy(deep, "{\"patches\":", strlen("{\"patches\":"));
    deep[100000] = '\0';
    assert_no_record(deep);
}

static void test_no_file(void **state _unused_) {
    _cleanup_(image_record_done) struct image_record r = {};

    tree_write(&h, IMAGE_RECORD "/x", "");
    assert_int_equal(image_record_read(&h, &r), -EISDIR);
}

/* Finds the tool; returns the command, or NULL. */
static const char *command(struct initramfs_rebuild *b) {
    static char text[256];
    _cleanup_free_ char *joined = NULL, *one = NULL;

    initramfs_rebuild_done(b);
    if (initramfs_rebuild_find(&h, KERNEL, b) == 0) {
        assert_int_equal(initramfs_rebuild_command(&h, KERNEL, &one), 0);
        assert_null(one);
        return NULL;
    }
    joined = strv_join(b->argv, " ");
    (void) snprintf(text, sizeof(text), "%s", joined);
    /* As a person types it, without the directory. */
    assert_int_equal(initramfs_rebuild_command(&h, KERNEL, &one), 0);
    assert_string_equal(one, strstr(text, path_basename(b->argv[0])));
    return text;
}

static void test_tools(void **state _unused_) {
    _cleanup_(initramfs_rebuild_done) struct initramfs_rebuild b = {};

    assert_null(command(&b));
    tree_write(&h, "/usr/bin/mkinitcpio", "");
    assert_string_equal(command(&b), "/usr/bin/mkinitcpio -P");
    assert_true(b.every_kernel);
    tree_write(&h, "/usr/bin/dracut", "");
    assert_string_equal(command(&b), "/usr/bin/dracut --force --kver " KERNEL);
    assert_string_equal(b.tool, "dracut");
    assert_false(b.every_kernel);
    tree_write(&h, UPDATE, "");
    assert_string_equal(command(&b), UPDATE " -u -k " KERNEL);
    assert_string_equal(b.tool, "initramfs-tools");
    assert_false(b.every_kernel);
}

static void test_hooks(void **state _unused_) {
    _cleanup_(initramfs_rebuild_done) struct initramfs_rebuild b = {};

    tree_write(&h, UPDATE, "");
    tree_write(&h, "/usr/lib/initcpio/install/lpd", "");
    assert_non_null(command(&b));
    assert_false(b.hooked);
    tree_write(&h, "/usr/lib/dracut/modules.d/50lpd/module-setup.sh", "");
    assert_non_null(command(&b));
    assert_true(b.hooked);
}

static void test_hook_of_initramfs_tools(void **state _unused_) {
    _cleanup_(initramfs_rebuild_done) struct initramfs_rebuild b = {};

    tree_write(&h, UPDATE, "");
    tree_write(&h, "/usr/share/initramfs-tools/hooks/lpd", "");
    assert_non_null(command(&b));
    assert_true(b.hooked);
}

static void test_unified(void **state _unused_) {
    static const char *const layouts[] = {
        "# layout=none\nlayout=uki\n", "layout=uki", "layout=bls\n", "layout=ukify\n", "", "\xff",
    };
    _cleanup_(initramfs_rebuild_done) struct initramfs_rebuild b = {};

    tree_write(&h, "/usr/bin/dracut", "");
    tree_write(&h, "/usr/lib/kernel/install.conf", "layout=uki\n");
    assert_string_equal(command(&b), "/usr/bin/dracut --force --kver " KERNEL);
    tree_write(&h, "/usr/bin/kernel-install", "");
    assert_string_equal(command(&b),
                        "/usr/bin/kernel-install add " KERNEL " /usr/lib/modules/" KERNEL "/vmlinuz");
    assert_false(b.every_kernel);
    /* The administrator's file replaces the other one. */
    for (size_t i = 0; i < ELEMENTSOF(layouts); i++) {
        tree_write(&h, "/etc/kernel/install.conf", layouts[i]);
        assert_non_null(command(&b));
        assert_string_equal(b.tool, i < 2 ? "kernel-install" : "dracut");
    }
}

/* Writes an image with that time. */
static void image(const char *path, time_t second) {
    const struct timespec times[2] = { { .tv_sec = second }, { .tv_sec = second } };
    _cleanup_close_ int dir_fd = -EBADF;
    const char *name;

    tree_write(&h, path, "");
    dir_fd = tree_parent(&h, path, &name);
    assert_int_equal(utimensat(dir_fd, name, times, 0), 0);
}

static void test_images(void **state _unused_) {
    static const char *const places[] = {
        "/boot/initrd.img-" KERNEL, "/boot/initramfs-" KERNEL ".img", "/boot/initrd-" KERNEL,
        "/boot/0123abcd/" KERNEL "/initrd", "/efi/0123abcd/" KERNEL "/initrd",
        "/boot/efi/0123abcd/" KERNEL "/initrd",
    };

    assert_int_equal(initramfs_image_usec(&h, KERNEL), 0);
    tree_write(&h, "/etc/machine-id", "0123abcd\n");
    image("/boot/initrd.img-6.1.0-57-amd64", 5000);
    assert_int_equal(initramfs_image_usec(&h, KERNEL), 0);
    for (size_t i = 0; i < ELEMENTSOF(places); i++) {
        image(places[i], 1000 + (time_t) i);
        assert_int_equal(initramfs_image_usec(&h, KERNEL), (1000 + i) * USEC_PER_SEC);
    }
    image(places[0], 3000);
    assert_int_equal(initramfs_image_usec(&h, KERNEL), 3000 * USEC_PER_SEC);
}

/* A file that is not an image has no time, nor does one of another machine. */
static void test_no_image(void **state _unused_) {
    tree_write(&h, "/boot/initrd.img-" KERNEL "/x", "");
    tree_link(&h, "/etc/hostname", "/boot/initrd-" KERNEL);
    tree_write(&h, "/etc/hostname", "x");
    image("/boot/0123abcd/" KERNEL "/initrd", 1000);
    assert_int_equal(initramfs_image_usec(&h, KERNEL), 0);
    tree_write(&h, "/etc/machine-id", "ffff\n");
    assert_int_equal(initramfs_image_usec(&h, KERNEL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_record),
        TEST(test_record_of_none),
        TEST(test_truncated),
        TEST(test_wrong_types),
        TEST(test_names),
        TEST(test_wrong_numbers),
        TEST(test_huge),
        TEST(test_no_file),
        TEST(test_tools),
        TEST(test_hooks),
        TEST(test_hook_of_initramfs_tools),
        TEST(test_unified),
        TEST(test_images),
        TEST(test_no_image),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
