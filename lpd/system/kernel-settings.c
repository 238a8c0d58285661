/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fnmatch.h>
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "config/conf-files.h"
#include "system/kernel-settings.h"

#define TEXT_MAX ((size_t) 1024 * 1024)

static const struct {
    const char *key, *value; /* as a path below /proc/sys */
    const char *text;
} locks[] = {
    { "kernel/modules_disabled", "1", "kernel.modules_disabled=1" },
    { "kernel/ftrace_enabled", "0", "kernel.ftrace_enabled=0" },
};

/* Returns the lock that a line of a file sets, or NULL. The line may be modified. */
typedef const char *(*line_reader)(char *line);

static const char *find_lock(const char *pattern, const char *value) {
    for (size_t i = 0; i < ELEMENTSOF(locks); i++)
        if (fnmatch(pattern, locks[i].key, FNM_PATHNAME) == 0 && streq(value, locks[i].value))
            return locks[i].text;
    return NULL;
}

static char *strip(char *s) {
    s += strspn(s, " \t\r");
    for (size_t n = strlen(s); n > 0 && strchr(" \t\r", s[n - 1]); n--)
        s[n - 1] = '\0';
    return s;
}

/* "kernel.modules_disabled = 1"; '/' may stand for '.', and a leading '-' allows a failure. A
 * comment has no key. */
static const char *read_sysctl(char *line) {
    char *equals = strchr(line, '='), *key;

    line = strip(line);
    if (!equals)
        return NULL;
    *equals = '\0';
    key = strip(*line == '-' ? line + 1 : line);
    for (char *c = key; *c; c++)
        *c = *c == '.' ? '/' : *c;
    return find_lock(key, strip(equals + 1));
}

/* "w /proc/sys/kernel/modules_disabled - - - - 1" */
static const char *read_tmpfiles(char *line) {
    char *state, *word;
    char *type = strtok_r(line, " \t\r", &state);
    char *path = strtok_r(NULL, " \t\r", &state);
    const char *below, *value = "";

    if (!type || *type != 'w' || !path)
        return NULL;
    below = startswith(path, "/proc/sys/") ? path + STRLEN("/proc/sys/") : NULL;
    while ((word = strtok_r(NULL, " \t\r", &state)))
        value = word;
    return below ? find_lock(below, value) : NULL;
}

static int note(char ***ret, const char *path, unsigned number, const char *lock) {
    _cleanup_free_ char *text = NULL;

    if (asprintf(&text, "%s:%u: %s", path, number, lock) < 0)
        return -ENOMEM;
    return strv_extend(ret, utf8_make_printable(text));
}

static int read_file(const struct host *h, const char *path, line_reader reader, char ***ret) {
    _cleanup_free_ char *text = NULL;
    unsigned number = 0;
    int r;

    r = file_read(h, path, TEXT_MAX, &text, NULL);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    for (char *line = text, *end; line; line = end) {
        const char *lock;

        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        number++;
        lock = reader(line);
        r = lock ? note(ret, path, number, lock) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

/* The first directory that has a file of a name counts, even if the file is a mask. */
static int read_directories(const struct host *h, const char *name, line_reader reader,
                            char ***ret) {
    static const char *const parents[] = { "/etc", "/run", "/usr/local/lib", "/usr/lib" };
    _cleanup_strv_free_ char **seen = NULL;

    for (size_t i = 0; i < ELEMENTSOF(parents); i++) {
        _cleanup_strv_free_ char **files = NULL;
        _cleanup_free_ char *directory = NULL;

        if (asprintf(&directory, "%s/%s", parents[i], name) < 0)
            return -ENOMEM;
        if (file_list(h, directory, &files) == -ENOMEM)
            return -ENOMEM;
        STRV_FOREACH(file, files) {
            _cleanup_free_ char *path = NULL;

            if (!endswith(*file, CONF_SUFFIX) || strv_contains(seen, *file))
                continue;
            if (asprintf(&path, "%s/%s", directory, *file) < 0 || strv_extend(&seen, *file) < 0 ||
                read_file(h, path, reader, ret) < 0)
                return -ENOMEM;
        }
    }
    return 0;
}

int kernel_settings_find(const struct host *h, const struct cmdline_switches *switches,
                         char ***ret) {
    int r = 0;

    STRV_FOREACH(word, switches->kernel_settings) {
        _cleanup_free_ char *text = NULL;

        if (asprintf(&text, "the kernel command line: %s", *word) < 0)
            return -ENOMEM;
        r = strv_extend(ret, utf8_make_printable(text));
        if (r < 0)
            return r;
    }
    r = read_directories(h, "sysctl.d", read_sysctl, ret);
    if (r >= 0)
        r = read_file(h, "/etc/sysctl.conf", read_sysctl, ret);
    return r < 0 ? r : read_directories(h, "tmpfiles.d", read_tmpfiles, ret);
}
