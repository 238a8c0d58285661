/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/file.h"
#include "base/process.h"
#include "base/strv.h"
#include "config/name.h"
#include "compat/kpatch.h"
#include "module/file.h"

/* install and uninstall: the file in /var/lib/kpatch/KVER/ is all that there is to a patch. */

#define LABEL "security.selinux"
#define LABEL_MAX 4096
/* The type that the policies of distributions allow to be loaded as a module. */
#define LABEL_TYPE "modules_object_t"
#define LABEL_DEFAULT "system_u:object_r:" LABEL_TYPE ":s0" /* for a file without a label */

static int check_release(struct ctl *c, const char *release, char **ret) {
    int r;

    if (release && !kernel_release_is_valid(release))
        return kpatch_die("'%s' is not a kernel version", release);
    r = release ? string_set(ret, release) : c->host.ops->release(&c->host, ret);
    return r < 0 ? kpatch_die("cannot find the running kernel's version: %s", strerror(-r)) : 0;
}

char *kpatch_label(const char *label) {
    const char *role = strchr(label, ':'), *type = role ? strchr(role + 1, ':') : NULL;
    char *changed;

    if (!type || asprintf(&changed, "%.*s:" LABEL_TYPE "%s", (int) (type - label), label,
                          type + 1 + strcspn(type + 1, ":")) < 0)
        return NULL;
    return changed;
}

/* What chcon -t does. The file has inherited the rest of its label from its directory. */
static int set_label(const struct host *h, const char *path) {
    _cleanup_close_ int fd = file_open(h, path, O_RDONLY | O_NOFOLLOW, 0);
    _cleanup_free_ char *changed = NULL;
    char label[LABEL_MAX + 1];
    ssize_t n;

    if (fd < 0)
        return fd;
    n = fgetxattr(fd, LABEL, label, LABEL_MAX);
    if (n < 0 && errno != ENODATA)
        return -errno;
    label[MAX(n, 0)] = '\0';
    changed = kpatch_label(n > 0 ? label : LABEL_DEFAULT);
    if (!changed)
        return -EINVAL;
    return fsetxattr(fd, LABEL, changed, strlen(changed) + 1, 0) < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* lpd itself loads from memory, so a wrong label keeps no patch from being loaded: other programs
 * and policies may read it. */
static void label(const struct host *h, const char *path) {
    int r;

    if (!file_exists(h, "/sys/fs/selinux/enforce"))
        return;
    r = set_label(h, path);
    if (r < 0)
        kpatch_warn("%s: cannot set the SELinux type " LABEL_TYPE ": %s", path, strerror(-r));
}

/* The program of kpatch enables its service with each patch; the service is lpd's here. */
static void enable_service(const struct host *h) {
    static char *const argv[] = { (char *) "/usr/bin/systemctl", (char *) "--quiet", (char *) "enable",
                                  (char *) "lpd.service", NULL };
    int status;

    if (file_exists(h, argv[0]) && (process_run(argv, -EBADF, 60 * USEC_PER_SEC, &status) <= 0 || status != 0))
        kpatch_warn("cannot enable lpd.service, which follows the patches: see systemctl status lpd");
}

static void remove_if_empty(const struct host *h, const char *directory) {
    if (file_rmdir(h, directory) >= 0)
        (void) file_rmdir(h, KPATCH_DIRECTORY);
}

static int write_file(const struct host *h, const char *release, const char *name, const struct module_file *f) {
    _cleanup_free_ char *directory = NULL, *path = NULL;
    int r;

    if (asprintf(&directory, KPATCH_DIRECTORY "/%s", release) < 0 || asprintf(&path, "%s/%s", directory, name) < 0)
        return kpatch_die("%s", strerror(ENOMEM));
    r = file_mkdir_p(h, directory);
    if (r < 0)
        return kpatch_die("failed to create install directory %s: %s", directory, strerror(-r));
    r = file_write_atomic(h, path, f->data, f->size, 0644);
    if (r < 0) {
        remove_if_empty(h, directory);
        return kpatch_die("failed to install module %s: %s", path, strerror(-r));
    }
    label(h, path);
    return 0;
}

/* Whether the file could be loaded by that kernel, as far as its form tells. Its signature counts
 * when it is loaded. */
static int check_form(const struct module_file *f, const char *release, const char *file) {
    if (!vermagic_matches(f->info.vermagic, release))
        return kpatch_die("invalid module version %.*s for kernel %s", (int) strcspn(f->info.vermagic, " "),
                          f->info.vermagic, release);
    return f->info.livepatch ? 0 : kpatch_die("%s is not a live patch", file);
}

int kpatch_install(struct ctl *c, const char *release, const char *file) {
    _cleanup_free_ char *absolute = NULL, *kver = NULL, *installed = NULL;
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    if (check_release(c, release, &kver) != 0)
        return 1;
    if (ctl_find_file(file, &absolute, NULL) < 0)
        return kpatch_die("%s doesn't exist", file);
    if (!endswith(file, ".ko"))
        return kpatch_die("%s isn't a .ko file", file);
    r = module_file_open_untrusted(&c->host, absolute, &f, &e);
    if (r < 0)
        return kpatch_failed(&e, r);
    if (check_form(&f, kver, file) != 0 || kpatch_prepare(c) != 0)
        return 1;
    if (kpatch_find_installed(&c->host, kver, path_basename(file), &installed) >= 0)
        return kpatch_die("%s is already installed", file);
    printf("installing %s (%s)\n", file, kver);
    if (write_file(&c->host, kver, path_basename(file), &f) != 0)
        return 1;
    enable_service(&c->host);
    return 0;
}

int kpatch_uninstall(struct ctl *c, const char *release, const char *name) {
    _cleanup_free_ char *kver = NULL, *path = NULL, *directory = NULL;
    int r;

    if (strchr(name, '/'))
        return kpatch_die("please supply patch module name without path");
    if (check_release(c, release, &kver) != 0 || kpatch_prepare(c) != 0)
        return 1;
    r = kpatch_find_installed(&c->host, kver, name, &path);
    if (r == -ENOENT)
        return kpatch_die("%s is not installed for kernel %s", name, kver);
    if (r >= 0) {
        printf("uninstalling %s (%s)\n", name, kver);
        r = file_unlink(&c->host, path);
    }
    if (r < 0)
        return kpatch_die("failed to uninstall module %s: %s", name, strerror(-r));
    directory = strndup(path, (size_t) (path_basename(path) - path - 1));
    if (directory)
        remove_if_empty(&c->host, directory);
    return 0;
}
