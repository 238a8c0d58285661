/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <libkmod.h>
#include <stdio.h>
#include <syslog.h>

#include "base/file.h"
#include "base/safe-file.h"
#include "base/strv.h"
#include "config/name.h"
#include "lock/forecast/index-check.h"
#include "lock/forecast/module-index.h"

#define INDEX_SIZE_MAX ((size_t) 256 << 20)

typedef struct kmod_list kmod_list;
typedef struct kmod_module kmod_module;
DEFINE_TRIVIAL_CLEANUP_FUNC(kmod_list *, kmod_module_unref_list)
DEFINE_TRIVIAL_CLEANUP_FUNC(kmod_module *, kmod_module_unref)
#define _cleanup_modules_ _cleanup_(kmod_module_unref_listp)

/* The order of modprobe.d(5). */
static const char *const config_dirs[] = { "/etc/modprobe.d", "/run/modprobe.d",
                                           "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d",
                                           "/lib/modprobe.d" };

struct module_index {
    const struct host *host;
    struct kmod_ctx *kmod;
    char *copies; /* the directory of checked copies, or NULL */
    int there_fd; /* the original directory */
    int dir_fd; /* libkmod builds the directory's name from it, so it must not lead out of the root */
};

static void remove_copies(const struct module_index *x) {
    struct host copies = { .root_fd = x->dir_fd };
    _cleanup_strv_free_ char **names = NULL;

    if (x->dir_fd >= 0 && file_list(&copies, "/", &names) >= 0)
        STRV_FOREACH(name, names)
            (void) unlinkat(x->dir_fd, *name, 0);
    (void) rmdir(x->copies);
}

struct module_index *module_index_free(struct module_index *x) {
    kmod_unref(x->kmod);
    if (x->copies)
        remove_copies(x);
    free(x->copies);
    closep(&x->there_fd);
    closep(&x->dir_fd);
    free(x);
    return NULL;
}

/* libkmod takes paths: this one refers to an open directory, whatever its root. */
struct fd_path {
    char text[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
};

static struct fd_path path_of_fd(int fd) {
    struct fd_path p;

    (void) snprintf(p.text, sizeof(p.text), "/proc/self/fd/%d", fd);
    return p;
}

/* Drops the library's own messages: a module that it cannot find is a result here. */
static void say_nothing(void *data _unused_, int priority _unused_, const char *file _unused_,
                        int line _unused_, const char *function _unused_,
                        const char *format _unused_, va_list args _unused_) {
}

/* kmod_new() reads the configuration at once, so its directories need not stay open. */
static struct kmod_ctx *new_kmod(const struct host *h, int dir_fd) {
    int fds[ELEMENTSOF(config_dirs)];
    struct fd_path paths[ELEMENTSOF(config_dirs)], dir = path_of_fd(dir_fd);
    const char *config[ELEMENTSOF(config_dirs) + 1] = {};
    struct kmod_ctx *kmod;
    size_t n = 0;

    for (size_t i = 0; i < ELEMENTSOF(config_dirs); i++) {
        fds[n] = file_open(h, config_dirs[i], O_PATH | O_DIRECTORY, 0);
        if (fds[n] < 0)
            continue;
        paths[n] = path_of_fd(fds[n]);
        config[n] = paths[n].text;
        n++;
    }
    kmod = kmod_new(dir.text, config);
    while (n > 0)
        (void) close(fds[--n]);
    return kmod;
}

static int load_kmod(struct module_index *x, const char *directory, struct error *e) {
    int r;

    x->kmod = new_kmod(x->host, x->dir_fd);
    if (!x->kmod)
        return -ENOMEM;
    kmod_set_log_fn(x->kmod, say_nothing, NULL);
    r = kmod_load_resources(x->kmod);
    return r < 0 ? error_set(e, r, EXIT_STATUS_FAILED, "%s: cannot read the index of modules: %s",
                             directory,
                             strerror(-r))
                 : 0;
}

/* The files that the library reads in a directory of modules. It follows the offsets in the
 * indexes without checks. */
static const struct {
    const char *name;
    bool needed;
    bool is_text;
} files[] = {
    { "modules.dep.bin", true },
    { "modules.alias.bin", true },
    { "modules.symbols.bin", true },
    { "modules.builtin.bin", true },   { "modules.builtin.alias.bin", false },
    { "modules.softdep", false, true }, { "modules.weakdep", false, true },
};

static int open_index(const struct host *h, const char *directory, size_t i, struct error *e) {
    _cleanup_(error_done) struct error problem = ERROR_NULL;
    _cleanup_free_ char *path = NULL;
    int fd;

    if (asprintf(&path, "%s/%s", directory, files[i].name) < 0)
        return -ENOMEM;
    fd = safe_file_open(h, path, INDEX_SIZE_MAX, /* trusted= */ true, &problem);
    if (fd >= 0 || (!files[i].needed && (fd == -ENOENT || fd == -ENOEXEC)))
        return fd;
    if (e)
        *e = TAKE_STRUCT(problem);
    return error_hint(e, error_prefix(e, fd, "%s", path), "depmod -a %s", path_basename(directory));
}

static int check_index(const struct host *h, const char *directory, struct error *e) {
    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        _cleanup_close_ int fd = open_index(h, directory, i, e);

        if (fd < 0 && files[i].needed)
            return fd;
    }
    return 0;
}

static int copy_file(int fd, int to, size_t i) {
    _cleanup_close_ int copy = -EBADF;
    _cleanup_free_ char *data = NULL;
    size_t size;
    int r;

    r = file_read_fd(fd, INDEX_SIZE_MAX, &data, &size);
    if (r >= 0 && !files[i].is_text)
        r = index_check(data, size);
    if (r < 0)
        return r;
    copy = openat(to, files[i].name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return copy < 0 ? -errno : file_write_fd(copy, data, size);
}

static int copy_files(const struct host *h, const char *directory, int to, struct error *e) {
    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        _cleanup_close_ int fd = open_index(h, directory, i, e);
        int r;

        if (fd < 0 && files[i].needed)
            return fd;
        r = fd < 0 ? 0 : copy_file(fd, to, i);
        if (r == -EBADMSG)
            return error_hint(e, error_set(e, r, EXIT_STATUS_REFUSED, "%s/%s: not an index of "
                                                                      "modules, or damaged",
                                           directory, files[i].name),
                              "depmod -a %s", path_basename(directory));
        if (r < 0)
            return error_set(e, r, EXIT_STATUS_FAILED, "%s/%s: cannot be copied: %s", directory,
                             files[i].name,
                             strerror(-r));
    }
    return 0;
}

/* The library checks that a module's file exists before it accepts it as a dependency. */
static int link_directories(struct module_index *x, const char *directory) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = file_list(x->host, directory, &names);
    STRV_FOREACH(name, names) {
        struct fd_path there = path_of_fd(x->there_fd);
        _cleanup_free_ char *target = NULL;
        struct stat st;

        if (r < 0 || fstatat(x->there_fd, *name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISDIR(st.st_mode))
            continue;
        if (asprintf(&target, "%s/%s", there.text, *name) < 0)
            return -ENOMEM;
        r = symlinkat(target, x->dir_fd, *name) < 0 ? -errno : 0;
    }
    return r;
}

/* Another root may belong to anyone and may change meanwhile, so the library gets checked
 * copies. */
static int open_copies(struct module_index *x, const char *directory, struct error *e) {
    char place[] = "/tmp/lpctl-XXXXXX";
    int r;

    x->there_fd = file_open(x->host, directory, O_PATH | O_DIRECTORY, 0);
    if (x->there_fd < 0)
        return error_set(e, x->there_fd, EXIT_STATUS_FAILED, "%s: %s", directory,
                         strerror(-x->there_fd));
    if (!mkdtemp(place))
        return error_set(e, -errno, EXIT_STATUS_FAILED, "%s: %s", place, strerror(errno));
    x->copies = strdup(place);
    x->dir_fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    r = x->dir_fd < 0 ? -errno : copy_files(x->host, directory, x->dir_fd, e);
    if (r >= 0)
        r = link_directories(x, directory);
    return r < 0 ? r : load_kmod(x, directory, e);
}

static int open_there(struct module_index *x, const char *directory, struct error *e) {
    int r;

    x->dir_fd = file_open(x->host, directory, O_PATH | O_DIRECTORY, 0);
    if (x->dir_fd < 0)
        return error_set(e, x->dir_fd, EXIT_STATUS_FAILED, "%s: %s", directory,
                         strerror(-x->dir_fd));
    r = check_index(x->host, directory, e);
    return r < 0 ? r : load_kmod(x, directory, e);
}

int module_index_open(const struct host *h, const char *release, struct module_index **ret,
                      struct error *e) {
    _cleanup_(module_index_freep) struct module_index *x = calloc(1, sizeof(*x));
    _cleanup_free_ char *directory = NULL;
    int r;

    if (!x)
        return -ENOMEM;
    *x = (struct module_index){ .host = h, .dir_fd = -EBADF, .there_fd = -EBADF };
    if (asprintf(&directory, "/lib/modules/%s", release) < 0)
        return -ENOMEM;
    r = h->live ? open_there(x, directory, e) : open_copies(x, directory, e);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(x);
    return 0;
}

bool module_is_loaded(const struct host *h, const char *name) {
    _cleanup_free_ char *path = NULL;

    /* A built-in module has a directory too, but no state. */
    return asprintf(&path, "/sys/module/%s/initstate", name) >= 0 && file_exists(h, path);
}

/* "install foo /bin/false" is the usual way to disable a module for good. */
static bool is_switched_off(const struct kmod_module *m) {
    const char *command = kmod_module_get_install_commands(m);
    _cleanup_free_ char *program = command ? strndup(command, strcspn(command, " \t")) : NULL;

    return program && (streq(path_basename(program), "true") ||
                       streq(path_basename(program), "false"));
}

/* libkmod checks its index of built-in modules before /sys, which may be that of another
 * machine. */
static bool is_built_in(const struct kmod_module *m) {
    return kmod_module_get_initstate(m) == KMOD_MODULE_BUILTIN;
}

static bool is_available(const struct kmod_module *m) {
    return kmod_module_get_path(m) && !is_switched_off(m) &&
           patch_name_is_valid(kmod_module_get_name(m));
}

/* Appends the missing modules of a list; 1 if one of them exists. */
static int add_missing(struct module_index *x, const kmod_list *all, char ***ret) {
    _cleanup_modules_ kmod_list *allowed = NULL;
    const kmod_list *i;
    int r, there = 0;

    r = kmod_module_apply_filter(x->kmod, KMOD_FILTER_BLACKLIST, all, &allowed);
    if (r < 0)
        return r;
    kmod_list_foreach(i, allowed) {
        _cleanup_(kmod_module_unrefp) kmod_module *m = kmod_module_get_module(i);
        const char *name = kmod_module_get_name(m);

        if (is_built_in(m) || module_is_loaded(x->host, name))
            there = 1;
        else if (is_available(m) && !strv_contains(*ret, name)) {
            r = strv_extend(ret, name);
            if (r < 0)
                return r;
        }
    }
    return there;
}

int module_index_missing(struct module_index *x, const char *alias, enum module_match match,
                         char ***ret) {
    _cleanup_strv_free_ char **missing = NULL;
    _cleanup_modules_ kmod_list *found = NULL;
    int r;

    /* A name that libkmod refuses, for instance because it is too long, has no module. */
    if (kmod_module_new_from_lookup(x->kmod, alias, &found) < 0)
        return 0;
    r = add_missing(x, found, &missing);
    if (r < 0 || (r > 0 && match == MATCH_ANY))
        return MIN(r, 0);
    STRV_FOREACH(name, missing)
        if (!strv_contains(*ret, *name)) {
            r = strv_extend(ret, *name);
            if (r < 0)
                return r;
        }
    return 0;
}

int module_index_dependencies(struct module_index *x, const char *name, char ***ret) {
    _cleanup_(kmod_module_unrefp) kmod_module *m = NULL;
    _cleanup_modules_ kmod_list *found = NULL;
    const kmod_list *i;
    int r = 0;

    if (kmod_module_new_from_name(x->kmod, name, &m) < 0)
        return 0;
    found = kmod_module_get_dependencies(m);
    kmod_list_foreach(i, found) {
        _cleanup_(kmod_module_unrefp) kmod_module *needed = kmod_module_get_module(i);

        r = strv_extend(ret, kmod_module_get_name(needed));
        if (r < 0)
            return r;
    }
    return 0;
}

int module_index_softdeps(struct module_index *x, const char *name, char ***ret) {
    _cleanup_modules_ kmod_list *before = NULL, *after = NULL;
    _cleanup_(kmod_module_unrefp) kmod_module *m = NULL;
    int r;

    if (kmod_module_new_from_name(x->kmod, name, &m) < 0 ||
        kmod_module_get_softdeps(m, &before, &after) < 0)
        return 0;
    r = add_missing(x, before, ret);
    if (r >= 0)
        r = add_missing(x, after, ret);
    return MIN(r, 0);
}

bool module_index_knows(struct module_index *x, const char *name) {
    _cleanup_modules_ kmod_list *found = NULL;

    return kmod_module_new_from_lookup(x->kmod, name, &found) >= 0 && found;
}

bool module_index_is_built_in(struct module_index *x, const char *name) {
    _cleanup_(kmod_module_unrefp) kmod_module *m = NULL;

    return kmod_module_new_from_name(x->kmod, name, &m) >= 0 && is_built_in(m);
}

bool module_index_has(struct module_index *x, const char *name) {
    _cleanup_modules_ kmod_list *found = NULL, *allowed = NULL;
    const kmod_list *i;
    bool has = false;

    if (kmod_module_new_from_lookup(x->kmod, name, &found) < 0 ||
        kmod_module_apply_filter(x->kmod, KMOD_FILTER_BLACKLIST, found, &allowed) < 0)
        return false;
    kmod_list_foreach(i, allowed) {
        _cleanup_(kmod_module_unrefp) kmod_module *m = kmod_module_get_module(i);

        has |= is_available(m) && !is_built_in(m);
    }
    return has;
}
