/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/efi-variables.h"
#include "base/file.h"
#include "base/safe-file.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "config/conf-files.h"
#include "trust/certificates.h"
#include "trust/efi.h"

#define FILE_SIZE_MAX ((size_t) 1024 * 1024)
#define FILES_MAX 256
#define VARIABLES_MAX 16 /* MokListRT and its continuations */

#define EFI_ATTRIBUTES_SIZE 4 /* before the value: Documentation/filesystems/efivarfs.rst */
#define EFI_DB "db-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
#define SHIM_GUID "605dab50-e046-4300-abb6-3dd810dd8b23"
#define MOK_LIST "/sys/firmware/efi/mok-variables/MokListRT"

static void certificate_file_done(struct certificate_file *f) {
    free(f->path);
    free(f->data);
    *f = (struct certificate_file){ 0 };
}

void certificate_files_done(struct certificate_files *f) {
    for (size_t i = 0; i < f->n_files; i++)
        certificate_file_done(f->files + i);
    free(f->files);
    strv_free(f->refused);
    *f = (struct certificate_files){ 0 };
}

static int refuse(struct certificate_files *f, const char *path, const char *reason) {
    char *line;

    if (asprintf(&line, "%s: %s", path, reason) < 0)
        return -ENOMEM;
    return strv_consume(&f->refused, utf8_make_printable(line));
}

/* Takes ownership of the data. */
static int add(struct certificate_files *f, enum certificate_origin origin, const char *path,
               char *data, size_t size) {
    _cleanup_(certificate_file_done) struct certificate_file file = { origin, strdup(path), data,
                                                                      size };
    struct certificate_file *grown;

    if (!file.path)
        return -ENOMEM;
    grown = reallocarray(f->files, f->n_files + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    f->files = grown;
    (void) utf8_make_printable(file.path);
    f->files[f->n_files++] = TAKE_STRUCT(file);
    return 0;
}

/* 0, or why the file is refused. */
static int read_safely(const struct host *h, const char *path, char **ret, size_t *ret_size,
                       struct error *e) {
    _cleanup_close_ int fd = -EBADF;
    int r;

    fd = safe_file_open(h, path, FILE_SIZE_MAX, /* trusted= */ true, e);
    if (fd < 0)
        return fd;
    r = file_read_fd(fd, FILE_SIZE_MAX, ret, ret_size);
    return r < 0 ? safe_file_describe(r, e) : 0;
}

static int read_key_file(const struct host *h, struct certificate_files *f,
                         enum certificate_origin origin, const char *path) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    char *data;
    size_t size;
    int r;

    if (f->n_files >= FILES_MAX)
        return refuse(f, path, "there are too many certificates");
    r = read_safely(h, path, &data, &size, &e);
    if (r == -ENOMEM || r == -ENOENT)
        return r == -ENOENT ? 0 : r;
    if (r < 0)
        return refuse(f, path, error_message(&e, r));
    return add(f, origin, path, data, size);
}

static bool has_suffix(const char *name) {
    static const char *const suffixes[] = { ".der", ".crt", ".cer", ".pem" };

    for (size_t i = 0; i < ELEMENTSOF(suffixes); i++)
        if (endswith(name, suffixes[i]))
            return *name != '.';
    return false;
}

/* Reads the files of a directory, except for hidden names. *ret_names are all names in it, which
 * are hidden in the next directory. */
static int read_directory(const struct host *h, struct certificate_files *f,
                          enum certificate_origin origin, const char *directory,
                          char *const *hidden, char ***ret_names) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = file_list(h, directory, &names);
    if (r == -ENOENT || r == -ENOMEM)
        return r == -ENOENT ? 0 : r;
    if (r < 0)
        return refuse(f, directory, strerror(-r));
    STRV_FOREACH(name, names) {
        _cleanup_free_ char *path = NULL;

        if (!has_suffix(*name) || strv_contains(hidden, *name))
            continue;
        if (asprintf(&path, "%s/%s", directory, *name) < 0)
            return -ENOMEM;
        r = conf_masks(h, path) ? 0 : read_key_file(h, f, origin, path);
        if (r < 0)
            return r;
    }
    *ret_names = TAKE_PTR(names);
    return 0;
}

struct variable {
    struct certificate_files *files;
    enum certificate_origin origin;
    const char *path;
};

static int add_from_variable(const void *der, size_t size, void *userdata) {
    struct variable *v = userdata;
    char *copy;

    if (v->files->n_files >= FILES_MAX)
        return -EFBIG;
    copy = malloc(size);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, der, size);
    return add(v->files, v->origin, v->path, copy, size);
}

/* Reads the variable at path below the root of h; messages call it name. 1 if it exists. */
static int read_variable(const struct host *h, struct certificate_files *f,
                         enum certificate_origin origin, const char *path, const char *name,
                         size_t attributes) {
    struct variable v = { f, origin, name };
    _cleanup_free_ char *data = NULL;
    size_t size;
    int r;

    r = file_read(h, path, FILE_SIZE_MAX, &data, &size);
    if (r == -ENOENT)
        return 0;
    if (r >= 0)
        r = size < attributes ? -EBADMSG
                              : efi_signature_lists_walk(data + attributes, size - attributes,
                                                         add_from_variable, &v);
    if (r == -EBADMSG)
        r = refuse(f, name, "not a list of EFI signatures");
    else if (r == -EFBIG)
        r = refuse(f, name, "there are too many certificates");
    else if (r < 0 && r != -ENOMEM)
        r = refuse(f, name, strerror(-r));
    return r < 0 ? r : 1;
}

static int read_efi_variable(const struct efi_variables *v, struct certificate_files *f,
                             enum certificate_origin origin, const char *name) {
    _cleanup_free_ char *path = NULL, *shown = NULL;

    if (!v->directory)
        return 0;
    if (asprintf(&path, "%s/%s", v->directory, name) < 0 ||
        asprintf(&shown, EFI_VARIABLES "/%s", name) < 0)
        return -ENOMEM;
    return read_variable(efi_variables_root(v), f, origin, path, shown, EFI_ATTRIBUTES_SIZE);
}

/* shim's table, which the kernel shows as mok-variables, is complete. Of the variables, if the
 * firmware limits their size, MokListRT1, MokListRT2 and so on have the rest, each a list of its
 * own (shim, mok.c mirror_mok_db()). */
static int read_mok_list(const struct host *h, const struct efi_variables *variables,
                         struct certificate_files *f) {
    char name[sizeof("MokListRT-" SHIM_GUID) + 10], number[10] = "";
    int r;

    r = read_variable(h, f, ORIGIN_MOK, MOK_LIST, MOK_LIST, 0);
    if (r != 0)
        return MIN(r, 0);
    for (unsigned i = 1; i <= VARIABLES_MAX; i++) {
        (void) snprintf(name, sizeof(name), "MokListRT%s-" SHIM_GUID, number);
        r = read_efi_variable(variables, f, ORIGIN_MOK, name);
        if (r <= 0)
            return r;
        (void) snprintf(number, sizeof(number), "%u", i);
    }
    return 0;
}

static int read_firmware(struct host *h, struct certificate_files *f) {
    _cleanup_(efi_variables_close) struct efi_variables variables = EFI_VARIABLES_NULL;
    int r;

    r = efi_variables_open(h, /* writable= */ false, &variables);
    if (r != -ENOMEM)
        r = read_mok_list(h, &variables, f);
    if (r >= 0)
        r = read_efi_variable(&variables, f, ORIGIN_DB, EFI_DB);
    return r;
}

int certificate_files_read_directories(const struct host *h, struct certificate_files *ret) {
    _cleanup_(certificate_files_done) struct certificate_files f = {};
    _cleanup_strv_free_ char **local = NULL, **vendor = NULL;
    int r;

    r = read_directory(h, &f, ORIGIN_LOCAL, KEYS_DIRECTORY_LOCAL, NULL, &local);
    if (r >= 0)
        r = read_directory(h, &f, ORIGIN_VENDOR, KEYS_DIRECTORY_VENDOR, local, &vendor);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(f);
    return 0;
}

int certificate_files_read(struct host *h, struct certificate_files *ret) {
    _cleanup_(certificate_files_done) struct certificate_files f = {};
    int r;

    r = certificate_files_read_directories(h, &f);
    if (r >= 0)
        r = read_firmware(h, &f);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(f);
    return 0;
}

const char *certificate_origin_to_string(enum certificate_origin o) {
    static const char *const names[] = {
        [ORIGIN_LOCAL] = KEYS_DIRECTORY_LOCAL,
        [ORIGIN_VENDOR] = KEYS_DIRECTORY_VENDOR,
        [ORIGIN_MOK] = "MokListRT",
        [ORIGIN_DB] = "db",
    };

    return names[o];
}
