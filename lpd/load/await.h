/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* Waits until the result of a load is certain: its transition has finished and, if lpd.service
 * follows it, its probe has succeeded. deadline is on ops->now(). 0; -ETIME (8) if that takes
 * longer: the patch stays; -ENOTCONN (1) if nobody runs the probe, because lpd.service is stopped;
 * -ECANCELED if the patch is no longer in effect, with the recorded reason and exit status:
 * *ret_failed says whether the patch itself failed, for instance its probe, or whether it was
 * unloaded on request. */
int await_patch(struct host *h, const char *name, const char *module_name, uint64_t deadline, bool followed,
                bool *ret_failed, struct error *e);
