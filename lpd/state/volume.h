/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* What lpd-volume leaves in /run/lpd for the host. No result of a patch has this name, because it
 * lacks ".json". */
struct volume_record {
    char *device;    /* LABEL=… */
    char *node, *type;
    char **problems; /* problems, each a sentence */
    char **patches;  /* patches whose manifest, or part of it, is from the volume */
};

void volume_record_done(struct volume_record *r);
int volume_record_write(const struct host *h, const struct volume_record *r);
/* -ENOENT: the initramfs did not look for a volume; -EBADMSG: invalid record. */
int volume_record_read(const struct host *h, struct volume_record *ret);
