/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/cmdline.h"
#include "config/manifest.h"
#include "config/policy.h"
#include "livepatch/build.h"
#include "livepatch/facts.h"
#include "livepatch/view.h"
#include "state/early.h"
#include "state/lock.h"
#include "state/refused-loads.h"
#include "state/volume.h"
#include "trust/gate.h"

/* SignedManifests=yes: what is known of the signatures of a manifest and its drop-ins. */
enum manifest_signature {
    MANIFEST_UNCHECKED, /* nobody has looked: as good as none */
    MANIFEST_SIGNED,
    MANIFEST_REFUSED,   /* manifest_error says why */
    MANIFEST_LATER,     /* only the load can tell: not wanted here, or nobody to ask */
};

/* What is known of one patch that has a manifest, besides the manifest. In the order of the
 * manifests; all of it may be NULL. */
struct patch_info {
    char *module_path;  /* of the file for the running kernel; NULL: none was found */
    char *module_name;  /* the name that the kernel knows or will know it by */
    char *build_id;     /* of the module file, if it was read */
    char *vermagic;     /* likewise */
    char *sha256;       /* likewise */
    bool tried; /* an earlier load in this boot has seen to what it requires and conflicts with */
    bool gate_asked;    /* the module file was looked at, and this is what the gate says of it: */
    int gate_result;    /* GATE_ACCEPTED, GATE_LATER, or negative: why a load refuses it */
    enum gate_step gate_step;
    struct error gate_refusal;
    enum manifest_signature manifest_signature;
    char *manifest_error, *manifest_hint;
    char *unit_problem; /* why systemd would not start its unit, as it is masked; NULL: nothing is known */
    struct trust_report *trust; /* of its signature, if somebody looked at that */
};

/* The state of the machine at one moment: everything that plan.c decides from and that the reports
 * show. Only snapshot.c finds out, so that a plan is a pure function of this. */
struct snapshot {
    struct manifest_list manifests;
    struct patch_info *patch_infos; /* as many as manifests.n_entries */
    struct policy policy;
    int policy_error;           /* 0, or what policy_load() said; policy is the strictest reading then */
    struct error policy_problem;
    struct cmdline_switches switches;
    bool disable_file;          /* /etc/lpd/disable is there */
    bool in_initrd;
    char **kernel_settings;     /* of others, that keep patches out: kernel-settings.h */
    bool modules_unknown;       /* the module directories cannot be seen yet: /var is not mounted */
    bool offline;               /* below --root=: there is no kernel to ask; facts.release may be NULL */
    char *machine_id;           /* a valid one; NULL: none, or the initramfs does not know it */
    struct kernel_facts facts;
    struct livepatch_list loaded;
    struct result_list results;
    struct lock_record lock; /* state is NULL: nobody has tried to lock modules out */
    struct refused_loads_record refused; /* since the lock */
    bool refused_known;    /* lpd.service counts them */
    struct early_record early; /* what the initramfs spent on patches */
    bool early_known;          /* lpd ran in it */
    struct volume_record volume; /* device is NULL: none is configured, or it was not looked for */
};

void snapshot_done(struct snapshot *s);

enum snapshot_flags {
    SNAPSHOT_MODULES = 1 << 0, /* read every module file: names, build ids, hashes; and have the
                                * signatures of manifests checked, where the policy wants them; and what
                                * the gate says of their bytes */
    SNAPSHOT_SIGNATURES = 1 << 2, /* with the former: what it says of their signatures, too */
    SNAPSHOT_NO_PATCHES = 1 << 1, /* the policy and the kernel alone */
};

/* Looks at the whole machine. What cannot be read is left out and shows as unknown. 0, or a
 * negative errno if the manifests could not be read at all or memory is short. */
int snapshot_take(struct host *h, unsigned flags, struct snapshot *ret, struct error *e);

/* The same for loading one patch, of which the snapshot then holds what that load depends on, however
 * many others there are: the patch itself; what it names in Requires=, After= and Conflicts=, and what
 * these name in turn, up to those that have been tried in this boot; and whose Conflicts= names it, among
 * what is in. No module is read, and no other's signature checked. -ENOENT: no manifest of that name. */
int snapshot_take_one(struct host *h, const char *name, struct snapshot *ret, struct error *e);

/* For who loads several patches one after the other, from one look at the machine: no module is read. */
int snapshot_take_for_loads(struct host *h, struct snapshot *ret, struct error *e);

/* With such a snapshot, before the patch with that index is loaded: has its manifest's signature checked, if
 * the policy wants that. */
int snapshot_before_load(struct host *h, struct snapshot *s, size_t i);

/* With such a snapshot, once it was tried: what has changed by that. Takes over the result. */
int snapshot_after_load(struct host *h, struct snapshot *s, size_t i, struct result *result);

/* One step of it, for a snapshot with manifests and a release: finds where the modules are, without
 * reading them. */
int snapshot_find_modules(const struct host *h, struct snapshot *s);

/* Asks the gate about the module of the patch with that index, if it has one, as a load would. With
 * TRUST_EXPLAIN or other flags of trust_verify(), or GATE_BYTES_ONLY. 0 or -ENOMEM. */
int snapshot_ask_gate(struct host *h, struct snapshot *s, size_t i, unsigned flags);

/* The gate before the module of the patch with that index, on this machine; machine is its store. */
struct gate snapshot_gate(const struct snapshot *s, size_t i, struct trust_machine *machine);

/* The name by which the kernel knows, or is expected to know, the patch with that index. */
const char *snapshot_module_name(const struct snapshot *s, size_t i);

/* The kernel's view of the patch with that index, or NULL if it is not in. */
const struct livepatch *snapshot_livepatch(const struct snapshot *s, size_t i);

/* Whether the kernel has the build of the patch with that index that is installed here. BUILD_UNKNOWN
 * also where it has none of that name, or no module was read. */
enum build snapshot_build(const struct snapshot *s, size_t i);

/* What was recorded of the bytes that are loaded of the patch with that index, or NULL. */
const char *snapshot_loaded_sha256(const struct snapshot *s, size_t i);

/* Whether the patch with that index is in: enabled, be it in transition, or replaced by a
 * cumulative one. Of a snapshot with modules, only the build that is installed here counts, unless
 * nothing is installed that could be loaded. */
bool snapshot_is_in(const struct snapshot *s, size_t i);

/* The index of the patch of that name ('-' and '_' alike), or SIZE_MAX. */
size_t snapshot_find(const struct snapshot *s, const char *name);

/* The loaded cumulative patch that replaced the patch with that index, or NULL. Kernels before
 * 6.11 do not say which patches are cumulative; there the patches that lpd saw in when it loaded
 * another one, and that left the kernel's list without being unloaded, are taken as replaced by
 * that one. */
const char *snapshot_replaced_by(const struct snapshot *s, size_t i);

/* What the verdict on a signature depends on, from what is known of the machine. */
struct trust_machine snapshot_trust_machine(const struct snapshot *s);
