/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/budget.h"
#include "base/file.h"
#include "base/safe-file.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "config/conf-files.h"
#include "config/name.h"
#include "store/store.h"
#include "store/volume.h"
#include "trust/manifest.h"

/* All of it stays in memory until the switch to the host. */
#define FETCH_SIZE_MAX ((size_t) 64 * 1024 * 1024)
#define NAMES_MAX 4096
#define FILES_MAX 1024
/* Each problem is a line on the console. */
#define PROBLEMS_MAX 64

struct fetch {
    struct host *to;
    const struct host *from;
    size_t left;     /* bytes */
    int n_files;
    struct volume_record *record;
};

/* Names on a volume are untrusted. */
static int note(struct fetch *f, const char *path, const char *reason) {
    size_t n = strv_length(f->record->problems);
    char *text;

    if (n > PROBLEMS_MAX)
        return 0;
    if (n == PROBLEMS_MAX)
        return strv_extend(&f->record->problems, "there are more problems than are listed");
    if (asprintf(&text, "%s: %s", path, reason) < 0)
        return -ENOMEM;
    return strv_consume(&f->record->problems, utf8_make_printable(text));
}

/* Why no more files are read, or NULL. */
static const char *find_limit(const struct fetch *f) {
    const struct budget *b = f->to->budget;

    if (f->n_files >= FILES_MAX)
        return "there are too many files";
    return b && f->to->ops->now(f->to) >= b->end_usec ? "there is no time left" : NULL;
}

/* Whether that file of patches.d belongs to a patch within the budget. 1, 0, or -ENOMEM. */
static int is_within_budget(struct fetch *f, const char *file) {
    const char *end = strstr(file, CONF_SUFFIX);
    _cleanup_free_ char *name = strndup(file, end ? (size_t) (end - file) : strlen(file));

    if (!name)
        return -ENOMEM;
    /* It belongs to no patch; the code that reads the manifests reports that. */
    if (!patch_name_is_valid(name) || strv_contains(f->record->patches, name))
        return 1;
    if (f->to->budget && strv_length(f->record->patches) >= f->to->budget->patches)
        return 0;
    return strv_extend(&f->record->patches, name) < 0 ? -ENOMEM : 1;
}

/* Only root may have written it, as for a file of the machine. */
static int read_file(struct fetch *f, const char *path, size_t max, char **ret, size_t *ret_size,
                     struct error *e) {
    _cleanup_close_ int fd = -EBADF;
    int r;

    fd = safe_file_open(f->from, path, max, /* trusted= */ true, e);
    if (fd < 0)
        return fd;
    r = file_read_fd(fd, MIN(max, f->left), ret, ret_size);
    if (r == -EFBIG)
        return error_set(e, r, EXIT_STATUS_REFUSED, "more than %zu MiB in total",
                         FETCH_SIZE_MAX >> 20);
    return r < 0 ? safe_file_describe(r, e) : 0;
}

static int fetch_file(struct fetch *f, const char *from, const char *to, size_t max) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    _cleanup_free_ char *data = NULL;
    size_t size;
    int r;

    r = read_file(f, from, max, &data, &size, &e);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return note(f, from, error_message(&e, r));
    r = file_write_volatile(f->to, to, data, size, 0644);
    if (r < 0)
        return note(f, to, strerror(-r));
    f->left -= size;
    f->n_files++;
    return 0;
}

static bool is_manifest(const char *name) {
    return endswith(name, CONF_SUFFIX) || endswith(name, CONF_SUFFIX MANIFEST_SIGNATURE_SUFFIX);
}

static bool is_module(const char *name) {
    return endswith(name, ".ko") || endswith(name, ".ko.xz") || endswith(name, ".ko.zst") ||
           endswith(name, ".ko.gz");
}

static int note_waiting(struct fetch *f, const char *directory, const char *name,
                        const char *limit) {
    _cleanup_free_ char *path = NULL, *reason = NULL;

    if (asprintf(&path, "%s/%s", directory, name) < 0)
        path = NULL;
    if (asprintf(&reason, "%s for the initramfs: the host loads this one and those after it",
                 limit) < 0)
        reason = NULL;
    return path && reason ? note(f, path, reason) : -ENOMEM;
}

/* Lists the names in a directory of the volume; none if it does not exist. */
static int list(struct fetch *f, const char *directory, char ***ret) {
    int r;

    r = file_list(f->from, directory, ret);
    if (r < 0 && r != -ENOMEM && r != -ENOENT)
        return note(f, directory, strerror(-r));
    if (r >= 0 && strv_length(*ret) > NAMES_MAX) {
        *ret = strv_free(*ret);
        return note(f, directory, "too many files");
    }
    return r == -ENOENT ? 0 : r;
}

static int fetch_named(struct fetch *f, const char *from, const char *to, const char *name,
                       size_t max) {
    _cleanup_free_ char *source = NULL, *target = NULL;

    if (asprintf(&source, "%s/%s", from, name) < 0)
        source = NULL;
    if (asprintf(&target, "%s/%s", to, name) < 0)
        target = NULL;
    return source && target ? fetch_file(f, source, target, max) : -ENOMEM;
}

/* Fetches the files of one kind from a directory. */
static int fetch_directory(struct fetch *f, const char *from, const char *to, size_t max,
                           bool (*is_wanted)(const char *name)) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = list(f, from, &names);
    if (r < 0 || !names)
        return r;
    r = file_mkdir_p(f->to, to);
    if (r < 0)
        return note(f, to, strerror(-r));
    STRV_FOREACH(name, names) {
        const char *limit = find_limit(f);

        if (**name == '.' || !is_wanted(*name))
            continue;
        r = limit ? 0 : fetch_named(f, from, to, *name, max);
        if (limit || r < 0)
            return limit ? note_waiting(f, from, *name, limit) : r;
    }
    return 0;
}

/* Fetches the manifests of as many patches as the budget has left. */
static int fetch_manifests(struct fetch *f) {
    _cleanup_strv_free_ char **names = NULL;
    int r, within;

    r = list(f, VOLUME_MANIFESTS, &names);
    if (r < 0 || !names)
        return r;
    r = file_mkdir_p(f->to, MANIFEST_DIRECTORY);
    if (r < 0)
        return note(f, MANIFEST_DIRECTORY, strerror(-r));
    STRV_FOREACH(name, names) {
        const char *limit = find_limit(f);

        if (**name == '.' || !is_manifest(*name))
            continue;
        within = limit ? 0 : is_within_budget(f, *name);
        if (within == 0)
            return note_waiting(f, VOLUME_MANIFESTS, *name, limit ?: "there are too many patches");
        r = within < 0 ? within : fetch_named(f, VOLUME_MANIFESTS, MANIFEST_DIRECTORY, *name,
                                              INI_FILE_MAX);
        if (r < 0)
            return r;
    }
    return 0;
}

static int fetch_dropins(struct fetch *f) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = list(f, VOLUME_MANIFESTS, &names);
    STRV_FOREACH(name, names) {
        _cleanup_free_ char *from = NULL, *to = NULL;

        if (r < 0 || **name == '.' || !endswith(*name, CONF_SUFFIX ".d"))
            continue;
        r = is_within_budget(f, *name);
        if (r == 0)
            r = note_waiting(f, VOLUME_MANIFESTS, *name, "there are too many patches");
        if (r <= 0 || find_limit(f))
            return r < 0 ? r : 0;
        if (asprintf(&from, VOLUME_MANIFESTS "/%s", *name) < 0)
            from = NULL;
        if (asprintf(&to, MANIFEST_DIRECTORY "/%s", *name) < 0)
            to = NULL;
        r = from && to ? fetch_directory(f, from, to, INI_FILE_MAX, is_manifest) : -ENOMEM;
    }
    return r;
}

static int fetch_modules(struct fetch *f, const char *release) {
    _cleanup_free_ char *from = NULL, *to = NULL;

    if (asprintf(&from, VOLUME_MODULES "/%s", release) < 0)
        from = NULL;
    if (asprintf(&to, STORE_DIRECTORY "/%s", release) < 0)
        to = NULL;
    return from && to ? fetch_directory(f, from, to, FETCH_SIZE_MAX, is_module) : -ENOMEM;
}

int volume_fetch(struct host *h, const struct volume *v, const char *release,
                 struct volume_record *record) {
    struct fetch f = { .to = h, .from = &v->host, .left = FETCH_SIZE_MAX, .record = record };
    int r;

    r = fetch_manifests(&f);
    if (r >= 0)
        r = fetch_dropins(&f);
    if (r >= 0)
        r = fetch_modules(&f, release);
    if (r >= 0 && f.n_files == 0 && !record->problems)
        r = note(&f, v->node, "there are no patches in " VOLUME_DIRECTORY " on it");
    return r < 0 ? r : f.n_files;
}
