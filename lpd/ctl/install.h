/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"
#include "system/manager.h"

/* The checks of an installation of that file, and nothing else: 0 with the name of its patch. */
int install_check_file(struct ctl *c, const char *path, char **ret_name, struct error *e);

/* Installs the file at path below source, which need not be the machine that it is installed on; if it is,
 * nobody but root may have put the file there. Places it,
 * loads it where it is for the running kernel, and adds what became of it to the changes. Without a manager
 * nothing is loaded. 1 if the machine has changed, else 0, or a negative errno with the machine as it was. */
int install_one(struct ctl *c, struct manager *m, const struct host *source, const char *path,
                struct error *e);
