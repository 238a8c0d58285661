/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "lock/forecast/search.h"
#include "lock/forecast/units.h"

/* File systems that may be mounted later: fstab(5), systemd.mount(5). */

/* The kernel's configuration, if it is available anywhere. */
struct defaults {
    char *codepage, *iocharset, *nls;
};

static void defaults_done(struct defaults *d) {
    free(d->codepage);
    free(d->iocharset);
    free(d->nls);
}

/* One mount: its source, the type, and the options, which may be NULL. */
struct mount {
    const char *where, *type, *options;
};

/* The value of CONFIG_KEY in the text of a kernel's .config, without quotes, or the fallback. */
static char *config_value(const char *config, const char *key, const char *fallback) {
    const char *found = strstr(strempty(config), key);

    if (!found || found[strlen(key)] != '=' || (found > config && found[-1] != '\n'))
        return strdup(fallback);
    found += strlen(key) + 1;
    found += *found == '"';
    return strndup(found, strcspn(found, "\"\n"));
}

/* The fallbacks are those of fs/fat/Kconfig and fs/nls/Kconfig. */
static int read_defaults(struct search *s, struct defaults *ret) {
    _cleanup_free_ char *config = NULL, *debian = NULL, *fedora = NULL;
    int r;

    if (asprintf(&debian, "/boot/config-%s", s->found->release) < 0 ||
        asprintf(&fedora, "/lib/modules/%s/config", s->found->release) < 0)
        return -ENOMEM;
    r = search_read(s, debian, &config);
    if (r == 0)
        r = search_read(s, fedora, &config);
    if (r < 0)
        return r;
    ret->codepage = config_value(config, "CONFIG_FAT_DEFAULT_CODEPAGE", "437");
    ret->iocharset = config_value(config, "CONFIG_FAT_DEFAULT_IOCHARSET", "iso8859-1");
    ret->nls = config_value(config, "CONFIG_NLS_DEFAULT", "iso8859-1");
    return ret->codepage && ret->iocharset && ret->nls ? 0 : -ENOMEM;
}

/* The value of an option such as "codepage=" in a comma-separated list, or the fallback. */
static char *option_value(const char *options, const char *key, const char *fallback) {
    for (const char *word = options; word; word = strchr(word, ','), word = word ? word + 1 : NULL)
        if (startswith(word, key))
            return strndup(word + strlen(key), strcspn(word + strlen(key), ","));
    return fallback ? strdup(fallback) : NULL;
}

static bool has_option(const char *options, const char *name) {
    for (const char *word = options; word; word = strchr(word, ','), word = word ? word + 1 : NULL)
        if (strcspn(word, ",=") == strlen(name) && startswith(word, name))
            return true;
    return false;
}

/* load_nls() requests nls_NAME (fs/nls/nls_base.c); fat's code pages are called cpNUMBER. */
static int want_nls(struct search *s, const struct mount *m, const char *prefix, const char *name) {
    _cleanup_free_ char *alias = NULL;

    if (!name || asprintf(&alias, "nls_%s%s", prefix, name) < 0)
        return -ENOMEM;
    return search_alias(s, WANTED_FILESYSTEM, alias, "%s: %.50s needs it for file names",
                        m->where, m->type);
}

static int want_fat_names(struct search *s, const struct mount *m, const struct defaults *d) {
    _cleanup_free_ char *codepage = option_value(m->options, "codepage=", d->codepage);
    _cleanup_free_ char *iocharset = option_value(m->options, "iocharset=", d->iocharset);
    int r;

    r = want_nls(s, m, "cp", codepage);
    return r < 0 || streq(m->type, "msdos") ? r : want_nls(s, m, "", iocharset);
}

static int want_unicode_names(struct search *s, const struct mount *m, const struct defaults *d) {
    _cleanup_free_ char *nls = option_value(m->options, "iocharset=", NULL) ?:
                               option_value(m->options, "nls=", d->nls);

    return want_nls(s, m, "", nls);
}

static int want_nfs_versions(struct search *s, const struct mount *m,
                             const struct defaults *d _unused_) {
    int r;

    r = search_alias(s, WANTED_FILESYSTEM, "nfsv4", "%s: nfs requests it", m->where);
    return r < 0 || streq(m->type, "nfs4")
               ? r
               : search_alias(s, WANTED_FILESYSTEM, "nfsv3", "%s: nfs requests it", m->where);
}

/* The modules that a file system requests when it is mounted, besides its dependencies. */
static const struct {
    const char *type;
    int (*want)(struct search *s, const struct mount *m, const struct defaults *d);
} companions[] = {
    { "vfat", want_fat_names },       { "msdos", want_fat_names },
    { "iso9660", want_unicode_names }, { "udf", want_unicode_names },
    { "ntfs3", want_unicode_names },  { "hfsplus", want_unicode_names },
    { "cifs", want_unicode_names },   { "smb3", want_unicode_names },
    { "nfs", want_nfs_versions },     { "nfs4", want_nfs_versions },
};

/* /proc/filesystems: "nodev" or nothing, a tab, the name. */
static bool kernel_has(const char *filesystems, const char *type) {
    for (const char *line = filesystems; *line; line += strcspn(line, "\n"),
                    line += *line == '\n') {
        const char *name = line + strcspn(line, "\t\n");

        name += *name == '\t';
        if (strcspn(name, "\n") == strlen(type) && startswith(name, type))
            return true;
    }
    return false;
}

static int want_type(struct search *s, const struct mount *m, const char *filesystems,
                     const struct defaults *d) {
    _cleanup_free_ char *alias = NULL;
    int r = 0;

    if (asprintf(&alias, "fs-%s", m->type) < 0)
        return -ENOMEM;
    if (!kernel_has(filesystems, m->type))
        r = search_alias(s, WANTED_FILESYSTEM, alias, "%s: %.50s may be mounted", m->where,
                         m->type);
    for (size_t i = 0; i < ELEMENTSOF(companions) && r >= 0; i++)
        if (streq(companions[i].type, m->type))
            r = companions[i].want(s, m, d);
    return r;
}

struct mounts {
    struct search *search;
    char *filesystems;
    struct defaults defaults;
};

static void mounts_done(struct mounts *m) {
    free(m->filesystems);
    defaults_done(&m->defaults);
}

/* A type may be a list, mount(8); fuse.PROGRAM is fuse, mount.fuse(8). */
static int want_mount(struct mounts *all, const char *where, const char *type,
                      const char *options) {
    _cleanup_strv_free_ char **types = NULL;
    int r;

    r = strv_extend_split(&types, type, ",");
    STRV_FOREACH(t, types) {
        const struct mount m = { where, startswith(*t, "fuse.") ? "fuse" : *t, options };

        if (r >= 0)
            r = want_type(all->search, &m, all->filesystems, &all->defaults);
    }
    if (r >= 0 && has_option(options, "loop"))
        r = search_alias(all->search, WANTED_FILESYSTEM, "devname:loop-control",
                         "%s: mounts a file", where);
    return r;
}

static int read_fstab(struct mounts *all) {
    _cleanup_free_ char *text = NULL;
    char *rest, *line;
    unsigned number = 0;
    int r;

    r = search_read(all->search, "/etc/fstab", &text);
    rest = text;
    while (r >= 0 && (line = search_line(&rest))) {
        _cleanup_strv_free_ char **words = NULL;
        char where[sizeof("/etc/fstab:") + 3 * sizeof(number)];

        (void) snprintf(where, sizeof(where), "/etc/fstab:%u", ++number);
        r = strv_extend_split(&words, line, " \t\r");
        if (r >= 0 && strv_length(words) >= 3 && **words != '#' && !streq(words[2], "swap"))
            r = want_mount(all, where, words[2], words[3]);
    }
    return r;
}

static int read_unit(struct mounts *all, const char *path) {
    _cleanup_free_ char *text = NULL, *type = NULL, *options = NULL;
    int r;

    r = search_read(all->search, path, &text);
    if (r <= 0)
        return r;
    type = unit_value(text, "Mount", "Type");
    options = unit_value(text, "Mount", "Options");
    return type ? want_mount(all, path, type, options) : 0;
}

/* Reads the units of the administrator and of generators, enabled or not: they were written on
 * purpose. */
static int read_units(struct mounts *all) {
    static const char *const dirs[] = { "/etc/systemd/system", "/run/systemd/system",
                                        "/run/systemd/transient", "/run/systemd/generator",
                                        "/run/systemd/generator.late" };
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
        _cleanup_strv_free_ char **names = NULL;

        if (r >= 0)
            r = search_list(all->search, dirs[i], &names);
        STRV_FOREACH(name, names) {
            _cleanup_free_ char *path = NULL;

            if (r < 0 || !endswith(*name, ".mount"))
                continue;
            if (asprintf(&path, "%s/%s", dirs[i], *name) < 0)
                return -ENOMEM;
            r = read_unit(all, path);
        }
    }
    return r;
}

/* Of the units of systemd and packages, reads only those behind an enabled automount. */
static int read_automounts(struct mounts *all) {
    int r = 0;

    STRV_FOREACH(unit, all->search->units) {
        _cleanup_free_ char *path = NULL;

        if (r < 0 || !endswith(*unit, ".automount"))
            continue;
        if (asprintf(&path, "/usr/lib/systemd/system/%.*s.mount",
                     (int) (strlen(*unit) - STRLEN(".automount")), *unit) < 0)
            return -ENOMEM;
        r = read_unit(all, path);
    }
    return r;
}

int search_filesystems(struct search *s) {
    _cleanup_(mounts_done) struct mounts all = { .search = s };
    int r;

    r = search_read(s, "/proc/filesystems", &all.filesystems);
    if (r >= 0 && !all.filesystems)
        all.filesystems = strdup("");
    if (r < 0 || !all.filesystems)
        return -ENOMEM;
    r = read_defaults(s, &all.defaults);
    if (r >= 0)
        r = read_fstab(&all);
    if (r >= 0)
        r = read_units(&all);
    return r < 0 ? r : read_automounts(&all);
}
