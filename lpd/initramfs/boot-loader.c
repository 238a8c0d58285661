/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fnmatch.h>
#include <stdio.h>

#include "base/efi-variables.h"
#include "base/file.h"
#include "base/strv.h"
#include "initramfs/boot-entries.h"
#include "initramfs/boot-loader.h"

/* https://systemd.io/BOOT_LOADER_INTERFACE */
#define LOADER_GUID "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define VARIABLE_SIZE_MAX ((size_t) 8192)
#define GRUB_CFG_SIZE_MAX ((size_t) 4 * 1024 * 1024)

/* The release must be between separators: 6.1.0-5 is not 6.1.0-56. A path such as
 * /vmlinuz-RELEASE, /MACHINE/RELEASE/linux or MACHINE-RELEASE.efi. */
static bool names_release(const char *path, const char *release) {
    for (const char *s = strstr(path, release); s; s = strstr(s + 1, release)) {
        const char *end = s + strlen(release);

        if (s > path && strchr("-/", s[-1]) &&
            (*end == '\0' || *end == '/' || streq(end, ".efi") || *end == '+'))
            return true;
    }
    return false;
}

/* 1 with the release that the entry boots, 0 if it boots none of these. */
static int take_release(const struct boot_entry *entry, char *const *releases, char **ret) {
    const char *best = NULL;

    STRV_FOREACH(release, releases)
        if (entry->kernel && names_release(entry->kernel, *release) &&
            (!best || strlen(*release) > strlen(best)))
            best = *release;
    return !best ? 0 : string_set(ret, best) < 0 ? -ENOMEM : 1;
}

/* The attributes, then UTF-16; names of entries are ASCII. "" if the variable does not exist. */
static int read_variable(const struct host *h, const char *name, char **ret) {
    _cleanup_free_ char *path = NULL, *data = NULL, *text = NULL;
    size_t size = 0, n = 0;
    int r;

    if (asprintf(&path, EFI_VARIABLES "/%s" LOADER_GUID, name) < 0)
        return -ENOMEM;
    r = file_read(h, path, VARIABLE_SIZE_MAX, &data, &size);
    if (r == -ENOMEM)
        return r;
    text = calloc(1, size + 1);
    if (!text)
        return -ENOMEM;
    for (size_t i = 4; r >= 0 && i + 1 < size && data[i + 1] == '\0' && data[i] >= ' '; i += 2)
        text[n++] = data[i];
    *ret = TAKE_PTR(text);
    return 0;
}

/* A line "KEY=VALUE" of grubenv, or "KEY VALUE" of loader.conf. "" if there is none. */
static int read_setting(const struct host *h, const char *path, const char *key, char separator,
                        char **ret) {
    _cleanup_strv_free_ char **lines = NULL;
    _cleanup_free_ char *text = NULL, *value = NULL;
    int r;

    r = file_read(h, path, VARIABLE_SIZE_MAX, &text, NULL);
    if (r >= 0)
        r = strv_extend_split(&lines, text, "\n");
    STRV_FOREACH(line, lines) {
        const char *rest = startswith(*line, key) ? *line + strlen(key) : NULL;

        if (r >= 0 && rest && (*rest == separator || (separator == ' ' && *rest == '\t')))
            r = string_set(&value, rest + 1 + strspn(rest + 1, " \t"));
    }
    if (r == -ENOMEM || (!value && string_set(&value, "") < 0))
        return -ENOMEM;
    *ret = TAKE_PTR(value);
    return 0;
}

static bool is_number(const char *s) {
    return *s && s[strspn(s, "0123456789")] == '\0';
}

/* GRUB accepts ids and titles, and numbers from 0; entries of the specification have no ".conf"
 * there. */
static bool is_meant(const struct boot_entry *entry, const char *word, size_t number) {
    const char *id = strempty(entry->id);
    size_t n = strlen(word);

    if (is_number(word))
        return strtoul(word, NULL, 10) == number;
    return streq(word, id) || streq(word, strempty(entry->title)) ||
           (strncmp(id, word, n) == 0 && streq(id + n, ".conf"));
}

static size_t find_in_menu(const struct boot_entries *l, size_t submenu, const char *word) {
    size_t number = 0;

    for (size_t i = 0; i < l->n_entries; i++)
        if (l->entries[i].submenu == submenu && is_meant(l->entries + i, word, number++))
            return i;
    return SIZE_MAX;
}

/* "SUBMENU>ENTRY"; a missing part means the first one. */
static size_t find_in_grub(const struct boot_entries *l, char *const *path) {
    size_t found = SIZE_MAX;

    STRV_FOREACH(word, path) {
        size_t i = find_in_menu(l, found, *word);

        if (i == SIZE_MAX)
            i = find_in_menu(l, found, "0");
        if (i == SIZE_MAX)
            return found;
        found = i;
    }
    while (found != SIZE_MAX && !l->entries[found].kernel) {
        size_t first = find_in_menu(l, found, "0");

        if (first == SIZE_MAX)
            return found;
        found = first;
    }
    return found;
}

/* The choice for the next boot only, else the choice or configuration for all boots. */
static int read_grub_choice(const struct host *h, const char *directory, const char *cfg,
                            char **ret) {
    _cleanup_free_ char *path = NULL, *chosen = NULL, *configured = NULL;
    int r;

    if (asprintf(&path, "%s/grubenv", directory) < 0)
        return -ENOMEM;
    r = read_setting(h, path, "next_entry", '=', &chosen);
    if (r >= 0 && !*chosen)
        r = grub_default(cfg, &configured);
    if (r >= 0 && !*chosen && configured && streq(configured, "${saved_entry}")) {
        free(TAKE_PTR(chosen));
        r = read_setting(h, path, "saved_entry", '=', &chosen);
    } else if (r >= 0 && !*chosen)
        r = string_set(&chosen, configured);
    if (r < 0 || ((!chosen || !*chosen) && string_set(&chosen, "0") < 0))
        return -ENOMEM;
    *ret = TAKE_PTR(chosen);
    return 0;
}

static int ask_grub(const struct host *h, char *const *releases, char **ret) {
    static const char *const directories[] = { "/boot/grub", "/boot/grub2" };
    _cleanup_(boot_entries_done) struct boot_entries l = {};
    _cleanup_free_ char *cfg = NULL, *choice = NULL;
    _cleanup_strv_free_ char **words = NULL;
    size_t found;
    int r = -ENOENT;

    for (size_t i = 0; i < ELEMENTSOF(directories) && r < 0; i++) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/grub.cfg", directories[i]) < 0)
            return -ENOMEM;
        r = file_read(h, path, GRUB_CFG_SIZE_MAX, &cfg, NULL);
        if (r >= 0)
            r = read_grub_choice(h, directories[i], cfg, &choice);
        if (r == -ENOMEM)
            return r;
    }
    if (r < 0)
        return 0;
    r = boot_entries_add_grub(h, cfg, &l);
    if (r >= 0)
        r = strv_extend_split(&words, choice, ">");
    found = r < 0 ? SIZE_MAX : find_in_grub(&l, words);
    return r < 0 || found == SIZE_MAX ? r : take_release(l.entries + found, releases, ret);
}

/* A pattern, see loader.conf(5); matches are in the order in which they are tried. */
static int read_patterns(const struct host *h, char ***ret) {
    static const char *const variables[] = { "LoaderEntryOneShot", "LoaderEntryDefault" };
    static const char *const files[] = { "/efi/loader/loader.conf", "/boot/efi/loader/loader.conf",
                                         "/boot/loader/loader.conf" };
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(variables) + ELEMENTSOF(files) && r >= 0; i++) {
        _cleanup_free_ char *pattern = NULL;

        r = i < ELEMENTSOF(variables)
                ? read_variable(h, variables[i], &pattern)
                : read_setting(h, files[i - ELEMENTSOF(variables)], "default", ' ', &pattern);
        if (r >= 0 && streq(pattern, "@saved")) {
            free(TAKE_PTR(pattern));
            r = read_variable(h, "LoaderEntryLastBooted", &pattern);
        }
        if (r >= 0 && *pattern)
            r = strv_extend(ret, pattern);
    }
    /* Without a choice the newest is the default. */
    return r < 0 ? r : strv_extend(ret, "*");
}

static bool is_better(const char *release, const char *best) {
    return !best || strverscmp(release, best) > 0;
}

/* Of the entries that match, the newest. */
static int match(const struct boot_entries *l, const char *pattern, char *const *releases,
                 char **ret) {
    _cleanup_free_ char *best = NULL;
    int r;

    for (size_t i = 0; i < l->n_entries; i++) {
        _cleanup_free_ char *release = NULL;

        if (fnmatch(pattern, l->entries[i].id, 0) != 0)
            continue;
        r = take_release(l->entries + i, releases, &release);
        if (r < 0)
            return r;
        if (r > 0 && is_better(release, best)) {
            free(best);
            best = TAKE_PTR(release);
        }
    }
    *ret = TAKE_PTR(best);
    return *ret != NULL;
}

static int ask_systemd_boot(const struct host *h, char *const *releases, char **ret) {
    _cleanup_(boot_entries_done) struct boot_entries l = {};
    _cleanup_strv_free_ char **patterns = NULL;
    int r;

    r = boot_entries_add_bls(h, &l);
    if (r >= 0)
        r = read_patterns(h, &patterns);
    STRV_FOREACH(pattern, patterns)
        if (r == 0)
            r = match(&l, *pattern, releases, ret);
    return r;
}

int boot_loader_next(const struct host *h, char *const *releases, char **ret) {
    _cleanup_free_ char *info = NULL;
    int r;

    *ret = NULL;
    r = read_variable(h, "LoaderInfo", &info);
    if (r < 0)
        return r;
    /* The kernel that has booted this time boots next time. */
    if (!startswith(info, "systemd-boot"))
        r = ask_grub(h, releases, ret);
    if (r == 0)
        r = ask_systemd_boot(h, releases, ret);
    return MIN(r, 0);
}
