/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/name.h"
#include "pstore.h"

#define FILE_MAX ((size_t) 64 * 1024)

#define BLANKS " \t\r"

/* fs/pstore/, drivers/firmware/efi/, drivers/mtd/, drivers/platform/chrome/ */
static const char *const backends[] = { "ramoops", "pstore_blk", "efi_pstore", "mtdpstore", "chromeos_pstore" };

static bool is_backend(const char *module) {
    for (size_t i = 0; i < ELEMENTSOF(backends); i++)
        if (patch_name_equal(module, backends[i]))
            return true;
    return false;
}

/* One module a line; '#' and ';' begin comments. */
static int file_names_backend(const struct host *h, const char *directory, const char *name) {
    _cleanup_free_ char *path = NULL, *text = NULL;
    char *rest, *line;

    if (asprintf(&path, "%s/%s", directory, name) < 0)
        return -ENOMEM;
    if (file_read(h, path, FILE_MAX, &text, NULL) < 0)
        return 0;
    for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        line += strspn(line, BLANKS);
        line[strcspn(line, BLANKS)] = '\0';
        if (is_backend(line))
            return 1;
    }
    return 0;
}

/* A file that another one hides is read as well: waiting for nothing costs nothing. */
static int directory_names_backend(const struct host *h, const char *directory) {
    _cleanup_strv_free_ char **names = NULL;
    int r = file_list(h, directory, &names);

    if (r < 0)
        return r == -ENOMEM ? r : 0;
    r = 0;
    STRV_FOREACH(name, names)
        if (r == 0 && endswith(*name, ".conf"))
            r = file_names_backend(h, directory, *name);
    return r;
}

int pstore_is_loaded_late(const struct host *h, const struct cmdline_switches *s) {
    static const char *const directories[] = { "/etc/modules-load.d", "/run/modules-load.d",
                                               "/usr/local/lib/modules-load.d", "/usr/lib/modules-load.d" };
    int r = 0;

    STRV_FOREACH(module, s->modules_load)
        if (is_backend(*module))
            return 1;
    for (size_t i = 0; i < ELEMENTSOF(directories) && r == 0; i++)
        r = directory_names_backend(h, directories[i]);
    return r;
}
