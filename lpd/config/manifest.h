/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"
#include "config/adopted.h"
#include "config/policy.h"
#include "config/waves.h"

/* A manifest describes a patch and how this machine treats it: lpd.patch(5). */

enum patch_stage { STAGE_SYSTEM, STAGE_INITRD };
enum patch_wait { WAIT_FOR_LOADED, WAIT_FOR_PATCHED };
enum on_stall { ON_STALL_WAIT, ON_STALL_REVERT, ON_STALL_FORCE };

/* One [Kernel:RELEASE] section. */
struct manifest_kernel {
    char *release;
    char *module;   /* file name or absolute path; NULL: NAME.ko */
    char *sha256;   /* 64 lower-case hex digits, or NULL; while an install replaces the module two
                     * of them, separated by a blank: the new one's and the old one's */
    char *build_id; /* hex digits of the running kernel's GNU build id, or NULL */
};

/* A file that a manifest was read from, with the bytes that were read. */
struct manifest_source {
    char *path;
    char *data;
    size_t size;
};

struct manifest {
    char *name;      /* as in the file name; '-' and '_' are the same in names, see name.h */
    char *path;      /* its path, for messages and SourcePath= */
    char **dropins;  /* paths of merged drop-ins, in order */
    char *description;
    char **fixes;
    char *effective; /* the kernel release that a machine with the patch is as good as, or NULL */
    bool enabled;    /* default yes */
    enum patch_stage stage;
    bool required;
    char **after, **requires, **conflicts;
    char *parameters;
    enum patch_wait wait_for;
    uint64_t timeout_usec; /* default 60 s; USEC_INFINITY for "infinity" */
    enum on_stall on_stall;
    char *probe;
    struct waves rollout; /* at least one */
    char **rollout_tags;  /* patterns, see fnmatch(3) */
    struct manifest_kernel *kernels;
    size_t n_kernels;
    struct manifest_source *sources; /* if requested: the manifest, then its drop-ins */
    size_t n_sources;
    struct adopted_module *adopted; /* modules of other loaders for the same name, one a release */
    size_t n_adopted;
    bool by_default;       /* there is no manifest file; path is that of an adopted module */
    struct error warnings; /* faults in keys without effect on the load; message NULL: none */
};

void manifest_done(struct manifest *m);

/* Keeps a copy of a file that m was read from. 0 or -ENOMEM. */
int manifest_add_source(struct manifest *m, const char *path, const char *data, size_t size);
void manifest_forget_sources(struct manifest *m);

/* Parses one manifest from memory. @name is the patch's name, @path is for messages. -EBADMSG with
 * file, line and a suggestion for every fault in the text; -ENOMEM. */
int manifest_parse(const char *name, const char *path, const char *data, size_t size,
                   struct manifest *ret, struct error *e);

/* The same for a drop-in of m: its keys replace those of m, its sections are merged. */
int manifest_merge(struct manifest *m, const char *path, const char *data, size_t size,
                   struct error *e);

/* A manifest of the machine, or why it cannot be used. */
struct manifest_entry {
    char *name;
    char *path;
    int error_number; /* 0, or the result of manifest_load() */
    struct error error;
    struct manifest manifest; /* valid if error_number is 0 */
};

struct manifest_list {
    struct manifest_entry *entries; /* in version order of the names */
    size_t n_entries;
    struct manifest_entry **by_name; /* the same order for manifest_list_find(), or NULL: it then
                                      * checks each entry */
};

void manifest_list_done(struct manifest_list *l);

/* Reads every manifest of the machine, also the default ones of adopted modules, by the rules of UAPI.6
 * (override by directory, drop-ins in NAME.conf.d/, masked by an empty file or a link to /dev/null).
 * An invalid one becomes an entry with an error, and the others are still read. Two names that differ
 * only in '-' and '_' are an error of the second. 0, or a negative errno if one of the directories
 * could not be read: it may hide or mask files in the others.
 *
 * A caller that has read the policy hands it over, also one with an error; with NULL its Adopt= is read.
 * If it says SignedManifests=yes, the sources of each manifest are kept: a signature has to match the
 * bytes that were parsed. */
int manifest_list_load(const struct host *h, const struct policy *p, struct manifest_list *ret,
                       struct error *e);

/* Adds to *names the other manifests that are needed because of this one. 0 or -ENOMEM. */
typedef int (*manifest_follower)(void *userdata, const struct manifest_entry *entry, char ***names);

/* The same with a policy for the manifests of those names only, and of the names that follow() adds for
 * each of them; a name without a manifest is skipped. The caller still owns *names. */
int manifest_list_load_some(const struct host *h, const struct policy *p, char ***names,
                            manifest_follower follow, void *userdata, struct manifest_list *ret,
                            struct error *e);

/* The same for one patch, with its sources: a list of one entry. -ENOENT (EXIT_STATUS_NO_PATCH) if
 * there is no manifest of that name, or it is masked. */
int manifest_list_load_one(const struct host *h, const char *name, struct manifest_list *ret,
                           struct error *e);

/* The entry of that name ('-' and '_' are the same), or NULL. */
const struct manifest_entry *manifest_list_find(const struct manifest_list *l, const char *name);

/* The manifest of manifest_list_load_one() itself, with its sources; an invalid one is an
 * error. */
int manifest_load(const struct host *h, const char *name, struct manifest *ret, struct error *e);

/* Whether the manifest of that name could be used with that text in the drop-in of that path, which need
 * not exist; "" takes it away. At least 0, or what manifest_load() would return. */
int manifest_try_dropin(const struct host *h, const char *name, const char *path, const char *text,
                        struct error *e);

/* The module of another loader for that release, or NULL. */
const char *manifest_adopted_module(const struct manifest *m, const char *release);

/* The section for that release, or NULL. */
const struct manifest_kernel *manifest_kernel_for(const struct manifest *m, const char *release);

/* Whether its pin allows a module with that SHA256: the pin contains it, or there is no pin. */
bool manifest_kernel_allows(const struct manifest_kernel *k, const char *sha256);

/* Whether the manifest may apply to that release: it has no [Kernel:…] section, or one for it. */
bool manifest_covers(const struct manifest *m, const char *release);

const char *patch_stage_to_string(enum patch_stage s);
const char *patch_wait_to_string(enum patch_wait w);
const char *on_stall_to_string(enum on_stall s);

/* The keys of a manifest, for reading, completion and did-you-mean. */
extern const struct ini_key manifest_keys[];
extern const size_t n_manifest_keys;
