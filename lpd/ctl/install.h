/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"
#include "system/manager.h"

/* Only checks whether that file can be installed. 0 with the name of its patch. */
int install_check_file(struct ctl *c, const char *path, char **ret_name, struct error *e);

/* Installs the file at path below source: places it, loads it if it is for the running kernel, and
 * adds the result to the changes. source may be another host than the target; if it is the target,
 * only root may have write access to the file. Without a manager nothing is loaded. 1 if the
 * machine has changed, else 0, or a negative errno with the machine as it was. */
int install_one(struct ctl *c, struct manager *m, const struct host *source, const char *path,
                struct error *e);
