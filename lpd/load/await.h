/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* Waits until it is certain what became of a patch that was loaded: its transition is over and, where
 * lpd.service follows it, its probe has passed. deadline is on ops->now(). 0; -ETIME (8) if that takes longer:
 * the patch stays; -ENOTCONN (1) if the patch has a probe that nobody runs, as lpd.service does not;
 * -ECANCELED if the patch is not in effect any more, with the reason and the exit status that are on record:
 * *ret_failed says whether that was the patch's own failure, as a probe's, and not somebody's wish. */
int await_patch(struct host *h, const char *name, const char *module_name, uint64_t deadline, bool followed,
                bool *ret_failed, struct error *e);
