/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A temporary root, patches to install there, and what it then contains. */

#include <dirent.h>

#include "base/strv.h"
#include "check.h"
#include "module/file.h"
#include "module/object.h"
#include "store/store.h"
#include "tree.h"

#define RELEASE "6.1.0-56-amd64"
#define MANIFESTS "/etc/lpd/patches.d/"
#define VENDOR "/usr/lib/lpd/patches.d/"
#define STORE "/var/lib/lpd/modules/"
#define PIN(name) MANIFESTS name ".conf.d/20-kernel-" RELEASE ".conf"

static struct host h;
static struct error e;

static inline int setup(void **state _unused_) {
    tree_make(&h);
    e = ERROR_NULL;
    return 0;
}

static inline int teardown(void **state _unused_) {
    error_done(&e);
    tree_remove(&h);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* A module with certain contents, and its hash. */
struct sample {
    struct object object;
    char sha256[65];
};

/* The hash comes from the same reader that also checks what is installed. */
static inline struct sample sample_make(const char *text) {
    const struct object_section sections[] = {
        { .name = ".text", .data = text, .size = strlen(text) },
        OBJECT_SECTION(".modinfo", OBJECT_MODINFO),
    };
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    struct sample sample = { .object = object_build(sections, ELEMENTSOF(sections)) };
    struct host scratch;

    tree_make(&scratch);
    tree_write_data(&scratch, "/m.ko", sample.object.data, sample.object.size);
    assert_int_equal(module_file_open_untrusted(&scratch, "/m.ko", &f, NULL), 0);
    module_file_sha256(&f);
    memcpy(sample.sha256, f.sha256, sizeof(sample.sha256));
    tree_remove(&scratch);
    return sample;
}

static inline void sample_done(struct sample *s) {
    object_free(&s->object);
}

static inline struct store_patch patch_of(const char *name, const struct sample *sample) {
    return (struct store_patch){
        .name = name,
        .release = RELEASE,
        .module = sample->object.data,
        .module_size = sample->object.size,
        .sha256 = sample->sha256,
    };
}

/* Installs, and keeps the result. */
static inline int install_patch(const struct store_patch *p) {
    _cleanup_(change_freep) struct change *change = NULL;

    error_done(&e);
    return store_install(&h, p, &change, &e);
}

static inline int install(const char *name, const struct sample *sample) {
    const struct store_patch p = patch_of(name, sample);

    return install_patch(&p);
}

static inline void assert_text(const char *path, const char *text) {
    _cleanup_free_ char *present = NULL;

    if (file_read(&h, path, 1024 * 1024, &present, NULL) < 0)
        fail_msg("%s is not there", path);
    assert_string_equal(present, text);
}

static inline void assert_gone(const char *path) {
    struct stat st;

    if (file_lstat(&h, path, &st) != -ENOENT)
        fail_msg("%s is there", path);
}

static inline void assert_module(const char *path, const struct sample *sample) {
    _cleanup_free_ char *data = NULL;
    size_t size;

    if (file_read(&h, path, MODULE_SIZE_MAX, &data, &size) < 0)
        fail_msg("%s is not there", path);
    assert_int_equal(size, sample->object.size);
    assert_memory_equal(data, sample->object.data, size);
}

/* One line for everything below the root, sorted: its type, and for a file its contents and, if
 * requested, its time. Hidden files, which a power cut may leave, are skipped on request. */
enum list_flags {
    LIST_TIMES = 1 << 0,
    LIST_VISIBLE = 1 << 1,
};

static inline void list_file(FILE *out, unsigned flags, int dir_fd, const char *name,
                             const struct stat *st) {
    _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    _cleanup_free_ char *data = NULL;
    uint64_t hash = 0;
    size_t size;

    TREE_ASSERT(fd >= 0 && file_read_fd(fd, MODULE_SIZE_MAX, &data, &size) >= 0);
    for (size_t i = 0; i < size; i++)
        hash = hash * 31 + (unsigned char) data[i];
    fprintf(out, " %zu %016lx", size, hash);
    if (!(flags & LIST_VISIBLE))
        fprintf(out, " links %lu", (unsigned long) st->st_nlink);
    if (flags & LIST_TIMES)
        fprintf(out, " %ld.%09ld", st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

static inline void list_directory(FILE *out, unsigned flags, int dir_fd, const char *path) {
    struct dirent **names;
    int n = scandirat(dir_fd, ".", &names, NULL, alphasort);

    TREE_ASSERT(n >= 0);
    for (int i = 0; i < n; i++) {
        _cleanup_free_ struct dirent *entry = names[i];
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *full = NULL;
        struct stat st;

        if (streq(entry->d_name, ".") || streq(entry->d_name, "..") ||
            (flags & LIST_VISIBLE && *entry->d_name == '.'))
            continue;
        TREE_ASSERT(asprintf(&full, "%s/%s", path, entry->d_name) >= 0);
        TREE_ASSERT(fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) >= 0);
        fprintf(out, "%s %o", full, st.st_mode);
        if (S_ISREG(st.st_mode))
            list_file(out, flags, dir_fd, entry->d_name, &st);
        fputc('\n', out);
        if (!S_ISDIR(st.st_mode))
            continue;
        fd = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        TREE_ASSERT(fd >= 0);
        list_directory(out, flags, fd, full);
    }
    free(names);
}

static inline char *tree_list(unsigned flags) {
    _cleanup_close_ int fd = file_open(&h, "/", O_RDONLY | O_DIRECTORY, 0);
    size_t size;
    char *text;
    FILE *out = open_memstream(&text, &size);

    TREE_ASSERT(fd >= 0 && out);
    list_directory(out, flags, fd, "");
    TREE_ASSERT(fclose(out) == 0);
    return text;
}

/* Asserts that nothing has changed, nor been restored with another time. */
static inline void assert_tree(const char *expected) {
    _cleanup_free_ char *list = tree_list(LIST_TIMES);

    assert_string_equal(list, expected);
}
