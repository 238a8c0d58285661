/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "report/value.h"

/* The verbs of lpctl(8). Each verb fills value, even when it fails. lpctl.c prints it as JSON, or
 * as text with the verb's print function. */

enum json_mode { JSON_OFF, JSON_PRETTY, JSON_SHORT };

struct progress;

struct ctl {
    struct host host;
    const char *root; /* as given; NULL: this machine */
    enum json_mode json;
    bool legend;
    bool quiet;
    json_object *value;
    json_object *cves;         /* metrics: all that is fixed or not, for print_metrics() */
    char *command;             /* the command line, shown to others who wait for the lock */
    struct progress *progress; /* progress.h */
    struct changes_lock *lock; /* held while this process changes something */

    /* options of individual verbs */
    const char *name, *kernel, *stage, *fixes, *description;
    const char *format;  /* cves: of the document; NULL: none */
    bool leave_replaced; /* unload: what the patch has replaced is not loaded again */
    bool no_load, no_rebuild, dry_run, check, now, wait, ignore_missing, yes, force;
    bool wide, no_pager, follow, boot, record;
    const char *lines, *boot_id, *since; /* options of log; NULL: not given */
    const char *machine_id, *file; /* options of rollout; NULL: not given */
    uint64_t wait_usec;
};

/* Each returns 0 or more, or a negative errno with e and its exit status. argv holds the verb's
 * arguments and is NULL-terminated. */
int ctl_status(struct ctl *c, char **argv, struct error *e);
int ctl_metrics(struct ctl *c, char **argv, struct error *e);
int ctl_show(struct ctl *c, char **argv, struct error *e);
int ctl_why(struct ctl *c, char **argv, struct error *e);
int ctl_verify(struct ctl *c, char **argv, struct error *e);
int ctl_keys(struct ctl *c, char **argv, struct error *e);
int ctl_blocking(struct ctl *c, char **argv, struct error *e);
int ctl_ledger(struct ctl *c, char **argv, struct error *e);
int ctl_cves(struct ctl *c, char **argv, struct error *e);
int ctl_uname(struct ctl *c, char **argv, struct error *e);
int ctl_rollout(struct ctl *c, char **argv, struct error *e);
int ctl_log(struct ctl *c, char **argv, struct error *e);
int ctl_cat(struct ctl *c, char **argv, struct error *e);
int ctl_edit(struct ctl *c, char **argv, struct error *e);
int ctl_lint(struct ctl *c, char **argv, struct error *e);
int ctl_cat_config(struct ctl *c, char **argv, struct error *e);
int ctl_initramfs_files(struct ctl *c, char **argv, struct error *e);
int ctl_install(struct ctl *c, char **argv, struct error *e);
int ctl_remove(struct ctl *c, char **argv, struct error *e);
int ctl_enable(struct ctl *c, char **argv, struct error *e);
int ctl_disable(struct ctl *c, char **argv, struct error *e);
int ctl_lock(struct ctl *c, char **argv, struct error *e);
int ctl_import_kpatch(struct ctl *c, char **argv, struct error *e);
int ctl_load(struct ctl *c, char **argv, struct error *e);
int ctl_unload(struct ctl *c, char **argv, struct error *e);
int ctl_clear(struct ctl *c, char **argv, struct error *e);
int ctl_bless(struct ctl *c, char **argv, struct error *e);
int ctl_apply(struct ctl *c, char **argv, struct error *e);

/* Print the value as text on standard output. */
void print_status(const struct ctl *c);
void print_list(const struct ctl *c);
void print_show(const struct ctl *c);
void print_why(const struct ctl *c);
void print_verify(const struct ctl *c);
void print_keys(const struct ctl *c);
void print_ledger(const struct ctl *c);
void print_cves(const struct ctl *c);
void print_uname(const struct ctl *c);
void print_rollout(const struct ctl *c);
void print_blocking(const struct ctl *c);
void print_metrics(const struct ctl *c);
void print_problems(const struct ctl *c);
void print_config(const struct ctl *c);
void print_initramfs_files(const struct ctl *c);
void print_cat(const struct ctl *c);
void print_changes(const struct ctl *c);
void print_lock(const struct ctl *c);
void print_apply(const struct ctl *c);

/* Shared by the verbs that change something: value is {changed, patches: [{name, changed,
 * message}]}, and "initramfs" if the change has made an image outdated. */
void changes_begin(struct ctl *c);
void changes_add(struct ctl *c, const char *name, bool changed, const char *fmt, ...)
    _printf_(4, 5);

/* The entry that changes_add() added last, so that callers can add fields to it. */
json_object *changes_last(struct ctl *c);

/* Adds a note: something worth knowing that is not a failure. The same note is shown only once. */
void changes_note(struct ctl *c, const char *fmt, ...) _printf_(2, 3);

/* After a signal: replaces the error by one sentence that says what the verb had done by then.
 * Returns r. */
int changes_interrupted(struct ctl *c, int r, struct error *e);

/* Finds the patch's own spelling of a name. Returns 1 if the name is that of the patch's module, 0
 * if it is that of the patch or if no patch has it (it then stays as it is), or -ENOMEM. */
int ctl_spell(struct ctl *c, const char *name, char **ret);

/* Checks that an argument is a valid patch name. */
int ctl_check_name(const char *name, struct error *e);

/* Checks that the argument of --kernel= is a kernel release. */
int ctl_check_release(const char *release, struct error *e);

/* Whether lpd-generator(8) sees that path at boot. 0, or -ENOTSUP (EXIT_STATUS_CONFIG) with the
 * mount that hides it at that time. */
int ctl_check_early(const struct ctl *c, const char *path, struct error *e);

/* Whether no manifest, no result of this boot and no patch in the kernel has that name. */
bool ctl_is_unknown(struct ctl *c, const char *name);

/* The absolute path of a file that the command line names. The caller frees it. */
int ctl_find_file(const char *argument, char **ret, struct error *e);

/* Whether that path can be read when patches are loaded at boot. 0, or -ENOTSUP
 * (EXIT_STATUS_CONFIG) with the mount that needs the network. */
int ctl_check_local(const struct ctl *c, const char *path, struct error *e);

/* Describes that there is no patch of that name, and suggests the name that was probably meant.
 * Returns -ENOENT. */
int ctl_no_patch(struct ctl *c, const char *name, struct error *e);
