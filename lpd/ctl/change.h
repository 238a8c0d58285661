/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot/manager.h"
#include "ctl/ctl.h"

/* What the verbs that act share. */

/* -EPERM (4) for whoever may not change the running machine. */
int ctl_require_root(const struct ctl *c, struct error *e);

/* The same, and -EOPNOTSUPP (64) below another root, for verbs that need the running kernel. */
int ctl_require_live(const struct ctl *c, struct error *e);

/* Connects to systemd; *ret is NULL where it does not run. */
int ctl_connect(const struct ctl *c, struct manager **ret, struct error *e);

/* Waits for the end of a transition if --wait asks for it; -ETIME (8). */
int ctl_wait(struct ctl *c, const char *module_name, struct error *e);
