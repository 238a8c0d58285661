/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fnmatch.h>

#include "config/name.h"

#define ALPHANUMERICAL "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* struct utsname has 65 bytes for the release: uname(2). */
#define KERNEL_RELEASE_MAX 64

static bool consists_of(const char *s, const char *allowed, size_t max) {
    size_t n = strspn(s, allowed);

    return n > 0 && n <= max && s[n] == '\0';
}

bool patch_name_is_valid(const char *name) {
    return consists_of(name, ALPHANUMERICAL "-_.", PATCH_NAME_MAX) && *name != '.' && *name != '-';
}

bool kernel_release_is_valid(const char *release) {
    return consists_of(release, ALPHANUMERICAL "-_.+~", KERNEL_RELEASE_MAX) && *release != '.' &&
           *release != '-';
}

static int as_kernel(char c) {
    return c == '-' ? '_' : (unsigned char) c;
}

int patch_name_compare(const char *a, const char *b) {
    while (*a && as_kernel(*a) == as_kernel(*b))
        a++, b++;
    return as_kernel(*a) - as_kernel(*b);
}

bool patch_name_equal(const char *a, const char *b) {
    return patch_name_compare(a, b) == 0;
}

char *patch_name_to_module(const char *name) {
    char *module = strdup(name);

    for (char *c = module; c && *c; c++)
        *c = (char) as_kernel(*c);
    return module;
}

bool patch_pattern_is_glob(const char *pattern) {
    return pattern[strcspn(pattern, "*?[")] != '\0';
}

bool patch_pattern_matches(const char *pattern, const char *name) {
    _cleanup_free_ char *folded = patch_name_to_module(name), *p = strdup(pattern);
    bool inside = false; /* in brackets a '-' makes a range */

    if (!folded || !p)
        return false;
    for (char *c = p; *c; c++) {
        inside = inside ? *c != ']' : *c == '[';
        if (!inside && *c == '-')
            *c = '_';
    }
    return fnmatch(p, folded, 0) == 0 || fnmatch(pattern, name, 0) == 0;
}
