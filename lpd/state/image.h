/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* What lpd in the initramfs leaves for the host besides the results: name, SHA256 and GNU build id of all
 * patches that the image carried. The name has no ".json", as a patch may be called anything. */
#define IMAGE_RECORD RESULTS_DIRECTORY "/initramfs"

/* A patch in an image: the bytes of its module, uncompressed. */
struct image_patch {
    char *name;
    char *sha256;   /* NULL in the record: the module could not be read there */
    char *build_id; /* NULL: it has none */
    bool unread;    /* in the record: nobody has looked at the module, as it was not to be loaded */
};

void image_patch_done(struct image_patch *p);

struct image_record {
    char *release;
    struct image_patch *patches;
    size_t n_patches;
};

void image_record_done(struct image_record *r);

/* 0 or a negative errno. */
int image_record_write(const struct host *h, const struct image_record *r);

/* Reads what the image of this boot carried. -ENOENT: lpd did not run in it; -EBADMSG: no such record. */
int image_record_read(const struct host *h, struct image_record *ret);
