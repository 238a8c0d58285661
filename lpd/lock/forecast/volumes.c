/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "lock/forecast/search.h"

/* Volumes of the device mapper: crypttab(5), integritytab(5), veritytab(5). */

/* The cipher is only in the header of a LUKS volume; these are the defaults of cryptsetup(8). */
#define LUKS_CIPHER "aes-xts-plain64"

static const struct {
    const char *path, *target;
} tables[] = {
    { "/etc/crypttab", "dm-crypt" },
    { "/etc/integritytab", "dm-integrity" },
    { "/etc/veritytab", "dm-verity" },
};

/* /proc/crypto names the available algorithms, built in or not; for a template, its instances. */
static bool kernel_has(const char *crypto, const char *algorithm) {
    for (const char *line = crypto; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *name = startswith(line, "name") ? strstr(line, ": ") : NULL;

        if (name && startswith(name + 2, algorithm) &&
            strchr("\n(", name[2 + strlen(algorithm)]))
            return true;
    }
    return false;
}

/* The kernel requests crypto-NAME (crypto/api.c). Drivers for certain processors have that alias
 * too; the generic one is preferred. */
static int want_algorithm(struct search *s, const char *where, const char *algorithm) {
    _cleanup_free_ char *alias = NULL, *generic = NULL;

    if (asprintf(&alias, "crypto-%.50s", algorithm) < 0 ||
        asprintf(&generic, "%.50s_generic", algorithm) < 0)
        return -ENOMEM;
    if (module_index_is_built_in(s->index, generic))
        return 0;
    return search_alias(s, WANTED_CRYPTO, module_index_has(s->index, generic) ? generic : alias,
                        "%s: its cipher uses %.50s", where, algorithm);
}

/* "aes-xts-plain64", "aes-cbc-essiv:sha256", "capi:xts(aes)-plain64": every word may be an
 * algorithm. */
static int want_cipher(struct search *s, const char *where, const char *cipher,
                       const char *crypto) {
    _cleanup_strv_free_ char **words = NULL;
    int r;

    r = strv_extend_split(&words, cipher, "-:()");
    STRV_FOREACH(word, words)
        if (r >= 0 && !kernel_has(crypto, *word))
            r = want_algorithm(s, where, *word);
    return r;
}

static int want_volume(struct search *s, const char *where, const char *target, char *const *words,
                       const char *crypto) {
    const char *options = strv_length(words) >= 4 ? words[3] : "";
    const char *set = startswith(options, "cipher=") ? options : strstr(options, ",cipher=");
    _cleanup_free_ char *cipher = NULL;
    int r;

    r = search_alias(s, WANTED_CRYPTO, target, "%s: the volume %.50s", where, words[0]);
    if (r < 0 || !streq(target, "dm-crypt"))
        return r;
    set = set ? strchr(set, '=') + 1 : LUKS_CIPHER;
    cipher = strndup(set, strcspn(set, ","));
    return cipher ? want_cipher(s, where, cipher, crypto) : -ENOMEM;
}

static int read_table(struct search *s, const char *path, const char *target, const char *crypto) {
    _cleanup_free_ char *text = NULL;
    char *rest, *line;
    unsigned number = 0;
    int r;

    r = search_read(s, path, &text);
    rest = text;
    while (r >= 0 && (line = search_line(&rest))) {
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *where = NULL;

        if (asprintf(&where, "%s:%u", path, ++number) < 0)
            return -ENOMEM;
        r = strv_extend_split(&words, line, " \t\r");
        if (r >= 0 && words && **words != '#')
            r = want_volume(s, where, target, words, crypto);
    }
    return r;
}

int search_volumes(struct search *s) {
    _cleanup_free_ char *crypto = NULL;
    int r;

    r = search_read(s, "/proc/crypto", &crypto);
    for (size_t i = 0; i < ELEMENTSOF(tables) && r >= 0; i++)
        r = read_table(s, tables[i].path, tables[i].target, strempty(crypto));
    return r;
}
