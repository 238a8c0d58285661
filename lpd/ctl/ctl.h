/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "report/value.h"

/* The verbs of lpctl(8). Each fills value, also when it fails; the main prints it as JSON or by the
 * verb's own print function. */

enum json_mode { JSON_OFF, JSON_PRETTY, JSON_SHORT };

struct progress;

struct ctl {
    struct host host;
    const char *root; /* as it was given; NULL: this machine */
    enum json_mode json;
    bool legend;
    bool quiet;
    json_object *value;
    char *command;             /* the command line, for others who wait */
    struct progress *progress; /* progress.h */
    struct changes_lock *lock; /* held while this changes something */

    /* options of single verbs */
    const char *name, *kernel, *stage, *fixes, *description;
    bool no_load, no_rebuild, dry_run, check, now, wait, ignore_missing, yes, force;
    bool wide, no_pager, follow, boot, record;
    const char *lines, *boot_id, *since; /* of log; NULL: not given */
    uint64_t wait_usec;
};

/* Each returns 0 or more, or a negative errno with e and its exit status. argv holds the verb's
 * arguments, NULL-terminated. */
int ctl_status(struct ctl *c, char **argv, struct error *e);
int ctl_show(struct ctl *c, char **argv, struct error *e);
int ctl_why(struct ctl *c, char **argv, struct error *e);
int ctl_verify(struct ctl *c, char **argv, struct error *e);
int ctl_keys(struct ctl *c, char **argv, struct error *e);
int ctl_blocking(struct ctl *c, char **argv, struct error *e);
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
int ctl_apply(struct ctl *c, char **argv, struct error *e);

/* How they look as text, on standard output. */
void print_status(const struct ctl *c);
void print_list(const struct ctl *c);
void print_show(const struct ctl *c);
void print_why(const struct ctl *c);
void print_verify(const struct ctl *c);
void print_keys(const struct ctl *c);
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
 * message}]}, and "initramfs" where an image is out of date by it. */
void changes_begin(struct ctl *c);
void changes_add(struct ctl *c, const char *name, bool changed, const char *fmt, ...)
    _printf_(4, 5);

/* What changes_add() added last, for more fields. */
json_object *changes_last(struct ctl *c);

/* Something that the change has met with and that is no failure. Shown once, however often it is
 * met. */
void changes_note(struct ctl *c, const char *fmt, ...) _printf_(2, 3);

/* After a signal: makes the error the one sentence that says what the verb had done by then.
 * Returns r. */
int changes_interrupted(struct ctl *c, int r, struct error *e);

/* The patch's own spelling of a name, which may also be that of its module: 1 then. A name that no
 * patch has stays as it is: 0. Or -ENOMEM. */
int ctl_spell(struct ctl *c, const char *name, char **ret);

/* Turns a name on the command line into that of a patch, or says what is wrong with it. */
int ctl_check_name(const char *name, struct error *e);

/* Whether lpd-generator(8) sees at boot what lies there. 0; or -ENOTSUP (EXIT_STATUS_CONFIG) with
 * the mount that comes too late. */
int ctl_check_early(const struct ctl *c, const char *path, struct error *e);

/* Nobody knows that name: neither a manifest, nor this boot's results, nor the kernel. */
bool ctl_is_unknown(struct ctl *c, const char *name);

/* The absolute path of a file that the command line names, to be freed. */
int ctl_find_file(const char *argument, char **ret, struct error *e);

/* Whether what lies there can be read when patches are loaded at boot. 0; or -ENOTSUP
 * (EXIT_STATUS_CONFIG) with the mount that needs the network. */
int ctl_check_local(const struct ctl *c, const char *path, struct error *e);

/* "There is no patch X", with the name that was probably meant. Returns -ENOENT. */
int ctl_no_patch(struct ctl *c, const char *name, struct error *e);
