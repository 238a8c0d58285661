/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/strv.h"
#include "mounts.h"

#define LINKS_MAX 40
#define FSTAB_MAX ((size_t) 1024 * 1024)

/* What a link says, or NULL. */
static char *link_target(const struct host *h, const char *path) {
    _cleanup_close_ int fd = file_open(h, path, O_PATH | O_NOFOLLOW, 0);
    char target[4096];
    ssize_t n;

    n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target) - 1);
    return n <= 0 ? NULL : strndup(target, (size_t) n);
}

/* Cuts the last component off; "" is the root. */
static void go_up(char *path) {
    char *slash = strrchr(path, '/');

    if (slash)
        *slash = '\0';
}

/* realpath(3) below the root, for a path of which the end need not be there yet. */
static int resolve(const struct host *h, const char *path, char **ret) {
    _cleanup_free_ char *done = strdup(""), *rest = strdup(path);

    for (unsigned links = 0; done && rest;) {
        const char *start = rest + strspn(rest, "/");
        size_t n = strcspn(start, "/");
        _cleanup_free_ char *next = NULL, *target = NULL, *after = NULL;

        if (n == 0) {
            *ret = TAKE_PTR(done);
            return 0;
        }
        after = strdup(start + n);
        if (!after || asprintf(&next, "%s/%.*s", done, (int) n, start) < 0)
            return -ENOMEM;
        if (n == 2 && strncmp(start, "..", n) == 0)
            go_up(done);
        else if (n != 1 || *start != '.') {
            target = link_target(h, next);
            if (target && ++links > LINKS_MAX)
                return -ELOOP;
            if (target && *target == '/')
                *done = '\0';
            if (!target) {
                free(done);
                done = TAKE_PTR(next);
            }
        }
        free(rest);
        rest = NULL;
        if (asprintf(&rest, "%s/%s", strempty(target), after) < 0)
            return -ENOMEM;
    }
    return -ENOMEM;
}

/* systemd-escape --path */
static void write_unit(FILE *f, const char *path, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (path[i] == '/')
            fputc('-', f);
        else if (isalnum((unsigned char) path[i]) || strchr(":_", path[i]) || (path[i] == '.' && i > 1))
            fputc(path[i], f);
        else
            fprintf(f, "\\x%02x", (unsigned char) path[i]);
    fputs(".mount", f);
}

static bool needs_network(const char *type, const char *options) {
    static const char *const types[] = { "nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "9p", "sshfs", "fuse.sshfs", "afs" };

    for (size_t i = 0; i < ELEMENTSOF(types); i++)
        if (streq(type, types[i]))
            return true;
    return strstr(options, "_netdev");
}

/* Whether fstab(5) has that mount point for a file system that needs the network. */
static bool is_remote(const char *fstab, const char *path, size_t n) {
    for (const char *line = fstab; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        char place[4096], type[64], options[1024];

        if (sscanf(line, "%*[^# \t\n] %4095s %63s %1023s", place, type, options) == 3 &&
            strlen(place) == n && strncmp(place, path, n) == 0 && needs_network(type, options))
            return true;
    }
    return false;
}

int mounts_write_after(const struct host *h, FILE *f, const char *path) {
    _cleanup_free_ char *resolved = NULL, *fstab = NULL;
    int r;

    r = resolve(h, path, &resolved);
    if (r < 0)
        return r;
    /* livepatch@.service itself waits for these. */
    if (startswith(resolved, "/var/lib/lpd/") || startswith(resolved, "/usr/"))
        return 0;
    if (file_read(h, "/etc/fstab", FSTAB_MAX, &fstab, NULL) == -ENOMEM)
        return -ENOMEM;
    for (size_t n = 1; n < strlen(resolved); n++)
        if ((resolved[n] == '/' || !resolved[n]) && is_remote(strempty(fstab), resolved, n))
            return 1;
    for (size_t n = 1; n < strlen(resolved); n++)
        if (resolved[n] == '/') {
            fputs(n == strcspn(resolved + 1, "/") + 1 ? "After=" : " ", f);
            write_unit(f, resolved, n);
        }
    if (strchr(resolved + 1, '/'))
        fputc('\n', f);
    return 0;
}
