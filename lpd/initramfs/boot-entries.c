/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "initramfs/boot-entries.h"

#define ENTRY_SIZE_MAX ((size_t) 64 * 1024)
#define DEPTH_MAX 32

void boot_entries_done(struct boot_entries *l) {
    for (size_t i = 0; i < l->n_entries; i++) {
        free(l->entries[i].id);
        free(l->entries[i].title);
        free(l->entries[i].kernel);
    }
    free(l->entries);
    *l = (struct boot_entries){};
}

struct boot_entry *boot_entries_add(struct boot_entries *l, size_t submenu) {
    struct boot_entry *grown = reallocarray(l->entries, l->n_entries + 1, sizeof(*grown));

    if (!grown)
        return NULL;
    l->entries = grown;
    grown[l->n_entries] = (struct boot_entry){ .submenu = submenu };
    return grown + l->n_entries++;
}

/* "linux /vmlinuz-6.1" of an entry of type 1; "efi" and "uki" name images. */
static int take_key(struct boot_entry *entry, const char *line) {
    static const char *const kernels[] = { "linux", "efi", "uki" };
    size_t n = strcspn(line, " \t");
    const char *value = line + n + strspn(line + n, " \t");

    for (size_t i = 0; i < ELEMENTSOF(kernels); i++)
        if (n == strlen(kernels[i]) && strncmp(line, kernels[i], n) == 0)
            return string_set(&entry->kernel, value);
    return n == STRLEN("title") && startswith(line, "title") ? string_set(&entry->title, value) : 0;
}

static int read_entry(const struct host *h, const char *path, struct boot_entry *entry) {
    _cleanup_strv_free_ char **lines = NULL;
    _cleanup_free_ char *text = NULL;
    int r;

    r = file_read(h, path, ENTRY_SIZE_MAX, &text, NULL);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    r = strv_extend_split(&lines, text, "\n");
    STRV_FOREACH(line, lines)
        if (r >= 0)
            r = take_key(entry, *line + strspn(*line, " \t"));
    return r;
}

static int add_bls_directory(const struct host *h, const char *directory, const char *suffix,
                             struct boot_entries *l) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = file_list(h, directory, &names);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    for (size_t i = strv_length(names); i-- > 0;) {
        _cleanup_free_ char *path = NULL;
        struct boot_entry *entry;

        if (!endswith(names[i], suffix))
            continue;
        entry = boot_entries_add(l, SIZE_MAX);
        if (!entry || asprintf(&path, "%s/%s", directory, names[i]) < 0)
            return -ENOMEM;
        r = string_set(&entry->id, names[i]);
        if (r >= 0)
            r = streq(suffix, ".conf") ? read_entry(h, path, entry)
                : string_set(&entry->kernel, names[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static int add_bls(const struct host *h, const char *below, const char *suffix,
                   struct boot_entries *l) {
    static const char *const places[] = { "/efi", "/boot/efi", "/boot" };
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(places) && r >= 0; i++) {
        _cleanup_free_ char *directory = NULL;

        if (asprintf(&directory, "%s/%s", places[i], below) < 0)
            return -ENOMEM;
        r = add_bls_directory(h, directory, suffix, l);
    }
    return r;
}

int boot_entries_add_bls(const struct host *h, struct boot_entries *l) {
    int r = add_bls(h, "loader/entries", ".conf", l);

    return r < 0 ? r : add_bls(h, "EFI/Linux", ".efi", l);
}

/* One word; quoted text continues it without a blank. */
static const char *take_word(const char *s, char *word) {
    for (char quote = '\0'; *s && (quote || !strchr(" \t", *s)); s++) {
        if (quote ? *s == quote : *s == '\'' || *s == '"')
            quote = quote ? '\0' : *s;
        else if (*s == '\\' && quote != '\'' && s[1])
            *word++ = *++s;
        else
            *word++ = *s;
    }
    *word = '\0';
    return s;
}

int grub_split(const char *line, char ***ret) {
    _cleanup_free_ char *word = malloc(strlen(line) + 1);
    _cleanup_strv_free_ char **words = NULL;
    int r = word ? 0 : -ENOMEM;

    for (line += strspn(line, " \t"); r >= 0 && *line; line += strspn(line, " \t")) {
        line = take_word(line, word);
        r = strv_extend(&words, word);
    }
    if (r < 0)
        return r;
    *ret = TAKE_PTR(words);
    return 0;
}

struct grub {
    const struct host *host;
    struct boot_entries *list;
    size_t open[DEPTH_MAX]; /* the entries with open braces, SIZE_MAX for other braces */
    size_t depth;
};

/* The entry or submenu that contains a line. */
static size_t grub_inside(const struct grub *g) {
    for (size_t i = g->depth; i-- > 0;)
        if (g->open[i] != SIZE_MAX)
            return g->open[i];
    return SIZE_MAX;
}

static int grub_begin(struct grub *g, char *const *words) {
    struct boot_entry *entry;
    int r;

    entry = boot_entries_add(g->list, grub_inside(g));
    if (!entry)
        return -ENOMEM;
    r = string_set(&entry->title, words[1]);
    STRV_FOREACH(word, words)
        if (r >= 0 && (streq(*word, "$menuentry_id_option") || streq(*word, "--id")))
            r = string_set(&entry->id, word[1]);
    return r;
}

static int grub_open(struct grub *g, char *const *words) {
    bool menu = words[1] && (streq(words[0], "menuentry") || streq(words[0], "submenu"));

    if (g->depth == DEPTH_MAX)
        return -EBADMSG;
    if (menu && grub_begin(g, words) < 0)
        return -ENOMEM;
    g->open[g->depth++] = menu ? g->list->n_entries - 1 : SIZE_MAX;
    return 0;
}

static int grub_line(struct grub *g, char *const *words) {
    size_t n = strv_length(words), inside = grub_inside(g);

    if (n == 0)
        return 0;
    if (streq(words[0], "}")) {
        g->depth -= MIN(g->depth, (size_t) 1);
        return 0;
    }
    if (streq(words[0], "blscfg"))
        return add_bls(g->host, "loader/entries", ".conf", g->list);
    if (streq(words[n - 1], "{"))
        return grub_open(g, words);
    if (inside != SIZE_MAX && n > 1 && startswith(words[0], "linux") &&
        !g->list->entries[inside].kernel)
        return string_set(&g->list->entries[inside].kernel, words[1]);
    return 0;
}

int boot_entries_add_grub(const struct host *h, const char *text, struct boot_entries *l) {
    struct grub g = { .host = h, .list = l };
    _cleanup_strv_free_ char **lines = NULL;
    int r;

    r = strv_extend_split(&lines, text, "\n");
    STRV_FOREACH(line, lines) {
        _cleanup_strv_free_ char **words = NULL;

        if (r >= 0)
            r = grub_split(*line, &words);
        if (r >= 0 && words)
            r = grub_line(&g, words);
    }
    return r == -ENOMEM ? r : 0;
}

int grub_default(const char *text, char **ret) {
    _cleanup_strv_free_ char **lines = NULL;
    _cleanup_free_ char *found = NULL;
    int r;

    r = strv_extend_split(&lines, text, "\n");
    STRV_FOREACH(line, lines) {
        _cleanup_strv_free_ char **words = NULL;

        if (r >= 0)
            r = grub_split(*line, &words);
        if (r >= 0 && strv_length(words) == 2 && streq(words[0], "set") &&
            startswith(words[1], "default=") &&
            !streq(words[1], "default=${next_entry}"))
            r = string_set(&found, words[1] + STRLEN("default="));
    }
    if (r < 0)
        return r;
    *ret = TAKE_PTR(found);
    return 0;
}
