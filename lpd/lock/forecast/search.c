/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "lock/forecast/search.h"

#define FILE_SIZE_MAX ((size_t) 1 << 20)
#define MODULES_MAX ((size_t) 1000)
#define UNREAD_MAX ((size_t) 100)
#define LINE_SIZE_MAX ((size_t) 4096)
#define ASKED_MAX ((size_t) 20000)

void search_done(struct search *s) {
    strv_free(s->units);
    tdestroy(s->asked, free);
}

static int compare_asked(const void *a, const void *b) {
    return strcmp(a, b);
}

/* 1 if this is new: rules name the same thing many times. */
static int is_new(struct search *s, enum forecast_source source, const char *alias) {
    char *key;
    void **node;

    if (s->n_asked >= ASKED_MAX)
        return 0;
    if (asprintf(&key, "%d %s", (int) source, alias) < 0)
        return -ENOMEM;
    node = tsearch(key, &s->asked, compare_asked);
    if (!node || *node != key) {
        free(key);
        return node ? 0 : -ENOMEM;
    }
    if (++s->n_asked == ASKED_MAX)
        return search_note_unread(s, "names after the first 20000", -E2BIG);
    return 1;
}

static bool is_known(const struct forecast *w, enum forecast_source source, const char *name) {
    for (size_t i = 0; i < w->n_modules; i++)
        if (w->modules[i].source == source && streq(w->modules[i].name, name))
            return true;
    return false;
}

int search_add(struct search *s, enum forecast_source source, const char *name, bool loaded,
               const char *reason) {
    struct forecast_module m = { .source = source, .loaded = loaded }, *grown;
    struct forecast *w = s->found;

    if (is_known(w, source, name) || w->n_modules >= MODULES_MAX)
        return 0;
    grown = reallocarray(w->modules, w->n_modules + 1, sizeof(m));
    if (!grown)
        return -ENOMEM;
    w->modules = grown;
    m.name = strdup(name);
    m.reason = strdup(reason);
    w->modules[w->n_modules++] = m;
    return m.name && m.reason ? 0 : -ENOMEM;
}

static int add_all(struct search *s, enum forecast_source source, char *const *names,
                   const char *reason) {
    int r = 0;

    STRV_FOREACH(name, names)
        if (r >= 0)
            r = search_add(s, source, *name, /* loaded= */ false, reason);
    return r;
}

int search_alias(struct search *s, enum forecast_source source, const char *alias, const char *fmt,
                 ...) {
    _cleanup_strv_free_ char **missing = NULL;
    _cleanup_free_ char *reason = NULL;
    va_list ap;
    int r;

    r = is_new(s, source, alias);
    if (r > 0)
        r = module_index_missing(s->index, alias, MATCH_ANY, &missing);
    if (r < 0 || !missing)
        return r;
    va_start(ap, fmt);
    r = vasprintf(&reason, fmt, ap);
    va_end(ap);
    return r < 0 ? -ENOMEM : add_all(s, source, missing, reason);
}

int search_modalias(struct search *s, const char *modalias, const char *device) {
    _cleanup_strv_free_ char **missing = NULL;
    _cleanup_free_ char *reason = NULL;
    int r;

    r = is_new(s, WANTED_DEVICE, modalias);
    if (r > 0)
        r = module_index_missing(s->index, modalias, MATCH_EACH, &missing);
    if (r < 0 || !missing)
        return r;
    if (asprintf(&reason, "the device %s has no driver", device) < 0)
        return -ENOMEM;
    return add_all(s, WANTED_DEVICE, missing, reason);
}

int search_note_unread(struct search *s, const char *path, int r) {
    char *text;

    if (strv_length(s->found->unread) >= UNREAD_MAX)
        return 0;
    if (asprintf(&text, "%s: %s", path, strerror(-r)) < 0)
        return -ENOMEM;
    return strv_consume(&s->found->unread, text);
}

int search_read(struct search *s, const char *path, char **ret) {
    int r;

    r = file_read(s->host, path, FILE_SIZE_MAX, ret, NULL);
    if (r >= 0)
        return 1;
    if (r == -ENOENT || r == -ENOMEM)
        return r == -ENOENT ? 0 : r;
    return search_note_unread(s, path, r);
}

int search_list(struct search *s, const char *path, char ***ret) {
    int r;

    r = file_list(s->host, path, ret);
    if (r >= 0 || r == -ENOMEM)
        return MIN(r, 0);
    *ret = NULL;
    return r == -ENOENT ? 0 : search_note_unread(s, path, r);
}

char *search_line(char **rest) {
    char *line = strsep(rest, "\n");

    if (line && strlen(line) > LINE_SIZE_MAX)
        *line = '\0';
    return line;
}

char *search_link(const struct search *s, const char *path) {
    _cleanup_close_ int fd = file_open(s->host, path, O_PATH | O_NOFOLLOW, 0);
    char target[PATH_MAX];
    ssize_t n;

    n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target));
    return n < 0 ? NULL : strndup(target, (size_t) n);
}
