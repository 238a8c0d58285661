/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <sys/mman.h>

#include "base/budget.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/safe-file.h"
#include "module/compress.h"
#include "module/file.h"

static void unmap(struct module_file *f) {
    if (f->data)
        (void) munmap(f->data, f->size);
    f->data = NULL;
    f->size = 0;
}

void module_file_close(struct module_file *f) {
    free(f->path);
    closep(&f->fd);
    closep(&f->file_fd);
    unmap(f);
    module_info_done(&f->info);
    *f = MODULE_FILE_NULL;
}

/* From here on no process, including this one, can change the bytes in the memfd. They are read in
 * place: the memfd is the only copy. The mapping is private, because Linux before 6.7 refuses a
 * shared mapping of a sealed file. */
static int seal_and_map(struct module_file *f, size_t size) {
    void *data;
    int r;

    r = memfd_seal(f->fd);
    if (r < 0 || size == 0)
        return r;
    data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, f->fd, 0);
    if (data == MAP_FAILED)
        return -errno;
    f->data = data;
    f->size = size;
    return 0;
}

static int refuse_over_budget(size_t max, struct error *e) {
    return error_set(e, -EDQUOT, EXIT_STATUS_FAILED, "it contains more than the %zu KiB that may still be unpacked",
                     max >> 10);
}

/* Replaces the bytes that were read by their uncompressed form. */
static int unpack(const struct host *h, struct module_file *f, struct error *e) {
    size_t size, max = budget_bytes(h, MODULE_SIZE_MAX);
    _cleanup_close_ int fd = memfd_new("lpd-module");
    int r;

    if (fd < 0)
        return fd;
    r = decompress(f->data, f->size, max, fd, &size, e);
    budget_spend_bytes(h, r == 0 ? f->size : size);
    if (r < 0 && max < MODULE_SIZE_MAX && size > max)
        return refuse_over_budget(max, e);
    if (r == -EBADMSG)
        return error_prefix(e, -ENOEXEC, "not a kernel module");
    if (r <= 0)
        return r;
    f->compressed = true;
    unmap(f);
    closep(&f->fd);
    f->fd = TAKE_FD(fd);
    return seal_and_map(f, size);
}

/* Nothing else reads the file. */
static int read_bytes(const struct host *h, struct module_file *f, struct error *e) {
    size_t size, max = budget_bytes(h, MODULE_SIZE_MAX);
    int r;

    f->fd = memfd_new("lpd-module");
    if (f->fd < 0)
        return f->fd;
    r = file_copy_fd(f->file_fd, f->fd, max, &size);
    if (r == -EFBIG && max < MODULE_SIZE_MAX)
        return refuse_over_budget(max, e);
    if (r < 0)
        return safe_file_describe(r, e);
    r = seal_and_map(f, size);
    return r < 0 ? r : unpack(h, f, e);
}

static int open_and_parse(const struct host *h, const char *path, bool trusted,
                          struct module_file *f, struct error *e) {
    int r;

    r = f->file_fd = safe_file_open(h, path, MODULE_SIZE_MAX, trusted, e);
    if (r == -ENOEXEC)
        return error_set(e, r, EXIT_STATUS_REFUSED, "not a kernel module: the file is empty");
    if (r >= 0)
        r = read_bytes(h, f, e);
    if (r >= 0)
        r = appended_signature_find(f->data, f->size, &f->signature, e);
    return r < 0 ? r : module_info_parse(f->data, f->signature.signed_size, &f->info, e);
}

static int module_open(const struct host *h, const char *path, bool trusted, struct module_file *ret,
                       struct error *e) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    int r;

    f.path = strdup(path);
    if (!f.path)
        return -ENOMEM;
    r = open_and_parse(h, path, trusted, &f, e);
    if (r < 0) {
        (void) error_prefix(e, r, "%s", path);
        return error_place_last(e, r, path);
    }
    *ret = f;
    f = MODULE_FILE_NULL;
    return 0;
}

int module_file_open(const struct host *h, const char *path, struct module_file *ret,
                     struct error *e) {
    return module_open(h, path, /* trusted= */ true, ret, e);
}

int module_file_open_untrusted(const struct host *h, const char *path, struct module_file *ret,
                               struct error *e) {
    return module_open(h, path, /* trusted= */ false, ret, e);
}

void module_file_sha256(struct module_file *f) {
    if (f->sha256[0] == '\0')
        sha256_take_hex(f->data, f->size, f->sha256);
}
