/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/resolve.h"
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
        if (sscanf(line, "%*[^# \t\n]%*[ \t]%4095[^ \t\n]%*[ \t]%63[^ \t\n]%*[ \t]%1023[^ \t\n]", ret->place,
                   ret->type, ret->options) == 3)
            return true;
    }
    return false;
}

static bool is_below(const char *path, const char *place) {
    size_t n = strlen(place);

    while (n > 0 && place[n - 1] == '/')
        n--;
    return n > 0 && strncmp(path, place, n) == 0 && (path[n] == '/' || !path[n]);
}

int fstab_find_late(const struct host *h, const char *path, char **ret) {
    _cleanup_free_ char *resolved = NULL, *fstab = NULL;
    struct fstab_line line;
    const char *text;
    int r;

    r = path_resolve(h, path, &resolved);
    if (r >= 0)
        r = fstab_read(h, &fstab);
    if (r < 0)
        return r;
    text = fstab;
    while (fstab_next(&text, &line)) {
        if (!is_below(resolved, line.place) || streq(line.place, "/usr") || strstr(line.options, "x-initrd.mount"))
            continue;
        *ret = strdup(line.place);
        return *ret ? 1 : -ENOMEM;
    }
    return 0;
}
