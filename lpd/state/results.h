/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

#define RESULTS_DIRECTORY "/run/lpd"

/* What became of a patch at its last load or unload in this boot: one JSON file a patch in
 * /run/lpd, world-readable, which survives the switch from the initramfs. */
struct result {
    char *name;
    char *action;      /* load, unload, transition */
    char *state;       /* loading, active, disabled, failed, refused, skipped */
    char *reason;      /* why, for all but active */
    char *hint;
    enum exit_status exit_status;
    char *stage;       /* system, initrd */
    char *early_reason; /* why the initramfs of this boot did not load it, if that tried */
    char *module_path;
    char *module_name; /* as the kernel knows it */
    char *sha256;
    char *build_id;
    char *manifest_sha256; /* of the manifest, where its signatures were checked; NULL: they were not */
    /* Of the signature, as struct trust_report has it; NULL: not checked, or not known. */
    char *verdict, *way, *signer, *key_id, *keyring, *hash, *expired;
    bool loaded;       /* lpd loaded it, or is about to, and has not taken it out since; others may have */
    bool complete;     /* its transition is over and its probe, if it has one, is content */
    char **replaces;   /* the patches that were in at the load; once complete, those it replaced */
    uint64_t since_usec;       /* CLOCK_REALTIME of the last change */
    uint64_t monotonic_usec;   /* CLOCK_MONOTONIC of the load: transitions are timed from here */
};

struct result_list {
    struct result *results;
    size_t n_results;
};

void result_done(struct result *r);

/* Copies what is known of the signature. 0 or -ENOMEM. */
int result_copy_signature(const struct result *from, struct result *to);
void result_list_done(struct result_list *l);

/* Writes /run/lpd/NAME.json in one step; a reason of more than 16 KiB is cut. 0; -EINVAL if that is no
 * name; -EFBIG if nobody would read it; another negative errno. */
int result_write(const struct host *h, const struct result *r);

/* Reads one. -ENOENT: nothing was done yet; -EBADMSG: not such a file; -EINVAL: no name. */
int result_read(const struct host *h, const char *name, struct result *ret);

/* Reads the one of a patch whose name may be spelled with '-' or '_', or of the module that the kernel
 * knows by that name. -ENOENT: nothing of it is on record; files that are broken are passed over. */
int result_find(const struct host *h, const char *name, struct result *ret);
int result_find_module(const struct host *h, const char *module, struct result *ret);

/* Forgets what became of a patch that is no longer on the machine. 0 or a negative errno. */
int result_remove(const struct host *h, const char *name);

/* The names that something is on record of, without reading it. 0 or a negative errno. */
int result_list_names(const struct host *h, char ***ret);

/* Reads all; files that are broken are passed over. No directory there: an empty list. */
int result_list_read(const struct host *h, struct result_list *ret);
const struct result *result_list_find(const struct result_list *l, const char *name);

/* The same by the name of its module as the kernel knows it; of several, one that was loaded. */
const struct result *result_list_find_module(const struct result_list *l, const char *module);

/* Whether that patch was loaded over the one with that module, and so may have replaced it. other
 * is what is on record of the latter, or NULL: only what was in before is replaced. */
bool result_is_over(const struct result *r, const char *module, const struct result *other);
