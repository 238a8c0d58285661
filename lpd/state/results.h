/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

#define RESULTS_DIRECTORY "/run/lpd"

/* Why a patch is in its recorded state. The values are stable. */
#define CAUSE_STALLED "stalled"           /* its transition continues after TimeoutSec= */
#define CAUSE_FORCED "forced"             /* OnStall=force ended its transition */
#define CAUSE_REVERTED "reverted"         /* its transition stalled and was reverted:
                                           * OnStall=revert */
#define CAUSE_PROBE_FAILED "probe-failed" /* its probe failed, and it was unloaded */
#define CAUSE_WAITING "waiting"           /* it waits for the transition of another patch */
#define CAUSE_SWITCHED_OFF "switched-off" /* a program other than lpd disabled it */
#define CAUSE_ON_TRIAL "on-trial"         /* the initramfs could not write its attempt */
#define CAUSE_UNLOADED "unloaded"         /* it was unloaded on request */

/* The result of the last load or unload of a patch in this boot: one JSON file for each patch in
 * /run/lpd, world-readable, which survives the switch from the initramfs. */
struct result {
    char *name;
    char *action;      /* load, unload, transition */
    char *state;       /* loading, active, disabled, failed, refused, quarantined, skipped */
    char *reason;      /* why, for all states but active */
    char *hint;
    char *cause;       /* one of CAUSE_*, where one of them fits */
    enum exit_status exit_status;
    char *stage;       /* system, initrd */
    char *early_reason; /* why the initramfs of this boot could not load it, if it tried */
    char *unguarded;   /* why its attempt could not be written although it is on trial, or NULL */
    char *late_reason;  /* why the boot went on without it, if it did */
    char *module_path;
    char *module_name; /* the module's name in the kernel */
    char *sha256;
    char *build_id;
    char *manifest_sha256; /* of the manifest, if its signature was checked; else NULL */
    /* Of the signature, as in struct trust_report; NULL: not checked, or unknown. */
    char *verdict, *way, *signer, *key_id, *keyring, *hash, *expired;
    bool loaded;       /* lpd has loaded it, or is about to, and has not unloaded it since */
    bool from_file;    /* it was loaded from a file by hand, and no manifest says that it should be */
    bool complete;     /* its transition has finished, and its probe, if any, has succeeded */
    char **replaces;   /* patches loaded before it; once complete, those that it replaced */
    uint64_t since_usec;       /* CLOCK_REALTIME of the last change */
    uint64_t monotonic_usec;   /* CLOCK_MONOTONIC of the load: the start of the transition */
    uint64_t transition_usec;  /* how long that took; 0: unknown, or it has not ended */
};

struct result_list {
    struct result *results;
    size_t n_results;
};

/* The state of a patch that could not be loaded. A file that is not a module has failed; it was not
 * refused. */
const char *result_failed_state(int r, enum exit_status exit_status);

/* Whether it is in one of these states. */
bool result_has_failed(const struct result *r);

void result_done(struct result *r);

/* Copies the facts about the signature. 0 or -ENOMEM. */
int result_copy_signature(const struct result *from, struct result *to);
void result_list_done(struct result_list *l);

/* Writes /run/lpd/NAME.json in one step; a reason of more than 16 KiB is cut. 0; -EINVAL for an
 * invalid name; -EFBIG if the file would be too large to read; another negative errno. */
int result_write(const struct host *h, const struct result *r);

/* Reads a result. -ENOENT: there is none; -EBADMSG: invalid file; -EINVAL: invalid name. */
int result_read(const struct host *h, const char *name, struct result *ret);

/* Reads the result of a patch whose name may be spelled with '-' or '_', or of the module that has
 * that name in the kernel. -ENOENT: there is none; invalid files are skipped. */
int result_find(const struct host *h, const char *name, struct result *ret);
int result_find_module(const struct host *h, const char *module, struct result *ret);

/* Remembers which patch has been loaded, and reads the result of the one that was remembered last: the one whose
 * transition may be running. -ENOENT: there is none. */
int result_write_last(const struct host *h, const char *name);
int result_read_last(const struct host *h, struct result *ret);

/* Deletes the result of a patch that is no longer installed, and forgets that it was loaded last. 0 or a negative errno. */
int result_remove(const struct host *h, const char *name);

/* The names that have a result, without reading them. 0 or a negative errno. */
int result_list_names(const struct host *h, char ***ret);

/* Reads all results; invalid files are skipped. If the directory does not exist the list is
 * empty. */
int result_list_read(const struct host *h, struct result_list *ret);
const struct result *result_list_find(const struct result_list *l, const char *name);

/* Adds a result to the list, replacing one of the same name, and takes it over. 0 or -ENOMEM. */
int result_list_put(struct result_list *l, struct result *r);

/* Removes the result with exactly that name, if there is one. */
void result_list_drop(struct result_list *l, const char *name);

/* The same by the module's name in the kernel; of several results, one whose patch was loaded. */
const struct result *result_list_find_module(const struct result_list *l, const char *module);

/* Whether that patch was loaded after the one with that module, and so may have replaced it. other
 * is the result of the latter, or NULL. A patch replaces only patches that were loaded before
 * it. */
bool result_is_over(const struct result *r, const char *module, const struct result *other);
