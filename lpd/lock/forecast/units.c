/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "lock/forecast/units.h"
#include "system/unit-mask.h"

static const char *const unit_dirs[] = {
    "/etc/systemd/system",      "/run/systemd/system",
    "/run/systemd/generator",   "/run/systemd/generator.late",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
};

static bool is_masked(const struct host *h, const char *name) {
    _cleanup_free_ char *path = NULL;

    return unit_mask_find(h, name, &path) > 0;
}

static int add_links(struct search *s, const char *directory) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = search_list(s, directory, &names);
    STRV_FOREACH(name, names)
        if (r >= 0 && !strv_contains(s->units, *name) && !is_masked(s->host, *name))
            r = strv_extend(&s->units, *name);
    return r;
}

int units_find_enabled(struct search *s) {
    int r = 0;

    for (size_t i = 0; i < ELEMENTSOF(unit_dirs) && r >= 0; i++) {
        _cleanup_strv_free_ char **names = NULL;

        r = search_list(s, unit_dirs[i], &names);
        STRV_FOREACH(name, names) {
            _cleanup_free_ char *directory = NULL;

            if (r < 0 || (!endswith(*name, ".wants") && !endswith(*name, ".requires")))
                continue;
            if (asprintf(&directory, "%s/%s", unit_dirs[i], *name) < 0)
                return -ENOMEM;
            r = add_links(s, directory);
        }
    }
    return r;
}

bool unit_is_enabled(const struct search *s, const char *name, const char **ret_name) {
    STRV_FOREACH(unit, s->units)
        if (endswith(name, "@") ? startswith(*unit, name) : streq(*unit, name)) {
            if (ret_name)
                *ret_name = *unit;
            return true;
        }
    return false;
}

/* Trims blanks at both ends of the text between start and end. */
static char *strip(const char *start, const char *end) {
    while (start < end && strchr(" \t\r", *start))
        start++;
    while (end > start && strchr(" \t\r", end[-1]))
        end--;
    return strndup(start, (size_t) (end - start));
}

char *unit_value(const char *text, const char *section, const char *key) {
    _cleanup_free_ char *value = NULL;
    bool inside = false;

    for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
        _cleanup_free_ char *stripped = NULL;
        char *equals;

        end = line + strcspn(line, "\n");
        stripped = strip(line, end);
        if (!stripped)
            return NULL;
        if (*stripped == '[') {
            inside = startswith(stripped + 1, section) &&
                streq(stripped + 1 + strlen(section), "]");
            continue;
        }
        equals = strchr(stripped, '=');
        if (!inside || !equals || !startswith(stripped, key) ||
            strspn(stripped + strlen(key), " \t") != (size_t) (equals - stripped) - strlen(key))
            continue;
        free(value);
        value = strip(equals + 1, stripped + strlen(stripped));
    }
    return TAKE_PTR(value);
}
