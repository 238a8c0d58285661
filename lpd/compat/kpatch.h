/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"
#include "store/kpatch-files.h"

/* The verbs of kpatch(1), the command of dynup/kpatch 0.9.11. Each prints what that prints, loads and
 * unloads as lpctl(8) does, and returns an exit status: 0 or 1. */

#define KPATCH_VERSION "0.9.11"

/* A waits this long for a transition before it says that it has stalled, and this long after that. */
#define KPATCH_WAIT_SEC 15
#define KPATCH_STALLED_SEC 60

int kpatch_load(struct ctl *c, const char *argument);
int kpatch_load_all(struct ctl *c);
int kpatch_unload(struct ctl *c, const char *argument);
int kpatch_unload_all(struct ctl *c);
int kpatch_list(struct ctl *c, bool functions);
int kpatch_info(struct ctl *c, const char *argument);
int kpatch_signal(struct ctl *c);

/* release is that of --kernel-version=, or NULL: the running kernel. */
int kpatch_install(struct ctl *c, const char *release, const char *file);
int kpatch_uninstall(struct ctl *c, const char *release, const char *name);

/* Prints "kpatch: TEXT" on standard error. kpatch_die() also returns 1, for "return kpatch_die(…)". */
void kpatch_warn(const char *fmt, ...) _printf_(1, 2);
int kpatch_die(const char *fmt, ...) _printf_(1, 2);

/* Prints an error of lpd's functions, with its way out. Returns 1. */
int kpatch_failed(const struct error *e, int r);

/* Takes the lock of lpctl(8) for changes, as root. Returns 0 or 1. */
int kpatch_prepare(struct ctl *c);

/* The name that a module gets from the name of its file: without directories and .ko, with '_' for
 * '-'. The caller frees it; NULL if memory runs out. */
char *kpatch_module_name(const char *path);

/* The file of an argument of load and info: a path if it contains ".ko" and exists, otherwise the
 * name of a module that is installed for the running kernel. -ENOENT if there is none. */
int kpatch_find(struct ctl *c, const char *argument, char **ret);

/* The file that is installed for a kernel under that name, with or without .ko. -ENOENT: none. */
int kpatch_find_installed(const struct host *h, const char *release, const char *name, char **ret);

/* An SELinux label, USER:ROLE:TYPE or USER:ROLE:TYPE:RANGE, with the type of modules that may be
 * loaded. The caller frees it; NULL if it has another form or memory runs out. */
char *kpatch_label(const char *label);
