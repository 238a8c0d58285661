/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "base/file.h"
#include "base/hex.h"
#include "config/machine-id.h"

#define MACHINE_ID_LENGTH 32

bool machine_id_is_valid(const char *id) {
    return strlen(id) == MACHINE_ID_LENGTH && hex_is_valid(id) && strspn(id, "0") < MACHINE_ID_LENGTH;
}

/* systemd also accepts upper case, and refuses an id of zeros only. */
static bool make_valid(char *id) {
    for (char *c = id; *c; c++)
        *c = (char) tolower((unsigned char) *c);
    return machine_id_is_valid(id);
}

int machine_id_read(const struct host *h, bool in_initrd, const struct cmdline_switches *switches, char **ret) {
    _cleanup_free_ char *id = NULL;
    int r = 0;

    if (switches->machine_id) {
        id = strdup(switches->machine_id);
        r = id ? 0 : -ENOMEM;
    }
    if (r >= 0 && !(id && make_valid(id)) && !in_initrd) {
        free(id);
        id = NULL;
        r = file_read_line(h, "/etc/machine-id", &id);
    }
    if (r == -ENOMEM)
        return r;
    if (r < 0 || !id || !make_valid(id))
        return -ENOENT;
    *ret = TAKE_PTR(id);
    return 0;
}

int machine_id_find(const struct host *h, char **ret) {
    _cleanup_(cmdline_switches_done) struct cmdline_switches switches = {};

    if (cmdline_read(h, /* in_initrd= */ false, &switches) == -ENOMEM)
        return -ENOMEM;
    return machine_id_read(h, /* in_initrd= */ false, &switches, ret);
}
