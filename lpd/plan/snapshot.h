/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/cmdline.h"
#include "config/manifest.h"
#include "config/policy.h"
#include "guard/verdict.h"
#include "livepatch/build.h"
#include "livepatch/facts.h"
#include "livepatch/overrides.h"
#include "livepatch/view.h"
#include "state/early.h"
#include "state/lock.h"
#include "state/refused-loads.h"
#include "state/volume.h"
#include "trust/gate.h"

/* SignedManifests=yes: the state of the signatures of a manifest and its drop-ins. */
enum manifest_signature {
    MANIFEST_UNCHECKED, /* not checked: as good as none */
    MANIFEST_SIGNED,
    MANIFEST_REFUSED,   /* manifest_error says why */
    MANIFEST_LATER,     /* only the load can tell: not required here, or the kernel cannot be
                         * asked */
};

/* What is known of a patch with a manifest, apart from the manifest. In the order of the manifests;
 * all fields may be NULL. */
struct patch_info {
    char *module_path;  /* of the file for the running kernel; NULL: none was found */
    char *module_name;  /* the module's name in the kernel, or the expected one */
    char *build_id;     /* of the module file, if it was read */
    char *vermagic;     /* likewise */
    char *sha256;       /* likewise */
    char *srcversion;   /* likewise; NULL: it has none */
    char **fixes;       /* likewise: what the module itself says */
    bool tried; /* an earlier load in this boot has handled its Requires= and Conflicts= */
    bool gate_asked;    /* the module file was read, and this is the gate's result: */
    int gate_result;    /* GATE_ACCEPTED, GATE_LATER, or negative: why a load refuses it */
    enum gate_step gate_step;
    struct error gate_refusal;
    struct ledger_build ledger; /* what is known of the file's build; name is NULL: nothing */
    char *fallen_back; /* why the installed build is quarantined: the fields above, but for the path's
                        * directory, are of the last confirmed build, which takes its place; or NULL */
    enum manifest_signature manifest_signature;
    char *manifest_error, *manifest_hint;
    char *unit_problem; /* why systemd would not start its unit; NULL: no reason known */
    struct trust_report *trust; /* of its signature, if that was checked */
};

/* The state of the machine at one moment: everything that plan.c decides from and that the reports
 * show. Only snapshot.c collects it, so a plan is a pure function of it. */
struct snapshot {
    struct manifest_list manifests;
    struct patch_info *patch_infos; /* as many as manifests.n_entries */
    struct policy policy;
    int policy_error;           /* 0, or the error of policy_load() */
    struct error policy_problem;
    struct cmdline_switches switches;
    bool disable_file;          /* /etc/lpd/disable exists */
    bool in_initrd;
    bool partial;               /* contains only the manifests that concern one patch */
    bool replaces_builds;       /* set by the caller: other builds that lpd has loaded are replaced */
    char **kernel_settings;     /* settings of other programs that prevent loading:
                                 * kernel-settings.h */
    bool modules_unknown;       /* the module directories are not visible yet: /var is not mounted */
    bool offline;               /* with --root=: there is no kernel to ask; facts.release may be NULL */
    char *machine_id;           /* a valid id; NULL: none, or the initramfs does not know it */
    char **machine_tags;        /* TAGS= of machine-info(5); always empty in the initramfs */
    uint64_t clock_usec;        /* CLOCK_REALTIME */
    struct kernel_facts facts;
    struct livepatch_list loaded;
    struct override_list overrides; /* with SNAPSHOT_OVERRIDES */
    int overrides_error;            /* why they are not known now, only those that lpd.service has reported; 0:
                                     * they are */
    struct result_list results;
    struct lock_record lock; /* state is NULL: no lock was attempted */
    struct refused_loads_record refused; /* since the lock */
    bool refused_known;    /* lpd.service counts them */
    struct early_record early; /* how much of its budget the initramfs has used */
    bool early_known;          /* lpd ran in it */
    char *early_place;     /* in the initramfs: where attempts are written down; NULL: nowhere */
    int early_place_error; /* why it is not known what is on record there; 0: it is known */
    struct volume_record volume; /* device is NULL: the initramfs did not look for one */
};

void patch_info_done(struct patch_info *s);
void snapshot_done(struct snapshot *s);

enum snapshot_flags {
    SNAPSHOT_MODULES = 1 << 0, /* read every module file: names, build ids, hashes; check the
                                * signatures of manifests, if the policy requires them; and ask the
                                * gate about their bytes */
    SNAPSHOT_SIGNATURES = 1 << 2, /* with SNAPSHOT_MODULES: also ask the gate about signatures */
    SNAPSHOT_NO_PATCHES = 1 << 1, /* only the policy and the kernel */
    SNAPSHOT_OVERRIDES = 1 << 3, /* ask the kernel which functions of patches are overridden */
};

/* Takes a snapshot of the whole machine. What cannot be read is left out and shown as unknown. 0,
 * or a negative errno if the manifests could not be read at all or memory runs out. */
int snapshot_take(struct host *h, unsigned flags, struct snapshot *ret, struct error *e);

/* The same for loading one patch, with only what that load depends on, however many others there
 * are: the patch itself; the patches that it names in Requires=, After= and Conflicts=, and those
 * that these name in turn, except beyond patches whose load was tried in this boot; and loaded
 * patches whose Conflicts= names it. Reads no module, and checks no other patch's signature.
 * -ENOENT: no manifest of that name. */
int snapshot_take_one(struct host *h, const char *name, struct snapshot *ret, struct error *e);

/* The same for loading several patches one after the other: reads no module. */
int snapshot_take_for_loads(struct host *h, struct snapshot *ret, struct error *e);

/* For a snapshot of snapshot_take_for_loads(), before the patch with index i is loaded: checks its
 * manifest's signature, if the policy requires that. */
int snapshot_before_load(struct host *h, struct snapshot *s, size_t i);

/* For such a snapshot, after that load: updates what has changed. Takes ownership of the result. */
int snapshot_after_load(struct host *h, struct snapshot *s, size_t i, struct result *result);

/* One step of taking a snapshot, after the manifests and the release are known: finds the paths of
 * the modules, without reading them. */
int snapshot_find_modules(const struct host *h, struct snapshot *s);

/* Asks the gate about the module of the patch with that index, if it has one, like a load. With
 * TRUST_EXPLAIN or other flags of trust_verify(), or GATE_BYTES_ONLY. 0 or -ENOMEM. */
int snapshot_ask_gate(struct host *h, struct snapshot *s, size_t i, unsigned flags);

/* The gate for the module of the patch with that index, on this machine; machine is its store. */
struct gate snapshot_gate(const struct snapshot *s, size_t i, struct trust_machine *machine);

/* The moment of a load now: of this boot, and of the stage that runs. */
struct guard_moment snapshot_guard_moment(const struct snapshot *s);

/* Whether the installed build of the patch with that index is quarantined. Known only in a snapshot
 * with modules. */
bool snapshot_is_quarantined(const struct snapshot *s, size_t i);

/* The name that the patch with that index has, or is expected to have, in the kernel. */
const char *snapshot_module_name(const struct snapshot *s, size_t i);

/* The kernel's view of the patch with that index, or NULL if it is not loaded. */
const struct livepatch *snapshot_livepatch(const struct snapshot *s, size_t i);

/* Whether the kernel has the installed build of the patch with that index. BUILD_UNKNOWN also if
 * it has no module of that name, or no module was read. */
enum build snapshot_build(const struct snapshot *s, size_t i);

/* The record of the loaded bytes of the patch with that index, or NULL. */
const char *snapshot_loaded_sha256(const struct snapshot *s, size_t i);

/* Whether the patch with that index is loaded: enabled, also in transition, or replaced by a
 * cumulative one. In a snapshot with modules, only the installed build counts, unless none is
 * installed that could be loaded; and a build that is quarantined does not count. */
bool snapshot_is_in(const struct snapshot *s, size_t i);

/* The index of the patch of that name ('-' and '_' are the same), or SIZE_MAX. */
size_t snapshot_find(const struct snapshot *s, const char *name);

/* The loaded cumulative patch that replaced the patch with that index, or NULL. Kernels before
 * 6.11 do not say which patches are cumulative; there a patch counts as replaced by another if lpd
 * saw it loaded when it loaded the other one, and it has disappeared from the kernel's list
 * without being unloaded. */
const char *snapshot_replaced_by(const struct snapshot *s, size_t i);

/* The inputs of the verdict on a signature, from what is known of the machine. */
struct trust_machine snapshot_trust_machine(const struct snapshot *s);
