/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/fstab.h"

#define FSTAB_MAX ((size_t) 1024 * 1024)

int fstab_read(const struct host *h, char **ret) {
    _cleanup_free_ char *text = NULL;
    int r;

    r = file_read(h, "/etc/fstab", FSTAB_MAX, &text, NULL);
    if (r < 0 && r != -ENOMEM)
        text = strdup("");
    if (!text)
        return -ENOMEM;
    *ret = TAKE_PTR(text);
    return 0;
}

bool fstab_next(const char **text, struct fstab_line *ret) {
    while (**text) {
        const char *line = *text + strspn(*text, " \t");

        *text += strcspn(*text, "\n");
        *text += **text == '\n';
        if (sscanf(line, "%*[^# \t\n]%*[ \t]%4095[^ \t\n]%*[ \t]%63[^ \t\n]%*[ \t]%1023[^ \t\n]",
                   ret->place,
                   ret->type, ret->options) == 3)
            return true;
    }
    return false;
}

bool fstab_is_place(const struct fstab_line *line, const char *path, size_t n) {
    size_t size = strlen(line->place);

    while (size > 1 && line->place[size - 1] == '/')
        size--;
    return size == n && strncmp(line->place, path, n) == 0;
}

bool fstab_needs_network(const char *type, const char *options) {
    static const char *const types[] = { "nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "9p",
                                         "sshfs", "fuse.sshfs", "afs" };

    for (size_t i = 0; i < ELEMENTSOF(types); i++)
        if (streq(type, types[i]))
            return true;
    return strstr(options, "_netdev");
}
