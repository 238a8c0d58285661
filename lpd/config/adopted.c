/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/adopted.h"
#include "config/name.h"

#define RELEASE_COMPONENT "/%v" /* there is exactly one: value_release_paths() */

/* A name of that line has the numbers of the kernel, of the patch's version and of its release. */
#define LINE_PREFIX "kpatch"
#define LINE_NUMBERS_MIN 4

void adopted_module_done(struct adopted_module *m) {
    free(m->name);
    free(m->release);
    free(m->path);
    *m = (struct adopted_module){};
}

void adopted_list_done(struct adopted_list *l) {
    for (size_t i = 0; i < l->n_modules; i++)
        adopted_module_done(&l->modules[i]);
    free(l->modules);
    *l = (struct adopted_list){};
}

/* The name of the patch whose module has that file name; NULL: it is none. */
static char *name_of_file(const char *file) {
    static const char *const suffixes[] = { ".ko", ".ko.xz", ".ko.zst", ".ko.gz" };

    for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
        char *name = endswith(file, suffixes[i]) ? strndup(file, strlen(file) - strlen(suffixes[i])) : NULL;

        if (name && patch_name_is_valid(name))
            return name;
        free(name);
    }
    return NULL;
}

static int add(struct adopted_list *l, const char *directory, const char *release, const char *file) {
    struct adopted_module m = { .name = name_of_file(file) };
    struct adopted_module *grown;

    if (!m.name || l->n_modules >= ADOPTED_MAX) {
        adopted_module_done(&m);
        return 0;
    }
    m.release = strdup(release);
    if (asprintf(&m.path, "%s/%s", directory, file) < 0)
        m.path = NULL;
    grown = reallocarray(l->modules, l->n_modules + 1, sizeof(*grown));
    if (grown)
        l->modules = grown;
    if (!m.release || !m.path || !grown) {
        adopted_module_done(&m);
        return -ENOMEM;
    }
    l->modules[l->n_modules++] = m;
    return 0;
}

static int add_directory(const struct host *h, const char *directory, const char *release,
                         struct adopted_list *l) {
    _cleanup_strv_free_ char **files = NULL;
    int r;

    r = file_list(h, directory, &files);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    STRV_FOREACH(file, files)
        if (r >= 0)
            r = add(l, directory, release, *file);
    return r;
}

static int add_pattern(const struct host *h, const char *pattern, struct adopted_list *l) {
    const char *at = strstr(pattern, RELEASE_COMPONENT);
    _cleanup_free_ char *parent = at ? strndup(pattern, (size_t) (at - pattern)) : NULL;
    _cleanup_strv_free_ char **releases = NULL;
    int r;

    if (!parent)
        return -ENOMEM;
    r = file_list(h, parent, &releases);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    STRV_FOREACH(release, releases) {
        _cleanup_free_ char *directory = NULL;

        if (!kernel_release_is_valid(*release))
            continue;
        if (asprintf(&directory, "%s/%s%s", parent, *release, at + STRLEN(RELEASE_COMPONENT)) < 0)
            return -ENOMEM;
        r = add_directory(h, directory, *release, l);
        if (r < 0)
            return r;
    }
    return 0;
}

int adopted_list_read(const struct host *h, char *const *patterns, struct adopted_list *ret) {
    _cleanup_(adopted_list_done) struct adopted_list l = {};
    int r;

    STRV_FOREACH(pattern, patterns) {
        r = add_pattern(h, *pattern, &l);
        if (r < 0)
            return r;
    }
    *ret = TAKE_STRUCT(l);
    return 0;
}

/* The length of a name of a line without the two numbers at its end; 0: it is not of one. */
static size_t line_length(const char *name) {
    size_t starts[PATCH_NAME_MAX], n = 0;
    const char *at = name + STRLEN(LINE_PREFIX);

    if (!startswith(name, LINE_PREFIX) || !patch_name_is_valid(name))
        return 0;
    while (*at == '_' || *at == '-') {
        size_t digits = strspn(at + 1, "0123456789");

        if (digits == 0)
            return 0;
        starts[n++] = (size_t) (at - name);
        at += 1 + digits;
    }
    return *at == '\0' && n >= LINE_NUMBERS_MIN ? starts[n - 2] : 0;
}

bool adopted_is_same_line(const char *a, const char *b) {
    size_t length = line_length(a);
    _cleanup_free_ char *x = NULL, *y = NULL;

    if (length == 0 || line_length(b) != length)
        return false;
    x = strndup(a, length);
    y = strndup(b, length);
    return x && y && patch_name_equal(x, y);
}
