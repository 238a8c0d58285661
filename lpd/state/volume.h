/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* What lpd-volume leaves in /run/lpd for the host. No patch's result is called so, as there is no ".json". */
struct volume_record {
    char *device;    /* LABEL=… */
    char *node, *type;
    char **problems; /* what was wrong, each a sentence */
    char **patches;  /* whose manifest, or part of it, is from the volume */
};

void volume_record_done(struct volume_record *r);
int volume_record_write(const struct host *h, const struct volume_record *r);
/* -ENOENT: the initramfs has looked for none; -EBADMSG: not such a file. */
int volume_record_read(const struct host *h, struct volume_record *ret);
