/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"
#include "config/ini.h"

/* The machine's policy: lpd.conf(5). */

enum signature_policy { SIGNATURE_REQUIRED, SIGNATURE_LOCAL, SIGNATURE_PERMISSIVE };
enum lock_policy { LOCK_NO, LOCK_SETTLED, LOCK_BOOT_COMPLETE };
enum lock_require { LOCK_REQUIRE_REQUIRED, LOCK_REQUIRE_ALL, LOCK_REQUIRE_NONE };
enum on_fault { ON_FAULT_QUARANTINE, ON_FAULT_REVERT, ON_FAULT_LOG };
/* The most that MaxAttempts= takes: the ledger keeps no more attempts of a build. */
#define POLICY_MAX_ATTEMPTS 8

enum keyring_set {
    KEYRING_BUILTIN = 1 << 0,
    KEYRING_SECONDARY = 1 << 1,
    KEYRING_MACHINE = 1 << 2,
    KEYRING_PLATFORM = 1 << 3,
};

/* The warnings of lpctl status and the journal. */
enum warning {
    WARNING_INITRAMFS = 1 << 0,    /* the image is outdated */
    WARNING_NEXT_KERNEL = 1 << 1,  /* patches without a module for the kernel that boots next */
    WARNING_LATE = 1 << 2,         /* patches that were loaded later in the boot than configured */
    WARNING_INAPPLICABLE = 1 << 3, /* loaded, but this boot would not load it */
    WARNING_MANIFEST = 1 << 4,     /* faults in keys without effect on the load */
    WARNING_PANIC = 1 << 5,        /* a panic would hang the machine */
    WARNING_KPATCH = 1 << 6,       /* kpatch.service loads patches too */
    WARNING_LAYERS = 1 << 7,       /* more patches than MaxLayers= or MaxPatches= allows */
};

/* An assignment in a file, as it is written there. */
struct policy_place {
    char *value, *path;
    unsigned line;
};

/* A value as written in the files, and where it is, for lpctl cat-config. One for each key, in
 * table order. */
struct policy_origin {
    const char *section, *key;
    char *value; /* as written; the default's text if no file sets it; of a list all that was added */
    char *path;  /* of the last place; NULL: default */
    unsigned line;
    struct policy_place *places; /* that make up the value, in the order in which they count */
    size_t n_places;
};

struct policy {
    enum signature_policy signature;
    unsigned keyrings; /* enum keyring_set */
    bool enforce_in_kernel;
    bool signed_manifests;
    enum lock_policy lock;
    char **lock_modules;
    uint64_t lock_delay_usec;
    enum lock_require lock_require;
    bool lock_kexec;
    bool lock_seal;
    uint64_t hold_usec; /* USEC_INFINITY: without limit */
    unsigned guard_max_attempts;
    uint64_t guard_confirm_usec;
    enum on_fault guard_on_fault;
    char *guard_ledger;
    char *store_device; /* NULL if not set */
    char **store_adopt; /* directories of other loaders: adopted.h */
    uint64_t store_wait_usec;
    unsigned max_layers, max_patches;
    unsigned silenced; /* enum warning, the bits of Silence= */
    struct policy_origin *origins;
    size_t n_origins;
};

void policy_done(struct policy *p);

/* The built-in defaults. 0 or -ENOMEM. */
int policy_default(struct policy *ret);

/* Parses one file into p, over the values in it. -EBADMSG with file and line, -ENOMEM. A key with
 * a bad value keeps its value in p; all good ones before and after the fault are set. */
int policy_parse(struct policy *p, const char *path, const char *data, size_t size,
                 struct error *e);

/* Reads the machine's policy: lpd.conf and its drop-ins by the rules of UAPI.6. A bad file is a
 * negative errno (EXIT_STATUS_CONFIG), with *ret nonetheless set to the strictest reading: all
 * values that could be read over the built-in defaults, and Signature=required. */
int policy_load(const struct host *h, struct policy *ret, struct error *e);

/* The keys of lpd.conf, for reading, completion and did-you-mean. */
extern const struct ini_key policy_keys[];
extern const size_t n_policy_keys;

const char *signature_policy_to_string(enum signature_policy s);
/* The word for one keyring in Keyrings=. */
const char *keyring_set_to_string(enum keyring_set keyring);
const char *lock_policy_to_string(enum lock_policy l);
/* The word for a warning in Silence=. */
const char *warning_to_string(enum warning w);
