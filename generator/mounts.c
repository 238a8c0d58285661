/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "base/resolve.h"
#include "base/strv.h"
#include "config/fstab.h"
#include "mounts.h"

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
    struct fstab_line line;

    while (fstab_next(&fstab, &line))
        if (strlen(line.place) == n && strncmp(line.place, path, n) == 0 && needs_network(line.type, line.options))
            return true;
    return false;
}

int mounts_write_after(const struct host *h, FILE *f, const char *path) {
    _cleanup_free_ char *resolved = NULL, *fstab = NULL;
    int r;

    r = path_resolve(h, path, &resolved);
    if (r < 0)
        return r;
    /* livepatch@.service itself waits for these. */
    if (startswith(resolved, "/var/lib/lpd/") || startswith(resolved, "/usr/"))
        return 0;
    r = fstab_read(h, &fstab);
    if (r < 0)
        return r;
    for (size_t n = 1; n < strlen(resolved); n++)
        if ((resolved[n] == '/' || !resolved[n]) && is_remote(fstab, resolved, n))
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
