/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* Ordinary modules, loaded with libkmod as modprobe(8) does: with their dependencies, and with the
 * aliases, options and install commands of modprobe.d(5). Live patches are not loaded this way. */

/* The result for one module: r is 1: loaded now; 0: loaded already, or built in; negative with e:
 * not loaded. */
typedef void (*modules_report)(void *userdata, const char *name, int r, const struct error *e);

/* Loads each module, or the modules behind an alias; a failure does not stop the others. A module
 * that modprobe.d(5) blacklists is loaded if given by its own name. 0, or the first failure, with
 * all of them in e. */
int modules_load(struct host *h, char *const *names, modules_report report, void *userdata,
                 struct error *e);
