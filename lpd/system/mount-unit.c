/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdio.h>

#include "base/file.h"
#include "base/resolve.h"
#include "base/strv.h"
#include "config/fstab.h"
#include "system/mount-unit.h"
#include "system/unit-mask.h"

#define TEXT_MAX ((size_t) 64 * 1024)

char *mount_unit_name(const char *path, size_t n, const char *suffix) {
    char *name = NULL;
    size_t size;
    FILE *f;

    f = open_memstream(&name, &size);
    if (!f)
        return NULL;
    for (size_t i = 1; i < n; i++)
        if (path[i] == '/')
            fputc('-', f);
        else if (isalnum((unsigned char) path[i]) || strchr(":_", path[i]) ||
                 (path[i] == '.' && i > 1))
            fputc(path[i], f);
        else
            fprintf(f, "\\x%02x", (unsigned char) path[i]);
    fprintf(f, ".%s", suffix);
    if (fclose(f) == 0)
        return name;
    free(name);
    return NULL;
}

/* 1 with the text if there is such a unit file that is not a mask. */
static int read_unit(const struct host *h, const char *path, size_t n, const char *suffix,
                     char **ret) {
    _cleanup_free_ char *unit = mount_unit_name(path, n, suffix), *file = NULL;
    int r;

    if (!unit)
        return -ENOMEM;
    r = unit_file_find(h, unit, &file);
    if (r <= 0)
        return r == -ENOENT ? 0 : r;
    r = file_read(h, file, TEXT_MAX, ret, NULL);
    return r == -ENOMEM ? r : r >= 0;
}

bool mount_unit_is_automount(const struct host *h, const char *fstab, const char *path, size_t n) {
    _cleanup_free_ char *text = NULL;
    struct fstab_line line;

    while (fstab_next(&fstab, &line))
        if (fstab_is_place(&line, path, n) && strstr(line.options, "systemd.automount"))
            return true;
    return read_unit(h, path, n, "automount", &text) > 0;
}

/* Whether a mount unit needs the network, by its type, its options, or its ordering. */
static bool text_needs_network(char *text) {
    char type[64] = "", options[1024] = "", *state;
    bool network = false;

    for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
        (void) sscanf(line, " Type = %63s", type);
        (void) sscanf(line, " Options = %1023s", options);
        if (startswith(line, "After") || startswith(line, "Requires") ||
            startswith(line, "Wants") ||
            startswith(line, "BindsTo"))
            network = network || strstr(line, "network") || strstr(line, "remote-fs");
    }
    return network || fstab_needs_network(type, options);
}

static int is_remote(const struct host *h, const char *fstab, const char *path, size_t n) {
    _cleanup_free_ char *text = NULL;
    struct fstab_line line;
    int r;

    while (fstab_next(&fstab, &line))
        if (fstab_is_place(&line, path, n))
            return fstab_needs_network(line.type, line.options) &&
                   !strstr(line.options, "x-initrd.mount");
    r = read_unit(h, path, n, "mount", &text);
    return r > 0 ? text_needs_network(text) : r;
}

static int is_late(const struct host *h, const char *fstab, const char *path, size_t n) {
    _cleanup_free_ char *text = NULL;
    struct fstab_line line;
    int r;

    if (n == STRLEN("/usr") && startswith(path, "/usr"))
        return 0;
    while (fstab_next(&fstab, &line))
        if (fstab_is_place(&line, path, n))
            return !strstr(line.options, "x-initrd.mount");
    r = read_unit(h, path, n, "mount", &text);
    return r != 0 ? r : read_unit(h, path, n, "automount", &text);
}

/* Checks each directory on the way, including the path itself. */
static int find(const struct host *h, const char *path,
                int (*ask)(const struct host *h, const char *fstab, const char *path, size_t n),
                char **ret) {
    _cleanup_free_ char *resolved = NULL, *fstab = NULL;
    int r;

    r = path_resolve(h, path, &resolved);
    if (r >= 0)
        r = fstab_read(h, &fstab);
    if (r < 0)
        return r;
    for (size_t n = 1, end = strlen(resolved); n <= end; n++) {
        r = n == end || resolved[n] == '/' ? ask(h, fstab, resolved, n) : 0;
        if (r == 0)
            continue;
        if (r > 0)
            *ret = strndup(resolved, n);
        return r < 0 ? r : *ret ? 1 : -ENOMEM;
    }
    return 0;
}

int mount_unit_find_late(const struct host *h, const char *path, char **ret) {
    return find(h, path, is_late, ret);
}

int mount_unit_find_remote(const struct host *h, const char *path, char **ret) {
    return find(h, path, is_remote, ret);
}
