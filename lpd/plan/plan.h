/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/snapshot.h"

/* What to do with a patch. */
enum action_type {
    ACTION_LOAD,   /* it applies and is not loaded */
    ACTION_KEEP,   /* it applies and is loaded */
    ACTION_SKIP,   /* it does not apply here: no error */
    ACTION_FAIL,   /* it applies, but cannot be loaded */
    ACTION_UNLOAD, /* lpd loaded it, and it no longer applies */
};

/* One check of a patch, in the order of checking. */
struct plan_step {
    const char *question; /* "kernel", "enabled", … */
    bool passed;
    char *fact;           /* the fact, e.g. "this kernel is 6.1.0-56-cloud-amd64" */
};

struct action {
    enum action_type type;
    char *name;
    size_t index;         /* of the manifest in the snapshot; SIZE_MAX if it has none */
    struct plan_step *steps;
    size_t n_steps;
    bool replaces;        /* for ACTION_LOAD: another build is unloaded first */
    int error_number;     /* for ACTION_FAIL, if the gate decided: its error; or 0 */
    const char *hint;     /* the way out, in the snapshot; or NULL */
    enum exit_status exit_status; /* for ACTION_FAIL and ACTION_SKIP: what a load would return */
};

struct plan {
    struct action *actions; /* in the order of execution; unloads come first */
    size_t n_actions;
    struct action **by_manifest; /* the same, in the order of the snapshot's manifests */
};

void plan_done(struct plan *p);

/* Decides, from the snapshot alone. Faults of a patch become its ACTION_FAIL; the only error is
 * -ENOMEM. */
int plan_make(const struct snapshot *s, struct plan *ret);

const struct action *plan_find(const struct plan *p, const char *name);

/* The fact that decided the action: that of the last step. */
const char *action_fact(const struct action *a);

const char *action_type_to_string(enum action_type t);
