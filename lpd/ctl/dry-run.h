/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/change.h"

/* --dry-run for the verbs that change patches: makes the same checks, fails in the same way, and
 * says what would be done. Each function is the step of its verb, see change_one. They need no root
 * and wait for nothing. */
int dry_remove(struct ctl *c, const char *name, struct error *e);
int dry_remove_kernel(struct ctl *c, const char *name, struct error *e);
int dry_switch(struct ctl *c, const char *name, bool enabled, struct error *e);
int dry_load(struct ctl *c, const char *name, struct error *e);
int dry_load_file(struct ctl *c, const char *path, struct error *e);
int dry_unload(struct ctl *c, const char *name, struct error *e);
