/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/strv.h"
#include "config/machine-tags.h"

#define FILE_MAX ((size_t) 64 * 1024)

/* The value of the last assignment, without quotes; a tag needs none, so nothing in it is escaped. */
static char *find_tags(char *text) {
    char *rest, *value = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        line += strspn(line, " \t");
        if (startswith(line, "TAGS="))
            value = line + STRLEN("TAGS=");
    }
    if (value) {
        value += strspn(value, "\"'");
        value[strcspn(value, "\"' \t\r")] = '\0';
    }
    return value;
}

int machine_tags_read(const struct host *h, char ***ret) {
    _cleanup_free_ char *text = NULL;
    const char *tags;
    int r;

    r = file_read(h, "/etc/machine-info", FILE_MAX, &text, NULL);
    tags = r < 0 ? NULL : find_tags(text);
    if (tags)
        return strv_extend_split(ret, tags, ":");
    return r == -ENOMEM ? r : 0;
}
