/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* What lpd in the initramfs leaves for the host besides the results: name, SHA256 and GNU build id
 * of all patches in the image. The file name lacks ".json", because a patch may have any name. */
#define IMAGE_RECORD RESULTS_DIRECTORY "/initramfs"

/* What each image that was built last contains, written while it is built: KERNEL.json. */
#define IMAGE_RECORDS "/var/lib/lpd/initramfs"

/* A patch in an image, by the bytes of its uncompressed module. */
struct image_patch {
    char *name;
    char *sha256;   /* NULL in the record: the module could not be read in the initramfs */
    char *build_id; /* NULL: the module has none */
    bool unread;    /* in the record: the module was not read, because the patch was not supposed to
                     * be loaded */
};

void image_patch_done(struct image_patch *p);

struct image_record {
    char *release;
    struct image_patch *patches;
    size_t n_patches;
    char *ledger; /* where the initramfs writes attempts down: efi, UUID=…, …; NULL: nowhere */
};

void image_record_done(struct image_record *r);

/* 0 or a negative errno. */
int image_record_write(const struct host *h, const struct image_record *r);

/* Reads which patches the image of this boot contained. -ENOENT: lpd did not run in it; -EBADMSG:
 * invalid record. */
int image_record_read(const struct host *h, struct image_record *ret);

/* The same of the image that was built last for that release, whether it was booted or not, with the
 * time of that record. -ENOENT: none is known. */
int image_record_read_built(const struct host *h, const char *release, struct image_record *ret,
                            uint64_t *ret_usec);

/* Writes that record, or takes it away. Does nothing where nothing was ever installed. 0 or a negative
 * errno. */
int image_record_write_built(const struct host *h, const struct image_record *r);
int image_record_forget_built(const struct host *h, const char *release);
