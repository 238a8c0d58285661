/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "report/fixes.h"

#define INFO_DIRECTORY "/usr/share/livepatch/info"
#define INFO_MAX ((size_t) 1024 * 1024)
#define FIXES_MAX 1000
#define IDENTIFIER_MAX 256
#define BLANKS " \t\r\n"

static const char *const beginnings[] = { "CVE-",     "RHSA-", "RHBA-", "DSA-", "DLA-",     "USN-",
                                          "GHSA-",    "ELSA-", "ALAS",  "bsc#", "SUSE-SU-", "http://",
                                          "https://", "bnc#" };

static bool is_identifier(const char *word) {
    for (size_t i = 0; i < ELEMENTSOF(beginnings); i++)
        if (startswith(word, beginnings[i]) && strpbrk(word, "0123456789"))
            return true;
    return false;
}

/* A word of a text has punctuation around it. */
static char *strip(char *word) {
    size_t n;

    word += strspn(word, "([{<\"'`*-");
    for (n = strlen(word); n > 0 && strchr(")]}>\"'`.,;:!?*", word[n - 1]); n--)
        word[n - 1] = '\0';
    return word;
}

int fixes_find(const char *text, char ***fixes) {
    _cleanup_free_ char *copy = strdup(text);
    char *rest;

    if (!copy)
        return -ENOMEM;
    for (char *word = strtok_r(copy, BLANKS ",;", &rest); word; word = strtok_r(NULL, BLANKS ",;", &rest)) {
        word = strip(word);
        if (strlen(word) <= IDENTIFIER_MAX && is_identifier(word) && ascii_is_word(word) &&
            strv_length(*fixes) < FIXES_MAX && !strv_contains(*fixes, word) && strv_extend(fixes, word) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* It becomes a part of a path. */
static bool is_srcversion(const char *s) {
    size_t n = 0;

    while (isalnum((unsigned char) s[n]))
        n++;
    return n > 0 && n <= 64 && s[n] == '\0';
}

int fixes_read_info(const struct host *h, const char *module, const char *srcversion, char ***fixes) {
    _cleanup_free_ char *path = NULL, *text = NULL;
    int r;

    if (!srcversion || !is_srcversion(srcversion))
        return 0;
    if (asprintf(&path, INFO_DIRECTORY "/%s-%s", module, srcversion) < 0)
        return -ENOMEM;
    r = file_read(h, path, INFO_MAX, &text, NULL);
    return r == -ENOMEM ? r : r < 0 ? 0 : fixes_find(text, fixes);
}

int fixes_srcversion(const struct host *h, const char *module, char **ret) {
    _cleanup_free_ char *path = NULL;
    int r;

    *ret = NULL;
    if (asprintf(&path, "/sys/module/%s/srcversion", module) < 0)
        return -ENOMEM;
    r = file_read_line(h, path, ret);
    return r == -ENOMEM ? r : 0;
}
