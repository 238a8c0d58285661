/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* Ordinary modules, by libkmod, as modprobe(8) loads them: with what they depend on, and with the aliases,
 * options and install commands of modprobe.d(5). Live patches are not loaded this way. */

/* What became of one: r is 1: it was loaded now; 0: it was in already, or is built in; negative with e:
 * it is not in. */
typedef void (*modules_report)(void *userdata, const char *name, int r, const struct error *e);

/* Loads each module, or what an alias stands for; one that fails stops no other. A module that
 * modprobe.d(5) blacklists is loaded when called by its own name. 0, or the first failure, with all of them
 * in e. */
int modules_load(struct host *h, char *const *names, modules_report report, void *userdata,
                 struct error *e);
